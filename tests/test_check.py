"""Would the kernel load the module? Each of the loader's rules, on files made by hand."""

from __future__ import annotations

import gzip
import lzma
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rustabi
from rustabi.binary.elf import Elf
from rustabi.check import Layer, ModuleCheck, check_modules
from rustabi.check.module import read_module
from rustabi.check.symbols import may_use
from rustabi.check.toolchain import same_magic
from rustabi.errors import InputError, UsageError
from rustabi.target import load_target
from tests.elf_writer import (
    EM_386,
    EM_AARCH64,
    EM_S390,
    EM_X86_64,
    ET_DYN,
    STB_LOCAL,
    STT_NOTYPE,
    ElfWriter,
    Symbol,
)
from tests.kernel_files import (
    VERMAGIC,
    extended,
    kernel_data,
    modinfo,
    module_data,
    symvers_text,
    versions,
    write,
)

EXPORTS = {"module_layout": 1, "alpha": 0xA, "beta": 0xB}
LONG = "_RNvMs0_NtCsdJ13ReMSUMg_6kernel7uaccessNtB5_15UserSliceReader10read_slice"


def check(folder: Path, data: bytes, *kernel: Path) -> ModuleCheck:
    return check_modules([write(folder, "demo.ko", data)], kernel).modules[0]


def symvers(folder: Path, **options: object) -> Path:
    exports = options.pop("exports", EXPORTS)
    return write(folder, "Module.symvers", symvers_text(exports, **options))  # type: ignore[arg-type]


def kinds(layer: Layer) -> list[str]:
    return [note.kind for note in layer.problems]


def gaps(result: ModuleCheck) -> set[str]:
    return {note.kind for layer in result.layers for note in layer.gaps}


def test_all_is_well(tmp_path: Path) -> None:
    result = check(tmp_path, module_data(["alpha"], EXPORTS), symvers(tmp_path))
    assert (result.loads, result.runs) == ("yes", "unknown")
    assert [(layer.name, layer.status) for layer in result.layers] == [
        ("symbols", "ok"), ("versions", "ok"), ("toolchain", "ok"), ("layout", "not run"),
    ]  # fmt: skip
    assert gaps(result) == {"architecture-unknown", "vermagic-unknown", "no-types"}


# layer 1


def test_a_missing_symbol_refuses_a_weak_one_does_not(tmp_path: Path) -> None:
    result = check(tmp_path, module_data(["gone"], EXPORTS, weak=["faint"]), symvers(tmp_path))
    layer = result.layer("symbols")
    assert [(note.kind, note.subject) for note in layer.problems] == [("symbol-missing", "gone")]
    assert [(note.kind, note.subject) for note in layer.remarks] == [("weak-missing", "faint")]
    assert result.loads == "no"


def test_without_all_exports_nothing_is_said_to_be_missing(tmp_path: Path) -> None:
    partial = symvers(tmp_path, module="drivers/other")
    found = check_modules([write(tmp_path, "a.ko", module_data(["gone"], EXPORTS))], [partial])
    assert found.modules[0].loads == "unknown"
    assert "symbol-unknown" in gaps(found.modules[0])
    assert found.verdict == "error"


def test_a_module_that_is_named_by_depends_may_export_it(tmp_path: Path) -> None:
    user = module_data(
        ["helper"], EXPORTS | {"helper": 7}, info=modinfo(name="user", depends="my-helper")
    )
    result = check(tmp_path, user, symvers(tmp_path))
    assert (result.loads, kinds(result.layer("symbols"))) == ("unknown", [])
    folder = tmp_path / "both"
    folder.mkdir()
    write(folder, "user.ko", user)
    helper = _exporting(7)
    write(folder, "my-helper.ko", helper)
    both = check_modules([folder], [symvers(tmp_path)])
    assert [(each.name, each.loads) for each in both.modules] == [
        ("my_helper", "yes"), ("user", "yes"),
    ]  # fmt: skip
    write(folder, "my-helper.ko", _exporting(8))
    other = check_modules([folder], [symvers(tmp_path)]).modules[1]
    assert kinds(other.layer("versions")) == ["version-differs"]


def _exporting(crc: int) -> bytes:
    """A module that exports ``helper``: the tables of a kernel, in a file that is not linked."""
    sections = {
        ".modinfo": modinfo(name="my_helper"), "__versions": versions({"module_layout": 1}),
        "__ksymtab": bytes(12), "__kcrctab": crc.to_bytes(4, "little"), "__kflagstab": b"\0",
    }  # fmt: skip
    rows = [
        Symbol("__ksymtab_helper", "__ksymtab", 0, 0, STT_NOTYPE, STB_LOCAL),
        Symbol("__crc_helper", "__kcrctab", 0, 0, STT_NOTYPE, STB_LOCAL),
        Symbol("__flags_helper", "__kflagstab", 0, 0, STT_NOTYPE, STB_LOCAL),
    ]
    return ElfWriter(sections, rows).data()


@pytest.mark.parametrize(("license_", "loads"), [("GPL", "yes"), ("MIT", "no")])
def test_gpl_only(tmp_path: Path, license_: str, loads: str) -> None:
    data = module_data(["alpha", "beta"], EXPORTS, info=modinfo(license=license_))
    for kernel in (
        symvers(tmp_path, gpl={"alpha"}),
        write(tmp_path, "vmlinux", kernel_data(EXPORTS, gpl={"alpha"})),
        write(tmp_path, "vmlinux-6.1", kernel_data(EXPORTS, gpl={"alpha"}, flags=False)),
    ):
        result = check(tmp_path, data, kernel)
        assert result.loads == loads
        bad = [note.subject for note in result.layer("symbols").problems]
        assert bad == ([] if loads == "yes" else ["alpha"])


@pytest.mark.parametrize(
    ("namespace", "imports", "allowed"),
    [
        ("DMA_BUF", (), False), ("DMA_BUF", ("DMA_BUF",), True), ("DMA_BUF", ("DMA",), False),
        ("module:demo", (), True), ("module:dem", (), False), ("module:kvm,demo", (), True),
        ("module:de*", (), True), ("module:kvm*,x", (), False), ("module:kvm,de*", (), True),
    ],
)  # fmt: skip
def test_namespaces(
    tmp_path: Path, namespace: str, imports: tuple[str, ...], allowed: bool
) -> None:
    info = modinfo() + b"".join(f"import_ns={name}".encode() + b"\0" for name in imports)
    path = write(tmp_path, "demo.ko", module_data(["alpha"], EXPORTS, info=info))
    assert may_use(namespace, read_module(path, lambda _: None)) is allowed
    kernel = symvers(tmp_path, namespaces={"alpha": namespace})
    result = check_modules([path], [kernel]).modules[0]
    assert kinds(result.layer("symbols")) == ([] if allowed else ["namespace"])


# layer 2: kernel/module/version.c


def versions_of(folder: Path, data: bytes) -> Layer:
    return check(folder, data, symvers(folder, exports=EXPORTS | {LONG: 0xC})).layer("versions")


def test_a_version_that_differs_refuses(tmp_path: Path) -> None:
    layer = versions_of(tmp_path, module_data(["alpha", "beta"], {"alpha": 0xA, "beta": 0xBAD}))
    assert layer.status == "failed"
    assert [note.subject for note in layer.problems] == ["beta"]
    assert "0x00000bad" in layer.problems[0].text
    assert "0x0000000b" in layer.problems[0].text


def test_a_symbol_that_the_basic_table_leaves_out_refuses(tmp_path: Path) -> None:
    layer = versions_of(tmp_path, module_data(["alpha", "beta"], {"alpha": 0xA}))
    assert [(note.kind, note.subject) for note in layer.problems] == [("version-missing", "beta")]


def test_a_symbol_that_the_extended_table_leaves_out_is_a_warning(tmp_path: Path) -> None:
    """It wins over the basic one, which has the symbol."""
    data = module_data(["alpha", "beta"], {"beta": 0xBAD}, sections=extended({"alpha": 0xA}))
    layer = versions_of(tmp_path, data)
    assert layer.status == "ok"
    assert [(note.kind, note.subject) for note in layer.remarks] == [("version-missing", "beta")]


def test_long_names_are_checked_by_the_extended_table(tmp_path: Path) -> None:
    assert len(LONG) > 55
    table = {"alpha": 0xA}
    for crc, status in ((0xC, "ok"), (0xD, "failed")):
        data = module_data(["alpha", LONG], table, sections=extended(table | {LONG: crc}))
        assert versions_of(tmp_path, data).status == status


def test_no_table_at_all_is_loaded_by_force_only(tmp_path: Path) -> None:
    assert kinds(versions_of(tmp_path, module_data(["alpha", "beta"]))) == ["no-versions"]
    unversioned = symvers(tmp_path, exports=dict.fromkeys(EXPORTS, 0))
    result = check(tmp_path, module_data(["alpha"]), unversioned)
    layer = result.layer("versions")
    assert (layer.status, layer.checked, layer.what) == ("ok", 1, "symbols without version")
    assert [note.kind for note in layer.remarks] == ["kernel-unversioned"]
    # Nothing but vermagic tells such kernels apart, and Module.symvers has none.
    assert (result.loads, check_modules([tmp_path / "demo.ko"], [unversioned]).verdict) == (
        "unknown", "error",
    )  # fmt: skip


def test_a_kernel_without_versions_accepts_modules_without_any(tmp_path: Path) -> None:
    """CONFIG_MODVERSIONS=n, as Debian builds it: ``__ksymtab`` and no ``__kcrctab``."""
    kernel = write(tmp_path, "vmlinux", kernel_data(EXPORTS, versioned=False))
    result = check(tmp_path, module_data(["alpha"]), kernel)
    assert (result.loads, result.layer("versions").what) == ("yes", "symbols without version")
    other = module_data(["alpha"], info=modinfo(vermagic=VERMAGIC.replace("7.2.0", "7.2.1")))
    result = check(tmp_path, other, kernel)
    assert (result.loads, kinds(result.layer("toolchain"))) == ("no", ["vermagic"])


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
@pytest.mark.parametrize(("versioned", "loads"), [(False, "yes"), (True, "no")])
def test_debug_info_makes_no_versions_for_the_loader(
    tmp_path: Path, versioned: bool, loads: str
) -> None:
    table = '".section __kcrctab, \\"a\\"; __crc_alpha: .long 10;"' if versioned else ""
    source = write(tmp_path, "kernel.c", f"""
        int alpha(int x) {{ return x; }}
        __attribute__((used)) static const char vermagic[] = "{VERMAGIC}";
        __asm__(".pushsection __ksymtab, \\"a\\"; __ksymtab_alpha: .zero 12;" {table}
                ".section __ksymtab_strings, \\"a\\"; __kstrtabns_alpha: .byte 0; .popsection");
    """)  # fmt: skip
    kernel = tmp_path / "vmlinux"
    how = ["-g", "-static", "-nostdlib", "-no-pie", "-Wl,-e,alpha"]
    subprocess.run(["gcc", *how, "-o", kernel, source], check=True)
    if Elf(kernel.read_bytes(), "vmlinux").machine != "x86_64":
        pytest.skip("the modules made by hand are for x86-64")
    assert any(symbol.version for symbol in load_target(kernel).symbols)
    result = check(tmp_path, module_data(["alpha"]), kernel)
    assert (result.loads, kinds(result.layer("versions"))) == (
        loads, ["no-versions"] if versioned else [],
    )  # fmt: skip


def test_malformed_tables_fail_the_layer(tmp_path: Path) -> None:
    data = module_data(["alpha"], sections={"__versions": b"\1" * 65})
    layer = versions_of(tmp_path, data)
    assert kinds(layer) == ["versions-malformed"]
    assert "no multiple of 64" in layer.problems[0].text


def test_the_running_kernel_s_own_table_comes_first(tmp_path: Path) -> None:
    """A Module.symvers of another build beside a vmlinux: the vmlinux decides, and it is said."""
    vmlinux = write(tmp_path, "vmlinux", kernel_data(EXPORTS))
    other = symvers(tmp_path, exports=EXPORTS | {"alpha": 0xBAD})
    result = check(tmp_path, module_data(["alpha"], EXPORTS), other, vmlinux)
    assert result.loads == "yes"
    notes = result.layer("versions").remarks
    assert [(note.kind, note.subject) for note in notes] == [("sources-disagree", "alpha")]


# layer 3


@pytest.mark.parametrize(
    ("module", "kernel", "basic", "both"),
    [
        ("7.2.0 SMP x ", "7.2.0 SMP x ", True, True), ("7.2.1 SMP x ", "7.2.0 SMP x ", True, False),
        ("7.2.0 SMP x ", "7.2.0 SMP ", False, False), ("7.2.0", "7.2.1", True, False),
    ],
)  # fmt: skip
def test_vermagic(module: str, kernel: str, basic: bool, both: bool) -> None:
    assert same_magic(module, kernel, has_versions=True) is basic
    assert same_magic(module, kernel, has_versions=False) is both


def toolchain_of(folder: Path, data: bytes, **options: object) -> Layer:
    kernel = write(folder, "vmlinux", kernel_data(EXPORTS, **options))  # type: ignore[arg-type]
    return check(folder, data, kernel).layer("toolchain")


def test_the_release_counts_without_the_basic_table(tmp_path: Path) -> None:
    """``same_magic`` asks for ``__versions`` alone."""
    info = modinfo(vermagic=VERMAGIC.replace("7.2.0", "7.2.9"))
    with_basic = module_data(["alpha"], EXPORTS, info=info, sections=extended(EXPORTS))
    assert toolchain_of(tmp_path, with_basic).status == "ok"
    without = module_data(["alpha"], info=info, sections=extended(EXPORTS))
    assert kinds(toolchain_of(tmp_path, without)) == ["vermagic"]


def test_a_module_without_vermagic(tmp_path: Path) -> None:
    data = module_data(["alpha"], EXPORTS, info=b"license=GPL\0")
    assert kinds(toolchain_of(tmp_path, data)) == ["vermagic"]


def test_module_layout(tmp_path: Path) -> None:
    data = module_data(["alpha"], EXPORTS | {"module_layout": 2})
    layer = toolchain_of(tmp_path, data)
    assert [(note.kind, note.subject) for note in layer.problems] == [
        ("version-differs", "module_layout")
    ]


@pytest.mark.parametrize(
    ("machine", "bits", "little_endian"),
    [(EM_AARCH64, 64, True), (EM_386, 32, True), (EM_S390, 64, False), (EM_X86_64, 32, True)],
)
def test_another_architecture(tmp_path: Path, machine: int, bits: int, little_endian: bool) -> None:
    """Its tables are read right all the same: they agree."""
    data = module_data(["alpha"], EXPORTS, machine=machine, bits=bits, little_endian=little_endian)
    kernel = write(tmp_path, "vmlinux", kernel_data(EXPORTS))
    result = check(tmp_path, data, kernel)
    assert kinds(result.layer("toolchain")) == ["architecture"]
    assert (result.loads, result.layer("versions").status) == ("no", "ok")
    own = write(
        tmp_path, "own",
        kernel_data(EXPORTS, machine=machine, bits=bits, little_endian=little_endian),
    )  # fmt: skip
    assert check(tmp_path, data, own).loads == "yes"


def test_another_rustc_is_risky(tmp_path: Path) -> None:
    def comment(version: str) -> dict[str, bytes]:
        return {".comment": f"rustc version {version} (0123456 2026-01-01)".encode() + b"\0"}

    vmlinux = write(tmp_path, "vmlinux", kernel_data(EXPORTS))
    rust = ElfWriter({".text": b"\xc3", **comment("1.97.1")}).data()
    objects = write(tmp_path, "kernel.o", rust)
    for version, loads in (("1.97.1", "yes"), ("1.98.0", "risky")):
        data = module_data(["alpha"], EXPORTS, sections=comment(version))
        result = check(tmp_path, data, vmlinux, objects)
        assert result.loads == loads
        assert kinds(result.layer("toolchain")) == ([] if loads == "yes" else ["rustc"])


# what is read


@pytest.mark.parametrize("pack", ["", "gz", "xz", "zst"])
@pytest.mark.parametrize("signed", [False, True])
def test_packed_and_signed_modules(tmp_path: Path, pack: str, signed: bool) -> None:
    data = module_data(["alpha"], EXPORTS)
    if signed:  # include/linux/module_signature.h: 8 bytes, the length, and the magic behind
        data += b"s" * 300 + bytes(8) + (300).to_bytes(4, "big") + b"~Module signature appended~\n"
    if pack == "gz":
        data = gzip.compress(data)
    elif pack == "xz":
        data = lzma.compress(data)
    elif pack == "zst":
        zstandard = pytest.importorskip("zstandard")
        data = zstandard.ZstdCompressor().compress(data)
    folder = tmp_path / "modules"
    folder.mkdir()
    write(folder, f"demo.ko{'.' if pack else ''}{pack}", data)
    result = check_modules([folder], [symvers(tmp_path)]).modules[0]
    assert (result.name, result.loads) == ("demo", "yes")


def test_what_is_no_module_is_told_and_the_others_are_checked(tmp_path: Path) -> None:
    good = write(tmp_path, "good.ko", module_data(["alpha"], EXPORTS))
    linked = write(tmp_path, "linked.ko", ElfWriter({".text": b""}, file_type=ET_DYN).data())
    plain = write(tmp_path, "plain.ko", ElfWriter({".text": b""}).data())
    text = write(tmp_path, "text.ko", "hello")
    found = check_modules([good, linked, plain, text], [symvers(tmp_path)])
    assert [each.loads for each in found.modules] == ["yes", "unknown", "unknown", "unknown"]
    told = [str(each.failure) for each in found.modules[1:]]
    assert "it is linked" in told[0]
    assert "no section .modinfo" in told[1]
    assert "not an ELF file" in told[2]
    assert found.verdict == "error"
    with pytest.raises(InputError, match="not a kernel module"):
        rustabi.check_module(plain, [symvers(tmp_path)])
    assert rustabi.check_module(good, [symvers(tmp_path)]).loads == "yes"


def test_arguments_that_make_no_sense(tmp_path: Path) -> None:
    good = write(tmp_path, "good.ko", module_data(["alpha"], EXPORTS))
    with pytest.raises(UsageError, match="no kernel"):
        check_modules([good], [])
    with pytest.raises(InputError, match="no such file"):
        check_modules([tmp_path / "gone.ko"], [symvers(tmp_path)])
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="no kernel modules"):
        check_modules([empty], [symvers(tmp_path)])
    with pytest.raises(InputError, match="nothing of a kernel"):
        check_modules([good], [empty])
    with pytest.raises(UsageError, match="a folder"):
        rustabi.check_module(tmp_path, [symvers(tmp_path)])


def test_kernels_of_two_architectures(tmp_path: Path) -> None:
    one = write(tmp_path, "one", kernel_data(EXPORTS))
    other = write(tmp_path, "other", kernel_data(EXPORTS, machine=EM_AARCH64))
    with pytest.raises(InputError, match="different architectures"):
        check(tmp_path, module_data(["alpha"], EXPORTS), one, other)


def test_a_build_folder(tmp_path: Path) -> None:
    build = tmp_path / "build"
    build.mkdir()
    write(build, "vmlinux", kernel_data(EXPORTS))
    write(build, "Module.symvers", symvers_text(EXPORTS | {"helper": 7}))
    result = check(tmp_path, module_data(["alpha", "helper"], EXPORTS | {"helper": 7}), build)
    assert result.loads == "yes"
    assert "vermagic-unknown" not in gaps(result)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_damaged_modules_are_told_never_crash(data: st.DataObject) -> None:
    whole = bytearray(module_data(["alpha", LONG], EXPORTS, sections=extended(EXPORTS)))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(whole[: data.draw(st.integers(1, len(whole)))])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = check_modules([write(folder, "demo.ko", damaged)], [symvers(folder)])
        assert found.modules[0].loads in ("yes", "no", "unknown", "risky")
        assert found.verdict in ("compatible", "incompatible", "error")
