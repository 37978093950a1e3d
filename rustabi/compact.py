"""A model as plain tuples, numbers and text, and back: for the cache, and between processes.

Unlike a snapshot, which is for people and for years, this form is for the program that wrote it: it
follows the classes of `rustabi.model` field by field, keeps the model as it is (order, repeated
types, origins), and is made and read as fast as that goes. `marshal` writes such values; reading
them back runs no code.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, TypeAlias, get_args

from rustabi.model import (
    Argument,
    Composite,
    Constant,
    Enumeration,
    Enumerator,
    Facts,
    Function,
    Member,
    Model,
    Parameter,
    ParameterPlace,
    Part,
    Slot,
    Symbol,
    Type,
    Unit,
    Unsupported,
    Variant,
    VariantPart,
    Vtable,
)
from rustabi.pause import collector_paused

FORMAT: Final = 1
"""Counts up when what is written changes without a class of the model changing."""

Row: TypeAlias = tuple[Any, ...]

_TYPES: Final[tuple[type, ...]] = get_args(Type)
_COMPOSITE: Final = _TYPES.index(Composite)
_PARTS: Final[tuple[type, ...]] = get_args(Part)

DAMAGE: Final = (ValueError, EOFError, TypeError, IndexError, KeyError, AttributeError)
"""What reading something else than was written may raise."""


@collector_paused()
def to_bytes(model: Model) -> bytes:
    """The model as bytes, for `from_bytes` of the same version of the program."""
    return marshal.dumps(to_plain(model))


@collector_paused()
def from_bytes(data: bytes | memoryview) -> Model:
    """The model that `to_bytes` was given.

    Raises:
        One of `DAMAGE`: The bytes are others.
    """
    return from_plain(marshal.loads(data))


def to_plain(model: Model) -> Row:
    """The model as tuples, numbers, text and bytes alone."""
    pool = _Pool()
    first: dict[int, int] = {}
    kinds, order = bytearray(), []
    rows: list[Row] = []
    for node in model.types:
        number = first.setdefault(id(node), len(rows))
        order.append(number)
        if number == len(rows):
            kinds.append(_TYPES.index(node.__class__))
            rows.append(_type_row(node, pool))
    return (
        (bytes(pool.kinds), tuple(pool.rows)),
        (bytes(kinds), tuple(rows), tuple(order) if len(order) > len(rows) else None),
        tuple(_symbol_row(each) for each in model.symbols),
        tuple(map(tuple, model.units)),
        tuple((*each[:3], tuple(map(tuple, each.slots))) for each in model.vtables),
        tuple(model.facts),
        model.origins,
    )


def from_plain(plain: Row) -> Model:
    """The model that `to_plain` was given.

    Raises:
        One of `DAMAGE`: The value is another.
    """
    parts, types, symbols, units, vtables, facts, origins = plain
    kinds, rows = parts
    pool = _made(kinds, rows, _PART_MAKERS)
    kinds, rows, order = types
    nodes = _made(kinds, rows, {**_TYPE_MAKERS, _COMPOSITE: partial(_composite, pool)})
    return Model(
        tuple(nodes) if order is None else tuple([nodes[each] for each in order]),
        tuple([_symbol(row) for row in symbols]),
        tuple([Unit(*row) for row in units]),
        tuple([_vtable(*row) for row in vtables]),
        Facts(*facts),
        origins,
    )


def _made(kinds: bytes, rows: Iterable[Row], makers: dict[int, Callable[[Row], Any]]) -> list[Any]:
    return [makers[kind](row) for kind, row in zip(kinds, rows, strict=True)]


class _Pool:
    """Members and variant parts, each once: in a kernel most are there several times.

    Attributes:
        kinds: For each, its place in `_PARTS`.
        rows: Its fields.
    """

    def __init__(self) -> None:
        self.kinds = bytearray()
        self.rows: list[Row] = []
        self._numbers: dict[tuple[type, Any], int] = {}

    def number(self, part: Any) -> int:
        number = self._numbers.setdefault((part.__class__, part), len(self.rows))
        if number == len(self.rows):
            self.kinds.append(_PARTS.index(part.__class__))
            self.rows.append(_bare(part))
        return number


def _bare(value: Any) -> Any:
    """Named tuples as tuples, all the way down."""
    if isinstance(value, tuple):
        return tuple([_bare(each) if isinstance(each, tuple) else each for each in value])
    return value


def _type_row(node: Type, pool: _Pool) -> Row:
    if isinstance(node, Composite):
        kind, name, size, alignment, parts, declaration, private, container, arguments = node
        numbers = tuple([pool.number(part) for part in parts])
        return (
            kind, name, size, alignment, numbers, declaration, private, container, _bare(arguments)
        )  # fmt: skip
    row: Row = _bare(node)
    return row


def _symbol_row(symbol: Symbol) -> Row:
    row: Row = _bare(symbol)
    return row


# back

_make: Final = tuple.__new__
"""Makes a named tuple of its fields without the detour through a Python function.

Nothing but a damaged entry, which is told by its hash, has another number of them.
"""


def _composite(pool: list[Any], row: Row) -> Composite:
    kind, name, size, alignment, parts, declaration, private, container, arguments = row
    return Composite(
        kind, name, size, alignment, tuple([pool[each] for each in parts]), declaration, private,
        container, tuple([Argument(*each) for each in arguments]) if arguments else (),
    )  # fmt: skip


def _function(row: Row) -> Function:
    parameters, *rest = row
    return Function(tuple([_make(Parameter, each) for each in parameters]), *rest)


def _enumeration(row: Row) -> Enumeration:
    name, size, alignment, enumerators, *rest = row
    made = tuple([Enumerator(each, _constant(value)) for each, value in enumerators])
    return Enumeration(name, size, alignment, made, *rest)


def _constant(row: Row | None) -> Constant | None:
    return None if row is None else Constant(*row)


def _variant_part(row: Row) -> VariantPart:
    members, discriminant, variants = row
    return VariantPart(
        _members(members),
        None if discriminant is None else Member(*discriminant),
        tuple([Variant(_members(each), _constant(value), rest) for each, value, rest in variants]),
    )


def _members(rows: Iterable[Row]) -> tuple[Member, ...]:
    return tuple([_make(Member, row) for row in rows])


def _vtable(name: str, trait: str, type_id: int | None, slots: Iterable[Row]) -> Vtable:
    return Vtable(name, trait, type_id, tuple([Slot(*each) for each in slots]))


def _symbol(row: Row) -> Symbol:
    made: Symbol = _make(Symbol, row)
    places = [None if each is None else ParameterPlace(*each) for each in made.passing]
    return made._replace(passing=tuple(places)) if places else made


_TYPE_MAKERS: Final[dict[int, Callable[[Row], Any]]] = {
    **{number: partial(_make, each) for number, each in enumerate(_TYPES)},
    _TYPES.index(Function): _function,
    _TYPES.index(Enumeration): _enumeration,
}

_PART_MAKERS: Final[dict[int, Callable[[Row], Any]]] = {
    _PARTS.index(Member): partial(_make, Member),
    _PARTS.index(VariantPart): _variant_part,
    _PARTS.index(Unsupported): partial(_make, Unsupported),
}
