"""One model out of many: equal types become one, declarations find their definitions.

A type is repeated in every unit that uses it, and in some units only declared. Two types are one
when nothing tells them apart however far their references are followed: the coarsest partition that
is stable under references, found by splitting classes until none splits further. Types of one name
that do differ stay apart, as variants of that name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeAlias

from rustabi.errors import InputError
from rustabi.model import (
    Composite,
    Enumeration,
    Facts,
    Model,
    Slot,
    Symbol,
    Type,
    TypeId,
    Unit,
    Vtable,
    name_of,
)
from rustabi.references import references, renumbered

_NewId: TypeAlias = Callable[[TypeId], TypeId]


def merge(models: Sequence[Model]) -> Model:
    """The models taken together, each distinct type once.

    Args:
        models: One or more, of one architecture.

    Raises:
        InputError: The models are of different architectures.
    """
    joined = _concatenate(models)
    classes = _classes(joined.types)
    numbers: dict[int, TypeId] = {}
    kept: list[TypeId] = []
    for type_id, class_ in enumerate(classes):
        if class_ not in numbers and not _is_declaration(joined.types[type_id]):
            numbers[class_] = len(kept)
            kept.append(type_id)
    for type_id, class_ in enumerate(classes):
        if class_ not in numbers:
            numbers[class_] = len(kept)
            kept.append(type_id)

    def new_id(type_id: TypeId) -> TypeId:
        return numbers[classes[type_id]]

    return joined._replace(
        types=tuple(renumbered(joined.types[type_id], new_id) for type_id in kept),
        symbols=tuple(_renumbered_symbol(symbol, new_id) for symbol in joined.symbols),
        vtables=_distinct_vtables(joined.vtables, new_id),
    )


def _concatenate(models: Sequence[Model]) -> Model:
    types: list[Type] = []
    symbols: dict[tuple[str, str], Symbol] = {}
    units: list[Unit] = []
    vtables: list[Vtable] = []
    for model in models:
        base, first_unit = len(types), len(units)

        def moved(type_id: TypeId, base: int = base) -> TypeId:
            return type_id + base

        types.extend(renumbered(node, moved) for node in model.types)
        for symbol in model.symbols:
            unit = None if symbol.unit is None else symbol.unit + first_unit
            symbols.setdefault(
                (symbol.binary, symbol.name), _renumbered_symbol(symbol, moved)._replace(unit=unit)
            )
        units.extend(model.units)
        vtables.extend(_renumbered_vtable(vtable, moved) for vtable in model.vtables)
    return Model(
        tuple(types),
        tuple(sorted(symbols.values(), key=lambda each: (each.name, each.binary))),
        tuple(units),
        tuple(vtables),
        _common_facts([model.facts for model in models]),
    )


def _common_facts(facts: Sequence[Facts]) -> Facts:
    first = facts[0]
    for other in facts[1:]:
        if (other.machine, other.address_size) != (first.machine, first.address_size):
            raise InputError(
                f"binaries of {first.machine} and of {other.machine} together",
                advice="name files of one architecture",
            )
    return first._replace(
        compilers=_union(each.compilers for each in facts),
        crates=_union(each.crates for each in facts),
        build_id=first.build_id if len(facts) == 1 else None,
        export_rule=", ".join(_union([each.export_rule] for each in facts)),
        skipped=_union(each.skipped for each in facts),
    )


def _union(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted({each for group in groups for each in group}))


def _renumbered_symbol(symbol: Symbol, new_id: _NewId) -> Symbol:
    return symbol if symbol.type is None else symbol._replace(type=new_id(symbol.type))


def _renumbered_vtable(vtable: Vtable, new_id: _NewId) -> Vtable:
    slots = tuple(
        slot if slot.type is None else Slot(slot.name, new_id(slot.type)) for slot in vtable.slots
    )
    concrete = None if vtable.type is None else new_id(vtable.type)
    return vtable._replace(type=concrete, slots=slots)


def _distinct_vtables(vtables: Iterable[Vtable], new_id: _NewId) -> tuple[Vtable, ...]:
    distinct = dict.fromkeys(_renumbered_vtable(vtable, new_id) for vtable in vtables)
    return tuple(sorted(distinct, key=lambda each: each.name))


def _is_declaration(node: Type) -> bool:
    return isinstance(node, Composite | Enumeration) and node.declaration


def _identity(node: Type) -> tuple[str, str]:
    kind = node.kind if isinstance(node, Composite) else type(node).__name__
    return kind, name_of(node)


def _classes(types: Sequence[Type]) -> list[int]:
    """The class of each type; declarations share that of their definition where there is one."""
    forwards = _definitions(types)
    while True:
        classes = _Partition(types, forwards).refine()
        wrong = _torn(types, classes, forwards)
        if not wrong:
            return classes
        for type_id in wrong:
            del forwards[type_id]


def _definitions(types: Sequence[Type]) -> dict[TypeId, TypeId]:
    """Declaration -> the first definition of the same kind and name."""
    first: dict[tuple[str, str], TypeId] = {}
    declared: list[TypeId] = []
    for type_id, node in enumerate(types):
        if isinstance(node, Composite | Enumeration) and node.name:
            if node.declaration:
                declared.append(type_id)
            else:
                first.setdefault(_identity(node), type_id)
    return {
        type_id: first[_identity(types[type_id])]
        for type_id in declared
        if _identity(types[type_id]) in first
    }


def _torn(
    types: Sequence[Type], classes: Sequence[int], forwards: dict[TypeId, TypeId]
) -> list[TypeId]:
    """Declarations whose name turned out to have several definitions: it is open which is meant."""
    variants: dict[tuple[str, str], set[int]] = defaultdict(set)
    for type_id, node in enumerate(types):
        if isinstance(node, Composite | Enumeration) and node.name and not node.declaration:
            variants[_identity(node)].add(classes[type_id])
    return [type_id for type_id in forwards if len(variants[_identity(types[type_id])]) > 1]


class _Partition:
    """Types in classes, split until all of a class refer to equal classes."""

    def __init__(self, types: Sequence[Type], forwards: dict[TypeId, TypeId]) -> None:
        self._targets = [
            tuple(forwards.get(each.target, each.target) for each in references(node))
            + _beside_members(node, forwards)
            for node in types
        ]
        self._forwards = forwards
        numbers: dict[Hashable, int] = {}
        self.classes = [
            numbers.setdefault(self._content(node, types), len(numbers)) for node in types
        ]
        for declared, defined in forwards.items():
            self.classes[declared] = self.classes[defined]
            self._targets[declared] = self._targets[defined]
        self._count = len(numbers)

    def _content(self, node: Type, types: Sequence[Type]) -> Hashable:
        """All that a type says itself, with references told by kind and name only."""
        labels: list[tuple[str, str]] = []

        def blank(type_id: TypeId) -> TypeId:
            labels.append(_identity(types[type_id]))
            return 0

        return type(node).__name__, renumbered(node, blank), tuple(labels)

    def refine(self) -> list[int]:
        """Split classes whose members refer to different ones, until nothing splits."""
        users: list[list[TypeId]] = [[] for _ in self._targets]
        for type_id, targets in enumerate(self._targets):
            for target in targets:
                users[target].append(type_id)
        members: dict[int, list[TypeId]] = defaultdict(list)
        for type_id, class_ in enumerate(self.classes):
            members[class_].append(type_id)
        dirty = {class_ for class_, each in members.items() if len(each) > 1}
        while dirty:
            moved = [
                type_id for class_ in sorted(dirty) for type_id in self._split(members, class_)
            ]
            dirty = {
                self.classes[user]
                for type_id in moved
                for user in users[type_id]
                if len(members[self.classes[user]]) > 1
            }
        for declared, defined in self._forwards.items():
            self.classes[declared] = self.classes[defined]
        return self.classes

    def _split(self, members: dict[int, list[TypeId]], class_: int) -> list[TypeId]:
        """Split one class; all but its largest part move to new classes and are returned."""
        classes = self.classes
        parts: dict[tuple[int, ...], list[TypeId]] = defaultdict(list)
        for type_id in members[class_]:
            parts[tuple([classes[target] for target in self._targets[type_id]])].append(type_id)
        if len(parts) == 1:
            return []
        largest, *others = sorted(parts.values(), key=len, reverse=True)
        members[class_] = largest
        moved = []
        for part in others:
            members[self._count] = part
            for type_id in part:
                classes[type_id] = self._count
            self._count += 1
            moved += part
        return moved


def _beside_members(node: Type, forwards: dict[TypeId, TypeId]) -> tuple[TypeId, ...]:
    """What a type refers to but for its members: type arguments, and the owner of a vtable."""
    if not isinstance(node, Composite):
        return ()
    every = (node.container, *(each.type for each in node.arguments))
    return tuple(forwards.get(each, each) for each in every if each is not None)


def namesakes(model: Model) -> dict[str, list[TypeId]]:
    """Names that stand for several types of one kind, as two versions of a crate make them.

    Returns:
        Qualified name -> the types of that name, for names with more than one, sorted. A
        declaration that found no single definition counts as one of them.
    """
    found: dict[tuple[str, str], list[TypeId]] = defaultdict(list)
    for type_id, node in enumerate(model.types):
        if isinstance(node, Composite | Enumeration) and node.name:
            found[_identity(node)].append(type_id)
    return {name: ids for (_, name), ids in sorted(found.items()) if len(ids) > 1}
