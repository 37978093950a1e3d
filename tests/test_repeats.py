"""Which items are the same: against the slow way, for any graph and any choice of heads."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from rustabi.repeats import classes_of


class Graph(NamedTuple):
    """Items by content and targets; which contents are heads."""

    contents: list[int]
    targets: list[list[int]]
    heads: frozenset[int]


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
    classes = classes_of(graph.contents, graph.targets, graph.heads.__contains__)
    items = range(len(classes))
    return {(a, b) for a in items for b in items if classes[a] == classes[b]}


@settings(max_examples=500, deadline=None)
@given(graphs())
def test_classes_are_those_of_the_slow_way(graph: Graph) -> None:
    assert found_pairs(graph) == same_pairs(graph)


def test_nothing_has_no_classes() -> None:
    assert classes_of([], [], bool) == []


def test_a_long_chain_without_heads() -> None:
    """Every item is told apart by how far it is from the end."""
    length = 20_000
    targets = [[place + 1] for place in range(length - 1)] + [[]]
    classes = classes_of([0] * length, targets, lambda content: False)
    assert len(set(classes)) == length


def test_two_long_rings_are_one_item() -> None:
    ring = [[(place + 1) % 1000] for place in range(1000)]
    other = [[1000 + target for target in each] for each in ring]
    assert len(set(classes_of([0] * 2000, ring + other, lambda content: content == 0))) == 1
