"""Where the parameters of functions stand when they are called.

DWARF has no calling convention of a function definition, but the location of a parameter at the
function's first address is the register that the caller put it in. Optimised debug info can be
wrong there: a parameter that the body assigns at once stands in the register of another one. So
places count only where some convention that fills the argument registers in order explains all of
them together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rustabi.binary.elf import Elf
from rustabi.binary.memory import Memory
from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries, Entry
from rustabi.dwarf.leb128 import read_unsigned
from rustabi.dwarf.locations import AT_LOW_PC, ListSections, Locations
from rustabi.dwarf.locations import WANTED as LOCATION_ATTRIBUTES
from rustabi.errors import DwarfError, InputError
from rustabi.loader.attributes import text
from rustabi.model import (
    INDIRECT,
    Base,
    Enumeration,
    Function,
    Modifier,
    ParameterPlace,
    Symbol,
    Type,
    TypeId,
)

WANTED = LOCATION_ATTRIBUTES | {c.AT_EXTERNAL}
"""Attributes that must be decoded for what is read here."""


class Registers(NamedTuple):
    """Registers of a machine as DWARF numbers them.

    Attributes:
        integers, vectors: Those that arguments are passed in, in the order they are filled.
        frame: Stack and frame pointer.
    """

    integers: tuple[int, ...]
    vectors: tuple[int, ...]
    frame: tuple[int, ...]


ARGUMENT_REGISTERS = {
    62: Registers((5, 4, 1, 2, 8, 9), tuple(range(17, 25)), (7, 6)),
    183: Registers(tuple(range(8)), tuple(range(64, 72)), (31, 29)),
}
"""ELF machine -> rdi, rsi, rdx, rcx, r8, r9, xmm0-7, rsp, rbp (System V psABI for x86-64, figures
3.4 and 3.36), or x0-7, v0-7, sp, x29 (AAPCS64, and DWARF for the Arm 64-bit Architecture, 4.1)."""

_X86_64 = 62
_WINDOWS = ((2, 17), (1, 18), (8, 19), (9, 20))
"""rcx or xmm0 for the first parameter, rdx or xmm1 for the second, r8 or xmm2, r9 or xmm3."""

_NAMES = (c.AT_LINKAGE_NAME, c.AT_NAME)
_OP_REG0, _OP_BREG0, _OP_REGX, _OP_BREGX, _OP_PIECE = 0x50, 0x70, 0x90, 0x92, 0x93
_NOT_PARAMETERS = frozenset({
    c.TAG_LEXICAL_BLOCK, c.TAG_INLINED_SUBROUTINE, c.TAG_VARIABLE, c.TAG_LABEL, c.TAG_CALL_SITE,
    c.TAG_GNU_CALL_SITE, c.TAG_TEMPLATE_TYPE_PARAMETER, c.TAG_STRUCTURE_TYPE,
})  # fmt: skip


def with_passing(
    elf: Elf,
    entries: Entries,
    symbols: Sequence[Symbol],
    places: Mapping[str, tuple[int, int]],
    types: Sequence[Type],
) -> list[Symbol]:
    """The symbols with what is known of how their parameters are passed.

    Nothing is, on machines that `ARGUMENT_REGISTERS` lacks and where debug info is damaged.

    Args:
        elf: The binary.
        entries: Its entries, with `WANTED` decoded.
        symbols: What it exports.
        places: Where the symbols stand.
        types: What `Symbol.type` refers to.
    """
    registers = ARGUMENT_REGISTERS.get(elf.machine_number)
    functions = {
        each.name: places[each.name]
        for each in symbols
        if each.kind == "function" and each.type is not None and each.name in places
    }
    if registers is None or not functions:
        return list(symbols)
    try:
        lists = ListSections(
            elf.contents(".debug_loc"), elf.contents(".debug_loclists"), elf.contents(".debug_addr")
        )
        found = _Reader(elf, entries, Locations(entries, lists), functions).definitions()
    except (DwarfError, InputError):
        return list(symbols)
    return [_with_places(each, found.get(each.name, []), types, registers) for each in symbols]


def _with_places(
    symbol: Symbol,
    definitions: list[tuple[ParameterPlace | None, ...]],
    types: Sequence[Type],
    registers: Registers,
) -> Symbol:
    """Of several definitions (a relocatable file may keep discarded ones), all must agree."""
    node = None if symbol.type is None else types[symbol.type]
    if not isinstance(node, Function) or len(set(definitions)) != 1:
        return symbol
    passing = tuple([_outside_frame(each, registers) for each in definitions[0]])
    if len(passing) != len(node.parameters) or not any(passing):
        return symbol
    explained = _Explanation(types, registers).explains(node, passing)
    explained = explained or _is_of_windows(passing, registers)
    return symbol._replace(passing=passing) if explained else symbol


def _is_of_windows(passing: Sequence[ParameterPlace | None], registers: Registers) -> bool:
    """Whether each parameter stands where Windows' convention for x86-64 puts it.

    ``ms_abi`` in C, ``extern "win64"`` and ``extern "efiapi"`` in Rust. The first four parameters
    stand in the registers of their place. All must be known: nothing else explains them together.
    """
    if registers is not ARGUMENT_REGISTERS[_X86_64]:
        return False
    return all(
        place is not None
        and place.registers in (((general,),) if place.memory else ((general,), (vector,)))
        for place, (general, vector) in zip(passing, _WINDOWS, strict=False)
    )


def _outside_frame(place: ParameterPlace | None, registers: Registers) -> ParameterPlace | None:
    """The place but for memory in the frame: that is where the function itself put the value."""
    own = place is not None and place.memory and place.registers[0] in registers.frame
    return None if own else place


class _Reader:
    """Finds the definitions of functions and reads where their parameters stand.

    Args:
        elf: The binary.
        entries: Its entries.
        locations: Its location lists.
        functions: Name -> section and address of the functions that are wanted.
    """

    def __init__(
        self,
        elf: Elf,
        entries: Entries,
        locations: Locations,
        functions: Mapping[str, tuple[int, int]],
    ) -> None:
        self._entries = entries
        self._locations = locations
        self._functions = functions
        self._address_size = elf.address_size
        self._memory = Memory(elf) if elf.relocatable else None

    def definitions(self) -> dict[str, list[tuple[ParameterPlace | None, ...]]]:
        """Name -> the places of the parameters, for each entry that stands at its address."""
        found: dict[str, list[tuple[ParameterPlace | None, ...]]] = {}
        for unit in self._entries.units:
            for entry in self._entries.routines_with(unit, c.TAG_SUBPROGRAM, AT_LOW_PC):
                name = self._name(entry)
                if name is not None:
                    found.setdefault(name, []).append(self._places(entry))
        return found

    def _name(self, entry: Entry) -> str | None:
        """The wanted function that an entry defines: known outside, and at the symbol's address."""
        sources = list(self._sources(entry))
        names = (text(each, which) for which in _NAMES for each in sources)
        name = next((each for each in names if each is not None), None)
        external = any(each.attributes.get(c.AT_EXTERNAL) for each in sources)
        if name is None or not external or name not in self._functions:
            return None
        return name if self._is_at(entry, self._functions[name]) else None

    def _is_at(self, entry: Entry, place: tuple[int, int]) -> bool:
        """Whether an entry is of the code at ``place``.

        In a relocatable file each section counts from 0, so it takes the relocation to tell a
        function from a clone of it.
        """
        section, address = place
        if self._address(entry) != address:
            return False
        if self._memory is None:
            return True
        at = self._locations.word(entry, AT_LOW_PC)
        if at is None:
            found = self._memory.relocated(".debug_info", entry.offset, entry.end)
        else:
            found = self._memory.relocated(".debug_addr", at, at + self._address_size)
        return found is None or found.section == section

    def _sources(self, entry: Entry) -> Iterator[Entry]:
        """The entry, and those that it takes attributes from."""
        yield entry
        origin = self._entries.referred(entry, c.AT_ABSTRACT_ORIGIN)
        if origin is not None:
            yield origin
        declared = self._entries.referred(origin or entry, c.AT_SPECIFICATION)
        if declared is not None:
            yield declared

    def _address(self, entry: Entry) -> int | None:
        try:
            return self._locations.address(entry, AT_LOW_PC)
        except DwarfError:
            return None

    def _places(self, entry: Entry) -> tuple[ParameterPlace | None, ...]:
        """The place of each parameter, in the order of the signature."""
        own = self._parameters(entry)
        origin = self._entries.referred(entry, c.AT_ABSTRACT_ORIGIN)
        address = self._address(entry)
        if address is None:
            return ()
        if origin is None:
            return tuple([self._place(each, address) for each in own])
        order = {each.offset: number for number, each in enumerate(self._parameters(origin))}
        places: list[ParameterPlace | None] = [None] * len(order)
        for each in own:
            number = order.get(each.attributes.get(c.AT_ABSTRACT_ORIGIN, 0))
            if number is None:
                return ()
            places[number] = self._place(each, address)
        return tuple(places)

    def _parameters(self, entry: Entry) -> list[Entry]:
        if not entry.reader.has_children:
            return []
        children = self._entries.children(entry, _NOT_PARAMETERS)
        return [each for each in children if each.tag == c.TAG_FORMAL_PARAMETER]

    def _place(self, entry: Entry, address: int) -> ParameterPlace | None:
        try:
            expression = self._locations.at(entry, address)
            return None if expression is None else place_of(expression)
        except (DwarfError, IndexError, ValueError):
            return None


def place_of(expression: bytes) -> ParameterPlace | None:
    """The registers that a DWARF expression names, or the one that points to the value.

    None for all other expressions: memory in the frame, computed and constant values, entry values.

    Raises:
        IndexError: It is cut off.
        ValueError: It holds a number that is too long.
    """
    code = expression[0]
    if _OP_BREG0 <= code < _OP_BREG0 + 32:
        return ParameterPlace((code - _OP_BREG0,), memory=True) if expression[1:] == b"\0" else None
    if code == _OP_BREGX:
        number, at = read_unsigned(expression, 1)
        return ParameterPlace((number,), memory=True) if expression[at:] == b"\0" else None
    numbers: list[int] = []
    sizes: list[int] = []
    at = 0
    while at < len(expression):
        code = expression[at]
        at += 1
        if _OP_REG0 <= code < _OP_REG0 + 32:
            numbers.append(code - _OP_REG0)
        elif code == _OP_REGX:
            number, at = read_unsigned(expression, at)
            numbers.append(number)
        else:
            return None
        if at == len(expression) and not sizes:
            return ParameterPlace(tuple(numbers))
        if expression[at] != _OP_PIECE:
            return None
        size, at = read_unsigned(expression, at + 1)
        sizes.append(size)
    return ParameterPlace(tuple(numbers), tuple(sizes))


class _Span:
    """How many registers of a kind have been filled: at least, and at most."""

    def __init__(self, registers: tuple[int, ...], hidden: int) -> None:
        self._order = {register: index for index, register in enumerate(registers)}
        self._least, self._most = 0, hidden

    def skip(self, least: int, most: int) -> None:
        """A parameter takes some, it is not known which."""
        self._least += least
        self._most += most

    def take(self, numbers: Sequence[int], more: int) -> bool:
        """A parameter takes these, and up to ``more`` that are not told; whether it can."""
        for number in numbers:
            index = self._order[number]
            if not self._least <= index <= self._most:
                return False
            self._least = self._most = index + 1
        self._most += more
        return True

    def __contains__(self, number: int) -> bool:
        return number in self._order


class _Demand(NamedTuple):
    """How many registers of each kind a value of a type takes, at least and at most."""

    integers: tuple[int, int]
    vectors: tuple[int, int]


_FLOATS = frozenset({0x03, 0x04, 0x0F})
"""DW_ATE_complex_float, DW_ATE_float, DW_ATE_decimal_float."""

_ONE = _Demand((1, 1), (0, 0))
_OTHER = _Demand((0, 2), (0, 4))
"""An aggregate: at most two integer registers, or four of vectors (AAPCS64, section 6.8.2)."""

_WIDE = _Demand((0, 3), (0, 2))
"""A scalar of more than a register: AAPCS64 starts one at an even register."""


class _Explanation:
    """Whether the argument registers, filled in order, explain where parameters stand.

    Conventions differ in what an aggregate takes (none, its parts, a pointer to it) and in whether
    the first register points to the result. They agree in that a scalar takes the next register.
    """

    def __init__(self, types: Sequence[Type], registers: Registers) -> None:
        self._types = types
        self._registers = registers

    def explains(self, function: Function, passing: Sequence[ParameterPlace | None]) -> bool:
        """True if one filling of the registers gives every place that is known."""
        returned = None if function.result is None else self._demand(function.result)
        hidden = 1 if returned in (_OTHER, _WIDE) else 0
        integers = _Span(self._registers.integers, hidden)
        vectors = _Span(self._registers.vectors, 0)
        for parameter, place in zip(function.parameters, passing, strict=True):
            demand = self._demand(parameter.type)
            if place is None:
                integers.skip(*demand.integers)
                vectors.skip(*demand.vectors)
            elif not self._take(integers, vectors, place, demand):
                return False
        return True

    @staticmethod
    def _take(integers: _Span, vectors: _Span, place: ParameterPlace, demand: _Demand) -> bool:
        general = [each for each in place.registers if each in integers]
        others = [each for each in place.registers if each in vectors]
        if len(general) + len(others) != len(place.registers):
            return False
        if place.memory:  # what fits into one register is not passed by a pointer
            return demand in (_OTHER, _WIDE) and len(general) == 1 and integers.take(general, 0)
        partial = 1 if place.sizes else 0
        return integers.take(general, partial * max(0, demand.integers[1] - len(general))) and (
            vectors.take(others, partial * max(0, demand.vectors[1] - len(others)))
        )

    def _demand(self, type_id: TypeId | None) -> _Demand:
        node = self._stripped(type_id)
        if isinstance(node, Modifier) and node.kind in INDIRECT:
            return _ONE
        if not isinstance(node, Base | Enumeration) or node.size is None:
            return _OTHER
        if not node.size:
            return _Demand((0, 0), (0, 0))
        if node.size > 8:
            return _WIDE
        if isinstance(node, Base) and node.encoding in _FLOATS:
            return _Demand((0, 1), (0, 1))
        return _ONE

    def _stripped(self, type_id: TypeId | None) -> Type | None:
        """The type behind names and qualifiers."""
        for _ in range(64):
            node = None if type_id is None else self._types[type_id]
            if not isinstance(node, Modifier) or node.kind in INDIRECT:
                return node
            type_id = node.target
        return None
