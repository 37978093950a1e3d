"""How cost grows with input: the same object linked together 1, 2, 4 and 8 times over."""

from __future__ import annotations

import math
import shutil
import statistics
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.library import load_all
from benchmarks.measure import run_call

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


def growth(target: Path, runs: int) -> Growth | None:
    """All types of ``target``, linked together with itself; None without a linker."""
    linker = shutil.which("ld")
    if linker is None:
        return None
    seconds = []
    with tempfile.TemporaryDirectory(prefix="rustabi-bench-") as folder:
        for factor in FACTORS:
            linked = Path(folder, f"{factor}.o")
            copies = [str(target)] * (_COPIES * factor)
            command = [linker, "-r", "-z", "muldefs", "-o", str(linked), *copies]
            subprocess.run(command, check=True, capture_output=True)
            times = [run_call(partial(load_all, linked)).cpu for _ in range(runs)]
            seconds.append(statistics.median(times))
    return Growth(f"all types of {target.name} times {_COPIES}", tuple(seconds))
