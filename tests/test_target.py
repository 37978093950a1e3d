"""What a user can point at, and every kind of bad input there is for it."""

from __future__ import annotations

import gzip
import lzma
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from rustabi.errors import (
    DwarfError,
    InputError,
    NoDebugInfoError,
    RustabiError,
    SnapshotError,
    UsageError,
)
from rustabi.model import Model, Symbol
from rustabi.snapshot import write
from rustabi.target import load_target, resolve
from tests.dwarf_writer import base, build, function, unit, variable
from tests.support import OBJECTS, model_of

ONE, OTHER = OBJECTS / "member_added-old.o", OBJECTS / "variant_added-old.o"

needs_ar = pytest.mark.skipif(shutil.which("ar") is None, reason="needs ar (binutils)")

SOURCE = """
#![no_std]
#![allow(internal_features)]
pub struct Pair { pub small: u8, pub large: u64, pub middle: u16 }
#[no_mangle] pub extern "C" fn large(pair: &Pair) -> u64 { pair.large }
pub mod elsewhere { #[no_mangle] pub extern "C" fn nothing() {} }
"""
NO_TYPES = '#![no_std]\n#[no_mangle] pub extern "C" fn nothing() {}\n'


class Rustc(NamedTuple):
    """The compiler, and a folder of this session."""

    folder: Path

    def __call__(self, name: str, *flags: str, source: str = SOURCE) -> Path:
        """Compile ``source`` to a file called ``name``, once."""
        output = self.folder / name
        if not output.exists():
            (self.folder / "demo.rs").write_text(source)
            command = ["rustc", "--crate-name=demo", "--edition=2021", "-Cpanic=abort"]
            kind = [f"--crate-type={'rlib' if name.endswith('.rlib') else 'lib'}"]
            kind += [] if name.endswith(".rlib") else ["--emit=obj"]
            subprocess.run(
                [*command, *kind, *flags, "-o", name, "demo.rs"], cwd=self.folder, check=True,
                capture_output=True,
            )  # fmt: skip
        return output


@pytest.fixture(scope="session")
def rustc(tmp_path_factory: pytest.TempPathFactory) -> Rustc:
    if shutil.which("rustc") is None:
        pytest.skip("needs rustc")
    return Rustc(tmp_path_factory.mktemp("rustc"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    result = tmp_path / "folder"
    result.mkdir()
    return result


def names(model: Model) -> list[str]:
    return [symbol.name for symbol in model.symbols]


def described(model: Model) -> list[str]:
    return [symbol.name for symbol in model.symbols if symbol.kind is not None]


def undescribed(model: Model) -> list[str]:
    return [symbol.name for symbol in model.symbols if symbol.kind is None]


def ar(archive: Path, *members: Path, options: str = "rc") -> Path:
    subprocess.run(["ar", options, archive, *members], check=True, capture_output=True)
    return archive


def stripped(source: Path, output: Path) -> Path:
    """``source`` without its debug sections, whatever tools there are."""
    from rustabi.binary.elf import Elf

    data = source.read_bytes()
    elf = Elf(data, str(source))
    strings = elf.sections[int.from_bytes(data[62:64], "little")].offset
    for section in elf.sections:
        if section.name.startswith(".debug"):
            at = data.index(section.name.encode() + b"\0", strings)
            data = data[: at + 1] + b"gone_" + data[at + 6 :]
    output.write_bytes(data)
    return output


# one binary


def test_an_object_is_what_the_loader_makes_of_it() -> None:
    assert load_target(ONE) == model_of(ONE)
    assert resolve(ONE).kind == "binary"
    assert load_target(str(ONE)).facts.skipped == ()


def test_the_name_says_nothing(tmp_path: Path) -> None:
    for name in ("module.ko", "vmlinux", "libx.so", "notes.txt", "x.json"):
        path = shutil.copyfile(ONE, tmp_path / name)
        assert load_target(path) == model_of(ONE)


def zstd(data: bytes) -> bytes:
    if shutil.which("zstd") is None:
        pytest.skip("needs the zstd command")
    with_size = ["zstd", "-c", f"--stream-size={len(data)}"]
    return subprocess.run(with_size, input=data, check=True, capture_output=True).stdout


@pytest.mark.parametrize(
    ("suffix", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress), (".zst", zstd)]
)
def test_packed_modules(suffix: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / f"demo.ko{suffix}"
    packed = pack(ONE.read_bytes())
    path.write_bytes(packed)
    assert load_target(path) == model_of(ONE)
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(InputError, match="cut off"):
        load_target(path)
    path.write_bytes(packed[:40] + bytes(100))
    with pytest.raises(InputError, match="damaged"):
        load_target(path)
    path.write_bytes(pack(b"no ELF file"))
    with pytest.raises(InputError, match="not an ELF file"):
        load_target(path)


def test_zstd_data_of_unknown_size(tmp_path: Path) -> None:
    path = tmp_path / "demo.ko.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd\x00\x58" + bytes(20))
    with pytest.raises(InputError, match="how large") as caught:
        load_target(path)
    assert caught.value.advice == "unpack the file with zstd -d"


def test_a_signed_module(tmp_path: Path) -> None:
    signature = b"s" * 100
    info = bytes(8) + len(signature).to_bytes(4, "big")
    path = tmp_path / "demo.ko"
    path.write_bytes(ONE.read_bytes() + signature + info + b"~Module signature appended~\n")
    assert load_target(path) == model_of(ONE)
    from rustabi.binary.open import read_binary

    assert read_binary(path) == ONE.read_bytes()


def test_a_list_of_symbols() -> None:
    model = load_target(ONE, symbols=["unrelated", "absent", "unrelated"])
    assert names(model) == ["absent", "unrelated"]
    assert undescribed(model) == ["absent"]
    assert model.facts.export_rule == "given list"


def test_progress_is_told() -> None:
    told: list[str] = []
    load_target(ONE, progress=told.append)
    assert told == [f"reading {ONE.name}", "merging types", "computing layout versions"]


# archives


@needs_ar
def test_an_archive_is_its_members_together(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("no object")
    archive = ar(tmp_path / "lib.a", ONE, OTHER, notes)
    thin = ar(tmp_path / "thin.a", ONE, OTHER, options="rcT")
    for path in (archive, thin):
        model = load_target(path)
        assert resolve(path).kind == "archive"
        assert set(names(model)) == set(names(model_of(ONE))) | set(names(model_of(OTHER)))
        assert {symbol.binary for symbol in model.symbols} == {""}
        assert model.facts.skipped == ()
    model = load_target(archive, symbols=["config_id", "absent"])
    assert names(model) == ["absent", "config_id"]
    assert described(model) == ["config_id"]


@needs_ar
def test_a_member_without_debug_info_is_said(tmp_path: Path) -> None:
    bare = stripped(OTHER, tmp_path / "bare.o")
    model = load_target(ar(tmp_path / "lib.a", ONE, bare))
    assert model.facts.skipped == ("bare.o: no .debug_info section",)
    assert described(model) == names(model_of(ONE))
    lost = names(model_of(OTHER))
    assert set(undescribed(model)) == set(lost) - set(described(model))
    with pytest.raises(NoDebugInfoError, match="none of its 2 binaries"):
        load_target(ar(tmp_path / "bare.a", bare, stripped(ONE, tmp_path / "other.o")))


def test_an_rlib_of_several_codegen_units(rustc: Rustc) -> None:
    path = rustc("libdemo.rlib", "-Cdebuginfo=2", "-Ccodegen-units=8")
    model = load_target(path)
    assert b"lib.rmeta" in path.read_bytes()
    assert described(model) == ["large", "nothing"]
    assert model.facts.skipped == ()
    assert model.facts.compilers


def test_a_broken_archive(tmp_path: Path) -> None:
    path = tmp_path / "lib.a"
    path.write_bytes(b"!<arch>\nrubbish")
    with pytest.raises(InputError, match="damaged archive"):
        load_target(path)
    path.write_bytes(b"!<arch>\n")
    with pytest.raises(InputError, match="no exported code"):
        load_target(path)


def test_a_crate_of_generic_functions_only(rustc: Rustc) -> None:
    source = "#![no_std]\npub fn same<T>(value: T) -> T { value }"
    path = rustc("libgeneric.rlib", "-Cdebuginfo=2", source=source)
    with pytest.raises(InputError, match="no exported code") as caught:
        load_target(path)
    assert "generic functions" in str(caught.value.advice)


def test_bitcode_is_no_object(rustc: Rustc) -> None:
    path = rustc("libbitcode.rlib", "-Cdebuginfo=2", "-Clinker-plugin-lto")
    with pytest.raises(InputError, match="bitcode") as caught:
        load_target(path)
    assert caught.value.path == str(path)


# folders


def test_a_folder_of_binaries(folder: Path) -> None:
    (folder / "sub").mkdir()
    shutil.copyfile(OTHER, folder / "b.ko")
    shutil.copyfile(ONE, folder / "sub" / "a.o")
    os.link(folder / "b.ko", folder / "sub" / "z.o")
    (folder / "link.o").symlink_to(folder / "sub" / "a.o")
    (folder / "nowhere").symlink_to(folder / "gone")
    (folder / "data.ko.xz").write_bytes(lzma.compress(ONE.read_bytes()))
    (folder / "README").write_text("no binary")
    (folder / "empty").touch()
    (folder / "split.dwo").write_bytes(ONE.read_bytes())
    os.mkfifo(folder / "pipe")
    target = resolve(folder)
    assert target.kind == "folder"
    assert [binary.name for binary in target.binaries] == ["b.ko", "data.ko", "link.o"]
    model = load_target(folder)
    assert {(each.binary, each.name) for each in model.symbols} == {
        *(("b.ko", name) for name in names(model_of(OTHER))),
        *((binary, name) for binary in ("data.ko", "link.o") for name in names(model_of(ONE))),
    }
    assert model.symbols == tuple(sorted(model.symbols, key=lambda each: (each.name, each.binary)))
    assert {each.binary for each in model.units} == {"b.ko", "data.ko", "link.o"}
    assert model.facts.skipped == ()


def test_equal_folders_give_equal_models(folder: Path, tmp_path: Path) -> None:
    for name, source in (("x.o", ONE), ("a.o", OTHER), ("m.o", ONE)):
        shutil.copyfile(source, folder / name)
    again = shutil.copytree(folder, tmp_path / "again")
    assert load_target(folder) == load_target(again)


def test_a_folder_with_one_stripped_binary(folder: Path) -> None:
    shutil.copyfile(ONE, folder / "a.o")
    stripped(OTHER, folder / "b.o")
    model = load_target(folder)
    assert model.facts.skipped == ("b.o: no .debug_info section",)
    assert {each.binary for each in model.symbols if each.kind is None} == {"b.o"}
    model = load_target(folder, symbols=["config_id", "absent"])
    assert [(each.name, each.binary) for each in model.symbols] == [
        ("absent", ""), ("config_id", "a.o"),
    ]  # fmt: skip
    stripped(ONE, folder / "a.o")
    with pytest.raises(NoDebugInfoError, match="none of its 2 binaries"):
        load_target(folder)


def test_a_folder_with_a_damaged_binary_has_no_model(folder: Path) -> None:
    shutil.copyfile(ONE, folder / "a.o")
    (folder / "b.o").write_bytes(OTHER.read_bytes()[:2000])
    with pytest.raises(InputError) as caught:
        load_target(folder)
    assert caught.value.path == str(folder / "b.o")


def test_two_architectures_in_a_folder(folder: Path) -> None:
    shutil.copyfile(ONE, folder / "a.o")
    shutil.copyfile(OBJECTS / "no_core_android-old.o", folder / "b.o")
    with pytest.raises(InputError, match="aarch64") as caught:
        load_target(folder)
    assert caught.value.path == str(folder)


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Root may read everything: become somebody else for a while."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that any user may enter, as pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        for each in folder.iterdir():
            each.chmod(0o700)


def test_unreadable_files_in_a_folder_are_said(shared: Path) -> None:
    shutil.copyfile(ONE, shared / "a.o")
    shutil.copyfile(OTHER, shared / "b.o").chmod(0)
    (shared / "secret").mkdir(mode=0)
    with ordinary_user():
        model = load_target(shared)
    assert model.facts.skipped == (
        "b.o: no permission to read it",
        "secret: no permission to read it",
    )


def test_unreadable_files_and_folders(shared: Path) -> None:
    file = shutil.copyfile(ONE, shared / "a.o")
    file.chmod(0)
    inner = shared / "secret"
    inner.mkdir(mode=0)
    with ordinary_user():
        for path in (file, inner, inner / "x.o"):
            with pytest.raises(InputError, match="no permission") as caught:
                load_target(path)
            assert caught.value.path == str(path)


# debug info without types


TYPELESS = {
    "debuginfo=1": ("one.o", ["-Cdebuginfo=1"], "debuginfo=1"),
    "line tables": ("lines.o", ["-Cdebuginfo=line-tables-only"], "debuginfo=1"),
    "rlib": ("libone.rlib", ["-Cdebuginfo=1"], "debuginfo=1"),
    "none": ("none.o", ["-Cdebuginfo=0"], "no .debug_info"),
    "line directives": ("directives.o", ["-Cdebuginfo=line-directives-only"], "no .debug_info"),
    "split": ("split.o", ["-Cdebuginfo=2", "-Csplit-debuginfo=unpacked"], "split off"),
    "split, packed": ("packed.o", ["-Cdebuginfo=2", "-Csplit-debuginfo=packed"], "split off"),
    "split rlib": ("libs.rlib", ["-Cdebuginfo=2", "-Csplit-debuginfo=unpacked"], "split off"),
    "split, DWARF 5": (
        "split5.o", ["-Cdebuginfo=2", "-Csplit-debuginfo=unpacked", "-Cdwarf-version=5"],
        "split off",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TYPELESS)
def test_debug_info_without_types(case: str, rustc: Rustc) -> None:
    name, flags, message = TYPELESS[case]
    path = rustc(name, *flags)
    with pytest.raises(NoDebugInfoError, match=message) as caught:
        load_target(path)
    assert str(caught.value.path).startswith(str(path))
    assert "debug" in str(caught.value.advice)


def test_no_types_at_all_is_no_answer(rustc: Rustc) -> None:
    """Its debug info is the same with debuginfo=1, which may have left out anything."""
    full = rustc("full.o", "-Cdebuginfo=2", source=NO_TYPES)
    reduced = rustc("reduced.o", "-Cdebuginfo=1", source=NO_TYPES)
    assert full.read_bytes() == reduced.read_bytes()
    for path in (full, reduced):
        with pytest.raises(NoDebugInfoError):
            load_target(path)


@needs_ar
def test_a_member_with_debuginfo_1_is_said(rustc: Rustc, tmp_path: Path) -> None:
    reduced = rustc("one.o", "-Cdebuginfo=1")
    model = load_target(ar(tmp_path / "lib.a", ONE, reduced))
    assert model.facts.skipped == ("one.o: its debug info has no types, as with debuginfo=1",)
    assert described(model) == names(model_of(ONE))
    assert undescribed(model) == ["large", "nothing"]


@needs_ar
def test_functions_of_a_crate_without_types_are_not_believed(rustc: Rustc, tmp_path: Path) -> None:
    """In one linked file: one crate with types, another one without."""
    if shutil.which("ld") is None:
        pytest.skip("needs ld (binutils)")
    reduced = rustc("one.o", "-Cdebuginfo=1")
    linked = tmp_path / "linked.o"
    subprocess.run(["ld", "-r", "-o", linked, ONE, reduced], check=True)
    model = load_target(linked)
    assert undescribed(model) == ["large", "nothing"]
    assert described(model) == names(model_of(ONE))
    large = next(symbol for symbol in model.symbols if symbol.name == "large")
    assert (large.type, large.version) == (None, None)


def test_c_with_types_beside_rust_without(rustc: Rustc, tmp_path: Path) -> None:
    """As in every kernel module: what the build adds in C must not make up for the Rust part."""
    if shutil.which("ld") is None:
        pytest.skip("needs ld (binutils)")
    reduced = rustc("one.o", "-Cdebuginfo=1")
    c_part = tmp_path / "c.o"
    kept = variable("c_data", base("int", 4))
    c_part.write_bytes(build(unit(kept, language=LANG_C), symbols=()))
    linked = tmp_path / "module.ko"
    subprocess.run(["ld", "-r", "-o", linked, c_part, reduced], check=True)
    with pytest.raises(NoDebugInfoError, match="debuginfo=1"):
        load_target(linked)


LANG_C, LANG_ASSEMBLER = 0x1D, 0x8001


def test_c_and_assembler_without_types(tmp_path: Path) -> None:
    path = tmp_path / "x.o"
    path.write_bytes(build(unit(function("f"), language=LANG_C)))
    assert described(load_target(path)) == ["f"]
    path.write_bytes(build(unit(function("f"), language=LANG_ASSEMBLER)))
    with pytest.raises(NoDebugInfoError):
        load_target(path)


# snapshots


def test_a_snapshot(tmp_path: Path) -> None:
    path = tmp_path / "demo.json.gz"
    write(model_of(ONE), path)
    model = load_target(path)
    assert resolve(path).kind == "snapshot"
    assert names(model) == names(model_of(ONE))
    assert load_target(path, symbols=["config_id", "absent"]).symbols[0] == Symbol(
        "absent", None, None
    )
    with pytest.raises(UsageError):
        load_target(path, scope="unit")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(SnapshotError) as caught:
        load_target(path)
    assert caught.value.path == str(path)


# bad input


def written(name: str, data: bytes, folder: Path) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def broken_link(folder: Path) -> Path:
    (folder / "link").symlink_to("gone")
    return folder / "link"


def circular_link(folder: Path) -> Path:
    (folder / "link").symlink_to("link")
    return folder / "link"


def folder_without_binaries(folder: Path) -> Path:
    written("a.txt", b"text", folder)
    written("b.json.gz", gzip.compress(b"text"), folder)
    return folder


BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda folder: folder / "absent", "no such file"),
    "missing folder": (lambda folder: folder / "absent" / "x.o", "no such file"),
    "within a file": (lambda folder: written("x", b"1", folder) / "y", "Not a directory"),
    "broken link": (broken_link, "link points to"),
    "circular link": (circular_link, "symbolic links"),
    "long name": (lambda folder: folder / ("x" * 300), "name too long"),
    "empty": (partial(written, "x.o", b""), "empty"),
    "empty when unpacked": (partial(written, "x.ko.gz", gzip.compress(b"")), "not an ELF"),
    "text": (partial(written, "x.o", b"hello"), "neither"),
    "other object format": (partial(written, "x.o", b"\xcf\xfa\xed\xfe" + bytes(99)), "neither"),
    "ELF header only": (partial(written, "x.o", b"\x7fELF"), "damaged ELF"),
    "pipe": (pipe, "regular file"),
    "device": (lambda folder: Path("/dev/zero"), "regular file"),
    "input error": (lambda folder: Path("/proc/self/mem"), "cannot be read"),
    "folder without binaries": (folder_without_binaries, "no binaries"),
    "empty folder": (lambda folder: folder, "no binaries"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.timeout(20)
def test_bad_input(case: str, folder: Path) -> None:
    make, message = BAD[case]
    path = make(folder)
    with pytest.raises(InputError, match=message) as caught:
        load_target(path)
    assert caught.value.path == str(path)
    assert caught.value.advice
    assert caught.value.kind == "bad-input"


def test_damaged_debug_info_names_the_file(tmp_path: Path) -> None:
    def cut(sections: dict[str, bytes]) -> None:
        sections[".debug_abbrev"] = b""

    path = written("x.o", build(unit(function("f")), damage=cut), tmp_path)
    with pytest.raises(DwarfError) as caught:
        load_target(path)
    assert caught.value.path == str(path)
    assert caught.value.place


def test_every_cut_of_an_archive_is_an_error(rustc: Rustc, tmp_path: Path) -> None:
    data = rustc("libdemo.rlib", "-Cdebuginfo=2", "-Ccodegen-units=8").read_bytes()
    path = tmp_path / "cut.rlib"
    for size in range(9, len(data) - 1, len(data) // 20):
        path.write_bytes(data[:size])
        with pytest.raises(RustabiError) as caught:
            load_target(path)
        assert str(caught.value.path).startswith(str(path))


def test_targets_load_in_threads() -> None:
    results: list[Model] = []
    threads = [threading.Thread(target=lambda: results.append(load_target(ONE))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [model_of(ONE)] * 4


def test_an_empty_path_is_not_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(OBJECTS / "member_added-old.o", tmp_path / "build.o")
    monkeypatch.chdir(tmp_path)
    assert load_target(".").symbols
    with pytest.raises(UsageError, match="an empty path"):
        load_target("")
