"""Which change is the root cause of which, and which symbols it reaches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from rustabi.diff.findings import Affected, Consequence
from rustabi.diff.identity import Pair
from rustabi.diff.kinds import Change, ChangeKind, Severity
from rustabi.graph import Graph, build_towards, dependents
from rustabi.model import (
    Array,
    Composite,
    Enumeration,
    Model,
    Type,
    TypeId,
    members_of,
    name_of,
    variant_part_of,
)
from rustabi.nature import stripped

DERIVABLE = frozenset(
    {
        ChangeKind.SIZE_CHANGED,
        ChangeKind.ALIGNMENT_CHANGED,
        ChangeKind.MEMBER_MOVED,
        ChangeKind.LAYOUT_PERMUTED,
        ChangeKind.NICHE_CHANGED,
        ChangeKind.DISCRIMINANT_CHANGED,
    }
)
"""Kinds that can follow from a change of a type that is part of this one."""


class Components:
    """The types whose bytes are part of a type's own."""

    def __init__(self, types: Sequence[Type]) -> None:
        self._types = types

    def of(self, type_id: TypeId) -> set[TypeId]:
        """Structs, unions and enums that the type holds by value, in its variants too."""
        node = self._types[type_id]
        found: set[TypeId] = set()
        if isinstance(node, Composite):
            for member in members_of(node):
                self._add(member.type, found)
            part = variant_part_of(node)
            for variant in part.variants if part else ():
                for member in variant.members:
                    inner = stripped(self._types, member.type)
                    if inner is not None and inner != type_id:
                        found |= {inner} | self.of(inner)
        return found

    def _add(self, type_id: TypeId | None, found: set[TypeId]) -> None:
        type_id = stripped(self._types, type_id)
        while type_id is not None and isinstance(self._types[type_id], Array):
            node = self._types[type_id]
            type_id = stripped(self._types, node.element) if isinstance(node, Array) else None
        if type_id is not None and isinstance(self._types[type_id], Composite | Enumeration):
            found.add(type_id)


class Causes:
    """Which changed type is the root cause of which."""

    def __init__(self, old: Model, changes: dict[Pair, list[Change]]) -> None:
        self._old = old
        self._changes = changes
        components = Components(old.types)
        changed = {pair[0] for pair, found in changes.items() if _bears_on_layout(found)}
        self._inner = {
            pair: sorted(components.of(pair[0]) & changed - {pair[0]})
            for pair, found in changes.items()
            if found
        }
        self._consequences: dict[TypeId, list[Consequence]] = {}
        self._roots: list[tuple[Pair, list[Change]]] = []
        for pair, found in changes.items():
            if found:
                self._sort(pair, found)

    def _sort(self, pair: Pair, found: list[Change]) -> None:
        inner = self._inner[pair]
        own = [each for each in found if each.kind not in DERIVABLE]
        derived = [each for each in found if each.kind in DERIVABLE]
        if not inner or any(each.grave is Severity.BREAK for each in own):
            own, derived = found, []
        if own:
            self._roots.append((pair, own))
        name = name_of(self._old.types[pair[0]]) or "<anonymous>"
        for cause in inner if derived else ():
            self._consequences.setdefault(cause, []).extend(
                Consequence(name, each) for each in derived
            )

    @cached_property
    def _by_name(self) -> dict[str, TypeId]:
        return {name_of(self._old.types[each[0]]): each[0] for each in self._changes}

    def roots(self) -> list[tuple[Pair, list[Change]]]:
        """Pairs that changed of themselves, with those changes."""
        return self._roots

    def consequences(self, pair: Pair) -> tuple[Consequence, ...]:
        """What follows from the change of a pair, directly and through other types."""
        result: dict[Consequence, None] = {}
        pending, seen = [pair[0]], {pair[0]}
        while pending:
            for consequence in self._consequences.get(pending.pop(), ()):
                result[consequence] = None
                following = self._by_name.get(consequence.type)
                if following is not None and following not in seen:
                    seen.add(following)
                    pending.append(following)
        return tuple(sorted(result))


def _bears_on_layout(changes: Iterable[Change]) -> bool:
    return any(change.grave is Severity.BREAK for change in changes)


class Reach:
    """The symbols that reach a pair of types, by OLD's graph, else by NEW's."""

    def __init__(self, old: Model, new: Model) -> None:
        self._sides = _Side(old), _Side(new)
        self._known: dict[Pair, tuple[tuple[Affected, ...], bool]] = {}

    def expect(self, pairs: Iterable[Pair]) -> None:
        """Prepare for pairs that will be asked for; others can be asked for all the same."""
        for side, types in zip(self._sides, zip(*pairs, strict=True), strict=False):
            side.expected.update(types)

    def of(self, pair: Pair) -> tuple[tuple[Affected, ...], bool]:
        """(affected symbols, whether the paths are NEW's)."""
        if pair not in self._known:
            old, new = self._sides
            affected = old.affected(pair[0])
            self._known[pair] = (affected, False) if affected else (new.affected(pair[1]), True)
        return self._known[pair]

    def in_old(self, type_id: TypeId) -> tuple[Affected, ...]:
        """Affected symbols by OLD's graph alone."""
        return self._sides[0].affected(type_id)


class _Side:
    """The symbols of one build that reach a type.

    Attributes:
        expected: Types that will be asked for: while no other is, only what reaches those is made
            of the graph.
    """

    def __init__(self, model: Model) -> None:
        self.expected: set[TypeId] = set()
        self._model = model
        self._graph: Graph | None = None
        self._covered: Collection[TypeId] = ()

    def affected(self, type_id: TypeId) -> tuple[Affected, ...]:
        """Sorted by name."""
        if type_id not in self._covered:
            self._cover(type_id)
        if self._graph is None:
            return ()
        found = dependents(self._graph, type_id)
        affected = [
            Affected(self._model.symbols[index].name, path, index in found.by_value)
            for index, path in found.paths.items()
        ]
        return tuple(sorted(affected, key=lambda each: each.symbol))

    def _cover(self, type_id: TypeId) -> None:
        if type_id in self.expected:
            covered: Collection[TypeId] = frozenset(self.expected)
        else:
            covered = range(len(self._model.types))
        self._graph, self._covered = build_towards(self._model, covered), covered
