"""Encodes trees of entries as debug sections, for `tests.dwarf_writer`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from rustabi.dwarf import constants as c
from tests.elf_writer import Relocation

TEXT = -1
"""Stands for the form in which the unit writes strings."""
REFERENCE = -2
"""Stands for DW_FORM_ref4 within the unit, and DW_FORM_ref_addr beyond it."""

Value: TypeAlias = "int | str | bytes | Node"


class Attribute(NamedTuple):
    """An attribute of an entry.

    Attributes:
        number: DW_AT_*.
        form: DW_FORM_*, or `TEXT` or `REFERENCE`.
        value: References take the `Node` itself, or a number to be written as it is.
        indirect: Declare DW_FORM_indirect and write the form into the entry.
    """

    number: int
    form: int
    value: Value
    indirect: bool = False


@dataclass(eq=False)
class Node:
    """An entry: tag, attributes, children.

    Attributes:
        scope: Names of the namespaces to put it in.
        symbol: The linker's name of what it describes, when that is defined here.
        code_size: Bytes of its abbreviation code at least; longer ones are padded.
    """

    tag: int
    attributes: list[Attribute] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    scope: tuple[str, ...] = ()
    symbol: str = ""
    code_size: int = 1

    def add(self, *attributes: Attribute) -> Node:
        """The node itself, with more attributes."""
        self.attributes += attributes
        return self


@dataclass(eq=False)
class Unit:
    """A unit: its entries and how they are written.

    Attributes:
        kind: DW_UT_*; DWARF 4 and older know compile units only.
        text_form: The form of strings.
        offset_size: 8 for the 64-bit DWARF format.
        address_size: None for that of the file.
        files: Names in the line table from number 1 on; empty for no line table.
        first_code: The abbreviation code to start from.
        signature, signed: Of a type unit: the signature, and the type it stands for.
        attributes: More attributes of the unit's own entry, or others in place of the usual ones.
    """

    nodes: list[Node]
    name: str = "demo.rs"
    version: int = 5
    kind: int = c.UT_COMPILE
    language: int = c.LANG_RUST
    producer: str = "rustc version 1.95.0"
    text_form: int = c.FORM_STRP
    offset_size: int = 4
    address_size: int | None = None
    files: Sequence[str] = ()
    first_code: int = 1
    signature: int = 0
    signed: Node | None = None
    attributes: Sequence[Attribute] = ()


# numbers


def unsigned(value: int, size: int = 1) -> bytes:
    """ULEB128 of ``size`` bytes at least."""
    encoded = bytearray()
    while value > 0x7F or len(encoded) < size - 1:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def signed(value: int) -> bytes:
    """SLEB128."""
    encoded = bytearray()
    while not -0x40 <= value < 0x40:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value & 0x7F])


_WIDTHS = {
    c.FORM_DATA1: 1, c.FORM_DATA2: 2, c.FORM_DATA4: 4, c.FORM_DATA8: 8, c.FORM_DATA16: 16,
    c.FORM_FLAG: 1, c.FORM_REF1: 1, c.FORM_REF2: 2, c.FORM_REF4: 4, c.FORM_REF8: 8,
    c.FORM_REF_SIG8: 8, c.FORM_REF_SUP4: 4, c.FORM_REF_SUP8: 8,
    c.FORM_STRX1: 1, c.FORM_STRX2: 2, c.FORM_STRX3: 3, c.FORM_STRX4: 4,
    c.FORM_ADDRX1: 1, c.FORM_ADDRX2: 2, c.FORM_ADDRX3: 3, c.FORM_ADDRX4: 4,
}  # fmt: skip
_VARIABLE = frozenset({
    c.FORM_UDATA, c.FORM_REF_UDATA, c.FORM_STRX, c.FORM_ADDRX, c.FORM_LOCLISTX, c.FORM_RNGLISTX,
    c.FORM_GNU_ADDR_INDEX, c.FORM_GNU_STR_INDEX,
})  # fmt: skip
_OFFSETS = {
    c.FORM_STRP: ".debug_str", c.FORM_LINE_STRP: ".debug_line_str", c.FORM_SEC_OFFSET: "",
    c.FORM_STRP_SUP: "", c.FORM_GNU_REF_ALT: "", c.FORM_GNU_STRP_ALT: "",
}  # fmt: skip
_BLOCKS = {c.FORM_BLOCK1: 1, c.FORM_BLOCK2: 2, c.FORM_BLOCK4: 4}
_INDEXED = frozenset({
    c.FORM_STRX, c.FORM_STRX1, c.FORM_STRX2, c.FORM_STRX3, c.FORM_STRX4, c.FORM_GNU_STR_INDEX,
})  # fmt: skip


# placing


def _below(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _below(child)


def _targets(node: Node) -> Iterator[Node]:
    """What ``node`` and the entries below it refer to."""
    for each in _below(node):
        yield from (row.value for row in each.attributes if isinstance(row.value, Node))


def place(units: Sequence[Unit]) -> list[list[Node]]:
    """The entries of each unit, with those added that are referred to and stand in none."""
    placed = [list(each.nodes) for each in units]
    known = {below for nodes in placed for node in nodes for below in _below(node)}
    for nodes in placed:
        for node in nodes:  # grows on the way
            for target in _targets(node):
                if target not in known:
                    nodes.append(target)
                    known.update(_below(target))
    return placed


def _root(unit: Unit, nodes: Iterable[Node], files_at: int | None) -> Node:
    tags = {c.UT_TYPE: c.TAG_TYPE_UNIT, c.UT_SKELETON: c.TAG_SKELETON_UNIT}
    root = Node(tags.get(unit.kind, c.TAG_COMPILE_UNIT), [
        Attribute(c.AT_PRODUCER, TEXT, unit.producer),
        Attribute(c.AT_LANGUAGE, c.FORM_DATA2, unit.language),
        Attribute(c.AT_NAME, TEXT, unit.name),
    ])  # fmt: skip
    if files_at is not None:
        root.add(Attribute(c.AT_STMT_LIST, c.FORM_SEC_OFFSET, files_at))
    namespaces: dict[tuple[str, ...], Node] = {(): root}
    for node in nodes:
        for depth in range(1, len(node.scope) + 1):
            scope = node.scope[:depth]
            if scope not in namespaces:
                namespaces[scope] = Node(c.TAG_NAMESPACE, [Attribute(c.AT_NAME, TEXT, scope[-1])])
                namespaces[scope[:-1]].children.append(namespaces[scope])
        namespaces[node.scope].children.append(node)
    replaced = {attribute.number for attribute in unit.attributes}
    root.attributes = [each for each in root.attributes if each.number not in replaced]
    return root.add(*unit.attributes)


# encoding


class _Strings:
    """A string section."""

    def __init__(self) -> None:
        self.data = bytearray(b"\0")
        self._offsets: dict[str, int] = {}

    def offset(self, string: str) -> int:
        if string not in self._offsets:
            self._offsets[string] = len(self.data)
            self.data += string.encode("utf-8", "surrogateescape") + b"\0"
        return self._offsets[string]


class Encoder:
    """Encodes units; afterwards `sections` and `relocations` hold the result.

    Args:
        units: In document order.
        little_endian: Byte order.
        address_size: Bytes of an address, where a unit does not say otherwise.
    """

    def __init__(self, units: Sequence[Unit], little_endian: bool, address_size: int) -> None:
        self._order = "<" if little_endian else ">"
        self._address_size = address_size
        self._strings = {".debug_str": _Strings(), ".debug_line_str": _Strings()}
        self._offsets: dict[Node, int] = {}
        self._starts: dict[Node, int] = {}
        self.relocations: list[Relocation] = []  # of the last pass
        self.nodes = place(units)
        lines = bytearray()
        encoders = []
        for unit, nodes in zip(units, self.nodes, strict=True):
            files_at = len(lines) if unit.files else None
            lines += self._line_table(unit) if unit.files else b""
            encoders.append(_UnitEncoder(self, unit, _root(unit, nodes, files_at)))
        self.sections = self._encode(encoders)
        while (again := self._encode(encoders)) != self.sections:  # until no offset moves
            self.sections = again
        self.sections[".debug_line"] = bytes(lines)

    def _encode(self, encoders: Iterable[_UnitEncoder]) -> dict[str, bytes]:
        info, abbreviations, index = bytearray(), bytearray(), bytearray()
        self.relocations = []
        for encoder in encoders:
            encoder.index_base = len(index) + 2 * encoder.unit.offset_size
            encoder.encode(info, abbreviations)
            index += encoder.index_table()
        return {
            ".debug_abbrev": bytes(abbreviations),
            ".debug_info": bytes(info),
            ".debug_str": bytes(self._strings[".debug_str"].data),
            ".debug_line_str": bytes(self._strings[".debug_line_str"].data),
            ".debug_str_offsets": bytes(index),
        }

    def pack(self, value: int, width: int) -> bytes:
        """A number of a fixed number of bytes, negative ones in two's complement."""
        order = "little" if self._order == "<" else "big"
        return (value & (1 << 8 * width) - 1).to_bytes(width, order)  # type: ignore[arg-type]

    def string_offset(self, section: str, string: str) -> int:
        """Where a string stands in its section, now that it is asked for."""
        return self._strings[section].offset(string)

    def relocate(self, offset: int, width: int, target: str, addend: int) -> None:
        """Note that a word of ``.debug_info`` is an offset in another section."""
        self.relocations.append(Relocation(".debug_info", offset, width, target, addend))

    def put(self, node: Node, offset: int, start: int) -> None:
        """Note where an entry, and the unit it is in, begin."""
        self._offsets[node], self._starts[node] = offset, start

    def offset(self, node: Node) -> int:
        """Where an entry stands; 0 as long as that is not known."""
        return self._offsets.get(node, 0)

    def start(self, node: Node) -> int:
        """Where the unit of an entry begins; 0 as long as that is not known."""
        return self._starts.get(node, 0)

    def address_size(self, unit: Unit) -> int:
        """Bytes of an address in ``unit``."""
        return unit.address_size or self._address_size

    def _line_table(self, unit: Unit) -> bytes:
        """A line table of file names alone."""
        if unit.version >= 5:
            body = b"\1" + unsigned(1) + unsigned(c.FORM_STRING) + unsigned(1) + b"/src\0"
            body += b"\2" + unsigned(1) + unsigned(c.FORM_LINE_STRP)
            body += unsigned(2) + unsigned(c.FORM_UDATA) + unsigned(1 + len(unit.files))
            for file in (unit.name, *unit.files):
                at = self.string_offset(".debug_line_str", file)
                body += self.pack(at, unit.offset_size) + b"\0"
        else:
            names = b"".join(file.encode() + b"\0\0\0\0" for file in unit.files)
            body = b"/src\0\0" + names + b"\0"
        fixed = b"\1" + (b"\1" if unit.version >= 4 else b"") + b"\1\xfb\x0e\x0d"
        body = fixed + bytes([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]) + body
        sizes = bytes([self.address_size(unit), 0]) if unit.version >= 5 else b""
        rest = self.pack(unit.version, 2) + sizes + self.pack(len(body), unit.offset_size) + body
        return self.length(unit, len(rest)) + rest

    def length(self, unit: Unit, size: int) -> bytes:
        """The field that says how long a contribution is, and in which DWARF format."""
        if unit.offset_size == 8:
            return b"\xff\xff\xff\xff" + self.pack(size, 8)
        return self.pack(size, 4)


class _UnitEncoder:
    """Encodes one unit."""

    def __init__(self, encoder: Encoder, unit: Unit, root: Node) -> None:
        self._encoder = encoder
        self.unit = unit
        self.index_base = 0
        self._root = root
        self._indexes: dict[str, int] = {}
        self._codes: dict[bytes, int] = {}
        self._start = 0
        self._data = bytearray()

    def encode(self, info: bytearray, abbreviations: bytearray) -> None:
        """Append the unit to ``.debug_info`` and its table to ``.debug_abbrev``."""
        pack, unit, self._start, self._codes = self._encoder.pack, self.unit, len(info), {}
        header_size = len(self._encoder.length(unit, 0)) + len(self._header(0))
        base = Attribute(c.AT_STR_OFFSETS_BASE, c.FORM_SEC_OFFSET, self.index_base)
        root = Node(self._root.tag, [*self._root.attributes, *[base] * bool(self._indexes)])
        root.children = self._root.children
        self._data = info
        info += bytes(header_size)
        self._entry(root)
        header = self._header(len(abbreviations))
        length = len(info) - self._start - header_size + len(header)
        info[self._start : self._start + header_size] = self._encoder.length(unit, length) + header
        for declaration, code in self._codes.items():
            abbreviations += unsigned(code) + declaration
        abbreviations += pack(0, 1)

    def _header(self, abbreviations: int) -> bytes:
        pack, unit = self._encoder.pack, self.unit
        version = pack(unit.version, 2)
        address_size = pack(self._encoder.address_size(unit), 1)
        table = pack(abbreviations, unit.offset_size)
        if unit.version < 5:
            return version + table + address_size
        header = version + pack(unit.kind, 1) + address_size + table
        if unit.kind in (c.UT_SKELETON, c.UT_SPLIT_COMPILE):
            header += pack(unit.signature, 8)
        elif unit.kind in (c.UT_TYPE, c.UT_SPLIT_TYPE):
            at = self._encoder.offset(unit.signed) - self._start if unit.signed else 0
            header += pack(unit.signature, 8) + pack(at, unit.offset_size)
        return header

    def index_table(self) -> bytes:
        """What the unit adds to ``.debug_str_offsets``."""
        pack, size = self._encoder.pack, self.unit.offset_size
        if not self._indexes:
            return b""
        offsets = [self._encoder.string_offset(".debug_str", each) for each in self._indexes]
        rest = pack(5, 2) + pack(0, 2) + b"".join(pack(each, size) for each in offsets)
        return self._encoder.length(self.unit, len(rest)) + rest

    def _entry(self, node: Node) -> None:
        self._encoder.put(node, len(self._data), self._start)
        self._data += unsigned(self._code(node), node.code_size)
        for attribute in node.attributes:
            form = self._form(attribute)
            if attribute.indirect:
                self._data += unsigned(form)
            self._data += self._value(form, attribute.value)
        for child in node.children:
            self._entry(child)
        self._data += b"\0" * bool(node.children)

    def _code(self, node: Node) -> int:
        declaration = unsigned(node.tag) + bytes([bool(node.children)])
        for attribute in node.attributes:
            form = c.FORM_INDIRECT if attribute.indirect else self._form(attribute)
            declaration += unsigned(attribute.number) + unsigned(form)
            if form == c.FORM_IMPLICIT_CONST and isinstance(attribute.value, int):
                declaration += signed(attribute.value)
        declaration += b"\0\0"
        return self._codes.setdefault(declaration, self.unit.first_code + len(self._codes))

    def _form(self, attribute: Attribute) -> int:
        if attribute.form == TEXT:
            return self.unit.text_form
        if attribute.form == REFERENCE and isinstance(attribute.value, Node):
            near = self._encoder.start(attribute.value) == self._start
            return c.FORM_REF4 if near else c.FORM_REF_ADDR
        return attribute.form

    def _value(self, form: int, value: Value) -> bytes:
        if isinstance(value, Node):
            return self._reference(form, value)
        if isinstance(value, str):
            return self._string(form, value)
        if isinstance(value, bytes):
            return self._block(form, value)
        if form in (c.FORM_IMPLICIT_CONST, c.FORM_FLAG_PRESENT):
            return b""
        if form == c.FORM_SDATA:
            return signed(value)
        if form in _VARIABLE:
            return unsigned(value)
        return self._encoder.pack(value, self._width(form))

    def _width(self, form: int) -> int:
        if form == c.FORM_ADDR or (form == c.FORM_REF_ADDR and self.unit.version == 2):
            return self._encoder.address_size(self.unit)
        if form in _OFFSETS or form == c.FORM_REF_ADDR:
            return self.unit.offset_size
        return _WIDTHS[form]

    def _reference(self, form: int, target: Node) -> bytes:
        offset = self._encoder.offset(target)
        if form != c.FORM_REF_ADDR:
            offset -= self._start
        if form == c.FORM_REF_UDATA:
            return unsigned(max(offset, 0))
        return self._encoder.pack(offset, self._width(form))

    def _string(self, form: int, string: str) -> bytes:
        if form == c.FORM_STRING:
            return string.encode("utf-8", "surrogateescape") + b"\0"
        if form in _INDEXED:
            index = self._indexes.setdefault(string, len(self._indexes))
            return self._value(form, index)
        section = _OFFSETS[form]
        offset = self._encoder.string_offset(section, string)
        self._encoder.relocate(len(self._data), self._width(form), section, offset)
        return self._encoder.pack(offset, self._width(form))

    def _block(self, form: int, data: bytes) -> bytes:
        if form == c.FORM_DATA16:
            return data
        if form in (c.FORM_BLOCK, c.FORM_EXPRLOC):
            return unsigned(len(data)) + data
        return self._encoder.pack(len(data), _BLOCKS[form]) + data
