"""Why a comparison has no verdict, although both builds could be read."""

from __future__ import annotations

from collections.abc import Sequence

from rustabi.diff import Comparison
from rustabi.report.errors import ErrorReport
from rustabi.report.facts import GapReport, plural
from rustabi.report.gates import gap_counts
from rustabi.rules import Judgement


def why_none(
    comparison: Comparison, judgement: Judgement, gaps: Sequence[GapReport]
) -> ErrorReport | None:
    """Why there is no verdict unless something breaks; None where there is one."""
    return (
        _lost(comparison)
        or _blank(comparison)
        or _no_exports(comparison, judgement)
        or _failing_gaps(judgement, gaps)
    )


def _blank(comparison: Comparison) -> ErrorReport | None:
    if not comparison.is_blank:
        return None
    count = plural(len(comparison.old.symbols), "exported symbol")
    return ErrorReport(
        kind="no-symbol-described",
        message=f"the debug info of OLD and NEW describes none of {count}",
        path=None,
        place=None,
        advice="build both with full debug info; `rustabi doctor` tells more",
    )


def _no_exports(comparison: Comparison, judgement: Judgement) -> ErrorReport | None:
    """Types that no symbol reaches have a verdict where their changes are to fail, too."""
    by_types = "risky" in judgement.gate.fail_on and comparison.types > 0
    if not comparison.exports_nothing or by_types:
        return None
    rules = sorted({model.facts.export_rule for model in (comparison.old, comparison.new)} - {""})
    told = f" ({', '.join(rules)})" if rules else ""
    types = plural(comparison.types, "type")
    return ErrorReport(
        kind="no-exports",
        message=f"neither OLD nor NEW exports a symbol{told}: no change could break a caller",
        path=None,
        place=None,
        advice=f"--fail-on risky judges the {types} of both alone; what a module imports is for"
        " `rustabi check`"
        if comparison.types
        else "name what exports symbols; `rustabi doctor` tells more",
    )


def _lost(comparison: Comparison) -> ErrorReport | None:
    if not comparison.lost:
        return None
    first = comparison.lost[0]
    several = len(comparison.lost)
    what = first.subject if several == 1 else f"{first.subject} and {several - 1} more"
    return ErrorReport(
        kind="lost-data",
        message=f"NEW lacks debug info that OLD has: {what}",
        path=None,
        place=None,
        advice="build NEW with full debug info, as OLD was, and do not strip it",
    )


def _failing_gaps(judgement: Judgement, gaps: Sequence[GapReport]) -> ErrorReport | None:
    if "gap" not in judgement.gate.fail_on:
        return None
    known = judgement.gate.known_gaps
    failing = [gap for gap in gaps if not any(each.covers(gap.kind, gap.subject) for each in known)]
    if not failing:
        return None
    kinds = ", ".join(f"{each.count} {each.kind}" for each in gap_counts(failing))
    return ErrorReport(
        kind="gaps",
        message=f"not all could be checked: {plural(len(failing), 'gap')} ({kinds})",
        path=None,
        place=None,
        advice="gaps fail because of --fail-on gap; the list says why each is one",
    )
