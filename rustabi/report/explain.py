"""What each kind of change and of gap means, from the tables of `rustabi.diff`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
class ExplainReport:
    """What `rustabi explain --format json` prints."""

    report: Literal["explain"]
    """Tells this report from others."""
    kinds: tuple[KindReport, ...]
    """The kinds of change asked for, or all."""
    gaps: tuple[GapKindReport, ...]
    """The kinds of gap asked for, or all."""


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
    gaps = {kind: GapKindReport(kind, means) for kind, means in told}
    if wanted is None:
        return ExplainReport("explain", tuple(kinds.values()), tuple(gaps.values()))
    key = wanted.strip().lower().replace("_", "-").replace(" ", "-")
    if key not in kinds and key not in gaps:
        raise UsageError(
            f"there is no kind {wanted!r}",
            advice=near(key, [*kinds, *gaps], "rustabi explain lists all"),
        )
    return ExplainReport(
        "explain",
        tuple(each for each in kinds.values() if each.kind == key),
        tuple(each for each in gaps.values() if each.kind == key),
    )
