"""``.debug_abbrev``: the declarations that say which attributes an entry has, and in which forms.

pyelftools needs 12 seconds for the 85,000 declarations of one kernel; most of them, and most whole
tables, repeat letter for letter, so both are recognised by their bytes and compiled once.
"""

from __future__ import annotations

from rustabi.dwarf.constants import FORM_IMPLICIT_CONST
from rustabi.dwarf.leb128 import read_signed, read_unsigned
from rustabi.errors import DwarfError
from rustabi.lean import NamedTuple


class Specification(NamedTuple):
    """One attribute of a declaration.

    Attributes:
        attribute: DW_AT_* number.
        form: DW_FORM_* number.
        constant: The value itself, for DW_FORM_implicit_const; 0 otherwise.
    """

    attribute: int
    form: int
    constant: int


class Declaration(NamedTuple):
    """An abbreviation declaration: what its entries look like."""

    tag: int
    has_children: bool
    specifications: tuple[Specification, ...]


Table = dict[int, Declaration]
"""Abbreviation code -> declaration."""


class AbbrevSection:
    """The tables of one ``.debug_abbrev`` section, parsed when asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._tables: dict[int, Table] = {}
        self._declarations: dict[bytes, Declaration] = {}

    def table(self, offset: int) -> Table:
        """The table that starts ``offset`` bytes into the section.

        Raises:
            DwarfError: The offset is out of range, or the table is damaged.
        """
        table = self._tables.get(offset)
        if table is None:
            table = self._tables[offset] = self._parse(offset)
        return table

    def _parse(self, offset: int) -> Table:
        if not 0 <= offset < len(self._data):
            raise DwarfError(
                "a unit refers to an abbreviation table that is not there",
                place=f".debug_abbrev+{offset:#x}",
                advice="the file is damaged or stripped in part: build it again",
            )
        table: Table = {}
        at = offset
        try:
            while True:
                code, at = read_unsigned(self._data, at)
                if code == 0:
                    return table
                start = at
                at = self._end_of_declaration(at)
                body = self._data[start:at]
                declaration = self._declarations.get(body)
                if declaration is None:
                    declaration = self._declarations[body] = _declaration(body)
                table[code] = declaration
        except (IndexError, ValueError) as error:
            raise DwarfError(
                "the abbreviation table is damaged",
                place=f".debug_abbrev+{at:#x}",
                advice="build the file again",
            ) from error

    def _end_of_declaration(self, at: int) -> int:
        """Position after the declaration whose tag stands at ``at``."""
        data = self._data
        _, at = read_unsigned(data, at)
        if data[at] > 1:
            raise ValueError("children flag is neither 0 nor 1")
        at += 1
        while True:
            attribute, at = read_unsigned(data, at)
            form, at = read_unsigned(data, at)
            if form == FORM_IMPLICIT_CONST:
                _, at = read_signed(data, at)
            elif attribute == 0 and form == 0:
                return at


def _declaration(body: bytes) -> Declaration:
    tag, at = read_unsigned(body, 0)
    has_children = body[at] != 0
    at += 1
    specifications: list[Specification] = []
    while True:
        attribute, at = read_unsigned(body, at)
        form, at = read_unsigned(body, at)
        constant = 0
        if form == FORM_IMPLICIT_CONST:
            constant, at = read_signed(body, at)
        elif attribute == 0 and form == 0:
            return Declaration(tag, has_children, tuple(specifications))
        specifications.append(Specification(attribute, form, constant))
