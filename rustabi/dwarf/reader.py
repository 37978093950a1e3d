"""Readers: the functions that are made of one abbreviation declaration, each when it is needed."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from rustabi.dwarf import constants as c
from rustabi.dwarf.abbrev import Declaration, Specification
from rustabi.dwarf.forms import (
    SIZES,
    UNIT_REFERENCES,
    UNSIGNED,
    VARIABLE,
    Attributes,
    Decode,
    Encoding,
    Sibling,
    Skip,
    Source,
    fixed_format,
    unknown_form,
)
from rustabi.dwarf.leb128 import read_unsigned
from rustabi.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from rustabi.dwarf.unit import Unit


class IndirectAttributes(dict[int, object]):
    """Attributes of an entry that names forms itself (DW_FORM_indirect).

    Attributes:
        forms: DW_AT_* number -> the DW_FORM_* number found.
    """

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[int, int] = {}


class Reader:
    """The functions compiled from one declaration, each when it is first called.

    Attributes:
        declaration: What they are compiled from.
        tag, has_children: Of the declaration.
        references: Attributes whose form is a reference to an entry of the section by its offset.
        size: Bytes of an entry after its code, or None where entries differ.
        skip: Position after the entry whose attributes start at the given position.
        decode: Attributes (the wanted ones) and the position after them.
        sibling: Position after the children of the entry whose attributes start at the given one,
            where DW_AT_sibling tells it; 0 otherwise.
    """

    __slots__ = (
        "_encoding", "_wanted", "declaration", "decode", "has_children", "references",
        "sibling", "size", "skip", "tag",
    )  # fmt: skip

    def __init__(
        self,
        declaration: Declaration,
        encoding: Encoding,
        wanted: frozenset[int] | None,
    ) -> None:
        """Prepare to read entries of ``declaration``.

        Args:
            declaration: The abbreviation declaration.
            encoding: Sizes and byte order of the units it is used in.
            wanted: Attributes to decode; None for all.

        Raises:
            DwarfError: A form is unknown, so that the entry's size is unknown too.
        """
        self.declaration = declaration
        self.tag = declaration.tag
        self.has_children = declaration.has_children
        forms = {each: form for each, form, _ in reversed(declaration.specifications)}
        self.references = [each for each, form in forms.items() if form in c.REFERENCE_FORMS]
        self.size = _size(declaration, encoding)
        self._encoding = encoding
        self._wanted = wanted
        self.skip: Skip = self._first_skip
        self.decode: Decode = self._first_decode
        has_sibling = any(each == c.AT_SIBLING for each, _, _ in declaration.specifications)
        self.sibling: Sibling = self._first_sibling if has_sibling else _no_sibling

    def _first_skip(self, data: bytes, at: int) -> int:
        self.skip = _skip_function(self.declaration, self._encoding)
        return self.skip(data, at)

    def _first_decode(self, data: bytes, at: int, unit: Unit) -> tuple[Attributes, int]:
        self.decode = _decode_function(self.declaration, self._encoding, self._wanted)
        return self.decode(data, at, unit)

    def _first_sibling(self, data: bytes, at: int, unit: Unit) -> int:
        self.sibling = _last_sibling_function(self, self._encoding) or _sibling_function(
            self.declaration, self._encoding
        )
        return self.sibling(data, at, unit)


def _size(declaration: Declaration, encoding: Encoding) -> int | None:
    """Bytes that the attributes of every entry of ``declaration`` take, or None if they differ."""
    total: int | None = 0
    for _, form, _ in declaration.specifications:
        if form in (c.FORM_IMPLICIT_CONST, c.FORM_FLAG_PRESENT):
            continue
        fixed = fixed_format(form, encoding)
        if fixed is None:
            if form not in VARIABLE:
                raise unknown_form(form)
            total = None
        elif total is not None:
            total += SIZES[fixed]
    return total


_NUMBERS = UNSIGNED | {c.FORM_SDATA}
_COUNTED = frozenset({c.FORM_EXPRLOC, c.FORM_BLOCK})


def _skip_function(declaration: Declaration, encoding: Encoding) -> Skip:
    """Not compiled where one attribute varies in size: to compile costs more than it gains."""
    if _is_indirect(declaration):
        return _indirect(declaration, encoding, frozenset())[0]
    fixed, varying = 0, []
    for _, form, _ in declaration.specifications:
        layout = fixed_format(form, encoding)
        if layout is not None:
            fixed += SIZES[layout]
        elif form not in (c.FORM_IMPLICIT_CONST, c.FORM_FLAG_PRESENT):
            varying.append((fixed, form))
    if len(varying) != 1 or varying[0][1] not in _NUMBERS | _COUNTED:
        return _source(declaration, encoding, frozenset()).skip()
    place, is_counted = varying[0][0], varying[0][1] in _COUNTED
    rest = fixed - place

    def skip_counted(data: bytes, at: int) -> int:
        number, end = data[at + place], at + place + 1
        if number > 127:
            number, end = read_unsigned(data, end - 1)
        return end + rest + number

    def skip(data: bytes, at: int) -> int:
        at += place
        if data[at] > 127:
            if data[at + 1] > 127:
                return read_unsigned(data, at)[1] + rest
            at += 1  # two bytes, as indexes often have
        return at + 1 + rest

    return skip_counted if is_counted else skip


def _no_sibling(*_: object) -> int:
    return 0


def _sibling_function(declaration: Declaration, encoding: Encoding) -> Sibling:
    """A place before the entry, or beyond its unit, is damage: then it is looked for instead."""
    forms = [form for each, form, _ in declaration.specifications if each == c.AT_SIBLING]
    if forms[0] not in c.REFERENCE_FORMS:
        return _no_sibling
    decode = _decode_function(declaration, encoding, frozenset({c.AT_SIBLING}))

    def sibling(data: bytes, at: int, unit: Unit) -> int:
        attributes, end = decode(data, at, unit)
        found: int = attributes[c.AT_SIBLING]
        return found if end < found <= unit.end else 0

    return sibling


def _last_sibling_function(reader: Reader, encoding: Encoding) -> Sibling | None:
    """The same where DW_AT_sibling comes last, as GCC has it; None where it does not."""
    last, form, _ = reader.declaration.specifications[-1]
    layout = fixed_format(form, encoding)
    if last != c.AT_SIBLING or form not in UNIT_REFERENCES or layout is None:
        return None
    if sum(each == c.AT_SIBLING for each, _, _ in reader.declaration.specifications) > 1:
        return None
    size, width = reader.size, SIZES[layout]
    unpack = struct.Struct(("<" if encoding.little_endian else ">") + layout).unpack_from

    def sibling(data: bytes, at: int, unit: Unit) -> int:
        end = at + size if size is not None else reader.skip(data, at)
        (offset,) = unpack(data, end - width)
        found: int = unit.offset + offset
        return found if end < found <= unit.end else 0

    return sibling


def _decode_function(
    declaration: Declaration, encoding: Encoding, wanted: frozenset[int] | None
) -> Decode:
    if _is_indirect(declaration):
        return _indirect(declaration, encoding, wanted)[1]
    return _source(declaration, encoding, wanted).decode()


def _is_indirect(declaration: Declaration) -> bool:
    return any(form == c.FORM_INDIRECT for _, form, _ in declaration.specifications)


def _source(declaration: Declaration, encoding: Encoding, wanted: frozenset[int] | None) -> Source:
    source = Source(encoding, wanted)
    for specification in declaration.specifications:
        source.add(specification)
    return source


def _indirect(
    declaration: Declaration, encoding: Encoding, wanted: frozenset[int] | None
) -> tuple[Skip, Decode]:
    """Functions for the rare declaration with DW_FORM_indirect, where each entry names its form."""
    readers: dict[Specification, Reader] = {}

    def reader_of(specification: Specification) -> Reader:
        reader = readers.get(specification)
        if reader is None:
            one = Declaration(0, False, (specification,))
            reader = readers[specification] = Reader(one, encoding, wanted)
        return reader

    def resolve(data: bytes, at: int) -> Iterator[tuple[Specification, Reader, int]]:
        for attribute, declared, constant in declaration.specifications:
            form = declared
            while form == c.FORM_INDIRECT:
                form, at = read_unsigned(data, at)
            if form == c.FORM_IMPLICIT_CONST != declared:
                raise unknown_form(form)
            specification = Specification(attribute, form, constant)
            reader = reader_of(specification)
            yield specification, reader, at
            at = at + reader.size if reader.size is not None else reader.skip(data, at)

    def decode(data: bytes, at: int, unit: Unit) -> tuple[Attributes, int]:
        attributes = IndirectAttributes()
        for specification, reader, start in resolve(data, at):
            found, at = reader.decode(data, start, unit)
            for attribute, value in found.items():
                attributes.setdefault(attribute, value)
            attributes.forms.setdefault(specification.attribute, specification.form)
        return attributes, at

    def skip(data: bytes, at: int) -> int:
        for _, reader, start in resolve(data, at):
            at = start + reader.size if reader.size is not None else reader.skip(data, start)
        return at

    return skip, decode
