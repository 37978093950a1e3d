"""What the kernel's gendwarfksyms and libabigail's abidiff say of two builds."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from scripts.regenerate_goldens import ask_often, exported_symbols
from tests.mutations.edits import Truth

ABIDIFF_CHANGE, ABIDIFF_INCOMPATIBLE = 4, 8
"""Bits of abidiff's exit code (its manual, "Return values")."""


class PeerError(Exception):
    """A tool is missing or gave up."""


def versions_of(tool: Path, path: Path) -> dict[str, frozenset[str]]:
    """The CRCs of every exported symbol of an object; several where gendwarfksyms wavers."""
    found: dict[str, set[str]] = {}
    for answer in ask_often(tool, path):
        if answer.error:
            raise PeerError(f"gendwarfksyms: {answer.error.strip()}")
        for line in answer.versions:
            _, symbol, version = line.split()
            found.setdefault(symbol, set()).add(version)
    return {symbol: frozenset(versions) for symbol, versions in found.items()}


def gendwarfksyms_says(tool: Path, old: Path, new: Path, truth: Truth) -> str:
    """Whether the CRC of any symbol changes that both builds export."""
    before, after = versions_of(tool, old), versions_of(tool, new)
    shared = set(exported_symbols(old)) & set(exported_symbols(new))
    changed = sorted(symbol for symbol in shared if before.get(symbol) != after.get(symbol))
    if not changed:
        return judged("same", alarm=False, truth=truth)
    return judged(f"changes for {len(changed)} of {len(shared)}", alarm=True, truth=truth)


def abidiff_says(old: Path, new: Path) -> int:
    """The exit code of abidiff.

    Raises:
        PeerError: It is not here, or does not understand the builds.
    """
    if shutil.which("abidiff") is None:
        raise PeerError("abidiff is not installed. Debian, Ubuntu: apt-get install abigail-tools")
    result = subprocess.run(
        ["abidiff", str(old), str(new)], capture_output=True, text=True, check=False
    )
    if result.returncode & ~(ABIDIFF_CHANGE | ABIDIFF_INCOMPATIBLE):
        raise PeerError(f"abidiff: exit {result.returncode}: {result.stderr.strip()}")
    return result.returncode


def abidiff_version() -> str:
    """The version of abidiff, such as ``2.2.0``; empty where it is not here."""
    if shutil.which("abidiff") is None:
        return ""
    result = subprocess.run(["abidiff", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\d+(\.\d+)+", result.stdout + result.stderr)
    return found[0] if found else ""


def judged(text: str, *, alarm: bool, truth: Truth) -> str:
    """The answer of a tool, and whether it is wrong."""
    if truth == "harmless":
        return f"{text} (false alarm)" if alarm else text
    return text if alarm else f"{text} (missed)"
