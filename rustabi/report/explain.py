"""What each kind of change and of gap means, from the tables of `rustabi.diff`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rustabi.check_kinds import CHECK_KINDS
from rustabi.diff.gaps import EXPLANATIONS
from rustabi.diff.kinds import KINDS
from rustabi.errors import UsageError
from rustabi.report.facts import NOT_FOUND, NOT_FOUND_MEANS
from rustabi.report.select import near


@dataclass(frozen=True, slots=True)
class KindReport:
    """A kind of change."""

    kind: str
    """Its id, such as `layout-permuted`."""
    severity: Literal["break", "risky", "api", "noise"]
    """What it means for a caller where an export reaches it."""
    means: str
    """What happened."""
    because: str
    """Why it is as grave as it is."""
    example: str
    """Old and new."""


@dataclass(frozen=True, slots=True)
class GapKindReport:
    """A kind of gap: something that could not be checked."""

    kind: str
    """Its id, such as `symbol-folded`."""
    means: str
    """Why it could not be checked."""


@dataclass(frozen=True, slots=True)
class CheckKindReport:
    """A kind of finding, or of remark, of `rustabi check`."""

    kind: str
    """Its id, such as `version-differs`."""
    layer: str
    """The layers that tell it, with commas."""
    severity: Literal["break", "risky", "api", "noise"] | None
    """What it means for the module, where the finding itself is not milder; null for a remark,
    which does not count."""
    means: str
    """What was found."""
    because: str
    """Why it is as grave as it is."""


@dataclass(frozen=True, slots=True)
class ExplainReport:
    """What `rustabi explain --format json` prints."""

    report: Literal["explain"]
    """Tells this report from others."""
    kinds: tuple[KindReport, ...]
    """The kinds of change asked for, or all."""
    findings: tuple[CheckKindReport, ...]
    """The kinds of finding and remark of `check` asked for, or all."""
    gaps: tuple[GapKindReport, ...]
    """The kinds of gap asked for, or all: those of `diff`, then those of `check`."""


def explain_report(wanted: str | None = None) -> ExplainReport:
    """What a kind means; all of them when none is named.

    Raises:
        UsageError: There is no such kind.
    """
    kinds = {
        str(kind): KindReport(
            str(kind), str(info.severity), info.means, info.because, info.example  # type: ignore[arg-type]
        )
        for kind, info in KINDS.items()
    }  # fmt: skip
    told = [(str(kind), means) for kind, means in EXPLANATIONS.items()]
    told.append((NOT_FOUND, NOT_FOUND_MEANS))
    told += [
        (str(kind), f"{info.means}. {info.because}")
        for kind, info in CHECK_KINDS.items()
        if info.role == "gap"
    ]
    gaps = {kind: GapKindReport(kind, means) for kind, means in told}
    findings = {each.kind: each for each in _of_check()}
    if wanted is None:
        return ExplainReport(
            "explain", tuple(kinds.values()), tuple(findings.values()), tuple(gaps.values())
        )
    key = wanted.strip().lower().replace("_", "-").replace(" ", "-")
    every = [*kinds, *findings, *gaps]
    if key not in every:
        raise UsageError(
            f"there is no kind {wanted!r}", advice=near(key, every, "rustabi explain lists all")
        )
    return ExplainReport(
        "explain",
        tuple(each for each in kinds.values() if each.kind == key),
        tuple(each for each in findings.values() if each.kind == key),
        tuple(each for each in gaps.values() if each.kind == key),
    )


def _of_check() -> Iterator[CheckKindReport]:
    """Findings and remarks of `check`, as its table has them."""
    for kind, info in CHECK_KINDS.items():
        if info.role != "gap":
            severity = None if info.severity is None else info.severity.value
            yield CheckKindReport(
                str(kind), info.layer, severity, info.means, info.because  # type: ignore[arg-type]
            )  # fmt: skip
