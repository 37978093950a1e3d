"""The command line: every command, its exit codes, its errors."""

from __future__ import annotations

import io
import json
import platform
import re
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest

import rustabi
from rustabi.cargo import Build
from rustabi.cargo.tools import tool_version
from rustabi.cli import main
from rustabi.cli.parser import parser
from rustabi.model import Model
from rustabi.target import load_target
from tests.support import GOLDENS, OBJECTS

OLD = str(OBJECTS / "member_added-old.o")
NEW = str(OBJECTS / "member_added-new.o")
TYPES = str(GOLDENS / "gendwarfksyms" / "member_added-new.o.symtypes")

EVERY: dict[str, list[str]] = {
    "report": ["report", NEW],
    "layout": ["layout", NEW],
    "symbols": ["symbols", NEW],
    "why": ["why", NEW, "config_id"],
    "graph": ["graph", NEW],
    "snapshot": ["snapshot", NEW, "-o", "snapshot.json"],
    "diff": ["diff", OLD, OLD],
    "doctor": ["doctor", NEW],
    "explain": ["explain"],
    "schema": ["schema", "report"],
    "completion": ["completion", "bash"],
    "symvers": ["symvers", NEW],
    "symtypes-diff": ["symtypes-diff", TYPES, TYPES],
    "names": ["names", NEW],
}


class Said(NamedTuple):
    code: int
    out: str
    err: str


class Run:
    """Runs the command line and takes down what it says."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Said:
        code = main(arguments)
        return Said(code, *self._capsys.readouterr())


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUSTABI_DEBUG", raising=False)
    return Run(capsys)


@pytest.mark.parametrize("arguments", EVERY.values(), ids=EVERY)
def test_every_command_answers(run: Run, arguments: list[str]) -> None:
    said = run(*arguments)
    assert (said.code, said.err) == (0, "")
    assert said.out
    assert "\x1b" not in said.out


def test_exit_codes_of_a_comparison(run: Run) -> None:
    assert run("diff", OLD, OLD).code == 0
    assert run("diff", OLD, NEW).code == 1
    assert run("diff", OLD, "nothing.o").code == 2


def test_help_teaches(run: Run) -> None:
    said = run("--help")
    assert (said.code, said.err) == (0, "")
    assert "exit codes:" in said.out
    for command in (*EVERY, "ksyms"):
        assert any(line.split()[:1] == [command] for line in said.out.splitlines())
        told = run(command, "--help").out
        assert f"  rustabi {command}" in told.split("example:\n")[1]


def test_every_example_is_understood() -> None:
    for command in EVERY:
        with pytest.raises(SystemExit):
            parser().parse_args([command, "--help"])
    for example in (
        "diff baseline.json.gz libdemo.so",
        "diff old.ko new.ko --symbols kmi.txt",
        "diff old.ko new.ko --fail-on risky,gap --opaque demo::Private*",
        "diff old.ko new.ko --rules accepted.toml",
    ):
        assert parser().parse_args(example.split()).command == "diff"
    listing = "symbols vmlinux --list-for a.ko b.ko --update kmi.txt -o kmi.txt"
    assert parser().parse_args(listing.split()).list_for == ["a.ko", "b.ko"]


def test_the_version_is_told(run: Run) -> None:
    first, *others = run("--version").out.splitlines()
    assert first == f"rustabi {rustabi.__version__}"
    told = "\n".join(others)
    assert f" {platform.python_version()}, " in told
    for package in ("pyelftools", "networkx", "pydantic", "rust-demangler"):
        assert f"{package} {metadata.version(package)}" in told
    assert re.search(r"^  rustc (\d|not found|does)", told, re.MULTILINE)


def test_tools_that_are_not_there_or_do_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tool_version("rustc") == "rustc not found"
    program = tmp_path / "rustc"
    for script, told in (
        ("#!/bin/sh\necho rustc 9.9.9\necho more\n", "rustc 9.9.9"),
        ("#!/bin/sh\nexit 1\n", "rustc does not tell its version"),
        ("no program", "rustc does not run"),
    ):
        program.write_text(script)
        program.chmod(0o755)
        assert tool_version("rustc") == told


# errors


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ([], "usage"),
        (["frobnicate"], "usage"),
        (["layout"], "usage"),
        (["layout", NEW, "--colour"], "usage"),
        (["snapshot", NEW], "usage"),
        (["diff", OLD], "usage"),
        (["layout", NEW, "--type", "Confog"], "usage"),
        (["layout", NEW, "--crate", "kernel"], "usage"),
        (["why", NEW, "config_di"], "usage"),
        (["why", NEW, "config_id", "Confog"], "usage"),
        (["graph", NEW, "--symbol", "nothing*"], "usage"),
        (["explain", "member-aded"], "usage"),
        (["schema", "everything"], "usage"),
        (["report", NEW, "--release", "--profile", "dev"], "usage"),
        (["diff", OLD, NEW, "--fail-on", "everything"], "usage"),
        (["diff", OLD, NEW, "--rules", "x", "--no-rules"], "usage"),
        (["diff", OLD, NEW, "--rules", "nothing.toml"], "bad-rules"),
        (["symbols", NEW, "--update", "list"], "usage"),
        (["layout", "nothing.o"], "bad-input"),
        (["symbols", NEW, "--symbols", "nothing.txt"], "bad-input"),
        (["snapshot", NEW, "-o", "no/such/folder/x.json"], "bad-input"),
        (["layout", NEW, "-o", "no/such/folder/x.txt"], "output"),
        (["symbols", str(OBJECTS / "nested_change-new.rlib"), "--format", "symtypes"], "usage"),
    ],
)
def test_errors_are_told_to_people_and_programs(run: Run, arguments: list[str], kind: str) -> None:
    said = run(*arguments)
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("rustabi: error: ")
    assert "Traceback" not in said.err
    if "symtypes" not in arguments:
        told = run(*arguments, "--format", "json")
        assert told.code == 2
        document = json.loads(told.out)
        assert (document["verdict"], document["error"]["kind"]) == ("error", kind)
        assert document["error"]["message"] in told.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["diff", "", ""], ["diff", "OLD", ""], ["check", "", "--kernel", "."], ["report", ""],
        ["check", "OLD", "--kernel", ""], ["check", "OLD", "--kernel", "OLD", "--baseline", ""],
        ["diff", "OLD", "OLD", "--rules", ""], ["diff", "OLD", "OLD", "-o", ""],
    ],
)  # fmt: skip
def test_an_empty_argument_is_not_the_current_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    old = OBJECTS / "nested_change-old.o"
    (tmp_path / "build.o").write_bytes(old.read_bytes())
    monkeypatch.chdir(tmp_path)
    done = run(*(str(old) if each == "OLD" else each for each in arguments))
    assert done.code == 2
    assert "is empty" in done.err


@pytest.mark.parametrize("form", ["-o FILE", "--output=FILE", "-o FILE --format junit"])
@pytest.mark.parametrize("wrong", ["absent.o", f"{OLD} --fail-on bogus"])
def test_a_run_that_fails_leaves_no_earlier_verdict(
    run: Run, tmp_path: Path, form: str, wrong: str
) -> None:
    file = tmp_path / "report"
    options = form.replace("FILE", str(file)).split()
    assert run("diff", OLD, OLD, *options).code == 0
    assert "compatible" in file.read_text().lower()
    assert run("diff", OLD, *wrong.split(), *options).code == 2
    assert "COMPATIBLE: " not in file.read_text()
    assert "no such file" in file.read_text() or "bogus" in file.read_text()


def test_a_snapshot_that_fails_leaves_the_earlier_one(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "snapshot.json"
    assert run("snapshot", OLD, "-o", str(file)).code == 0
    before = file.read_bytes()
    assert run("snapshot", "absent.o", "-o", str(file)).code == 2
    assert file.read_bytes() == before


def test_near_names_are_offered(run: Run) -> None:
    assert "near: config_id" in run("why", NEW, "config_di").err
    assert "near: member_added::Config" in run("layout", NEW, "--type", "Confog").err
    assert "near: member-added" in run("explain", "member-aded").err


def test_a_fault_of_the_program_is_no_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("rustabi.cli.commands.run", fail)
    said = run("layout", NEW, "--format", "json")
    assert said.code == 2
    assert said.err.startswith("rustabi: error: internal error: ZeroDivisionError: a bug")
    assert "please report it" in said.err
    assert json.loads(said.out)["error"]["kind"] == "internal"
    monkeypatch.setenv("RUSTABI_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["layout", NEW])


def test_an_interruption_is_told_by_the_exit_code_alone(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rustabi.cli.commands.run", interrupt)
    assert run("layout", NEW) == (130, "", "")


def test_what_a_message_quotes_cannot_direct_the_terminal(run: Run) -> None:
    assert "\x1b" not in run("layout", "\x1b[31mx.o").err


# cargo


def test_cargo_options_reach_the_build(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[Build | None] = []
    (tmp_path / "Cargo.toml").touch()
    crate = str(tmp_path)

    def load(path: str, *, build: Build | None = None, **_: object) -> Model:
        seen.append(build)
        return load_target(NEW if path == crate else path)

    monkeypatch.setattr("rustabi.target.load_target", load)
    options = (
        "--release --features a,b --features c --no-default-features --target aarch64-linux-android"
        " --toolchain nightly -p demo"
    )
    assert run("layout", crate, *options.split()).code == 0
    assert run("diff", NEW, crate, "--profile", "kernel", "--all-features").code == 0
    assert seen == [
        Build("release", ("a", "b", "c"), False, True, "aarch64-linux-android", "nightly", "demo"),
        Build("kernel", all_features=True),
        Build("kernel", all_features=True),
    ]


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["layout", NEW, "--release"], "--release"),
        (["report", NEW, OLD, "--features", "x"], "--features"),
        (["diff", OLD, NEW, "-p", "demo"], "--package"),
        (["doctor", str(OBJECTS), "--target", "x86_64-unknown-none"], "--target"),
    ],
)
def test_cargo_options_for_what_is_no_crate(run: Run, arguments: list[str], option: str) -> None:
    """They would be left out unsaid, and a debug build would pass for a release build."""
    done = run(*arguments)
    assert done.code == 2
    assert f"{option} says how to build a crate, and no target is the folder of one" in done.err
    absent = run("diff", OLD, "/absent", "--release")
    assert "there is no such file" in absent.err


# commands


def test_layouts_can_be_selected(run: Run) -> None:
    frame = str(OBJECTS / "repr_changed-new.o")
    assert "struct repr_changed::Frame" in run("layout", frame, "--type", "*Frame").out
    assert run("layout", frame, "--permuted").out.count("struct ") == 1
    assert "0 of 2 types" in run("layout", NEW, "--permuted").out


def test_symbols_in_all_formats(run: Run) -> None:
    text = run("symbols", NEW).out
    crc = text.split("config_id")[0].split()[-3]
    assert crc.startswith("0x")
    symvers = run("symbols", NEW, "--format", "symvers").out
    assert f"{crc}\tconfig_id\tmember_added-new\tEXPORT_SYMBOL_GPL\t\n" in symvers
    golden = GOLDENS / "gendwarfksyms" / "member_added-new.o.symtypes"
    assert run("symbols", NEW, "--format", "symtypes").out == golden.read_text()


def test_versions_are_those_of_gendwarfksyms(run: Run) -> None:
    golden = (GOLDENS / "gendwarfksyms" / "member_added-new.o.symver").read_text()
    expected = {tuple(line.split()[1:]) for line in golden.splitlines()}
    document = json.loads(run("symbols", NEW, "--format", "json").out)
    assert {(each["symbol"], each["crc"]) for each in document["symbols"]} == expected


def test_a_symbol_list_from_a_file_and_from_standard_input(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("names.txt").write_text("# stable\nconfig_id\n")
    for where in ("names.txt", "-"):
        stdin = io.TextIOWrapper(io.BytesIO(b"config_id\n"))
        monkeypatch.setattr("sys.stdin", stdin)
        document = json.loads(run("symbols", NEW, "--symbols", where, "--format", "json").out)
        assert [each["symbol"] for each in document["symbols"]] == ["config_id"]


def test_an_empty_symbol_list_is_an_error(run: Run) -> None:
    Path("names.txt").write_text("# nothing\n")
    assert run("diff", OLD, NEW, "--symbols", "names.txt").code == 2


def test_a_comparison_of_listed_symbols(run: Run) -> None:
    Path("changed.txt").write_text("config_id\n")
    Path("unchanged.txt").write_text("unrelated\nnowhere\n")
    assert run("diff", OLD, NEW, "--symbols", "changed.txt").code == 1
    said = run("diff", OLD, NEW, "--symbols", "unchanged.txt")
    assert said.code == 0
    assert "not checked (2 gaps)" in said.out
    assert "    nowhere\n" in said.out


def test_a_comparison_of_some_crates(run: Run) -> None:
    assert run("diff", OLD, NEW, "--crate", "member_added").code == 1
    said = run("diff", OLD, NEW, "--crate", "kernel")
    assert said.code == 2
    assert "there is nothing of a crate 'kernel'" in said.err
    assert "member_added" in said.err


def test_a_list_that_matches_nothing_is_no_verdict(run: Run, tmp_path: Path) -> None:
    names = tmp_path / "names"
    names.write_text("nosuchsymbol\n")
    said = run("diff", OLD, NEW, "--symbols", str(names))
    assert said.code == 2
    assert "names: neither build exports any of the 1 symbol asked for" in said.err


def test_architectures_are_not_compared(run: Run) -> None:
    other = OBJECTS / "no_core_android-old.o"
    said = run("diff", OLD, str(other))
    assert said.code == 2
    assert "aarch64" in said.err


def test_paths_and_trees(run: Run) -> None:
    assert "  parameter config → &Config → Config\n" in run("why", NEW, "config_id", "Config").out
    assert "    pointee: member_added::Config  8 bytes\n" in run("why", NEW, "config_*").out


def test_graphs(run: Run) -> None:
    assert run("graph", NEW).out.startswith("digraph rustabi {\n")
    assert run("graph", NEW, "--format", "graphml").out.startswith("<?xml ")
    whole = json.loads(run("graph", NEW, "--format", "json").out)
    part = json.loads(run("graph", NEW, "--symbol", "config_id", "--format", "json").out)
    assert len(part["nodes"]) < len(whole["nodes"])


def test_a_snapshot_stands_for_what_it_was_taken_of(run: Run) -> None:
    for name in ("old.json", "old.json.gz"):
        assert run("snapshot", OLD, "-o", name).out.startswith(f"wrote {name}: ")
        assert run("diff", name, OLD).code == 0
        assert run("diff", name, NEW).code == 1
    layout = run("layout", "old.json").out
    assert layout == run("layout", OLD).out
    symbols = run("symbols", "old.json").out.splitlines()[1:]
    assert symbols == run("symbols", OLD).out.splitlines()[1:]
    assert run("symbols", "old.json", "--format", "symtypes").code == 2


def test_the_same_input_says_the_same(run: Run) -> None:
    for arguments in EVERY.values():
        assert run(*arguments).out == run(*arguments).out


def test_schemas(run: Run) -> None:
    for which in ("snapshot", "report", "rules"):
        document = json.loads(run("schema", which).out)
        assert document["$schema"].startswith("https://json-schema.org/")
