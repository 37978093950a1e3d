"""Abbreviation tables: contents, repetition, damage."""

from __future__ import annotations

import pytest

from rustabi.dwarf import constants as c
from rustabi.dwarf.abbrev import AbbrevSection, Declaration, Specification
from rustabi.errors import DwarfError
from tests.dwarf_encoder import signed, unsigned

BASE = bytes([c.TAG_BASE_TYPE, 0, c.AT_NAME, c.FORM_STRP, c.AT_BYTE_SIZE, c.FORM_DATA1, 0, 0])
SCOPE = bytes([c.TAG_NAMESPACE, 1, c.AT_NAME, c.FORM_STRP, 0, 0])


def table(*declarations: tuple[int, bytes]) -> bytes:
    """A table of (code, declaration behind the code)."""
    return b"".join(unsigned(code) + body for code, body in declarations) + b"\0"


def test_declarations() -> None:
    found = AbbrevSection(table((1, BASE), (2, SCOPE))).table(0)
    name = Specification(c.AT_NAME, c.FORM_STRP, 0)
    size = Specification(c.AT_BYTE_SIZE, c.FORM_DATA1, 0)
    assert found == {
        1: Declaration(c.TAG_BASE_TYPE, False, (name, size)),
        2: Declaration(c.TAG_NAMESPACE, True, (name,)),
    }


def test_codes_are_sparse_and_large() -> None:
    found = AbbrevSection(table((3, BASE), (200, SCOPE), (70_000, BASE))).table(0)
    assert list(found) == [3, 200, 70_000]


@pytest.mark.parametrize("value", [0, 63, -1, -64, 1 << 40])
def test_constants_stand_in_the_declaration(value: int) -> None:
    body = bytes([c.TAG_MEMBER, 0, c.AT_BYTE_SIZE, c.FORM_IMPLICIT_CONST]) + signed(value)
    found = AbbrevSection(table((1, body + b"\0\0"))).table(0)
    assert found[1].specifications == (Specification(c.AT_BYTE_SIZE, c.FORM_IMPLICIT_CONST, value),)


def test_large_numbers() -> None:
    """Vendors' tags and attributes take more than one byte."""
    body = unsigned(0x4109) + b"\0" + unsigned(c.AT_GNU_VECTOR) + unsigned(0x1F21) + b"\0\0"
    found = AbbrevSection(table((1, body))).table(0)
    assert found[1] == Declaration(0x4109, False, (Specification(0x2107, 0x1F21, 0),))


def test_an_attribute_zero_with_a_form_is_no_end() -> None:
    """Only the pair 0, 0 ends a declaration."""
    body = bytes([c.TAG_MEMBER, 0, 0, c.FORM_DATA1, c.AT_NAME, 0, 0, 0])
    found = AbbrevSection(table((1, body))).table(0)
    assert found[1].specifications == (
        Specification(0, c.FORM_DATA1, 0),
        Specification(c.AT_NAME, 0, 0),
    )


def test_repeated_declarations_are_one_object() -> None:
    first = table((1, BASE), (2, SCOPE))
    section = AbbrevSection(first + table((1, SCOPE), (9, BASE)))
    one, other = section.table(0), section.table(len(first))
    assert one[1] is other[9]
    assert one[2] is other[1]


def test_repeated_lookups_give_the_same_table() -> None:
    section = AbbrevSection(table((1, BASE)))
    assert section.table(0) is section.table(0)


def test_empty_table() -> None:
    assert AbbrevSection(b"\0").table(0) == {}


@pytest.mark.parametrize("offset", [-1, 14, 1 << 40])
def test_table_out_of_range(offset: int) -> None:
    with pytest.raises(DwarfError, match="not there"):
        AbbrevSection(table((1, BASE))[:14]).table(offset)


@pytest.mark.parametrize("size", range(1, len(table((1, BASE), (2, SCOPE)))))
def test_cut_off_table(size: int) -> None:
    with pytest.raises(DwarfError, match="damaged"):
        AbbrevSection(table((1, BASE), (2, SCOPE))[:size]).table(0)


def test_children_flag_of_another_value() -> None:
    with pytest.raises(DwarfError, match="damaged"):
        AbbrevSection(table((1, bytes([c.TAG_MEMBER, 2, 0, 0])))).table(0)


def test_endless_number() -> None:
    with pytest.raises(DwarfError, match="damaged"):
        AbbrevSection(b"\x81" * 100).table(0)
