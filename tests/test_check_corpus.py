"""Real modules against the Rust-for-Linux kernel of their build, and one with a field more."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from rustabi.binary.elf import Elf
from rustabi.binary.modversions import modversions_of
from rustabi.binary.symvers import read_symvers
from rustabi.check import KernelCheck, check_modules
from rustabi.target import load_target
from tests.kernel_files import strictly
from tests.support import CORPUS, needs_corpus

pytestmark = needs_corpus

BASE, NEW, ARM64 = CORPUS / "base", CORPUS / "fieldadd", CORPUS / "arm64"
VMLINUX = CORPUS / "vmlinux"
needs_vmlinux = pytest.mark.skipif(not VMLINUX.is_file(), reason="no vmlinux in the corpus")

REFUSED = {"rust_debugfs", "rust_debugfs_scoped"}
"""They import methods of UserSliceReader, which got a field."""
INLINED = {"rust_misc_device"}
"""It imports none of the six symbols that changed, and has code for UserSliceReader in it."""


def answers(found: KernelCheck) -> dict[str, tuple[str, str]]:
    return {each.name: (each.loads, each.runs) for each in found.modules}


@cache
def against_new() -> KernelCheck:
    kernel = [NEW / "Module.symvers", NEW / "rust/kernel.o"]
    return check_modules([BASE / "modules"], kernel, [BASE / "rust/kernel.o"])


def test_against_its_own_symvers() -> None:
    found = check_modules([BASE / "modules"], [BASE / "Module.symvers"])
    assert len(found.modules) == 15
    assert set(answers(found).values()) == {("yes", "unknown")}
    assert (found.verdict, strictly(found)) == ("compatible", "compatible")
    for each in found.modules:
        assert each.layer("symbols").checked == each.layer("versions").checked > 0
        assert [gap.kind for gap in each.layer("toolchain").gaps] == [
            "architecture-unknown", "vermagic-unknown", "rustc-unknown",
        ]  # fmt: skip
        assert each.layer("layout").status == "not run"


def test_a_field_more_refuses_who_imports_it() -> None:
    found = against_new()
    assert {name for name, (loads, _) in answers(found).items() if loads == "no"} == REFUSED
    assert {name for name, (_, runs) in answers(found).items() if runs == "no"} == REFUSED
    for each in found.modules:
        if each.name in REFUSED:
            causes = each.layer("reasons").problems
            assert causes
            for cause in causes:
                assert "kernel::uaccess::UserSliceReader.consumed" in cause.text
                assert any("→" in line for line in cause.evidence)


def test_a_field_more_is_risky_to_who_has_it_inlined() -> None:
    found = against_new()
    assert {name for name, (_, runs) in answers(found).items() if runs == "risky"} == INLINED
    (module,) = (each for each in found.modules if each.name in INLINED)
    assert module.loads == "yes"
    (risk,) = module.layer("layout").problems
    assert risk.subject == "kernel::uaccess::UserSliceReader"
    assert "no imported symbol" in risk.evidence[-1]
    alone = check_modules([module.path], [NEW / "Module.symvers", NEW / "rust/kernel.o"])
    assert (alone.verdict, strictly(alone)) == ("compatible", "incompatible")


def test_symvers_alone_cannot_see_it() -> None:
    found = check_modules([BASE / "modules/rust_misc_device.ko"], [NEW / "Module.symvers"])
    (module,) = found.modules
    assert (module.loads, module.runs, found.verdict) == ("yes", "unknown", "compatible")
    assert [gap.kind for gap in module.layer("layout").gaps] == ["no-types"]


def test_arm64_fits_arm64_and_nothing_else() -> None:
    objects = [ARM64 / f"rust/{name}.o" for name in ("core", "kernel", "helpers")]
    found = check_modules([ARM64 / "modules"], [ARM64 / "Module.symvers", *objects])
    assert set(answers(found).values()) == {("yes", "yes")}
    assert len(found.modules) == 5
    other = check_modules([ARM64 / "modules"], [BASE / "Module.symvers", BASE / "rust/kernel.o"])
    for each in other.modules:
        assert each.loads == "no"
        assert "architecture" in {note.kind for note in each.layer("toolchain").problems}
        assert each.layer("layout").status == "not run"


def test_a_build_folder_without_a_vmlinux(tmp_path: Path) -> None:
    build = tmp_path / "build"
    (build / "rust").mkdir(parents=True)
    shutil.copy(BASE / "Module.symvers", build)
    for name in ("core.o", "kernel.o"):
        shutil.copy(BASE / "rust" / name, build / "rust")
    shutil.copy(BASE / "modules/rust_print.ko", build)
    found = check_modules([BASE / "modules/rust_minimal.ko"], [build])
    (module,) = found.modules
    assert (module.loads, module.runs) == ("yes", "yes")
    assert not module.layer("toolchain").gaps  # the other module has the kernel's vermagic


@needs_vmlinux
@pytest.mark.slow
def test_against_its_own_vmlinux(tmp_path: Path) -> None:
    """All layers run; one binding of a copied module is then falsified, and caught."""
    source = BASE / "modules/rust_print.ko"
    falsified = falsify(source, tmp_path / "falsified.ko")
    found = check_modules([BASE / "modules", falsified], [VMLINUX])
    real = found._replace(modules=found.modules[:-1])
    assert len(real.modules) == 15
    assert set(answers(real).values()) == {("yes", "yes")}
    assert (real.verdict, strictly(real)) == ("compatible", "compatible")
    for each in real.modules:
        assert not each.layer("toolchain").gaps
        remarks = {str(note.kind): note.text for note in each.layer("layout").remarks}
        assert int(remarks["bindings"].split()[0]) >= 320
        assert "bindings-opaque" in remarks
    kinds = {str(note.kind): note for note in found.modules[-1].layer("layout").problems}
    assert "binding-differs" in kinds
    assert kinds["binding-differs"].subject == "bindings::bindings_raw::kernel_param"
    assert strictly(found) == "incompatible"


def falsify(module: Path, to: Path) -> Path:
    """A copy in which the member ``ops`` of the binding ``kernel_param`` stands a byte further."""
    data = bytearray(module.read_bytes())
    with module.open("rb") as file:
        elf = ELFFile(file)
        section = elf.get_section_by_name(".debug_info")
        assert section is not None
        for unit in elf.get_dwarf_info().iter_CUs():
            for entry in unit.iter_DIEs():
                both = (each for each in (entry.get_parent(), entry) if each)
                names = [each.attributes.get("DW_AT_name") for each in both]
                if [name and name.value for name in names] == [b"kernel_param", b"ops"]:
                    place = entry.attributes["DW_AT_data_member_location"]
                    assert (place.form, place.value) == ("DW_FORM_data1", 16)
                    data[section["sh_offset"] + place.offset] = 17
    assert data != module.read_bytes()
    to.write_bytes(data)
    return to


@needs_vmlinux
@pytest.mark.slow
def test_computed_versions_are_those_of_the_modules_tables() -> None:
    """Of every symbol of every module, from the debug info of who exports it."""
    computed = {
        symbol.name: symbol.version
        for name in ("vmlinux", "base/rust/helpers.o", "base/rust/kernel.o", "base/rust/core.o")
        for symbol in load_target(CORPUS / name, all_types=False).symbols
        if symbol.version is not None
    }
    truth = {row.name: row.crc for row in read_symvers(BASE / "Module.symvers")}
    symbols: set[str] = set()
    for path in sorted((BASE / "modules").glob("*.ko")):
        table = modversions_of(Elf(path.read_bytes(), str(path))).every
        assert {name: truth[name] for name in table} == table
        symbols |= table.keys()
    wrong = {name for name in symbols if computed.get(name) != truth[name]}
    assert len(symbols) == 220
    assert not wrong
