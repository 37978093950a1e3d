"""``python -m benchmarks``: rustabi beside the tools it can be held against."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.growth import FACTORS, growth
from benchmarks.measure import Row, in_turn, machine, python, run_call, run_process

CACHE = Path.home() / ".cache"
CORPUS = Path(os.environ.get("RUSTABI_CORPUS", CACHE / "rustabi-corpus"))
TOOL = Path(os.environ.get("RUSTABI_GENDWARFKSYMS", CACHE / "rustabi-oracle" / "gendwarfksyms"))


def versions(runs: int) -> Iterator[Row]:
    """Versions, start-up included, against the kernel's gendwarfksyms.

    It takes more than a minute for a whole kernel, so that is run once.
    """
    base = CORPUS / "base"
    rows = [(base / "rust" / f"{name}.o", base / "rust" / f"{name}.syms", runs)
            for name in ("kernel", "core", "helpers")]  # fmt: skip
    rows.append((CORPUS / "vmlinux", base / "vmlinux.syms", 1))
    for target, symbols, counted in rows:
        if not (target.is_file() and TOOL.is_file()):
            print(f"skipped: versions of {target.name} (needs the corpus and gendwarfksyms)")
            continue
        yield in_turn(
            f"versions of {target.name}",
            partial(run_process, _versions(target, symbols)),
            "gendwarfksyms",
            partial(run_process, [str(TOOL), str(target)], symbols),
            counted,
        )


def _versions(target: Path, symbols: Path) -> list[str]:
    """The command that is measured."""
    return python("-m", "benchmarks.library", "versions", str(target), str(symbols))


def all_types(runs: int) -> Iterator[Row]:
    """Every type of a binary, read and joined, against pahole, which reads and prints structs.

    Of C: pahole 1.24 stops at the variants of a Rust enum.
    """
    pahole = shutil.which("pahole")
    for target, counted in ((CORPUS / "base/rust/helpers.o", runs), (CORPUS / "vmlinux", 1)):
        if pahole is None or not target.is_file():
            print(f"skipped: all types of {target.name} (needs the corpus and pahole)")
            continue
        yield in_turn(
            f"all types of {target.name}",
            partial(run_process, python("-m", "benchmarks.library", "types", str(target))),
            "pahole",
            partial(run_process, [pahole, str(target)], quiet=True),
            counted,
        )


def entries(runs: int) -> Iterator[Row]:
    """Entries of a library that is linked with std, against pyelftools."""
    from benchmarks.entries import decode_all, scan, std_library, walk_with_pyelftools

    library = std_library()
    if library is None:
        print("skipped: entries (needs rustc)")
        return
    for name, own in (("scan", scan), ("decode", decode_all)):
        yield in_turn(
            f"{name} all entries of {library.name}",
            partial(run_call, partial(own, library)),
            "pyelftools",
            partial(run_call, partial(walk_with_pyelftools, library)),
            runs,
        )


def show(rows: list[Row]) -> None:
    """Print the rows as a table."""
    print(f"\n{'':44} {'wall s':>8} {'CPU s':>8} {'MB':>6}   {'reference':14} {'wall s':>8} "
          f"{'CPU s':>8} {'MB':>6} {'CPU ratio':>10}")  # fmt: skip
    for row in rows:
        own, other = row.own, row.reference
        print(f"{row.name:44} {own.wall:8.3f} {own.cpu:8.3f} {own.peak:6.0f}   "
              f"{row.reference_name:14} {other.wall:8.3f} {other.cpu:8.3f} {other.peak:6.0f} "
              f"{row.ratio:10.3f}")  # fmt: skip


def show_growth(target: Path, runs: int) -> None:
    """Print what the same types cost, repeated."""
    found = growth(target, runs) if target.is_file() else None
    if found is None:
        print("skipped: growth (needs the corpus and ld)")
        return
    pairs = zip(FACTORS, found.seconds, strict=True)
    figures = "  ".join(f"{factor}x {each:.2f} s" for factor, each in pairs)
    print(f"\n{found.name}: {figures}  exponent {found.exponent:.2f}")


def main() -> int:
    """Run the benchmarks that the machine has the tools for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each (default 5)")
    runs = parser.parse_args().runs
    print(machine())
    show([*versions(runs), *all_types(runs), *entries(runs)])
    show_growth(CORPUS / "base" / "rust" / "helpers.o", runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
