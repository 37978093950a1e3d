"""``python -m benchmarks``: rustabi beside the tools it can be held against."""

from __future__ import annotations

import argparse
import shutil
import sys

from benchmarks import measure
from benchmarks.growth import growth_in_entries, growth_in_symbols
from benchmarks.measure import load_average, machine, version_of
from benchmarks.rows import CORPUS, SECTIONS, SYMBOLS, VMLINUX
from benchmarks.startup import STARTUP, startup_table
from benchmarks.tables import growth_table, put, rows_table

GROWTH = "growth"


def facts(load: float) -> str:
    """The machine and the tools, as a list."""
    lines = machine()
    for name in ("pahole", "abidiff", "readelf"):
        if shutil.which(name):
            lines.append(f"{name}: {version_of(name, '--version')}")
    lines.append(f"load average before the run: {load:.1f}")
    return "".join(f"- {line}\n" for line in lines)


def main() -> int:
    """Run the benchmarks that the machine has the tools for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each (default 5)")
    parser.add_argument("--quick", action="store_true", help="one run of each")
    parser.add_argument(
        "--only",
        choices=[*SECTIONS, GROWTH, STARTUP],
        action="append",
        help="this; may be repeated",
    )
    parser.add_argument(
        "--limit", type=float, default=measure.limit, metavar="SECONDS",
        help=f"stop a program after this time (default {measure.limit:.0f})",
    )  # fmt: skip
    parser.add_argument("--write", action="store_true", help="put the tables in docs/benchmarks.md")
    options = parser.parse_args()
    runs = 1 if options.quick else options.runs
    measure.limit = options.limit
    wanted = options.only or [*SECTIONS, GROWTH, STARTUP]
    tables = {"machine": facts(load_average())}
    print(tables["machine"], flush=True)
    for name in wanted:
        print(f"{name}:", flush=True)
        if name == STARTUP:
            tables[name] = startup_table()
        elif name == GROWTH:
            found = [*growth_in_entries(CORPUS / "base" / "rust" / "helpers.o", runs)]
            found += growth_in_symbols(VMLINUX, SYMBOLS, runs)
            tables[name] = growth_table(found)
        else:
            tables[name] = rows_table(list(SECTIONS[name](runs)))
        print(f"\n{tables[name]}", flush=True)
        if options.write:
            put(name, tables[name])
    if options.write:
        put("machine", tables["machine"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
