"""Findings that kABI rules of the two targets declare away.

The models are compared once as they are and once as their rules declare them (`former`). A finding
that is gone in the second comparison is accepted, symbol by symbol, and is lowered to ``api``. For
a symbol of which the second comparison reports anything that the first does not, nothing is
accepted: so whatever rules do not declare away stays as grave as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from rustabi.diff.compare import compare
from rustabi.diff.findings import Affected, Comparison, Finding
from rustabi.diff.former import formers
from rustabi.diff.kinds import Change, ChangeKind, Severity
from rustabi.diff.parts import narrowed
from rustabi.kabi import KabiRules
from rustabi.model import Model, name_of
from rustabi.standins import has_stand_ins

RuleKind: TypeAlias = Literal[
    "declonly", "enumerator_ignore", "enumerator_value", "byte_size", "type_string"
]

_Key: TypeAlias = tuple[str, Change, str | None]
"""Type, change and symbol; None for the symbol where no symbol reaches the change."""


_OF_THE_WHOLE = frozenset({ChangeKind.SIZE_CHANGED, ChangeKind.ALIGNMENT_CHANGED})
"""What whoever passes or holds the type by value depends on, whatever a rule says."""


class KabiUse(NamedTuple):
    """A kABI rule of a target, and whether it had an effect.

    Attributes:
        target: What it is about, as the rule says.
        used: An accepted finding is about the type that it names, or lies behind that.
    """

    kind: RuleKind
    target: str
    used: bool


class KabiSide(NamedTuple):
    """What one target has to say.

    Attributes:
        rules: Its rules, by kind and target; None where it cannot hold any (a snapshot).
        stand_ins: How many members stand in for others or are hidden, through ``__kabi_`` members.
    """

    rules: tuple[KabiUse, ...] | None
    stand_ins: int


class Acceptance(NamedTuple):
    """A comparison in which accepted findings are lowered.

    Attributes:
        comparison: In it, `Finding.unruled` tells an accepted finding.
        old, new: What the targets had to say.
    """

    comparison: Comparison
    old: KabiSide
    new: KabiSide


def accept(comparison: Comparison, old: KabiRules | None, new: KabiRules | None) -> Acceptance:
    """Lower the findings that rules declare away.

    Args:
        comparison: What was found.
        old: The kABI rules that OLD carries; None where it cannot carry any (a snapshot).
        new: Those that NEW carries.
    """
    own = (old or KabiRules(), new or KabiRules())
    stand_ins = (0, 0)
    if any(map(any, own)) or any(
        has_stand_ins(model.types) for model in (comparison.old, comparison.new)
    ):
        before, after = formers(comparison.old, comparison.new, own)
        stand_ins = (before.stand_ins, after.stand_ins)
        ruled = compare(before.model, after.model)
        findings = sorted(
            _lowered(comparison, ruled), key=lambda each: each.severity.rank
        )  # stable: otherwise in the order there was
        comparison = comparison._replace(findings=tuple(findings))
    names = _names(comparison)
    return Acceptance(
        comparison,
        KabiSide(None if old is None else _uses(old, names), stand_ins[0]),
        KabiSide(None if new is None else _uses(new, names), stand_ins[1]),
    )


def _lowered(comparison: Comparison, ruled: Comparison) -> Iterator[Finding]:
    if set(ruled.lost) - set(comparison.lost):  # rules hide what there is to compare
        yield from comparison.findings
        return
    known, left = _keys(comparison.findings), _keys(ruled.findings)
    unsettled = {symbol for _, _, symbol in left - known}
    for finding in comparison.findings:
        if not _is_grave(finding):
            yield finding
        elif not finding.affected:
            gone = (finding.type, finding.change, None) not in left and None not in unsettled
            yield _accepted(finding, ()) if gone else finding
        else:
            gone_for = [
                each
                for each in finding.affected
                if (finding.type, finding.change, each.symbol) not in left
                and each.symbol not in unsettled
                and not (each.by_value and finding.change.kind in _OF_THE_WHOLE)
            ]
            others = [each for each in finding.affected if each not in gone_for]
            if others:
                yield narrowed(finding, others)
            if gone_for:
                yield _accepted(finding, gone_for)


def _is_grave(finding: Finding) -> bool:
    return finding.severity in (Severity.BREAK, Severity.RISKY)


def _keys(findings: Iterable[Finding]) -> set[_Key]:
    return {
        (finding.type, finding.change, symbol)
        for finding in findings
        if _is_grave(finding)
        for symbol in _symbols(finding)
    }


def _symbols(finding: Finding) -> Iterator[str | None]:
    yield from (each.symbol for each in finding.affected)
    if not finding.affected:
        yield None


def _accepted(finding: Finding, affected: Iterable[Affected]) -> Finding:
    part = narrowed(finding, affected)
    severity = max(part.severity, Severity.API, key=lambda each: each.rank)
    return part._replace(severity=severity, unruled=finding.severity)


# which rules were used


def _names(comparison: Comparison) -> set[str]:
    """The types that accepted findings are about, and those on the way to them."""
    names: set[str] = set()
    for finding in comparison.findings:
        if finding.unruled is None:
            continue
        model = comparison.new if finding.in_new else comparison.old
        names.add(finding.type)
        names.update(each.type for each in finding.consequences)
        for affected in finding.affected:
            names.update(_on_path(model, affected))
    return names


def _on_path(model: Model, affected: Affected) -> Iterator[str]:
    for step in affected.path:
        if step.node.kind == "type":
            yield name_of(model.types[step.node.number])


def _uses(rules: KabiRules, names: set[str]) -> tuple[KabiUse, ...]:
    def enum_of(target: str) -> str:
        return target.rpartition(" ")[0]

    def type_of(target: str) -> str:
        prefix, _, name = target.partition("#")
        return name.strip("'") if prefix in ("s", "u", "e") else ""

    uses = [
        *(KabiUse("declonly", each, each in names) for each in rules.declaration_only),
        *(
            KabiUse("enumerator_ignore", each, enum_of(each) in names)
            for each in rules.ignored_enumerators
        ),
        *(
            KabiUse("enumerator_value", each, enum_of(each) in names)
            for each in rules.enumerator_values
        ),
        *(KabiUse("byte_size", each, each in names) for each in rules.byte_sizes),
        *(KabiUse("type_string", each, type_of(each) in names) for each in rules.type_strings),
    ]
    return tuple(sorted(uses))
