"""Which items are the same: against the slow way, for any graph and any choice of heads."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rustabi.repeats import Classes, classes_of, signatures
from rustabi.repeats import Graph as Flat


class Graph(NamedTuple):
    """Items by content and targets; which contents are heads."""

    contents: list[int]
    targets: list[list[int]]
    heads: frozenset[int]


def classes(graph: Graph, instead: dict[int, int] | None = None) -> Classes:
    """The classes; contents are told apart by how many targets they have, too."""
    numbers: dict[tuple[int, int], int] = {}
    pairs = zip(graph.contents, map(len, graph.targets), strict=True)
    contents = [numbers.setdefault(each, len(numbers)) for each in pairs]
    starts = [sum(map(len, graph.targets[:place])) for place in range(len(contents))]
    counts = [count for _, count in numbers]
    flat = Flat(contents, counts, starts, [each for own in graph.targets for each in own])
    heads = [content in graph.heads for content, _ in numbers]
    return classes_of(flat, signatures(flat, heads.__getitem__), instead)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    count = draw(st.integers(1, 9))
    contents = draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    target = st.integers(0, count - 1)
    targets = [draw(st.lists(target, max_size=2)) for _ in range(count)]
    return Graph(contents, targets, draw(st.frozensets(st.integers(0, 2))))


def same_pairs(graph: Graph) -> set[tuple[int, int]]:
    """Pairs that nothing tells apart: start from all, drop what differs, until nothing does."""
    items = range(len(graph.contents))
    pairs = {(a, b) for a in items for b in items if graph.contents[a] == graph.contents[b]}
    while True:
        wrong = {
            (a, b)
            for a, b in pairs
            if len(graph.targets[a]) != len(graph.targets[b])
            or not pairs.issuperset(zip(graph.targets[a], graph.targets[b], strict=True))
        }
        if not wrong:
            return pairs
        pairs -= wrong


def found_pairs(graph: Graph) -> set[tuple[int, int]]:
    found = classes(graph)
    items = range(len(graph.contents))
    return {(a, b) for a in items for b in items if found.of(a) == found.of(b)}


@settings(max_examples=500, deadline=None)
@given(graphs())
def test_classes_are_those_of_the_slow_way(graph: Graph) -> None:
    assert found_pairs(graph) == same_pairs(graph)


@st.composite
def graphs_with_declarations(draw: st.DrawFn) -> Graph:
    """Content 0 is that of declarations, which refer to nothing; 1 that of their definitions."""
    counts = [0, *(draw(st.integers(0, 2)) for _ in range(3))]
    contents = [0, 1, *draw(st.lists(st.integers(0, 3), max_size=8))]
    target = st.integers(0, len(contents) - 1)
    targets = [
        draw(st.lists(target, min_size=counts[each], max_size=counts[each])) for each in contents
    ]
    return Graph(contents, targets, frozenset({0, 1}) | draw(st.frozensets(st.integers(2, 3))))


@settings(max_examples=500, deadline=None)
@given(graphs_with_declarations())
def test_declarations_are_taken_for_definitions_that_are_one(graph: Graph) -> None:
    items = range(len(graph.contents))
    meant = [graph.contents.index(1) if content == 0 else at
             for at, content in enumerate(graph.contents)]  # fmt: skip
    taken = Graph(
        [graph.contents[each] for each in meant],
        [[meant[target] for target in graph.targets[each]] for each in meant],
        graph.heads,
    )
    pairs = same_pairs(taken)
    definitions = [at for at in items if graph.contents[at] == 1]
    is_torn = any((a, b) not in pairs for a in definitions for b in definitions)
    numbers = {each: number for number, each in enumerate(dict.fromkeys(graph.contents))}
    found = classes(graph, {numbers[0]: numbers[1]})
    assert bool(found.torn) == is_torn
    if not is_torn:
        assert {(a, b) for a in items for b in items if found.of(a) == found.of(b)} == pairs


def test_nothing_has_no_classes() -> None:
    assert classes(Graph([], [], frozenset())).distinct() == []


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_the_first_of_each_class_is_told(graph: Graph) -> None:
    found = classes(graph)
    first: dict[int, int] = {}
    for place in range(len(graph.contents)):
        first.setdefault(found.of(place), place)
    told: dict[int, int] = {}
    for place, class_ in found.distinct():
        assert found.of(place) == class_
        told.setdefault(class_, place)
    assert told == first


@pytest.mark.parametrize("heads", [frozenset[int](), frozenset({0})])
def test_a_long_chain(heads: frozenset[int]) -> None:
    """Every item is told apart by how far it is from the end."""
    length = 2_000
    targets = [[place + 1] for place in range(length - 1)] + [[]]
    assert len(classes(Graph([0] * length, targets, heads)).distinct()) == length


@pytest.mark.parametrize("heads", [frozenset[int](), frozenset({0})])
def test_two_long_rings_are_one_item(heads: frozenset[int]) -> None:
    ring = [[(place + 1) % 1000] for place in range(1000)]
    other = [[1000 + target for target in each] for each in ring]
    found = classes(Graph([0] * 2000, ring + other, heads))
    assert len({found.of(place) for place in range(2000)}) == 1
