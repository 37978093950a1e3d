"""Memory layouts as text, in the manner of pahole, and what declaration order would cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rustabi.report.facts import Exact, plural, short
from rustabi.report.layouts import (
    ItemReport,
    LayoutReport,
    TypeReport,
    VariantReport,
    is_padding,
)
from rustabi.report.page import Block, Column, Page, Span, Spans, Table, line, separated, spans

_COLUMNS = (
    Column("offset", right=True),
    Column("size", right=True),
    Column("source", right=True),
    Column("member"),
)
_NAMELESS = {"discriminant": "(tag)", "variants": "(variants)"}

_MANY = 0xFFFF
"""Unused values of a tag that are not worth counting."""


def layout_page(report: LayoutReport) -> Page:
    """The layouts, one below the other, and how many there are."""
    groups: list[list[Block]] = [list(type_blocks(each)) for each in report.types]
    permuted = sum(each.permuted for each in report.types)
    count = f"{len(report.types)} of {plural(report.of, 'type')}, {permuted} permuted"
    groups.append([line(Span(count, "dim"))])
    return tuple(separated(groups))


def type_blocks(report: TypeReport) -> Iterator[Block]:
    """One type."""
    yield line(
        Span(f"{report.kind} "), Span(report.name, "title", shrinks=True), "  ", _headline(report)
    )
    if report.encoding is None:
        if report.items:
            yield Table(_COLUMNS, tuple(_rows(report.items)), indent=2)
        yield from _orders(report.source_order, report.memory_order, report.permuted, 2)
    else:
        yield from _enum(report)
    yield from _verdict(report)


def _headline(report: TypeReport) -> str:
    parts = [f"size {report.size}"]
    if report.alignment is not None:
        parts.append(f"align {report.alignment}")
    flags = {
        "permuted": report.permuted, "packed": report.packed, "over-aligned": report.over_aligned,
        "unsized": report.unsized, "incomplete": not report.complete,
    }  # fmt: skip
    return ", ".join([*parts, *(flag for flag, holds in flags.items() if holds)])


def _rows(items: Sequence[ItemReport]) -> Iterator[tuple[Spans, ...]]:
    for item in items:
        offset = f"{item.offset}:{item.bit}" if item.bit else str(item.offset)
        size = "?" if item.size is None else str(item.size)
        if item.bits is not None:
            size = plural(item.bits, "bit")
        source = "" if item.source is None else str(item.source)
        yield spans(offset), spans(size), spans(source), _member(item)


def _member(item: ItemReport) -> Spans:
    if is_padding(item):
        return spans(Span(f"({item.kind})", "dim"))
    if item.source is None:
        label = _NAMELESS.get(item.kind, item.kind)
        return spans(Span(f"{label}: {item.type}" if item.type else label))
    kind = short(item.type or "")
    return spans(Span(f"{item.name or '<anonymous>'}: ", "name"), Span(kind, shrinks=True))


def _orders(
    source: Sequence[str], memory: Sequence[str], permuted: bool, indent: int
) -> Iterator[Block]:
    if permuted:
        yield line(
            Span("permuted", "changed"),
            f": source order {' '.join(source)} → memory order {' '.join(memory)}",
            indent=indent,
        )


# enums


def _enum(report: TypeReport) -> Iterator[Block]:
    yield line(_told_apart(report), indent=2)
    if report.enumerators:
        rows = tuple(
            (spans(each.name), spans("" if each.value is None else f"= {number(each.value)}"))
            for each in report.enumerators
        )
        yield Table((Column(), Column()), rows, indent=4)
    for variant in report.variants:
        yield from _variant(report, variant)


def _told_apart(report: TypeReport) -> str:
    tag = report.discriminant
    if tag is None or report.encoding == "none":
        return "one variant at most can exist: no tag"
    where = f"{tag.type} at {tag.offset}"
    if report.encoding == "niche":
        return f"niche: told apart by values of {where} that {report.dataful} never has there"
    unused = report.unused_values
    rest = (
        "" if unused is None or int(unused) > _MANY else f", {plural(int(unused), 'value')} unused"
    )
    return f"tag: {where}{rest}"


def _variant(report: TypeReport, variant: VariantReport) -> Iterator[Block]:
    if variant.value is not None:
        value = f" = {number(variant.value)}"
    else:
        value = " (any other value)" if report.encoding == "niche" else ""
    yield line("variant ", Span(variant.name, "name"), value, indent=2)
    if any(each.source is not None for each in variant.items):
        yield Table(_COLUMNS, tuple(_rows(variant.items)), indent=4)
    yield from _orders(variant.source_order, variant.memory_order, variant.permuted, 4)


def number(value: Exact) -> str:
    """A number as a reader wants it: decimal where small, hexadecimal where its bits matter."""
    value = int(value)
    return str(value) if -1024 < value < 1024 else hex(value)


# what it costs


def _verdict(report: TypeReport) -> Iterator[Block]:
    unused = []
    if report.holes:
        unused.append(f"{plural(report.holes, 'byte')} in holes")
    if report.tail_padding:
        unused.append(f"{plural(report.tail_padding, 'byte')} of tail padding")
    if unused:
        yield line(", ".join(unused), indent=2)
    if report.c_size is None or not report.saved:
        return
    how = "C layout" if report.encoding is None else "C layout (with a tag)"
    gain = f"{report.saved} saved" if report.saved > 0 else f"{-report.saved} lost"
    yield line(f"{how} would take {plural(report.c_size, 'byte')}: ",
               Span(gain, "good" if report.saved > 0 else "bad"), indent=2)  # fmt: skip
