"""Vtables: the methods behind ``dyn Trait``, which the types of DWARF do not tell.

rustc writes a variable ``<T as Trait>::{vtable}`` with its address, and a struct type with the size
of the vtable. What the slots point to is told by the data there, through relocations and the symbol
table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rustabi.binary.elf import Elf
from rustabi.binary.memory import Memory, Place
from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries, Entry
from rustabi.dwarf.leb128 import read_unsigned
from rustabi.loader.attributes import number, text
from rustabi.loader.types import TypeLoader
from rustabi.model import Slot, TypeId, Vtable
from rustabi.names import demangle

_SUFFIX = "::{vtable}"
_FIXED_SLOTS = 3
"""drop_in_place, size and align come before the methods."""
_LONGEST_INDEX = 11
"""Bytes of DW_OP_addrx with a 64-bit operand."""


def load_vtables(elf: Elf, entries: Entries, types: TypeLoader) -> tuple[Vtable, ...]:
    """The vtables that a binary holds, sorted by name.

    Raises:
        DwarfError: An entry on the way is not readable.
    """
    if _SUFFIX.encode() not in entries.string_bytes:
        return ()
    memory = Memory(elf)
    found = []
    for entry in _vtable_entries(entries):
        place = _place(elf, memory, entry)
        vtable_type = entries.referred(entry, c.AT_TYPE)
        if place is None or vtable_type is None:
            continue
        count = (number(vtable_type, c.AT_BYTE_SIZE) or 0) // elf.address_size - _FIXED_SLOTS
        if 0 <= count <= len(entries.string_bytes):
            found.append((entry, vtable_type, memory.pointees(_methods(elf, place), count)))
    signatures = _Signatures(entries, types, {name for _, _, slots in found for each in slots
                                              for name in each})  # fmt: skip
    vtables = {}
    for entry, vtable_type, slots in found:
        name = (text(entry, c.AT_NAME) or "").removesuffix(_SUFFIX)
        self_type, trait = _split(name)
        vtables[name] = Vtable(
            name,
            trait,
            types.reference(vtable_type, c.AT_CONTAINING_TYPE),
            tuple(signatures.slot(names, self_type) for names in slots),
        )
    return tuple(vtables[name] for name in sorted(vtables))


def _vtable_entries(entries: Entries) -> Iterator[Entry]:
    for unit in entries.units:
        if unit.language != c.LANG_RUST:
            continue
        for entry in entries.routines_with(unit, c.TAG_VARIABLE, c.AT_NAME):
            if (text(entry, c.AT_NAME) or "").endswith(_SUFFIX):
                yield entry


def _methods(elf: Elf, place: Place) -> Place:
    return place._replace(offset=place.offset + _FIXED_SLOTS * elf.address_size)


def _place(elf: Elf, memory: Memory, entry: Entry) -> Place | None:
    """Where a variable stands: its location is one address, or an index of one."""
    location = entry.attributes.get(c.AT_LOCATION)
    if not isinstance(location, bytes) or not location:
        return None
    order = "little" if elf.little_endian else "big"
    if location[0] == c.OP_ADDR:
        if elf.relocatable:
            return memory.relocated(".debug_info", entry.offset, entry.end)
        return memory.place(int.from_bytes(location[1 : 1 + elf.address_size], order))  # type: ignore[arg-type]
    if location[0] == c.OP_ADDRX and len(location) > 1:
        index, _ = read_unsigned(location[:_LONGEST_INDEX] + b"\0", 1)
        base = entry.unit.root.get(c.AT_ADDR_BASE, 8)
        if not isinstance(base, int):
            return None
        start = base + index * elf.address_size
        if elf.relocatable:
            return memory.relocated(".debug_addr", start, start + elf.address_size)
        word = elf.contents(".debug_addr")[start : start + elf.address_size]
        return memory.place(int.from_bytes(word, order))  # type: ignore[arg-type]
    return None


def _split(name: str) -> tuple[str, str]:
    """``<demo::Dog as demo::Animal>`` -> type and trait."""
    inner = name.removeprefix("<").removesuffix(">")
    depth = 0
    for index in range(len(inner) - 1, -1, -1):
        if inner[index] in ">)]" and inner[index - 1 : index + 1] != "->":
            depth += 1
        elif inner[index] in "<([":
            depth -= 1
        elif not depth and inner.startswith(" as ", index):
            return inner[:index], inner[index + 4 :]
    return inner, ""


class _Signatures:
    """Finds the signature of each method by its linker's name."""

    def __init__(self, entries: Entries, types: TypeLoader, names: set[str]) -> None:
        self._types: dict[str, TypeId] = {}
        for unit in entries.units if names else ():
            for entry in entries.routines_with(unit, c.TAG_SUBPROGRAM, c.AT_LINKAGE_NAME):
                name = text(entry, c.AT_LINKAGE_NAME) or ""
                if name in names and name not in self._types:
                    self._types[name] = types.add(types.function(entry), entry.offset)

    def slot(self, names: list[str], self_type: str) -> Slot:
        """The method a slot holds.

        Functions of equal code may have been folded: of several names at one address, the one that
        is a method of the vtable's own type is meant, or a single one that a trait provides; where
        there is none, nothing can be said.
        """
        prefix = f"<{self_type} as "
        own = [name for name in names if demangle(name).startswith(prefix)]
        if not own and len(names) == 1 and _PROVIDED.fullmatch(names[0]):
            own = names
        if len(own) != 1:
            return Slot(None)
        return Slot(own[0], self._types.get(own[0]))


_PROVIDED = re.compile(r"_ZN.*\d[A-Z]\w*\d+[a-z_]\w*17h[0-9a-f]{16}E")
"""A legacy name of ``…::Trait::method``: it does not tell the type for which it was made."""
