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

from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple

from rustabi.digests import Digests, Node, digest
from rustabi.layout import alignment_of
from rustabi.layout_facts import Facets, Fact
from rustabi.model import Model, Symbol, TypeId
from rustabi.nature import stripped
from rustabi.pause import collector_paused
from rustabi.recent import Recent
from rustabi.twins import twins

_HALF = 4
"""Bytes of each half."""

_MOST_LENT = 4
"""Classes for each type of two builds up to which those of one are kept for the other."""


@collector_paused()
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
        self._known = _Known({}, Digests())

    def of(self, type_id: TypeId) -> bytes | None:
        """The hash of a type; None of one that is too large a knot to be worked out."""
        found = stripped(self._model.types, type_id)
        if found is None:
            return b""
        known = self._known  # another thread may work more out meanwhile
        if found not in known.classes:
            every = range(len(self._model.types))
            wanted = {found, *(every if known.classes else self._roots)}
            known = self._known = self._work_out(known if known.classes else self._lent(), wanted)
        return known.digests[known.classes[found]]

    def _lent(self) -> _Known:
        """What is known of types that have a twin in another build."""
        kept: list[TypeHashes] = _RECENT[self._named].results()
        for other in reversed(kept) if self in kept else ():
            if other is not self and other._known.classes:
                both = len(other._model.types) + len(self._model.types)
                if len(other._known.digests) > _MOST_LENT * both:
                    continue  # most are of builds before: to start anew gives the same
                older, newer = sorted((other, self), key=kept.index)
                found = twins(older._model, newer._model)
                own = found.of_old if older is self else found.of_new
                classes, digests = other._known
                return _Known({a: classes[b] for a, b in own.items() if b in classes}, digests)
        return _Known({}, Digests())

    def _work_out(self, known: _Known, wanted: Iterable[TypeId]) -> _Known:
        """What is known, and the classes of wanted types and of all that those reach."""
        types = self._model.types
        roots = {root for each in wanted if (root := stripped(types, each)) is not None}
        facts = self._reached(roots - known.classes.keys(), known.classes)
        if not facts:
            return known
        numbers = {type_id: len(known.digests) + place for place, type_id in enumerate(facts)}
        numbers |= known.classes
        nodes = [
            Node(content, [(label, numbers[target]) for label, target in edges], is_set)
            for content, edges, is_set in facts.values()
        ]
        digests, found = known.digests.extended(nodes)
        return _Known({**known.classes, **dict(zip(facts, found, strict=True))}, digests)

    def _reached(self, roots: Iterable[TypeId], known: Container[TypeId]) -> dict[TypeId, Fact]:
        """The facts of types and of all that they reach without passing known ones."""
        pending = sorted(roots)
        facets = Facets(self._model, named=self._named) if pending else None
        found: dict[TypeId, Fact] = {}
        while pending and facets is not None:
            type_id = pending.pop()
            if type_id not in found and type_id not in known:
                found[type_id] = facets.of(type_id)
                pending += (target for _, target in found[type_id].edges)
        return found


class _Known(NamedTuple):
    """The classes of types, as numbers in the digests."""

    classes: Mapping[TypeId, int]
    digests: Digests


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
        return digest(symbol.kind, storage, found, *stated, size=_HALF)
