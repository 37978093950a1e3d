"""Whether modules load and run on a kernel, as values for JSON and for the page."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from rustabi.check import Answer, KernelCheck, Layer, LayerName, ModuleCheck, Note, Status
from rustabi.names import demangle


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
    layers: tuple[LayerReport, ...]
    """In the order in which they are checked; none where it could not be read."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `rustabi check --format json` prints."""

    report: Literal["check"]
    """Tells this report from others."""
    verdict: Literal["compatible", "incompatible", "error"]
    """About all modules; goes with the exit codes 0, 1 and 2. `error`: there is none about one."""
    fail_on: tuple[str, ...]
    """What counts besides: `risky`, `gap`."""
    kernel: tuple[str, ...]
    """What the files of the kernel told, a line each."""
    modules: tuple[ModuleReport, ...]
    """In the order in which they were named, those of a folder by path."""


CODES: Final = {"compatible": 0, "incompatible": 1, "error": 2}
"""Verdict -> exit code."""


def check_report(check: KernelCheck, fail_on: Collection[str] = ()) -> CheckReport:
    """The report of a check.

    Args:
        check: What was found.
        fail_on: ``risky``: what is risky makes the verdict ``incompatible``. ``gap``: anything that
            could not be checked leaves no verdict.
    """
    code = check.code(fail_on_risky="risky" in fail_on)
    gaps = any(layer.gaps for module in check.modules for layer in module.layers)
    if code == 0 and "gap" in fail_on and gaps:
        code = CODES["error"]
    verdicts: tuple[Literal["compatible"], Literal["incompatible"], Literal["error"]]
    verdicts = ("compatible", "incompatible", "error")
    return CheckReport(
        "check", verdicts[code], tuple(sorted(fail_on)), check.kernel,
        tuple(_module(each) for each in check.modules),
    )  # fmt: skip


def _module(module: ModuleCheck) -> ModuleReport:
    layers = tuple(_layer(each) for each in module.layers)
    error = None if module.failure is None else str(module.failure)
    return ModuleReport(module.path, module.name, module.loads, module.runs, error, layers)


def _layer(layer: Layer) -> LayerReport:
    return LayerReport(
        layer.name, layer.status, layer.checked, layer.what,
        _notes(layer.problems), _notes(layer.remarks), _notes(layer.gaps),
    )  # fmt: skip


def _notes(notes: Iterable[Note]) -> tuple[CheckNote, ...]:
    return tuple(
        CheckNote(each.kind, each.subject, demangle(each.subject), each.text, each.evidence)
        for each in notes
    )
