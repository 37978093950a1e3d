"""What a command costs before it has read anything: imports, by ``-X importtime``."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import run_process, rustabi
from tests.support import OBJECTS

STARTUP = "startup"
_LOOKS = 5
"""The least of so many looks at an import counts: other programs take time from each."""
_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| ( *)(\S+)")
_OBJECT = str(OBJECTS / "member_added-new.o")
_OLD = str(OBJECTS / "member_added-old.o")

COMMANDS: dict[str, list[str]] = {
    "ksyms": ["ksyms", _OBJECT],
    "symvers": ["symvers", _OBJECT],
    "symbols": ["symbols", _OBJECT],
    "layout": ["layout", _OBJECT],
    "report": ["report", _OBJECT],
    "diff": ["diff", _OLD, _OBJECT],
    "doctor": ["doctor", _OBJECT],
    "check": ["check", "--help"],
    "explain": ["explain"],
    "schema": ["schema", "report"],
}
"""Commands on a small object; ``check`` with what it shows of itself."""


def imports(arguments: list[str], stdin: Path | None) -> tuple[float, int, list[tuple[str, float]]]:
    """Milliseconds of all imports, how many modules, and the dearest packages."""
    command = [sys.executable, "-X", "importtime", "-m", "rustabi", *arguments]
    with Path(stdin or "/dev/null").open("rb") as source:
        done = subprocess.run(
            command, stdin=source, capture_output=True, text=True, check=False
        )  # fmt: skip
    least: dict[str, float] = {}
    for _ in range(_LOOKS):
        with Path(stdin or os.devnull).open("rb") as source:
            done = subprocess.run(
                command, stdin=source, capture_output=True, text=True, check=False
            )
        for line in done.stderr.splitlines():
            found = _LINE.match(line)
            if found is not None:
                own = int(found[1]) / 1000
                least[found[4]] = min(own, least.get(found[4], own))
    by_package: dict[str, float] = {}
    for module, own in least.items():
        package = module.partition(".")[0]
        by_package[package] = by_package.get(package, 0) + own
    dearest = sorted(by_package.items(), key=lambda each: -each[1])
    return sum(by_package.values()), len(least), dearest


def startup_table(runs: int = 5) -> str:
    """The table, a row for each command."""
    lines = ["| command | CPU ms | imports ms | modules | most of it |\n", "| --- " * 5 + "|\n"]
    for name, arguments in {"python -c pass": [], **COMMANDS}.items():
        print(f"  {name}", flush=True)
        command = rustabi(*arguments) if arguments else [sys.executable, "-c", "pass"]
        stdin = _names() if name == "ksyms" else None
        times = [
            run_process(command, stdin, quiet=True, good=lambda code: code in (0, 1)).cpu * 1000
            for _ in range(runs)
        ]
        cpu = statistics.median(times)
        if not arguments:
            lines.append(f"| Python alone | {cpu:.0f} | | | |\n")
            continue
        total, count, dearest = imports(arguments, stdin)
        most = ", ".join(f"{package} {each:.0f}" for package, each in dearest[:3])
        lines.append(f"| `{name}` | {cpu:.0f} | {total:.0f} | {count} | {most} |\n")
    return "".join(lines)


def _names() -> Path:
    """A list of the symbols of the object."""
    import tempfile

    from rustabi.target import load_target

    path = Path(tempfile.mkdtemp(prefix="rustabi-bench-")) / "names"
    path.write_text("".join(f"{symbol.name}\n" for symbol in load_target(_OBJECT).symbols))
    return path
