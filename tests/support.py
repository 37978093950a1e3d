"""What many tests need: models of objects, the corpus of a real kernel, the kernel's own tool."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest

from rustabi.binary.elf import Elf
from rustabi.layout_version import with_layout_versions
from rustabi.loader import Loaded, Scope, load
from rustabi.merge import merge
from rustabi.model import Model
from rustabi.versions import with_versions

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "sample_crates"
OBJECTS = SAMPLES / "objects"
GOLDENS = ROOT / "tests" / "goldens"
CORPUS = Path(os.environ.get("RUSTABI_CORPUS", Path.home() / ".cache" / "rustabi-corpus"))
"""Where a real Rust-for-Linux kernel is unpacked; tests that need it are skipped without."""

needs_corpus = pytest.mark.skipif(
    not (CORPUS / "base").is_dir(), reason="no corpus: set RUSTABI_CORPUS to its folder"
)


def loaded_from(
    path: Path,
    names: list[str] | None = None,
    *,
    all_types: bool = True,
    scope: Scope | None = None,
) -> Loaded:
    """The types and symbols of a binary as its DWARF has them."""
    elf = Elf(path.read_bytes(), str(path))
    return load(elf, symbols=names, all_types=all_types, scope=scope)


@cache
def model_of(path: Path) -> Model:
    """The merged model of a binary, with versions; kept, because models do not change."""
    return with_layout_versions(merge([with_versions(loaded_from(path))]))


def symvers(path: Path) -> dict[str, set[int]]:
    """``#SYMVER name 0x…`` lines: every answer that is given for each name."""
    answers: dict[str, set[int]] = {}
    for line in path.read_text().splitlines():
        _, name, crc = line.split()
        answers.setdefault(name, set()).add(int(crc, 16))
    return answers


ORACLE = Path(os.environ.get("RUSTABI_ORACLE", Path.home() / ".cache" / "rustabi-oracle"))
"""Where the kernel's own tool is: ``gendwarfksyms``, and its examples of kABI rules beside it."""

needs_oracle = pytest.mark.skipif(
    not (ORACLE / "gendwarfksyms").is_file(),
    reason="no gendwarfksyms: set RUSTABI_ORACLE to its folder",
)
