"""Equal types become one, different ones of a name stay apart, declarations find definitions."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rustabi.errors import InputError
from rustabi.merge import merge, namesakes
from rustabi.model import (
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
    Unit,
    name_of,
)

FACTS = Facts("x86_64", 8, True)


def model(*types: Type, symbols: tuple[Symbol, ...] = ()) -> Model:
    return Model(types, symbols, (Unit("a.rs", "rustc", 0x1C),), (), FACTS)


def node(name: str, target: int, size: int = 8) -> Composite:
    return Composite("struct", name, size, 8, (Member("next", target, 0),))


def declared(name: str) -> Composite:
    return Composite("struct", name, None, None, (), declaration=True)


def names(merged: Model) -> list[str]:
    return sorted(name_of(each) for each in merged.types)


def test_a_recursive_type_repeated_in_two_units_is_one() -> None:
    one = (node("demo::A", 1), Modifier("pointer", "*mut demo::A", 0))
    merged = merge([model(*one), model(*one)])
    assert names(merged) == ["*mut demo::A", "demo::A"]
    assert len(merged.units) == 2


def test_types_that_differ_far_away_stay_apart() -> None:
    """``A`` looks alike in both, but points to a ``B`` that does not."""
    first = (node("demo::A", 1), Modifier("pointer", "*mut demo::B", 2), node("demo::B", 1))
    second = (*first[:2], node("demo::B", 1, size=16))
    merged = merge([model(*first), model(*second)])
    assert names(merged) == ["*mut demo::B"] * 2 + ["demo::A"] * 2 + ["demo::B"] * 2


def test_a_declaration_finds_its_definition() -> None:
    user = (node("demo::A", 1), Modifier("pointer", "*mut demo::B", 2), declared("demo::B"))
    maker = (node("demo::A", 1), Modifier("pointer", "*mut demo::B", 2), node("demo::B", 1))
    merged = merge([model(*user), model(*maker)])
    assert names(merged) == ["*mut demo::B", "demo::A", "demo::B"]
    assert not any(isinstance(each, Composite) and each.declaration for each in merged.types)


def test_a_declaration_of_two_definitions_stays_open() -> None:
    user = (Modifier("pointer", "*mut demo::B", 1), declared("demo::B"))
    merged = merge(
        [model(*user), model(Base("u8", 1, 7), node("demo::B", 0)),
         model(Base("u8", 1, 7), node("demo::B", 0, size=16))]
    )  # fmt: skip
    found = [each for each in merged.types if name_of(each) == "demo::B"]
    assert len(found) == 3
    assert sum(isinstance(each, Composite) and each.declaration for each in found) == 1


def test_symbols_follow_their_types() -> None:
    function = Function((Parameter("x", 0),), None)
    symbol = Symbol("f", "function", 1, unit=0)
    other = model(Base("u8", 1, 7), Base("u16", 2, 7), node("demo::A", 1))
    merged = merge([other, model(Base("u8", 1, 7), function, symbols=(symbol,))])
    (found,) = merged.symbols
    assert found.type is not None
    signature = merged.types[found.type]
    assert isinstance(signature, Function)
    assert signature.parameters[0].type is not None
    assert name_of(merged.types[signature.parameters[0].type]) == "u8"
    assert found.unit == 1


def test_architectures_do_not_mix() -> None:
    other = model()._replace(facts=FACTS._replace(machine="aarch64"))
    with pytest.raises(InputError, match="aarch64"):
        merge([model(), other])


@st.composite
def graphs(draw: st.DrawFn) -> list[Type]:
    count = draw(st.integers(1, 8))
    name, target = st.sampled_from(("demo::A", "demo::B")), st.integers(0, count - 1)
    return [
        node(draw(name), draw(target), draw(st.sampled_from((8, 16))))
        for _ in range(count)
    ]  # fmt: skip


def bisimilar(types: tuple[Type, ...]) -> set[tuple[int, int]]:
    """Pairs that nothing tells apart, found the slow way: start from all, drop what differs."""
    nodes = [each for each in types if isinstance(each, Composite)]
    pairs = {(a, b) for a in range(len(nodes)) for b in range(len(nodes))}

    def same(a: int, b: int) -> bool:
        one, other = nodes[a], nodes[b]
        first, second = one.parts[0], other.parts[0]
        assert isinstance(first, Member)
        assert isinstance(second, Member)
        assert first.type is not None
        assert second.type is not None
        follow = (first.type, second.type) in pairs
        return (one.name, one.size) == (other.name, other.size) and follow

    while True:
        wrong = {pair for pair in pairs if not same(*pair)}
        if not wrong:
            return pairs
        pairs -= wrong


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_classes_are_those_of_the_slow_way(types: list[Type]) -> None:
    pairs = bisimilar(tuple(types))
    distinct = {min(b for a, b in pairs if a == number) for number in range(len(types))}
    assert len(merge([model(*types)]).types) == len(distinct)


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_merging_again_changes_nothing(types: list[Type]) -> None:
    once = merge([model(*types)])
    assert merge([once]).types == once.types
    assert len(merge([once, once]).types) == len(once.types)


def test_namesakes_are_told() -> None:
    base = Base("u8", 1, 7)
    merged = merge([model(base, node("demo::A", 0), node("demo::A", 0, size=16))])
    assert {name: len(ids) for name, ids in namesakes(merged).items()} == {"demo::A": 2}
    assert namesakes(merge([model(base, node("demo::A", 0))])) == {}
