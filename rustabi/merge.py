"""One model out of many: equal types become one, declarations find their definitions.

A type is repeated in every unit that uses it, and in some units only declared. Two types are one
when nothing tells them apart however far their references are followed. Types of one name that do
differ stay apart, as variants of that name.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from rustabi.errors import InputError
from rustabi.loader import DescribedTypes, described, noting
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
from rustabi.repeats import Classes, Key, Signatures, classes_of

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
    found = classes.distinct()
    numbers: dict[int, TypeId] = {}
    kept: list[TypeId] = []
    definitions = [each for each in found if not contents.is_declaration(each[0])]
    for type_id, class_ in (*definitions, *found):
        if class_ not in numbers:
            numbers[class_] = len(kept)
            kept.append(type_id)

    def new_id(type_id: TypeId) -> TypeId:
        return numbers[classes.of(type_id)]

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


def _classes(contents: _Contents) -> Classes:
    """The class of each type; declarations share that of their definition where there is one."""
    told = contents.told()
    declared, defined = contents.named()
    instead = {
        content: defined[identity][0]
        for identity, found in declared.items()
        if len(defined.get(identity, ())) == 1
        for content in found
    }
    while True:
        classes = classes_of(contents, told, instead)
        if not classes.torn:
            return classes
        # Where a name turns out to have several definitions, it is open which is meant.
        instead = {each: meant for each, meant in instead.items() if meant not in classes.torn}


class _Heading(NamedTuple):
    """What declarations and definitions with a name are paired by."""

    identity: tuple[str, str]
    declared: bool


_Named: TypeAlias = dict[tuple[str, str], list[int]]


def _heading(node: Type) -> _Heading | None:
    if isinstance(node, Composite | Enumeration) and node.name:
        return _Heading(_identity(node), node.declaration)
    return None


class _Part(NamedTuple):
    """A model's types among those of all models.

    Attributes:
        base: How many types come before.
        types: The types.
        orders: For each of its contents, the places of references in the order of the type.
    """

    base: int
    types: DescribedTypes
    orders: list[list[int]]


class _Contents:
    """The types of all models, by contents in which references are told by their places.

    Attributes:
        contents: For each type, the number of its content.
    """

    def __init__(self) -> None:
        self.contents = array("I")
        self._headings: list[_Heading | None] = []
        self._numbers: dict[tuple[type, Type], int] = {}
        self._parts: list[_Part] = []
        self._told: list[int] = []
        self._keys: dict[Key, int] = {}

    def add(self, types: Sequence[Type]) -> Sequence[TypeId]:
        """Take in a type table; the new number of each of its types."""
        part = _Part(len(self.contents), described(types), [])
        self._parts.append(part)
        numbers: list[int] = []
        for node in part.types.nodes:
            order: list[int] = []
            blank = renumbered(node, noting(order))
            number = self._numbers.setdefault((blank.__class__, blank), len(self._headings))
            if number == len(self._headings):
                self._headings.append(_heading(blank))
            numbers.append(number)
            part.orders.append(order)
        self.contents.extend(map(numbers.__getitem__, part.types.graph.contents))
        self._sign(part, numbers)
        return range(part.base, len(self.contents))

    def _sign(self, part: _Part, numbers: list[int]) -> None:
        """Enter the signatures of a part, whose contents have these numbers."""
        own = part.types.signatures
        signatures: list[int] = []
        for content, *edges in own.keys:
            below = [
                signatures[edge] if edge >= 0 else ~numbers[~edge]
                for edge in map(edges.__getitem__, part.orders[content])
            ]
            key = (numbers[content], *below)
            signatures.append(self._keys.setdefault(key, len(self._keys)))
        self._told += map(signatures.__getitem__, own.of)

    def told(self) -> Signatures:
        """The signatures of the types."""
        heads = frozenset(number for number, each in enumerate(self._headings) if each is not None)
        return Signatures(self._told, list(self._keys), heads)

    def named(self) -> tuple[_Named, _Named]:
        """The contents of the declarations and of the definitions of each kind and name."""
        declared: _Named = {}
        defined: _Named = {}
        for content, heading in enumerate(self._headings):
            if heading is not None:
                found = declared if heading.declared else defined
                found.setdefault(heading.identity, []).append(content)
        return declared, defined

    def is_declaration(self, type_id: TypeId) -> bool:
        """Whether a type is only declared."""
        heading = self._headings[self.contents[type_id]]
        return heading is not None and heading.declared

    def of(self, place: TypeId) -> list[TypeId]:
        """What a type refers to, in the order of the type."""
        part = self._part(place)
        graph = part.types.graph
        own, order = graph.of(place - part.base), part.orders[graph.contents[place - part.base]]
        return [part.base + own[each] for each in order]

    def node(self, type_id: TypeId, new_id: _NewId) -> Type:
        """A type, what it refers to passed through ``new_id``."""
        part = self._part(type_id)
        graph = part.types.graph
        own = graph.of(type_id - part.base)
        node = part.types.nodes[graph.contents[type_id - part.base]]
        return renumbered(node, lambda place: new_id(part.base + own[place]))

    def _part(self, place: TypeId) -> _Part:
        return self._parts[bisect_right(self._parts, place, key=lambda part: part.base) - 1]


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
