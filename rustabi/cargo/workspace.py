"""The packages of a workspace: which there are, which are meant, and the files of each library."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from rustabi.cargo import compiled, library_files, linked_crates, package_of
from rustabi.cargo.options import Build
from rustabi.cargo.plan import LINKED, USERS, Plan, Setting, carry_out, places, read_metadata
from rustabi.cargo.plan import relative as relative_manifest
from rustabi.cargo.run import Progress
from rustabi.errors import BuildError, InputError, UsageError

PackageKind: TypeAlias = Literal["library", "proc-macro", "program", "empty"]


class Package(NamedTuple):
    """A package of a workspace.

    Attributes:
        version: That of its manifest; ``0.0.0`` where it has none.
        manifest: Relative to the workspace where it is within it.
        crate: Name of the library crate; empty where there is none.
        crate_types: What the library is built as.
        programs: Names of its programs.
        default: Cargo builds it where no package is named.
    """

    name: str
    version: str
    manifest: str
    crate: str
    crate_types: tuple[str, ...]
    programs: tuple[str, ...]
    default: bool

    @property
    def kind(self) -> PackageKind:
        """What it delivers; a library comes before programs."""
        if "proc-macro" in self.crate_types:
            return "proc-macro"
        if self.crate:
            return "library"
        return "program" if self.programs else "empty"


class Workspace(NamedTuple):
    """A workspace, or a single package, at one revision.

    Attributes:
        folder: Where cargo is run: that of the manifest that was asked for.
        root: Where the workspace's manifest is.
        packages: Its members, sorted by name.
    """

    folder: Path
    root: Path
    packages: tuple[Package, ...]
    setting: Setting = USERS


class Selection(NamedTuple):
    """Which packages are meant, as users say it to cargo.

    Attributes:
        packages: Names or globs; none for what cargo would build.
        workspace: All of them.
        exclude: Names or globs to leave out of all.
    """

    packages: tuple[str, ...] = ()
    workspace: bool = False
    exclude: tuple[str, ...] = ()


class BuiltLibrary(NamedTuple):
    """What cargo made of a package.

    Attributes:
        files: Crate type -> the file.
        crates: ``name version`` of the crates in it, as far as they are known.
    """

    package: Package
    files: Mapping[str, Path]
    crates: tuple[str, ...]


def manifest_folder(start: Path) -> Path:
    """The folder of the next manifest, from ``start`` upwards.

    Raises:
        InputError: There is none.
    """
    for folder in (start, *start.parents):
        if (folder / "Cargo.toml").is_file():
            return folder
    raise InputError(
        "no Cargo.toml in this folder or one above it",
        path=start,
        advice="go to a crate, or name its manifest with --manifest-path",
    )


def read_workspace(folder: Path, build: Build, setting: Setting = USERS) -> Workspace:
    """The workspace that the crate in ``folder`` belongs to.

    Raises:
        BuildError: There is no cargo, or it cannot read the manifest.
    """
    metadata = read_metadata(folder, build, setting)
    root = Path(metadata["workspace_root"])
    own = [each for each in metadata["packages"] if _folder(each) == folder]
    default = {each["id"] for each in own} or set(
        metadata.get("workspace_default_members", metadata["workspace_members"])
    )
    packages = [_package(each, root, each["id"] in default) for each in metadata["packages"]]
    return Workspace(folder, root, tuple(sorted(packages)), setting)


def _folder(package: dict[str, Any]) -> Path:
    return Path(package["manifest_path"]).parent


def _package(package: dict[str, Any], root: Path, default: bool) -> Package:
    libraries = [each for each in package["targets"] if _is_library(each)]
    return Package(
        name=package["name"],
        version=package["version"],
        manifest=relative_manifest(Path(package["manifest_path"]), root),
        crate=libraries[0]["name"] if libraries else "",
        crate_types=tuple(libraries[0]["crate_types"]) if libraries else (),
        programs=tuple(
            sorted(each["name"] for each in package["targets"] if "bin" in each["kind"])
        ),
        default=default,
    )


def _is_library(target: dict[str, Any]) -> bool:
    return not {"bin", "example", "test", "bench", "custom-build"} & set(target["kind"])


def select(workspaces: Sequence[Workspace], selection: Selection) -> frozenset[str]:
    """Names of the packages that are meant in any of several revisions of a workspace.

    Raises:
        UsageError: A name means nothing in any of them, or options do not fit together.
    """
    if selection.exclude and not selection.workspace:
        raise UsageError("--exclude goes with --workspace", advice="give both, or name packages")
    packages = {package for workspace in workspaces for package in workspace.packages}
    names = {package.name for package in packages}
    for glob in (*selection.packages, *selection.exclude):
        if not any(matches(name, [glob]) for name in names):
            raise UsageError(
                f"no package {glob} in this workspace", path=workspaces[0].root,
                advice=f"there are: {', '.join(sorted(names))}",
            )  # fmt: skip
    if selection.workspace:
        kept = frozenset(name for name in names if not matches(name, selection.exclude))
        if not kept:
            raise UsageError("--exclude leaves no package", advice="leave out fewer")
        return kept
    if selection.packages:
        return frozenset(name for name in names if matches(name, selection.packages))
    return frozenset(package.name for package in packages if package.default)


def matches(name: str, globs: Iterable[str]) -> bool:
    """Whether one of some names or globs means a package."""
    return any(name == glob or fnmatchcase(name, glob) for glob in globs)


def build_packages(
    workspace: Workspace,
    packages: Sequence[Package],
    build: Build,
    progress: Progress | None = None,
) -> dict[str, BuiltLibrary]:
    """Build libraries of a workspace, or programs where a package has no library.

    Those that are linked and those that are not are built apart: they need other settings.

    Args:
        workspace: The workspace.
        packages: Some of its packages, none of them empty.
        build: How; its field `package` is not regarded.
        progress: Told of each crate that is compiled.

    Returns:
        What was built, by the name of the package.

    Raises:
        BuildError: There is no cargo, or it fails.
    """
    built: dict[str, BuiltLibrary] = {}
    for linked in (False, True):
        group = [each for each in packages if bool(LINKED & set(each.crate_types)) is linked]
        for options in (("--lib",), ("--bins",)):
            some = [each for each in group if bool(each.crate) is (options == ("--lib",))]
            if some:
                built |= _build_group(workspace, some, build, options, progress)
    return built


def _build_group(
    workspace: Workspace,
    packages: Sequence[Package],
    build: Build,
    options: tuple[str, ...],
    progress: Progress | None,
) -> dict[str, BuiltLibrary]:
    plan = _plan(workspace, packages, build, options)
    messages = compiled(carry_out(plan, progress or (lambda text: None)))
    by_manifest = {each.manifest: each for each in packages}
    files: dict[str, dict[str, Path]] = {each.name: {} for each in packages}
    for message in messages:
        package = by_manifest.get(package_of(message, plan))
        if package is None or "custom-build" in message["target"]["kind"]:
            continue
        found = library_files(message)
        if not found and message.get("executable"):
            found = {str(message["target"]["name"]): Path(message["executable"])}
        files[package.name].update(found)
    linked = linked_crates(messages)
    return {
        each.name: BuiltLibrary(each, _required(each, files[each.name], plan), linked)
        if len(packages) == 1
        else BuiltLibrary(
            each, _required(each, files[each.name], plan), (f"{each.name} {each.version}",)
        )
        for each in packages
    }


def _required(package: Package, files: Mapping[str, Path], plan: Plan) -> Mapping[str, Path]:
    if files:
        return files
    raise BuildError(
        f"cargo built nothing of the package {package.name}",
        path=plan.place,
        advice="give the features that it requires, or leave it out with --exclude",
    )


def _plan(
    workspace: Workspace, packages: Sequence[Package], build: Build, options: tuple[str, ...]
) -> Plan:
    build = build._replace(package=None)
    return Plan(
        build,
        workspace.folder,
        workspace.root,
        frozenset(each.manifest for each in packages),
        tuple(workspace.root / each.manifest for each in workspace.packages),
        frozenset(kind for each in packages for kind in each.crate_types),
        (*options, *(f"--package={each.name}" for each in packages)),
        *places(workspace.root, build, workspace.setting),
        workspace.setting,
    )


def lock_file(workspace: Workspace, build: Build) -> Path | None:
    """The lock file that the last build of a workspace was made with; None where there is none."""
    path = _plan(workspace, (), build, ()).lock_file
    return path if path.is_file() else None


def config_files(folder: Path) -> tuple[Path, ...]:
    """Files of cargo's settings that count for a crate in ``folder``, but for that in cargo's home.

    Those that count most come last, as cargo's option ``--config`` wants them.
    """
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    found: list[Path] = []
    for each in (folder, *folder.parents):
        names = [each / ".cargo" / name for name in ("config.toml", "config")]
        if each / ".cargo" != home:
            found += [name for name in names if name.is_file()][:1]
    return tuple(reversed(found))


def active_toolchain(folder: Path) -> str | None:
    """The toolchain that rustup takes in ``folder``; None where there is no rustup."""
    rustup = shutil.which("rustup")
    if rustup is None:
        return None
    try:
        done = subprocess.run(
            [rustup, "show", "active-toolchain"], cwd=folder, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError:
        return None
    words = done.stdout.split()
    return words[0] if done.returncode == 0 and words else None
