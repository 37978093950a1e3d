"""Reports as GitHub's annotations: an error for what fails, a warning for what may, notices.

Types carry no source line: rustc writes none for them. So most annotations are about the run; those
about a rules file or a damaged input name the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from rustabi.report.annotations import Annotation, Level
from rustabi.report.check import CheckNote, CheckReport, ModuleReport
from rustabi.report.differences import DiffReport, FindingReport, verdict_in_words
from rustabi.report.doctor import DoctorReport
from rustabi.report.errors import ErrorReport, FailureReport
from rustabi.report.facts import GapReport, plural, short
from rustabi.report.gates import GateReport, gap_counts
from rustabi.report.paths import ARROW
from rustabi.report.summary import SummaryReport
from rustabi.report.text_check import verdict_in_words as check_verdict
from rustabi.report.text_findings import in_words

_FEW = 5
"""Lines of a list that are shown."""

_LINE = re.compile(r"line (\d+)")


# diff


def diff_annotations(report: DiffReport) -> Iterator[Annotation]:
    """A comparison: an annotation for each type or symbol that changed, gravest first."""
    if report.error is not None:
        yield _error(report.error)
    shown = [each for each in report.findings if not each.tolerated]
    failing = [each for each in shown if each.fails]
    risky = [each for each in shown if not each.fails and each.severity in ("break", "risky")]
    yield from _subjects("error", failing)
    yield from _subjects("warning", risky)
    if report.verdict != "error":
        told = [f"{report.old.target} → {report.new.target}", *_counts(report)]
        yield Annotation("notice", f"rustabi: {verdict_in_words(report)}", "\n".join(told))
    yield from _gaps(report.gaps, report.new.target)
    yield from _rules(report.gate)


def _subjects(level: Level, findings: Sequence[FindingReport]) -> Iterator[Annotation]:
    removed = [each for each in findings if each.kind == "symbol-removed"]
    if removed:
        lines = [each.type for each in removed[:_FEW]] + _more(len(removed), "symbol")
        title = f"{plural(len(removed), 'exported symbol')} removed"
        yield Annotation(level, title, "\n".join(lines))
    order: dict[tuple[bool, str], list[FindingReport]] = {}
    for finding in (each for each in findings if each.kind != "symbol-removed"):
        order.setdefault((finding.of_symbol, finding.type), []).append(finding)
    for (_, name), found in order.items():
        symbols = {symbol.symbol: symbol for each in found for symbol in each.affected}
        lines = [_line(each) for each in found[:_FEW]] + _more(len(found), "change")
        if not found[0].of_symbol:
            lines.append(f"affects {plural(len(symbols), 'exported symbol')}")
            paths = [each for _, each in sorted(symbols.items())]
            lines += [ARROW.join([each.name, *map(short, each.path[1:])]) for each in paths[:_FEW]]
            lines += _more(len(paths), "symbol")
        kind = found[0].kind.replace("-", " ")
        yield Annotation(level, f"{name or 'the build'}: {kind}", "\n".join(lines))


def _line(finding: FindingReport) -> str:
    rule = f" ({finding.rule}: {finding.reason})" if finding.rule else ""
    return in_words(finding) + rule


def _more(count: int, noun: str) -> list[str]:
    return [f"and {plural(count - _FEW, f'more {noun}')}"] if count > _FEW else []


def _counts(report: DiffReport) -> Iterator[str]:
    coverage = report.coverage
    symbols = plural(coverage.symbols, "exported symbol")
    yield f"checked: {coverage.symbols_compared} of {symbols}"
    if report.summary.api:
        yield f"{plural(report.summary.api, 'change')} of API only"


def _gaps(gaps: Sequence[GapReport], target: str) -> Iterator[Annotation]:
    if gaps:
        lines = [f"{each.count} {each.kind}: {each.explanation}" for each in gap_counts(gaps)]
        title = f"rustabi: {plural(len(gaps), 'gap')}, not checked: {target}"
        yield Annotation("notice", title, "\n".join(lines))


def _rules(gate: GateReport) -> Iterator[Annotation]:
    idle = sorted(
        (each for each in gate.rules if each.state != "used"), key=lambda each: each.state
    )
    for state, group in groupby(idle, key=lambda each: each.state):
        lines = [f"{each.label}: {each.reason}" for each in group]
        level: Level = "warning" if state == "expired" else "notice"
        title = f"rustabi: {plural(len(lines), 'rule')} {state}"
        yield Annotation(level, title, "\n".join(lines), gate.file, 1 if gate.file else None)


# the others


def check_annotations(report: CheckReport) -> Iterator[Annotation]:
    """A check of modules: an annotation for each module that is not well, and the verdict."""
    for module in report.modules:
        level = _level(module)
        if level != "notice":
            yield Annotation(level, _title(module), _problems(module))
    level = "notice" if report.verdict == "compatible" else "error"
    count = sum(len(layer.gaps) for module in report.modules for layer in module.layers)
    message = f"not checked: {plural(count, 'gap')}"
    yield Annotation(level, f"rustabi check: {check_verdict(report)}", message)


def _level(module: ModuleReport) -> Level:
    if module.verdict != "compatible":
        return "error"
    return "notice" if {module.loads, module.runs} <= {"yes", "unknown"} else "warning"


def _title(module: ModuleReport) -> str:
    return f"{module.path}: would load: {module.loads}, would run correctly: {module.runs}"


def _problems(module: ModuleReport) -> str:
    if module.error is not None:
        return f"cannot be read: {module.error}"
    notes = [each for layer in module.layers for each in layer.told]
    if not notes:
        notes = [each for layer in module.layers for each in layer.gaps]
    notes.sort(key=lambda each: not each.fails)
    lines = [_problem(each) for each in notes[:_FEW]]
    return "\n".join(lines + _more(len(notes), "problem"))


def _problem(note: CheckNote) -> str:
    text = f"{note.name}: {note.text}" if note.name else note.text
    return f"{text} (tolerated: {note.reason})" if note.tolerated else text


def doctor_annotations(report: DoctorReport) -> Iterator[Annotation]:
    """A diagnosis: an annotation for each problem, and the conclusion."""
    levels: dict[str, Level] = {"blocks": "error", "narrows": "warning", "note": "notice"}
    for each in report.problems:
        remedies = [f"change: {remedy.where} {remedy.change}" for remedy in each.remedies]
        lines = [each.because, *each.subjects[:_FEW], *_more(len(each.subjects), "name"), *remedies]
        title = f"{report.target}: {each.found} ({each.kind})"
        yield Annotation(levels[each.grade], title, "\n".join(lines))
    level: Level = "notice" if report.suffices else "error"
    yield Annotation(level, f"rustabi doctor: {report.conclusion}", report.target)


def summary_annotations(report: SummaryReport) -> Iterator[Annotation]:
    """What is in targets: a notice for each, and what could not be read."""
    for target in report.targets:
        build = target.build
        types = f"{plural(build.types, 'type')}, {', '.join(build.compilers)}, {build.machine}"
        title = f"{build.target}: {plural(build.symbols, 'exported symbol')}"
        yield Annotation("notice", title, types)
        yield from _gaps(target.gaps, build.target)


def failure_annotations(report: FailureReport) -> Iterator[Annotation]:
    """A failure: one error."""
    yield _error(report.error)


def _error(error: ErrorReport) -> Annotation:
    place = _LINE.search(error.place or "")
    lines = [part for part in (error.message, error.place, error.advice) if part]
    line = int(place[1]) if place is not None and error.path else None
    title = f"rustabi: no verdict ({error.kind})"
    return Annotation("error", title, "\n".join(lines), error.path, line)
