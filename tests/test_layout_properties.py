"""What holds for the layout of any struct, and for any table of types, however hostile."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from rustabi.layout import PADDING, Layout, Layouts
from rustabi.layout.fields import Field, rounded_up
from rustabi.loader.wanted import MODIFIERS
from rustabi.model import (
    Array,
    Base,
    Composite,
    Constant,
    Enumeration,
    Enumerator,
    Member,
    Modifier,
    Type,
    Unsupported,
    Variant,
    VariantPart,
)

ALIGNMENTS = (1, 2, 4, 8, 16)


@st.composite
def raw_fields(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Sizes and alignments as Rust has them: a size is a multiple of the alignment."""
    alignments = draw(st.lists(st.sampled_from(ALIGNMENTS), max_size=7))
    return [(alignment * draw(st.integers(0, 3)), alignment) for alignment in alignments]


def struct_in(order: list[int], fields: list[tuple[int, int]]) -> tuple[Type, ...]:
    """A struct whose fields stand in the given order in memory, and the fields' types."""
    cursor = 0
    offsets = {}
    for index in order:
        size, alignment = fields[index]
        cursor = rounded_up(cursor, alignment)
        offsets[index] = cursor
        cursor += size
    whole = max((alignment for _, alignment in fields), default=1)
    members = tuple(
        Member(f"f{index}", index + 1, offsets[index], alignment=alignment)
        for index, (_, alignment) in enumerate(fields)
    )
    bases = (Base(f"t{index}", size, 7) for index, (size, _) in enumerate(fields))
    return (Composite("struct", "s", rounded_up(cursor, whole), whole, members), *bases)


@given(raw_fields(), st.randoms(use_true_random=False))
def test_properties_of_structs(fields: list[tuple[int, int]], random: Random) -> None:
    order = list(range(len(fields)))
    random.shuffle(order)
    layout = Layouts(struct_in(order, fields)).of(0)
    assert layout is not None
    # items follow each other without gap or overlap, from the first bit to the last
    sized = [item for item in layout.items if item.bits]
    assert all(one.end == other.start for one, other in pairwise(sized))
    assert sum(item.bits for item in sized) == layout.size * 8
    assert sum(size for size, _ in fields) * 8 + layout.padding_bits == layout.size * 8
    # the permutation is one, and sorts what has a size
    assert sorted(layout.permutation) == list(range(len(fields)))
    placed = [field.start for field in layout.in_memory_order if field.is_placed]
    assert placed == sorted(placed)
    assert [index for index in order if fields[index][0]] == [
        field.position for field in layout.in_memory_order if field.is_placed
    ]
    # the three sizes
    assert layout.c_size is not None
    assert layout.saved is not None
    assert layout.smallest is not None
    assert layout.saved + layout.size == layout.c_size
    assert layout.smallest <= min(layout.size, layout.c_size)


@given(raw_fields())
def test_properties_of_declaration_order(fields: list[tuple[int, int]]) -> None:
    layout = Layouts(struct_in(list(range(len(fields))), fields)).of(0)
    assert layout is not None
    assert not layout.is_permuted
    assert layout.is_like_c
    assert layout.saved == 0
    assert layout.is_surely_c == (layout.smallest != layout.size)


@given(raw_fields())
def test_falling_alignment_is_the_best_order(fields: list[tuple[int, int]]) -> None:
    order = sorted(range(len(fields)), key=lambda index: -fields[index][1])
    layout = Layouts(struct_in(order, fields)).of(0)
    assert layout is not None
    assert layout.size == layout.smallest
    assert layout.holes == 0


KINDS = tuple(MODIFIERS.values())

numbers = st.one_of(st.none(), st.integers(0, 40), st.sampled_from([2**32, 2**64 - 1]))
ids = st.one_of(st.none(), st.integers(0, 5))
members = st.builds(
    Member, st.sampled_from(["a", "data_ptr", "length", "__state", None]), ids, numbers, numbers,
    numbers, numbers,
)  # fmt: skip
constants = st.one_of(st.none(), st.builds(Constant, st.integers(-5, 300), numbers))
variants = st.builds(Variant, st.lists(members, max_size=2).map(tuple), constants)
parts = st.one_of(
    members,
    st.builds(Unsupported, st.just("tag"), st.integers(0, 9)),
    st.builds(
        VariantPart, st.lists(members, max_size=1).map(tuple), st.one_of(st.none(), members),
        st.lists(variants, max_size=3).map(tuple),
    ),
)  # fmt: skip
any_type = st.one_of(
    st.builds(Base, st.just("b"), numbers, st.sampled_from([3, 4, 5, 7]), numbers),
    st.builds(Modifier, st.sampled_from(KINDS), st.just(""), ids, numbers, numbers),
    st.builds(Array, ids, st.lists(numbers, max_size=2).map(tuple), st.booleans()),
    st.builds(
        Composite, st.sampled_from(["struct", "union"]), st.sampled_from(["s", "&s", "dyn t"]),
        numbers, numbers, st.lists(parts, max_size=4).map(tuple), st.booleans(),
    ),
    st.builds(Enumeration, st.just("e"), numbers, numbers,
              st.lists(st.builds(Enumerator, st.just("v"), constants), max_size=2).map(tuple), ids),
    st.builds(Unsupported, st.just("form"), st.integers(0, 9), st.just(""), numbers),
)  # fmt: skip


@given(st.lists(any_type, min_size=6, max_size=6))
def test_any_table_has_layouts(types: list[Type]) -> None:
    layouts = Layouts(types)
    for type_id in range(len(types)):
        layout = layouts.of(type_id)
        if layout is None:
            continue
        assert sorted(layout.permutation) == list(range(len(layout.fields)))
        cursor = 0
        for item in layout.items:
            assert item.start <= cursor or not item.bits
            assert item.bits >= 0
            cursor = max(cursor, item.end)
        assert cursor >= layout.size * 8
        assert all(item.bits > 0 for item in layout.items if item.kind in PADDING)
        _touch(layout)


def _touch(layout: Layout) -> None:
    """Everything that is computed on demand can be."""
    for owner in (layout, layout.choice, *(layout.choice.variants if layout.choice else ())):
        for name in dir(type(owner)):
            if isinstance(getattr(type(owner), name), property):
                getattr(owner, name)


@given(
    st.builds(
        Field, st.just(0), st.none(), st.none(), st.integers(0, 99), st.integers(0, 99), st.none()
    )
)
def test_bits_and_bytes(field: Field) -> None:
    assert field.size is not None
    if field.bits:
        assert field.offset * 8 <= field.start
        assert (field.offset + field.size) * 8 >= field.start + field.bits
        assert (field.offset + field.size - 1) * 8 < field.start + field.bits
    else:
        assert field.size == 0
