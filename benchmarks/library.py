"""What is measured of rustabi where no command does just that: ``python -m benchmarks.library``."""

from __future__ import annotations

import sys
from pathlib import Path

from rustabi.binary.elf import Elf
from rustabi.loader import load
from rustabi.versions import versions_of


def print_versions(path: Path, listed: Path) -> None:
    """Print the versions of the listed symbols, in the scope of gendwarfksyms."""
    elf = Elf(path.read_bytes(), str(path))
    names = listed.read_text().split()
    loaded = load(elf, symbols=names, scope="file", all_types=False)
    for name, version in sorted(versions_of(loaded).items()):
        sys.stdout.write(f"#SYMVER {name} 0x{version.crc:08x}\n")


def load_all(path: Path) -> int:
    """Read every type of a binary, each distinct one once; their number."""
    from rustabi.target import load_target

    return len(load_target(path).types)


if __name__ == "__main__":
    what, *paths = sys.argv[1:]
    if what == "versions":
        print_versions(Path(paths[0]), Path(paths[1]))
    else:
        sys.stdout.write(f"{load_all(Path(paths[0]))} types\n")
