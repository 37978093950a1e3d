"""Symbol versions by several processes: those that one process computes, whoever gets which units.

That those are right is held against gendwarfksyms elsewhere.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from rustabi import sharedversions
from rustabi.binary.elf import Elf
from rustabi.binary.exports import exports_of
from rustabi.errors import NoDebugInfoError
from rustabi.jobs import Alone, Handed, Jobs
from rustabi.ksyms import Session, Wanted
from rustabi.loader import load
from rustabi.loader.depth import require_types, typed_crates
from rustabi.means import Means
from rustabi.model import Model
from rustabi.report.modules import symvers_file
from rustabi.sharedversions import SharedVersions, file_type_map, is_worth, unit_versions
from rustabi.versions import type_maps, with_versions
from tests.dwarf_writer import base, build, function, unit
from tests.support import CORPUS, OBJECTS, needs_corpus

CASES = [
    *sorted(OBJECTS.glob("member_added-*.o")),
    *sorted(OBJECTS.glob("*generic*-new.o"))[:2],
    *sorted(OBJECTS.glob("*enum*-new.o"))[:2],
    *(CORPUS / "base" / "rust").glob("*.o"),
    *(CORPUS / "base" / "modules").glob("nova-core.ko"),
]


class Dealt(Alone):
    """Deals out tasks at random, as processes that take the next one do."""

    count = 3  # type: ignore[misc]

    def share(self, function: Callable[[Iterable[Any]], Any], tasks: Sequence[Any]) -> list[Any]:
        """See `Jobs`."""
        dealer = random.Random(len(tasks))
        hands: list[list[Any]] = [[] for _ in range(self.count)]
        for task in tasks:
            dealer.choice(hands).append(task)
        return [function(iter(hand)) for hand in reversed(hands)]


@pytest.fixture
def everything_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharedversions, "WORTH", 0)


def elf_of(path: Path) -> Elf:
    return Elf(path.read_bytes(), str(path))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_the_type_map_of_a_file(path: Path) -> None:
    elf = elf_of(path)
    exports = exports_of(elf)
    (whole,) = type_maps(load(elf, exports=exports, all_types=False, scope="file"))
    found = file_type_map(elf, exports, Dealt())
    assert found is not None
    assert found.lines() == whole.lines()
    assert found.versions() == whole.versions()
    assert found.ambiguous == whole.ambiguous


def untyped(model: Model) -> list[tuple[Any, ...]]:
    return [tuple(each._replace(type=None)) for each in model.symbols]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name)
def test_the_versions_of_units(path: Path) -> None:
    elf = elf_of(path)
    exports = exports_of(elf)
    loaded = load(elf, exports=exports, all_types=False, scope="unit")
    found = unit_versions(elf, exports, Dealt())
    assert found is not None
    assert untyped(found.model) == untyped(with_versions(loaded))
    assert (found.depths, found.declared) == (loaded.depths, loaded.declared)
    typed = typed_crates(found.depths)
    believed = require_types(with_versions(loaded), loaded.depths, typed)
    assert untyped(require_types(found.model, found.depths, typed)) == untyped(believed)


@pytest.mark.usefixtures("everything_is_worth_it")
@pytest.mark.parametrize("path", CASES[:4], ids=lambda path: path.name)
def test_an_executor_that_has_nothing_read(path: Path) -> None:
    elf = elf_of(path)
    names = list(exports_of(elf).names)
    answers = []
    with ThreadPoolExecutor(2) as executor:
        for jobs in (None, Handed(executor), Dealt()):
            session = Session(names, Wanted(symtypes=True), jobs)
            session.add(elf_of(path))
            answers.append(session.answer())
    assert answers[0] == answers[1] == answers[2]
    assert answers[0].symtypes


@pytest.mark.parametrize("shared", [file_type_map, unit_versions])
def test_a_process_that_lives_on_reads_what_was_built_again(
    shared: Callable[..., Any], tmp_path: Path
) -> None:
    """The workers of a cluster outlive many builds under one name."""
    path = tmp_path / "x.o"
    found = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        for build in ("old", "new"):
            path.write_bytes((OBJECTS / f"member_added-{build}.o").read_bytes())
            elf = elf_of(path)
            by_worker, alone = (
                shared(elf, exports_of(elf), jobs) for jobs in (Handed(executor, 1), Alone())
            )
            found.append(versions_of(by_worker))
            assert found[-1] == versions_of(alone)
    assert found[0] != found[1]


def versions_of(found: Any) -> list[Any]:
    return untyped(found.model) if isinstance(found, SharedVersions) else found.versions()


@pytest.mark.usefixtures("everything_is_worth_it")
def test_what_is_not_shared_says_the_same() -> None:
    """kABI rules and dumps need all types in one place."""
    path = OBJECTS / "member_added-new.o"
    names = list(exports_of(elf_of(path)).names)
    for wanted in (Wanted(stable=True), Wanted(dies=True), Wanted(debug=True, types=True)):
        answers = []
        for jobs in (None, Dealt()):
            session = Session(names, wanted, jobs)
            session.add(elf_of(path))
            answers.append(session.answer())
        assert answers[0] == answers[1]


def test_damage_is_told_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the error is the same for any number of processes."""
    data = (OBJECTS / "member_added-new.o").read_bytes()
    elf = Elf(data, "x.o")
    info = elf.contents(".debug_info")
    monkeypatch.setitem(elf._relocated, ".debug_info", info[:200] + bytes([0xFF] * 60) + info[260:])
    exports = exports_of(elf)
    assert file_type_map(elf, exports, Dealt()) is None
    assert unit_versions(elf, exports, Dealt()) is None


def test_small_binaries_stay_with_one() -> None:
    elf = elf_of(OBJECTS / "member_added-new.o")
    assert not is_worth(elf, Dealt())
    assert not is_worth(elf, Alone())


# whole kernels, in processes of their own

VMLINUX = CORPUS / "vmlinux"


def run(*arguments: str, names: Path | None = None) -> bytes:
    with (names or Path(os.devnull)).open("rb") as stdin:
        done = subprocess.run(
            [sys.executable, "-m", "rustabi", *arguments],
            stdin=stdin, capture_output=True, check=True,
        )  # fmt: skip
    return done.stdout + done.stderr


def test_a_binary_whose_types_are_elsewhere_is_left_to_one_process() -> None:
    """Which refuses it: what dwz left of names and types is no base for versions."""
    data = build(
        unit(function("f", [("a", base("u32", 4))])),
        damage=lambda sections: sections.update({".gnu_debugaltlink": b"shared.debug\0id"}),
    )
    elf = Elf(data, "x.o")
    assert unit_versions(elf, exports_of(elf), Dealt()) is None
    assert file_type_map(elf, exports_of(elf), Dealt()) is None
    with pytest.raises(NoDebugInfoError, match="dwz moved"):
        load(elf)


@needs_corpus
@pytest.mark.slow
@pytest.mark.skipif(not VMLINUX.is_file(), reason="no vmlinux in the corpus")
def test_a_kernel_is_the_same_for_any_number_of_processes() -> None:
    names = CORPUS / "base" / "vmlinux.syms"
    for command, listed in ((["ksyms"], names), (["symvers", "--no-cache"], None)):
        said = {
            run(*command, "--jobs", str(count), str(VMLINUX), names=listed) for count in (1, 2, 5)
        }
        assert len(said) == 1


@pytest.mark.usefixtures("everything_is_worth_it")
def test_symvers_of_modules_shared(tmp_path: Path) -> None:
    modules = sorted(CORPUS.glob("base/modules/rust_*.ko"))[:3]
    if not modules:
        pytest.skip("no corpus: set RUSTABI_CORPUS to its folder")
    targets = [str(path) for path in modules] + [str(CORPUS / "base/rust/kernel.o")]
    jobs: list[Jobs] = [Alone(), Dealt()]
    first, second = (symvers_file(targets, means=Means(jobs=each)) for each in jobs)
    assert first == second
