"""What must not fail the gate: the same source, built in another way.

The committed builds of the constructs crate are compared everywhere; with rustc at hand every
sample is built anew in each way.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from rustabi.diff import ChangeKind, Comparison, Severity, compare
from scripts.build_samples import Recipe, build, recipes, sample_names
from tests.support import OBJECTS, model_of

WAYS: dict[str, tuple[str, ...]] = {
    "opt0": ("-Copt-level=0",),
    "opt3": ("-Copt-level=3",),
    "size": ("-Copt-level=s",),
    "units": ("-Ccodegen-units=16",),
    "metadata": ("-Cmetadata=other",),
    "dwarf5": ("-Cdwarf-version=5",),
    "legacy": ("-Zunstable-options", "-Csymbol-mangling-version=legacy"),
    "folder": (),
}
SAME_SYMBOLS = ("units", "metadata", "dwarf5", "legacy", "folder")
"""Ways in which a build exports the same symbols."""

needs_rustc = pytest.mark.skipif(shutil.which("rustc") is None, reason="no rustc to build with")

SAMPLES = [
    name
    for name in sample_names()
    for recipe in recipes(name)[:1]
    if recipe.language == "rust" and recipe.kind == "obj" and recipe.toolchain == "stable"
    and not recipe.target
]  # fmt: skip


def grave_findings(comparison: Comparison) -> list[str]:
    """Breaks and risks, those of symbols that only one build has left out."""
    return [
        f"{finding.type}: {finding.change.kind} {finding.change.where}"
        for finding in comparison.findings
        if finding.severity in (Severity.BREAK, Severity.RISKY)
        and finding.change.kind is not ChangeKind.SYMBOL_REMOVED
    ]


@pytest.mark.parametrize(
    "way", ["folder", "metadata", "units", "dwarf5", "legacy", "opt0", "opt3", "opts"]
)
def test_committed_rebuilds_of_every_construct(way: str) -> None:
    old, new = model_of(OBJECTS / "constructs.o"), model_of(OBJECTS / f"constructs-{way}.o")
    for comparison in (compare(old, new), compare(new, old)):
        assert grave_findings(comparison) == []
        assert not comparison.lost
        if way in SAME_SYMBOLS:
            assert comparison.verdict == "compatible"


def rebuilt(recipe: Recipe, way: str, folder: Path) -> Path:
    """The sample's object, built in another way."""
    kind = "relocatable" if way == "units" else recipe.kind
    other = replace(
        recipe,
        output=f"{recipe.sample}-{way}.o",
        kind=kind,
        flags=(*recipe.flags, *WAYS[way]),
        folder="/elsewhere/in/a/longer/folder" if way == "folder" else recipe.folder,
        bootstrap=True,
        committed=False,
    )
    return build(other, folder)


@needs_rustc
@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_a_rebuild_is_compatible(name: str, tmp_path: Path) -> None:
    recipe = recipes(name)[0]
    ways = set(WAYS)
    if name == "two_crate_versions":
        ways.discard("units")  # its dependencies are not linked in
    if name == "layout_permuted":
        ways.discard("metadata")  # -Zrandomize-layout takes it for a seed
    old = model_of(build(replace(recipe, committed=False), tmp_path))
    for way in sorted(ways):
        comparison = compare(old, model_of(rebuilt(recipe, way, tmp_path)))
        assert grave_findings(comparison) == [], way
        if way in SAME_SYMBOLS:
            assert comparison.verdict == "compatible", way


@needs_rustc
def test_two_seeds_are_a_permutation(tmp_path: Path) -> None:
    """The issue's own example: ``-Zrandomize-layout`` with two seeds, from one source."""
    recipe = recipes("layout_permuted")[0]
    assert any("randomize-layout" in flag for flag in recipe.flags)
    old = model_of(build(replace(recipe, committed=False), tmp_path))
    other = [flag for flag in recipe.flags if "layout-seed" not in flag]
    permuted = 0
    for seed in range(1, 9):
        again = replace(
            recipe, output=f"seed{seed}.o", flags=(*other, f"-Zlayout-seed={seed}"), committed=False
        )
        comparison = compare(old, model_of(build(again, tmp_path)))
        kinds = {finding.change.kind for finding in comparison.findings}
        layout = [f for f in comparison.findings if f.change.kind is ChangeKind.LAYOUT_PERMUTED]
        assert (comparison.verdict == "incompatible") == bool(kinds - {ChangeKind.TYPE_ADDED})
        for finding in layout:
            permuted += 1
            assert finding.change.old.startswith("memory order ")
            assert finding.change.old != finding.change.new
    assert permuted


FUNCTIONS = {
    "scalars": "mut a: u64, mut b: u64, mut c: u64",
    "halves": "mut a: u64, mut b: u64, (c, _): (u64, u64)",
    "floats": "x: f64, mut a: u64, y: f32, mut b: u64, c: u64",
    "packed": "pair: (u32, u32), mut a: u64, mut b: u64, c: u64",
    "large": "big: (u64, u64, u64), mut a: u64, mut b: u64, c: u64",
}
BODIES = {
    "sum": "a ^ b ^ c",
    "swap": "core::mem::swap(&mut a, &mut b); ext(a / (b | 1), b, c)",
    "first": "a = b; ext(a, c, 7)",
    "second": "b = a; a = c; ext(5, a, b)",
    "calls": "let r = ext(9, a, b); ext(r, b, c)",
}
"""What GCC and LLVM describe by the register of another parameter from the first address on."""


def functions(abi: str, body: str, level: str, folder: Path) -> Path:
    """`FUNCTIONS` with one of the bodies, built."""
    rows = [
        f"#[no_mangle] pub unsafe {abi} fn {name}({taken}) -> u64 {{ {BODIES[body]} }}"
        for name, taken in FUNCTIONS.items()
    ]
    source = folder / "demo.rs"
    head = "#![no_std]\n#![allow(warnings)]\nextern { fn ext(a: u64, b: u64, c: u64) -> u64; }\n"
    source.write_text(head + "\n".join(rows))
    output = folder / f"demo-{len(abi)}-{body}-{level}.o"
    subprocess.run(
        ["rustc", "--crate-type=lib", "--emit=obj", "-g", "-Cpanic=abort", f"-Copt-level={level}",
         "-o", output, source],
        check=True, capture_output=True,
    )  # fmt: skip
    return output


def called_otherwise(old: Path, new: Path) -> set[str]:
    return {
        finding.type
        for finding in compare(model_of(old), model_of(new)).findings
        if finding.change.kind is ChangeKind.CALLING_CONVENTION_CHANGED
    }


@needs_rustc
@pytest.mark.slow
@pytest.mark.parametrize("abi", ["", 'extern "C"'])
def test_another_body_is_called_alike(abi: str, tmp_path: Path) -> None:
    builds = [functions(abi, body, level, tmp_path) for body in BODIES for level in "012s"]
    for old in builds:
        for new in builds:
            assert called_otherwise(old, new) == set(), (old.name, new.name)


@needs_rustc
def test_another_convention_is_not(tmp_path: Path) -> None:
    """By the psABI of x86-64, C passes the small pair in one register, and the large one in none.

    Rust takes two registers, and a pointer.
    """
    old, new = (functions(abi, "sum", "2", tmp_path) for abi in ('extern "C"', ""))
    if model_of(old).facts.machine != "x86_64":
        pytest.skip("another machine's convention")
    assert called_otherwise(old, new) == {"packed", "large"}
