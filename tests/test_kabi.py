"""kABI rules and stand-in members: parsing, damage, and the effect on type strings."""

from __future__ import annotations

import pytest

from rustabi.errors import InputError
from rustabi.kabi import KabiRules, parse_rules, stand_in
from rustabi.loader import Root
from rustabi.model import Base, Composite, Constant, Enumeration, Enumerator, Member, Type
from rustabi.symtypes import parse_pieces
from rustabi.versions import TypeMap


def section(*rules: tuple[str, str, str]) -> bytes:
    """The bytes that the kernel's example macros write."""
    return b"".join(f"1\0{kind}\0{target}\0{value}\0".encode() for kind, target, value in rules)


def test_no_section_means_no_rules() -> None:
    assert parse_rules(b"", "x.o") == KabiRules()


def test_each_kind_of_rule() -> None:
    data = section(
        ("declonly", "s", ""),
        ("enumerator_ignore", "e B", ""),
        ("enumerator_value", "e D", "123"),
        ("byte_size", "t", "8"),
        ("type_string", "s#x", "structure_type x { }"),
        ("byte_size", "t", "16"),
    )
    rules = parse_rules(data, "x.o")
    assert rules.declaration_only == {"s"}
    assert rules.ignored_enumerators == {"e B"}
    assert rules.enumerator_values == {"e D": 123}
    assert rules.byte_sizes == {"t": 16}
    assert rules.type_strings == {"s#x": "structure_type x { }"}


@pytest.mark.parametrize(
    "data",
    [
        b"1\0\0\0",
        section(("declonly", "s", ""))[:-1] + b"x",
        section(("unheard_of", "s", "")),
        section(("byte_size", "s", "many")),
        section(("byte_size", "s", "5 ")),
        section(("byte_size", "s", "+-5")),
        section(("byte_size", "s", "- 5")),
        section(("byte_size", "s", " ")),
        section(("byte_size", "s", "\u0665")),
        section(("byte_size", "s", "18446744073709551616")),
        section(("enumerator_value", "e A", "-18446744073709551616")),
        section(("byte_size", "s", "9" * 5000)),
        section(("declonly", "s", "")).replace(b"1", b"2", 1),
    ],
)
def test_damaged_rules_are_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"x\.o"):
        parse_rules(data, "x.o")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("007", 7), ("+5", 5), (" \t\n\v\f\r7", 7), ("", 0), ("0" * 5000, 0), ("-0", 0),
        ("-1", (1 << 64) - 1), ("-18446744073709551615", 1),
        ("18446744073709551615", (1 << 64) - 1),
    ],
)  # fmt: skip
def test_numbers_are_read_as_strtoul_reads_them(written: str, read: int) -> None:
    """What gendwarfksyms of Linux 7.2 prints for each."""
    rules = parse_rules(section(("byte_size", "s", written), ("enumerator_value", "e A", "3")), "x")
    assert rules.byte_sizes == {"s": read}


INT = Base("int", 4, 5)
LONG = Base("long", 8, 5)


def union(*members: tuple[str, int]) -> Composite:
    parts = tuple(Member(name, type_id, None) for name, type_id in members)
    return Composite("union", "", 8, None, parts)


def test_stand_ins() -> None:
    types: tuple[Type, ...] = (
        INT,
        LONG,
        Composite("struct", "", 8, None, (Member("__kabi_reserved1", 1, 0),)),
    )
    assert stand_in(types, union(("a", 0), ("b", 1))) is None
    assert stand_in(types, INT) is None
    reserved = stand_in(types, union(("a", 0), ("__kabi_reserved0", 1)))
    assert reserved is not None
    assert (reserved.status, reserved.type, reserved.name) == ("reserved", 1, None)
    renamed = stand_in(types, union(("a", 0), ("__kabi_renamedold", 1)))
    assert renamed is not None
    assert (renamed.status, renamed.name) == ("reserved", "old")
    ignored = stand_in(types, union(("a", 0), ("__kabi_ignored0", 0)))
    assert ignored is not None
    assert ignored.status == "ignored"
    within = stand_in(types, union(("a", 0), ("b", 2)))
    assert within is not None
    assert (within.status, within.type) == ("reserved", 1)
    third = union(("a", 0), ("b", 1), ("__kabi_reserved0", 1))
    assert stand_in(types, third) is None


def strings(types: tuple[Type, ...], rules: KabiRules | None) -> dict[str, str]:
    root = Root(len(types) - 1, False, 0)
    type_map = TypeMap(types, range(len(types)), {"x": root}, rules)
    return {name: "".join(pieces) for name, pieces in type_map.strings.items()}


def test_rules_change_type_strings_only_where_they_are_asked_for() -> None:
    outer = Composite("struct", "s", 16, None, (Member("a", 0, 0), Member("u", 2, 8)))
    types = (INT, LONG, union(("n", 0), ("__kabi_renamedb", 1)), outer)
    plain = strings(types, None)["s#s"]
    stable = strings(types, KabiRules())["s#s"]
    assert "union_type" in plain
    assert stable == (
        "structure_type s { member base_type int byte_size(4) encoding(5) a data_member_location(0)"
        " , member base_type long byte_size(8) encoding(5) b data_member_location(8) }"
        " byte_size(16)"
    )
    assert strings(types, KabiRules(frozenset({"s"})))["s#s"] == "structure_type s { }"
    assert strings(types, KabiRules(byte_sizes={"s": 8}))["s#s"].endswith("} byte_size(8)")
    given = KabiRules(type_strings={"s#s": "structure_type s { int }"})
    assert strings(types, given)["s#s"] == "structure_type s { int }"


def test_a_union_that_a_named_type_is_written_for_is_not_that_type() -> None:
    """Its string is a mere reference, which is no other contents of the type that it names."""
    foo = Composite("struct", "foo", 4, None, (Member("a", 0, 0),))
    holder = Composite("struct", "s", 4, None, (Member("u", 1, 0),))
    types = (INT, union(("__kabi_reserved0", 2), ("y", 0)), foo, holder)
    type_map = TypeMap(types, range(4), {"x": Root(3, False, 0)}, KabiRules())
    assert type_map.strings["s#s"][1] == "s#foo"
    assert not type_map.ambiguous
    assert not type_map.versions()["x"].ambiguous


def test_enumerators_can_be_hidden_and_renumbered() -> None:
    values = tuple(Enumerator(name, Constant(n, n)) for n, name in enumerate("AB"))
    types: tuple[Type, ...] = (Enumeration("e", 4, None, values),)
    rules = KabiRules(ignored_enumerators=frozenset({"e B"}), enumerator_values={"e A": 7})
    assert strings(types, rules)["e#e"] == "enumeration_type e { enumerator A = 7 } byte_size(4)"


def test_parts_that_are_all_ignored() -> None:
    """Between braces gendwarfksyms writes one blank for a struct then, and two for an enum."""
    values = (Enumerator("A", Constant(0, 0)),)
    types: tuple[Type, ...] = (
        INT,
        Composite("union", "", 4, None, (Member("a", 0, None), Member("__kabi_ignored0", 0, None))),
        Enumeration("e", 4, None, values),
        Composite("struct", "i", 4, None, (Member(None, 1, 0),)),
        Composite("struct", "s", 8, None, (Member("i", 3, 0), Member("e", 2, 4))),
    )
    found = strings(types, KabiRules(ignored_enumerators=frozenset({"e A"})))
    assert found["s#i"] == "structure_type i { } byte_size(4)"
    assert found["e#e"] == "enumeration_type e {  } byte_size(4)"


def test_a_type_string_that_refers_to_nothing() -> None:
    types: tuple[Type, ...] = (INT, Composite("struct", "s", 4, None, (Member("a", 0, 0),)))
    roots = {"x": Root(1, False, 0)}
    lost = KabiRules(type_strings={"s#s": "structure_type s { t#lost }"})
    with pytest.raises(InputError, match="t#lost, which is not there"):
        TypeMap(types, range(2), roots, lost).versions()
    unused = KabiRules(type_strings={"s#other": "structure_type other { t#lost }"})
    plain = TypeMap(types, range(2), roots, KabiRules()).versions()
    assert TypeMap(types, range(2), roots, unused).versions()["x"].crc == plain["x"].crc


def test_pieces_of_a_given_string() -> None:
    text = "variable s#a , pointer_type { u#'b c' } x"
    assert parse_pieces(text) == ("variable ", "s#a", " , pointer_type { ", "u#'b c'", " } x")
