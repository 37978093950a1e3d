"""One model out of many: equal types become one, declarations find their definitions.

A type is repeated in every unit that uses it, and in some units only declared. Two types are one
when nothing tells them apart however far their references are followed. Types of one name that do
differ stay apart, as variants of that name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
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
from rustabi.pause import collector_paused
from rustabi.references import renumbered
from rustabi.repeats import classes_of

_NewId: TypeAlias = Callable[[TypeId], TypeId]


@collector_paused()
def merge(models: Sequence[Model]) -> Model:
    """The models taken together, each distinct type once.

    Args:
        models: One or more, of one architecture.

    Raises:
        InputError: The models are of different architectures.
    """
    contents = _Contents()
    joined = _concatenate(models, contents)
    classes = _classes(contents)
    numbers: dict[int, TypeId] = {}
    kept: list[TypeId] = []
    for type_id, class_ in enumerate(classes):
        if class_ not in numbers and not _is_declaration(contents.nodes[type_id]):
            numbers[class_] = len(kept)
            kept.append(type_id)
    for type_id, class_ in enumerate(classes):
        if class_ not in numbers:
            numbers[class_] = len(kept)
            kept.append(type_id)

    def new_id(type_id: TypeId) -> TypeId:
        return numbers[classes[type_id]]

    return joined._replace(
        types=tuple(contents.node(type_id, new_id) for type_id in kept),
        symbols=tuple(_renumbered_symbol(symbol, new_id) for symbol in joined.symbols),
        vtables=_distinct_vtables(joined.vtables, new_id),
    )


def _concatenate(models: Sequence[Model], contents: _Contents) -> Model:
    """All but the types of the models, which ``contents`` takes."""
    symbols: dict[tuple[str, str], Symbol] = {}
    units: list[Unit] = []
    vtables: list[Vtable] = []
    for model in models:
        first_unit = len(units)
        moved = contents.add(model.types).__getitem__
        for symbol in model.symbols:
            unit = None if symbol.unit is None else symbol.unit + first_unit
            symbols.setdefault(
                (symbol.binary, symbol.name), _renumbered_symbol(symbol, moved)._replace(unit=unit)
            )
        units.extend(model.units)
        vtables.extend(_renumbered_vtable(vtable, moved) for vtable in model.vtables)
    return Model(
        (),
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


def _classes(contents: _Contents) -> list[int]:
    """The class of each type; declarations share that of their definition where there is one."""
    forwards = _definitions(contents.nodes)
    while True:
        classes = contents.classes(forwards)
        wrong = _torn(contents.nodes, classes, forwards)
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


class _Contents:
    """Types as contents, in which references are told by their places, and what they refer to.

    Attributes:
        nodes: The types as they were given.
    """

    def __init__(self) -> None:
        self.nodes: list[Type] = []
        self._numbers: dict[tuple[type, Type], int] = {}
        self._blanks: list[Type] = []
        self._contents: list[int] = []
        self._targets: list[list[TypeId]] = []

    def add(self, types: Sequence[Type]) -> list[TypeId]:
        """Take in a type table; the new number of each of its types.

        A type that is there several times as the same object, as the loader leaves it, is taken
        once.
        """
        first: dict[int, TypeId] = {}
        base = len(self.nodes)
        moved = []
        for node in types:
            type_id = first.setdefault(id(node), len(self.nodes))
            moved.append(type_id)
            if type_id == len(self.nodes):
                self.nodes.append(node)
        for node in self.nodes[base:]:
            targets: list[TypeId] = []
            blank = renumbered(node, _noting(targets))
            content = self._numbers.setdefault((node.__class__, blank), len(self._blanks))
            if content == len(self._blanks):
                self._blanks.append(blank)
            self._contents.append(content)
            self._targets.append([moved[each] for each in targets])
        return moved

    def node(self, type_id: TypeId, new_id: _NewId) -> Type:
        """A type, what it refers to passed through ``new_id``."""
        targets = self._targets[type_id]
        return renumbered(
            self._blanks[self._contents[type_id]], lambda place: new_id(targets[place])
        )

    def classes(self, forwards: dict[TypeId, TypeId]) -> list[int]:
        """The class of each type; declarations are taken for the definitions they are told."""
        contents, targets = self._contents, self._targets
        if forwards:
            instead = [forwards.get(each, each) for each in range(len(contents))]
            contents = [contents[each] for each in instead]
            targets = [[instead[target] for target in targets[each]] for each in instead]
        heads = [isinstance(blank, Composite) and bool(blank.name) for blank in self._blanks]
        return classes_of(contents, targets, heads.__getitem__)


def _noting(targets: list[TypeId]) -> _NewId:
    def note(target: TypeId) -> int:
        targets.append(target)
        return len(targets) - 1

    return note


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
