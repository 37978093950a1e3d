"""The layout of a struct, union or enum: all numbers in one value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rustabi.layout.fields import (
    PADDING,
    Field,
    InOrder,
    Item,
    declaration_order,
    field_items,
    in_memory_order,
    is_permuted,
    rounded_up,
    tiled,
)
from rustabi.layout.sizes import WIDEST, Alignments, size_of, widest_of
from rustabi.layout.unsized import is_open_array, unsized_types
from rustabi.layout.variants import Choice, Discriminant, choice, enum_items, unused_values
from rustabi.model import (
    Composite,
    Enumeration,
    Member,
    Model,
    Type,
    TypeId,
    Unsupported,
    VariantPart,
    members_of,
    variant_part_of,
)

_STATE = "__state"
"""What rustc calls the discriminant of a coroutine; that of an enum has no name."""


class Layout(NamedTuple):
    """How a type's bytes are used.

    Attributes:
        type: The type.
        size: Bytes; of an unsized type those before its tail, rounded up to its alignment.
        alignment: Bytes, as stated by DWARF or computed for C; None where not known.
        fields: In source order. None of a C-like enum; of an enum with data those beside its
            variants, which rustc never writes.
        items: In memory order; without gaps, and without overlap except in unions.
        permutation: Source indexes of the fields in memory order.
        in_order: Where C, which knows declaration order only, would have put the fields. For enums
            see `Choice.in_order_size`. None where that is not known.
        smallest: Bytes that the fields take in their best order; None where not known, and for
            enums and unions, which have no order.
        packed: Less aligned than a field asks for.
        over_aligned: More aligned than any field asks for.
        is_variant: The struct that holds the fields of one variant: part of an enum, no type of its
            own.
        is_unsized: A Rust type with a slice, ``str``, ``dyn`` or another unsized type at its end.
        complete: Every part is understood and its size known.
        choice: For enums: the variants.
    """

    type: TypeId
    size: int
    alignment: int | None
    fields: tuple[Field, ...]
    items: tuple[Item, ...]
    permutation: tuple[int, ...]
    in_order: InOrder | None
    smallest: int | None = None
    packed: bool = False
    over_aligned: bool = False
    is_variant: bool = False
    is_unsized: bool = False
    complete: bool = True
    choice: Choice | None = None

    @property
    def in_memory_order(self) -> tuple[Field, ...]:
        """The fields as they stand in memory."""
        return tuple(self.fields[index] for index in self.permutation)

    @property
    def is_permuted(self) -> bool:
        """Whether fields stand in another order than in the source, those of variants included."""
        if is_permuted(self.permutation):
            return True
        if self.choice is None or self.choice.is_coroutine:
            return False
        return any(each.is_permuted for each in self.choice.variants)

    @property
    def holes(self) -> int:
        """Bytes of unused memory between fields; in enums those that no variant uses."""
        return sum(item.size for item in self.items if item.kind == "hole")

    @property
    def tail_padding(self) -> int:
        """Bytes of unused memory at the end; in enums those that no variant uses."""
        return sum(item.size for item in self.items if item.kind == "tail padding")

    @property
    def padding_bits(self) -> int:
        """Bits of unused memory: holes, bit holes and tail padding."""
        return sum(item.bits for item in self.items if item.kind in PADDING)

    @property
    def c_size(self) -> int | None:
        """Bytes that declaration order would have cost; None where not known."""
        return None if self.in_order is None else self.in_order.size

    @property
    def saved(self) -> int | None:
        """Bytes that the compiler's choice saved over declaration order; may be negative."""
        return None if self.c_size is None else self.c_size - self.size

    @property
    def is_like_c(self) -> bool:
        """Whether the layout is consistent with ``repr(C)``, or with ``repr(u8)`` etc. for enums.

        Every field stands where declaration order puts it. It need not be ``repr(C)``: rustc is
        free to choose that order.
        """
        if self.c_size != self.size:
            return False
        if self.choice is not None:
            return self.choice.encoding == "tag" and all(
                each.is_in_order for each in self.choice.variants
            )
        offsets = () if self.in_order is None else self.in_order.offsets
        return all(
            field.offset == offset or not field.is_placed
            for field, offset in zip(self.fields, offsets, strict=True)
        )

    @property
    def is_surely_c(self) -> bool:
        """Whether the layout is very likely ``repr(C)``: a better order was not taken."""
        return self.is_like_c and self.smallest is not None and self.smallest < self.size

    @property
    def is_transparent(self) -> bool:
        """Whether the type is nothing but its one sized field, as in ``repr(transparent)``."""
        sized = [field for field in self.fields if field.is_placed]
        if len(sized) != 1 or self.choice is not None:
            return False
        only = sized[0]
        return (only.start, only.size, only.alignment) == (0, self.size, self.alignment)


class Layouts:
    """Layouts of the types of one table.

    Args:
        types: The table.
        address_size: Bytes of a pointer.
        widest: The largest alignment of a scalar in C, in bytes; see `rustabi.layout.widest_of`.
    """

    def __init__(self, types: Sequence[Type], address_size: int = 8, widest: int = WIDEST) -> None:
        self._types = types
        self._address_size = address_size
        self._alignments = Alignments(types, address_size, widest)
        self._unsized = unsized_types(types)
        self._payloads = variant_types(types)

    @classmethod
    def of_model(cls, model: Model) -> Layouts:
        """Layouts of all the types of a model."""
        return cls(model.types, model.facts.address_size, widest_of(model.facts))

    def of(self, type_id: TypeId) -> Layout | None:
        """The layout of a type; None for declarations and for what is no struct, union or enum."""
        node = self._types[type_id]
        if isinstance(node, Enumeration) and node.size is not None:
            return self._enumeration(type_id, node, node.size)
        if not isinstance(node, Composite) or node.declaration or node.size is None:
            return None
        part = variant_part_of(node)
        if part is not None:
            return self._enum(type_id, node, part, node.size)
        return self._struct(type_id, node, node.size)

    # one function per kind

    def _enumeration(self, type_id: TypeId, node: Enumeration, size: int) -> Layout:
        values = [None if each.value is None else each.value.value for each in node.enumerators]
        tag = Discriminant(node.underlying, 0, size)
        found = Choice("tag", tag, unused=unused_values(tag, values))
        items = tiled([tag.item], size * 8) if size else ()
        alignment = self._alignments.of(type_id)
        return Layout(type_id, size, alignment, (), items, (), InOrder((), size), choice=found)

    def _struct(self, type_id: TypeId, node: Composite, size: int) -> Layout:
        fields = self._fields(type_id, node)
        alignment = self._alignments.of(type_id)
        widest = _widest(fields)
        packed = alignment is not None and alignment < widest
        complete = _is_complete(node, fields)
        is_union = node.kind == "union"
        permutation = tuple(range(len(fields))) if is_union else in_memory_order(fields)
        is_variant = type_id in self._payloads
        known = complete and not is_variant
        in_order = self._in_order(node, fields, alignment, packed) if known else None
        return Layout(
            type_id,
            size,
            alignment,
            fields,
            tiled(field_items(fields, size * 8), size * 8, _tail(fields)),
            permutation,
            in_order,
            None if in_order is None or is_union else _smallest(fields, alignment or 1),
            packed=packed,
            over_aligned=alignment is not None and alignment > widest and not is_variant,
            is_variant=is_variant,
            is_unsized=type_id in self._unsized,
            complete=complete,
        )

    def _enum(self, type_id: TypeId, node: Composite, part: VariantPart, size: int) -> Layout:
        fields = self._fields(type_id, node)
        alignment = self._alignments.of(type_id)
        payloads = [self._payload(each.members) for each in part.variants]
        tag = part.discriminant
        discriminant = None if tag is None else Discriminant(
            tag.type, tag.offset or 0, size_of(self._types, tag.type, self._address_size)
        )  # fmt: skip
        found = choice(part, payloads, discriminant, size, alignment or 1)
        every = [*fields, *(field for payload in payloads for field in payload)]
        widest = max(_widest(every), 1 if tag is None else self._alignments.of_member(tag) or 1)
        if tag is not None and tag.name == _STATE:
            found = found._replace(is_coroutine=True)
        c_size = None if fields or found.is_coroutine else found.in_order_size
        return Layout(
            type_id,
            size,
            alignment,
            fields,
            enum_items(found, field_items(fields, size * 8), size),
            in_memory_order(fields),
            None if c_size is None else InOrder((), c_size),
            over_aligned=alignment is not None and alignment > widest,
            complete=_is_complete(node, every)
            and (discriminant is None or discriminant.size is not None),
            choice=found,
        )

    # fields

    def _fields(self, type_id: TypeId, node: Composite) -> tuple[Field, ...]:
        members = members_of(node)
        fields = [self._field(index, member) for index, member in enumerate(members)]
        if fields and node.kind != "union" and self._has_open_tail(type_id, node, fields[-1]):
            fields[-1] = fields[-1]._replace(bits=0, is_tail=True)
        return tuple(fields)

    def _payload(self, members: Sequence[Member]) -> tuple[Field, ...]:
        """The fields of a variant: those of the struct that its one member is of."""
        if len(members) == 1 and members[0].type is not None:
            node = self._types[members[0].type]
            if isinstance(node, Composite) and not node.declaration:
                base = (members[0].offset or 0) * 8
                return tuple(
                    field._replace(start=field.start + base)
                    for field in self._fields(members[0].type, node)
                )
        return tuple(self._field(index, member) for index, member in enumerate(members))

    def _field(self, index: int, member: Member) -> Field:
        alignment = self._alignments.of_member(member)
        if member.bit_size is not None and member.bit_offset is not None:
            return Field(index, member.name, member.type, member.bit_offset, member.bit_size,
                         alignment, is_bit_field=True)  # fmt: skip
        size = size_of(self._types, member.type, self._address_size)
        start = (member.offset or 0) * 8
        if member.bit_size is not None:  # DWARF 4 places it by its storage unit only
            return Field(index, member.name, member.type, start, None, alignment, is_bit_field=True)
        if size is None and is_open_array(self._types, member.type):
            return Field(index, member.name, member.type, start, 0, alignment, is_tail=True)
        bits = None if size is None else size * 8
        return Field(index, member.name, member.type, start, bits, alignment)

    def _has_open_tail(self, type_id: TypeId, node: Composite, last: Field) -> bool:
        """Whether the last field is what an unsized type ends in: DWARF shows one element of it."""
        size = node.size or 0
        if last.bits and last.offset >= size and not last.is_bit_field:
            return True
        if type_id not in self._unsized or (last.type in self._unsized and last.bits):
            return False
        return rounded_up(last.offset, node.alignment or 1) == size

    # arithmetic over fields

    def _in_order(
        self, node: Composite, fields: tuple[Field, ...], alignment: int | None, packed: bool
    ) -> InOrder | None:
        size = node.size or 0
        if node.alignment is None or any(field.is_bit_field for field in fields):
            # only C compilers leave the alignment out or have bit fields: this is declaration order
            return InOrder(tuple(field.offset for field in fields), size)
        if node.kind == "union":
            end = max((field.offset + (field.size or 0) for field in fields), default=0)
            return InOrder((0,) * len(fields), rounded_up(end, alignment or 1))
        return declaration_order(fields, alignment or 1, alignment if packed else None)


def layout_of(model: Model, type_id: TypeId) -> Layout | None:
    """The layout of one type of a model. `Layouts` is faster for many.

    Returns:
        None for declarations and for what is no struct, union or enum.
    """
    return Layouts.of_model(model).of(type_id)


def variant_types(types: Sequence[Type]) -> frozenset[TypeId]:
    """The structs that hold the fields of variants: parts of an enum, not types of their own."""
    return frozenset(
        member.type
        for node in types
        if isinstance(node, Composite)
        for part in node.parts
        if isinstance(part, VariantPart)
        for variant in part.variants
        for member in variant.members
        if member.type is not None
    )


def _tail(fields: Sequence[Field]) -> int | None:
    return next((field.start for field in fields if field.is_tail), None)


def _widest(fields: Sequence[Field]) -> int:
    return max((field.alignment or 1 for field in fields), default=1)


def _is_complete(node: Composite, fields: Sequence[Field]) -> bool:
    return not any(isinstance(part, Unsupported) for part in node.parts) and all(
        field.bits is not None and field.alignment is not None for field in fields
    )


def _smallest(fields: Sequence[Field], alignment: int) -> int | None:
    """Sorted by falling alignment, fields need no holes: sizes are multiples of alignments."""
    if any(field.is_bit_field for field in fields):
        return None
    return rounded_up(sum(field.size or 0 for field in fields), alignment)
