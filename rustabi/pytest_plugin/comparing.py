"""What of a comparison concerns one symbol, and reports as ``rustabi diff`` makes them."""

from __future__ import annotations

from collections.abc import Callable

from rustabi.diff.parts import narrowed
from rustabi.names import demangle, pairing_key
from rustabi.pytest_plugin.symbolcases import SymbolCase
from rustabi.report.differences import DiffReport, diff_report
from rustabi.report.judging import Judged
from rustabi.report.select import require_crate


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
