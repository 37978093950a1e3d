"""Which types are the same: nothing tells them apart, however far their references are followed.

That is the coarsest partition into classes such that all of a class say the same, and refer to the
same classes. Types are repeated so often that it is not looked for among them, but among their
signatures, of which there are few: what a type says itself, followed through types without a name
down to the next ones with a name (heads), of which only the contents are taken. Where all heads
of a content have one signature, that settles it. Only what reaches others is compared type by type:
classes are split until none refers to different ones. What is split off is the smaller part, and
only types that refer to it are looked at again (Hopcroft's way), so that the cost stays near the
number of references.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from rustabi.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Any, Protocol, TypeAlias

    class Mentions(Protocol):
        """Types and what they refer to, one by one."""

        @property
        def contents(self) -> Sequence[int]:
            """For each type, a number for all that it says itself."""

        def of(self, place: int) -> Sequence[int]:
            """The types that a type refers to."""


class Graph(NamedTuple):
    """Types and what they refer to.

    Attributes:
        contents: For each type, a number for all that it says itself.
        counts: For each content, how many references such types have.
        starts: For each type, where in ``targets`` its references start.
        targets: The types that are referred to.
    """

    contents: Sequence[int]
    counts: Sequence[int]
    starts: Sequence[int]
    targets: Sequence[int]

    def of(self, place: int) -> Sequence[int]:
        """The types that a type refers to."""
        start = self.starts[place]
        return self.targets[start : start + self.counts[self.contents[place]]]


Key: TypeAlias = tuple[int, ...]
"""A content, and for each reference the number of a signature, or of a head ``~content``."""


class Signatures(NamedTuple):
    """The signatures of types.

    Attributes:
        of: The number of each type's.
        keys: Each signature. It refers to ones before it only.
        heads: The contents that are referred to by ``~content``.
    """

    of: Sequence[int]
    keys: Sequence[Key]
    heads: frozenset[int]

    def is_cyclic(self) -> bool:
        """Whether there are cycles without heads."""
        return any(
            each < 0 and ~each not in self.heads for _, *edges in self.keys for each in edges
        )

    def is_head(self, number: int) -> bool:
        """Whether types of a signature are referred to by their contents.

        Beside heads these are all types that reach a cycle without heads.
        """
        content, *edges = self.keys[number]
        return content in self.heads or any(~each not in self.heads for each in edges if each < 0)


_OPEN = 1 << 62
"""Stands for the signature of a type while what it refers to is followed."""


_ROUNDS = 6
"""How often all types are gone over before what is left is followed one by one."""


def signatures(graph: Graph, is_head: Callable[[int], bool]) -> Signatures:
    """The signature of each type.

    Args:
        graph: The types.
        is_head: Whether types of a content are where references are cut. Types that reach a cycle
            without heads count as heads.
    """
    head = [is_head(content) for content in range(len(graph.counts))]
    edges: list[Any] = [~each if head[each] else None for each in graph.contents]
    numbers: dict[Key, int] = {}
    left = [place for place, edge in enumerate(edges) if edge is None]
    for _ in range(_ROUNDS):  # most refer to what comes before, or to what comes after
        left = _number(graph, left, edges, edges, numbers)[::-1]
    _follow(graph, left, edges, numbers)
    told = edges.copy()
    _number(graph, [at for at, edge in enumerate(edges) if edge < 0], edges, told, numbers)
    return Signatures(told, list(numbers), frozenset(each for each, is_ in enumerate(head) if is_))


def _number(
    graph: Graph,
    places: Sequence[int],
    edges: Sequence[Any],
    told: list[Any],
    numbers: dict[Key, int],
) -> list[int]:
    """Number the signatures of types; those that refer to types without a number are left."""
    contents, counts, starts, targets = graph
    left: list[int] = []
    for place in places:
        content, start = contents[place], starts[place]
        count = counts[content]
        if count == 1:
            edge = edges[targets[start]]
            if edge is None:
                left.append(place)
            else:
                told[place] = numbers.setdefault((content, edge), len(numbers))
            continue
        below = [edges[each] for each in targets[start : start + count]]
        if None in below:
            left.append(place)
        else:
            told[place] = numbers.setdefault((content, *below), len(numbers))
    return left


def _follow(graph: Graph, places: Iterable[int], edges: list[Any], numbers: dict[Key, int]) -> None:
    """Number the signatures of types that are, or reach, cycles without heads. No recursion."""
    cyclic: set[int] = set()
    for start in places:
        path = [start]
        while path:
            place = path[-1]
            if edges[place] is not None and edges[place] != _OPEN:
                path.pop()
                continue
            own = graph.of(place)
            below = [edges[each] for each in own]
            if edges[place] is None:
                edges[place] = _OPEN
                if None in below:
                    path += [each for each in own if edges[each] is None]
                    continue
            path.pop()
            content = graph.contents[place]
            if _OPEN in below or not cyclic.isdisjoint(own):
                cyclic.add(place)
                edges[place] = ~content
            else:
                edges[place] = numbers.setdefault((content, *below), len(numbers))


class Classes(NamedTuple):
    """The class of each type.

    Attributes:
        signatures: The number of each type's signature.
        by_signature: The class of all types of a signature; None where they may differ.
        single: Of types of such signatures, the class of each.
        torn: Of the contents that others were taken for, those whose types differ. Where there are
            any, nothing else is told.
    """

    signatures: Sequence[int]
    by_signature: Sequence[int | None]
    single: Mapping[int, int]
    torn: frozenset[int] = frozenset()

    def of(self, place: int) -> int:
        """The class of a type."""
        found = self.by_signature[self.signatures[place]]
        return self.single[place] if found is None else found

    def distinct(self) -> list[tuple[int, int]]:
        """Types, the first of each signature that tells its class, and the class, in order."""
        places = range(len(self.signatures))
        first = dict(zip(reversed(self.signatures), reversed(places), strict=True))
        found = [
            (place, class_)
            for signature, place in first.items()
            if (class_ := self.by_signature[signature]) is not None
        ]
        return sorted([*found, *self.single.items()])


def classes_of(
    graph: Mentions, told: Signatures, instead: Mapping[int, int] | None = None
) -> Classes:
    """The class of each type, numbered in no particular order.

    Args:
        graph: The types.
        told: Their signatures.
        instead: Contents of heads -> contents of heads: where all types of the latter are the same,
            types of the former are taken for them.
    """
    instead = instead or {}
    merged = _Merged(told, instead)
    torn = frozenset(each for each in instead.values() if len(merged.variants[each]) > 1)
    if torn:
        return Classes(told.of, (), {}, torn)
    numbers = merged.meant()
    doubtful = merged.doubtful()
    single: dict[int, int] = {}
    if doubtful:
        single = _told_one_by_one(graph, told, numbers, doubtful, instead, len(merged.keys))
        torn = _torn(graph, single, frozenset(instead.values()))
    settled = [None if number in doubtful else number for number in numbers]
    return Classes(told.of, settled, single, torn)


def _torn(graph: Mentions, single: Mapping[int, int], contents: frozenset[int]) -> frozenset[int]:
    """Of these contents, those whose types are of several classes."""
    found: dict[int, set[int]] = defaultdict(set)
    for place, class_ in single.items():
        if graph.contents[place] in contents:
            found[graph.contents[place]].add(class_)
    return frozenset(content for content, classes in found.items() if len(classes) > 1)


class _Merged:
    """Signatures in which some contents are taken for others.

    Attributes:
        numbers: For each signature, the number of what it is then.
        variants: For each content of heads, the numbers of the signatures of its types.
    """

    def __init__(self, told: Signatures, instead: Mapping[int, int]) -> None:
        self._told = told
        self._instead = instead
        other = {~each: ~meant for each, meant in instead.items()}
        known: dict[Key, int] = {}
        self.numbers: list[int] = []
        self.variants: dict[int, set[int]] = defaultdict(set)
        for signature, (content, *edges) in enumerate(told.keys):
            own = [self.numbers[each] if each >= 0 else other.get(each, each) for each in edges]
            number = known.setdefault((content, *own), len(known))
            self.numbers.append(number)
            if content not in instead and told.is_head(signature):
                self.variants[content].add(number)
        self.keys = list(known)

    def meant(self) -> list[int]:
        """The number of each signature, for what is taken for another that of the other."""
        only = {each: next(iter(self.variants[other])) for each, other in self._instead.items()}
        return [
            only.get(content, number)
            for (content, *_), number in zip(self._told.keys, self.numbers, strict=True)
        ]

    def doubtful(self) -> set[int]:
        """The numbers that do not tell a class: they reach heads of several signatures."""
        pending = [~content for content, each in self.variants.items() if len(each) > 1]
        if not pending:
            return set()
        users: dict[int, list[int]] = defaultdict(list)
        for number, (_, *edges) in enumerate(self.keys):
            for edge in edges:
                users[edge].append(number)
        found = {number for each in pending for number in self.variants[~each]}
        pending += found
        while pending:
            for user in users[pending.pop()]:
                if user not in found:
                    found.add(user)
                    pending.append(user)
                    content = self.keys[user][0]
                    if user in self.variants[content]:
                        pending.append(~content)
        return found


def _told_one_by_one(
    graph: Mentions,
    told: Signatures,
    numbers: Sequence[int],
    doubtful: set[int],
    instead: Mapping[int, int],
    count: int,
) -> dict[int, int]:
    """The class of each type whose signature does not tell it.

    Args:
        graph: As of `classes_of`.
        told: The same.
        instead: The same.
        numbers: `_Merged.meant`.
        doubtful: `_Merged.doubtful`.
        count: All numbers are smaller.
    """
    contents = graph.contents
    places = [place for place, each in enumerate(told.of) if numbers[each] in doubtful]
    first: dict[int, int] = {}
    for place in places:
        first.setdefault(contents[place], place)
    meant = {
        place: first[instead[contents[place]]] for place in places if contents[place] in instead
    }
    index = {place: at for at, place in enumerate(places)}
    classes = [numbers[told.of[place]] for place in places]
    leaves: dict[int, int] = {}
    targets: list[list[int]] = []
    for place in places:
        own = []
        for target in graph.of(meant.get(place, place)):
            number = numbers[told.of[target]]
            if number in doubtful:
                own.append(index[meant.get(target, target)])
            else:
                own.append(leaves.setdefault(number, len(places) + len(leaves)))
        targets.append(own)
    classes += leaves
    targets += [[] for _ in leaves]
    _Partition(classes, targets, count).refine()
    return dict(zip(places, classes, strict=False))


class _Partition:
    """Types in classes, split until all of a class refer to equal classes."""

    def __init__(self, classes: list[int], targets: Sequence[Sequence[int]], count: int) -> None:
        self._classes = classes
        self._targets = targets
        self._members: dict[int, set[int]] = {}
        self._count = count

    def refine(self) -> None:
        """Split classes until nothing splits."""
        first: dict[int, int] = {}
        for place, class_ in enumerate(self._classes):
            other = first.setdefault(class_, place)
            if other != place:
                self._members.setdefault(class_, {other}).add(place)
        touched: dict[int, Iterable[int]] = {
            class_: tuple(each) for class_, each in self._members.items()
        }
        users: list[list[int]] = []
        while touched:
            moved = [
                place for class_, each in touched.items() for place in self._split(class_, each)
            ]
            if moved and not users:
                users = self._users()
            again: dict[int, set[int]] = defaultdict(set)
            for place in moved:
                for user in users[place]:
                    if self._classes[user] in self._members:
                        again[self._classes[user]].add(user)
            touched = dict(again)

    def _users(self) -> list[list[int]]:
        users: list[list[int]] = [[] for _ in self._targets]
        for place, each in enumerate(self._targets):
            for target in each:
                users[target].append(place)
        return users

    def _split(self, class_: int, touched: Iterable[int]) -> list[int]:
        """Split one class, of which only ``touched`` may have come to differ from the others.

        The largest part keeps the number; the members of all others are returned.
        """
        classes, members = self._classes, self._members[class_]
        parts: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for place in touched:
            parts[tuple([classes[target] for target in self._targets[place]])].append(place)
        found = sorted(parts.values(), key=len)
        seen = sum(map(len, found))
        if seen == len(members):
            found.pop()  # stays
        elif len(members) - seen < len(found[-1]):
            found[-1] = list(members.difference(*found))
        moved: list[int] = []
        for part in found:
            members.difference_update(part)
            if len(part) > 1:
                self._members[self._count] = set(part)
            for place in part:
                classes[place] = self._count
            self._count += 1
            moved += part
        if len(members) == 1:
            del self._members[class_]
        return moved
