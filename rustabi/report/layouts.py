"""Memory layouts as their readers get them: which bytes are for what, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from rustabi.describe import type_text
from rustabi.errors import UsageError
from rustabi.layout import PADDING, Field, Item, Layout, Layouts, VariantLayout, is_permuted
from rustabi.model import Composite, Enumeration, Model, name_of
from rustabi.names import generic_of
from rustabi.report.facts import BuildFacts, Exact, build_facts, crate, exact
from rustabi.report.paths import member_name
from rustabi.report.select import near


@dataclass(frozen=True, slots=True)
class ItemReport:
    """A stretch of memory and what it is for."""

    kind: Literal["field", "discriminant", "variants", "hole", "bit hole", "tail padding"]
    """`hole`: unused bytes between members. `tail padding`: unused bytes at the end. `bit hole`:
    unused bits of a byte. `discriminant`: what tells the variants of an enum apart. `variants`:
    bytes that some variant of an enum uses."""
    offset: int
    """Bytes from the start of the type."""
    bit: int
    """Bits from that byte; 0 but for bit fields."""
    size: int | None
    """Bytes; null where not known."""
    bits: int | None
    """Width of a bit field; null for all others."""
    name: str | None
    """The member; null for what is none, and for anonymous members of C."""
    type: str | None
    """Its type; null for what is no member."""
    source: int | None
    """The member's place in the source, from 1; null for what is no member."""


@dataclass(frozen=True, slots=True)
class EnumeratorReport:
    """A named value of an enum without data."""

    name: str
    """Without the name of the enum."""
    value: Exact | None
    """The number, beyond 2**53 as a decimal string; null where DWARF states none."""


@dataclass(frozen=True, slots=True)
class VariantReport:
    """One variant of an enum with data."""

    name: str
    """Its name in Rust."""
    value: Exact | None
    """The value of the tag or niche that selects it, beyond 2**53 as a decimal string; null where
    it is the one that has none."""
    size: int
    """Bytes up to the end of its last member or the tag."""
    items: tuple[ItemReport, ...]
    """What the enum's bytes are in this variant, in memory order."""
    source_order: tuple[str, ...]
    """Members as declared."""
    memory_order: tuple[str, ...]
    """Members as they stand in memory; those without a size stand behind their neighbour."""
    permuted: bool
    """The two orders differ."""


@dataclass(frozen=True, slots=True)
class TypeReport:
    """How a type's bytes are used."""

    name: str
    """The type."""
    kind: Literal["struct", "union", "class", "enum"]
    """What it is."""
    crate: str
    """The crate it belongs to; empty for C types."""
    size: int
    """Bytes."""
    alignment: int | None
    """Bytes; null where not known."""
    items: tuple[ItemReport, ...]
    """In memory order; of an enum what its variants have in common."""
    source_order: tuple[str, ...]
    """Members as declared."""
    memory_order: tuple[str, ...]
    """Members as they stand in memory; those without a size stand behind their neighbour."""
    permuted: bool
    """The compiler chose another order than the source has, be it in a variant."""
    holes: int
    """Unused bytes between members; of an enum those that no variant uses."""
    tail_padding: int
    """Unused bytes at the end; of an enum those that no variant uses."""
    c_size: int | None
    """Bytes that it would take laid out in declaration order, as C does; null where not known."""
    saved: int | None
    """Bytes that the compiler's choice saves over that; null where not known."""
    packed: bool
    """Less aligned than a member asks for."""
    over_aligned: bool
    """More aligned than any member asks for."""
    unsized: bool
    """Its last member is a slice, `str`, `dyn` or the like."""
    complete: bool
    """Every part is understood and its size known."""
    encoding: Literal["tag", "niche", "none"] | None
    """How an enum tells its variants apart: by a field of its own, or by values that a member of
    one variant never has; null for what is no enum."""
    discriminant: ItemReport | None
    """Where a value tells which variant it is."""
    dataful: str | None
    """The variant that a niche enum takes when no other's value stands there."""
    unused_values: Exact | None
    """Number of values of the tag that select no variant; null where not known."""
    variants: tuple[VariantReport, ...]
    """In source order; none but for an enum with data."""
    enumerators: tuple[EnumeratorReport, ...]
    """In source order; none but for an enum without data."""


@dataclass(frozen=True, slots=True)
class LayoutReport:
    """What `rustabi layout --format json` prints."""

    report: Literal["layout"]
    """Tells this report from others."""
    build: BuildFacts
    """What was read."""
    types: tuple[TypeReport, ...]
    """The types asked for, sorted by name."""
    of: int
    """Number of types that have a layout, asked for or not."""


class Selection:
    """Which types are asked for.

    Args:
        type_glob: By name: a glob over the whole name, the name itself, or its last part.
        crate_glob: A glob over the crate.
        permuted: Only those whose memory order is not their source order.
        holes: Only those with unused bytes.
    """

    def __init__(
        self,
        type_glob: str | None = None,
        crate_glob: str | None = None,
        *,
        permuted: bool = False,
        holes: bool = False,
    ) -> None:
        self.type_glob = type_glob
        self.crate_glob = crate_glob
        self.permuted = permuted
        self.holes = holes

    def wants_name(self, name: str) -> bool:
        """Whether the name and crate are asked for."""
        if self.crate_glob is not None and not fnmatchcase(crate(name), self.crate_glob):
            return False
        return self.type_glob is None or matches(name, self.type_glob)

    def wants(self, layout: Layout) -> bool:
        """Whether the layout is of the kind asked for."""
        if self.permuted and not layout.is_permuted:
            return False
        return not self.holes or unused_bits(layout) > 0


def matches(name: str, pattern: str) -> bool:
    """Whether a readable name is meant by a glob, by the name itself, or by its last part."""
    if name == pattern or fnmatchcase(name, pattern):
        return True
    plain = generic_of(name)
    return plain == pattern or plain.rpartition("::")[2] == pattern


def unused_bits(layout: Layout) -> int:
    """Bits that hold nothing, in a variant included."""
    found = layout.padding_bits
    if layout.choice is not None:
        for variant in layout.choice.variants:
            found += sum(item.bits for item in variant.items if item.kind == "hole")
    return found


def layout_report(model: Model, target: str, selection: Selection | None = None) -> LayoutReport:
    """The layouts of the types asked for.

    Raises:
        UsageError: No type has such a name or crate.
    """
    selection = selection or Selection()
    every = list(layouts_by_name(model))
    named = [(name, layout) for name, layout in every if selection.wants_name(name)]
    if not named:
        _complain(selection, [name for name, _ in every])
    types = [type_report(model, layout) for _, layout in named if selection.wants(layout)]
    return LayoutReport("layout", build_facts(model, target), tuple(types), len(every))


def _complain(selection: Selection, names: Sequence[str]) -> None:
    if selection.crate_glob is not None:
        crates = sorted({crate(name) for name in names} - {""})
        if not any(fnmatchcase(each, selection.crate_glob) for each in crates):
            raise UsageError(
                f"there are no types of a crate {selection.crate_glob!r}",
                advice=f"there are: {', '.join(crates)}" if crates else None,
            )
    if selection.type_glob is not None:
        raise UsageError(
            f"there is no type {selection.type_glob!r}",
            advice=near(selection.type_glob, names, "rustabi layout lists all"),
        )


_NO_TYPES = ("&", "*", "dyn ", "(dyn ")


def layouts_by_name(model: Model) -> Iterator[tuple[str, Layout]]:
    """(name, layout) of each named type, sorted by name; namesakes in the model's order."""
    layouts = Layouts.of_model(model)
    named = sorted(
        (name_of(node), type_id)
        for type_id, node in enumerate(model.types)
        if isinstance(node, Composite | Enumeration) and name_of(node)
    )
    for name, type_id in named:
        if name.endswith("{vtable_type}") or name.startswith(_NO_TYPES):
            continue  # what rustc makes of pointers and trait objects
        layout = layouts.of(type_id)
        if layout is not None and not layout.is_variant:
            yield name, layout


def type_report(model: Model, layout: Layout) -> TypeReport:
    """A layout with its types and orders in words."""
    node = model.types[layout.type]
    choice = layout.choice
    variants = choice.variants if choice else ()
    discriminant = choice.discriminant if choice else None
    names = [member_name(field.name or "") for field in layout.fields]
    return TypeReport(
        name=name_of(node),
        kind=node.kind if isinstance(node, Composite) and choice is None else "enum",
        crate=crate(name_of(node)),
        size=layout.size,
        alignment=layout.alignment,
        items=tuple(_items(model, layout.fields, layout.items, _tag_type(model, layout))),
        source_order=tuple(names),
        memory_order=tuple(names[index] for index in layout.permutation),
        permuted=layout.is_permuted,
        holes=layout.holes,
        tail_padding=layout.tail_padding,
        c_size=layout.c_size,
        saved=layout.saved,
        packed=layout.packed,
        over_aligned=layout.over_aligned,
        unsized=layout.is_unsized,
        complete=layout.complete,
        encoding=choice.encoding if choice else None,
        discriminant=None if discriminant is None else _item(
            model, (), discriminant.item, _tag_type(model, layout)
        ),
        dataful=_dataful(variants, choice.dataful if choice else None),
        unused_values=exact(choice.unused if choice else None),
        variants=tuple(_variant(model, layout, each) for each in variants),
        enumerators=tuple(_enumerators(node)),
    )  # fmt: skip


def _tag_type(model: Model, layout: Layout) -> str | None:
    tag = layout.choice.discriminant if layout.choice else None
    return None if tag is None else type_text(model.types, tag.type)


def _dataful(variants: Sequence[VariantLayout], position: int | None) -> str | None:
    return None if position is None else variants[position].name


def _enumerators(node: object) -> Iterator[EnumeratorReport]:
    if isinstance(node, Enumeration):
        for each in node.enumerators:
            yield EnumeratorReport(each.name, exact(each.value.value if each.value else None))


def _variant(model: Model, layout: Layout, variant: VariantLayout) -> VariantReport:
    names = [member_name(field.name or "") for field in variant.fields]
    coroutine = layout.choice is not None and layout.choice.is_coroutine
    return VariantReport(
        name=_state(model, variant) if coroutine else variant.name or "",
        value=exact(variant.value),
        size=variant.size,
        items=tuple(_items(model, variant.fields, variant.items, _tag_type(model, layout))),
        source_order=tuple(names),
        memory_order=tuple(names[index] for index in variant.permutation),
        permuted=is_permuted(variant.permutation) and not coroutine,
    )


def _state(model: Model, variant: VariantLayout) -> str:
    """A state of a coroutine by the name of its struct: the variant is but a number."""
    struct = "" if variant.type is None else name_of(model.types[variant.type])
    return struct.rpartition("::")[2] or variant.name or ""


def _items(
    model: Model, fields: Sequence[Field], items: Iterable[Item], tag_type: str | None
) -> Iterator[ItemReport]:
    for item in items:
        yield _item(model, fields, item, tag_type)


def _item(model: Model, fields: Sequence[Field], item: Item, tag_type: str | None) -> ItemReport:
    kind, offset, bit = item.kind, item.offset, item.start % 8
    if item.field is None:
        bits = item.bits if kind == "bit hole" else None
        text = tag_type if kind == "discriminant" else None
        return ItemReport(kind, offset, bit, item.size, bits, None, text, None)
    field = fields[item.field]
    return ItemReport(
        kind, offset, bit, field.size,
        field.bits if field.is_bit_field else None,
        None if field.name is None else member_name(field.name),
        type_text(model.types, field.type),
        field.position + 1,
    )  # fmt: skip


def is_padding(item: ItemReport) -> bool:
    """Whether nothing is stored there."""
    return item.kind in PADDING
