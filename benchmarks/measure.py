"""Timing of whole processes and of calls: medians, in turn with a reference."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple


class Figures(NamedTuple):
    """Medians of one measured thing.

    Attributes:
        wall: Seconds.
        cpu: Seconds of user and system time.
        peak: Largest resident memory in MB; 0 where it was not measured.
    """

    wall: float
    cpu: float
    peak: float


class Row(NamedTuple):
    """A figure and its reference, measured in turn."""

    name: str
    own: Figures
    reference_name: str
    reference: Figures

    @property
    def ratio(self) -> float:
        """Own CPU time as a multiple of the reference's."""
        return self.own.cpu / self.reference.cpu if self.reference.cpu else float("nan")


def machine() -> str:
    """The machine in a line."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def run_process(
    command: Sequence[str], stdin: Path | None = None, *, quiet: bool = False
) -> Figures:
    """Run a command to its end and read the operating system's account of it.

    Args:
        command: The program and its arguments.
        stdin: The file to give it.
        quiet: Whether its warnings are left out.

    Raises:
        RuntimeError: It failed.
    """
    start = time.perf_counter()
    with Path(stdin or os.devnull).open("rb") as source:
        errors = subprocess.DEVNULL if quiet else None
        process = subprocess.Popen(command, stdin=source, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return Figures(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def run_call(call: Callable[[], object]) -> Figures:
    """Run a call and take its time."""
    start, usage = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    call()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime
    return Figures(wall, cpu, 0)


def in_turn(
    name: str,
    own: Callable[[], Figures],
    reference_name: str,
    reference: Callable[[], Figures],
    runs: int,
) -> Row:
    """Measure both ``runs`` times in turn; of several, after one run that is not counted."""
    if runs > 1:
        own(), reference()
    pairs = [(own(), reference()) for _ in range(runs)]
    return Row(name, _median([p[0] for p in pairs]), reference_name, _median([p[1] for p in pairs]))


def _median(figures: list[Figures]) -> Figures:
    return Figures(*(statistics.median(column) for column in zip(*figures, strict=True)))


def python(*arguments: str) -> list[str]:
    """A command of this interpreter."""
    return [sys.executable, *arguments]
