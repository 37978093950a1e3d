"""``ar`` archives: ``.a`` and ``.rlib``, with GNU and BSD long names, and thin ones.

Own code: the libraries for it do not read thin archives of several members, which kernel builds are
full of, or do not come to an end on damaged sizes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rustabi.binary.open import read_binary
from rustabi.errors import InputError

_ARCH, _THIN = b"!<arch>\n", b"!<thin>\n"
_HEADER = 60
_DIGITS = re.compile(rb"\d+ *")
_LONG_NAME = re.compile(r"/(\d+)(?::(\d+))?")
_TABLES = frozenset({"//", "/", "/SYM64/", "__.SYMDEF", "__.SYMDEF SORTED", "__.SYMDEF_64"})
"""Members that hold no file: the long names, and the linker's indexes."""


class ArchiveMember(NamedTuple):
    """A file in an archive. Names need not be unique.

    Attributes:
        name: As written in the archive; of a thin one the path from its folder.
        data: The contents.
    """

    name: str
    data: bytes


class _Header(NamedTuple):
    """A member header as it stands.

    Attributes:
        name: Undecoded: may refer to the table of long names.
        start: Position of the contents.
        size: Of the contents, a BSD name in front of them included.
    """

    name: str
    start: int
    size: int


def is_archive(prefix: bytes) -> bool:
    """Whether a file that begins so is an archive."""
    return prefix.startswith((_ARCH, _THIN))


def is_thin(prefix: bytes) -> bool:
    """Whether a file that begins so is an archive that names files beside it."""
    return prefix.startswith(_THIN)


def archive_members(data: bytes, path: Path) -> Iterator[ArchiveMember]:
    """The members of an archive in order, without the linker's indexes.

    Args:
        data: The whole archive.
        path: Its file: a thin archive names its members from there.

    Raises:
        InputError: The archive is damaged, or a member of a thin one is not there.
    """
    thin = data.startswith(_THIN)
    names = b""
    at = len(_ARCH)
    while at < len(data):
        header = _header(data, at, path)
        outside = thin and header.name not in _TABLES
        if header.name == "//":
            names = _contents(data, header, path)
        elif header.name not in _TABLES:
            member = (
                _outside_member(header, names, path)
                if outside
                else _member(data, header, names, path)
            )
            if member.name not in _TABLES:
                yield member
        at = header.start if outside else _end(header)


def _header(data: bytes, at: int, path: Path) -> _Header:
    row = data[at : at + _HEADER]
    if len(row) < _HEADER or row[58:] != b"`\n" or not _DIGITS.fullmatch(row[48:58]):
        raise _damaged(path, at, "no member header where one should be")
    return _Header(_text(row[:16]).rstrip(" "), at + _HEADER, int(row[48:58]))


def _contents(data: bytes, header: _Header, path: Path) -> bytes:
    end = header.start + header.size
    if end > len(data):
        raise _damaged(path, header.start, "a member reaches beyond its end")
    return data[header.start : end]


def _member(data: bytes, header: _Header, names: bytes, path: Path) -> ArchiveMember:
    contents = _contents(data, header, path)
    if not header.name.startswith("#1/"):
        return ArchiveMember(_member_name(header, names, path)[0], contents)
    length = header.name[3:]
    if not length.isdecimal() or int(length) > len(contents):
        raise _damaged(path, header.start, "a member's name reaches beyond it")
    name = contents[: int(length)].rstrip(b"\0")
    return ArchiveMember(_text(name), contents[int(length) :])


def _member_name(header: _Header, names: bytes, path: Path) -> tuple[str, int | None]:
    """The name, and for a member of an archive within a thin archive its place in there."""
    found = _LONG_NAME.fullmatch(header.name)
    if found is None:
        return header.name.removesuffix("/"), None
    start = int(found[1])
    end = names.find(b"/\n", start)
    if end < 0:
        raise _damaged(path, header.start - _HEADER, "a member's name is not in the table of names")
    return _text(names[start:end]), None if found[2] is None else int(found[2])


def _outside_member(header: _Header, names: bytes, path: Path) -> ArchiveMember:
    """A member of a thin archive: a file beside it, or a member of another archive beside it."""
    name, place = _member_name(header, names, path)
    file = path.parent / name
    try:
        contents = read_binary(file)
    except InputError as error:
        error.advice = f"{path} is a thin archive and needs it: build it again"
        raise
    if place is None:
        return ArchiveMember(name, contents)
    inner = _member(contents, _header(contents, place, file), _name_table(contents, file), file)
    return ArchiveMember(f"{name}({inner.name})", inner.data)


def _name_table(data: bytes, path: Path) -> bytes:
    """The table of long names: it stands before all members."""
    at = len(_ARCH)
    while at < len(data):
        header = _header(data, at, path)
        if header.name == "//":
            return _contents(data, header, path)
        if header.name not in _TABLES:
            break
        at = _end(header)
    return b""


def _end(header: _Header) -> int:
    end = header.start + header.size
    return end + (end & 1)


def _damaged(path: Path, at: int, what: str) -> InputError:
    return InputError(
        f"damaged archive: {what}",
        path=path,
        place=f"byte {at:#x}",
        advice="it may be cut off: copy or build it again",
    )


def _text(data: bytes) -> str:
    return str(data, "utf-8", "surrogateescape")
