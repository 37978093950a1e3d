"""Where cargo builds, with which environment, and whose lock file it reads."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rustabi.cargo.mirror import make_mirror, within
from rustabi.cargo.options import Build, build_options, cargo_command, network_options
from rustabi.cargo.run import Outcome, Progress, failed, run
from rustabi.errors import BuildError

LINKED = frozenset({"cdylib", "dylib"})
"""Crate types of files that are linked for others to load."""


class Setting(NamedTuple):
    """What is special about a build of another revision, which lies in a folder of rustabi's own.

    Attributes:
        name: What names the output folder, instead of the workspace's; empty for the user's own.
        top: The folder of rustabi's own that all of it lies in; None for the user's own.
        where: What the crate's folder is called in messages, instead of its path.
        config: Files of cargo's settings that count besides those it finds.
        environment: Variables to set or, with None, to take away.
    """

    name: str = ""
    top: Path | None = None
    where: str = ""
    config: tuple[str, ...] = ()
    environment: tuple[tuple[str, str | None], ...] = ()

    @property
    def own(self) -> bool:
        """Whether the folder is rustabi's, so that cargo may write a lock file in it."""
        return self.top is not None

    @property
    def shown(self) -> list[tuple[Path, str]]:
        """Folders of rustabi's own, and what to call them in cargo's words."""
        return [] if self.top is None else [(self.top, "")]


USERS = Setting()
"""The user's own folder, in which nothing is written."""


class Plan(NamedTuple):
    """What is to be built, and where.

    Attributes:
        folder: The crate's folder, in which cargo is run: its configuration counts.
        root: The folder of its workspace, which has the lock file.
        packages: Manifests of the packages asked for, relative to `root` where they are within it.
        manifests: Of all packages of the workspace.
        crate_types: All that the libraries of the packages asked for are built as.
        selection: Cargo's options that select packages and their targets.
        output: Where cargo is to build.
        mirror: Where a mirror of the workspace is to be, when one is needed.
    """

    build: Build
    folder: Path
    root: Path
    packages: frozenset[str]
    manifests: tuple[Path, ...]
    crate_types: frozenset[str]
    selection: tuple[str, ...]
    output: Path
    mirror: Path
    setting: Setting = USERS

    @property
    def place(self) -> str:
        """What the folder is called in messages."""
        return self.setting.where or str(self.folder)

    @property
    def lock_file(self) -> Path:
        """The lock file of the last build."""
        mirrored = within(self.mirror, self.root) / "Cargo.lock"
        own = self.root / "Cargo.lock"
        return own if own.exists() or not mirrored.exists() else mirrored


def read_metadata(folder: Path, build: Build, setting: Setting = USERS) -> dict[str, Any]:
    """What cargo knows of the workspace that ``folder`` is in, but for its dependencies.

    Raises:
        BuildError: There is no cargo, or it cannot read the manifest.
    """
    command = [*cargo_command(build), "metadata", "--no-deps", "--format-version=1"]
    command += [each for each in network_options(build) if each == "--offline"]
    extra = [*_config(setting), f"--manifest-path={folder / 'Cargo.toml'}"]
    outcome = run([*command, *extra], folder, changed(os.environ, setting))
    if outcome.code or not outcome.messages:
        raise failed(
            "cargo cannot read the manifest", outcome, command,
            setting.where or folder, setting.shown,
        )  # fmt: skip
    return outcome.messages[0]


def relative(manifest: Path, root: Path) -> str:
    """A manifest as `Plan.packages` has it."""
    return str(manifest.relative_to(root) if manifest.is_relative_to(root) else manifest)


def places(root: Path, build: Build, setting: Setting = USERS) -> tuple[Path, Path]:
    """Folders for cargo's output and for a mirror: one pair for each workspace and options.

    Raises:
        BuildError: They cannot be made.
    """
    cache = cache_folder()
    target = os.environ.get("CARGO_TARGET_DIR")
    identity = f"{setting.name or root}\0{tuple(build.plain())!r}"
    key = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()
    name = f"{Path(setting.name or root).name}-{key[:16]}"
    output = (Path(target) / "rustabi" if target else cache / "target").absolute() / name
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_writable(error, output, "CARGO_TARGET_DIR") from error
    return output, cache.absolute() / "mirror" / name


def cache_folder() -> Path:
    """Where rustabi keeps what it builds."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rustabi"


def not_writable(error: OSError, place: Path, variable: str) -> BuildError:
    """The error of a folder that cannot be made, and the variable that names another."""
    return BuildError(
        f"no folder to build in: {error.strerror}",
        path=place,
        advice=f"set {variable} to a folder that you may write to",
    )


def carry_out(plan: Plan, say: Progress) -> Outcome:
    """Build, with the workspace's lock file where that is up to date, else with one of our own.

    Raises:
        BuildError: There is no cargo, or it fails.
    """
    strict = plan.build.locked or plan.build.frozen
    if strict or (plan.root / "Cargo.lock").exists():
        outcome = _build(plan, plan.folder, [] if strict else ["--locked"], say)
        if strict or outcome.code == 0 or "--locked was passed" not in outcome.errors:
            return _passed(plan, outcome)
    if plan.setting.own:
        return _passed(plan, _build(plan, plan.folder, [], say))
    try:
        make_mirror(plan.root, plan.manifests, plan.mirror)
    except OSError as error:
        raise not_writable(error, plan.mirror, "XDG_CACHE_HOME") from error
    return _passed(plan, _build(plan, within(plan.mirror, plan.folder), [], say))


def _build(plan: Plan, folder: Path, extra: Sequence[str], say: Progress) -> Outcome:
    """Run cargo on the manifest in ``folder``, but in the crate's own."""
    command = [
        *_command(plan),
        *extra,
        *_config(plan.setting),
        "--message-format=json-render-diagnostics",
        f"--manifest-path={folder / 'Cargo.toml'}",
    ]
    return run(command, plan.folder, _environment(plan), say)


def _command(plan: Plan) -> list[str]:
    return [*cargo_command(plan.build), "build", *build_options(plan.build), *plan.selection]


def _passed(plan: Plan, outcome: Outcome) -> Outcome:
    if outcome.code == 0:
        return outcome
    names = [(plan.mirror, "/"), *plan.setting.shown]
    raise failed("cargo failed to build it", outcome, _command(plan), plan.place, names)


def _config(setting: Setting) -> list[str]:
    return [f"--config={path}" for path in setting.config]


def _environment(plan: Plan) -> dict[str, str]:
    """The user's environment, with full debug info, kept in the binary."""
    prefix = f"CARGO_PROFILE_{plan.build.profile.upper().replace('-', '_')}_"
    settings = {"DEBUG": "2", "STRIP": "none", "SPLIT_DEBUGINFO": "off"}
    if not LINKED & plan.crate_types:
        settings["LTO"] = "false"  # with LTO an rlib holds LLVM's bitcode instead of objects
    return {
        **changed(os.environ, plan.setting),
        **{prefix + name: value for name, value in settings.items()},
        "CARGO_INCREMENTAL": "0",
        "CARGO_TARGET_DIR": str(plan.output),
        "CARGO_BUILD_BUILD_DIR": str(plan.output),
        "CARGO_TERM_COLOR": "never",
        "RUST_BACKTRACE": "0",
    }


def changed(environment: os._Environ[str], setting: Setting) -> dict[str, str]:
    """The environment with what a setting changes in it."""
    result = dict(environment)
    for name, value in setting.environment:
        result.pop(name, None)
        if value is not None:
            result[name] = value
    return result
