"""The snapshot: all that is known of a binary in one small file, to compare with long after.

`rustabi.schema` says what the file looks like; here a model becomes such a file, and back. Two
models that state the same give the same bytes, so a snapshot can be kept under version control.
"""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path
from typing import Final

from rustabi.errors import InputError, SnapshotError
from rustabi.files import write_whole
from rustabi.model import Model
from rustabi.snapshot.canonical import canonical
from rustabi.snapshot.decode import MIGRATIONS, VERSION, WRITE_AGAIN, decode
from rustabi.snapshot.encode import line, text_of

__all__ = [
    "FORMAT", "MAX_BYTES", "MIGRATIONS", "VERSION", "canonical", "dumps", "is_snapshot", "loads",
    "read", "write",
]  # fmt: skip

FORMAT: Final = "rustabi-snapshot"

MAX_BYTES: Final = 1 << 27
"""Unpacked size up to which snapshots are written and read. A small kernel's is 6 MB; checking one
takes tens of times its size in memory."""

_GZIP: Final = b"\x1f\x8b"
_MARKER: Final = re.compile(rb'\s*\{.{0,4096}?"format"\s*:\s*"rustabi-snapshot"', re.DOTALL)


def dumps(model: Model) -> bytes:
    """The snapshot of a model, as JSON with one type, unit, symbol or vtable per line.

    Raises:
        SnapshotError: The model is too large, or a number in it is.
    """
    model = canonical(model)
    head = {"format": FORMAT, "version": VERSION, "rustabi": _program_version()}
    fields = [f"{text_of(key)}: {text_of(value)}" for key, value in head.items()]
    fields.append(f'"facts": {line(model.facts)}')
    for key in ("units", "types", "symbols", "vtables"):
        lines = ",\n".join([line(each) for each in getattr(model, key)])
        fields.append(f'"{key}": [\n{lines}\n]' if lines else f'"{key}": []')
    data = ("{\n" + ",\n".join(fields) + "\n}\n").encode()
    if len(data) > MAX_BYTES:
        raise _too_large()
    return data


def _program_version() -> str:
    from importlib import metadata

    try:
        return metadata.version("rustabi")
    except metadata.PackageNotFoundError:
        return "unknown"


def _too_large() -> SnapshotError:
    return SnapshotError(
        f"larger than {MAX_BYTES >> 20} MiB unpacked", advice="name fewer binaries at a time"
    )


def write(model: Model, path: str | Path) -> None:
    """Write the snapshot of a model, packed by gzip if the name ends in ``.gz``.

    The file appears whole or not at all; a file that was there stays as it was until then.

    Args:
        model: What to keep.
        path: The file.

    Raises:
        InputError: The file cannot be written.
        SnapshotError: As for `dumps`.

    Example:
        >>> import rustabi
        >>> rustabi.write_snapshot(rustabi.load("member_added-old.o"), "baseline.json")
    """
    path = Path(path)
    try:
        data = dumps(model)
        if path.suffix == ".gz":
            data = gzip.compress(data, 6, mtime=0)
        write_whole(path, data)
    except SnapshotError as error:
        raise error.located(path) from None
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}", path=path,
            advice="name a file in a folder that you may write to, on a disk with space left",
        ) from error  # fmt: skip


def is_snapshot(data_prefix: bytes) -> bool:
    """Whether a file that begins so is meant as a snapshot, packed or not.

    Args:
        data_prefix: Some kilobytes from its start.
    """
    if data_prefix.startswith(_GZIP):
        try:
            data_prefix = zlib.decompressobj(31).decompress(data_prefix, 1 << 13)
        except zlib.error:
            return False
    return _MARKER.match(data_prefix) is not None


def read(path: str | Path) -> Model:
    """The model in a snapshot file.

    Args:
        path: The file, packed by gzip or not.

    Returns:
        The model that was written; its types may stand in another order.

    Raises:
        InputError: The file cannot be read.
        SnapshotError: As for `loads`.

    Example:
        >>> import rustabi
        >>> rustabi.write_snapshot(rustabi.load("member_added-old.o"), "baseline.json.gz")
        >>> len(rustabi.read_snapshot("baseline.json.gz").symbols)
        2
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror or error}", path=path,
            advice="name a file that exists and that you may read",
        ) from error  # fmt: skip
    return loads(data, path)


def loads(data: bytes, path: str | Path) -> Model:
    """The model in a snapshot, packed or not.

    Args:
        data: Contents of the file.
        path: Name of the file, for errors.

    Raises:
        SnapshotError: The snapshot is damaged, is none, or is of a newer version.
    """
    try:
        if data.startswith(_GZIP):
            data = _unpacked(data)
        if len(data) > MAX_BYTES:
            raise _too_large()
        return decode(data)
    except SnapshotError as error:
        raise error.located(path) from None


def _unpacked(data: bytes) -> bytes:
    inflater = zlib.decompressobj(31)
    try:
        text = inflater.decompress(data, MAX_BYTES + 1)
    except zlib.error as error:
        raise SnapshotError(f"damaged gzip data: {error}", advice=WRITE_AGAIN) from None
    if len(text) > MAX_BYTES:
        raise _too_large()
    if not inflater.eof:
        raise SnapshotError("gzip data cut off", place=f"byte {len(data)}", advice=WRITE_AGAIN)
    if inflater.unused_data:
        end = len(data) - len(inflater.unused_data)
        raise SnapshotError("data after the end", place=f"byte {end}", advice=WRITE_AGAIN)
    return text
