"""Units of ``.debug_info``: their headers, and the tables their entries draw on."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import accumulate

from rustabi.binary.sections import Sections
from rustabi.dwarf import constants as c
from rustabi.dwarf.abbrev import AbbrevSection, Declaration, Table
from rustabi.dwarf.forms import Attributes, Encoding
from rustabi.dwarf.leb128 import read_unsigned
from rustabi.dwarf.line import FileNames
from rustabi.dwarf.reader import Reader
from rustabi.errors import DwarfError

_FEW = 1 << 20
"""Bytes of strings that are decoded at once: most of a small object's are asked for."""


class StringTable(dict[int, str]):
    """Strings of a section by offset, decoded when first asked for."""

    def __init__(self, data: bytes, section: str) -> None:
        super().__init__()
        self._data = data
        self._section = section

    def fill(self) -> None:
        """Decode all strings, where they are few and their characters take a byte each."""
        text = str(self._data, "utf-8", "surrogateescape") if len(self._data) <= _FEW else ""
        if len(text) == len(self._data):
            strings = text.split("\0")[:-1]  # the last one has no NUL
            ends = accumulate([len(each) + 1 for each in strings], initial=0)
            self.update(zip(ends, strings, strict=False))

    def __missing__(self, offset: int) -> str:
        end = self._data.find(b"\0", offset) if 0 <= offset < len(self._data) else -1
        if end < 0:
            raise DwarfError(
                "an entry refers to a string that is not there",
                place=f"{self._section}+{offset:#x}",
                advice="the file is damaged or stripped in part: build it again",
            )
        text = self[offset] = str(self._data[offset:end], "utf-8", "surrogateescape")
        return text


class IndexedStrings(dict[int, str]):
    """Strings of a unit by their index in ``.debug_str_offsets``, decoded when first asked for."""

    def __init__(self, offsets: bytes, base: int, encoding: Encoding, strings: StringTable) -> None:
        super().__init__()
        self._offsets = offsets
        self._base = base
        self._size = encoding.offset_size
        layout = struct.Struct(
            ("<" if encoding.little_endian else ">") + ("Q" if self._size == 8 else "I")
        )
        self._unpack, self._iterate = layout.unpack_from, layout.iter_unpack
        self._strings = strings

    def fill(self) -> None:
        """Look up all strings, where they are few and no other unit has any."""
        size = len(self._offsets)
        if not 8 < size <= _FEW or (self._base, self._size) != (8, 4):
            return
        rest = self._unpack(self._offsets, 0)[0]  # DWARF 5, section 7.26: bytes behind the length
        if rest == size - 4 and not size % 4:
            for index, (offset,) in enumerate(self._iterate(self._offsets[8:])):
                text = self._strings.get(offset)
                if text is not None:
                    self[index] = text

    def __missing__(self, index: int) -> str:
        place = self._base + index * self._size
        if not 0 <= place <= len(self._offsets) - self._size:
            raise DwarfError(
                "an entry refers to a string index that is not there",
                place=f".debug_str_offsets+{place:#x}",
                advice="the file is damaged or stripped in part: build it again",
            )
        (offset,) = self._unpack(self._offsets, place)
        text = self[index] = self._strings[offset]
        return text


class Unit:
    """One unit: where its entries are and how to read them.

    Attributes:
        offset: Start of the header in ``.debug_info``; unit-relative references count from here.
        end: End of the unit.
        first_entry: Position of the unit's own entry.
        encoding: Sizes and byte order.
        kind: DW_UT_* (before DWARF 5 DW_UT_compile, or DW_UT_type for those of ``.debug_types``).
        signature: Type signature of a type unit, and the offset of the type within the unit; or
            None.
        readers: Abbreviation code -> `Reader`.
        root: Attributes of the unit's own entry.
        files: Number in DW_AT_decl_file -> name of the file as written.
        strings, line_strings, indexed_strings: Where string forms look.
    """

    def __init__(self, header: _Header, sections: Sections, info: Info) -> None:
        self.offset = header.offset
        self.end = header.end
        self.first_entry = header.first_entry
        self.encoding = header.encoding
        self.kind = header.kind
        self.signature = header.signature
        self.strings = info.strings
        self.line_strings = info.line_strings
        self.readers = info.readers(header.abbrev_offset, header.encoding)
        self.string_offsets_base = 2 * header.encoding.offset_size
        self.indexed_strings: dict[int, str] = _BaseUnknown()
        self.root = self._read_root(sections)
        self.files = FileNames(sections.lines, self)

    @property
    def name(self) -> str:
        """DW_AT_name: the source file, or rustc's name of the codegen unit."""
        return str(self.root.get(c.AT_NAME, ""))

    @property
    def producer(self) -> str:
        """DW_AT_producer: the compiler's own words."""
        return str(self.root.get(c.AT_PRODUCER, ""))

    @property
    def language(self) -> int | None:
        """DW_AT_language."""
        language = self.root.get(c.AT_LANGUAGE)
        return language if isinstance(language, int) else None

    def _read_root(self, sections: Sections) -> Attributes:
        """Read the unit's entry twice: its strings may need the base that stands in it."""
        data = sections.info
        try:
            code, at = read_unsigned(data, self.first_entry)
            reader = self.readers[code]
            attributes, _ = reader.decode(data, at, self)
            base = attributes.get(c.AT_STR_OFFSETS_BASE)
            if isinstance(base, int):
                self.string_offsets_base = base
            self.indexed_strings = IndexedStrings(
                sections.string_offsets, self.string_offsets_base, self.encoding, self.strings
            )
            self.indexed_strings.fill()
            return reader.decode(data, at, self)[0]
        except (IndexError, KeyError, ValueError, struct.error) as error:
            raise _damaged(self.offset, "its first entry cannot be read") from error


class _BaseUnknown(dict[int, str]):
    """Stands in for a unit's strings until the base of their index is known."""

    def __missing__(self, index: int) -> str:
        return ""


class _Header:
    """The fields of a unit header (DWARF 5, section 7.5.1)."""

    def __init__(self, sections: Sections, offset: int) -> None:
        data, little_endian = sections.info, sections.little_endian
        order = "<" if little_endian else ">"
        (length,) = struct.unpack_from(order + "I", data, offset)
        at = offset + 4
        offset_size = 4
        if length == 0xFFFFFFFF:
            (length,) = struct.unpack_from(order + "Q", data, at)
            at += 8
            offset_size = 8
        elif length >= 0xFFFFFFF0:
            raise _damaged(offset, "reserved unit length")
        self.offset = offset
        self.end = at + length
        if self.end > len(data):
            raise _damaged(offset, "a unit reaches beyond the section")
        (version,) = struct.unpack_from(order + "H", data, at)
        at += 2
        if not 2 <= version <= 5:
            raise DwarfError(
                f"DWARF version {version} is not supported",
                place=f".debug_info+{offset:#x}",
                advice="rustabi reads versions 2 to 5",
            )
        word = order + ("Q" if offset_size == 8 else "I")
        self.signature: tuple[int, int] | None = None
        if version >= 5:
            self.kind, address_size = struct.unpack_from("BB", data, at)
            (self.abbrev_offset,) = struct.unpack_from(word, data, at + 2)
            at += 2 + offset_size
        else:
            in_types = sections.types_at is not None and offset >= sections.types_at
            self.kind = c.UT_TYPE if in_types else c.UT_COMPILE
            (self.abbrev_offset,) = struct.unpack_from(word, data, at)
            (address_size,) = struct.unpack_from("B", data, at + offset_size)
            at += offset_size + 1
        if address_size not in (1, 2, 4, 8):
            raise _damaged(offset, f"address size {address_size}")
        if self.kind in (c.UT_SKELETON, c.UT_SPLIT_COMPILE):
            at += 8
        elif self.kind in (c.UT_TYPE, c.UT_SPLIT_TYPE):
            (signature,) = struct.unpack_from(order + "Q", data, at)
            (type_offset,) = struct.unpack_from(word, data, at + 8)
            self.signature = (signature, offset + type_offset)
            at += 8 + offset_size
        self.first_entry = at
        if at >= self.end:
            raise _damaged(offset, "a unit without entries")
        self.encoding = Encoding(address_size, offset_size, version, little_endian)


def _damaged(offset: int, what: str) -> DwarfError:
    return DwarfError(
        f"damaged unit header: {what}",
        place=f".debug_info+{offset:#x}",
        advice="build the file again",
    )


_UNIT_ATTRIBUTES = frozenset({
    c.AT_NAME, c.AT_PRODUCER, c.AT_LANGUAGE, c.AT_COMP_DIR, c.AT_STMT_LIST, c.AT_STR_OFFSETS_BASE,
    c.AT_ADDR_BASE, c.AT_DWO_NAME, c.AT_GNU_DWO_NAME,
})  # fmt: skip


class Info:
    """The units of ``.debug_info`` and the tables they share.

    Args:
        sections: The section bytes.
        wanted: Attributes to decode; None for all. Fewer is faster.

    Raises:
        DwarfError: A header is damaged.
    """

    def __init__(
        self,
        sections: Sections,
        wanted: frozenset[int] | None = None,
    ) -> None:
        self.sections = sections
        self.strings = StringTable(sections.strings, ".debug_str")
        self.strings.fill()
        self.line_strings = StringTable(sections.line_strings, ".debug_line_str")
        self._abbrev = AbbrevSection(sections.abbrev)
        self._wanted = None if wanted is None else wanted | _UNIT_ATTRIBUTES
        self._compiled: dict[tuple[Encoding, Declaration], Reader] = {}
        self._tables: dict[tuple[int, Encoding], dict[int, Reader]] = {}
        self.units = tuple(self._read_units())

    def readers(self, abbrev_offset: int, encoding: Encoding) -> dict[int, Reader]:
        """Abbreviation code -> reader, for the table at ``abbrev_offset``."""
        key = (abbrev_offset, encoding)
        readers = self._tables.get(key)
        if readers is None:
            readers = self._tables[key] = self._compile(self._abbrev.table(abbrev_offset), encoding)
        return readers

    def _compile(self, table: Table, encoding: Encoding) -> dict[int, Reader]:
        readers = {}
        for code, declaration in table.items():
            reader = self._compiled.get((encoding, declaration))
            if reader is None:
                reader = Reader(declaration, encoding, self._wanted)
                self._compiled[encoding, declaration] = reader
            readers[code] = reader
        return readers

    def _read_units(self) -> Iterator[Unit]:
        data = self.sections.info
        offset = 0
        while offset < len(data):
            try:
                header = _Header(self.sections, offset)
            except struct.error as error:
                raise _damaged(offset, "it is cut off") from error
            yield Unit(header, self.sections, self)
            offset = header.end
