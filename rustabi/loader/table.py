"""The types of a binary while they are read: each content once, in the end each type once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rustabi.model import Composite, Enumeration, Type, TypeId
from rustabi.references import references, renumbered
from rustabi.repeats import classes_of


class Occurrences(NamedTuple):
    """Where types are repeated in a table that has an item for each time that one is described.

    Attributes:
        first: For each item, the first item that is the same type. To those the types refer.
        targets: What each item itself refers to: other items, in the order of the references.
        contents: For each item, a number for all that it says but what it refers to.
        versioned: For each content, the places of the references that enter symbol versions, or
            None where all do.
    """

    first: Sequence[TypeId]
    targets: Sequence[Sequence[TypeId]]
    contents: Sequence[int]
    versioned: Sequence[Sequence[int] | None]

    def followed(self, type_id: TypeId) -> Sequence[TypeId]:
        """What an item refers to, as far as it enters symbol versions."""
        targets = self.targets[type_id]
        places = self.versioned[self.contents[type_id]]
        return targets if places is None else [targets[place] for place in places]


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

    def finish(self) -> tuple[list[Type], Occurrences | None]:
        """The table."""
        return [self._types[type_id] for type_id in range(len(self._types))], None


class TypeTable:
    """Collects types as contents, in which references are told by their places, and targets."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[type, Type], int] = {}
        self._nodes: list[Type] = []
        self._contents: list[int] = []
        self._targets: list[Sequence[TypeId]] = []

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
        missing = type_id + 1 - len(self._contents)
        if missing > 0:
            self._contents += [0] * missing
            self._targets += [()] * missing
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

    def finish(self) -> tuple[list[Type], Occurrences | None]:
        """The table, in which repeated types are one and the same object."""
        nodes = self._nodes
        heads = [isinstance(node, Composite) and bool(node.name) for node in nodes]
        classes = classes_of(self._contents, self._targets, heads.__getitem__)
        kept: dict[int, TypeId] = {}
        first = [kept.setdefault(class_, type_id) for type_id, class_ in enumerate(classes)]
        made: dict[TypeId, Type] = {}
        for type_id in kept.values():
            targets = [first[each] for each in self._targets[type_id]]
            made[type_id] = renumbered(nodes[self._contents[type_id]], targets.__getitem__)
        versioned = [_versioned(node) for node in nodes]
        found = Occurrences(first, self._targets, self._contents, versioned)
        return [made[type_id] for type_id in first], found


def _versioned(blank: Type) -> Sequence[int] | None:
    """The places of the references of a content that enter symbol versions; None for all."""
    if not isinstance(blank, Composite | Enumeration):
        return None
    return tuple(each.target for each in references(blank) if each.versioned)
