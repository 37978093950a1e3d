"""What a check of a module finds, as values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, TypeAlias

from rustabi.check_kinds import CHECK_KINDS, CheckKind
from rustabi.diff import Severity
from rustabi.errors import RustabiError
from rustabi.names import demangle
from rustabi.rules import NO_GATE, Gate, Rule, RuleUse

LayerName: TypeAlias = Literal["symbols", "versions", "toolchain", "layout", "reasons"]

Status: TypeAlias = Literal["ok", "failed", "risky", "not run"]
"""Of a layer. ``not run``: nothing of it could be checked, and its gaps tell why."""

Answer: TypeAlias = Literal["yes", "risky", "no", "unknown"]

Verdict: TypeAlias = Literal["compatible", "incompatible", "error"]

_SHOWN: Final = 4
"""Names that a line lists before it says how many more there are."""


class Note(NamedTuple):
    """One thing that was found, or could not be checked.

    Attributes:
        kind: What it is.
        subject: The symbol, type or field it is about; empty where it is about the whole.
        text: What to say of it.
        evidence: More, a line each: differences of members, paths, symbols.
        symbols: Of a type that disagrees: imported symbols that a value of it crosses. The last
            line of the evidence is `crossing` of them.
        severity: What it is taken for, where that is not the kind's own severity.
        found: That before a rule decided.
        rule: The rule that decided.
    """

    kind: CheckKind
    subject: str
    text: str
    evidence: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    severity: Severity | None = None
    found: Severity | None = None
    rule: Rule | None = None

    @property
    def grave(self) -> Severity | None:
        """How grave it is taken to be; None for what does not count for the verdict."""
        return self.severity or CHECK_KINDS[self.kind].severity

    @property
    def of_type(self) -> bool:
        """Whether it is about a type."""
        return CHECK_KINDS[self.kind].layer == "layout"

    @property
    def tolerated(self) -> bool:
        """Whether a rule says that it does not count."""
        return self.rule is not None and self.rule.severity is None


class Layer(NamedTuple):
    """The result of one layer.

    Attributes:
        name: Which one.
        status: See `Status`.
        checked: How many things were checked: symbols, types.
        what: What those are, in the plural.
        problems: Why it failed or is risky.
        remarks: What is worth knowing and no problem.
        gaps: What could not be checked, and why.
    """

    name: LayerName
    status: Status
    checked: int = 0
    what: str = ""
    problems: tuple[Note, ...] = ()
    remarks: tuple[Note, ...] = ()
    gaps: tuple[Note, ...] = ()


class ModuleCheck(NamedTuple):
    """The results for one module.

    Attributes:
        path: As named.
        name: The name it is loaded under.
        loads: Whether the kernel's loader would accept it (layers symbols, versions, toolchain):
            ``unknown`` where a needed part could not be checked.
        runs: Whether it would then run correctly, as far as the types in both debug infos tell
            (layer layout).
        layers: In the order in which they are checked.
        failure: Why the module could not be read at all.
        undecided: Whether something that the loader asks could not be checked, whatever else it
            says of the module.
        verdict: What the gate makes of what was found: ``error`` where there is no verdict. Rules
            change the verdict, never the answers.
        kernel: What the kernel's targets told, one line each.
        gate: What it was judged by.
        rules: What became of each rule in this module.

    Example:
        >>> import rustabi
        >>> check = rustabi.check_module("demo.ko", ["Module.symvers"])
        >>> [(layer.name, layer.status) for layer in check.layers][:3]
        [('symbols', 'ok'), ('versions', 'failed'), ('toolchain', 'ok')]
    """

    path: str
    name: str
    loads: Answer
    runs: Answer
    layers: tuple[Layer, ...] = ()
    failure: RustabiError | None = None
    undecided: bool = False
    verdict: Verdict = "error"
    kernel: tuple[str, ...] = ()
    gate: Gate = NO_GATE
    rules: tuple[RuleUse, ...] = ()

    @property
    def tolerated(self) -> tuple[Note, ...]:
        """What was found and does not count, by a rule."""
        every = (note for layer in self.layers for note in (*layer.problems, *layer.remarks))
        return tuple(note for note in every if note.tolerated)

    def layer(self, name: LayerName) -> Layer:
        """The result of one layer.

        Raises:
            KeyError: It is not there: the module could not be read.
        """
        found = next((each for each in self.layers if each.name == name), None)
        if found is None:
            raise KeyError(name)
        return found


class KernelCheck(NamedTuple):
    """The results for all modules, and what they were held against.

    Attributes:
        kernel: What the kernel's targets told, one line each.
        modules: In the order in which they were named; a folder's by path.
        gate: What they were judged by.
        rules: What became of each rule.

    Example:
        >>> import rustabi
        >>> found = rustabi.check_modules(["demo.ko"], ["Module.symvers"])
        >>> found.verdict, [each.name for each in found.modules]
        ('incompatible', ['demo'])
    """

    kernel: tuple[str, ...]
    modules: tuple[ModuleCheck, ...]
    gate: Gate = NO_GATE
    rules: tuple[RuleUse, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Of all modules: ``incompatible`` where one is, else ``error`` where one has none."""
        verdicts = {each.verdict for each in self.modules}
        if "incompatible" in verdicts:
            return "incompatible"
        return "compatible" if verdicts == {"compatible"} else "error"


def layer_of(
    name: LayerName,
    checked: int,
    what: str,
    problems: Iterable[Note] = (),
    remarks: Iterable[Note] = (),
    gaps: Iterable[Note] = (),
    *,
    mild: Iterable[Note] = (),
) -> Layer:
    """A layer with the status that follows from what was found in it.

    Args:
        name: Which one.
        checked: How many things were checked; where none, and there are gaps, it did not run.
        what: What those are.
        problems: What makes it fail.
        remarks: What is no problem.
        gaps: What could not be checked.
        mild: What makes it risky.
    """
    grave, risky, unchecked = tuple(problems), tuple(mild), tuple(gaps)
    status: Status = "failed" if grave else "risky" if risky else "ok"
    if not grave and not risky and not checked and unchecked:
        status = "not run"
    return Layer(name, status, checked, what, grave + risky, tuple(remarks), unchecked)


def crossing(symbols: Iterable[str]) -> str:
    """Which imported symbols a value of a type crosses, in words."""
    return f"a value of it crosses imported symbols: {listed(map(demangle, symbols))}"


def listed(names: Iterable[str]) -> str:
    """A few names, and how many more there are."""
    every = list(names)
    text = ", ".join(every[:_SHOWN])
    return f"{text} and {len(every) - _SHOWN} more" if len(every) > _SHOWN else text
