"""Symbol lists: every form is read, what does not fit is told by line, Android's are extended."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from hypothesis import given
from hypothesis import strategies as st

from rustabi.binary.elf import Elf
from rustabi.binary.imports import imports_of
from rustabi.cli import main
from rustabi.errors import InputError
from rustabi.lists import ListFormat, android_list, extended_list, grouped, read_list
from tests.elf_writer import ET_EXEC, STB_LOCAL, STB_WEAK, ElfWriter, Symbol
from tests.support import CORPUS, OBJECTS, needs_corpus

OLD = str(OBJECTS / "member_added-old.o")
NEW = str(OBJECTS / "member_added-new.o")

ANDROID = b"""\
[abi_symbol_list]
# commonly used symbols
  first

  second  # why
# required by foo.ko
  first
[abi_symbol_list]
  third
"""
RED_HAT = b"[rhel9_x86_64_stablelist]\n\tfirst\n\tsecond\n"
SYMVERS = (
    b"0x12345678\tfirst\tvmlinux\tEXPORT_SYMBOL\t\n"
    b"0x00000000\tsecond\tdrivers/a\tEXPORT_SYMBOL_GPL\tNS\n"
    b"0xDEADBEEF\tthird\tvmlinux\tEXPORT_SYMBOL\n"
)
PRINTED = b"#SYMVER first 0x12345678\n#SYMVER second 0x0000000012345678\n"


@pytest.mark.parametrize(
    ("data", "format_", "names"),
    [
        (b"first\n# no\n\nsecond # why\nfirst\n0xfifth\n", "plain", "first second 0xfifth"),
        (b"first\r\nsecond\r\n", "plain", "first second"),
        (b"\xef\xbb\xbffirst", "plain", "first"),
        (ANDROID, "sections", "first second third"),
        (b"# of 2024\n" + ANDROID, "sections", "first second third"),
        (RED_HAT, "sections", "first second"),
        (SYMVERS, "symvers", "first second third"),
        (PRINTED, "gendwarfksyms", "first second"),
    ],
)
def test_every_form_is_read(data: bytes, format_: ListFormat, names: str) -> None:
    found = read_list(data, "list")
    assert (found.format, " ".join(found.names)) == (format_, names)


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"", None, "empty"),
        (b"# nothing\n\n", None, "empty"),
        (b"[abi_symbol_list]\n", None, "empty"),
        (b"first\0", None, "no text file"),
        (b"first\nsecond third\n", 2, "more than one name: 'second third'"),
        (b"first\n[abi_symbol_list]\n", 2, "a heading '[abi_symbol_list]' after names"),
        (b"[suppress_function]\nname = first\n", 1, "is not the heading of a symbol list"),
        (b"[abi_symbol_list]\n  first\n  name = x\n", 3, "more than one name"),
        (b"[abi_symbol_list]\n[abi symbol list]\n", 2, "is not the heading"),
        (SYMVERS + b"0x12345678 fourth vmlinux\n", 4, "1 columns instead of 4 or 5"),
        (SYMVERS + b"fourth\n", 4, "1 columns"),
        (b"0x12345678\tfirst\tvmlinux\n", 1, "3 columns"),
        (b"0x1234\tfirst\tvmlinux\tEXPORT_SYMBOL\t\n", 1, "'0x1234' is no version"),
        (b"0x12345678\t\tvmlinux\tEXPORT_SYMBOL\t\n", 1, "'' is no name of a symbol"),
        (b"0x12345678\ta b\tvmlinux\tEXPORT_SYMBOL\t\n", 1, "'a b' is no name"),
        (PRINTED + b"third\n", 3, "no line of the form '#SYMVER name"),
        (b"#SYMVER first\n", 1, "no line of the form"),
    ],
)
def test_what_does_not_fit_is_told_by_line(data: bytes, line: int | None, message: str) -> None:
    with pytest.raises(InputError) as raised:
        read_list(data, "some.list")
    assert message in raised.value.message
    assert raised.value.path == "some.list"
    assert raised.value.place == (None if line is None else f"line {line}")
    assert raised.value.advice


NAMES = st.text("abcdef_0123456789", min_size=1, max_size=8).filter(lambda name: name[0] > "9")


@given(st.lists(NAMES, min_size=1, unique=True))
def test_every_form_says_the_same(names: list[str]) -> None:
    forms = (
        "".join(f"{name}\n" for name in names),
        "[abi_symbol_list]\n" + "".join(f"  {name}\n" for name in names),
        "".join(f"0x01234567\t{name}\tvmlinux\tEXPORT_SYMBOL\t\n" for name in names),
        "".join(f"#SYMVER {name} 0x01234567\n" for name in names),
        android_list({"commonly used symbols": names}),
    )
    for text in forms:
        assert read_list(text.encode(), "list").names == tuple(names)


# Android's lists, written


def test_symbols_are_grouped_by_who_needs_them() -> None:
    needs = {"b.ko": ["x", "b2", "b1"], "a.ko": ["x", "a1"], "c.ko": ["x"]}
    assert android_list(grouped(needs)) == (
        "[abi_symbol_list]\n"
        "# commonly used symbols\n"
        "  x\n"
        "\n"
        "# required by a.ko\n"
        "  a1\n"
        "\n"
        "# required by b.ko\n"
        "  b1\n"
        "  b2\n"
    )


def test_a_list_is_added_to_and_nothing_goes() -> None:
    old = (
        b"# kept by hand\n[abi_symbol_list]\n# required by b.ko\n  z  # odd\n  a\n\n"
        b"# commonly used symbols\n  z\n\n\n"
    )
    groups = {
        "commonly used symbols": ["a", "x"],
        "required by a.ko": ["a1"],
        "required by b.ko": ["b1", "z"],
    }
    assert extended_list(old, "list", groups) == (
        "# kept by hand\n[abi_symbol_list]\n# required by b.ko\n  z  # odd\n  a\n  b1\n\n"
        "# commonly used symbols\n  z\n  x\n\n# required by a.ko\n  a1\n"
    )


def test_an_empty_list_is_begun() -> None:
    assert extended_list(b"\n", "list", {"required by a.ko": ["x"]}) == (
        "[abi_symbol_list]\n# required by a.ko\n  x\n"
    )
    assert extended_list(b"[abi_symbol_list]\n", "list", {"required by a.ko": ["x"]}) == (
        "[abi_symbol_list]\n\n# required by a.ko\n  x\n"
    )


def test_another_form_is_not_extended() -> None:
    with pytest.raises(InputError, match="not a list in Android's form"):
        extended_list(b"first\n", "list", {"required by a.ko": ["x"]})


GROUPS = st.dictionaries(
    st.sampled_from(["commonly used symbols", "required by a.ko", "required by b.ko"]),
    st.lists(NAMES, min_size=1, max_size=4, unique=True),
    min_size=1,
)


@given(GROUPS, GROUPS)
def test_extending_only_adds_and_does_so_once(
    one: dict[str, list[str]], other: dict[str, list[str]]
) -> None:
    before = android_list(one)
    after = extended_list(before.encode(), "list", other)
    lines = iter(after.splitlines())
    assert all(line in lines for line in before.splitlines())  # a subsequence
    known = set(read_list(before.encode(), "list").names)
    wanted = known | {name for names in other.values() for name in names}
    assert set(read_list(after.encode(), "list").names) == wanted
    assert extended_list(after.encode(), "list", other) == after


# the command line


def test_a_bad_line_is_named_and_gives_no_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "kmi"
    path.write_text("[abi_symbol_list]\n  config_id\n  two names\n")
    for command in (["diff", OLD, NEW], ["symbols", NEW]):
        assert main([*command, "--symbols", str(path)]) == 2
        assert f"{path}, line 3: more than one name" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "config_id\n",
        "[abi_symbol_list]\n  config_id\n",
        "0x01234567\tconfig_id\tvmlinux\tEXPORT_SYMBOL\t\n",
        "#SYMVER config_id 0x01234567\n",
    ],
)
def test_a_comparison_takes_every_form(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "list"
    path.write_text(text)
    assert main(["diff", OLD, NEW, "--symbols", str(path)]) == 1
    assert "1 of 1 exported symbol affected" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["symbols", NEW, "--update", "x"], "--update goes with --list-for"),
        (["symbols", NEW, "--list-for", OLD, "--symbols", "x"], "exclude each other"),
        (["symbols", NEW, "--list-for", OLD], "exports nothing that the modules import"),
        (["symbols", NEW, "--list-for", OLD, "--format", "json"], "prints a symbol list, not json"),
        (["symbols", NEW, "--list-for", "nowhere.ko"], "nowhere.ko"),
        (["symbols", NEW, "--list-for", str(OBJECTS / "nested_change-old.rlib")], "not a module"),
    ],
)
def test_lists_that_cannot_be_made(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["calling_convention_changed-old.o", "constructs-opt0.o", "member_added-old.o"]
)
def test_imports_are_the_undefined_symbols(name: str) -> None:
    """pyelftools is what this is held against."""
    data = (OBJECTS / name).read_bytes()
    section = ELFFile(io.BytesIO(data)).get_section_by_name(".symtab")
    assert isinstance(section, SymbolTableSection)
    undefined = {
        symbol.name: symbol["st_info"]["bind"] == "STB_WEAK"
        for symbol in section.iter_symbols()
        if symbol["st_shndx"] == "SHN_UNDEF" and symbol.name
    }
    assert imports_of(Elf(data, name)) == sorted(undefined.items())


@needs_corpus
def test_modules_of_a_real_kernel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the kernel's build recorded as needed (``__version_ext_names``) is what is listed."""
    modules = sorted((CORPUS / "base" / "modules").glob("rust_m*.ko"))
    target = str(CORPUS / "base" / "rust" / "kernel.o")
    assert main(["symbols", target, "--list-for", *map(str, modules)]) == 0
    said = capsys.readouterr()
    listed = set(read_list(said.out.encode(), "list").names)
    recorded: set[str] = set()
    for path in modules:
        names = Elf(path.read_bytes(), str(path)).contents("__version_ext_names")
        recorded |= {name.decode() for name in names.split(b"\0") if name}
    exported = set((CORPUS / "base" / "rust" / "kernel.syms").read_text().split())
    assert listed == recorded & exported
    assert f"not exported by {target}, so not in the list" in said.err
    assert f"({len(recorded - exported)}):" in said.err
    assert "required by rust_minimal.ko, rust_misc_device.ko\n" in said.err

    path = tmp_path / "kmi"
    path.write_text(said.out)
    every = [str(each) for each in sorted((CORPUS / "base" / "modules").glob("*.ko"))]
    arguments = ["symbols", target, "--update", str(path), "-o", str(path), "--list-for", *every]
    assert main(arguments) == 0
    after = path.read_text()
    lines = iter(after.splitlines())
    assert all(line in lines for line in said.out.splitlines())
    assert len(after) > len(said.out)
    assert "# required by nova-core.ko\n" in after


# modules made by hand


def kernel(folder: Path, *exports: str) -> str:
    """A kernel of a kind: all it has is an export table."""
    symbols = [Symbol(f"__ksymtab_{name}", "__ksymtab", binding=STB_LOCAL) for name in exports]
    path = folder / "vmlinux"
    path.write_bytes(ElfWriter({"__ksymtab": bytes(64)}, symbols, file_type=ET_EXEC).data())
    return str(path)


def module(path: Path, *imports: str, weak: str = "", layout: str = "") -> str:
    """A module that imports some symbols, and says so of ``module_layout`` in one of two ways."""
    symbols = [Symbol(name, "") for name in imports]
    symbols += [Symbol(weak, "", binding=STB_WEAK)] if weak else []
    record = bytes(8) + b"module_layout".ljust(56, b"\0")
    sections = {
        "": {},
        "basic": {"__versions": bytes(64) + record},
        "extended": {"__versions": record[:8] + bytes(56),
                     "__version_ext_names": b"x\0module_layout\0"},
    }[layout]  # fmt: skip
    path.write_bytes(ElfWriter({".text": b"", **sections}, symbols).data())
    return str(path)


def test_a_list_for_modules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = kernel(tmp_path, "kfree", "kmalloc", "printk", "module_layout", "unused")
    a = module(tmp_path / "a.ko", "printk", "kfree", "gone", layout="basic")
    b = module(tmp_path / "b.ko", "printk", "kmalloc", weak="perhaps", layout="extended")
    assert main(["symbols", target, "--list-for", a, b]) == 0
    said = capsys.readouterr()
    assert said.out == (
        "[abi_symbol_list]\n# commonly used symbols\n  module_layout\n  printk\n\n"
        "# required by a.ko\n  kfree\n\n# required by b.ko\n  kmalloc\n"
    )
    assert said.err == (
        f"rustabi: not exported by {target}, so not in the list (1):\n  gone, required by a.ko\n"
    )


def test_folders_packed_modules_and_what_modules_take_from_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = kernel(tmp_path, "printk")
    folder = tmp_path / "modules"
    folder.mkdir()
    packed = gzip.compress(Path(module(tmp_path / "a.ko", "printk", "of_b")).read_bytes())
    (folder / "a.ko.gz").write_bytes(packed)
    exports = [
        Symbol("__ksymtab_of_b", "__ksymtab", binding=STB_LOCAL),
        Symbol("not_exported"),
    ]
    (folder / "b.ko").write_bytes(
        ElfWriter({"__ksymtab": bytes(12), ".text": bytes(4)}, exports).data()
    )
    assert main(["symbols", target, "--list-for", str(folder)]) == 0
    said = capsys.readouterr()
    assert said.out == "[abi_symbol_list]\n# required by a.ko\n  printk\n"
    assert said.err == (
        "rustabi: exported by another of the modules, so not in the list (1):\n"
        "  of_b, required by a.ko\n"
    )


def test_a_list_in_a_file_is_added_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = kernel(tmp_path, "printk", "kfree")
    path = tmp_path / "kmi"
    path.write_text("[abi_symbol_list]\n# required by a.ko\n  long_gone\n")
    a = module(tmp_path / "a.ko", "printk")
    command = ["symbols", target, "--list-for", a, "--update", str(path), "-o", str(path)]
    for _ in range(2):
        assert main(command) == 0
        assert path.read_text() == "[abi_symbol_list]\n# required by a.ko\n  long_gone\n  printk\n"
    assert main(["symbols", target, "--list-for", a, "--update", str(tmp_path / "no")]) == 2
    assert "cannot be read" in capsys.readouterr().err
