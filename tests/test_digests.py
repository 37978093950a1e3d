"""Digests of nodes: what they depend on, and that it does not matter what is known already."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from rustabi.digests import Digests, Node


def digests_of(graph: dict[int, tuple[str, list[int]]], parts: list[list[int]]) -> list[bytes]:
    """The digest of each node of a graph that is added part by part."""
    digests, places = Digests(), dict[int, int]()
    for part in parts:
        numbers = {node: len(digests) + place for place, node in enumerate(part)} | places
        nodes = [
            Node(graph[node][0], [("to", numbers[each]) for each in graph[node][1]])
            for node in part
        ]
        digests, found = digests.extended(nodes)
        places |= dict(zip(part, found, strict=True))
    result = [digests[places[node]] for node in sorted(graph)]
    return [each for each in result if each is not None]


def random_graph(chance: random.Random, count: int) -> dict[int, tuple[str, list[int]]]:
    return {
        node: (chance.choice("ab"), [chance.randrange(count) for _ in range(chance.randrange(3))])
        for node in range(count)
    }


def closed(graph: dict[int, tuple[str, list[int]]], start: list[int]) -> list[int]:
    """The nodes that some reach."""
    found = dict.fromkeys(start)
    pending = list(start)
    while pending:
        for each in graph[pending.pop()][1]:
            if each not in found:
                found[each] = None
                pending.append(each)
    return list(found)


@given(st.integers(0, 2**32))
def test_what_is_known_already_does_not_matter(seed: int) -> None:
    chance = random.Random(seed)
    graph = random_graph(chance, chance.randint(2, 9))
    every = list(graph)
    chance.shuffle(every)
    first = closed(graph, every[:1])
    second = [each for each in closed(graph, every[:2]) if each not in first]
    rest = [each for each in every if each not in (*first, *second)]
    assert digests_of(graph, [first, second, rest]) == digests_of(graph, [sorted(graph)])


@given(st.integers(0, 2**32))
def test_digests_are_equal_where_all_walks_say_the_same(seed: int) -> None:
    """Told by the words along all walks of as many steps as there are nodes."""
    chance = random.Random(seed)
    graph = random_graph(chance, 6)
    words: dict[int, object] = {node: graph[node][0] for node in graph}
    for _ in graph:
        words = {
            node: (content, tuple(sorted([words[each] for each in targets], key=repr)))
            for node, (content, targets) in graph.items()
        }
    found = digests_of(graph, [sorted(graph)])
    for a in graph:
        for b in graph:
            assert (words[a] == words[b]) == (found[a] == found[b])


def test_repeated_edges_of_sets_count_once() -> None:
    leaf = Node("leaf", ())
    for is_set in (False, True):
        once, twice = (Node("node", [("to", 0)] * count, is_set) for count in (1, 2))
        digests, (_, a, b) = Digests().extended([leaf, once, twice])
        assert (digests[a] == digests[b]) is is_set


def test_nodes_that_lead_into_a_known_circle_belong_to_it() -> None:
    """One step before a circle of equal nodes is no other place than within it."""
    circle = [Node("same", [("to", 1)]), Node("same", [("to", 0)])]
    digests, (a, b) = Digests().extended(circle)
    assert a == b == 0
    more, (outside, ring) = digests.extended([Node("same", [("to", 0)]), Node("same", [("to", 2)])])
    assert (outside, ring, len(more)) == (0, 0, 1)
