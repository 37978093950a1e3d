"""A comparison as Markdown: the verdict, what fails with its layouts, then what does not fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from rustabi.report.differences import AffectedSymbol, DiffReport, FindingReport, verdict_in_words
from rustabi.report.facts import BuildFacts, GapReport, plural, short
from rustabi.report.gates import GateReport, RuleReport
from rustabi.report.markdown import Part, block, bullets, cell, code, folded, table
from rustabi.report.page import plain
from rustabi.report.paths import ARROW
from rustabi.report.sidebyside import LayoutChange
from rustabi.report.text_diff import by_subject, side_by_side, subject
from rustabi.report.text_findings import in_words

_FEW: Final = 5

WORST, HEAD, FAILS, RISKY, REST, ASIDE = range(6)
"""Ranks of the parts of a report: what goes last is a verdict, last of all one that is no pass."""


def verdict_rank(verdict: str) -> int:
    """The rank of a verdict: of many reports in one document, those that fail are to be seen."""
    return HEAD if verdict == "compatible" else WORST


def diff_parts(report: DiffReport) -> Iterator[Part]:
    """The parts of the document, most important first."""
    yield Part(verdict_rank(report.verdict), _head(report), "verdict")
    shown = [each for each in report.findings if not each.tolerated]
    failing = [each for each in shown if each.fails]
    others = [each for each in shown if not each.fails]
    grave = [each for each in others if each.severity in ("break", "risky")]
    for rank, findings in ((FAILS, failing), (RISKY, grave)):
        removed = [each for each in findings if each.kind == "symbol-removed"]
        if removed:
            yield Part(rank, _removed(removed), "list of removed symbols")
        for (_, name), group in groupby(by_subject(findings), key=subject):
            yield from _subject(rank, name, list(group), report.layouts)
    yield from _lists(report, [each for each in others if each.severity in ("api", "noise")])
    if report.gaps:
        yield Part(REST, gaps_text(report.gaps), "list of gaps")
    yield Part(RISKY, _coverage(report), "coverage")
    if told := _rules(report.gate):
        yield Part(ASIDE, told, "list of rules")


def _head(report: DiffReport) -> str:
    title = {"compatible": "compatible", "incompatible": "incompatible", "error": "no verdict"}
    blocks = [f"### rustabi diff: {title[report.verdict]}"]
    if report.error is not None:
        blocks += [code(report.error.message), code(report.error.advice or "")]
    else:
        blocks.append(verdict_in_words(report).partition(": ")[2])
    rows = [_build("old", report.old), _build("new", report.new)]
    blocks.append(table(("", "target", "compiler", "machine", "exported symbols"), rows))
    return "\n\n".join(each for each in blocks if each)


def _build(side: str, build: BuildFacts) -> tuple[str, ...]:
    return (
        side, cell(build.target), ", ".join(map(cell, build.compilers[:_FEW])),
        cell(build.machine), str(build.symbols),
    )  # fmt: skip


def _removed(findings: Sequence[FindingReport]) -> str:
    def shown(finding: FindingReport) -> str:
        return _joined(code(finding.type), code(finding.new), _why(finding))

    title = f"#### {plural(len(findings), 'exported symbol')} removed"
    return f"{title}\n\n{bullets(findings, shown, 'symbol')}"


def _subject(
    rank: int, name: str, findings: Sequence[FindingReport], layouts: Sequence[LayoutChange]
) -> Iterator[Part]:
    first = findings[0]
    blocks = [f"#### {code(name) or 'the build'}", bullets(findings, _change, "change")]
    if not first.of_symbol:
        blocks += _affected(findings)
    if first.consequences:
        names = [code(each) for each in dict.fromkeys(each.type for each in first.consequences)]
        blocks.append(f"also changes the layout of {_listed(names)}")
    yield Part(rank, "\n\n".join(blocks), "changed type or symbol")
    tables = [each for layout in layouts if layout.type == name for each in side_by_side(layout)]
    if tables and not first.of_symbol:
        text = folded("memory layout, old and new", block(plain(tables)))
        yield Part(max(rank, REST), text, "memory layout")


def _change(finding: FindingReport) -> str:
    return _joined(_words(finding), _why(finding))


def _joined(*parts: str) -> str:
    return " ".join(each for each in parts if each)


def _words(finding: FindingReport) -> str:
    label = finding.kind.replace("-", " ")
    return f"{label} {code(in_words(finding)[len(label) :].strip())}".rstrip()


def _why(finding: FindingReport) -> str:
    """What decided that a finding is not taken for what it is."""
    if finding.rule is not None:
        return f"({code(finding.rule)}: {code(finding.reason)})"
    if finding.opaque is not None:
        return f"(behind the opaque handle {code(finding.opaque)})"
    return "(accepted by a kABI rule)" if finding.kabi else ""


def _affected(findings: Sequence[FindingReport]) -> Iterator[str]:
    symbols: dict[str, AffectedSymbol] = {}
    for finding in findings:
        for each in finding.affected:
            symbols.setdefault(each.symbol, each)
    if not symbols:
        yield "no exported symbol reaches it"
        return
    yield f"affects {plural(len(symbols), 'exported symbol')}:"
    yield bullets([symbols[each] for each in sorted(symbols)], _path, "symbol")


def _path(symbol: AffectedSymbol) -> str:
    path = ARROW.join([symbol.name, *map(short, symbol.path[1:])])
    notes = ["by value"] if symbol.by_value else []
    if symbol.version_changed is False:
        notes.append("under an unchanged kernel version")
    return f"{code(path)} ({', '.join(notes)})" if notes else code(path)


def _lists(report: DiffReport, mild: Sequence[FindingReport]) -> Iterator[Part]:
    """What does not fail, a line each."""
    behind = [each for each in mild if _is_behind(each)]
    told = [each for each in mild if not _is_behind(each)]
    lists = (
        ("visible in source or symbol versions only", REST, _of(told, "api")),
        ("behind opaque handles, or accepted by kABI rules", REST, behind),
        ("tolerated by rules", ASIDE, [each for each in report.findings if each.tolerated]),
        ("harmless", ASIDE, _of(told, "noise")),
    )
    for title, rank, findings in lists:
        if findings:
            text = f"#### {title} ({len(findings)})\n\n{bullets(findings, _line, 'finding')}"
            yield Part(rank, text, f"list of what is {title.partition(',')[0]}")


def _is_behind(finding: FindingReport) -> bool:
    return finding.opaque is not None or finding.kabi


def _of(findings: Sequence[FindingReport], severity: str) -> list[FindingReport]:
    return [each for each in findings if each.severity == severity]


def _line(finding: FindingReport) -> str:
    return _joined(code(finding.type), _words(finding), _why(finding))


def gaps_text(gaps: Sequence[GapReport]) -> str:
    """What could not be checked, by kind, with the first few names of each."""
    ordered = sorted(gaps, key=lambda each: (each.kind, each.subject, each.side))
    rows = []
    for kind, group in groupby(ordered, key=lambda each: each.kind):
        members = list(group)
        names = list(dict.fromkeys(each.subject for each in members))
        told = _listed([cell(each) for each in names])
        rows.append((cell(kind), str(len(members)), cell(members[0].explanation), told))
    return f"#### not checked ({plural(len(gaps), 'gap')})\n\n" + table(
        ("gap", "count", "means", "of"), rows
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more


def _coverage(report: DiffReport) -> str:
    coverage = report.coverage
    symbols = plural(coverage.symbols, "exported symbol")
    text = f"checked: {coverage.symbols_compared} of {symbols}, "
    text += plural(coverage.types_compared, "type")
    changed = report.summary.versions_changed
    if changed:
        compared = plural(report.summary.versions_compared, "symbol")
        text += f"; the kernel's version (CRC) of {changed} of {compared} changed"
    return text


def _rules(gate: GateReport) -> str:
    """Rules that do nothing, which somebody may want to remove."""
    idle = [each for each in gate.rules if each.state != "used"]
    if not idle:
        return ""

    def shown(rule: RuleReport) -> str:
        return f"{rule.state}: {code(rule.label)}: {code(rule.reason)}"

    return f"#### rules of {code(gate.file or '')}\n\n{bullets(idle, shown, 'rule')}"
