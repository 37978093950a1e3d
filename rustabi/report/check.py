"""Whether modules load and run on a kernel, as values for JSON and for the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from rustabi.check import Answer, KernelCheck, Layer, LayerName, ModuleCheck, Note, Status
from rustabi.check.judging import fails
from rustabi.names import demangle
from rustabi.report.gates import GateReport, check_gate_report
from rustabi.rules import Gate


@dataclass(frozen=True, slots=True)
class CheckNote:
    """One thing that was found, or could not be checked."""

    kind: str
    """What it is: `symbol-missing`, `version-differs`, `layout-differs`, ... (docs/check.md)."""
    symbol: str
    """The symbol, type or field it is about; empty where it is about the whole."""
    name: str
    """The same, demangled."""
    text: str
    """What to say of it."""
    evidence: tuple[str, ...]
    """More, a line each."""
    symbols: tuple[str, ...]
    """Of a type that disagrees: imported symbols, demangled, that a value of it crosses."""
    severity: Literal["break", "risky", "api", "noise"] | None
    """What it is taken for; null where it does not count: gaps, numbers, reasons."""
    own_severity: Literal["break", "risky", "api", "noise"] | None
    """The same, before a rule decided."""
    fails: bool
    """Whether it makes the verdict `incompatible`."""
    tolerated: bool
    """Whether a rule says that it does not count."""
    rule: str | None
    """The rule that decided, as `gate.rules[].label`; null for none."""
    reason: str
    """The reason of that rule; else empty."""


@dataclass(frozen=True, slots=True)
class LayerReport:
    """The result of one layer."""

    name: LayerName
    """Which one."""
    status: Status
    """`ok`, `failed`, `risky`, or `not run` where nothing of it could be checked."""
    checked: int
    """How many things were checked."""
    what: str
    """What those are."""
    problems: tuple[CheckNote, ...]
    """Why it failed or is risky; of the layer `reasons`, why each version differs."""
    remarks: tuple[CheckNote, ...]
    """What is worth knowing and no problem."""
    gaps: tuple[CheckNote, ...]
    """What could not be checked, and why."""

    @property
    def told(self) -> tuple[CheckNote, ...]:
        """Problems, and those remarks that the gate takes for failures."""
        return (*self.problems, *(each for each in self.remarks if each.fails))


@dataclass(frozen=True, slots=True)
class ModuleReport:
    """The results for one module."""

    path: str
    """As named."""
    module: str
    """The name it is loaded under."""
    loads: Answer
    """Whether the kernel's loader would accept it: `yes`, `risky`, `no` or `unknown`."""
    runs: Answer
    """Whether it would then run correctly, as far as the types in both debug infos tell."""
    error: str | None
    """Why the module could not be read; null where it was."""
    verdict: Literal["compatible", "incompatible", "error"]
    """What the gate makes of it. Rules change the verdict, never `loads` and `runs`."""
    layers: tuple[LayerReport, ...]
    """In the order in which they are checked; none where it could not be read."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `rustabi check --format json` prints."""

    report: Literal["check"]
    """Tells this report from others."""
    verdict: Literal["compatible", "incompatible", "error"]
    """About all modules; goes with the exit codes 0, 1 and 2. `error`: there is none about one."""
    gate: GateReport
    """What the findings were judged by: rules, known gaps, strictness."""
    tolerated: int
    """How many findings rules tolerate, of all modules."""
    kernel: tuple[str, ...]
    """What the files of the kernel told, a line each."""
    modules: tuple[ModuleReport, ...]
    """In the order in which they were named, those of a folder by path."""


CODES: Final = {"compatible": 0, "incompatible": 1, "error": 2}
"""Verdict -> exit code."""


def check_report(check: KernelCheck) -> CheckReport:
    """The report of a check that was judged."""
    return CheckReport(
        report="check",
        verdict=check.verdict,
        gate=check_gate_report(check),
        tolerated=sum(len(each.tolerated) for each in check.modules),
        kernel=check.kernel,
        modules=tuple(_module(each, check.gate) for each in check.modules),
    )


def _module(module: ModuleCheck, gate: Gate) -> ModuleReport:
    layers = tuple(_layer(each, gate) for each in module.layers)
    error = None if module.failure is None else str(module.failure)
    return ModuleReport(
        module.path, module.name, module.loads, module.runs, error, module.verdict, layers
    )


def _layer(layer: Layer, gate: Gate) -> LayerReport:
    lists = (layer.problems, layer.remarks, layer.gaps)
    problems, remarks, gaps = (tuple(_note(each, gate) for each in notes) for notes in lists)
    return LayerReport(layer.name, layer.status, layer.checked, layer.what, problems, remarks, gaps)


def _note(note: Note, gate: Gate) -> CheckNote:
    grave, own = note.grave, note.found or note.grave
    return CheckNote(
        kind=str(note.kind),
        symbol=note.subject,
        name=demangle(note.subject),
        text=note.text,
        evidence=note.evidence,
        symbols=tuple(map(demangle, note.symbols)),
        severity=None if grave is None else grave.value,
        own_severity=None if own is None else own.value,
        fails=fails(note, gate),
        tolerated=note.tolerated,
        rule=None if note.rule is None else note.rule.label,
        reason="" if note.rule is None else note.rule.reason,
    )
