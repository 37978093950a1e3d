"""``rustabi ksyms`` in place of gendwarfksyms: options, order, text; against the tool and goldens.

The goldens are what the tool printed. Where the tool itself is at hand, both are asked the same.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from rustabi.binary.elf import Elf
from rustabi.cli import main
from rustabi.cli.ksyms import parsed
from rustabi.cli.ksyms_options import plain
from rustabi.errors import DwarfError, InputError
from rustabi.ksyms import Session, Wanted, print_order, read_names
from tests.dwarf_writer import base, build, entry, function, struct, unit
from tests.support import (
    CORPUS,
    GOLDENS,
    OBJECTS,
    ORACLE,
    ROOT,
    needs_corpus,
    needs_oracle,
    symvers,
)

TOOL = ORACLE / "gendwarfksyms"
GOLDEN = GOLDENS / "gendwarfksyms"
SAMPLES = sorted(path.stem for path in GOLDEN.glob("*.symver"))
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
needs_binutils = pytest.mark.skipif(shutil.which("nm") is None, reason="no nm")


class Said(NamedTuple):
    """What a run said; stderr in lines, sorted: their order hangs on the memory of the tool."""

    failed: bool
    out: str
    err: list[str]
    symtypes: str | None = None


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Ask:
    return Ask(monkeypatch, capfdbinary)


class Ask:
    """Runs the command line with names on standard input."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[bytes]
    ) -> None:
        self._monkeypatch = monkeypatch
        self._capture = capture

    def __call__(self, names: str, *arguments: str) -> Said:
        stdin = io.TextIOWrapper(io.BytesIO(names.encode()))
        self._monkeypatch.setattr("sys.stdin", stdin)
        code = main(["ksyms", *arguments])
        out, err = (each.decode() for each in self._capture.readouterr())
        return Said(code != 0, out, sorted(err.splitlines()))


def names_of(path: Path) -> str:
    """What rust/Makefile gives to the tool: the names that ``nm -p`` marks T, R, D or B."""
    wanted = {line.split()[1] for line in (GOLDEN / f"{path.name}.symver").read_text().splitlines()}
    symbols = Elf(path.read_bytes(), str(path)).symbols()
    return "".join(f"{each.name}\n" for each in symbols if each.binding and each.name in wanted)


# standard input


def test_a_line_is_a_name_and_what_nobody_reads() -> None:
    data = b"  foo junk\nbar\r\nfoo\n\tbaz"
    assert read_names(data) == ["foo", "bar", "baz"]
    assert read_names(b"") == []
    pointer = b"__gendwarfksyms_ptr_"
    assert read_names(b"foo\n" + pointer + b"foo\n") == ["foo"]
    assert read_names(pointer + b"foo\nfoo\n") == ["__gendwarfksyms_ptr_foo", "foo"]


@pytest.mark.parametrize("data", [b"foo\n\nbar\n", b"foo\n \t\n", b"\n", b"foo\n\0\n", b"foo\n "])
def test_a_line_without_a_name_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="line"):
        read_names(data)


def test_the_order_is_that_of_the_hash() -> None:
    """Published values of FNV-1a (32 bits): a e40c292c, b e70c2de5, foobar bf9cf968."""
    buckets = {"a": 0x92C, "b": 0xDE5, "foobar": 0x968}
    assert print_order(["b", "foobar", "a"]) == sorted(buckets, key=lambda name: buckets[name])


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_print_what_the_tool_printed(ask: Ask, name: str, tmp_path: Path) -> None:
    """Order and text are those of the golden, which has every answer where the tool has several."""
    golden = (GOLDEN / f"{name}.symver").read_text().splitlines()
    said = ask(names_of(OBJECTS / name), "-T", str(tmp_path / "x"), str(OBJECTS / name))
    lines = said.out.splitlines()
    assert not said.failed
    assert [line.split()[1] for line in lines] == list(
        dict.fromkeys(line.split()[1] for line in golden)
    )
    assert set(lines) <= set(golden)
    symtypes = (tmp_path / "x").read_text().splitlines()
    assert set(symtypes) <= set((GOLDEN / f"{name}.symtypes").read_text().splitlines())
    zero = {line.split()[1] for line in golden if line.endswith(" 0x00000000")}
    warning = "warning: gendwarfksyms: symbol_print_versions: no information for symbol "
    assert said.err == sorted(warning + symbol for symbol in zero)


def test_a_symbol_that_is_not_there_has_zero(ask: Ask) -> None:
    said = ask("config_id\nnope\n", str(OBJECTS / "member_added-old.o"))
    assert not said.failed
    assert "#SYMVER nope 0x00000000\n" in said.out
    assert any("no information for symbol nope" in line for line in said.err)


# errors


def test_no_names_no_work(ask: Ask, tmp_path: Path) -> None:
    assert ask("", "/no/such.o", "-T", str(tmp_path / "x")) == Said(False, "", [])
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no object"),
        (["--nope", "x.o"], "--nope"),
        (["--dump", "x.o"], "ambiguous"),
        (["--dump-die-map", "x.o"], "memory"),
        (["/no/such.o"], "no such file"),
        ([str(ROOT / "README.md")], "not an ELF file"),
        (["-T", "/no/such/folder/x", str(OBJECTS / "member_added-old.o")], "cannot be written"),
    ],
)
def test_errors_print_no_version(ask: Ask, arguments: list[str], message: str) -> None:
    said = ask("config_id\n", *arguments)
    assert said.failed
    assert said.out == ""
    assert message in "\n".join(said.err)


def test_an_object_without_debug_info_is_an_error(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "x.o").write_bytes(
        build(unit(function("f")), damage=lambda s: s.pop(".debug_info"))
    )
    said = ask("f\n", str(tmp_path / "x.o"))
    assert said.failed
    assert "no .debug_info" in said.err[0]


def test_functions_without_any_type_have_a_version(ask: Ask, tmp_path: Path) -> None:
    """The CRC-32 of ``subprogram ( ) -> base_type void``, as many a kernel symbol has it."""
    (tmp_path / "x.o").write_bytes(build(unit(function("f"))))
    said = ask("f\n", str(tmp_path / "x.o"))
    assert said == Said(False, "#SYMVER f 0xd272d446\n", [])


def test_what_the_tool_stops_at_is_refused() -> None:
    odd = struct("odd", 4, [entry(0x1C, name="base")])  # DW_TAG_inheritance
    good = function("g", [("x", base("u32", 4))])
    data = build(unit(function("f", [("x", odd)]), good))
    session = Session(["f", "g"], Wanted())
    with pytest.raises(DwarfError, match="symbol f"):
        session.add(Elf(data, "x.o"))
    session = Session(["g"], Wanted())
    session.add(Elf(data, "x.o"))
    assert session.answer().notes == ()


# start-up


@pytest.mark.parametrize(
    "arguments",
    [
        ["a.o"], ["-s", "a.o", "b.o"], ["a.o", "--stable"], ["-T", "out", "a.o"], [],
        ["--symtypes", "out", "-s", "a.o"], ["a.o", "-T", "one", "-T", "two"], ["-T", "", "a.o"],
        ["--jobs", "1", "a.o"], ["a.o", "--jobs", "12", "-s"],
    ],
)  # fmt: skip
def test_a_kernel_builds_options_are_what_argparse_makes_of_them(arguments: list[str]) -> None:
    found = plain(arguments)
    assert found is not None
    assert found == parsed(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["-T"],
        ["a.o", "-T", "-s"],
        ["-sTx"],
        ["--stab", "a.o"],
        ["--", "a.o"],
        ["-d"],
        ["--help"],
        ["--jobs"],
        ["--jobs", "0", "a.o"],
        ["--jobs", "two", "a.o"],
        ["--jobs", "\u0662", "a.o"],
        ["--jobs", "9" * 5000, "a.o"],
    ],
)  # fmt: skip
def test_all_other_options_are_left_to_argparse(arguments: list[str]) -> None:
    assert plain(arguments) is None


def test_nothing_heavy_is_imported() -> None:
    """A kernel build calls it for every object."""
    heavy = {
        "networkx", "pydantic", "elftools", "rich", "demangle", "rust_demangler", "json",
        "typing", "re", "enum", "argparse", "importlib.metadata",
    }  # fmt: skip
    code = (
        "import sys; before = {*sys.modules}; from rustabi.cli import main; main(sys.argv[1:]);"
        f"sys.exit(repr(sorted({heavy!r} & ({{*sys.modules}} - before))))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, "ksyms", str(OBJECTS / "member_added-old.o")],
        input="config_id\n", capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert result.stdout.startswith("#SYMVER config_id 0x")
    assert result.stderr == "[]\n"


# against the tool


def tool(names: str, arguments: Sequence[str], folder: Path) -> Said:
    """What gendwarfksyms says; its addresses are fixed so that it repeats itself."""
    fixed = ["setarch", "-R"] if shutil.which("setarch") else []
    result = subprocess.run(
        [*fixed, str(TOOL), *arguments], input=names, capture_output=True, text=True,
        check=False, cwd=folder,
    )  # fmt: skip
    return Said(result.returncode != 0, result.stdout, sorted(result.stderr.splitlines()))


def both(
    ask: Ask, names: str, arguments: Sequence[str], folder: Path, scratch: Path
) -> tuple[Said, Said]:
    """What the tool says and what rustabi says, with a symtypes file."""
    found = []
    os.chdir(folder)
    for which in ("tool", "rustabi"):
        path = scratch / which
        every = ["--symtypes", str(path), *arguments]
        said = tool(names, every, folder) if which == "tool" else ask(names, *every)
        found.append(said._replace(symtypes=path.read_text() if path.exists() else None))
    return found[0], found[1]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that is left again: `both` changes folders."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


DUMPS = ["--dump-dies", "--dump-versions"]


@needs_oracle
@pytest.mark.parametrize("name", [name for name in SAMPLES if not name.startswith("constructs")])
@pytest.mark.parametrize("options", [[], DUMPS], ids=["plain", "dumps"])
def test_samples_against_the_tool(ask: Ask, here: Path, name: str, options: list[str]) -> None:
    expected, said = both(ask, names_of(OBJECTS / name), [*options, name], OBJECTS, here)
    assert said == expected


@needs_oracle
@pytest.mark.parametrize("name", ["c_types-old.o", "two_crate_versions-old.o"])
def test_dumped_types_are_among_the_tools(ask: Ask, name: str) -> None:
    """The tool also prints strings that longer ones replace; their order hangs on its memory."""
    path = OBJECTS / name
    expected = tool(names_of(path), ["--dump-types", name], OBJECTS)
    said = ask(names_of(path), "--dump-types", str(path))
    assert said.out == expected.out
    assert said.err
    assert set(said.err) <= set(expected.err)
    assert {line.split()[0] for line in said.err} == {line.split()[0] for line in expected.err}


@needs_oracle
def test_the_debugging_text_is_the_tools(ask: Ask, here: Path) -> None:
    """All but what it says of its own memory: a hash map's counts, and the order of types."""
    own = ("gendwarfksyms: die_map_free", "gendwarfksyms: expand_type", "gendwarfksyms: type_map")
    names = names_of(OBJECTS / "c_types-old.o")
    os.chdir(OBJECTS)
    expected = tool(names, ["-d", "c_types-old.o"], OBJECTS)
    kept = [line for line in expected.err if not line.startswith(own)]
    assert ask(names, "-d", "c_types-old.o").err == kept


@needs_oracle
def test_several_objects_against_the_tool(ask: Ask, here: Path) -> None:
    objects = ["c_types-old.o", "member_added-old.o", "c_types-new.o"]
    names = "".join(names_of(OBJECTS / name) for name in objects)
    expected, said = both(ask, names, objects, OBJECTS, here)
    assert said == expected


def compiled(source: str, path: Path, *options: str) -> None:
    path.with_suffix(".c").write_text(source)
    subprocess.run(
        ["gcc", "-g", "-c", *options, str(path.with_suffix(".c")), "-o", str(path)], check=True
    )


TWO_OBJECTS = (
    "int foo(long a) { return 1; }\nint f2(long a) { return 1; }\n",
    "extern int foo(char c); int (*keep)(char) = foo;\nint bar(char *b) { return 1; }\n"
    "int zed(char *b, int d) { return 1; }\n",
)


@needs_oracle
@needs_gcc
@pytest.mark.parametrize("order", [("a.o", "b.o"), ("b.o", "a.o"), ("a.o", "a.o", "b.o")])
@pytest.mark.parametrize("names", ["foo bar", "zed f2", "foo bar zed f2 keep nope"])
def test_equal_places_in_two_objects(
    ask: Ask, here: Path, order: tuple[str, ...], names: str
) -> None:
    """The tool takes what stands in equal places of two objects for aliases."""
    for name, source in zip(("a.o", "b.o"), TWO_OBJECTS, strict=True):
        compiled(source, here / name)
    listed = "".join(f"{name}\n" for name in names.split())
    expected, said = both(ask, listed, ["--dump-versions", "--dump-dies", *order], here, here)
    assert said == expected


@needs_oracle
@needs_gcc
def test_types_in_units_of_their_own_are_resolved_here_alone(ask: Ask, here: Path) -> None:
    """The tool takes what is told by its signature for void."""
    (here / "x.h").write_text("typedef struct { int a; } t;\nint f(t *x) { return 1; }\n")
    compiled('#include "x.h"\n', here / "x.o", "-fdebug-types-section")
    expected, said = both(ask, "f\n", ["x.o"], here, here)
    assert said.out != expected.out
    assert "t#t typedef_type t { base_type void }\n" in (expected.symtypes or "")
    assert "t#t typedef_type t { structure_type { member base_type int " in (said.symtypes or "")


@needs_oracle
@needs_gcc
def test_split_debug_info_is_refused_where_the_tool_has_zeros(ask: Ask, here: Path) -> None:
    compiled("int f(void) { return 1; }\n", here / "x.o", "-gsplit-dwarf")
    expected, said = both(ask, "f\n", ["x.o"], here, here)
    assert (expected.failed, expected.out) == (False, "#SYMVER f 0x00000000\n")
    assert (said.failed, said.out, said.symtypes) == (True, "", None)
    assert "split off into .dwo or .dwp files" in said.err[0]


RULES = r"""
#define RULE(n, type, target, value) static const char \
  __attribute__((used, aligned(1), section(".discard.gendwarfksyms.kabi_rules"))) \
  rule##n[] = "1\0" type "\0" target "\0" value
struct q { int a; };
RULE(1, "type_string", "s#nowhere", "structure_type nowhere { int }");
RULE(2, "type_string", "s#q", "structure_type q { s#other t#'a b' } x");
RULE(3, "type_string", "s#other", "structure_type other { }");
RULE(4, "type_string", "t#'a b'", "typedef_type s#q ");
RULE(5, "type_string", "u#u", "union_type s#missing ");
RULE(6, "type_string", "g", "subprogram changed s#q");
union u; union u *up;
struct q *v; struct q x;
int f(void) { return 0; }
__attribute__((alias("f"))) int g(void);
"""


ALL_IGNORED = r"""
#define RULE(n, type, target, value) static const char \
  __attribute__((used, aligned(1), section(".discard.gendwarfksyms.kabi_rules"))) \
  rule##n[] = "1\0" type "\0" target "\0" value
#define IGNORE(n, new) union { new; unsigned char __kabi_ignored##n; }
struct only { IGNORE(0, int a); IGNORE(1, long b); };
union within { struct { IGNORE(0, int q); } s; int y; };
struct outer { struct only o; struct { IGNORE(0, int z); } nameless; union within u; };
enum none { A, B };
enum first { C, D, E };
enum last { F, G };
RULE(1, "enumerator_ignore", "none A", "");
RULE(2, "enumerator_ignore", "none B", "");
RULE(3, "enumerator_ignore", "first C", "");
RULE(4, "enumerator_ignore", "last G", "");
"""
USERS = "int f(struct outer *p, enum none n, enum first a, enum last z) { return 1; }\n"


@needs_oracle
@needs_gcc
@pytest.mark.parametrize("dump", ["--dump-versions", "--dump-dies", "--dump-types"])
def test_types_of_ignored_parts_alone(ask: Ask, here: Path, dump: str) -> None:
    (here / "x.h").write_text(ALL_IGNORED)
    compiled(f'#include "x.h"\n{USERS}', here / "x.o")
    options = ["--stable", dump, "-T", "x.symtypes", "x.o"]
    expected, said = both(ask, "f\n", options, here, here)
    assert said == expected


@needs_oracle
@needs_gcc
@pytest.mark.parametrize("names", ["v x", "x", "f g", "f", "up x"])
def test_type_strings_of_rules(ask: Ask, here: Path, names: str) -> None:
    compiled(RULES, here / "x.o")
    listed = "".join(f"{name}\n" for name in names.split())
    expected, said = both(ask, listed, ["-s", "--dump-versions", "x.o"], here, here)
    assert said.failed == expected.failed == ("up" in names)
    assert said.out == expected.out
    if not said.failed:
        assert said == expected


STAND_INS = r"""
#define REPLACE(type, name, new) union { new; struct { type __kabi_renamed##name; }; }
#define IGNORE(n, new) union { new; unsigned char __kabi_ignored##n; }
#define RESERVE(n, new) union { new; struct { unsigned long __kabi_reserved##n; }; }
struct leaf { int l; };
struct last { int first; REPLACE(long, was_last, int n1; int n2); };
struct holder { int x; struct last *p; struct last *q; int z; };
struct within { struct { struct last *deep; } in; int w; };
struct lost { REPLACE(struct leaf *, was_lost, long nn); };
struct twice { struct lost *one; REPLACE(struct lost *, was_twice, long nn); int t; };
struct called { int (*call)(struct last *); RESERVE(1, long r); struct last *after; };
struct hidden { IGNORE(1, struct last *i); };
struct hiding { struct hidden *h; IGNORE(2, struct last *i); struct last *t; };
union named { struct last *l; long __kabi_renamedwas_named; };
typedef union named named_t;
struct repeated { named_t one; named_t *two; union named three; int i; };
struct self { struct self *me; REPLACE(struct self *, was_self, long nn); };
"""
STRUCTS = [
    "last", "holder", "within", "lost", "twice", "called", "hidden", "hiding", "repeated", "self",
]  # fmt: skip


@needs_oracle
@needs_gcc
@pytest.mark.parametrize("first", range(len(STRUCTS)))
def test_stand_ins_in_any_order(ask: Ask, here: Path, first: int) -> None:
    """Names of replaced members wander, and where to depends on what was met before."""
    declared = STRUCTS[first:] + STRUCTS[:first]
    functions = "".join(f"int f_{name}(struct {name} *p) {{ return 0; }}\n" for name in declared)
    variables = "".join(f"struct {name} *v_{name};\n" for name in declared[::3])
    compiled(STAND_INS + functions + variables, here / "x.o")
    names = [f"f_{name}" for name in STRUCTS] + [f"v_{name}" for name in declared[::3]]
    for listed in (names, names[first:], names[: first + 1], [names[first]], names[::2]):
        text = "".join(f"{name}\n" for name in listed)
        expected, said = both(
            ask, text, ["-s", "--dump-dies", "--dump-versions", "x.o"], here, here
        )
        assert said == expected


EXAMPLE = "0a 0b 0c 1a 1b 1c 2a 2b 2c 3a 3b 3c 4a 5a 5b 6a"


@needs_oracle
@needs_gcc
@pytest.mark.parametrize("options", [[], ["--stable"], ["-s", "--dump-dies", "--dump-versions"]])
def test_the_kernels_examples_of_rules(ask: Ask, here: Path, options: list[str]) -> None:
    examples = ORACLE / "examples"
    if not (examples / "kabi_ex.c").is_file():
        pytest.skip("no kABI examples beside the tool")
    include = [f"-I{examples}", f"-I{examples / 'scripts-include'}"]
    compiled('#include "kabi_ex.c"\n', here / "x.o", *include)
    names = "".join(f"ex{name}\n" for name in EXAMPLE.split()) + "e0\ne1\n"
    expected, said = both(ask, names, [*options, "x.o"], here, here)
    assert said == expected
    assert len(said.out.splitlines()) == 18
    compiled('#include "symbolptr.c"\n', here / "pointer.o", *include)
    expected, said = both(ask, "f\ng\np\n", [*options, "pointer.o"], here, here)
    assert said == expected


RUST = (
    "nm -p --defined-only {0} | awk '$2~/(T|R|D|B)/ && $3!~/__(pfx|cfi|odr_asan)/ {{print $3}}'"
    " | {1} {0}"
)
C = "nm {0} | sed -n 's/.* __export_symbol_\\(.*\\)/\\1/p' | {1} --symtypes {0}.symtypes {0}"


def replayed(call: str, path: Path, program: str) -> list[str]:
    result = subprocess.run(
        ["sh", "-c", call.format(path, program)], capture_output=True, text=True, check=True
    )
    return result.stdout.splitlines()


@needs_corpus
@needs_oracle
@needs_binutils
@pytest.mark.slow
@pytest.mark.parametrize("name", ["core", "kernel", "helpers"])
@pytest.mark.parametrize("build_", ["base", "fieldadd", "arm64"])
def test_the_kernels_call_for_rust(build_: str, name: str) -> None:
    """rust/Makefile's command, with rustabi in the tool's place: one output, in one order."""
    path = CORPUS / build_ / "rust" / f"{name}.o"
    expected = replayed(RUST, path, str(TOOL))
    assert replayed(RUST, path, f"{sys.executable} -m rustabi ksyms") == expected
    assert sorted(expected) == sorted(path.with_suffix(".symver").read_text().splitlines())


EXPORTING = r"""
#define EXPORT(sym) static typeof(sym) *__gendwarfksyms_ptr_##sym \
  __attribute__((used, section(".discard.gendwarfksyms"))) = &sym; \
  asm(".section \".export_symbol\",\"a\" ; __export_symbol_" #sym ": ; .asciz \"GPL\" ;" \
      " .asciz \"\" ; .balign 8 ; .quad " #sym " ; .previous")
struct first { int a; struct first *next; };
int walk(struct first *from) { return from->a; }
EXPORT(walk);
extern unsigned long elsewhere;
EXPORT(elsewhere);
"""


@needs_oracle
@needs_gcc
@needs_binutils
def test_the_kernels_call_for_c(here: Path) -> None:
    """scripts/Makefile.build's command, on an object that exports as the kernel's do."""
    compiled(EXPORTING, here / "x.o")
    expected = replayed(C, here / "x.o", str(TOOL))
    types = (here / "x.o.symtypes").read_text()
    assert len(expected) == 2
    assert replayed(C, here / "x.o", f"{sys.executable} -m rustabi ksyms") == expected
    assert (here / "x.o.symtypes").read_text() == types


@needs_corpus
@pytest.mark.slow
@pytest.mark.skipif(not (CORPUS / "vmlinux").is_file(), reason="no vmlinux in the corpus")
def test_the_whole_vmlinux(ask: Ask) -> None:
    """All 4,597 exports, no exception: no two of its types of one name are equally long."""
    names = (CORPUS / "base/vmlinux.syms").read_text()
    said = ask(names, str(CORPUS / "vmlinux"))
    lines = said.out.splitlines()
    assert len(lines) == 4597
    assert sorted(lines) == sorted((CORPUS / "base/vmlinux.symver").read_text().splitlines())
    assert [line.split()[1] for line in lines] == print_order(names.split())
    assert said.err == []


def test_symvers_of_goldens_are_read() -> None:
    """The goldens are there: an empty folder would pass for success."""
    assert len(SAMPLES) > 50
    assert symvers(GOLDEN / f"{SAMPLES[0]}.symver")
