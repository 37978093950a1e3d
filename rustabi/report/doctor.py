"""Whether a build's debug info suffices for a verdict: the diagnosis as a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from rustabi.doctor import Diagnosis, Problem, Remedy, UnitGroup
from rustabi.report.facts import compiler, plural

_BUILDS: Final = {
    "cargo": "cargo profile",
    "rustc": "rustc",
    "kernel": "kernel",
    "c": "C compiler",
    "tool": "",
}
_STATES: Final = {
    "typed": "types",
    "untyped": "functions without types",
    "split": "split off",
    "assembler": "assembler",
    "open": "no type",
}


@dataclass(frozen=True, slots=True)
class UnitsReport:
    """Units that were compiled alike."""

    compiler: str
    """The compiler; empty where the units are only skeletons, which do not say."""
    dwarf: int
    """Version of DWARF."""
    says: str
    """`types`, `functions without types`, `split off`, `assembler` or `no type`."""
    units: int
    """How many."""


@dataclass(frozen=True, slots=True)
class RemedyReport:
    """What to change."""

    where: str
    """`cargo profile`, `rustc`, `kernel` or `C compiler`; empty for what is not an option of a
    build."""
    change: str
    """The option as it is written there, or what to do."""


@dataclass(frozen=True, slots=True)
class ProblemReport:
    """Something that is wrong with the debug info."""

    kind: str
    """Its id, such as `debuginfo-1`."""
    grade: Literal["blocks", "narrows", "note"]
    """`blocks`: no verdict with it. `narrows`: less can be checked. `note`: good to know."""
    found: str
    """What was found, in words and numbers."""
    subjects: tuple[str, ...]
    """The files, units, symbols or types concerned, sorted; empty where it is the whole target."""
    because: str
    """Why it matters for a verdict."""
    remedies: tuple[RemedyReport, ...]
    """What to change; one of them is enough."""


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """What `rustabi doctor --format json` prints."""

    report: Literal["doctor"]
    """Tells this report from others."""
    target: str
    """What was examined, as it was named."""
    suffices: bool
    """Whether a verdict can be had; the exit code is 0 then, and 2 otherwise."""
    conclusion: str
    """The same in one line, with numbers."""
    machine: str
    """ELF name of the architecture; empty where nothing tells."""
    exported: int
    """Number of exported symbols."""
    described: int
    """How many of them the debug info describes."""
    export_rule: str
    """How the exported symbols were told, in words."""
    units: tuple[UnitsReport, ...]
    """The units of the debug info, those that were compiled alike together."""
    problems: tuple[ProblemReport, ...]
    """Gravest first."""


def doctor_report(diagnosis: Diagnosis, target: str) -> DoctorReport:
    """The report of the diagnosis of ``target``."""
    return DoctorReport(
        report="doctor",
        target=target,
        suffices=diagnosis.suffices,
        conclusion=_conclusion(diagnosis),
        machine=diagnosis.machine,
        exported=diagnosis.exported,
        described=diagnosis.described,
        export_rule=diagnosis.rule,
        units=_units(diagnosis.units),
        problems=tuple(map(_problem, diagnosis.problems)),
    )


def _conclusion(diagnosis: Diagnosis) -> str:
    if not diagnosis.suffices:
        return f"debug info does not suffice: {diagnosis.problems[0].found}"
    text = (
        f"debug info suffices: {diagnosis.described} of"
        f" {plural(diagnosis.exported, 'exported symbol')} described"
    )
    narrow = sum(each.grade == "narrows" for each in diagnosis.problems)
    return f"{text}; {plural(narrow, 'remark')}" if narrow else text


def _units(groups: tuple[UnitGroup, ...]) -> tuple[UnitsReport, ...]:
    """The groups by what is shown of them: compilers' flags are not."""
    numbers: dict[tuple[str, int, str], int] = {}
    for group in groups:
        producer = compiler(group.producer).partition(" -")[0]
        key = (producer, group.version, _STATES[group.state])
        numbers[key] = numbers.get(key, 0) + group.units
    return tuple(UnitsReport(*key, units) for key, units in sorted(numbers.items()))


def _problem(problem: Problem) -> ProblemReport:
    return ProblemReport(
        str(problem.kind), problem.grade, problem.found, problem.subjects, problem.because,
        tuple(map(_remedy, problem.remedies)),
    )  # fmt: skip


def _remedy(remedy: Remedy) -> RemedyReport:
    return RemedyReport(_BUILDS[remedy.build], remedy.change)
