"""Builds the objects in `sample_crates/objects/` from the sample crates.

Tests read the committed objects, so nobody needs a Rust compiler to run them. This script is the
recipe: which compiler, which flags, which source. It also tells whether an object still is what
its source says (`--check`).

    python scripts/build_samples.py                      build every object
    python scripts/build_samples.py --only member_added  build the objects of one sample
    python scripts/build_samples.py --check              build elsewhere, report stale objects
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).resolve().parent.parent / "sample_crates"
OBJECTS = SAMPLES / "objects"
MANIFEST = "MANIFEST.toml"

RUST_FLAGS = (
    "-Cdebuginfo=2",
    "-Cpanic=abort",
    "-Ccodegen-units=1",
    "-Cembed-bitcode=no",
    "-Copt-level=1",
    "-Csymbol-mangling-version=v0",
)
C_FLAGS = ("-g", "-gdwarf-5", "-O1", "-fno-common", "-gno-record-gcc-switches")
PAIR_SIDES = ("old", "new")

# Facts about types and symbols. Left out on purpose: lines, addresses, locations, paths.
DWARF_FACTS = frozenset(
    {
        "DW_AT_MIPS_linkage_name",
        "DW_AT_accessibility",
        "DW_AT_alignment",
        "DW_AT_artificial",
        "DW_AT_bit_size",
        "DW_AT_byte_size",
        "DW_AT_const_value",
        "DW_AT_containing_type",
        "DW_AT_count",
        "DW_AT_data_bit_offset",
        "DW_AT_data_member_location",
        "DW_AT_declaration",
        "DW_AT_discr",
        "DW_AT_discr_value",
        "DW_AT_encoding",
        "DW_AT_enum_class",
        "DW_AT_external",
        "DW_AT_language",
        "DW_AT_linkage_name",
        "DW_AT_name",
        "DW_AT_noreturn",
        "DW_AT_producer",
        "DW_AT_prototyped",
        "DW_AT_specification",
        "DW_AT_type",
        "DW_AT_upper_bound",
    }
)


class BuildError(Exception):
    """An object could not be built, or is not fit to be committed."""


@dataclass(frozen=True)
class Recipe:
    """How one object is made.

    Attributes:
        output: File name of the object.
        sample: Name of the sample (its folder below `sample_crates/`).
        side: `old`, `new`, or empty for a crate that is no pair.
        language: `rust` or `c`.
        kind: `obj`, `rlib`, `cdylib`, or `relocatable` (all objects of an rlib in one file).
        toolchain: `stable`, or another name that `rustc +name` knows; `gcc` for C.
        target: Target triple, or empty for the compiler's own.
        flags: Flags after the common ones.
        folder: The folder that the object names as its own, in place of this machine's.
        bootstrap: Whether a stable compiler must accept unstable features.
        committed: Whether the object belongs to `sample_crates/objects/`.
    """

    output: str
    sample: str
    side: str
    language: str
    kind: str
    toolchain: str
    target: str
    flags: tuple[str, ...]
    folder: str
    bootstrap: bool
    committed: bool

    @property
    def source(self) -> Path:
        """The folder of the crate."""
        return SAMPLES / self.sample / self.side


def sample_names() -> list[str]:
    """Returns the names of all samples, sorted."""
    return sorted(path.parent.name for path in SAMPLES.glob("*/sample.toml"))


def load_sample(name: str) -> dict[str, Any]:
    """Returns what the sample's `sample.toml` says."""
    with (SAMPLES / name / "sample.toml").open("rb") as file:
        return tomllib.load(file)


def recipes(name: str) -> list[Recipe]:
    """Returns the recipes of one sample: both sides of a pair, then its `[[object]]` tables."""
    sample = load_sample(name)
    pair = [
        {"name": f"{name}-{side}.o", "side": side}
        for side in PAIR_SIDES
        if (SAMPLES / name / side).is_dir()
    ]
    return [_recipe(name, sample, table) for table in [*pair, *sample.get("object", [])]]


def _recipe(name: str, sample: dict[str, Any], table: dict[str, Any]) -> Recipe:
    side = str(table.get("side", ""))

    def setting(key: str, default: Any) -> Any:
        """The nearest word on a key: the object's, the side's, the sample's."""
        of_sample = sample.get(f"{key}_{side}", sample.get(key, default))
        return table.get(key, of_sample)

    language = str(setting("language", "rust"))
    flags = [*sample.get("flags", []), *sample.get(f"flags_{side}", []), *table.get("flags", [])]
    return Recipe(
        output=str(table["name"]),
        sample=name,
        side=side,
        language=language,
        kind=str(setting("kind", "obj")),
        toolchain=str(setting("toolchain", "gcc" if language == "c" else "stable")),
        target=str(setting("target", "")),
        flags=tuple(flags),
        folder=str(setting("folder", f"/samples/{name}")),
        bootstrap=bool(setting("bootstrap", False)),
        committed=bool(setting("committed", True)),
    )


def build(recipe: Recipe, destination: Path) -> Path:
    """Builds one object into the folder `destination` and returns its path."""
    destination.mkdir(parents=True, exist_ok=True)
    output = destination.resolve() / recipe.output
    with tempfile.TemporaryDirectory(prefix="samples-") as scratch:
        work = Path(scratch)
        if recipe.language == "c":
            _build_c(recipe, output)
        elif recipe.kind == "relocatable":
            _build_relocatable(recipe, output, work)
        else:
            _build_rust(recipe, output, work)
        if recipe.committed:
            _reject_local_paths(recipe, output, work)
    return output


def _build_c(recipe: Recipe, output: Path) -> None:
    source = recipe.source
    command = [
        *("gcc", *C_FLAGS, f"-ffile-prefix-map={source}={recipe.folder}", *recipe.flags),
        *("-c", f"{recipe.sample}.c", "-o", str(output)),
    ]
    _run(command, source, _environment(recipe))


def _build_rust(recipe: Recipe, output: Path, work: Path) -> None:
    manifest = _cargo_manifest(recipe.source)
    crate_type, emit = {
        "obj": (str(manifest["lib"]["crate-type"][0]), "obj"),
        "rlib": ("rlib", "link"),
        "cdylib": ("cdylib", "link"),
    }[recipe.kind]
    command = [
        *(*_rustc(recipe), "--crate-name", recipe.sample, "--crate-type", crate_type),
        *(*_common_flags(recipe, manifest, recipe.source), *recipe.flags),
        *_build_dependencies(recipe, manifest, work),
        *(f"--emit={emit}", "-o", str(output), "src/lib.rs"),
    ]
    _run(command, recipe.source, _environment(recipe))


def _build_relocatable(recipe: Recipe, output: Path, work: Path) -> None:
    """Joins all codegen units of a crate in one object, as `ld -r` does in a kernel build."""
    library = work / f"lib{recipe.sample}.rlib"
    manifest = _cargo_manifest(recipe.source)
    command = [
        *(*_rustc(recipe), "--crate-name", recipe.sample, "--crate-type", "rlib"),
        *(*_common_flags(recipe, manifest, recipe.source), *recipe.flags),
        *("--emit=link", "-o", str(library), "src/lib.rs"),
    ]
    _run(command, recipe.source, _environment(recipe))
    members = work / "members"
    members.mkdir()
    _run(["ar", "x", str(library)], members, _environment(recipe))
    units = sorted(path.name for path in members.glob("*.o"))
    _run(["ld", "-r", "-o", str(output), *units], members, _environment(recipe))


def _build_dependencies(recipe: Recipe, manifest: dict[str, Any], work: Path) -> list[str]:
    """Builds the path dependencies of a crate and returns the flags that make them known."""
    flags: list[str] = []
    for alias, dependency in sorted(manifest.get("dependencies", {}).items()):
        folder = recipe.source / dependency["path"]
        package = _cargo_manifest(folder)
        name = str(package["package"]["name"])
        library = work / f"lib{name}-{alias}.rlib"
        command = [
            *(*_rustc(recipe), "--crate-name", name, "--crate-type", "rlib"),
            *(*_common_flags(recipe, package, folder), f"-Cmetadata={alias}"),
            *("--emit=link", "-o", str(library), "src/lib.rs"),
        ]
        _run(command, folder, _environment(recipe))
        flags += ["--extern", f"{alias}={library}"]
    return flags


def _common_flags(recipe: Recipe, manifest: dict[str, Any], folder: Path) -> list[str]:
    return [
        f"--edition={manifest['package']['edition']}",
        *([f"--target={recipe.target}"] if recipe.target else []),
        *RUST_FLAGS,
        "--cap-lints=warn",
        f"--remap-path-prefix={_sysroot(recipe.toolchain)}=/rust",
        f"--remap-path-prefix={folder}={recipe.folder}",
    ]


def _cargo_manifest(folder: Path) -> dict[str, Any]:
    with (folder / "Cargo.toml").open("rb") as file:
        return tomllib.load(file)


def _rustc(recipe: Recipe) -> list[str]:
    return _compiler(recipe.toolchain)


def _compiler(toolchain: str) -> list[str]:
    if toolchain in {"stable", "gcc"}:
        return ["rustc" if toolchain == "stable" else "gcc"]
    return ["rustc", f"+{toolchain}"]


@functools.cache
def _sysroot(toolchain: str) -> str:
    return _output_of([*_compiler(toolchain), "--print=sysroot"])


def compiler_version(toolchain: str) -> str:
    """Returns the first line of the compiler's `--version`; empty if it is not here."""
    try:
        return _output_of([*_compiler(toolchain), "--version"]).partition("\n")[0]
    except BuildError:
        return ""


def _environment(recipe: Recipe) -> dict[str, str]:
    """The caller's environment without what would change a build behind the recipe's back."""
    dropped = {"RUSTFLAGS", "RUSTC_BOOTSTRAP", "CFLAGS", "SOURCE_DATE_EPOCH"}
    kept = {key: value for key, value in os.environ.items() if key not in dropped}
    return {**kept, "LC_ALL": "C", **({"RUSTC_BOOTSTRAP": "1"} if recipe.bootstrap else {})}


def _run(command: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise BuildError(f"in {folder}:\n{' '.join(command)}\n{result.stderr.strip()}")
    if result.stderr.strip():
        print(f"{folder}:\n{result.stderr.strip()}", file=sys.stderr)


def _output_of(command: Sequence[str]) -> str:
    environment = {**os.environ, "LC_ALL": "C", "RUSTUP_AUTO_INSTALL": "0"}
    try:
        result = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise BuildError(f"{command[0]} is not installed") from error
    if result.returncode != 0:
        raise BuildError(f"{' '.join(command)}\n{result.stderr.strip()}")
    return result.stdout.strip()


def _reject_local_paths(recipe: Recipe, output: Path, work: Path) -> None:
    """Refuses an object that names a folder of this machine."""
    folders = {str(SAMPLES.parent), str(Path.home()), str(work), str(output.parent)}
    if recipe.language == "rust":
        folders.add(_sysroot(recipe.toolchain))
    content = output.read_bytes()
    found = sorted(
        folder for folder in folders if len(folder) > 1 and f"{folder}/".encode() in content
    )
    if found:
        raise BuildError(f"{recipe.output} names a folder of this machine: {', '.join(found)}")


def input_digest(recipe: Recipe) -> str:
    """Returns a digest over the sources and flags of an object: no compiler is needed for it."""
    digest = hashlib.sha256()
    for path in sorted(recipe.source.rglob("*")):
        relative = path.relative_to(recipe.source)
        if path.is_file() and path.suffix in {".rs", ".c", ".h"} and "target" not in relative.parts:
            digest.update(f"{relative.as_posix()}\0".encode() + path.read_bytes() + b"\0")
    settings = [recipe.toolchain, recipe.kind, recipe.target, recipe.folder, recipe.bootstrap]
    digest.update(json.dumps([*settings, *_recorded_flags(recipe)]).encode())
    return digest.hexdigest()


def _recorded_flags(recipe: Recipe) -> list[str]:
    return [*(C_FLAGS if recipe.language == "c" else RUST_FLAGS), *recipe.flags]


def dwarf_facts(path: Path) -> list[str]:
    """Returns what an object's DWARF and symbol table say of types and symbols, without offsets."""
    facts: list[str] = []
    ordinals: dict[str, int] = {}
    dump = _output_of(["readelf", "-W", "--debug-dump=info", str(path)]).splitlines()
    entry = re.compile(r"^ *<[0-9a-f]+><([0-9a-f]+)>: Abbrev Number: \d+ \((DW_TAG_\w+)\)")
    attribute = re.compile(r"^ +<[0-9a-f]+> +(DW_AT_\w+) *: ?(.*)$")
    string_place = re.compile(r"^(\([^()]*\) ?)+: ")
    for line in dump:
        if "Compilation Unit @ offset" in line:
            facts.append("unit")
        elif found := entry.match(line):
            ordinals[found[1]] = len(ordinals)
            depth = line.strip().partition(">")[0]
            facts.append(f"{depth}> {found[2]}")
        elif (found := attribute.match(line)) and found[1] in DWARF_FACTS:
            text = string_place.sub("", found[2]).rstrip()
            facts.append(f"{found[1]} {text}")
    symbols = _output_of(["nm", "-p", "--defined-only", str(path)]).splitlines()
    reference = re.compile(r"<0x([0-9a-f]+)>")

    def ordinal(match: re.Match[str]) -> str:
        return f"entry {ordinals.get(match[1], -1)}"

    named = sorted(" ".join(line.split()[1:]) for line in symbols if len(line.split()) == 3)
    return [reference.sub(ordinal, fact) for fact in facts] + named


def read_manifest() -> dict[str, Any]:
    """Returns the record of the committed objects; empty tables if there is none."""
    path = OBJECTS / MANIFEST
    if not path.exists():
        return {"toolchains": {}, "objects": {}}
    with path.open("rb") as file:
        return tomllib.load(file)


def manifest_text(toolchains: dict[str, str], objects: dict[str, dict[str, Any]]) -> str:
    """Returns the text of the manifest, sorted by name."""
    lines = [
        "# Written by scripts/build_samples.py: which compiler and flags made each object.",
        "# `inputs` is a digest over sources and flags, so that a stale object can be told.",
        "",
        "[toolchains]",
        *(f"{name} = {json.dumps(version)}" for name, version in sorted(toolchains.items())),
    ]
    for name, facts in sorted(objects.items()):
        lines += ["", f"[objects.{json.dumps(name)}]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in facts.items()]
    return "\n".join(lines) + "\n"


def _record(recipe: Recipe) -> dict[str, Any]:
    return {
        "sample": recipe.sample,
        "side": recipe.side,
        "toolchain": recipe.toolchain,
        "target": recipe.target,
        "kind": recipe.kind,
        "flags": _recorded_flags(recipe),
        "inputs": input_digest(recipe),
    }


def write_manifest(built: Iterable[Recipe], destination: Path) -> None:
    """Records the built objects beside those that the manifest names already."""
    manifest = read_manifest()
    present = {path.name for path in destination.iterdir()}
    objects = {name: facts for name, facts in manifest["objects"].items() if name in present}
    toolchains = dict(manifest["toolchains"])
    for recipe in built:
        objects[recipe.output] = _record(recipe)
        toolchains[recipe.toolchain] = compiler_version(recipe.toolchain)
    (destination / MANIFEST).write_text(manifest_text(toolchains, objects), encoding="utf-8")


def all_recipes(names: Iterable[str]) -> list[Recipe]:
    """Returns the recipes of the named samples."""
    return [recipe for name in names for recipe in recipes(name)]


def stale(chosen: Sequence[Recipe], scratch: Path) -> Iterator[str]:
    """Yields one sentence for each committed object that is not what its recipe says."""
    manifest = read_manifest()
    here: dict[str, str] = {}
    for recipe in chosen:
        recorded = manifest["objects"].get(recipe.output)
        if recorded is None or not (OBJECTS / recipe.output).exists():
            yield f"{recipe.output}: not built yet"
            continue
        if recorded["inputs"] != input_digest(recipe):
            yield f"{recipe.output}: its source or flags changed since it was built"
            continue
        version = here.setdefault(recipe.toolchain, compiler_version(recipe.toolchain))
        if version != manifest["toolchains"].get(recipe.toolchain):
            continue
        fresh = build(recipe, scratch)
        if dwarf_facts(fresh) != dwarf_facts(OBJECTS / recipe.output):
            yield f"{recipe.output}: a new build has other types or symbols"
    for name, version in sorted(here.items()):
        if version != manifest["toolchains"].get(name):
            found = version or "none"
            print(
                f"not rebuilt: objects of {name}: made by {manifest['toolchains'].get(name)}, "
                f"here is {found}",
                file=sys.stderr,
            )


def orphans() -> list[str]:
    """Returns the files in `objects/` that no recipe makes."""
    known = {recipe.output for recipe in all_recipes(sample_names()) if recipe.committed}
    present = {path.name for path in OBJECTS.iterdir()} if OBJECTS.exists() else set()
    return sorted(present - known - {MANIFEST})


def main(arguments: Sequence[str] | None = None) -> int:
    """Builds or checks; returns 0, 1 for stale objects, 2 for an error."""
    parser = argparse.ArgumentParser(description="Builds the committed sample objects.")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this sample")
    parser.add_argument("--output", type=Path, default=OBJECTS, metavar="DIR")
    parser.add_argument("--check", action="store_true", help="report stale objects, write nothing")
    parser.add_argument(
        "--all", action="store_true", help="also objects that are too large to be committed"
    )
    options = parser.parse_args(arguments)
    names = sample_names()
    if unknown := sorted(set(options.only or []) - set(names)):
        parser.error(f"no such sample: {', '.join(unknown)}")
    try:
        wanted = all_recipes(options.only or names)
        if options.check:
            return _check(wanted, complete=not options.only)
        _build_all([recipe for recipe in wanted if recipe.committed or options.all], options.output)
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _check(wanted: Sequence[Recipe], *, complete: bool) -> int:
    scratch = Path(tempfile.mkdtemp(prefix="samples-"))
    try:
        found = list(stale([recipe for recipe in wanted if recipe.committed], scratch))
    finally:
        shutil.rmtree(scratch)
    if complete:
        found += [f"{name}: no sample makes it" for name in orphans()]
    print("\n".join(found) if found else "every object is what its source says")
    return 1 if found else 0


def _build_all(wanted: Sequence[Recipe], output: Path) -> None:
    for recipe in wanted:
        path = build(recipe, output)
        print(f"{recipe.output}  {path.stat().st_size} bytes")
    write_manifest([recipe for recipe in wanted if recipe.committed], output)


if __name__ == "__main__":
    sys.exit(main())
