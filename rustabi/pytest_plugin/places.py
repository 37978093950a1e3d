"""Where files are: what a test names is below the root folder, what it shows is told from there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest

from rustabi.cargo import Build
from rustabi.errors import UsageError

Target: TypeAlias = str | Path

_PASSED_OVER = ".git"
_CACHE_TAG = "CACHEDIR.TAG"
"""What cargo marks its output folder with."""


class Places(NamedTuple):
    """The folders that names are relative to.

    Attributes:
        root: Of targets, rules and lists: pytest's root folder.
        baselines: Of baselines.
    """

    root: Path
    baselines: Path

    @classmethod
    def of(cls, config: pytest.Config) -> Places:
        """Those that the options and the ini file lay down."""
        root = config.rootpath
        given = config.getoption("rustabi_baseline_dir")
        if given is not None:
            return cls(root, config.invocation_params.dir / given)
        ini = str(config.getini("rustabi_baseline_dir") or "")
        return cls(root, root / ini)

    def target(self, name: Target) -> Path:
        """The file or folder that a test names."""
        return self.root / _named(name)

    def baseline(self, name: Target) -> Path:
        """The baseline that a test names."""
        return self.baselines / _named(name)

    def shown(self, path: Target) -> str:
        """A path as reports show it: the same on every machine where it is below the root."""
        path = Path(path)
        if path.is_absolute() and path.is_relative_to(self.root):
            return path.relative_to(self.root).as_posix()
        return str(path)


def _named(name: Target) -> Target:
    """The name; an empty one would mean the folder itself, such as of a variable that is not set.

    Raises:
        UsageError: It is empty.
    """
    if name == "":
        raise UsageError("an empty path", advice="name a file or folder; the root folder is '.'")
    return name


def options_in_words(build: Build) -> Iterator[str]:
    """How a crate is built, as cargo's options: so two builds of one crate have two names."""
    for name, value in build._asdict().items():
        option = f"--{name.replace('_', '-')}"
        if name == "profile":
            if value != "dev":
                yield "--release" if value == "release" else f"{option}={value}"
        elif name == "toolchain" and value:
            yield f"+{value}"
        elif value is True:
            yield option
        elif value:
            yield f"{option}={value if isinstance(value, str) else ','.join(value)}"


def fingerprint(path: Path) -> tuple[object, ...]:
    """What changes when a file, or any file below a folder, is written anew: names, sizes, times.

    The output of cargo is passed over. What is not there has a fingerprint, too.
    """
    if not path.is_dir():
        return _state_of(path)
    return tuple(_states_below(path))


def _states_below(folder: Path) -> Iterator[tuple[object, ...]]:
    for parent, folders, files in os.walk(folder):
        place = Path(parent)
        folders[:] = sorted(
            each
            for each in folders
            if each != _PASSED_OVER and not (place / each / _CACHE_TAG).exists()
        )
        for file in sorted(files):
            yield str(place / file), *_state_of(place / file)


def _state_of(path: Path) -> tuple[object, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
