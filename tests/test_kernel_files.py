"""Module.symvers from debug info, and exported names that are too long for the kernel."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from rustabi.binary.elf import Elf
from rustabi.binary.exports import exports_of
from rustabi.cli import main
from rustabi.diff import compare
from rustabi.errors import InputError, NoDebugInfoError, UsageError
from rustabi.model import Facts, Function, Model, Symbol
from rustabi.report.longnames import names_report, read_exports, short_name
from rustabi.report.modules import symvers_file
from tests.dwarf_writer import build, function, unit
from tests.elf_writer import STB_LOCAL, ElfWriter
from tests.elf_writer import Symbol as Row
from tests.support import CORPUS, GOLDENS, OBJECTS, needs_corpus, symvers

C11 = 0x1D
"""DW_LANG_C11."""

Line = tuple[int, str, str, str, str]


def lines_of(text: str) -> list[Line]:
    rows = (line.split("\t") for line in text.splitlines())
    return [(int(crc, 16), name, *rest) for crc, name, *rest in rows]  # type: ignore[misc]


# Module.symvers


@needs_corpus
@pytest.mark.slow
@pytest.mark.skipif(not (CORPUS / "vmlinux").is_file(), reason="no vmlinux in the corpus")
def test_a_linked_kernel_has_the_versions_of_its_objects() -> None:
    """23 of the rest are assembler's without any declaration, one is exported elsewhere."""
    file = symvers_file([str(CORPUS / "vmlinux")])
    found = {line[1]: line for line in lines_of(file.text)}
    expected = {
        line[1]: line
        for line in lines_of((CORPUS / "base/Module.symvers").read_text())
        if line[2] == "vmlinux"
    }
    assert found.keys() == expected.keys()
    assert {name: line[2:] for name, line in found.items()} == {
        name: line[2:] for name, line in expected.items()
    }
    differ = {name for name, line in expected.items() if found[name][0] != line[0]}
    without = {name for name in differ if not found[name][0]}
    assert len(expected) - len(differ) == 4573
    assert differ - without == {"task_user_regset_view"}
    assert len(without) == 23
    assert "vmlinux: 23 symbols without version: " in file.notes[0]
    assert "declarations" in file.notes[1]


def kernel_module(
    name: str, *, exporting: str = "", namespace: str = "", gpl: bool = False
) -> bytes:
    """A module with one function, and perhaps with an entry for it in its export table."""
    symbols = [Row(name, ".text")]
    strings = b"\0" + namespace.encode() + b"\0"
    table = "__ksymtab_gpl" if gpl else "__ksymtab"

    def add(sections: dict[str, bytes]) -> None:
        sections[".gnu.linkonce.this_module"] = bytes(64)
        if exporting:
            sections[table] = bytes(12)
            sections["__ksymtab_strings"] = strings

    if exporting:
        symbols += [
            Row(f"__ksymtab_{exporting}", table, binding=STB_LOCAL),
            Row(f"__kstrtabns_{exporting}", "__ksymtab_strings", 1, binding=STB_LOCAL),
        ]
    described = unit(function(name), language=C11, name="x.c")
    return build(described, symbols=symbols, damage=add)


def test_kernels_and_modules_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lib").mkdir()
    b = kernel_module("beta", exporting="beta", namespace="NS", gpl=True)
    (tmp_path / "lib/b.ko").write_bytes(b)
    (tmp_path / "a.ko").write_bytes(kernel_module("alpha", exporting="alpha"))
    (tmp_path / "none.ko").write_bytes(kernel_module("init_module"))
    file = symvers_file(["lib/b.ko", str(tmp_path / "a.ko"), "none.ko"])
    assert file.text == (
        "0xd272d446\tbeta\tlib/b\tEXPORT_SYMBOL_GPL\tNS\n0xd272d446\talpha\ta\tEXPORT_SYMBOL\t\n"
    )
    assert file.notes == ()
    assert [line[2] for line in lines_of(symvers_file(["."]).text)] == ["a", "lib/b"]
    with pytest.raises(InputError, match="nothing is exported"):
        symvers_file(["none.ko"])


def test_a_module_without_an_export_table_exports_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loader enters symbols of __ksymtab alone: kernel/module/main.c, find_symbol."""
    monkeypatch.chdir(tmp_path)
    Path("none.ko").write_bytes(kernel_module("init_module"))
    Path("some.ko").write_bytes(kernel_module("alpha", exporting="alpha"))
    for command, code in (
        ("report", 0), ("symbols", 0), ("diff none.ko", 2), ("names", 2), ("doctor", 2),
        ("snapshot -o none.json", 0),
    ):  # fmt: skip
        assert main([*command.split(), "none.ko"]) == code, command
        said = "".join(capsys.readouterr())
        assert "init_module" not in said, command
        assert "0 exported symbols" in said or "no symbol is exported" in said, command
    assert main(["symbols", "none.ko"]) == 0
    assert "0 exported symbols (module without __ksymtab)" in capsys.readouterr().out
    assert main(["diff", "none.json", "none.json"]) == 2
    told = "NO VERDICT: neither OLD nor NEW exports a symbol (module without __ksymtab)"
    assert told in capsys.readouterr().out
    assert main(["symbols", "some.ko"]) == 0
    assert "1 exported symbol (__ksymtab)" in capsys.readouterr().out


def test_a_module_whose_table_lost_its_names(tmp_path: Path) -> None:
    """It exports something that nothing names any more, so that all global symbols may be it."""
    data = kernel_module("alpha", exporting="alpha")
    path = tmp_path / "alpha.ko"
    path.write_bytes(data.replace(b"__ksymtab_alpha", b"__gone_its_name"))
    assert exports_of(Elf(path.read_bytes(), str(path))).names == ("alpha",)


@needs_corpus
def test_modules_export_what_readelf_lists() -> None:
    for path in sorted((CORPUS / "base/modules").glob("*.ko")):
        command = ["readelf", "-sW", str(path)]
        rows = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        listed = re.findall(r" __ksymtab_(\S+)", rows)
        assert exports_of(Elf(path.read_bytes(), str(path))).names == tuple(sorted(listed)), path


def test_what_is_exported_twice_is_told(tmp_path: Path) -> None:
    for name in ("a.ko", "b.ko"):
        (tmp_path / name).write_bytes(kernel_module("same", exporting="same"))
    notes = symvers_file([str(tmp_path)]).notes
    assert notes == ("same is exported by a and by b",)


def test_a_symbol_without_debug_info(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.ko").write_bytes(kernel_module("f", exporting="assembled"))
    assert main(["symvers", "a.ko", "-o", "Module.symvers"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "rustabi: note: a: 1 symbol without version: assembled\n"
    text = (tmp_path / "Module.symvers").read_text()
    assert text == "0x00000000\tassembled\ta\tEXPORT_SYMBOL\t\n"


def test_a_binary_without_debug_info(tmp_path: Path) -> None:
    symbols = [Row("f"), Row("__ksymtab_f", "__ksymtab", binding=STB_LOCAL)]
    bare = ElfWriter({".text": bytes(16), "__ksymtab": bytes(12)}, symbols).data()
    (tmp_path / "bare.ko").write_bytes(bare)
    with pytest.raises(NoDebugInfoError):
        symvers_file([str(tmp_path / "bare.ko")])
    (tmp_path / "a.ko").write_bytes(kernel_module("alpha", exporting="alpha"))
    file = symvers_file([str(tmp_path)])
    assert [line[:2] for line in lines_of(file.text)] == [(0xD272D446, "alpha"), (0, "f")]
    assert file.notes == ("bare: 1 symbol without version: no .debug_info section",)


def test_an_object_is_taken_whole() -> None:
    name = "member_added-old.o"
    expected = symvers(GOLDENS / "gendwarfksyms" / f"{name}.symver")
    found = lines_of(symvers_file([str(OBJECTS / name)]).text)
    assert {line[1]: {line[0]} for line in found} == expected
    assert {line[3] for line in found} == {"EXPORT_SYMBOL_GPL"}


def test_other_targets_are_refused(tmp_path: Path) -> None:
    (tmp_path / "Cargo.toml").write_text("[package]\nname = 'x'\n")
    with pytest.raises(InputError):
        symvers_file([str(OBJECTS / "no-such.o")])


# names


def test_names_at_the_limits() -> None:
    """A record of __versions has 64 bytes with the version's 8, or 4, and the NUL."""
    exported = ["a" * 55, "b" * 56, "c" * 59, "d" * 60, "e" * 511, "f" * 512]
    report = names_report(exported)
    assert (report.versions_limit, report.kallsyms_limit) == (55, 511)
    assert [each.length for each in report.names] == [56, 59, 60, 511, 512]
    assert [each.fits_kallsyms for each in report.names] == [True] * 4 + [False]
    assert [each.length for each in names_report(exported, 32).names] == [60, 511, 512]
    assert all(each.short is None for each in report.names)


def test_short_names_are_those_of_sha256() -> None:
    symbol = "_RNvNtCs1234_6kernel5page" + "x" * 60
    expected = "__h_" + hashlib.sha256(symbol.encode()).hexdigest()[:16]
    (found,) = names_report([symbol, "short"], hashed=True).names
    assert found.short == expected
    assert names_report([symbol, "short"], lookup=expected).names == (found,)
    assert names_report([symbol, "short"], lookup=symbol).names == (found,)
    with pytest.raises(UsageError, match="nope"):
        names_report([symbol], lookup="nope")


def test_names_with_the_same_short_name_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rustabi.report.longnames.short_name", lambda _: "__h_0")
    with pytest.raises(InputError, match="same short name"):
        names_report(["a", "b"])


@needs_corpus
def test_names_of_a_kernel() -> None:
    path = CORPUS / "base/Module.symvers"
    exported, bits = read_exports([str(path)])
    rows = [line.split("\t")[1] for line in path.read_text().splitlines()]
    report = names_report(exported, bits)
    assert report.exported == len(rows)
    assert {each.symbol for each in report.names} == {name for name in rows if len(name) >= 56}
    assert report.names
    with pytest.raises(InputError, match="no symbol is exported"):
        read_exports([str(CORPUS / "base/modules/rust_minimal.ko")])


def test_names_of_a_binary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(OBJECTS / "constructs.o")
    assert main(["names", path, "--hash-names", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    long = [
        name for name in symvers(GOLDENS / "gendwarfksyms/constructs.o.symver") if len(name) > 55
    ]
    assert [each["symbol"] for each in report["names"]] == sorted(long)
    snapshot = str(tmp_path / "x.json")
    assert main(["snapshot", path, "-o", snapshot]) == 0
    capsys.readouterr()
    assert main(["names", snapshot, "--hash-names", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == report
    assert main(["names", path]) == 0
    assert capsys.readouterr().out.startswith(f"{report['exported']} exported symbols, ")


# .llvm.N


def model_with(name: str) -> Model:
    symbol = Symbol(name, "function", 0, version=1)
    return Model((Function((), None),), (symbol,), (), (), Facts("x86_64", 8, True))


@pytest.mark.parametrize("name", ["helper", "_RNvC4demo6helper"])
def test_suffixes_of_thin_lto_do_not_split_a_symbol(name: str) -> None:
    """LLVM numbers what it makes visible to other units anew in each build."""
    old, new = model_with(f"{name}.llvm.1234567890"), model_with(f"{name}.llvm.9D1C9369")
    comparison = compare(old, new)
    assert comparison.verdict == "compatible"
    assert comparison.findings == ()
    assert short_name(old.symbols[0].name) == short_name(new.symbols[0].name) == short_name(name)
    assert len(names_report([old.symbols[0].name, new.symbols[0].name], lookup=name).names) == 2
