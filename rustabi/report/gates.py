"""What a comparison was judged by, and what it covers: the parts of its report around findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from rustabi.check_kinds import kinds_of
from rustabi.diff import Comparison, GapKind
from rustabi.diff.accepted import Acceptance, KabiSide
from rustabi.report.facts import NOT_FOUND, GapReport, readable
from rustabi.rules import FAIL_ON, Gate, Judgement, RuleUse
from rustabi.rules.bench import matches

if TYPE_CHECKING:
    from rustabi.check import KernelCheck


@dataclass(frozen=True, slots=True)
class RuleReport:
    """A rule, and what became of it."""

    number: int
    """Its place in the file, from 1."""
    id: str
    """What the file calls it; may be empty."""
    label: str
    """`rule 3`, or `rule 3 (id)`."""
    reason: str
    """Why it is there."""
    action: Literal["tolerate", "break", "risky", "api", "noise"]
    """What it does with findings: tolerates them, or takes them for that severity."""
    expires: str | None
    """The last day on which it holds, such as `2027-01-31`; null where it holds for ever."""
    state: Literal["used", "unused", "expired", "elsewhere"]
    """Whether it decided a finding; an expired rule decides none, and one that is `elsewhere`
    is about what another command finds."""
    findings: int
    """How many findings it decided; of an expired rule, how many it would have."""


@dataclass(frozen=True, slots=True)
class OpaqueReport:
    """A glob of types that are opaque handles, and what became of it."""

    glob: str
    """As it was given."""
    reason: str
    """Why, as the rules file says; empty where `--opaque` names it."""
    types: int
    """How many names of types in either build it means. 0: it has no effect."""
    findings: int
    """How many findings were lowered because of it."""


@dataclass(frozen=True, slots=True)
class KnownGapReport:
    """Gaps that do not fail although gaps do, and what became of the entry for them."""

    kind: tuple[str, ...]
    """Globs of their kinds; empty for any."""
    subject: tuple[str, ...]
    """Globs of the symbols and types; empty for any."""
    reason: str
    """Why nothing is to be done about them."""
    gaps: int
    """How many there are."""
    elsewhere: bool
    """Whether it is about gaps that only another command has."""


@dataclass(frozen=True, slots=True)
class GateReport:
    """What the findings were judged by."""

    file: str | None
    """The rules file; null where there is none."""
    fail_on: tuple[Literal["break", "risky", "api", "gap"], ...]
    """What fails. `break` always does."""
    rules: tuple[RuleReport, ...]
    """The rules of the file, in order."""
    opaque: tuple[OpaqueReport, ...]
    """Opaque handles: those of the file, then those of the command line."""
    known_gaps: tuple[KnownGapReport, ...]
    """Gaps that do not fail although gaps do."""


@dataclass(frozen=True, slots=True)
class KabiRuleReport:
    """A kABI rule that a target carries."""

    kind: Literal["declonly", "enumerator_ignore", "enumerator_value", "byte_size", "type_string"]
    """What it does, as gendwarfksyms names it."""
    target: str
    """The type, enumerator or reference that it is about, as the rule says."""
    used: bool
    """Whether an accepted finding is about the type that it names, or lies behind that."""


@dataclass(frozen=True, slots=True)
class KabiSideReport:
    """What one target says on its kABI."""

    rules: tuple[KabiRuleReport, ...] | None
    """Its rules, by kind and target; null for a snapshot, which holds none."""
    stand_ins: int
    """How many members stand in for others or are hidden, by way of `__kabi_` members."""


@dataclass(frozen=True, slots=True)
class KabiReport:
    """The kABI rules and `__kabi_` members of the targets."""

    old: KabiSideReport
    """Those of OLD."""
    new: KabiSideReport
    """Those of NEW."""


@dataclass(frozen=True, slots=True)
class GapCount:
    """How many gaps of one kind there are."""

    kind: str
    """Such as `symbol-folded`; see `rustabi explain`."""
    explanation: str
    """The kind in words."""
    count: int
    """All of them."""
    old: int
    """Those that OLD alone has."""
    new: int
    """Those that NEW alone has."""
    both: int
    """Those that both builds have."""


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """What was checked, and what could not be."""

    symbols: int
    """Exported symbols of OLD that were to be compared."""
    symbols_compared: int
    """Those that NEW exports too, and that have debug info of their own in both builds."""
    symbols_removed: int
    """Those that NEW does not export."""
    symbols_unchecked: int
    """Those that both export, and that could not be compared: each is a gap."""
    types_compared: int
    """Structs, unions and enums of OLD that were held against one of NEW."""
    gaps: tuple[GapCount, ...]
    """What could not be checked, by kind."""


def gate_report(judgement: Judgement, gaps: Sequence[GapReport]) -> GateReport:
    """What findings and gaps were judged by, and what became of each part of it."""
    uses = tuple(
        OpaqueReport(use.opaque.glob, use.opaque.reason, use.types, use.findings)
        for use in judgement.opaque
    )
    told = [(gap.kind, gap.subject) for gap in gaps]
    return _gate_report(judgement.gate, judgement.rules, uses, told, [*GapKind, NOT_FOUND])


def check_gate_report(check: KernelCheck) -> GateReport:
    """What modules were judged by. Opaque handles are for comparisons of builds."""
    gaps = [gap for module in check.modules for layer in module.layers for gap in layer.gaps]
    told = [(str(gap.kind), readable(gap.subject)) for gap in gaps]
    return _gate_report(check.gate, check.rules, (), told, kinds_of("gap"))


def _gate_report(
    gate: Gate, rules: Sequence[RuleUse], opaque: tuple[OpaqueReport, ...],
    gaps: Sequence[tuple[str, str]], kinds: Sequence[str],
) -> GateReport:  # fmt: skip
    return GateReport(
        gate.file,
        tuple(each for each in FAIL_ON if each == "break" or each in gate.fail_on),
        tuple(
            RuleReport(
                use.rule.number,
                use.rule.id,
                use.rule.label,
                use.rule.reason,
                "tolerate" if use.rule.severity is None else use.rule.severity.value,
                None if use.rule.expires is None else use.rule.expires.isoformat(),
                use.state,
                use.findings,
            )
            for use in rules
        ),
        opaque,
        tuple(
            KnownGapReport(
                each.kind,
                each.subject,
                each.reason,
                sum(each.covers(*gap) for gap in gaps),
                bool(each.kind) and not any(matches(each.kind, kind) for kind in kinds),
            )
            for each in gate.known_gaps
        ),
    )


def kabi_report(acceptance: Acceptance) -> KabiReport:
    """What the targets say on their kABI."""
    return KabiReport(_kabi_side(acceptance.old), _kabi_side(acceptance.new))


def _kabi_side(side: KabiSide) -> KabiSideReport:
    rules = None if side.rules is None else tuple(KabiRuleReport(*each) for each in side.rules)
    return KabiSideReport(rules, side.stand_ins)


def coverage_report(comparison: Comparison, gaps: Sequence[GapReport]) -> CoverageReport:
    """What a comparison covers.

    Args:
        comparison: What was found.
        gaps: All gaps, also those that are not the comparison's own.
    """
    total, removed = len(comparison.old.symbols), comparison.removed
    return CoverageReport(
        symbols=total,
        symbols_compared=comparison.compared,
        symbols_removed=removed,
        symbols_unchecked=total - comparison.compared - removed,
        types_compared=comparison.types,
        gaps=tuple(gap_counts(gaps)),
    )


def gap_counts(gaps: Sequence[GapReport]) -> list[GapCount]:
    """How many gaps there are of each kind, by kind."""
    counts = []
    for kind, group in groupby(sorted(gaps, key=lambda gap: gap.kind), key=lambda gap: gap.kind):
        members = list(group)
        sides = [each.side for each in members]
        counts.append(
            GapCount(
                kind, members[0].explanation, len(members),
                sides.count("old"), sides.count("new"), sides.count("both"),
            )
        )  # fmt: skip
    return counts
