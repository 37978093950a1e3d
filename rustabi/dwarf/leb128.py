"""LEB128, the variable-length integers of DWARF (section 7.6)."""

from __future__ import annotations

_LONGEST = 10 * 7
"""Bits after which a number is damaged rather than long: 64-bit values need 10 bytes, some
producers pad, so twice that is let through."""


def read_unsigned(data: bytes, at: int) -> tuple[int, int]:
    """The unsigned number at ``at`` and the position after it.

    Raises:
        IndexError: The data end within the number.
        ValueError: The number is longer than any producer writes.
    """
    byte = data[at]
    if byte < 0x80:
        return byte, at + 1
    value = byte & 0x7F
    shift = 7
    while True:
        at += 1
        byte = data[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at + 1
        shift += 7
        if shift > 2 * _LONGEST:
            raise ValueError("endless LEB128 number")


def read_signed(data: bytes, at: int) -> tuple[int, int]:
    """The signed number at ``at`` and the position after it. Raises as `read_unsigned`."""
    value, end = read_unsigned(data, at)
    bits = 7 * (end - at)
    if value >> (bits - 1):
        value -= 1 << bits
    return value, end
