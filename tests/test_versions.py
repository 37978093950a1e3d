"""Symbol versions and type strings against the kernel's own gendwarfksyms.

The goldens are what the tool printed, all its answers where it has several; the corpus is what it
printed in a kernel build. Nothing here is taken from rustabi's own output.
"""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustabi.crc import combine
from rustabi.versions import type_maps, with_versions
from tests.support import CORPUS, GOLDENS, OBJECTS, loaded_from, needs_corpus, symvers

TOOL = GOLDENS / "gendwarfksyms"
SAMPLE_OBJECTS = sorted(path.stem for path in TOOL.glob("*.symver"))
CORPUS_OBJECTS = [
    f"{build}/rust/{name}"
    for build in ("base", "fieldadd", "arm64")
    for name in ("core", "kernel", "helpers")
]


@given(st.binary(), st.binary())
def test_combined_crc_is_the_crc_of_the_whole(first: bytes, second: bytes) -> None:
    assert combine(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


def test_combined_crc_of_long_parts() -> None:
    first, second = b"x" * 1_000_003, bytes(range(256)) * 5_001
    assert combine(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


def check_versions(object_file: Path, expected: dict[str, set[int]], *, exact: bool) -> None:
    """Every symbol has the tool's version; an ambiguous one has one of the tool's answers."""
    loaded = loaded_from(object_file, sorted(expected))
    symbols = {symbol.name: symbol for symbol in with_versions(loaded).symbols}
    assert symbols.keys() == expected.keys()
    for name, answers in expected.items():
        assert (symbols[name].version or 0) in answers, name
        if len(answers) > 1:
            assert symbols[name].ambiguous, name
        if exact:
            assert not symbols[name].ambiguous, name


@pytest.mark.parametrize("name", SAMPLE_OBJECTS)
def test_sample_versions_are_gendwarfksyms_own(name: str) -> None:
    check_versions(OBJECTS / name, symvers(TOOL / f"{name}.symver"), exact=False)


@pytest.mark.parametrize("name", SAMPLE_OBJECTS)
def test_sample_type_strings_are_gendwarfksyms_own(name: str) -> None:
    expected = (TOOL / f"{name}.symtypes").read_text().splitlines()
    names = sorted(symvers(TOOL / f"{name}.symver"))
    lines = type_maps(loaded_from(OBJECTS / name, names))[0].lines()
    several = len(expected) != len({line.split(" ", 1)[0] for line in expected})
    if several:
        assert set(lines) <= set(expected)
    else:
        assert lines == expected


def test_every_sample_object_has_goldens() -> None:
    objects = {path.name for path in OBJECTS.iterdir() if path.suffix in (".o", ".rlib")}
    refused = {path.stem for path in TOOL.glob("*.error")}
    assert objects
    assert objects - refused == set(SAMPLE_OBJECTS)


@needs_corpus
@pytest.mark.parametrize("name", CORPUS_OBJECTS)
def test_kernel_versions_are_the_builds_own(name: str) -> None:
    check_versions(CORPUS / f"{name}.o", symvers(CORPUS / f"{name}.symver"), exact=True)


@needs_corpus
@pytest.mark.parametrize("name", CORPUS_OBJECTS)
def test_kernel_type_strings_are_the_builds_own(name: str) -> None:
    names = (CORPUS / f"{name}.syms").read_text().split()
    lines = type_maps(loaded_from(CORPUS / f"{name}.o", names))[0].lines()
    assert lines == (CORPUS / f"{name}.symtypes").read_text().splitlines()


@needs_corpus
@pytest.mark.slow
@pytest.mark.skipif(not (CORPUS / "vmlinux").is_file(), reason="no vmlinux in the corpus")
def test_whole_vmlinux_in_the_scope_of_the_tool() -> None:
    """All 4,597 exports of a linked kernel, taken as one file as the tool does."""
    expected = {
        name: answers.pop() for name, answers in symvers(CORPUS / "base/vmlinux.symver").items()
    }
    loaded = loaded_from(CORPUS / "vmlinux", sorted(expected), all_types=False, scope="file")
    found = {symbol.name: symbol.version or 0 for symbol in with_versions(loaded).symbols}
    assert found == expected


@needs_corpus
@pytest.mark.slow
@pytest.mark.skipif(not (CORPUS / "vmlinux").is_file(), reason="no vmlinux in the corpus")
def test_whole_vmlinux_in_the_scope_of_the_kernel_build() -> None:
    """Each export in the scope of the unit that defines it, as Module.symvers was computed."""
    rows = (line.split("\t") for line in (CORPUS / "base/Module.symvers").read_text().splitlines())
    expected = {name: int(crc, 16) for crc, name, module, *_ in rows if module == "vmlinux"}
    loaded = loaded_from(CORPUS / "vmlinux", sorted(expected), all_types=False, scope="unit")
    found = {symbol.name: symbol.version or 0 for symbol in with_versions(loaded).symbols}
    equal = sum(found[name] == crc for name, crc in expected.items())
    assert len(expected) == 4597
    assert equal >= 4560
