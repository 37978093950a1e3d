"""Symbol versions, bit for bit as gendwarfksyms computes them (Linux 7.2).

A version is the CRC-32 of a symbol's type string in which each type reference is replaced, the
first time it is met, by that type's own string, and is left as it stands from then on. Expanding a
type again for each symbol would cost symbols times types; here an expansion is kept together with
what it depended on, and used again wherever that holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from zlib import crc32

from rustabi.crc import combine
from rustabi.errors import InputError
from rustabi.kabi import SECTION, KabiRules
from rustabi.lean import TYPE_CHECKING, NamedTuple
from rustabi.loader import Loaded, Occurrences, Root
from rustabi.model import Function, Model, Type, TypeId, is_definition
from rustabi.pause import collector_paused
from rustabi.symtypes import Pieces, TypeStrings, parse_pieces

if TYPE_CHECKING:
    from typing import TypeAlias


class Version(NamedTuple):
    """The version of a symbol.

    Attributes:
        crc: 32 bits.
        ambiguous: A same-named type of other contents was left aside, or gendwarfksyms itself has
            no single answer: it lets the memory address decide between strings of equal length.
        types: Number of named types that the version covers.
    """

    crc: int
    ambiguous: bool
    types: int


class Expansion(NamedTuple):
    """A type's string with all references expanded, given the types that were expanded before.

    Attributes:
        crc: CRC-32 of the expanded string.
        length: Its length in bytes.
        before: Bit set of references met that had been expanded before.
        within: Bit set of references expanded on the way, the type itself included.
        met: Both of them.
        text: The expanded string itself where it is short; None where it is not.
    """

    crc: int
    length: int
    before: int
    within: int
    met: int
    text: str | None


Candidate: TypeAlias = tuple[int, str, Pieces, bool]
"""A type string that a type map takes in: where its entry is (its place in document order), the
reference name, the string, and whether it is that of a definition."""

Share: TypeAlias = tuple[dict[str, Pieces], list[Candidate]]
"""The strings of some symbols, and of the types that those reach."""


class TypeMap:
    """What gendwarfksyms calls the type map: one type string per reference name.

    Args:
        types: The type table.
        origins: Document order of the types; ties go to the first.
        roots: The symbols whose types are taken in, by name.
        rules: kABI rules to honour (``--stable``), or None.
        occurrences: Which of the types are repeated; None where none is. It does not count with
            rules, which look at types more closely.
        strings: The type strings of the table, to share them with other maps; None to make them.

    Attributes:
        symbols: Symbol name -> type string.
        strings: Reference name -> type string.
        ambiguous: References whose types have other contents elsewhere.
    """

    def __init__(
        self,
        types: Sequence[Type],
        origins: Sequence[int],
        roots: Mapping[str, Root],
        rules: KabiRules | None = None,
        occurrences: Occurrences | None = None,
        strings: TypeStrings | None = None,
    ) -> None:
        self._strings = strings or TypeStrings(types, rules, occurrences)
        self._occurrences = occurrences if rules is None else None
        self.symbols: dict[str, Pieces] = {}
        self.strings: dict[str, Pieces] = {}
        self.ambiguous: set[str] = set()
        self._candidates: list[Candidate] = []
        for origin, type_id in self._in_order(self._all_used(types, roots), origins):
            reference = self._strings.reference(type_id)
            if reference is not None:
                pieces, definition = self._strings.of(type_id), is_definition(types[type_id])
                self._candidates.append((origin, reference, pieces, definition))
                self._enter(reference, pieces, definition)
        if rules is not None:
            self._override(rules.type_strings)

    def share(self) -> Share:
        """What this map takes in of some symbols, for `joined`."""
        first: dict[tuple[str, Pieces, bool], int] = {}
        for origin, *rest in self._candidates:
            first.setdefault(tuple(rest), origin)  # type: ignore[arg-type]
        return self.symbols, [(origin, *rest) for rest, origin in first.items()]

    @classmethod
    def joined(cls, shares: Iterable[Share]) -> TypeMap:
        """The map of all symbols, from those of some symbols each. Their order makes no difference.

        A type that is in several of them is entered several times; what is said again changes
        nothing.
        """
        made = cls((), (), {})
        candidates: list[Candidate] = []
        for symbols, found in shares:
            made.symbols.update(symbols)
            candidates += found
        candidates.sort()
        for _, reference, pieces, definition in candidates:
            made._enter(reference, pieces, definition)
        return made

    def _all_used(self, types: Sequence[Type], roots: Mapping[str, Root]) -> Iterable[TypeId]:
        """Enter the symbols; the types that their strings refer to, however far away.

        Of a repeated type these are the very occurrences: where two types of a name are equally
        long, it counts which of them comes first.
        """
        followed = self._followed()
        used: set[TypeId] = set()
        pending: list[TypeId] = []
        for name, root in roots.items():
            self.symbols[name] = self._strings.of_symbol(root.type, root.is_function)
            if root.type is not None:
                signature = root.is_function and isinstance(types[root.type], Function)
                pending += followed(root.type) if signature else [root.type]
        while pending:
            type_id = pending.pop()
            if type_id not in used:
                used.add(type_id)
                pending += followed(type_id)
        return used

    def _followed(self) -> Callable[[TypeId], Iterable[TypeId]]:
        """What a type's string names or has in place; of an occurrence, occurrences."""
        if self._occurrences is None:
            return self._strings.written
        _, targets, contents, versioned = self._occurrences

        def followed(type_id: TypeId) -> Iterable[TypeId]:
            places = versioned[contents[type_id]]
            if places is None:
                return targets[type_id]
            own = targets[type_id]
            return [own[place] for place in places]

        return followed

    def _in_order(self, used: Iterable[TypeId], origins: Sequence[int]) -> list[tuple[int, TypeId]]:
        """The types in document order, with their places, each once, where it is first used."""
        first = None if self._occurrences is None else self._occurrences.first
        if first is None:
            return sorted((origins[each] if origins else each, each) for each in used)
        earliest: dict[TypeId, int] = {}
        for type_id in used:
            origin = origins[type_id]
            if earliest.setdefault(first[type_id], origin) > origin:
                earliest[first[type_id]] = origin
        return sorted((origin, type_id) for type_id, origin in earliest.items())

    def _override(self, type_strings: Mapping[str, str]) -> None:
        """Replace the strings of types and symbols by those that kABI rules give."""
        for name, text in type_strings.items():
            pieces = parse_pieces(text)
            if name in self.symbols:
                self.symbols[name] = pieces
            else:
                self.strings[name] = pieces

    def _enter(self, name: str, pieces: Pieces, definition: bool) -> None:
        """The longest string of a name wins; of equally long ones, the first in document order."""
        known = self.strings.get(name)
        if known is None:
            self.strings[name] = pieces
        elif known != pieces:
            if definition and "".join(known) != _empty(known):
                self.ambiguous.add(name)
            if _length(pieces) > _length(known):
                self.strings[name] = pieces

    def lines(self) -> list[str]:
        """The ``.symtypes`` file: types and symbols, sorted by the bytes of their names."""
        every = {**self.strings, **self.symbols}
        names = sorted(every, key=lambda name: name.encode("utf-8", "surrogateescape"))
        return [f"{name} {''.join(every[name])}" for name in names]

    def versions(self) -> dict[str, Version]:
        """The version of each symbol."""
        return _Expander(self).versions()


def _empty(pieces: Pieces) -> str:
    """The string of the same type if it were only declared."""
    return pieces[0].split("{", 1)[0] + "{ }"


def _length(pieces: Pieces) -> int:
    return sum(len(piece.encode("utf-8", "surrogateescape")) for piece in pieces)


_Left: TypeAlias = Iterator[tuple[str, str]]
"""What is left of a type string: text, and the name of the reference behind it. Behind the last
text comes none."""

_Frame: TypeAlias = tuple[int, _Left, str, list[str], int, int, int, int]
"""An expansion that waits for one within it: the number of the type (-1 for a symbol), what is left
of its string, the last text of that, what was read since its CRC and length were taken, these, and
as bit sets the references seen before it and those met in it that had been expanded."""

_make = tuple.__new__  # makes an `Expansion` without the detour through a Python function
_SHORT = 4096
"""Bytes of an expanded string up to which it is kept: to copy it costs less than to combine."""


class _Expander:
    """Expands the symbols of one type map, sharing the expansions of types."""

    def __init__(self, type_map: TypeMap) -> None:
        self._map = type_map
        self._strings = list(type_map.strings.values())
        self._bits = {name: (number, 1 << number) for number, name in enumerate(type_map.strings)}
        self._expansions: list[list[Expansion]] = [[] for _ in self._strings]
        self._ambiguous = sum(self._bits[name][1] for name in type_map.ambiguous)

    def versions(self) -> dict[str, Version]:
        """The version of each symbol.

        Raises:
            InputError: A string refers to what is not there; only one that a rule gives can.
        """
        versions = {}
        for name, pieces in self._map.symbols.items():
            try:
                expansion = self._expand(pieces)
            except KeyError as missing:
                raise InputError(
                    f"a type string refers to {missing.args[0]}, which is not there", place=SECTION,
                    advice="give its type string in a rule as well",
                ) from missing  # fmt: skip
            within = expansion.within
            versions[name] = Version(
                expansion.crc, bool(within & self._ambiguous), within.bit_count()
            )
        return versions

    def _expand(self, pieces: Pieces) -> Expansion:
        """Walk depth first with an explicit stack: type graphs are deep.

        One loop without calls: it runs for each reference of each type that is expanded.
        """
        bits, expansions = self._bits, self._expansions
        node, last = -1, pieces[-1]
        left: _Left = zip(pieces[0::2], pieces[1::2], strict=False)
        text: list[str] = []
        seen = start = met = crc = length = 0
        stack: list[_Frame] = []
        while True:
            for before, name in left:
                text.append(before)
                number, bit = bits[name]
                if seen & bit:
                    met |= bit
                    text.append(name)
                    continue
                known = None
                for each in expansions[number]:
                    if seen & each.met == each.before:  # right for what has been expanded so far
                        known = each
                        break
                if known is None:
                    stack.append((node, left, last, text, crc, length, start, met))
                    pieces = self._strings[number]
                    node, last = number, pieces[-1]
                    left = zip(pieces[0::2], pieces[1::2], strict=False)
                    text = []
                    start, met, crc, length = seen, bit, 0, 0
                    seen |= bit
                    break
                if known.text is None:
                    crc, length = _with_long(text, crc, length, known)
                    text = []
                else:
                    text.append(known.text)
                met |= known.met
                seen |= known.met
            else:
                text.append(last)
                done = _expansion(text, crc, length, met & start, seen & ~start)
                if not stack:
                    return done
                expansions[node].append(done)
                node, left, last, text, crc, length, start, met = stack.pop()
                if done.text is None:
                    crc, length = _with_long(text, crc, length, done)
                    text = []
                else:
                    text.append(done.text)
                met |= done.met


def _with_long(text: list[str], crc: int, length: int, long: Expansion) -> tuple[int, int]:
    """CRC and length of what had these and goes on with ``text`` and an expansion without text."""
    data = "".join(text).encode("utf-8", "surrogateescape")
    length += len(data) + long.length
    return combine(crc32(data, crc), long.crc, long.length), length


def _expansion(text: list[str], crc: int, length: int, before: int, within: int) -> Expansion:
    """The expansion that ends with ``text``; what went before it has this CRC and length."""
    rest = "".join(text)
    data = rest.encode("utf-8", "surrogateescape")
    kept = rest if not length and len(data) <= _SHORT else None
    length += len(data)
    return _make(Expansion, (crc32(data, crc), length, before, within, before | within, kept))


def type_maps(loaded: Loaded) -> list[TypeMap]:
    """The type maps of a binary: one, or in scope ``unit`` one per unit that has symbols."""
    types, origins, occurrences = loaded.model.types, loaded.model.origins, loaded.occurrences
    if loaded.scope == "file":
        return [TypeMap(types, origins, loaded.roots, None, occurrences)]
    by_unit: dict[int, dict[str, Root]] = {}
    for name, root in loaded.roots.items():
        by_unit.setdefault(root.unit, {})[name] = root
    strings = TypeStrings(types, None, occurrences)
    return [
        TypeMap(types, origins, roots, None, occurrences, strings)
        for _, roots in sorted(by_unit.items())
    ]


@collector_paused()
def versions_of(loaded: Loaded) -> dict[str, Version]:
    """The version of each symbol that has an entry, by name."""
    versions: dict[str, Version] = {}
    for type_map in type_maps(loaded):
        versions.update(type_map.versions())
    return versions


def with_versions(loaded: Loaded) -> Model:
    """The model with the version of each symbol that has one."""
    versions = versions_of(loaded)
    symbols = tuple(
        symbol._replace(
            version=versions[symbol.name].crc, ambiguous=versions[symbol.name].ambiguous
        )
        if symbol.name in versions
        else symbol
        for symbol in loaded.model.symbols
    )
    return loaded.model._replace(symbols=symbols)
