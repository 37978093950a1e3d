"""Shapes: which bytes of an entry and its children say something, and where its references are."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, TypeAlias

from rustabi.dwarf import constants as c
from rustabi.dwarf.forms import BLOCK_LENGTHS, INDEXED_STRINGS, SIZES, UNSIGNED, fixed_format
from rustabi.dwarf.leb128 import read_unsigned
from rustabi.dwarf.reader import Reader
from rustabi.dwarf.unit import Unit

_REFUSED = frozenset({c.FORM_REF_SIG8, c.FORM_REF_SUP4, c.FORM_REF_SUP8, c.FORM_GNU_REF_ALT})
"""References to what is not found by an offset in ``.debug_info``."""

_REFERRING = frozenset({c.AT_TYPE, c.AT_CONTAINING_TYPE})
"""Attributes that are followed whatever their form: of others references alone are told."""

_FILE_FORMS = frozenset({
    c.FORM_DATA1, c.FORM_DATA2, c.FORM_DATA4, c.FORM_DATA8, c.FORM_UDATA, c.FORM_IMPLICIT_CONST,
})  # fmt: skip
"""Forms that the number of a file is written in."""

_SECTION = frozenset({c.FORM_REF_ADDR})
"""References that count from the start of the section, not of the unit."""

_IN_DECLARATION = frozenset({c.FORM_IMPLICIT_CONST, c.FORM_FLAG_PRESENT})
"""Forms whose values stand in the declaration."""

_REFERENCE, _ADDRESS, _NAME, FILE = range(4)
"""Kinds of fields that are not compared as they stand: references that count from the unit and from
the section, indexes of strings, and numbers of files."""

_LETTERS = {1: "B", 2: "H", 4: "I", 8: "Q"}


class Field(NamedTuple):
    """A value that is not compared as it stands.

    Attributes:
        place: Bytes before it.
        size: Its bytes; 0 for a LEB128 number.
        kind: What it is.
    """

    place: int
    size: int
    kind: int


class Piece(NamedTuple):
    """What the bytes of one entry mean.

    Attributes:
        number: Equal for entries of which the same bytes mean the same.
        size: Bytes of the entry, its code included.
        mask: 0xFF for each byte that is compared, 0 for others.
        fields: The values that are not compared as they stand.
    """

    number: int
    size: int
    mask: bytes
    fields: tuple[Field, ...]


_Numbers: TypeAlias = Callable[[bytes, int], tuple[int, ...]]


class Shape:
    """How to compare entries that consist of the same pieces.

    Attributes:
        mask: The bytes that count, as a number of little-endian order.
        references: The offsets referred to, as written, of an entry in the data at a position.
        addresses: Places among those references that count from the start of the section.
        names: The indexes of strings of an entry; None where it has none.
        known: For whoever compares: what is known of sketches of this shape.
    """

    __slots__ = ("addresses", "known", "mask", "names", "references")

    def __init__(self, pieces: Iterable[Piece], order: str) -> None:
        masks: list[bytes] = []
        references: list[Field] = []
        names: list[Field] = []
        start = 0
        for piece in pieces:
            masks.append(piece.mask)
            for field in piece.fields:
                moved = field._replace(place=start + field.place)
                if field.kind == _NAME:
                    names.append(moved)
                elif field.kind != FILE:
                    references.append(moved)
            start += piece.size
        self.mask = int.from_bytes(b"".join(masks), "little")
        self.references: _Numbers = _numbers(references, order)
        self.addresses = [at for at, each in enumerate(references) if each.kind == _ADDRESS]
        self.names: _Numbers | None = _numbers(names, order) if names else None
        self.known: dict[object, int] = {}


def _numbers(fields: list[Field], order: str) -> _Numbers:
    """The function that reads numbers at places of an entry."""
    layout, at = [order], 0
    for field in fields:
        if field.size not in _LETTERS:
            return _loose_numbers(fields, order)
        layout.append(f"{field.place - at}x{_LETTERS[field.size]}")
        at = field.place + field.size
    return struct.Struct("".join(layout)).unpack_from


def _loose_numbers(fields: list[Field], order: str) -> _Numbers:
    """The same where a size is none that `struct` knows."""
    byte_order: Final = "little" if order == "<" else "big"

    def read(data: bytes, start: int) -> tuple[int, ...]:
        return tuple(
            int.from_bytes(data[start + place : start + place + size], byte_order)
            if size
            else read_unsigned(data, start + place)[0]
            for place, size, _ in fields
        )

    return read


class Pieces:
    """What entries and children of entries consist of.

    Args:
        wanted: Tag -> the attributes that count.
    """

    def __init__(self, wanted: Callable[[int], frozenset[int]]) -> None:
        self.wanted = wanted
        self._numbers: dict[object, int] = {}
        self._pieces: list[Piece] = []
        self._known: dict[tuple[object, ...], Piece | None] = {}
        self._varying: dict[Reader, list[tuple[int, int]]] = {}

    def shape(self, numbers: Iterable[int], unit: Unit) -> Shape:
        """A new shape."""
        order = "<" if unit.encoding.little_endian else ">"
        return Shape([self._pieces[each] for each in numbers], order)

    def gap(self, size: int) -> Piece:
        """The piece for what is stepped over."""
        return self._numbered(("gap", size), bytes(size), ())

    def piece(self, data: bytes, at: int, start: int, reader: Reader, unit: Unit) -> Piece | None:
        """The piece of an entry; None where it cannot be noted.

        Args:
            data: The section.
            at: Where the entry starts.
            start: Where its attributes do.
            reader: How it is encoded.
            unit: Its unit.
        """
        lengths: tuple[int, ...] = ()
        if reader.size is None:
            varying = self._varying.get(reader)
            if varying is None:
                varying = self._varying[reader] = _varying(reader, unit)
            lengths = _lengths(data, start, varying, unit)
        key = (reader, start - at, lengths)
        if key not in self._known:
            self._known[key] = self._new_piece(reader, start - at, lengths, unit)
        return self._known[key]

    def _new_piece(
        self, reader: Reader, code_size: int, lengths: tuple[int, ...], unit: Unit
    ) -> Piece | None:
        wanted = self.wanted(reader.tag)
        said: list[object] = [reader.tag, reader.has_children, unit.encoding]
        mask, fields = bytearray(code_size), []
        left = iter(lengths)
        names = [each for each, _, _ in reader.declaration.specifications if each in wanted]
        if len(set(names)) < len(names):
            return None  # only the first of an attribute counts
        for attribute, form, constant in reader.declaration.specifications:
            if form == c.FORM_INDIRECT or (attribute in wanted and _is_refused(attribute, form)):
                return None
            layout = fixed_format(form, unit.encoding)
            size = 0
            if layout is not None:
                size = SIZES[layout]
            elif form not in _IN_DECLARATION:
                size = next(left)
            kind = _kind(attribute, form) if attribute in wanted else None
            if kind is not None and form not in _IN_DECLARATION:
                fields.append(Field(len(mask), 0 if layout is None else size, kind))
            is_noted = attribute in wanted and kind is None
            mask += (b"\xff" if is_noted else b"\0") * size
            if attribute in wanted:
                said.append((attribute, form, constant if is_noted else 0))
        return self._numbered(tuple(said), bytes(mask), tuple(fields))

    def _numbered(self, said: object, mask: bytes, fields: tuple[Field, ...]) -> Piece:
        number = self._numbers.setdefault((said, mask, fields), len(self._pieces))
        if number == len(self._pieces):
            self._pieces.append(Piece(number, len(mask), mask, fields))
        return self._pieces[number]


def _is_refused(attribute: int, form: int) -> bool:
    if attribute == c.AT_DECL_FILE:
        return form not in _FILE_FORMS
    if attribute in _REFERRING and form not in c.REFERENCE_FORMS:
        return True
    return form in _REFUSED


def _kind(attribute: int, form: int) -> int | None:
    """Of a wanted attribute: what it is other than something to compare; None where it is that."""
    if attribute == c.AT_DECL_FILE:  # the number itself says nothing in another unit
        return FILE
    if form in c.REFERENCE_FORMS:
        return _ADDRESS if form in _SECTION else _REFERENCE
    return _NAME if form in INDEXED_STRINGS else None


def _varying(reader: Reader, unit: Unit) -> list[tuple[int, int]]:
    """Of each attribute whose size stands in the data: bytes since the one before, and its form."""
    found, gap = [], 0
    for _, form, _ in reader.declaration.specifications:
        layout = fixed_format(form, unit.encoding)
        if layout is not None:
            gap += SIZES[layout]
        elif form not in _IN_DECLARATION:
            found.append((gap, form))
            gap = 0
    return found


def _lengths(
    data: bytes, at: int, varying: Iterable[tuple[int, int]], unit: Unit
) -> tuple[int, ...]:
    """Bytes of each attribute whose size stands in the data.

    Raises:
        IndexError: One reaches beyond the unit.
        KeyError: One has a form whose size is not known.
    """
    found = []
    for gap, form in varying:
        at += gap
        is_string = form == c.FORM_STRING  # most are
        end = data.index(0, at) + 1 if is_string else at + _length(data, at, form, unit)
        if end > unit.end:
            raise IndexError("a value reaches beyond its unit")
        found.append(end - at)
        at = end
    return tuple(found)


def _length(data: bytes, at: int, form: int, unit: Unit) -> int:
    if form in UNSIGNED or form == c.FORM_SDATA:
        return read_unsigned(data, at)[1] - at
    if form in (c.FORM_EXPRLOC, c.FORM_BLOCK):
        size, end = read_unsigned(data, at)
        return end + size - at
    width = BLOCK_LENGTHS[form]
    order: Final = "little" if unit.encoding.little_endian else "big"
    return width + int.from_bytes(data[at : at + width], order)
