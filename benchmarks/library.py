"""What is measured of rustabi where no command does just that: ``python -m benchmarks.library``."""

from __future__ import annotations

import sys
from pathlib import Path


def load_all(path: Path) -> int:
    """Read every type of a binary, each distinct one once; their number."""
    from rustabi.target import load_target

    return len(load_target(path).types)


def decode_all(path: Path) -> int:
    """Decode every attribute of every entry; the number of entries."""
    from rustabi.binary.elf import Elf
    from rustabi.dwarf.entries import Entries
    from rustabi.dwarf.unit import Info

    entries = Entries(Info(Elf(path.read_bytes(), str(path)).debug_sections()))
    return sum(1 for unit in entries.units for _ in entries.walk(unit))


def walk_with_pyelftools(path: Path) -> int:
    """The same with pyelftools; the number of entries."""
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as stream:
        dwarf = ELFFile(stream).get_dwarf_info()
        return sum(1 for unit in dwarf.iter_CUs() for die in unit.iter_DIEs() if die.tag)


def scan(path: Path) -> int:
    """Find every type, function and variable; the number of units."""
    from rustabi.binary.elf import Elf
    from rustabi.dwarf.entries import Entries
    from rustabi.dwarf.unit import Info
    from rustabi.loader.wanted import WANTED

    entries = Entries(Info(Elf(path.read_bytes(), str(path)).debug_sections(), WANTED))
    for unit in entries.units:
        entries.outline(unit)
    return len(entries.units)


CALLS = {
    "types": load_all, "decode": decode_all, "pyelftools": walk_with_pyelftools, "scan": scan,
}  # fmt: skip

if __name__ == "__main__":
    what, path = sys.argv[1:]
    sys.stdout.write(f"{CALLS[what](Path(path))}\n")
