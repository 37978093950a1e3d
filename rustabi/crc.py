"""CRC-32 of a concatenation from the CRCs of its parts.

With zlib's polynomial, ``crc(x + y) = crc(x) * t^(8 * len(y)) + crc(y)`` over GF(2) modulo the
polynomial. So a text that many symbols share is read once, not once per symbol.

Bits are reflected, as in zlib: the highest bit of a number is the coefficient of t^0. A factor is
kept as its sixteen multiples by the polynomials of degree 3 and less, so that a product takes eight
steps of four bits. zlib, which is compiled, multiplies by a power of t as fast where that is small:
there zeros are appended instead.
"""

from __future__ import annotations

import zlib

from rustabi.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

_POLYNOMIAL = 0xEDB88320
_ONE = 0x80000000
_MOST_KEPT = 1 << 16
_BLOCK = 1 << 11
_ZEROS = memoryview(bytes(_BLOCK))
"""As many as zlib reads in the time of half a multiplication."""

Factor: TypeAlias = tuple[int, ...]
"""Products of a number with each polynomial of degree 3 and less, by its four reflected bits."""


def _times_t(value: int) -> int:
    return value >> 1 ^ _POLYNOMIAL if value & 1 else value >> 1


def _times_t4(value: int) -> int:
    return _times_t(_times_t(_times_t(_times_t(value))))


_CARRIES = tuple(_times_t4(low) for low in range(16))
"""What the four bits that a shift by t^4 pushes out come back as."""


def factor(value: int) -> Factor:
    """``value`` made ready to be multiplied with."""
    bits = [0] * 4
    for place in (3, 2, 1, 0):
        bits[place] = value
        value = _times_t(value)
    low, second, third, high = bits
    return tuple(
        (low if nibble & 1 else 0)
        ^ (second if nibble & 2 else 0)
        ^ (third if nibble & 4 else 0)
        ^ (high if nibble & 8 else 0)
        for nibble in range(16)
    )


def multiply(value: int, by: Factor) -> int:
    """Product of two reflected polynomials modulo the CRC-32 polynomial."""
    product = by[value & 15]
    for bits in (4, 8, 12, 16, 20, 24, 28):
        product = product >> 4 ^ _CARRIES[product & 15] ^ by[value >> bits & 15]
    return product


_shifts: dict[int, Factor] = {}


def shift(length: int) -> Factor:
    """t^(8 * length): what a CRC is multiplied with to append ``length`` bytes."""
    known = _shifts.get(length)
    if known is None:
        if len(_shifts) > _MOST_KEPT:
            _shifts.clear()
        known = _shifts[length] = factor(_power(length))
    return known


def _power(length: int) -> int:
    """t^(8 * length), from the powers for each byte of ``length``."""
    power, place = _ONE, 0
    while length:
        if length & 255:
            power = multiply(power, _digit(place, length & 255))
        length >>= 8
        place += 1
    return power


_digits: dict[tuple[int, int], Factor] = {}


def _digit(place: int, digit: int) -> Factor:
    """t^(8 * digit * 256^place), for a digit from 1 to 255."""
    known = _digits.get((place, digit))
    if known is None:
        known = _digits[place, digit] = factor(_digit_power(place, digit))
    return known


def _digit_power(place: int, digit: int) -> int:
    if digit > 1:
        half = _digit(place, digit // 2)
        square = multiply(half[8], half)
        return multiply(square, _digit(place, 1)) if digit & 1 else square
    if place == 0:
        return _times_t4(_times_t4(_ONE))
    root = _digit(place - 1, 128)
    return multiply(root[8], root)


def combine(first: int, second: int, length: int) -> int:
    """CRC-32 of a concatenation.

    Args:
        first: CRC-32 of the first part, as `zlib.crc32` gives it.
        second: CRC-32 of the second part.
        length: Bytes of the second part.
    """
    few = length & (_BLOCK - 1)
    if few != length:
        first = multiply(first, shift(length - few))
    zeros = _ZEROS[:few]
    return zlib.crc32(zeros, first) ^ zlib.crc32(zeros) ^ second
