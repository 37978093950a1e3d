"""What a comparison was judged by, and what it covers, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rustabi.report.differences import DiffReport, FindingReport
from rustabi.report.facts import plural
from rustabi.report.gates import CoverageReport, GateReport, KabiSideReport, RuleReport
from rustabi.report.page import Block, Line, Span, line, name
from rustabi.report.text_findings import listed, one_line

_FEW: Final = 3
"""Symbols that are named behind a finding that takes a line."""


def is_hidden(finding: FindingReport) -> bool:
    """Whether a finding is milder because of an opaque handle, and no rule says otherwise."""
    return finding.opaque is not None and finding.rule is None


def decision(finding: FindingReport) -> Iterator[Block]:
    """The rule that made a finding what it is taken for."""
    if finding.rule is not None and not finding.tolerated:
        text = f"{finding.rule} takes it for {finding.severity}, not {finding.own_severity}"
        yield line(Span(f"{text}: {finding.reason}", "dim"), indent=4)


def hidden_lines(findings: Sequence[FindingReport], limit: int | None) -> Iterator[Block]:
    """Findings behind opaque handles, by handle."""
    if not findings:
        return
    yield line(Span("behind opaque handles only", "title"), f" ({len(findings)})")
    for glob in dict.fromkeys(each.opaque for each in findings):
        group = [each for each in findings if each.opaque == glob]
        reason = f": {group[0].reason}" if group[0].reason else ""
        yield line(f"pointers to {glob}{reason}", indent=2)
        yield from listed(_with_symbols(group), limit, 4)


def kabi_lines(report: DiffReport, limit: int | None) -> Iterator[Block]:
    """Findings that kABI rules accept, and the rules that were read."""
    found = [each for each in report.findings if each.kabi and each.rule is None]
    if found:
        heading = Span("accepted by a kABI rule of the target", "title")
        yield line(heading, f" ({len(found)})")
        yield from listed(_with_symbols(found), limit, 2)
    for label, side in _kabi_sides(report):
        members = f"{plural(side.stand_ins, 'member')} with a stand-in"
        title = Span("kABI rules", "title")
        if side.rules is None:
            yield line(title, f" of {label}: none, a snapshot does not keep them; {members}")
            continue
        used = sum(each.used for each in side.rules)
        yield line(title, f" of {label}: {plural(len(side.rules), 'rule')}, {used} used; {members}")
        unused = [each for each in side.rules if not each.used]
        lines = (line(Span("unused   ", "warn"), f"{r.kind} {r.target}", indent=2) for r in unused)
        yield from listed(lines, limit, 2)


def _kabi_sides(report: DiffReport) -> list[tuple[str, KabiSideReport]]:
    if report.kabi is None:
        return []
    return [("old", report.kabi.old), ("new", report.kabi.new)]


def tolerated_lines(report: DiffReport, limit: int | None) -> Iterator[Block]:
    """Findings that rules tolerate, by rule."""
    found = [each for each in report.findings if each.tolerated]
    if not found:
        return
    yield line(Span(f"tolerated by {report.gate.file}", "title"), f" ({len(found)})")
    for label in dict.fromkeys(each.rule for each in found):
        group = [each for each in found if each.rule == label]
        yield line(f"{label}: {group[0].reason}", indent=2)
        yield from listed(_with_symbols(group), limit, 4)


def _with_symbols(findings: Sequence[FindingReport]) -> Iterator[Line]:
    width = max(len(each.kind) for each in findings)
    for finding in findings:
        told = one_line(finding, width, 4)
        names = [each.name for each in finding.affected]
        if names and not finding.of_symbol:
            rest = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
            told = told._replace(
                tail=(*told.tail, Span("  for ", "dim"), name(", ".join(names[:_FEW])), Span(rest))
            )
        yield told


def rule_lines(gate: GateReport) -> Iterator[Block]:
    """The rules file, with the rules and handles that had no effect."""
    if gate.file is not None:
        yield line(Span("rules", "title"), f" of {gate.file}: {_counts(gate.rules)}")
    for rule in gate.rules:
        if rule.state == "unused":
            yield line(Span("unused   ", "warn"), f"{rule.label}: {rule.reason}", indent=2)
        elif rule.state == "expired":
            would = f"; it would decide {plural(rule.findings, 'finding')}"
            text = f"{rule.label}, on {rule.expires}: {rule.reason}{would}"
            yield line(Span("expired  ", "warn"), text, indent=2)
    for handle in gate.opaque:
        if not handle.types:
            text = f"opaque {handle.glob}: neither build has a type of that name"
            yield line(Span("warning  ", "warn"), text)
    for known in gate.known_gaps:
        if not known.gaps and not known.elsewhere:
            what = ", ".join((*known.kind, *known.subject))
            yield line(Span("unused   ", "warn"), f"known gaps, {what}: {known.reason}")
    strict = [each for each in gate.fail_on if each != "break"]
    if strict:
        yield line(Span(f"fails on break, {', '.join(strict)}", "dim"))


def _counts(rules: Sequence[RuleReport]) -> str:
    states = [each.state for each in rules]
    parts = [plural(len(rules), "rule"), f"{states.count('used')} used"]
    others = {"unused": "unused", "expired": "expired", "elsewhere": "for another command"}
    parts += [f"{states.count(state)} {told}" for state, told in others.items() if state in states]
    return ", ".join(parts)


def coverage_lines(report: DiffReport) -> Iterator[Block]:
    """What was checked and what could not be, in numbers."""
    covered = report.coverage
    yield line(Span("checked      ", "title"), _checked(covered))
    if covered.gaps:
        kinds = ", ".join(f"{each.count} {each.kind}" for each in covered.gaps)
        yield line(Span("not checked  ", "title"), f"{plural(report.summary.gaps, 'gap')}: {kinds}")
    if report.verdict == "compatible":
        gaps = plural(report.summary.gaps, "gap")
        yield line(Span(f"compatible in what was checked; {gaps}", "good"))


def _checked(covered: CoverageReport) -> str:
    symbols = plural(covered.symbols, "exported symbol")
    removed = f" ({covered.symbols_removed} removed)" if covered.symbols_removed else ""
    types = plural(covered.types_compared, "type")
    return f"{covered.symbols_compared} of {symbols}{removed}, {types}"
