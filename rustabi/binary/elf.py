"""ELF files: sections decompressed and relocated, symbols, notes.

Headers and tables are unpacked whole, because objects have thousands of sections and kernels
hundreds of thousands of symbols. pyelftools is what the tests hold this against.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from rustabi.binary.relocation import ABSOLUTE, Row, Target, apply
from rustabi.binary.sections import Sections
from rustabi.errors import InputError
from rustabi.lean import NamedTuple

_SHN_XINDEX = 0xFFFF
_SHT_RELA, _SHT_NOBITS, _SHT_REL = 4, 8, 9
_ET_REL = 1
_SHF_WRITE, _SHF_ALLOC, _SHF_EXECINSTR, _SHF_TLS, _SHF_COMPRESSED = 1, 2, 4, 0x400, 0x800
_SHF_GROUP = 0x200
_TYPES = (".debug_types", ".zdebug_types")
_LARGEST_SECTION = 8 << 30
"""Bytes that a compressed section may claim to hold: more than any real one, less than memory."""

_AT_ONCE = 1 << 12
"""Relocations that are unpacked at a time."""

_LARGEST_RATIO = 2000
"""Bytes that a compressed byte may stand for: zlib reaches 1032 at most, debug info about 6."""

MACHINES = {
    3: "i386", 8: "mips", 20: "powerpc", 21: "powerpc64", 22: "s390", 40: "arm", 62: "x86_64",
    183: "aarch64", 243: "riscv", 258: "loongarch",
}  # fmt: skip
"""ELF machine number -> the name used in reports."""


class ElfSymbol(NamedTuple):
    """One row of a symbol table.

    Attributes:
        section: Section index with the extended table applied; 0 for undefined symbols.
        binding: STB_*: 0 local, 1 global, 2 weak.
        type: STT_*: 1 object, 2 function, 6 TLS.
        visibility: STV_*: 0 default, 1 internal, 2 hidden, 3 protected.
    """

    name: str
    value: int
    size: int
    section: int
    binding: int
    type: int
    visibility: int


class Section(NamedTuple):
    """A section header.

    Attributes:
        number: Which section it is, counted from 0.
        link, info: As ELF says: of a relocation section, the symbol table and the section it is
            for.
    """

    number: int
    name: str
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    entry_size: int


class Pointer(NamedTuple):
    """A relocated word: where it points.

    Attributes:
        symbol: The symbol's name; empty for a section symbol.
        section: Section index of the target; 0 when it is defined elsewhere.
        value: Offset in that section (in a relocatable file) or address.
    """

    symbol: str
    section: int
    value: int


class Elf:
    """An ELF file held in memory.

    Args:
        data: The whole file.
        path: Its name in messages.

    Raises:
        InputError: The data are not ELF, or its headers are damaged.
    """

    def __init__(self, data: bytes, path: str) -> None:
        self.path = path
        self._data = data
        self._relocated: dict[str, bytes] = {}
        if data[:4] != b"\x7fELF":
            raise InputError(
                "not an ELF file", path=path, advice="name an object, module or library"
            )
        self.sections = self._read_headers()
        self.by_name = {section.name: section for section in reversed(self.sections)}
        self._type_units = self._type_unit_sections()

    def _read_headers(self) -> tuple[Section, ...]:
        data = self._data
        if len(data) < 6 or data[4] not in (1, 2) or data[5] not in (1, 2):
            raise self._damaged("its class or byte order is unknown")
        self.address_size = 4 * data[4]
        self.little_endian = data[5] == 1
        word = "Q" if self.address_size == 8 else "I"
        try:
            fields = struct.unpack_from(f"{self._order}HHI3{word}I6H", data, 16)
        except struct.error as error:
            raise self._damaged("it ends within its header") from error
        self.relocatable = fields[0] == _ET_REL
        self.machine_number = fields[1]
        return tuple(self._read_sections(fields[5], fields[11], fields[12]))

    @property
    def _order(self) -> str:
        return "<" if self.little_endian else ">"

    @property
    def machine(self) -> str:
        """Name of the architecture."""
        return MACHINES.get(self.machine_number, f"machine {self.machine_number}")

    def _read_sections(self, offset: int, count: int, names_in: int) -> Iterator[Section]:
        """Section headers, unpacked at once: objects have thousands of them."""
        if not offset:
            return
        layout = struct.Struct(self._order + ("IIQQQQIIQQ" if self.address_size == 8 else "10I"))
        end = offset + max(count, 1) * layout.size
        if end > len(self._data):
            raise self._damaged("it ends before its section headers")
        first = layout.unpack_from(self._data, offset)
        if count == 0:  # more than 65,279: the number stands in the first header
            count = first[5]
            end = offset + count * layout.size
        if names_in == _SHN_XINDEX:
            names_in = first[6]
        if end > len(self._data) or names_in >= count:
            raise self._damaged("its section headers do not fit together")
        rows = list(layout.iter_unpack(self._data[offset:end]))
        names_at, names_size = rows[names_in][4:6]
        names = self._data[names_at : names_at + names_size]
        for index, row in enumerate(rows):
            name, kind, flags, address, start, size, link, info, _, entry_size = row
            if kind not in (0, _SHT_NOBITS) and start + size > len(self._data):
                raise self._damaged(f"it ends within section {_string(names, name) or index}")
            yield Section(
                index,
                _string(names, name),
                kind,
                flags,
                address,
                start,
                size,
                link,
                info,
                entry_size,
            )

    def _damaged(self, what: str) -> InputError:
        return InputError(
            f"damaged ELF file: {what}",
            path=self.path,
            advice="it may be cut off: copy or build it again",
        )

    # contents

    def raw(self, section: Section) -> bytes:
        """Bytes of a section, decompressed; empty for one without contents in the file."""
        if section.type == _SHT_NOBITS:
            return b""
        data = self._data[section.offset : section.offset + section.size]
        if section.flags & _SHF_COMPRESSED:
            return self._decompress(section, data)
        if section.name.startswith(".zdebug_") and data[:4] == b"ZLIB":
            return self._inflate(section, data[12:], int.from_bytes(data[4:12], "big"))
        return data

    def _decompress(self, section: Section, data: bytes) -> bytes:
        layout = self._order + ("IIQQ" if self.address_size == 8 else "III")
        try:
            fields = struct.unpack_from(layout, data)
        except struct.error as error:
            raise self._damaged(f"section {section.name} is cut off") from error
        kind, size = fields[0], fields[2 if self.address_size == 8 else 1]
        body = data[struct.calcsize(layout) :]
        if kind == 1:
            return self._inflate(section, body, size)
        if kind == 2:
            return self._unzstd(section, body, size)
        raise InputError(
            f"section {section.name} is compressed in an unknown way ({kind})",
            path=self.path,
            advice="decompress it with objcopy --decompress-debug-sections",
        )

    def _inflate(self, section: Section, body: bytes, size: int) -> bytes:
        self._check_size(section, size, len(body))
        inflater = zlib.decompressobj()
        try:
            data = inflater.decompress(body, size + 1)
        except zlib.error as error:
            raise self._damaged(f"section {section.name} does not decompress") from error
        if len(data) == size and not inflater.eof:  # cut off within the checksum
            raise self._damaged(f"section {section.name} does not decompress")
        return self._checked(section, data, size)

    def _unzstd(self, section: Section, body: bytes, size: int) -> bytes:
        from rustabi.binary.zstd import decompress

        self._check_size(section, size, len(body))
        data = decompress(body, size)
        if data is None:
            raise self._damaged(f"section {section.name} does not decompress")
        return self._checked(section, data, size)

    def _check_size(self, section: Section, size: int, compressed: int) -> None:
        if size > min(_LARGEST_SECTION, _LARGEST_RATIO * compressed + _LARGEST_RATIO):
            raise self._damaged(f"section {section.name} claims {size} bytes in {compressed}")

    def _checked(self, section: Section, data: bytes, size: int) -> bytes:
        if len(data) != size:
            raise self._damaged(f"section {section.name} does not hold what it claims")
        return data

    def contents(self, name: str) -> bytes:
        """Bytes of the named section, decompressed and, in a relocatable file, relocated.

        Args:
            name: Section name; for ``.debug_*`` the older ``.zdebug_*`` is taken too.

        Returns:
            The bytes; empty when there is no such section.
        """
        section = self.by_name.get(name)
        if section is None and name.startswith(".debug_"):
            section = self.by_name.get(".z" + name[1:])
        if section is None:
            return b""
        if name not in self._relocated:
            data = self.raw(section)
            self._relocated[name] = self._relocate(section, data) if self.relocatable else data
        return self._relocated[name]

    def _type_unit_sections(self) -> list[Section]:
        """Sections beside the main ``.debug_info`` that hold one type unit each, or all of them.

        With -fdebug-types-section each type of an object is in a group of its own, of which a
        linker keeps one; in a section ``.debug_info``, or before DWARF 5 ``.debug_types``.
        """
        infos = [section for section in self.sections if section.name == ".debug_info"]
        grouped = [section for section in infos if section.flags & _SHF_GROUP]
        if grouped and len(grouped) < len(infos):
            self.by_name[".debug_info"] = next(
                section for section in infos if not section.flags & _SHF_GROUP
            )
        main = self.by_name.get(".debug_info")
        types = [section for section in self.sections if section.name in _TYPES]
        return [*(section for section in infos if section is not main), *types]

    def debug_sections(self) -> Sections:
        """The sections that DWARF is read from."""
        info = self.contents(".debug_info")
        types_at = None
        if self._type_units:
            parts = [info]
            for section in self._type_units:
                if section.name in _TYPES and types_at is None:
                    types_at = sum(map(len, parts))
                data = self.raw(section)
                parts.append(self._relocate(section, data) if self.relocatable else data)
            info = b"".join(parts)
        return Sections(
            info=info,
            abbrev=self.contents(".debug_abbrev"),
            strings=self.contents(".debug_str"),
            line_strings=self.contents(".debug_line_str"),
            string_offsets=self.contents(".debug_str_offsets"),
            lines=self.contents(".debug_line"),
            types_at=types_at,
            little_endian=self.little_endian,
        )

    # symbols

    def symbols(self, table: str = ".symtab") -> list[ElfSymbol]:
        """Rows of a symbol table, the empty first one included; none without such a table."""
        section = self.by_name.get(table)
        if section is None:
            return []
        return self._read_symbols(section)

    def _read_symbols(self, section: Section) -> list[ElfSymbol]:
        if not 0 <= section.link < len(self.sections):
            raise self._damaged(f"section {section.name} names no string table")
        names = self.raw(self.sections[section.link])
        extended = self._extended_indexes(section)
        symbols = []
        for index, row in enumerate(self._symbol_rows(section)):
            name, info, other, shndx, value, size = row
            if shndx == _SHN_XINDEX and index < len(extended):
                shndx = extended[index]
            symbols.append(
                ElfSymbol(_string(names, name), value, size, shndx, info >> 4, info & 15, other & 3)
            )
        return symbols

    def _symbol_rows(self, section: Section) -> Iterator[tuple[int, int, int, int, int, int]]:
        data = self.raw(section)
        if self.address_size == 8:
            layout = struct.Struct(self._order + "IBBHQQ")
            yield from layout.iter_unpack(data[: len(data) // 24 * 24])
        else:
            layout = struct.Struct(self._order + "IIIBBH")
            for name, value, size, info, other, shndx in layout.iter_unpack(
                data[: len(data) // 16 * 16]
            ):
                yield name, info, other, shndx, value, size

    def _extended_indexes(self, table: Section) -> tuple[int, ...]:
        """SHT_SYMTAB_SHNDX of ``table``: section numbers that do not fit into a symbol."""
        for section in self.sections:
            if section.type == 18 and section.link == table.number:
                data = self.raw(section)
                return struct.unpack(self._order + f"{len(data) // 4}I", data[: len(data) // 4 * 4])
        return ()

    # relocations

    def _relocation_tables(self, target: Section) -> Iterator[tuple[int, list[Row]]]:
        """Relocations for ``target``, some at a time, and the symbol table that they name."""
        word = "Q" if self.address_size == 8 else "I"
        for section in self.sections:
            if section.info == target.number and section.type in (_SHT_RELA, _SHT_REL):
                addend = word.lower() if section.type == _SHT_RELA else ""
                layout = struct.Struct(self._order + word * 2 + addend)
                data = memoryview(self.raw(section))
                whole = len(data) // layout.size * layout.size
                step = layout.size * _AT_ONCE
                for start in range(0, whole, step):
                    rows = layout.iter_unpack(data[start : min(start + step, whole)])
                    yield section.link, list(rows)

    def _kind_and_symbol(self, info: int) -> tuple[int, int]:
        """The type of a relocation, and the index of its symbol."""
        shift = 32 if self.address_size == 8 else 8
        return info & (1 << shift) - 1, info >> shift

    def _relocate(self, section: Section, data: bytes) -> bytes:
        """Apply the absolute relocations of a debug section (they are the only kind in it)."""
        patched: bytearray | None = None
        values: dict[int, list[int]] = {}
        for table, rows in self._relocation_tables(section):
            if patched is None:
                patched = bytearray(data)
            if table not in values:
                values[table] = self._symbol_values(table)
            targets = self._targets(section, rows, values[table])
            try:
                apply(patched, rows, targets, self._order)
            except (struct.error, IndexError, OverflowError) as error:
                what = f"a relocation of {section.name} is out of range"
                raise self._damaged(what) from error
        return data if patched is None else bytes(patched)

    def _targets(self, section: Section, rows: list[Row], values: list[int]) -> dict[int, Target]:
        """What the relocations of a section are about, by the info they have."""
        known, found = ABSOLUTE.get(self.machine_number, {}), {}
        first: dict[int, int] = {}
        for row in rows:
            first.setdefault(row[1], row[0])
        for info, offset in first.items():
            kind, symbol = self._kind_and_symbol(info)
            width = known.get(kind)
            if width is None:
                raise InputError(
                    f"relocation type {kind} of {self.machine} is not supported",
                    path=self.path,
                    place=f"{section.name}+{offset:#x}",
                    advice="link the object, or report the type",
                )
            if width and symbol >= len(values):
                raise self._damaged(f"a relocation of {section.name} is out of range")
            found[info] = Target(width, values[symbol] if width else 0)
        return found

    def _symbol_values(self, table: int) -> list[int]:
        if not 0 <= table < len(self.sections):
            raise self._damaged("relocations name no symbol table")
        return [row[4] for row in self._symbol_rows(self.sections[table])]

    def pointers(self, section: Section) -> dict[int, Pointer]:
        """Relocated words of a section: offset in it -> where it points; none once linked."""
        result: dict[int, Pointer] = {}
        symbols: dict[int, list[ElfSymbol]] = {}
        for table, rows in self._relocation_tables(section):
            if table not in symbols and 0 <= table < len(self.sections):
                symbols[table] = self._read_symbols(self.sections[table])
            known = symbols.get(table, [])
            for offset, info, *addend in rows:
                _, index = self._kind_and_symbol(info)
                if index < len(known):
                    symbol = known[index]
                    name = "" if symbol.type == 3 else symbol.name
                    result[offset] = Pointer(name, symbol.section, symbol.value + sum(addend))
        return result

    # facts

    def build_id(self) -> str | None:
        """The build-id in hexadecimal, or None."""
        section = self.by_name.get(".note.gnu.build-id")
        if section is None:
            return None
        data = self.raw(section)
        if len(data) < 16:
            return None
        name_size, size, kind = struct.unpack_from(self._order + "III", data)
        start = 12 + (name_size + 3 & ~3)
        if kind != 3 or start + size > len(data):
            return None
        return data[start : start + size].hex()


def _string(table: bytes, offset: int) -> str:
    end = table.find(b"\0", offset)
    if end < 0:
        end = len(table)
    return str(table[offset:end], "utf-8", "surrogateescape")
