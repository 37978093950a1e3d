"""Location lists: where a value stands while the program is at an address.

``.debug_loc`` is DWARF 5's section 2.6.2 as DWARF 4 had it, ``.debug_loclists`` section 7.29.
Addresses are numbers as the sections hold them: in a relocatable file, offsets in the section that
the relocation names. All ranges of a function without DW_AT_ranges lie in its own section, so
within one function they can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries, Entry
from rustabi.dwarf.forms import Encoding
from rustabi.dwarf.leb128 import read_unsigned
from rustabi.dwarf.unit import Unit
from rustabi.errors import DwarfError

AT_LOW_PC = 0x11
AT_LOCLISTS_BASE = 0x8C
WANTED = frozenset({c.AT_LOCATION, c.AT_ADDR_BASE, AT_LOW_PC, AT_LOCLISTS_BASE})
"""Attributes that must be decoded for what is read here."""

_ADDRESS_INDEXES = frozenset({
    c.FORM_ADDRX, c.FORM_ADDRX1, c.FORM_ADDRX2, c.FORM_ADDRX3, c.FORM_ADDRX4,
    c.FORM_GNU_ADDR_INDEX,
})  # fmt: skip
_LIST_OFFSETS = frozenset({c.FORM_SEC_OFFSET, c.FORM_DATA4, c.FORM_DATA8})
"""DWARF 3 and older write the offset of a list as a plain number."""

_EXPRESSIONS = frozenset({
    c.FORM_EXPRLOC, c.FORM_BLOCK, c.FORM_BLOCK1, c.FORM_BLOCK2, c.FORM_BLOCK4,
})  # fmt: skip

(
    LLE_END_OF_LIST, LLE_BASE_ADDRESSX, LLE_STARTX_ENDX, LLE_STARTX_LENGTH, LLE_OFFSET_PAIR,
    LLE_DEFAULT_LOCATION, LLE_BASE_ADDRESS, LLE_START_END, LLE_START_LENGTH,
) = range(9)  # fmt: skip
"""Kinds of entries of a list, DW_LLE_*."""


_LONGEST = 10_000
"""Entries of a list that are looked at: real ones have tens."""


class ListSections(NamedTuple):
    """What location lists are read from; each is empty where the binary has none.

    Attributes:
        locations: ``.debug_loc``
        location_lists: ``.debug_loclists``
        addresses: ``.debug_addr``
    """

    locations: bytes = b""
    location_lists: bytes = b""
    addresses: bytes = b""


class Location(NamedTuple):
    """One entry of a list: from ``begin`` up to ``end``, the value is where ``expression`` says.

    ``begin`` is None for the default location, which holds where no other does.
    """

    begin: int | None
    end: int
    expression: bytes


class _Base(NamedTuple):
    """What a unit's lists refer to, where stated."""

    address: int | None
    lists: int | None
    addresses: int | None


class Locations:
    """The location lists of one binary.

    Args:
        entries: Its entries, with `WANTED` decoded.
        sections: The bytes of the lists.
    """

    def __init__(self, entries: Entries, sections: ListSections) -> None:
        self._entries = entries
        self._sections = sections
        self._bases: dict[int, _Base] = {}

    def address(self, entry: Entry, attribute: int) -> int | None:
        """The address that an attribute states; None where it is absent, or of another class.

        Raises:
            DwarfError: It refers to an address that is not there.
        """
        value = entry.attributes.get(attribute)
        if value.__class__ is not int:
            return None
        form = entry.form(attribute)
        if form == c.FORM_ADDR:
            return int(value)
        if form in _ADDRESS_INDEXES:
            return self._indexed(entry.unit, self._base(entry.unit), int(value))
        return None

    def word(self, entry: Entry, attribute: int) -> int | None:
        """Where in ``.debug_addr`` the address stands, if an attribute states one by its index.

        Raises:
            DwarfError: The unit's own entry is not readable.
        """
        base = self._base(entry.unit).addresses
        if base is None or entry.form(attribute) not in _ADDRESS_INDEXES:
            return None
        return base + int(entry.attributes[attribute]) * entry.unit.encoding.address_size

    def at(self, entry: Entry, address: int) -> bytes | None:
        """The expression of DW_AT_location that holds at ``address``, if one alone does.

        Two are as good as none, and so is one that takes over at that very address from an empty
        range: the value has moved before the first instruction.

        Raises:
            DwarfError: The list is damaged, or is not there.
        """
        value = entry.attributes.get(c.AT_LOCATION)
        form = entry.form(c.AT_LOCATION)
        if form in _EXPRESSIONS:
            return bytes(value) if value else None
        found = default = None
        for number, (begin, end, expression) in enumerate(self.locations(entry)):
            if number > _LONGEST:
                return None
            if begin is None:
                default = expression
            elif begin == address or begin <= address < end:
                if found is not None or begin == end:
                    return None
                found = expression
        return default if found is None else found

    def locations(self, entry: Entry) -> Iterator[Location]:
        """The list that DW_AT_location refers to, in its order; nothing where it is no list.

        Raises:
            DwarfError: The list is damaged, or is not there.
        """
        form, encoding = entry.form(c.AT_LOCATION), entry.unit.encoding
        if form not in _LIST_OFFSETS and form != c.FORM_LOCLISTX:
            return
        offset = int(entry.attributes[c.AT_LOCATION])
        base = self._base(entry.unit)
        newer = encoding.version >= 5
        try:
            if form == c.FORM_LOCLISTX:
                offset = self._list_offset(encoding, base, offset)
            if newer:
                yield from self._newer(entry.unit, base, offset)
            else:
                yield from self._older(encoding, base, offset)
        except (IndexError, ValueError) as error:
            section = ".debug_loclists" if newer else ".debug_loc"
            raise DwarfError(
                "a location list cannot be read", place=f"{section}+{offset:#x}",
                advice="the debug info is damaged: build the file again",
            ) from error  # fmt: skip

    def _base(self, unit: Unit) -> _Base:
        base = self._bases.get(unit.offset)
        if base is None:
            root = self._entries.entry(unit.first_entry, unit)
            lists, addresses = (root.attributes.get(each) for each in _BASES)
            base = self._bases[unit.offset] = _Base(None, lists, addresses)
            address = self.address(root, AT_LOW_PC)
            base = self._bases[unit.offset] = base._replace(address=address)
        return base

    def _indexed(self, unit: Unit, base: _Base, index: int) -> int:
        """An address of ``.debug_addr``."""
        size = unit.encoding.address_size
        start = len(self._sections.addresses) if base.addresses is None else base.addresses
        try:
            return _word(self._sections.addresses, start + index * size, size, unit.encoding)
        except IndexError as error:
            raise DwarfError(
                "an entry refers to an address index that is not there",
                place=f".debug_addr[{index}]",
                advice="the debug info is damaged: build the file again",
            ) from error

    def _list_offset(self, encoding: Encoding, base: _Base, index: int) -> int:
        """Where the list of a number starts: the offsets stand from the unit's base on."""
        if base.lists is None:
            raise ValueError("the unit states no DW_AT_loclists_base")
        size = encoding.offset_size
        data = self._sections.location_lists
        return base.lists + _word(data, base.lists + index * size, size, encoding)

    def _older(self, encoding: Encoding, base: _Base, at: int) -> Iterator[Location]:
        data, size = self._sections.locations, encoding.address_size
        highest = (1 << 8 * size) - 1
        start = base.address or 0
        while True:
            begin = _word(data, at, size, encoding)
            end = _word(data, at + size, size, encoding)
            at += 2 * size
            if begin == highest:
                start = end
            elif begin == end == 0:
                return
            else:
                length = _word(data, at, 2, encoding)
                expression, at = _block(data, at + 2, length)
                yield Location(start + begin, start + end, expression)

    def _newer(self, unit: Unit, base: _Base, at: int) -> Iterator[Location]:
        data, start = self._sections.location_lists, base.address
        while True:
            kind = data[at]
            if kind == LLE_END_OF_LIST:
                return
            first, second, at = self._operands(unit, base, kind, at + 1)
            if kind in (LLE_BASE_ADDRESSX, LLE_BASE_ADDRESS):
                start = first
                continue
            if kind == LLE_OFFSET_PAIR:
                if start is None or first is None:
                    raise ValueError("an offset from no address")
                first, second = start + first, start + second
            length, at = read_unsigned(data, at)
            expression, at = _block(data, at, length)
            yield Location(first, second, expression)

    def _operands(self, unit: Unit, base: _Base, kind: int, at: int) -> tuple[int | None, int, int]:
        """Begin and end that an entry states, lengths added up; the position after them."""
        data, encoding = self._sections.location_lists, unit.encoding
        size = encoding.address_size
        first: int | None = None
        second = 0
        if kind in (LLE_BASE_ADDRESSX, LLE_STARTX_ENDX, LLE_STARTX_LENGTH):
            index, at = read_unsigned(data, at)
            first = self._indexed(unit, base, index)
        elif kind in (LLE_BASE_ADDRESS, LLE_START_END, LLE_START_LENGTH):
            first, at = _word(data, at, size, encoding), at + size
        elif kind == LLE_OFFSET_PAIR:
            first, at = read_unsigned(data, at)
        elif kind != LLE_DEFAULT_LOCATION:
            raise ValueError(f"unknown entry of a location list: {kind}")
        if kind == LLE_START_END:
            second, at = _word(data, at, size, encoding), at + size
        elif kind in (LLE_STARTX_ENDX, LLE_STARTX_LENGTH, LLE_OFFSET_PAIR, LLE_START_LENGTH):
            second, at = read_unsigned(data, at)
        if kind == LLE_STARTX_ENDX:
            second = self._indexed(unit, base, second)
        elif kind in (LLE_STARTX_LENGTH, LLE_START_LENGTH):
            second += first or 0
        return first, second, at


_BASES = (AT_LOCLISTS_BASE, c.AT_ADDR_BASE)


def _word(data: bytes, at: int, size: int, encoding: Encoding) -> int:
    if not 0 <= at <= len(data) - size:
        raise IndexError(f"nothing at {at:#x}")
    order = "little" if encoding.little_endian else "big"
    return int.from_bytes(data[at : at + size], order)  # type: ignore[arg-type]


def _block(data: bytes, at: int, length: int) -> tuple[bytes, int]:
    if at + length > len(data):
        raise IndexError("an expression reaches beyond the section")
    return data[at : at + length], at + length
