"""Exported symbols of two builds: paired by normalised name, and their signatures compared."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from rustabi.describe import function_text, type_text
from rustabi.diff.identity import Identity, Mismatch
from rustabi.diff.kinds import Change, ChangeKind, Severity
from rustabi.diff.passing import passing_changes
from rustabi.layout_version import over_alignment
from rustabi.model import Function, Model, Storage, Symbol, Type, TypeId, Vtable
from rustabi.names import demangle, pairing_key


class SymbolPairs(NamedTuple):
    """Indexes of symbols: in both builds, in OLD only, in NEW only."""

    both: list[tuple[int, int]]
    removed: list[int]
    added: list[int]


def pair_symbols(old: Model, new: Model) -> SymbolPairs:
    """Pair the symbols of two builds of one source, by ever looser names.

    First by the linker's name; then by the readable path, which lacks what a build makes up anew
    (crate hashes, suffixes); then by `rustabi.names.pairing_key`, which mangling schemes share but
    which tells no generic arguments; then without the type for which a trait's method was made,
    which legacy names lack. And only where one symbol is left of a key on either side.
    """
    pairing = _Pairing(old, new)
    pairing.pair(lambda symbol: symbol.name)
    pairing.pair(lambda symbol: demangle(symbol.name))
    pairing.pair(lambda symbol: pairing_key(symbol.name))
    pairing.pair(lambda symbol: _of_trait(pairing_key(symbol.name)))
    return SymbolPairs(sorted(pairing.both), sorted(pairing.old), sorted(pairing.new))


_TRAIT_METHOD = re.compile(r"<.* as (?P<trait>.+)>::(?P<method>[^<>]+)")


def _of_trait(key: str) -> str:
    """``<demo::Dog as demo::Animal>::speak`` -> ``demo::Animal::speak``."""
    found = _TRAIT_METHOD.fullmatch(key)
    return f"{found['trait']}::{found['method']}" if found else key


class _Pairing:
    """The symbols that are not paired yet, and the pairs."""

    def __init__(self, old: Model, new: Model) -> None:
        self._old_symbols, self._new_symbols = old.symbols, new.symbols
        self.old = list(range(len(old.symbols)))
        self.new = list(range(len(new.symbols)))
        self.both: list[tuple[int, int]] = []
        self._several = any(len({each.binary for each in m.symbols}) > 1 for m in (old, new))

    def pair(self, name: Callable[[Symbol], str]) -> None:
        """Pair what is left where exactly one symbol of a name is left on either side."""
        before = self._by_name(self._old_symbols, self.old, name)
        after = self._by_name(self._new_symbols, self.new, name)
        found = [
            (indexes[0], after[key][0])
            for key, indexes in before.items()
            if len(indexes) == 1 == len(after.get(key, ()))
        ]
        self.both += found
        paired_old, paired_new = {pair[0] for pair in found}, {pair[1] for pair in found}
        self.old = [index for index in self.old if index not in paired_old]
        self.new = [index for index in self.new if index not in paired_new]

    def _by_name(
        self, symbols: Sequence[Symbol], indexes: list[int], name: Callable[[Symbol], str]
    ) -> dict[tuple[str, str], list[int]]:
        result: dict[tuple[str, str], list[int]] = {}
        for index in indexes:
            symbol = symbols[index]
            key = (symbol.binary if self._several else "", name(symbol))
            result.setdefault(key, []).append(index)
        return result


_SAME_PASSING = frozenset({ChangeKind.PARAMETER_RENAMED, ChangeKind.POINTER_KIND_CHANGED})
"""Changes of a signature that leave its arguments where they are."""


class Signatures:
    """Compares the declarations of paired symbols.

    Args:
        old, new: The models.
        identity: Decides whether types are the same, and takes the pairs that are to be compared.
    """

    def __init__(self, old: Model, new: Model, identity: Identity) -> None:
        self._old, self._new = old, new
        self._identity = identity

    def changes(self, old: Symbol, new: Symbol) -> Iterator[Change]:
        """The changes of one symbol; none where either side has no entry (that is a gap)."""
        if old.kind is None or new.kind is None:
            return
        if old.kind != new.kind:
            yield Change(ChangeKind.SIGNATURE_CHANGED, "", old.kind, new.kind)
            return
        a, b = self._node(self._old, old), self._node(self._new, new)
        if old.kind == "function" and isinstance(a, Function) and isinstance(b, Function):
            found = list(self._functions(a, b))
            yield from found
            if all(each.kind in _SAME_PASSING for each in found):
                yield from passing_changes(self._old, self._new, old, new, self._identity)
        else:
            sides = ((self._old, old), (self._new, new))
            yield from self._mismatch("", old.type, new.type, ChangeKind.STATIC_CHANGED)
            yield from _moved(old.storage, new.storage)
            yield from _realigned(*(over_alignment(*side) for side in sides))

    @staticmethod
    def _node(model: Model, symbol: Symbol) -> Type | None:
        return None if symbol.type is None else model.types[symbol.type]

    def _functions(self, a: Function, b: Function) -> Iterator[Change]:
        if _form(a) != _form(b):
            yield Change(
                ChangeKind.SIGNATURE_CHANGED,
                "",
                function_text(self._old.types, a),
                function_text(self._new.types, b),
            )
            return
        for index, (before, after) in enumerate(zip(a.parameters, b.parameters, strict=True)):
            where = f"parameter {before.name or after.name or index}"
            yield from self._mismatch(where, before.type, after.type)
        yield from _parameter_names(a, b)
        yield from self._mismatch("return", a.result, b.result)

    def _mismatch(
        self,
        where: str,
        old: TypeId | None,
        new: TypeId | None,
        kind: ChangeKind = ChangeKind.SIGNATURE_CHANGED,
    ) -> Iterator[Change]:
        mismatch = self._identity.match(old, new)
        if mismatch is None:
            return
        before, after = type_text(self._old.types, old), type_text(self._new.types, new)
        if mismatch.kind is ChangeKind.POINTER_KIND_CHANGED:
            kind = mismatch.kind
        if before == after and mismatch.note:
            after = _noted(after, mismatch)
        yield Change(kind, where, before, after)


def _parameter_names(a: Function, b: Function) -> Iterator[Change]:
    """Parameters of other names; the same names in another order are no new names."""
    before, after = ([each.name or "" for each in node.parameters] for node in (a, b))
    if before != after and sorted(before) == sorted(after):
        yield Change(ChangeKind.PARAMETERS_REORDERED, "", ", ".join(before), ", ".join(after))
        return
    for old, new in zip(before, after, strict=True):
        if old and new and old != new:
            yield Change(ChangeKind.PARAMETER_RENAMED, f"parameter {old}", old, new)


def _form(node: Function) -> tuple[int, bool, bool]:
    """What must agree before parameters and results can be compared one by one."""
    return len(node.parameters), node.variadic, node.diverges


def _moved(old: Storage | None, new: Storage | None) -> Iterator[Change]:
    """A static that went from writable to read-only data or to each thread, or back."""
    if old is None or new is None or old == new:
        return
    milder = (old, new) == ("read-only", "writable")
    yield Change(ChangeKind.STATIC_CHANGED, "storage", old, new, Severity.API if milder else None)


def _realigned(old: int | None, new: int | None) -> Iterator[Change]:
    """A static for which the source states another alignment than its type's, or none any more.

    Callers may rely on a larger one, as where they read several words at once.
    """
    if old != new:
        milder = (old or 0) < (new or 0)
        before, after = (f"{each} bytes" if each else "as its type" for each in (old, new))
        severity = Severity.API if milder else None
        yield Change(ChangeKind.STATIC_CHANGED, "alignment", before, after, severity)


def _noted(text: str, mismatch: Mismatch) -> str:
    return f"{text} ({mismatch.note})"


def compare_vtables(old: Model, new: Model, identity: Identity) -> Iterator[tuple[str, Change]]:
    """(trait, change) for each vtable that both builds hold.

    The order of methods belongs to the trait. Where no type has its vtable in both builds, those of
    different types are held against each other, but for what their methods take and return.
    """
    fresh = {vtable.name: vtable for vtable in new.vtables}
    paired = {vtable.trait for vtable in old.vtables if vtable.name in fresh}
    by_trait = {vtable.trait: vtable for vtable in reversed(new.vtables)}
    for before in old.vtables:
        after = fresh.get(before.name)
        if after is not None:
            yield from _vtables(old, new, identity, before, after)
        elif before.trait in by_trait and before.trait not in paired:
            for change in _methods(before, by_trait[before.trait]):
                yield before.trait, change


def _vtables(
    old: Model, new: Model, identity: Identity, before: Vtable, after: Vtable
) -> Iterator[tuple[str, Change]]:
    moved = list(_methods(before, after))
    for change in moved:
        yield before.trait, change
    if moved:
        return
    for number, (x, y) in enumerate(zip(before.slots, after.slots, strict=False)):
        if x.type is None or y.type is None:
            continue
        a, b = _without_self(old.types[x.type]), _without_self(new.types[y.type])
        mismatch = None if a is None or b is None else identity.match_signatures(a, b)
        if mismatch is None:
            continue
        where = _method(x.name) or f"slot {number}"
        texts = type_text(old.types, x.type), type_text(new.types, y.type)
        milder = mismatch.kind is ChangeKind.POINTER_KIND_CHANGED
        severity = Severity.API if milder else None
        yield before.trait, Change(ChangeKind.VTABLE_METHOD_CHANGED, where, *texts, severity)


def _methods(before: Vtable, after: Vtable) -> Iterator[Change]:
    """What the names of the methods in two vtables of a trait tell, where both are known.

    Not known are methods that were folded into others, and what a supertrait's vtable is reached
    by.
    """
    a = [_method(slot.name) for slot in before.slots]
    b = [_method(slot.name) for slot in after.slots]
    differing = any(x != y for x, y in zip(a, b, strict=False) if x is not None and y is not None)
    if differing or len(a) != len(b):
        same = sorted(map(str, a)) == sorted(map(str, b))
        kind = ChangeKind.VTABLE_REORDERED if same else ChangeKind.VTABLE_CHANGED
        yield Change(kind, "", _listed(a), _listed(b))


def _listed(methods: Sequence[str | None]) -> str:
    return ", ".join("?" if each is None else each for each in methods)


def _without_self(node: Type) -> Function | None:
    """A method's signature without ``self``: callers of a trait object do not know its type."""
    if not isinstance(node, Function):
        return None
    return node._replace(parameters=node.parameters[1:])


def _method(name: str | None) -> str | None:
    """The method's own name: the last part of the path."""
    return None if name is None else pairing_key(name).rsplit("::", 1)[-1]
