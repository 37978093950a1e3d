"""Findings judged by a gate: what is tolerated, lowered or raised, and what fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from rustabi.diff import ChangeKind, Comparison, Finding, Severity
from rustabi.diff.opaque import Part, lowered, opaque_names
from rustabi.diff.parts import is_of_symbol, narrowed
from rustabi.names import crate_of, demangle, generic_of
from rustabi.rules.bench import Bench, Case, RuleUse
from rustabi.rules.gate import Gate, Opaque, Rule


class Judged(NamedTuple):
    """A finding, or the part of it that concerns some of its symbols, and what became of it.

    Attributes:
        finding: With the severity that it is taken for.
        found: The severity by the table of kinds alone.
        opaque: The handle that it lies behind, where that lowered it.
        rule: The rule that decided.
    """

    finding: Finding
    found: Severity
    opaque: Opaque | None = None
    rule: Rule | None = None

    @property
    def tolerated(self) -> bool:
        """Whether a rule says that it does not count."""
        return self.rule is not None and self.rule.severity is None


class OpaqueUse(NamedTuple):
    """What became of an opaque glob.

    Attributes:
        types: Names in either build that it means.
        findings: How many were lowered because of it.
    """

    opaque: Opaque
    types: int
    findings: int


class Judgement(NamedTuple):
    """All findings of a comparison, judged.

    Attributes:
        gate: What they were judged by.
        findings: Worst first, by the severity that each is taken for.
        rules: What became of each rule.
        opaque: What became of each opaque glob.

    Example:
        >>> import rustabi
        >>> found = rustabi.compare("nested_change-old.o", "nested_change-new.o")
        >>> [(use.rule.label, use.state) for use in rustabi.judge(found, "rustabi.toml").rules]
        [('rule 1', 'used'), ('rule 2', 'unused')]
    """

    gate: Gate
    findings: tuple[Judged, ...]
    rules: tuple[RuleUse, ...]
    opaque: tuple[OpaqueUse, ...]

    def fails(self, judged: Judged) -> bool:
        """Whether a finding makes the verdict ``incompatible``."""
        if judged.tolerated:
            return False
        return self.gate.fails(judged.finding.severity)


def judge(comparison: Comparison, gate: Gate, today: date) -> Judgement:
    """Judge the findings of a comparison.

    Opaque handles come first, rules after: a rule has the last word.

    Args:
        comparison: What was found.
        gate: What is laid down.
        today: The day on which rules must not have expired.
    """
    opaque = {each.glob: each for each in gate.opaque}
    bench = Bench(gate.rules, today, list(ChangeKind))
    judged: list[Judged] = []
    for part in lowered(comparison, tuple(opaque)):
        judged += _judged(bench, part, opaque)
    judged.sort(key=lambda each: each.finding.severity.rank)
    behind = Counter(each.opaque.glob for each in judged if each.opaque is not None)
    uses = tuple(
        OpaqueUse(each, len(opaque_names(comparison, each.glob)), behind[each.glob])
        for each in gate.opaque
    )
    return Judgement(gate, tuple(judged), bench.uses(), uses)


def _judged(bench: Bench, part: Part, known: dict[str, Opaque]) -> Iterator[Judged]:
    """The finding in as many parts as rules decide for different symbols of it."""
    opaque = None if part.glob is None else known[part.glob]
    finding = part.finding
    for rule, symbols in bench.decisions(_case(finding)):
        covered = frozenset(symbols)
        decided = narrowed(finding, [each for each in finding.affected if each.symbol in covered])
        if rule is not None and rule.severity is not None:
            decided = decided._replace(severity=rule.severity)
        yield Judged(decided, part.found, opaque, rule)


def _case(finding: Finding) -> Case:
    """A finding as rules see it."""
    of_symbol = is_of_symbol(finding)
    name = demangle(finding.type)
    return Case(
        kind=str(finding.change.kind),
        crate=crate_of(finding.type),
        types=() if of_symbol else (name, generic_of(name)),
        symbols=tuple(each.symbol for each in finding.affected),
        symbol=finding.type if of_symbol else "",
    )
