"""The comparison of two models: changes, their root causes, and the symbols each affects."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from rustabi.diff.contents import DERIVABLE, Components, Contents
from rustabi.diff.gaps import Gap, gaps_of, reached_by_symbols
from rustabi.diff.identity import Identity, Pair
from rustabi.diff.kinds import Change, ChangeKind, Severity
from rustabi.diff.symbols import Signatures, SymbolPairs, compare_vtables, pair_symbols
from rustabi.graph import Graph, Step, build, dependents, principal_trait
from rustabi.model import (
    Composite,
    Enumeration,
    Model,
    Modifier,
    Type,
    TypeId,
    name_of,
    references,
)
from rustabi.names import demangle, is_unstable_name, type_key

Verdict: TypeAlias = Literal["compatible", "incompatible", "error"]


class Affected(NamedTuple):
    """A symbol that a change reaches.

    Attributes:
        symbol: The linker's name.
        path: The steps from the symbol to what changed; empty when it is the symbol itself.
        by_value: Whether it is reached without passing a pointer on some way.
    """

    symbol: str
    path: tuple[Step, ...]
    by_value: bool


class Consequence(NamedTuple):
    """A type whose layout changed because the type of the finding did."""

    type: str
    change: Change


class Finding(NamedTuple):
    """One change of one type or symbol, told once however many symbols it reaches.

    Attributes:
        type: The type or symbol that changed: its name in OLD (in NEW, where it is new).
        change: What changed.
        severity: After asking whether an export reaches it.
        affected: Exported symbols that reach it, sorted by name.
        consequences: Types whose layout follows from it.
        in_new: The paths are of NEW: OLD does not reach the type.
    """

    type: str
    change: Change
    severity: Severity
    affected: tuple[Affected, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    in_new: bool = False


class SharedGap(NamedTuple):
    """A gap and the side that has it."""

    gap: Gap
    side: Literal["old", "new", "both"]


class Comparison(NamedTuple):
    """All that a comparison found.

    Attributes:
        old, new: What was compared.
        findings: Worst first, then by type.
        gaps: What could not be checked.
        lost: Gaps that NEW has although OLD had the data: there is no verdict then, unless something
            breaks anyway.
        compared: Number of symbols that both builds describe.
    """

    old: Model
    new: Model
    findings: tuple[Finding, ...]
    gaps: tuple[SharedGap, ...]
    lost: tuple[Gap, ...]
    compared: int

    @property
    def verdict(self) -> Verdict:
        """``incompatible`` when something breaks, ``error`` when data were lost."""
        if any(finding.severity is Severity.BREAK for finding in self.findings):
            return "incompatible"
        return "error" if self.lost else "compatible"


def compare(old: Model, new: Model) -> Comparison:
    """Compare two models of one architecture.

    Args:
        old: The build that callers were compiled against.
        new: The build that they would run with.
    """
    walk = _Walk(old, new)
    reach = _Reach(old, new)
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
    return Comparison(old, new, _sorted(findings), gaps, lost, compared)


class _Walk:
    """Pairs of types, from the paired symbols on, and what changed in each pair."""

    def __init__(self, old: Model, new: Model) -> None:
        self.identity = Identity(old, new, self._visit)
        self.contents = Contents(old, new, self.identity)
        self.changes: dict[Pair, list[Change]] = {}
        self._waiting: deque[Pair] = deque()

    def _visit(self, pair: Pair) -> None:
        if pair not in self.changes:
            self.changes[pair] = []
            self._waiting.append(pair)

    def start(self, pair: Pair) -> None:
        """Enter a pair of types that no symbol leads to."""
        self._visit(pair)
        self.finish()

    def finish(self) -> None:
        """Compare every pair that has been entered, and all that those lead to."""
        while self._waiting:
            pair = self._waiting.popleft()
            renaming = self.identity.renamed.get(pair)
            self.changes[pair] = (
                self.contents.changes(pair) if renaming is None else self._renamed(pair, renaming)
            )

    def _renamed(self, pair: Pair, renaming: Change) -> list[Change]:
        """A type of another name and equal bytes: only what its pointers point to can differ."""
        mismatch = self.identity.match_pointers(pair)
        if mismatch is None:
            return [renaming]
        return [renaming, self.contents.mismatch(mismatch, "", *pair)]


def _compilers(old: Model, new: Model) -> Iterator[Finding]:
    before, after = old.facts.compilers, new.facts.compilers
    if before != after and before and after:
        change = Change(ChangeKind.COMPILER_CHANGED, "", "; ".join(before), "; ".join(after))
        yield Finding("", change, change.grave)


def _symbol_findings(
    old: Model, new: Model, symbols: SymbolPairs, walk: _Walk
) -> Iterator[Finding]:
    signatures = Signatures(old, new, walk.identity)
    for a, b in symbols.both:
        before, after = old.symbols[a], new.symbols[b]
        for change in signatures.changes(before, after):
            affected = (Affected(before.name, (), True),)
            yield Finding(before.name, change, change.grave, affected)
    walk.finish()
    for index in symbols.removed:
        name = old.symbols[index].name
        change = Change(ChangeKind.SYMBOL_REMOVED)
        yield Finding(name, change, change.grave, (Affected(name, (), True),))
    for index in symbols.added:
        change = Change(ChangeKind.SYMBOL_ADDED)
        yield Finding(new.symbols[index].name, change, change.grave)


def _type_findings(
    old: Model, new: Model, walk: _Walk, reach: _Reach
) -> Iterator[Finding]:
    added, removed = _pair_unreached(old, new, walk)
    causes = _Causes(old, walk.changes)
    for pair, changes in causes.roots():
        name = name_of(old.types[pair[0]]) or name_of(new.types[pair[1]]) or "<anonymous>"
        affected, in_new = reach.of(pair)
        consequences = causes.consequences(pair)
        for change in changes:
            severity = _severity(change, affected)
            subject = name
            if change.kind is ChangeKind.VTABLE_CHANGED:
                subject = _trait_object(old.types, pair[0]) or name
            yield Finding(subject, change, severity, affected, consequences, in_new)
    for kind, names in ((ChangeKind.TYPE_REMOVED, removed), (ChangeKind.TYPE_ADDED, added)):
        for name in names:
            yield Finding(name, Change(kind), Severity.NOISE)


def _trait_object(types: tuple[Type, ...], type_id: TypeId) -> str | None:
    """The ``dyn Trait`` that a fat pointer points to: the vtable is the trait's, not the pointer's."""
    for reference in references(types[type_id]):
        target = types[reference.target]
        if reference.label == "pointer" and isinstance(target, Modifier) and target.target is not None:
            return name_of(types[target.target]) or None
    return None


def _severity(change: Change, affected: tuple[Affected, ...]) -> Severity:
    """A change that no export reaches cannot break a caller as far as DWARF tells: risky at most."""
    if not affected and change.grave is Severity.BREAK:
        return Severity.RISKY
    return change.grave


def _pair_unreached(old: Model, new: Model, walk: _Walk) -> tuple[list[str], list[str]]:
    """Enter pairs of equally named types that no symbol led to; (names in NEW only, in OLD only)."""
    seen_old = {pair[0] for pair in walk.changes}
    seen_new = {pair[1] for pair in walk.changes}
    before, after = _by_key(old.types, seen_old), _by_key(new.types, seen_new)
    for key in sorted(before.keys() & after.keys()):
        for pair in walk.identity.pair_variants(before[key], after[key]):
            walk.start(pair)
    known_old = {type_key(name_of(node)) for node in old.types}
    known_new = {type_key(name_of(node)) for node in new.types}
    added = sorted({name_of(new.types[ids[0]]) for key, ids in after.items() if key not in known_old})
    removed = sorted({name_of(old.types[ids[0]]) for key, ids in before.items() if key not in known_new})
    return added, removed


def _by_key(types: tuple[Type, ...], seen: set[TypeId]) -> dict[str, list[TypeId]]:
    """Key -> named types that have not been seen, but those that are compared with another.

    A variant's struct is compared with its enum, a vtable's type as a vtable.
    """
    result: dict[str, list[TypeId]] = {}
    known = seen | _payloads(types)
    for type_id, node in enumerate(types):
        if not isinstance(node, Composite | Enumeration) or not node.name or type_id in known:
            continue
        if not is_unstable_name(node.name) and not node.name.endswith("{vtable_type}"):
            result.setdefault(type_key(node.name), []).append(type_id)
    return result


def _payloads(types: tuple[Type, ...]) -> set[TypeId]:
    """The structs that hold the fields of variants."""
    return {
        reference.target
        for node in types
        for reference in references(node)
        if reference.reason == "variant"
    }


class _Causes:
    """Which changed type is the root cause of which."""

    def __init__(self, old: Model, changes: dict[Pair, list[Change]]) -> None:
        self._old = old
        self._changes = changes
        components = Components(old.types)
        changed = {pair[0] for pair, found in changes.items() if _bears_on_layout(found)}
        self._inner = {
            pair: sorted(components.of(pair[0]) & changed - {pair[0]}) for pair in changes
        }
        self._consequences: dict[TypeId, list[Consequence]] = {}
        self._roots: list[tuple[Pair, list[Change]]] = []
        for pair, found in changes.items():
            self._sort(pair, found)

    def _sort(self, pair: Pair, found: list[Change]) -> None:
        inner = self._inner[pair]
        own = [each for each in found if each.kind not in DERIVABLE]
        derived = [each for each in found if each.kind in DERIVABLE]
        if not inner or any(each.grave is Severity.BREAK for each in own):
            own, derived = found, []
        if own:
            self._roots.append((pair, own))
        name = name_of(self._old.types[pair[0]]) or "<anonymous>"
        for cause in inner if derived else ():
            self._consequences.setdefault(cause, []).extend(
                Consequence(name, each) for each in derived
            )

    def roots(self) -> list[tuple[Pair, list[Change]]]:
        """Pairs that changed of themselves, with those changes."""
        return self._roots

    def consequences(self, pair: Pair) -> tuple[Consequence, ...]:
        """What follows from the change of a pair, directly and through other types."""
        result: dict[Consequence, None] = {}
        pending, seen = [pair[0]], {pair[0]}
        by_name = {name_of(self._old.types[each[0]]): each[0] for each in self._changes}
        while pending:
            for consequence in self._consequences.get(pending.pop(), ()):
                result[consequence] = None
                following = by_name.get(consequence.type)
                if following is not None and following not in seen:
                    seen.add(following)
                    pending.append(following)
        return tuple(sorted(result))


def _bears_on_layout(changes: Iterable[Change]) -> bool:
    return any(change.grave is Severity.BREAK for change in changes)


class _Reach:
    """The symbols that reach a pair of types, by OLD's graph, else by NEW's."""

    def __init__(self, old: Model, new: Model) -> None:
        self._models = (old, new)
        self._graphs: list[Graph | None] = [None, None]
        self._known: dict[Pair, tuple[tuple[Affected, ...], bool]] = {}

    def of(self, pair: Pair) -> tuple[tuple[Affected, ...], bool]:
        """(affected symbols, whether the paths are NEW's)."""
        if pair not in self._known:
            affected = self._side(0, pair[0])
            self._known[pair] = (affected, False) if affected else (self._side(1, pair[1]), True)
        return self._known[pair]

    def in_old(self, type_id: TypeId) -> tuple[Affected, ...]:
        """Affected symbols by OLD's graph alone."""
        return self._side(0, type_id)

    def _side(self, side: int, type_id: TypeId) -> tuple[Affected, ...]:
        model = self._models[side]
        graph = self._graphs[side]
        if graph is None:
            graph = self._graphs[side] = build(model)
        found = dependents(graph, type_id)
        affected = [
            Affected(model.symbols[index].name, path, index in found.by_value)
            for index, path in found.paths.items()
        ]
        return tuple(sorted(affected, key=lambda each: each.symbol))


def _vtable_findings(
    old: Model, new: Model, walk: _Walk, reach: _Reach
) -> Iterator[Finding]:
    objects: dict[str, list[TypeId]] = {}
    for type_id, node in enumerate(old.types):
        if isinstance(node, Composite) and node.name.startswith("dyn "):
            objects.setdefault(principal_trait(node.name), []).append(type_id)
    found = dict.fromkeys(compare_vtables(old, new, walk.identity))
    walk.finish()
    for trait, change in found:
        affected = {
            each.symbol: each
            for type_id in objects.get(trait, ())
            for each in reach.in_old(type_id)
        }
        listed = tuple(affected[name] for name in sorted(affected))
        yield Finding(f"dyn {trait}", change, _severity(change, listed), listed)


def _compare_gaps(
    old: Model, new: Model, symbols: SymbolPairs
) -> tuple[tuple[SharedGap, ...], tuple[Gap, ...]]:
    before = {(gap.kind, gap.key): gap for gap in gaps_of(old, reached_by_symbols(old))}
    after = {(gap.kind, gap.key): gap for gap in gaps_of(new, reached_by_symbols(new))}
    shared = [SharedGap(gap, "both") for key, gap in before.items() if key in after]
    shared += [SharedGap(gap, "old") for key, gap in before.items() if key not in after]
    fresh = [gap for key, gap in after.items() if key not in before]
    added = {new.symbols[index].name for index in symbols.added}
    new_subjects = {demangle(name) for name in added}
    lost = tuple(gap for gap in fresh if gap.subject not in new_subjects)
    shared += [SharedGap(gap, "new") for gap in fresh]
    return tuple(sorted(shared)), lost


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
                each.severity.rank, each.type, order.index(each.change.kind), each.change.where,
                each.change.old, each.change.new,
            ),  # fmt: skip
        )
    )


def _joined(one: Finding, other: Finding) -> Finding:
    affected = {each.symbol: each for each in (*other.affected, *one.affected)}
    worst = min(one.severity, other.severity, key=lambda each: each.rank)
    return one._replace(
        severity=worst,
        affected=tuple(affected[name] for name in sorted(affected)),
        consequences=tuple(sorted({*one.consequences, *other.consequences})),
    )
