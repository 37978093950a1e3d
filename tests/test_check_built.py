"""All layers on a kernel of a few lines and modules for it, built here by rustc for aarch64.

The kernel is a library without ``core``, and the modules import its functions, as the kernel's own
do. Their tables stand in the sections that modpost would write, by ``#[link_section]``.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from functools import cache
from pathlib import Path

import pytest

import rustabi
from rustabi.binary.elf import Elf
from rustabi.check import KernelCheck, check_modules
from rustabi.names import demangle
from rustabi.target import load_target
from tests.kernel_files import VERMAGIC, modinfo, strictly, symvers_text, write

TARGET = "aarch64-unknown-none"


@cache
def _has_nightly() -> bool:
    """Whether there is a nightly rustc: ``no_core`` is unstable."""
    if not shutil.which("rustc"):
        return False
    run = subprocess.run(["rustc", "+nightly", "--version"], check=False, capture_output=True)
    return run.returncode == 0


pytestmark = pytest.mark.skipif(not _has_nightly(), reason="no nightly rustc")

KERNEL = """
#![feature(no_core, lang_items, auto_traits, rustc_attrs)]
#![allow(internal_features, dead_code)]
#![no_core]
#[lang = "pointee_sized"] pub trait PointeeSized {}
#[lang = "meta_sized"] pub trait MetaSized: PointeeSized {}
#[lang = "sized"] pub trait Sized: MetaSized {}
#[lang = "copy"] pub trait Copy {}
#[lang = "sync"] pub unsafe auto trait Sync {}
#[lang = "freeze"] unsafe auto trait Freeze {}
#[lang = "drop_glue"] unsafe fn drop_glue<T: PointeeSized>(_: *mut T) {}
impl Copy for u32 {}
impl Copy for usize {}
impl<T: PointeeSized> Copy for *const T {}
impl<T: PointeeSized> Copy for &T {}

#[repr(C)] pub struct Reader { pub ptr: usize, pub length: usize, READER }
#[repr(C)] pub struct Page { pub id: u32, PAGE }
#[repr(C)] pub struct Bag<T> { pub first: *const T, pub len: LEN, BAG }

#[inline(never)] pub fn read(reader: &Reader) -> usize { reader.length }
#[inline(never)] pub fn page(page: &Page) -> u32 { page.id }
#[inline(never)] pub fn count(bag: &Bag<Page>) -> LEN { bag.len }
#[inline(always)] pub fn left(reader: &Reader) -> usize { reader.length }
#[inline(always)] pub fn length<T>(bag: &Bag<T>) -> LEN { bag.len }
"""

BASE = {"READER": "", "PAGE": "pub flags: u32", "LEN": "usize", "BAG": ""}

MODULE = """
#![feature(no_core)]
#![no_core]
extern crate kernel;
use kernel::*;
STATICS
CODE
"""

CODE = {
    "reads": "#[no_mangle] pub fn init(r: &Reader, p: &Page) -> usize { page(p); read(r) }",
    "inlines": "#[no_mangle] pub fn init(r: &Reader, p: &Page) -> usize { page(p); left(r) }",
    "bags": "#[no_mangle] pub fn init(b: &Bag<*const u32>, p: &Page) -> LEN { page(p); length(b) }",
}
"""Module -> what it does: imports the reader's function, has it inlined, has a generic of it."""


class Build:
    """A kernel with its modules."""

    def __init__(self, folder: Path, **changes: str) -> None:
        folder.mkdir()
        self.folder = folder
        self._words = BASE | changes
        self.object = folder / "kernel.o"
        self._rustc(KERNEL, "kernel", "--crate-type=lib", "--emit=metadata,obj")
        self.versions = {"module_layout": 0x600D}
        for symbol in load_target(self.object).symbols:
            if symbol.version is not None:
                self.versions[symbol.name] = symbol.version
        self.symvers = write(folder, "Module.symvers", symvers_text(self.versions))
        self.kernel = [self.symvers, self.object]

    def _rustc(self, text: str, crate: str, *options: str) -> None:
        for word, value in self._words.items():
            text = text.replace(word, value)
        source = write(self.folder, f"{crate}.rs", text)
        command = [
            "rustc", "+nightly", str(source), "--crate-name", crate, "--target", TARGET,
            "--edition=2021", "-Cdebuginfo=2", "-Cpanic=abort", "-Csymbol-mangling-version=v0",
            "-Copt-level=1", "-Ccodegen-units=1", "--out-dir", str(self.folder), *options,
        ]  # fmt: skip
        run = subprocess.run(command, check=False, capture_output=True, text=True)
        if "lang_item" in run.stderr:
            pytest.skip(f"this nightly wants other lang items: {run.stderr.splitlines()[0]}")
        assert run.returncode == 0, run.stderr

    def module(self, name: str) -> Path:
        """A module that was built against this kernel, with both kinds of version tables."""
        names = sorted(self.versions)
        short = [each for each in names if len(each) < 56]
        sections = {
            ".modinfo": modinfo(name=name, vermagic=VERMAGIC + "aarch64"),
            "__versions": b"".join(
                struct.pack("<Q56s", self.versions[each], each.encode()) for each in short
            ),
            "__version_ext_crcs": struct.pack(
                f"<{len(names)}I", *(self.versions[each] for each in names)
            ),
            "__version_ext_names": b"".join(each.encode() + b"\0" for each in names),
        }
        statics = "\n".join(
            f'#[used] #[link_section = "{section}"] static S{number}: [u8; {len(data)}] ='
            f" [{', '.join(map(str, data))}];"
            for number, (section, data) in enumerate(sections.items())
        )
        text = MODULE.replace("STATICS", statics).replace("CODE", CODE[name])
        extern = f"kernel={self.folder / 'libkernel.rmeta'}"
        self._rustc(text, name, "--crate-type=lib", "--emit=obj", "--extern", extern)
        return (self.folder / f"{name}.o").rename(self.folder / f"{name}.ko")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture(scope="module")
def base(folder: Path) -> Build:
    return Build(folder / "base")


@pytest.fixture(scope="module")
def modules(base: Build) -> dict[str, Path]:
    return {name: base.module(name) for name in CODE}


def answers(found: KernelCheck) -> dict[str, tuple[str, str]]:
    return {each.name: (each.loads, each.runs) for each in found.modules}


def test_modules_fit_the_kernel_they_were_built_for(base: Build, modules: dict[str, Path]) -> None:
    found = check_modules(list(modules.values()), base.kernel)
    assert answers(found) == dict.fromkeys(CODE, ("yes", "yes"))
    for each in found.modules:
        assert [layer.status for layer in each.layers] == ["ok"] * 4
        assert each.layer("symbols").checked >= 1
    assert strictly(found) == "compatible"


def test_a_field_more(folder: Path, base: Build, modules: dict[str, Path]) -> None:
    """Versions refuse who imports it; only layouts tell of who had it inlined."""
    new = Build(folder / "field", READER="pub consumed: usize")
    found = check_modules(list(modules.values()), new.kernel, base.kernel)
    assert answers(found) == {
        "reads": ("no", "no"), "inlines": ("yes", "risky"), "bags": ("yes", "yes"),
    }  # fmt: skip
    assert found.verdict == "incompatible"
    reads, inlines, _ = found.modules
    (cause,) = reads.layer("reasons").problems
    assert (cause.kind, demangle(cause.subject)) == ("cause", "kernel::read")
    assert "kernel::Reader.consumed" in cause.text
    (risk,) = inlines.layer("layout").problems
    assert (risk.kind, risk.subject) == ("layout-differs", "kernel::Reader")
    assert "consumed" in " ".join(risk.evidence)
    assert "no imported symbol" in risk.evidence[-1]
    alone = check_modules([modules["inlines"]], new.kernel)
    assert (alone.verdict, strictly(alone)) == ("compatible", "incompatible")
    blind = check_modules([modules["inlines"]], [new.symvers]).modules[0]
    assert (blind.loads, blind.runs, blind.layer("layout").status) == ("yes", "unknown", "not run")


def test_without_a_baseline_there_are_candidates(folder: Path, modules: dict[str, Path]) -> None:
    new = Build(folder / "candidates", READER="pub consumed: usize")
    found = check_modules([modules["reads"]], new.kernel).modules[0]
    (note,) = found.layer("reasons").problems
    assert note.kind == "candidate"
    assert "kernel::Reader" in note.text
    assert "candidate" in note.text
    blind = check_modules([modules["reads"]], [new.symvers]).modules[0]
    assert blind.layer("reasons").status == "not run"
    assert [gap.kind for gap in blind.layer("reasons").gaps] == ["no-reason"]


def test_a_field_with_another_name(folder: Path, base: Build, modules: dict[str, Path]) -> None:
    """It changes versions, and no byte: the loader refuses what would run."""
    new = Build(folder / "renamed", PAGE="pub bits: u32")
    found = check_modules([modules["reads"]], new.kernel, base.kernel)
    assert answers(found) == {"reads": ("no", "yes")}
    (cause,) = found.modules[0].layer("reasons").problems
    assert "names only" in cause.text


@pytest.mark.parametrize(
    ("change", "word"), [({"BAG": "pub cap: usize"}, "cap"), ({"LEN": "u32"}, "len: usize")]
)
def test_another_instance_of_a_generic(
    folder: Path, modules: dict[str, Path], change: dict[str, str], word: str
) -> None:
    """The module has ``Bag<*const u32>``, the kernel ``Bag<Page>``: no type is in both."""
    new = Build(folder / f"family-{word.split(':')[0]}", **change)
    found = check_modules([modules["bags"]], new.kernel)
    assert answers(found) == {"bags": ("yes", "risky")}
    (note,) = found.modules[0].layer("layout").problems
    assert note.kind == "family-differs"
    assert note.subject == "kernel::Bag<*const u32>"
    assert "kernel::Bag<kernel::Page>" in note.text
    assert note.evidence[0].startswith(word)


def test_a_snapshot_tells_of_a_kernel(
    folder: Path, base: Build, modules: dict[str, Path], tmp_path: Path
) -> None:
    """Its types and computed versions are those of the object it was made of."""
    new = Build(folder / "snapshot", READER="pub consumed: usize")
    saved = tmp_path / "new.json.gz"
    rustabi.write_snapshot(rustabi.load(new.object), saved)
    found = check_modules(list(modules.values()), [new.symvers, saved], [base.object])
    assert answers(found) == {
        "reads": ("no", "no"), "inlines": ("yes", "risky"), "bags": ("yes", "yes"),
    }  # fmt: skip
    alone = check_modules([modules["reads"]], [saved]).modules[0]
    assert [note.kind for note in alone.layer("versions").problems] == ["version-differs"]
    assert "DWARF" in alone.layer("versions").problems[0].text


def test_damaged_debug_info_leaves_the_loader_s_answer(
    base: Build, modules: dict[str, Path], tmp_path: Path
) -> None:
    data = bytearray(modules["inlines"].read_bytes())
    section = Elf(bytes(data), "").by_name[".debug_info"]
    data[section.offset : section.offset + 4] = b"\xf0\xff\xff\xff"
    path = write(tmp_path, "inlines.ko", bytes(data))
    result = check_modules([path], base.kernel).modules[0]
    assert (result.loads, result.runs) == ("yes", "unknown")
    (gap,) = result.layer("layout").gaps
    assert "the module has no types" in gap.text
