"""How cost grows: with entries, by linking an object with itself; with symbols, by longer lists."""

from __future__ import annotations

import math
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import python, run_process, rustabi

FACTORS = (1, 2, 4, 8)
_COPIES = 8
"""Copies in the smallest input: so many units that types are looked at as repeated in all."""


class Growth(NamedTuple):
    """CPU seconds by factor, and the exponent that fits them best: 1 is in step with the input."""

    name: str
    seconds: tuple[float, ...]

    @property
    def exponent(self) -> float:
        """Slope of the line through the logarithms, by least squares."""
        sizes = [math.log(factor) for factor in FACTORS]
        times = [math.log(each) for each in self.seconds]
        return statistics.linear_regression(sizes, times).slope


def growth_in_entries(target: Path, runs: int) -> Iterator[Growth]:
    """All types of ``target`` linked together with itself, and the decoding of each attribute."""
    linker = shutil.which("ld")
    if linker is None or not target.is_file():
        print("skipped: growth in entries (needs the corpus and ld)", flush=True)
        return
    with tempfile.TemporaryDirectory(prefix="rustabi-bench-") as folder:
        linked = []
        for factor in FACTORS:
            linked.append(Path(folder, f"{factor}.o"))
            copies = [str(target)] * (_COPIES * factor)
            command = [linker, "-r", "-z", "muldefs", "-o", str(linked[-1]), *copies]
            subprocess.run(command, check=True, capture_output=True)
        for what, name in (("types", "all types"), ("decode", "every attribute of every entry")):
            commands = [python("-m", "benchmarks.library", what, str(each)) for each in linked]
            seconds = _medians(commands, [None] * len(commands), runs)
            yield Growth(f"entries: {name} of {target.name}, {_COPIES} times linked", seconds)


def growth_in_symbols(target: Path, listed: Path, runs: int) -> Iterator[Growth]:
    """Versions of an eighth, a quarter, half and all of the symbols of ``target``."""
    if not (target.is_file() and listed.is_file()):
        print("skipped: growth in symbols (needs the corpus)", flush=True)
        return
    names = listed.read_text().split()
    with tempfile.TemporaryDirectory(prefix="rustabi-bench-") as folder:
        lists = []
        for factor in FACTORS:
            lists.append(Path(folder, str(factor)))
            lists[-1].write_text("".join(f"{name}\n" for name in names[:: FACTORS[-1] // factor]))
        command = rustabi("ksyms", "--jobs", "1", str(target))
        seconds = _medians([command] * len(lists), lists, runs)
    yield Growth(f"symbols: versions of {target.name}, {len(names)} at 8x", seconds)


def _medians(
    commands: Sequence[Sequence[str]], stdins: Sequence[Path | None], runs: int
) -> tuple[float, ...]:
    times = [
        [run_process(command, stdin).cpu for command, stdin in zip(commands, stdins, strict=True)]
        for _ in range(runs)
    ]
    return tuple(map(statistics.median, zip(*times, strict=True)))
