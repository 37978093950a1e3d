"""What is made from the parser: the manual page, and the scripts that complete a command line."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from rustabi.cli.parser import parser
from scripts.generate_manual import COMPLETION, MANUAL, commands, generated

SHELLS = ("bash", "zsh", "fish")


@pytest.mark.parametrize("path", generated(), ids=lambda path: path.name)
def test_the_committed_files_are_those_of_the_parser(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == generated()[path], "make manual"


def test_the_manual_has_every_command_and_option() -> None:
    page = MANUAL.read_text(encoding="utf-8").replace("\\-", "-")
    for name, command in commands(parser()).items():
        section = page.split(f"\n.SS rustabi {name}\n")[1].split("\n.SS ")[0]
        for action in command._actions:
            for option in set(action.option_strings) - {"-h", "--help"}:
                assert f"\\fB{option}\\fR" in section
        assert f"\n  rustabi {name}" in section or "(rustabi completion" in section


@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff")
def test_the_manual_is_sound_roff() -> None:
    command = ["groff", "-man", "-ww", "-Tascii", "-P-c", str(MANUAL)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "RUSTABI(1)" in done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_the_scripts_are_sound(shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell}")
    script = COMPLETION / f"rustabi.{shell}"
    done = subprocess.run([program, "-n", str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


COMPLETIONS = pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["di"], {"diff"}),
        (["s"], {"snapshot", "symbols", "symvers", "symtypes-diff", "schema"}),
        (["diff", "--fail"], {"--fail-on"}),
        (["check", "--format", ""], {"text", "json", "md", "junit", "github"}),
        (["layout", "--format", ""], {"text", "json"}),
        (["layout", "here"], {"here.o"}),
        (["completion", ""], {"bash", "zsh", "fish"}),
    ],
)


@COMPLETIONS
def test_bash_completes(tmp_path: Path, words: list[str], offered: set[str]) -> None:
    (tmp_path / "here.o").touch()
    script = f"""
        source {COMPLETION / "rustabi.bash"}
        COMP_WORDS=(rustabi "$@")
        COMP_CWORD=$#
        COMP_LINE="rustabi $*"
        COMP_POINT=${{#COMP_LINE}}
        compopt() {{ :; }}
        $(complete -p rustabi | sed 's/.*-F \\([^ ]*\\).*/\\1/') rustabi "${{@: -1}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "-c", script, "bash", *words], cwd=tmp_path, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert set(done.stdout.split()) == offered


@COMPLETIONS
@pytest.mark.skipif(shutil.which("fish") is None, reason="no fish")
def test_fish_completes(tmp_path: Path, words: list[str], offered: set[str]) -> None:
    (tmp_path / "here.o").touch()
    line = " ".join(["rustabi", *words])
    script = f"source {COMPLETION / 'rustabi.fish'}; complete -C '{line}'"
    settings = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}
    done = subprocess.run(
        ["fish", "--no-config", "-c", script], cwd=tmp_path, capture_output=True, text=True,
        check=True, env=settings,
    )  # fmt: skip
    assert {each.partition("\t")[0] for each in done.stdout.splitlines()} == offered
