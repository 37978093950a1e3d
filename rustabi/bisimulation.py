"""Graph nodes that nothing tells apart, and groups of nodes that reach each other.

Both without recursion, as graphs of types are deep, and without networkx, which takes longer to
import than many a command runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import TypeAlias

Label: TypeAlias = Hashable
Edges: TypeAlias = Sequence[tuple[int, int]]
"""(number of a label, target) of each edge of a node, in any order."""


def classes(
    contents: Sequence[Hashable], edges: Sequence[Edges], sets: Callable[[int], bool]
) -> list[int]:
    """The coarsest partition of nodes in which equal nodes have equal contents and equal edges.

    Args:
        contents: What each node says itself.
        edges: Its edges. Two lists are equal when they lead by equal labels to equal classes.
        sets: Whether repeated edges of a node count once.

    Returns:
        The class of each node; classes are numbered from 0.
    """
    numbers: dict[Hashable, int] = {}
    found = [numbers.setdefault(content, len(numbers)) for content in contents]
    users: list[list[int]] = [[] for _ in contents]
    for node, targets in enumerate(edges):
        for _, target in targets:
            users[target].append(node)
    members: dict[int, list[int]] = defaultdict(list)
    for node, class_ in enumerate(found):
        members[class_].append(node)

    def key(node: int) -> tuple[tuple[int, int], ...]:
        pairs = [(label, found[target]) for label, target in edges[node]]
        return tuple(sorted(set(pairs) if sets(node) else pairs))

    dirty = {class_ for class_, each in members.items() if len(each) > 1}
    while dirty:
        moved: list[int] = []
        for class_ in sorted(dirty):
            parts: dict[tuple[tuple[int, int], ...], list[int]] = defaultdict(list)
            for node in members[class_]:
                parts[key(node)].append(node)
            largest, *others = sorted(parts.values(), key=len, reverse=True)
            members[class_] = largest
            for part in others:
                number = len(members)
                members[number] = part
                for node in part:
                    found[node] = number
                moved += part
        dirty = {
            found[user] for node in moved for user in users[node] if len(members[found[user]]) > 1
        }
    return found


def groups(targets: Sequence[Sequence[int]]) -> list[list[int]]:
    """Groups of nodes that reach each other, each after all groups that it reaches.

    Tarjan's algorithm.
    """
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    closed: set[int] = set()
    waiting: list[int] = []
    found: list[list[int]] = []

    def enter(node: int) -> None:
        order[node] = low[node] = len(order)
        waiting.append(node)
        walk.append((node, 0))

    walk: list[tuple[int, int]] = []
    for start in range(len(targets)):
        if start not in order:
            enter(start)
        while walk:
            node, at = walk.pop()
            if at < len(targets[node]):
                walk.append((node, at + 1))
                target = targets[node][at]
                if target not in order:
                    enter(target)
                elif target not in closed:
                    low[node] = min(low[node], low[target])
                continue
            if walk:
                above = walk[-1][0]
                low[above] = min(low[above], low[node])
            if low[node] == order[node]:
                group = [waiting.pop()]
                while group[-1] != node:
                    group.append(waiting.pop())
                closed.update(group)
                found.append(group)
    return found
