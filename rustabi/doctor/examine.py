"""What each file and archive member says of its own debug info, without reading any type.

Nothing here gives up: what cannot be read is noted in the piece, and the next one is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rustabi.binary.archive import archive_members, is_archive
from rustabi.binary.elf import Elf, Section
from rustabi.binary.exports import Exports, exports_of
from rustabi.binary.open import read_binary
from rustabi.doctor.origins import is_prebuilt, is_std_member
from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries
from rustabi.dwarf.unit import Info, Unit
from rustabi.errors import RustabiError
from rustabi.loader.depth import State, depth_of
from rustabi.loader.wanted import WANTED
from rustabi.pieces import BITCODE, NO_OBJECT, Binary

_SHF_ALLOC, _SHF_EXECINSTR, _SHF_COMPRESSED = 2, 4, 0x800
_SHT_NOBITS = 8
_STT_NOTYPE = 0
_ALTERNATE = frozenset(
    {c.FORM_GNU_REF_ALT, c.FORM_GNU_STRP_ALT, c.FORM_REF_SUP4, c.FORM_REF_SUP8, c.FORM_STRP_SUP}
)
_KERNEL_SECTIONS = frozenset({
    ".modinfo", ".gnu.linkonce.this_module", "__ksymtab", "__ksymtab_gpl", ".export_symbol",
    ".orc_unwind", "__mcount_loc", "__bug_table", ".altinstructions",
})  # fmt: skip
"""Sections that only a kernel, its modules and its objects have."""
_KERNEL_CRATE = "rust/kernel/lib.rs"


class UnitFacts(NamedTuple):
    """A unit as its own entry and its abbreviations tell.

    Attributes:
        name: The source file.
        crate: The same for all units of a crate, see `rustabi.loader.depth.Depth`.
        producer: The compiler's own words; empty in a skeleton.
        version: Of DWARF.
        state: How much it says.
        split: The .dwo file that a skeleton names, or an empty string.
        rust, c: Of which language; neither for a skeleton, which does not say.
        namespaces: It has entries of namespaces: line tables do without.
        crossing: It refers to entries of other units, as after link-time optimisation.
        alternate: It refers to a file shared with others (dwz).
    """

    name: str
    crate: str
    producer: str
    version: int
    state: State
    split: str
    rust: bool
    c: bool
    namespaces: bool
    crossing: bool
    alternate: bool

    @property
    def telling(self) -> bool:
        """Whether it describes types, or seems to need none."""
        return self.state in ("typed", "open")

    @property
    def prebuilt(self) -> bool:
        """Whether it came with the compiler: of the standard library."""
        return is_prebuilt(self.crate)


class Piece(NamedTuple):
    """A file or archive member.

    Attributes:
        label: Its name in messages; of a member with its archive where there are several.
        binary: `Symbol.binary` of its symbols.
        machine: ELF name of its architecture.
        bitcode: It is LLVM bitcode.
        error: Why no more could be found out.
        packed: Compressed sections that could not be unpacked.
        sections: Names.
        table: It has a table of all symbols (``.symtab``).
        hollow: It has debug info, and its code was taken out.
        separate: The file that has its debug info, as ``.gnu_debuglink`` names it; may be empty.
        dwp: The .dwp file beside it, or an empty string.
        build_id: Hexadecimal, or None.
        comment: What compilers and linkers left in ``.comment``.
        units: Of ``.debug_info``.
        exports: Names of exported symbols.
        rule: How they were told.
        labels: Those of an assembler: without a type in the symbol table, or in its units.
        strings: ``.debug_str``.
    """

    label: str
    binary: str
    machine: str = ""
    bitcode: bool = False
    error: RustabiError | None = None
    packed: tuple[str, ...] = ()
    sections: frozenset[str] = frozenset()
    table: bool = False
    hollow: bool = False
    separate: str = ""
    dwp: str = ""
    build_id: str | None = None
    comment: str = ""
    units: tuple[UnitFacts, ...] = ()
    exports: tuple[str, ...] = ()
    rule: str = ""
    labels: frozenset[str] = frozenset()
    strings: bytes = b""

    @property
    def described(self) -> bool:
        """Whether it has debug info, readable or not."""
        broken = bool(self.error or self.packed)
        named = not self.sections.isdisjoint((".debug_info", ".zdebug_info"))
        return bool(self.units) or (broken and named)

    @property
    def std(self) -> bool:
        """Whether it is of the standard library that comes with the compiler."""
        units = self.units
        return all(unit.prebuilt for unit in units) if units else is_std_member(self.label)

    @property
    def rejected(self) -> bool:
        """Whether it has debug info, but no unit that says of types."""
        return bool(self.units) and not any(unit.telling for unit in self.units)

    @property
    def kernel(self) -> bool:
        """Whether it is of a Linux kernel."""
        crates = (unit.name.endswith(_KERNEL_CRATE) for unit in self.units)
        return not self.sections.isdisjoint(_KERNEL_SECTIONS) or any(crates)


def examine(binaries: Iterable[Binary], *, alone: bool) -> list[Piece]:
    """The pieces of some binaries: each file, of an archive each member that is code.

    Args:
        binaries: The files.
        alone: There is only one, which then needs no name before those of its members.
    """
    return [piece for binary in binaries for piece in _pieces(binary, alone=alone)]


def _pieces(binary: Binary, *, alone: bool) -> Iterator[Piece]:
    file = binary.name or binary.path.name
    try:
        data = read_binary(binary.path)
        if not is_archive(data):
            packed = binary.path.with_name(f"{binary.path.name}.dwp")
            piece = piece_of(data, file, binary.name)
            yield piece._replace(dwp=packed.name if packed.is_file() else "")
            return
        for member in archive_members(data, binary.path):
            if is_code(member.data) and not member.name.endswith(NO_OBJECT):
                label = member.name if alone else f"{file}({member.name})"
                yield piece_of(member.data, label, binary.name)
    except RustabiError as error:
        yield Piece(file, binary.name, error=error)


def is_code(data: bytes) -> bool:
    """Whether it is an ELF file, or LLVM bitcode, which other commands refuse."""
    return data.startswith((b"\x7fELF", *BITCODE))


def piece_of(data: bytes, label: str, binary: str = "") -> Piece:
    """What ``data`` say of themselves."""
    if data.startswith(BITCODE):
        return Piece(label, binary, bitcode=True)
    piece = Piece(label, binary)
    try:
        elf = Elf(data, label)
        piece = _with_sections(piece, elf)
        piece = _with_exports(piece, elf, exports_of(elf))
        if piece.packed:
            return piece
        sections = elf.debug_sections()
        piece = piece._replace(strings=sections.strings)
        entries = Entries(Info(sections, WANTED))
        units = tuple(_unit(entries, unit) for unit in entries.units)
        return piece._replace(units=units, labels=piece.labels | _assembled(piece, entries))
    except RustabiError as error:
        return piece._replace(error=error)


def _with_sections(piece: Piece, elf: Elf) -> Piece:
    names = [section.name for section in elf.sections]
    return piece._replace(
        machine=elf.machine,
        packed=tuple(each.name for each in elf.sections if _is_stuck(elf, each)),
        sections=frozenset(names),
        table=".symtab" in names,
        hollow=_is_hollow(elf),
        separate=_text(_contents(elf, ".gnu_debuglink").partition(b"\0")[0]),
        build_id=elf.build_id(),
        comment=_text(_contents(elf, ".comment").replace(b"\0", b"\n").strip()),
    )


def _is_stuck(elf: Elf, section: Section) -> bool:
    """Whether it is a debug section that is compressed and cannot be unpacked."""
    plain = not section.flags & _SHF_COMPRESSED and not section.name.startswith(".zdebug_")
    if plain or not section.name.startswith((".debug_", ".zdebug_")):
        return False
    try:
        elf.raw(section)
    except RustabiError:
        return True
    return False


def _is_hollow(elf: Elf) -> bool:
    """Whether the code was taken out (``objcopy --only-keep-debug``): it has a size and no bytes.

    An object's own empty sections are of the type of code.
    """
    code = [s for s in elf.sections if s.flags & _SHF_EXECINSTR and s.flags & _SHF_ALLOC and s.size]
    return bool(code) and all(section.type == _SHT_NOBITS for section in code)


def _contents(elf: Elf, name: str) -> bytes:
    section = elf.by_name.get(name)
    try:
        return b"" if section is None else elf.raw(section)
    except RustabiError:  # not needed for a verdict
        return b""


def _text(data: bytes) -> str:
    return str(data, "utf-8", "replace")


def _with_exports(piece: Piece, elf: Elf, exports: Exports) -> Piece:
    wanted = set(exports.names)
    rows = [*elf.symbols(), *elf.symbols(".dynsym")]
    labels = {row.name for row in rows if row.section and row.binding and row.type == _STT_NOTYPE}
    return piece._replace(
        exports=exports.names, rule=exports.rule, labels=frozenset(labels & wanted)
    )


# units


def _assembled(piece: Piece, entries: Entries) -> frozenset[str]:
    """The exported symbols that an assembler's units name; GNU as does from 2.35 on."""
    names = {
        entries.entry(offset, unit).attributes.get(c.AT_NAME)
        for unit in entries.units
        if unit.language in c.LANG_ASSEMBLER
        for offset in entries.outline(unit).routines
    }
    return frozenset(name for name in piece.exports if name in names)


def _unit(entries: Entries, unit: Unit) -> UnitFacts:
    depth = depth_of(entries, unit)
    forms = _forms(unit)
    language = unit.language
    is_rust = language == c.LANG_RUST
    return UnitFacts(
        name=_root_text(unit, c.AT_NAME).split("/@/")[0],
        crate=depth.crate,
        producer=_root_text(unit, c.AT_PRODUCER),
        version=unit.encoding.version,
        state=depth.state,
        split=_root_text(unit, c.AT_DWO_NAME) or _root_text(unit, c.AT_GNU_DWO_NAME),
        rust=is_rust,
        c=language is not None and not is_rust and language not in c.LANG_ASSEMBLER,
        namespaces=bool(entries.outline(unit).namespaces),
        crossing=c.FORM_REF_ADDR in forms,
        alternate=not forms.isdisjoint(_ALTERNATE),
    )


def _root_text(unit: Unit, attribute: int) -> str:
    """A text of the unit's own entry; empty where it is in another file (dwz)."""
    value = unit.root.get(attribute)
    return value if isinstance(value, str) else ""


def _forms(unit: Unit) -> frozenset[int]:
    """The forms that its abbreviations use: compilers write none that they do not use."""
    return frozenset(
        specification.form
        for reader in unit.readers.values()
        for specification in reader.declaration.specifications
    )
