"""Which change is the root cause of which, and which symbols it reaches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rustabi.diff.findings import Affected, Consequence
from rustabi.diff.identity import Pair
from rustabi.diff.kinds import Change, ChangeKind, Severity
from rustabi.graph import Graph, build, dependents
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
            pair: sorted(components.of(pair[0]) & changed - {pair[0]}) for pair in changes
        }
        self._consequences: dict[TypeId, list[Consequence]] = {}
        self._roots: list[tuple[Pair, list[Change]]] = []
        for pair, found in changes.items():
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

    def roots(self) -> list[tuple[Pair, list[Change]]]:
        """Pairs that changed of themselves, with those changes."""
        return self._roots

    def consequences(self, pair: Pair) -> tuple[Consequence, ...]:
        """What follows from the change of a pair, directly and through other types."""
        result: dict[Consequence, None] = {}
        pending, seen = [pair[0]], {pair[0]}
        by_name = {name_of(self._old.types[each[0]]): each[0] for each in self._changes}
        while pending:
            for consequence in self._consequences.get(pending.pop(), ()):
                result[consequence] = None
                following = by_name.get(consequence.type)
                if following is not None and following not in seen:
                    seen.add(following)
                    pending.append(following)
        return tuple(sorted(result))


def _bears_on_layout(changes: Iterable[Change]) -> bool:
    return any(change.grave is Severity.BREAK for change in changes)


class Reach:
    """The symbols that reach a pair of types, by OLD's graph, else by NEW's."""

    def __init__(self, old: Model, new: Model) -> None:
        self._models = (old, new)
        self._graphs: list[Graph | None] = [None, None]
        self._known: dict[Pair, tuple[tuple[Affected, ...], bool]] = {}

    def of(self, pair: Pair) -> tuple[tuple[Affected, ...], bool]:
        """(affected symbols, whether the paths are NEW's)."""
        if pair not in self._known:
            affected = self._side(0, pair[0])
            self._known[pair] = (affected, False) if affected else (self._side(1, pair[1]), True)
        return self._known[pair]

    def in_old(self, type_id: TypeId) -> tuple[Affected, ...]:
        """Affected symbols by OLD's graph alone."""
        return self._side(0, type_id)

    def _side(self, side: int, type_id: TypeId) -> tuple[Affected, ...]:
        model = self._models[side]
        graph = self._graphs[side]
        if graph is None:
            graph = self._graphs[side] = build(model)
        found = dependents(graph, type_id)
        affected = [
            Affected(model.symbols[index].name, path, index in found.by_value)
            for index, path in found.paths.items()
        ]
        return tuple(sorted(affected, key=lambda each: each.symbol))
