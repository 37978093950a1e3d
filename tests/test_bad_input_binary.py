"""Damaged, packed and foreign binaries: a model or an error that speaks to the user."""

from __future__ import annotations

import resource
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rustabi.binary.elf import Elf, Section
from rustabi.dwarf import constants as c
from rustabi.errors import DwarfError, InputError, NoDebugInfoError, RustabiError
from rustabi.loader import load
from rustabi.loader.wanted import WANTED
from rustabi.model import Model
from rustabi.versions import with_versions
from tests.dwarf_writer import (
    Attribute,
    Node,
    Unit,
    array,
    base,
    build,
    enumeration,
    function,
    member,
    modifier,
    pointer,
    refer,
    rust_enum,
    subroutine,
    unit,
    variable,
    variant,
    variant_part,
)  # fmt: skip
from tests.dwarf_writer import struct as struct_type
from tests.elf_writer import (
    EM_386,
    EM_AARCH64,
    EM_ARM,
    EM_PPC,
    EM_S390,
    EM_X86_64,
    SHF_COMPRESSED,
    SHT_REL,
    SHT_RELA,
    ElfWriter,
)  # fmt: skip

SAMPLE = (
    Path(__file__).parents[1] / "sample_crates" / "objects" / "variant_added-old.o"
).read_bytes()


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """Two gigabytes at most, so that a claim of more ends in an error and not in swapping."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def fuzzed(examples: int) -> settings:
    return settings(deadline=None, derandomize=True, max_examples=examples)


def read(data: bytes) -> Model:
    return with_versions(load(Elf(data, "damaged.o")))


def survives(data: bytes) -> bool:
    """Whether the data can be read; where not, the error must say what to do."""
    try:
        read(data)
    except RustabiError as error:
        assert error.message
        assert error.advice
        return False
    return True


def written(text_form: int = c.FORM_STRP, version: int = 5, **options: Any) -> bytes:
    """A small object with a bit of everything."""
    u32 = base("u32", 4)
    e = rust_enum("demo::E", 8, (u32, 0), [("A", 0, []), ("B", 1, [member("__0", u32, 4)])])
    s = struct_type("demo::S", 16, [member("e", e, 0), member("p", pointer(u32, "&u32"), 8)])
    color = enumeration("demo::Color", u32, {"Red": 1, "Blue": 2}, size=4)
    private = struct_type("demo::Private", 4, [member("a", array(u32, 2, 3), 0)], decl_file=1)
    callback = pointer(subroutine([(None, color), (None, pointer(private))]), "fn(Color)")
    nodes = [function("f", [("s", pointer(s, "&demo::S"))], e), variable("demo::V", callback)]
    each = Unit(list(nodes), text_form=text_form, version=version, files=["a.c"])
    return build(each, unit(function("g", [("s", s)])), **options)


SUBJECTS = {
    "sample": SAMPLE,
    "strings-in-place": written(c.FORM_STRING, 4),
    "indexed-strings": written(c.FORM_STRX1),
    "relocated": written(relocated=True),
    "big-endian": written(little_endian=False, machine=EM_S390),
    "32-bit": written(address_size=4, machine=EM_386, relocated=True),
}
"""Small objects of different make; damage is done to each."""

EACH_SUBJECT = pytest.mark.parametrize("subject", SUBJECTS)


def sections_of(data: bytes) -> dict[str, Section]:
    return {each.name: each for each in Elf(data, "x.o").sections if each.size}


def headers_at(data: bytes) -> int:
    """Where the section headers begin: the writer's and rustc's objects end with them."""
    order, field = "little" if data[5] == 1 else "big", data[40:48] if data[4] == 2 else data[32:36]
    return int.from_bytes(field, order)  # type: ignore[arg-type]


@EACH_SUBJECT
def test_undamaged(subject: str) -> None:
    assert read(SUBJECTS[subject]).symbols


# truncation


def boundaries(data: bytes) -> list[int]:
    """Where headers and sections begin and end, and a byte before and after."""
    edges = {0, 4, 16, 20, 52, 64, headers_at(data), len(data)}
    for each in sections_of(data).values():
        edges |= {each.offset, each.offset + each.size}
    return sorted({edge + by for edge in edges for by in (-1, 0, 1)} & set(range(len(data))))


@EACH_SUBJECT
def test_truncated_at_every_boundary(subject: str) -> None:
    """The section headers stand at the end: without all of them nothing can be read."""
    data = SUBJECTS[subject]
    for size in boundaries(data):
        with pytest.raises(InputError):
            read(data[:size])


@fuzzed(300)
@given(size=st.integers(0, len(SAMPLE) - 1))
def test_truncated_anywhere(size: int) -> None:
    assert not survives(SAMPLE[:size])


@EACH_SUBJECT
def test_sections_shorter_than_they_were(subject: str) -> None:
    """Each section in turn, at thirty sizes, with everything else in place."""
    data = SUBJECTS[subject]
    order, wide = "<" if data[5] == 1 else ">", data[4] == 2
    for each in sections_of(data).values():
        at = headers_at(data) + (64 if wide else 40) * each.number + (32 if wide else 20)
        for size in range(0, each.size, max(1, each.size // 30)):
            damaged = bytearray(data)
            struct.pack_into(order + ("Q" if wide else "I"), damaged, at, size)
            survives(bytes(damaged))


def test_debug_info_cut_anywhere() -> None:
    """Part of the types must never pass for all of them."""
    for size in range(1, sections_of(SUBJECTS["big-endian"])[".debug_info"].size):

        def cut(sections: dict[str, bytes], size: int = size) -> None:
            sections[".debug_info"] = sections[".debug_info"][:size]

        data = written(damage=cut)
        first_unit = int.from_bytes(Elf(data, "x.o").contents(".debug_info")[:4], "little") + 4
        assert survives(data) == (size == first_unit)


# flipped bytes

Changes = list[tuple[int, int]]
CHANGES = st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 255)), min_size=1, max_size=4)
SECTION_NAMES = st.sampled_from([
    ".debug_info", ".debug_info", ".debug_abbrev", ".debug_abbrev", ".debug_str_offsets",
    ".debug_line", ".debug_str", ".symtab", ".rela.debug_info", ".rel.debug_info",
])  # fmt: skip


def flipped(data: bytes, places: Sequence[int], changes: Changes) -> bytes:
    damaged = bytearray(data)
    for at, mask in changes:
        damaged[places[at % len(places)]] ^= mask
    return bytes(damaged)


@EACH_SUBJECT
@fuzzed(300)
@given(name=SECTION_NAMES, changes=CHANGES)
def test_flipped_bytes(subject: str, name: str, changes: Changes) -> None:
    data = SUBJECTS[subject]
    found = sections_of(data).get(name)
    if found is not None:
        survives(flipped(data, range(found.offset, found.offset + found.size), changes))


@EACH_SUBJECT
@fuzzed(150)
@given(changes=CHANGES)
def test_flipped_headers(subject: str, changes: Changes) -> None:
    """Of the file and of its sections."""
    data = SUBJECTS[subject]
    survives(flipped(data, [*range(64), *range(headers_at(data), len(data))], changes))


@pytest.mark.parametrize("subject", ["strings-in-place", "big-endian"])
@pytest.mark.parametrize("name", [".debug_abbrev", ".debug_info"])
def test_every_byte_replaced(subject: str, name: str) -> None:
    """One byte at a time, by values at which numbers change their meaning."""
    data = SUBJECTS[subject]
    found = sections_of(data)[name]
    for at in range(found.offset, found.offset + found.size):
        for value in (0x00, 0x80, 0xFF, c.FORM_STRING):
            damaged = bytearray(data)
            damaged[at] = value
            survives(bytes(damaged))


# attributes of the wrong class


ATTRIBUTES = sorted(WANTED | {c.AT_STR_OFFSETS_BASE, c.AT_ADDR_BASE, c.AT_STMT_LIST, c.AT_LANGUAGE})
WRONG: list[tuple[int, str | bytes | int]] = [
    (c.FORM_STRING, "text"), (c.FORM_BLOCK1, b"\1\2"), (c.FORM_EXPRLOC, b""),
    (c.FORM_FLAG_PRESENT, 1), (c.FORM_SDATA, -1), (c.FORM_UDATA, 1 << 70),
    (c.FORM_DATA16, bytes(16)), (c.FORM_REF4, 0), (c.FORM_REF_ADDR, 1 << 31),
    (c.FORM_REF_SIG8, 5), (c.FORM_GNU_REF_ALT, 40), (c.FORM_STRP, "x"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "value"), WRONG)
def test_attributes_of_another_class(form: int, value: str | bytes | int) -> None:
    """Every attribute that is read, on every kind of entry, in forms it never has."""
    u32 = base("u32", 4)
    for number in ATTRIBUTES:
        odd = Attribute(number, form, value)
        kinds: list[Node] = [
            base("odd", 4), pointer(u32), array(u32, 3), struct_type("demo::Odd", 4, []),
            enumeration("demo::OddEnum", u32, {"A": 1}), subroutine([(None, u32)]),
            modifier(c.TAG_TYPEDEF, u32, "odd_t"),
        ]  # fmt: skip
        inner = [
            member("m", u32, 0), variant_part(member(None, u32, 0), []),
            variant_part(member(None, u32, 0), [variant("A", u32, 1)]),
        ]  # fmt: skip
        for kind in (*kinds, *inner):
            for row in (kind, *kind.children[:1]):
                row.attributes = [each for each in row.attributes if each.number != number]
                row.add(odd)
        routines = [function(f"f{at}", [("a", kind)]) for at, kind in enumerate(kinds)]
        holder = struct_type("demo::Holder", 4, inner)
        twice = [function("odd").add(odd), variable("odd_too", u32).add(odd)]
        survives(build(Unit([*routines, holder, *twice])))
        survives(build(Unit([function("f")], attributes=[odd])))


# types that nest without end


def nameless_pointer() -> Node:
    loop = pointer(None)
    return loop.add(refer(c.AT_TYPE, loop))


def nameless_struct() -> Node:
    loop = struct_type(None, 8, [])
    loop.children.append(member("itself", loop, 0))
    return loop


def nameless_enum() -> Node:
    loop = struct_type(None, 8, [])
    loop.children.append(variant_part(None, [variant("A", loop)]))
    return loop


@pytest.mark.parametrize(
    "loop",
    [
        nameless_pointer,
        nameless_struct,
        nameless_enum,
    ],
)
def test_nameless_type_that_contains_itself(loop: Callable[[], Node]) -> None:
    """One damaged byte does it: the DW_AT_name in the abbreviation of structs."""
    with pytest.raises(DwarfError, match="contains itself"):
        read(build(unit(variable("it", loop()))))


# packed sections


def chdr(kind: int, size: int, body: bytes, little_endian: bool = True, bits: int = 64) -> bytes:
    """A compressed section: the header that ELF wants, then the data."""
    order = "<" if little_endian else ">"
    if bits == 64:
        return struct.pack(order + "IIQQ", kind, 0, size, 1) + body
    return struct.pack(order + "III", kind, size, 1) + body


def zstd(data: bytes) -> bytes:
    if sys.version_info >= (3, 14):
        from compression.zstd import compress

        return compress(data)
    import zstandard

    return zstandard.ZstdCompressor().compress(data)


ZLIB, ZSTD = 1, 2
PACKERS: dict[int, Callable[[bytes], bytes]] = {ZLIB: zlib.compress, ZSTD: zstd}


def with_section(
    info: bytes, name: str = ".debug_info", flags: int = SHF_COMPRESSED, **options: Any
) -> bytes:
    """An object of one debug section, as it is."""
    return ElfWriter({name: info}, flags={name: flags}, **options).data()


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("little_endian", [True, False], ids=["little", "big"])
def test_compressed_section(kind: int, bits: int, little_endian: bool) -> None:
    contents = bytes(range(256)) * 40
    packed = chdr(kind, len(contents), PACKERS[kind](contents), little_endian, bits)
    data = with_section(packed, bits=bits, little_endian=little_endian)
    assert Elf(data, "x.o").contents(".debug_info") == contents


def test_zdebug_section() -> None:
    """What GNU tools wrote before there was SHF_COMPRESSED."""
    contents = bytes(range(256)) * 40
    packed = b"ZLIB" + len(contents).to_bytes(8, "big") + zlib.compress(contents)
    data = with_section(packed, ".zdebug_info", 0)
    assert Elf(data, "x.o").contents(".debug_info") == contents


@pytest.mark.parametrize("option", ["zlib", "zlib-gnu", "zstd"])
def test_compressed_by_objcopy(option: str, tmp_path: Path) -> None:
    """Relocations apply to what is in the section, not to the packed bytes."""
    objcopy = shutil.which("objcopy")
    if objcopy is None:
        pytest.skip("no objcopy")
    plain, packed = tmp_path / "plain.o", tmp_path / "packed.o"
    plain.write_bytes(SAMPLE)
    command = [objcopy, f"--compress-debug-sections={option}", str(plain), str(packed)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip(f"objcopy does not know {option}")
    data = packed.read_bytes()
    names = {each.name: each.flags for each in Elf(data, "packed.o").sections}
    assert ".zdebug_str" in names or names[".debug_str"] & SHF_COMPRESSED
    assert read(data) == read(SAMPLE)


def test_unknown_compression() -> None:
    data = with_section(chdr(3, 100, bytes(50)))
    with pytest.raises(InputError, match=r"unknown way \(3\).*--decompress-debug-sections"):
        Elf(data, "x.o").contents(".debug_info")


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("claim", [0, 1, 999, 1001, 100_000, 1 << 32, 1 << 40, (1 << 64) - 1])
def test_compressed_section_of_another_size(kind: int, claim: int) -> None:
    """A header may claim what it likes: memory is taken for what is there."""
    data = with_section(chdr(kind, claim, PACKERS[kind](bytes(1000))))
    with pytest.raises(InputError, match="damaged ELF file"):
        Elf(data, "x.o").contents(".debug_info")


@pytest.mark.parametrize("kind", PACKERS)
def test_bomb(kind: int) -> None:
    """A gigabyte of zeros in a small file is unpacked no further than its header says."""
    bomb = PACKERS[kind](bytes(1 << 28))
    data = with_section(chdr(kind, 1000, bomb))
    with pytest.raises(InputError, match="does not hold what it claims"):
        Elf(data, "x.o").contents(".debug_info")


@pytest.mark.parametrize("size", [1 << 60, 5 << 30])
def test_zstd_frame_that_claims_more_than_there_is(size: int) -> None:
    """The frame's own header (RFC 8878): the size in eight bytes, one segment, an empty block."""
    frame = b"\x28\xb5\x2f\xfd\xe0" + size.to_bytes(8, "little") + b"\1\0\0"
    data = with_section(chdr(ZSTD, 1000, frame))
    with pytest.raises(InputError, match="damaged ELF file"):
        Elf(data, "x.o").contents(".debug_info")


@pytest.mark.parametrize("kind", PACKERS)
def test_damaged_compressed_section(kind: int) -> None:
    """Cut off anywhere, or with a byte changed."""
    packed = chdr(kind, 1000, PACKERS[kind](bytes(range(250)) * 4))
    for size in range(len(packed)):
        with pytest.raises(InputError):
            Elf(with_section(packed[:size]), "x.o").contents(".debug_info")
    for at in range(24, len(packed)):
        damaged = bytearray(packed)
        damaged[at] ^= 0x55
        survives(with_section(bytes(damaged)))


# foreign files


@pytest.mark.parametrize(
    ("machine", "address_size", "little_endian"),
    [
        (EM_X86_64, 8, True), (EM_AARCH64, 8, True), (EM_AARCH64, 8, False), (EM_386, 4, True),
        (EM_ARM, 4, True), (EM_ARM, 4, False), (EM_PPC, 4, False), (EM_S390, 8, False),
    ],
)  # fmt: skip
def test_other_machines(machine: int, address_size: int, little_endian: bool) -> None:
    """The same source gives the same types and versions, whatever the byte order and width."""
    data = written(
        machine=machine, address_size=address_size, little_endian=little_endian, relocated=True
    )
    found, expected = read(data), read(written())
    assert found.types == expected.types
    assert [each.version for each in found.symbols] == [each.version for each in expected.symbols]
    assert found.facts.address_size == address_size
    assert found.facts.little_endian == little_endian


def test_unknown_relocation() -> None:
    """Guessing would give wrong names."""
    data = bytearray(written(relocated=True))
    rows = sections_of(bytes(data))[".rela.debug_info"]
    struct.pack_into("<I", data, rows.offset + 8, 99)
    with pytest.raises(InputError, match=r"\.debug_info\+0x.*: relocation type 99 of x86_64"):
        read(bytes(data))


@pytest.mark.parametrize("kind", [SHT_REL, SHT_RELA])
@pytest.mark.parametrize("offset", [(1 << 64) - 1, 1 << 63, (1 << 63) - 1, 1 << 32])
def test_relocations_beyond_what_can_be_counted(kind: int, offset: int) -> None:
    """Also where the addend stands in the place itself, which is read first."""
    data = bytearray(written(relocated=True))
    section = sections_of(bytes(data))[".rela.debug_info"]
    header = headers_at(bytes(data)) + 64 * section.number
    struct.pack_into("<I", data, header + 4, kind)
    struct.pack_into("<Q", data, header + 32, 24 if kind == SHT_RELA else 16)  # one of them
    struct.pack_into("<Q", data, section.offset, offset)
    with pytest.raises(InputError, match=r"a relocation of \.debug_info is out of range"):
        read(bytes(data))


def test_unknown_machine() -> None:
    """Without relocations nothing depends on the machine; its number stands for its name."""
    data = bytearray(written())
    struct.pack_into("<H", data, 18, 0xBEEF)
    assert read(bytes(data)).facts.machine == "machine 48879"


@pytest.mark.parametrize(
    "data",
    [b"", b"\x7f", b"\x7fELF", b"#!/bin/sh\n", b"!<arch>\n", b"\x7fELF" + bytes(12), bytes(64)],
)
def test_no_elf(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read(data)
    assert caught.value.path == "damaged.o"


def test_no_sections() -> None:
    """Stripped of its section headers altogether (sstrip)."""
    data = bytearray(written())
    struct.pack_into("<Q", data, 40, 0)
    struct.pack_into("<HH", data, 60, 0, 0)
    with pytest.raises(NoDebugInfoError):
        read(bytes(data))


@pytest.mark.parametrize("name", [".debug_abbrev", ".debug_str", ".debug_info"])
def test_section_that_is_missing(name: str) -> None:
    def drop(sections: dict[str, bytes]) -> None:
        del sections[name]

    error = NoDebugInfoError if name == ".debug_info" else DwarfError
    with pytest.raises(error):
        read(written(damage=drop))


@pytest.mark.parametrize("name", [".debug_line", ".debug_line_str"])
def test_section_that_may_be_missing(name: str) -> None:
    """Only whether a C type is private to its file needs the line table."""

    def drop(sections: dict[str, bytes]) -> None:
        sections.pop(name)

    survives(written(damage=drop))
