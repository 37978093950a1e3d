"""Causes of version changes from ``.symtypes`` alone: against gendwarfksyms' own versions."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rustabi.cli import main
from rustabi.errors import InputError
from rustabi.symtypesdiff import Cause, Difference, SymtypesDiff, diff_symtypes
from rustabi.symtypesfile import Unit, read_symtypes
from tests.support import CORPUS, GOLDENS, needs_corpus, symvers

TOOL = GOLDENS / "gendwarfksyms"
PAIRS = sorted(path.name.removesuffix("-old.o.symtypes") for path in TOOL.glob("*-old.o.symtypes"))


def diff_of(tmp_path: Path, old: str, new: str) -> SymtypesDiff:
    """What differs between two files of this text."""
    sides = []
    for name, text in (("old", old), ("new", new)):
        (tmp_path / f"{name}.symtypes").write_text(text)
        sides.append(read_symtypes(tmp_path / f"{name}.symtypes"))
    return diff_symtypes(*sides)


def units(tmp_path: Path, text: str) -> list[Unit]:
    (tmp_path / "x.symtypes").write_text(text)
    return read_symtypes(tmp_path / "x.symtypes")


# the truth: versions that the kernel's tool computed


def single(pair: str) -> Iterator[tuple[dict[str, int], Path]]:
    """Versions and types of both sides, where the tool has one answer to each."""
    for side in ("old", "new"):
        answers = symvers(TOOL / f"{pair}-{side}.o.symver")
        assert all(len(each) == 1 for each in answers.values())
        versions = {name: next(iter(each)) for name, each in answers.items()}
        yield (
            {name: crc for name, crc in versions.items() if crc},
            TOOL / f"{pair}-{side}.o.symtypes",
        )


@pytest.mark.parametrize("pair", PAIRS)
def test_the_symbols_are_those_whose_version_differs(pair: str) -> None:
    (before, old), (after, new) = single(pair)
    found = diff_symtypes(read_symtypes(old), read_symtypes(new))
    shared = before.keys() & after.keys()
    assert set(found.changed) == {name for name in shared if before[name] != after[name]}
    assert set(found.added) == after.keys() - shared
    assert set(found.removed) == before.keys() - shared
    assert found.same + len(found.changed) == len(shared)
    for cause in found.causes:
        assert cause.differences, cause.name


def test_there_are_pairs() -> None:
    assert len(PAIRS) > 40


@needs_corpus
def test_one_added_field_in_a_kernel() -> None:
    old, new = CORPUS / "base/rust", CORPUS / "fieldadd/rust"
    found = diff_symtypes(read_symtypes(old), read_symtypes(new))
    expected = set()
    for path in old.glob("*.symver"):
        before, after = symvers(path), symvers(new / path.name)
        expected |= {name for name in before if before[name] != after[name]}
    assert set(found.changed) == expected
    assert len(expected) == 6
    (cause,) = found.causes
    assert cause.name == "s#kernel::uaccess::UserSliceReader"
    added = [each for each in cause.differences if each.edit == "added"]
    assert len(added) == 1
    assert " consumed " in added[0].new


# genksyms


OLD = """\
E#RED 0x0
e#colour enum colour { E#RED , E#GREEN }
E#GREEN 0x1
s#inner struct inner { int a ; char b [ 4 ] ; }
s#outer struct outer { s#inner * first ; t#u32 bits : 3 ; }
t#u32 typedef unsigned int u32
u#pair union pair { int x ; long y ; }
by_inner extern int by_inner ( s#inner * )
by_outer extern int by_outer ( s#outer * , e#colour )
by_pair extern void by_pair ( u#pair )
alone extern void alone ( int )
"""


def test_a_member_that_grows_is_one_cause(tmp_path: Path) -> None:
    found = diff_of(tmp_path, OLD, OLD.replace("char b [ 4 ]", "char b [ 8 ]"))
    assert found.causes == (
        Cause(
            "s#inner", "", (Difference("changed", "char b [ 4 ]", "char b [ 8 ]"),),
            ("by_inner", "by_outer"),
        ),
    )  # fmt: skip
    assert found.same == 2


def test_members_that_come_go_and_move(tmp_path: Path) -> None:
    old = "s#s struct s { int a ; int b ; int c ; int d ; }\nf void f ( s#s )\n"
    new = "s#s struct s { int d ; int a ; int c ; long e ; }\nf void f ( s#s )\n"
    (cause,) = diff_of(tmp_path, old, new).causes
    assert sorted(cause.differences) == [
        Difference("added", "", "long e"),
        Difference("moved", "int d", "int d"),
        Difference("removed", "int b", ""),
    ]


def test_a_signature_is_a_cause_of_its_own(tmp_path: Path) -> None:
    found = diff_of(tmp_path, OLD, OLD.replace("alone ( int )", "alone ( int , s#inner * )"))
    (cause,) = found.causes
    assert (cause.name, cause.symbols) == ("alone", ("alone",))
    assert cause.differences == (Difference("added", "", "s#inner *"),)


def test_enumerators_and_typedefs(tmp_path: Path) -> None:
    new = OLD.replace("E#GREEN 0x1", "E#GREEN 0x2").replace("unsigned int u32", "unsigned long u32")
    found = diff_of(tmp_path, OLD, new)
    assert [(each.name, each.symbols) for each in found.causes] == [
        ("E#GREEN", ("by_outer",)),
        ("t#u32", ("by_outer",)),
    ]


def test_a_type_that_comes_is_no_cause(tmp_path: Path) -> None:
    """It comes because a record that names it changed: that one is told."""
    new = OLD.replace("s#inner * first", "s#fresh * first") + "s#fresh struct fresh { int z ; }\n"
    found = diff_of(tmp_path, OLD, new)
    assert [each.name for each in found.causes] == ["s#outer"]


def test_a_change_that_only_the_new_reaches_is_no_cause(tmp_path: Path) -> None:
    """Alone reaches the changed type in NEW only: its own change is the cause."""
    new = OLD.replace("alone ( int )", "alone ( s#inner * )").replace("int a ;", "long a ;")
    found = diff_of(tmp_path, OLD, new)
    assert {each.name: each.symbols for each in found.causes} == {
        "s#inner": ("by_inner", "by_outer"),
        "alone": ("alone",),
    }


def test_symbols_that_come_and_go(tmp_path: Path) -> None:
    found = diff_of(tmp_path, OLD, OLD.replace("alone extern void alone", "lone extern void lone"))
    assert (found.added, found.removed, found.causes) == (("lone",), ("alone",), ())


def test_a_definition_that_is_hidden(tmp_path: Path) -> None:
    body = "struct inner { int a ; char b [ 4 ] ; }"
    hidden = OLD.replace(body, "struct inner { UNKNOWN }")
    assert [each.opaque for each in diff_of(tmp_path, OLD, hidden).causes] == ["new"]
    assert [each.opaque for each in diff_of(tmp_path, hidden, OLD).causes] == ["old"]


def test_records_of_a_reference_file(tmp_path: Path) -> None:
    assert (
        diff_of(tmp_path, OLD, OLD.replace("s#inner struct", "override s#inner struct")).same == 4
    )


# names in quotes, as gendwarfksyms has them


def test_names_with_blanks(tmp_path: Path) -> None:
    old = (
        "f subprogram ( formal_parameter pointer_type { s#'a::P<'x', u8>' } p ) -> base_type void\n"
        "s#'a::P<'x', u8>' structure_type a::P<'x', u8> { member base_type u8 byte_size(1)"
        " encoding(7) 0 accessibility(1) data_member_location(0) } byte_size(1) alignment(1)\n"
    )
    new = old.replace("u8 byte_size(1)", "i8 byte_size(1)")
    (cause,) = diff_of(tmp_path, old, new).causes
    assert cause.name == "s#'a::P<'x', u8>'"
    assert [each.edit for each in cause.differences] == ["changed"]


# trees and consolidated files


def test_trees_are_paired_by_path(tmp_path: Path) -> None:
    """One name is two types in two objects: each is held against its own."""
    for side, size in (("old", 4), ("new", 8)):
        for part, text in (("a", f"char [ {size} ]"), ("b", "char [ 4 ]")):
            folder = tmp_path / side / part
            folder.mkdir(parents=True)
            (folder / "x.symtypes").write_text(
                f"s#s struct s {{ {text} m ; }}\n{part} void {part} ( s#s )\n"
            )
    found = diff_symtypes(read_symtypes(tmp_path / "old"), read_symtypes(tmp_path / "new"))
    assert [(each.name, each.symbols) for each in found.causes] == [("s#s", ("a",))]
    assert found.same == 1


CONSOLIDATED = """\
/* a.symtypes */
s#foo struct foo { int m ; }
u##bar
baz void baz ( s#foo a1 , u#bar * a2 )

/* b.symtypes */
u#bar union bar { int i ; float f ; }
qux void qux ( s#foo a1 , u#bar * a2 )
"""
"""The example of suse-kabi-tools(5)."""


def test_a_consolidated_file_says_what_its_parts_said(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    foo = "s#foo struct foo { int m ; }\n"
    (tree / "a.symtypes").write_text(
        foo + "u#bar union bar { UNKNOWN }\nbaz void baz ( s#foo a1 , u#bar * a2 )\n"
    )
    (tree / "b.symtypes").write_text(
        foo + "u#bar union bar { int i ; float f ; }\nqux void qux ( s#foo a1 , u#bar * a2 )\n"
    )
    consolidated = units(tmp_path, CONSOLIDATED)
    assert consolidated == read_symtypes(tree)
    assert diff_symtypes(consolidated, read_symtypes(tree)).same == 2


def test_packed_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress(CONSOLIDATED.encode()))
    assert read_symtypes(tmp_path / "x.gz") == units(tmp_path, CONSOLIDATED)


# bad input


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("f void f ( s#gone )\n", r"x\.symtypes:1: 'f' refers to 's#gone'"),
        ("f void f ( )\ns#s\n", r":2: no description"),
        ("f void f ( )\ns#'a b structure_type a b { }\n", r":2: the quote"),
        ("s#s struct s { }\ns#s struct s { int a ; }\nf void f ( )\n", r":2: s#s is defined"),
        ("/* a.symtypes */\n\noverride\n", r":3: no description"),
        ("", "empty"),
        ("s#s struct s { int a ; }\n", "no exported symbol"),
        ("hello world\n", r":1: .hello. is followed by no declaration"),
    ],
)
def test_damage_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        units(tmp_path, text)


def test_a_binary_is_told_as_such(tmp_path: Path) -> None:
    """An object beside its ``.symtypes`` file, named by mistake."""
    (tmp_path / "kernel.o").write_bytes(b"\x7fELF\x02\x01\x01\n\0\x8b\n")
    with pytest.raises(InputError, match="a binary"):
        read_symtypes(tmp_path / "kernel.o")


def test_a_folder_without_any(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no \.symtypes"):
        read_symtypes(tmp_path)


# the command


def test_exit_codes_and_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new, bad = (tmp_path / f"{name}.symtypes" for name in ("old", "new", "bad"))
    old.write_text(OLD)
    new.write_text(OLD.replace("char b [ 4 ]", "char b [ 8 ]"))
    bad.write_text("f void f ( s#gone )\n")
    assert main(["symtypes-diff", str(old), str(old)]) == 0
    assert capsys.readouterr().out.startswith("SAME: 4 exported symbols")
    assert main(["symtypes-diff", str(old), str(bad)]) == 2
    assert f"{bad}:1: " in capsys.readouterr().err
    assert main(["symtypes-diff", str(old), str(new)]) == 1
    assert capsys.readouterr().out == (
        "DIFFERENT: 2 of 4 exported symbols with another version, 1 cause\n"
        "\n"
        "struct inner\n"
        "  - char b [ 4 ]\n"
        "  + char b [ 8 ]\n"
        "  changes the version of 2 exported symbols:\n"
        "    by_inner\n"
        "    by_outer\n"
    )
    assert main(["symtypes-diff", str(old), str(new), "--format", "json"]) == 1
    report = json.load(io.StringIO(capsys.readouterr().out))
    assert (report["verdict"], report["changed"]) == ("different", ["by_inner", "by_outer"])
