"""Attributes of entries as numbers, text, counts and places."""

from __future__ import annotations

from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entry
from rustabi.dwarf.leb128 import read_unsigned
from rustabi.model import Constant, Unsupported

_CONSTANT_WIDTHS = {c.FORM_DATA1: 8, c.FORM_DATA2: 16, c.FORM_DATA4: 32, c.FORM_DATA8: 64}
_NUMBERS = frozenset({*_CONSTANT_WIDTHS, c.FORM_UDATA, c.FORM_SDATA, c.FORM_IMPLICIT_CONST})
_BLOCKS = frozenset({c.FORM_BLOCK1, c.FORM_BLOCK2, c.FORM_BLOCK4, c.FORM_BLOCK, c.FORM_DATA16})
U64 = (1 << 64) - 1


def number(entry: Entry, attribute: int) -> int | None:
    """The attribute as libdw's ``dwarf_formudata`` reads it: unsigned 64 bits, or None."""
    value = entry.attributes.get(attribute)
    return value & U64 if value.__class__ is int else None


def text(entry: Entry, attribute: int) -> str | None:
    """The attribute when it is a string, or None."""
    value = entry.attributes.get(attribute)
    return value if value.__class__ is str else None


def older_bit_offset(entry: Entry, offset: int) -> int | None:
    """Bits to a bit field by DWARF 3's rule (section 5.5.6), or None where it is not told.

    DW_AT_bit_offset counts from the most significant bit of a storage unit of DW_AT_byte_size.
    """
    skipped, size = number(entry, c.AT_BIT_OFFSET), number(entry, c.AT_BYTE_SIZE)
    width = number(entry, c.AT_BIT_SIZE)
    if skipped is None or size is None or width is None:
        return None
    if not entry.unit.encoding.little_endian:
        return 8 * offset + skipped
    place = 8 * (offset + size) - skipped - width
    return place if place >= 0 else None


def plus_constant(expression: bytes) -> int | None:
    """The offset written as ``DW_OP_plus_uconst offset``, as in DWARF 2; None for others."""
    if len(expression) < 2 or expression[0] != c.OP_PLUS_UCONST or expression[-1] >= 0x80:
        return None
    offset, end = read_unsigned(expression, 1)
    return offset if end == len(expression) else None


def count(entry: Entry) -> int | None:
    """Elements of one array dimension: DW_AT_count, else the upper bound plus one, else open.

    Where it is known only when the program runs, both refer to a variable.
    """
    count = number(entry, c.AT_COUNT)
    if count is not None and entry.form(c.AT_COUNT) not in c.REFERENCE_FORMS:
        return count
    bound = number(entry, c.AT_UPPER_BOUND)
    if bound is not None and entry.form(c.AT_UPPER_BOUND) not in c.REFERENCE_FORMS:
        return (bound + 1) & U64
    return None


def constant(
    entry: Entry, attribute: int, signed: bool, *, extended: bool
) -> Constant | Unsupported | None:
    """A discriminant or enumerator value.

    rustc writes the 128-bit ones as blocks in the byte order of the target.

    Args:
        entry: The variant or enumerator.
        attribute: DW_AT_discr_value or DW_AT_const_value.
        signed: Whether the type of the value is.
        extended: Whether the forms data1 to data8 are sign-extended then. LLVM writes the
            discriminant -2 as data1 0xfe, and 254 as data2; enumerators it writes as sdata. GCC
            writes the enumerator 200 of a signed enum as data1, and negative ones as sdata.
    """
    raw = entry.attributes.get(attribute)
    if raw is None:
        return None
    form = entry.form(attribute)
    if form in _BLOCKS:
        order = "little" if entry.unit.encoding.little_endian else "big"
        return Constant(int.from_bytes(raw, order, signed=signed), None)  # type: ignore[arg-type]
    if form not in _NUMBERS:
        return Unsupported("form", form)
    bits = _CONSTANT_WIDTHS.get(form)
    value = raw - (1 << bits) if signed and extended and bits and raw >> (bits - 1) else raw
    return Constant(value, raw & U64)


def is_private(entry: Entry) -> bool:
    """Whether the entry is defined in a ``.c`` file (gendwarfksyms' is_definition_private).

    rustc gives no DW_AT_decl_file to types, so no Rust type is private. libdw takes file number 0
    for none.
    """
    file = entry.attributes.get(c.AT_DECL_FILE, 0)
    return file != 0 and entry.unit.files[file].endswith(".c")
