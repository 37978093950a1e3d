"""What is in a binary as text: a block for each crate, a line for each of the standard library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rustabi.report.facts import plural
from rustabi.report.page import (
    BLANK,
    Block,
    Column,
    Page,
    Span,
    Spans,
    Table,
    line,
    name,
    separated,
    spans,
)
from rustabi.report.summary import (
    CrateReport,
    GenericReport,
    HoleReport,
    NamesakeReport,
    SummaryReport,
    TargetReport,
)
from rustabi.report.text import build_lines, symbol_table
from rustabi.report.text_diff import gap_lines

_MANY: Final = 30
"""Rows of a table that are shown."""


def report_page(report: SummaryReport) -> Page:
    """One target below the other."""
    pages = [list(_target(each)) for each in report.targets]
    blocks: list[Block] = []
    for page in pages:
        blocks += [BLANK, BLANK, *page] if blocks else page
    return tuple(blocks)


def _target(report: TargetReport) -> Iterator[Block]:
    own = [each for each in report.crates if not each.std and each.crate]
    std = [each for each in report.crates if each.std]
    others = [each for each in report.crates if not each.crate]
    target = report.build.target
    yield from separated([
        list(build_lines(report.build)),
        *(list(_crate(each, target)) for each in own),
        list(_folded(std)),
        [line(Span("no crate", "title"), f" (C, tuples): {_counts(each)}") for each in others],
        list(_symbols(report)),
        list(_namesakes(report.namesakes)),
        list(gap_lines(report.gaps, more="--format json lists them")),
    ])  # fmt: skip


def _namesakes(namesakes: Sequence[NamesakeReport]) -> Iterator[Block]:
    if not namesakes:
        return
    yield line(Span("names with several contents", "title"), f" ({len(namesakes)})")
    for each in namesakes[:_MANY]:
        yield line(name(each.name), f": {each.contents} types", indent=2)
    if len(namesakes) > _MANY:
        yield line(Span(f"… and {len(namesakes) - _MANY} more", "dim"), indent=2)


def _crate(report: CrateReport, target: str) -> Iterator[Block]:
    yield line("crate ", Span(report.crate, "title"), f": {_counts(report)}")
    columns = (
        Column("size", right=True), Column("unused", right=True), Column("saved", right=True),
        Column("permuted", right=True), Column("instances", right=True), Column("type"),
    )  # fmt: skip
    shown = report.generics[:_MANY]
    yield Table(columns, tuple(_generic(each) for each in shown), indent=2)
    rest = len(report.generics) - len(shown)
    if rest:
        hint = f"… and {rest} more: rustabi layout {target} --crate {report.crate}"
        yield line(Span(hint, "dim"), indent=2)
    yield from _holes(report.holes)


def _counts(report: CrateReport) -> str:
    parts = [plural(report.types, "type"), f"{report.permuted} permuted"]
    if report.saved:
        parts.append(f"{plural(report.saved, 'byte')} saved over declaration order")
    if report.lost:
        parts.append(f"{plural(report.lost, 'byte')} lost to it")
    parts.append(f"{plural(report.padding, 'unused byte')}")
    return ", ".join(parts)


def _generic(report: GenericReport) -> tuple[Spans, ...]:
    size = str(report.smallest)
    if report.largest != report.smallest:
        size = f"{report.smallest}–{report.largest}"
    several = report.instances > 1
    permuted = (str(report.permuted) if several else "yes") if report.permuted else ""
    return (
        spans(size), spans(_unless_zero(report.padding)), spans(_unless_zero(report.saved)),
        spans(permuted), spans(str(report.instances) if several else ""), spans(name(report.name)),
    )  # fmt: skip


def _unless_zero(value: int) -> str:
    return str(value) if value else ""


def _holes(holes: Sequence[HoleReport]) -> Iterator[Block]:
    if not holes:
        return
    yield line("largest holes and tail padding", indent=2)
    rows = tuple(
        (
            spans(plural(each.size, "byte")),
            spans(f"at {each.offset}"),
            spans(f"after {each.after}" if each.after else each.kind),
            spans(name(each.type)),
        )
        for each in holes
    )
    columns = (Column(right=True), Column(right=True), Column(), Column())
    yield Table(columns, rows, indent=4)


def _folded(crates: Sequence[CrateReport]) -> Iterator[Block]:
    if crates:
        yield line(Span("standard library", "title"))
        rows = tuple((spans(each.crate), spans(_counts(each))) for each in crates)
        yield Table((Column(), Column()), rows, indent=2)


def _symbols(report: TargetReport) -> Iterator[Block]:
    if not report.symbols:
        return
    yield line(Span("exported symbols", "title"), f" ({len(report.symbols)})")
    yield symbol_table(report.symbols[:_MANY], indent=2)
    rest = len(report.symbols) - _MANY
    if rest > 0:
        hint = f"… and {rest} more: rustabi symbols {report.build.target}"
        yield line(Span(hint, "dim"), indent=2)
