"""The types of a binary while they are read: each content once, in the end each type once."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate

from rustabi.lean import TYPE_CHECKING, NamedTuple
from rustabi.model import Composite, Enumeration, Modifier, Type, TypeId
from rustabi.references import references, renumbered
from rustabi.repeats import Graph, Signatures, classes_of, signatures

if TYPE_CHECKING:
    from typing import Any, overload


class DescribedTypes(Sequence[Type]):
    """The types of a binary as it describes them: an item for each time that a type is repeated.

    A type is made when it is first asked for, as most of them never are.

    Args:
        nodes: Contents: types whose references are told by their places, in any order.
        graph: Which content each item has, and which items it refers to, by those places.

    Attributes:
        nodes, graph: As given.
    """

    def __init__(self, nodes: Sequence[Type], graph: Graph) -> None:
        self.nodes = nodes
        self.graph = graph
        self._made: dict[TypeId, Type] = {}
        self._signatures: Signatures | None = None

    def __len__(self) -> int:
        return len(self.graph.contents)

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, place: int) -> Type: ...

        @overload
        def __getitem__(self, place: slice) -> Sequence[Type]: ...

    def __getitem__(self, place: int | slice) -> Type | Sequence[Type]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        made = self._made.get(place)
        if made is None:
            node = self.nodes[self.graph.contents[place]]
            made = self._made[place] = renumbered(node, self.graph.of(place).__getitem__)
        return made

    @property
    def signatures(self) -> Signatures:
        """The signature of each item; heads are structs, unions and enums with a name."""
        if self._signatures is None:
            heads = [is_head(node) for node in self.nodes]
            self._signatures = signatures(self.graph, heads.__getitem__)
        return self._signatures

    def joined(self) -> tuple[Type, ...]:
        """The same items, in which repeated types are one and the same object."""
        classes = classes_of(self.graph, self.signatures)
        kept: dict[int, TypeId] = {}
        first = [kept.setdefault(classes.of(each), each) for each in range(len(self))]
        made: dict[TypeId, Type] = {}
        for type_id in kept.values():
            targets = [first[each] for each in self.graph.of(type_id)]
            node = self.nodes[self.graph.contents[type_id]]
            made[type_id] = renumbered(node, targets.__getitem__)
        return tuple(made[type_id] for type_id in first)


def is_head(node: Type) -> bool:
    """Whether references to a type are told by its content in a signature: it has a name."""
    return isinstance(node, Composite | Enumeration) and bool(node.name)


def joined(types: Sequence[Type]) -> Sequence[Type]:
    """`DescribedTypes.joined`; types of another kind as they are."""
    return types.joined() if isinstance(types, DescribedTypes) else types


def distinct(types: Sequence[Type]) -> Sequence[Type]:
    """All that types say themselves, what they refer to left open: much fewer where they repeat."""
    return types.nodes if isinstance(types, DescribedTypes) else types


class Occurrences(NamedTuple):
    """Where types are repeated in a table that has an item for each time that one is described.

    Attributes:
        first: For each item, the first that says the same as far as types with a name, which may
            differ below it: it has the same type string (see `rustabi.symtypes`).
        targets: What each item refers to: other items, in the order of the references.
        contents: For each item, a number for all that it says but what it refers to.
        versioned: For each content, the places of the references that enter symbol versions, or
            None where all do.
    """

    first: Sequence[TypeId]
    targets: Sequence[Sequence[TypeId]]
    contents: Sequence[int]
    versioned: Sequence[Sequence[int] | None]


class TypeTable:
    """Collects types as contents, in which references are told by their places, and targets.

    Attributes:
        origins: Entry offset of each type.
    """

    def __init__(self) -> None:
        self.origins = array("Q")
        self._numbers: dict[tuple[type, Type, int], int] = {}
        self._nodes: list[Type] = []
        self._counts: list[int] = []
        self._contents = array("I")
        self._starts = array("Q")
        self._targets = array("I")

    def reserve(self, origin: int) -> TypeId:
        """The number of a type that is to be entered with `enter`."""
        self.origins.append(origin)
        self._contents.append(0)
        self._starts.append(0)
        return len(self.origins) - 1

    def number(self, node: Type, count: int) -> int:
        """The number of a content.

        Args:
            node: The content: references are told by their places.
            count: How many references such types have.
        """
        key = (node.__class__, node, count)
        content = self._numbers.setdefault(key, len(self._nodes))
        if content == len(self._nodes):
            self._nodes.append(node)
            self._counts.append(count)
        return content

    def add(self, origin: int, node: Type) -> TypeId:
        """Enter a type in which other types are told by their numbers."""
        targets: list[TypeId] = []
        blank = renumbered(node, noting(targets))
        type_id = self.reserve(origin)
        self.enter([type_id], (), [self.number(blank, len(targets))], targets)
        return type_id

    def enter(
        self,
        reserved: Sequence[TypeId],
        origins: Iterable[int],
        contents: Sequence[int],
        targets: Iterable[TypeId],
    ) -> None:
        """Enter types.

        Args:
            reserved: The numbers of the first of them; the others get the next numbers.
            origins: The entry offsets of the others.
            contents: The number of the content of each.
            targets: What they refer to, one after the other.
        """
        counts = map(self._counts.__getitem__, contents)
        starts = list(accumulate(counts, initial=len(self._targets)))
        for at, type_id in enumerate(reserved):
            self._contents[type_id] = contents[at]
            self._starts[type_id] = starts[at]
        self.origins.extend(origins)
        self._contents.extend(contents[len(reserved) :])
        self._starts.extend(starts[len(reserved) : -1])
        self._targets.extend(targets)

    def same(self, type_id: TypeId, other: TypeId) -> None:
        """Enter a type that was reserved as another one that was entered."""
        self._contents[type_id] = self._contents[other]
        self._starts[type_id] = self._starts[other]

    def types(self) -> DescribedTypes:
        """What was entered."""
        graph = Graph(self._contents, self._counts, self._starts, self._targets)
        return DescribedTypes(self._nodes, graph)


def described(types: Sequence[Type]) -> DescribedTypes:
    """Types as contents and targets, if they are not yet."""
    if isinstance(types, DescribedTypes):
        return types
    table = TypeTable()
    contents: list[int] = []
    targets: list[TypeId] = []
    for node in types:
        before = len(targets)
        blank = renumbered(node, noting(targets, before))
        contents.append(table.number(blank, len(targets) - before))
    table.enter((), [0] * len(types), contents, targets)
    return table.types()


def noting(targets: list[TypeId], start: int = 0) -> Callable[[TypeId], int]:
    """Notes references in a list and tells their places in it, counting from ``start``."""

    def note(target: TypeId) -> int:
        targets.append(target)
        return len(targets) - 1 - start

    return note


class _Targets(Sequence[Sequence[TypeId]]):
    """What each type of a graph refers to."""

    def __init__(self, graph: Graph) -> None:
        self._contents, self._counts, self._starts, self._targets = graph

    def __len__(self) -> int:
        return len(self._contents)

    def __getitem__(self, place: Any) -> Any:
        start = self._starts[place]
        return self._targets[start : start + self._counts[self._contents[place]]]


def occurrences_of(types: DescribedTypes) -> Occurrences:
    """Where types are repeated."""
    names: dict[tuple[str, str], int] = {}
    named = [_label(node) for node in types.nodes]
    for label in filter(None, named):
        names.setdefault(label, len(names))
    labels = [
        len(names) + content if label is None else names[label]
        for content, label in enumerate(named)
    ]
    told = types.signatures
    if told.is_cyclic():  # cut there by names, of which there are more
        told = signatures(types.graph, lambda content: labels[content] < len(names))
    versioned = [_versioned(node) for node in types.nodes]
    classes: list[int] = []
    numbers: dict[object, int] = {}
    kept: dict[object, int] = {}
    strings: list[int] = []
    for content, *edges in told.keys:
        below = [classes[each] if each >= 0 else labels[~each] for each in edges]
        key: object = (content, *below)
        class_ = labels[content]
        if class_ >= len(names):
            class_ = numbers.setdefault(key, len(labels) + len(names) + len(numbers))
            key = class_
        elif (places := versioned[content]) is not None:
            key = (content, *[below[place] for place in places])
        classes.append(class_)
        strings.append(kept.setdefault(key, len(kept)))
    earliest: dict[int, TypeId] = {}
    first = [
        earliest.setdefault(strings[signature], type_id)
        for type_id, signature in enumerate(told.of)
    ]
    return Occurrences(first, _Targets(types.graph), types.graph.contents, versioned)


def _label(node: Type) -> tuple[str, str] | None:
    """Kind and name of a type that type strings refer to by name; None of one written in place."""
    if isinstance(node, Composite) or (isinstance(node, Modifier) and node.kind == "typedef"):
        return (node.kind, node.name) if node.name else None
    if isinstance(node, Enumeration):
        return ("enum", node.name) if node.name else None
    return None


def _versioned(blank: Type) -> Sequence[int] | None:
    """The places of the references of a content that enter symbol versions; None for all."""
    if not isinstance(blank, Composite | Enumeration):
        return None
    return tuple(each.target for each in references(blank) if each.versioned)
