"""Edits of C that a caller notices or not, built by GCC, and what the comparison says of them."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from rustabi.diff import Comparison, Severity, compare
from rustabi.layout_version import bytes_half
from tests.support import model_of

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc to build with")

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
    models = []
    for side, source in (("old", old), ("new", new)):
        (folder / f"{side}.c").write_text(source)
        path = folder / f"{side}.o"
        command = ["gcc", "-g", "-O1", *flags, "-c", str(folder / f"{side}.c"), "-o", str(path)]
        subprocess.run(command, check=True, capture_output=True)
        models.append(model_of(path))
    return compare(*models)


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
