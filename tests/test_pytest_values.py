"""What the fixtures hand out: layouts, outcomes, and one symbol's part of a comparison."""

from __future__ import annotations

from functools import cache

import pytest

from rustabi.errors import UsageError
from rustabi.model import Base, Composite, Facts, Member, Model
from rustabi.pytest_plugin.comparing import of_symbol, report_of
from rustabi.pytest_plugin.symbolcases import SymbolCase, cases_of
from rustabi.pytest_plugin.values import Bytes, Hole, LoadedTarget, explanation
from rustabi.report.judging import judged
from rustabi.rules import NO_GATE, Gate, Rule
from rustabi.rules.gate import Opaque
from tests.support import OBJECTS, model_of

PAIRS = sorted(path.name.removesuffix("-old.o") for path in OBJECTS.glob("*-old.o"))


@cache
def target(name: str) -> LoadedTarget:
    return LoadedTarget(name, model_of(OBJECTS / name))


# layouts: struct Plain { a: i8, b: i64, c: i8 } and the same with repr(C)


def test_a_permuted_struct() -> None:
    plain = target("constructs.o").type("constructs::structs::Plain")
    assert (plain.size, plain.align, plain.tail_padding) == (16, 8, 6)
    assert [plain.offset_of(name) for name in "bac"] == [0, 8, 9]
    assert plain.permuted
    assert plain.source_order == ("a", "b", "c")
    assert plain.memory_order == ("b", "a", "c")
    assert plain.holes == ()
    assert plain.c_size == 24
    assert plain.size_of("b") == 8
    assert repr(plain) == (
        "<struct constructs::structs::Plain: size 16, align 8;"
        " b 0..8, a 8..9, c 9..10, (tail padding) 10..16>"
    )


def test_the_same_struct_as_c_has_it() -> None:
    struct = target("constructs.o").type("*::structs::LikeC")
    assert struct.holes == (Hole(1, 7),)
    assert (struct.size, struct.offset_of("b"), struct.offset_of("c")) == (24, 8, 16)
    assert not struct.permuted
    assert struct != target("constructs.o").type("Plain")
    assert struct == target("constructs-dwarf5.o").type("*::structs::LikeC")
    assert len({struct, target("constructs-dwarf5.o").type("*::structs::LikeC")}) == 1


def test_members_of_variants_and_tuples() -> None:
    """RFC 2195 says where the members of enums with a repr stand."""
    loaded = target("constructs.o")
    like_c = loaded.type("*::TaggedC")
    assert like_c.variants == ("A", "B")
    assert [like_c.offset_of(path) for path in ("A.0", "A.1", "B.x")] == [8, 12, 8]
    byte = loaded.type("*::TaggedByte")
    assert [byte.offset_of(path) for path in ("A.0", "B.0", "B.1")] == [4, 1, 8]
    assert {loaded.type("*::structs::Tuple").offset_of(name) for name in "012"} == {0, 4, 6}
    assert loaded.type("*::Signed").variants == ("Minus", "Zero", "Plus")
    with pytest.raises(UsageError, match=r"no member 'A' .variants: A, B; name one.*A\.0"):
        byte.offset_of("A")
    with pytest.raises(UsageError, match=r"no member 'A\.9' .members: 0"):
        byte.offset_of("A.9")


def test_members_within_members_of_c() -> None:
    """By hand: u8 kind, then a union at 4 of a u32 and two bytes, then u8 length, then data."""
    packet = target("c_types-old.o").type("packet")
    offsets = {"kind": 0, "word": 4, "low": 4, "high": 5, "length": 8, "data": 9}
    assert {name: packet.offset_of(name) for name in offsets} == offsets
    flags = target("c_types-old.o").type("flags")
    with pytest.raises(UsageError, match="level of flags is a bit field"):
        flags.offset_of("level")


def test_members_within_members_of_rust() -> None:
    types = (
        Composite("struct", "demo::Outer", 24, 8, (Member("first", 2, 0), Member("inner", 1, 8))),
        Composite("struct", "demo::Inner", 16, 8, (Member("__0", 2, 0), Member("__1", 2, 8))),
        Base("u64", 8, 7),
    )
    facts = Facts("x86_64", 8, little_endian=True)
    outer = LoadedTarget("demo", Model(types, (), (), (), facts)).type("Outer")
    assert (outer.offset_of("inner"), outer.offset_of("inner.1")) == (8, 16)
    assert (outer.size_of("inner"), outer.size_of("inner.1")) == (16, 8)
    with pytest.raises(UsageError, match=r"has no member 'first\.0': first has none"):
        outer.offset_of("first.0")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("d", r"constructs::structs::Plain has no member 'd' .members: a, b, c."),
        ("", "has no member ''"),
        ("a.b", "has no member 'a.b': a has none"),
        ("a.", "has no member 'a.': a has none"),
    ],
)
def test_members_that_are_not_there(path: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        target("constructs.o").type("Plain").offset_of(path)


def test_types_by_name() -> None:
    loaded = target("constructs.o")
    assert loaded.type("Plain") == loaded.type("constructs::structs::Plain")
    with pytest.raises(UsageError, match="means 2 types"):
        loaded.type("LikeC")
    assert {each.name for each in loaded.types("LikeC")} == {
        "constructs::structs::LikeC", "constructs::unions::LikeC",
    }  # fmt: skip
    with pytest.raises(UsageError, match="there is no type 'Absent'"):
        loaded.type("Absent")
    assert loaded.types("Absent") == ()


def test_types_of_one_name_that_lie_differently() -> None:
    """Two versions of one crate are in the binary."""
    loaded = target("two_crate_versions-old.o")
    name = next(
        each.name for each in loaded.types() if len(set(loaded.types(each.name))) > 1
    )  # fmt: skip
    with pytest.raises(UsageError, match="types that lie differently"):
        loaded.type(name)


def test_symbols_by_name() -> None:
    loaded = target("nested_change-old.o")
    assert loaded.symbols == ("bus_number", "clock_rate", "device_id", "unrelated")
    assert loaded.symbol("device_id").kind == "function"
    with pytest.raises(UsageError, match="no exported symbol"):
        loaded.symbol("absent")


def test_numbers_are_numbers() -> None:
    size = target("constructs.o").type("Plain").size
    assert isinstance(size, int)
    assert (size + 1, f"{size}", repr(size), {16: "x"}[size]) == (17, "16", "16", "x")


def test_comparisons_of_other_values_are_not_told() -> None:
    assert explanation("==", 1, 2) is None
    assert explanation("==", Bytes(1), 2) is None
    assert explanation("in", "a", ["b"]) is None


# one symbol at a time

GATES = {
    "no gate": NO_GATE,
    "risky": Gate(fail_on=frozenset({"risky"})),
    "gaps": Gate(fail_on=frozenset({"gap"})),
    "a rule": Gate(rules=(Rule(1, "why", symbol=("*a*",), kind=("member-*", "size-changed")),)),
    "a handle": Gate(opaque=(Opaque("*"),)),
}


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
@pytest.mark.parametrize("pair", PAIRS)
def test_the_cases_fail_if_and_only_if_the_whole_does(pair: str, gate: Gate) -> None:
    old, new = (model_of(OBJECTS / f"{pair}-{side}.o") for side in ("old", "new"))
    whole = judged(old, new, gate)
    verdicts = [report_of(of_symbol(whole, case), "old", "new").verdict for case in cases_of(old)]
    verdict = report_of(whole, "old", "new").verdict
    assert (verdict == "compatible") == all(each == "compatible" for each in verdicts)
    if verdict == "incompatible":
        assert "incompatible" in verdicts


@pytest.mark.parametrize("pair", PAIRS)
def test_a_case_has_the_findings_of_its_symbol(pair: str) -> None:
    """Each symbol that a finding names is told in its case, and in no other."""
    old, new = (model_of(OBJECTS / f"{pair}-{side}.o") for side in ("old", "new"))
    whole = judged(old, new, NO_GATE)
    for case in cases_of(old):
        report = report_of(of_symbol(whole, case), "old", "new")
        named = {symbol.name for finding in report.findings for symbol in finding.affected}
        if not case.is_rest:
            assert named <= {case.readable}
        told = {finding.type for finding in report.findings}
        affecting = {
            finding.type
            for finding in report_of(whole, "old", "new").findings
            if case.name in {symbol.symbol for symbol in finding.affected}
        }
        assert affecting <= told


def test_cases_are_named_in_order() -> None:
    cases = cases_of(model_of(OBJECTS / "nested_change-old.o"))
    assert [each.readable for each in cases] == [
        "bus_number", "clock_rate", "device_id", "unrelated", "(others)",
    ]  # fmt: skip
    assert repr(cases[0]) == "<bus_number>"
    assert not SymbolCase("unrelated").is_rest
