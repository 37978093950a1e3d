"""Edits of C that a caller notices or not, built by GCC, and what the comparison says of them."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from rustabi import load
from rustabi.diff import Comparison, Severity, compare
from rustabi.errors import NoDebugInfoError
from rustabi.layout_version import bytes_half
from tests.support import model_of

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc to build with")

needs_dwz = pytest.mark.skipif(shutil.which("dwz") is None, reason="no dwz")

USE = "int use(struct S *p) { return !p; }"
BREAKS: dict[str, tuple[str, str]] = {
    "x87 and binary128 are of one size": (
        "long double use(long double *p) { return *p; }",
        "_Float128 use(_Float128 *p) { return *p; }",
    ),
    "fields of two anonymous structs swapped": (
        f"struct S {{ struct {{ int a, b; }}; struct {{ int c, d; }}; }}; {USE}",
        f"struct S {{ struct {{ int c, d; }}; struct {{ int a, b; }}; }}; {USE}",
    ),
    "fields that went to another anonymous struct": (
        f"struct S {{ struct {{ int a, b; }}; struct {{ int c, d; }}; }}; {USE}",
        f"struct S {{ struct {{ int a, d; }}; struct {{ int c, b; }}; }}; {USE}",
    ),
    "a field of an anonymous union": (
        f"struct S {{ union {{ int a; float b; }}; int c; }}; {USE}",
        f"struct S {{ union {{ int a; int b; }}; int c; }}; {USE}",
    ),
    "a typedef that states another alignment": (
        f"typedef struct {{ int a[4]; }} T; struct S {{ T *p; }}; {USE}",
        "typedef struct { int a[4]; } T __attribute__((aligned(16)));"
        f"struct S {{ T *p; }}; {USE}",
    ),
    "an alignment that grows": (
        f"struct S {{ long a; long b; }}; {USE}",
        f"struct S {{ long a; long b; }} __attribute__((aligned(16))); {USE}",
    ),
    "an array whose length only its definition tells": (
        "extern int use[]; int use[4];",
        "extern int use[]; int use[8];",
    ),
    "a struct in the other byte order": (
        f"struct S {{ int a; }}; {USE}",
        'struct __attribute__((scalar_storage_order("big-endian"))) S { int a; };' + USE,
    ),
    "members that go into an anonymous struct and move": (
        f"struct S {{ char a; int b; char c; }}; {USE}",
        f"struct S {{ char a; struct {{ int b; }} __attribute__((packed)); char c; }}; {USE}",
    ),
    "members that come to share their bytes": (
        f"struct S {{ int a, b; long c; }}; {USE}",
        f"struct S {{ union {{ int a, b; }}; long c; }}; {USE}",
    ),
    "a variable of which the source asks less alignment": (
        "int use __attribute__((aligned(64)));",
        "int use __attribute__((aligned(8)));",
    ),
    "a weak function": (
        "__attribute__((weak)) int use(int a) { return a; }",
        "__attribute__((weak)) long use(long a) { return a; }",
    ),
    "a variable that the linker places": (
        "__attribute__((common)) int use;",
        "__attribute__((common)) long use;",
    ),
}
HARMLESS: dict[str, tuple[str, str]] = {
    "anonymous members of a union in another order": (
        f"struct S {{ union {{ struct {{ int a; }}; struct {{ float b; }}; }}; }}; {USE}",
        f"struct S {{ union {{ struct {{ float b; }}; struct {{ int a; }}; }}; }}; {USE}",
    ),
    "the two ways to write a flexible array": (
        f"struct S {{ int n; int a[0]; }}; {USE}",
        f"struct S {{ int n; int a[]; }}; {USE}",
    ),
    "a typedef that states the alignment that the type has": (
        f"typedef unsigned long u64; struct S {{ u64 *b; }}; {USE}",
        f"typedef unsigned long u64 __attribute__((aligned(8)));struct S {{ u64 *b; }}; {USE}",
    ),
    "an alignment that holds anyway is stated": (
        f"struct S {{ long a; char b; }}; {USE}",
        f"struct S {{ long a; char b; }} __attribute__((aligned(8))); {USE}",
    ),
    "members that go into an anonymous struct and stay in place": (
        f"struct S {{ int a, b; int c; }}; {USE}",
        f"struct S {{ struct {{ int a, b; }}; int c; }}; {USE}",
    ),
    "members that go into an anonymous union alone": (
        f"struct S {{ int a; int c; }}; {USE}",
        f"struct S {{ int a; union {{ int c; }}; }}; {USE}",
    ),
    "a variable of which the source states the alignment that it has": (
        "int use;",
        "int use __attribute__((aligned(4)));",
    ),
    "a function that becomes weak": (
        "int use(int a) { return a; }",
        "__attribute__((weak)) int use(int a) { return a; }",
    ),
    "a variable that the linker places no more": (
        "__attribute__((common)) int use;",
        "int use;",
    ),
}


def compared(folder: Path, old: str, new: str, *flags: str) -> Comparison:
    """The comparison of two sources, each built by GCC."""
    sides = (("old", old), ("new", new))
    return compare(
        *(
            model_of(built(folder / f"{side}.o", source, "-g", "-O1", *flags, "-c"))
            for side, source in sides
        )
    )


def built(path: Path, source: str, *flags: str) -> Path:
    """A file that GCC builds from a source."""
    path.parent.mkdir(exist_ok=True)
    text = path.with_suffix(".c")
    text.write_text(source)
    subprocess.run(["gcc", *flags, str(text), "-o", str(path)], check=True, capture_output=True)
    return path


def severities(comparison: Comparison) -> set[Severity]:
    """How grave what was found is."""
    return {finding.severity for finding in comparison.findings}


@needs_gcc
@pytest.mark.parametrize("edit", BREAKS)
def test_what_breaks_a_caller_in_c(edit: str, tmp_path: Path) -> None:
    comparison = compared(tmp_path, *BREAKS[edit])
    assert Severity.BREAK in severities(comparison)
    assert comparison.versions
    assert all(pair.breaks for pair in comparison.versions)
    assert all(pair.old_layout != pair.new_layout for pair in comparison.versions)


@needs_gcc
@pytest.mark.parametrize("edit", HARMLESS)
def test_what_no_caller_in_c_notices(edit: str, tmp_path: Path) -> None:
    comparison = compared(tmp_path, *HARMLESS[edit])
    assert not severities(comparison) & {Severity.BREAK, Severity.RISKY}
    assert comparison.versions
    for pair in comparison.versions:
        assert pair.old_layout is not None
        assert pair.new_layout is not None
        assert bytes_half(pair.old_layout) == bytes_half(pair.new_layout)


@needs_gcc
def test_functions_that_take_functions_are_each_compared_once(tmp_path: Path) -> None:
    nested = "".join(f"typedef F{n} (*F{n + 1})(F{n}, F{n});" for n in range(28))
    source = f"typedef int (*F0)(int); {nested} struct S {{ F28 f; }}; {USE}"
    assert not severities(compared(tmp_path, source, source))


@needs_gcc
@pytest.mark.parametrize("name", ["a.o", "a.so"])
@pytest.mark.parametrize("version", ["4", "5"])
def test_types_in_units_of_their_own(version: str, name: str, tmp_path: Path) -> None:
    """They are the same types: with equal versions, and compared with those within a unit."""
    inner = "struct In { int a; long b; };"
    outer = "struct S { struct In in; char c; }; int use(struct S *p, struct In in) { return !p; }"
    flags = ["-g", f"-gdwarf-{version}", *(["-shared", "-fPIC"] if name == "a.so" else ["-c"])]
    plain = load(built(tmp_path / "plain" / name, inner + outer, *flags))
    flags.append("-fdebug-types-section")
    apart = load(built(tmp_path / "apart" / name, inner + outer, *flags))
    (expected,), (symbol,) = plain.symbols, apart.symbols
    assert expected.version is not None
    assert (symbol.version, symbol.layout) == (expected.version, expected.layout)
    assert not compare(plain, apart).findings
    larger = "struct In { int a, x; long b, d; };"
    changed = load(built(tmp_path / "new" / name, larger + outer, *flags))
    for old in (plain, apart):
        assert {each.type for each in compare(old, changed).findings} == {"In"}


@needs_gcc
@needs_dwz
def test_types_in_a_file_shared_with_others(tmp_path: Path) -> None:
    """Names and types are elsewhere: two such files must not pass for compatible."""
    source = f"struct S {{ int a; long b; struct {{ int c; }} d; }}; {USE}"
    for name in ("a.so", "b.so"):
        built(tmp_path / name, source, "-g", "-shared", "-fPIC")
    files = [tmp_path / "a.so", tmp_path / "b.so"]
    subprocess.run(["dwz", "-m", tmp_path / "shared.debug", *files], check=True)
    with pytest.raises(NoDebugInfoError, match="dwz moved a part of its debug info"):
        load(files[0])


@needs_gcc
@pytest.mark.skipif(platform.machine() != "x86_64", reason="of x86-64 alone")
def test_a_function_of_another_calling_convention(tmp_path: Path) -> None:
    """GCC states no convention; the registers of the parameters tell."""
    source = "int use(int a, double b, long *c) { return a + b + *c; }"
    comparison = compared(tmp_path, source, f"__attribute__((ms_abi)) {source}")
    kinds = {str(finding.change.kind) for finding in comparison.findings}
    assert kinds == {"calling-convention-changed"}
    other = tmp_path / "same"
    other.mkdir()
    assert not compared(other, *[f"__attribute__((ms_abi)) {source}"] * 2).findings
