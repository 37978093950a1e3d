"""What stands where in the memory of a type, before and after: one row for each place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias

from rustabi.describe import type_text
from rustabi.layout import PADDING, Field, Item, Layout, Layouts, VariantLayout
from rustabi.model import Composite, Model, TypeId, name_of
from rustabi.names import type_key
from rustabi.report.facts import plural
from rustabi.report.paths import member_name


@dataclass(frozen=True, slots=True)
class Place:
    """What one build has at one place."""

    kind: str
    """`field`, `discriminant`, `variants`, `hole`, `bit hole` or `tail padding`."""
    name: str
    """The member; empty for what is none."""
    type: str
    """Its type; empty for what is no member."""
    size: int | None
    """Bytes taken; null where not known."""
    bits: int | None
    """Width of a bit field; null for all others."""


@dataclass(frozen=True, slots=True)
class LayoutRow:
    """One place in memory."""

    offset: int
    """Bytes from the start of the type."""
    bit: int
    """Bits from that byte; 0 but for bit fields of C."""
    old: Place | None
    """What starts there in OLD; null where nothing does."""
    new: Place | None
    """What starts there in NEW; null where nothing does."""
    note: str
    """What differs, in words; empty where nothing does."""


@dataclass(frozen=True, slots=True)
class LayoutChange:
    """A struct, union or variant before and after."""

    type: str
    """The type."""
    variant: str
    """The variant, where it is one of an enum."""
    old_size: int
    """Bytes."""
    new_size: int
    """Bytes."""
    old_alignment: int | None
    """Bytes; null where not known."""
    new_alignment: int | None
    """Bytes; null where not known."""
    source_order: tuple[str, ...]
    """Members as NEW declares them."""
    old_memory_order: tuple[str, ...]
    """Members as they stand in OLD's memory; those without a size stand behind their neighbour."""
    new_memory_order: tuple[str, ...]
    """Members as they stand in NEW's memory."""
    permuted: bool
    """Both declare the same members in the same order, and their memory orders differ."""
    rows: tuple[LayoutRow, ...]
    """In memory order."""


_Side: TypeAlias = tuple[Model, Layout]


class _Stretch(NamedTuple):
    """A `Place` and the bit at which it starts."""

    start: int
    place: Place


class TypePairs:
    """Finds the two contents of a type that changed, by its name, and their layouts."""

    def __init__(self, old: Model, new: Model) -> None:
        self._models = old, new
        self._by_key: list[dict[str, list[TypeId]] | None] = [None, None]

    @cached_property
    def _layouts(self) -> tuple[Layouts, Layouts]:
        """Of both models; many reports have no type to show."""
        old, new = self._models
        return Layouts.of_model(old), Layouts.of_model(new)

    def of(self, name: str, known: TypeId | None, in_new: bool) -> tuple[TypeId, TypeId] | None:
        """The type in both models; None where either lacks it, or it is no struct, union or enum.

        Args:
            name: Of the type.
            known: Its place in one of the models, where that is known.
            in_new: The model is NEW.
        """
        ids: list[TypeId] = []
        for side, model in enumerate(self._models):
            if known is not None and in_new == bool(side):
                ids.append(known)
                name = name_of(model.types[known])
        for side in (0, 1):
            candidates = self._candidates(side, type_key(name))
            if known is not None and in_new == bool(side):
                continue
            if not candidates:
                return None
            ids.insert(0 if side == 0 else len(ids), self._odd_one(side, candidates))
        pair = ids[0], ids[1]
        fits = all(
            isinstance(m.types[i], Composite) for m, i in zip(self._models, pair, strict=True)
        )
        return pair if fits else None

    def _candidates(self, side: int, key: str) -> list[TypeId]:
        index = self._by_key[side]
        if index is None:
            index = self._by_key[side] = {}
            for type_id, node in enumerate(self._models[side].types):
                if isinstance(node, Composite) and node.name and not node.declaration:
                    index.setdefault(type_key(node.name), []).append(type_id)
        return index.get(key, [])

    def _odd_one(self, side: int, candidates: Sequence[TypeId]) -> TypeId:
        """Of several contents of one name, the first that the other build does not have."""
        key = type_key(name_of(self._models[side].types[candidates[0]]))
        others = {self._outline(1 - side, each) for each in self._candidates(1 - side, key)}
        for each in candidates:
            if self._outline(side, each) not in others:
                return each
        return candidates[0]

    def _outline(self, side: int, type_id: TypeId) -> object:
        layout = self._layouts[side].of(type_id)
        if layout is None:
            return None
        return layout.size, stretches(self._models[side], layout.fields, layout.items)

    def sides(self, pair: tuple[TypeId, TypeId]) -> tuple[_Side, _Side] | None:
        """Both layouts, each with its model; None where a type has none."""
        before, after = self._layouts[0].of(pair[0]), self._layouts[1].of(pair[1])
        if before is None or after is None:
            return None
        return (self._models[0], before), (self._models[1], after)


def layout_changes(sides: tuple[_Side, _Side]) -> Iterator[LayoutChange]:
    """The layouts of a type side by side where they differ; for an enum those of its variants."""
    (old, before), (new, after) = sides
    name = name_of(old.types[before.type]) or name_of(new.types[after.type])
    if before.choice or after.choice:
        yield from _variant_changes(name, sides)
        return
    change = _change(
        name, "", sides, (before.fields, after.fields), (before.items, after.items),
        (before.permutation, after.permutation),
    )  # fmt: skip
    if _differs(change):
        yield change


def _variant_changes(name: str, sides: tuple[_Side, _Side]) -> Iterator[LayoutChange]:
    before, after = (_variants(layout) for _, layout in sides)
    for variant, old in before.items():
        new = after.get(variant)
        if new is None:
            continue
        change = _change(
            name, variant, sides, (old.fields, new.fields), (old.items, new.items),
            (old.permutation, new.permutation),
        )  # fmt: skip
        if any(row.note for row in change.rows):
            yield change


def _variants(layout: Layout) -> dict[str, VariantLayout]:
    variants = layout.choice.variants if layout.choice else ()
    return {each.name or str(each.position): each for each in variants}


def _differs(change: LayoutChange) -> bool:
    same_size = change.old_size == change.new_size
    return not same_size or any(row.note for row in change.rows)


def _change(
    name: str,
    variant: str,
    sides: tuple[_Side, _Side],
    fields: tuple[Sequence[Field], Sequence[Field]],
    items: tuple[Iterable[Item], Iterable[Item]],
    permutations: tuple[Sequence[int], Sequence[int]],
) -> LayoutChange:
    (old, before), (new, after) = sides
    source = [tuple(member_name(field.name or "") for field in each) for each in fields]
    orders = [
        tuple(names[index] for index in order)
        for names, order in zip(source, permutations, strict=True)
    ]
    return LayoutChange(
        type=name,
        variant=variant,
        old_size=before.size,
        new_size=after.size,
        old_alignment=before.alignment,
        new_alignment=after.alignment,
        source_order=source[1],
        old_memory_order=orders[0],
        new_memory_order=orders[1],
        permuted=source[0] == source[1] and orders[0] != orders[1],
        rows=_rows(stretches(old, fields[0], items[0]), stretches(new, fields[1], items[1])),
    )


def stretches(model: Model, fields: Sequence[Field], items: Iterable[Item]) -> tuple[_Stretch, ...]:
    """What a type's memory is made of, in memory order, with types in words."""
    return tuple(_Stretch(item.start, _place(model, fields, item)) for item in items)


def _place(model: Model, fields: Sequence[Field], item: Item) -> Place:
    if item.field is None:
        bits = item.bits if item.kind == "bit hole" else None
        return Place(item.kind, "", "", item.size, bits)
    field = fields[item.field]
    bits = field.bits if field.is_bit_field else None
    text = type_text(model.types, field.type)
    return Place("field", member_name(field.name or ""), text, field.size, bits)


def _rows(old: Sequence[_Stretch], new: Sequence[_Stretch]) -> tuple[LayoutRow, ...]:
    before, after = _by_name(old), _by_name(new)
    rows = []
    for start in sorted({each.start for each in (*old, *new)}):
        left = [each.place for each in old if each.start == start]
        right = [each.place for each in new if each.start == start]
        for one, other in _paired(left, right):
            note = _note(start, one, other, before, after)
            rows.append(LayoutRow(start // 8, start % 8, one, other, note))
    return tuple(row for row in rows if row.note or not _is_empty(row))


def _by_name(stretches: Iterable[_Stretch]) -> dict[str, list[_Stretch]]:
    """Members by name; C's anonymous ones share one."""
    found: dict[str, list[_Stretch]] = {}
    for each in stretches:
        if each.place.name:
            found.setdefault(each.place.name, []).append(each)
    return found


def _is_empty(row: LayoutRow) -> bool:
    """Whether nothing but members without a size stands there."""
    return all(place is None or place.size == 0 for place in (row.old, row.new))


def _paired(
    left: Sequence[Place], right: Sequence[Place]
) -> Iterator[tuple[Place | None, Place | None]]:
    """Places at one start: those of one name together, then the others in order."""
    names = {each.name for each in left} & {each.name for each in right} - {""}
    for each in left:
        if each.name in names:
            yield each, next(other for other in right if other.name == each.name)
    rest_left = [each for each in left if each.name not in names]
    rest_right = [each for each in right if each.name not in names]
    for index in range(max(len(rest_left), len(rest_right))):
        yield (
            rest_left[index] if index < len(rest_left) else None,
            rest_right[index] if index < len(rest_right) else None,
        )


def _note(
    start: int,
    one: Place | None,
    other: Place | None,
    before: dict[str, list[_Stretch]],
    after: dict[str, list[_Stretch]],
) -> str:
    """What differs at one place, in words."""
    gone = one is not None and one.kind == "field" and one.name not in after
    fresh = other is not None and other.kind == "field" and other.name not in before
    if gone and fresh and one and other and _same_type(one, other):
        return f"{one.name} renamed"
    notes = []
    if one is not None and gone:
        notes.append(f"{one.name} removed")
    elif one is not None and one.name and other is None:
        notes.append(f"{one.name} moved to {_offset(after[one.name][-1].start)}")
    if other is not None and fresh:
        notes.append(f"{other.name} added")
    elif other is not None and other.name:
        same = [each for each in before[other.name] if each.start == start]
        notes += _differences((same or before[other.name])[0], start, other)
    notes += _tags(one, other)
    return ", ".join(notes)


def _differences(was: _Stretch, start: int, now: Place) -> Iterator[str]:
    """What differs between a member before and after."""
    if was.start != start:
        yield f"{now.name} was at {_offset(was.start)}"
    if was.place.bits != now.bits:
        yield f"{now.name} was {_width(was.place)}"
    elif not _same_type(was.place, now):
        yield f"{now.name} was {was.place.type}"
    elif was.place.size != now.size:
        yield f"{now.name} was {was.place.size} bytes"


def _tags(one: Place | None, other: Place | None) -> Iterator[str]:
    """What differs where the tag of an enum stands or stood."""
    if one is None or other is None or "discriminant" not in (one.kind, other.kind):
        return
    if one.kind != other.kind:
        yield "tag moved"
    elif one.size != other.size:
        yield f"tag was {one.size} bytes"


def _same_type(one: Place, other: Place) -> bool:
    return type_key(one.type) == type_key(other.type) and one.bits == other.bits


def _width(place: Place) -> str:
    if place.bits is not None:
        return plural(place.bits, "bit")
    return "no bit field"


def _offset(start: int) -> str:
    return str(start // 8) if start % 8 == 0 else f"{start // 8}:{start % 8}"


def is_padding(place: Place) -> bool:
    """Whether nothing is stored there."""
    return place.kind in PADDING
