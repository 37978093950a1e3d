"""Readers compiled from abbreviation declarations.

Each declaration becomes one small Python function: runs of fixed-size attributes are read by a
single ``struct`` call, unwanted ones are stepped over. That is what makes plain Python read
millions of entries a second where a loop over attributes reads tens of thousands.

Values, by class of form (DWARF 5, section 7.5.5):

========================  ==========================================================================
data1..8, udata, sdata    int; data forms unsigned, sdata and implicit_const signed
data16, block*, exprloc   bytes
string, strp, strx, ...   str (undecodable bytes become surrogate escapes)
flag, flag_present        bool
ref1..8, ref_udata        int, offset in ``.debug_info`` (the unit's own offset is added)
ref_addr                  int, offset in ``.debug_info``
others                    int as written (addresses, indexes, section offsets, signatures)
========================  ==========================================================================
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache

from rustabi.dwarf import constants as c
from rustabi.dwarf.abbrev import Specification
from rustabi.dwarf.leb128 import read_signed, read_unsigned
from rustabi.errors import DwarfError
from rustabi.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, TypeAlias

    from rustabi.dwarf.unit import Unit

Value: TypeAlias = int | bool | str | bytes
Attributes: TypeAlias = "dict[int, Any]"
"""DW_AT_* number -> `Value`. Typed loosely because each attribute has its own type."""


Decode: TypeAlias = "Callable[[bytes, int, Unit], tuple[Attributes, int]]"
Skip: TypeAlias = Callable[[bytes, int], int]
Sibling: TypeAlias = "Callable[[bytes, int, Unit], int]"


class Encoding(NamedTuple):
    """What a form's size depends on: the unit's address and offset sizes in bytes, and version."""

    address_size: int
    offset_size: int
    version: int
    little_endian: bool


_FIXED = {
    c.FORM_DATA1: "B", c.FORM_DATA2: "H", c.FORM_DATA4: "I", c.FORM_DATA8: "Q",
    c.FORM_FLAG: "B", c.FORM_REF1: "B", c.FORM_REF2: "H", c.FORM_REF4: "I", c.FORM_REF8: "Q",
    c.FORM_STRX1: "B", c.FORM_STRX2: "H", c.FORM_STRX3: "3s", c.FORM_STRX4: "I",
    c.FORM_ADDRX1: "B", c.FORM_ADDRX2: "H", c.FORM_ADDRX3: "3s", c.FORM_ADDRX4: "I",
    c.FORM_REF_SIG8: "Q", c.FORM_DATA16: "16s", c.FORM_REF_SUP4: "I", c.FORM_REF_SUP8: "Q",
}  # fmt: skip

_OFFSET_SIZED = frozenset({
    c.FORM_STRP, c.FORM_LINE_STRP, c.FORM_SEC_OFFSET, c.FORM_STRP_SUP,
    c.FORM_GNU_REF_ALT, c.FORM_GNU_STRP_ALT,
})  # fmt: skip

UNSIGNED = frozenset({
    c.FORM_UDATA, c.FORM_REF_UDATA, c.FORM_STRX, c.FORM_ADDRX, c.FORM_LOCLISTX, c.FORM_RNGLISTX,
    c.FORM_GNU_ADDR_INDEX, c.FORM_GNU_STR_INDEX,
})  # fmt: skip

UNIT_REFERENCES = frozenset({c.FORM_REF1, c.FORM_REF2, c.FORM_REF4, c.FORM_REF8, c.FORM_REF_UDATA})
INDEXED_STRINGS = frozenset({
    c.FORM_STRX, c.FORM_STRX1, c.FORM_STRX2, c.FORM_STRX3, c.FORM_STRX4, c.FORM_GNU_STR_INDEX,
})  # fmt: skip

BLOCK_LENGTHS = {c.FORM_BLOCK1: 1, c.FORM_BLOCK2: 2, c.FORM_BLOCK4: 4}

SIZES = {"B": 1, "H": 2, "I": 4, "Q": 8, "3s": 3, "16s": 16}


def fixed_format(form: int, encoding: Encoding) -> str | None:
    """The ``struct`` format of a form whose size is fixed within a unit, or None."""
    known = _FIXED.get(form)
    if known is not None:
        return known
    if form in _OFFSET_SIZED:
        return "Q" if encoding.offset_size == 8 else "I"
    if form == c.FORM_ADDR or (form == c.FORM_REF_ADDR and encoding.version == 2):
        return {8: "Q", 4: "I", 2: "H", 1: "B"}[encoding.address_size]
    if form == c.FORM_REF_ADDR:
        return "Q" if encoding.offset_size == 8 else "I"
    return None


def _value_expression(form: int, raw: str, encoding: Encoding) -> str:
    """Python source that turns the raw number ``raw`` into the attribute's value."""
    if form in (c.FORM_STRX3, c.FORM_ADDRX3):
        raw = f"int.from_bytes({raw}, {'little' if encoding.little_endian else 'big'!r})"
    if form in UNIT_REFERENCES:
        return f"unit.offset + {raw}"
    if form in INDEXED_STRINGS:
        return f"unit.indexed_strings[{raw}]"
    if form == c.FORM_STRP:
        return f"unit.strings[{raw}]"
    if form == c.FORM_LINE_STRP:
        return f"unit.line_strings[{raw}]"
    if form == c.FORM_FLAG:
        return f"{raw} != 0"
    return raw


def read_string(data: bytes, at: int) -> tuple[str, int]:
    """The NUL-terminated string at ``at`` and the position after its NUL.

    Raises:
        IndexError: There is no NUL.
    """
    end = data.find(b"\0", at)
    if end < 0:
        raise IndexError("string without end")
    return str(data[at:end], "utf-8", "surrogateescape"), end + 1


_BOUND = "if at > len(data): raise IndexError(at)"


def _length(name: str) -> list[str]:
    """Source that reads an unsigned LEB128 number, the common single byte without a call."""
    return [
        f"{name} = data[at]",
        "at += 1",
        f"if {name} > 127: {name}, at = read_unsigned(data, at - 1)",
    ]


class Source:
    """Python source of a decode and a skip function, grown one attribute at a time.

    Args:
        encoding: Sizes and byte order of the units that are read.
        wanted: Attributes to decode; None for all.
    """

    def __init__(self, encoding: Encoding, wanted: frozenset[int] | None) -> None:
        self._encoding = encoding
        self._wanted = wanted
        self._run: list[tuple[str, str | None]] = []
        self._entries: list[tuple[Specification, str]] = []
        self._decode: list[str] = []
        self._skip: list[str] = []
        self._formats: list[str] = []
        self._sizes: list[int] = []

    def add(self, specification: Specification) -> None:
        """Add an attribute."""
        attribute, form, constant = specification
        wanted = self._wanted is None or attribute in self._wanted
        if any(attribute == known.attribute for known, _ in self._entries):
            wanted = False  # of an attribute that is there twice, libdw takes the first
        raw = f"v{len(self._entries)}"
        if form == c.FORM_IMPLICIT_CONST:
            if wanted:
                self._entries.append((specification, str(constant)))
        elif form == c.FORM_FLAG_PRESENT:
            if wanted:
                self._entries.append((specification, "True"))
        else:
            fixed = fixed_format(form, self._encoding)
            if fixed is not None:
                self._run.append((fixed, raw if wanted else None))
            else:
                self._flush()
                self._variable(form, raw)
            if wanted:
                self._entries.append((specification, self._value(form, raw)))

    def _value(self, form: int, raw: str) -> str:
        return _value_expression(form, raw, self._encoding)

    def _flush(self) -> None:
        """Emit the pending run of fixed-size attributes as one struct call."""
        if not self._run:
            return
        size = sum(SIZES[fixed] for fixed, _ in self._run)
        names = [raw for _, raw in self._run if raw is not None]
        if names:
            layout = "".join(
                fixed if raw is not None else f"{SIZES[fixed]}x" for fixed, raw in self._run
            )
            self._formats.append(("<" if self._encoding.little_endian else ">") + layout)
            self._decode.append(f"{', '.join(names)}, = unpack{len(self._formats) - 1}(data, at)")
        self._both(f"at += size{len(self._sizes)}")
        self._sizes.append(size)
        self._run = []

    def _variable(self, form: int, raw: str) -> None:
        """Emit an attribute whose size stands in the data; most take one byte for it."""
        if form in UNSIGNED:
            self._both(*_length(raw))
        elif form == c.FORM_SDATA:
            self._both(f"{raw}, at = read_signed(data, at)")
        elif form == c.FORM_STRING:
            self._decode.append(f"{raw}, at = read_string(data, at)")
            self._skip.append("at = data.index(0, at) + 1")
        else:
            self._both(*self._block_length(form))
            self._decode.append(f"{raw} = data[at:at + n]")
            self._both("at += n", _BOUND)

    def _both(self, *lines: str) -> None:
        self._decode += lines
        self._skip += lines

    def _block_length(self, form: int) -> list[str]:
        if form in (c.FORM_EXPRLOC, c.FORM_BLOCK):
            return _length("n")
        width = BLOCK_LENGTHS.get(form)
        if width is None:
            raise unknown_form(form)
        order = "little" if self._encoding.little_endian else "big"
        return [f"n = int.from_bytes(data[at:at + {width}], {order!r})", f"at += {width}"]

    def decode(self) -> Decode:
        """The function of that name."""
        self._flush()
        pairs = ", ".join(f"{each.attribute}: {value}" for each, value in self._entries)
        lines = [*self._decode, f"return {{{pairs}}}, at"]
        return self._function("data, at, unit", lines)  # type: ignore[no-any-return]

    def skip(self) -> Skip:
        """The function of that name."""
        self._flush()
        return self._function("data, at", [*self._skip, "return at"])  # type: ignore[no-any-return]

    def _function(self, parameters: str, lines: list[str]) -> Any:
        text = f"def function({parameters}):\n" + "".join(f" {line}\n" for line in lines)
        return _function(text, tuple(self._formats), tuple(self._sizes))


_MOST_KEPT = 1 << 12


@lru_cache(_MOST_KEPT)
def _function(text: str, formats: tuple[str, ...], sizes: tuple[int, ...]) -> Any:
    """The function of that source. Many declarations differ only in what is not wanted."""
    scope: dict[str, Any] = {
        "read_unsigned": read_unsigned,
        "read_signed": read_signed,
        "read_string": read_string,
    }
    for index, layout in enumerate(formats):
        scope[f"unpack{index}"] = struct.Struct(layout).unpack_from
    for index, size in enumerate(sizes):
        scope[f"size{index}"] = size
    exec(_code(text), scope)  # made of numbers and names from the tables above alone
    return scope["function"]


@lru_cache(_MOST_KEPT)
def _code(text: str) -> CodeType:
    """To compile takes as long as hundreds of calls; half of all sources differ in sizes only."""
    return compile(text, __name__, "exec")


def unknown_form(form: int) -> DwarfError:
    """A form of which not even the size is known."""
    return DwarfError(
        f"unknown attribute form {form:#x}: its size is unknown, so nothing behind it can be read",
        place=".debug_abbrev",
        advice="the debug info is damaged, or written by a newer compiler than rustabi knows",
    )


VARIABLE = (
    UNSIGNED
    | frozenset(BLOCK_LENGTHS)
    | frozenset({c.FORM_SDATA, c.FORM_EXPRLOC, c.FORM_BLOCK, c.FORM_STRING, c.FORM_INDIRECT})
)
