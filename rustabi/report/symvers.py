"""Symbol versions in the kernel's own forms: lines of Module.symvers, type strings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from rustabi.binary.elf import Elf
from rustabi.binary.kernel import Export, exports_of_kernel
from rustabi.binary.open import read_binary
from rustabi.binary.symvers import GPL
from rustabi.loader import Loaded
from rustabi.model import Symbol
from rustabi.versions import type_maps

__all__ = [
    "Export",
    "exports_of_files",
    "exports_of_kernel",
    "module_name",
    "symtypes_text",
    "symvers_lines",
]


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
    export = export or Export(GPL)
    return f"0x{version or 0:08x}\t{symbol}\t{module}\t{export.type}\t{export.namespace}"


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
