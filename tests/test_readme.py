"""What the README tells newcomers to type, typed."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from rustabi.cli import main
from tests.support import ROOT

CRATE = """
pub struct Bar { pub x: u8, pub y: u64 }
pub fn area(bar: &Bar) -> u64 { bar.y + bar.x as u64 }
"""


def typed(part: str) -> list[list[str]]:
    """The commands of a block of the README, as words."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    block = page.split(f"<!-- {part} -->\n```sh\n")[1].split("```")[0]
    return [shlex.split(line, comments=True) for line in block.splitlines()]


@pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo")
def test_a_crate_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CARGO_TARGET_DIR", raising=False)
    Path("src").mkdir()
    Path("src/lib.rs").write_text(CRATE)
    Path("Cargo.toml").write_text('[package]\nname = "foo"\nversion = "0.1.0"\nedition = "2021"\n')

    def run(part: str) -> list[int]:
        codes = []
        for command in typed(part):
            if command[0] == "rustabi":
                codes.append(main(command[1:]))
            elif command[0] == "cargo":
                subprocess.run([*command, "--offline"], check=True, capture_output=True)
        return codes

    assert run("two minutes") == [0, 0, 0]
    said = capsys.readouterr().out
    assert "foo::area" in said
    assert "struct foo::Bar  size 16, align 8" in said  # u64 and u8, rounded up to 8
    assert run("edited") == [0]
    Path("src/lib.rs").write_text(CRATE.replace("x: u8", "x: u64"))
    assert run("edited") == [1]
    assert "foo::Bar" in capsys.readouterr().out
