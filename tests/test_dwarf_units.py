"""Unit headers of DWARF 2 to 5, the unit's own entry, and damage to either."""

from __future__ import annotations

import pytest

from rustabi.binary.sections import Sections
from rustabi.dwarf import constants as c
from rustabi.dwarf.unit import Info
from rustabi.dwarf.unit import Unit as ReadUnit
from rustabi.errors import DwarfError
from tests.dwarf_writer import Attribute, Node, Unit, base, debug_sections, type_unit, unit

ORDERS = pytest.mark.parametrize("little_endian", [True, False], ids=["little", "big"])
FORMATS = pytest.mark.parametrize("offset_size", [4, 8])
HEADER_SIZES = {(2, 4): 11, (2, 8): 23, (4, 4): 11, (4, 8): 23, (5, 4): 12, (5, 8): 24}


def only(sections: Sections) -> ReadUnit:
    (found,) = Info(sections).units
    return found


@ORDERS
@FORMATS
@pytest.mark.parametrize("version", [2, 3, 4, 5])
@pytest.mark.parametrize("address_size", [4, 8])
def test_header(version: int, address_size: int, offset_size: int, little_endian: bool) -> None:
    written = Unit([base("u8", 1)], version=version, offset_size=offset_size)
    sections = debug_sections(written, little_endian=little_endian, address_size=address_size)
    found = only(sections)
    assert found.encoding == (address_size, offset_size, version, little_endian)
    assert (found.offset, found.end) == (0, len(sections.info))
    assert found.first_entry == HEADER_SIZES[max(version, 4), offset_size]
    assert (found.kind, found.signature) == (c.UT_COMPILE, None)


def test_root() -> None:
    found = only(debug_sections(unit(base("u8", 1), name="src/lib.rs")))
    assert found.name == "src/lib.rs"
    assert found.producer == "rustc version 1.95.0"
    assert found.language == c.LANG_RUST


def test_root_without_attributes() -> None:
    """A unit need not say anything of itself (assemblers, partial units)."""
    header = bytes([8, 0, 0, 0, 5, 0, c.UT_PARTIAL, 8, 0, 0, 0, 0])
    abbreviations = bytes([1, c.TAG_PARTIAL_UNIT, 0, 0, 0, 0])
    length = (len(header) - 4 + 1).to_bytes(4, "little")
    found = only(Sections(length + header[4:] + b"\1", abbreviations))
    assert (found.name, found.producer, found.language) == ("", "", None)
    assert found.root == {}


@ORDERS
@FORMATS
@pytest.mark.parametrize(
    "form", [c.FORM_STRX, c.FORM_STRX1, c.FORM_STRX2, c.FORM_STRX3, c.FORM_STRX4]
)
def test_indexed_strings_need_the_base_of_their_unit(
    form: int, offset_size: int, little_endian: bool
) -> None:
    """The base comes after the strings that need it, and differs between units."""
    units = [
        Unit([base(each, 1)], name=f"{each}.rs", text_form=form, offset_size=offset_size)
        for each in ("u8", "i8")
    ]
    found = Info(debug_sections(*units, little_endian=little_endian)).units
    assert [each.name for each in found] == ["u8.rs", "i8.rs"]
    assert found[0].string_offsets_base == 2 * offset_size
    assert found[1].string_offsets_base == 2 * 2 * offset_size + 3 * offset_size


def test_indexed_strings_without_base() -> None:
    """Where no base is stated, the table starts behind the section's header."""
    written = debug_sections(Unit([], text_form=c.FORM_STRX1))
    stated = bytes([c.AT_STR_OFFSETS_BASE, c.FORM_SEC_OFFSET])
    assert stated in written.abbrev
    renamed = written.abbrev.replace(stated, bytes([c.AT_ADDR_BASE, c.FORM_SEC_OFFSET]))
    assert only(written._replace(abbrev=renamed)).name == "demo.rs"


@pytest.mark.parametrize("base_value", [1 << 31, -8])
def test_indexed_strings_with_a_base_out_of_range(base_value: int) -> None:
    written = Unit([], attributes=[
        Attribute(c.AT_STR_OFFSETS_BASE, c.FORM_SDATA, base_value),
        Attribute(c.AT_COMP_DIR, c.FORM_STRX1, 0),
    ])  # fmt: skip
    with pytest.raises(DwarfError, match="string index that is not there"):
        Info(debug_sections(written)._replace(string_offsets=bytes(16)))


@ORDERS
@FORMATS
def test_type_unit(offset_size: int, little_endian: bool) -> None:
    written = type_unit(0xFEDCBA9876543210, base("u8", 1))
    written.offset_size = offset_size
    other = unit(base("i8", 1))
    _, found = Info(debug_sections(other, written, little_endian=little_endian)).units
    assert found.kind == c.UT_TYPE
    assert found.signature is not None
    signature, offset = found.signature
    assert signature == 0xFEDCBA9876543210
    assert found.first_entry < offset < found.end
    assert found.first_entry - found.offset == (12 if offset_size == 4 else 24) + 8 + offset_size


@pytest.mark.parametrize("kind", [c.UT_SKELETON, c.UT_SPLIT_COMPILE])
def test_skeleton(kind: int) -> None:
    found = only(debug_sections(Unit([base("u8", 1)], kind=kind, signature=77)))
    assert (found.kind, found.first_entry, found.signature) == (kind, 20, None)
    assert found.name == "demo.rs"


def test_units_follow_each_other() -> None:
    sections = debug_sections(
        unit(version=4), Unit([], offset_size=8), unit(version=2), type_unit(1, base("u8", 1))
    )
    found = Info(sections).units
    assert [each.encoding.version for each in found] == [4, 5, 2, 5]
    assert [each.offset for each in found[1:]] == [each.end for each in found[:-1]]
    assert found[-1].end == len(sections.info)


def test_no_units() -> None:
    assert Info(Sections(b"", b"")).units == ()


# damage


@pytest.mark.parametrize(
    ("at", "value", "message"),
    [
        (0, b"\xf0\xff\xff\xff", "reserved unit length"),
        (0, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "reaches beyond the section"),
        (0, b"\xff\0\0\0", "reaches beyond the section"),
        (0, b"\0\0\0\0", "without entries"),
        (0, b"\x08\0\0\0", "without entries"),
        (4, b"\1\0", "version 1 is not supported"),
        (4, b"\6\0", "version 6 is not supported"),
        (7, b"\0", "address size 0"),
        (7, b"\3", "address size 3"),
        (8, b"\xff\xff\0\0", "table that is not there"),
        (12, b"\0", "first entry cannot be read"),
        (12, b"\x7f", "first entry cannot be read"),
        (12, b"\x80", "first entry cannot be read"),
    ],
)
def test_damaged_header(at: int, value: bytes, message: str) -> None:
    info = bytearray(debug_sections(unit(base("u8", 1))).info)
    info[at : at + len(value)] = value
    with pytest.raises(DwarfError, match=message) as caught:
        Info(debug_sections(unit(base("u8", 1)))._replace(info=bytes(info)))
    assert caught.value.place
    assert caught.value.advice


@pytest.mark.parametrize("kind", [c.UT_COMPILE, c.UT_TYPE, c.UT_SKELETON])
@FORMATS
def test_cut_off_section(kind: int, offset_size: int) -> None:
    """Wherever the section ends, it is told; never a struct.error or IndexError."""
    node = base("u8", 1)
    written = Unit([node], kind=kind, signed=node, offset_size=offset_size)
    sections = debug_sections(written)
    for size in range(1, len(sections.info)):
        with pytest.raises(DwarfError):
            Info(sections._replace(info=sections.info[:size]))


def test_damage_in_the_second_unit_names_its_place() -> None:
    sections = debug_sections(unit(), unit())
    second = Info(sections).units[1].offset
    info = bytearray(sections.info)
    info[second + 4] = 9
    with pytest.raises(DwarfError) as caught:
        Info(sections._replace(info=bytes(info)))
    assert caught.value.place == f".debug_info+{second:#x}"


def test_unknown_form_of_the_root() -> None:
    header = bytes([9, 0, 0, 0, 5, 0, c.UT_COMPILE, 8, 0, 0, 0, 0])
    abbreviations = bytes([1, c.TAG_COMPILE_UNIT, 0, c.AT_NAME, 0x02, 0, 0, 0])
    with pytest.raises(DwarfError, match="unknown attribute form 0x2"):
        Info(Sections(header + b"\1", abbreviations))


def test_tables_are_compiled_once() -> None:
    """Equal declarations of two units share their readers."""
    node = [Node(c.TAG_BASE_TYPE, [Attribute(c.AT_BYTE_SIZE, c.FORM_DATA1, 1)]) for _ in range(2)]
    first, second = Info(debug_sections(unit(node[0]), unit(node[1]))).units
    assert first.readers is not second.readers
    assert list(first.readers.values()) == list(second.readers.values())
