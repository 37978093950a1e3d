"""Where the fields of one struct, union or variant stand, and what lies between them.

Positions are counted in bits, so that C's bit fields need no second kind of arithmetic; `Field` and
`Item` give bytes as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from rustabi.model import TypeId

ItemKind: TypeAlias = Literal[
    "field", "discriminant", "variants", "hole", "bit hole", "tail padding"
]
"""``hole`` and ``tail padding`` are whole bytes; a ``bit hole`` is what is left of a byte."""

PADDING: frozenset[ItemKind] = frozenset({"hole", "bit hole", "tail padding"})
"""The kinds of items that hold no data."""


class Field(NamedTuple):
    """A member with its size and alignment worked out.

    Attributes:
        position: Its place in source order, from 0.
        name: None for C's anonymous members.
        type: Its type; None where DWARF names none.
        start: Bits from the start of the enclosing type.
        bits: Width in bits; None where the size is not known. 0 for zero-sized types, and for the
            tail of an unsized type, whose length DWARF cannot say.
        alignment: Bytes, of the field's type; None where not known.
        is_bit_field: C's ``unsigned x : 3``.
        is_tail: A flexible array member, or the slice, ``str`` or ``dyn`` at the end of an unsized
            type.
    """

    position: int
    name: str | None
    type: TypeId | None
    start: int
    bits: int | None
    alignment: int | None
    is_bit_field: bool = False
    is_tail: bool = False

    @property
    def offset(self) -> int:
        """Bytes from the start of the enclosing type; rounded down for bit fields."""
        return self.start // 8

    @property
    def size(self) -> int | None:
        """Bytes taken; for bit fields those that it touches."""
        if self.bits is None:
            return None
        return -(-(self.start % 8 + self.bits) // 8) if self.bits else 0

    @property
    def is_placed(self) -> bool:
        """Whether the offset means anything: that of a zero-sized field does not."""
        return self.bits != 0 or self.is_tail


class Item(NamedTuple):
    """A stretch of memory and what it is for.

    Attributes:
        start: Bits from the start of the type.
        bits: Length in bits.
        field: Position of the field; None for everything else.
    """

    kind: ItemKind
    start: int
    bits: int
    field: int | None = None

    @property
    def offset(self) -> int:
        """Bytes from the start of the type; rounded down."""
        return self.start // 8

    @property
    def size(self) -> int:
        """Bytes touched."""
        return -(-(self.start % 8 + self.bits) // 8) if self.bits else 0

    @property
    def end(self) -> int:
        """Bits from the start of the type to the first bit after."""
        return self.start + self.bits


class InOrder(NamedTuple):
    """What a layout in declaration order, as C has it, comes to.

    Attributes:
        offsets: Of each field, in bytes, in source order.
        size: Bytes.
    """

    offsets: tuple[int, ...]
    size: int


def in_memory_order(fields: Sequence[Field]) -> tuple[int, ...]:
    """The indexes of the fields, sorted by where they stand in memory.

    A zero-sized field stands after the field that it follows in the source, since its offset has no
    meaning: only the others can be permuted. The tail of an unsized type has a meaning, though no
        size.
    """
    placed = sorted((field.start, field.position) for field in fields if field.is_placed)
    after: dict[int | None, list[int]] = {}
    last: int | None = None
    for field in fields:
        if field.is_placed:
            last = field.position
        else:
            after.setdefault(last, []).append(field.position)
    order = list(after.get(None, []))
    for _, index in placed:
        order += [index, *after.get(index, [])]
    return tuple(order)


def is_permuted(order: Iterable[int]) -> bool:
    """Whether an order of source indexes differs from the source order."""
    return any(index != place for place, index in enumerate(order))


def field_items(fields: Sequence[Field], end: int) -> Iterator[Item]:
    """The items that the fields take up.

    A field of unknown size is taken to reach up to the next one, or to ``end``, so that no padding
    is reported that may be none.

    Args:
        fields: In any order.
        end: Bits from the start of the type to its end.
    """
    starts = sorted({field.start for field in fields} | {end})
    for field in fields:
        bits = field.bits
        if bits is None:
            bits = next((start for start in starts if start > field.start), field.start)
            bits -= field.start
        yield Item("field", field.start, bits, field.position)


def tiled(items: Iterable[Item], end: int, tail: int | None = None) -> tuple[Item, ...]:
    """The items in memory order, with an item for each gap between them and before ``end``.

    Zero-sized items break no gap in two, as where they stand has no meaning; but the tail does.

    Args:
        items: May overlap, as the members of a union do.
        end: Bits from the start of the type to its end.
        tail: Where the tail of an unsized type starts, in bits.
    """
    result = list(items)
    stretches = [(item.start, item.end) for item in result if item.bits]
    if tail is not None:
        stretches.append((min(tail, end), min(tail, end)))
    cursor = 0
    for start, stop in sorted(stretches):
        if start > cursor:
            result += _gap(cursor, start, "hole")
        cursor = max(cursor, stop)
    result += _gap(cursor, end, "tail padding")
    return tuple(sorted(result, key=lambda item: (item.start, item.bits, item.field or 0)))


def _gap(start: int, end: int, kind: ItemKind) -> Iterator[Item]:
    """A gap, split where bytes begin and end: only whole bytes are a hole or tail padding."""
    first = min(-(-start // 8) * 8, end)
    last = max(end // 8 * 8, first)
    for piece, begin, stop in (("bit hole", start, first), (kind, first, last),
                               ("bit hole", last, end)):  # fmt: skip
        if stop > begin:
            yield Item(piece, begin, stop - begin)  # type: ignore[arg-type]


def covered(items: Iterable[Item]) -> list[tuple[int, int]]:
    """The stretches of bits that some item covers, as (start, end), merged and sorted."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted((item.start, item.end) for item in items if item.bits):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def declaration_order(
    fields: Sequence[Field], alignment: int, pack: int | None = None, prefix: int = 0
) -> InOrder | None:
    """Lays fields out as C does: each after the one before, at a multiple of its alignment.

    Args:
        fields: In source order.
        alignment: Of the whole, in bytes: its size is rounded up to a multiple of it.
        pack: Bytes that no field is aligned to more than (``packed(N)``).
        prefix: Bytes taken before the first field.

    Returns:
        None when the size or alignment of a field is not known.
    """
    offsets = []
    cursor = prefix
    for field in fields:
        if field.size is None or field.alignment is None:
            return None
        step = field.alignment if pack is None else min(field.alignment, pack)
        cursor = rounded_up(cursor, step)
        offsets.append(cursor)
        cursor += field.size
    return InOrder(tuple(offsets), rounded_up(cursor, alignment))


def rounded_up(value: int, step: int) -> int:
    """The smallest multiple of ``step`` that is no less than ``value``."""
    return -(-value // step) * step if step > 1 else value
