"""What is wrong with a build's debug info is named, with what to change, and no verdict is promised
that the loader does not keep.

What each build lacks is known from the flags that it is built with.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import rustabi
from rustabi.cli import main
from rustabi.doctor import Diagnosis, Problem, ProblemKind, diagnose
from rustabi.doctor.kinds import PROBLEMS
from rustabi.dwarf import constants as c
from rustabi.errors import InputError, NoDebugInfoError, RustabiError
from rustabi.report.contract import json_schema
from tests.dwarf_writer import (
    Attribute,
    Unit,
    base,
    build,
    entry,
    enumeration,
    function,
    member,
    pointer,
    unit,
    variable,
)  # fmt: skip
from tests.dwarf_writer import struct as struct_type
from tests.elf_writer import SHF_COMPRESSED, ElfWriter, Symbol
from tests.support import CORPUS, OBJECTS, ROOT, needs_corpus

ONE = OBJECTS / "member_added-old.o"
LANG_C, LANG_ASSEMBLER = 0x1D, 0x8001

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
needs_binutils = pytest.mark.skipif(
    not all(map(shutil.which, ("ar", "ld", "objcopy"))), reason="needs binutils"
)

SOURCE = """
#![no_std]
pub struct Pair { pub small: u8, pub large: u64 }
#[no_mangle] pub extern "C" fn large(pair: &Pair) -> u64 { pair.large }
pub mod elsewhere { #[no_mangle] pub extern "C" fn nothing() {} }
"""
LIBRARY = """
pub struct Pair { pub small: u8, pub large: u64 }
#[no_mangle] pub extern "C" fn large(pair: &Pair) -> u64 { pair.large }
#[no_mangle] pub extern "C" fn digits(pair: &Pair) -> usize { format!("{}", pair.small).len() }
"""
C_SOURCE = """
struct opaque; struct pair { int a; long b; };
int first(struct pair *p) { return p->a; }
long second(struct opaque *o, struct pair *p) { return p->b + (o != 0); }
"""


class Compilers(NamedTuple):
    """rustc and gcc, and a folder of this session."""

    folder: Path

    def rustc(self, name: str, *flags: str, source: str = SOURCE, crate: str = "demo") -> Path:
        """Compile ``source`` to a file called ``name``: an object, an .rlib or an .so."""
        if shutil.which("rustc") is None:
            pytest.skip("needs rustc")
        kinds = {".rlib": ["--crate-type=rlib"], ".so": ["--crate-type=cdylib"],
                 ".dylib": [], ".staticlib": []}  # fmt: skip
        kind = kinds.get(Path(name).suffix, ["--crate-type=lib", "--emit=obj"])
        fixed = [f"--crate-name={crate}", "--edition=2021", "--cap-lints=allow"]
        return self._made(name, ["rustc", *fixed, *kind, *flags, "-o", name], "rs", source)

    def gcc(self, name: str, *flags: str, source: str = C_SOURCE) -> Path:
        """Compile ``source`` to an object, or to a library where the flags say so."""
        if shutil.which("gcc") is None:
            pytest.skip("needs gcc")
        kind = ["-shared", "-fPIC"] if name.endswith(".so") else ["-c"]
        return self._made(name, ["gcc", *kind, *flags, "-o", name], "c", source)

    def _made(self, name: str, command: Sequence[str], suffix: str, source: str) -> Path:
        output = self.folder / name
        if not output.exists():
            (self.folder / f"demo.{suffix}").write_text(source)
            done = subprocess.run(
                [*command, f"demo.{suffix}"], cwd=self.folder, check=False, capture_output=True,
                text=True,
            )  # fmt: skip
            if "unknown codegen option" in done.stderr or "unrecognized" in done.stderr:
                pytest.skip(f"another compiler is needed: {done.stderr.splitlines()[0]}")
            assert done.returncode == 0, done.stderr
        return output


@pytest.fixture(scope="session")
def compilers(tmp_path_factory: pytest.TempPathFactory) -> Compilers:
    return Compilers(tmp_path_factory.mktemp("compilers"))


def of_kind(diagnosis: Diagnosis, kind: ProblemKind) -> Problem:
    found = {each.kind: each for each in diagnosis.problems}
    assert kind in found, list(found)
    return found[kind]


def changes(problem: Problem) -> list[str]:
    return [each.change for each in problem.remedies]


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


# what rustc can be told to leave out


class Build(NamedTuple):
    """How to build, and what is to be found.

    Attributes:
        words: Some of what is said of it.
        change: A remedy, whole.
    """

    name: str
    flags: str
    kind: ProblemKind
    words: str
    change: str
    source: str = SOURCE


LACKING = [
    Build("one.o", "-Cdebuginfo=1", ProblemKind.LIMITED, "as with debuginfo=1", "debug = 2"),
    Build("one.rlib", "-Cdebuginfo=1", ProblemKind.LIMITED, "as with debuginfo=1", "debug = 2"),
    Build("one.so", "-Cdebuginfo=1", ProblemKind.LIMITED, "1 crate with", "debug = 2", LIBRARY),
    Build("lines.o", "-Cdebuginfo=line-tables-only", ProblemKind.LINE_TABLES,
          "as with debuginfo=line-tables-only", "-C debuginfo=2"),
    Build("directives.o", "-Cdebuginfo=line-directives-only", ProblemKind.LINE_DIRECTIVES,
          "line numbers (.debug_line), but no .debug_info", "debug = 2"),
    Build("none.o", "-Cdebuginfo=0", ProblemKind.NO_DEBUG_INFO, "no .debug_info",
          'debug = 2 and strip = "none"'),
    Build("none.so", "-Cdebuginfo=0", ProblemKind.NO_DEBUG_INFO,
          "only that of the standard library", 'debug = 2 and strip = "none"', LIBRARY),
    Build("split.o", "-g -Csplit-debuginfo=unpacked", ProblemKind.SPLIT,
          "1 unit with debug info split off, unpacked", 'split-debuginfo = "off"'),
    Build("split5.o", "-g -Csplit-debuginfo=unpacked -Cdwarf-version=5", ProblemKind.SPLIT,
          "1 unit with debug info split off, unpacked", "-C split-debuginfo=off"),
    Build("packed.so", "-g -Csplit-debuginfo=packed", ProblemKind.SPLIT,
          "packed (packed.so.dwp)", 'split-debuginfo = "off"', LIBRARY),
    Build("debug.so", "-g -Cstrip=debuginfo", ProblemKind.NO_DEBUG_INFO, "or stripped of it",
          'debug = 2 and strip = "none"', LIBRARY),
    Build("all.so", "-g -Cstrip=symbols", ProblemKind.STRIPPED, "neither .debug_info nor .symtab",
          'strip = "none" and debug = 2', LIBRARY),
    Build("bitcode.rlib", "-g -Clinker-plugin-lto", ProblemKind.BITCODE, "LLVM bitcode",
          'lto = "off"'),
    Build("bitcode.bc", "-g --emit=llvm-bc", ProblemKind.BITCODE, "LLVM bitcode", 'lto = "off"'),
]  # fmt: skip


@pytest.mark.parametrize("case", LACKING, ids=lambda case: f"{case.name} {case.flags}")
def test_builds_that_do_not_suffice(
    case: Build, compilers: Compilers, capsys: pytest.CaptureFixture[str]
) -> None:
    path = compilers.rustc(case.name, *case.flags.split(), source=case.source)
    with pytest.raises(RustabiError):
        rustabi.load(path)
    diagnosis = diagnose(path)
    problem = of_kind(diagnosis, case.kind)
    assert problem.grade == "blocks"
    assert case.words in problem.found
    assert case.change in changes(problem)
    if case.name != "bitcode.bc":  # it does not tell by what it was made
        assert not any("CONFIG" in each for each in changes(problem))
    assert main(["doctor", str(path)]) == 2
    text = capsys.readouterr().out
    assert f"problem  {problem.found}" in text
    assert case.change in text
    assert text.splitlines()[-1] == f"debug info does not suffice: {diagnosis.problems[0].found}"


@pytest.mark.parametrize("flags", ["", "-Clto=thin", "-Clto=fat", "-Ccodegen-units=8"])
def test_builds_that_suffice(
    flags: str, compilers: Compilers, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"full{flags.replace('=', '')}.so"
    path = compilers.rustc(name, "-g", *flags.split(), source=LIBRARY)
    assert main(["doctor", str(path)]) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[-1] == "debug info suffices: 2 of 2 exported symbols described"
    assert " of the standard library without types" in text


def test_the_split_off_file_itself(compilers: Compilers) -> None:
    compilers.rustc("alone.so", "-g", "-Csplit-debuginfo=unpacked", source=LIBRARY)
    (path,) = compilers.folder.glob("alone*.dwo")
    assert of_kind(diagnose(path), ProblemKind.DWO).grade == "blocks"


def test_link_time_optimisation_over_crates(compilers: Compilers) -> None:
    """Units that refer to each other are what it leaves in DWARF."""
    used = compilers.rustc("libused.rlib", "-g", "-O", "-Cpanic=abort", crate="used")
    user = "#![no_std] #[no_mangle] pub fn user(p: &used::Pair) -> u64 { used::large(p) }"
    user += "#[panic_handler] fn stop(_: &core::panic::PanicInfo) -> ! { loop {} }"
    flags = ["-g", "-O", "-Cpanic=abort", "-Clto=fat", f"--extern=used={used}"]
    diagnosis = diagnose(compilers.rustc("user.so", *flags, source=user, crate="user"))
    problem = of_kind(diagnosis, ProblemKind.LTO)
    assert diagnosis.suffices
    assert problem.grade == "note"
    assert 'lto = "off"' in changes(problem)


# what is missing in part


@needs_binutils
def test_a_member_without_debug_info(compilers: Compilers, tmp_path: Path) -> None:
    bare = compilers.rustc("none.o", "-Cdebuginfo=0")
    archive = tmp_path / "both.a"
    subprocess.run(["ar", "rc", archive, ONE, bare], check=True)
    diagnosis = diagnose(archive)
    problem = of_kind(diagnosis, ProblemKind.NO_DEBUG_INFO)
    assert diagnosis.suffices
    assert problem.grade == "narrows"
    assert problem.found.startswith("1 of 2 files: ")
    assert problem.subjects == ("none.o",)
    assert (diagnosis.exported, diagnosis.described) == (4, 2)


@needs_binutils
def test_a_crate_with_debuginfo_1_beside_another(compilers: Compilers, tmp_path: Path) -> None:
    linked = tmp_path / "linked.o"
    reduced = compilers.rustc("one.o", "-Cdebuginfo=1")
    subprocess.run(["ld", "-r", "-o", linked, ONE, reduced], check=True)
    problem = of_kind(diagnose(linked), ProblemKind.LIMITED)
    assert problem.grade == "narrows"
    assert problem.found.startswith("1 of 2 crates with functions, but without types, ")
    assert problem.found.endswith("; 2 of 4 exported symbols in there")
    assert problem.subjects == ("demo.rs",)


@needs_binutils
def test_crates_whose_files_have_one_name(compilers: Compilers, tmp_path: Path) -> None:
    """As of cargo packages, each of which has a src/lib.rs."""
    linked, parts = tmp_path / "linked.o", []
    for number in (1, 2):
        folder = Compilers(compilers.folder / f"crate{number}")
        folder.folder.mkdir()
        source = SOURCE.replace("large(", f"large{number}(").replace("nothing", f"no{number}")
        parts.append(folder.rustc("one.o", "-Cdebuginfo=1", source=source, crate=f"c{number}"))
    subprocess.run(["ld", "-r", "-o", linked, ONE, *parts], check=True)
    problem = of_kind(diagnose(linked), ProblemKind.LIMITED)
    assert problem.found.startswith("2 of 3 crates with ")
    assert problem.found.endswith("; 4 of 6 exported symbols in there")
    assert [each[-15:] for each in problem.subjects] == ["/crate1/demo.rs", "/crate2/demo.rs"]


@needs_binutils
def test_a_crate_without_debug_info_in_a_linked_file(compilers: Compilers, tmp_path: Path) -> None:
    other = "#![no_std] #[inline(never)] pub fn other(v: &u32) -> u32 { *v + 1 }"
    flags = ["-Cpanic=abort", "-O", "-Cdebuginfo=0"]
    bare = compilers.rustc("other.o", *flags, source=other, crate="other")
    linked = tmp_path / "linked.o"
    subprocess.run(["ld", "-r", "-o", linked, ONE, bare], check=True)
    problem = of_kind(diagnose(linked), ProblemKind.CRATE_WITHOUT)
    assert problem.grade == "narrows"
    assert problem.found == "1 of 3 exported symbols of a crate of which none is described: other"
    assert problem.subjects == ("other::other",)
    assert any("package" in each for each in changes(problem))


SYMBOLS = """
#![no_std]
#[derive(Clone, Copy)] pub enum Color { Red, Blue }
pub struct Pair { pub a: u32 }
impl Color { #[inline(never)] pub fn paint(self, p: &Pair) -> u32 { self as u32 ^ p.a } }
#[no_mangle] pub fn keep(color: Color, pair: &Pair) -> u32 { color.paint(pair) }
core::arch::global_asm!(
    ".globl label", "label:", "ret",
    ".globl routine", ".type routine,@function", "routine: ret",
);
"""


def test_symbols_without_an_entry(compilers: Compilers) -> None:
    diagnosis = diagnose(compilers.rustc("symbols.rlib", "-g", "-Cpanic=abort", source=SYMBOLS))
    assert diagnosis.suffices
    told = {each.kind: each.subjects for each in diagnosis.problems}
    of_method = ProblemKind.NO_VERSION if diagnosis.described == 2 else ProblemKind.METHOD
    assert told == {
        of_method: ("demo::Color::paint",),
        ProblemKind.ASSEMBLER: ("label",),
        ProblemKind.NO_ENTRY: ("routine",),
    }


def test_names_beside_the_entries(tmp_path: Path) -> None:
    """A symbol that the debug info names, but not where symbols are looked up."""
    symbol = "_ZN4demo4hide17h0123456789abcdefE"
    holder = enumeration("demo::E", base("u8", 1), {"A": 1})
    holder.children.append(entry(c.TAG_SUBPROGRAM, symbol))
    nodes = [function("f", [("e", holder)])]
    path = written(
        tmp_path / "x.o", build(unit(*nodes), symbols=[Symbol("f"), Symbol(symbol, value=16)])
    )
    problem = of_kind(diagnose(path), ProblemKind.METHOD)
    assert problem.subjects == ("demo::hide",)
    assert problem.grade == "narrows"


def test_exports_of_the_standard_library(compilers: Compilers) -> None:
    """A dylib exports that of std, too; std comes with line tables."""
    source = SOURCE + "#[panic_handler] fn stop(_: &core::panic::PanicInfo) -> ! { loop {} }"
    flags = ["-g", "--crate-type=dylib", "-Cpanic=abort"]
    path = compilers.rustc("whole.dylib", *flags, source=source)
    diagnosis = diagnose(path)
    if diagnosis.exported < 10:
        pytest.skip("links std as a library of its own")
    problem = of_kind(diagnosis, ProblemKind.STD)
    assert problem.grade == "narrows"
    assert " of the standard library" in problem.found


def test_folded_functions() -> None:
    diagnosis = diagnose(OBJECTS / "folded_function-new.o")
    problem = of_kind(diagnosis, ProblemKind.FOLDED)
    assert diagnosis.suffices
    assert diagnosis.exported - diagnosis.described == len(problem.subjects) > 0
    assert all(", into " in each for each in problem.subjects)
    assert "-Z merge-functions=disabled (nightly only)" in changes(problem)


def test_several_types_of_one_name() -> None:
    problem = of_kind(diagnose(OBJECTS / "two_crate_versions-new.o"), ProblemKind.NAMESAKES)
    assert problem.grade == "note"
    assert [each.partition("::")[2] for each in problem.subjects] == ["Reading"]


def test_blocks_that_name_types_alike(compilers: Compilers) -> None:
    block = (
        "const _: () = {{ pub struct Same {{ pub a: {0} }}"
        " #[no_mangle] pub fn of_{0}(s: &Same) -> {0} {{ s.a }} }};"
    )
    source = "#![no_std]\n" + block.format("u8") + block.format("u64")
    diagnosis = diagnose(compilers.rustc("blocks.o", "-g", source=source))
    assert of_kind(diagnosis, ProblemKind.NAMESAKES).subjects == ("demo::_::Same",)


def test_vtables_that_are_not_there(compilers: Compilers) -> None:
    source = "#![no_std] pub trait Speak { fn speak(&self); }"
    source += "#[no_mangle] pub fn call(s: &dyn Speak) { s.speak() }"
    diagnosis = diagnose(compilers.rustc("dynamic.o", "-g", source=source))
    problem = of_kind(diagnosis, ProblemKind.VTABLE)
    assert problem.subjects == ("dyn demo::Speak",)
    assert problem.grade == "narrows"


def test_mixed_compilers(tmp_path: Path) -> None:
    for name in ("old", "new"):
        shutil.copy(OBJECTS / f"niche_changed_compiler-{name}.o", tmp_path)
    problem = of_kind(diagnose(tmp_path), ProblemKind.COMPILERS)
    assert problem.found.startswith("2 Rust compilers: rustc 1.")


@needs_binutils
def test_mixed_dwarf_versions(compilers: Compilers, tmp_path: Path) -> None:
    newer = compilers.rustc("v5.o", "-g", "-Cdwarf-version=5", crate="other")
    linked = tmp_path / "linked.o"
    subprocess.run(["ld", "-r", "-o", linked, ONE, newer], check=True)
    problem = of_kind(diagnose(linked), ProblemKind.VERSIONS)
    assert problem.found == "DWARF 4 (1 unit), DWARF 5 (1 unit)"
    assert problem.grade == "note"


@pytest.mark.parametrize(
    ("level", "kind"),
    [("0", ProblemKind.NO_DEBUG_INFO), ("1", ProblemKind.LIMITED), ("2", None)],
)
def test_the_library_for_c(level: str, kind: ProblemKind | None, compilers: Compilers) -> None:
    """A staticlib has the standard library in it, parts of which are in C and have types."""
    source = SOURCE + "#[panic_handler] fn stop(_: &core::panic::PanicInfo) -> ! { loop {} }"
    flags = ["--crate-type=staticlib", "-Cpanic=abort", f"-Cdebuginfo={level}"]
    diagnosis = diagnose(compilers.rustc(f"lib{level}.staticlib", *flags, source=source))
    blocking = [each.kind for each in diagnosis.problems if each.grade == "blocks"]
    assert blocking == ([] if kind is None else [kind])
    own = 0 if kind is None else 2
    known = (ProblemKind.STD, ProblemKind.COMPILER_MADE, ProblemKind.FOLDED)
    told = sum(len(each.subjects) for each in diagnosis.problems if each.kind in known)
    assert diagnosis.exported - diagnosis.described == told + own


# archives, exports


@needs_binutils
def test_archives_without_code(compilers: Compilers, tmp_path: Path) -> None:
    empty = written(tmp_path / "empty.a", b"!<arch>\n")
    problem = of_kind(diagnose(empty), ProblemKind.NO_CODE)
    assert problem.found == "no object in the archive, and no exported code"
    source = "#![no_std] pub fn same<T>(value: T) -> T { value }"
    problem = of_kind(diagnose(compilers.rustc("generic.rlib", "-g", source=source)),
                      ProblemKind.NO_CODE)  # fmt: skip
    assert problem.grade == "blocks"


def test_no_exported_symbol(tmp_path: Path) -> None:
    kept = variable("kept", base("u32", 4))
    path = written(tmp_path / "x.o", build(unit(kept), symbols=()))
    assert rustabi.load(path).symbols == ()
    diagnosis = diagnose(path)
    problem = of_kind(diagnosis, ProblemKind.NO_EXPORTS)
    assert not diagnosis.suffices
    assert problem.found == "no exported symbol (looked for: global symbols)"


def test_no_symbol_that_is_described(tmp_path: Path) -> None:
    kept = variable("kept", base("u32", 4))
    path = written(tmp_path / "x.o", build(unit(kept), symbols=[Symbol("other")]))
    diagnosis = diagnose(path)
    assert not diagnosis.suffices
    assert of_kind(diagnosis, ProblemKind.NONE_DESCRIBED).subjects == ("other",)
    assert of_kind(diagnosis, ProblemKind.NO_ENTRY).subjects == ("other",)


# what C compilers can be told


C_BUILDS = [
    ("-g1", ProblemKind.C_G1, "blocks", "-g (not -g1, -gline-tables-only or -gmlt)"),
    ("-g0", ProblemKind.NO_DEBUG_INFO, "blocks", "-g, and no -s"),
    ("-g -gsplit-dwarf", ProblemKind.SPLIT, "blocks", "-gno-split-dwarf"),
    ("-g -flto", ProblemKind.BITCODE, "blocks", "-fno-lto"),
    ("-g -flto -ffat-lto-objects", ProblemKind.LTO, "note", "-fno-lto"),
    ("-g -femit-struct-debug-baseonly", ProblemKind.REDUCED, "narrows",
     "without -femit-struct-debug-baseonly and -femit-struct-debug-reduced"),
    ("-g", ProblemKind.DECLARED, "narrows",
     "include the header that defines them; Clang: -fno-limit-debug-info"),
]  # fmt: skip


@pytest.mark.parametrize(("flags", "kind", "grade", "change"), C_BUILDS)
def test_builds_of_c(
    flags: str, kind: ProblemKind, grade: str, change: str, compilers: Compilers
) -> None:
    path = compilers.gcc(f"c{flags.replace(' ', '')}.o", *flags.split())
    diagnosis = diagnose(path)
    problem = of_kind(diagnosis, kind)
    assert problem.grade == grade
    assert diagnosis.suffices == (grade != "blocks")
    assert changes(problem)[0] == change
    assert not any(each.build in ("cargo", "rustc", "kernel") for each in problem.remedies)


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("name", ["types.o", "types.so"])
def test_type_units_are_read(name: str, version: int, compilers: Compilers) -> None:
    path = compilers.gcc(name, "-g", f"-gdwarf-{version}", "-fdebug-types-section")
    diagnosis = diagnose(path)
    assert diagnosis.suffices
    assert {each.kind for each in diagnosis.problems} <= {ProblemKind.DECLARED}


@needs_binutils
def test_debug_info_in_a_file_of_its_own(compilers: Compilers, tmp_path: Path) -> None:
    whole = compilers.gcc("whole.so", "-g", "-Wl,--build-id")
    debug, bare = tmp_path / "whole.so.debug", tmp_path / "bare.so"
    subprocess.run(["objcopy", "--only-keep-debug", whole, debug], check=True)
    link = f"--add-gnu-debuglink={debug}"
    subprocess.run(["objcopy", "--strip-all", link, whole, bare], check=True)
    problem = of_kind(diagnose(bare), ProblemKind.SEPARATE)
    assert problem.found == "no .debug_info, but .gnu_debuglink names whole.so.debug"
    assert of_kind(diagnose(debug), ProblemKind.HOLLOW).grade == "narrows"
    subprocess.run(["objcopy", "--strip-all", whole, bare], check=True)
    problem = of_kind(diagnose(bare), ProblemKind.STRIPPED)
    assert any("/usr/lib/debug/.build-id/" in each for each in changes(problem))


# what no compiler here makes


def test_dwz(tmp_path: Path) -> None:
    data = build(
        unit(function("f", [("a", base("u32", 4))])),
        damage=lambda sections: sections.update({".gnu_debugaltlink": b"shared.debug\0id"}),
    )
    problem = of_kind(diagnose(written(tmp_path / "x.so", data)), ProblemKind.DWZ)
    assert problem.grade == "blocks"
    moved = base("u32", 4)
    moved.attributes[0] = Attribute(c.AT_NAME, c.FORM_GNU_STRP_ALT, 0)
    data = build(unit(function("f", [("a", moved)])))
    assert not diagnose(written(tmp_path / "y.so", data)).suffices


def test_a_unit_of_c_without_any_type(tmp_path: Path) -> None:
    """As Clang makes with -g1: it does not record its flags, and leaves functions out."""
    path = written(tmp_path / "x.o", build(unit(function("f"), language=LANG_C)))
    assert of_kind(diagnose(path), ProblemKind.C_G1).grade == "note"
    path = written(tmp_path / "x.o", build(unit(language=LANG_C), symbols=[Symbol("f")]))
    diagnosis = diagnose(path)
    assert diagnosis.problems[0].kind == ProblemKind.C_G1
    assert not diagnosis.suffices


def test_an_assembler_alone(tmp_path: Path) -> None:
    path = written(tmp_path / "x.o", build(unit(function("f"), language=LANG_ASSEMBLER)))
    assert of_kind(diagnose(path), ProblemKind.ASSEMBLER).grade == "blocks"


def test_a_type_that_is_not_known(tmp_path: Path) -> None:
    odd = entry(c.TAG_POINTER_TYPE, "odd")
    odd.tag = 0x4FFF
    known = base("u32", 4)
    path = written(tmp_path / "x.o", build(unit(function("f", [("a", odd), ("b", known)]))))
    assert of_kind(diagnose(path), ProblemKind.UNSUPPORTED).grade == "narrows"


def test_a_kernel_is_told_of_its_configuration(tmp_path: Path) -> None:
    data = ElfWriter({".text": b"\x90", ".modinfo": b"license=GPL\0"}).data()
    problem = of_kind(diagnose(written(tmp_path / "x.ko", data)), ProblemKind.NO_DEBUG_INFO)
    assert changes(problem) == ["CONFIG_DEBUG_INFO_DWARF5=y, and no INSTALL_MOD_STRIP=1"]


def packed(kind: int, contents: bytes, body: bytes) -> bytes:
    """An object with a compressed ``.debug_info``."""
    section = struct.pack("<IIQQ", kind, 0, len(contents), 1) + body
    return ElfWriter({".debug_info": section}, flags={".debug_info": SHF_COMPRESSED}).data()


def test_a_section_that_cannot_be_unpacked(tmp_path: Path) -> None:
    path = written(tmp_path / "x.o", packed(3, b"some", b"some"))
    problem = of_kind(diagnose(path), ProblemKind.PACKED)
    assert problem.grade == "blocks"
    assert problem.found == "compressed, and cannot be unpacked: .debug_info"
    assert "objcopy --decompress-debug-sections FILE" in changes(problem)


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="zstd is part of Python")
def test_zstd_without_a_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    frame = b"\x28\xb5\x2f\xfd\x20\x04\x21\x00\x00some"  # RFC 8878: one raw block
    path = written(tmp_path / "x.o", packed(2, b"some", frame))
    with pytest.raises(InputError, match="no library"):
        rustabi.load(path)
    problem = of_kind(diagnose(path), ProblemKind.PACKED)
    assert "for zstd: pip install zstandard" in changes(problem)
    whole = written(tmp_path / "y.ko.zst", frame)
    assert "no library" in of_kind(diagnose(whole), ProblemKind.UNREADABLE).found


# targets of other kinds


def test_what_is_no_binary(tmp_path: Path) -> None:
    for name, data in (("text", b"text"), ("nothing", b""), ("x.gz", gzip.compress(b"text"))):
        diagnosis = diagnose(written(tmp_path / name, data))
        assert of_kind(diagnosis, ProblemKind.UNREADABLE).grade == "blocks"
    empty = tmp_path / "folder"
    empty.mkdir()
    assert not diagnose(empty).suffices
    assert main(["doctor", str(empty)]) == 2


def test_what_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="no such file"):
        diagnose("/no/such/file")
    assert main(["doctor", "/no/such/file"]) == 2
    assert "no such file" in capsys.readouterr().err


def test_damaged_files_beside_sound_ones(tmp_path: Path) -> None:
    shutil.copy(ONE, tmp_path / "a.o")
    written(tmp_path / "b.o", ONE.read_bytes()[:2000])
    diagnosis = diagnose(tmp_path)
    problem = of_kind(diagnosis, ProblemKind.UNREADABLE)
    assert not diagnosis.suffices
    assert problem.found.startswith("1 of 2 files: damaged ELF file")
    assert problem.subjects == ("b.o",)


def test_two_architectures(tmp_path: Path) -> None:
    shutil.copy(ONE, tmp_path / "a.o")
    shutil.copy(OBJECTS / "no_core_android-old.o", tmp_path / "b.o")
    diagnosis = diagnose(tmp_path)
    assert "aarch64" in of_kind(diagnosis, ProblemKind.UNREADABLE).found


def test_a_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "x.json.gz"
    rustabi.write_snapshot(rustabi.load(OBJECTS / "folded_function-new.o"), path)
    diagnosis = diagnose(path)
    assert diagnosis.suffices
    assert [each.kind for each in diagnosis.problems] == [ProblemKind.FOLDED]
    assert diagnosis.rule == "global symbols"
    written(path, path.read_bytes()[:50])
    assert not diagnose(path).suffices


@needs_binutils
def test_a_snapshot_of_what_was_skipped(compilers: Compilers, tmp_path: Path) -> None:
    archive, path = tmp_path / "both.a", tmp_path / "x.json.gz"
    bare = compilers.rustc("none.o", "-Cdebuginfo=0")
    subprocess.run(["ar", "rc", archive, ONE, bare], check=True)
    rustabi.write_snapshot(rustabi.load(archive), path)
    problem = of_kind(diagnose(path), ProblemKind.NO_DEBUG_INFO)
    assert problem.found == "1 file had no debug info to read"


def test_a_folder_with_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """It is left out, and said: here a link that leads to itself."""
    shutil.copy(ONE, tmp_path / "a.o")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    problem = of_kind(diagnose(tmp_path), ProblemKind.UNREADABLE)
    assert problem.grade == "narrows"
    assert [each.partition(":")[0] for each in problem.subjects] == ["loop"]


def test_languages_of_c_are_one_compiler(tmp_path: Path) -> None:
    first = Unit([function("f", [("a", base("int", 4))])], language=LANG_C,
                 producer="GNU C11 12.2.0 -std=gnu11 -O2")  # fmt: skip
    same = Unit([function("g", [("a", base("long", 8))])], language=LANG_C,
                producer="GNU C17 12.2.0 -O1")  # fmt: skip
    assert diagnose(written(tmp_path / "x.o", build(first, same))).problems == ()
    other = Unit([function("h", [("a", base("long", 8))])], language=LANG_C,
                 producer="clang version 18.1.8")  # fmt: skip
    diagnosis = diagnose(written(tmp_path / "x.o", build(first, same, other)))
    problem = of_kind(diagnosis, ProblemKind.COMPILERS)
    assert problem.found == "2 C compilers: GNU C 12.2.0 (2 units), clang version 18.1.8 (1 unit)"


def test_a_crate_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("cargo") is None:
        pytest.skip("needs cargo")
    monkeypatch.setenv("CARGO_TARGET_DIR", str(tmp_path / "target"))
    crate = tmp_path / "demo"
    (crate / "src").mkdir(parents=True)
    profile = "[profile.dev]\ndebug = 0\n"
    manifest = f'[package]\nname = "demo"\nversion = "1.0.0"\nedition = "2021"\n{profile}'
    (crate / "Cargo.toml").write_text(manifest)
    (crate / "src" / "lib.rs").write_text(SOURCE)
    diagnosis = diagnose(crate)
    assert diagnosis.suffices
    assert (diagnosis.kind, diagnosis.described) == ("crate", 2)


# reports


@pytest.mark.parametrize("name", ["folded_function-new.o", "two_crate_versions-new.o", "absent"])
def test_json_keeps_to_the_contract(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = OBJECTS / name if name != "absent" else written(tmp_path / "x.o", b"text")
    code = main(["doctor", str(path), "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(json_schema()).validate(document)
    assert document["report"] == "doctor"
    assert document["suffices"] == (code == 0)
    assert document["problems"]
    for each in document["problems"]:
        assert each["because"]


def test_long_lists_are_cut(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    names = [f"symbol_{number}" for number in range(9)]
    path = written(tmp_path / "x.o", build(unit(variable("v", base("u32", 4))),
                                           symbols=[Symbol(name) for name in names]))  # fmt: skip
    main(["doctor", str(path)])
    text = capsys.readouterr().out
    assert "    symbol_4\n    … and 4 more (--all lists them)\n" in text
    main(["doctor", str(path), "--all"])
    text = capsys.readouterr().out
    assert "    symbol_8\n" in text
    assert "more (--all" not in text


def test_every_problem_is_explained() -> None:
    assert set(PROBLEMS) == set(ProblemKind)
    for info in PROBLEMS.values():
        assert info.because[0].islower() or info.because.startswith("rust")
        assert not info.because.endswith(".")


def test_errors_point_to_it(compilers: Compilers) -> None:
    for name, flags in (("none.o", "-Cdebuginfo=0"), ("one.o", "-Cdebuginfo=1"),
                        ("split.o", "-g -Csplit-debuginfo=unpacked")):  # fmt: skip
        with pytest.raises(NoDebugInfoError) as caught:
            rustabi.load(compilers.rustc(name, *flags.split()))
        assert "`rustabi doctor` tells more" in str(caught.value)


@cache
def remedies(where: str) -> str:
    every = {each for info in PROBLEMS.values() for each in info.remedies}
    return "\n".join(sorted(each.change for each in every if each.build == where))


def test_rustc_knows_the_options() -> None:
    if shutil.which("rustc") is None:
        pytest.skip("needs rustc")
    options = set(re.findall(r"-C [a-z-]+=[\w.=,-]*\w", remedies("rustc")))
    assert len(options) > 5
    for option in sorted(options - {"-C dwarf-version=5"}):  # not known before 1.88
        command = ["rustc", *option.split(), "--print=sysroot"]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_cargo_knows_the_keys(tmp_path: Path) -> None:
    if shutil.which("cargo") is None:
        pytest.skip("needs cargo")
    keys = set(re.findall(r'[a-z-]+ = (?:\d|"[a-z]+")', remedies("cargo")))
    assert 'split-debuginfo = "off"' in keys
    assert "debug = 2" in keys
    manifest = '[package]\nname = "x"\nversion = "1.0.0"\nedition = "2021"\n[profile.dev]\n'
    (tmp_path / "Cargo.toml").write_text(manifest + "\n".join(sorted(keys)))
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "lib.rs").touch()
    command = ["cargo", "build", "--offline", "--target-dir", str(tmp_path / "target")]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "unused" not in done.stderr


@needs_corpus
def test_the_kernel_knows_the_options() -> None:
    options = set(re.findall(r"CONFIG_\w+", remedies("kernel")))
    assert "CONFIG_DEBUG_INFO_SPLIT" in options
    known = set(re.findall(r"CONFIG_\w+", (CORPUS / "base" / "config").read_text()))
    assert options <= known


@needs_gcc
def test_gcc_knows_the_options(tmp_path: Path) -> None:
    for option in ("-gno-split-dwarf", "-fno-lto", "-gz=none"):
        assert option in remedies("c")
        command = ["gcc", "-g", option, "-xc", "-c", "/dev/null", "-o", str(tmp_path / "x.o")]
        subprocess.run(command, check=True, capture_output=True)


def test_the_example_in_the_readme_is_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if shutil.which("rustc") is None:
        pytest.skip("needs rustc")
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("### When there is no verdict")
    console = rest.split("```console\n")[1].split("```")[0]
    build, _, rest = console.removeprefix("$ ").partition("\n$ rustabi doctor ")
    name, _, expected = rest.partition("\n")
    expected, _, code = expected.partition("$ echo $?\n")
    command = [*build.split(), "-o", str(tmp_path / name)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    monkeypatch.chdir(tmp_path)
    assert main(["doctor", name]) == int(code)
    release = re.compile(r"rustc \d\S+ \(.*?\)")
    assert release.sub("", capsys.readouterr().out) == release.sub("", expected)


# agreement with the loader


def agree(path: Path) -> Diagnosis:
    """The diagnosis, which promises no more than the loader keeps."""
    diagnosis = diagnose(path)
    try:
        model = rustabi.load(path)
    except RustabiError:
        assert not diagnosis.suffices
    else:
        assert diagnosis.exported == len(model.symbols)
        assert diagnosis.described == sum(each.kind is not None for each in model.symbols)
        if any(each.kind is not None for each in model.symbols):
            undescribed = diagnosis.described < diagnosis.exported
            assert diagnosis.problems or not undescribed
    if not diagnosis.suffices:
        assert any(each.grade == "blocks" for each in diagnosis.problems)
    return diagnosis


@cache
def samples() -> list[Path]:
    return sorted(each for each in OBJECTS.iterdir() if each.suffix in (".o", ".rlib"))


def test_samples_suffice() -> None:
    """They are built with full debug info, whatever else differs."""
    for path in samples():
        assert diagnose(path).suffices, path.name


SMALL = (OBJECTS / "variant_added-old.o").read_bytes()


def small() -> bytes:
    u32 = base("u32", 4)
    pair = struct_type("demo::Pair", 8, [member("a", u32, 0), member("b", pointer(u32), 4)])
    units = [Unit([function("f", [("p", pointer(pair, "&demo::Pair"))], u32)]),
             unit(function("g"), language=LANG_ASSEMBLER)]  # fmt: skip
    return build(*units, relocated=True)


SUBJECTS: dict[str, Callable[[], bytes]] = {
    "sample": lambda: SMALL,
    "written": small,
    "packed": lambda: packed(1, b"some" * 20, zlib.compress(b"some" * 20)),
    "archive": (OBJECTS / "nested_change-old.rlib").read_bytes,
}


def fuzzed(examples: int) -> settings:
    return settings(deadline=None, derandomize=True, max_examples=examples)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged") / "damaged.o"


@pytest.mark.parametrize("subject", SUBJECTS)
@fuzzed(120)
@given(data=st.data())
def test_damaged_files(subject: str, data: st.DataObject, place: Path) -> None:
    """Bytes flipped, cut off, or both: a diagnosis, and never more than the loader keeps."""
    contents = bytearray(SUBJECTS[subject]())
    for _ in range(data.draw(st.integers(0, 3))):
        contents[data.draw(st.integers(0, len(contents) - 1))] ^= data.draw(st.integers(1, 255))
    if data.draw(st.booleans()):
        del contents[data.draw(st.integers(0, len(contents))) :]
    agree(written(place, bytes(contents)))


@fuzzed(100)
@given(data=st.binary(max_size=200), prefix=st.sampled_from([
    b"", b"\x7fELF", b"\x7fELF\x02\x01\x01", b"!<arch>\n", b"!<thin>\n", b"BC\xc0\xde", b"\x1f\x8b",
    b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0", b'{"', b"PK\3\4",
]))  # fmt: skip
def test_arbitrary_bytes(data: bytes, prefix: bytes, place: Path) -> None:
    agree(written(place, prefix + data))


# a real kernel


@needs_corpus
@pytest.mark.parametrize(
    "name",
    [
        "base/rust/kernel.o",
        "base/rust/core.o",
        "base/modules/rust_minimal.ko",
        pytest.param("base/modules", marks=pytest.mark.slow),
        pytest.param("vmlinux", marks=[pytest.mark.slow, pytest.mark.timeout(600)]),
    ],
)
def test_a_real_kernel_suffices(name: str) -> None:
    diagnosis = agree(CORPUS / name)
    assert diagnosis.suffices
    assert diagnosis.described >= 0.9 * diagnosis.exported


@needs_corpus
def test_a_real_object_with_folded_functions() -> None:
    problem = of_kind(diagnose(CORPUS / "base/rust/kernel.o"), ProblemKind.FOLDED)
    assert changes(problem)[0] == "-Zmerge-functions=disabled in KRUSTFLAGS"
