"""What a kernel or module says about itself: exports with their versions, imports, vermagic."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from rustabi.binary.elf import Elf, Section
from rustabi.binary.symvers import GPL, PLAIN

_LONGEST: Final = 1024
"""Bytes of license, namespace or vermagic that are read."""

_WEAK: Final = 2
_RUSTC: Final = re.compile(r"rustc version (\d[^\s)]*(?: \([^)]*\))?)")


class Export(NamedTuple):
    """How a symbol is exported.

    Attributes:
        type: ``EXPORT_SYMBOL`` or ``EXPORT_SYMBOL_GPL``.
        namespace: Of the export, often empty.
        crc: Its version, where the binary holds it.
    """

    type: str
    namespace: str = ""
    crc: int | None = None


class Imports(NamedTuple):
    """What a module asks the kernel's loader for.

    Attributes:
        strong: Symbols without which it is not loaded, sorted.
        weak: Symbols that are 0 where nobody exports them, sorted.
    """

    strong: tuple[str, ...]
    weak: tuple[str, ...]


_SECTIONS: Final = {
    "__export_symbol_": (".export_symbol",),
    "__ksymtab_": ("__ksymtab", "__ksymtab_gpl"),
    "__kstrtabns_": ("__ksymtab_strings",),
    "__flags_": ("__kflagstab",),
    "__crc_": ("__kcrctab", "__kcrctab_gpl", ".rodata"),
}
"""Prefix of a symbol -> the sections in which it says how another symbol is exported."""

_OF_ONE: Final = re.compile(r"_(?P<table>__(ksymtab|kcrctab)(_gpl)?)\+")
"""Objects of Linux 6.3 and older have a section for each export, which the linker sorts by name and
joins: ``___ksymtab_gpl+<name>`` (include/asm-generic/export.h, scripts/module.lds.S)."""

_SHN_ABS: Final = 0xFFF1


def exports_of_kernel(elf: Elf) -> dict[str, Export]:
    """How the symbols of a kernel object, module or vmlinux are exported, as far as it says.

    An object has a symbol ``__export_symbol_<name>`` in ``.export_symbol``, followed by license and
    namespace (Linux 6.4 and newer). A linked binary has ``__ksymtab_<name>``, in strings the
    namespace under ``__kstrtabns_<name>``, and with CONFIG_MODVERSIONS 32 bits of version in
    ``__kcrctab`` under ``__crc_<name>``, or, where those names are stripped, in the order of the
    ``__ksymtab`` entries. Whether it is for GPL modules only says the section, ``__ksymtab_gpl``,
    or since Linux 7.1 the lowest bit of the byte ``__flags_<name>``.

    An object of Linux 6.3 and older has ``__ksymtab_<name>``, each in a section of its own. Its
    version is the value of the absolute symbol ``__crc_<name>``, or with CONFIG_MODULE_REL_CRCS the
    number in ``.rodata`` that the symbol marks (scripts/genksyms writes either for the linker).
    """
    found: dict[str, Export] = {}
    places: dict[str, list[tuple[int, str]]] = {}
    for prefix, name, section, offset, data in _entries(elf):
        known = found.get(name, Export(PLAIN))
        if prefix == "__export_symbol_":
            license_, namespace = _texts(data)
            known = known._replace(type=GPL if license_ == "GPL" else PLAIN, namespace=namespace)
        elif prefix == "__kstrtabns_":
            known = known._replace(namespace=_texts(data)[0])
        elif prefix == "__crc_":
            known = known._replace(crc=_word(elf, data))
        elif section == "__ksymtab_gpl" or (prefix == "__flags_" and data[:1] and data[0] & 1):
            known = known._replace(type=GPL)
        if prefix == "__ksymtab_":
            places.setdefault(section, []).append((offset, name))
        found[name] = known
    exported = {name for each in places.values() for _, name in each}
    if exported:  # a strippable name of another kind may stand alone
        found = {name: each for name, each in found.items() if name in exported}
    return _with_ordered_crcs(elf, found, places)


def _entries(elf: Elf) -> Iterator[tuple[str, str, str, int, bytes]]:
    """(prefix, exported name, section, offset in it, bytes from there on) for each such symbol."""
    contents: dict[str, bytes] = {}
    for symbol in elf.symbols():
        prefix = next((each for each in _SECTIONS if symbol.name.startswith(each)), None)
        if prefix == "__crc_" and symbol.section == _SHN_ABS:
            data = struct.pack("<I" if elf.little_endian else ">I", symbol.value & 0xFFFFFFFF)
            yield prefix, symbol.name.removeprefix(prefix), "", 0, data
        if prefix is None or not 0 < symbol.section < len(elf.sections):
            continue
        section = elf.sections[symbol.section]
        if table_name(section.name) in _SECTIONS[prefix]:
            if section.name not in contents:
                # only texts, flags and plain numbers are read: nothing that is relocated
                contents[section.name] = elf.raw(section)
            start = max(symbol.value - (0 if elf.relocatable else section.address), 0)
            data = contents[section.name][start : start + _LONGEST]
            name = table_name(section.name)
            yield prefix, symbol.name.removeprefix(prefix), name, start, data


def table_name(section: str) -> str:
    """The table that a section is, or of an object of Linux 6.3 and older becomes a part of."""
    found = _OF_ONE.match(section)
    return found["table"] if found else section


def _with_ordered_crcs(
    elf: Elf, found: dict[str, Export], places: dict[str, list[tuple[int, str]]]
) -> dict[str, Export]:
    """Versions of exports without ``__crc_<name>``: they stand in the order of ``__ksymtab``."""
    for section, entries in places.items():
        table = elf.by_name.get(section.replace("ksymtab", "kcrctab"))
        data = b"" if table is None else elf.raw(table)
        if len(data) != 4 * len(entries) or all(found[name].crc is not None for _, name in entries):
            continue
        for number, (_, name) in enumerate(sorted(entries)):
            if found[name].crc is None:
                found[name] = found[name]._replace(crc=_word(elf, data[4 * number :]))
    return found


def _word(elf: Elf, data: bytes) -> int | None:
    if len(data) < 4:
        return None
    value: int = struct.unpack_from("<I" if elf.little_endian else ">I", data)[0]
    return value


def _texts(data: bytes) -> tuple[str, str]:
    first, second = [*data.split(b"\0", 2), b"", b""][:2]
    return first.decode("ascii", "replace"), second.decode("ascii", "replace")


def imports_of(elf: Elf) -> Imports:
    """The undefined symbols of a module, as the loader looks them up.

    It passes over ``_GLOBAL_OFFSET_TABLE_`` on x86 (kernel/module/main.c: ignore_undef_symbol) and
    PowerPC's ``.TOC.``, and takes the dots away that function descriptors of PowerPC begin with
    (arch/powerpc/kernel/module_64.c: dedotify).
    """
    strong: set[str] = set()
    weak: set[str] = set()
    for symbol in elf.symbols():
        name = symbol.name
        if symbol.section or not name or name in ("_GLOBAL_OFFSET_TABLE_", ".TOC."):
            continue
        if elf.machine.startswith("powerpc"):
            name = name.removeprefix(".")
        (weak if symbol.binding == _WEAK else strong).add(name)
    return Imports(tuple(sorted(strong)), tuple(sorted(weak - strong)))


def vermagic_of_kernel(elf: Elf) -> str | None:
    """The vermagic that a vmlinux holds modules against; None where it does not tell.

    It is the text at its local symbol ``vermagic`` (kernel/module/main.c).
    """
    for symbol in elf.symbols():
        if symbol.name == "vermagic" and 0 < symbol.section < len(elf.sections):
            section = elf.sections[symbol.section]
            text = _bytes_at(elf, section, symbol.value).split(b"\0", 1)[0]
            return text.decode("utf-8", "surrogateescape") or None
    return None


def _bytes_at(elf: Elf, section: Section, value: int) -> bytes:
    start = max(value - (0 if elf.relocatable else section.address), 0)
    return elf.raw(section)[start : start + _LONGEST]


def rustc_versions(elf: Elf) -> tuple[str, ...]:
    """Versions of rustc that ``.comment`` names, sorted: ``1.97.1 (8bab26f4f 2026-07-14)``."""
    section = elf.by_name.get(".comment")
    texts = b"" if section is None else elf.raw(section)
    return rustc_versions_in(text.decode("utf-8", "replace") for text in texts.split(b"\0"))


def rustc_versions_in(texts: Iterator[str]) -> tuple[str, ...]:
    """Versions of rustc named in ``.comment`` or in producer strings of DWARF units, sorted."""
    return tuple(sorted({found[1] for text in texts for found in _RUSTC.finditer(text)}))
