"""Writes small ELF files for tests: sections, symbols, relocations; any byte order and width."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

EM_386, EM_PPC, EM_S390, EM_ARM, EM_X86_64, EM_AARCH64, EM_RISCV = (
    3, 20, 22, 40, 62, 183, 243
)  # fmt: skip
ET_REL, ET_EXEC, ET_DYN = 1, 2, 3
SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_RELA, SHT_NOBITS, SHT_REL = 1, 2, 3, 4, 8, 9
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_COMPRESSED = 1, 2, 4, 0x800
STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_SECTION = 0, 1, 2, 3
STB_LOCAL, STB_GLOBAL, STB_WEAK = 0, 1, 2

ABSOLUTE = {
    EM_386: {4: 1}, EM_PPC: {4: 1}, EM_S390: {4: 4, 8: 22}, EM_ARM: {4: 2},
    EM_X86_64: {4: 10, 8: 1}, EM_AARCH64: {4: 258, 8: 257},
}  # fmt: skip
"""Machine -> width in bytes -> the relocation that stores an address (or offset) of that width."""

_FLAGS = {".text": SHF_ALLOC | SHF_EXECINSTR, ".data": SHF_ALLOC | SHF_WRITE}


class Symbol(NamedTuple):
    """A row of ``.symtab``; without a section it is undefined."""

    name: str
    section: str = ".text"
    value: int = 0
    size: int = 0
    type: int = STT_FUNC
    binding: int = STB_GLOBAL


class Relocation(NamedTuple):
    """A word of ``section`` that holds the address of ``target`` (a section) plus ``addend``."""

    section: str
    offset: int
    width: int
    target: str
    addend: int


class _Header(NamedTuple):
    name: str
    data: bytes
    type: int = SHT_PROGBITS
    flags: int = 0
    link: int = 0
    info: int = 0
    entry_size: int = 0


class ElfWriter:
    """An ELF file to be.

    Args:
        sections: Name -> contents, in the order they are written.
        symbols: Local ones first, as ELF wants them.
        relocations: For relocatable files, see `Relocation`.
        little_endian: Byte order.
        bits: 32 or 64.
        machine: EM_* number.
        file_type: ET_* number.
        flags: Section name -> SHF_*, where it should be other than usual.
        in_place: Write SHT_REL, whose addends stand in the section, in place of SHT_RELA.
    """

    def __init__(
        self,
        sections: Mapping[str, bytes],
        symbols: Iterable[Symbol] = (),
        relocations: Sequence[Relocation] = (),
        *,
        little_endian: bool = True,
        bits: int = 64,
        machine: int = EM_X86_64,
        file_type: int = ET_REL,
        flags: Mapping[str, int] | None = None,
        in_place: bool = False,
    ) -> None:
        self._order = "<" if little_endian else ">"
        self._bits = bits
        self._machine = machine
        self._file_type = file_type
        self._in_place = in_place
        self._numbers = {name: index for index, name in enumerate(sections, 1)}
        self._headers = [_Header("", b"", 0)]
        for name, data in sections.items():
            patched = self._with_addends(name, data, relocations)
            chosen = (flags or {}).get(name, _FLAGS.get(name, 0))
            self._headers.append(_Header(name, patched, flags=chosen))
        rows = [Symbol(name, name, type=STT_SECTION, binding=STB_LOCAL) for name in sections]
        self._add_symbols([*rows, *symbols])
        for name in dict.fromkeys(relocation.section for relocation in relocations):
            self._add_relocations(name, [each for each in relocations if each.section == name])

    def _with_addends(self, name: str, data: bytes, relocations: Iterable[Relocation]) -> bytes:
        """Contents with each relocated word zero, or holding the addend."""
        patched = bytearray(data)
        for relocation in relocations:
            if relocation.section == name:
                addend = relocation.addend if self._in_place else 0
                code = self._order + {4: "I", 8: "Q"}[relocation.width]
                struct.pack_into(code, patched, relocation.offset, addend)
        return bytes(patched)

    def _add_symbols(self, symbols: Sequence[Symbol]) -> None:
        names = bytearray(b"\0")
        rows = [self._symbol(0, 0, 0, 0, 0)]
        for symbol in symbols:
            at = 0
            if symbol.type != STT_SECTION:
                at = len(names)
                names += symbol.name.encode() + b"\0"
            section = self._numbers.get(symbol.section, 0)
            info = symbol.binding << 4 | symbol.type
            rows.append(self._symbol(at, info, section, symbol.value, symbol.size))
        self._symbol_table = len(self._headers)
        local = 1 + sum(symbol.binding == STB_LOCAL for symbol in symbols)
        link = self._symbol_table + 1
        self._headers += [
            _Header(".symtab", b"".join(rows), SHT_SYMTAB, 0, link, local, len(rows[0])),
            _Header(".strtab", bytes(names), SHT_STRTAB),
        ]

    def _symbol(self, name: int, info: int, section: int, value: int, size: int) -> bytes:
        if self._bits == 64:
            return struct.pack(self._order + "IBBHQQ", name, info, 0, section, value, size)
        return struct.pack(self._order + "IIIBBH", name, value, size, info, 0, section)

    def _add_relocations(self, name: str, relocations: Sequence[Relocation]) -> None:
        word = "Q" if self._bits == 64 else "I"
        layout = self._order + word * 2 + ("" if self._in_place else word.lower())
        shift = 32 if self._bits == 64 else 8
        rows = []
        for relocation in relocations:
            kind = ABSOLUTE[self._machine][relocation.width]
            info = self._numbers[relocation.target] << shift | kind
            addend = () if self._in_place else (relocation.addend,)
            rows.append(struct.pack(layout, relocation.offset, info, *addend))
        prefix, kind = (".rel", SHT_REL) if self._in_place else (".rela", SHT_RELA)
        self._headers.append(
            _Header(
                prefix + name, b"".join(rows), kind, 0, self._symbol_table, self._numbers[name],
                struct.calcsize(layout),
            )
        )  # fmt: skip

    def data(self) -> bytes:
        """The file."""
        names = b"\0" + b"".join(each.name.encode() + b"\0" for each in self._headers[1:])
        names += b".shstrtab\0"
        headers = [*self._headers, _Header(".shstrtab", names, SHT_STRTAB)]
        file = bytearray(64 if self._bits == 64 else 52)
        rows = []
        for header in headers:
            file += bytes(-len(file) % 8)
            name = names.index(b"\0" + header.name.encode() + b"\0") + 1 if header.name else 0
            fields = (
                name, header.type, header.flags, 0, len(file) if header.type else 0,
                len(header.data), header.link, header.info, 1 if header.type else 0,
                header.entry_size,
            )  # fmt: skip
            rows.append(
                struct.pack(self._order + ("IIQQQQIIQQ" if self._bits == 64 else "10I"), *fields)
            )
            file += header.data
        file += bytes(-len(file) % 8)
        start = self._file_header(len(file), len(rows))
        file[: len(start)] = start
        return bytes(file) + b"".join(rows)

    def _file_header(self, section_headers: int, count: int) -> bytes:
        wide = self._bits == 64
        return struct.pack(
            self._order + "16s HHI" + ("QQQ" if wide else "III") + "I HHHHHH",
            bytes([0x7F, *b"ELF", 2 if wide else 1, 1 if self._order == "<" else 2, 1]),
            self._file_type, self._machine, 1, 0, 0, section_headers, 0,
            64 if wide else 52, 0, 0, 64 if wide else 40, count, count - 1,
        )  # fmt: skip
