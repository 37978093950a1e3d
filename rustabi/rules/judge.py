"""Findings judged by a gate: what is tolerated, lowered or raised, and what fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from rustabi.diff import Affected, Comparison, Finding, Severity
from rustabi.diff.opaque import Part, lowered, opaque_names
from rustabi.diff.parts import is_of_symbol, narrowed
from rustabi.names import crate_of, demangle, generic_of
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


class RuleUse(NamedTuple):
    """What became of a rule.

    Attributes:
        findings: How many it decided; of an expired one, how many it would have.
    """

    rule: Rule
    state: Literal["used", "unused", "expired"]
    findings: int


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
        strictest = max(
            (
                each
                for each in Severity
                if each is Severity.BREAK or each.value in self.gate.fail_on
            ),
            key=lambda each: each.rank,
        )
        return judged.finding.severity.rank <= strictest.rank


def judge(comparison: Comparison, gate: Gate, today: date) -> Judgement:
    """Judge the findings of a comparison.

    Opaque handles come first, rules after: a rule has the last word.

    Args:
        comparison: What was found.
        gate: What is laid down.
        today: The day on which rules must not have expired.
    """
    opaque = {each.glob: each for each in gate.opaque}
    bench = _Bench(gate.rules, today)
    judged: list[Judged] = []
    for part in lowered(comparison, tuple(opaque)):
        judged += bench.judged(part, opaque)
    judged.sort(key=lambda each: each.finding.severity.rank)
    behind = Counter(each.opaque.glob for each in judged if each.opaque is not None)
    uses = tuple(
        OpaqueUse(each, len(opaque_names(comparison, each.glob)), behind[each.glob])
        for each in gate.opaque
    )
    return Judgement(gate, tuple(judged), bench.uses(), uses)


class _Bench:
    """Applies rules to findings, and counts."""

    def __init__(self, rules: Sequence[Rule], today: date) -> None:
        self._rules = rules
        self._expired = {rule.number for rule in rules if rule.expired(today)}
        self._counts: Counter[int] = Counter()

    def uses(self) -> tuple[RuleUse, ...]:
        return tuple(self._use(rule) for rule in self._rules)

    def _use(self, rule: Rule) -> RuleUse:
        count = self._counts[rule.number]
        if rule.number in self._expired:
            return RuleUse(rule, "expired", count)
        return RuleUse(rule, "used" if count else "unused", count)

    def judged(self, part: Part, known: dict[str, Opaque]) -> Iterator[Judged]:
        """The finding in as many parts as rules decide for different symbols of it."""
        opaque = None if part.glob is None else known[part.glob]
        finding, found = part.finding, part.found
        left = list(finding.affected)
        for rule in self._rules:
            covered = _covered(rule, finding, left)
            if covered is None:
                continue
            self._counts[rule.number] += 1
            if rule.number in self._expired:
                continue
            decided = narrowed(finding, covered)
            if rule.severity is not None:
                decided = decided._replace(severity=rule.severity)
            yield Judged(decided, found, opaque, rule)
            names = {each.symbol for each in covered}
            left = [each for each in left if each.symbol not in names]
            if not left:
                return
        yield Judged(narrowed(finding, left), found, opaque)


def _covered(rule: Rule, finding: Finding, left: Sequence[Affected]) -> list[Affected] | None:
    """Those of a finding's symbols that a rule is for; None where it is not for the finding."""
    if not _is_for(rule, finding):
        return None
    if not rule.symbol:
        return list(left)
    if not finding.affected:
        alone = is_of_symbol(finding) and _is_symbol(rule.symbol, finding.type)
        return [] if alone else None
    return [each for each in left if _is_symbol(rule.symbol, each.symbol)] or None


def _is_for(rule: Rule, finding: Finding) -> bool:
    """Whether a finding is one of a rule's, but for the symbols."""
    if rule.kind and not _matches(rule.kind, str(finding.change.kind)):
        return False
    if rule.crate and not _matches(rule.crate, crate_of(finding.type)):
        return False
    if not rule.type:
        return True
    name = demangle(finding.type)
    return not is_of_symbol(finding) and _matches(rule.type, name, generic_of(name))


def _is_symbol(globs: Sequence[str], symbol: str) -> bool:
    """Whether globs mean a symbol, by either name; a mangled one means it whatever its hashes."""
    name = demangle(symbol)
    return _matches(globs, symbol, name) or any(demangle(glob) == name for glob in globs)


def _matches(globs: Sequence[str], *names: str) -> bool:
    return any(name == glob or fnmatchcase(name, glob) for glob in globs for name in names if name)
