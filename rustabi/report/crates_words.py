"""What the reports of a workspace's crates say in words, for every format."""

from __future__ import annotations

from typing import Final

from rustabi.report.crates import (
    BaselineReport,
    CrateDiffReport,
    CratesDiffReport,
    CrateSemverReport,
    CratesSemverReport,
    HintReport,
)
from rustabi.report.differences import verdict_in_words
from rustabi.report.facts import plural
from rustabi.report.paths import ARROW

_FEW: Final = 5
"""Changes that are named for a hint."""

_HINTS: Final = {
    "break": "layout break",
    "api": "API only",
    "none": "none",
    "unknown": "cannot say",
}

_LINKS: Final = frozenset({"symbol-removed"})
"""Kinds of break that have nothing to do with a layout."""

_STATES: Final = {"left-out": "not compared", "failed": "not compared"}

ANSWERS: Final = {
    "sufficient": "ok",
    "insufficient": "too small",
    "unknown": "cannot say",
}


NOT_SEEN: Final = (
    "of an rlib, generic and inlined code is not seen: it is compiled into the crates that use it"
)


def baseline_in_words(baseline: BaselineReport) -> str:
    """``HEAD~1 (0123456789)``."""
    commit = baseline.commit or ""
    if commit and not commit.startswith(baseline.name):
        return f"{baseline.name} ({commit[:10]})"
    return commit[:10] or baseline.name


def versions_in_words(crate: CrateDiffReport | CrateSemverReport) -> str:
    """``0.1.0 → 0.2.0``, or the one that is known."""
    old, new = crate.old_version, crate.new_version
    if old == new or crate.state == "added" or old is None:
        return new or old or "?"
    if crate.state == "removed" or new is None:
        return old
    return f"{old}{ARROW}{new}"


def hint_in_words(hint: HintReport) -> str:
    """``layout break``, ``API only``, ``none``, ``cannot say``."""
    if hint.hint == "break" and {e.kind for e in hint.reasons if e.hint == "break"} <= _LINKS:
        return "symbols removed"
    if hint.hint == "unknown" and hint.known != "none":
        return f"{_HINTS['unknown']}, at least {_HINTS[hint.known]}"
    return _HINTS[hint.hint]


def reasons_in_words(hint: HintReport) -> str:
    """The changes that made the hint what it is, each subject once."""
    wanted = [each for each in hint.reasons if each.hint in (hint.hint, hint.known)]
    subjects = list(dict.fromkeys(each.subject or each.kind for each in wanted))
    told = ", ".join(subjects[:_FEW])
    if len(subjects) > _FEW:
        told += f" and {len(subjects) - _FEW} more"
    return f"{told}: {hint.why}" if told and hint.why else told or hint.why


def state_in_words(crate: CrateDiffReport | CrateSemverReport) -> str:
    """What became of a crate that was not compared."""
    return f"{_STATES.get(crate.state, crate.state)}: {crate.reason}"


def why_of(crate: CrateDiffReport) -> str:
    """What decided about a crate."""
    if crate.diff is None:
        return state_in_words(crate)
    if crate.hint is not None and crate.hint.hint != "none":
        return reasons_in_words(crate.hint)
    return verdict_in_words(crate.diff).partition(": ")[2]


def is_told(crate: CrateDiffReport) -> bool:
    """Whether there is more to say of a crate than a line."""
    changed = crate.hint is not None and crate.hint.hint != "none"
    return changed or (crate.diff is not None and crate.diff.verdict != "compatible")


def verdict_of(crate: CrateDiffReport) -> str:
    """``compatible``, ``incompatible`` or ``error``."""
    if crate.diff is not None:
        return crate.diff.verdict
    return {"removed": "incompatible", "failed": "error"}.get(crate.state, "compatible")


def diff_in_words(report: CratesDiffReport) -> str:
    """The verdict of a whole workspace, in a line."""
    names = ", ".join(each.package for each in report.crates if verdict_of(each) == report.verdict)
    if report.verdict == "incompatible":
        return f"INCOMPATIBLE: {names}"
    if report.verdict == "error":
        return f"NO VERDICT: {names} could not be compared (--exclude leaves a crate out)"
    compared = sum(each.state == "compared" for each in report.crates)
    added = sum(each.state == "added" for each in report.crates)
    new = f", {added} added" if added else ""
    return f"COMPATIBLE: {plural(compared, 'crate')} compared{new}"


def needs_in_words(crate: CrateSemverReport) -> str:
    """The least bump that is needed: ``minor``, ``minor or more``."""
    if crate.hint is None or crate.required is None:
        return ""
    if crate.hint.hint == "unknown":
        return f"{crate.required} or more" if crate.required != "none" else "?"
    return crate.required


def semver_why(crate: CrateSemverReport) -> str:
    """What decided about a version."""
    if crate.answer is None:
        return state_in_words(crate)
    return (reasons_in_words(crate.hint) if crate.hint is not None else "") or crate.reason


def semver_in_words(report: CratesSemverReport) -> list[str]:
    """The verdict of a whole workspace, a line for each part of it."""
    lines = []
    small = ", ".join(e.package for e in report.crates if e.answer == "insufficient")
    unsaid = ", ".join(e.package for e in report.crates if e.answer == "unknown")
    if small:
        lines.append(f"TOO SMALL: raise the version of {small}")
    if unsaid:
        lines.append(f"CANNOT SAY: {unsaid}")
    checked = sum(each.answer is not None for each in report.crates)
    return lines or [f"OK: {plural(checked, 'version')} checked"]
