"""Symbol versions in the kernel's own forms: lines of Module.symvers, type strings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from rustabi.binary.elf import Elf
from rustabi.binary.open import read_binary
from rustabi.loader import Loaded
from rustabi.model import Symbol
from rustabi.versions import type_maps

_GPL: Final = "EXPORT_SYMBOL_GPL"
_PLAIN: Final = "EXPORT_SYMBOL"

_LONGEST: Final = 1024
"""Bytes of license and namespace that are read."""


class Export(NamedTuple):
    """How a symbol is exported.

    Attributes:
        type: ``EXPORT_SYMBOL`` or ``EXPORT_SYMBOL_GPL``.
        namespace: Of the export, often empty.
    """

    type: str
    namespace: str = ""


def symvers_lines(
    symbols: Iterable[Symbol], target: str, exports: Mapping[tuple[str, str], Export]
) -> Iterator[str]:
    """``0x%08x<tab>symbol<tab>module<tab>export type<tab>namespace`` for each symbol.

    A symbol without a version has 0, as in a kernel whose build could not compute one.

    Args:
        symbols: The symbols.
        target: What they were read from.
        exports: (binary, symbol) -> how it is exported, where the binary says so. Others are taken
            to be exported as Rust's are (rust/exports.c).
    """
    for symbol in symbols:
        module = module_name(symbol.binary or Path(target).name)
        export = exports.get((symbol.binary, symbol.name))
        yield symvers_line(symbol.version, symbol.name, module, export)


def symvers_line(version: int | None, symbol: str, module: str, export: Export | None) -> str:
    """One line; an export that is not known is taken for Rust's."""
    kind, namespace = export or Export(_GPL)
    return f"0x{version or 0:08x}\t{symbol}\t{module}\t{kind}\t{namespace}"


def module_name(name: str) -> str:
    """What Module.symvers calls a binary: its path in the build without ``.ko`` or ``.o``."""
    for suffix in (".gz", ".xz", ".zst", ".ko", ".o", ".debug"):
        name = name.removesuffix(suffix)
    return name


def exports_of_files(binaries: Iterable[tuple[Path, str]]) -> dict[tuple[str, str], Export]:
    """`exports_of_kernel` of files, by binary and symbol; nothing of those that are no ELF files.

    Args:
        binaries: (path, what `Symbol.binary` calls it).
    """
    found: dict[tuple[str, str], Export] = {}
    for path, binary in binaries:
        data = read_binary(path) if path.is_file() else b""
        if data.startswith(b"\x7fELF"):
            exports = exports_of_kernel(Elf(data, str(path)))
            found |= {(binary, symbol): export for symbol, export in exports.items()}
    return found


def exports_of_kernel(elf: Elf) -> dict[str, Export]:
    """How the symbols of a kernel object, module or vmlinux are exported, as far as it says.

    An object has a symbol ``__export_symbol_<name>`` in ``.export_symbol``, followed by license and
    namespace (Linux 6.4 and newer). A linked binary has ``__ksymtab_<name>``, and in strings the
    namespace under ``__kstrtabns_<name>``. Whether it is for GPL modules only says the section,
    ``__ksymtab_gpl``, or since Linux 7.1 the lowest bit of the byte ``__flags_<name>``.
    """
    found: dict[str, Export] = {}
    for prefix, name, section, data in _export_entries(elf):
        known = found.get(name, Export(_PLAIN))
        if prefix == "__export_symbol_":
            license_, namespace = _texts(data)
            known = Export(_GPL if license_ == "GPL" else _PLAIN, namespace)
        elif prefix == "__kstrtabns_":
            known = known._replace(namespace=_texts(data)[0])
        elif section == "__ksymtab_gpl" or (prefix == "__flags_" and data[:1] and data[0] & 1):
            known = known._replace(type=_GPL)
        found[name] = known
    return found


_SECTIONS: Final = {
    "__export_symbol_": (".export_symbol",),
    "__ksymtab_": ("__ksymtab", "__ksymtab_gpl"),
    "__kstrtabns_": ("__ksymtab_strings",),
    "__flags_": ("__kflagstab",),
}
"""Prefix of a symbol -> the sections in which it says how another symbol is exported."""


def _export_entries(elf: Elf) -> Iterator[tuple[str, str, str, bytes]]:
    """(prefix, exported name, section, bytes from there on) for each such symbol."""
    contents: dict[str, bytes] = {}
    for symbol in elf.symbols():
        prefix = next((each for each in _SECTIONS if symbol.name.startswith(each)), None)
        if prefix is None or not 0 < symbol.section < len(elf.sections):
            continue
        section = elf.sections[symbol.section]
        if section.name in _SECTIONS[prefix]:
            if section.name not in contents:
                contents[section.name] = elf.contents(section.name)
            start = symbol.value - (0 if elf.relocatable else section.address)
            data = contents[section.name][max(start, 0) : max(start, 0) + _LONGEST]
            yield prefix, symbol.name.removeprefix(prefix), section.name, data


def _texts(data: bytes) -> tuple[str, str]:
    first, second = [*data.split(b"\0", 2), b"", b""][:2]
    return first.decode("ascii", "replace"), second.decode("ascii", "replace")


def symtypes_text(loaded: Loaded) -> str:
    """The ``.symtypes`` file of a binary: type strings as gendwarfksyms writes them, sorted.

    Where versions are computed unit by unit, each unit's come under its name, in the manner of
    consolidated files.
    """
    maps = type_maps(loaded)
    if loaded.scope == "file":
        return "".join(f"{line}\n" for type_map in maps for line in type_map.lines())
    units = sorted({root.unit for root in loaded.roots.values()})
    parts = []
    for unit, type_map in zip(units, maps, strict=True):
        parts.append(f"/* {loaded.model.units[unit].name}.symtypes */\n")
        parts += [f"{line}\n" for line in type_map.lines()]
    return "".join(parts)
