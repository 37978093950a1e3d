"""Two decoders, one result: ours and pyelftools' own see the same entries in real objects."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from rustabi.binary.elf import Elf
from rustabi.binary.sections import Sections
from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries
from rustabi.dwarf.reference import ReferenceEntry, reference_entries
from rustabi.dwarf.unit import Info
from tests.dwarf_writer import (
    Attribute,
    Node,
    Unit,
    base,
    build,
    function,
    pointer,
    rust_enum,
    struct,
    unit,
)  # fmt: skip
from tests.elf_writer import EM_386, EM_AARCH64, EM_ARM, EM_S390
from tests.test_dwarf_forms import BLOCKS, NUMBERS, STRINGS

AT_RNGLISTS_BASE, AT_LOCLISTS_BASE = 0x74, 0x8C

OBJECTS = sorted((Path(__file__).parents[1] / "sample_crates" / "objects").glob("*.o"))
CORPUS = Path(os.environ.get("RUSTABI_CORPUS") or Path.home() / ".cache" / "rustabi-corpus")
CORPUS_OBJECTS = [
    "base/rust/core.o", "base/rust/kernel.o", "base/rust/helpers.o", "base/modules/rust_minimal.ko",
    "base/modules/nova-core.ko", "arm64/rust/core.o", "arm64/rust/kernel.o", "arm64/rust/helpers.o",
]  # fmt: skip


def our_entries(sections: Sections) -> Iterator[ReferenceEntry]:
    """Our decoder's entries, in the terms of the comparison."""
    entries = Entries(Info(sections))
    for each in entries.units:
        for entry in entries.walk(each):
            yield ReferenceEntry(
                entry.offset,
                entry.tag,
                entry.reader.declaration.has_children,
                {at: (entry.form(at), value) for at, value in entry.attributes.items()},
            )


def compare(data: bytes, path: str) -> int:
    """Compare all entries of an object; the number compared."""
    sections = Elf(data, path).debug_sections()
    count = 0
    pairs = zip_longest(our_entries(sections), reference_entries(sections))
    for count, (ours, theirs) in enumerate(pairs, 1):  # noqa: B007
        assert ours == theirs
    return count


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.stem)
def test_sample_objects(path: Path) -> None:
    assert compare(path.read_bytes(), path.name) > 10


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.stem)
def test_section_bytes(path: Path) -> None:
    """Relocation and decompression: pyelftools' own, which lacks R_RISCV_32 (version 0.33)."""
    data = path.read_bytes()
    if Elf(data, path.name).machine == "riscv":
        pytest.skip("pyelftools does not relocate RISC-V objects")
    compare_sections(data, path.name)


@pytest.mark.parametrize(
    ("machine", "address_size", "little_endian"),
    [(EM_AARCH64, 8, True), (EM_S390, 8, False), (EM_386, 4, True), (EM_ARM, 4, True)],
)
def test_section_bytes_of_other_machines(
    machine: int, address_size: int, little_endian: bool
) -> None:
    point = struct("demo::Point", address_size, [])
    data = build(
        unit(function("f", [("p", pointer(point, "&demo::Point"))])),
        little_endian=little_endian, address_size=address_size, machine=machine, relocated=True,
    )  # fmt: skip
    assert compare_sections(data, "demo.o")
    assert compare(data, "demo.o") == 6


def compare_sections(data: bytes, path: str) -> bool:
    """Hold our sections against those that pyelftools hands to its own decoder."""
    ours = Elf(data, path).debug_sections()
    theirs = ELFFile(io.BytesIO(data)).get_dwarf_info()
    for mine, section in (
        (ours.info, theirs.debug_info_sec),
        (ours.abbrev, theirs.debug_abbrev_sec),
        (ours.strings, theirs.debug_str_sec),
        (ours.string_offsets, theirs.debug_str_offsets_sec),
        (ours.lines, theirs.debug_line_sec),
    ):
        assert mine == (section.stream.getvalue() if section is not None else b"")  # type: ignore[attr-defined]
    return bool(ours.info)


@pytest.mark.parametrize("version", [2, 3, 4, 5])
@pytest.mark.parametrize("little_endian", [True, False], ids=["little", "big"])
@pytest.mark.parametrize("address_size", [4, 8])
def test_written_objects(version: int, little_endian: bool, address_size: int) -> None:
    u32 = base("u32", 4)
    maybe = rust_enum("demo::Maybe", 8, (u32, 0), [("No", 0, []), ("Yes", 1, [])])
    point = struct("demo::Point", 8, [], alignment=4)
    data = build(
        unit(function("f", [("a", maybe), ("b", pointer(point))]), version=version),
        unit(function("g", [("b", point)]), version=version),
        little_endian=little_endian, address_size=address_size,
    )  # fmt: skip
    assert compare(data, "demo.o") == 20


@pytest.mark.parametrize("little_endian", [True, False], ids=["little", "big"])
@pytest.mark.parametrize("offset_size", [4, 8])
def test_every_form(little_endian: bool, offset_size: int) -> None:
    """All forms but those that pyelftools lacks or misreads: see `reference_entries`."""
    attributes = [
        *(Attribute(0x3000 + form, form, value) for form, value in NUMBERS),
        *(Attribute(0x3000 + form, form, value) for form, value in BLOCKS),
        *(Attribute(0x4000 + form, form, "text") for form in STRINGS),
        *(Attribute(0x5000, form, 1, indirect=True) for form in (c.FORM_DATA2, c.FORM_SDATA)),
    ]
    gaps = {c.FORM_STRX4, c.FORM_GNU_STR_INDEX, c.FORM_GNU_ADDR_INDEX}
    nodes = [Node(c.TAG_MEMBER, [each]) for each in attributes if each.form not in gaps]
    bases = [
        Attribute(number, c.FORM_SEC_OFFSET, 8)
        for number in (c.AT_ADDR_BASE, AT_RNGLISTS_BASE, AT_LOCLISTS_BASE)
    ]
    data = build(
        Unit(nodes, attributes=bases, offset_size=offset_size), little_endian=little_endian
    )
    assert compare(data, "demo.o") == 1 + len(nodes)


@pytest.mark.slow
@pytest.mark.parametrize("name", CORPUS_OBJECTS)
def test_corpus(name: str) -> None:
    """A real kernel's objects, where they have been unpacked (see $RUSTABI_CORPUS)."""
    path = CORPUS / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    data = path.read_bytes()
    assert compare_sections(data, name)
    assert compare(data, name) > 1000
