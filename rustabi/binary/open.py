"""Files as bytes: regular files only, unpacked, without what is appended after the ELF data."""

from __future__ import annotations

import os
import stat
import zlib

from rustabi.binary.zstd import decompress as decompress_zstd
from rustabi.errors import InputError
from rustabi.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path  # takes longer to import than a small object to read

PREFIX = 8192
"""Bytes that are enough to tell what a file is."""

_LARGEST = 8 << 30
"""Bytes that a packed file may unpack to: more than any kernel does."""

_GZIP, _XZ, _ZSTD = b"\x1f\x8b", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"
_SIGNATURE_END = b"~Module signature appended~\n"
_SIGNATURE_INFO = 12


def read_prefix(path: Path) -> bytes:
    """The first bytes of a regular file.

    Raises:
        InputError: It cannot be read, or is a pipe, a device or the like.
    """
    return _read(path, PREFIX)


def read_binary(path: Path | str) -> bytes:
    """The contents of a file, unpacked (gzip, xz, zstd) and without the signature of a module.

    Raises:
        InputError: It cannot be read, is no regular file, or is damaged.
    """
    data = _read(path, -1)
    if not data:
        raise InputError("the file is empty", path=path, advice="build or copy it again")
    return without_signature(unpacked(data, path))


def is_packed(prefix: bytes) -> bool:
    """Whether a file that begins so is packed in a way that `unpacked` knows."""
    return prefix.startswith((_GZIP, _XZ, _ZSTD))


def unreadable(error: OSError, path: Path | str) -> InputError:
    """What to say about a file or folder that the system does not let us read."""
    reasons: dict[type[OSError], tuple[str, str]] = {
        FileNotFoundError: ("there is no such file or folder", "check the name"),
        PermissionError: ("no permission to read it", "change its mode or owner"),
    }
    default = (f"it cannot be read: {error.strerror or error}", "check the file and its disk")
    message, advice = reasons.get(type(error), default)
    if isinstance(error, FileNotFoundError) and os.path.islink(path):  # noqa: PTH114
        message, advice = "the link points to a file that is not there", "check what it points to"
    return InputError(message, path=path, advice=advice)


def _read(path: Path | str, size: int) -> bytes:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
        if not stat.S_ISREG(mode):  # opening a pipe would wait for a writer
            raise InputError(
                "neither a regular file nor a folder",
                path=path,
                advice="save the data to a file and name that",
            )
        with open(path, "rb", 0) as file:  # noqa: PTH123
            return file.read(size)
    except OSError as error:
        raise unreadable(error, path) from error


def unpacked(data: bytes, path: Path | str) -> bytes:
    """``data`` as it was before it was packed; as it is where it is not packed.

    Raises:
        InputError: It is damaged, cut off or larger than any real binary.
    """
    if data.startswith(_GZIP):
        return _inflated(data, path)
    if data.startswith(_XZ):
        return _from_xz(data, path)
    if data.startswith(_ZSTD):
        return _from_zstd(data, path)
    return data


def _inflated(data: bytes, path: Path | str) -> bytes:
    inflater = zlib.decompressobj(31)
    try:
        result = inflater.decompress(data, _LARGEST)
    except zlib.error as error:
        raise _damaged(path, "gzip") from error
    if not inflater.eof:
        raise _damaged(path, "gzip")
    return result


def _from_xz(data: bytes, path: Path | str) -> bytes:
    import lzma

    reader = lzma.LZMADecompressor(lzma.FORMAT_XZ)
    try:
        result = reader.decompress(data, _LARGEST)
    except lzma.LZMAError as error:
        raise _damaged(path, "xz") from error
    if not reader.eof:
        raise _damaged(path, "xz")
    return result


def _from_zstd(data: bytes, path: Path | str) -> bytes:
    size = _zstd_size(data)
    if size is None or size > _LARGEST:
        raise InputError(
            "zstd data that do not say how large they are",
            path=path,
            advice="unpack the file with zstd -d",
        )
    result = decompress_zstd(data, size)
    if result is None or len(result) != size:
        raise _damaged(path, "zstd")
    return result


def _zstd_size(data: bytes) -> int | None:
    """The size that a frame's header states, if it does (RFC 8878, section 3.1.1.1)."""
    if len(data) < 5:
        return None
    descriptor = data[4]
    single_segment = descriptor >> 5 & 1
    width = (single_segment, 2, 4, 8)[descriptor >> 6]
    at = 5 + (1 - single_segment) + (0, 1, 2, 4)[descriptor & 3]
    if not width or at + width > len(data):
        return None
    return int.from_bytes(data[at : at + width], "little") + (256 if width == 2 else 0)


def _damaged(path: Path | str, what: str) -> InputError:
    return InputError(
        f"damaged {what} data", path=path, advice="it may be cut off: copy or build it again"
    )


def without_signature(data: bytes) -> bytes:
    """A kernel module without the signature that the kernel's build appends to it."""
    if not data.endswith(_SIGNATURE_END):
        return data
    end = len(data) - len(_SIGNATURE_END) - _SIGNATURE_INFO
    length = int.from_bytes(data[end + _SIGNATURE_INFO - 4 : end + _SIGNATURE_INFO], "big")
    return data[: end - length] if 0 < length < end else data
