"""Zstandard, from the standard library where it has it (Python 3.14), else from ``zstandard``."""

from __future__ import annotations

import sys


def decompress(data: bytes, size: int) -> bytes | None:
    """``data`` decompressed, at most ``size`` + 1 bytes of it; None when it is damaged."""
    if sys.version_info >= (3, 14):
        from compression.zstd import ZstdDecompressor, ZstdError

        try:
            return ZstdDecompressor().decompress(data, max_length=size + 1)
        except ZstdError:
            return None
    import zstandard

    try:
        return zstandard.ZstdDecompressor().decompress(data, max_output_size=size + 1)
    except zstandard.ZstdError:
        return None
