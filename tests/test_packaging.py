"""What is published: built twice alike, whole, and running where nothing else of the project is."""

from __future__ import annotations

import configparser
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from functools import cache
from pathlib import Path

import pytest

from rustabi.cli.parser import parser
from scripts.generate_manual import commands
from tests.support import OBJECTS, ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("packaging"),  # all build the same files
]

UNPUBLISHED = {".editorconfig", ".pre-commit-config.yaml"}
"""Files of a clone, beside what lies in folders that begin with a dot, that no test needs."""

NO_NETWORK = re.compile(
    "No matching distribution|NewConnectionError|error sending request|dns error"
)


def run(*command: str | Path, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    # The checkout must not be found: neither by the folder nor by the environment.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        list(map(str, command)), cwd=cwd, env={**kept, **settings}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@cache
def tracked() -> frozenset[str]:
    """The files of the clone; of an unpacked sdist, its files."""
    if not (ROOT / ".git").exists():
        pytest.skip("no clone")
    done = run("git", "ls-files", "-z", cwd=ROOT)
    return frozenset(done.stdout.split("\0")) - {""}


def copied(folder: Path, *, mask: int) -> Path:
    """The project's files in another folder, with other modes and in another order."""
    before = os.umask(mask)
    try:
        for name in sorted(tracked(), reverse=bool(mask)):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
            (folder / name).chmod((0o777 if os.access(ROOT / name, os.X_OK) else 0o666) & ~mask)
    finally:
        os.umask(before)
    return folder


def built(source: Path, target: Path) -> dict[str, Path]:
    """The wheel and the sdist, by the end of their names."""
    done = run(
        sys.executable, "-m", "build", "--no-isolation", "--outdir", target, source,
        cwd=source.parent, SOURCE_DATE_EPOCH="1700000000",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return {"".join(path.suffixes[-2:])[-4:]: path for path in target.iterdir()}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("first")
    return built(copied(folder / "rustabi", mask=0o022), folder / "dist")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_two_builds_in_two_folders_are_equal(first: dict[str, Path], tmp_path: Path) -> None:
    second = built(copied(tmp_path / "of another name", mask=0o077), tmp_path / "dist")
    assert {path.name for path in first.values()} == {path.name for path in second.values()}
    for kind, path in first.items():
        assert digest(path) == digest(second[kind]), f"{path.name} differs"


def test_the_sdist_has_what_its_tests_need_and_nothing_else(first: dict[str, Path]) -> None:
    with tarfile.open(first["r.gz"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    in_dotted = {name for name in tracked() if re.match(r"\.[^/]+/", name)}
    assert names == tracked() - UNPUBLISHED - in_dotted | {"PKG-INFO"}


def test_the_wheel_that_the_sdist_makes_is_the_same(first: dict[str, Path], tmp_path: Path) -> None:
    with tarfile.open(first["r.gz"]) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    again = built(source, tmp_path / "dist")
    assert digest(first[".whl"]) == digest(again[".whl"])


def test_tests_pass_in_the_unpacked_sdist(first: dict[str, Path], tmp_path: Path) -> None:
    with tarfile.open(first["r.gz"]) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    done = run(
        sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider",
        "tests/test_samples.py", "tests/test_ci.py", "tests/test_manual.py", "tests/test_cli.py",
        cwd=source, PYTHONPATH=str(source),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_page_on_an_index_has_no_link_that_leads_nowhere(first: dict[str, Path]) -> None:
    with zipfile.ZipFile(first[".whl"]) as wheel:
        (name,) = (each for each in wheel.namelist() if each.endswith("/METADATA"))
        metadata = Parser().parsestr(wheel.read(name).decode())
    assert metadata["Description-Content-Type"] == "text/markdown"
    text = str(metadata.get_payload())
    assert re.findall(r"\]\((?!https?://)[^)]*\)", text) == []
    assert "docs/rules.md has every key" in text
    assert text.count("```") == (ROOT / "README.md").read_text().count("```")


# where nothing else of the project is


@pytest.fixture(scope="module")
def clean(first: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` of a fresh environment with nothing but the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("clean")
    run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    installs(python, "-m", "pip", "install", "--quiet", first[".whl"], cwd=folder)
    return python.parent


def installs(*command: str | Path, cwd: Path, **settings: str) -> None:
    done = run(*command, cwd=cwd, **settings)
    if done.returncode and NO_NETWORK.search(done.stdout + done.stderr):
        pytest.skip("no package index can be reached")
    assert done.returncode == 0, done.stdout + done.stderr


def entry_points(wheel: Path, group: str) -> dict[str, str]:
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (each for each in opened.namelist() if each.endswith("/entry_points.txt"))
        found = configparser.ConfigParser()
        found.read_string(opened.read(name).decode())
    return dict(found[group]) if found.has_section(group) else {}


def test_every_program_runs(first: dict[str, Path], clean: Path, tmp_path: Path) -> None:
    programs = entry_points(first[".whl"], "console_scripts")
    assert "rustabi" in programs
    for program in programs:
        done = run(clean / program, "--help", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")


def test_every_plugin_loads(first: dict[str, Path], clean: Path, tmp_path: Path) -> None:
    """Those for pytest, where the installation has it; none may need it to be there."""
    for place in entry_points(first[".whl"], "pytest11").values():
        done = run(clean / "python", "-c", f"import {place.partition(':')[0]}", cwd=tmp_path)
        assert done.returncode == 0 or "No module named 'pytest'" in done.stderr


CALLS: dict[str, tuple[int, str]] = {
    "report": (0, "report new.o"),
    "layout": (0, "layout new.o --permuted"),
    "diff": (1, "diff old.o new.o --format text --format junit:r.xml --format md:r.md"),
    "snapshot": (0, "snapshot old.o -o old.json.gz"),
    "check": (2, "check new.o --kernel old.o"),
    "doctor": (0, "doctor new.o"),
    "explain": (0, "explain member-added"),
    "why": (0, "why new.o config_id"),
    "symbols": (0, "symbols new.o"),
    "graph": (0, "graph new.o"),
    "symvers": (0, "symvers new.o"),
    "symtypes-diff": (0, "symtypes-diff new.symtypes new.symtypes"),
    "names": (0, "names new.o"),
    "ksyms": (0, "ksyms new.o"),
    "schema": (0, "schema report"),
    "cache": (0, "cache show"),
    "completion": (0, "completion fish"),
}


def test_every_command_has_a_call_here() -> None:
    assert set(CALLS) == set(commands(parser()))


@pytest.mark.parametrize("command", CALLS)
def test_every_command_runs(clean: Path, tmp_path: Path, command: str) -> None:
    for side in ("old", "new"):
        shutil.copy(OBJECTS / f"member_added-{side}.o", tmp_path / f"{side}.o")
    made = run(clean / "rustabi", "symbols", "new.o", "--format", "symtypes", cwd=tmp_path)
    (tmp_path / "new.symtypes").write_text(made.stdout)
    code, words = CALLS[command]
    done = run(clean / "rustabi", *words.split(), cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert code == 2 or done.stderr == ""


PYTHON = """\
import rustabi, sys
for name in rustabi.__all__:
    getattr(rustabi, name)
print(rustabi.compare("old.o", "new.o").verdict, rustabi.__file__)
"""


def test_the_library_is_the_installed_one(clean: Path, tmp_path: Path) -> None:
    for side in ("old", "new"):
        shutil.copy(OBJECTS / f"member_added-{side}.o", tmp_path / f"{side}.o")
    done = run(clean / "python", "-W", "error", "-c", PYTHON, cwd=tmp_path)
    verdict, place = done.stdout.split()
    assert verdict == "incompatible"
    assert Path(place).is_relative_to(clean.parent)
    done = run(clean / "python", "-m", "rustabi", "--version", cwd=tmp_path)
    assert done.stdout.startswith("rustabi ")


def test_the_manual_and_the_completion_are_where_they_are_looked_for(clean: Path) -> None:
    share = clean.parent / "share"
    for place in (
        "man/man1/rustabi.1", "bash-completion/completions/rustabi",
        "zsh/site-functions/_rustabi", "fish/vendor_completions.d/rustabi.fish",
    ):  # fmt: skip
        assert (share / place).stat().st_size > 1000


@pytest.mark.parametrize("installer", ["pipx", "uv"])
def test_others_install_it_too(first: dict[str, Path], tmp_path: Path, installer: str) -> None:
    program = shutil.which(installer)
    if program is None:
        pytest.skip(f"no {installer}")
    home = tmp_path / "home"
    settings = {
        "PIPX_HOME": str(home / "pipx"), "PIPX_BIN_DIR": str(home / "bin"),
        "PIPX_MAN_DIR": str(home / "man"), "UV_TOOL_DIR": str(home / "tools"),
        "UV_TOOL_BIN_DIR": str(home / "bin"), "UV_CACHE_DIR": str(home / "cache"),
    }  # fmt: skip
    words = ["install"] if installer == "pipx" else ["tool", "install", "--python", sys.executable]
    installs(program, *words, first[".whl"], cwd=tmp_path, **settings)
    done = run(home / "bin" / "rustabi", "explain", "member-added", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("member-added")
