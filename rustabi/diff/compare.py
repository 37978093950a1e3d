"""The comparison of two models: changes, their root causes, and the symbols each affects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rustabi.diff.causes import Causes, Reach
from rustabi.diff.coverage import paired_gaps, types_compared
from rustabi.diff.findings import Affected, Comparison, Finding, SharedGap, Subject, VersionPair
from rustabi.diff.gaps import Gap, GapKind, gaps_of, reached_by_symbols
from rustabi.diff.kinds import Change, ChangeKind, Severity
from rustabi.diff.parts import is_private
from rustabi.diff.symbols import Signatures, SymbolPairs, compare_vtables, pair_symbols
from rustabi.diff.walk import Walk, pair_unreached
from rustabi.errors import InputError
from rustabi.model import Composite, Model, Modifier, Type, TypeId, name_of
from rustabi.names import demangle, pairing_key, type_key
from rustabi.nature import is_object
from rustabi.pause import collector_paused
from rustabi.references import references
from rustabi.traits import trait_objects, vtable_trait
from rustabi.twins import twins


@collector_paused()
def compare(old: Model, new: Model) -> Comparison:
    """Compare two models of one architecture.

    Args:
        old: The build that callers were compiled against.
        new: The build that they would run with.

    Raises:
        InputError: They are of different architectures.
    """
    if old.facts.machine != new.facts.machine:
        raise InputError(
            f"OLD is for {old.facts.machine}, NEW for {new.facts.machine}",
            advice="compare two builds for one architecture",
        )
    walk = Walk(old, new, equal=twins(old, new).of_old)
    reach = Reach(old, new)
    symbols = pair_symbols(old, new)
    findings = [
        *_compilers(old, new),
        *_symbol_findings(old, new, symbols, walk),
        *_vtable_findings(old, new, walk, reach),
        *_type_findings(old, new, walk, reach),
    ]
    gaps, lost = _compare_gaps(old, new, symbols)
    compared = sum(
        old.symbols[a].kind is not None and new.symbols[b].kind is not None for a, b in symbols.both
    )
    versions = tuple(_versions(old, new, symbols, findings))
    types = types_compared(old, new, walk.changes, [each.gap for each in gaps])
    return Comparison(
        old, new, _sorted(findings), gaps, lost, compared, versions, types, len(symbols.removed)
    )


def _versions(
    old: Model, new: Model, symbols: SymbolPairs, findings: Iterable[Finding]
) -> Iterator[VersionPair]:
    broken = {
        affected.symbol
        for finding in findings
        if finding.severity is Severity.BREAK
        for affected in finding.affected
    }
    for a, b in symbols.both:
        x, y = old.symbols[a], new.symbols[b]
        breaks = x.name in broken or y.name in broken
        yield VersionPair(x.name, x.version, y.version, x.layout, y.layout, breaks)


def _compilers(old: Model, new: Model) -> Iterator[Finding]:
    before, after = old.facts.compilers, new.facts.compilers
    if before != after and before and after:
        change = Change(ChangeKind.COMPILER_CHANGED, "", "; ".join(before), "; ".join(after))
        yield Finding("", change, change.grave)


_INLINED = "inlining may be why"
"""Of functions with mangled names: rustc may inline them into callers, or not, at each level."""


def _symbol_findings(old: Model, new: Model, symbols: SymbolPairs, walk: Walk) -> Iterator[Finding]:
    signatures = Signatures(old, new, walk.identity)
    for a, b in symbols.both:
        before, after = old.symbols[a], new.symbols[b]
        for change in signatures.changes(before, after):
            affected = (Affected(before.name, (), True),)
            yield Finding(before.name, change, _severity(change, affected), affected)
    walk.finish()
    for index in symbols.removed:
        name = old.symbols[index].name
        why = _INLINED if old.symbols[index].kind == "function" and demangle(name) != name else ""
        change = Change(ChangeKind.SYMBOL_REMOVED, "", "", why)
        affected = (Affected(name, (), True),)
        yield Finding(name, change, _severity(change, affected), affected)
    for index in symbols.added:
        change = Change(ChangeKind.SYMBOL_ADDED)
        yield Finding(new.symbols[index].name, change, change.grave)


def _type_findings(old: Model, new: Model, walk: Walk, reach: Reach) -> Iterator[Finding]:
    added, removed = pair_unreached(old, new, walk)
    causes = Causes(old, walk.changes)
    roots = causes.roots()
    reach.expect(pair for pair, _ in roots)
    for pair, changes in roots:
        name = name_of(old.types[pair[0]]) or name_of(new.types[pair[1]]) or "<anonymous>"
        affected, in_new = reach.of(pair)
        consequences = causes.consequences(pair)
        for change in changes:
            severity = _severity(change, affected)
            subject = name
            if change.kind is ChangeKind.VTABLE_CHANGED:
                subject = _trait_object(old.types, pair[0]) or name
            subjects = (Subject(in_new, pair[in_new]),)
            yield Finding(subject, change, severity, affected, consequences, in_new, subjects)
    for kind, names in ((ChangeKind.TYPE_REMOVED, removed), (ChangeKind.TYPE_ADDED, added)):
        for name in names:
            yield Finding(name, Change(kind), Severity.NOISE)


def _trait_object(types: Sequence[Type], type_id: TypeId) -> str | None:
    """The ``dyn Trait`` that a fat pointer points to: it is the trait that has the vtable."""
    for reference in references(types[type_id]):
        target = types[reference.target]
        if (
            reference.label == "pointer"
            and isinstance(target, Modifier)
            and target.target is not None
        ):
            return name_of(types[target.target]) or None
    return None


def _severity(change: Change, affected: tuple[Affected, ...]) -> Severity:
    """A change that no export reaches is risky at most, as far as DWARF tells."""
    if affected and all(is_private(each.symbol) for each in affected):
        return Severity.NOISE
    if not affected and change.grave is Severity.BREAK:
        return Severity.RISKY
    return change.grave


def _vtable_findings(old: Model, new: Model, walk: Walk, reach: Reach) -> Iterator[Finding]:
    traits = trait_objects(old)
    objects: dict[str, list[TypeId]] = {}
    certain: dict[str, list[TypeId]] = {}
    for type_id, node in enumerate(old.types):
        if isinstance(node, Composite) and is_object(node.name):
            for group in (objects, certain) if traits.is_certain(node.name) else (objects,):
                group.setdefault(vtable_trait(node.name), []).append(type_id)
    found = dict.fromkeys(compare_vtables(old, new, walk.identity))
    walk.finish()
    for trait, change in found:
        in_signature = change.kind is ChangeKind.VTABLE_METHOD_CHANGED
        meant = (certain if in_signature else objects).get(trait, ())
        affected = {each.symbol: each for type_id in meant for each in reach.in_old(type_id)}
        listed = tuple(affected[name] for name in sorted(affected))
        subjects = tuple(Subject(False, type_id) for type_id in meant)
        severity = _severity(change, listed)
        yield Finding(f"dyn {trait}", change, severity, listed, subjects=subjects)


_NO_LOSS = frozenset({GapKind.VTABLE_UNKNOWN})
"""Gaps that come and go with inlining, and leave OLD's other data to be compared."""

_GRAVER = {GapKind.ABI_UNKNOWN: (GapKind.NO_DWARF, GapKind.FOLDED)}
"""Gaps of a symbol in OLD beside which this one in NEW is a gain."""


def _compare_gaps(
    old: Model, new: Model, symbols: SymbolPairs
) -> tuple[tuple[SharedGap, ...], tuple[Gap, ...]]:
    no_exports = not old.symbols and not new.symbols
    reached = _every_type if no_exports else reached_by_symbols
    before = gaps_of(old, reached(old))
    keys = {
        pairing_key(new.symbols[b].name): pairing_key(old.symbols[a].name) for a, b in symbols.both
    }
    after = [gap._replace(key=keys.get(gap.key, gap.key)) for gap in gaps_of(new, reached(new))]
    both, gone, fresh = paired_gaps(before, after)
    known = {(gap.kind, gap.key) for gap in before}
    shared = [SharedGap(gap, "both") for gap in both] + [SharedGap(gap, "old") for gap in gone]
    added = {new.symbols[index].name for index in symbols.added}
    new_subjects = {demangle(name) for name in added}
    defined = {type_key(name_of(node)) for node in old.types} if no_exports else set()
    lost = tuple(
        gap
        for gap in fresh
        if gap.subject not in new_subjects
        and gap.kind not in _NO_LOSS
        and not any((graver, gap.key) in known for graver in _GRAVER.get(gap.kind, ()))
        and not (no_exports and gap.kind is GapKind.DECLARATION_ONLY and gap.key not in defined)
    )
    shared += [SharedGap(gap, "new") for gap in fresh]
    return tuple(sorted(shared)), lost


def _every_type(model: Model) -> set[TypeId]:
    """Where nothing is exported, types alone are compared: each may matter."""
    return set(range(len(model.types)))


def _sorted(findings: list[Finding]) -> tuple[Finding, ...]:
    """Worst first; equal changes of one type, met in several pairs, become one finding."""
    joined: dict[tuple[str, Change], Finding] = {}
    for finding in findings:
        key = (finding.type, finding.change)
        joined[key] = _joined(joined[key], finding) if key in joined else finding
    order = list(ChangeKind)
    return tuple(
        sorted(
            joined.values(),
            key=lambda each: (
                each.severity.rank,
                each.type,
                order.index(each.change.kind),
                each.change.where,
                each.change.old,
                each.change.new,
            ),
        )
    )


def _joined(one: Finding, other: Finding) -> Finding:
    affected = {each.symbol: each for each in (*other.affected, *one.affected)}
    worst = min(one.severity, other.severity, key=lambda each: each.rank)
    return one._replace(
        severity=worst,
        affected=tuple(affected[name] for name in sorted(affected)),
        consequences=tuple(sorted({*one.consequences, *other.consequences})),
        subjects=tuple(sorted({*one.subjects, *other.subjects})),
    )
