"""What a user points at: a binary, an archive, a folder of them, a crate, a snapshot -> one model.

What a file is, its contents say, not its name. What cannot be read is an error. So is a binary
without debug info, unless it stands among others that have it: then its symbols are listed without
types, and it is named in `Facts.skipped`.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from rustabi import compact
from rustabi.binary.archive import archive_members, is_archive, is_thin
from rustabi.binary.elf import Elf
from rustabi.binary.open import is_packed, read_binary, read_prefix, unreadable
from rustabi.cache import Cache, Entry
from rustabi.errors import InputError, NoDebugInfoError, RustabiError, UsageError
from rustabi.jobs import Jobs
from rustabi.kabi import SECTION, KabiRules, joined, parse_rules
from rustabi.layout_version import with_layout_versions
from rustabi.loader import Scope, Selection
from rustabi.loader import joined as joined_types
from rustabi.means import PLAIN, Means
from rustabi.merge import merge
from rustabi.model import Model, Symbol
from rustabi.pause import collector_paused
from rustabi.pieces import ELF, NO_OBJECT, Binary, Piece, Progress, Request, read_pieces

if TYPE_CHECKING:
    from rustabi.cargo import Build

Kind: TypeAlias = Literal["binary", "archive", "folder", "crate", "snapshot"]

_LARGE = 2 << 20
"""Bytes of a file from which on it is read at the same time as others."""
NO_CODE = "the archive holds no exported code"
"""What is said of an archive without any function: of a crate of generics, for one."""

_PACKED_MODULE = re.compile(r"\.ko\.(gz|xz|zst)$")


class Target(NamedTuple):
    """What a user named, and the binaries it stands for.

    Attributes:
        path: As named.
        binaries: Sorted by name; none for a snapshot.
        crates: Of a crate: it and its dependencies, with versions.
        unread: Files in a folder that could not be read, as ``name: reason``.
    """

    kind: Kind
    path: Path
    binaries: tuple[Binary, ...] = ()
    crates: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def load_target(
    path: str | Path,
    *,
    symbols: Iterable[str] | None = None,
    scope: Scope | None = None,
    all_types: bool = True,
    selection: Selection | None = None,
    layout_versions: bool = True,
    build: Build | None = None,
    progress: Progress | None = None,
    means: Means = PLAIN,
) -> Model:
    """Read what ``path`` names: binary, archive, folder of them, crate folder or snapshot.

    Args:
        path: The file or folder.
        symbols: Names to take for exported; None for what the binaries export.
        scope: Of symbol versions; None for ``file`` in objects and ``unit`` in linked files.
        all_types: Read every type. Without, only what the symbols reach is read, and repeated types
            of a single binary are not joined: enough for symbol versions, and faster.
        selection: What to read of all types and symbols. A snapshot is read whole.
        layout_versions: Compute those of the symbols, where every type is read.
        build: How to build a crate.
        progress: Told what is being done.
        means: Who reads several binaries, and where models are kept.

    Raises:
        InputError: It cannot be read, or is nothing that rustabi reads.
        NoDebugInfoError: It has no debug info that describes types.
        DwarfError: Its debug info is damaged.
        SnapshotError: It is a damaged snapshot.
        BuildError: Cargo fails to build it.
        UsageError: A scope is asked for of a snapshot, or the path is empty, which would mean the
            current folder.
    """
    if path == "":
        raise UsageError("an empty path", advice="name a file or folder; the current one is `.`")
    path = Path(path)
    names = None if symbols is None else tuple(dict.fromkeys(symbols))
    try:
        target = resolve(path, build=build, progress=progress)
        if target.kind == "snapshot":
            return _from_snapshot(path, names, scope)
        request = Request(names, scope, all_types, selection, layout_versions and all_types)
        return _from_binaries(target, request, progress or (lambda text: None), means)
    except RustabiError as error:
        error.located(path)
        raise


def load_resolved(
    target: Target, *, progress: Progress | None = None, means: Means = PLAIN
) -> Model:
    """Read the binaries of a target that is known already, such as a crate that was built.

    Raises:
        RustabiError: As for `load_target`.
    """
    request = Request(None, None, all_types=True)
    try:
        return _from_binaries(target, request, progress or (lambda text: None), means)
    except RustabiError as error:
        error.located(target.path)
        raise


def load_targets(
    paths: Sequence[str | Path],
    *,
    symbols: Iterable[str] | None = None,
    build: Build | None = None,
    progress: Progress | None = None,
    means: Means = PLAIN,
) -> list[Model]:
    """The models of several targets; large files are read at the same time.

    Args:
        paths: As for `load_target`, which see for all else.
        symbols: Of all.
        build: Of all.
        progress: Told what is being done.
        means: Who reads, and where models are kept.

    Raises:
        RustabiError: One cannot be read: of the first for which that is so.
    """
    names = None if symbols is None else tuple(dict.fromkeys(symbols))
    say = progress or (lambda text: None)
    if len(paths) < 2 or means.jobs.count < 2 or not all(map(_is_large, paths)):
        return [
            load_target(each, symbols=names, build=build, progress=say, means=means)
            for each in paths
        ]
    say("reading " + " and ".join(Path(each).name for each in paths))
    work = partial(_load_packed, names, means.cache)
    return [compact.from_bytes(each) for each in means.jobs.map_in_order(work, paths)]


def _load_packed(symbols: Sequence[str] | None, cache: Cache | None, path: str | Path) -> bytes:
    """`load_target` of a file, in a form that is cheap to hand over."""
    return compact.to_bytes(load_target(path, symbols=symbols, means=PLAIN._replace(cache=cache)))


def _is_large(path: str | Path) -> bool:
    """Whether reading a file takes so long that another process is worth it."""
    try:
        status = Path(path).stat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size >= _LARGE


def kabi_rules(path: str | Path, *, build: Build | None = None) -> KabiRules | None:
    """The kABI rules that the binaries of a target carry; None for a snapshot, which has none.

    Raises:
        InputError: The target cannot be read, its rules are damaged, or two objects disagree.
    """
    path = Path(path)
    target = resolve(path, build=build)
    if target.kind == "snapshot":
        return None
    return joined((rules for each in target.binaries for rules in _rules_in(each)), str(path))


def _rules_in(binary: Binary) -> Iterator[tuple[str, KabiRules]]:
    data = read_binary(binary.path)
    found = [(str(binary.path), data)]
    if is_archive(data):
        found = [
            (f"{binary.path}({member.name})", member.data)
            for member in archive_members(data, binary.path)
        ]
    for name, content in found:
        if content.startswith(ELF) and not name.rstrip(")").endswith(NO_OBJECT):
            yield name, parse_rules(Elf(content, name).contents(SECTION), name)


def resolve(path: Path, *, build: Build | None = None, progress: Progress | None = None) -> Target:
    """What ``path`` is, and which binaries it stands for. A crate is built.

    Raises:
        InputError: It cannot be read, or is nothing that rustabi reads.
        BuildError: Cargo fails to build it.
    """
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
        is_crate = (path / "Cargo.toml").is_file() if is_folder else path.name == "Cargo.toml"
    except OSError as error:
        raise unreadable(error, path) from error
    if is_crate:
        return _crate(path if is_folder else path.parent, build, progress)
    if is_folder:
        return _folder(path)
    return Target(_file_kind(path), path, (Binary(path, ""),))


def _file_kind(path: Path) -> Kind:
    prefix = read_prefix(path)
    if not prefix:
        raise InputError("the file is empty", path=path, advice="build or copy it again")
    if prefix.startswith(ELF):
        return "binary"
    if is_archive(prefix):
        return "archive"
    from rustabi.snapshot import is_snapshot

    if is_snapshot(prefix):
        return "snapshot"
    if is_packed(prefix):
        return "binary"
    raise InputError(
        "neither an ELF file, an archive nor a snapshot",
        path=path,
        advice="name an object, a module, a library, a program, a folder of them, a crate's folder"
        " or a file that `rustabi snapshot` wrote",
    )


def _crate(path: Path, build: Build | None, progress: Progress | None) -> Target:
    from rustabi.cargo import Build, build_crate

    built = build_crate(path, build or Build(), progress)
    several = len(built.artifacts) > 1
    binaries = tuple(Binary(each.path, each.crate if several else "") for each in built.artifacts)
    return Target("crate", path, binaries, built.crates)


# folders


def _folder(path: Path) -> Target:
    unread: list[str] = []
    binaries = sorted(_binaries_in(path, unread), key=lambda binary: binary.name)
    if not binaries:
        raise InputError(
            "no binaries in this folder" + (f" ({unread[0]})" if unread else ""),
            path=path,
            advice="name a folder with ELF files or archives in it, or with a Cargo.toml",
        )
    return Target("folder", path, tuple(binaries), unread=tuple(sorted(unread)))


def _binaries_in(folder: Path, unread: list[str]) -> Iterator[Binary]:
    """The binaries below ``folder``; one with several names (links) under the first of them."""

    def note(error: OSError) -> None:
        place = Path(error.filename)
        if place == folder:
            raise unreadable(error, folder) from error
        unread.append(f"{place.relative_to(folder)}: {unreadable(error, place).message}")

    seen: set[tuple[int, int]] = set()
    for parent, folders, files in os.walk(folder, onerror=note):
        folders.sort()
        for file in sorted(files):
            path = Path(parent, file)
            name = path.relative_to(folder).as_posix()
            try:
                status = path.stat()
                inode = status.st_dev, status.st_ino
                if inode not in seen and stat.S_ISREG(status.st_mode) and _is_binary(path):
                    seen.add(inode)
                    yield Binary(path, _PACKED_MODULE.sub(".ko", name))
            except FileNotFoundError:
                continue  # a link to nowhere
            except OSError as error:
                unread.append(f"{name}: {unreadable(error, path).message}")
            except InputError as error:
                unread.append(f"{name}: {error.message}")


def _is_binary(path: Path) -> bool:
    if path.name.endswith(NO_OBJECT):
        return False
    prefix = read_prefix(path)
    if is_packed(prefix):
        return _PACKED_MODULE.search(path.name) is not None
    return prefix.startswith(ELF) or is_archive(prefix)


# models


def _from_snapshot(path: Path, names: Sequence[str] | None, scope: Scope | None) -> Model:
    from rustabi.snapshot import read

    if scope is not None:
        raise UsageError(
            "a snapshot holds symbol versions that were computed before",
            advice="name the binary to have them in another scope",
        )
    model = read(path)
    if names is None:
        return model
    wanted = set(names)
    kept = tuple(symbol for symbol in model.symbols if symbol.name in wanted)
    return _with_missing(model._replace(symbols=kept), names)


def _with_missing(model: Model, names: Iterable[str]) -> Model:
    """``model``, in which those of ``names`` that were not found are symbols without debug info."""
    missing = set(names) - {symbol.name for symbol in model.symbols}
    symbols = [*model.symbols, *(Symbol(name, None, None) for name in missing)]
    symbols.sort(key=lambda symbol: (symbol.name, symbol.binary))
    return model._replace(symbols=tuple(symbols))


def _from_binaries(target: Target, request: Request, say: Progress, means: Means) -> Model:
    """The model of binaries: as it was kept, else read, and kept."""
    entry = None if means.cache is None else _entry(means.cache, target, request, say)
    model = None if entry is None else _kept_model(entry)
    if model is None:
        model = _read(target, request, say, means.jobs)
        if entry is not None:
            entry.keep(partial(_kept_form, model))
    return model if request.symbols is None else _with_missing(model, request.symbols)


def _entry(cache: Cache, target: Target, request: Request, say: Progress) -> Entry:
    """The place of a target's model in the cache."""
    say(f"looking for {target.path.name} in the cache")
    names = [binary.name for binary in target.binaries]
    paths = [binary.path for binary in target.binaries]
    facts = (target.kind, target.crates, target.unread)
    parts = (compact.FORMAT, names, facts, _plain(request))
    return Entry(cache, paths, "model", *parts, refused=is_thin)  # which names files beside it


def _kept_model(entry: Entry) -> Model | None:
    data = entry.find()
    try:
        return None if data is None else compact.from_bytes(data)
    except compact.DAMAGE:
        return None


def _kept_form(model: Model) -> bytes:
    return compact.to_bytes(model._replace(types=joined_types(model.types)))


@collector_paused()
def _read(target: Target, request: Request, say: Progress, jobs: Jobs) -> Model:
    pieces = read_pieces(target.binaries, request, say, jobs)
    failed = [piece.error for piece in pieces if piece.error is not None]
    if len(failed) == len(pieces):
        raise _no_types_at_all(target, failed)
    say("merging types")
    models = [piece.model for piece in pieces]
    model = merge(models) if request.all_types or len(models) > 1 else models[0]
    facts = model.facts._replace(
        crates=tuple(sorted({*model.facts.crates, *target.crates})),
        skipped=_skipped(target, pieces),
    )
    model = model._replace(facts=facts)
    if request.layout_versions:
        say("computing layout versions")
        model = with_layout_versions(model)
    return model


def _plain(request: Request) -> tuple[object, ...]:
    """The request as a value that is written in one way."""
    if request.selection is None:
        return tuple(request)
    return tuple(request._replace(selection=None)), [sorted(each) for each in request.selection]


def _no_types_at_all(target: Target, errors: Sequence[NoDebugInfoError]) -> RustabiError:
    if not errors:
        return InputError(
            NO_CODE,
            path=target.path,
            advice="name the binaries that use it: generic functions are compiled into those",
        )
    first = errors[0]
    if len(errors) == 1:
        return first
    return NoDebugInfoError(
        f"none of its {len(errors)} binaries has types to read; of the first: {first.message}",
        path=target.path,
        advice=first.advice,
    )


def _skipped(target: Target, pieces: Iterable[Piece]) -> tuple[str, ...]:
    good = {piece.label for piece in pieces if piece.error is None}
    notes = {
        f"{'part of ' if piece.label in good else ''}{piece.label}: {piece.error.message}"
        for piece in pieces
        if piece.error is not None
    }
    return tuple(sorted(notes | set(target.unread)))
