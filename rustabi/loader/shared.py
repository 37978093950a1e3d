"""The types of a binary of many units, most of which are repeated in most of them.

A unit is read at once, and its types numbered at its end: until then they go by their offsets in
the unit, as the entries have them. An entry is only sketched at first. It is decoded where no entry
of the same sketch was before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries
from rustabi.dwarf.scan import SCOPED_TAGS
from rustabi.dwarf.sketch import Sketching
from rustabi.dwarf.unit import Unit
from rustabi.loader.plain import NUMBERED, Decode, Mention
from rustabi.loader.qualified import QualifiedNames
from rustabi.loader.table import Occurrences, TypeTable, occurrences_of
from rustabi.loader.wanted import noted
from rustabi.model import Type, TypeId


class SharedTypes:
    """Reads types that are repeated, and finds which ones are.

    Args:
        entries: The debug info.
        names: The names of its types.
        ignored: Tag of an entry -> tags of its children that do not count; None for all.
        decode: Decodes a type.
        is_signed: Whether the type at an offset is a signed integer.
    """

    def __init__(
        self,
        entries: Entries,
        names: QualifiedNames,
        ignored: Mapping[int, frozenset[int] | None],
        decode: Decode,
        is_signed: Callable[[int, Unit], bool],
    ) -> None:
        self._table = TypeTable()
        self._entries = entries
        self._names = names
        self._decode = decode
        self._is_signed = is_signed
        self._sketching = Sketching(noted, ignored)
        self._ids: dict[Unit, dict[int, TypeId]] = defaultdict(dict)
        self._pending: dict[Unit, list[int]] = defaultdict(list)
        self._entered: dict[Unit, Iterable[int]] = {}
        self._read: dict[Unit, range] = {}
        self._kept: dict[Unit, dict[Mention, TypeId]] = {}

    def id_of(self, offset: int, unit: Unit) -> TypeId:
        """The number of the type whose entry is at ``offset``; ``unit`` is where it is likely."""
        if not unit.first_entry <= offset < unit.end:
            unit = self._entries.unit_of(offset)
        ids, place = self._ids[unit], offset - unit.offset
        type_id = ids.get(place)
        if type_id is None:
            type_id = ids[place] = self._table.reserve(offset)
            self._pending[unit].append(place)
        return type_id

    def enter(self, offsets: Iterable[int], unit: Unit) -> None:
        """Enter the types whose entries are at these offsets in a unit. Once for each unit."""
        self._entered[unit] = offsets
        self._pending[unit] += ()

    def read(self) -> None:
        """Read every type that was entered, and all that those refer to.

        Raises:
            DwarfError: An entry is not readable.
        """
        while self._pending:
            unit = next(iter(self._pending))
            self._read_unit(unit)

    def add(self, origin: int, node: Type) -> TypeId:
        """Enter a type that stands for the entry at an offset without being one itself."""
        return self._table.add(origin, node)

    def finish(self) -> tuple[Sequence[Type], Sequence[int], Occurrences | None]:
        """The types, see `read`; their entry offsets; which of them are repeated."""
        self.read()
        types = self._table.types()
        return types, self._table.origins, occurrences_of(types)

    def _read_unit(self, unit: Unit) -> None:
        """Read what is pending in a unit, and what it refers to there; number what is new."""
        known = self._known(unit)
        reserved = self._reserved(unit, known)
        base, content_of = unit.offset, self._contents(unit)
        entered = [offset - base for offset in self._entered.pop(unit, ())]
        batch = [
            *reserved,
            *(each for each in entered if each not in known and each not in reserved),
        ]
        seen = set(batch)
        order: list[int] = []
        contents: list[int] = []
        mentions: list[Mention] = []
        while batch:
            order += batch
            start = len(mentions)
            for offset in batch:
                content, own = content_of(base + offset)
                contents.append(content)
                mentions += own
            new = set(mentions[start:]).difference(known).difference(seen)
            seen |= new
            known.update(self._elsewhere(new, unit))
            batch = sorted(new.difference(known))
        fresh = order[len(reserved) :]
        start = len(self._table.origins)
        self._read[unit] = range(start, start + len(fresh))
        known.update(reserved)
        known.update(zip(fresh, self._read[unit], strict=True))
        origins = [base + each for each in fresh]
        targets = map(known.__getitem__, mentions)
        self._table.enter(list(reserved.values()), origins, contents, targets)

    def _known(self, unit: Unit) -> dict[Mention, TypeId]:
        """Those types of a unit that were read before, by their offsets in it.

        Most units are read once. From the second time on these are kept.
        """
        known = self._kept.get(unit)
        if known is None:
            known = {}
            if unit in self._read:
                base, origins = unit.offset, self._table.origins
                pending = set(self._pending[unit])
                known.update((origins[each] - base, each) for each in self._read[unit])
                known.update(each for each in self._ids[unit].items() if each[0] not in pending)
                self._kept[unit] = known
        return known

    def _reserved(self, unit: Unit, known: Mapping[Mention, TypeId]) -> dict[int, TypeId]:
        """Those that are to be read and have numbers already.

        What was read before and has got another number since is entered under that, too.
        """
        ids, reserved = self._ids[unit], {}
        for place in self._pending.pop(unit):
            if place in known:
                self._table.same(ids[place], known[place])
            else:
                reserved[place] = ids[place]
        return reserved

    def _elsewhere(self, mentions: Iterable[Mention], unit: Unit) -> dict[Mention, TypeId]:
        """Those of the mentions that are of types outside of the unit."""
        base, first, end = unit.offset, unit.first_entry - unit.offset, unit.end - unit.offset
        return {
            each: each - NUMBERED if each >= NUMBERED else self.id_of(base + each, unit)
            for each in mentions
            if not first <= each < end
        }

    def _contents(self, unit: Unit) -> Callable[[int], tuple[int, Sequence[Mention]]]:
        """The function that tells of a type at an offset its content and what it refers to."""
        decode, number, prefix = self._decode, self._table.number, self._names.prefix
        sketch_at = self._entries.sketcher(unit, self._sketching)
        scope_of = self._scopes(unit)
        files, base = unit.files, unit.offset

        def content_of(offset: int) -> tuple[int, Sequence[Mention]]:
            sketch = sketch_at(offset)
            if sketch is None:
                node, mentions = decode(offset, unit)
                return number(node, len(mentions)), mentions
            tag, shape, key, references, file = sketch
            if file and files[file].endswith(".c"):
                key = (key, ".c")
            if scope_of is not None and (scope := scope_of(offset, tag)):
                key = (key, prefix(scope, unit))
            if tag == c.TAG_ENUMERATION_TYPE and references:
                key = (key, self._is_signed(base + references[0], unit))
            content = shape.known.get(key)
            if content is not None:
                return content, references
            node, mentions = decode(offset, unit)
            content = number(node, len(mentions))
            # Where fewer references are followed than there are, the sketch does not tell which.
            if len(mentions) == len(references):
                shape.known[key] = content
            return content, mentions

        return content_of

    def _scopes(self, unit: Unit) -> Callable[[int, int], int] | None:
        """Offset and tag of a type -> offset of its scope or 0; None where all stand in none."""
        outline = self._entries.outline(unit)
        scopes, scope_of = outline.scopes, self._entries.scope
        if outline.complete:
            return (lambda offset, tag: scopes.get(offset, 0)) if scopes else None
        met = frozenset(outline.types)

        def scope(offset: int, tag: int) -> int:
            if offset in met or tag not in SCOPED_TAGS:
                return scopes.get(offset, 0)
            return scope_of(offset, unit)

        return scope
