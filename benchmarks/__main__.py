"""``python -m benchmarks``: rustabi beside the tools it can be held against."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.measure import Row, in_turn, machine, python, run_call, run_process

CACHE = Path.home() / ".cache"
CORPUS = Path(os.environ.get("RUSTABI_CORPUS", CACHE / "rustabi-corpus"))
TOOL = Path(os.environ.get("RUSTABI_GENDWARFKSYMS", CACHE / "rustabi-oracle" / "gendwarfksyms"))


def versions(runs: int) -> Iterator[Row]:
    """Whole commands, start-up included, against the kernel's gendwarfksyms."""
    for name in ("kernel", "core", "helpers"):
        target = CORPUS / "base" / "rust" / f"{name}.o"
        symbols = target.with_suffix(".syms")
        if not (target.is_file() and TOOL.is_file()):
            print(f"skipped: versions of {name}.o (needs the corpus and gendwarfksyms)")
            continue
        own = python("-m", "rustabi", "symbols", str(target), "--symbols", str(symbols))
        yield in_turn(
            f"versions of {name}.o",
            partial(run_process, own),
            "gendwarfksyms",
            partial(run_process, [str(TOOL), str(target)], symbols),
            runs,
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


def main() -> int:
    """Run the benchmarks that the machine has the tools for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each (default 5)")
    runs = parser.parse_args().runs
    print(machine())
    show([*versions(runs), *entries(runs)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
