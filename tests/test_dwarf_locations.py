"""Location lists: hand-made ones, and those of real objects as pyelftools reads them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from elftools.dwarf.locationlists import LocationEntry, LocationParser
from elftools.elf.elffile import ELFFile

from rustabi.binary.elf import Elf
from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries, Entry
from rustabi.dwarf.locations import (
    AT_LOCLISTS_BASE,
    AT_LOW_PC,
    LLE_BASE_ADDRESS,
    LLE_BASE_ADDRESSX,
    LLE_DEFAULT_LOCATION,
    LLE_END_OF_LIST,
    LLE_OFFSET_PAIR,
    LLE_START_END,
    LLE_START_LENGTH,
    LLE_STARTX_ENDX,
    LLE_STARTX_LENGTH,
    WANTED,
    ListSections,
    Location,
    Locations,
)
from rustabi.dwarf.unit import Info
from rustabi.errors import DwarfError
from tests.dwarf_encoder import unsigned
from tests.dwarf_writer import Attribute, Node, Unit, debug_sections, entry
from tests.support import OBJECTS

END = bytes([LLE_END_OF_LIST])
RDI, RSI, RDX = b"\x55", b"\x54", b"\x51"
ADDRESSES = [0x1000, 0x2000, 0x2040]


def word(value: int, size: int = 8) -> bytes:
    return value.to_bytes(size, "little")


def addresses() -> bytes:
    """``.debug_addr``: eight bytes of header, and the addresses."""
    return bytes(8) + b"".join(word(each) for each in ADDRESSES)


def older(*rows: tuple[int, int, bytes | None], end: bool = True) -> bytes:
    """A list of ``.debug_loc``; rows without an expression select a base address."""
    data = b""
    for first, second, expression in rows:
        data += word(first) + word(second)
        if expression is not None:
            data += word(len(expression), 2) + expression
    return data + (word(0) + word(0)) * end


def newer(kind: int, *operands: bytes, expression: bytes | None = None) -> bytes:
    """An entry of ``.debug_loclists``."""
    tail = b"" if expression is None else unsigned(len(expression)) + expression
    return bytes([kind]) + b"".join(operands) + tail


def reader(
    data: bytes, *, version: int = 5, form: int = c.FORM_SEC_OFFSET, value: int | bytes = 0,
    low_pc: int | None = 0x100,
) -> tuple[Locations, Entry]:  # fmt: skip
    """Our reader, and a parameter whose list is ``data``."""
    attributes = [Attribute(c.AT_ADDR_BASE, c.FORM_SEC_OFFSET, 8)]
    attributes += [Attribute(AT_LOCLISTS_BASE, c.FORM_SEC_OFFSET, 4)]
    if low_pc is not None:
        attributes.append(Attribute(AT_LOW_PC, c.FORM_ADDR, low_pc))
    parameter = entry(c.TAG_FORMAL_PARAMETER, "p").add(Attribute(c.AT_LOCATION, form, value))
    sections = debug_sections(Unit([parameter], version=version, attributes=attributes))
    lists = ListSections(b"", data, addresses()) if version >= 5 else ListSections(data)
    entries = Entries(Info(sections, WANTED | {c.AT_NAME}))
    found = [each for unit in entries.units for each in entries.walk(unit)]
    return Locations(entries, lists), found[-1]


def test_a_list_counts_from_the_base_of_its_unit() -> None:
    locations, parameter = reader(older((0, 8, RDI), (8, 16, RSI)), version=4)
    assert list(locations.locations(parameter)) == [
        Location(0x100, 0x108, RDI), Location(0x108, 0x110, RSI),
    ]  # fmt: skip
    assert locations.at(parameter, 0x100) == RDI
    assert locations.at(parameter, 0x108) == RSI
    assert locations.at(parameter, 0x110) is None
    assert locations.at(parameter, 0xFF) is None


def test_a_list_can_select_another_base() -> None:
    data = older(((1 << 64) - 1, 0x4000, None), (0, 8, RDI))
    locations, parameter = reader(data, version=4)
    assert list(locations.locations(parameter)) == [Location(0x4000, 0x4008, RDI)]


def test_a_list_of_dwarf_3_is_found_by_a_plain_number() -> None:
    data = bytes(5) + older((0, 8, RDI))
    locations, parameter = reader(data, version=3, form=c.FORM_DATA4, value=5)
    assert locations.at(parameter, 0x100) == RDI


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (newer(LLE_OFFSET_PAIR, b"\0", b"\x20", expression=RDI), Location(0x100, 0x120, RDI)),
        (newer(LLE_STARTX_LENGTH, b"\1", b"\x20", expression=RDI), Location(0x2000, 0x2020, RDI)),
        (newer(LLE_STARTX_ENDX, b"\1", b"\2", expression=RDI), Location(0x2000, 0x2040, RDI)),
        (newer(LLE_START_END, word(9), word(12), expression=RDI), Location(9, 12, RDI)),
        (newer(LLE_START_LENGTH, word(9), b"\3", expression=RDI), Location(9, 12, RDI)),
        (newer(LLE_DEFAULT_LOCATION, expression=RDI), Location(None, 0, RDI)),
        (
            newer(LLE_BASE_ADDRESSX, b"\0") + newer(LLE_OFFSET_PAIR, b"\1", b"\2", expression=RDI),
            Location(0x1001, 0x1002, RDI),
        ),
        (
            newer(LLE_BASE_ADDRESS, word(7)) + newer(LLE_OFFSET_PAIR, b"\1", b"\2", expression=RDI),
            Location(8, 9, RDI),
        ),
    ],
)
def test_entries_of_dwarf_5(data: bytes, expected: Location) -> None:
    locations, parameter = reader(data + END)
    assert list(locations.locations(parameter)) == [expected]


def test_a_list_is_found_by_its_number() -> None:
    """Offsets stand from DW_AT_loclists_base on (4 here), and count from there."""
    lists = newer(LLE_START_LENGTH, word(9), b"\3", expression=RSI) + END
    data = bytes(4) + word(99, 4) + word(8, 4) + lists
    locations, parameter = reader(data, form=c.FORM_LOCLISTX, value=1)
    assert locations.at(parameter, 9) == RSI


def test_the_default_holds_where_nothing_else_does() -> None:
    data = newer(LLE_DEFAULT_LOCATION, expression=RDI)
    data += newer(LLE_START_LENGTH, word(9), b"\3", expression=RSI) + END
    locations, parameter = reader(data)
    assert locations.at(parameter, 9) == RSI
    assert locations.at(parameter, 8) == RDI


def test_one_expression_holds_everywhere() -> None:
    locations, parameter = reader(b"", form=c.FORM_EXPRLOC, value=RDI)
    assert locations.at(parameter, 5) == RDI
    locations, parameter = reader(b"", form=c.FORM_EXPRLOC, value=b"")
    assert locations.at(parameter, 5) is None


@pytest.mark.parametrize(
    "rows",
    [
        [(0, 8, RDI), (0, 4, RSI)],  # two at once
        [(0, 8, RDI), (4, 4, RSI), (0, 0x10, RDX)],
    ],
)
def test_two_places_at_once_are_none(rows: list[tuple[int, int, bytes]]) -> None:
    locations, parameter = reader(older(*rows), version=4)
    assert locations.at(parameter, 0x100) is None


def test_a_place_left_before_the_first_instruction_is_none() -> None:
    """GCC's location views: the parameter arrives in rdi, and is assigned before anything runs."""
    data = newer(LLE_START_LENGTH, word(0x100), b"\0", expression=RDI)
    data += newer(LLE_START_LENGTH, word(0x100), b"\x20", expression=RSI) + END
    locations, parameter = reader(data)
    assert locations.at(parameter, 0x100) is None
    assert locations.at(parameter, 0x101) == RSI


@pytest.mark.parametrize(
    ("version", "data"),
    [
        (4, b""),
        (4, older((0, 8, RDI), end=False)),
        (4, older((0, 8, RDI))[:-17]),
        (4, word(0) + word(8) + word(0xFFFF, 2)),
        (5, b""),
        (5, b"\x09"),
        (5, newer(LLE_OFFSET_PAIR, b"\0", b"\x20") + b"\xff\xff\x03"),
        (5, newer(LLE_OFFSET_PAIR, b"\x80" * 40)),
        (5, newer(LLE_STARTX_LENGTH, b"\x30", b"\1", expression=RDI) + END),
        (5, newer(LLE_START_END, word(1))),
    ],
)
def test_damage(version: int, data: bytes) -> None:
    locations, parameter = reader(data, version=version)
    with pytest.raises(DwarfError):
        locations.at(parameter, 0x100)


def test_every_cut_ends_in_an_error_or_a_list() -> None:
    whole = newer(LLE_BASE_ADDRESSX, b"\0")
    whole += newer(LLE_OFFSET_PAIR, b"\1", b"\2", expression=RDI)
    whole += newer(LLE_START_END, word(9), word(12), expression=RSI)
    for size in range(len(whole)):
        locations, parameter = reader(whole[:size])
        with pytest.raises(DwarfError):
            list(locations.locations(parameter))


def test_offsets_without_a_base() -> None:
    data = newer(LLE_OFFSET_PAIR, b"\1", b"\2", expression=RDI) + END
    locations, parameter = reader(data, low_pc=None)
    with pytest.raises(DwarfError):
        locations.at(parameter, 1)


def test_addresses() -> None:
    for form, value, expected in (
        (c.FORM_ADDR, 0x77, 0x77), (c.FORM_ADDRX, 1, 0x2000), (c.FORM_DATA4, 4, None),
    ):  # fmt: skip
        node = Node(c.TAG_SUBPROGRAM, [Attribute(AT_LOW_PC, form, value)])
        base = Attribute(c.AT_ADDR_BASE, c.FORM_SEC_OFFSET, 8)
        sections = debug_sections(Unit([node], attributes=[base]))
        entries = Entries(Info(sections, WANTED))
        found = list(entries.walk(entries.units[0]))[-1]
        assert Locations(entries, ListSections(b"", b"", addresses())).address(
            found, AT_LOW_PC
        ) == expected  # fmt: skip


# real objects

REAL = ["constructs.o", "constructs-dwarf5.o", "constructs-units.o", "c_types-new.o",
        "c_types-new-dwarf4.o", "calling_convention_changed-new.o"]  # fmt: skip


def ours(path: Path) -> dict[int, list[tuple[int, int, bytes]]]:
    """Offset of an entry -> its list."""
    elf = Elf(path.read_bytes(), path.name)
    entries = Entries(Info(elf.debug_sections(), WANTED))
    lists = ListSections(
        elf.contents(".debug_loc"), elf.contents(".debug_loclists"), elf.contents(".debug_addr")
    )
    locations = Locations(entries, lists)
    found = {}
    for unit in entries.units:
        for each in entries.walk(unit):
            rows = [(row.begin or 0, row.end, row.expression) for row in locations.locations(each)]
            if rows:
                found[each.offset] = rows
    return found


def theirs(path: Path) -> dict[int, list[tuple[int, int, bytes]]]:
    """The same by pyelftools, with the bases added."""
    dwarf = ELFFile(io.BytesIO(path.read_bytes())).get_dwarf_info()
    parser = LocationParser(dwarf.location_lists())
    found = {}
    for unit in dwarf.iter_CUs():
        low_pc = unit.get_top_DIE().attributes.get("DW_AT_low_pc")
        for die in unit.iter_DIEs():
            attribute = die.attributes.get("DW_AT_location")
            if attribute is None or not parser.attribute_has_location(
                attribute, unit["version"]
            ):  # fmt: skip
                continue
            rows = parser.parse_from_attribute(attribute, unit["version"], die)
            if isinstance(rows, list):
                found[die.offset] = list(resolved(rows, low_pc.value if low_pc else 0))
    return {offset: rows for offset, rows in found.items() if rows}


def resolved(rows: Sequence[object], base: int) -> Iterator[tuple[int, int, bytes]]:
    for row in rows:
        if isinstance(row, LocationEntry):
            start = 0 if row.is_absolute else base
            yield row.begin_offset + start, row.end_offset + start, bytes(row.loc_expr)
        else:
            base = row.base_address  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", REAL)
def test_lists_of_real_objects(name: str) -> None:
    expected = theirs(OBJECTS / name)
    assert ours(OBJECTS / name) == expected
    assert name.startswith("c_types") or expected
