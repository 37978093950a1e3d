"""Which symbols a binary exports: the names other binaries can be compiled against."""

from __future__ import annotations

from rustabi.binary.elf import Elf, ElfSymbol
from rustabi.lean import NamedTuple
from rustabi.model import Storage

_SHF_WRITE, _SHF_ALLOC, _SHF_EXECINSTR = 1, 2, 4
_STT_TLS = 6
_GLOBAL, _WEAK = 1, 2
_SHN_COMMON = 0xFFF2
"""The section of variables that GCC leaves to the linker to place, with -fcommon."""
_FUNCTION_LIKE = ("__pfx", "__cfi", "__odr_asan")
"""Names that rust/Makefile leaves out: compiler helpers that no module imports."""


EXPORT_TABLES = {"__ksymtab": "__ksymtab_", ".export_symbol": "__export_symbol_"}
"""Sections in which kernels and modules say what they export -> the prefix of the symbols there."""

MODULE_SECTION = ".gnu.linkonce.this_module"
"""Every module has it, and nothing else (scripts/mod/modpost.c writes it)."""

NOTHING = "module without __ksymtab"
"""The rule by which a module exports nothing: its global symbols are for its own objects alone."""


class Exports(NamedTuple):
    """The exported symbols of a binary.

    Attributes:
        names: Sorted.
        rule: How they were told, in words.
        places: Name -> (section, value) of every defined global symbol: equal places are aliases.
        storage: Name -> where it is put, of the same symbols.
    """

    names: tuple[str, ...]
    rule: str
    places: dict[str, tuple[int, int]]
    storage: dict[str, Storage]


def exports_of(elf: Elf) -> Exports:
    """The exported symbols, by the first rule that yields any.

    1. ``__ksymtab``: symbols named ``__ksymtab_*`` in a linked kernel or module (Linux, all
        versions).
    2. ``.export_symbol``: symbols named ``__export_symbol_*`` in a kernel object (Linux 6.4 and
        newer).
    3. A module without either exports nothing: the loader enters the symbols of ``__ksymtab``
       alone (kernel/module/main.c: ``find_exported_symbol_in_section``). One whose table is there,
       but whose names were stripped, goes on to rule 5.
    4. The dynamic symbol table of a shared library.
    5. Global symbols that ``nm`` marks T, R, D or B: what rust/Makefile exports from an object.
        Hidden ones do not leave a shared library, but do leave an object, so they stay. Weak ones
        and C's common variables (W, V, C) can be linked against like any other; hidden weak ones
        are the compiler's own (``DW.ref.rust_eh_personality``), and so are those of rustc's objects
        (``memcpy`` of compiler_builtins in a library for C): stable Rust has no weak symbols.
    """
    symbols = elf.symbols()
    places = _places(symbols)
    storage = _storage(elf, symbols)
    for section, prefix in EXPORT_TABLES.items():
        if any(name.startswith(section) for name in elf.by_name):
            names = {s.name.removeprefix(prefix) for s in symbols if s.name.startswith(prefix)}
            if names:
                return Exports(tuple(sorted(names)), section, places, storage)
    if exports_nothing(elf):
        return Exports((), NOTHING, places, storage)
    if not elf.relocatable and ".dynsym" in elf.by_name:
        dynamic = elf.symbols(".dynsym")
        names = {symbol.name for symbol in dynamic if symbol.section and symbol.binding}
        names.discard("")
        if names:
            rule = "dynamic symbols"
            return Exports(
                tuple(sorted(names)),
                rule,
                {**_places(dynamic), **places},
                {**_storage(elf, dynamic), **storage},
            )
    bindings = {_GLOBAL} if _is_rustc_alone(elf) else {_GLOBAL, _WEAK}
    names = {symbol.name for symbol in symbols if _is_exported(elf, symbol, bindings)}
    return Exports(tuple(sorted(names)), "global symbols", places, storage)


def exports_nothing(elf: Elf) -> bool:
    """Whether it is a module without an entry in any export table."""
    return MODULE_SECTION in elf.by_name and not any(
        name.startswith(section) and elf.by_name[name].size
        for name in elf.by_name
        for section in EXPORT_TABLES
    )


def _places(symbols: list[ElfSymbol]) -> dict[str, tuple[int, int]]:
    """Where each non-local, defined symbol stands; of two of one name the first."""
    places: dict[str, tuple[int, int]] = {}
    for symbol in symbols:
        if symbol.binding and symbol.section and symbol.name:
            places.setdefault(symbol.name, (symbol.section, symbol.value))
    return places


def _storage(elf: Elf, symbols: list[ElfSymbol]) -> dict[str, Storage]:
    """What kind of section each non-local, defined symbol stands in, of two of one name the first.

    ``.data.rel.ro`` is written once, by the loader: to the program it is read-only.
    """
    found: dict[str, Storage] = {}
    for symbol in symbols:
        if not symbol.binding or not 0 < symbol.section < len(elf.sections):
            continue
        section = elf.sections[symbol.section]
        constant = not section.flags & _SHF_WRITE or section.name.startswith(".data.rel.ro")
        storage: Storage = "read-only" if constant else "writable"
        if symbol.type == _STT_TLS:
            storage = "thread-local"
        elif section.flags & _SHF_EXECINSTR:
            storage = "code"
        found.setdefault(symbol.name, storage)
    return found


def _is_rustc_alone(elf: Elf) -> bool:
    """Whether no other compiler left its name in the object; those that leave none are GCC's."""
    names = [name for name in elf.contents(".comment").split(b"\0") if name]
    return bool(names) and all(name.startswith(b"rustc ") for name in names)


def _is_exported(elf: Elf, symbol: ElfSymbol, bindings: set[int]) -> bool:
    if symbol.binding not in bindings or (symbol.binding == _WEAK and symbol.visibility):
        return False
    if symbol.section == _SHN_COMMON:
        return True
    if not 0 < symbol.section < len(elf.sections):
        return False
    flags = elf.sections[symbol.section].flags
    return bool(flags & _SHF_ALLOC) and not any(each in symbol.name for each in _FUNCTION_LIKE)
