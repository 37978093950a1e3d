"""Two builds held against each other: what changed, why, and whom it affects."""

from rustabi.diff.compare import compare
from rustabi.diff.findings import Affected, Comparison, Consequence, Finding, SharedGap
from rustabi.diff.gaps import Gap, GapKind, gaps_of
from rustabi.diff.kinds import KINDS, Change, ChangeKind, Severity

__all__ = [
    "KINDS",
    "Affected",
    "Change",
    "ChangeKind",
    "Comparison",
    "Consequence",
    "Finding",
    "Gap",
    "GapKind",
    "Severity",
    "SharedGap",
    "compare",
    "gaps_of",
]
