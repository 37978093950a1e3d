"""Debug info in a file of its own: by build-id, by ``.gnu_debuglink``, or under the same name.

The ways are those of GDB (manual, "Debugging Information in Separate Files").
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from rustabi.binary.elf import Elf
from rustabi.binary.open import read_binary
from rustabi.errors import RustabiError

_LINK: Final = ".gnu_debuglink"


class DebugFile(NamedTuple):
    """The result of a search.

    Attributes:
        path: The file that belongs to the binary; None where there is none.
        rejected: Files that were looked at and belong to another build, as ``path: why``.
    """

    path: Path | None
    rejected: tuple[str, ...] = ()


class DebugLink(NamedTuple):
    """What ``.gnu_debuglink`` says.

    Attributes:
        name: Of the debug file, without folder.
        crc: CRC-32 of the whole file.
    """

    name: str
    crc: int


def debug_link(elf: Elf) -> DebugLink | None:
    """The content of ``.gnu_debuglink``; None where there is none, or it is damaged.

    The name is NUL-terminated, padded to four bytes, and followed by the CRC in the byte order of
    the file.
    """
    section = elf.by_name.get(_LINK)
    data = b"" if section is None else elf.raw(section)
    name, end, _ = data.partition(b"\0")
    at = (len(name) + 4) & ~3
    if not end or not name or len(data) < at + 4 or b"/" in name:
        return None
    crc = int.from_bytes(data[at : at + 4], "little" if elf.little_endian else "big")
    return DebugLink(name.decode("utf-8", "surrogateescape"), crc)


def find_debug_file(path: Path, elf: Elf, folders: Sequence[Path] = ()) -> DebugFile:
    """The file that has the debug info of a binary.

    Args:
        path: The binary.
        elf: The binary as read.
        folders: Where debug files are kept, such as ``/usr/lib/debug``. The binary's own folder and
            ``.debug`` in it are searched as well, for a linked file.

    Returns:
        The first that exists and proves to be of the same build: by its build-id, by the CRC of the
        link.
    """
    rejected: list[str] = []
    link = debug_link(elf)
    build_id = elf.build_id()
    for candidate in dict.fromkeys(_candidates(path, link, build_id, folders)):
        if candidate == path or not candidate.is_file():
            continue
        why = _rejection(candidate, link, build_id)
        if why is None:
            return DebugFile(candidate, tuple(rejected))
        rejected.append(f"{candidate}: {why}")
    return DebugFile(None, tuple(rejected))


def _candidates(
    path: Path, link: DebugLink | None, build_id: str | None, folders: Sequence[Path]
) -> Iterator[Path]:
    for folder in folders:
        if build_id:
            yield folder / ".build-id" / build_id[:2] / f"{build_id[2:]}.debug"
    if link is not None:
        yield path.parent / link.name
        yield path.parent / ".debug" / link.name
    below = path.resolve().parent.relative_to(path.resolve().anchor)
    names = [path.name, f"{path.name}.debug"]
    if link is not None:
        names.insert(0, link.name)
    for folder in folders:
        for name in dict.fromkeys(names):
            yield folder / below / name
            yield folder / name


def _rejection(candidate: Path, link: DebugLink | None, build_id: str | None) -> str | None:
    """Why a file does not belong to the binary; None where it does."""
    try:
        data = read_binary(candidate)
        other = Elf(data, str(candidate)).build_id()
    except RustabiError as error:
        return error.message
    if build_id is not None and other is not None:
        return None if other == build_id else f"of another build (build-id {other})"
    if link is not None and candidate.name == link.name:
        crc = zlib.crc32(candidate.read_bytes())
        return None if crc == link.crc else "of another build (its CRC is not that of the link)"
    return "nothing tells that it is of the same build"
