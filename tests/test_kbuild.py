"""docs/kbuild.md: its script and its Makefiles, run by sh and make as a kernel's build runs them.

There is no kernel tree here. What stands in for one calls the tool as the kernel's Makefiles are
described to do: names from nm through sed or awk, ``--symtypes``, ``--stable``, lines to ``.cmd``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import CORPUS, ORACLE, ROOT, needs_corpus, needs_oracle

RUSTABI = Path(sys.executable).with_name("rustabi")
TOOL = ORACLE / "gendwarfksyms"
PAGE = (ROOT / "docs" / "kbuild.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(
    not RUSTABI.exists() or any(shutil.which(each) is None for each in ("make", "nm", "awk")),
    reason="needs make, binutils, awk, and rustabi installed",
)
needs_compilers = pytest.mark.skipif(
    shutil.which("gcc") is None or shutil.which("rustc") is None, reason="needs gcc and rustc"
)


def snippet(name: str, language: str) -> str:
    """A listing of the page, by the comment before it."""
    return PAGE.split(f"<!-- {name} -->\n```{language}\n")[1].split("```")[0]


def environment(**more: str) -> dict[str, str]:
    path = f"{RUSTABI.parent}{os.pathsep}{os.environ['PATH']}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return {**clean, "PATH": path, "LC_ALL": "C", **more}


def made(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments], cwd=folder, env=environment(**more),
        capture_output=True, text=True, check=False,
    )  # fmt: skip


# in place of gendwarfksyms

STAND_IN = r"""
tool = scripts/gendwarfksyms/gendwarfksyms \
	$(if $(KBUILD_SYMTYPES),--symtypes $(@:.o=.symtypes)) \
	$(if $(KBUILD_GENDWARFKSYMS_STABLE),--stable)
c_exports = nm $(1) | sed -n 's/.* __export_symbol_\(.*\)/\1/p'
rust_exports = nm -p --defined-only $(1) | \
	awk '$$2~/(T|R|D|B)/ && $$3!~/__(pfx|cfi|odr_asan)/ {print $$3}'

all: plain.o asm.o crate.o helpers.o none.o

%.o: %.c
	gcc -g -O2 -c -o $@ $<
	if nm $@ | grep -q ' __export_symbol_'; then $(call c_exports,$@) | $(tool) $@ >> .$@.cmd; fi

asm.o: asm.S prototypes.c
	gcc -c -o $@ $<
	gcc -g -c -o asm.gendwarfksyms.o prototypes.c
	$(call c_exports,$@) | $(tool) asm.gendwarfksyms.o >> .$@.cmd

crate.o: crate.rs
	rustc --edition=2021 --crate-type=rlib -Cpanic=abort -Cdebuginfo=2 --emit=obj=$@ $<
	$(call rust_exports,$@) | $(tool) $@ >> .$@.cmd

helpers.o: helpers.c
	gcc -g -O2 -c -o $@ $<
	$(call rust_exports,$@) | $(tool) $@ >> .$@.cmd
"""

EXPORT = """
#define EXPORT(name) asm(".pushsection .export_symbol,\\"a\\"\\n" \\
    "__export_symbol_" #name ":\\n.quad " #name "\\n.popsection\\n")
"""

SOURCES = {
    "Makefile": STAND_IN,
    "plain.c": EXPORT
    + "struct box { int id; union { unsigned long __kabi_reserved0; struct { int a, b; }; }; };\n"
    "int open_box(struct box *box) { return box->id; }\nEXPORT(open_box);\n"
    "struct box boxes[4];\nEXPORT(boxes);\nint unexported(long x) { return x; }\n",
    "asm.S": ".text\n.globl add_fast\nadd_fast:\n    ret\n"
    '.pushsection .export_symbol,"a"\n__export_symbol_add_fast:\n.quad add_fast\n.popsection\n',
    "prototypes.c": "struct pair { long a, b; };\nextern long add_fast(struct pair *pair);\n"
    "long (*__gendwarfksyms_ptr_add_fast)(struct pair *pair) = add_fast;\n",
    "crate.rs": "pub struct Frame { pub kind: u8, pub length: u32 }\n"
    "#[inline(never)] pub fn total(frame: &Frame) -> u32 { frame.length + frame.kind as u32 }\n"
    "pub static LIMIT: u32 = 7;\n",
    "helpers.c": "struct lock { int held; };\n"
    "void rust_helper_lock(struct lock *lock) { lock->held = 1; }\n",
    "none.c": "int nothing_is_exported(void) { return 0; }\n",
}

OBJECTS = ["asm.gendwarfksyms.o", "crate.o", "helpers.o", "plain.o"]


def tree(folder: Path, tool: str) -> Path:
    (folder / "scripts" / "gendwarfksyms").mkdir(parents=True)
    for name, text in SOURCES.items():
        (folder / name).write_text(text)
    script = folder / "scripts" / "gendwarfksyms" / "gendwarfksyms"
    script.write_text(tool)
    script.chmod(0o755)
    return folder


def results(folder: Path) -> dict[str, str]:
    found = [*folder.glob(".*.cmd"), *folder.glob("*.symtypes")]
    return {path.name: path.read_text() for path in found}


@needs_compilers
def test_the_script_runs_for_c_assembler_and_rust(tmp_path: Path) -> None:
    folder, log = tree(tmp_path / "tree", snippet("wrapper", "sh")), tmp_path / "log"
    done = made(folder, RUSTABI_LOG=str(log))
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in log.read_text().splitlines()]
    assert all(line[0] == "gendwarfksyms" for line in lines)
    assert sorted(line[-1] for line in lines) == OBJECTS
    names = {
        name: sorted(line.split()[1] for line in text.splitlines())
        for name, text in results(folder).items()
    }
    assert names[".plain.o.cmd"] == ["boxes", "open_box"]
    assert names[".asm.o.cmd"] == ["add_fast"]
    assert names[".helpers.o.cmd"] == ["rust_helper_lock"]
    assert any("total" in name for name in names[".crate.o.cmd"])
    versions = [line.split()[2] for text in results(folder).values() for line in text.splitlines()]
    assert "0x00000000" not in versions
    assert not (folder / ".none.o.cmd").exists()


@needs_compilers
@needs_oracle
@pytest.mark.parametrize(
    "variables",
    [{}, {"KBUILD_SYMTYPES": "1"}, {"KBUILD_SYMTYPES": "1", "KBUILD_GENDWARFKSYMS_STABLE": "1"}],
    ids=["plain", "symtypes", "stable"],
)
def test_a_build_with_the_tool_gives_the_same(variables: dict[str, str], tmp_path: Path) -> None:
    ours = tree(tmp_path / "ours", snippet("wrapper", "sh"))
    theirs = tree(tmp_path / "theirs", f'#!/bin/sh\nexec "{TOOL}" "$@"\n')
    for folder in (ours, theirs):
        done = made(folder, **variables)
        assert done.returncode == 0, done.stderr
    assert results(ours) == results(theirs)
    written = {name for name in results(ours) if name.endswith(".symtypes")}
    every = {"asm.symtypes", "crate.symtypes", "helpers.symtypes", "plain.symtypes"}
    assert written == (every if variables else set())


@needs_compilers
def test_an_object_that_cannot_be_read_fails_the_build(tmp_path: Path) -> None:
    folder = tree(tmp_path / "tree", snippet("wrapper", "sh"))
    (folder / "Makefile").write_text(STAND_IN.replace("gcc -g -O2", "gcc -g0 -O2"))
    done = made(folder, "plain.o")
    assert done.returncode == 2
    assert "plain.o: " in done.stderr
    assert "rustabi: error" in done.stderr
    assert (folder / ".plain.o.cmd").read_text() == ""


REPLAY = r"""
nm -p --defined-only "$1" | awk '$2~/(T|R|D|B)/ && $3!~/__(pfx|cfi|odr_asan)/ {print $3}' |
"$2" $3 --symtypes "$4" "$1"
"""


def replayed(path: Path, tool: Path, symtypes: Path) -> str:
    """What rust/Makefile has the tool print for an object."""
    words = ["sh", "-c", REPLAY, "sh", str(path), str(tool), "", str(symtypes)]
    if tool == RUSTABI:
        words[6] = "ksyms"
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=True)
    return done.stdout


CORPUS_OBJECTS = sorted(str(each.relative_to(CORPUS)) for each in CORPUS.glob("*/rust/*.o"))


@needs_corpus
@pytest.mark.parametrize("name", CORPUS_OBJECTS)
def test_the_call_for_rust_on_a_real_kernels_objects(name: str, tmp_path: Path) -> None:
    path = CORPUS / name
    ours = replayed(path, RUSTABI, tmp_path / "ours")
    assert ours.startswith("#SYMVER ")
    kept = path.with_suffix(".symver")
    if kept.is_file():  # what the kernel's build printed, sorted
        assert sorted(ours.splitlines()) == sorted(kept.read_text().splitlines())
        assert (tmp_path / "ours").read_text() == path.with_suffix(".symtypes").read_text()
    if not TOOL.is_file():
        pytest.skip("no gendwarfksyms to ask: held against what the build printed alone")
    assert ours == replayed(path, TOOL, tmp_path / "theirs")
    assert (tmp_path / "ours").read_text() == (tmp_path / "theirs").read_text()


# make rustabi-check

KERNEL = """
.PHONY: modules
modules:
	cp $(MODULES) $(M)/
	for each in $(notdir $(MODULES)); do echo $${each%.ko}.o; done > $(M)/modules.order
"""


def module(tmp_path: Path, *modules: Path) -> Path:
    """A module's folder, and one that stands in for the kernel's: it copies what is built."""
    kernel, folder = tmp_path / "kernel", tmp_path / "module"
    kernel.mkdir()
    folder.mkdir()
    (kernel / "Makefile").write_text(f"MODULES = {' '.join(map(str, modules))}\n{KERNEL}")
    (kernel / "Module.symvers").write_bytes((CORPUS / "base" / "Module.symvers").read_bytes())
    (folder / "Makefile").write_text(snippet("Makefile", "make"))
    (folder / "rustabi.mk").write_text(snippet("rustabi.mk", "make"))
    return folder


@needs_corpus
def test_make_rustabi_check(tmp_path: Path) -> None:
    modules = CORPUS / "base" / "modules"
    folder = module(tmp_path, modules / "rust_minimal.ko", modules / "rust_debugfs.ko")
    kernel = f"KDIR={tmp_path / 'kernel'}"
    done = made(folder, kernel, "rustabi-check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rust_minimal" in done.stdout
    assert "rust_debugfs" in done.stdout
    new = CORPUS / "fieldadd"
    files = f"RUSTABI_KERNEL={new / 'Module.symvers'} {new / 'rust' / 'kernel.o'}"
    done = made(folder, kernel, "rustabi-check", files)
    assert done.returncode == 2, "make's code for a command that failed"
    assert "Error 1" in done.stderr, "and that of the command"
    assert "UserSliceReader" in done.stdout


@needs_corpus
def test_options_and_failures_of_the_fragment(tmp_path: Path) -> None:
    folder = module(tmp_path, CORPUS / "base" / "modules" / "rust_minimal.ko")
    kernel, report = f"KDIR={tmp_path / 'kernel'}", tmp_path / "report.xml"
    flags = f"RUSTABI_FLAGS=--fail-on gap --format junit:{report}"
    done = made(folder, kernel, "rustabi-check", flags)
    assert (done.returncode, "Error 2" in done.stderr) == (2, True)
    assert report.read_text().startswith("<?xml")
    done = made(folder, kernel, "rustabi-check", "RUSTABI_KERNEL=/absent")
    assert (done.returncode, "Error 2" in done.stderr) == (2, True)
    assert "/absent" in done.stderr
