"""Entries of ``.debug_info``: by offset, by parent, and one pass over all of a unit."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator

from rustabi.dwarf import constants as c
from rustabi.dwarf.forms import Attributes
from rustabi.dwarf.leb128 import read_unsigned
from rustabi.dwarf.reader import IndirectAttributes, Reader
from rustabi.dwarf.scan import Outline, Steps, after_children, outline, steps
from rustabi.dwarf.unit import Info, Unit
from rustabi.errors import DwarfError
from rustabi.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import NoReturn

    from rustabi.dwarf.sketch import Sketcher, Sketching

_DAMAGE = (IndexError, KeyError, ValueError, struct.error, OverflowError)


class Entry(NamedTuple):
    """A debugging information entry (DIE).

    Attributes:
        offset: Position in ``.debug_info``.
        tag: DW_TAG_* number.
        attributes: DW_AT_* number -> value, see `rustabi.dwarf.forms`.
        unit: The unit it belongs to.
        reader: How it is encoded.
        end: Position after its attributes, where its children start if it has any.
    """

    offset: int
    tag: int
    attributes: Attributes
    unit: Unit
    reader: Reader
    end: int

    def form(self, attribute: int) -> int:
        """The DW_FORM_* number that ``attribute`` is written in; 0 when it is absent."""
        for specification in self.reader.declaration.specifications:
            if specification.attribute == attribute:
                if isinstance(self.attributes, IndirectAttributes):
                    return self.attributes.forms[attribute]
                return specification.form
        return 0


_make = tuple.__new__
"""Makes an `Entry` of its fields without the detour through a Python function."""


class Entries:
    """Random and ordered access to the entries of one binary.

    Args:
        info: The units.
        whole: Whether outlines are to have the types within functions, too: see
            `rustabi.dwarf.scan.outline`.
    """

    def __init__(self, info: Info, *, whole: bool = True) -> None:
        self.units = info.units
        self._data = info.sections.info
        self.string_bytes = info.sections.strings
        self._starts = [unit.offset for unit in info.units]
        self._whole = whole
        self._outlines: dict[int, Outline] = {}
        self._plain: dict[int, Steps] = {}
        self._read_to = (-1, 0)
        self._routines: tuple[Unit, list[Entry]] | None = None

    def unit_of(self, offset: int) -> Unit:
        """The unit that holds the entry at ``offset``.

        Raises:
            DwarfError: No unit does.
        """
        index = bisect_right(self._starts, offset) - 1
        if index >= 0:
            unit = self.units[index]
            if unit.first_entry <= offset < unit.end:
                return unit
        raise DwarfError(
            "an entry refers to a place outside of every unit",
            place=f".debug_info+{offset:#x}",
            advice="the debug info is damaged: build the file again",
        )

    def entry(self, offset: int, unit: Unit | None = None) -> Entry:
        """The entry at ``offset``.

        Args:
            offset: Position in ``.debug_info``.
            unit: The unit it is probably in, to spare the search.

        Raises:
            DwarfError: There is no readable entry.
        """
        if unit is None or not unit.first_entry <= offset < unit.end:
            unit = self.unit_of(offset)
        try:
            code = self._data[offset]
            at = offset + 1
            if code >= 0x80:
                code, at = read_unsigned(self._data, offset)
            reader = unit.readers[code]
            attributes, end = reader.decode(self._data, at, unit)
        except _DAMAGE as error:
            _damaged(offset, error)
        return _make(Entry, (offset, reader.tag, attributes, unit, reader, end))

    def referred(self, entry: Entry, attribute: int) -> Entry | None:
        """The entry that an attribute refers to by its offset; None where it does not.

        Raises:
            DwarfError: There is no readable entry.
        """
        offset = entry.attributes.get(attribute)
        if offset is None:
            return None
        if attribute in entry.reader.references or entry.form(attribute) in c.REFERENCE_FORMS:
            return self.entry(offset, entry.unit)
        return None

    def walk(self, unit: Unit) -> Iterator[Entry]:
        """Every entry of ``unit`` in document order, its own entry first.

        Raises:
            DwarfError: An entry is not readable.
        """
        data, readers = self._data, unit.readers
        at, end = unit.first_entry, unit.end
        try:
            while at < end:
                offset = at
                code = data[at]
                at += 1
                if not code:
                    continue
                if code >= 0x80:
                    code, at = read_unsigned(data, offset)
                reader = readers[code]
                attributes, at = reader.decode(data, at, unit)
                yield _make(Entry, (offset, reader.tag, attributes, unit, reader, at))
            if at > end:
                raise IndexError("entries reach beyond their unit")
        except _DAMAGE as error:
            _damaged(at, error)

    def children(self, parent: Entry, ignored: frozenset[int] = frozenset()) -> Iterator[Entry]:
        """The direct children of ``parent``, in document order.

        Args:
            parent: Any entry.
            ignored: Tags that are stepped over without being decoded.

        Raises:
            DwarfError: A child is not readable.
        """
        if not parent.reader.has_children:
            return
        data, unit = self._data, parent.unit
        readers, end = unit.readers, unit.end
        at = parent.end
        try:
            while True:
                offset = at
                if offset >= end:
                    raise IndexError("children reach beyond their unit")
                code = data[at]
                at += 1
                if code == 0:
                    self._read_to = parent.end, at
                    return
                if code >= 0x80:
                    code, at = read_unsigned(data, offset)
                reader = readers[code]
                tag = reader.tag
                sibling = reader.sibling(data, at, unit) if reader.has_children else 0
                if tag not in ignored:
                    attributes, at = reader.decode(data, at, unit)
                    yield _make(Entry, (offset, tag, attributes, unit, reader, at))
                elif not sibling:
                    at = reader.skip(data, at) if reader.size is None else at + reader.size
                if reader.has_children:
                    start, after = self._read_to  # where its children were read, they need no skip
                    at = sibling or (after if start == at else self._after_children(unit, at))
        except _DAMAGE as error:
            _damaged(at, error)

    def sketcher(self, unit: Unit, sketching: Sketching) -> Sketcher:
        """The function that sketches entries of ``unit``: see `rustabi.dwarf.sketch`."""
        return sketching.sketcher(self._data, unit, self._after_children)

    def _after_children(self, unit: Unit, at: int) -> int:
        """Position after the children that start at ``at``, and after their own children."""
        plain = self._plain.get(id(unit.readers))
        if plain is None:
            plain = self._plain[id(unit.readers)] = steps(unit)
        return after_children(self._data, unit, at, plain)

    def outline(self, unit: Unit) -> Outline:
        """Where the types, namespaces, functions and variables of ``unit`` stand; kept once made.

        Raises:
            DwarfError: An entry on the way is not readable.
        """
        found = self._outlines.get(unit.offset)
        if found is None:
            found = self._outlines[unit.offset] = self._outline(unit, whole=self._whole)
        return found

    def forget_outline(self, unit: Unit) -> None:
        """Give the memory of an outline back; it is made again where it is asked for."""
        self._outlines.pop(unit.offset, None)

    def _outline(self, unit: Unit, *, whole: bool) -> Outline:
        try:
            return outline(self._data, unit, whole=whole)
        except _DAMAGE as error:
            _damaged(unit.offset, error)

    def routines(self, unit: Unit) -> list[Entry]:
        """The functions and variables of the outline of ``unit``; of the last unit they are kept.

        Raises:
            DwarfError: An entry is not readable.
        """
        if self._routines is None or self._routines[0] is not unit:
            found = [self.entry(offset, unit) for offset in self.outline(unit).routines]
            self._routines = unit, found
        return self._routines[1]

    def routines_with(self, unit: Unit, tag: int, attribute: int) -> Iterator[Entry]:
        """Those of a tag that state an attribute; others are not decoded.

        Raises:
            DwarfError: An entry is not readable.
        """
        data, readers = self._data, unit.readers
        meant = {
            code
            for code, reader in readers.items()
            if reader.tag == tag
            and any(each.attribute == attribute for each in reader.declaration.specifications)
        }
        for offset in self.outline(unit).routines if meant else ():
            code = data[offset]
            if code >= 0x80:
                code, _ = read_unsigned(data, offset)
            if code in meant:
                yield self.entry(offset, unit)

    def scope(self, offset: int, unit: Unit) -> int:
        """Offset of the namespace, struct or class that encloses the type at ``offset`` directly.

        0 where there is none. Asked for one that was left out, the outline is made whole.

        Raises:
            DwarfError: An entry on the way is not readable.
        """
        found = self.outline(unit)
        scope = found.scopes.get(offset, 0)
        if not (scope or found.complete or found.has(offset)):
            found = self._outlines[unit.offset] = self._outline(unit, whole=True)
            scope = found.scopes.get(offset, 0)
        return scope


def _damaged(offset: int, error: Exception) -> NoReturn:
    raise DwarfError(
        "an entry cannot be read",
        place=f".debug_info+{offset:#x}",
        advice="the debug info is damaged: build the file again",
    ) from error
