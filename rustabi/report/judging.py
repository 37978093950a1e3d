"""Two builds compared and judged, for all symbols or those of a list: what every report tells."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from rustabi.diff import Comparison, compare
from rustabi.diff.accepted import Acceptance
from rustabi.errors import UsageError
from rustabi.model import Model
from rustabi.report.differences import missing_symbols
from rustabi.report.facts import GapReport, plural
from rustabi.report.select import restricted
from rustabi.rules import Gate, Judgement, judge, present_day


class Judged(NamedTuple):
    """A comparison, and what the user's rules make of it.

    Attributes:
        gaps: Symbols of the list that neither build exports.
        kabi: What kABI rules accepted; None where they were not asked for.
    """

    comparison: Comparison
    judgement: Judgement
    gaps: tuple[GapReport, ...] = ()
    kabi: Acceptance | None = None


def judged(
    old: Model,
    new: Model,
    gate: Gate,
    names: Collection[str] | None = None,
    *,
    unreached: bool = False,
    accepting: Callable[[Comparison], Acceptance] | None = None,
) -> Judged:
    """Compare two builds and judge what is found.

    Args:
        old: What callers were compiled against.
        new: What they would run with.
        gate: By which to judge.
        names: Only these exported symbols, and what reaches them; None for all.
        unreached: Keep changes of types that none of ``names`` reaches.
        accepting: What kABI rules accept of a comparison.

    Raises:
        InputError: The two are of different architectures.
        UsageError: Neither exports any of the names.
    """
    gaps: tuple[GapReport, ...] = ()
    if names is not None:
        gaps = missing_symbols(names, old, new)
        old, new = restricted(old, names), restricted(new, names)
        if not old.symbols and not new.symbols:
            raise UsageError(
                f"neither build exports any of the {plural(len(names), 'symbol')} asked for",
                advice="`rustabi symbols TARGET` lists what a build exports",
            )
    comparison = compare(old, new)
    kabi = None if accepting is None else accepting(comparison)
    if kabi is not None:
        comparison = kabi.comparison
    if names is not None and not unreached:
        kept = tuple(each for each in comparison.findings if each.affected or not each.type)
        comparison = comparison._replace(findings=kept)
    return Judged(comparison, judge(comparison, gate, present_day()), gaps, kabi)
