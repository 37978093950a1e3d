"""Layout versions: what can break a caller of a symbol, in one number.

The kernel's version changes when a parameter is renamed, and stays when trait methods change
places. This one covers what compiled code depends on, over all types that a symbol reaches, in a
canonical form: no names of parameters, no visibility, no source order, nothing that a build numbers
anew; but niche values, vtables, 128-bit discriminants and erased type arguments.

It has two halves of 32 bits. The upper one covers bytes alone: sizes, places, encodings, values.
When it differs, a caller breaks. The lower one covers names, too: of types, members, variants and
enumerators. They tell fields of equal type apart, so that two that changed places are noticed. When
it alone differs, either something was renamed, which breaks nobody, or like things changed places,
which does; both builds are needed to tell. No number that is computed from one build can do better:
to swap two names is to rename twice, and each renaming would have to leave the number as it is.

Equal numbers mean that nothing breaks, but for what is listed as a gap.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from hashlib import blake2b
from typing import TypeAlias

from rustabi.bisimulation import classes, groups
from rustabi.layout import alignment_of
from rustabi.layout_facts import Facets, Fact
from rustabi.model import Model, Symbol, TypeId
from rustabi.nature import stripped
from rustabi.recent import Recent
from rustabi.twins import twins

_HALF = 4
"""Bytes of each half."""

_WIDTH = 16
"""Bytes of a hash on the way."""

_MOST_STEPS = 20_000_000
"""Edges looked at for one group of mutually recursive types; a larger one has no version."""


def with_layout_versions(model: Model) -> Model:
    """The model with the layout version of each symbol that debug info describes.

    Args:
        model: With all types, each once.
    """
    bytes_alone, names_too = (_Halves(model, named=named) for named in (False, True))
    symbols = []
    for symbol in model.symbols:
        upper, lower = bytes_alone.of(symbol), names_too.of(symbol)
        known = None if upper is None or lower is None else int.from_bytes(upper + lower, "big")
        symbols.append(symbol._replace(layout=known))
    return model._replace(symbols=tuple(symbols))


def bytes_half(version: int) -> int:
    """The upper half of a layout version: when it differs between two builds, a caller breaks."""
    return version >> 8 * _HALF


class TypeHashes:
    """Hashes of types: equal for those that nothing tells apart, in whatever build.

    Worked out when the first is asked for: of all that the roots reach, and when another one is
    asked for, of all. What another build has that was asked before is not worked out again.

    Args:
        model: The model.
        named: Whether names count. Without, types of equal bytes have equal hashes, whatever stands
            behind their pointers included.
        roots: Types whose hashes will be asked for; None for all.
    """

    def __init__(
        self, model: Model, *, named: bool = False, roots: Iterable[TypeId] | None = None
    ) -> None:
        self._model = model
        self._named = named
        self._roots = range(len(model.types)) if roots is None else roots
        self._known: dict[TypeId, bytes | None] = {}

    def of(self, type_id: TypeId) -> bytes | None:
        """The hash of a type; None of one that is too large a knot to be worked out."""
        found = stripped(self._model.types, type_id)
        if found is None:
            return b""
        known = self._known  # another thread may work more out meanwhile
        if found not in known:
            known = self._work_out(range(len(self._model.types)) if known else self._roots)
        if found not in known:
            known = self._work_out(range(len(self._model.types)))
        return known[found]

    def _work_out(self, wanted: Iterable[TypeId]) -> dict[TypeId, bytes | None]:
        types = self._model.types
        roots = {root for each in wanted if (root := stripped(types, each)) is not None}
        known = self._lent()
        missing = sorted(roots - known.keys())
        if missing:  # with all that they reach: equal types have equal hashes in one build, too
            facts = _reached(Facets(self._model, named=self._named), missing)
            known.update(zip(facts, _hashes(facts), strict=True))
        self._known = known
        return known

    def _lent(self) -> dict[TypeId, bytes | None]:
        """The hashes of types that have a twin of known hash in another build."""
        lent: dict[TypeId, bytes | None] = {}
        kept = _RECENT[self._named].results()
        for other in kept if self in kept else ():
            known = other._known
            if other is not self and known:
                is_older = kept.index(other) < kept.index(self)
                pair = (other, self) if is_older else (self, other)
                found = twins(*(each._model for each in pair))
                own = found.of_new if is_older else found.of_old
                lent |= {a: known[b] for a, b in own.items() if b in known}
        return lent


_RECENT: dict[bool, Recent] = {False: Recent(), True: Recent()}


def type_hashes(
    model: Model, *, named: bool = False, roots: Iterable[TypeId] | None = None
) -> TypeHashes:
    """The hashes of a model's types, kept for the last two models; see `TypeHashes`."""

    def make() -> TypeHashes:
        return TypeHashes(model, named=named, roots=roots)

    if not isinstance(model.types, tuple):
        return make()
    return _RECENT[named].of((model.types, model.vtables, model.facts), make)


def over_alignment(model: Model, symbol: Symbol) -> int | None:
    """The alignment of a variable in bytes, where the source states more than its type asks for.

    rustc states on each static what its type asks for.
    """
    if symbol.kind != "variable" or symbol.alignment is None:
        return None
    own = alignment_of(model.types, symbol.type, model.facts.address_size)
    return symbol.alignment if own is not None and symbol.alignment > own else None


class _Halves:
    """One half of the layout version of each symbol."""

    def __init__(self, model: Model, *, named: bool) -> None:
        self._named = named
        self._model = model
        roots = {symbol.type for symbol in model.symbols if symbol.type is not None}
        self._hashes = type_hashes(model, named=named, roots=roots)

    def of(self, symbol: Symbol) -> bytes | None:
        """The half of a symbol; None where there is no debug info, or too large a knot."""
        if symbol.kind is None:
            return None
        found = b"" if symbol.type is None else self._hashes.of(symbol.type)
        storage = None
        if symbol.kind == "variable":
            storage = symbol.storage if self._named else symbol.storage == "thread-local"
        if found is None:
            return None
        over = over_alignment(self._model, symbol)
        stated = () if over is None else ("aligned", over)
        return _hash(symbol.kind, storage, found, *stated, size=_HALF)


def _reached(facets: Facets, roots: Iterable[TypeId]) -> dict[TypeId, Fact]:
    found: dict[TypeId, Fact] = {}
    pending = list(roots)
    while pending:
        type_id = pending.pop()
        if type_id not in found:
            found[type_id] = facets.of(type_id)
            pending += (target for _, target in found[type_id].edges)
    return found


def _hashes(known: dict[TypeId, Fact]) -> list[bytes | None]:
    """The hash of each type, in the order of ``known``."""
    numbers = {type_id: number for number, type_id in enumerate(known)}
    facts = list(known.values())
    labels: dict[Hashable, int] = {}
    for label in sorted({label for fact in facts for label, _ in fact.edges}, key=_encoded):
        labels[label] = len(labels)
    edges = [[(labels[label], numbers[target]) for label, target in fact.edges] for fact in facts]
    found = classes([fact.content for fact in facts], edges, lambda node: facts[node].is_set)
    members: dict[int, int] = {}
    for node, class_ in enumerate(found):
        members.setdefault(class_, node)
    count = len(members)
    names = [_hash(label) for label in labels]
    targets: list[list[tuple[bytes, int]]] = [[] for _ in range(count)]
    for class_, node in members.items():
        pairs = [(names[label], found[target]) for label, target in edges[node]]
        targets[class_] = list(dict.fromkeys(pairs)) if facts[node].is_set else pairs
    contents = [_hash(facts[members[class_]].content) for class_ in range(count)]
    hashes: list[bytes | None] = [None] * count
    for group in groups([[target for _, target in each] for each in targets]):
        _close(group, contents, targets, hashes)
    return [hashes[class_] for class_ in found]


def _close(
    group: list[int],
    contents: list[bytes],
    targets: list[list[tuple[bytes, int]]],
    hashes: list[bytes | None],
) -> None:
    """Hash the classes of a group; all that they lead to outside of it is hashed already.

    Classes of a group reach each other, so that their hashes enter one another. They are told apart
    by what lies within one step, then two, until all differ: then one step more determines who
    leads to whom, and together they determine the group.
    """
    inside = set(group)
    outer = {}
    for class_ in group:
        beyond = []
        for label, target in targets[class_]:
            known = hashes[target]
            if target not in inside:
                if known is None:
                    return
                beyond.append(label + known)
        outer[class_] = _joined(contents[class_], beyond)
    inner = {
        class_: [(label, target) for label, target in targets[class_] if target in inside]
        for class_ in group
    }
    if not inner[group[0]]:
        hashes[group[0]] = outer[group[0]]
        return
    order = sorted(group, key=outer.__getitem__)
    place = {class_: number for number, class_ in enumerate(order)}
    knot: _Knot = tuple(
        (outer[class_], tuple([(label, place[target]) for label, target in inner[class_]]))
        for class_ in order
    )
    if knot not in _knots:
        if len(_knots) > _MOST_KNOTS:
            _knots.clear()
        _knots[knot] = _untied(knot)
    for class_, found in zip(order, _knots[knot], strict=True):
        hashes[class_] = found


_Knot: TypeAlias = tuple[tuple[bytes, tuple[tuple[bytes, int], ...]], ...]
"""Of each class of a group: the hash of what it says and of what it leads to outside of the group,
and the labels by which it leads to others, with their places in the group."""

_knots: dict[_Knot, list[bytes | None]] = {}
"""The hashes of groups: builds that are compared have most in common."""

_MOST_KNOTS = 4096


def _untied(knot: _Knot) -> list[bytes | None]:
    """The hash of each class of a group; None where they are too large a knot."""
    outer = [each for each, _ in knot]
    inner = [edges for _, edges in knot]
    current, steps = outer, sum(map(len, inner))
    for _ in range(max(1, _MOST_STEPS // steps)):
        is_last = len(set(current)) == len(knot)
        current = [
            _joined(own, [label + current[each] for label, each in edges])
            for own, edges in zip(outer, inner, strict=True)
        ]
        if is_last:
            whole = sorted(current)
            return [_joined(each, whole) for each in current]
    return [None] * len(knot)


def _joined(first: bytes, others: list[bytes]) -> bytes:
    """The hash of a hash and of a bag of pieces that are all of one length."""
    others.sort()
    return blake2b(first + b"".join(others), digest_size=_WIDTH).digest()


def _hash(*values: Hashable, size: int = _WIDTH) -> bytes:
    return blake2b(_encoded(values), digest_size=size).digest()


def _encoded(value: Hashable) -> bytes:
    """A value (tuples of text, bytes, numbers, None) as bytes that no other value has."""
    return ascii(value).encode()
