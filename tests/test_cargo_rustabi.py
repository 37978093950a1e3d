"""``cargo rustabi`` on real workspaces: git, cargo and rustc do what they do for users."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from rustabi.cli.cargo import main
from rustabi.report.contract import json_schema
from tests.cargo_workspaces import (
    BROKEN,
    COMMENTED,
    FRAME,
    RENAMED,
    commit,
    contents,
    git,
    manifest,
    members,
    written,
)
from tests.support import ROOT

pytestmark = [
    pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo"),
    pytest.mark.skipif(shutil.which("git") is None, reason="needs git"),
    pytest.mark.xdist_group("cargo-rustabi"),
]


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def environment(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("CARGO_NET_OFFLINE", "true")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "temporary").mkdir()
    for name in ("CARGO_TARGET_DIR", "RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO"):
        monkeypatch.delenv(name, raising=False)


THREE = {
    "Cargo.toml": members("breaking", "renaming", "clean"),
    **{f"{each}/Cargo.toml": manifest(each) for each in ("breaking", "renaming", "clean")},
    **{f"{each}/src/lib.rs": FRAME for each in ("breaking", "renaming", "clean")},
}
CHANGED = {
    "breaking/src/lib.rs": BROKEN,
    "renaming/src/lib.rs": RENAMED,
    "clean/src/lib.rs": COMMENTED,
}


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of three crates, whose last commit changes each in another way."""
    folder = tmp_path / "three"
    folder.mkdir()
    commit(folder, THREE)
    commit(folder, CHANGED)
    monkeypatch.chdir(folder)
    return folder


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON of a command; it fits the schema."""
    capsys.readouterr()
    code = main(["rustabi", *arguments, "--format", "json"])
    report = json.loads(capsys.readouterr().out)
    Draft202012Validator(json_schema()).validate(report)
    return code, report


def crates(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["package"]: each for each in report["crates"]}


def hints(report: dict[str, Any]) -> dict[str, str | None]:
    return {name: each["hint"] and each["hint"]["hint"] for name, each in crates(report).items()}


# what is found


def test_three_crates_are_told_apart(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(three)
    code, report = asked(capsys, "diff", "--baseline-rev", "HEAD~1")
    assert code == 1
    assert report["verdict"] == "incompatible"
    assert hints(report) == {"breaking": "break", "renaming": "api", "clean": "none"}
    verdicts = {name: each["diff"]["verdict"] for name, each in crates(report).items()}
    assert verdicts == {
        "breaking": "incompatible", "renaming": "compatible", "clean": "compatible",
    }  # fmt: skip
    kinds = {each["kind"] for each in crates(report)["breaking"]["diff"]["findings"]}
    assert "member-added" in kinds
    kinds = {each["kind"] for each in crates(report)["renaming"]["diff"]["findings"]}
    assert kinds == {"member-renamed"}
    assert report["baseline"]["commit"] == git(three, "rev-parse", "HEAD~1").strip()
    assert contents(three) == before, "nothing is left behind, neither files nor a worktree"


def test_the_same_through_cargo_itself(three: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["cargo", "rustabi", "diff", "--baseline-rev", "HEAD~1"]
    done = subprocess.run(
        command, cwd=three / "clean", env={**os.environ, "PATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [line.split()[:3] for line in done.stdout.splitlines()[2:4]] == [
        ["crate", "version", "semver"], ["clean", "0.1.0", "none"],
    ]  # fmt: skip


def test_each_revision_is_built_anew(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All baselines of a workspace are built in one folder: cargo must not take one for another."""
    commit(three, {"clean/src/lib.rs": BROKEN})
    found = []
    for revision in ("HEAD~2", "HEAD", "HEAD~1", "HEAD~2", "HEAD"):
        _, report = asked(capsys, "diff", "--baseline-rev", revision)
        found.append(tuple(hints(report)[name] for name in ("breaking", "renaming", "clean")))
    first, same, second = ("break", "api", "break"), ("none",) * 3, ("none", "none", "break")
    assert found == [first, same, second, first, same]


def test_a_dirty_tree_is_what_is_compared(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The work tree as it is, with what is staged and what is not; all of it stays so."""
    written(three, {"clean/src/lib.rs": RENAMED, "renaming/src/lib.rs": FRAME, "new.txt": "x"})
    git(three, "add", "renaming")
    before, status = contents(three), git(three, "status", "--porcelain")
    _, report = asked(capsys, "diff", "--baseline-rev", "HEAD~1")
    assert hints(report) == {"breaking": "break", "renaming": "none", "clean": "api"}
    assert contents(three) == before
    assert git(three, "status", "--porcelain") == status


def test_nothing_of_git_is_touched(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also within a hook, for which git names the index and the folder of the repository."""
    written(three, {"clean/src/lib.rs": RENAMED})
    git(three, "stash")
    hook = three / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    before = contents(three)
    monkeypatch.setenv("GIT_DIR", str(three / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(three / ".git" / "index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(three))
    assert main(["diff", "--baseline-rev", "HEAD~1", "-p", "clean"]) == 0
    assert contents(three) == before


def test_which_crates(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def chosen(*arguments: str) -> set[str]:
        return set(hints(asked(capsys, "diff", "--baseline-rev", "HEAD", *arguments)[1]))

    assert chosen("-p", "breaking", "--package", "clean") == {"breaking", "clean"}
    assert chosen("--workspace", "--exclude", "bre*") == {"renaming", "clean"}
    assert chosen("--manifest-path", "clean/Cargo.toml") == {"clean"}
    os.chdir(three / "renaming" / "src")
    assert chosen() == {"renaming"}
    assert chosen("--workspace") == {"breaking", "renaming", "clean"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--baseline-rev", "HEAD", "-p", "absent"], "no package absent"),
        (["--baseline-rev", "HEAD", "--exclude", "clean"], "--exclude goes with --workspace"),
        (["--baseline-rev", "HEAD", "--workspace", "--exclude", "*"], "leaves no package"),
        (["--baseline-rev", "HEAD", "--workspace", "-p", "clean"], "exclude each other"),
        (["--baseline-rev", "HEAD", "--release", "--profile", "dev"], "exclude each other"),
        (["--baseline-rev", "HEAD", "--rules", "x", "--no-rules"], "exclude each other"),
        (["--baseline-rev", "HEAD", "--fail-on", "much"], "does not know 'much'"),
        (["--baseline-rev", "HEAD", "--baseline", "x"], "name one baseline"),
        ([], "name one baseline"),
        (["--baseline-rev", "absent"], "no commit 'absent'"),
        (["--baseline-rev", "--version"], "expected one argument"),
        (["--baseline-rev=--version"], "no commit '--version'"),
        (["--baseline", "absent"], "there is no such baseline"),
        (["--baseline", "clean/src"], "no snapshots in this folder"),
        (["--baseline-rev", "HEAD", "--manifest-path", "x"], "no such manifest"),
    ],
)
def test_wrong_arguments(
    arguments: list[str], message: str, three: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_rules_of_the_workspace(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rule = '[[rules]]\ntype = "breaking::Frame"\nreason = "all are rebuilt"\n'
    written(three, {"rustabi.toml": rule})
    os.chdir(three / "breaking")
    code, report = asked(capsys, "diff", "--baseline-rev", "HEAD~1")
    assert (code, hints(report)) == (0, {"breaking": "none"})
    code, report = asked(capsys, "diff", "--baseline-rev", "HEAD~1", "--no-rules")
    assert (code, hints(report)) == (1, {"breaking": "break"})


def test_fail_on_api(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["diff", "--baseline-rev", "HEAD~1", "-p", "renaming", "--fail-on", "api"]
    code, report = asked(capsys, *arguments)
    assert (code, hints(report)) == (1, {"renaming": "api"})


@pytest.mark.parametrize("token", ["text", "md", "junit", "github"])
@pytest.mark.parametrize("command", ["diff", "check-semver"])
def test_every_format_names_what_is_wrong(
    command: str, token: str, three: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--baseline-rev", "HEAD~1", "--format", token]) == 1
    told = capsys.readouterr().out.replace("%3A", ":")
    assert "breaking::Frame" in told
    if token in ("text", "md"):
        assert all(each in told for each in ("layout break", "API only", "none"))
        (heading,) = (each for each in told.splitlines() if "semver hint" in each)
        assert "why" in heading
        assert not re.search(r"\|\s*\|", heading)


# other packages


KINDS = {
    "Cargo.toml": members("library", "macros", "tool", "linked", "leaving"),
    "library/Cargo.toml": manifest("library"),
    "library/src/lib.rs": FRAME,
    "library/src/main.rs": "fn main() {}",
    "library/build.rs": 'fn main() { println!("cargo:rerun-if-changed=build.rs"); }',
    "macros/Cargo.toml": manifest("macros", "[lib]\nproc-macro = true"),
    "macros/src/lib.rs": (
        "use proc_macro::TokenStream;\n#[proc_macro] pub fn same(i: TokenStream) -> TokenStream {i}"
    ),
    "tool/Cargo.toml": manifest("tool"),
    "tool/src/main.rs": "fn main() {}",
    "linked/Cargo.toml": manifest("linked", "[lib]\ncrate-type = ['cdylib']"),
    "linked/src/lib.rs": (
        "#[repr(C)] pub struct Own(u64);\npub struct Inner { pub x: u32 }\n"
        "#[no_mangle] pub extern \"C\" fn own(own: &Own, by: u64) -> u64 {\n"
        "    let inner = std::hint::black_box(Inner { x: 1 });\n    own.0 + by + inner.x as u64\n}"
    ),
    "leaving/Cargo.toml": manifest("leaving", "[lib]\nname = 'kept'"),
    "leaving/src/lib.rs": FRAME,
}  # fmt: skip


@pytest.fixture
def kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "kinds"
    folder.mkdir()
    commit(folder, KINDS)
    monkeypatch.chdir(folder)
    return folder


def test_what_is_no_library_is_left_out(kinds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = asked(capsys, "diff", "--baseline-rev", "HEAD")
    assert code == 0
    found = crates(report)
    assert {name: each["state"] for name, each in found.items()} == {
        "library": "compared", "linked": "compared", "leaving": "compared",
        "macros": "left-out", "tool": "left-out",
    }  # fmt: skip
    assert "procedural macro" in found["macros"]["reason"]
    assert "program" in found["tool"]["reason"]
    assert found["linked"]["diff"]["new"]["export_rule"] == "dynamic symbols"
    assert main(["check-semver", "--baseline-rev", "HEAD"]) == 0


def test_crates_that_come_and_go(kinds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(kinds, {
        "Cargo.toml": members("library", "macros", "tool", "linked", "leaving", "odd"),
        "odd/Cargo.toml": manifest("odd", "[lib]\ncrate-type = ['staticlib']"),
        "odd/src/lib.rs": "#[no_mangle] pub extern \"C\" fn odd() {}",
    })  # fmt: skip
    commit(kinds, {
        "Cargo.toml": members("library", "tool", "arriving", "odd"),
        "leaving/Cargo.toml": None,
        "linked/src/lib.rs": None,
        "arriving/Cargo.toml": manifest("arriving", "[lib]\nname = 'kept'"),
        "arriving/src/lib.rs": FRAME,
        "tool/src/lib.rs": FRAME,
        "odd/Cargo.toml": manifest("odd", "[lib]\ncrate-type = ['rlib']"),
    })  # fmt: skip
    code, report = asked(capsys, "diff", "--baseline-rev", "HEAD~1")
    assert code == 1, "a library that is gone is a break"
    found = crates(report)
    assert {name: each["state"] for name, each in found.items()} == {
        "library": "compared", "leaving": "removed", "arriving": "added", "linked": "removed",
        "macros": "left-out", "tool": "added", "odd": "failed",
    }  # fmt: skip
    assert "arriving has a library of the same name" in found["leaving"]["reason"]
    assert "it was a program, and is a library now" in found["tool"]["reason"]
    assert "staticlib, and is as rlib now" in found["odd"]["reason"]
    code, report = asked(capsys, "check-semver", "--baseline-rev", "HEAD~1")
    assert code == 2, "of the one that cannot be compared nothing can be said"
    answers = {name: each["answer"] for name, each in crates(report).items() if each["answer"]}
    assert answers == {"library": "sufficient", "odd": "unknown"}


def test_a_new_crate_in_its_own_folder(kinds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(kinds, {
        "Cargo.toml": members("library", "fresh"),
        "fresh/Cargo.toml": manifest("fresh"), "fresh/src/lib.rs": FRAME,
    })  # fmt: skip
    os.chdir(kinds / "fresh")
    code, report = asked(capsys, "diff", "--baseline-rev", "HEAD~1")
    assert (code, crates(report)["fresh"]["state"]) == (0, "added")
    assert list(crates(report)) == ["fresh"]


def test_a_library_of_another_name_is_no_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(tmp_path, {"Cargo.toml": manifest("kept"), "src/lib.rs": FRAME})
    written(tmp_path, {
        "Cargo.toml": manifest("kept", "[lib]\nname = 'other'"), "src/lib.rs": BROKEN,
    })  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for command in ("diff", "check-semver"):
        code, report = asked(capsys, command, "--baseline-rev", "HEAD")
        assert (code, crates(report)["kept"]["state"]) == (2, "failed")
        assert "its library was kept, and is other now" in crates(report)["kept"]["reason"]


def test_a_shared_library_that_is_used_by_source_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No dynamic symbol reaches `Frame`, but crates that depend on this one call `total`."""
    commit(tmp_path, {
        "Cargo.toml": manifest("both", "[lib]\ncrate-type = ['cdylib', 'rlib']"),
        "src/lib.rs": FRAME + '#[no_mangle] pub extern "C" fn id(x: u32) -> u32 { x }\n',
    })  # fmt: skip
    monkeypatch.chdir(tmp_path)
    code, report = asked(capsys, "diff", "--baseline-rev", "HEAD")
    assert (code, hints(report)) == (0, {"both": "none"})
    text = (tmp_path / "src/lib.rs").read_text().replace("length: u32", "length: u32, pub x: u64")
    (tmp_path / "src/lib.rs").write_text(text)
    code, report = asked(capsys, "diff", "--baseline-rev", "HEAD")
    assert (code, hints(report)) == (1, {"both": "break"})
    assert asked(capsys, "check-semver", "--baseline-rev", "HEAD")[0] == 1
    git(tmp_path, "stash", "--quiet")
    assert main(["snapshot", "-o", "abi"]) == 0
    git(tmp_path, "stash", "pop", "--quiet")
    code, report = asked(capsys, "check-semver", "--baseline", "abi")
    assert (code, hints(report)) == (2, {"both": "unknown"}), "the snapshot has no rlib"


def test_what_callers_of_a_shared_library_cannot_see(
    kinds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No exported function reaches `Inner`: in a shared library that is nobody's business."""
    text = KINDS["linked/src/lib.rs"]
    written(kinds, {"linked/src/lib.rs": text.replace("x: u32", "x: u64")})
    code, report = asked(capsys, "diff", "--baseline-rev", "HEAD", "-p", "linked")
    assert (code, hints(report)) == (0, {"linked": "none"})
    rlib = manifest("linked", "[lib]\ncrate-type = ['rlib']")
    commit(kinds, {"linked/Cargo.toml": rlib, "linked/src/lib.rs": text})
    written(kinds, {"linked/src/lib.rs": text.replace("x: u32", "x: u64")})
    code, report = asked(capsys, "diff", "--baseline-rev", "HEAD", "-p", "linked")
    assert (code, hints(report)) == (0, {"linked": "unknown"}), "it may be pub"
    code, report = asked(capsys, "check-semver", "--baseline-rev", "HEAD", "-p", "linked")
    assert (code, crates(report)["linked"]["answer"]) == (2, "unknown")


def test_a_function_that_is_gone(kinds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By a plain name, callers are linked to it. By a mangled one of an rlib nobody is."""
    written(kinds, {
        "library/src/lib.rs": FRAME.replace("pub fn unrelated", "pub fn related"),
        "linked/src/lib.rs": KINDS["linked/src/lib.rs"].replace("fn own(", "fn other("),
    })  # fmt: skip
    code, report = asked(capsys, "diff", "--baseline-rev", "HEAD")
    assert (code, report["verdict"]) == (1, "incompatible")
    assert hints(report)["library"] == "api"
    assert hints(report)["linked"] == "break"


def test_a_function_that_is_new(kinds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = FRAME + "pub fn more(frame: &Frame) -> u8 { (|x: u8| x)(frame.kind) }\n"
    private = FRAME + "fn more() {}\nstruct Own(u8);\n"
    for source, hint in ((text, "api"), (private, "none")):
        written(kinds, {"library/src/lib.rs": source})
        code, report = asked(capsys, "diff", "--baseline-rev", "HEAD", "-p", "library")
        assert (code, hints(report)) == (0, {"library": hint})


def test_nothing_to_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A crate of generics alone has no compiled code: no verdict, and it says so."""
    (tmp_path / "repository").mkdir()
    source = "pub fn id<T>(t: T) -> T { t }"
    commit(tmp_path / "repository", {"Cargo.toml": manifest("generic"), "src/lib.rs": source})
    monkeypatch.chdir(tmp_path / "repository")
    code, report = asked(capsys, "diff", "--baseline-rev", "HEAD")
    assert (code, hints(report)) == (2, {"generic": "unknown"})
    assert main(["diff", "--baseline-rev", "HEAD"]) == 2
    told = capsys.readouterr().out
    assert "NO VERDICT: generic" in told
    assert "no function of it is compiled by itself" in told


# versions


def test_versions(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = asked(capsys, "check-semver", "--baseline-rev", "HEAD~1")
    assert code == 1
    told = {
        name: (each["bump"], each["required"], each["answer"])
        for name, each in crates(report).items()
    }
    assert told == {
        "breaking": ("none", "major", "insufficient"),
        "renaming": ("none", "minor", "insufficient"),
        "clean": ("none", "none", "sufficient"),
    }
    written(three, {
        "breaking/Cargo.toml": manifest("breaking", version="0.1.1"),
        "renaming/Cargo.toml": manifest("renaming", version="0.1.1"),
    })  # fmt: skip
    code, report = asked(capsys, "check-semver", "--baseline-rev", "HEAD~1")
    answers = {name: each["answer"] for name, each in crates(report).items()}
    assert (code, answers) == (1, {
        "breaking": "insufficient", "renaming": "sufficient", "clean": "sufficient",
    })  # fmt: skip
    written(three, {"breaking/Cargo.toml": manifest("breaking", version="0.2.0")})
    code, report = asked(capsys, "check-semver", "--baseline-rev", "HEAD~1")
    assert (code, report["verdict"]) == (0, "sufficient")
    assert crates(report)["breaking"]["bump"] == "major"


# other baselines


def test_snapshots(three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(three, "checkout", "--quiet", "HEAD~1")
    abi = str(tmp_path / "abi")
    code, report = asked(capsys, "snapshot", "-o", abi)
    assert code == 0
    assert [Path(each["path"]).name for each in report["snapshots"]] == [
        "breaking.json.gz", "clean.json.gz", "renaming.json.gz",
    ]  # fmt: skip
    git(three, "checkout", "--quiet", "main")
    code, report = asked(capsys, "diff", "--baseline", abi)
    assert (code, hints(report)) == (1, {"breaking": "break", "renaming": "api", "clean": "none"})
    assert crates(report)["clean"]["old_version"] == "0.1.0"
    assert main(["check-semver", "--baseline", abi, "-p", "clean"]) == 0
    (tmp_path / "abi" / "clean.json.gz").rename(tmp_path / "abi" / "former.json.gz")
    code, report = asked(capsys, "diff", "--baseline", abi)
    states = {name: each["state"] for name, each in crates(report).items()}
    assert (states["clean"], states["former"]) == ("added", "removed")
    written(three, {"breaking/src/lib.rs": None, "breaking/src/main.rs": "fn main() {}"})
    _, report = asked(capsys, "diff", "--baseline", abi)
    assert crates(report)["breaking"]["state"] == "removed"
    assert "it was a library, and is a program now" in crates(report)["breaking"]["reason"]
    _, report = asked(capsys, "diff", "--baseline", abi, "--workspace", "--exclude", "renaming")
    assert crates(report)["former"]["state"] == "removed"
    os.chdir(three / "clean")
    for command in ("diff", "check-semver"):
        code, report = asked(capsys, command, "--baseline", abi)
        assert (code, report["report"]) == (2, "error"), "nothing to compare with is no pass"
        assert "no snapshot of clean" in report["error"]["message"]


def test_a_file_as_baseline(
    three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "one.json")
    assert main(["snapshot", "-p", "clean", "-o", file]) == 0
    written(three, {"clean/src/lib.rs": BROKEN})
    code, report = asked(capsys, "diff", "-p", "clean", "--baseline", file)
    assert (code, hints(report)) == (1, {"clean": "break"})
    assert main(["diff", "--baseline", file]) == 2
    assert "is one file, and 3 crates are asked for" in capsys.readouterr().err
    assert main(["snapshot", "-p", "clean", "-o", "-"]) == 2
    assert not Path("-").exists()
    assert main(["snapshot", "--workspace", "-o", file]) == 2
    assert "is one file" in capsys.readouterr().err
    written(tmp_path, {"damaged.json": "{"})
    code, report = asked(
        capsys, "diff", "-p", "clean", "--baseline", str(tmp_path / "damaged.json")
    )
    assert (code, crates(report)["clean"]["state"]) == (2, "failed")


def test_a_checkout_as_baseline(
    three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = written(tmp_path / "other", THREE)
    before = contents(other)
    code, report = asked(capsys, "diff", "--baseline", str(other))
    assert (code, hints(report)) == (1, {"breaking": "break", "renaming": "api", "clean": "none"})
    assert contents(other) == before


def test_report(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = asked(capsys, "report")
    assert code == 0
    targets = {each["build"]["target"]: each for each in report["targets"]}
    assert set(targets) == {"breaking", "renaming", "clean"}
    assert [each["crate"] for each in targets["clean"]["crates"]][:1] == ["clean"]


# failures


def test_a_baseline_that_does_not_build(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(three, {"clean/src/lib.rs": 'pub fn wrong() -> u8 { "text" }'}, "broken")
    commit(three, {"clean/src/lib.rs": FRAME}, "mended")
    before = contents(three)
    assert main(["diff", "--baseline-rev", "HEAD~1"]) == 2
    told = capsys.readouterr().err
    assert "at HEAD~1 (" in told
    assert "error[E0308]: mismatched types" in told
    assert "clean/src/lib.rs:1" in told
    assert "rustabi-baseline" not in told, "its place is not the user's business"
    assert "\nfix that and see" in told, "the advice stands on a line of its own"
    assert contents(three) == before
    code, report = asked(capsys, "diff", "--baseline-rev", "HEAD~1")
    assert (code, report["error"]["kind"]) == (2, "build-failed")
    git(three, "checkout", "--quiet", "HEAD~1")
    assert main(["diff", "--baseline-rev", "HEAD~1"]) == 2
    assert " at HEAD~1 (" not in capsys.readouterr().err, "it is the current one that fails"


def test_a_revision_without_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    commit(folder, {"readme": "nothing yet"})
    commit(folder, {f"rust/{name}": text for name, text in THREE.items()})
    monkeypatch.chdir(folder / "rust")
    assert main(["diff", "--baseline-rev", "HEAD~1"]) == 2
    assert "has no rust/Cargo.toml" in capsys.readouterr().err
    assert main(["diff", "--baseline-rev", "HEAD"]) == 0


def test_no_repository_and_no_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report"]) == 2
    assert "no Cargo.toml in this folder or one above it" in capsys.readouterr().err
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    written(tmp_path, {"Cargo.toml": manifest("alone"), "src/lib.rs": FRAME})
    assert main(["diff", "--baseline-rev", "HEAD"]) == 2
    assert "not a git repository" in capsys.readouterr().err


def test_no_git(three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("cargo", "rustc"):
        (tools / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(tools))
    assert main(["diff", "--baseline-rev", "HEAD"]) == 2
    assert "git cannot be run" in capsys.readouterr().err


SLEEPY = """#!/bin/sh
case "$1 $PWD" in
build*rustabi-baseline*) echo $$ > "{note}"; exec sleep 60 ;;
*) PATH="{path}" exec cargo "$@" ;;
esac
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_leaves_nothing_behind(
    number: signal.Signals, three: Path, tmp_path: Path
) -> None:
    """It comes while cargo builds the baseline."""
    note = tmp_path / "note"
    written(tmp_path, {"bin/cargo": SLEEPY.format(note=note, path=os.environ["PATH"])})
    (tmp_path / "bin" / "cargo").chmod(0o755)
    before = contents(three)
    code = "from rustabi.cli.cargo import console; console()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "diff", "--baseline-rev", "HEAD~1"], cwd=three,
        env={**os.environ, "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (note.exists() and note.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list((three / ".git" / "worktrees").iterdir()), "it is at work"
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert b"Traceback" not in errors
    assert contents(three) == before
    assert not list((tmp_path / "temporary").iterdir())
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


# what cargo is told


TELLING = """#!/bin/sh
echo "$PWD $RUSTUP_TOOLCHAIN: $*" >> "{note}"
PATH="{path}" exec cargo "$@"
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in which each run of cargo is noted."""
    note = tmp_path / "note"
    written(tmp_path, {"bin/cargo": TELLING.format(note=note, path=os.environ["PATH"])})
    (tmp_path / "bin" / "cargo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return note


def test_options_are_for_both_sides(three: Path, told: Path) -> None:
    written(three, {
        f"{each}/Cargo.toml": manifest(each, "[features]\nmore = []")
        for each in ("breaking", "renaming", "clean")
    })  # fmt: skip
    kept = FRAME.replace("pub fn", "#[inline(never)] pub fn")  # a release would inline them
    commit(three, dict.fromkeys(CHANGED, kept))
    options = ["--release", "--features", "more", "--offline", "--no-default-features"]
    assert main(["diff", "--baseline-rev", "HEAD", *options]) == 0
    builds = [line for line in told.read_text().splitlines() if ": build " in line]
    assert any("rustabi-baseline" in line.partition(":")[0] for line in builds)
    for line in builds:
        for option in (
            "--profile=release",
            "--features=more",
            "--offline",
            "--no-default-features",
        ):
            assert option in line
    metadata = [line for line in told.read_text().splitlines() if ": metadata " in line]
    assert len(metadata) == 2
    assert all("--offline" in line for line in metadata)


def test_locked_needs_a_lock_file(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "--baseline-rev", "HEAD", "--locked"]) == 2
    assert "--locked" in capsys.readouterr().err
    assert not (three / "Cargo.lock").exists()


def test_a_lock_file_that_is_not_in_git_is_for_both(three: Path) -> None:
    """So both sides have the same dependencies; the user's file stays as it is."""
    subprocess.run(["cargo", "generate-lockfile"], cwd=three, check=True, capture_output=True)
    before = contents(three)
    assert main(["diff", "--baseline-rev", "HEAD", "--locked"]) == 0
    assert contents(three) == before


def test_one_toolchain_for_both(three: Path, told: Path, tmp_path: Path) -> None:
    """The baseline lies elsewhere, where rustup might take another."""
    rustup = '#!/bin/sh\nif [ "$PWD" = "{}" ]; then echo stable-here; else exit 1; fi\n'
    written(tmp_path, {"bin/rustup": rustup.format(three)})
    (tmp_path / "bin" / "rustup").chmod(0o755)
    path = os.environ["PATH"].partition(os.pathsep)[2]
    written(
        tmp_path,
        {
            "bin/cargo": f"""#!/bin/sh
echo "$PWD:$RUSTUP_TOOLCHAIN:$1" >> "{told}"
unset RUSTUP_TOOLCHAIN
PATH="{path}" exec cargo "$@"
"""
        },
    )
    assert main(["diff", "--baseline-rev", "HEAD"]) == 0
    runs = [line.split(":") for line in told.read_text().splitlines()]
    assert {run[1] for run in runs if "rustabi-baseline" in run[0]} == {"stable-here"}


@pytest.mark.parametrize("place", ["", "three/", "three/clean/"])
def test_settings_that_are_not_in_git_count_for_both(
    place: str, three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Above the repository, or in it: a folder of vendored crates is often named there."""
    os.chdir(three / "clean")
    commit(three, {"clean/src/lib.rs": FRAME + "#[cfg(not(above))] compile_error!();\n"})
    settings = "[build]\nrustflags = ['--cfg', 'above']\n"
    written(tmp_path, {f"{place}.cargo/config.toml": settings})
    code, report = asked(capsys, "diff", "--baseline-rev", "HEAD", "-p", "clean")
    assert (code, hints(report)) == (0, {"clean": "none"})


def test_the_users_target_folder_is_a_base(
    three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARGO_TARGET_DIR", str(tmp_path / "target"))
    assert main(["diff", "--baseline-rev", "HEAD", "-p", "clean"]) == 0
    assert [path.name for path in (tmp_path / "target").iterdir()] == ["rustabi"]
    assert not (three / "target").exists()


def test_what_a_worktree_lacks_is_told(
    three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = tmp_path / "module"
    module.mkdir()
    commit(module, {"file": "x"})
    git(three, "submodule", "--quiet", "add", str(module), "vendor/module")
    commit(three, {".gitattributes": "*.bin filter=lfs diff=lfs\n"})
    code, report = asked(capsys, "diff", "--baseline-rev", "HEAD", "-p", "clean")
    assert code == 0
    assert report["baseline"]["notes"] == [
        "submodules are empty there: vendor/module",
        "files kept in Git LFS may be pointers there, if git-lfs cannot fetch them",
    ]
    assert main(["diff", "--baseline-rev", "HEAD", "-p", "clean"]) == 0
    assert "submodules are empty there: vendor/module" in capsys.readouterr().out
    assert git(three, "worktree", "list").count("\n") == 1


def test_what_it_lacks_may_be_why_it_does_not_build(
    three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = tmp_path / "module"
    module.mkdir()
    commit(module, {"Cargo.toml": manifest("module"), "src/lib.rs": FRAME})
    git(three, "submodule", "--quiet", "add", str(module), "vendor/module")
    more = manifest("clean", "[dependencies]\nmodule = { path = '../vendor/module' }")
    commit(three, {"clean/Cargo.toml": more})
    assert main(["diff", "--baseline-rev", "HEAD", "-p", "clean"]) == 2
    told = capsys.readouterr().err
    assert "vendor/module/Cargo.toml" in told
    assert "submodules are empty there: vendor/module" in told


def test_gaps_can_fail(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nearly every Rust function is one: its calling convention is not in debug info."""
    options = ["--baseline-rev", "HEAD", "-p", "clean", "--fail-on", "gap"]
    assert asked(capsys, "diff", *options)[0] == 2
    code, report = asked(capsys, "check-semver", *options)
    assert (code, crates(report)["clean"]["answer"]) == (2, "unknown")


def test_nowhere_to_write(
    three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["snapshot", "-o", str(tmp_path / "file" / "abi")]) == 2
    assert "cannot be made" in capsys.readouterr().err
    with monkeypatch.context() as changed:
        changed.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
        assert main(["diff", "--baseline-rev", "HEAD"]) == 2
    assert "set XDG_CACHE_HOME" in capsys.readouterr().err
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    assert main(["diff", "--baseline-rev", "HEAD"]) == 2
    assert "set TMPDIR" in capsys.readouterr().err


def test_a_member_that_is_a_repository_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outer = written(tmp_path / "outer", {"Cargo.toml": members("inner")})
    (outer / "inner").mkdir()
    commit(outer / "inner", {"Cargo.toml": manifest("inner"), "src/lib.rs": FRAME})
    monkeypatch.chdir(outer / "inner")
    written(outer, {"inner/src/lib.rs": RENAMED})
    code, report = asked(capsys, "diff", "--baseline-rev", "HEAD")
    assert (code, hints(report)) == (0, {"inner": "api"})


def test_a_shallow_clone(three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                         capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{three}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    assert main(["diff", "--baseline-rev", "HEAD~1"]) == 2
    assert "git fetch --unshallow" in capsys.readouterr().err


def test_a_linked_worktree_of_the_users(
    three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    git(three, "worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    monkeypatch.chdir(tmp_path / "linked")
    before = contents(three)
    code, _ = asked(capsys, "diff", "--baseline-rev", "HEAD~1", "-p", "breaking")
    assert code == 1
    assert contents(three) == before


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rustabi", "--version"]) == 0
    assert capsys.readouterr().out.startswith("rustabi ")
    for command in ("report", "diff", "snapshot", "check-semver"):
        assert main([command, "--help"]) == 0
        assert f"cargo rustabi {command}" in capsys.readouterr().out
    assert main([]) == 2


@pytest.mark.parametrize("command", ["diff", "check-semver"])
def test_a_workspace_of_programs_has_nothing_to_compare(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    files = {"Cargo.toml": manifest("tool"), "src/main.rs": "fn main() {}"}
    commit(tmp_path / "repository", files)
    monkeypatch.chdir(tmp_path / "repository")
    code, report = asked(capsys, command, "--baseline-rev", "HEAD")
    assert (code, report["verdict"], report["error"]["kind"]) == (2, "error", "bad-input")
    assert main([command, "--baseline-rev", "HEAD", "--format", "junit"]) == 2
    assert 'errors="1"' in capsys.readouterr().out
    assert main([command, "--baseline-rev", "HEAD"]) == 2
    told = "nothing to compare: tool is a program: nothing is compiled against it"
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("token", ["text", "md"])
@pytest.mark.parametrize("command", ["diff", "check-semver"])
def test_what_is_never_seen_is_said_in_one_line(
    command: str, token: str, three: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The code of generic and inlined functions is no part of an rlib's own."""
    assert main([command, "--baseline-rev", "HEAD~1", "--format", token]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert sum("generic and inlined code is not seen" in each for each in lines) == 1


# the documentation


def test_the_examples_in_the_documentation_are_real(
    three: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """But for the commit, and where it says that something is left out."""
    git(three, "tag", "first", "HEAD~1")
    written(three, {"renaming/Cargo.toml": manifest("renaming", version="0.1.1")})
    page = (ROOT / "docs" / "cargo.md").read_text(encoding="utf-8")
    commit_id = git(three, "rev-parse", "--short=10", "first").strip()
    for command in ("diff", "check-semver"):
        example = page.split(f"<!-- {command} -->\n```console\n")[1].split("```")[0]
        first, _, shown = example.partition("\n")
        shown, _, code = shown.partition("$ echo $?\n")
        assert first == f"$ cargo rustabi {command} --baseline-rev first"
        assert main([command, "--baseline-rev", "first"]) == int(code)
        printed = capsys.readouterr().out.replace(commit_id, "0123456789")
        start, _, end = shown.partition("...\n")
        assert printed.startswith(start)
        assert printed.endswith(end)
