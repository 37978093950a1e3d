"""What was found out of a file, kept in the user's cache folder for the next time.

An entry is told by its key: a hash over all bytes of the files it is about, over what was asked of
them, and over the program itself. So an entry is never out of date. It is written beside its place
and renamed, and begins with a hash of its contents: one that is damaged, or cut off, counts as not
there. Nothing in here fails: a folder that cannot be read or written only makes no difference.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

_MAGIC: Final = b"rustabi-cache 1\n"
_SUFFIX: Final = ".entry"
_UNFINISHED: Final = ".unfinished"
_ABANDONED: Final = 3600.0
"""Seconds after which an unfinished file was left behind by a program that was stopped."""

LIMIT: Final = 1 << 30
"""Bytes that all entries together may take."""

_DIGITS: Final = 20
"""Of a number of MiB; Python refuses to read one of thousands."""

SMALLEST: Final = 1 << 20
"""Bytes of input from which on it is kept: to decode less takes no longer than to look it up."""

Stamp: TypeAlias = tuple[int, int, int, int]


class Print(NamedTuple):
    """What tells the contents of a file.

    Attributes:
        digest: SHA-256 of all of it, in hexadecimal.
        size: In bytes.
        stamp: By which a change of it while it was read shows.
        start: Its first bytes.
    """

    digest: str
    size: int
    stamp: Stamp
    start: bytes


class Contents(NamedTuple):
    """What is in the cache.

    Attributes:
        folder: Where it is.
        entries: How many there are.
        size: Of all of them, in bytes.
    """

    folder: Path
    entries: int
    size: int


class Cache:
    """Entries in a folder.

    Args:
        folder: Where they are; None for `default_folder`.
        limit: Bytes for all of them; those that were used least recently go first.
        smallest: Bytes of input below which nothing is kept.
    """

    def __init__(
        self, folder: Path | None = None, *, limit: int | None = None, smallest: int = SMALLEST
    ) -> None:
        self.folder = default_folder() if folder is None else folder
        self.smallest = smallest
        self._limit = default_limit() if limit is None else limit

    def key(self, kind: str, *parts: object) -> str | None:
        """The key of an entry; None where the program cannot tell itself from another version.

        Args:
            kind: What is kept.
            parts: What it depends on: plain values, whose `repr` says all of them, in tuples, lists
                and sets.
        """
        program = _program()
        if program is None:
            return None
        text = repr((kind, program, _stable(parts))).encode("utf-8", "surrogatepass")
        return hashlib.sha256(text).hexdigest()

    def get(self, key: str) -> memoryview | None:
        """The contents of an entry, or None."""
        path = self._path(key)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        body = memoryview(data)[len(_MAGIC) + 32 :]
        if not data.startswith(_MAGIC + hashlib.sha256(body).digest()):
            return None
        with suppress(OSError):
            os.utime(path)
        return body

    def put(self, key: str, body: bytes) -> None:
        """Keep an entry, in place of one of that key."""
        if len(body) > self._limit:
            return
        temporary = None
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(_UNFINISHED, dir=self.folder)
            temporary = Path(name)
            with os.fdopen(number, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(body).digest())
                file.write(body)
            temporary.replace(self._path(key))
        except OSError:
            if temporary is not None:
                with suppress(OSError):
                    temporary.unlink()
            return
        self._evict(keep=self._path(key).name)

    def contents(self) -> Contents:
        """Where the cache is, and how much is in it."""
        sizes = [status.st_size for _, status in self._entries()]
        return Contents(self.folder, len(sizes), sum(sizes))

    def clear(self) -> Contents:
        """Remove all entries; how many there were. Those that cannot be removed stay."""
        count = size = 0
        for path, status in [*self._entries(), *self._files(_UNFINISHED)]:
            with suppress(OSError):
                path.unlink()
                count, size = count + 1, size + status.st_size
        with suppress(OSError):
            self.folder.rmdir()
        return Contents(self.folder, count, size)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}{_SUFFIX}"

    def _entries(self) -> Iterator[tuple[Path, os.stat_result]]:
        return self._files(_SUFFIX)

    def _files(self, suffix: str) -> Iterator[tuple[Path, os.stat_result]]:
        try:
            found = sorted(path for path in self.folder.iterdir() if path.suffix == suffix)
        except OSError:
            return
        for path in found:
            with suppress(OSError):  # another process may have removed it
                yield path, path.stat()

    def _evict(self, keep: str) -> None:
        for path, status in self._files(_UNFINISHED):
            if time.time() - status.st_mtime > _ABANDONED:
                with suppress(OSError):
                    path.unlink()
        found = sorted(self._entries(), key=lambda each: (each[0].name == keep, each[1].st_mtime))
        size = sum(status.st_size for _, status in found)
        for path, status in found:
            if size <= self._limit:
                return
            with suppress(OSError):
                path.unlink()
            size -= status.st_size


def _stable(value: object) -> object:
    """The value with sets in order."""
    if isinstance(value, set | frozenset):
        return ["set", *sorted(map(repr, value))]
    if isinstance(value, tuple | list):
        return [_stable(each) for each in value]
    return value


class Entry:
    """The place in a cache of what is found out of some files.

    Args:
        cache: Where it is kept.
        paths: The files.
        kind: What it is.
        parts: What else it depends on, as for `Cache.key`.
        refused: Whether a file that begins so is told by its bytes alone.
    """

    def __init__(
        self,
        cache: Cache,
        paths: Sequence[Path],
        kind: str,
        *parts: object,
        refused: Callable[[bytes], bool] = lambda start: False,
    ) -> None:
        self._cache = cache
        self._paths = paths
        self._prints = self._look(refused)
        digests = [each.digest for each in self._prints]
        self._key = cache.key(kind, digests, *parts) if digests else None

    def _look(self, refused: Callable[[bytes], bool]) -> list[Print]:
        """What tells the files; nothing where they are too small, or cannot be told."""
        with suppress(OSError):
            if sum(path.stat().st_size for path in self._paths) >= self._cache.smallest:
                found = [fingerprint(path) for path in self._paths]
                known = [each for each in found if each is not None and not refused(each.start)]
                return known if len(known) == len(found) else []
        return []

    def find(self) -> memoryview | None:
        """What was kept."""
        return None if self._key is None else self._cache.get(self._key)

    def keep(self, make: Callable[[], bytes]) -> None:
        """Keep what ``make`` returns, unless a file changed meanwhile or none of it is kept."""
        if self._key is not None and all(map(unchanged, self._paths, self._prints)):
            self._cache.put(self._key, make())


def default_folder() -> Path:
    """``models`` in ``$RUSTABI_CACHE_DIR``, ``$XDG_CACHE_HOME/rustabi`` or ``~/.cache/rustabi``."""
    own = os.environ.get("RUSTABI_CACHE_DIR")
    if own:
        return Path(own) / "models"
    general = os.environ.get("XDG_CACHE_HOME")
    try:
        folder = Path(general) if general else Path.home() / ".cache"
    except RuntimeError:  # no home: nothing can be kept
        folder = Path(os.devnull)
    return folder / "rustabi" / "models"


def default_limit() -> int:
    """Bytes for all entries: ``$RUSTABI_CACHE_SIZE`` says it in MiB."""
    given = os.environ.get("RUSTABI_CACHE_SIZE", "")
    known = given.isascii() and given.isdigit()
    return int(given[:_DIGITS]) << 20 if known else LIMIT  # one that long says: without limit


def fingerprint(path: Path) -> Print | None:
    """What tells the contents of a file; None where it cannot be read.

    A build-id alone would not do: it stays when objcopy changes what is described.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if not status.st_size:
                return None
            start = file.read(16)
            file.seek(0)  # a map of it would end this process where another one cuts it off
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None
    return Print(digest, status.st_size, _stamp(status), start)


def unchanged(path: Path, print_: Print) -> bool:
    """Whether a file is still the one of that fingerprint, as far as its dates tell."""
    try:
        return _stamp(path.stat()) == print_.stamp
    except OSError:
        return False


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


@cache
def _program() -> str | None:
    """What tells this program, its demanglers and its Python from others that write other entries.

    The version number alone would not do: a clone changes between two of them.
    """
    folder = Path(__file__).parent
    try:
        sources = sorted(folder.rglob("*.py"))
        found = hashlib.sha256(repr(sys.version_info[:2]).encode())
        for path in sources:
            found.update(path.relative_to(folder).as_posix().encode() + b"\0")
            found.update(hashlib.sha256(path.read_bytes()).digest())
    except OSError:
        return None
    for name in sorted(_dependencies()):
        found.update(name.encode("utf-8", "surrogateescape") + b"\0")
    return found.hexdigest() if sources else None


def _dependencies() -> Iterable[str]:
    """The installed versions of what makes names, by the names of the folders that tell them."""
    for place in sys.path:
        with suppress(OSError):
            for path in Path(place or ".").iterdir():
                plain = path.name.lower().replace("-", "_")
                if plain.startswith(("rust_demangler_", "demangle_")):
                    yield plain
