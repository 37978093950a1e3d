"""Archives: by hand for each dialect, and by the real ``ar``."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustabi.binary.archive import ArchiveMember, archive_members, is_archive
from rustabi.errors import InputError

ARCH, THIN = b"!<arch>\n", b"!<thin>\n"
NOWHERE = Path("lib.a")

needs_ar = pytest.mark.skipif(shutil.which("ar") is None, reason="needs ar (binutils)")


def header(name: str, size: int | str) -> bytes:
    return f"{name:<16}{0:<12}{0:<6}{0:<6}{644:<8}{size:<10}`\n".encode()


def member(name: str, data: bytes) -> bytes:
    return header(name, len(data)) + data + b"\n" * (len(data) & 1)


def gnu_archive(members: list[ArchiveMember]) -> bytes:
    """As GNU ar writes it: long names in a table, short ones with a slash behind."""
    table, rows = b"", b""
    for each in members:
        name = f"{each.name}/"
        if len(name) > 16:
            name = f"/{len(table)}"
            table += f"{each.name}/\n".encode()
        rows += member(name, each.data)
    return ARCH + member("/", b"\0\0\0\0") + (member("//", table) if table else b"") + rows


def members_of(data: bytes, path: Path = NOWHERE) -> list[tuple[str, bytes]]:
    return [(each.name, each.data) for each in archive_members(data, path)]


def test_what_an_archive_is() -> None:
    assert is_archive(ARCH)
    assert is_archive(THIN + b"more")
    assert not is_archive(b"!<arch>")
    assert not is_archive(b"\x7fELF")


def test_an_archive_without_members() -> None:
    assert members_of(ARCH) == []


def test_long_names_odd_sizes_and_indexes() -> None:
    data = (
        ARCH
        + member("/", b"\0\0\0\0")
        + member("/SYM64/", b"\0" * 8)
        + member("//", b"a_name_longer_than_sixteen.o/\nanother_such_long_name.o/\n")
        + member("short.o/", b"abc")
        + member("/0", b"first")
        + member("/30", b"")
    )
    assert members_of(data) == [
        ("short.o", b"abc"),
        ("a_name_longer_than_sixteen.o", b"first"),
        ("another_such_long_name.o", b""),
    ]


def test_bsd_names_and_index() -> None:
    data = (
        ARCH
        + member("#1/20", b"__.SYMDEF SORTED\0\0\0\0index")
        + member("#1/12", b"long name.o\0contents")
        + member("plain.o", b"text")
    )
    assert members_of(data) == [("long name.o", b"contents"), ("plain.o", b"text")]


names = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=40)


@given(st.lists(st.builds(ArchiveMember, names.map(lambda name: f"{name}.o"), st.binary())))
def test_what_is_written_reads_back(members: list[ArchiveMember]) -> None:
    assert list(archive_members(gnu_archive(members), NOWHERE)) == members


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (ARCH + b"x", "byte 0x8"),
        (ARCH + header("a.o/", 3)[:-1] + b"!abc", "byte 0x8"),
        (ARCH + header("a.o/", 99) + b"abc", "byte 0x44"),
        (ARCH + header("a.o/", "-60") + b"abc", "byte 0x8"),
        (ARCH + header("a.o/", "") + b"abc", "byte 0x8"),
        (ARCH + header("a.o/", "3x") + b"abc", "byte 0x8"),
        (ARCH + member("/7", b"abc"), "byte 0x8"),
        (ARCH + member("//", b"a/\n") + member("/90", b"abc"), "byte 0x48"),
        (ARCH + member("#1/9", b"abc"), "byte 0x44"),
        (ARCH + member("#1/x", b"abc"), "byte 0x44"),
        (ARCH + member("a.o/", b"abcd") + b"rest", "byte 0x48"),
    ],
    ids=[
        "no-header", "wrong-magic", "too-large", "negative", "no-size", "no-number", "no-names",
        "name-out-of-range", "bsd-name-too-long", "bsd-name-no-number", "trailing",
    ],
)  # fmt: skip
def test_damage_is_named(data: bytes, place: str) -> None:
    with pytest.raises(InputError) as caught:
        members_of(data)
    assert caught.value.path == "lib.a"
    assert caught.value.place == place
    assert caught.value.advice


@given(st.binary(max_size=300))
def test_any_bytes_end(rest: bytes) -> None:
    try:
        members_of(ARCH + rest)
    except InputError as error:
        assert error.place


def test_a_thin_archive_names_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "one.o").write_bytes(b"one")
    (tmp_path / "sub" / "two.o").write_bytes(b"second")
    data = THIN + member("//", b"one.o/\nsub/two.o/\n") + header("/0", 3) + header("/7", 6)
    assert members_of(data, tmp_path / "lib.a") == [("one.o", b"one"), ("sub/two.o", b"second")]
    (tmp_path / "one.o").unlink()
    with pytest.raises(InputError, match="thin archive") as caught:
        members_of(data, tmp_path / "lib.a")
    assert caught.value.path == str(tmp_path / "one.o")


def ar(folder: Path, *arguments: str) -> None:
    subprocess.run(["ar", *arguments], cwd=folder, check=True, capture_output=True)


@needs_ar
def test_the_real_ar(tmp_path: Path) -> None:
    long_name = f"{'long' * 10}.o"
    contents = {"a.o": b"a", "b.o": b"bb", long_name: b"ccc"}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    ar(tmp_path, "rc", "plain.a", *contents)
    ar(tmp_path, "rcT", "thin.a", *contents)
    (tmp_path / "d.o").write_bytes(b"dddd")
    ar(tmp_path, "rcT", "nested.a", "plain.a", "d.o")
    for name in ("plain.a", "thin.a"):
        path = tmp_path / name
        assert members_of(path.read_bytes(), path) == list(contents.items())
    nested = tmp_path / "nested.a"
    assert members_of(nested.read_bytes(), nested) == [
        *((f"plain.a({name})", data) for name, data in contents.items()),
        ("d.o", b"dddd"),
    ]
