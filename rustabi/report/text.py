"""The reports other than a comparison and layouts as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from rustabi.report.facts import BuildFacts, plural, short
from rustabi.report.page import (
    Block,
    Column,
    Line,
    Page,
    Span,
    Spans,
    Table,
    joined,
    line,
    name,
    separated,
    spans,
)
from rustabi.report.paths import ARROW, is_label
from rustabi.report.symbols import SymbolReport, SymbolsReport

if TYPE_CHECKING:  # what is not asked for is not imported: it takes longer than many a command runs
    from rustabi.report.errors import FailureReport
    from rustabi.report.explain import CheckKindReport, ExplainReport, KindReport
    from rustabi.report.snapshots import SnapshotReport
    from rustabi.report.why import TreeNode, WhyReport


def way(stations: Iterable[str]) -> Spans:
    """The stations of a path behind the symbol, types by their short names."""
    return joined(
        (spans(Span(short(each), shrinks=not is_label(each))) for each in stations), ARROW
    )


def build_lines(build: BuildFacts) -> Iterator[Line]:
    """What was read, in one line."""
    facts = [*build.compilers, build.machine, plural(build.symbols, "exported symbol")]
    if build.export_rule:
        facts[-1] += f" ({build.export_rule})"
    if build.build_id:
        facts.append(f"build-id {build.build_id}")
    yield line(Span(build.target, "title"), "  ", ", ".join(facts))
    if build.crates:
        yield line(f"crates: {', '.join(build.crates)}", indent=2)
    for each in build.skipped:
        yield line(Span("not read  ", "warn"), each, indent=2)


# symbols


def symbols_page(report: SymbolsReport) -> Page:
    """The symbols as a table."""
    noted = sum(each.ambiguous for each in report.symbols)
    blocks: list[Block] = [*build_lines(report.build), symbol_table(report.symbols)]
    if noted:
        count = plural(noted, "ambiguous version")
        blocks.append(line(Span(f"{count}: gendwarfksyms has no single answer there", "warn")))
    return tuple(blocks)


def symbol_table(symbols: Sequence[SymbolReport], indent: int = 0) -> Table:
    """Both versions, number of types, names; what is folded or ambiguous is said behind the name.

    An alias has debug info of its own; its version alone is that of another symbol at its address.
    """
    columns: tuple[Column, ...] = (
        Column("kernel CRC"), Column("layout version"), Column("types", right=True),
        Column("symbol"), Column("linker name", optional=True),
    )  # fmt: skip
    rows: tuple[tuple[Spans, ...], ...] = tuple(map(_symbol_row, symbols))
    if any(each.binary for each in symbols):
        columns = (*columns[:3], Column("binary"), *columns[3:])
        rows = tuple(
            (*row[:3], spans(each.binary), *row[3:])
            for row, each in zip(rows, symbols, strict=True)
        )
    return Table(columns, rows, indent)


def _symbol_row(symbol: SymbolReport) -> tuple[Spans, ...]:
    notes = []
    if symbol.kind is None and symbol.folded_into is None:
        notes.append("no debug info")
    if symbol.folded_into is not None:
        notes.append("folded" if symbol.kind is None else "alias")
    if symbol.ambiguous:
        notes.append("ambiguous")
    note = f"  ({', '.join(notes)})" if notes else ""
    raw = "" if symbol.symbol == symbol.name else symbol.symbol
    return (
        spans(symbol.crc or "-"),
        spans(symbol.layout or "-"),
        spans(str(symbol.types)),
        spans(name(symbol.name), Span(note, "warn")),
        spans(Span(raw, "dim")),
    )


# why


def why_page(report: WhyReport) -> Page:
    """The paths, or the tree."""
    symbol = report.symbol
    version = f"  version {symbol.crc}, {plural(symbol.types, 'type')}" if symbol.crc else ""
    head = line(Span(symbol.name, "title", shrinks=True), version)
    if report.type is None:
        return (head, *(_tree_line(each) for each in report.tree))
    if not report.paths:
        return (line(name(symbol.name), " does not depend on ", name(report.type)),)
    return (head, *(_path_line(path) for path in report.paths))


def _path_line(path: Sequence[str]) -> Line:
    return Line((), 2, way(path[1:]))


def _tree_line(node: TreeNode) -> Line:
    size = "" if node.size is None else f"  {plural(node.size, 'byte')}"
    above = "  ↑ shown above" if node.shown_above else ""
    via = f"{node.via}: " if node.via else ""
    return line(
        Span(via, "dim"), name(node.type), size, Span(above, "dim"), indent=2 * (node.depth + 1)
    )


# snapshot


def snapshot_page(report: SnapshotReport) -> Page:
    """What was written."""
    build = report.build
    counts = f"{plural(build.symbols, 'exported symbol')}, {plural(build.types, 'type')}"
    return (line("wrote ", Span(report.path, "title"), f": {counts}"),)


# explain


def explain_page(report: ExplainReport) -> Page:
    """One kind in full; many as a table."""
    if len(report.kinds) + len(report.findings) + len(report.gaps) == 1:
        if report.findings:
            return tuple(_check_kind(report.findings[0]))
        return tuple(_kind(report.kinds[0]) if report.kinds else _gap_kind(report))
    kinds = tuple(
        (spans(Span(each.kind, "name")), spans(each.severity), spans(each.means))
        for each in report.kinds
    )
    gaps = tuple((spans(Span(each.kind, "name")), spans(each.means)) for each in report.gaps)
    found = tuple(
        (spans(Span(each.kind, "name")), spans(each.severity or "-"), spans(each.means))
        for each in report.findings
    )
    return tuple(separated([
        [Table((Column("kind"), Column("severity"), Column("meaning")), kinds)],
        [Table((Column("of check"), Column("severity"), Column("meaning")), found)],
        [Table((Column("gap"), Column("meaning")), gaps)],
        [line("rustabi explain KIND tells why, with an example")],
    ]))  # fmt: skip


_SEVERITIES: Final = {
    "break": "a caller built against OLD goes wrong",
    "risky": "a caller built against OLD may go wrong",
    "api": "only source or the kernel's symbol version shows it",
    "noise": "nobody has to notice; listed with --all",
}


_OF_MODULES: Final = {
    "break": "the loader refuses the module, or it goes wrong",
    "risky": "the module may go wrong",
    "api": "neither the loader nor compiled code minds",
    "noise": "nobody has to notice",
}


def _kind(kind: KindReport) -> Iterator[Block]:
    yield line(Span(kind.kind, "title"), f"  {kind.severity}: {_SEVERITIES[kind.severity]}")
    yield line(kind.means, indent=2)
    yield line(kind.because, indent=2)
    yield line(Span("example  ", "dim"), kind.example, indent=2)


def _check_kind(kind: CheckKindReport) -> Iterator[Block]:
    grade = f"{kind.severity}: {_OF_MODULES[kind.severity]}" if kind.severity else "remark"
    yield line(Span(kind.kind, "title"), f"  {grade}")
    yield line(f"layer {kind.layer}", indent=2)
    yield line(kind.means, indent=2)
    yield line(kind.because, indent=2)


def _gap_kind(report: ExplainReport) -> Iterator[Block]:
    for gap in report.gaps:
        yield line(Span(gap.kind, "title"), "  gap: something that could not be checked")
        yield line(gap.means, indent=2)


# failures


def failure_page(report: FailureReport) -> Page:
    """Why there is no verdict or no report, and what to do."""
    error = report.error
    where = ", ".join(part for part in (error.path, error.place) if part)
    text = f"{where}: {error.message}" if where else error.message
    advice = [line(error.advice, indent=2)] if error.advice else []
    return (line(Span("no verdict", "bad"), f"  {text}"), *advice)
