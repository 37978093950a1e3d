"""The crates of a workspace against a baseline, as text: a table, then each that changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
from rustabi.report.differences import verdict_in_words
from rustabi.report.facts import plural
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
from rustabi.report.paths import ARROW
from rustabi.report.text_diff import diff_page

_FEW: Final = 5
"""Changes that are named for a hint."""

_HINTS: Final[dict[str, tuple[str, Style]]] = {
    "break": ("layout break", "bad"),
    "api": ("API only", "warn"),
    "none": ("none", "good"),
    "unknown": ("cannot say", "warn"),
}

_LINKS: Final = frozenset({"symbol-removed"})
"""Kinds of break that have nothing to do with a layout."""

_ANSWERS: Final[dict[str, tuple[str, Style]]] = {
    "sufficient": ("ok", "good"),
    "insufficient": ("too small", "bad"),
    "unknown": ("cannot say", "warn"),
}


def crates_diff_page(report: CratesDiffReport, *, everything: bool = False) -> Page:
    """The report as a page.

    Args:
        report: What to show.
        everything: Show the crates that did not change, and lists whole, however long.
    """
    rows = tuple(
        (spans(name(each.package)), _versions(each), _hint(each.hint), _why(each))
        for each in report.crates
    )
    columns = (Column("crate"), Column("version"), Column("semver hint"), Column())
    blocks: list[Block] = [*_head(report.baseline), Table(columns, rows)]
    for each in report.crates:
        if each.diff is not None and (everything or _is_told(each)):
            blocks += [BLANK, BLANK, line(Span(each.package, "title"))]
            blocks += diff_page(each.diff, everything=everything)
    blocks += [BLANK, line(_verdict(report))]
    return tuple(blocks)


def _is_told(crate: CrateDiffReport) -> bool:
    changed = crate.hint is not None and crate.hint.hint != "none"
    return changed or (crate.diff is not None and crate.diff.verdict != "compatible")


def _head(baseline: BaselineReport) -> Iterator[Block]:
    commit = baseline.commit or ""
    label = baseline.name
    if commit and not commit.startswith(label):
        label = f"{label} ({commit[:10]})"
    yield line(Span("baseline ", "dim"), label)
    for note in baseline.notes:
        yield line(Span(note, "warn"), indent=2)
    yield BLANK


def _versions(crate: CrateDiffReport | CrateSemverReport) -> Spans:
    old, new = crate.old_version, crate.new_version
    if old == new:
        return spans(old or "?")
    if crate.state in ("added", "removed", "left-out") and (old is None or new is None):
        return spans(old or new or "?")
    return spans(f"{old or '?'}{ARROW}{new or '?'}")


def _hint(hint: HintReport | None) -> Spans:
    if hint is None:
        return spans(Span("-", "dim"))
    words, style = _HINTS[hint.hint]
    breaking = {each.kind for each in hint.reasons if each.hint == "break"}
    if hint.hint == "break" and breaking <= _LINKS:
        words = "symbols removed"
    if hint.hint == "unknown" and hint.known != "none":
        words = f"cannot say; at least {_HINTS[hint.known][0]}"
    return spans(Span(words, style))


def _why(crate: CrateDiffReport) -> Spans:
    if crate.diff is None:
        return spans(Span(_state(crate.state, crate.reason), "dim"))
    if crate.hint is not None and crate.hint.hint != "none":
        return spans(_reasons(crate.hint))
    _, _, words = verdict_in_words(crate.diff).partition(": ")
    return spans(Span(words, "dim"))


def _state(state: str, reason: str) -> str:
    words = {"left-out": "not compared", "failed": "not compared"}.get(state, state)
    return f"{words}: {reason}"


def _reasons(hint: HintReport) -> str:
    """The changes that made the hint what it is, each subject once."""
    wanted = [each for each in hint.reasons if each.hint in (hint.hint, hint.known)]
    subjects = list(dict.fromkeys(each.subject or each.kind for each in wanted))
    told = ", ".join(subjects[:_FEW])
    if len(subjects) > _FEW:
        told += f" and {len(subjects) - _FEW} more"
    return f"{told}: {hint.why}" if told and hint.why else told or hint.why


def _verdict(report: CratesDiffReport) -> Span:
    failing = [each for each in report.crates if _fails(each)]
    compared = sum(each.state == "compared" for each in report.crates)
    if report.verdict == "compatible":
        return Span(f"COMPATIBLE: {plural(compared, 'crate')} compared", "good")
    if report.verdict == "incompatible":
        names = ", ".join(each.package for each in failing)
        return Span(f"INCOMPATIBLE: {names}", "bad")
    lacking = [
        each.package
        for each in report.crates
        if each.state == "failed" or (each.diff is not None and each.diff.verdict == "error")
    ]
    return Span(
        f"NO VERDICT: {', '.join(lacking)} could not be compared (--exclude leaves a crate out)",
        "bad",
    )


def _fails(crate: CrateDiffReport) -> bool:
    if crate.diff is not None:
        return crate.diff.verdict == "incompatible"
    return crate.state == "removed"


def crates_semver_page(report: CratesSemverReport) -> Page:
    """The report as a page."""
    columns = (
        Column("crate"), Column("version"), Column("bump"), Column("semver hint"),
        Column("needs"), Column(), Column(),
    )  # fmt: skip
    rows = tuple(map(_semver_row, report.crates))
    return (*_head(report.baseline), Table(columns, rows), BLANK, *_semver_verdict(report))


def _semver_row(crate: CrateSemverReport) -> tuple[Spans, ...]:
    if crate.hint is None or crate.answer is None:
        why = Span(_state(crate.state, crate.reason), "dim")
        return (spans(name(crate.package)), _versions(crate), (), (), (), (), spans(why))
    words, style = _ANSWERS[crate.answer]
    needs: str = crate.required or "-"
    if crate.hint.hint == "unknown":
        needs = f"{needs} or more" if needs != "none" else "?"
    return (
        spans(name(crate.package)), _versions(crate), spans(crate.bump or "?"),
        _hint(crate.hint), spans(needs), spans(Span(words, style)), spans(_semver_why(crate)),
    )  # fmt: skip


def _semver_why(crate: CrateSemverReport) -> Span:
    told = _reasons(crate.hint) if crate.hint is not None else ""
    return Span(told or crate.reason, "dim")


def _semver_verdict(report: CratesSemverReport) -> Iterator[Block]:
    wrong = _packages(report.crates, "insufficient")
    open_ = _packages(report.crates, "unknown")
    if wrong:
        yield line(Span(f"TOO SMALL: raise the version of {', '.join(wrong)}", "bad"))
    if open_:
        yield line(Span(f"CANNOT SAY: {', '.join(open_)}", "warn"))
    if not wrong and not open_:
        compared = sum(each.answer is not None for each in report.crates)
        yield line(Span(f"OK: {plural(compared, 'version')} checked", "good"))
    if wrong or open_:
        yield line(Span("cargo rustabi diff with the same options tells what changed", "dim"))


def _packages(crates: Iterable[CrateSemverReport], answer: str) -> list[str]:
    return [each.package for each in crates if each.answer == answer]


def crates_snapshot_page(report: CratesSnapshotReport) -> Page:
    """The report as a page."""
    lines = [
        line(
            f"{each.path}: ",
            name(each.build.target),
            f", {plural(each.build.symbols, 'exported symbol')}"
            f", {plural(each.build.types, 'type')}",
        )
        for each in report.snapshots
    ]
    rest = [line(Span(f"left out: {each}", "dim")) for each in report.left_out]
    return tuple(separated([lines, rest]))
