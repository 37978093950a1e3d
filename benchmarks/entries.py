"""Reading every entry of a library, with rustabi's decoder and with pyelftools' own."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from elftools.elf.elffile import ELFFile

from rustabi.binary.elf import Elf
from rustabi.dwarf.entries import Entries
from rustabi.dwarf.unit import Info
from rustabi.loader.wanted import WANTED


@cache
def std_library() -> Path | None:
    """The sample library that is linked with std, built once; None without rustc."""
    if shutil.which("rustc") is None:
        return None
    from scripts.build_samples import build, recipes

    folder = Path(tempfile.mkdtemp(prefix="rustabi-bench-"))
    recipe = next(each for each in recipes("constructs_std") if each.output.endswith(".so"))
    return build(recipe, folder)


@cache
def _elf(path: Path) -> Elf:
    elf = Elf(path.read_bytes(), str(path))
    elf.debug_sections()
    return elf


def scan(path: Path) -> int:
    """Find every type, function and variable; the number of units."""
    entries = Entries(Info(_elf(path).debug_sections(), WANTED))
    for unit in entries.units:
        entries.outline(unit)
    return len(entries.units)


def decode_all(path: Path) -> int:
    """Decode every attribute of every entry; the number of entries."""
    entries = Entries(Info(_elf(path).debug_sections()))
    return sum(1 for unit in entries.units for _ in entries.walk(unit))


def walk_with_pyelftools(path: Path) -> int:
    """The same with pyelftools; the number of entries."""
    with path.open("rb") as stream:
        dwarf = ELFFile(stream).get_dwarf_info()
        return sum(1 for unit in dwarf.iter_CUs() for die in unit.iter_DIEs() if die.tag)
