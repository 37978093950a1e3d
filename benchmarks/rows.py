"""What is measured, and what each is held against. A row whose tools are not there is skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

from benchmarks.measure import FailedError, Figures, Row, in_turn, python, run_process, rustabi

CACHE = Path.home() / ".cache"
CORPUS = Path(os.environ.get("RUSTABI_CORPUS", CACHE / "rustabi-corpus"))
TOOL = Path(os.environ.get("RUSTABI_ORACLE", CACHE / "rustabi-oracle")) / "gendwarfksyms"
VMLINUX, SYMBOLS = CORPUS / "vmlinux", CORPUS / "base" / "vmlinux.syms"
ALONE = ("--jobs", "1", "--no-cache")


def skipped(what: str, needs: str) -> None:
    """Say what is left out and why."""
    print(f"skipped: {what} (needs {needs})", flush=True)


def _both(
    name: str, own: list[str], reference_name: str, reference: list[str], runs: int,
    stdin: Path | None = None, good: Callable[[int], bool] = lambda code: code == 0,
) -> Row:  # fmt: skip
    print(f"  {name}", flush=True)
    mine = partial(run_process, own, stdin, quiet=True, good=lambda code: code in (0, 1))
    theirs = partial(run_process, reference, stdin, quiet=True, good=good)
    try:
        figures = in_turn([mine, theirs], runs)
    except FailedError as error:
        print(f"  without its reference: {error}", flush=True)
        return Row(name, in_turn([mine], runs)[0], f"{reference_name} fails")
    return Row(name, figures[0], reference_name, figures[1])


def versions(runs: int) -> Iterator[Row]:
    """Symbol versions, start-up included, against the kernel's gendwarfksyms."""
    base = CORPUS / "base"
    targets = [
        (base / "rust" / f"{name}.o", base / "rust" / f"{name}.syms")
        for name in ("core", "kernel", "helpers")
    ]
    for target, symbols in [*targets, (VMLINUX, SYMBOLS)]:
        if not (target.is_file() and TOOL.is_file()):
            skipped(f"versions of {target.name}", "the corpus and gendwarfksyms")
            continue
        count = len(symbols.read_text().split())
        own = rustabi("ksyms", "--jobs", "1", str(target))
        reference = [str(TOOL), str(target)]
        row = _both(
            f"ksyms: {count:,} versions of {target.name}", own, "gendwarfksyms", reference, runs,
            symbols,
        )  # fmt: skip
        yield row
        if target == VMLINUX:  # the tool has no mode by unit: the same figures
            name = f"symvers: the exports of {target.name}, by unit"
            print(f"  {name}", flush=True)
            command = rustabi("symvers", *ALONE, str(target))
            (figures,) = in_turn([partial(run_process, command, quiet=True)], runs)
            yield Row(name, figures, row.reference_name, row.reference)


def layouts(runs: int) -> Iterator[Row]:
    """Every type of a binary, read and joined, against pahole, which reads and prints structs."""
    pahole = shutil.which("pahole")
    for target in (CORPUS / "base/rust/helpers.o", VMLINUX):
        if pahole is None or not target.is_file():
            skipped(f"all types of {target.name}", "the corpus and pahole")
            continue
        own = python("-m", "benchmarks.library", "types", str(target))
        name = f"all types of {target.name}, joined, with versions"
        yield _both(name, own, "pahole, structs printed", [pahole, str(target)], runs)


def diffs(runs: int) -> Iterator[Row]:
    """Two builds, against abidiff."""
    abidiff = shutil.which("abidiff")
    if abidiff is None or not CORPUS.is_dir():
        skipped("diffs", "the corpus and abidiff")
        return
    base, after = CORPUS / "base", CORPUS / "fieldadd"
    pairs = [
        (base / each, after / each, f"{Path(each).name}, a field added")
        for each in ("rust/kernel.o", "modules/nova-core.ko")
    ]
    with tempfile.TemporaryDirectory(prefix="rustabi-bench-") as folder:
        renamed = _renamed(Path(folder))
        if renamed is None:
            skipped("diff of vmlinux", "the corpus and objcopy")
        else:
            pairs.append((VMLINUX, renamed, "vmlinux and a copy with a section renamed"))
        for old, new, name in pairs:
            own = rustabi("diff", *ALONE, "--fail-on", "risky", str(old), str(new))  # by types, too
            reference = [abidiff, str(old), str(new)]
            # its exit code is a set of bits: 1 and 2 are errors, 4 and 8 changes
            yield _both(f"diff: {name}", own, "abidiff", reference, runs, good=lambda c: not c & 3)


def _renamed(folder: Path) -> Path | None:
    """The vmlinux with other bytes, and all types as they were."""
    objcopy = shutil.which("objcopy")
    if objcopy is None or not VMLINUX.is_file():
        return None
    made = folder / "vmlinux"
    command = [objcopy, "--rename-section", ".comment=.remark", str(VMLINUX), str(made)]
    subprocess.run(command, check=True, capture_output=True)
    return made


@cache
def std_library() -> Path | None:
    """The sample library that is linked with std, built once; None without rustc."""
    if shutil.which("rustc") is None:
        return None
    from scripts.build_samples import build, recipes

    folder = Path(tempfile.mkdtemp(prefix="rustabi-bench-"))
    recipe = next(each for each in recipes("constructs_std") if each.output.endswith(".so"))
    return build(recipe, folder)


def entries(runs: int) -> Iterator[Row]:
    """Entries of a library that is linked with std, against pyelftools and readelf."""
    library = std_library()
    if library is None:
        skipped("entries", "rustc")
        return
    path = str(library)
    library_call = partial(python, "-m", "benchmarks.library")
    names = {"scan": "find all types, functions, variables", "decode": "decode every attribute"}
    for what, name in names.items():
        yield _both(
            f"{name} of {library.name}", library_call(what, path), "pyelftools, decodes all",
            library_call("pyelftools", path), runs,
        )  # fmt: skip
    readelf = shutil.which("readelf")
    if readelf is None:
        skipped("entries beside readelf", "binutils")
        return
    reference = [readelf, "--debug-dump=info", path]
    name = f"decode every attribute of {library.name}"
    yield _both(name, library_call("decode", path), "readelf, prints all", reference, runs)


def jobs(runs: int) -> Iterator[Row]:
    """Two processes (own) beside one (reference): here the wall time is what counts."""
    if not VMLINUX.is_file():
        skipped("jobs", "the corpus")
        return
    cases = [("ksyms", SYMBOLS, ()), ("symvers", None, ("--no-cache",))]
    for command, stdin, options in cases:
        two, one = (
            rustabi(command, "--jobs", count, *options, str(VMLINUX)) for count in ("2", "1")
        )
        name = f"{command} of {VMLINUX.name}, --jobs 2"
        yield _both(name, two, "--jobs 1", one, runs, stdin)


def caches(runs: int) -> Iterator[Row]:
    """A command on a kernel that was read before (own), and on one that was not (reference)."""
    if not VMLINUX.is_file():
        skipped("cache", "the corpus")
        return
    command = rustabi("layout", "--jobs", "1", str(VMLINUX), "--type", "task_struct")
    with tempfile.TemporaryDirectory(prefix="rustabi-bench-") as folder:
        warm = {"RUSTABI_CACHE_DIR": str(Path(folder, "warm"))}

        def cold() -> Figures:
            shutil.rmtree(Path(folder, "cold"), ignore_errors=True)
            return run_process(
                command, environment={"RUSTABI_CACHE_DIR": str(Path(folder, "cold"))}
            )

        run_process(command, environment=warm)
        name = f"layout of a type of {VMLINUX.name}, read before"
        print(f"  {name}", flush=True)
        figures = in_turn([partial(run_process, command, environment=warm), cold], runs)
    yield Row(name, figures[0], "not read before, and kept", figures[1])


SECTIONS: dict[str, Callable[[int], Iterator[Row]]] = {
    "versions": versions, "layouts": layouts, "diffs": diffs, "entries": entries,
    "jobs": jobs, "cache": caches,
}  # fmt: skip
