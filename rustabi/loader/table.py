"""The types of a binary while they are read: each content once, in the end each type once."""

from __future__ import annotations

from collections.abc import Sequence

from rustabi.lean import TYPE_CHECKING, NamedTuple
from rustabi.model import Composite, Enumeration, Modifier, Type, TypeId
from rustabi.references import references, renumbered
from rustabi.repeats import classes_of, from_below

if TYPE_CHECKING:
    from typing import overload


class DescribedTypes(Sequence[Type]):
    """The types of a binary as it describes them: an item for each time that a type is repeated.

    A type is made when it is first asked for, as most of them never are.

    Args:
        nodes: Contents: types whose references are told by their places, in any order.
        contents: For each item, which content it has.
        targets: For each item, the items that it refers to, by those places.

    Attributes:
        nodes, contents, targets: As given.
    """

    def __init__(
        self, nodes: Sequence[Type], contents: Sequence[int], targets: Sequence[Sequence[TypeId]]
    ) -> None:
        self.nodes = nodes
        self.contents = contents
        self.targets = targets
        self._made: dict[TypeId, Type] = {}

    def __len__(self) -> int:
        return len(self.contents)

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
            node = self.nodes[self.contents[place]]
            made = self._made[place] = renumbered(node, self.targets[place].__getitem__)
        return made

    def joined(self) -> tuple[Type, ...]:
        """The same items, in which repeated types are one and the same object."""
        heads = [isinstance(node, Composite) and bool(node.name) for node in self.nodes]
        classes = classes_of(self.contents, self.targets, heads.__getitem__)
        kept: dict[int, TypeId] = {}
        first = [kept.setdefault(class_, type_id) for type_id, class_ in enumerate(classes)]
        made: dict[TypeId, Type] = {}
        for type_id in kept.values():
            targets = [first[each] for each in self.targets[type_id]]
            made[type_id] = renumbered(self.nodes[self.contents[type_id]], targets.__getitem__)
        return tuple(made[type_id] for type_id in first)


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


class PlainTable:
    """Collects types, repeated ones too."""

    def __init__(self) -> None:
        self._types: dict[TypeId, Type] = {}

    def enter(self, type_id: TypeId, node: Type, _targets: Sequence[TypeId]) -> None:
        """Enter a type in which other types are told by their numbers."""
        self._types[type_id] = node

    def add(self, type_id: TypeId, node: Type) -> None:
        """The same."""
        self._types[type_id] = node

    def finish(self) -> tuple[Sequence[Type], Occurrences | None]:
        """The table."""
        return tuple(self._types[type_id] for type_id in range(len(self._types))), None


_ROOM = 4096
"""Items by which the table grows."""


class TypeTable:
    """Collects types as contents, in which references are told by their places, and targets."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[type, Type], int] = {}
        self._nodes: list[Type] = []
        self._contents: list[int] = []
        self._targets: list[Sequence[TypeId]] = []
        self._count = 0

    def enter(self, type_id: TypeId, node: Type, targets: Sequence[TypeId]) -> int:
        """Enter a type.

        Args:
            type_id: Its number.
            node: Its content: what it refers to stands in ``targets``, at the place told here.
            targets: Numbers of types, entered or yet to be.

        Returns:
            The number of its content, for `repeat`.
        """
        content = self._numbers.setdefault((node.__class__, node), len(self._nodes))
        if content == len(self._nodes):
            self._nodes.append(node)
        self.repeat(type_id, content, targets)
        return content

    def repeat(self, type_id: TypeId, content: int, targets: Sequence[TypeId]) -> None:
        """Enter a type whose content was entered before."""
        if type_id >= len(self._contents):
            missing = type_id + _ROOM - len(self._contents)
            self._contents += [0] * missing
            self._targets += [()] * missing
        self._count += 1
        self._contents[type_id] = content
        self._targets[type_id] = targets

    def add(self, type_id: TypeId, node: Type) -> None:
        """Enter a type in which other types are told by their numbers."""
        targets: list[TypeId] = []

        def place(target: TypeId) -> int:
            targets.append(target)
            return len(targets) - 1

        blank = renumbered(node, place)
        self.enter(type_id, blank, targets)

    def finish(self) -> tuple[Sequence[Type], Occurrences | None]:
        """The table."""
        del self._contents[self._count :], self._targets[self._count :]
        types = DescribedTypes(self._nodes, self._contents, self._targets)
        return types, _occurrences(types)


def _occurrences(types: DescribedTypes) -> Occurrences:
    names: dict[tuple[str, str], int] = {}
    named = [_label(node) for node in types.nodes]
    for label in filter(None, named):
        names.setdefault(label, len(names))
    labels = [
        len(names) + content if label is None else names[label]
        for content, label in enumerate(named)
    ]
    told = [labels[content] for content in types.contents]
    classes, _ = from_below(told, types.targets, lambda label: label < len(names))
    versioned = [_versioned(node) for node in types.nodes]
    kept: dict[object, TypeId] = {}
    first = []
    for type_id, content in enumerate(types.contents):
        key: object = classes[type_id]
        if told[type_id] < len(names):
            targets, places = types.targets[type_id], versioned[content]
            if places is not None:
                targets = [targets[place] for place in places]
            key = (content, *[classes[each] for each in targets])
        first.append(kept.setdefault(key, type_id))
    return Occurrences(first, types.targets, types.contents, versioned)


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
