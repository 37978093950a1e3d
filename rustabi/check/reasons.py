"""Layer 5: why does the version of a symbol differ?

With the kernel that the module was built against at hand (a baseline), the two kernels are
compared, and the root causes that reach the symbol are named. Without, the types on which module
and kernel disagree and which the symbol reaches are candidates, and no more than that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rustabi.check.agreement import change_in_words, symbols_of
from rustabi.check.kernel import Kernel
from rustabi.check.module import Module
from rustabi.check.results import Layer, Note, layer_of
from rustabi.check_kinds import CheckKind
from rustabi.describe import type_text
from rustabi.diff import Comparison, Finding, Severity, compare
from rustabi.graph import Step
from rustabi.model import Model
from rustabi.names import demangle


class Baseline(NamedTuple):
    """The kernel that a module was built against.

    Attributes:
        kernel: What is known of it.
        comparison: It against the kernel in question, over the symbols that are asked about; None
            where one of them has no types.
    """

    kernel: Kernel
    comparison: Comparison | None


def compare_baseline(baseline: Kernel, kernel: Kernel, symbols: Iterable[str]) -> Baseline:
    """Compare the two kernels as far as ``symbols`` reach."""
    old, new = baseline.model, kernel.model
    names = set(symbols)
    if old is None or new is None or not names or baseline.machine != kernel.machine:
        return Baseline(baseline, None)
    before, after = (model._replace(symbols=symbols_of(model, names)) for model in (old, new))
    return Baseline(baseline, compare(before, after))


def differing(versions: Layer) -> tuple[str, ...]:
    """The symbols whose versions differ, by the result of layer 2."""
    return tuple(
        note.subject for note in versions.problems if note.kind is CheckKind.VERSION_DIFFERS
    )


def check_reasons(
    module: Module, versions: Layer, layout: Layer, baseline: Baseline | None
) -> Layer | None:
    """The reasons of each version that differs; None where none does."""
    names = differing(versions)
    if not names:
        return None
    problems: list[Note] = []
    gaps: list[Note] = []
    remarks = list(_other_baseline(module, baseline, names))
    for name in names:
        note = _by_baseline(name, baseline) or _candidates(name, layout)
        (gaps if note.kind is CheckKind.NO_REASON else problems).append(note)
    found = layer_of("reasons", len(problems), "versions", (), remarks, gaps)
    return found._replace(problems=tuple(problems))


def _other_baseline(
    module: Module, baseline: Baseline | None, names: Iterable[str]
) -> Iterator[Note]:
    """Symbols of which the baseline has another version than the module: it is another kernel."""
    if baseline is None or module.versions is None:
        return
    table = module.versions.every
    for name in names:
        export = baseline.kernel.exports.get(name)
        if export is not None and export.crcs and export.crcs[0].value != table.get(name):
            text = "the baseline has another version than the module: it was built against another"
            yield Note(CheckKind.BASELINE_DIFFERS, name, text)


def _by_baseline(name: str, baseline: Baseline | None) -> Note | None:
    if baseline is None or baseline.comparison is None:
        return None
    comparison = baseline.comparison
    lines: list[str] = []
    severities: set[Severity] = set()
    subject = ""
    for finding in sorted(comparison.findings, key=lambda each: not each.change.where):
        affected = next((each for each in finding.affected if each.symbol == name), None)
        if affected is not None:
            severities.add(finding.severity)
            subject = subject or _subject(finding)
            lines.append(_cause(finding))
            if affected.path:
                model = comparison.new if finding.in_new else comparison.old
                lines.append("  " + _path(model, name, affected.path))
    if not lines:
        return None
    text = f"because of {subject}"
    if not severities & {Severity.BREAK, Severity.RISKY}:
        text += ": names only, compiled code is not affected"
    return Note(CheckKind.CAUSE, name, text, tuple(dict.fromkeys(lines)))


def _subject(finding: Finding) -> str:
    where = finding.change.where
    return f"{finding.type}.{where}" if where else finding.type


def _cause(finding: Finding) -> str:
    text = change_in_words(finding.change)
    text = text.replace("in the module", "in the baseline")
    return f"{finding.type}: {text}"


def _path(model: Model, symbol: str, steps: Iterable[Step]) -> str:
    stations = [demangle(symbol)]
    for step in steps:
        if step.node.kind == "type":
            label = f"{step.reason} {step.label}".strip()
            stations.append(f"({label}) {type_text(model.types, step.node.number)}")
    return " → ".join(stations)


def _candidates(name: str, layout: Layer) -> Note:
    for note in layout.problems:
        if name in note.symbols:
            text = f"perhaps because of {note.subject}: a candidate, without a baseline"
            return Note(CheckKind.CANDIDATE, name, text, note.evidence[:-1])
    why = "the two kernels are not known well enough: give --baseline, and --kernel, with DWARF"
    if layout.status != "not run":
        why = "no type that module and kernel disagree about is reached by it: give --baseline"
    return Note(CheckKind.NO_REASON, name, why)
