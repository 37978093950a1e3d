"""A comparison as text: the verdict, then each type that changed, how, and whom it affects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from rustabi.report.differences import (
    AffectedSymbol,
    ConsequenceReport,
    DiffReport,
    FindingReport,
    verdict_in_words,
)
from rustabi.report.facts import BuildFacts, GapReport, plural, short
from rustabi.report.page import (
    Block,
    Column,
    Line,
    Page,
    Span,
    Spans,
    Style,
    Table,
    line,
    name,
    separated,
    spans,
)
from rustabi.report.paths import ARROW
from rustabi.report.sidebyside import LayoutChange, LayoutRow, Place, is_padding
from rustabi.report.text import way
from rustabi.report.text_findings import MANY, listed_of, mild_lines, phrase, why
from rustabi.report.text_gate import (
    coverage_lines,
    decision,
    hidden_lines,
    is_hidden,
    kabi_lines,
    rule_lines,
    tolerated_lines,
)
from rustabi.report.versiontable import version_lines

_OF_THE_WHOLE: Final = frozenset({"size-changed", "alignment-changed"})
"""Kinds that mostly follow from another change of the same type."""

_TALL: Final = 14
"""Rows of a layout above which those that did not change are left out."""

_FOLDED: Final = "folded into "

_OF_ALL: Final = "calling-convention-unknown"
"""The kind of gap that nearly every Rust function is."""

_FEW: Final = 6
"""Names on a line."""

_SIDES: Final = {"old": " (in old only)", "new": " (in new only)"}

_VERDICTS: Final[dict[str, Style]] = {"compatible": "good", "incompatible": "bad", "error": "bad"}


def diff_page(report: DiffReport, *, everything: bool = False) -> Page:
    """The report as a page.

    Args:
        report: What to show.
        everything: Show lists whole, however long.
    """
    limit = None if everything else MANY
    told = [
        each
        for each in report.findings
        if not each.tolerated and not (each.kabi and each.rule is None)
    ]
    grave = [each for each in told if each.severity in ("break", "risky") and each.type]
    hidden = [each for each in told if is_hidden(each)]
    mild = [each for each in told if not is_hidden(each) and each.type]
    api = [each for each in mild if each.severity == "api"]
    noise = [each for each in mild if each.severity == "noise"]
    subjects = [list(group) for _, group in groupby(by_subject(grave), key=subject)]
    groups: list[Iterable[Block]] = [
        _head(report),
        _removed([each for each in grave if each.kind == "symbol-removed"], limit),
        *(_subject_block(each, report.layouts, limit) for each in subjects),
        _builds(told),
        mild_lines("visible in source or symbol versions only", api, limit),
        mild_lines("harmless", noise, limit),
        hidden_lines(hidden, limit),
        kabi_lines(report, limit),
        tolerated_lines(report, limit),
        rule_lines(report.gate),
        version_lines(report.versions, everything=everything),
        _notes(report),
        gap_lines(report.gaps, limit),
        coverage_lines(report),
    ]
    return tuple(separated([list(group) for group in groups]))


def subject(finding: FindingReport) -> tuple[bool, str]:
    """What a finding is about: whether it is a symbol, and its name."""
    return finding.of_symbol, finding.type


def by_subject(findings: Iterable[FindingReport]) -> list[FindingReport]:
    """Findings of one type or symbol together, in the order in which the first of each comes."""
    order: dict[tuple[bool, str], int] = {}
    kept = [each for each in findings if each.kind != "symbol-removed"]
    for finding in kept:
        order.setdefault(subject(finding), len(order))
    return sorted(kept, key=lambda each: order[subject(each)])


def _head(report: DiffReport) -> Iterator[Block]:
    yield line(Span(verdict_in_words(report), _VERDICTS[report.verdict]))
    width = max(len(report.old.target), len(report.new.target))
    for side, build in (("old", report.old), ("new", report.new)):
        yield line(Span(side, "dim"), f"  {build.target:<{width}}  {_facts(build)}")
    if report.verdict == "error" and report.error is not None and report.error.advice:
        yield line(report.error.advice)


def _facts(build: BuildFacts) -> str:
    facts = [*build.compilers, build.machine, plural(build.symbols, "exported symbol")]
    return ", ".join(facts)


def _removed(findings: Sequence[FindingReport], limit: int | None) -> Iterator[Block]:
    if not findings:
        return
    yield line(Span("exported symbols removed", "title"), f" ({len(findings)})")
    notes = {each.type: f"  ({each.new})" if each.new else "" for each in findings}

    def shown(finding: FindingReport) -> Line:
        note = Span(notes[finding.type], "dim")
        return line(name(finding.type), note, why(finding), indent=2)

    yield from listed_of(findings, shown, limit, 2)


def _subject_block(
    findings: Sequence[FindingReport], layouts: Sequence[LayoutChange], limit: int | None
) -> Iterator[Block]:
    first = findings[0]
    yield line(Span(first.type, "title", shrinks=True))
    width = max(len(each.kind) for each in findings)
    for finding in sorted(findings, key=lambda each: each.kind in _OF_THE_WHOLE):
        label = finding.kind.replace("-", " ")
        yield line(Span(f"{label:<{width}} ", "changed"), *phrase(finding), indent=2)
        yield from decision(finding)
    if first.of_symbol:
        return
    for layout in layouts:
        if layout.type == first.type:
            yield from side_by_side(layout)
    yield from _affected(findings, limit)
    yield from _consequences(first.consequences, limit)


# memory


def side_by_side(layout: LayoutChange) -> Iterator[Block]:
    """The old and the new memory of a type beside each other."""
    if layout.permuted:
        yield from _permutation(layout)
    if layout.variant:
        yield line(f"variant {layout.variant}:", indent=2)
    old = _heading("old", layout.old_size, layout.old_alignment)
    new = _heading("new", layout.new_size, layout.new_alignment)
    columns = (
        Column("offset", right=True),
        Column("size", right=True), Column(old, limit=40),
        Column("size", right=True), Column(new, limit=40),
        Column(optional=True),
    )  # fmt: skip
    yield Table(columns, tuple(_rows(layout.rows)), indent=4)


def _permutation(layout: LayoutChange) -> Iterator[Line]:
    """Both memory orders against the source order, which nobody edited: the compiler chose anew."""
    where = f"{layout.variant}: " if layout.variant else ""
    orders = (
        ("source order", layout.source_order),
        ("old memory order", layout.old_memory_order),
        ("new memory order", layout.new_memory_order),
    )
    for title, order in orders:
        yield line(Span(f"{where}{title:<17}", "dim"), " ".join(order), indent=4)


def _heading(side: str, size: int, alignment: int | None) -> str:
    aligned = "" if alignment is None else f", align {alignment}"
    return f"{side}: {plural(size, 'byte')}{aligned}"


def _rows(rows: Sequence[LayoutRow]) -> Iterator[tuple[Spans, ...]]:
    near = {
        index + step for index, row in enumerate(rows) if row.note for step in (-1, 0, 1)
    } if len(rows) > _TALL else set(range(len(rows)))  # fmt: skip
    skipped = 0
    for index, row in enumerate(rows):
        if index not in near:
            skipped += 1
            continue
        if skipped:
            yield _skipped(skipped)
            skipped = 0
        yield _row(row)
    if skipped:
        yield _skipped(skipped)


def _skipped(count: int) -> tuple[Spans, ...]:
    text = f"… {plural(count, 'row')} unchanged"
    return ((), (), spans(Span(text, "dim")), (), (), ())


def _row(row: LayoutRow) -> tuple[Spans, ...]:
    offset = str(row.offset) if not row.bit else f"{row.offset}:{row.bit}"
    old: Style = "removed" if row.note and row.old and not is_padding(row.old) else ""
    new: Style = "added" if row.note and row.new and not is_padding(row.new) else ""
    return (
        spans(offset),
        _size(row.old), _place(row.old, old),
        _size(row.new), _place(row.new, new),
        spans(Span(_short_note(row.note), "changed")),
    )  # fmt: skip


def _short_note(note: str) -> str:
    return f"← {short(note)}" if note else ""


def _size(place: Place | None) -> Spans:
    if place is None or place.size is None:
        return ()
    return spans(plural(place.bits, "bit") if place.bits is not None else str(place.size))


def _place(place: Place | None, style: Style) -> Spans:
    if place is None:
        return ()
    if is_padding(place):
        return spans(Span(f"({place.kind})", "dim"))
    if place.kind == "field":
        return spans(Span(f"{place.name}: ", style), Span(short(place.type), style, shrinks=True))
    return spans(Span({"discriminant": "(tag)"}.get(place.kind, f"({place.kind})"), style))


# whom it affects


def _affected(findings: Sequence[FindingReport], limit: int | None) -> Iterator[Block]:
    places = {each.where for each in findings} - {""}
    told = [each for each in findings if each.where] if len(places) == 1 else findings
    symbols = {symbol.symbol: symbol for each in (*findings, *told) for symbol in each.affected}
    if not symbols:
        yield line(Span("no exported symbol reaches it", "dim"), indent=2)
        return
    unseen = sum(each.version_changed is False for each in symbols.values())
    note = f" ({unseen} of them under an unchanged kernel version)" if unseen else ""
    by_value = sum(each.by_value for each in symbols.values())
    mixed = 0 < by_value < len(symbols)
    how = "by value" if by_value else "behind pointers only"
    if mixed:
        how = f"{by_value} by value, {len(symbols) - by_value} behind pointers only"
    yield line(f"affects {plural(len(symbols), 'exported symbol')}, {how}{note}:", indent=2)
    ordered = [symbols[each] for each in sorted(symbols)]
    yield from listed_of(ordered, lambda each: _path(each, len(places) == 1, mixed), limit, 4)


def _path(symbol: AffectedSymbol, to_member: bool, mixed: bool) -> Line:
    """A path to the member that changed, or to the type where there are several changes of it.

    It is a shortest one and may pass a pointer where a longer one does not: so where some symbols
    reach the type by value, that is said.
    """
    stations = [short(each) for each in symbol.path[1:]]
    if stations and not to_member:
        stations[-1] = _without_member(stations[-1])
    tail = (Span(ARROW), *way(stations)) if stations else ()
    if mixed and symbol.by_value:
        tail = (*tail, Span("  (by value)", "dim"))
    return Line(spans(name(symbol.name)), 4, tail)


def _without_member(station: str) -> str:
    depth = 0
    for index, letter in enumerate(station):
        depth += (letter in "<([{") - (letter in ">)]}" and station[index - 1] != "-")
        if letter == "." and not depth:
            return station[:index]
    return station


def _consequences(consequences: Iterable[ConsequenceReport], limit: int | None) -> Iterator[Block]:
    by_type: dict[str, list[ConsequenceReport]] = {}
    for each in consequences:
        by_type.setdefault(each.type, []).append(each)
    if not by_type:
        return
    yield line("also changes the layout of:", indent=2)

    def shown(type_name: str) -> Line:
        told = ", ".join(map(_consequence, by_type[type_name]))
        return Line(spans(name(type_name), ":"), 4, spans(f" {told}"))

    yield from listed_of(by_type, shown, limit, 4)


def _consequence(consequence: ConsequenceReport) -> str:
    words = consequence.kind.replace("-changed", "").replace("-", " ")
    return words + "".join(span.text for span in phrase(consequence))


# the rest


def _builds(findings: Iterable[FindingReport]) -> Iterator[Block]:
    for finding in findings:
        if not finding.type:
            label = finding.kind.replace("-", " ")
            yield line(Span(f"{label} ", "warn"), *phrase(finding))
            yield from decision(finding)


def gap_lines(
    gaps: Sequence[GapReport], limit: int | None = MANY, more: str = "--all lists them"
) -> Iterator[Block]:
    """What could not be checked, by kind; ``more`` tells how to see what is left out."""
    if not gaps:
        return
    yield line(Span("not checked", "title"), f" ({plural(len(gaps), 'gap')})")
    ordered = sorted(
        gaps,
        key=lambda each: (each.kind, each.side, each.detail * (each.kind == _OF_ALL), each.subject),
    )
    for _, group in groupby(ordered, key=lambda each: each.kind):
        members = list(group)
        yield line(f"{members[0].explanation} ({len(members)}):", indent=2)
        if members[0].kind == _OF_ALL:
            yield from _name_lines(members, limit)
        else:
            yield from listed_of(members, _gap, limit, 4, more)


def _name_lines(gaps: Sequence[GapReport], limit: int | None) -> Iterator[Line]:
    """Gaps that nearly every symbol has: their names, some to a line."""
    for (detail, side), group in groupby(gaps, key=lambda each: (each.detail, each.side)):
        members = list(group)
        names = [each.subject for each in members[: None if limit is None else _FEW]]
        if len(members) > len(names):
            names.append(f"… and {len(members) - len(names)} more")
        yield Line(spans(f"{detail}{_SIDES.get(side, '')}: "), 4, spans(", ".join(names)))


def _gap(gap: GapReport) -> Line:
    side = _SIDES.get(gap.side, "")
    other = gap.detail.removeprefix(_FOLDED)
    if other != gap.detail:
        tail = spans(" " + _FOLDED, name(other), Span(side, "dim"))
        return Line(spans(name(gap.subject)), 4, tail)
    detail = f", {gap.detail}" if gap.detail else ""
    return line(name(gap.subject), detail, Span(side, "dim"), indent=4)


def _notes(report: DiffReport) -> Iterator[Block]:
    summary = report.summary
    shown = sum(each.severity == "noise" for each in report.findings)
    if summary.noise > shown:
        hidden = plural(summary.noise - shown, "harmless change")
        yield line(Span(f"{hidden} not listed (--all lists them)", "dim"))
    if summary.other_crates:
        yield line(
            Span(f"{plural(summary.other_crates, 'finding')} of other crates left out", "dim")
        )
    if summary.versions_changed and report.verdict == "compatible":
        text = "a kernel with MODVERSIONS would refuse modules built against OLD that import it"
        them = text if summary.versions_changed == 1 else text.replace(" it", " them")
        changed = f"the CRC of {plural(summary.versions_changed, 'symbol')} changed: "
        yield line(Span(changed + them, "dim"))
    if report.verdict == "incompatible":
        kinds = [each.kind for each in report.findings if each.fails]
        kind = min(kinds, key=lambda each: each in _OF_THE_WHOLE)
        yield line(Span(f"rustabi explain {kind} tells what that means", "dim"))
