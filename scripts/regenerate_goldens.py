"""Asks the kernel's gendwarfksyms about every sample object and keeps its answers for the tests.

The tool's answer may differ from run to run: of two types with one name and texts of one length,
the one kept depends on memory addresses. So each object is asked many times, and a golden holds
every answer that was seen: a line per distinct version of a symbol, and per distinct text of a
type.

    python scripts/regenerate_goldens.py PATH/TO/gendwarfksyms
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OBJECTS = ROOT / "sample_crates" / "objects"
GOLDENS = ROOT / "tests" / "goldens" / "gendwarfksyms"

QUIET_RUNS = 100
"""Each object is asked until so many runs in a row brought nothing new.

One answer in twelve is the rarest seen, and a hundred runs miss such a one in 2 of 10,000 objects.
"""

REFERENCE = re.compile(r"[suet]#'[^']*'|\S+")


@dataclass(frozen=True)
class Answer:
    """What one run of the tool said.

    Attributes:
        versions: The lines on stdout.
        types: The lines of the symtypes file.
        error: The message, if the tool gave up.
    """

    versions: tuple[str, ...]
    types: tuple[str, ...]
    error: str


def exported_symbols(path: Path) -> list[str]:
    """Returns the symbols that a kernel build exports from a Rust object (rust/Makefile)."""
    listing = subprocess.run(
        ["nm", "-p", "--defined-only", str(path)], capture_output=True, text=True, check=True
    )
    fields = [line.split() for line in listing.stdout.splitlines()]
    return [
        words[2]
        for words in fields
        if len(words) == 3
        and words[1] in {"T", "R", "D", "B"}
        and not re.search(r"__(pfx|cfi|odr_asan)", words[2])
    ]


def ask(tool: Path, path: Path, symbols: Sequence[str], scratch: Path) -> Answer:
    """Runs the tool once."""
    types = scratch / "out.symtypes"
    types.unlink(missing_ok=True)
    result = subprocess.run(
        [str(tool), "-T", str(types), path.name],
        input="".join(f"{symbol}\n" for symbol in symbols),
        cwd=path.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        return Answer((), (), f"exit {result.returncode}\n{result.stderr}")
    lines = types.read_text(encoding="utf-8").splitlines() if types.exists() else []
    return Answer(tuple(result.stdout.splitlines()), tuple(lines), "")


def ask_often(tool: Path, path: Path) -> list[Answer]:
    """Returns every distinct answer, sorted, so that the result is the same on each call."""
    symbols = exported_symbols(path)
    seen: set[Answer] = set()
    quiet = 0
    with tempfile.TemporaryDirectory() as scratch:
        while quiet < QUIET_RUNS:
            answer = ask(tool, path, symbols, Path(scratch))
            quiet = quiet + 1 if answer in seen else 0
            seen.add(answer)
    return sorted(seen, key=lambda answer: (answer.versions, answer.types, answer.error))


def merge(variants: Sequence[Sequence[str]]) -> list[str]:
    """Returns the lines of the first variant, each followed by what the others say in its place."""
    merged: dict[str, dict[str, None]] = {}
    for variant in variants:
        for line in variant:
            merged.setdefault(subject(line), {})[line] = None
    return [line for lines in merged.values() for line in sorted(lines)]


def subject(line: str) -> str:
    """Returns what a line is about: the symbol of a version, or the name of a type."""
    if line.startswith("#SYMVER "):
        return line.split()[1]
    found = REFERENCE.match(line)
    return found[0] if found else line


def write_golden(name: str, answers: Sequence[Answer]) -> None:
    """Writes `<name>.symver` and `<name>.symtypes`, or `<name>.error`."""
    contents = {
        "symver": merge([answer.versions for answer in answers]),
        "symtypes": merge([answer.types for answer in answers]),
        "error": merge([answer.error.splitlines() for answer in answers]),
    }
    failed = bool(contents["error"])
    for suffix, lines in contents.items():
        if failed == (suffix == "error"):
            text = "".join(f"{line}\n" for line in lines)
            (GOLDENS / f"{name}.{suffix}").write_text(text, encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes all goldens anew; returns 2 if the tool is not there."""
    parser = argparse.ArgumentParser(description="Writes the goldens of gendwarfksyms anew.")
    parser.add_argument("tool", type=Path, help="path of the kernel's gendwarfksyms")
    tool: Path = parser.parse_args(arguments).tool.resolve()
    if not tool.is_file():
        print(f"error: no such file: {tool}", file=sys.stderr)
        return 2
    GOLDENS.mkdir(parents=True, exist_ok=True)
    for old in GOLDENS.iterdir():
        old.unlink()
    objects = sorted(path for path in OBJECTS.iterdir() if path.suffix in {".o", ".rlib"})
    with ThreadPoolExecutor() as pool:
        for path, answers in zip(objects, pool.map(partial(ask_often, tool), objects), strict=True):
            write_golden(path.name, answers)
            if len(answers) > 1:
                print(f"{path.name}: {len(answers)} different answers")
            if any(answer.error for answer in answers):
                print(f"{path.name}: {answers[0].error.strip()}")
    print(f"{len(objects)} objects")
    return 0


if __name__ == "__main__":
    sys.exit(main())
