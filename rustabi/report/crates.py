"""The crates of a workspace against a baseline: what `cargo rustabi` tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rustabi.crates import BaselineFacts, Bump, CrateResult, Hint, bump_of, parse_version
from rustabi.report.differences import DiffReport, diff_report
from rustabi.report.errors import ErrorReport, failure_report
from rustabi.report.snapshots import SnapshotReport


@dataclass(frozen=True, slots=True)
class BaselineReport:
    """What the crates were compared with."""

    kind: Literal["revision", "folder", "snapshots", "file"]
    """A revision of git, another checkout, a folder of snapshots, or one snapshot or binary."""
    name: str
    """As it was named."""
    commit: str | None
    """The commit's hash; null where it is no revision."""
    notes: tuple[str, ...]
    """What it lacks, in sentences: submodules, files kept in Git LFS."""


@dataclass(frozen=True, slots=True)
class ReasonReport:
    """A change that decides about a hint."""

    subject: str
    """The type or symbol, readable."""
    kind: str
    """What changed, such as `member-added`; `rustabi explain` has all."""
    hint: Literal["break", "api", "none", "unknown"]
    """What it makes of the hint."""


@dataclass(frozen=True, slots=True)
class HintReport:
    """What a comparison means for the version of a crate."""

    hint: Literal["break", "api", "none", "unknown"]
    """`break`: what was compiled against the old crate goes wrong. `api`: only source, or the
    kernel's symbol version, shows a change. `none`: no change that anybody outside has to notice,
    in all that was compared. `unknown`: it cannot be said."""
    known: Literal["break", "api", "none"]
    """What is known for certain: the hint itself or, where that is `unknown`, at least this."""
    reasons: tuple[ReasonReport, ...]
    """The changes that decide, worst first."""
    why: str
    """Why nothing can be said for certain; empty where it can."""


@dataclass(frozen=True, slots=True)
class CrateDiffReport:
    """What became of one crate."""

    package: str
    """The name of its package."""
    state: Literal["compared", "added", "removed", "left-out", "failed"]
    """`left-out` are programs and procedural macros; `failed` is what could not be compared."""
    reason: str
    """Why it was not compared, in words; empty where it was."""
    old_version: str | None
    """That of the package in the baseline; null where it has none, or does not tell it."""
    new_version: str | None
    """That of the package now; null where there is none."""
    hint: HintReport | None
    """What that means for the version; null where there is nothing to compare."""
    diff: DiffReport | None
    """The comparison, as `rustabi diff` has it; null where there is none."""
    error: ErrorReport | None
    """Why it could not be compared; null where it could, or needed not be."""


@dataclass(frozen=True, slots=True)
class CratesDiffReport:
    """What `cargo rustabi diff --format json` prints."""

    report: Literal["cargo-diff"]
    """Tells this report from others."""
    verdict: Literal["compatible", "incompatible", "error"]
    """The worst of its crates': a library that is gone makes it `incompatible`, one that could not
    be compared `error`."""
    baseline: BaselineReport
    """What the crates were compared with."""
    crates: tuple[CrateDiffReport, ...]
    """The crates of both sides, sorted by name."""


@dataclass(frozen=True, slots=True)
class CrateSemverReport:
    """Whether the version of one crate says enough."""

    package: str
    """The name of its package."""
    state: Literal["compared", "added", "removed", "left-out", "failed"]
    """As in a report of `cargo rustabi diff`."""
    reason: str
    """Why it was not compared, or nothing can be said, in words."""
    old_version: str | None
    """That of the package in the baseline."""
    new_version: str | None
    """That of the package now."""
    hint: HintReport | None
    """What changed; null where there is nothing to compare."""
    bump: Literal["down", "none", "patch", "minor", "major"] | None
    """How much the versions promise to differ, by cargo's rules: below 1.0.0 the leftmost number
    that is not zero is the major one. Null where a version is not known."""
    required: Literal["none", "minor", "major"] | None
    """The least bump that what is known asks for: `major` for a break, `minor` for API only."""
    answer: Literal["sufficient", "insufficient", "unknown"] | None
    """Whether the bump is enough; null where nothing is to be compared."""


@dataclass(frozen=True, slots=True)
class CratesSemverReport:
    """What `cargo rustabi check-semver --format json` prints."""

    report: Literal["cargo-check-semver"]
    """Tells this report from others."""
    verdict: Literal["sufficient", "insufficient", "error"]
    """The worst of its crates': `error` where one cannot be said."""
    baseline: BaselineReport
    """What the crates were compared with."""
    crates: tuple[CrateSemverReport, ...]
    """The crates of both sides, sorted by name."""


@dataclass(frozen=True, slots=True)
class CratesSnapshotReport:
    """What `cargo rustabi snapshot --format json` prints."""

    report: Literal["cargo-snapshot"]
    """Tells this report from others."""
    snapshots: tuple[SnapshotReport, ...]
    """The files that were written, by the name of the package."""
    left_out: tuple[str, ...]
    """Packages that have nothing to keep, as `name: reason`."""


def baseline_report(facts: BaselineFacts) -> BaselineReport:
    """What the crates were compared with."""
    return BaselineReport(facts.kind, facts.name, facts.commit or None, facts.notes)


def crate_diff(result: CrateResult, label: str, *, noise: bool) -> CrateDiffReport:
    """What became of a crate.

    Args:
        result: What was found.
        label: What the baseline is called.
        noise: List findings that nobody has to notice, too.
    """
    diff = None
    if result.comparison is not None:
        diff = diff_report(
            result.comparison, f"{result.name} at {label}", result.name,
            noise=noise, judgement=result.judgement,
        )  # fmt: skip
    error = diff.error if diff is not None else None
    if result.error is not None:
        error = failure_report(result.error).error
    return CrateDiffReport(
        result.name, result.state, result.reason, result.old_version, result.new_version,
        _hint(result.hint), diff, error,
    )  # fmt: skip


def crates_diff(baseline: BaselineFacts, crates: Iterable[CrateDiffReport]) -> CratesDiffReport:
    """The report of a whole workspace."""
    listed = tuple(crates)
    verdicts = {_verdict(each) for each in listed}
    worst: Literal["compatible", "incompatible", "error"] = (
        "incompatible" if "incompatible" in verdicts
        else "error" if "error" in verdicts
        else "compatible"
    )  # fmt: skip
    return CratesDiffReport("cargo-diff", worst, baseline_report(baseline), listed)


def _verdict(crate: CrateDiffReport) -> str:
    if crate.diff is not None:
        return crate.diff.verdict
    return {"removed": "incompatible", "failed": "error"}.get(crate.state, "compatible")


def crate_semver(result: CrateResult) -> CrateSemverReport:
    """Whether the version of a crate says enough."""
    if result.hint is None:
        return CrateSemverReport(
            result.name, result.state, result.reason, result.old_version, result.new_version,
            hint=None, bump=None, required=None, answer=None,
        )  # fmt: skip
    bump = _bump(result)
    required = {"break": Bump.MAJOR, "api": Bump.MINOR, "none": Bump.NONE}[result.hint.known]
    reason = result.reason or result.hint.why
    if bump is None:
        reason = f"the baseline does not tell its version{f'; {reason}' if reason else ''}"
    return CrateSemverReport(
        result.name, result.state, reason, result.old_version, result.new_version,
        hint=_hint(result.hint),
        bump=None if bump is None else _BUMPS[bump],
        required=_REQUIRED[required],
        answer=_answer(result.hint, bump, required),
    )  # fmt: skip


_BUMPS: dict[Bump, Literal["down", "none", "patch", "minor", "major"]] = {
    Bump.DOWN: "down", Bump.NONE: "none", Bump.PATCH: "patch", Bump.MINOR: "minor",
    Bump.MAJOR: "major",
}  # fmt: skip

_REQUIRED: dict[Bump, Literal["none", "minor", "major"]] = {
    Bump.NONE: "none", Bump.MINOR: "minor", Bump.MAJOR: "major",
}  # fmt: skip


def _bump(result: CrateResult) -> Bump | None:
    old, new = (parse_version(each or "") for each in (result.old_version, result.new_version))
    return None if old is None or new is None else bump_of(old, new)


def _answer(
    hint: Hint, bump: Bump | None, required: Bump
) -> Literal["sufficient", "insufficient", "unknown"]:
    if bump is None:
        return "sufficient" if hint.kind == "none" else "unknown"
    if required is not Bump.NONE and bump < required:
        return "insufficient"
    return "unknown" if hint.kind == "unknown" and bump is not Bump.MAJOR else "sufficient"


def crates_semver(
    baseline: BaselineFacts, crates: Iterable[CrateSemverReport]
) -> CratesSemverReport:
    """The report of a whole workspace."""
    listed = tuple(crates)
    answers = {each.answer for each in listed}
    worst: Literal["sufficient", "insufficient", "error"] = (
        "insufficient" if "insufficient" in answers
        else "error" if "unknown" in answers
        else "sufficient"
    )  # fmt: skip
    return CratesSemverReport("cargo-check-semver", worst, baseline_report(baseline), listed)


def crates_snapshot(
    snapshots: Sequence[SnapshotReport], left_out: Sequence[str]
) -> CratesSnapshotReport:
    """The report of the snapshots of a workspace."""
    return CratesSnapshotReport("cargo-snapshot", tuple(snapshots), tuple(left_out))


def _hint(hint: Hint | None) -> HintReport | None:
    if hint is None:
        return None
    reasons = tuple(ReasonReport(each.subject, each.kind, each.hint) for each in hint.reasons)
    return HintReport(hint.kind, hint.known, reasons, hint.why)
