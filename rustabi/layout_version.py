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

from rustabi.bisimulation import classes, groups
from rustabi.layout import alignment_of
from rustabi.layout_facts import Facets, Fact
from rustabi.model import Model, Symbol, TypeId
from rustabi.nature import stripped

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

    Worked out all at once when the first is asked for.

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
        self._known: dict[TypeId, bytes | None] | None = None

    def of(self, type_id: TypeId) -> bytes | None:
        """The hash of a type; None of one that is too large a knot to be worked out."""
        if self._known is None:
            types = self._model.types
            roots = {root for each in self._roots if (root := stripped(types, each)) is not None}
            facts = _reached(Facets(self._model, named=self._named), sorted(roots))
            self._known = dict(zip(facts, _hashes(facts), strict=True))
        found = stripped(self._model.types, type_id)
        return b"" if found is None else self._known[found]


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
        self._hashes = TypeHashes(model, named=named, roots=roots)

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
    current, steps = outer, sum(map(len, inner.values()))
    for _ in range(max(1, _MOST_STEPS // steps)):
        is_last = len(set(current.values())) == len(group)
        current = {
            class_: _joined(outer[class_], [label + current[each] for label, each in inner[class_]])
            for class_ in group
        }
        if is_last:
            whole = list(current.values())
            for class_ in group:
                hashes[class_] = _joined(current[class_], whole)
            return


def _joined(first: bytes, others: list[bytes]) -> bytes:
    """The hash of a hash and of a bag of pieces that are all of one length."""
    others.sort()
    return blake2b(first + b"".join(others), digest_size=_WIDTH).digest()


def _hash(*values: Hashable, size: int = _WIDTH) -> bytes:
    return blake2b(_encoded(values), digest_size=size).digest()


def _encoded(value: Hashable) -> bytes:
    """A value (tuples of text, bytes, numbers, None) as bytes that no other value has."""
    return ascii(value).encode()
