"""The crates of a workspace against a baseline in the formats of CI systems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rustabi.report.annotate import diff_annotations
from rustabi.report.annotations import Annotation, Level
from rustabi.report.crates import (
    BaselineReport,
    CrateDiffReport,
    CratesDiffReport,
    CrateSemverReport,
    CratesSemverReport,
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
    state_in_words,
    verdict_of,
    versions_in_words,
    why_of,
)
from rustabi.report.junit import Case, Result, Suite
from rustabi.report.junit_suites import diff_suites
from rustabi.report.markdown import MANY, Part, cell, code, table
from rustabi.report.markdown_diff import HEAD, WORST, diff_parts

_RESULTS: Final[dict[str, Result]] = {
    "compatible": "passed", "incompatible": "failure", "error": "error",
    "sufficient": "passed", "insufficient": "failure", "unknown": "error",
}  # fmt: skip

_LEVELS: Final[dict[str, Level]] = {
    "incompatible": "error", "error": "error", "insufficient": "error", "unknown": "error",
}  # fmt: skip


# Markdown


def crates_diff_parts(report: CratesDiffReport) -> Iterator[Part]:
    """A table of the crates, then each that changed."""
    rows = [
        (
            cell(each.package), cell(versions_in_words(each)),
            "-" if each.hint is None else hint_in_words(each.hint), cell(why_of(each)),
        )
        for each in report.crates
    ]  # fmt: skip
    yield Part(WORST, _markdown_head("diff", [diff_in_words(report)], report.baseline), "verdict")
    yield from _tables(("crate", "version", "semver hint", "why"), rows)
    for each in report.crates:
        if each.diff is not None and is_told(each):
            yield from diff_parts(each.diff)


def crates_semver_parts(report: CratesSemverReport) -> Iterator[Part]:
    """A table of the crates."""
    rows = [
        (
            cell(each.package), cell(versions_in_words(each)), each.bump or "",
            "-" if each.hint is None else hint_in_words(each.hint), needs_in_words(each),
            "" if each.answer is None else ANSWERS[each.answer], cell(semver_why(each)),
        )
        for each in report.crates
    ]  # fmt: skip
    head = _markdown_head("check-semver", semver_in_words(report), report.baseline)
    yield Part(WORST, head, "verdict")
    yield from _tables(("crate", "version", "bump", "semver hint", "needs", "verdict", "why"), rows)


def _tables(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[Part]:
    """Rows in tables of a few, so that a document of limited length has room for the first."""
    for start in range(0, len(rows), MANY):
        yield Part(HEAD, table(titles, rows[start : start + MANY]), f"table of {MANY} crates")


def _markdown_head(command: str, lines: Sequence[str], baseline: BaselineReport) -> str:
    told = [f"### cargo rustabi {command}", *map(code, lines)]
    told.append(f"baseline {code(baseline_in_words(baseline))}")
    return "\n\n".join([*told, *map(code, baseline.notes), NOT_SEEN])


# JUnit XML


def crates_diff_suites(report: CratesDiffReport) -> Iterator[Suite]:
    """A suite for each crate; one that was not compared is a case by itself."""
    for each in report.crates:
        if each.diff is not None:
            yield from diff_suites(each.diff)
        else:
            yield Suite(f"cargo rustabi diff {each.package}", [_case_of(each)])


def _case_of(crate: CrateDiffReport) -> Case:
    result, words = _RESULTS[verdict_of(crate)], state_in_words(crate)
    if result == "passed":
        result = "skipped"
    return Case(crate.package, "verdict", result, crate.state, words, words)


def crates_semver_suites(report: CratesSemverReport) -> Iterator[Suite]:
    """One suite, with a case for each crate."""
    cases = [_semver_case(each) for each in report.crates]
    yield Suite(f"cargo rustabi check-semver {baseline_in_words(report.baseline)}", cases)


def _semver_case(crate: CrateSemverReport) -> Case:
    if crate.answer is None:
        return Case("version", crate.package, "skipped", message=state_in_words(crate))
    result, words = _RESULTS[crate.answer], _semver_line(crate)
    if result == "passed":
        return Case("version", crate.package, output=words)
    return Case("version", crate.package, result, crate.answer, words, words)


def _semver_line(crate: CrateSemverReport) -> str:
    hint = "" if crate.hint is None else hint_in_words(crate.hint)
    why = semver_why(crate)
    needs = needs_in_words(crate)
    return f"{versions_in_words(crate)}: {hint} ({why}), needs {needs}" if why else hint


# GitHub's annotations


def crates_diff_annotations(report: CratesDiffReport) -> Iterator[Annotation]:
    """Those of each crate."""
    for each in report.crates:
        if each.diff is not None:
            if is_told(each):
                yield from diff_annotations(each.diff)
        elif verdict_of(each) in _LEVELS:
            yield Annotation("error", f"{each.package}: {each.state}", state_in_words(each))
    yield Annotation("notice", "cargo rustabi diff", diff_in_words(report))


def crates_semver_annotations(report: CratesSemverReport) -> Iterator[Annotation]:
    """One for each crate whose version does not say enough."""
    for each in report.crates:
        if each.answer in _LEVELS and each.answer is not None:
            title = f"{each.package}: version {ANSWERS[each.answer]}"
            yield Annotation("error", title, _semver_line(each))
    yield Annotation("notice", "cargo rustabi check-semver", "\n".join(semver_in_words(report)))
