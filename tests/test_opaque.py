"""Opaque handles on models small enough to read: who is exposed to a change, and who is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustabi.diff import ChangeKind, Severity, compare
from rustabi.diff.opaque import lowered, matches, opaque_names
from rustabi.model import (
    Argument,
    Array,
    Base,
    Composite,
    Facts,
    Function,
    Member,
    Model,
    Modifier,
    Parameter,
    Symbol,
    Type,
    TypeId,
)

FACTS = Facts("x86_64", 8, True, ("rustc 1.95.0",))
U64, F64, U8 = 0, 1, 2
BASES: tuple[Type, ...] = (Base("u64", 8, 7), Base("f64", 8, 4), Base("u8", 1, 7))
FIRST = len(BASES)


def model(types: Sequence[Type], **symbols: TypeId) -> Model:
    """A model of the primitives, ``types``, and one export ``f(x: <type>)`` for each keyword."""
    table = [*BASES, *types]
    exports = []
    for name, taken in sorted(symbols.items()):
        exports.append(Symbol(name, "function", len(table)))
        table.append(Function((Parameter("x", taken),), None))
    return Model(tuple(table), tuple(exports), (), (), FACTS)


def struct(name: str, *members: TypeId) -> Composite:
    parts = tuple(Member(f"m{n}", member, 8 * n) for n, member in enumerate(members))
    return Composite("struct", name, 8 * len(members), 8, parts)


def pointer(target: TypeId, name: str = "") -> Modifier:
    return Modifier("pointer", name, target)


Told = dict[tuple[str, str], set[str]]
"""(type, severity) -> symbols."""


def told(old: Model, new: Model, *globs: str) -> Told:
    found: Told = {}
    for part in lowered(compare(old, new), globs):
        key = (part.finding.type, part.finding.severity.value)
        found.setdefault(key, set()).update(each.symbol for each in part.finding.affected)
    return found


def changed(types: Sequence[Type], index: int) -> list[Type]:
    """The types with the first member of one retyped to another encoding of equal size."""
    node = types[index - FIRST]
    assert isinstance(node, Composite)
    first, *rest = node.parts
    assert isinstance(first, Member)
    assert first.type == U64
    result = list(types)
    result[index - FIRST] = node._replace(parts=(first._replace(type=F64), *rest))
    return result


def after_change(types: Sequence[Type], index: int, *globs: str, **symbols: TypeId) -> Told:
    """What is told of a change inside a type."""
    return told(model(types, **symbols), model(changed(types, index), **symbols), *globs)


def test_without_globs_nothing_is_lowered() -> None:
    types: list[Type] = [struct("a::Secret", U64), pointer(3, "&a::Secret")]
    assert after_change(types, 3, f=4) == {("a::Secret", "break"): {"f"}}


def test_behind_a_pointer_it_is_lowered_and_by_value_it_is_not() -> None:
    types: list[Type] = [struct("a::Secret", U64), pointer(3, "&a::Secret")]
    assert after_change(types, 3, "a::Secret", by_pointer=4, by_value=3) == {
        ("a::Secret", "break"): {"by_value"},
        ("a::Secret", "api"): {"by_pointer"},
    }


def test_what_only_the_handle_leads_to_is_lowered() -> None:
    types: list[Type] = [
        struct("a::Inner", U64),
        struct("a::Secret", 3),
        pointer(4, "&a::Secret"),
        pointer(3, "&a::Inner"),
    ]
    assert after_change(types, 3, "a::Secret", f=5, g=6) == {
        ("a::Inner", "break"): {"g"},
        ("a::Inner", "api"): {"f"},
    }


def test_the_longer_way_counts_too() -> None:
    """``f`` takes the handle, and a struct that holds a struct that holds the type by value."""
    types: list[Type] = [
        struct("a::Secret", U64),
        struct("a::Holder", 3),
        struct("a::Outer", 4),
        pointer(3, "&a::Secret"),
        pointer(5, "&a::Outer"),
        struct("a::Both", 6, 7),
    ]
    assert after_change(types, 3, "a::Secret", f=8, g=6) == {
        ("a::Secret", "break"): {"f"},
        ("a::Secret", "api"): {"g"},
    }


def test_qualifiers_and_typedefs_are_looked_through() -> None:
    types: list[Type] = [
        struct("secret", U64),
        Modifier("typedef", "secret_t", 3),
        Modifier("const", "", 4),
        pointer(5),
    ]
    for glob in ("secret", "secret_t"):
        assert after_change(types, 3, glob, f=6) == {("secret", "api"): {"f"}}
    assert after_change(types, 3, "other", f=6) == {("secret", "break"): {"f"}}


def test_another_name_of_the_type_is_not_opaque() -> None:
    types: list[Type] = [
        struct("", U64),
        Modifier("typedef", "secret_t", 3),
        Modifier("typedef", "open_t", 3),
        pointer(4),
        pointer(5),
    ]
    found = after_change(types, 3, "secret_t", f=6, g=7)
    assert found == {("<anonymous>", "break"): {"g"}, ("<anonymous>", "api"): {"f"}}


def test_an_array_behind_a_pointer_is_by_value() -> None:
    types: list[Type] = [struct("a::Secret", U64), Array(3, (4,)), pointer(4, "&[a::Secret; 4]")]
    assert after_change(types, 3, "a::Secret", f=5) == {("a::Secret", "break"): {"f"}}


def test_who_walks_a_slice_needs_the_size() -> None:
    parts = (Member("data_ptr", 4, 0), Member("length", U64, 8))
    types: list[Type] = [
        struct("a::Secret", U64),
        pointer(3),
        Composite("struct", "&[a::Secret]", 16, 8, parts),
    ]
    assert after_change(types, 3, "a::Secret", f=5) == {("a::Secret", "break"): {"f"}}


@pytest.mark.parametrize(("named", "severity"), [(True, "api"), (False, "break")])
def test_type_arguments_count_unless_a_pointer_names_them(named: bool, severity: str) -> None:
    """``NonNull<T>`` holds a ``*const T``; ``Vec<T>`` a ``*mut u8``, and yet its elements are T."""
    types: list[Type] = [
        struct("a::Secret", U64),
        pointer(3 if named else U8),
        Composite("struct", "a::Holder<a::Secret>", 8, 8, (Member("p", 4, 0),),
                  arguments=(Argument("T", 3),)),
    ]  # fmt: skip
    assert after_change(types, 3, "a::Secret", f=5) == {("a::Secret", severity): {"f"}}


def test_all_types_of_a_name_are_looked_at() -> None:
    """One change in two types of a name is one finding; one of them is taken by value."""
    both: list[Type] = [
        struct("a::Secret", U64),
        struct("a::Secret", U64, U64),
        pointer(3, "&a::Secret"),
    ]
    old = model(both, f=5, g=4)
    new = model(changed(changed(both, 3), 4), f=5, g=4)
    assert told(old, new, "a::Secret") == {
        ("a::Secret", "break"): {"g"},
        ("a::Secret", "api"): {"f"},
    }


def test_symbols_and_builds_are_never_behind_handles() -> None:
    types: list[Type] = [struct("a::Secret", U64), pointer(3, "&a::Secret")]
    old = model(types, f=4)
    other = model(types, f=3)._replace(facts=FACTS._replace(compilers=("rustc 1.96.0",)))
    kinds = {(part.finding.change.kind, part.glob) for part in lowered(compare(old, other), ["*"])}
    assert kinds == {(ChangeKind.SIGNATURE_CHANGED, None), (ChangeKind.COMPILER_CHANGED, None)}


def test_the_glob_that_lowered_is_told() -> None:
    types: list[Type] = [
        struct("a::Inner", U64),
        pointer(3, "&a::Inner"),
        struct("a::Secret", 4),
        pointer(5, "&a::Secret"),
    ]
    old, new = model(types, f=6), model(changed(types, 3), f=6)
    (part,) = lowered(compare(old, new), ["a::Nothing", "a::Sec*"])
    assert (part.glob, part.found, part.finding.severity) == (
        "a::Sec*",
        Severity.BREAK,
        Severity.API,
    )


def test_globs_name_types_whole_or_without_arguments() -> None:
    assert matches("a::Box", "a::Box<u8>")
    assert matches("a::Box<[u8]>", "a::Box<[u8]>")
    assert matches("*::Box", "a::Box<b::C>")
    assert not matches("Box", "a::Box")
    assert not matches("*", "")
    types: list[Type] = [struct("a::Secret", U64), pointer(3, "&a::Secret")]
    comparison = compare(model(types, f=4), model(types, f=4))
    assert opaque_names(comparison, "a::*") == ["a::Secret"]
    assert opaque_names(comparison, "&*") == []


# any graph: what is told is what counting all ways finds

_STRUCTS = 5


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Type], dict[str, TypeId], list[list[tuple[int, bool]]]]:
    """Structs that hold each other by value (later ones earlier ones) or by pointer (any)."""
    holds = [
        draw(
            st.lists(
                st.tuples(st.integers(0, _STRUCTS - 1), st.booleans()), max_size=3, unique=True
            )
        )
        for _ in range(_STRUCTS)
    ]
    holds = [
        [(target, indirect or target >= index) for target, indirect in each]
        for index, each in enumerate(holds)
    ]
    types: list[Type] = [
        struct(f"a::T{index}", U64, *(
            FIRST + target + (_STRUCTS if indirect else 0) for target, indirect in each
        ))
        for index, each in enumerate(holds)
    ]  # fmt: skip
    types += [pointer(FIRST + index, f"&a::T{index}") for index in range(_STRUCTS)]
    symbols = {
        f"f{number}": FIRST + taken
        for number, taken in enumerate(
            draw(st.lists(st.integers(0, 2 * _STRUCTS - 1), min_size=1, max_size=4))
        )
    }
    return types, symbols, holds


def ways(
    holds: list[list[tuple[int, bool]]], start: int, target: int, seen: tuple[int, ...] = ()
) -> Iterator[list[tuple[int, bool]]]:
    """Every way between two structs that meets none twice, as (struct, by pointer)."""
    if start == target:
        yield []
        return
    for following, indirect in holds[start]:
        if following not in seen:
            for rest in ways(holds, following, target, (*seen, start)):
                yield [(following, indirect), *rest]


def is_hidden(way: Iterable[tuple[int, bool]], opaque: set[int]) -> bool:
    return any(indirect and at in opaque for at, indirect in way)


@given(graphs(), st.integers(0, _STRUCTS - 1), st.sets(st.integers(0, _STRUCTS - 1), min_size=1))
def test_any_graph_agrees_with_counting_all_ways(
    graph: tuple[list[Type], dict[str, TypeId], list[list[tuple[int, bool]]]],
    target: int,
    opaque: set[int],
) -> None:
    types, symbols, holds = graph
    reaching, exposed = set(), set()
    for name, taken in symbols.items():
        indirect, start = divmod(taken - FIRST, _STRUCTS)
        found = [[(start, bool(indirect)), *way] for way in ways(holds, start, target)]
        reaching |= {name} if found else set()
        exposed |= {name} if any(not is_hidden(way, opaque) for way in found) else set()
    globs = [f"a::T{index}" for index in sorted(opaque)]
    said = after_change(types, FIRST + target, *globs, **symbols)
    name = f"a::T{target}"
    assert said.get((name, "break"), set()) == exposed
    assert said.get((name, "api"), set()) == reaching - exposed
