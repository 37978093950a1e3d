"""What is in a binary: crate by crate its types and what the compiler made of them, symbols."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rustabi.diff.gaps import gaps_of, reached_by_symbols
from rustabi.layout import PADDING, Layout
from rustabi.merge import namesakes
from rustabi.model import Model, name_of
from rustabi.names import generic_of
from rustabi.report.facts import STD_CRATES, BuildFacts, GapReport, build_facts, crate, gap_report
from rustabi.report.layouts import layouts_by_name
from rustabi.report.paths import member_name
from rustabi.report.symbols import SymbolReport, symbols_report

_LARGEST = 5
"""Holes that are listed for each crate."""


@dataclass(frozen=True, slots=True)
class GenericReport:
    """A type, or all instances of a generic one."""

    name: str
    """Without generic arguments."""
    instances: int
    """How many contents of that name there are."""
    smallest: int
    """Bytes of the smallest instance."""
    largest: int
    """Bytes of the largest instance."""
    permuted: int
    """Instances whose memory order is not their source order."""
    saved: int
    """Bytes that the compiler's choice saves over declaration order, all instances together."""
    padding: int
    """Unused bytes in holes and at the end, all instances together."""


@dataclass(frozen=True, slots=True)
class HoleReport:
    """Unused bytes of a type."""

    type: str
    """The type."""
    kind: Literal["hole", "tail padding"]
    """Between members, or at the end."""
    offset: int
    """Bytes from the start of the type."""
    size: int
    """Bytes."""
    after: str | None
    """The member before it; null where none is, and for what no variant of an enum uses."""


@dataclass(frozen=True, slots=True)
class CrateReport:
    """The types of one crate."""

    crate: str
    """Its name; empty for types of C."""
    std: bool
    """It is part of the standard library."""
    types: int
    """Structs, unions and enums, each instance of a generic counted."""
    permuted: int
    """Those whose memory order is not their source order."""
    saved: int
    """Bytes that the compiler's choice saves over declaration order, where it saves any."""
    lost: int
    """Bytes that it costs more than declaration order, where it does."""
    padding: int
    """Unused bytes in holes and at the end, all types together."""
    generics: tuple[GenericReport, ...]
    """The types, instances of one generic together; most padding first."""
    holes: tuple[HoleReport, ...]
    """The largest stretches of unused bytes."""


@dataclass(frozen=True, slots=True)
class NamesakeReport:
    """A name that stands for several types."""

    name: str
    """Qualified, with generic arguments."""
    contents: int
    """How many types of that name there are."""


@dataclass(frozen=True, slots=True)
class TargetReport:
    """What is in one target."""

    build: BuildFacts
    """What was read."""
    crates: tuple[CrateReport, ...]
    """Crates of its own by name, then those of the standard library, then C."""
    symbols: tuple[SymbolReport, ...]
    """Exported symbols, sorted by the linker's name."""
    gaps: tuple[GapReport, ...]
    """What could not be read."""
    namesakes: tuple[NamesakeReport, ...]
    """Names that stand for several types, as two versions of a crate make them."""


@dataclass(frozen=True, slots=True)
class SummaryReport:
    """What `rustabi report --format json` prints."""

    report: Literal["report"]
    """Tells this report from others."""
    targets: tuple[TargetReport, ...]
    """In the order in which they were named."""


def target_report(model: Model, target: str) -> TargetReport:
    """What is in a model that was read from ``target``."""
    groups: dict[str, list[tuple[str, Layout]]] = {}
    for name, layout in layouts_by_name(model):
        groups.setdefault(crate(name), []).append((name, layout))
    order = sorted(groups, key=lambda each: (each == "", each in STD_CRATES, each))
    gaps = gaps_of(model, reached_by_symbols(model))
    return TargetReport(
        build_facts(model, target),
        tuple(crate_report(model, name, groups[name]) for name in order),
        symbols_report(model, target).symbols,
        tuple(gap_report(gap, "") for gap in gaps),
        tuple(NamesakeReport(name, len(ids)) for name, ids in namesakes(model).items()),
    )


def crate_report(model: Model, name: str, layouts: Sequence[tuple[str, Layout]]) -> CrateReport:
    """The types of one crate.

    Args:
        model: The model they are of.
        name: Of the crate.
        layouts: (name, layout) of its types.
    """
    gains = [layout.saved or 0 for _, layout in layouts]
    generics: dict[str, list[Layout]] = {}
    for type_name, layout in layouts:
        generics.setdefault(generic_of(type_name), []).append(layout)
    rows = [generic_report(each, instances) for each, instances in generics.items()]
    return CrateReport(
        crate=name,
        std=name in STD_CRATES,
        types=len(layouts),
        permuted=sum(layout.is_permuted for _, layout in layouts),
        saved=sum(gain for gain in gains if gain > 0),
        lost=-sum(gain for gain in gains if gain < 0),
        padding=sum(unused(layout) for _, layout in layouts),
        generics=tuple(sorted(rows, key=lambda each: (-each.padding, -each.permuted, each.name))),
        holes=largest_holes(model, (layout for _, layout in layouts)),
    )


def generic_report(name: str, instances: Sequence[Layout]) -> GenericReport:
    """The instances of one generic taken together."""
    sizes = [layout.size for layout in instances]
    return GenericReport(
        name=name,
        instances=len(instances),
        smallest=min(sizes),
        largest=max(sizes),
        permuted=sum(layout.is_permuted for layout in instances),
        saved=sum(layout.saved or 0 for layout in instances),
        padding=sum(map(unused, instances)),
    )


def unused(layout: Layout) -> int:
    """Bytes of a type that hold nothing."""
    return layout.holes + layout.tail_padding


def largest_holes(
    model: Model, layouts: Iterable[Layout], count: int = _LARGEST
) -> tuple[HoleReport, ...]:
    """The largest stretches of unused bytes, largest first."""
    holes = [
        (-item.size, name_of(model.types[layout.type]), item, layout)
        for layout in layouts
        for item in layout.items
        if item.kind in PADDING and item.size
    ]
    holes.sort(key=lambda each: (each[0], each[1], each[2].start))
    return tuple(
        HoleReport(
            name, "hole" if item.kind == "hole" else "tail padding", item.offset, item.size,
            _before(layout, item.start),
        )
        for _, name, item, layout in holes[:count]
    )  # fmt: skip


def _before(layout: Layout, start: int) -> str | None:
    """The member that ends where a hole begins."""
    for field in layout.fields:
        if field.bits and field.start + field.bits == start:
            return member_name(field.name or "")
    return None
