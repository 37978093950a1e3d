"""LEB128 numbers: what is written reads back, and damage ends in one of two errors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rustabi.dwarf.leb128 import read_signed, read_unsigned
from tests.dwarf_encoder import signed, unsigned


@settings(deadline=None, derandomize=True)
@given(st.integers(0, (1 << 128) - 1), st.binary(max_size=3), st.binary(max_size=3))
def test_unsigned_round_trip(value: int, before: bytes, after: bytes) -> None:
    encoded = unsigned(value)
    data = before + encoded + after
    assert read_unsigned(data, len(before)) == (value, len(before) + len(encoded))


@settings(deadline=None, derandomize=True)
@given(st.integers(-(1 << 127), (1 << 127) - 1), st.binary(max_size=3), st.binary(max_size=3))
def test_signed_round_trip(value: int, before: bytes, after: bytes) -> None:
    encoded = signed(value)
    data = before + encoded + after
    assert read_signed(data, len(before)) == (value, len(before) + len(encoded))


@pytest.mark.parametrize(
    ("encoded", "value"),
    [("02", 2), ("7f", 127), ("8001", 128), ("8101", 129), ("b964", 12857), ("80808000", 0)],
)
def test_unsigned_examples(encoded: str, value: int) -> None:
    """Table 7.7 of DWARF 5, and a padded zero as linkers write it."""
    data = bytes.fromhex(encoded)
    assert read_unsigned(data, 0) == (value, len(data))


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("02", 2), ("7e", -2), ("ff00", 127), ("817f", -127), ("8001", 128), ("807f", -128),
        ("8101", 129), ("ff7e", -129), ("ffffffff7f", -1),
    ],
)  # fmt: skip
def test_signed_examples(encoded: str, value: int) -> None:
    """Table 7.8 of DWARF 5, and a padded minus one."""
    data = bytes.fromhex(encoded)
    assert read_signed(data, 0) == (value, len(data))


@pytest.mark.parametrize("read", [read_unsigned, read_signed])
def test_cut_off(read: Callable[[bytes, int], tuple[int, int]]) -> None:
    for data in (b"", b"\x80", b"\xff\xff"):
        with pytest.raises(IndexError):
            read(data, 0)


@pytest.mark.parametrize("read", [read_unsigned, read_signed])
def test_endless(read: Callable[[bytes, int], tuple[int, int]]) -> None:
    """A damaged section of a gigabyte must not become a number of a gigabyte."""
    with pytest.raises(ValueError, match="endless"):
        read(b"\x80" * 1000, 0)
