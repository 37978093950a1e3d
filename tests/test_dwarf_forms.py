"""Every form of DWARF 5: its value, its size, in both byte orders and both DWARF formats."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest

from rustabi.dwarf import constants as c
from rustabi.dwarf.abbrev import Declaration, Specification
from rustabi.dwarf.entries import Entries, Entry
from rustabi.dwarf.forms import Encoding
from rustabi.dwarf.reader import Reader
from rustabi.dwarf.unit import Info
from rustabi.dwarf.unit import Unit as DwarfUnit
from rustabi.errors import DwarfError
from tests.dwarf_writer import Attribute, Node, Unit, base, debug_sections, refer, unit

AT = 0x3000
"""A vendor's attribute, so that nothing is known of it."""

NUMBERS = [
    (c.FORM_DATA1, 0xFE), (c.FORM_DATA2, 0xFEDC), (c.FORM_DATA4, 0xFEDCBA98),
    (c.FORM_DATA8, 0xFEDCBA9876543210), (c.FORM_UDATA, 300), (c.FORM_UDATA, 1 << 64),
    (c.FORM_SDATA, -300), (c.FORM_SDATA, 64), (c.FORM_IMPLICIT_CONST, -5),
    (c.FORM_IMPLICIT_CONST, 1 << 40), (c.FORM_ADDR, 0xFFFFFFF0), (c.FORM_SEC_OFFSET, 0xABCDEF01),
    (c.FORM_ADDRX, 200), (c.FORM_ADDRX1, 0xFE), (c.FORM_ADDRX2, 0xFEDC), (c.FORM_ADDRX3, 0xFEDCBA),
    (c.FORM_ADDRX4, 0xFEDCBA98), (c.FORM_LOCLISTX, 200), (c.FORM_RNGLISTX, 0),
    (c.FORM_REF_SIG8, 0xFEDCBA9876543210), (c.FORM_REF_SUP4, 0xFEDCBA98),
    (c.FORM_REF_SUP8, 0xFEDCBA9876543210), (c.FORM_STRP_SUP, 0xFEDCBA98),
    (c.FORM_GNU_REF_ALT, 0xFEDCBA98), (c.FORM_GNU_STRP_ALT, 7), (c.FORM_GNU_ADDR_INDEX, 200),
]  # fmt: skip
BLOCKS = [
    (c.FORM_BLOCK, b""), (c.FORM_BLOCK, bytes(200)), (c.FORM_BLOCK1, b"\1\2\3"),
    (c.FORM_BLOCK2, bytes(300)), (c.FORM_BLOCK4, b"\xff"), (c.FORM_EXPRLOC, b"\x91\x00"),
    (c.FORM_DATA16, bytes(range(16))),
]  # fmt: skip
STRINGS = [
    c.FORM_STRING, c.FORM_STRP, c.FORM_LINE_STRP, c.FORM_STRX, c.FORM_STRX1, c.FORM_STRX2,
    c.FORM_STRX3, c.FORM_STRX4, c.FORM_GNU_STR_INDEX,
]  # fmt: skip
REFERENCES = [
    c.FORM_REF1, c.FORM_REF2, c.FORM_REF4, c.FORM_REF8, c.FORM_REF_UDATA, c.FORM_REF_ADDR,
]  # fmt: skip

ORDERS = pytest.mark.parametrize("little_endian", [True, False], ids=["little", "big"])
FORMATS = pytest.mark.parametrize("offset_size", [4, 8])


def decoded(
    each: Unit,
    little_endian: bool = True,
    address_size: int = 8,
    wanted: frozenset[int] | None = None,
) -> list[Entry]:
    """The entries below the unit's own."""
    sections = debug_sections(each, little_endian=little_endian, address_size=address_size)
    entries = Entries(Info(sections, wanted))
    found = list(entries.walk(entries.units[0]))
    for one, following in pairwise(found):  # stepping over is as long as decoding
        if not one.reader.declaration.has_children:
            code_size = 1 if entries.entry(one.offset).reader is one.reader else 0
            after = one.reader.skip(sections.info, one.offset + code_size)
            assert after == one.end
            assert one.reader.size in (None, one.end - one.offset - code_size)
            assert sections.info[after : following.offset].strip(b"\0") == b""
    return found[1:]


def one_value(form: int, value: int | str | bytes, little_endian: bool, offset_size: int) -> object:
    """What an attribute reads back as, between two others; its form must be told too."""
    around = [Attribute(AT + 1, c.FORM_DATA1, 0x5A), Attribute(AT + 2, c.FORM_DATA2, 0xA55A)]
    node = Node(c.TAG_MEMBER, [around[0], Attribute(AT, form, value), around[1]])
    found, last = decoded(Unit([node, base("u8", 1)], offset_size=offset_size), little_endian)
    assert (found.attributes[AT + 1], found.attributes[AT + 2]) == (0x5A, 0xA55A)
    assert found.form(AT) == form
    assert last.attributes[c.AT_NAME] == "u8"
    return found.attributes[AT]


@ORDERS
@FORMATS
@pytest.mark.parametrize(("form", "value"), NUMBERS)
def test_numbers(form: int, value: int, little_endian: bool, offset_size: int) -> None:
    assert one_value(form, value, little_endian, offset_size) == value


@ORDERS
@FORMATS
@pytest.mark.parametrize(("form", "value"), BLOCKS)
def test_blocks(form: int, value: bytes, little_endian: bool, offset_size: int) -> None:
    assert one_value(form, value, little_endian, offset_size) == value


@ORDERS
@FORMATS
@pytest.mark.parametrize("form", STRINGS)
@pytest.mark.parametrize("value", ["", "u8", "größe", "\udcff\udc80"])
def test_strings(form: int, value: str, little_endian: bool, offset_size: int) -> None:
    """Bytes that are no UTF-8 survive as surrogate escapes."""
    assert one_value(form, value, little_endian, offset_size) == value


@pytest.mark.parametrize(
    ("form", "written", "value"),
    [(c.FORM_FLAG, 0, False), (c.FORM_FLAG, 1, True), (c.FORM_FLAG_PRESENT, 1, True)],
)
def test_flags(form: int, written: int, value: bool) -> None:
    assert one_value(form, written, True, 4) is value


@ORDERS
@FORMATS
@pytest.mark.parametrize("form", REFERENCES)
def test_references(form: int, little_endian: bool, offset_size: int) -> None:
    """All count from the start of the section, also in a unit that does not start there."""
    target = base("u8", 1)
    node = Node(c.TAG_MEMBER, [refer(c.AT_TYPE, target, form)])
    first, second = unit(base("i8", 1)), Unit([node, target], offset_size=offset_size)
    entries = Entries(Info(debug_sections(first, second, little_endian=little_endian)))
    assert entries.units[1].offset > 0
    _, found, expected = entries.walk(entries.units[1])
    assert found.attributes[c.AT_TYPE] == expected.offset
    assert found.form(c.AT_TYPE) == form
    assert entries.referred(found, c.AT_TYPE) == expected


@pytest.mark.parametrize("address_size", [4, 8])
def test_reference_of_dwarf_2_is_as_wide_as_an_address(address_size: int) -> None:
    target = base("u8", 1)
    node = Node(c.TAG_MEMBER, [refer(c.AT_TYPE, target, c.FORM_REF_ADDR)])
    found, expected = decoded(Unit([node, target], version=2), address_size=address_size)
    assert found.reader.size == address_size
    assert found.attributes[c.AT_TYPE] == expected.offset


@pytest.mark.parametrize("address_size", [1, 2, 4, 8])
def test_addresses(address_size: int) -> None:
    node = Node(c.TAG_LABEL, [Attribute(AT, c.FORM_ADDR, 0x7F)])
    (found,) = decoded(Unit([node], address_size=address_size))
    assert found.attributes == {AT: 0x7F}
    assert found.reader.size == address_size


# DW_FORM_indirect


def test_indirect() -> None:
    """Entries of one declaration name different forms, and the forms are told."""
    rows = [
        Attribute(AT, c.FORM_DATA2, 0xFFFE, indirect=True),
        Attribute(AT, c.FORM_SDATA, -2, indirect=True),
        Attribute(AT, c.FORM_STRP, "x", indirect=True),
        Attribute(AT, c.FORM_BLOCK1, b"xy", indirect=True),
        Attribute(AT, c.FORM_STRX3, "y", indirect=True),
    ]
    last = Attribute(AT + 1, c.FORM_DATA4, 77)
    found = decoded(unit(*(Node(c.TAG_MEMBER, [row, last]) for row in rows)))
    assert len({each.reader for each in found}) == 1
    assert [each.attributes[AT] for each in found] == [0xFFFE, -2, "x", b"xy", "y"]
    assert [each.form(AT) for each in found] == [row.form for row in rows]
    assert {each.attributes[AT + 1] for each in found} == {77}
    assert {each.form(AT + 1) for each in found} == {c.FORM_DATA4}


def test_indirect_more_than_once() -> None:
    """DW_FORM_indirect may name DW_FORM_indirect."""
    data = bytes([c.FORM_INDIRECT, c.FORM_INDIRECT, c.FORM_DATA1, 9, 7])
    reader = _reader((AT, c.FORM_INDIRECT), (AT + 1, c.FORM_DATA1))
    attributes, end = reader.decode(data, 0, _unit())
    assert (attributes, end) == ({AT: 9, AT + 1: 7}, 5)
    assert reader.skip(data, 0) == 5


def test_indirect_constant_has_no_value() -> None:
    """DW_FORM_implicit_const keeps its value in the declaration: it cannot be named by an entry."""
    reader = _reader((AT, c.FORM_INDIRECT))
    with pytest.raises(DwarfError, match="unknown attribute form"):
        reader.decode(bytes([c.FORM_IMPLICIT_CONST, 1]), 0, _unit())


# an attribute that is there twice


@pytest.mark.parametrize("indirect", [False, True])
def test_first_of_two(indirect: bool) -> None:
    """Damage: no producer does so. Value and form must be of the same; libdw takes the first."""
    rows = [
        Attribute(AT, c.FORM_DATA2, 5), Attribute(AT, c.FORM_STRING, "other"),
        Attribute(AT + 1, c.FORM_DATA1, 7, indirect),
    ]  # fmt: skip
    (found,) = decoded(unit(Node(c.TAG_MEMBER, rows)))
    assert found.attributes == {AT: 5, AT + 1: 7}
    assert (found.form(AT), found.form(AT + 1)) == (c.FORM_DATA2, c.FORM_DATA1)


# what is wanted


def test_unwanted_attributes_are_stepped_over() -> None:
    wide = [
        Attribute(AT, c.FORM_DATA16, bytes(16)), Attribute(c.AT_NAME, c.FORM_STRP, "x"),
        Attribute(AT + 1, c.FORM_STRING, "unwanted"), Attribute(AT + 2, c.FORM_UDATA, 1 << 20),
        Attribute(AT + 3, c.FORM_FLAG_PRESENT, 1), Attribute(AT + 4, c.FORM_STRX3, "unwanted"),
        Attribute(AT + 5, c.FORM_IMPLICIT_CONST, 9), Attribute(AT + 6, c.FORM_BLOCK2, bytes(9)),
        Attribute(AT + 7, c.FORM_DATA8, 3, indirect=True),
        Attribute(c.AT_BYTE_SIZE, c.FORM_DATA2, 5),
    ]  # fmt: skip
    for attributes in (wide, [each for each in wide if not each.indirect]):
        found, last = decoded(
            unit(Node(c.TAG_BASE_TYPE, attributes), base("u8", 1)),
            wanted=frozenset({c.AT_NAME, c.AT_BYTE_SIZE}),
        )
        assert found.attributes == {c.AT_NAME: "x", c.AT_BYTE_SIZE: 5}
        assert last.attributes == {c.AT_NAME: "u8", c.AT_BYTE_SIZE: 1}


def test_unwanted_strings_are_not_looked_up() -> None:
    broken = Node(c.TAG_MEMBER, [Attribute(AT, c.FORM_STRP, 1 << 30)])
    entries = Entries(Info(debug_sections(unit(broken)), frozenset()))
    assert [each.attributes for each in entries.walk(entries.units[0])][1] == {}


# damage


def _unit() -> DwarfUnit:
    return Info(debug_sections(unit(base("u8", 1)))).units[0]


def _reader(*rows: tuple[int, int]) -> Reader:
    specifications = tuple(Specification(attribute, form, 0) for attribute, form in rows)
    return Reader(Declaration(c.TAG_MEMBER, False, specifications), Encoding(8, 4, 5, True), None)


@pytest.mark.parametrize("form", [0, 2, 0x2D, 0x1F03, 1 << 40])
def test_unknown_form(form: int) -> None:
    """Nothing behind it can be read, so it is no gap but an error."""
    with pytest.raises(DwarfError, match=f"unknown attribute form {form:#x}"):
        _reader((AT, form))


@pytest.mark.parametrize(
    ("form", "data"),
    [
        (c.FORM_DATA1, b"\1"), (c.FORM_DATA16, bytes(16)), (c.FORM_STRX3, b"\0\0\0"),
        (c.FORM_UDATA, b"\x80\1"), (c.FORM_SDATA, b"\x80\1"), (c.FORM_STRING, b"text\0"),
        (c.FORM_BLOCK1, b"\2ab"), (c.FORM_BLOCK2, b"\2\0ab"), (c.FORM_BLOCK4, b"\2\0\0\0ab"),
        (c.FORM_BLOCK, b"\2ab"), (c.FORM_EXPRLOC, b"\2ab"), (c.FORM_INDIRECT, b"\x06\1\0\0\0"),
    ],
)  # fmt: skip
def test_section_ends_within_a_value(form: int, data: bytes) -> None:
    reader = _reader((AT, form))
    if form != c.FORM_STRX3:  # an index into nothing
        assert reader.decode(data, 0, _unit())[1] == len(data)
    for size in range(len(data)):
        with pytest.raises((IndexError, struct.error)):
            reader.decode(data[:size], 0, _unit())


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (c.FORM_STRP, "string that is not there"),
        (c.FORM_LINE_STRP, "string that is not there"),
        (c.FORM_STRX1, "string index that is not there"),
    ],
)
def test_strings_out_of_range(form: int, message: str) -> None:
    """Sections stripped in part leave references into the void."""
    sections = debug_sections(unit(Node(c.TAG_MEMBER, [Attribute(AT, form, 200)])))
    entries = Entries(Info(sections))
    with pytest.raises(DwarfError, match=message):
        list(entries.walk(entries.units[0]))


def test_string_without_end() -> None:
    sections = debug_sections(unit(Node(c.TAG_MEMBER, [Attribute(AT, c.FORM_STRP, "tail")])))
    entries = Entries(Info(sections._replace(strings=sections.strings[:-1])))
    with pytest.raises(DwarfError, match="string that is not there"):
        list(entries.walk(entries.units[0]))
