"""Layouts of small models, computed by hand."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from rustabi.layout import (
    Choice,
    InOrder,
    Item,
    Layout,
    Layouts,
    alignment_of,
    layout_of,
    size_of,
    unsized_types,
    variant_types,
    widest_of,
)
from rustabi.model import (
    Array,
    Base,
    Composite,
    Constant,
    Enumeration,
    Enumerator,
    Facts,
    Function,
    Member,
    Model,
    Modifier,
    Part,
    Type,
    TypeId,
    Unspecified,
    Unsupported,
    Variant,
    VariantPart,
)

FACTS = Facts("x86_64", 8, True)
SCALARS: tuple[Type, ...] = (
    Base("u8", 1, 7),
    Base("u16", 2, 7),
    Base("u32", 4, 7),
    Base("u64", 8, 7),
    Base("()", 0, 7),
    Base("bool", 1, 2),
)
U8, U16, U32, U64, UNIT, BOOL = range(6)
NEXT = len(SCALARS)
"""The number of the first type after the scalars."""


def layouts_of(*types: Type, address_size: int = 8) -> Layouts:
    """Layouts of a table that starts with the scalars."""
    return Layouts((*SCALARS, *types), address_size)


def laid_out(*types: Type) -> Layout:
    """The layout of the first of the types, which is number `NEXT`."""
    layout = layouts_of(*types).of(NEXT)
    assert layout is not None
    return layout


def rust_struct(size: int, alignment: int, *members: Member, name: str = "demo::S") -> Composite:
    return Composite("struct", name, size, alignment, members)


def c_struct(size: int, *members: Member) -> Composite:
    return Composite("struct", "s", size, None, members)


def rust_member(name: str, type_id: TypeId, offset: int, alignment: int | None = None) -> Member:
    scalar = SCALARS[type_id] if type_id < NEXT else None
    natural = max(scalar.size or 1, 1) if isinstance(scalar, Base) else alignment
    return Member(name, type_id, offset, alignment=alignment or natural)


def told(items: Iterable[Item]) -> list[tuple[str, int, int]]:
    """Kind, offset and size of each item; fields by their position."""
    return [
        (item.kind if item.field is None else str(item.field), item.offset, item.size)
        for item in items
    ]


# structs


def test_rust_chose_another_order() -> None:
    layout = laid_out(
        rust_struct(
            16, 8, rust_member("x", U8, 8), rust_member("y", U64, 0), rust_member("z", U8, 9)
        )
    )
    assert told(layout.items) == [("1", 0, 8), ("0", 8, 1), ("2", 9, 1), ("tail padding", 10, 6)]
    assert layout.permutation == (1, 0, 2)
    assert [field.name for field in layout.in_memory_order] == ["y", "x", "z"]
    assert (layout.is_permuted, layout.is_like_c, layout.is_surely_c) == (True, False, False)
    assert (layout.size, layout.c_size, layout.saved, layout.smallest) == (16, 24, 8, 16)
    assert (layout.holes, layout.tail_padding, layout.padding_bits) == (0, 6, 48)
    assert layout.in_order is not None
    assert layout.in_order.offsets == (0, 8, 16)


def test_declaration_order_is_kept_where_another_is_better() -> None:
    layout = laid_out(
        rust_struct(
            24, 8, rust_member("x", U8, 0), rust_member("y", U64, 8), rust_member("z", U8, 16)
        )
    )
    assert told(layout.items) == [
        ("0", 0, 1), ("hole", 1, 7), ("1", 8, 8), ("2", 16, 1), ("tail padding", 17, 7),
    ]  # fmt: skip
    assert (layout.saved, layout.smallest) == (0, 16)
    assert (layout.is_permuted, layout.is_like_c, layout.is_surely_c) == (False, True, True)


def test_nothing_tells_whether_a_struct_without_holes_is_like_c_on_purpose() -> None:
    layout = laid_out(rust_struct(8, 4, rust_member("a", U32, 0), rust_member("b", U32, 4)))
    assert (layout.is_like_c, layout.is_surely_c, layout.is_transparent) == (True, False, False)


def test_a_new_order_can_cost_bytes() -> None:
    layout = laid_out(
        rust_struct(
            12, 4, rust_member("a", U32, 4), rust_member("b", U16, 0), rust_member("c", U16, 8)
        )
    )
    assert (layout.c_size, layout.saved) == (8, -4)


def test_zero_sized_fields_follow_the_field_before_them() -> None:
    layout = laid_out(
        rust_struct(
            16,
            8,
            rust_member("marker", UNIT, 16),
            rust_member("a", U32, 8),
            rust_member("unit", UNIT, 3),
            rust_member("b", U64, 0),
            rust_member("none", NEXT + 1, 12, alignment=8),
        ),
        Array(U64, (0,)),
    )
    assert layout.permutation == (0, 3, 4, 1, 2)
    assert [item for item in told(layout.items) if item[2]] == [
        ("3", 0, 8), ("1", 8, 4), ("tail padding", 12, 4),
    ]  # fmt: skip


def test_only_zero_sized_fields_moved() -> None:
    layout = laid_out(
        rust_struct(8, 4, rust_member("unit", UNIT, 8), rust_member("a", U32, 0),
                    rust_member("b", U32, 4))
    )  # fmt: skip
    assert not layout.is_permuted
    assert layout.is_like_c


def test_a_zero_sized_field_splits_no_hole() -> None:
    layout = laid_out(
        rust_struct(8, 4, rust_member("a", U8, 0), rust_member("unit", UNIT, 2),
                    rust_member("b", U32, 4))
    )  # fmt: skip
    assert ("hole", 1, 3) in told(layout.items)


def test_packed() -> None:
    layout = laid_out(rust_struct(5, 1, rust_member("a", U8, 0), rust_member("b", U32, 1)))
    assert (layout.packed, layout.over_aligned, layout.is_like_c) == (True, False, True)
    assert layout.saved == 0


def test_packed_to_two_and_permuted() -> None:
    layout = laid_out(
        rust_struct(
            6, 2, rust_member("a", U8, 4), rust_member("b", U32, 0), rust_member("c", U8, 5)
        )
    )
    assert (layout.packed, layout.is_permuted) == (True, True)
    assert (layout.c_size, layout.saved, layout.smallest) == (8, 2, 6)


def test_over_aligned() -> None:
    layout = laid_out(rust_struct(64, 64, rust_member("a", U8, 4), rust_member("b", U32, 0)))
    assert (layout.over_aligned, layout.packed) == (True, False)
    assert (layout.tail_padding, layout.saved) == (59, 0)


def test_transparent() -> None:
    layout = laid_out(rust_struct(4, 4, rust_member("unit", UNIT, 4), rust_member("a", U32, 0)))
    assert layout.is_transparent
    aligned = laid_out(rust_struct(8, 8, rust_member("a", U32, 0)))
    assert not aligned.is_transparent


def test_empty_struct() -> None:
    layout = laid_out(rust_struct(0, 1))
    assert (layout.items, layout.permutation, layout.saved, layout.alignment) == ((), (), 0, 1)
    assert layout.is_like_c


def test_union() -> None:
    layout = laid_out(
        Composite(
            "union",
            "demo::U",
            8,
            4,
            (rust_member("a", U8, 0), rust_member("b", U32, 0), rust_member("c", NEXT + 1, 0, 1)),
        ),
        Array(U8, (7,)),
    )
    assert told(layout.items) == [
        ("0", 0, 1), ("1", 0, 4), ("2", 0, 7), ("tail padding", 7, 1),
    ]  # fmt: skip
    assert (layout.permutation, layout.is_permuted) == ((0, 1, 2), False)
    assert (layout.saved, layout.smallest, layout.is_like_c) == (0, None, True)


def test_declarations_and_other_types_have_no_layout() -> None:
    layouts = layouts_of(
        Composite("struct", "opaque", None, None, (), declaration=True), Array(U8, (4,))
    )
    assert [layouts.of(type_id) for type_id in (U8, NEXT, NEXT + 1)] == [None, None, None]


def test_what_is_not_understood_is_not_called_padding() -> None:
    parts: tuple[Part, ...] = (
        rust_member("a", U8, 0),
        Member("b", NEXT + 1, 4),
        Member("c", U8, 8, alignment=1),
    )
    layout = laid_out(
        Composite("struct", "demo::S", 12, 4, parts), Unsupported("encoding", 0x80, "odd")
    )
    assert (layout.complete, layout.c_size, layout.saved) == (False, None, None)
    assert ("1", 4, 4) in told(layout.items)
    other = laid_out(Composite("struct", "demo::S", 4, 4, (Unsupported("tag", 0x4080),)))
    assert not other.complete


# unsized types


def fat(name: str, target: TypeId, first: str, second: str) -> Composite:
    members = (Member(first, target, 0, alignment=8), Member(second, U64, 8, alignment=8))
    return Composite("struct", name, 16, 8, members)


def test_slice_at_the_end() -> None:
    """The tail starts within the rounding of the prefix: only the fat pointer tells."""
    struct = rust_struct(
        8, 4, rust_member("a", U32, 0), rust_member("b", U8, 4), rust_member("tail", U16, 6)
    )
    pointer = Modifier("pointer", "", NEXT)
    layout = laid_out(struct, fat("&demo::S", NEXT + 2, "data_ptr", "length"), pointer)
    assert layout.is_unsized
    assert layout.fields[-1].is_tail
    assert told(layout.items) == [
        ("0", 0, 4), ("1", 4, 1), ("hole", 5, 1), ("2", 6, 0), ("tail padding", 6, 2),
    ]  # fmt: skip
    assert (layout.saved, layout.is_like_c, layout.permutation) == (0, True, (0, 1, 2))
    assert told(laid_out(struct).items)[-1] == ("2", 6, 2)


def test_a_reference_to_a_slice_says_nothing_of_its_elements() -> None:
    struct = rust_struct(4, 4, rust_member("a", U32, 0))
    pointer = Modifier("pointer", "", NEXT)
    for name in ("&[demo::S]", "&mut [demo::S]", "alloc::boxed::Box<[demo::S], Global>"):
        types = (*SCALARS, struct, fat(name, NEXT + 2, "data_ptr", "length"), pointer)
        assert unsized_types(types) == frozenset()


@pytest.mark.parametrize(
    "name",
    ["&demo::S", "&mut demo::S", "*const demo::S", "alloc::boxed::Box<demo::S, Global>"],
)
def test_fat_pointers_tell_unsized_types(name: str) -> None:
    struct = rust_struct(4, 4, rust_member("a", U32, 0), rust_member("tail", U32, 4))
    pointer = Modifier("pointer", "", NEXT)
    types = (*SCALARS, struct, fat(name, NEXT + 2, "data_ptr", "length"), pointer)
    assert unsized_types(types) == {NEXT}


def test_a_small_struct_at_the_end_is_an_element_of_a_slice() -> None:
    """``[demo::Inner]``, not an unsized `Inner`: the size of the whole does not count it."""
    inner = rust_struct(2, 2, rust_member("a", U16, 0), name="demo::Inner")
    struct = rust_struct(
        16,
        8,
        rust_member("a", U64, 0),
        rust_member("b", U8, 8),
        Member("tail", NEXT + 1, 10, alignment=2),
    )
    pointer = Modifier("pointer", "", NEXT)
    layouts = layouts_of(struct, inner, fat("&demo::S", NEXT + 3, "data_ptr", "length"), pointer)
    whole, element = layouts.of(NEXT), layouts.of(NEXT + 1)
    assert whole is not None
    assert element is not None
    assert whole.fields[-1].is_tail
    assert not element.is_unsized


def test_two_words_are_not_always_a_fat_pointer() -> None:
    struct = rust_struct(4, 4, rust_member("a", U32, 0))
    pointer = Modifier("pointer", "", NEXT)
    for words in (
        fat("demo::View", NEXT + 2, "data_ptr", "length"),
        fat("&demo::S", NEXT + 2, "start", "end"),
        fat("&demo::S", U64, "data_ptr", "length"),
    ):
        assert unsized_types((*SCALARS, struct, words, pointer)) == frozenset()


def test_a_tail_beyond_the_prefix_tells_itself() -> None:
    layout = laid_out(rust_struct(4, 4, rust_member("a", U32, 0), rust_member("tail", U32, 4)))
    assert layout.fields[-1].is_tail
    assert told(layout.items) == [("0", 0, 4), ("1", 4, 0)]


def test_unsized_type_in_an_unsized_type() -> None:
    outer = rust_struct(16, 8, rust_member("a", U64, 0), Member("inner", NEXT + 1, 8, alignment=4))
    inner = rust_struct(
        8, 4, rust_member("a", U32, 0), rust_member("b", U8, 4), rust_member("tail", U16, 6),
        name="demo::Inner",
    )  # fmt: skip
    pointer = Modifier("pointer", "", NEXT)
    layouts = layouts_of(outer, inner, fat("&demo::S", NEXT + 3, "data_ptr", "length"), pointer)
    around, within = layouts.of(NEXT), layouts.of(NEXT + 1)
    assert around is not None
    assert within is not None
    assert told(around.items) == [("0", 0, 8), ("1", 8, 8)]
    assert within.is_unsized


def test_the_tail_stays_last_in_the_permutation() -> None:
    object_type = Composite("struct", "dyn demo::Named", 0, 1, ())
    struct = rust_struct(
        16, 8, rust_member("a", U8, 8), rust_member("b", U64, 0),
        Member("tail", NEXT + 1, 9, alignment=1),
    )  # fmt: skip
    pointer = Modifier("pointer", "", NEXT)
    layout = laid_out(struct, object_type, fat("&demo::S", NEXT + 3, "pointer", "vtable"), pointer)
    assert layout.permutation == (1, 0, 2)
    assert layout.is_unsized


# C


def test_c_structs_state_no_alignment() -> None:
    layout = laid_out(c_struct(16, Member("a", U8, 0), Member("b", U64, 8)))
    assert (layout.alignment, layout.holes, layout.packed) == (8, 7, False)
    assert (layout.c_size, layout.saved, layout.is_like_c) == (16, 0, True)


def test_packed_c_structs_are_told_by_their_offsets() -> None:
    layout = laid_out(c_struct(5, Member("a", U8, 0), Member("b", U32, 1)))
    assert (layout.alignment, layout.packed, layout.padding_bits) == (1, True, 0)
    assert laid_out(
        c_struct(
            11, Member("a", U8, 0), Member("b", U32, 1), Member("c", U16, 5), Member("d", U32, 7)
        )
    ).packed
    in_twos = laid_out(c_struct(6, Member("a", U8, 0), Member("b", U32, 2)))
    assert (in_twos.alignment, in_twos.packed) == (2, True)


def test_packed_c_structs_whose_fields_happen_to_be_aligned() -> None:
    """Only ``b`` is not, but no hole contradicts that all of it is packed."""
    three = Array(U8, (3,))
    fields = (Member("a", U8, 0), Member("b", U32, 1), Member("c", NEXT + 1, 5))
    layout = laid_out(c_struct(12, *fields, Member("d", U32, 8)), three)
    assert (layout.alignment, layout.packed) == (1, True)
    with_hole = laid_out(c_struct(16, *fields, Member("d", U32, 12)), three)
    assert (with_hole.alignment, with_hole.packed) == (4, False)


def test_c_is_in_declaration_order_whatever_its_rules() -> None:
    """An unnamed bit field of no width, which DWARF leaves out, moves the field after it."""
    layout = laid_out(c_struct(16, Member("a", U32, 0), Member("b", U32, 8)))
    assert (layout.c_size, layout.saved, layout.is_like_c) == (16, 0, True)


def test_a_packed_struct_does_not_pack_the_one_around_it() -> None:
    inner = c_struct(4, Member("a", U32, 0))  # packed, which nothing of its own tells
    outer = c_struct(16, Member("a", U8, 0), Member("inner", NEXT + 1, 1), Member("b", U64, 8))
    layout = laid_out(outer, inner)
    assert (layout.alignment, layout.packed, layout.holes) == (8, False, 3)


def test_bit_fields() -> None:
    layout = laid_out(
        c_struct(
            8,
            Member("ready", U32, None, bit_size=1, bit_offset=0),
            Member("mode", U32, None, bit_size=3, bit_offset=1),
            Member("level", U32, None, bit_size=4, bit_offset=8),
            Member("tail", U32, None, bit_size=2, bit_offset=32),
        )
    )
    assert [(item.kind, item.start, item.bits) for item in layout.items] == [
        ("field", 0, 1), ("field", 1, 3), ("bit hole", 4, 4), ("field", 8, 4), ("bit hole", 12, 4),
        ("hole", 16, 16), ("field", 32, 2), ("bit hole", 34, 6), ("tail padding", 40, 24),
    ]  # fmt: skip
    assert (layout.alignment, layout.saved, layout.smallest) == (4, 0, None)
    assert (layout.holes, layout.tail_padding, layout.padding_bits) == (2, 3, 54)
    assert [(field.offset, field.size) for field in layout.fields] == [
        (0, 1), (0, 1), (1, 1), (4, 1),
    ]  # fmt: skip


def test_packed_bit_fields() -> None:
    layout = laid_out(
        c_struct(3, Member("a", U8, None, bit_size=4, bit_offset=0), Member("b", U16, 1))
    )
    assert (layout.alignment, layout.packed) == (1, True)
    assert told(layout.items) == [("0", 0, 1), ("bit hole", 0, 1), ("1", 1, 2)]


def test_bit_fields_that_only_name_their_storage_unit() -> None:
    """GCC in DWARF 4: DW_AT_bit_offset counts in another way, and is not read."""
    layout = laid_out(c_struct(8, Member("a", U32, 0, bit_size=1), Member("b", U32, 4, bit_size=2)))
    assert told(layout.items) == [("0", 0, 4), ("1", 4, 4)]
    assert not layout.complete


def test_flexible_array() -> None:
    layout = laid_out(
        c_struct(8, Member("length", U32, 0), Member("kind", U8, 4), Member("data", NEXT + 1, 5)),
        Array(U8, (None,)),
    )
    assert layout.fields[-1].is_tail
    assert told(layout.items)[-2:] == [("2", 5, 0), ("tail padding", 5, 3)]
    assert layout.complete
    assert not layout.is_unsized


def test_anonymous_members() -> None:
    layout = laid_out(
        c_struct(8, Member(None, NEXT + 1, 0), Member("b", U32, 4)),
        Composite("union", "", 4, None, (Member("a", U8), Member("b", U32))),
    )
    assert [field.name for field in layout.fields] == [None, "b"]
    assert told(layout.items) == [("0", 0, 4), ("1", 4, 4)]


# enums


def payload(name: str, size: int, alignment: int, *members: Member) -> Composite:
    return Composite("struct", f"demo::E::{name}", size, alignment, members)


def variant(name: str, type_id: TypeId, value: int | None = None) -> Variant:
    constant = None if value is None else Constant(value, value)
    return Variant((Member(name, type_id, 0, alignment=8),), constant)


def rust_enum(size: int, alignment: int, tag: Member | None, *variants: Variant) -> Composite:
    part = VariantPart(() if tag is None else (tag,), tag, variants)
    return Composite("struct", "demo::E", size, alignment, (part,))


def choice_of(layout: Layout) -> Choice:
    assert layout.choice is not None
    return layout.choice


def test_tagged_enum() -> None:
    layout = laid_out(
        rust_enum(
            16, 8, Member(None, U8, 0, alignment=1),
            variant("A", NEXT + 1, 0), variant("B", NEXT + 2, 1), variant("C", NEXT + 3, 2),
        ),
        payload("A", 16, 8, rust_member("__0", U64, 8), rust_member("__1", U16, 2)),
        payload("B", 16, 8, rust_member("x", U32, 4), rust_member("y", U8, 1)),
        payload("C", 16, 8),
    )  # fmt: skip
    choice = choice_of(layout)
    assert (choice.encoding, choice.dataful, choice.niche_start, choice.unused) == (
        "tag", None, None, 253,
    )  # fmt: skip
    a, b, c = choice.variants
    assert told(a.items) == [
        ("discriminant", 0, 1), ("hole", 1, 1), ("1", 2, 2), ("hole", 4, 4), ("0", 8, 8),
    ]  # fmt: skip
    assert (a.size, a.padding, a.tail_padding, a.permutation) == (16, 5, 0, (1, 0))
    assert (b.size, b.padding, b.tail_padding, b.value) == (8, 10, 8, 1)
    assert (c.size, c.padding, c.tail_padding) == (1, 15, 15)
    assert told(layout.items) == [("discriminant", 0, 1), ("variants", 1, 15)]
    assert layout.is_permuted
    # in order: tag, u64 at 8, u16 at 16
    assert (layout.c_size, layout.saved, layout.over_aligned) == (24, 8, False)


def test_over_aligned_enum() -> None:
    layout = laid_out(
        rust_enum(16, 16, Member(None, U32, 0, alignment=4), variant("A", NEXT + 1, 0)),
        payload("A", 16, 16, rust_member("__0", U8, 4)),
    )
    assert layout.over_aligned
    assert layout.saved == 0


def test_offsets_of_a_payload_count_from_its_place() -> None:
    choice = choice_of(
        laid_out(
            rust_enum(
                8,
                4,
                Member(None, U8, 0, alignment=1),
                Variant((Member("A", NEXT + 1, 4),), Constant(0, 0)),
            ),
            payload("A", 4, 4, rust_member("__0", U16, 2)),
        )
    )
    assert choice.variants[0].fields[0].offset == 6


def test_variants_without_a_struct() -> None:
    """Compilers other than rustc may put the fields into the variant itself."""
    several = Variant((Member("a", U8, 1), Member("b", U16, 2)), Constant(0, 0))
    choice = choice_of(laid_out(rust_enum(4, 2, Member(None, U8, 0), several)))
    assert told(choice.variants[0].items) == [("discriminant", 0, 1), ("0", 1, 1), ("1", 2, 2)]


def test_a_variant_for_several_values_is_not_dataful() -> None:
    listed = Variant((Member("A", NEXT + 1, 0),), None, value_list=b"\x00\x01")
    choice = choice_of(
        laid_out(
            rust_enum(
                8, 4, Member(None, U8, 0), listed, variant("B", NEXT + 2), variant("C", NEXT + 3, 9)
            ),
            *(payload(name, 8, 4) for name in "ABC"),
        )
    )
    assert (choice.encoding, choice.dataful, choice.niche_start) == ("niche", 1, 9)


def test_holes_of_an_enum_are_those_of_all_its_variants() -> None:
    layout = laid_out(
        rust_enum(12, 4, Member(None, U8, 0, alignment=1), variant("A", NEXT + 1, 0),
                  variant("B", NEXT + 2, 1)),
        payload("A", 12, 4, rust_member("__0", U8, 1), rust_member("__1", U32, 4)),
        payload("B", 12, 4, rust_member("__0", U16, 2), rust_member("__1", U8, 8)),
    )  # fmt: skip
    assert told(layout.items) == [
        ("discriminant", 0, 1), ("variants", 1, 8), ("tail padding", 9, 3),
    ]  # fmt: skip


def test_niche_enum() -> None:
    layout = laid_out(
        rust_enum(
            16, 8, Member(None, U64, 8, alignment=8),
            variant("None", NEXT + 1, 254), variant("Some", NEXT + 2),
            variant("Other", NEXT + 3, 1),
        ),
        payload("None", 16, 8),
        payload("Some", 16, 8, rust_member("__0", U64, 0), rust_member("__1", U64, 8)),
        payload("Other", 16, 8, rust_member("__0", U64, 0)),
    )  # fmt: skip
    choice = choice_of(layout)
    assert (choice.encoding, choice.dataful, choice.niche_start) == ("niche", 1, 254)
    assert (choice.niche_values, choice.unused) == ({0: 254, 2: 1}, None)
    none, some, other = choice.variants
    assert told(none.items) == [("hole", 0, 8), ("discriminant", 8, 8)]
    assert told(some.items) == [("0", 0, 8), ("1", 8, 8)]
    assert told(other.items) == [("0", 0, 8), ("discriminant", 8, 8)]
    assert told(layout.items) == [("variants", 0, 16)]
    # a tag of one byte would have cost eight
    assert (layout.c_size, layout.saved, layout.is_like_c) == (24, 8, False)


def test_enum_in_declaration_order() -> None:
    """repr(C): the tag, then a union; repr(u8): a union of structs that start with the tag."""
    like_c = laid_out(
        rust_enum(16, 8, Member(None, U32, 0, alignment=4), variant("A", NEXT + 1, 0),
                  variant("B", NEXT + 2, 1)),
        payload("A", 16, 8, rust_member("__0", U8, 8), rust_member("__1", U32, 12)),
        payload("B", 16, 8, rust_member("__0", U64, 8)),
    )  # fmt: skip
    assert (like_c.is_like_c, like_c.saved) == (True, 0)
    like_u8 = laid_out(
        rust_enum(16, 8, Member(None, U8, 0, alignment=1), variant("A", NEXT + 1, 0),
                  variant("B", NEXT + 2, 1)),
        payload("A", 16, 8, rust_member("__0", U8, 1), rust_member("__1", U32, 4)),
        payload("B", 16, 8, rust_member("__0", U64, 8)),
    )  # fmt: skip
    assert (like_u8.is_like_c, like_u8.saved) == (True, 0)


def test_one_variant_needs_no_discriminant() -> None:
    layout = laid_out(
        rust_enum(8, 4, None, variant("Only", NEXT + 1)),
        payload("Only", 8, 4, rust_member("__0", U8, 4), rust_member("__1", U32, 0)),
    )
    choice = choice_of(layout)
    assert (choice.encoding, choice.discriminant, choice.dataful) == ("none", None, None)
    assert choice.variants[0].permutation == (1, 0)
    assert choice.variants[0].value is None
    assert told(layout.items) == [("variants", 0, 5), ("tail padding", 5, 3)]
    assert layout.saved == 0


def test_an_enum_without_a_tag_is_not_like_c() -> None:
    layout = laid_out(
        rust_enum(4, 4, None, variant("Only", NEXT + 1)),
        payload("Only", 4, 4, rust_member("__0", U32, 0)),
    )
    assert (layout.saved, layout.is_permuted, layout.is_like_c) == (0, False, False)


@pytest.mark.parametrize(("count", "size"), [(256, 1), (257, 2)])
def test_what_a_tag_in_place_of_a_niche_would_take(count: int, size: int) -> None:
    unit = payload("Unit", 2, 2)
    others = (variant(f"V{value}", NEXT + 2, value) for value in range(1, count))
    layout = laid_out(
        rust_enum(2, 2, Member(None, U16, 0), variant("Data", NEXT + 1), *others),
        payload("Data", 2, 1, Member("__0", NEXT + 3, 0, alignment=1)),
        unit,
        Array(U8, (2,)),
    )
    assert choice_of(layout).variants[0].in_order == InOrder((size,), 4)


def test_empty_enum() -> None:
    layout = laid_out(rust_enum(0, 1, None))
    assert (layout.items, choice_of(layout).variants, layout.saved) == ((), (), 0)


def test_states_of_a_coroutine_are_in_no_order() -> None:
    layout = laid_out(
        rust_enum(16, 8, Member("__state", U8, 8, alignment=1), variant("0", NEXT + 1, 0)),
        payload("Suspend0", 16, 8, rust_member("a", U8, 9), rust_member("b", U64, 0)),
    )
    assert choice_of(layout).is_coroutine
    assert (layout.is_permuted, layout.c_size) == (False, None)


def test_c_like_enum() -> None:
    values = [
        Enumerator(name, Constant(value, value))
        for name, value in zip("ABB", (0, 1, 1), strict=True)
    ]
    layout = laid_out(Enumeration("demo::E", 2, 2, tuple(values), U16))
    choice = choice_of(layout)
    assert (choice.encoding, choice.unused) == ("tag", 65534)
    assert choice.discriminant is not None
    assert (choice.discriminant.type, choice.discriminant.size) == (U16, 2)
    assert told(layout.items) == [("discriminant", 0, 2)]
    wide = laid_out(Enumeration("demo::E", 16, 16, (Enumerator("A", Constant(-1, None)),), None))
    assert choice_of(wide).unused == (1 << 128) - 1


def test_structs_of_variants_are_no_types_of_their_own() -> None:
    types = (
        *SCALARS,
        rust_enum(8, 4, Member(None, U8, 0, alignment=1), variant("A", NEXT + 1, 0)),
        payload("A", 8, 4, rust_member("__0", U32, 4)),
    )
    assert variant_types(types) == {NEXT + 1}
    layout = Layouts(types).of(NEXT + 1)
    assert layout is not None
    assert (layout.is_variant, layout.c_size, layout.saved) == (True, None, None)


# sizes and alignments


def test_sizes() -> None:
    types = (
        *SCALARS,
        Modifier("pointer", "", U64),
        Modifier("typedef", "word", U32),
        Modifier("const", "", NEXT + 1),
        Array(NEXT + 2, (3, 5)),
        Array(U8, (None,)),
        Function((), None),
        Unspecified("nullptr"),
        Composite("struct", "later", None, None, (), declaration=True),
        Modifier("pointer", "", None, size=2),
        Unsupported("tag", 0x4080, size=7),
        Modifier("typedef", "nothing", None),
    )
    sizes = [size_of(types, type_id) for type_id in range(NEXT, len(types))]
    assert sizes == [8, 4, 4, 60, None, None, None, None, 2, 7, None]
    assert size_of(types, NEXT, address_size=4) == 4
    assert size_of(types, None) is None


def test_alignments() -> None:
    types = (
        *SCALARS,
        Modifier("pointer", "", U64),
        Modifier("typedef", "word", U32, alignment=16),
        Array(U16, (3,)),
        Array(U32, (4,), vector=True),
        Base("complex double", 16, 3),
        Base("long double", 16, 4),
        Base("x87 on i386", 12, 4),
        Enumeration("e", 4, None, (), U32),
        Enumeration("e", 1, None, ()),
        Composite("union", "", 12, None, (Member("a", U32), Member("b", U8))),
        Function((), None),
    )
    found = [alignment_of(types, type_id) for type_id in range(NEXT, len(types))]
    assert found == [8, 16, 2, 16, 8, 16, 4, 4, 1, 4, None]
    assert alignment_of(types, NEXT, address_size=4) == 4
    assert alignment_of(types, UNIT) == 1
    assert alignment_of(types, None) is None


def test_alignments_of_i386() -> None:
    assert widest_of(FACTS._replace(machine="i386")) == 4
    struct = c_struct(12, Member("a", U32, 0), Member("b", U64, 4))
    layout = Layouts((*SCALARS, struct), 4, widest=4).of(NEXT)
    assert layout is not None
    assert (layout.alignment, layout.packed) == (4, False)


def test_layout_of_a_model() -> None:
    struct = rust_struct(8, 4, rust_member("a", U32, 0), rust_member("b", U32, 4))
    model = Model((*SCALARS, struct), (), (), (), FACTS)
    layout = layout_of(model, NEXT)
    assert layout is not None
    assert layout.type == NEXT
    assert layout_of(model, U8) is None


# hostile tables


@pytest.mark.parametrize(
    "types",
    [
        pytest.param((Modifier("typedef", "t", 0),), id="a typedef of itself"),
        pytest.param((Modifier("const", "", 1), Modifier("volatile", "", 0)), id="two in a circle"),
        pytest.param((Array(0, (2,)),), id="an array of itself"),
    ],
)
def test_endless_types_have_no_size(types: tuple[Type, ...]) -> None:
    for type_id in range(len(types)):
        assert size_of(types, type_id) is None
        assert alignment_of(types, type_id) is None


def test_a_struct_that_holds_itself() -> None:
    types = (c_struct(8, Member("a", 1, 0)), c_struct(8, Member("b", 0, 0)))
    for type_id in range(2):
        layout = Layouts(types).of(type_id)
        assert layout is not None
        assert not layout.complete


def test_depth_needs_no_recursion() -> None:
    depth = 5000
    chain: list[Type] = [Modifier("typedef", "t", each + 1) for each in range(depth)]
    assert size_of([*chain, Base("u8", 1, 7)], 0) is None
    nested: list[Type] = [c_struct(8, Member("a", each + 1, 0)) for each in range(depth)]
    assert alignment_of([*nested, Base("u64", 8, 7)], 0) == 8


def test_absurd_numbers() -> None:
    tag = Member(None, NEXT + 1, 0, alignment=0)
    layout = laid_out(rust_enum(1 << 64, 0, tag, variant("A", U8, 0)), Array(U64, (1 << 40,)))
    assert choice_of(layout).unused is None
    assert laid_out(rust_struct(4, 0, Member("a", U32, 0, alignment=0))).complete
