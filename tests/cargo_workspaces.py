"""Workspaces of cargo in repositories of git, for the tests of what builds them."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

Files: TypeAlias = Mapping[str, str | None]
"""Path -> content; None for a file that is to go."""

FRAME = """\
pub struct Frame { pub kind: u8, pub length: u32 }
impl Frame {
    pub fn total(&self) -> u32 { self.length + self.kind as u32 }
}
pub fn unrelated(x: u32) -> u32 { x }
"""

BROKEN = FRAME.replace("pub length: u32", "pub length: u32, pub flags: u64")
RENAMED = FRAME.replace("length", "len")
COMMENTED = "// harmless\n" + FRAME.replace("{ x }", "{ x + 0 }")


def manifest(name: str, more: str = "", version: str = "0.1.0") -> str:
    return f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n{more}\n'


def members(*names: str) -> str:
    return f"[workspace]\nmembers = {list(names)}\nresolver = '2'\n"


def written(folder: Path, files: Files) -> Path:
    for name, text in files.items():
        path = folder / name
        if text is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody with a name, whatever the machine knows of users."""
    names = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "tester"), ("EMAIL", "tester@example.org"))
    }
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments],
        cwd=folder, env={**os.environ, **names}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout


def commit(folder: Path, files: Files, message: str = "change") -> str:
    """Commit files; the result is the commit's hash."""
    written(folder, files)
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD").strip()


def contents(folder: Path) -> dict[str, str]:
    """All files and folders below a folder, with a digest of each file."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else ""
        for path in sorted(folder.rglob("*"))
    }
