"""Reports as JUnit's suites: a case for each exported symbol or module, and one for the verdict.

The case ``verdict`` says what the exit code says: it fails with 1, is in error with 2. So a suite
is never green when the command was not, nor empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from rustabi.report.check import CheckNote, CheckReport, LayerReport, ModuleReport
from rustabi.report.differences import DiffReport, FindingReport, verdict_in_words
from rustabi.report.doctor import DoctorReport
from rustabi.report.errors import ErrorReport, FailureReport
from rustabi.report.facts import BuildFacts, GapReport, short
from rustabi.report.junit import Case, Result, Suite
from rustabi.report.page import plain
from rustabi.report.paths import ARROW
from rustabi.report.sidebyside import LayoutChange
from rustabi.report.summary import SummaryReport, TargetReport
from rustabi.report.text_check import verdict_in_words as check_verdict
from rustabi.report.text_diff import side_by_side
from rustabi.report.text_findings import in_words

_RESULTS: Final[dict[str, Result]] = {
    "compatible": "passed", "incompatible": "failure", "error": "error",
}  # fmt: skip

_UNDESCRIBED: Final = frozenset({"symbol-without-dwarf", "symbol-folded"})
"""Kinds of gaps that leave nothing of a symbol to check."""

_Reached: TypeAlias = tuple[FindingReport, Sequence[str]]
"""A finding, and the path to it from a symbol."""

_MANY: Final = 20
"""Findings that are told with a symbol."""


def _verdict(classname: str, result: Result, words: str, text: str = "") -> Case:
    output = words if result == "passed" else ""
    return Case(classname, "verdict", result, "verdict", words, text or words, output)


# diff


def diff_suites(report: DiffReport) -> Iterator[Suite]:
    """A comparison: a case for each symbol, and for each failing type that no symbol reaches."""
    target = report.new.target
    words = verdict_in_words(report)
    why = "" if report.error is None else _advice(report.error)
    verdict = _verdict(target, _RESULTS[report.verdict], words, why)
    cases = [verdict, *_symbol_cases(report), *_other_cases(report)]
    properties = (*_build("old", report.old), *_build("new", report.new))
    output = "\n".join(map(_gap, report.gaps))
    yield Suite(f"rustabi diff {report.old.target} {target}", cases, properties, output)


def _symbol_cases(report: DiffReport) -> Iterator[Case]:
    names = {each.symbol: each.name for each in report.versions}
    reached: dict[str, list[_Reached]] = {}
    for finding in report.findings:
        for each in finding.affected:
            names.setdefault(each.symbol, each.name)
            reached.setdefault(each.symbol, []).append((finding, each.path))
    gaps = {each.subject: each for each in report.gaps if each.kind in _UNDESCRIBED}
    memory = _Memory(report.layouts)
    unique = _unique(names)
    for symbol in sorted(names):
        found = reached.get(symbol, [])
        failing = [each for each in found if each[0].fails]
        output = _findings([each for each in found if not each[0].fails])
        case = Case(f"{report.new.target}: symbols", unique[symbol], output=output)
        if failing:
            first = failing[0][0]
            message = f"{first.type} {in_words(first)}"
            text = "\n\n".join([_findings(failing), *memory.of(failing, unique[symbol])])
            case = case._replace(result="failure", kind=first.kind, message=message, text=text)
        elif names[symbol] in gaps:
            case = case._replace(result="skipped", message=_gap(gaps[names[symbol]]))
        yield case


class _Memory:
    """The memory of types that changed: told in the first case that needs it, however many do."""

    def __init__(self, layouts: Iterable[LayoutChange]) -> None:
        self._layouts: dict[str, list[LayoutChange]] = {}
        for layout in layouts:
            self._layouts.setdefault(layout.type, []).append(layout)
        self._told: dict[str, str] = {}

    def of(self, findings: Sequence[_Reached], case: str) -> Iterator[str]:
        told = (each for each, _ in findings[:_MANY] if not each.of_symbol)
        for name in dict.fromkeys(each.type for each in told):
            if name in self._told:
                yield f"{name}: its memory is shown with {self._told[name]}"
            elif name in self._layouts:
                self._told[name] = case
                blocks = [each for layout in self._layouts[name] for each in side_by_side(layout)]
                yield f"{name}\n{plain(blocks)}"


def _unique(names: Mapping[str, str]) -> dict[str, str]:
    """The readable name of each symbol, with the linker's where several are read alike."""
    counts = Counter(names.values())
    return {
        symbol: f"{name} ({symbol})" if counts[name] > 1 else name for symbol, name in names.items()
    }


def _findings(findings: Sequence[_Reached]) -> str:
    """The first few, a line each with the path from the symbol below it."""
    lines = [_finding(*each) for each in findings[:_MANY]]
    if len(findings) > _MANY:
        lines.append(f"and {len(findings) - _MANY} more")
    return "\n".join(lines)


def _finding(finding: FindingReport, path: Sequence[str]) -> str:
    way = f"\n  {ARROW.join([*path[:1], *map(short, path[1:])])}" if len(path) > 1 else ""
    rule = f" ({finding.rule}: {finding.reason})" if finding.rule else ""
    return f"{finding.severity}: {finding.type} {in_words(finding)}{rule}{way}"


def _other_cases(report: DiffReport) -> Iterator[Case]:
    """What fails and is of no symbol: types that none reaches, the build as a whole."""
    found: dict[str, list[FindingReport]] = {}
    for finding in report.findings:
        if finding.fails and not finding.affected:
            found.setdefault(finding.type, []).append(finding)
    for name, findings in sorted(found.items()):
        text = _findings([(each, ()) for each in findings])
        yield Case(
            f"{report.new.target}: types", name or "the build", "failure", findings[0].kind,
            f"{name} {in_words(findings[0])}".strip(), text,
        )  # fmt: skip


def _build(side: str, build: BuildFacts) -> Iterator[tuple[str, str]]:
    yield f"{side}.target", build.target
    yield f"{side}.compilers", "; ".join(build.compilers)
    yield f"{side}.machine", build.machine
    if build.build_id:
        yield f"{side}.build-id", build.build_id


def _gap(gap: GapReport) -> str:
    side = f" (in {gap.side})" if gap.side not in ("", "both") else ""
    detail = f", {gap.detail}" if gap.detail else ""
    return f"not checked: {gap.subject}{detail}: {gap.explanation}{side}"


def _advice(error: ErrorReport) -> str:
    where = ", ".join(part for part in (error.path, error.place) if part)
    return "\n".join(part for part in (where, error.message, error.advice) if part)


# check


def check_suites(report: CheckReport) -> Iterator[Suite]:
    """A check of modules: a suite for the verdict, and one for each module, a case for a layer."""
    words = check_verdict(report)
    verdict = _verdict("rustabi check", _RESULTS[report.verdict], words)
    yield Suite("rustabi check", [verdict], output="\n".join(report.kernel))
    for module in report.modules:
        cases = list(_module_cases(module))
        yield Suite(module.path, cases, [("loads", module.loads), ("runs", module.runs)])


def _module_cases(module: ModuleReport) -> Iterator[Case]:
    if module.error is not None:
        yield Case(module.path, "read", "error", "cannot be read", module.error)
        return
    words = f"would load: {module.loads}, would run correctly: {module.runs}"
    yield _verdict(module.path, _RESULTS[module.verdict], words)
    for layer in module.layers:
        yield _layer(module.path, layer)


def _layer(path: str, layer: LayerReport) -> Case:
    result: Result = "skipped" if layer.status == "not run" else "passed"
    if any(each.fails for each in layer.told):
        result = "failure"
    problems, gaps = list(map(_note, layer.told)), list(map(_note, layer.gaps))
    output = [
        *([] if result == "failure" else problems),
        *(f"not checked: {each}" for each in gaps),
    ]
    told = problems if result == "failure" else gaps if result == "skipped" else []
    message = told[0].partition("\n")[0] if told else ""
    kind = next((each.kind for each in layer.told if each.fails), "")
    return Case(path, layer.name, result, kind, message, "\n".join(told), "\n".join(output))


def _note(note: CheckNote) -> str:
    head = f"{note.name}: {note.text}" if note.name else note.text
    if note.tolerated:
        head += f" (tolerated: {note.reason})"
    return "\n  ".join((head, *note.evidence))


# doctor, report, failures


def doctor_suites(report: DoctorReport) -> Iterator[Suite]:
    """A diagnosis: a case for the conclusion, and one for each problem; a remark is skipped."""
    result: Result = "passed" if report.suffices else "error"
    cases = [_verdict(report.target, result, report.conclusion)]
    results: dict[str, Result] = {"blocks": "error", "narrows": "skipped", "note": "passed"}
    for each in report.problems:
        remedies = (f"change: {remedy.where} {remedy.change}" for remedy in each.remedies)
        text = "\n".join((each.found, *each.subjects, each.because, *remedies))
        told = results[each.grade]
        output = text if told == "passed" else ""
        cases.append(Case(report.target, each.kind, told, each.kind, each.found, text, output))
    yield Suite(f"rustabi doctor {report.target}", cases)


def summary_suites(report: SummaryReport) -> Iterator[Suite]:
    """What is in targets: a case for each exported symbol, skipped where nothing describes it."""
    yield from map(_target, report.targets)


def _target(target: TargetReport) -> Suite:
    path = target.build.target
    gaps = {each.subject: each for each in target.gaps if each.kind in _UNDESCRIBED}
    unique = _unique({each.symbol: each.name for each in target.symbols})
    cases = [Case(path, "read")]
    for each in target.symbols:
        versions = f"{each.declaration}\nCRC {each.crc or '-'}, layout {each.layout or '-'}"
        if each.kind is None:
            gap = gaps.get(each.name)
            why = "no debug info describes it" if gap is None else _gap(gap)
            cases.append(Case(path, unique[each.symbol], "skipped", message=why))
        else:
            cases.append(Case(path, unique[each.symbol], output=versions))
    output = "\n".join(map(_gap, target.gaps))
    return Suite(f"rustabi report {path}", cases, list(_build("build", target.build)), output)


def failure_suites(report: FailureReport) -> Iterable[Suite]:
    """A failure: one case, in error."""
    error = report.error
    case = _verdict("rustabi", "error", error.message, _advice(error))
    return [Suite("rustabi", [case._replace(kind=error.kind)])]
