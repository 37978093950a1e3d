"""Where the output goes, and what becomes of it when that goes wrong; start-up."""

from __future__ import annotations

import json
import os
import pty
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rustabi.cli import main
from rustabi.cli.output import OutputError, write
from tests.support import OBJECTS

OLD = str(OBJECTS / "member_added-old.o")
NEW = str(OBJECTS / "member_added-new.o")
PROGRAM = [sys.executable, "-m", "rustabi"]

HEAVY = {
    "demangle", "elftools", "networkx", "numpy", "pydantic", "rich", "rust_demangler", "zstandard",
}  # fmt: skip


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {**os.environ, **environment}
    return subprocess.run(
        [*PROGRAM, *arguments], capture_output=True, text=True, env=settings, check=False
    )


# files


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    assert main(["diff", OLD, NEW, "-o", str(path)]) == 1
    assert path.read_text().startswith("INCOMPATIBLE: ")
    assert [each.name for each in tmp_path.iterdir()] == ["report.txt"]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["report", OLD], 0),
        (["layout", OLD], 0),
        (["symbols", OLD], 0),
        (["symbols", OLD, "--format", "symvers"], 0),
        (["graph", OLD], 0),
        (["diff", OLD, NEW], 1),
        (["doctor", OLD], 0),
        (["explain"], 0),
        (["names", OLD], 0),
        (["symvers", OLD], 0),
        (["schema", "rules"], 0),
        (["completion", "bash"], 0),
    ],
)
def test_a_dash_is_standard_output(
    command: list[str],
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(command) == code
    plain = capsys.readouterr().out
    assert plain
    assert main([*command, "-o", "-"]) == code
    assert capsys.readouterr().out == plain
    assert list(tmp_path.iterdir()) == []


def test_a_format_that_goes_to_a_dash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["diff", OLD, NEW, "--format", "json"]) == 1
    plain = capsys.readouterr().out
    assert main(["diff", OLD, NEW, "--format", "json:-", "--format", "text:x.txt"]) == 1
    assert capsys.readouterr().out == plain
    assert main(["diff", OLD, NEW, "--format", "json:-", "--format", "text"]) == 2
    assert "two formats go to standard output" in capsys.readouterr().err
    assert main(["diff", OLD, NEW, "--format", "json:-", "-o", "y.json"]) == 2
    assert "-o has nothing to write" in capsys.readouterr().err
    assert main(["diff", OLD, "absent.o", "--format", "json:-"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "bad-input"
    assert [each.name for each in tmp_path.iterdir()] == ["x.txt"]
    assert main(["diff", OLD, NEW, "-o", "./-"]) == 1
    assert (tmp_path / "-").read_text().startswith("INCOMPATIBLE: ")


def test_a_snapshot_on_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["snapshot", OLD, "-o", "-"]) == 0
    piped = capsysbinary.readouterr().out
    assert list(tmp_path.iterdir()) == []
    assert main(["snapshot", OLD, "-o", "x.json"]) == 0
    assert (tmp_path / "x.json").read_bytes() == piped
    assert main(["snapshot", OLD, "-o", "-", "--format", "json"]) == 2


def test_a_failed_command_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text("before")
    assert main(["layout", "nothing.o", "-o", str(path)]) == 2
    assert path.read_text() == "before"


def test_a_failed_write_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "report.txt"
    path.write_text("before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write("after", str(path))
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["report.txt"]


def test_mode_and_links_are_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "report.txt", tmp_path / "link.txt"
    path.write_text("before")
    path.chmod(0o640)
    link.symlink_to(path)
    write("after", str(link))
    assert path.read_text() == "after"
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_device_is_not_replaced() -> None:
    write("text", "/dev/null")
    assert not Path("/dev/null").is_file()


def test_a_file_has_no_colours_unless_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    main(["diff", OLD, NEW, "-o", str(path)])
    assert "\x1b" not in path.read_text()
    main(["diff", OLD, NEW, "-o", str(path), "--color", "always"])
    assert "\x1b[1;31mINCOMPATIBLE" in path.read_text()


# pipes and terminals


def test_piped_text_is_plain_and_not_wrapped() -> None:
    done = program("diff", OLD, NEW, COLUMNS="40")
    assert (done.returncode, done.stderr) == (1, "")
    assert "\x1b" not in done.stdout
    assert "    config_id → parameter config → &Config → Config.mode\n" in done.stdout
    assert not re.search("[─│┌┐└┘━]", done.stdout)


def test_a_closed_pipe_is_no_error() -> None:
    command = f"'{sys.executable}' -m rustabi layout '{OBJECTS / 'constructs.o'}' | head -1"
    script = f'{command}; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""


def test_a_closed_output_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["explain", "size-changed"]) == 2
    assert "standard output is closed" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_an_error() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, "layout", NEW], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr.startswith("rustabi: error: cannot write to standard output: ")
    assert len(done.stderr.splitlines()) == 1


def test_output_that_cannot_encode_an_arrow_gets_utf_8_all_the_same() -> None:
    done = subprocess.run(
        [*PROGRAM, "diff", OLD, NEW], capture_output=True, check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.returncode == 1
    assert "→" in done.stdout.decode("utf-8")


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """What a run prints on a terminal of 80 columns, without what it says meanwhile."""
    settings = {**os.environ, "TERM": "xterm", "COLUMNS": "80", **environment}
    settings = {key: value for key, value in settings.items() if value}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, *arguments], stdout=theirs, stderr=subprocess.DEVNULL, env=settings
    ) as run:
        os.close(theirs)
        said = b""
        while True:
            try:
                chunk = os.read(ours, 1 << 16)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            said += chunk
        run.wait()
    os.close(ours)
    return said.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colours_and_names_that_fit() -> None:
    said = on_a_terminal("symbols", str(OBJECTS / "constructs.o"), NO_COLOR="")
    assert "\x1b[36m" in said
    rows = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said).splitlines()[1:]
    assert max(map(len, rows)) <= 80


@pytest.mark.parametrize("setting", [{"NO_COLOR": "1"}, {"TERM": "dumb", "NO_COLOR": ""}])
def test_a_terminal_without_colours(setting: dict[str, str]) -> None:
    assert "\x1b" not in on_a_terminal("diff", OLD, NEW, **setting)


def test_colours_can_be_refused_and_demanded() -> None:
    assert "\x1b" not in on_a_terminal("diff", OLD, NEW, "--color", "never", NO_COLOR="")
    assert "\x1b[" in program("diff", OLD, NEW, "--color", "always").stdout


# start-up


def imported(*arguments: str) -> set[str]:
    """The packages that a run imports."""
    code = (
        "import sys; from rustabi.cli import main; main(sys.argv[1:]);"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["diff", "--help"]])
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    assert not imported(*arguments) & HEAVY


@pytest.mark.parametrize("form", ["text", "json", "symvers", "symtypes"])
def test_symbols_import_neither_graph_nor_schema(form: str) -> None:
    found = imported("symbols", NEW, "--format", form)
    assert not found & {"networkx", "pydantic", "rich"}


@pytest.mark.parametrize("command", ["layout", "diff"])
def test_plain_text_and_json_need_no_rich_or_pydantic(command: str) -> None:
    targets = [NEW] if command == "layout" else [OLD, NEW]
    for form in ("text", "json"):
        assert not imported(command, *targets, "--format", form) & {"rich", "pydantic"}


# several formats of one run


def test_one_run_writes_several_formats(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wanted = ["text", "json:r.json", "md:r.md", "junit:r.xml", "github:r.txt"]
    options = [word for each in wanted for word in ("--format", each)]
    assert main(["diff", OLD, NEW, *options]) == 1
    assert capsys.readouterr().out.startswith("INCOMPATIBLE: ")
    starts = {"r.json": "{\n", "r.md": "### rustabi", "r.xml": "<?xml", "r.txt": "::error "}
    for name, start in starts.items():
        alone = name.replace("r.", "alone.")
        assert (tmp_path / name).read_text().startswith(start)
        token = {"r.json": "json", "r.md": "md", "r.xml": "junit", "r.txt": "github"}[name]
        main(["diff", OLD, NEW, "--format", token, "-o", alone])
        assert (tmp_path / alone).read_bytes() == (tmp_path / name).read_bytes()
    assert "\x1b" not in (tmp_path / "r.md").read_text()


def test_o_is_for_the_format_without_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["diff", OLD, OLD, "--format", "md:a.md", "--format=json", "-o", "b.json"]) == 0
    assert capsys.readouterr().out == ""
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.md", "b.json"]


@pytest.mark.parametrize(
    "options",
    [
        ["--format", "text", "--format", "json"],
        ["--format", "md:a", "--format", "junit:a"],
        ["--format", "md:a", "-o", "b"],
        ["--format", "md", "-o", "a", "--format", "json:a"],
        ["--format", "md:"],
        ["--format", "xml"],
        ["--format", ""],
    ],
)
def test_formats_that_do_not_fit_together(
    options: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["diff", OLD, "nothing.o", *options]) == 2
    assert "nothing.o" not in capsys.readouterr().err


@pytest.mark.parametrize("target", [OLD, "absent.o"])
def test_a_failure_is_told_in_no_format_that_the_command_does_not_have(
    target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["layout", target, "--format", "md"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "no such format here: 'md' (formats: text, json)" in said.err
    assert main(["why", "absent.o", "f", "--format", "md"]) == 2
    assert capsys.readouterr().out.startswith("### rustabi: no verdict")


def test_a_command_has_the_formats_of_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layout", NEW, "--format", "junit"]) == 2
    assert "formats: text, json" in capsys.readouterr().err


def test_no_file_keeps_an_earlier_verdict_when_a_run_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wanted = ["github", "json:r.json", "md:r.md", "junit:r.xml", "text:r.txt"]
    options = [word for each in wanted for word in ("--format", each)]
    assert main(["diff", OLD, OLD, *options]) == 0
    capsys.readouterr()
    assert main(["diff", OLD, "nothing.o", *options]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("rustabi: error: nothing.o: ")
    assert said.out.startswith("::error file=nothing.o,title=rustabi%3A no verdict (bad-input)::")
    assert '"verdict": "error"' in (tmp_path / "r.json").read_text()
    assert "no verdict" in (tmp_path / "r.md").read_text()
    assert 'errors="1"' in (tmp_path / "r.xml").read_text()
    assert (tmp_path / "r.txt").read_text().startswith("no verdict  nothing.o: ")


def test_a_file_that_cannot_be_written_leaves_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ["--format", "md:no/such/folder/r.md", "--format", "json:r.json"]
    assert main(["diff", OLD, NEW, *options]) == 2
    assert "no/such/folder" in capsys.readouterr().err
    assert '"kind": "output"' in (tmp_path / "r.json").read_text()
