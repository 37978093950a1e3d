"""Zstandard, from the standard library where it has it (Python 3.14), else from ``zstandard``."""

from __future__ import annotations

import sys

from rustabi.errors import InputError

_CHUNK = 1 << 20


def decompress(data: bytes, size: int) -> bytes | None:
    """``data`` decompressed, at most ``size`` + 1 bytes of it; None when it is damaged.

    The size that the data themselves claim is not believed: memory grows with what is there.

    Raises:
        InputError: There is no library for it.
    """
    try:
        return _decompressed(data, size)
    except ImportError as error:
        raise InputError(
            "compressed with zstd, for which this Python has no library",
            advice="pip install zstandard; or unpack a file with zstd -d, a section with"
            " objcopy --decompress-debug-sections",
        ) from error


def _decompressed(data: bytes, size: int) -> bytes | None:
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdDecompressor, ZstdError

        try:
            return ZstdDecompressor().decompress(data, max_length=size + 1)
        except ZstdError:
            return None
    import zstandard

    reader = zstandard.ZstdDecompressor().stream_reader(data)
    chunks = []
    left = size + 1
    try:
        while left and (chunk := reader.read(min(left, _CHUNK))):
            chunks.append(chunk)
            left -= len(chunk)
    except zstandard.ZstdError:
        return None
    return b"".join(chunks)
