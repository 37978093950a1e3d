"""What modules and kernels say about themselves: modinfo, versions, exports, Module.symvers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from rustabi.binary.elf import Elf
from rustabi.binary.exports import exports_of
from rustabi.binary.kernel import (
    Export,
    exports_of_kernel,
    imports_of,
    rustc_versions,
    vermagic_of_kernel,
)
from rustabi.binary.modinfo import ModInfo, modinfo_of
from rustabi.binary.modversions import modversions_of
from rustabi.binary.symvers import SymversLine, is_symvers, parse_symvers, read_symvers
from rustabi.check.kernel import read_kernel
from rustabi.errors import InputError
from tests.elf_writer import EM_386, EM_PPC, EM_S390, EM_X86_64
from tests.kernel_files import (
    VERMAGIC,
    extended,
    kernel_data,
    module_data,
    symvers_text,
    versions,
    write,
)
from tests.support import CORPUS, needs_corpus

MODULES = sorted(CORPUS.glob("*/modules/*.ko"))
LONG = "a_name_that_is_longer_than_the_55_bytes_of_modversion_info_by_some"


def elf_of(data: bytes) -> Elf:
    return Elf(data, "demo.ko")


# .modinfo


def test_modinfo_has_all_fields_in_order() -> None:
    text = b"license=GPL\0\0\0alias=a\0alias=b=c\0odd\0import_ns=DMA\0depends=x,y-z\0name=demo"
    info = modinfo_of(elf_of(module_data(info=text)))
    assert info.fields == (
        ("license", "GPL"), ("alias", "a"), ("alias", "b=c"), ("import_ns", "DMA"),
        ("depends", "x,y-z"), ("name", "demo"),
    )  # fmt: skip
    assert info.every("alias") == ("a", "b=c")
    assert info.first("missing") is None
    assert info.depends == ("x", "y-z")
    assert (info.name, info.vermagic, info.gpl_compatible) == ("demo", None, True)


@pytest.mark.parametrize(
    ("license_", "compatible"),
    [
        ("GPL", True), ("GPL v2", True), ("GPL and additional rights", True),
        ("Dual BSD/GPL", True),
        ("Dual MIT/GPL", True), ("Dual MPL/GPL", True), ("GPL-2.0", False), ("MIT", False),
        ("Proprietary", False),
    ],
)  # fmt: skip
def test_licenses_are_those_of_the_kernel(license_: str, compatible: bool) -> None:
    """include/linux/license.h has these six."""
    assert ModInfo((("license", license_),)).gpl_compatible is compatible


# version tables


@pytest.mark.parametrize("little_endian", [True, False])
@pytest.mark.parametrize("bits", [64, 32])
def test_versions_of_any_width_and_byte_order(bits: int, little_endian: bool) -> None:
    machine = {
        (64, True): EM_X86_64, (64, False): EM_S390, (32, True): EM_386, (32, False): EM_PPC,
    }[bits, little_endian]  # fmt: skip
    table = {"first": 0x12345678, "second_symbol": 0xFFFFFFFF, "third": 0}
    longer = {**table, LONG: 0xCAFEBABE}
    data = module_data(
        table=table, sections=extended(longer, little_endian=little_endian),
        little_endian=little_endian, bits=bits, machine=machine,
    )  # fmt: skip
    found = modversions_of(elf_of(data))
    assert found.basic == table
    assert found.extended == longer
    assert found.every == dict(sorted(longer.items()))


def test_absent_tables_are_not_empty_ones() -> None:
    assert modversions_of(elf_of(module_data())) == (None, None)
    assert modversions_of(elf_of(module_data(table={}))) == ({}, None)


def test_modpost_leaves_one_more_nul_behind_the_extended_names() -> None:
    tables = extended({"one": 1})
    tables["__version_ext_names"] += b"\0"
    assert modversions_of(elf_of(module_data(sections=tables))).extended == {"one": 1}


CRCS, NAMES = "__version_ext_crcs", "__version_ext_names"
MALFORMED = {
    "no multiple of 64": {"__versions": versions({"a": 1}) + b"\0"},
    "not terminated": {"__versions": versions({"a": 1})[:8] + b"x" * 56},
    "more than 32 bits": {"__versions": b"\xff" * 8 + b"a".ljust(56, b"\0")},
    "and 0x00000002 here": {"__versions": versions({"a": 1}) + versions({"a": 2})},
    f"no section {NAMES}": {CRCS: b"\1\0\0\0"},
    f"no section {CRCS}": {NAMES: b"a\0"},
    "no multiple of 4": {CRCS: b"\1\0\0", NAMES: b"a\0"},
    "last name is not terminated": {CRCS: b"\1\0\0\0", NAMES: b"a"},
    "2 names for 1 versions": {CRCS: b"\1\0\0\0", NAMES: b"a\0b\0"},
    "1 names for 2 versions": {CRCS: b"\1\0\0\0\2\0\0\0", NAMES: b"a\0"},
    f"a has the version 0x00000001 here, and 0x00000002 in {CRCS}": {
        "__versions": versions({"a": 1}), **extended({"a": 2})
    },
}  # fmt: skip


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed_tables_are_refused(what: str) -> None:
    with pytest.raises(InputError, match="malformed symbol versions") as caught:
        modversions_of(elf_of(module_data(sections=MALFORMED[what])))
    assert what in caught.value.message
    assert caught.value.path == "demo.ko"
    assert "__version" in (caught.value.place or "")


# Module.symvers


def parsed(text: str) -> list[SymversLine]:
    return list(parse_symvers(text, Path("Module.symvers")))


def test_symvers_of_all_ages() -> None:
    new = parsed(
        "0x00000001\ta\tvmlinux\tEXPORT_SYMBOL\t\n0xffffffff\tb\tfs/x\tEXPORT_SYMBOL_GPL\tNS\n"
    )
    assert new == [
        SymversLine(1, "a", "vmlinux", "EXPORT_SYMBOL"),
        SymversLine(0xFFFFFFFF, "b", "fs/x", "EXPORT_SYMBOL_GPL", "NS"),
    ]
    four = "0x00000001\ta\tvmlinux\tEXPORT_SYMBOL\n"
    blanks = "\r\n0x00000001   a vmlinux\tEXPORT_SYMBOL\r\n"
    v54 = "0x00000001\ta\t\tvmlinux\tEXPORT_SYMBOL\n0x00000002\tb\tNS\tx\tEXPORT_SYMBOL_GPL\n"
    assert parsed(four) == parsed(blanks) == new[:1]
    assert parsed(v54) == [new[0], SymversLine(2, "b", "x", "EXPORT_SYMBOL_GPL", "NS")]


def test_who_may_use_an_export() -> None:
    rows = parsed(
        "0x1\ta\tvmlinux\tEXPORT_SYMBOL\t\n0x1\tb\tvmlinux\tEXPORT_SYMBOL_GPL\t\n"
        "0x1\tc\tvmlinux\tEXPORT_UNUSED_SYMBOL_GPL\t\n0x1\td\tvmlinux\tEXPORT_SYMBOL\tmodule:kvm\n"
    )
    assert [row.gpl_only for row in rows] == [False, True, True, True]


@pytest.mark.parametrize(
    "bad",
    [
        "hello", "0x1 a vmlinux", "12345678\ta\tvmlinux\tEXPORT_SYMBOL\t",
        "0x123456789\ta\tvmlinux\tEXPORT_SYMBOL\t", "0x1\ta\tvmlinux\tIMPORT_SYMBOL\t",
        "0x1\t\tvmlinux\tEXPORT_SYMBOL\t", "0x1\ta\t\tEXPORT_SYMBOL\t",
        "0x1\ta\tvmlinux\tEXPORT_SYMBOL\tx\ty", "\x7fELF",
    ],
)  # fmt: skip
def test_a_bad_line_is_named(bad: str) -> None:
    text = symvers_text({"one": 1}) + "\n" + bad + "\n"
    with pytest.raises(InputError) as caught:
        parsed(text)
    assert caught.value.path == "Module.symvers:3"
    assert repr(bad)[1:-1] in caught.value.message


def test_what_looks_like_a_symvers(tmp_path: Path) -> None:
    assert is_symvers(symvers_text({"one": 1}).encode())
    assert not is_symvers(b"\x7fELF\x02\x01")
    assert not is_symvers(b"0x12345678")
    path = write(tmp_path, "Module.symvers", symvers_text({"one": 1}))
    assert read_symvers(path)[0].name == "one"


# what a kernel exports, what a module wants


@pytest.mark.parametrize("little_endian", [True, False])
@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("crc_names", [True, False])
@pytest.mark.parametrize("flags", [True, False])
def test_exports_of_a_linked_kernel(
    flags: bool, crc_names: bool, bits: int, little_endian: bool
) -> None:
    data = kernel_data(
        {"b": 0x11223344, "a": 2, "c": 3}, gpl={"b"}, namespaces={"c": "module:kvm,x*"},
        flags=flags, crc_names=crc_names, bits=bits, little_endian=little_endian,
        machine=EM_X86_64 if little_endian else EM_S390,
    )  # fmt: skip
    assert exports_of_kernel(elf_of(data)) == {
        "a": Export("EXPORT_SYMBOL", "", 2),
        "b": Export("EXPORT_SYMBOL_GPL", "", 0x11223344),
        "c": Export("EXPORT_SYMBOL", "module:kvm,x*", 3),
    }
    assert vermagic_of_kernel(elf_of(data)) == VERMAGIC


def test_imports_tell_weak_ones_apart() -> None:
    data = module_data(["b", "a", "_GLOBAL_OFFSET_TABLE_", ".TOC."], weak=["w", "a"])
    assert imports_of(elf_of(data)) == (("a", "b"), ("w",))


def test_dots_of_powerpc_descriptors_are_taken_away() -> None:
    data = module_data([".printk"], machine=21, little_endian=False)
    assert imports_of(elf_of(data)).strong == ("printk",)


def test_rustc_by_its_comment() -> None:
    comment = (
        b"\0rustc version 1.97.1 (8bab26f4f 2026-07-14) (built from a source tarball)\0GCC: 16\0"
    )
    assert rustc_versions(elf_of(module_data(sections={".comment": comment}))) == (
        "1.97.1 (8bab26f4f 2026-07-14)",
    )
    assert rustc_versions(elf_of(module_data())) == ()


# a real kernel


@needs_corpus
@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parents[1].name}/{path.stem}")
def test_real_modules_agree_with_their_symvers(path: Path) -> None:
    """The build wrote both; arm64's by another compiler."""
    table = modversions_of(Elf(path.read_bytes(), str(path)))
    side = path.parents[1].name
    truth = {row.name: row.crc for row in read_symvers(CORPUS / side / "Module.symvers")}
    assert table.every
    assert {name: truth[name] for name in table.every} == table.every
    assert table.basic is not None
    assert table.extended is not None
    assert set(table.basic) == {name for name in table.extended if len(name) < 56}


@needs_corpus
@pytest.mark.skipif(not shutil.which("readelf"), reason="no readelf")
def test_real_modinfo_is_what_readelf_prints() -> None:
    for path in MODULES[:3]:
        command = ["readelf", "-p", ".modinfo", str(path)]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        shown = [line.split("]  ", 1)[1] for line in lines.splitlines() if "]  " in line]
        fields = modinfo_of(Elf(path.read_bytes(), str(path))).fields
        assert [f"{key}={value}".rstrip() for key, value in fields] == [s.rstrip() for s in shown]


@needs_corpus
@pytest.mark.skipif(not shutil.which("modprobe"), reason="no modprobe (Debian: kmod)")
def test_real_tables_are_what_modprobe_prints() -> None:
    for path in MODULES[:3]:
        command = ["modprobe", "--dump-modversions", str(path)]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        rows = (line.split("\t") for line in lines.splitlines())
        shown = {name: int(crc, 16) for crc, name in rows}
        table = modversions_of(Elf(path.read_bytes(), str(path)))
        assert shown in (table.basic, table.every)


@needs_corpus
@pytest.mark.slow
@pytest.mark.skipif(not (CORPUS / "vmlinux").is_file(), reason="no vmlinux in the corpus")
def test_a_real_vmlinux_agrees_with_its_symvers() -> None:
    path = CORPUS / "vmlinux"
    elf = Elf(path.read_bytes(), str(path))
    truth = {
        row.name: (row.type, row.namespace, row.crc)
        for row in read_symvers(CORPUS / "base" / "Module.symvers")
    }
    assert {name: tuple(found) for name, found in exports_of_kernel(elf).items()} == truth
    assert len(truth) == 4597
    module = Elf(MODULES[-1].read_bytes(), "")
    assert vermagic_of_kernel(elf) == modinfo_of(module).vermagic
    assert rustc_versions(elf) == rustc_versions(module)


OLD_EXPORTS = """
    .text
    .globl demo_open
demo_open: ret
    .globl demo_close
demo_close: ret
    .section "___ksymtab_gpl+demo_open", "a"
    .balign 4
__ksymtab_demo_open:
    .long demo_open - ., __kstrtab_demo_open - ., __kstrtabns_demo_open - .
    .section "___ksymtab+demo_close", "a"
    .balign 4
__ksymtab_demo_close:
    .long demo_close - ., __kstrtab_demo_close - ., __kstrtabns_demo_close - .
    .section "__ksymtab_strings", "aMS", %progbits, 1
__kstrtab_demo_open: .asciz "demo_open"
__kstrtabns_demo_open: .asciz "DEMO"
__kstrtab_demo_close: .asciz "demo_close"
__kstrtabns_demo_close: .asciz ""
    .globl __crc_demo_open
    .set __crc_demo_open, 0x9234abcd
    .section .rodata
    .balign 4
    .globl __crc_demo_close
__crc_demo_close: .long 0x89abcdef
    .section "___kcrctab+demo_close", "a"
    .long __crc_demo_close - .
"""
"""What EXPORT_SYMBOL_NS_GPL and EXPORT_SYMBOL left in an object up to Linux 6.3, and versions as
genksyms gives them to the linker: without CONFIG_MODULE_REL_CRCS, and with it."""


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc to assemble with")
def test_exports_of_an_object_of_linux_6_3(tmp_path: Path) -> None:
    (tmp_path / "demo.s").write_text(OLD_EXPORTS)
    path = tmp_path / "demo.o"
    command = ["gcc", "-c", str(tmp_path / "demo.s"), "-o", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    elf = Elf(path.read_bytes(), str(path))
    assert exports_of_kernel(elf) == {
        "demo_open": Export("EXPORT_SYMBOL_GPL", "DEMO", 0x9234ABCD),
        "demo_close": Export("EXPORT_SYMBOL", "", 0x89ABCDEF),
    }
    assert exports_of(elf).names == ("demo_close", "demo_open")
    # Not linked: what no table states the debug info gives, so no version is said to be absent.
    found = read_kernel([path], lambda text: None).exports
    assert {name: (each.gpl_only, each.stated) for name, each in found.items()} == {
        "demo_open": (True, False), "demo_close": (False, False),
    }  # fmt: skip
