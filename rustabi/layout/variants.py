"""How an enum tells its variants apart, and what each of them makes of the enum's bytes.

rustc writes an enum with data as a struct with a variant part. Each variant is a struct of its own,
as large as the enum, whose offsets count from the start of the enum. The discriminant is either a
tag, a field that holds nothing else, or a niche: values of a field of one variant (the dataful one)
that the field's own type never has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from rustabi.layout.fields import (
    PADDING,
    Field,
    InOrder,
    Item,
    covered,
    declaration_order,
    field_items,
    in_memory_order,
    is_permuted,
    rounded_up,
    tiled,
)
from rustabi.model import TypeId, Variant, VariantPart

_WIDEST_TAG = 16
"""Bytes; Rust has no wider integers."""

Encoding: TypeAlias = Literal["tag", "niche", "none"]


class Discriminant(NamedTuple):
    """The bytes that tell which variant a value is.

    Attributes:
        type: An integer type; None where DWARF names none.
        offset: Bytes from the start of the enum.
        size: Bytes; None where not known.
    """

    type: TypeId | None
    offset: int
    size: int | None

    @property
    def item(self) -> Item:
        """The discriminant as an item of memory."""
        return Item("discriminant", self.offset * 8, (self.size or 0) * 8)


class VariantLayout(NamedTuple):
    """One variant, seen over the whole of the enum.

    Attributes:
        position: Its place in source order, from 0.
        name: Its name in Rust; None where DWARF gives none.
        type: The struct of its fields.
        value: The tag or niche value that selects it, signed where the discriminant's type is. None
            for the dataful variant, and where there is no discriminant.
        fields: In source order, with offsets from the start of the enum.
        items: What the enum's bytes are in this variant, in memory order. The discriminant is among
            them unless it lies in a field, as in a dataful variant.
        permutation: Source indexes of the fields in memory order.
        in_order: Where declaration order would have put them, after the tag; see
            `Choice.in_order_size`.
    """

    position: int
    name: str | None
    type: TypeId | None
    value: int | None
    fields: tuple[Field, ...]
    items: tuple[Item, ...]
    permutation: tuple[int, ...]
    in_order: InOrder | None

    @property
    def size(self) -> int:
        """Bytes from the start of the enum to the end of the variant's last field or the tag."""
        ends = [item.end for item in self.items if item.kind not in PADDING]
        return rounded_up(max(ends, default=0), 8) // 8

    @property
    def padding(self) -> int:
        """Bytes of the enum that this variant leaves unused: holes, and the space up to the end."""
        return sum(item.bits for item in self.items if item.kind in PADDING) // 8

    @property
    def tail_padding(self) -> int:
        """Bytes between the variant's last field and the end of the enum."""
        return sum(item.bits for item in self.items if item.kind == "tail padding") // 8

    @property
    def is_permuted(self) -> bool:
        """Whether the fields stand in another order than in the source."""
        return is_permuted(self.permutation)

    @property
    def is_in_order(self) -> bool:
        """Whether every field stands where declaration order would have put it."""
        return self.in_order is not None and all(
            field.offset == offset or not field.is_placed
            for field, offset in zip(self.fields, self.in_order.offsets, strict=True)
        )


class Choice(NamedTuple):
    """The variants of an enum and how they are told apart.

    Attributes:
        encoding: ``tag``: a field of its own. ``niche``: values that a field of the dataful variant
            never has. ``none``: nothing to tell, one variant at most can exist.
        discriminant: None for encoding ``none``.
        variants: In source order; none for C-like enums, whose values the type itself lists.
        dataful: Position of the variant that a niche enum takes when no other's niche value stands
            there.
        niche_start: The niche value of the first variant, in source order, that has one.
        unused: How many values of a tag select no variant, so that an enum around this one may use
            them. None for niches: DWARF does not say what the field may hold.
        is_coroutine: The variants are states of an ``async`` block or another coroutine. The order
            of their fields is the compiler's own: such a layout is neither permuted nor in order.
    """

    encoding: Encoding
    discriminant: Discriminant | None
    variants: tuple[VariantLayout, ...] = ()
    dataful: int | None = None
    niche_start: int | None = None
    unused: int | None = None
    is_coroutine: bool = False

    @property
    def niche_values(self) -> dict[int, int]:
        """Position of variant -> what the niche holds for it; empty for other encodings."""
        if self.encoding != "niche":
            return {}
        return {each.position: each.value for each in self.variants if each.value is not None}

    @property
    def in_order_size(self) -> int | None:
        """What the variants would take in declaration order, in bytes; None where not known.

        That is the layout of ``repr(u8)`` and its like (RFC 2195): a union of C structs, each of
        which starts with the tag; or that of ``repr(C)``, a tag and then a union, for enums that
        are laid out so. A niche is replaced by a tag of the smallest integer that counts the
        variants.
        """
        sizes = [None if each.in_order is None else each.in_order.size for each in self.variants]
        known = [size for size in sizes if size is not None]
        return max(known, default=0) if len(known) == len(sizes) else None


def encoding_of(part: VariantPart) -> Encoding:
    """How the variants of a part are told apart."""
    if part.discriminant is None:
        return "none"
    if all(each.value is not None or each.value_list for each in part.variants):
        return "tag"
    return "niche"


def choice(
    part: VariantPart,
    payloads: Sequence[tuple[Field, ...]],
    discriminant: Discriminant | None,
    size: int,
    alignment: int,
) -> Choice:
    """Works out the variants of a part.

    Args:
        part: As DWARF has it.
        payloads: The fields of each variant.
        discriminant: Of the part.
        size: Of the enum, in bytes.
        alignment: Of the enum, in bytes.
    """
    encoding = encoding_of(part)
    variants = [
        _variant(position, each, fields, discriminant, size)
        for position, (each, fields) in enumerate(zip(part.variants, payloads, strict=True))
    ]
    tag = _tag_size(encoding, discriminant, len(variants))
    found = Choice(encoding, discriminant, _with_declaration_order(variants, tag, alignment))
    if encoding == "tag":
        values = [each.value for each in variants]
        return found._replace(unused=unused_values(discriminant, values))
    if encoding == "niche":
        dataful, start = _niche(part)
        return found._replace(dataful=dataful, niche_start=start)
    return found


def _niche(part: VariantPart) -> tuple[int | None, int | None]:
    """`Choice.dataful` and `Choice.niche_start`."""
    values = [each.value.value for each in part.variants if each.value is not None]
    plain = [
        position
        for position, each in enumerate(part.variants)
        if each.value is None and not each.value_list
    ]
    return plain[0] if len(plain) == 1 else None, values[0] if values else None


def _with_declaration_order(
    variants: Sequence[VariantLayout], tag: int, alignment: int
) -> tuple[VariantLayout, ...]:
    """Adds what C would make of each variant, after a tag of that many bytes.

    ``repr(u8)`` is a union of structs that start with the tag. ``repr(C)`` is the tag and then a
    union (RFC 2195): that is taken where all fields are where it puts them.
    """
    widest = max((field.alignment or 1 for each in variants for field in each.fields), default=1)
    tried: tuple[VariantLayout, ...] = ()
    for prefix in (rounded_up(tag, widest), tag):
        tried = tuple(
            each._replace(
                in_order=declaration_order(each.fields, max(alignment, tag), prefix=prefix)
            )
            for each in variants
        )
        if all(each.is_in_order for each in tried):
            break
    return tried


def _tag_size(encoding: Encoding, discriminant: Discriminant | None, variants: int) -> int:
    if encoding == "none" or discriminant is None:
        return 0
    if encoding == "tag":
        return discriminant.size or 0
    return next(size for size in (1, 2, 4, 8) if variants <= 1 << size * 8)


def _variant(
    index: int,
    variant: Variant,
    fields: tuple[Field, ...],
    discriminant: Discriminant | None,
    size: int,
) -> VariantLayout:
    items = list(field_items(fields, size * 8))
    if discriminant is not None and not _overlaps(discriminant.item, items):
        items.append(discriminant.item)
    return VariantLayout(
        index,
        variant.name,
        variant.members[0].type if variant.members else None,
        None if variant.value is None else variant.value.value,
        fields,
        tiled(items, size * 8),
        in_memory_order(fields),
        None,
    )


def _overlaps(one: Item, others: Iterable[Item]) -> bool:
    return any(one.start < each.end and each.start < one.end for each in others if each.bits)


def unused_values(discriminant: Discriminant | None, values: Iterable[int | None]) -> int | None:
    """How many of the values that fit the discriminant are not among ``values``."""
    if discriminant is None or discriminant.size is None or discriminant.size > _WIDEST_TAG:
        return None
    return max(0, (1 << discriminant.size * 8) - len(set(values)))


def enum_items(found: Choice, own: Iterable[Item], size: int) -> tuple[Item, ...]:
    """The bytes of an enum over all its variants: the tag, what some variant uses, what none uses.

    Args:
        found: The variants.
        own: Items of fields that stand beside the variants.
        size: Of the enum, in bytes.
    """
    result = list(own)
    used = [item for each in found.variants for item in each.items if item.kind == "field"]
    if found.discriminant is not None and found.encoding == "tag":
        result.append(found.discriminant.item)
    elif found.discriminant is not None:
        used.append(found.discriminant.item)
    result += [Item("variants", start, end - start) for start, end in covered(used)]
    return tiled(result, size * 8)
