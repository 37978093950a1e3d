"""Timing of whole processes and of calls: medians, in turn with a reference."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

limit = 600.0
"""Seconds after which a program is stopped."""


class FailedError(Exception):
    """A program that was to be measured failed."""


LONG = 45.0
"""Seconds from which on a program is run once only."""


class Figures(NamedTuple):
    """Medians of one measured thing.

    Attributes:
        wall: Seconds.
        cpu: Seconds of user and system time, those of processes that it started included.
        peak: Largest resident memory of one process in MB; 0 where it was not measured.
        runs: How many were counted.
        stopped: Whether it was stopped at the limit: then it takes longer than that.
    """

    wall: float
    cpu: float
    peak: float
    runs: int = 1
    stopped: bool = False


class Row(NamedTuple):
    """A figure and its reference, measured in turn.

    Attributes:
        name: What is measured.
        own: Of rustabi.
        reference_name: What it is held against.
        reference: Of that; None where there is none.
    """

    name: str
    own: Figures
    reference_name: str = ""
    reference: Figures | None = None

    @property
    def ratio(self) -> float | None:
        """Own CPU time as a multiple of the reference's."""
        if self.reference is None or not self.reference.cpu:
            return None
        return self.own.cpu / self.reference.cpu


def machine() -> list[str]:
    """What the figures depend on, a line each."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((each for each in lines if each.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return [
        f"{model.partition(':')[2].strip() or platform.machine()}, {os.cpu_count()} cores,"
        f" {memory:.0f} GiB, Linux {platform.release().partition('-')[0]}",
        f"Python {platform.python_version()}",
    ]


def load_average() -> float:
    """Processes that wanted a core in the last minute."""
    return os.getloadavg()[0]


def version_of(*command: str) -> str:
    """The first line of what a program says of itself; empty where it is not there."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip().partition("\n")[0]


def run_process(
    command: Sequence[str],
    stdin: Path | None = None,
    *,
    environment: dict[str, str] | None = None,
    quiet: bool = False,
    good: Callable[[int], bool] = lambda code: code == 0,
) -> Figures:
    """Run a command to its end, or to the limit, and read the system's account of it.

    Args:
        command: The program and its arguments.
        stdin: The file to give it.
        environment: Variables to set.
        quiet: Whether its warnings are left out.
        good: Which exit codes are no failure.

    Raises:
        FailedError: It failed.
    """
    start = time.perf_counter()
    with Path(stdin or os.devnull).open("rb") as source:
        process = subprocess.Popen(
            command, stdin=source, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL if quiet else None, env=os.environ | (environment or {}),
        )  # fmt: skip
        stop = threading.Timer(limit, process.kill)
        stop.start()
        _, status, usage = os.wait4(process.pid, 0)
        stop.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    stopped = wall >= limit
    if not stopped and not good(process.returncode):
        raise FailedError(f"{' '.join(command)} ended with {process.returncode}")
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    return Figures(wall, cpu, peak, stopped=stopped)


def run_call(call: Callable[[], object]) -> Figures:
    """Run a call and take its time."""
    start, usage = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    call()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime
    return Figures(wall, cpu, 0)


def in_turn(calls: Sequence[Callable[[], Figures]], runs: int) -> list[Figures]:
    """Measure all ``runs`` times in turn; of several, after one run that is not counted.

    What takes long is run once, and that counts.
    """
    if runs == 1:
        return [call() for call in calls]
    first = [call() for call in calls]
    found: list[list[Figures]] = [[each] if each.wall > LONG else [] for each in first]
    for _ in range(runs):
        for call, figures, warm in zip(calls, found, first, strict=True):
            if not (figures and figures[0] is warm):
                figures.append(call())
    return [_median(each) for each in found]


def _median(figures: list[Figures]) -> Figures:
    wall, cpu, peak = (statistics.median(column) for column in list(zip(*figures, strict=True))[:3])
    return Figures(wall, cpu, peak, len(figures), any(each.stopped for each in figures))


def rustabi(*arguments: str) -> list[str]:
    """A command of rustabi under this interpreter."""
    return [sys.executable, "-m", "rustabi", *arguments]


def python(*arguments: str) -> list[str]:
    """A command of this interpreter."""
    return [sys.executable, *arguments]
