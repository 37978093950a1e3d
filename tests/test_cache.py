"""The cache: never another result, never an error, never larger than it may be."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rustabi import target
from rustabi.cache import LIMIT, Cache, default_folder, default_limit, fingerprint, unchanged
from rustabi.cli import main
from rustabi.errors import NoDebugInfoError
from rustabi.means import PLAIN, Means
from rustabi.model import Model
from rustabi.pieces import read_pieces
from rustabi.target import load_target
from tests.support import OBJECTS

OLD = OBJECTS / "member_added-old.o"
NEW = OBJECTS / "member_added-new.o"


@pytest.fixture
def kept(tmp_path: Path) -> Means:
    """A cache of its own, for files of any size."""
    return Means(cache=Cache(tmp_path / "models", smallest=0))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are decoded from now on."""
    found: list[str] = []

    def noting(binaries, *rest):  # type: ignore[no-untyped-def]
        found.extend(str(each.path) for each in binaries)
        return read_pieces(binaries, *rest)

    monkeypatch.setattr(target, "read_pieces", noting)
    return found


def folder_of(means: Means) -> Path:
    assert means.cache is not None
    return means.cache.folder


def entries(means: Means) -> list[Path]:
    return sorted(folder_of(means).glob("*.entry"))


def test_the_second_time_nothing_is_decoded(kept: Means, reads: list[str]) -> None:
    first = load_target(NEW, means=kept)
    second = load_target(NEW, means=kept)
    assert first == second == load_target(NEW)
    assert reads == [str(NEW), str(NEW)]  # the first time, and the one without a cache


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some objects of one architecture."""
    found = tmp_path / "objects"
    found.mkdir()
    for path in sorted(OBJECTS.glob("member_*.o")):
        shutil.copy(path, found)
    return found


@pytest.mark.parametrize("path", [OLD, *OBJECTS.glob("*-new.rlib")], ids=lambda path: path.name)
def test_what_was_kept_is_what_is_read(path: Path, kept: Means) -> None:
    plain = load_target(path)
    assert load_target(path, means=kept) == plain
    assert load_target(path, means=kept) == plain
    assert len(entries(kept)) == 1


def test_a_folder_is_kept_as_one(folder: Path, kept: Means) -> None:
    plain = load_target(folder)
    assert load_target(folder, means=kept) == load_target(folder, means=kept) == plain
    assert len(entries(kept)) == 1
    first = min(folder.iterdir())
    first.rename(folder / "zzz.o")  # symbols say the name of their file
    assert load_target(folder, means=kept) == load_target(folder) != plain


def test_what_is_asked_for_counts(folder: Path, kept: Means) -> None:
    asked: list[Callable[[Means], Model]] = [
        lambda means: load_target(NEW, means=means),
        lambda means: load_target(NEW, means=means, all_types=False),
        lambda means: load_target(NEW, means=means, scope="unit"),
        lambda means: load_target(NEW, means=means, symbols=["nothing"]),
        lambda means: load_target(NEW, means=means, symbols=[]),
        lambda means: load_target(folder, means=means),
    ]
    plain = [each(PLAIN) for each in asked]
    assert [each(kept) for each in asked] == plain
    assert [each(kept) for each in asked] == plain
    assert len(entries(kept)) == len(asked)


def test_a_file_that_changed_is_read_again(tmp_path: Path, kept: Means) -> None:
    """Its name, size, date and build-id may all be what they were."""
    path = tmp_path / "demo.o"
    shutil.copy(OLD, path)
    before = load_target(path, means=kept)
    status = path.stat()
    shutil.copy(NEW, path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert load_target(path, means=kept) == load_target(NEW) != before


def test_one_content_has_one_entry(tmp_path: Path, kept: Means, reads: list[str]) -> None:
    load_target(NEW, means=kept)
    shutil.copy(NEW, tmp_path / "copy.o")
    assert load_target(tmp_path / "copy.o", means=kept) == load_target(NEW, means=kept)
    assert reads == [str(NEW)]


def test_another_program_has_other_entries(
    kept: Means, monkeypatch: pytest.MonkeyPatch, reads: list[str]
) -> None:
    load_target(NEW, means=kept)
    monkeypatch.setattr("rustabi.cache._program", lambda: "another")
    load_target(NEW, means=kept)
    assert len(entries(kept)) == len(reads) == 2
    monkeypatch.setattr("rustabi.cache._program", lambda: None)  # it cannot tell what it is
    load_target(NEW, means=kept)
    assert len(entries(kept)) == 2
    assert len(reads) == 3


@pytest.mark.parametrize("place", [0, 20, 60, -1])
@pytest.mark.parametrize("how", ["flipped", "cut", "empty", "longer"])
def test_a_damaged_entry_is_read_and_written_again(kept: Means, place: int, how: str) -> None:
    plain = load_target(NEW, means=kept)
    (path,) = entries(kept)
    whole = bytearray(path.read_bytes())
    damaged = whole.copy()
    if how == "flipped":
        damaged[place] ^= 1
    elif how == "cut":
        del damaged[place % len(damaged) :]
    elif how == "empty":
        damaged.clear()
    else:
        damaged += b"more"
    path.write_bytes(damaged)
    assert load_target(NEW, means=kept) == plain
    assert path.read_bytes()[:16] == whole[:16]
    assert load_target(NEW, means=kept) == plain


def test_an_entry_of_other_contents_is_read_again(kept: Means, reads: list[str]) -> None:
    """As a fault in the program might leave it: sound, and of no model."""
    plain = load_target(NEW, means=kept)
    assert kept.cache is not None
    (path,) = entries(kept)
    kept.cache.put(path.stem, b"\xe7")  # marshal's True
    assert load_target(NEW, means=kept) == plain
    assert len(reads) == 2


def test_a_failure_is_not_kept(tmp_path: Path, kept: Means) -> None:
    path = tmp_path / "bare.o"
    data = NEW.read_bytes().replace(b".debug_info", b".nebug_info")
    path.write_bytes(data)
    for _ in range(2):
        with pytest.raises(NoDebugInfoError):
            load_target(path, means=kept)
    assert not entries(kept)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    means = Means(cache=Cache(tmp_path / "locked" / "models", smallest=0))
    assert load_target(NEW, means=means) == load_target(NEW)


@pytest.mark.parametrize("place", ["/dev/null/models", "/proc/models", "{file}/models", "{file}"])
def test_a_folder_that_cannot_be_is_no_failure(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = Cache(Path(place.format(file=tmp_path / "file")), smallest=0)
    assert load_target(NEW, means=Means(cache=cache)) == load_target(NEW)
    assert cache.contents().entries == 0
    assert cache.clear().entries == 0


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    cache = Cache(tmp_path / "models")
    cache.put("a", b"x")
    assert list(cache.folder.iterdir()) == []


def test_small_files_are_not_kept(tmp_path: Path) -> None:
    means = Means(cache=Cache(tmp_path, smallest=OLD.stat().st_size + 1))
    load_target(OLD, means=means)
    assert not entries(means)


def test_a_thin_archive_is_not_kept(tmp_path: Path, kept: Means) -> None:
    """It names files beside it, which may change while it stays."""
    (tmp_path / "lib.a").write_bytes(
        b"!<thin>\n" + b"demo.o/".ljust(16) + b"0".ljust(12) + b"0".ljust(6) + b"0".ljust(6)
        + b"644".ljust(8) + str(OLD.stat().st_size).encode().ljust(10) + b"`\n"
    )  # fmt: skip
    for path in (OLD, NEW):
        shutil.copy(path, tmp_path / "demo.o")
        found = load_target(tmp_path / "lib.a", means=kept)
        assert found == load_target(tmp_path / "lib.a")
    assert not entries(kept)


def test_a_file_that_changes_meanwhile_is_not_kept(
    tmp_path: Path, kept: Means, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "demo.o"
    shutil.copy(OLD, path)

    def meanwhile(*arguments):  # type: ignore[no-untyped-def]
        shutil.copy(NEW, path)
        return read_pieces(*arguments)

    monkeypatch.setattr(target, "read_pieces", meanwhile)
    load_target(path, means=kept)
    monkeypatch.undo()
    shutil.copy(OLD, path)
    assert load_target(path, means=kept) == load_target(OLD)


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=400)
    for number, key in enumerate("abc"):
        cache.put(key, bytes(70))  # and 48 bytes before it
        os.utime(tmp_path / f"{key}.entry", (number, number))
    assert cache.get("a") is not None  # used now
    cache.put("d", bytes(70))
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["a", "c", "d"]
    cache.put("e", bytes(500))  # larger than all of it
    assert cache.get("e") is None
    assert cache.contents().entries == 3
    assert cache.contents().size == 3 * 118


def test_what_a_killed_program_left_is_removed(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for name, age in (("old", 7200), ("new", 0)):
        (tmp_path / f"{name}.unfinished").write_bytes(b"x")
        os.utime(tmp_path / f"{name}.unfinished", (time.time() - age,) * 2)
    cache.put("a", b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.entry", "new.unfinished"]


def _put(folder: Path, number: int) -> None:
    cache = Cache(folder, limit=20_000)
    for _ in range(40):
        cache.put("same", bytes([number]) * 5_000)
        cache.put(f"own{number}", bytes([number]) * 5_000)
        found = cache.get("same")
        assert found is None or len(set(found)) == 1


def test_several_writers(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_put, args=(tmp_path, number)) for number in range(4)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert [each.exitcode for each in writers] == [0] * 4
    found = Cache(tmp_path).get("same")
    assert found is not None
    assert len(found) == 5_000
    assert not list(tmp_path.glob("*.unfinished"))


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUSTABI_CACHE_DIR", str(tmp_path / "own"))
    assert default_folder() == tmp_path / "own" / "models"
    monkeypatch.delenv("RUSTABI_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_folder() == tmp_path / "xdg" / "rustabi" / "models"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".cache" / "rustabi" / "models"


def test_only_the_user_may_look(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "a" / "models")
    cache.put("a", b"x")
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    assert (cache.folder / "a.entry").stat().st_mode & 0o777 == 0o600


def test_a_fingerprint_is_of_all_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"one")
    first = fingerprint(path)
    assert first is not None
    assert unchanged(path, first)
    path.write_bytes(b"two!")
    second = fingerprint(path)
    assert second is not None
    assert second.digest != first.digest
    assert not unchanged(path, first)
    path.write_bytes(b"")
    assert fingerprint(path) is None
    path.unlink()
    assert fingerprint(path) is None
    assert not unchanged(path, second)


# the command line


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A binary that is large enough to be kept, and a cache of its own."""
    monkeypatch.setenv("RUSTABI_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "demo.o"
    path.write_bytes(NEW.read_bytes() + bytes(1 << 20))
    return path


COMMANDS = [
    ["report", "{}"],
    ["layout", "{}"],
    ["symbols", "{}", "--format", "json"],
    ["graph", "{}"],
    ["diff", "{}", str(OLD), "--format", "json"],
    ["diff", str(OLD), "{}"],
    ["doctor", "{}"],
    ["symvers", "{}"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_commands_say_the_same_with_it_and_without(
    command: list[str], large: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = []
    for options in (["--no-cache"], [], [], ["--jobs", "2"]):
        code = main([each.format(large) for each in command] + options)
        out = capsys.readouterr()
        said.append((code, out.out, out.err))
    assert said[0] == said[1] == said[2] == said[3]


@pytest.mark.parametrize(
    ("size", "limit"), [("7", 7 << 20), ("", LIMIT), ("-1", LIMIT), ("\u00b2", LIMIT)]
)
def test_the_size_that_is_given(size: str, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUSTABI_CACHE_SIZE", size)
    assert default_limit() == limit


def test_a_size_of_thousands_of_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUSTABI_CACHE_SIZE", "9" * 5000)
    assert default_limit() > 1 << 60


def test_no_cache_leaves_nothing(large: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["report", str(large), "--no-cache"])
    assert not default_folder().exists()
    main(["report", str(large)])
    assert len(list(default_folder().iterdir())) == 1


def test_show_and_clear(large: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(default_folder())
    assert main(["cache", "show"]) == 0
    assert capsys.readouterr().out == f"{folder}: 0 entries, 0.0 MiB\n"
    main(["report", str(large)])
    size = sum(path.stat().st_size for path in default_folder().iterdir())
    capsys.readouterr()
    assert main(["cache", "show", "--format", "json"]) == 0
    report = {"report": "cache", "folder": folder, "cleared": False, "entries": 1, "size": size}
    assert json.loads(capsys.readouterr().out) == report
    assert main(["cache", "clear"]) == 0
    assert capsys.readouterr().out.startswith(f"{folder}: removed 1 entry, ")
    assert not default_folder().exists()
    assert main(["cache", "clear", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["entries"] == 0
