"""CRC-32 of a concatenation from the CRCs of its parts.

With zlib's polynomial, ``crc(x + y) = crc(x) * t^(8 * len(y)) + crc(y)`` over GF(2) modulo the
polynomial. So a text that many symbols share is read once, not once per symbol.
"""

from __future__ import annotations

_POLYNOMIAL = 0xEDB88320
_ONE = 0x80000000
"""Bits are reflected, as in zlib: the highest bit is the coefficient of t^0."""


def multiply(a: int, b: int) -> int:
    """Product of two reflected polynomials modulo the CRC-32 polynomial."""
    product = 0
    while a:
        if a & 0x80000000:
            product ^= b
        a = a << 1 & 0xFFFFFFFF
        b = b >> 1 ^ _POLYNOMIAL if b & 1 else b >> 1
    return product


def _powers() -> list[int]:
    power = _ONE >> 8  # t^8: one byte
    powers = []
    for _ in range(64):
        powers.append(power)
        power = multiply(power, power)
    return powers


_BYTES = _powers()
"""t^(8 * 2^k) for each k: the shift by 2^k bytes."""

_shifts: dict[int, int] = {0: _ONE}


def shift(length: int) -> int:
    """t^(8 * length): what a CRC is multiplied with to append ``length`` bytes."""
    known = _shifts.get(length)
    if known is not None:
        return known
    low = length & -length
    result = multiply(_BYTES[low.bit_length() - 1], shift(length ^ low))
    if length < 1 << 16:
        _shifts[length] = result
    return result


def combine(first: int, second: int, length: int) -> int:
    """CRC-32 of a concatenation.

    Args:
        first: CRC-32 of the first part, as `zlib.crc32` gives it.
        second: CRC-32 of the second part.
        length: Bytes of the second part.
    """
    return multiply(first, shift(length)) ^ second
