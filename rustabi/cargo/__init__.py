"""Crate folders: built by cargo with full debug info, in a place of their own.

Nothing is written to the user's folders. Cargo's output goes to a cache. A ``Cargo.lock`` that is
absent or out of date is made in a mirror of the workspace, never beside the user's manifest. The
profile is the user's, but for what decides about debug info.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from rustabi.cargo.mirror import make_mirror, within
from rustabi.errors import BuildError, InputError

Progress: TypeAlias = Callable[[str], None]
"""Is told what is being done, in words, as the work goes on."""

_DELIVERED = {
    "cdylib": ".so", "dylib": ".so", "rlib": ".rlib", "lib": ".rlib", "staticlib": ".a",
    "proc-macro": ".so",
}  # fmt: skip
"""Crate types, the one to look at first when a crate has several, and the suffix of their files.

What is linked for others to load says best what is exported; a static library comes after the rlib
because it contains the standard library too."""

_EXCERPT = 20
"""Lines of the compiler's errors to show."""


class Build(NamedTuple):
    """How to build a crate; the fields are cargo's options of the same names.

    Attributes:
        profile: ``dev``, ``release`` or one of the manifest's own.
        features: Names of features to enable.
        target: The target triple; None for cargo's default.
        toolchain: As in ``cargo +nightly``; None for the user's default.
        package: A package of the workspace; None for that of the folder.
    """

    profile: str = "dev"
    features: tuple[str, ...] = ()
    all_features: bool = False
    no_default_features: bool = False
    target: str | None = None
    toolchain: str | None = None
    package: str | None = None


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


class _Plan(NamedTuple):
    """What is to be built, and where.

    Attributes:
        folder: The crate's folder.
        root: The folder of its workspace, which has the lock file.
        packages: Manifests of the packages asked for, relative to `root` where they are within it.
        manifests: Of all packages of the workspace.
        crate_types: All that the libraries of the packages asked for are built as.
        output: Where cargo is to build.
        mirror: Where a mirror of the workspace is to be, when one is needed.
    """

    build: Build
    folder: Path
    root: Path
    packages: frozenset[str]
    manifests: tuple[Path, ...]
    crate_types: frozenset[str]
    output: Path
    mirror: Path


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
    say = progress or (lambda text: None)
    if (plan.root / "Cargo.lock").exists():
        outcome = _cargo_build(plan, plan.folder, ["--locked"], say)
        if outcome.code == 0 or "--locked was passed" not in outcome.errors:
            return _result(plan, outcome)
    try:
        make_mirror(plan.root, plan.manifests, plan.mirror)
    except OSError as error:
        raise _not_writable(error, plan.mirror, "XDG_CACHE_HOME") from error
    return _result(plan, _cargo_build(plan, within(plan.mirror, plan.folder), [], say))


def _plan(folder: Path, build: Build) -> _Plan:
    command = [*_cargo(build), "metadata", "--no-deps", "--format-version=1"]
    outcome = _run([*command, f"--manifest-path={folder / 'Cargo.toml'}"], folder, os.environ)
    if outcome.code or not outcome.messages:
        raise _failed("cargo cannot read the manifest", outcome, command, folder)
    metadata = outcome.messages[0]
    root = Path(metadata["workspace_root"])
    packages = _chosen(metadata, folder, build)
    targets = [target for package in packages for target in package["targets"]]
    return _Plan(
        build,
        folder,
        root,
        frozenset(_relative(Path(each["manifest_path"]), root) for each in packages),
        tuple(Path(each["manifest_path"]) for each in metadata["packages"]),
        frozenset(kind for each in targets for kind in each["crate_types"] if kind in _DELIVERED),
        *_places(root, build),
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


def _relative(manifest: Path, root: Path) -> str:
    return str(manifest.relative_to(root) if manifest.is_relative_to(root) else manifest)


def _places(root: Path, build: Build) -> tuple[Path, Path]:
    """Folders for cargo's output and for a mirror: one pair for each workspace and options."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rustabi"
    target = os.environ.get("CARGO_TARGET_DIR")
    key = hashlib.sha256(f"{root}\0{build!r}".encode("utf-8", "surrogateescape")).hexdigest()
    name = f"{root.name}-{key[:16]}"
    output = (Path(target) / "rustabi" if target else cache / "target").absolute() / name
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(error, output, "CARGO_TARGET_DIR") from error
    return output, cache.absolute() / "mirror" / name


def _not_writable(error: OSError, place: Path, variable: str) -> BuildError:
    return BuildError(
        f"no folder to build in: {error.strerror}",
        path=place,
        advice=f"set {variable} to a folder that you may write to",
    )


class _Outcome(NamedTuple):
    """How a run of cargo ended."""

    code: int
    messages: tuple[dict[str, Any], ...]
    errors: str


def _cargo(build: Build) -> list[str]:
    return ["cargo", *([f"+{build.toolchain}"] if build.toolchain else [])]


def _options(plan: _Plan) -> list[str]:
    build = plan.build
    kind = "--lib" if plan.crate_types else "--bins"
    return [
        *_cargo(build),
        "build",
        f"--profile={build.profile}",
        *([kind] if len(plan.packages) == 1 else []),
        *([f"--package={build.package}"] if build.package else []),
        *([f"--features={','.join(build.features)}"] if build.features else []),
        *(["--all-features"] if build.all_features else []),
        *(["--no-default-features"] if build.no_default_features else []),
        *([f"--target={build.target}"] if build.target else []),
    ]


def _cargo_build(plan: _Plan, folder: Path, extra: Sequence[str], say: Progress) -> _Outcome:
    """Run cargo on the manifest in ``folder``, but in the crate's own: its configuration counts."""
    command = [
        *_options(plan),
        *extra,
        "--message-format=json-render-diagnostics",
        f"--manifest-path={folder / 'Cargo.toml'}",
    ]
    return _run(command, plan.folder, _environment(plan), say)


def _environment(plan: _Plan) -> dict[str, str]:
    """The user's environment, with full debug info, kept in the binary."""
    prefix = f"CARGO_PROFILE_{plan.build.profile.upper().replace('-', '_')}_"
    settings = {"DEBUG": "2", "STRIP": "none", "SPLIT_DEBUGINFO": "off"}
    if not {"cdylib", "dylib"} & plan.crate_types:
        settings["LTO"] = "false"  # with LTO an rlib holds LLVM's bitcode instead of objects
    return {
        **os.environ,
        **{prefix + name: value for name, value in settings.items()},
        "CARGO_INCREMENTAL": "0",
        "CARGO_TARGET_DIR": str(plan.output),
        "CARGO_BUILD_BUILD_DIR": str(plan.output),
        "CARGO_TERM_COLOR": "never",
        "RUST_BACKTRACE": "0",
    }


def _run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    say: Progress | None = None,
) -> _Outcome:
    messages: list[dict[str, Any]] = []
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        except OSError as error:
            raise _no_cargo(error, folder) from error
        with process:
            try:
                for message in _messages(process):
                    messages.append(message)
                    if say is not None and message.get("reason") == "compiler-artifact":
                        say(f"compiled {message['target']['name']}")
            except BaseException:
                process.terminate()  # Ctrl-C must not leave cargo running
                raise
        errors.seek(0)
        text = str(errors.read(), "utf-8", "replace")
    return _Outcome(process.returncode, tuple(messages), text)


def _messages(process: subprocess.Popen[bytes]) -> Iterator[dict[str, Any]]:
    """Cargo's messages. A procedural macro may print lines of its own between them."""
    for line in process.stdout or ():
        if line.startswith(b"{"):
            with contextlib.suppress(ValueError):
                yield json.loads(line)


def _no_cargo(error: OSError, folder: Path) -> BuildError:
    if folder.is_dir() and isinstance(error, FileNotFoundError):
        return BuildError(
            "building a crate needs cargo, and there is none",
            path=folder,
            advice="install Rust (https://rustup.rs), or name a binary that is built already",
        )
    return BuildError(
        f"cargo cannot be run: {error.strerror}",
        path=folder,
        advice="check the folder, and that `cargo --version` works",
    )


def _result(plan: _Plan, outcome: _Outcome) -> Built:
    if outcome.code:
        raise _failed("cargo failed to build it", outcome, _options(plan), plan.folder, plan.mirror)
    compiled = [each for each in outcome.messages if each.get("reason") == "compiler-artifact"]
    libraries: dict[str, Artifact] = {}
    programs: dict[str, list[Artifact]] = {}
    for message in compiled:
        package, name = _package(message, plan), str(message["target"]["name"])
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
    crates = {_crate(each["package_id"]) for each in compiled if _is_linked(each["target"])}
    return Built(tuple(sorted(artifacts)), tuple(sorted(crates)))


def _package(message: dict[str, Any], plan: _Plan) -> str:
    """The manifest of the package that a message is about, as in `_Plan.packages`."""
    mirrored = within(plan.mirror, plan.root)
    manifest = Path(message["manifest_path"])
    return _relative(manifest, mirrored if manifest.is_relative_to(mirrored) else plan.root)


def _library(message: dict[str, Any]) -> Path | None:
    """The file to look at among those that a library was built as."""
    target, files = message["target"], [str(each) for each in message["filenames"]]
    for crate_type, suffix in _DELIVERED.items():
        if crate_type in target["crate_types"]:
            return next((Path(file) for file in files if file.endswith(suffix)), None)
    return None


def _is_linked(target: dict[str, Any]) -> bool:
    return not {"custom-build", "proc-macro"} & set(target["kind"])


def _crate(package_id: str) -> str:
    """``name version`` out of a package id: ``…/serde#1.0.0``, ``…#serde@1.0.0``.

    Before cargo 1.77 it was ``serde 1.0.0 (…)``.
    """
    if " " in package_id:
        return " ".join(package_id.split(" ")[:2])
    url, _, fragment = package_id.rpartition("#")
    name, found, version = fragment.rpartition("@")
    return f"{name if found else url.rsplit('/', 1)[-1]} {version}"


def _failed(
    what: str, outcome: _Outcome, command: Sequence[str], folder: Path, mirror: Path | None = None
) -> BuildError:
    text = outcome.errors
    if mirror is not None:
        text = text.replace(f"{mirror}/", "/")
    lines = text.strip().splitlines()
    first = next((at for at, line in enumerate(lines) if line.startswith("error")), -_EXCERPT)
    excerpt = "\n".join(lines[first:][:_EXCERPT]).strip()
    return BuildError(
        f"{what}:\n{excerpt}\n",
        path=folder,
        advice=f"fix that and see that this works there: {shlex.join(command)}",
    )
