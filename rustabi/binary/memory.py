"""Pointers stored in a binary's data, and what their targets are called."""

from __future__ import annotations

import struct
from typing import NamedTuple

from rustabi.binary.elf import Elf, Pointer, Section

_SHF_ALLOC = 2
_RELATIVE = {3: 8, 62: 8, 183: 1027, 243: 3, 258: 3, 22: 12, 40: 23, 21: 22}
"""ELF machine -> the relocation by which a shared object's own addresses are stored."""


class Place(NamedTuple):
    """A place in a binary: a section and an offset in it."""

    section: int
    offset: int


class Memory:
    """Data of a binary as they are when it has been loaded.

    Args:
        elf: The binary.
    """

    def __init__(self, elf: Elf) -> None:
        self._elf = elf
        self._pointers: dict[int, dict[int, Pointer]] = {}
        self._names: dict[Place, list[str]] = {}
        for symbol in elf.symbols():
            if symbol.section and symbol.name and symbol.type in (0, 1, 2, 10):
                place = self._symbol_place(symbol.section, symbol.value)
                self._names.setdefault(place, []).append(symbol.name)
        self._relative = {} if elf.relocatable else self._relative_words()

    def _symbol_place(self, section: int, value: int) -> Place:
        if self._elf.relocatable or section >= len(self._elf.sections):
            return Place(section, value)
        return Place(section, value - self._elf.sections[section].address)

    def _relative_words(self) -> dict[int, int]:
        """Address -> the address stored there when the object is loaded."""
        word = "Q" if self._elf.address_size == 8 else "I"
        order = "<" if self._elf.little_endian else ">"
        layout = struct.Struct(order + word * 2 + word.lower())
        shift = 32 if self._elf.address_size == 8 else 8
        wanted = _RELATIVE.get(self._elf.machine_number)
        words: dict[int, int] = {}
        mask = (1 << shift) - 1
        for section in self._elf.sections:
            if section.type != 4:
                continue
            data = self._elf.raw(section)
            rows = layout.iter_unpack(data[: len(data) // layout.size * layout.size])
            words.update((row[0], row[2]) for row in rows if row[1] & mask == wanted)
        return words

    def place(self, address: int) -> Place | None:
        """Where an address of a linked binary is."""
        for section in self._elf.sections:
            if section.address and section.address <= address < section.address + section.size:
                return Place(section.number, address - section.address)
        return None

    def relocated(self, section: str, start: int, end: int) -> Place | None:
        """Where the first relocated word in [start, end) of ``section`` points.

        Words that name other debug sections, not data or code, are passed over. For objects only.
        """
        known = self._elf.by_name.get(section)
        if known is None:
            return None
        pointers = self._pointers_of(known)
        for offset in range(start, end):
            pointer = pointers.get(offset)
            if pointer is not None and self._is_loaded(pointer.section):
                return Place(pointer.section, pointer.value)
        return None

    def _is_loaded(self, number: int) -> bool:
        """Whether a section is part of the running program."""
        sections = self._elf.sections
        return 0 < number < len(sections) and bool(sections[number].flags & _SHF_ALLOC)

    def _pointers_of(self, section: Section) -> dict[int, Pointer]:
        if section.number not in self._pointers:
            self._pointers[section.number] = self._elf.pointers(section)
        return self._pointers[section.number]

    def pointees(self, place: Place, count: int) -> list[list[str]]:
        """Names of what ``count`` words from ``place`` on point to; several for aliases."""
        if not 0 < place.section < len(self._elf.sections):
            return []
        section = self._elf.sections[place.section]
        width = self._elf.address_size
        offsets = range(place.offset, place.offset + count * width, width)
        if self._elf.relocatable:
            return [self._names_of(self._pointers_of(section).get(offset)) for offset in offsets]
        data = self._elf.raw(section)
        return [self._names_at(section, data, offset) for offset in offsets]

    def _names_of(self, pointer: Pointer | None) -> list[str]:
        if pointer is None:
            return []
        names = list(self._names.get(Place(pointer.section, pointer.value), ()))
        if pointer.symbol and pointer.symbol not in names:
            names.append(pointer.symbol)
        if not names and 0 < pointer.section < len(self._elf.sections):
            name = self._elf.sections[pointer.section].name
            names = [name.removeprefix(".text.")] if name.startswith(".text.") else []
        return names

    def _names_at(self, section: Section, data: bytes, offset: int) -> list[str]:
        width = self._elf.address_size
        order = "little" if self._elf.little_endian else "big"
        word = data[offset : offset + width]
        address = self._relative.get(
            section.address + offset,
            int.from_bytes(word, order),  # type: ignore[arg-type]
        )
        place = self.place(address) if address else None
        return [] if place is None else list(self._names.get(place, ()))
