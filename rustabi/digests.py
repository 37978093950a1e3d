"""Digests of graph nodes: equal for nodes that nothing tells apart, in whatever graph they are.

Nodes of which all that can be followed is the same are one class. The digest of a class is that of
what it says and of the classes that it leads to; classes that lead to each other are taken
together. Another graph can be added to one whose classes are known: then only what is new is worked
out, with the same result.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from hashlib import blake2b
from typing import NamedTuple, TypeAlias

from rustabi.bisimulation import classes, groups

WIDTH = 16
"""Bytes of a digest."""

_MOST_STEPS = 20_000_000
"""Edges looked at for one group of mutually recursive types; a larger one has no digest."""

_Edges: TypeAlias = tuple[tuple[bytes, int], ...]
"""The digest of the label and the target of each edge."""


class Node(NamedTuple):
    """A node that is to be added.

    Attributes:
        content: What it says; tuples of text, bytes, numbers, None.
        edges: Labels like the content, and targets: of classes their numbers, of nodes that are
            added with it the count of classes and their place among the nodes.
        is_set: Whether repeated edges count once.
    """

    content: Hashable
    edges: Sequence[tuple[Hashable, int]]
    is_set: bool = False


class _Class(NamedTuple):
    """What the nodes of a class say and lead to; the targets are numbers of classes."""

    content: bytes
    edges: _Edges
    is_set: bool


class Digests:
    """Classes of nodes, and the digest of each."""

    def __init__(self) -> None:
        self._classes: list[_Class] = []
        self._digests: list[bytes | None] = []

    def __len__(self) -> int:
        return len(self._classes)

    def __getitem__(self, class_: int) -> bytes | None:
        """The digest of a class; None where too many lead to each other."""
        return self._digests[class_]

    def extended(self, nodes: Sequence[Node]) -> tuple[Digests, list[int]]:
        """These classes and those of more nodes; the class of each of the nodes."""
        made = _digested(nodes)
        found = self._numbered(made)
        every = [*range(len(self)), *found]
        result = Digests()
        result._classes = [*self._classes]
        for node, class_ in zip(made, found, strict=True):
            if class_ == len(result._classes):
                targets = [(label, every[each]) for label, each in node.edges]
                distinct = dict.fromkeys(targets) if node.is_set else targets
                result._classes.append(_Class(node.content, tuple(distinct), node.is_set))
        result._close_all(self._digests)
        return result, found

    def _numbered(self, nodes: Sequence[_Class]) -> list[int]:
        """The class of each node: one of these, or a new one, numbered as it comes.

        Classes of other contents than any node are none of theirs, and all classes differ: those
        stand for themselves.
        """
        count = len(self)
        contents = {node.content for node in nodes}
        known = [number for number, each in enumerate(self._classes) if each.content in contents]
        every = [*(self._classes[number] for number in known), *nodes]
        places = {number: place for place, number in enumerate(known)}
        places.update(
            zip(range(count, count + len(nodes)), range(len(known), len(every)), strict=True)
        )
        labels: dict[bytes, int] = {}
        edges = [
            [
                (labels.setdefault(label, len(labels)), places.setdefault(target, len(places)))
                for label, target in each.edges
            ]
            for each in every
        ]
        others = range(len(every), len(places))
        parts = classes(
            [*(each.content for each in every), *others],
            [*edges, *([] for _ in others)],
            lambda place: every[place].is_set,
        )
        numbers = {parts[place]: number for place, number in enumerate(known)}
        fresh = count - len(known)
        return [
            numbers.setdefault(part, fresh + len(numbers))
            for part in parts[len(known) : len(every)]
        ]

    def _close_all(self, known: Sequence[bytes | None]) -> None:
        """Work out the digests of the classes behind the ``known`` ones."""
        start = len(known)
        self._digests = [*known, *[None] * (len(self._classes) - start)]
        targets = [
            [target - start for _, target in each.edges if target >= start]
            for each in self._classes[start:]
        ]
        for group in groups(targets):
            if len(group) > 1 or group[0] in targets[group[0]]:
                self._close([start + each for each in group])
            else:
                self._digests[start + group[0]] = self._outer(start + group[0], ())

    def _outer(self, class_: int, inside: Collection[int]) -> bytes | None:
        """The digest of what a class says and of what it leads to, but for the classes ``inside``.

        None where what it leads to has none.
        """
        beyond = []
        for label, target in self._classes[class_].edges:
            if target not in inside:
                known = self._digests[target]
                if known is None:
                    return None
                beyond.append(label + known)
        return _joined(self._classes[class_].content, beyond)

    def _close(self, group: list[int]) -> None:
        """Give the classes of a group their digests; what they lead to outside of it has its own.

        Classes of a group reach each other, so that their digests enter one another. They are told
        apart by what lies within one step, then two, until all differ: then one step more
        determines who leads to whom, and together they determine the group.
        """
        inside = frozenset(group)
        outer: dict[int, bytes] = {}
        for class_ in group:
            found = self._outer(class_, inside)
            if found is None:
                return
            outer[class_] = found
        inner = {
            class_: [(label, each) for label, each in self._classes[class_].edges if each in inside]
            for class_ in group
        }
        order = sorted(group, key=outer.__getitem__)
        place = {class_: number for number, class_ in enumerate(order)}
        knot = [[(label, place[target]) for label, target in inner[class_]] for class_ in order]
        untied = _untied([outer[class_] for class_ in order], knot)
        for class_, digest_ in zip(order, untied, strict=True):
            self._digests[class_] = digest_


def _digested(nodes: Iterable[Node]) -> list[_Class]:
    """The nodes with digests for what they say."""
    labels: dict[Hashable, bytes] = {}
    contents: dict[Hashable, bytes] = {}
    return [
        _Class(
            _remembered(contents, content),
            tuple([(_remembered(labels, label), target) for label, target in edges]),
            is_set,
        )
        for content, edges, is_set in nodes
    ]


def _remembered(known: dict[Hashable, bytes], value: Hashable) -> bytes:
    found = known.get(value)
    if found is None:
        found = known[value] = digest(value)
    return found


def _untied(
    outer: list[bytes], inner: Sequence[Sequence[tuple[bytes, int]]]
) -> Sequence[bytes | None]:
    """The digest of each class of a group; None where they are too large a knot.

    Args:
        outer: Of each, the digest of what it says and of what it leads to outside of the group.
        inner: Of each, the labels by which it leads to others of the group, and their places.
    """
    current, steps = outer, sum(map(len, inner))
    for _ in range(max(1, _MOST_STEPS // steps)):
        is_last = len(set(current)) == len(outer)
        current = [
            _joined(own, [label + current[each] for label, each in edges])
            for own, edges in zip(outer, inner, strict=True)
        ]
        if is_last:
            whole = b"".join(sorted(current))
            return [blake2b(each + whole, digest_size=WIDTH).digest() for each in current]
    return [None] * len(outer)


def _joined(first: bytes, others: list[bytes]) -> bytes:
    """The digest of a digest and of a bag of pieces that are all of one length."""
    others.sort()
    return blake2b(first + b"".join(others), digest_size=WIDTH).digest()


def digest(*values: Hashable, size: int = WIDTH) -> bytes:
    """The digest of values: tuples of text, bytes, numbers, None, which are told apart as such."""
    return blake2b(ascii(values).encode(), digest_size=size).digest()
