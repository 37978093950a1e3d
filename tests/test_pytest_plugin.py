"""The pytest plugin as projects meet it: pytest in a process of its own, on files of a project."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from rustabi.report.contract import json_schema
from tests.elf_writer import ElfWriter, Symbol
from tests.kernel_files import kernel_data, module_data
from tests.support import OBJECTS, ROOT

pytest_plugins = ["pytester"]

ABI = """
    def test_abi(rustabi):
        rustabi.assert_compatible("lib.o", baseline="abi/lib.json")
"""
SYMBOLS = """
    import pytest
    @pytest.mark.rustabi(symbols="abi/lib.json")
    def test_symbol(rustabi, rustabi_symbol):
        rustabi.assert_symbol_compatible(rustabi_symbol, "lib.o", baseline="abi/lib.json")
"""


pytestmark = pytest.mark.usefixtures("kept_bytecode")


@pytest.fixture(autouse=True)
def root(pytester: pytest.Pytester) -> None:
    """A root folder: without a file that makes it one, pytest takes a folder above."""
    pytester.makeini("[pytest]\n")
    put(pytester, "nested_change-old.o")


def put(pytester: pytest.Pytester, sample: str, name: str = "lib.o") -> Path:
    return Path(shutil.copy(OBJECTS / sample, pytester.path / name))


def run(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *options)


def with_baseline(pytester: pytest.Pytester) -> Path:
    """The baseline that the tests above compare with, of the older library."""
    assert run(pytester, "--rustabi-update").ret == 0
    return pytester.path / "abi/lib.json"


# projects that use none of it


def test_who_does_not_use_it_sees_and_pays_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys
        def test_plain():
            loaded = {name for name in sys.modules if name.partition(".")[0] == "rustabi"}
            assert loaded == {"rustabi", "rustabi.pytest_plugin"}
            for name in ("pydantic", "networkx", "elftools", "rich"):
                assert name not in sys.modules
        """
    )

    def told(*options: str) -> str:
        result = run(pytester, "-W", "error", *options)
        assert result.ret == 0
        text = re.sub(r"\d+\.\d+s", "", result.stdout.str())
        return "\n".join(line for line in text.splitlines() if not line.startswith("plugins:"))

    pytester.makepyfile(test_without="def test_nothing(): pass")
    assert told("test_without.py") == told("test_without.py", "-p", "no:rustabi")
    assert told("test_who_does_not_use_it_sees_and_pays_nothing.py")


# baselines


def test_no_baseline_fails_and_says_what_to_do(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_abi=ABI, test_symbols=SYMBOLS)
    result = run(pytester)
    result.assert_outcomes(failed=1, errors=1)
    assert result.ret == 1
    advice = "*abi/lib.json: there is no baseline (write it with `pytest --rustabi-update`*"
    result.stdout.fnmatch_lines([advice, "E *MissingBaselineError: " + advice.lstrip("*")])
    assert "rustabi/pytest_plugin" not in result.stdout.str()  # no traceback through the inside


def test_update_writes_and_tells(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_abi=ABI, test_symbols=SYMBOLS)
    first = run(pytester, "--rustabi-update")
    first.assert_outcomes(passed=2)
    first.stdout.fnmatch_lines(["*= rustabi =*", "abi/lib.json  baseline written: 4 exported *"])
    baseline = pytester.path / "abi/lib.json"
    before = baseline.read_bytes(), baseline.stat().st_mtime_ns

    again = run(pytester, "--rustabi-update")
    again.stdout.fnmatch_lines(["abi/lib.json  baseline unchanged"])
    assert (baseline.read_bytes(), baseline.stat().st_mtime_ns) == before

    put(pytester, "nested_change-new.o")
    result = run(pytester, "--rustabi-update")
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["abi/lib.json  baseline rewritten: INCOMPATIBLE: 1 type changed, 3 of 4 exported *"]
    )
    compared = run(pytester)
    compared.assert_outcomes(passed=1 + 4 + 1)
    assert "= rustabi =" not in compared.stdout.str()
    assert not list(pytester.path.glob("abi/.rustabi*"))  # nothing is left of writing it


def test_update_with_workers_writes_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_abi=ABI, test_b=ABI, test_symbols=SYMBOLS)
    result = run(pytester, "--rustabi-update", "-n", "2")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["abi/lib.json  baseline written: 4 exported symbols"])


def test_two_tests_may_not_write_two_things_to_one_baseline(pytester: pytest.Pytester) -> None:
    put(pytester, "nested_change-new.o", "other.o")
    pytester.makepyfile(test_a=ABI, test_b=ABI.replace("lib.o", "other.o"))
    result = run(pytester, "--rustabi-update")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E *abi/lib.json: two tests disagree*lib.o*other.o*"])


@pytest.fixture
def two_objects(pytester: pytest.Pytester) -> Path:
    """A library of two objects."""
    folder = pytester.mkdir("objects")
    put(pytester, "nested_change-old.o", "objects/a.o")
    put(pytester, "member_added-old.o", "objects/b.o")
    return folder


def strip_one(folder: Path) -> None:
    """The second object without debug info: all that is left of it are its exports."""
    symbols = [Symbol("config_id", ".text"), Symbol("unrelated", ".text")]
    (folder / "b.o").write_bytes(ElfWriter({".text": b"\xc3"}, symbols).data())


def test_data_that_were_lost_leave_no_verdict(pytester: pytest.Pytester, two_objects: Path) -> None:
    pytester.makepyfile(
        test_abi=ABI.replace("lib.o", "objects"), test_symbols=SYMBOLS.replace("lib.o", "objects")
    )
    baseline = with_baseline(pytester)
    before = baseline.read_bytes()
    strip_one(two_objects)
    result = run(pytester, "-v")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*::test_abi FAILED*",
            "*::test_symbol[[]config_id[]] FAILED*",
            "*::test_symbol[[]device_id[]] PASSED*",
            "E *NEW lacks debug info that OLD has*",
        ]
    )
    update = run(pytester, "--rustabi-update", "test_abi.py")
    update.assert_outcomes(failed=1)
    update.stdout.fnmatch_lines(["E *NEW lacks debug info that OLD has*left as it is*"])
    assert baseline.read_bytes() == before


@pytest.mark.parametrize("damage", [b'{"format": "rustabi-snapshot", "version": 1, "ty', b"text"])
def test_a_damaged_baseline_is_neither_compared_nor_overwritten(
    pytester: pytest.Pytester, damage: bytes
) -> None:
    pytester.makepyfile(test_abi=ABI)
    pytester.mkdir("abi")
    baseline = pytester.path / "abi/lib.json"
    baseline.write_bytes(damage)
    for options in ([], ["--rustabi-update"]):
        run(pytester, *options).assert_outcomes(failed=1)
        assert baseline.read_bytes() == damage


def test_a_baseline_that_is_a_build_is_compared_and_never_written(
    pytester: pytest.Pytester,
) -> None:
    put(pytester, "nested_change-new.o", "old.o")
    before = (pytester.path / "old.o").read_bytes()
    pytester.makepyfile(test_abi=ABI.replace("abi/lib.json", "old.o"))
    run(pytester, "--rustabi-update").assert_outcomes(failed=1)
    assert (pytester.path / "old.o").read_bytes() == before


def test_the_folder_of_baselines(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_abi=ABI)
    assert run(pytester, "--rustabi-update", "--rustabi-baseline-dir=x86").ret == 0
    assert (pytester.path / "x86/abi/lib.json").is_file()
    pytester.makeini("[pytest]\nrustabi_baseline_dir = x86")
    folder = pytester.mkdir("inner")
    for options in ([], [f"--rootdir={pytester.path}", str(folder.parent)]):
        assert run(pytester, *options).ret == 0
    assert run(pytester, "--rustabi-baseline-dir=arm64").ret == 1


# what fails


def test_a_build_without_debug_info_fails(pytester: pytest.Pytester) -> None:
    bare = ElfWriter({".text": b"\xc3"}, [Symbol("device_id", ".text")]).data()
    pytester.makepyfile(
        ABI
        + """
    def test_load(rustabi):
        rustabi.load("lib.o")
    def test_absent(rustabi):
        rustabi.assert_compatible("absent.o", baseline="abi/lib.json")
    """
    )
    with_baseline_of_abi = run(pytester, "--rustabi-update", "-k", "abi")
    assert with_baseline_of_abi.ret == 0
    (pytester.path / "lib.o").write_bytes(bare)
    result = run(pytester)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "E *NoDebugInfoError: lib.o: *",
            "E *NoDebugInfoError: lib.o: *",
            "E *InputError: absent.o: *",
        ]
    )
    assert "debug" in result.stdout.str()
    update = run(pytester, "--rustabi-update", "-k", "abi")
    update.assert_outcomes(failed=1)


def test_rules_and_levels(pytester: pytest.Pytester) -> None:
    put(pytester, "nested_change-new.o", "new.o")
    (pytester.path / "rustabi.toml").write_text(
        '[[rules]]\ntype = "nested_change::clock::Clock"\nreason = "all callers are rebuilt"\n'
    )
    pytester.makepyfile(
        """
        import pytest
        def test_found(rustabi):
            outcome = rustabi.assert_compatible("new.o", baseline="lib.o")
            assert "tolerated by rustabi.toml (1)" in outcome.text
        def test_none(rustabi):
            with pytest.raises(AssertionError, match="INCOMPATIBLE"):
                rustabi.assert_compatible("new.o", baseline="lib.o", rules=False)
        def test_gaps(rustabi):
            with pytest.raises(AssertionError, match="not all could be checked: 4 gaps"):
                rustabi.assert_compatible("lib.o", baseline="lib.o", fail_on="gap")
        def test_symbols(rustabi):
            rustabi.assert_compatible("new.o", baseline="lib.o", rules=False, symbols=["unrelated"])
        def test_opaque(rustabi):
            handles = ["nested_change::Device", "nested_change::bus::Bus", "*::Clock"]
            rustabi.assert_compatible("new.o", baseline="lib.o", rules=False, opaque=handles)
        def test_level(rustabi):
            rustabi.compare("lib.o", "new.o", fail_on="breaks")
        def test_absent(rustabi):
            rustabi.compare("lib.o", "new.o", rules="absent.toml")
        def test_symbol(rustabi):
            rustabi.assert_symbol_compatible("absent", "new.o", baseline="lib.o")
        """
    )
    result = run(pytester)
    result.assert_outcomes(passed=5, failed=3)
    result.stdout.fnmatch_lines(
        [
            "E *UsageError: fail_on does not know 'breaks' (levels: break, risky, api, gap)",
            "E *RulesError: *absent.toml*",
            "E *UsageError: neither build exports a symbol 'absent'*",
        ]
    )


def test_a_rules_file_that_is_wrong(pytester: pytest.Pytester) -> None:
    (pytester.path / "rustabi.toml").write_text("x = [")
    put(pytester, "nested_change-new.o", "new.o")
    pytester.makepyfile(
        """
        def test_it(rustabi):
            rustabi.assert_compatible("new.o", baseline="new.o")
        def test_without(rustabi):
            rustabi.assert_compatible("new.o", baseline="new.o", rules=False)
        """
    )
    result = run(pytester)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E *RulesError: *(mend it, or pass rules=False)"])


# layouts


def test_a_failed_assertion_on_a_layout_shows_it(pytester: pytest.Pytester) -> None:
    put(pytester, "constructs.o")
    pytester.makepyfile(
        """
        def test_size(rustabi):
            assert rustabi.load("lib.o").type("Plain").size == 24
        def test_two(rustabi):
            target = rustabi.load("lib.o")
            assert target.type("Plain") == target.type("*::structs::LikeC")
        def test_verdict(rustabi):
            assert rustabi.compare("lib.o", "lib.o").verdict == "incompatible"
        def test_absent(rustabi):
            rustabi.load("lib.o").type("Plane")
        """
    )
    result = run(pytester, "-vv")
    result.assert_outcomes(failed=4)
    assert "rustabi/pytest_plugin" not in result.stdout.str()
    result.stdout.fnmatch_lines(
        [
            "E *assert 16 == 24: size of constructs::structs::Plain is 16",
            "E *struct constructs::structs::Plain  size 16, align 8, permuted",
            "E *     0     8       2  b: i64",
            "E *assert constructs::structs::Plain == constructs::structs::LikeC*",
            "E *struct constructs::structs::LikeC  size 24, align 8",
            "E *'compatible' == 'incompatible'*",
            "E *COMPATIBLE*",
            "E *UsageError: there is no type 'Plane' (near: *Plain*)",
        ]
    )


def test_what_the_manual_shows_is_shown(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        ABI
        + """
    def test_layout(rustabi):
        clock = rustabi.load("lib.o").type("nested_change::clock::Clock")
        assert clock.tail_padding == 2
    """
    )
    with_baseline(pytester)
    put(pytester, "nested_change-new.o")
    shown = run(pytester).stdout.str().splitlines()
    lines = (ROOT / "docs/pytest.md").read_text(encoding="utf-8").splitlines()
    documented = [each for each in lines if each.startswith(("E  ", ">  "))]
    assert len(documented) > 10
    assert [each for each in documented if each not in shown] == []


# reports


def test_report_files(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_abi=ABI, test_symbols=SYMBOLS)
    with_baseline(pytester)
    put(pytester, "nested_change-new.o")
    formats = ("json", "text", "md", "junit", "github")
    files = [f"--rustabi-report={each}:out/{{}}.{each}" for each in formats]
    for name, workers in (("alone", []), ("workers", ["-n", "2"])):
        result = run(pytester, *(each.format(name) for each in files), *workers)
        assert result.ret == 1
        result.stdout.fnmatch_lines([f"out/{name}.json  report written (json)"])
    out = pytester.path / "out"
    for each in formats:
        text = (out / f"alone.{each}").read_bytes()
        assert text == (out / f"workers.{each}").read_bytes()
        assert b"divider" in text

    reports = json.loads((out / "alone.json").read_text())
    validator = Draft202012Validator(json_schema())
    for each in reports:
        validator.validate(each)
    assert [each["verdict"] for each in reports].count("incompatible") == 1 + 3
    assert len(reports) == 1 + 4 + 1
    assert (out / "alone.text").read_text().count("INCOMPATIBLE: 1 type changed") == 4
    suites = ET.parse(out / "alone.junit").getroot()
    assert suites.tag == "testsuites"
    failed = [each for each in suites.iter("testcase") if each.find("failure") is not None]
    assert {"clock_rate", "bus_number", "device_id"} <= {each.attrib["name"] for each in failed}


def test_reports_tell_errors(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_abi=ABI)
    assert run(pytester, "--rustabi-report=json:out.json").ret == 1
    report = json.loads((pytester.path / "out.json").read_text())
    assert (report["report"], report["error"]["kind"]) == ("error", "no-baseline")


def test_reports_tell_errors_of_fixtures_and_of_loading(pytester: pytest.Pytester) -> None:
    pytester.mkdir("empty")
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.rustabi(modules="empty")
        def test_empty(rustabi_module): ...
        def test_load(rustabi): rustabi.load("absent.o")
        def test_unset(rustabi): rustabi.assert_compatible("", baseline="")
        def test_expected(rustabi):
            with pytest.raises(Exception): rustabi.load("absent.o")
        """
    )
    for workers in ([], ["-n", "2"]):
        assert run(pytester, "--rustabi-report=json:out.json", *workers).ret == 1
        reports = json.loads((pytester.path / "out.json").read_text())
        messages = [each["error"]["message"] for each in reports]
        assert messages == [
            "no kernel modules in this folder", "there is no such file or folder", "an empty path",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rustabi-report=yaml:out"], "*--rustabi-report: no such format here: 'yaml'*json*"),
        (["--rustabi-report=json"], "*--rustabi-report: name a file: json:FILE"),
        (["--rustabi-report=json:a", "--rustabi-report=text:a"], "*two formats go to a*"),
    ],
)
def test_reports_that_make_no_sense(
    pytester: pytest.Pytester, options: list[str], message: str
) -> None:
    pytester.makepyfile(test_abi=ABI)
    result = run(pytester, *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([message])


def test_a_report_that_cannot_be_written(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    (pytester.path / "file").write_text("")
    result = run(pytester, "--rustabi-report=json:file/report.json")
    assert result.ret == 2
    assert "the report cannot be written" in result.stdout.str() + result.stderr.str()


# cases


def test_a_case_for_each_symbol(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_symbols=SYMBOLS)
    with_baseline(pytester)
    put(pytester, "nested_change-new.o")
    result = run(pytester, "--junitxml=junit.xml")
    result.assert_outcomes(failed=3, passed=2)
    cases = {
        each.attrib["name"]: each.find("failure")
        for each in ET.parse(pytester.path / "junit.xml").iter("testcase")
    }
    assert [name for name, failure in cases.items() if failure is None] == [
        "test_symbol[unrelated]", "test_symbol[(others)]",
    ]  # fmt: skip
    failure = cases["test_symbol[device_id]"]
    assert failure is not None and failure.text is not None
    assert "member added  divider: u16 at 6" in failure.text
    assert "device_id → parameter device → &Device" in failure.text
    assert "clock_rate" not in failure.text


def test_a_case_for_each_module(pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("modules")
    (folder / "fits.ko").write_bytes(module_data(["known"], {"known": 7}))
    (folder / "drivers").mkdir()
    (folder / "drivers/other.ko").write_bytes(module_data(["known"], {"known": 8}))
    (pytester.path / "vmlinux").write_bytes(kernel_data({"known": 7}))
    pytester.mkdir("empty")
    pytester.makepyfile(
        """
        import pytest
        @pytest.mark.rustabi(modules="modules")
        def test_loads(rustabi, rustabi_module):
            rustabi.assert_loads(rustabi_module, kernel="vmlinux")
        @pytest.mark.rustabi(modules="empty")
        def test_empty(rustabi, rustabi_module): ...
        @pytest.mark.rustabi(modules=[])
        def test_none(rustabi, rustabi_module): ...
        def test_unmarked(rustabi, rustabi_module): ...
        @pytest.mark.rustabi(moduls="modules")
        def test_misspelt(rustabi, rustabi_module): ...
        @pytest.mark.parametrize("rustabi_module", ["modules/fits.ko"], indirect=True)
        def test_own(rustabi, rustabi_module):
            rustabi.assert_loads(rustabi_module, kernel=["vmlinux"])
        def test_rules(rustabi):
            report = rustabi.assert_loads(
                "modules/drivers/other.ko", kernel="vmlinux", rules="rules.toml"
            )
            assert report.tolerated == 1
        def test_folder(rustabi):
            rustabi.assert_loads("modules", kernel="vmlinux")
        def test_unreadable(rustabi):
            rustabi.assert_loads("lib.txt", kernel="vmlinux")
        def test_no_kernel(rustabi):
            rustabi.assert_loads("modules/fits.ko", kernel=[])
        """
    )
    (pytester.path / "lib.txt").write_text("text")
    (pytester.path / "rules.toml").write_text(
        '[[rules]]\nkind = "version-differs"\nsymbol = "known"\nreason = "both are ours"\n'
    )
    result = run(pytester, "-v")
    result.stdout.fnmatch_lines(
        [
            "*::test_loads[[]fits.ko[]] PASSED*",
            "*::test_loads[[]drivers/other.ko[]] FAILED*",
            "*::test_empty[[]failed[]] ERROR*",
            "*::test_own[[]modules/fits.ko[]] PASSED*",
        ]
    )
    result.assert_outcomes(passed=3, failed=4, errors=4)
    result.stdout.fnmatch_lines(["empty: no kernel modules in this folder*"])
    result.stdout.fnmatch_lines(["*mark the test with @pytest.mark.rustabi(modules=*"])
    result.stdout.fnmatch_lines(["the marker rustabi has no key 'moduls' (keys: *modules*"])
    result.stdout.fnmatch_lines(
        ["E *of 1 module, 1 refused by the loader", "E *known: module 0x00000008*"]
    )
    result.stdout.fnmatch_lines(["E *UsageError: modules: a folder, not a module*"])


# crates

needs_cargo = pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo")

CRATE = """
#![no_std]
pub struct Pair { pub small: u8, pub large: u64, #[cfg(feature = "more")] pub more: u64 }
#[no_mangle] pub extern "C" fn large(pair: &Pair) -> u64 { pair.large }
"""


HOME = Path.home()
"""The user's: pytester gives each test one of its own, where rustup finds no toolchain."""


@pytest.fixture
def crates(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Two crates, and a cargo that notes each build."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    monkeypatch.setenv("CARGO_NET_OFFLINE", "true")
    for name in ("CARGO_HOME", "RUSTUP_HOME"):
        folder = HOME / f".{name.partition('_')[0].lower()}"
        monkeypatch.setenv(name, os.environ.get(name, str(folder)))
    for name in ("CARGO_TARGET_DIR", "RUSTFLAGS", "CARGO_BUILD_TARGET"):
        monkeypatch.delenv(name, raising=False)
    for name in ("one", "two"):
        folder = pytester.path / "crates" / name
        (folder / "src").mkdir(parents=True)
        (folder / "src/lib.rs").write_text(CRATE)
        (folder / "Cargo.toml").write_text(
            f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n'
            '[features]\nmore = []\n[lib]\ncrate-type = ["rlib"]\n'
        )
    tools = pytester.mkdir("tools")
    cargo = tools / "cargo"
    log = pytester.path / "builds.log"
    noted = f'case "$1" in build) echo "$@" >> {log};; esac'
    cargo.write_text(f'#!/bin/sh\n{noted}\nexec {shutil.which("cargo")} "$@"\n')
    cargo.chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    return pytester


@needs_cargo
def test_builds_of_the_marker(crates: pytest.Pytester) -> None:
    crates.makepyfile(
        """
        import pytest
        def test_layout(rustabi):
            pair = rustabi.load_crate("crates/one").type("one::Pair")
            assert pair.size == 16 and pair.offset_of("large") == 0 and not pair.holes
        @pytest.mark.rustabi(crate="crates/one", features=["more"])
        def test_two_builds(rustabi_build, rustabi):
            assert rustabi_build.type("one::Pair").size == 24
            found = rustabi.compare(rustabi.load_crate("crates/one"), rustabi_build)
            assert found.verdict == "incompatible"
            names = [found.report.old.target, found.report.new.target]
            assert names == ["crates/one", "crates/one --features=more"]
        @pytest.mark.rustabi(crate="crates/*")
        def test_each(rustabi_build):
            assert rustabi_build.symbols == ("large",)
        @pytest.mark.rustabi(crate="crates/one", target="no-such-target")
        def test_target(rustabi_build): ...
        @pytest.mark.rustabi(crate="none/*")
        def test_none(rustabi_build): ...
        def test_unmarked(rustabi_build): ...
        """
    )
    result = run(crates, "-v")
    result.assert_outcomes(passed=4, errors=3)
    result.stdout.fnmatch_lines(
        ["*::test_each[[]crates/one[]] PASSED*", "*::test_each[[]crates/two[]] PASSED*"]
    )
    result.stdout.fnmatch_lines(["crates/one: cargo failed to build it:", "*no-such-target*"])
    result.stdout.fnmatch_lines(["none/[*]: no crate of that name*"])
    assert not list(crates.path.glob("crates/**/Cargo.lock"))


@needs_cargo
def test_a_crate_is_built_once_for_all_workers_and_again_when_it_changes(
    crates: pytest.Pytester,
) -> None:
    crates.makepyfile(
        """
        import pytest
        @pytest.mark.parametrize("number", range(6))
        def test_layout(rustabi, number):
            assert rustabi.load_crate("crates/one").type("one::Pair").size == 16
        """
    )
    result = run(crates, "-n", "2", "--dist=load")
    result.assert_outcomes(passed=6)
    log = crates.path / "builds.log"
    assert len(log.read_text().splitlines()) == 1
    log.unlink()
    crates.makepyfile(
        test_edit="""
        from pathlib import Path
        def test_layout(rustabi):
            source = Path("crates/one/src/lib.rs")
            before = rustabi.load_crate("crates/one")
            assert rustabi.load_crate("crates/one").model is before.model
            source.write_text(source.read_text().replace("small: u8", "small: u128"))
            assert rustabi.load_crate("crates/one").type("one::Pair").size == 32
        """
    )
    run(crates, "test_edit.py").assert_outcomes(passed=1)
    assert len(log.read_text().splitlines()) == 2


# types

TYPED = """
from pathlib import Path

import pytest

from rustabi.pytest_plugin import LoadedTarget, Rustabi, SymbolCase


def test_abi(rustabi: Rustabi) -> None:
    outcome = rustabi.assert_compatible("lib.o", baseline="abi/lib.json", fail_on="risky")
    reveal_type(outcome.compatible)


@pytest.mark.rustabi(crate="crates/foo", features=["x"])
def test_layout(rustabi_build: LoadedTarget) -> None:
    bar = rustabi_build.type("foo::Bar")
    assert bar.size == 16 and bar.offset_of("y") == 0 and not bar.holes
    reveal_type(bar.size)


def test_module(rustabi: Rustabi, rustabi_module: Path, rustabi_symbol: SymbolCase) -> None:
    reveal_type(rustabi.assert_loads(rustabi_module, kernel=["vmlinux"]).verdict)
    rustabi.assert_compatible("lib.o")
    rustabi.assert_symbol_compatible(rustabi_symbol, "lib.o", baseline=1)
"""


@pytest.mark.slow
def test_types_for_users(tmp_path: Path) -> None:
    file = tmp_path / "test_typed.py"
    file.write_text(TYPED)
    manual = (ROOT / "docs/pytest.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", manual, re.DOTALL)
    documented = tmp_path / "test_documented.py"
    documented.write_text("from pathlib import Path\n" + "\n\n".join(blocks))
    command = [sys.executable, "-m", "mypy", "--strict", f"--cache-dir={tmp_path}"]
    command += [str(file), str(documented)]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    lines = [line.partition(": ")[2] for line in found.stdout.splitlines()]
    assert [line for line in lines if line.startswith("note: Revealed")] == [
        'note: Revealed type is "bool"',
        'note: Revealed type is "rustabi.pytest_plugin.values.Bytes"',
        "note: Revealed type is "
        "\"Literal['compatible'] | Literal['incompatible'] | Literal['error']\"",
    ]
    errors = [line for line in lines if "error: " in line]
    assert len(errors) == 2, found.stdout
    assert 'Missing named argument "baseline"' in errors[0]
    assert 'Argument "baseline"' in errors[1]
