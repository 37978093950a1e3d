"""Crate folders: built by cargo with full debug info, in a place of their own.

Nothing is written to the user's folders. Cargo's output goes to a cache. A ``Cargo.lock`` that is
absent or out of date is made in a mirror of the workspace, never beside the user's manifest. The
profile is the user's, but for what decides about debug info.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from rustabi.cargo.mirror import within
from rustabi.cargo.options import Build as Build
from rustabi.cargo.plan import Plan, carry_out, places, read_metadata, relative
from rustabi.cargo.run import Outcome
from rustabi.cargo.run import Progress as Progress
from rustabi.errors import BuildError, InputError

DELIVERED = {
    "cdylib": ".so", "dylib": ".so", "rlib": ".rlib", "lib": ".rlib", "staticlib": ".a",
    "proc-macro": ".so",
}  # fmt: skip
"""Crate types, the one to look at first when a crate has several, and the suffix of their files.

What is linked for others to load says best what is exported; a static library comes after the rlib
because it contains the standard library too."""


class Artifact(NamedTuple):
    """A file that cargo made of a crate."""

    crate: str
    path: Path


class Built(NamedTuple):
    """What cargo built.

    Attributes:
        artifacts: One per crate that was asked for.
        crates: ``name version`` of these and of the crates they were built with, sorted.
    """

    artifacts: tuple[Artifact, ...]
    crates: tuple[str, ...]


def build_crate(folder: Path, build: Build, progress: Progress | None = None) -> Built:
    """Build the library of the crate in ``folder``, or its programs where it has no library.

    Args:
        folder: A folder with a ``Cargo.toml``, of a crate or a workspace.
        build: How.
        progress: Told of each crate that is compiled.

    Raises:
        BuildError: There is no cargo, or it fails.
        InputError: The workspace has no such package.
    """
    plan = _plan(folder.resolve(), build)
    return _result(plan, carry_out(plan, progress or (lambda text: None)))


def _plan(folder: Path, build: Build) -> Plan:
    metadata = read_metadata(folder, build)
    root = Path(metadata["workspace_root"])
    packages = _chosen(metadata, folder, build)
    targets = [target for package in packages for target in package["targets"]]
    crate_types = frozenset(
        kind for each in targets for kind in each["crate_types"] if kind in DELIVERED
    )
    selection = (["--lib" if crate_types else "--bins"] if len(packages) == 1 else []) + (
        [f"--package={build.package}"] if build.package else []
    )
    return Plan(
        build,
        folder,
        root,
        frozenset(relative(Path(each["manifest_path"]), root) for each in packages),
        tuple(Path(each["manifest_path"]) for each in metadata["packages"]),
        crate_types,
        tuple(selection),
        *places(root, build),
    )


def _chosen(metadata: dict[str, Any], folder: Path, build: Build) -> list[dict[str, Any]]:
    """The packages to build: the one named, the folder's own, or those cargo builds by default."""
    packages: list[dict[str, Any]] = metadata["packages"]
    if build.package is not None:
        named = [each for each in packages if each["name"] == build.package]
        if not named:
            known = ", ".join(sorted(each["name"] for each in packages))
            raise InputError(
                f"no package {build.package} in this workspace",
                path=folder,
                advice=f"name one of: {known}",
            )
        return named
    own = [each for each in packages if Path(each["manifest_path"]).parent == folder]
    default = metadata.get("workspace_default_members", metadata["workspace_members"])
    return own or [each for each in packages if each["id"] in default]


def _result(plan: Plan, outcome: Outcome) -> Built:
    messages = compiled(outcome)
    libraries: dict[str, Artifact] = {}
    programs: dict[str, list[Artifact]] = {}
    for message in messages:
        package, name = package_of(message, plan), str(message["target"]["name"])
        library = _library(message)
        if package not in plan.packages:
            continue
        if library is not None:
            libraries[package] = Artifact(name, library)
        elif message.get("executable"):
            programs.setdefault(package, []).append(Artifact(name, Path(message["executable"])))
    artifacts = set(libraries.values())
    artifacts.update(*(found for package, found in programs.items() if package not in libraries))
    if not artifacts:
        raise BuildError(
            "cargo built neither a library nor a program of it",
            path=plan.folder,
            advice="name a package that has one, and the features it requires",
        )
    return Built(tuple(sorted(artifacts)), linked_crates(messages))


def compiled(outcome: Outcome) -> list[dict[str, Any]]:
    """Cargo's messages about files that it made, or found made already."""
    return [each for each in outcome.messages if each.get("reason") == "compiler-artifact"]


def linked_crates(messages: list[dict[str, Any]]) -> tuple[str, ...]:
    """``name version`` of the crates in what was built, sorted."""
    return tuple(sorted({crate_id(each["package_id"]) for each in messages if _is_linked(each)}))


def package_of(message: dict[str, Any], plan: Plan) -> str:
    """The manifest of the package that a message is about, as in `Plan.packages`."""
    mirrored = within(plan.mirror, plan.root)
    manifest = Path(message["manifest_path"])
    return relative(manifest, mirrored if manifest.is_relative_to(mirrored) else plan.root)


def _library(message: dict[str, Any]) -> Path | None:
    """The file to look at among those that a library was built as."""
    files = library_files(message)
    return next((files[each] for each in DELIVERED if each in files), None)


def library_files(message: dict[str, Any]) -> dict[str, Path]:
    """Crate type -> the file that a library was built as."""
    crate_types = message["target"]["crate_types"]
    files = [str(each) for each in message["filenames"]]
    found = {
        crate_type: next((Path(file) for file in files if file.endswith(suffix)), None)
        for crate_type, suffix in DELIVERED.items()
        if crate_type in crate_types
    }
    return {crate_type: file for crate_type, file in found.items() if file is not None}


def _is_linked(message: dict[str, Any]) -> bool:
    return not {"custom-build", "proc-macro"} & set(message["target"]["kind"])


def crate_id(package_id: str) -> str:
    """``name version`` out of a package id: ``…/serde#1.0.0``, ``…#serde@1.0.0``.

    Before cargo 1.77 it was ``serde 1.0.0 (…)``.
    """
    if " " in package_id:
        return " ".join(package_id.split(" ")[:2])
    url, _, fragment = package_id.rpartition("#")
    name, found, version = fragment.rpartition("@")
    return f"{name if found else url.rsplit('/', 1)[-1]} {version}"
