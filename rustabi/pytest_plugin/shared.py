"""What is read and built once: within a process by what it was made of, between workers by a file.

Workers of pytest-xdist are processes of their own with a common folder. There a crate that one of
them built is kept as a snapshot for the others. One lock guards all of it: two workers never build
at the same time, and cargo is parallel by itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from rustabi.cargo import Build
from rustabi.errors import RustabiError, SnapshotError
from rustabi.model import Model
from rustabi.pytest_plugin.places import fingerprint
from rustabi.snapshot import read, write
from rustabi.target import load_target

_KEPT: Final = 16
"""Models that a process keeps; a kernel's takes hundreds of megabytes."""

_ENVIRONMENT: Final = ("CARGO", "RUST", "CC", "CFLAGS", "LDFLAGS")
"""How the names of variables begin that a build can depend on."""

Found = TypeVar("Found")


class Shared:
    """The models of a session.

    Args:
        between_workers: Whether other processes of the session can use what is built here.
    """

    def __init__(self, *, between_workers: bool) -> None:
        self.folder: Path | None = None
        self._between_workers = between_workers
        self._known: OrderedDict[Hashable, object] = OrderedDict()
        self._failed: dict[Hashable, RustabiError] = {}

    def model(self, path: Path, symbols: tuple[str, ...] | None) -> Model:
        """The model of a binary, a folder of them or a snapshot, read once as long as it stays so.

        Raises:
            RustabiError: It cannot be read.
        """
        key = ("model", path, symbols, fingerprint(path))
        return self.once(key, lambda: load_target(path, symbols=symbols))

    def crate(self, folder: Path, build: Build) -> Model:
        """The model of a crate, built once in a session as long as its folder stays as it is.

        Raises:
            RustabiError: It cannot be built or read.
        """
        environment = sorted(
            each for each in os.environ.items() if each[0].startswith(_ENVIRONMENT)
        )
        key = ("crate", folder, build, tuple(environment), fingerprint(folder))
        return self.once(key, lambda: self._built(folder, build, key))

    def once(self, key: Hashable, make: Callable[[], Found]) -> Found:
        """What `make` gives, made when it is first asked for; an error is kept, too.

        Raises:
            RustabiError: As `make` does.
        """
        if key in self._failed:
            raise self._failed[key]
        if key not in self._known:
            try:
                self._known[key] = make()
            except RustabiError as error:
                self._failed[key] = error
                raise
        self._known.move_to_end(key)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        found: Found = self._known[key]  # type: ignore[assignment]  # what was made for this key
        return found

    def _built(self, folder: Path, build: Build, key: object) -> Model:
        with self.lock() as place:
            if not self._between_workers:
                return load_target(folder, build=build)
            digest = hashlib.sha256(repr(key).encode("utf-8", "surrogateescape")).hexdigest()
            file = place / f"{digest[:32]}.json.gz"
            if file.exists():
                return read(file)
            model = load_target(folder, build=build)
            with contextlib.suppress(SnapshotError):  # too large for one: each builds for itself
                write(model, file)
            return model

    @contextlib.contextmanager
    def lock(self) -> Iterator[Path]:
        """The folder of all workers, while no other worker has it."""
        if self.folder is None:
            raise RuntimeError("the fixture rustabi has not been set up")
        place = self.folder / "rustabi-shared"
        place.mkdir(parents=True, exist_ok=True)
        with (place / "lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield place
