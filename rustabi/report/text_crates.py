"""The crates of a workspace against a baseline, as text: a table, then each that changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rustabi.report.crates import (
    BaselineReport,
    CrateDiffReport,
    CratesDiffReport,
    CrateSemverReport,
    CratesSemverReport,
    CratesSnapshotReport,
    HintReport,
)
from rustabi.report.crates_words import (
    ANSWERS,
    NOT_SEEN,
    baseline_in_words,
    diff_in_words,
    hint_in_words,
    is_told,
    needs_in_words,
    semver_in_words,
    semver_why,
    versions_in_words,
    why_of,
)
from rustabi.report.facts import BuildFacts, plural
from rustabi.report.page import (
    BLANK,
    Block,
    Column,
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
from rustabi.report.text_diff import diff_page

_STYLES: Final[dict[str, Style]] = {
    "break": "bad", "api": "warn", "none": "good", "unknown": "warn",
    "compatible": "good", "incompatible": "bad", "error": "bad",
    "sufficient": "good", "insufficient": "bad",
}  # fmt: skip


def crates_diff_page(report: CratesDiffReport, *, everything: bool = False) -> Page:
    """The report as a page.

    Args:
        report: What to show.
        everything: Show the crates that did not change, and lists whole, however long.
    """
    columns = (Column("crate"), Column("version"), Column("semver hint"), Column("why"))
    rows = tuple(map(_diff_row, report.crates))
    blocks: list[Block] = [*_head(report.baseline), Table(columns, rows)]
    for each in report.crates:
        if each.diff is not None and (everything or is_told(each)):
            blocks += [BLANK, BLANK, line(Span(each.package, "title"))]
            blocks += diff_page(each.diff, everything=everything)
    blocks += [BLANK, line(Span(NOT_SEEN, "dim"))]
    blocks.append(line(Span(diff_in_words(report), _STYLES[report.verdict])))
    return tuple(blocks)


def _head(baseline: BaselineReport) -> Iterator[Block]:
    yield line(Span("baseline ", "dim"), baseline_in_words(baseline))
    for note in baseline.notes:
        yield line(Span(note, "warn"), indent=2)
    yield BLANK


def _diff_row(crate: CrateDiffReport) -> tuple[Spans, ...]:
    return (
        spans(name(crate.package)), spans(versions_in_words(crate)), _hint(crate.hint),
        spans(Span(why_of(crate), "dim")),
    )  # fmt: skip


def _hint(hint: HintReport | None) -> Spans:
    if hint is None:
        return spans(Span("-", "dim"))
    return spans(Span(hint_in_words(hint), _STYLES[hint.hint]))


def crates_semver_page(report: CratesSemverReport) -> Page:
    """The report as a page."""
    columns = (
        Column("crate"), Column("version"), Column("bump"), Column("semver hint"),
        Column("needs"), Column("verdict"), Column("why"),
    )  # fmt: skip
    blocks: list[Block] = [
        *_head(report.baseline), Table(columns, tuple(map(_semver_row, report.crates))), BLANK,
    ]  # fmt: skip
    blocks.append(line(Span(NOT_SEEN, "dim")))
    blocks += [line(Span(each, _STYLES[report.verdict])) for each in semver_in_words(report)]
    if report.verdict != "sufficient":
        more = "cargo rustabi diff with the same options tells what changed"
        blocks.append(line(Span(more, "dim")))
    return tuple(blocks)


def _semver_row(crate: CrateSemverReport) -> tuple[Spans, ...]:
    why = spans(Span(semver_why(crate), "dim"))
    first = (spans(name(crate.package)), spans(versions_in_words(crate)))
    if crate.answer is None:
        return (*first, (), (), (), (), why)
    answer = Span(ANSWERS[crate.answer], _STYLES[crate.answer])
    return (
        *first, spans(crate.bump or "?"), _hint(crate.hint), spans(needs_in_words(crate)),
        spans(answer), why,
    )  # fmt: skip


def crates_snapshot_page(report: CratesSnapshotReport) -> Page:
    """The report as a page."""
    lines = [
        line(f"{each.path}: ", name(each.build.target), f", {_counts(each.build)}")
        for each in report.snapshots
    ]
    rest = [line(Span(f"left out: {each}", "dim")) for each in report.left_out]
    return tuple(separated([lines, rest]))


def _counts(build: BuildFacts) -> str:
    return f"{plural(build.symbols, 'exported symbol')}, {plural(build.types, 'type')}"
