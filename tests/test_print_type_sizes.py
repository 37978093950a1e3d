"""Every layout that rustc prints (``-Zprint-type-sizes``) is the one that its DWARF leads to.

Each sample crate is compiled once more, as its object was, and the types that both the compiler's
own list and rustabi know are compared: size, alignment, fields in memory order, offsets, padding,
variants and tags.
"""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rustabi.layout import PADDING, Field, Item, Layout, Layouts, VariantLayout, variant_types
from rustabi.model import Enumeration, Model, name_of
from scripts.build_samples import (
    RUST_FLAGS,
    Recipe,
    compiler_version,
    read_manifest,
    recipes,
    sample_names,
)
from tests.print_type_sizes import (
    Names,
    PrintedField,
    PrintedType,
    PrintedVariant,
    is_defined_in,
    is_made_by_the_compiler,
    merged,
    parsed,
)
from tests.support import loaded_from

pytestmark = pytest.mark.xdist_group("print_type_sizes")

LEAST_JOINED = 0.9


class Survey(NamedTuple):
    """One crate as both sides see it.

    Attributes:
        what: The sample, side and flags.
        printed: Types that rustc printed.
        skipped: How many more it printed that the compiler made: closures, coroutines.
        joined: Pairs of what rustc printed and what rustabi makes of types of the same name.
        own: How many of `printed` the crate itself defines.
        own_joined: How many of those are in `joined`.
        missing: Names of the own types that are not.
    """

    what: str
    printed: int
    skipped: int
    joined: list[tuple[list[PrintedType], list[PrintedType]]]
    own: int
    own_joined: int
    missing: list[str]


# building


@cache
def has_toolchain(name: str) -> bool:
    command = [*compiler(name), "--version"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def compiler(toolchain: str) -> list[str]:
    return ["rustc"] if toolchain == "stable" else ["rustc", f"+{toolchain}"]


@cache
def is_the_recorded_one(toolchain: str) -> bool:
    """Whether the compiler here is the one that made the committed objects."""
    return bool(read_manifest()["toolchains"].get(toolchain) == compiler_version(toolchain))


class OtherCompilerError(Exception):
    """A compiler that the samples were not made for does not take one of them."""


def manifest(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "Cargo.toml").read_text())


def rustc(recipe: Recipe, folder: Path, crate: str, extra: Iterable[str]) -> str:
    """Compiles a crate with the flags of the recipe and returns what rustc prints."""
    command = [
        *(*compiler(recipe.toolchain), "--crate-name", crate, "--crate-type=lib"),
        *(*RUST_FLAGS, "--cap-lints=allow", f"--edition={manifest(folder)['package']['edition']}"),
        *([f"--target={recipe.target}"] if recipe.target else []),
        *(*recipe.flags, *extra, "src/lib.rs"),
    ]
    environment = {**os.environ, "RUSTC_BOOTSTRAP": "1", "LC_ALL": "C"}
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        if is_the_recorded_one(recipe.toolchain):
            pytest.fail(f"{' '.join(command)}\n{result.stderr}")
        raise OtherCompilerError
    return result.stdout


def survey(recipe: Recipe, scratch: Path) -> Survey:
    """Compiles one sample and pairs what rustc prints with its DWARF."""
    scratch.mkdir()
    flags = []
    for alias, dependency in manifest(recipe.source).get("dependencies", {}).items():
        folder = recipe.source / dependency["path"]
        library = scratch / f"lib{alias}.rlib"
        metadata = (f"-Cmetadata={alias}", "--emit=link", "-o", str(library))
        rustc(recipe, folder, manifest(folder)["package"]["name"], metadata)
        flags += ["--extern", f"{alias}={library}"]
    output = scratch / "crate.o"
    flags += ["-Ccodegen-units=1", "-Zprint-type-sizes", "--emit=obj", "-o", str(output)]
    printed = parsed(rustc(recipe, recipe.source, recipe.sample, flags))
    return paired(recipe, printed, loaded_from(output).model)


def wanted(names: Iterable[str]) -> list[Recipe]:
    """One recipe for each build that may have layouts of its own, where its compiler is here."""
    builds = {
        (each.sample, each.side, each.toolchain, each.target, each.flags): each
        for name in names
        for each in recipes(name)
        if each.language == "rust" and has_toolchain(each.toolchain)
    }
    return list(builds.values())


def surveys_of(names: Iterable[str], scratch: Path) -> list[Survey]:
    chosen = wanted(names)
    if not chosen:
        pytest.skip("no rustc here")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        folders = (scratch / str(number) for number in range(len(chosen)))
        return [found for found in pool.map(survey_if_it_builds, chosen, folders) if found]


def survey_if_it_builds(recipe: Recipe, scratch: Path) -> Survey | None:
    try:
        return survey(recipe, scratch)
    except OtherCompilerError:
        return None


# pairing


def paired(recipe: Recipe, printed: Sequence[PrintedType], model: Model) -> Survey:
    found = described(model)
    names = Names(recipe.sample, found)
    source = (recipe.source / "src" / "lib.rs").read_text()
    kept = [each for each in printed if not is_made_by_the_compiler(each.name)]
    groups: dict[str, list[PrintedType]] = {}
    missing = []
    for each in kept:
        name = names.matching(each.name)
        if name is not None:
            groups.setdefault(name, []).append(each)
        elif is_defined_in(each.name, source):
            missing.append(each.name)
    own = sum(is_defined_in(each.name, source) for each in kept)
    return Survey(
        " ".join((recipe.sample, recipe.side, recipe.target, *recipe.flags)),
        len(kept),
        len(printed) - len(kept),
        [(group, found[name]) for name, group in groups.items()],
        own,
        own - len(missing),
        missing,
    )


def described(model: Model) -> dict[str, list[PrintedType]]:
    """Every layout of a model in the words of rustc, by name; one name may have several."""
    layouts = Layouts.of_model(model)
    variants = variant_types(model.types)
    result: dict[str, list[PrintedType]] = {}
    for type_id, node in enumerate(model.types):
        layout = None if type_id in variants else layouts.of(type_id)
        if layout is not None and name_of(node):
            told = description(model, layout)
            known = result.setdefault(name_of(node), [])
            if told not in known:
                known.append(told)
    return result


def description(model: Model, layout: Layout) -> PrintedType:
    """What rustc would print of a layout."""
    node = model.types[layout.type]
    choice = layout.choice
    tag = None
    if choice is not None and choice.encoding == "tag" and choice.discriminant is not None:
        tag = choice.discriminant.size
    if isinstance(node, Enumeration):
        names = [each.name for each in node.enumerators]
        variants = tuple(PrintedVariant(name, 0, (), ()) for name in names)
    elif choice is not None:
        variants = tuple(variant(each, tag or 0) for each in choice.variants)
    elif is_fat_box(layout, name_of(node)):
        variants = ()
    else:
        fields = printed_fields(layout.fields)
        variants = (PrintedVariant(None, None, fields, printed_padding(layout.items)),)
    assert layout.alignment is not None
    assert layout.complete
    return PrintedType(
        name_of(node), layout.size, layout.alignment, tag, variants, layout.tail_padding
    )


def is_fat_box(layout: Layout, name: str) -> bool:
    """Whether DWARF shows the two words of a pointer where rustc prints the fields of `Box`."""
    return name.startswith("alloc::boxed::Box<") and len(layout.fields) == 2


def variant(layout: VariantLayout, tag: int) -> PrintedVariant:
    fields = printed_fields(layout.fields)
    end = max((each.offset + each.size for each in fields), default=0)
    items = layout.items
    if not tag:  # rustc prints a niche as padding
        items = tuple(
            each._replace(kind="hole") if each.kind == "discriminant" else each for each in items
        )
    padding = [each for each in items if each.offset < end]
    return PrintedVariant(layout.name, max(end - tag, 0), fields, printed_padding(padding))


def printed_fields(fields: Iterable[Field]) -> tuple[PrintedField, ...]:
    told = [
        PrintedField(
            (each.name or "").removeprefix("__"), each.offset, each.size or 0, each.alignment
        )
        for each in fields
    ]
    return tuple(sorted(told, key=lambda each: (each.offset, each.size)))


def printed_padding(items: Iterable[Item]) -> tuple[tuple[int, int], ...]:
    kinds = PADDING - {"tail padding"}
    return merged((each.offset, each.size) for each in items if each.kind in kinds)


# comparing


def differences(printed: PrintedType, told: PrintedType) -> Iterator[str]:
    """What rustc and rustabi say differently of one type."""
    for what in ("size", "alignment", "discriminant", "end_padding"):
        if getattr(printed, what) != getattr(told, what):
            yield f"{what} {getattr(told, what)}, rustc has {getattr(printed, what)}"
    ours = {each.name: each for each in told.variants}
    for expected in printed.variants if told.variants else ():
        found = ours.get(expected.name)
        if found is None and len(printed.variants) == len(told.variants) == 1:
            found = told.variants[0]  # a union is printed as a variant of its own name
        if found is None:
            yield f"no variant {expected.name}"
            continue
        yield from _fields_differ(expected, found)
    if printed.discriminant is not None and len(printed.variants) != len(told.variants):
        yield f"{len(told.variants)} variants, rustc has {len(printed.variants)}"


def _fields_differ(expected: PrintedVariant, found: PrintedVariant) -> Iterator[str]:
    if None not in (expected.size, found.size) and expected.size != found.size:
        yield f"variant {expected.name}: {found.size} bytes, rustc has {expected.size}"
    if expected.padding != found.padding:
        yield f"padding {found.padding}, rustc has {expected.padding}"
    known = [each.alignment is not None for each in expected.fields]
    told = [
        each if shown else each._replace(alignment=None)
        for each, shown in zip(found.fields, [*known, *[True] * len(found.fields)], strict=False)
    ]
    if tuple(told) != expected.fields:
        yield f"fields {told}, rustc has {expected.fields}"


def disagreements(surveys: Iterable[Survey]) -> list[str]:
    """One line for each type that rustabi lays out in no way that rustc does."""
    result = []
    for each in surveys:
        for printed, told in each.joined:
            for one in printed:
                reasons = [list(differences(one, other)) for other in told]
                if all(reasons):
                    result.append(f"{each.what}: {one.name}: {min(reasons, key=len)}")
            if len(printed) > len(told) and len(set(printed)) > len(told):
                result.append(f"{each.what}: {printed[0].name}: {len(printed)} of one name")
    return result


@pytest.fixture(scope="module")
def surveys(tmp_path_factory: pytest.TempPathFactory) -> list[Survey]:
    names = [name for name in sample_names() if name != "constructs_std"]
    return surveys_of(names, tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="module")
def std_surveys(tmp_path_factory: pytest.TempPathFactory) -> list[Survey]:
    return surveys_of(["constructs_std"], tmp_path_factory.mktemp("std"))


def summary(surveys: Iterable[Survey]) -> str:
    found = list(surveys)
    joined = sum(len(printed) for each in found for printed, _ in each.joined)
    return (
        f"{len(found)} builds, {sum(each.printed for each in found)} types printed by rustc"
        f" ({sum(each.skipped for each in found)} more made by the compiler), {joined} compared;"
        f" {sum(each.own_joined for each in found)} of {sum(each.own for each in found)} own types"
    )


def test_layouts_are_those_that_rustc_prints(surveys: list[Survey]) -> None:
    print(summary(surveys))
    assert not disagreements(surveys)


def test_the_samples_own_types_are_compared(surveys: list[Survey]) -> None:
    own = sum(each.own for each in surveys)
    missing = sorted({name for each in surveys for name in each.missing})
    assert own
    assert sum(each.own_joined for each in surveys) >= LEAST_JOINED * own, missing


def test_layouts_of_the_standard_library(std_surveys: list[Survey]) -> None:
    print(summary(std_surveys))
    assert not disagreements(std_surveys)
    assert sum(len(each.joined) for each in std_surveys) > 200


# the reader itself

EXAMPLE = """\
warning: nothing of interest
print-type-size type: `Tagged<'_>`: 24 bytes, alignment: 8 bytes
print-type-size     discriminant: 1 bytes
print-type-size     variant `A`: 15 bytes
print-type-size         padding: 1 bytes
print-type-size         field `.1`: 0 bytes, alignment: 2 bytes
print-type-size         padding: 6 bytes
print-type-size         field `.0`: 8 bytes, alignment: 8 bytes
print-type-size     variant `B`: 0 bytes
print-type-size     end padding: 8 bytes
print-type-size type: `Bits`: 4 bytes, alignment: 4 bytes
print-type-size     variant `Bits`: 4 bytes
print-type-size         field `.word`: 4 bytes
print-type-size         field `.byte`: 1 bytes, offset: 0 bytes, alignment: 1 bytes
"""


def test_reading_what_rustc_prints() -> None:
    tagged, bits = parsed(EXAMPLE)
    fields = (PrintedField("1", 2, 0, 2), PrintedField("0", 8, 8, 8))
    variants = (PrintedVariant("A", 15, fields, ((1, 7),)), PrintedVariant("B", 0, (), ()))
    assert tagged == PrintedType("Tagged<'_>", 24, 8, 1, variants, 8)
    assert [each.offset for each in bits.variants[0].fields] == [0, 0]


def test_differences_are_seen() -> None:
    tagged, bits = parsed(EXAMPLE)
    assert not list(differences(tagged, tagged))
    moved = [each._replace(offset=each.offset + 1) for each in bits.variants[0].fields]
    variants = (bits.variants[0]._replace(fields=tuple(moved)),)
    assert list(differences(bits, bits._replace(variants=variants)))
    assert list(differences(bits, bits._replace(end_padding=1)))
    assert list(differences(tagged, tagged._replace(discriminant=None)))
    assert list(differences(tagged, tagged._replace(variants=tagged.variants[:1])))


VECTOR = "alloc::vec::Vec<demo::shapes::Circle, alloc::alloc::Global>"


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ("shapes::Circle", "demo::shapes::Circle"),
        ("std::vec::Vec<shapes::Circle>", VECTOR),
        ("std::task::Context<'_>", "core::task::wake::Context"),
        ("std::slice::Iter<'_, u8>", "core::slice::iter::Iter<u8>"),
        ("std::fs::File", "std::fs::File"),
        ("std::option::Option<&'static str>", "core::option::Option<&str>"),
        ("Circle", None),
        ("std::fs::Missing", None),
    ],
)  # fmt: skip
def test_joining_names(printed: str, found: str | None) -> None:
    names = Names("demo", [
        "demo::shapes::Circle", VECTOR,
        "core::task::wake::Context", "core::slice::iter::Iter<u8>", "std::fs::File",
        "std::sys::fs::unix::File", "core::option::Option<&str>",
    ])  # fmt: skip
    assert names.matching(printed) == found
