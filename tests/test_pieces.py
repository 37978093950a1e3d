"""Binaries and archive members read by several: one model, one error, for any number of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import rustabi
from rustabi import pieces, target
from rustabi.errors import RustabiError
from rustabi.jobs import Handed
from rustabi.means import Means
from rustabi.target import load_target, load_targets
from tests.support import OBJECTS


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[Means]:
    """However small, it is shared, each member by itself."""
    monkeypatch.setattr(pieces, "_WORTH", 0)
    monkeypatch.setattr(pieces, "_AT_LEAST", 1)
    monkeypatch.setattr(pieces, "_TASKS_EACH", 1000)
    monkeypatch.setattr(target, "_LARGE", 0)
    with ThreadPoolExecutor(3) as executor:
        yield Means(jobs=Handed(executor))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "objects"
    found.mkdir()
    for path in sorted(OBJECTS.glob("member_*.o")):
        shutil.copy(path, found)
    return found


def archive(path: Path, members: dict[str, bytes]) -> Path:
    data = b"!<arch>\n"
    for name, content in members.items():
        head = f"{name}/".ljust(16) + "0".ljust(12) + "0".ljust(6) * 2 + "644".ljust(8)
        data += f"{head}{len(content):<10}`\n".encode() + content + b"\n" * (len(content) & 1)
    path.write_bytes(data)
    return path


def test_a_folder(folder: Path, shared: Means) -> None:
    assert load_target(folder, means=shared) == load_target(folder)


def test_an_archive(tmp_path: Path, shared: Means) -> None:
    members = {path.name[:14]: path.read_bytes() for path in sorted(OBJECTS.glob("member_*.o"))}
    path = archive(tmp_path / "lib.a", {"first": b"text", **members, "last": b""})
    plain = load_target(path)
    assert plain.symbols
    assert load_target(path, means=shared) == plain


@pytest.mark.parametrize("path", sorted(OBJECTS.glob("*.rlib")), ids=lambda path: path.name)
def test_an_rlib(path: Path, shared: Means) -> None:
    assert load_target(path, means=shared) == load_target(path)


def test_names_that_one_of_them_defines(folder: Path, shared: Means) -> None:
    names = [*[symbol.name for symbol in load_target(folder).symbols][:2], "missing"]
    assert load_target(folder, symbols=names, means=shared) == load_target(folder, symbols=names)


def failure(path: Path, means: Means) -> tuple[type, str]:
    with pytest.raises(RustabiError) as caught:
        load_target(path, means=means)
    return type(caught.value), str(caught.value)


def test_errors_are_the_same(tmp_path: Path, shared: Means) -> None:
    good = (OBJECTS / "member_added-new.o").read_bytes()
    for number, members in enumerate(
        [
            {"a.o": good, "b.o": b"BC\xc0\xde", "c.o": b"BC\xc0\xde"},
            {"a.o": good, "b.o": good[:300], "c.o": b"BC\xc0\xde"},
            {"a.o": b"text"},
            {},
        ]
    ):
        path = archive(tmp_path / f"{number}.a", members)
        assert failure(path, shared) == failure(path, Means())
    cut = tmp_path / "cut.a"
    cut.write_bytes((tmp_path / "0.a").read_bytes()[:-2])
    assert failure(cut, shared) == failure(cut, Means())


def test_two_targets(tmp_path: Path, shared: Means) -> None:
    paths = [OBJECTS / "member_added-old.o", OBJECTS / "member_added-new.o"]
    plain = [load_target(path) for path in paths]
    assert load_targets(paths, means=shared) == plain
    (tmp_path / "text").write_text("text")
    text = tmp_path / "text"
    broken: list[list[str | Path]] = [[text, "/missing"], ["/missing", text]]
    for wrong in broken:
        said = []
        for means in (Means(), shared):
            with pytest.raises(RustabiError) as caught:
                load_targets([*wrong, paths[0]], means=means)
            said.append(str(caught.value))
        assert said[0] == said[1]


def test_the_public_api(folder: Path, shared: Means) -> None:
    old, new = OBJECTS / "member_added-old.o", OBJECTS / "member_added-new.o"
    with ThreadPoolExecutor(2) as executor:
        assert rustabi.load(folder, executor=executor) == rustabi.load(folder)
        found = rustabi.compare(old, new, executor=executor)
        assert found == rustabi.compare(old, new)
        assert rustabi.compare(rustabi.load(old), new, executor=executor) == found


def test_processes_of_the_command_line(tmp_path: Path, folder: Path) -> None:
    """Files large enough to be shared: padded behind what is read."""
    for path in folder.iterdir():
        with path.open("ab") as file:
            file.write(bytes(3 << 20))
    old, new = sorted(folder.iterdir())[:2]
    for command in (["report", str(folder)], ["diff", str(old), str(new)]):
        said = set()
        for count in ("1", "2", "3"):
            done = subprocess.run(
                [sys.executable, "-m", "rustabi", *command, "--no-cache", "--jobs", count],
                capture_output=True, check=False,
            )  # fmt: skip
            assert done.stderr == b""
            said.add((done.returncode, done.stdout))
        assert len(said) == 1
