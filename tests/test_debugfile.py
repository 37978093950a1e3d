"""Debug info in files of their own, as objcopy and a linker's build-id leave them."""

from __future__ import annotations

import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest

from rustabi.binary.debugfile import DebugLink, debug_link, find_debug_file
from rustabi.binary.elf import Elf
from rustabi.check.module import read_module, with_types
from tests.elf_writer import EM_S390, EM_X86_64, ElfWriter
from tests.kernel_files import modinfo, write
from tests.support import OBJECTS

OBJECT = OBJECTS / "member_added-old.o"
needs_objcopy = pytest.mark.skipif(not shutil.which("objcopy"), reason="no objcopy")


def objcopy(*arguments: str | Path) -> None:
    subprocess.run(["objcopy", *map(str, arguments)], check=True)


@pytest.fixture
def stripped(tmp_path: Path) -> Path:
    """A module without debug info, with a link to ``demo.ko.debug`` beside it."""
    info = write(tmp_path, "modinfo", modinfo())
    whole, module = tmp_path / "whole.ko", tmp_path / "demo.ko"
    objcopy("--add-section", f".modinfo={info}", OBJECT, whole)
    objcopy("--only-keep-debug", whole, tmp_path / "demo.ko.debug")
    objcopy("--strip-debug", whole, module)
    objcopy(f"--add-gnu-debuglink={tmp_path / 'demo.ko.debug'}", module)
    return module


def read(path: Path, *folders: Path) -> tuple[bool, str]:
    module = with_types(read_module(path, lambda _: None), folders)
    return module.model is not None, module.no_types


@needs_objcopy
def test_the_file_that_the_link_names(stripped: Path, tmp_path: Path) -> None:
    assert read(stripped) == (True, "")
    found = with_types(read_module(stripped, lambda _: None)).model
    assert found is not None
    assert any(getattr(node, "name", "").startswith("member_added::") for node in found.types)
    for folder in (tmp_path / ".debug", tmp_path / "elsewhere"):
        folder.mkdir()
        next(tmp_path.rglob("demo.ko.debug")).rename(folder / "demo.ko.debug")
        assert read(stripped, tmp_path / "elsewhere") == (True, "")


@needs_objcopy
def test_a_file_of_another_build_is_not_believed(stripped: Path) -> None:
    debug = stripped.with_name("demo.ko.debug")
    debug.write_bytes(debug.read_bytes() + b"\0")
    good, why = read(stripped)
    assert not good
    assert "no .debug_info section" in why
    assert "its CRC is not that of the link" in why


@needs_objcopy
def test_without_any_file(stripped: Path) -> None:
    stripped.with_name("demo.ko.debug").unlink()
    assert read(stripped) == (False, "no .debug_info section")


def with_build_id(build_id: bytes) -> bytes:
    note = struct.pack("<III", 4, len(build_id), 3) + b"GNU\0" + build_id
    return ElfWriter({".text": b"\xc3", ".note.gnu.build-id": note}).data()


def test_build_ids(tmp_path: Path) -> None:
    own, other = bytes(range(20)), bytes(range(1, 21))
    path = write(tmp_path, "demo.ko", with_build_id(own))
    elf = Elf(path.read_bytes(), "")
    store = tmp_path / "debug"
    folder = store / ".build-id" / "00"
    folder.mkdir(parents=True)
    assert find_debug_file(path, elf, [store]).path is None
    place = write(folder, f"{own.hex()[2:]}.debug", with_build_id(other))
    found = find_debug_file(path, elf, [store])
    assert found.path is None
    assert other.hex() in found.rejected[0]
    place.write_bytes(with_build_id(own))
    assert find_debug_file(path, elf, [store]).path == place


@pytest.mark.parametrize(("machine", "little_endian"), [(EM_X86_64, True), (EM_S390, False)])
@pytest.mark.parametrize("name", ["a", "abc", "abcd", "demo.ko.debug"])
def test_links_of_any_byte_order(name: str, machine: int, little_endian: bool) -> None:
    crc = zlib.crc32(name.encode())
    padded = name.encode().ljust((len(name) + 4) // 4 * 4, b"\0")
    data = padded + struct.pack("<I" if little_endian else ">I", crc)
    sections = {".text": b"", ".gnu_debuglink": data}
    elf = Elf(ElfWriter(sections, machine=machine, little_endian=little_endian).data(), "")
    assert debug_link(elf) == DebugLink(name, crc)


@pytest.mark.parametrize(
    "data", [b"", b"a", b"a\0\0\0", b"\0\0\0\0\1\2\3\4", b"../a\0\0\0\0\1\2\3\4"]
)
def test_damaged_links_are_none(data: bytes) -> None:
    assert debug_link(Elf(ElfWriter({".gnu_debuglink": data}).data(), "")) is None
