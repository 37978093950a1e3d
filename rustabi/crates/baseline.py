"""What the crates of a workspace are compared with: another revision, a checkout, or snapshots."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal, NamedTuple, TypeAlias

from rustabi.cargo.options import Build
from rustabi.cargo.plan import Setting, cache_folder, not_writable
from rustabi.cargo.run import Progress
from rustabi.cargo.workspace import (
    Selection,
    Workspace,
    active_toolchain,
    config_files,
    lock_file,
    manifest_folder,
    read_workspace,
)
from rustabi.errors import BuildError, InputError, UsageError
from rustabi.git import (
    Revision,
    clean_environment,
    find_revision,
    is_tracked,
    missing_in,
    worktree,
)

BaselineKind: TypeAlias = Literal["revision", "folder", "snapshots", "file"]

_SNAPSHOT_ENDINGS = (".json", ".json.gz")


class Request(NamedTuple):
    """What to compare.

    Attributes:
        folder: Of the crate or workspace.
        build: How to build both sides.
        selection: Which packages.
        revision: The revision of git to compare with, or
        baseline: a checkout, a folder of snapshots, or a file of a single crate.
    """

    folder: Path
    build: Build
    selection: Selection
    revision: str | None = None
    baseline: Path | None = None


class BaselineFacts(NamedTuple):
    """What is known of a baseline.

    Attributes:
        kind: What it is.
        name: As the user named it.
        commit: The whole hash; empty where it is no revision.
        notes: What it lacks, in sentences.
    """

    kind: BaselineKind
    name: str
    commit: str = ""
    notes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The name, and what tells more."""
        if self.commit and not self.commit.startswith(self.name):
            return f"{self.name} ({self.commit[:10]})"
        return self.commit[:10] or self.name


class Baseline(NamedTuple):
    """A baseline, ready to be compared with.

    Attributes:
        workspace: Its sources, where it has them.
        files: Its snapshots or binaries by the name of the package; `ANY` for whichever is asked.
    """

    facts: BaselineFacts
    workspace: Workspace | None = None
    files: tuple[tuple[str, Path], ...] = ()


ANY = ""
"""The name of the package of a file that tells none."""


def require_one(request: Request) -> None:
    """See that one baseline is named.

    Raises:
        UsageError: None is, or two are.
    """
    if (request.revision is None) is (request.baseline is None):
        raise UsageError(
            "name one baseline: --baseline-rev REV, or --baseline PATH",
            advice="--baseline-rev HEAD~1 compares with the commit before the last one",
        )


@contextlib.contextmanager
def opened(request: Request, current: Workspace, say: Progress) -> Iterator[Baseline]:
    """The baseline that was asked for; a worktree is removed in the end.

    Raises:
        RustabiError: There is no such revision, file or folder.
    """
    if request.revision is not None:
        with _of_revision(request, current, request.revision, say) as baseline:
            yield baseline
    elif request.baseline is not None:
        yield _of_path(request.baseline, request.build)


def _of_path(path: Path, build: Build) -> Baseline:
    if not path.exists():
        raise InputError(
            "there is no such baseline", path=path,
            advice="name a snapshot, a folder of snapshots, or another checkout; --baseline-rev"
            " takes a revision",
        )  # fmt: skip
    if path.name == "Cargo.toml":
        path = path.parent
    if (path / "Cargo.toml").is_file():
        workspace = read_workspace(path.resolve(), build)
        return Baseline(BaselineFacts("folder", str(path)), workspace)
    if not path.is_dir():
        return Baseline(BaselineFacts("file", str(path)), files=((ANY, path),))
    files = []
    for file in sorted(path.iterdir()):
        ending = next((each for each in _SNAPSHOT_ENDINGS if file.name.endswith(each)), None)
        if ending is not None:
            files.append((file.name.removesuffix(ending), file))
    if not files:
        raise InputError(
            "no snapshots in this folder, and no Cargo.toml", path=path,
            advice="`cargo rustabi snapshot --workspace -o FOLDER` writes one for each crate",
        )  # fmt: skip
    return Baseline(BaselineFacts("snapshots", str(path)), files=tuple(files))


@contextlib.contextmanager
def _of_revision(
    request: Request, current: Workspace, name: str, say: Progress
) -> Iterator[Baseline]:
    revision = find_revision(current.folder, name)
    notes = missing_in(revision)
    with _alone(current, say), worktree(revision) as tree, _noted(notes, str(revision)):
        say(f"checked out {revision}")
        folder = _place_in(tree, current, revision)
        setting = Setting(
            name=f"{current.root}@baseline",
            top=tree,
            where=f"{current.folder} at {revision}",
            config=_settings(current, revision),
            environment=_environment(current, request.build),
        )
        workspace = read_workspace(folder, request.build, setting)
        if folder != tree / current.folder.resolve().relative_to(revision.top.resolve()):
            none = (each._replace(default=False) for each in workspace.packages)
            workspace = workspace._replace(packages=tuple(none))
        facts = BaselineFacts("revision", name, revision.commit, notes)
        yield Baseline(facts, workspace)


def _settings(current: Workspace, revision: Revision) -> tuple[str, ...]:
    """Cargo's settings that a worktree would not have: above the repository, or not in git."""
    files = config_files(current.folder)
    return tuple(str(each) for each in files if not is_tracked(revision.top, each))


@contextlib.contextmanager
def _noted(notes: tuple[str, ...], revision: str) -> Iterator[None]:
    """Tell with a build that fails there what the revision's folder lacks: it may be why."""
    try:
        yield
    except BuildError as error:
        if notes and f" at {revision}" in (error.path or ""):
            error.advice = "; ".join([*notes, error.advice or ""]).removesuffix("; ")
        raise


def _place_in(tree: Path, current: Workspace, revision: Revision) -> Path:
    """Where the crate is in the other revision; its workspace where that has no such crate."""
    top = revision.top.resolve()
    places = [
        each.resolve().relative_to(top)
        for each in (current.folder, current.root)
        if each.resolve().is_relative_to(top)  # the workspace may be of a repository further out
    ]
    for place in places:
        if (tree / place / "Cargo.toml").is_file():
            return tree / place
    raise InputError(
        f"{revision} has no {places[-1] / 'Cargo.toml'}",
        path=current.root,
        advice="name a revision in which the crate or its workspace is there",
    )


def _environment(current: Workspace, build: Build) -> tuple[tuple[str, str | None], ...]:
    """Both sides are built by one toolchain: what rustup takes in the user's folder."""
    changes = clean_environment()
    toolchain = None if build.toolchain else active_toolchain(current.folder)
    if toolchain is not None:
        changes["RUSTUP_TOOLCHAIN"] = toolchain
    return tuple(changes.items())


def seed_lock_file(current: Workspace, other: Workspace, build: Build) -> None:
    """Let a revision without a lock file have the dependencies that the current one was built with.

    Call it when the current one is built.
    """
    place = other.root / "Cargo.lock"
    known = lock_file(current, build)
    if other.setting.own and known is not None and not place.exists():
        with contextlib.suppress(OSError):  # then cargo makes one
            shutil.copyfile(known, place)


@contextlib.contextmanager
def _alone(current: Workspace, say: Progress) -> Iterator[None]:
    """Let one run at a time build a baseline of a workspace: all do it in one folder."""
    name = "-".join(part for part in current.root.parts if part != os.sep)[-100:]
    with _opened(cache_folder() / "locks" / name) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("waiting for another run on this workspace")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _opened(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("w")
    except OSError as error:
        raise not_writable(error, path, "XDG_CACHE_HOME") from error


def folder_of(manifest_path: str | None) -> Path:
    """The folder of the manifest that is named, or of the next one above the current folder.

    Raises:
        InputError: There is none.
    """
    if manifest_path is None:
        return manifest_folder(Path.cwd())
    path = Path(manifest_path)
    if not path.is_file():
        raise InputError("there is no such manifest", path=path, advice="name a Cargo.toml")
    return path.resolve().parent
