"""Other revisions of a folder, each in a git worktree of its own that is removed afterwards.

Of the user's repository nothing is touched but the list of worktrees, and that only meanwhile: not
the index, HEAD, the stash, nor any file of the user's. No hook runs.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from rustabi.errors import InputError, RustabiError

_OF_ONE_REPOSITORY: Final = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)  # fmt: skip
"""Variables that git sets for its hooks (those of ``git rev-parse --local-env-vars`` but for
settings): with them, what is done in another worktree would be done to the user's index."""

_LINK_TO_COMMIT: Final = "160000"
"""The mode of a submodule in a tree."""

_HELD_OFF: Final = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class GitError(RustabiError):
    """Git is missing, or cannot do what is asked."""

    kind = "git"


class Revision(NamedTuple):
    """A commit of a repository.

    Attributes:
        top: The repository's folder.
        name: As the user named it.
        commit: The whole hash.
    """

    top: Path
    name: str
    commit: str

    def __str__(self) -> str:
        short = self.commit[:10]
        return short if self.commit.startswith(self.name) else f"{self.name} ({short})"


def clean_environment() -> dict[str, str | None]:
    """The variables to take away for a program that is to see another worktree."""
    return dict.fromkeys(_OF_ONE_REPOSITORY)


def find_revision(folder: Path, name: str) -> Revision:
    """The commit that ``name`` means in the repository that ``folder`` is in.

    Raises:
        GitError: There is no git, or ``folder`` is in no repository.
        InputError: There is no such commit.
    """
    top = Path(_output(folder, "rev-parse", "--show-toplevel"))
    found = _git(
        folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
    )
    if found.returncode or not name:
        shallow = _output(folder, "rev-parse", "--is-shallow-repository") == "true"
        raise InputError(
            f"git knows no commit {name!r}",
            path=top,
            advice="this clone is shallow: `git fetch --unshallow`, or fetch that commit"
            if shallow
            else "name a commit, branch or tag; `git fetch` where it is new",
        )
    return Revision(top, name, found.stdout.strip())


def missing_in(revision: Revision) -> tuple[str, ...]:
    """What a worktree of a revision lacks, in sentences: submodules, files kept in Git LFS."""
    tree = _output(revision.top, "ls-tree", "-r", "-z", "--full-tree", revision.commit)
    entries = [entry.split("\t", 1) for entry in tree.split("\0") if entry]
    notes = []
    modules = [path for facts, path in entries if facts.startswith(_LINK_TO_COMMIT)]
    if modules:
        notes.append(f"submodules are empty there: {', '.join(modules)}")
    attributes = [path for _, path in entries if Path(path).name == ".gitattributes"]
    texts = (_output(revision.top, "show", f"{revision.commit}:{path}") for path in attributes)
    if any("filter=lfs" in text for text in texts):
        notes.append("files kept in Git LFS may be pointers there, if git-lfs cannot fetch them")
    return tuple(notes)


def is_tracked(top: Path, file: Path) -> bool:
    """Whether a file is in the repository at ``top``, and known to git there."""
    if not file.is_relative_to(top):
        return False
    return bool(_output(top, "ls-files", "--", str(file.relative_to(top))))


@contextlib.contextmanager
def worktree(revision: Revision) -> Iterator[Path]:
    """A folder with the files of a revision; it is removed when the work is done, or fails.

    Raises:
        GitError: It cannot be made.
    """
    folder = _new_folder()
    try:
        made = _git(
            revision.top, "worktree", "add", "--quiet", "--detach", str(folder), revision.commit
        )
        if made.returncode:
            raise GitError(
                f"git cannot check out {revision}: {made.stderr.strip()}",
                path=revision.top,
                advice="see that `git worktree add --detach` works there; GIT_LFS_SKIP_SMUDGE=1"
                " leaves out files that are kept in Git LFS",
            )
        yield folder
    finally:
        with _undisturbed():
            _remove(revision.top, folder)


def _new_folder() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="rustabi-baseline-")).resolve()
    except OSError as error:
        raise GitError(
            f"no folder to check out to: {error.strerror}",
            path=tempfile.gettempdir(),
            advice="set TMPDIR to a folder that you may write to",
        ) from error


def _remove(top: Path, folder: Path) -> None:
    """Take a worktree away, also one that was never finished."""
    _git(top, "worktree", "remove", "--force", "--force", str(folder))
    shutil.rmtree(folder, ignore_errors=True)
    common = _git(top, "rev-parse", "--git-common-dir")
    if common.returncode == 0:
        listed = (top / common.stdout.strip()) / "worktrees"
        shutil.rmtree(listed / folder.name, ignore_errors=True)
        with contextlib.suppress(OSError):
            listed.rmdir()  # git does not leave it empty either


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold off a second Ctrl-C, for git too, until all is cleaned up."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD_OFF)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _output(folder: Path, *arguments: str) -> str:
    done = _git(folder, *arguments)
    if done.returncode:
        raise GitError(
            done.stderr.strip().removeprefix("fatal: ") or f"git {arguments[0]} failed",
            path=folder,
            advice="a baseline revision needs a folder in a git repository; --baseline takes a"
            " snapshot or a folder instead",
        )
    return done.stdout.strip()


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if name not in _OF_ONE_REPOSITORY
    }
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    command = ["git", "-c", f"core.hooksPath={os.devnull}", "-c", "advice.detachedHead=false"]
    try:
        return subprocess.run(
            [*command, *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, encoding="utf-8", errors="surrogateescape", check=False,
        )  # fmt: skip
    except OSError as error:
        raise GitError(
            f"git cannot be run: {error.strerror}",
            path=folder,
            advice="install git, or name a snapshot or folder with --baseline",
        ) from error
