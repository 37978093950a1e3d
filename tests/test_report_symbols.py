"""Exported symbols as reports, and in the kernel's own forms."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from rustabi import graph
from rustabi.binary.elf import Elf
from rustabi.cli import main
from rustabi.model import Symbol
from rustabi.report.page import plain
from rustabi.report.symbols import SymbolReport, symbol_report, symbols_report, type_counts
from rustabi.report.symvers import (
    Export,
    exports_of_files,
    exports_of_kernel,
    module_name,
    symtypes_text,
    symvers_lines,
)
from rustabi.report.text import symbols_page
from tests.elf_writer import STB_LOCAL, ElfWriter
from tests.elf_writer import Symbol as Row
from tests.support import CORPUS, GOLDENS, OBJECTS, loaded_from, model_of, needs_corpus

SAMPLES = sorted(path.stem for path in OBJECTS.glob("*.o"))


def symbol(sample: str, name: str) -> SymbolReport:
    report = symbols_report(model_of(OBJECTS / f"{sample}.o"), sample)
    return next(each for each in report.symbols if each.symbol == name)


@pytest.mark.parametrize("sample", SAMPLES)
def test_counts_are_those_of_the_graph(sample: str) -> None:
    model = model_of(OBJECTS / f"{sample}.o")
    built = graph.build(model)
    expected = [len(graph.reached(built, index)) for index in range(len(model.symbols))]
    assert type_counts(model) == expected
    assert [symbol_report(model, index).types for index in range(len(expected))] == expected


@needs_corpus
@pytest.mark.parametrize("name", ["kernel", "core", "helpers"])
def test_counts_of_a_kernel_are_those_of_the_graph(name: str) -> None:
    model = model_of(CORPUS / "base" / "rust" / f"{name}.o")
    built = graph.build(model)
    assert type_counts(model) == [
        len(graph.reached(built, index)) for index in range(len(model.symbols))
    ]


def test_a_symbol_in_words() -> None:
    found = symbol("member_added-new", "config_id")
    assert found.declaration == "fn(&member_added::Config) -> u32"
    assert found.crc is not None
    assert found.crc.startswith("0x")
    assert len(found.crc) == 10
    assert (found.kind, found.types, found.folded_into) == ("function", 4, None)


def test_folded_and_missing_symbols_are_marked() -> None:
    assert symbol("folded_function-new", "right_value").folded_into == "left_value"
    page = plain(symbols_page(symbols_report(model_of(OBJECTS / "folded_function-new.o"), "x.o")))
    assert "right_value  (folded)" in page
    bare = model_of(OBJECTS / "member_added-new.o")
    bare = bare._replace(symbols=(Symbol("_RNvC4demo4lost", None, None),))
    assert "demo::lost  (no debug info)" in plain(symbols_page(symbols_report(bare, "x.o")))


def test_methods_of_enums_and_unions_have_a_signature_and_no_version() -> None:
    """gendwarfksyms has none either: it prints 0, see tests/goldens."""
    model = model_of(OBJECTS / "constructs.o")
    found = next(each for each in symbols_report(model, "x.o").symbols
                 if each.name == "<constructs::enums::Signed>::value")  # fmt: skip
    assert found.declaration == "fn(&constructs::enums::Signed) -> i32"
    assert found.crc is None


def test_ambiguous_versions_are_marked_and_counted() -> None:
    model = model_of(OBJECTS / "member_added-new.o")
    first, *rest = model.symbols
    report = symbols_report(model._replace(symbols=(first._replace(ambiguous=True), *rest)), "x.o")
    page = plain(symbols_page(report))
    assert "  (ambiguous)" in page
    assert "1 ambiguous version: " in page


# the kernel's forms


def test_lines_of_module_symvers() -> None:
    symbols = [Symbol("first", None, None, version=0xABC), Symbol("second", None, None)]
    exports = {("", "second"): Export("EXPORT_SYMBOL", "NS")}
    assert list(symvers_lines(symbols, "out/demo.ko", exports)) == [
        "0x00000abc\tfirst\tdemo\tEXPORT_SYMBOL_GPL\t",
        "0x00000000\tsecond\tdemo\tEXPORT_SYMBOL\tNS",
    ]


def test_modules_of_a_folder_are_named_by_their_path() -> None:
    symbols = [Symbol("first", None, None, binary="drivers/usb/storage.ko")]
    (line,) = symvers_lines(symbols, "out", {})
    assert line.split("\t")[2] == "drivers/usb/storage"


@pytest.mark.parametrize(
    ("name", "module"),
    [("vmlinux", "vmlinux"), ("demo.ko", "demo"), ("demo.ko.xz", "demo"), ("a/k.o", "a/k")],
)
def test_module_names(name: str, module: str) -> None:
    assert module_name(name) == module


def elf_of(sections: dict[str, bytes], rows: list[Row]) -> Elf:
    return Elf(ElfWriter(sections, symbols=rows).data(), "x.o")


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
def test_what_each_command_counts_as_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counted by hand, as README's words have it."""
    monkeypatch.chdir(tmp_path)
    Path("s.h").write_text("struct s { int a; struct { char b; } in; long *p; };\n")
    Path("x.c").write_text('#include "s.h"\nint f(struct s *x) { return x->a; }\n')
    subprocess.run(["gcc", "-g", "-c", "x.c"], check=True)
    named, unnamed = 1, 1
    others = 5  # s *, int, char, long, long *
    function = 1

    def said(*command: str) -> str:
        assert main([*command]) == 0
        return capsys.readouterr().out

    assert f"{named} of {named} type, 0 permuted" in said("layout", "x.o")
    assert f"no crate (C, tuples): {named} type," in said("report", "x.o")
    assert f"1 of 1 exported symbol, {named + unnamed} types" in said("diff", "x.o", "x.o")
    (row,) = json.loads(said("symbols", "x.o", "--format", "json"))["symbols"]
    assert row["types"] == named + unnamed + others
    count = named + unnamed + others + function
    assert f"1 exported symbol, {count} types" in said("snapshot", "x.o", "-o", "x.json")


def test_exports_of_an_object() -> None:
    entries = b"GPL\0\0" + b"\0" * 8 + b"\0NS\0"
    rows = [
        Row("__export_symbol_one", ".export_symbol", 0, binding=STB_LOCAL),
        Row("__export_symbol_two", ".export_symbol", 13, binding=STB_LOCAL),
    ]
    assert exports_of_kernel(elf_of({".export_symbol": entries}, rows)) == {
        "one": Export("EXPORT_SYMBOL_GPL"),
        "two": Export("EXPORT_SYMBOL", "NS"),
    }


def test_exports_of_a_module_by_section_and_by_flag() -> None:
    sections = {
        "__ksymtab": bytes(24), "__ksymtab_gpl": bytes(12), "__kflagstab": b"\0\1",
        "__ksymtab_strings": b"\0DMA\0",
    }  # fmt: skip
    rows = [
        Row("__ksymtab_plain", "__ksymtab", 0, binding=STB_LOCAL),
        Row("__ksymtab_gpl_by_flag", "__ksymtab", 12, binding=STB_LOCAL),
        Row("__ksymtab_gpl_by_section", "__ksymtab_gpl", 0, binding=STB_LOCAL),
        Row("__flags_plain", "__kflagstab", 0, binding=STB_LOCAL),
        Row("__flags_gpl_by_flag", "__kflagstab", 1, binding=STB_LOCAL),
        Row("__kstrtabns_plain", "__ksymtab_strings", 1, binding=STB_LOCAL),
    ]
    assert exports_of_kernel(elf_of(sections, rows)) == {
        "plain": Export("EXPORT_SYMBOL", "DMA"),
        "gpl_by_flag": Export("EXPORT_SYMBOL_GPL"),
        "gpl_by_section": Export("EXPORT_SYMBOL_GPL"),
    }


@needs_corpus
@pytest.mark.slow
def test_exports_of_a_vmlinux_are_those_of_module_symvers() -> None:
    found = exports_of_files([(CORPUS / "vmlinux", "")])
    for line in (CORPUS / "base" / "Module.symvers").read_text().splitlines():
        crc, name, module, kind, namespace = line.split("\t")
        if module == "vmlinux":
            assert found["", name] == Export(kind, namespace, int(crc, 16))


def test_what_is_no_elf_file_says_nothing_of_exports(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("text")
    assert exports_of_files([(tmp_path / "x", "x"), (tmp_path, "y")]) == {}


@pytest.mark.parametrize("sample", ["member_added-new", "c_types-old", "folded_function-new"])
def test_type_strings_are_those_of_gendwarfksyms(sample: str) -> None:
    golden = GOLDENS / "gendwarfksyms" / f"{sample}.o.symtypes"
    assert symtypes_text(loaded_from(OBJECTS / f"{sample}.o")) == golden.read_text()


def test_type_strings_of_units_come_under_their_names() -> None:
    loaded = loaded_from(OBJECTS / "constructs-units.o", scope="unit")
    text = symtypes_text(loaded)
    headings = [line for line in text.splitlines() if line.startswith("/* ")]
    assert len(headings) == len({root.unit for root in loaded.roots.values()})
    assert text.startswith("/* ")
