"""Two builds compared and judged as ``rustabi diff`` does it, for all symbols or for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rustabi.diff import Comparison, compare
from rustabi.diff.parts import narrowed
from rustabi.errors import UsageError
from rustabi.model import Model
from rustabi.names import demangle, pairing_key
from rustabi.pytest_plugin.symbolcases import SymbolCase
from rustabi.report.differences import DiffReport, diff_report, missing_symbols
from rustabi.report.facts import GapReport
from rustabi.report.select import require_crate, restricted
from rustabi.rules import Gate, Judgement, judge, present_day


class Judged(NamedTuple):
    """A comparison, and what the user's rules make of it.

    Attributes:
        gaps: Symbols of the list that neither build exports.
    """

    comparison: Comparison
    judgement: Judgement
    gaps: tuple[GapReport, ...] = ()


def judged(old: Model, new: Model, gate: Gate, names: tuple[str, ...] | None = None) -> Judged:
    """Compare two builds and judge what is found.

    Args:
        old: What callers were compiled against.
        new: What they would run with.
        gate: By which to judge.
        names: Only these exported symbols, and what reaches them.

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
                f"neither build exports any of the {len(names)} symbols asked for",
                advice="`rustabi symbols TARGET` lists what a build exports",
            )
    comparison = compare(old, new)
    if names is not None:  # what none of the symbols reaches
        kept = tuple(each for each in comparison.findings if each.affected or not each.type)
        comparison = comparison._replace(findings=kept)
    return Judged(comparison, judge(comparison, gate, present_day()), gaps)


def of_symbol(found: Judged, case: SymbolCase) -> Judged:
    """What of a comparison concerns one exported symbol, or none of the symbols of a list.

    Findings that fail, and data that were lost, are those of some case: all cases of a list
    together fail if and only if the comparison as a whole does.
    """
    mine = _chooser(case)
    comparison, judgement = found.comparison, found.judgement
    subject = _subject_chooser(case)
    kept = []
    for each in judgement.findings:
        affected = tuple(one for one in each.finding.affected if mine(one.symbol))
        if affected or (case.is_rest and not each.finding.affected):
            kept.append(each._replace(finding=narrowed(each.finding, affected)))
    narrow = comparison._replace(
        findings=tuple(each.finding for each in kept),
        gaps=tuple(each for each in comparison.gaps if subject(each.gap.subject)),
        lost=tuple(each for each in comparison.lost if subject(each.subject)),
        versions=tuple(each for each in comparison.versions if mine(each.symbol)),
    )
    return Judged(narrow, judgement._replace(findings=tuple(kept)))


def _chooser(case: SymbolCase) -> Callable[[str], bool]:
    """Whether a linker's name is a case's, whatever each build makes up anew in it."""
    if case.is_rest:
        keys = {pairing_key(each) for each in case.others}
        return lambda name: name not in case.others and pairing_key(name) not in keys
    key = pairing_key(case.name)
    return lambda name: name == case.name or pairing_key(name) == key


def _subject_chooser(case: SymbolCase) -> Callable[[str], bool]:
    """Whether the readable subject of a gap is a case's."""
    if case.is_rest:
        readable = {demangle(each) for each in case.others}
        return lambda subject: subject not in readable
    return lambda subject: subject == case.readable


def report_of(found: Judged, old: str, new: str, crate: str | None = None) -> DiffReport:
    """The report.

    Args:
        found: What was found and judged.
        old: What OLD was read from, as told.
        new: What NEW was read from.
        crate: A glob; findings that concern no crate of that name are left out.

    Raises:
        UsageError: There is no such crate in either.
    """
    if crate is not None:
        require_crate(crate, (found.comparison.old, found.comparison.new))
    return diff_report(
        found.comparison, old, new,
        crates=crate, extra_gaps=found.gaps, judgement=found.judgement,
    )  # fmt: skip
