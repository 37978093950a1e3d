"""Sketches: just enough of an entry to tell whether another one says the same.

A type is repeated in every unit that uses it. To decode it costs ten times what a sketch of it
does, and a sketch is enough to find that it is known already.

An entry and its children are sketched as one run of bytes. Their declarations tell which bytes
there say something of the type: all others are masked out of the run, which is then compared as
one large number. References, which differ between units, are taken out of it by a single
``struct`` call. So Python only steps from child to child, whatever they say.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from rustabi.dwarf import constants as c
from rustabi.dwarf.leb128 import read_unsigned
from rustabi.dwarf.reader import Reader
from rustabi.dwarf.shape import FILE, Field, Piece, Pieces, Shape
from rustabi.dwarf.unit import Unit

_WIDEST = 1 << 12
"""Bytes of a child that is stepped over, with its own children: a sketch has room for them all, and
types can be nested without end."""

_DAMAGE = (IndexError, KeyError, ValueError, struct.error, OverflowError)


class _Head:
    """How to start with an entry: of one code, or of one code and the lengths of its values.

    Attributes:
        tag, size: Of the entry.
        number: Of its piece.
        children: How to step over its children; None where they do not count.
        shape: Of the entry without children.
        file: The number of its file where the declaration tells it, or 0.
        file_at: Where that number stands otherwise; None where it does not.
    """

    __slots__ = ("children", "file", "file_at", "number", "shape", "size", "tag")

    def __init__(
        self, reader: Reader, piece: Piece, children: _Children | None, shape: Shape, file: int
    ) -> None:
        self.tag = reader.tag
        self.size = piece.size
        self.number = piece.number
        self.children = children
        self.shape = shape
        self.file = file
        self.file_at = next((each for each in piece.fields if each.kind == FILE), None)


class _Children:
    """How to step over children of one kind of entry.

    Attributes:
        ignored: Tags of those that do not count.
        steps: Bytes of a child by its code; 0 where a closer look is needed.
        numbers: The number of its piece.
    """

    __slots__ = ("ignored", "numbers", "steps")

    def __init__(self, ignored: frozenset[int]) -> None:
        self.ignored = ignored
        self.steps = [0] * 256
        self.numbers = [0] * 256


class Sketch(NamedTuple):
    """What is told of an entry.

    Attributes:
        tag: Its tag.
        shape: How it is compared.
        key: Equal for entries of a shape that say the same, but for what is told here beside it.
        references: Offsets from the start of the unit that it and its children refer to, in the
            order of declarations and children.
        file: The number of its file as DW_AT_decl_file states it; 0 for none.
    """

    tag: int
    shape: Shape
    key: object
    references: tuple[int, ...]
    file: int


Sketcher: TypeAlias = Callable[[int], Sketch | None]
"""Entry offset -> its sketch.

None where it cannot be sketched: its tag is unknown, a child has children itself, or something
cannot be noted or read.
"""

AfterChildren: TypeAlias = Callable[[Unit, int], int]
"""Position after the children that start at a position, and after their own children."""

_make = tuple.__new__
"""Makes a `Sketch` of its fields without the detour through a Python function."""


class Sketching:
    """Sketches entries of one binary.

    Entries whose sketches are equal say the same, but not all entries that say the same have equal
    sketches.

    Args:
        wanted: Tag -> the attributes that count.
        ignored: Tag of an entry -> tags of its children that are stepped over; None for all.
    """

    def __init__(
        self,
        wanted: Callable[[int], frozenset[int]],
        ignored: Mapping[int, frozenset[int] | None],
    ) -> None:
        self.pieces = Pieces(wanted)
        self.ignored = ignored
        self._shapes: dict[object, dict[tuple[int, ...], Shape]] = {}
        self._heads: dict[object, dict[object, _Head | None]] = {}
        self._tables: dict[object, tuple[list[_Head | None], dict[frozenset[int], _Children]]] = {}

    def sketcher(self, data: bytes, unit: Unit, after_children: AfterChildren) -> Sketcher:
        """The function that sketches entries of ``unit``.

        It is one function with all it needs at hand, because it is called for every type.
        """
        reading = _UnitSketching(self, data, unit, after_children)
        heads, end = reading.heads, unit.end
        shapes, new_shape = reading.shapes, reading.new_shape
        number_of, names_at = int.from_bytes, unit.indexed_strings.__getitem__
        base = unit.offset

        def sketch(offset: int) -> Sketch | None:
            try:
                head = heads[data[offset]] or reading.head(offset)
                if head is None:
                    return None
                at = offset + head.size
                children = head.children
                if children is None:
                    shape = head.shape
                else:
                    steps, numbers = children.steps, children.numbers
                    run = [head.number]
                    while code := data[at]:
                        step = steps[code]
                        if step:
                            run.append(numbers[code])
                            at += step
                            continue
                        piece = reading.child(at, children)
                        if piece is None:
                            return None
                        run.append(piece.number)
                        at += piece.size
                    pieces = tuple(run)
                    shape = shapes.get(pieces) or new_shape(pieces)
                references = shape.references(data, offset)
                key: object = number_of(data[offset:at], "little") & shape.mask
                if shape.names is not None:
                    key = (key, *map(names_at, shape.names(data, offset)))
                if shape.addresses:
                    references = _from_unit(references, shape.addresses, base)
                file = head.file
                if head.file_at is not None:
                    field = head.file_at
                    file = data[offset + field[0]] if field[1] == 1 else reading.file(offset, field)
            except _DAMAGE:
                return None
            return _make(Sketch, (head.tag, shape, key, references, file)) if at <= end else None

        return sketch

    def shapes_of(self, language: int | None) -> dict[tuple[int, ...], Shape]:
        """Numbers of pieces -> shape: apart for languages, as attributes mean different things."""
        return self._shapes.setdefault(language, {})

    def table(self, unit: Unit) -> tuple[list[_Head | None], dict[frozenset[int], _Children]]:
        """What is known of the codes of a unit, and of all that have the same."""
        key = (id(unit.readers), unit.language)
        if key not in self._tables:
            self._tables[key] = [None] * 256, {}
        return self._tables[key]

    def heads_of(self, unit: Unit) -> dict[object, _Head | None]:
        """What is known of its entries that differ in size."""
        return self._heads.setdefault((id(unit.readers), unit.language), {})


def _from_unit(references: tuple[int, ...], places: list[int], base: int) -> tuple[int, ...]:
    """References, of which some count from the start of the section."""
    found = list(references)
    for place in places:
        found[place] -= base
    return tuple(found)


def is_plain(reader: Reader) -> bool:
    """Whether all entries of a declaration are of one size, children included."""
    return reader.size is not None and not reader.has_children


class _UnitSketching:
    """What a sketch of entries of one unit needs now and then."""

    def __init__(
        self, sketching: Sketching, data: bytes, unit: Unit, after_children: AfterChildren
    ) -> None:
        self._sketching = sketching
        self._pieces = sketching.pieces
        self._data = data
        self._unit = unit
        self._after_children = after_children
        self.heads, self._children = sketching.table(unit)
        self._measured = sketching.heads_of(unit)
        self.shapes = sketching.shapes_of(unit.language)

    def new_shape(self, numbers: tuple[int, ...]) -> Shape:
        """The shape of pieces met for the first time."""
        shape = self.shapes[numbers] = self._pieces.shape(numbers, self._unit)
        return shape

    def head(self, offset: int) -> _Head | None:
        """How to start with the entry at ``offset``, of a code met for the first time or long."""
        code, start = read_unsigned(self._data, offset)
        reader = self._unit.readers[code]
        piece = self._pieces.piece(self._data, offset, start, reader, self._unit)
        if piece is None:
            return None
        head = self._measured.get((reader, piece.number))
        if head is None:
            head = self._measured[reader, piece.number] = self._new_head(reader, piece)
        if start == offset + 1 and reader.size is not None:  # codes can be padded, see LEB128
            self.heads[code] = head
        return head

    def _new_head(self, reader: Reader, piece: Piece) -> _Head:
        ignored = self._sketching.ignored[reader.tag]
        children = None
        if reader.has_children and ignored is not None:
            children = self._children.get(ignored)
            if children is None:
                children = self._children[ignored] = _Children(ignored)
        alone = (piece.number,)
        shape = self.shapes.get(alone) or self.new_shape(alone)
        file = 0
        if c.AT_DECL_FILE in self._pieces.wanted(reader.tag):
            for attribute, form, constant in reader.declaration.specifications:
                if attribute == c.AT_DECL_FILE and form == c.FORM_IMPLICIT_CONST:
                    file = constant
        return _Head(reader, piece, children, shape, file)

    def child(self, at: int, children: _Children) -> Piece | None:
        """The piece of a child at which a closer look is needed; None where there is none."""
        code, start = self._data[at], at + 1
        if code >= 0x80:
            code, start = read_unsigned(self._data, at)
        reader = self._unit.readers[code]
        if reader.tag in children.ignored:
            piece = self._gap(at, start, reader)
        elif reader.has_children:
            return None
        else:
            piece = self._pieces.piece(self._data, at, start, reader, self._unit)
        if piece is not None and start == at + 1 and is_plain(reader):
            children.steps[code], children.numbers[code] = piece.size, piece.number
        return piece

    def _gap(self, at: int, start: int, reader: Reader) -> Piece | None:
        end = reader.sibling(self._data, start, self._unit) if reader.has_children else 0
        if not end:
            size = reader.size
            end = reader.skip(self._data, start) if size is None else start + size
            if reader.has_children:
                end = self._after_children(self._unit, end)
        if end > self._unit.end:
            raise IndexError("an entry reaches beyond its unit")
        return self._pieces.gap(end - at) if end - at <= _WIDEST else None

    def file(self, offset: int, field: Field) -> int:
        """The number of the file of the entry at ``offset``."""
        start = offset + field.place
        if not field.size:
            return read_unsigned(self._data, start)[0]
        order: Final = "little" if self._unit.encoding.little_endian else "big"
        return int.from_bytes(self._data[start : start + field.size], order)
