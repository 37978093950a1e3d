"""Entries by offset, by parent, all in order; scopes; codes that do not fit a byte; damage."""

from __future__ import annotations

import pytest

from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries, Entry
from rustabi.dwarf.unit import Info
from rustabi.errors import DwarfError
from tests.dwarf_writer import (
    Attribute,
    Node,
    Unit,
    base,
    debug_sections,
    entry,
    flag,
    function,
    member,
    number,
    pointer,
    refer,
    rust_enum,
    struct,
    unit,
    variable,
)  # fmt: skip

FIRST_CODES = pytest.mark.parametrize("first_code", [1, 120, 128, 16_384])
"""From 128 on a code takes two bytes; the first must not be taken for a code of its own."""


def read(*units: Unit) -> Entries:
    return Entries(Info(debug_sections(*units)))


def names(found: list[Entry]) -> list[str]:
    return [str(each.attributes.get(c.AT_NAME, "")) for each in found]


def by_name(entries: Entries, name: str) -> Entry:
    (found,) = [
        each
        for unit in entries.units
        for each in entries.walk(unit)
        if each.attributes.get(c.AT_NAME) == name
    ]
    return found


def tree(first_code: int) -> Unit:
    """Three levels, entries of constant and of varying size, a nested struct between members."""
    u8 = base("u8", 1)
    inner = struct("Inner", 1, [member("deep", u8, 0), struct("Innermost", 0, [])])
    outer = struct("Outer", 2, [
        member("first", u8, 0), inner, member("second", inner, 1),
        Node(c.TAG_MEMBER, [Attribute(c.AT_NAME, c.FORM_STRING, "third"), refer(c.AT_TYPE, u8)]),
    ])  # fmt: skip
    # so many declarations that the codes cross 128 where they start at 120
    others = [entry(c.TAG_BASE_TYPE, f"t{size}", numbers={0x3000 + size: 1}) for size in range(20)]
    return Unit([outer, u8, *others, pointer(u8, "&u8")], first_code=first_code)


@FIRST_CODES
def test_walk(first_code: int) -> None:
    entries = read(tree(first_code))
    found = list(entries.walk(entries.units[0]))
    assert names(found) == [
        "demo.rs", "Outer", "first", "Inner", "deep", "Innermost", "second", "third", "u8",
        *(f"t{size}" for size in range(20)), "&u8",
    ]  # fmt: skip
    assert [each.offset for each in found] == sorted(each.offset for each in found)


@FIRST_CODES
def test_entry_by_offset(first_code: int) -> None:
    entries = read(unit(base("i8", 1)), tree(first_code))
    for each in entries.units:
        for found in entries.walk(each):
            assert entries.entry(found.offset) == found
            assert entries.entry(found.offset, entries.units[0]) == found
            assert entries.unit_of(found.offset) is each


@FIRST_CODES
def test_children(first_code: int) -> None:
    """Grandchildren are stepped over, whatever their size."""
    entries = read(tree(first_code))
    assert names(list(entries.children(by_name(entries, "Outer")))) == [
        "first", "Inner", "second", "third",
    ]  # fmt: skip
    assert names(list(entries.children(by_name(entries, "Inner")))) == ["deep", "Innermost"]
    assert list(entries.children(by_name(entries, "Innermost"))) == []
    root = entries.entry(entries.units[0].first_entry)
    assert names(list(entries.children(root)))[0::22] == ["Outer", "&u8"]


@FIRST_CODES
def test_ignored_children(first_code: int) -> None:
    entries = read(tree(first_code))
    ignored = frozenset({c.TAG_STRUCTURE_TYPE})
    found = entries.children(by_name(entries, "Outer"), ignored)
    assert names(list(found)) == ["first", "second", "third"]


def test_children_of_an_entry_that_may_have_some_but_has_none() -> None:
    """DW_CHILDREN_yes, then the terminator at once."""
    parent = struct("Empty", 0, [Node(c.TAG_MEMBER)])
    sections = debug_sections(unit(parent))
    entries = Entries(Info(sections))
    (only,) = entries.children(by_name(entries, "Empty"))
    cut = bytearray(sections.info)
    del cut[only.offset]
    cut[0] -= 1
    entries = Entries(Info(sections._replace(info=bytes(cut))))
    assert list(entries.children(by_name(entries, "Empty"))) == []


def test_first_byte_of_a_long_code_is_no_code() -> None:
    """Code 0x80 is written 80 01; a table with a code 1 of another size must not be led astray."""
    u8 = base("u8", 1)
    short = struct("Short", 0, [])
    declared = [Node(c.TAG_MEMBER, [Attribute(0x3000 + at, c.FORM_DATA8, 1)]) for at in range(140)]
    outer = struct("Outer", 0, [struct("Inner", 0, declared), member("last", u8, 0)])
    entries = read(unit(short, outer, u8))
    assert names(list(entries.children(by_name(entries, "Outer")))) == ["Inner", "last"]
    assert len(list(entries.children(by_name(entries, "Inner")))) == 140


# outlines


@FIRST_CODES
def test_scopes(first_code: int) -> None:
    u32 = base("u32", 4)
    maybe = rust_enum("demo::Maybe", 8, (u32, 0), [("Yes", 1, [member("__0", u32, 4)])])
    local = struct("Local", 4, [])
    run = function("demo::run")
    run.children = [Node(c.TAG_LEXICAL_BLOCK, [], [local])]
    entries = read(Unit([maybe, run, u32, pointer(u32, "&u32")], first_code=first_code))
    found = entries.outline(entries.units[0])
    by_offset = {each.offset: each for each in entries.walk(entries.units[0])}
    label = {each.offset: names([each])[0] for each in by_offset.values()} | {0: ""}
    assert {by_offset[offset].tag for offset in found.namespaces} == {c.TAG_NAMESPACE}
    scopes = {label[offset]: label[found.scopes.get(offset, 0)] for offset in found.types}
    assert scopes == {"Maybe": "demo", "Yes": "Maybe", "Local": "", "u32": "", "&u32": ""}


def test_routines() -> None:
    """Those of the unit, namespaces and structs; none from within functions, unions or enums."""
    method = function("method")
    hidden = struct("demo::Union", 4, [function("in_union")], tag=c.TAG_UNION_TYPE)
    outer = function("demo::outer")
    outer.children = [variable("local", None), struct("Local", 0, [function("in_local")])]
    entries = read(
        unit(struct("demo::Struct", 4, [method]), hidden, outer, variable("demo::STATIC", None))
    )
    offsets = entries.outline(entries.units[0]).routines
    assert names([entries.entry(offset) for offset in offsets]) == ["method", "outer", "STATIC"]


def test_outline_is_kept() -> None:
    entries = read(tree(1))
    assert entries.outline(entries.units[0]) is entries.outline(entries.units[0])


# references


def test_reference_to_another_unit() -> None:
    point = struct("demo::Point", 4, [])
    entries = read(unit(function("f", [("p", point)])), unit(point))
    parameter = by_name(entries, "p")
    assert parameter.form(c.AT_TYPE) == c.FORM_REF_ADDR
    found = entries.referred(parameter, c.AT_TYPE)
    assert found == by_name(entries, "Point")
    assert found is not None
    assert found.unit is entries.units[1]


@pytest.mark.parametrize(
    "attribute",
    [
        Attribute(c.AT_TYPE, c.FORM_GNU_REF_ALT, 0x20), Attribute(c.AT_TYPE, c.FORM_REF_SIG8, 1),
        Attribute(c.AT_TYPE, c.FORM_DATA4, 0x20), Attribute(c.AT_TYPE, c.FORM_STRING, "x"),
        flag(c.AT_TYPE), number(c.AT_BYTE_SIZE, 4),
    ],
)  # fmt: skip
def test_no_reference_within_the_section(attribute: Attribute) -> None:
    entries = read(unit(Node(c.TAG_MEMBER, [Attribute(c.AT_NAME, c.FORM_STRING, "m"), attribute])))
    assert entries.referred(by_name(entries, "m"), c.AT_TYPE) is None


def test_form_of_an_absent_attribute() -> None:
    entries = read(unit(base("u8", 1)))
    assert by_name(entries, "u8").form(c.AT_TYPE) == 0


# damage


@pytest.mark.parametrize("offset", [-1, 0, 11, 1 << 40])
def test_offset_outside_of_every_unit(offset: int) -> None:
    """Also within a header."""
    entries = read(unit(base("u8", 1)))
    with pytest.raises(DwarfError, match="outside of every unit"):
        entries.entry(offset)


def test_unknown_code() -> None:
    sections = debug_sections(unit(base("u8", 1)))
    at = by_name(Entries(Info(sections)), "u8").offset
    for code in (b"\x7f", b"\xff\x7f", b"\x80" * 30):
        info = sections.info[:at] + code + sections.info[at + len(code) :]
        info = len(info[4:]).to_bytes(4, "little") + info[4:]
        entries = Entries(Info(sections._replace(info=info)))
        for use in (
            lambda entries=entries: entries.entry(at),
            lambda entries=entries: list(entries.walk(entries.units[0])),
            lambda entries=entries: entries.outline(entries.units[0]),
        ):
            with pytest.raises(DwarfError, match="cannot be read"):
                use()


def test_children_must_end_within_their_unit() -> None:
    """Without terminators the next unit's header would be taken for entries."""
    sections = debug_sections(unit(struct("Open", 4, [member("m", None, 0)])), unit())
    entries = Entries(Info(sections))
    end = entries.units[0].end
    info = bytearray(sections.info)
    del info[end - 2 : end]  # of the struct and of the unit
    info[0] -= 2
    entries = Entries(Info(sections._replace(info=bytes(info))))
    with pytest.raises(DwarfError, match="cannot be read"):
        list(entries.children(by_name(entries, "Open")))


def test_last_entry_reaches_beyond_its_unit() -> None:
    sections = debug_sections(unit(base("u8", 1)), unit())
    info = bytearray(sections.info)
    end = Entries(Info(sections)).units[0].end
    del info[end - 3 : end]
    info[0] -= 3
    entries = Entries(Info(sections._replace(info=bytes(info))))
    for use in (entries.outline, lambda unit: list(entries.walk(unit))):
        with pytest.raises(DwarfError, match="cannot be read"):
            use(entries.units[0])
