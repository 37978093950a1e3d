"""Crate folders, built by the real cargo; the user's files stay as they were."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from rustabi.cargo import Build, build_crate
from rustabi.errors import BuildError, InputError
from rustabi.model import Composite, Model
from rustabi.target import load_target, resolve

pytestmark = [
    pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo"),
    pytest.mark.xdist_group("cargo"),
]

Files: TypeAlias = Mapping[str, str]

LIB = """
#![no_std]
pub struct Pair { pub small: u8, pub large: u64, pub middle: u16 }
#[no_mangle] pub extern "C" fn large(pair: &Pair) -> u64 { pair.large }
#[cfg(feature = "more")]
#[no_mangle] pub extern "C" fn more(pair: &Pair) -> u8 { pair.small }
"""


def manifest(name: str, more: str = "") -> str:
    return f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n{more}\n'


DEMO: Files = {"Cargo.toml": manifest("demo", "[features]\nmore = []"), "src/lib.rs": LIB}


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that builds go to: kept for the session, so that nothing is built twice."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def environment(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("CARGO_NET_OFFLINE", "true")
    for name in ("CARGO_TARGET_DIR", "RUSTFLAGS", "CARGO_BUILD_TARGET"):
        monkeypatch.delenv(name, raising=False)


def crate(folder: Path, files: Files = DEMO) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def digest(folder: Path) -> str:
    """Of all that is in a folder: names, contents, modes and times."""
    result = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        result.update(f"{path} {status.st_mode} {status.st_mtime_ns}\n".encode())
        if path.is_file():
            result.update(path.read_bytes())
    return result.hexdigest()


def names(model: Model) -> list[str]:
    return [symbol.name for symbol in model.symbols]


def types(model: Model) -> set[str]:
    return {node.name for node in model.types if isinstance(node, Composite)}


def test_a_library_without_a_lock_file(tmp_path: Path, cache: Path) -> None:
    folder = crate(tmp_path)
    before = digest(folder)
    told: list[str] = []
    model = load_target(folder, progress=told.append)
    assert names(model) == ["large"]
    assert "demo::Pair" in types(model)
    assert model.facts.crates == ("demo 0.1.0",)
    assert told[:2] == ["compiled demo", "reading libdemo.rlib"]
    target = resolve(folder)
    assert target.kind == "crate"
    assert [binary.name for binary in target.binaries] == [""]
    assert target.binaries[0].path.is_relative_to(cache)
    assert resolve(folder / "Cargo.toml").binaries == target.binaries
    assert digest(folder) == before


def test_a_lock_file_that_is_up_to_date_is_used(tmp_path: Path, cache: Path) -> None:
    folder = crate(tmp_path / "locked")
    subprocess.run(["cargo", "generate-lockfile"], cwd=folder, check=True, capture_output=True)
    before = digest(folder)
    assert build_crate(folder, Build()).crates == ("demo 0.1.0",)
    assert digest(folder) == before
    assert not list(cache.glob("rustabi/mirror/locked-*"))


def test_a_lock_file_that_is_out_of_date_stays_so(tmp_path: Path) -> None:
    lock = 'version = 3\n\n[[package]]\nname = "other"\nversion = "9.9.9"\n'
    folder = crate(tmp_path, {**DEMO, "Cargo.lock": lock})
    before = digest(folder)
    assert build_crate(folder, Build()).crates == ("demo 0.1.0",)
    assert build_crate(folder, Build()).crates == ("demo 0.1.0",)
    assert digest(folder) == before


def test_a_file_removed_since_the_last_build(tmp_path: Path) -> None:
    folder = crate(tmp_path, {**DEMO, "build.rs": "fn main() { panic!() }"})
    with pytest.raises(BuildError, match="custom build command"):
        build_crate(folder, Build())
    (folder / "build.rs").unlink()
    assert build_crate(folder, Build()).artifacts


def test_features_and_profiles(tmp_path: Path) -> None:
    """The profile's own debug, strip and LTO settings would leave nothing to read."""
    stingy = "debug = 0\nstrip = true\nlto = true\nsplit-debuginfo = 'packed'"
    profiles = f"\n[profile.release]\n{stingy}\n[profile.tiny-one]\ninherits = 'release'\n{stingy}"
    folder = crate(tmp_path, {**DEMO, "Cargo.toml": DEMO["Cargo.toml"] + profiles})
    assert names(load_target(folder, build=Build(features=("more",)))) == ["large", "more"]
    for profile in ("release", "tiny-one"):
        build = Build(profile=profile, all_features=True)
        model = load_target(folder, build=build)
        assert names(model) == ["large", "more"]
        assert "demo::Pair" in types(model)
    with pytest.raises(BuildError, match="absent"):
        build_crate(folder, Build(features=("absent",)))


STD_LIB = LIB.replace("#![no_std]", "")


def test_what_is_linked_is_looked_at_first(tmp_path: Path) -> None:
    kinds = "[lib]\ncrate-type = ['rlib', 'cdylib', 'staticlib']"
    folder = crate(tmp_path, {"Cargo.toml": manifest("linked", kinds), "src/lib.rs": STD_LIB})
    model = load_target(folder)
    assert names(model) == ["large"]
    assert model.facts.export_rule == "dynamic symbols"
    assert [each.path.name for each in build_crate(folder, Build()).artifacts] == ["liblinked.so"]


def test_a_static_library_holds_the_standard_library_too(tmp_path: Path) -> None:
    kinds = "[lib]\ncrate-type = ['staticlib']"
    folder = crate(tmp_path, {"Cargo.toml": manifest("archive", kinds), "src/lib.rs": STD_LIB})
    model = load_target(folder)
    large = [symbol for symbol in model.symbols if symbol.name == "large"]
    assert [symbol.kind for symbol in large] == ["function"]
    assert any(note.startswith("std: ") for note in model.facts.skipped)
    assert not any(note.startswith("archive: ") for note in model.facts.skipped)


def test_programs_where_there_is_no_library(tmp_path: Path) -> None:
    source = "struct Own(u8, u32);\nfn main() { let own = Own(1, 2); std::hint::black_box(&own); }"
    files = {
        "Cargo.toml": manifest("tool"),
        "src/main.rs": source,
        "src/bin/second.rs": source.replace("Own", "Second"),
    }
    model = load_target(crate(tmp_path, files))
    assert {"tool::Own", "second::Second"} <= types(model)
    assert {unit.binary for unit in model.units} == {"second", "tool"}


WORKSPACE: Files = {
    "ws/Cargo.toml": "[workspace]\nmembers = ['one', 'two']\nresolver = '2'\n",
    "ws/one/Cargo.toml": manifest("one", "[dependencies]\nbeside = { path = '../../beside' }"),
    "ws/one/src/lib.rs": "pub fn one(held: &beside::Held) -> u32 { held.1 }",
    "ws/two/Cargo.toml": manifest("two"),
    "ws/two/src/lib.rs": LIB,
    "beside/Cargo.toml": manifest("beside", "[dependencies]\nfurther = { path = '../further' }"),
    "beside/src/lib.rs": "pub struct Held(pub u8, pub u32);",
    "further/Cargo.toml": manifest("further"),
    "further/src/lib.rs": "",
}


def test_a_workspace_and_crates_beside_it(tmp_path: Path) -> None:
    folder = crate(tmp_path, WORKSPACE)
    before = digest(folder)
    model = load_target(folder / "ws")
    assert {symbol.binary for symbol in model.symbols} == {"one", "two"}
    crates = ("beside 0.1.0", "further 0.1.0", "one 0.1.0")
    assert model.facts.crates == (*crates, "two 0.1.0")
    assert load_target(folder / "ws" / "one").facts.crates == crates
    assert names(load_target(folder / "ws", build=Build(package="two"))) == ["large"]
    with pytest.raises(InputError, match="no package three") as caught:
        load_target(folder / "ws", build=Build(package="three"))
    assert caught.value.advice == "name one of: one, two"
    assert digest(folder) == before


def test_equal_sources_give_equal_models(tmp_path: Path) -> None:
    one, other = crate(tmp_path / "one"), crate(tmp_path / "other")
    assert load_target(one) == load_target(other)


def test_the_users_target_folder_is_a_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARGO_TARGET_DIR", str(tmp_path / "target"))
    folder = crate(tmp_path / "crate")
    (artifact,) = build_crate(folder, Build()).artifacts
    assert artifact.path.is_relative_to(tmp_path / "target" / "rustabi")
    assert sorted(path.name for path in folder.iterdir()) == ["Cargo.toml", "src"]


def test_rustflags_of_the_user_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUSTFLAGS", '--cfg feature="more"')
    assert names(load_target(crate(tmp_path))) == ["large", "more"]


# failures


def test_a_compile_error(tmp_path: Path) -> None:
    folder = crate(tmp_path, {**DEMO, "src/lib.rs": 'pub fn f() -> u8 { "text" }'})
    before = digest(folder)
    with pytest.raises(BuildError, match="mismatched types") as caught:
        load_target(folder)
    assert caught.value.path == str(folder)
    assert "src/lib.rs:1" in caught.value.message
    assert "cargo build --profile=dev --lib" in str(caught.value.advice)
    assert caught.value.kind == "build-failed"
    assert digest(folder) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[package", "cannot read the manifest"),
        ("[package]\nname = 'x'", "no targets specified"),
        (manifest("x", "[dependencies]\nabsent = { path = 'absent' }"), "absent"),
    ],
    ids=["no-toml", "no-source", "no-dependency"],
)
def test_a_broken_manifest(text: str, message: str, tmp_path: Path) -> None:
    files = {"Cargo.toml": text, **({"src/lib.rs": ""} if "absent" in text else {})}
    folder = crate(tmp_path, files)
    with pytest.raises(BuildError, match=message) as caught:
        load_target(folder)
    assert caught.value.path == str(folder)
    assert not list(folder.glob("Cargo.lock"))


def test_errors_name_the_users_files_not_the_mirror(tmp_path: Path, cache: Path) -> None:
    text = manifest("demo", "[dependencies]\nabsent = { path = '../absent' }")
    folder = crate(tmp_path / "demo", {**DEMO, "Cargo.toml": text})
    with pytest.raises(BuildError) as caught:
        load_target(folder)
    assert str(tmp_path / "absent" / "Cargo.toml") in caught.value.message
    assert str(cache) not in str(caught.value)


def test_a_toolchain_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUSTUP_AUTO_INSTALL", "0")
    with pytest.raises(BuildError, match=r"1\.2\.3"):
        build_crate(crate(tmp_path), Build(toolchain="1.2.3"))


def test_no_cargo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(BuildError, match="there is none") as caught:
        load_target(crate(tmp_path))
    assert "rustup" in str(caught.value.advice)


def test_nowhere_to_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CARGO_TARGET_DIR", str(tmp_path / "file"))
    folder = crate(tmp_path / "crate")
    with pytest.raises(BuildError, match="no folder to build in") as caught:
        load_target(folder)
    assert "CARGO_TARGET_DIR" in str(caught.value.advice)
    monkeypatch.delenv("CARGO_TARGET_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(BuildError, match="no folder to build in"):
        load_target(folder)


SLEEPY = """#!/bin/sh
case "$1" in
build) echo $$ > "{note}"; exec sleep 60 ;;
*) PATH="{path}" exec cargo "$@" ;;
esac
"""


def test_an_interrupt_ends_cargo(tmp_path: Path) -> None:
    note, folder = tmp_path / "note", crate(tmp_path / "crate")
    script = crate(tmp_path, {"bin/cargo": SLEEPY.format(note=note, path=os.environ["PATH"])})
    (script / "bin" / "cargo").chmod(0o755)
    code = "import sys; from rustabi.target import load_target; load_target(sys.argv[1])"
    path = f"{script / 'bin'}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        [sys.executable, "-c", code, folder],
        env={**os.environ, "PATH": path},
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + 20
    while not (note.exists() and note.read_text().strip()) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert b"KeyboardInterrupt" in errors
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)
