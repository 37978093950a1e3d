"""One model out of many: equal types become one, declarations find their definitions.

A type is repeated in every unit that uses it, and in some units only declared. Two types are one
when nothing tells them apart however far their references are followed. Types of one name that do
differ stay apart, as variants of that name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from rustabi.errors import InputError
from rustabi.loader import DescribedTypes
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
    is_declaration = [each is not None and each.declared for each in contents.headings]
    for type_id, (class_, content) in enumerate(zip(classes, contents.contents, strict=True)):
        if class_ not in numbers and not is_declaration[content]:
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


def _identity(node: Type) -> tuple[str, str]:
    kind = node.kind if isinstance(node, Composite) else type(node).__name__
    return kind, name_of(node)


def _classes(contents: _Contents) -> list[int]:
    """The class of each type; declarations share that of their definition where there is one."""
    declared, defined = contents.named()
    forwards = {
        type_id: defined[identity][0]
        for identity, type_ids in declared.items()
        if len({contents.contents[each] for each in defined.get(identity, ())}) == 1
        for type_id in type_ids
    }
    while True:
        classes = contents.classes(forwards)
        # Where a name turns out to have several definitions, it is open which is meant.
        torn = {name for name, ids in defined.items() if len({classes[each] for each in ids}) > 1}
        wrong = [each for name in torn for each in declared.get(name, ()) if each in forwards]
        if not wrong:
            return classes
        for type_id in wrong:
            del forwards[type_id]


class _Heading(NamedTuple):
    """What declarations and definitions with a name are paired by."""

    identity: tuple[str, str]
    declared: bool


_Named: TypeAlias = dict[tuple[str, str], list[TypeId]]


def _heading(node: Type) -> _Heading | None:
    if isinstance(node, Composite | Enumeration) and node.name:
        return _Heading(_identity(node), node.declaration)
    return None


class _Contents:
    """Types as contents, in which references are told by their places, and what they refer to.

    Attributes:
        contents: For each type, the number of its content.
        headings: For each content, its heading; None where it has no name or is of other kinds.
    """

    def __init__(self) -> None:
        self.contents: list[int] = []
        self.headings: list[_Heading | None] = []
        self._numbers: dict[tuple[type, Type], int] = {}
        self._blanks: list[Type] = []
        self._targets: list[Sequence[TypeId]] = []

    def add(self, types: Sequence[Type]) -> Sequence[TypeId]:
        """Take in a type table; the new number of each of its types."""
        if isinstance(types, DescribedTypes):
            return self._add_described(types)
        base = len(self.contents)
        for node in types:
            targets: list[TypeId] = []
            self.contents.append(self._number(renumbered(node, _noting(targets))))
            self._targets.append([base + each for each in targets])
        return range(base, len(self.contents))

    def _add_described(self, types: DescribedTypes) -> Sequence[TypeId]:
        """The same for what is in contents and targets already; its places may be in any order."""
        base = len(self.contents)
        numbers: list[int] = []
        orders: list[list[int] | None] = []
        for node in types.nodes:
            order: list[int] = []
            numbers.append(self._number(renumbered(node, _noting(order))))
            orders.append(None if order == list(range(len(order))) else order)
        self.contents += [numbers[content] for content in types.contents]
        for content, targets in zip(types.contents, types.targets, strict=True):
            order_ = orders[content]
            own = targets if order_ is None else [targets[place] for place in order_]
            self._targets.append([base + each for each in own] if base else own)
        return range(base, len(self.contents))

    def _number(self, blank: Type) -> int:
        content = self._numbers.setdefault((blank.__class__, blank), len(self._blanks))
        if content == len(self._blanks):
            self._blanks.append(blank)
            self.headings.append(_heading(blank))
        return content

    def named(self) -> tuple[_Named, _Named]:
        """The declarations and the definitions of each kind and name."""
        declared: _Named = {}
        defined: _Named = {}
        for type_id, content in enumerate(self.contents):
            heading = self.headings[content]
            if heading is not None:
                found = declared if heading.declared else defined
                found.setdefault(heading.identity, []).append(type_id)
        return declared, defined

    def node(self, type_id: TypeId, new_id: _NewId) -> Type:
        """A type, what it refers to passed through ``new_id``."""
        targets = self._targets[type_id]
        return renumbered(
            self._blanks[self.contents[type_id]], lambda place: new_id(targets[place])
        )

    def classes(self, forwards: dict[TypeId, TypeId]) -> list[int]:
        """The class of each type; declarations are taken for the definitions they are told."""
        contents, targets = self.contents, self._targets
        if forwards:
            instead = [forwards.get(each, each) for each in range(len(contents))]
            contents = [contents[each] for each in instead]
            is_same = forwards.keys().isdisjoint
            targets = [
                own if is_same(own) else [instead[target] for target in own]
                for own in map(targets.__getitem__, instead)
            ]
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
