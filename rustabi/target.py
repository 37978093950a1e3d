"""What a user points at: a binary, an archive, a folder of them, a crate, a snapshot -> one model.

What a file is, its contents say, not its name. What cannot be read is an error. So is a binary
without debug info, unless it stands among others that have it: then its symbols are listed without
types, and it is named in `Facts.skipped`.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from rustabi.binary.archive import archive_members, is_archive
from rustabi.binary.elf import Elf
from rustabi.binary.exports import exports_of
from rustabi.binary.open import is_packed, read_binary, read_prefix, unreadable
from rustabi.errors import InputError, NoDebugInfoError, RustabiError, UsageError
from rustabi.kabi import SECTION, KabiRules, joined, parse_rules
from rustabi.layout_version import with_layout_versions
from rustabi.loader import Scope, Selection, load, load_without_types
from rustabi.loader.depth import Depth, require_types, typed_crates
from rustabi.merge import merge
from rustabi.model import Model, Symbol
from rustabi.versions import with_versions

if TYPE_CHECKING:
    from rustabi.cargo import Build

Kind: TypeAlias = Literal["binary", "archive", "folder", "crate", "snapshot"]

Progress: TypeAlias = Callable[[str], None]
"""Is told what is being done, in words, as the work goes on."""

_ELF, BITCODE = b"\x7fELF", (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")
_PACKED_MODULE = re.compile(r"\.ko\.(gz|xz|zst)$")
NO_OBJECT = (".rmeta", ".dwo", ".dwp", "rust.metadata.bin")
"""Files and members that can be ELF, and hold metadata or the split-off debug info of others."""
NO_CODE = "the archive holds no exported code"
"""What is said of an archive without any function: of a crate of generics, for one."""

_RUST_OBJECT = re.compile(r"(?P<crate>[^.]+?)(-[0-9a-f]{16})?\..*\.rcgu\.o$")
_HASH_PREFIX = re.compile(r"^[0-9a-f]{16}-")


class Binary(NamedTuple):
    """A file to read.

    Attributes:
        path: Where it is.
        name: `Symbol.binary` of its symbols: equal for the same binary in another build.
    """

    path: Path
    name: str


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


class _Request(NamedTuple):
    """What to read of each binary."""

    symbols: tuple[str, ...] | None
    scope: Scope | None
    all_types: bool
    selection: Selection | None = None
    layout_versions: bool = True


class _Piece(NamedTuple):
    """What was read of a binary or an archive member.

    Attributes:
        label: Its name in messages and in `Facts.skipped`; the same in another build.
        model: Without types where there is an error.
        depths: Of the model's units.
        error: Why there are no types.
    """

    label: str
    model: Model
    depths: tuple[Depth, ...] = ()
    error: NoDebugInfoError | None = None


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

    Raises:
        InputError: It cannot be read, or is nothing that rustabi reads.
        NoDebugInfoError: It has no debug info that describes types.
        DwarfError: Its debug info is damaged.
        SnapshotError: It is a damaged snapshot.
        BuildError: Cargo fails to build it.
        UsageError: A scope is asked for of a snapshot.
    """
    path = Path(path)
    names = None if symbols is None else tuple(dict.fromkeys(symbols))
    try:
        target = resolve(path, build=build, progress=progress)
        if target.kind == "snapshot":
            return _from_snapshot(path, names, scope)
        return _from_binaries(
            target,
            _Request(names, scope, all_types, selection, layout_versions and all_types),
            progress or (lambda text: None),
        )
    except RustabiError as error:
        error.located(path)
        raise


def load_resolved(target: Target, *, progress: Progress | None = None) -> Model:
    """Read the binaries of a target that is known already, such as a crate that was built.

    Raises:
        RustabiError: As for `load_target`.
    """
    try:
        return _from_binaries(target, _Request(None, None, True), progress or (lambda text: None))
    except RustabiError as error:
        error.located(target.path)
        raise


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
        if content.startswith(_ELF) and not name.rstrip(")").endswith(NO_OBJECT):
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
    if prefix.startswith(_ELF):
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
    return prefix.startswith(_ELF) or is_archive(prefix)


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


def _from_binaries(target: Target, request: _Request, say: Progress) -> Model:
    pieces: list[_Piece] = []
    for binary in target.binaries:
        say(f"reading {binary.name or binary.path.name}")
        pieces += _pieces_of(binary, request, alone=len(target.binaries) == 1)
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
    return model if request.symbols is None else _with_missing(model, request.symbols)


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


def _skipped(target: Target, pieces: Iterable[_Piece]) -> tuple[str, ...]:
    good = {piece.label for piece in pieces if piece.error is None}
    notes = {
        f"{'part of ' if piece.label in good else ''}{piece.label}: {piece.error.message}"
        for piece in pieces
        if piece.error is not None
    }
    return tuple(sorted(notes | set(target.unread)))


def _pieces_of(binary: Binary, request: _Request, *, alone: bool) -> list[_Piece]:
    """What is in a binary or in the members of an archive, those without any interest left out."""
    data = read_binary(binary.path)
    if not is_archive(data):
        elf = Elf(data, str(binary.path))
        if not alone:
            request = _narrowed(request, elf)
        return _checked([_read(elf, binary.name, binary.name, request)])
    pieces = []
    for member in archive_members(data, binary.path):
        name = _stable_name(member.name)
        label = f"{binary.name}({name})" if binary.name else name
        if member.data.startswith(BITCODE):
            raise InputError(
                f"member {member.name} is LLVM bitcode, not an object",
                path=binary.path,
                advice='build without link-time optimisation: lto = "off" in the cargo profile',
            )
        if member.data.startswith(_ELF) and not member.name.endswith(NO_OBJECT):
            elf = Elf(member.data, f"{binary.path}({member.name})")
            pieces.append(_read(elf, binary.name, label, _narrowed(request, elf)))
    pieces = _checked(pieces)
    kept = [piece for piece in pieces if piece.error is None or piece.model.symbols]
    return pieces if request.symbols is not None and not kept else kept


def _stable_name(member: str) -> str:
    """A member's name without what differs between builds: of rustc's members the crate is left."""
    found = _RUST_OBJECT.match(member)
    return found["crate"] if found else _HASH_PREFIX.sub("", member)


def _narrowed(request: _Request, elf: Elf) -> _Request:
    """Of the names asked for, those that one of several binaries defines."""
    if request.symbols is None:
        return request
    places = exports_of(elf).places
    return request._replace(symbols=tuple(name for name in request.symbols if name in places))


def _read(elf: Elf, name: str, label: str, request: _Request) -> _Piece:
    """Read an ELF file. Debug info in a file of its own would be looked for here."""
    try:
        loaded = load(
            elf,
            symbols=request.symbols,
            scope=request.scope,
            all_types=request.all_types,
            selection=request.selection,
            binary=name,
        )
        return _Piece(label, with_versions(loaded), loaded.depths)
    except NoDebugInfoError as error:
        bare = load_without_types(elf, symbols=request.symbols, binary=name)
        return _Piece(label, bare, error=error)
    except RustabiError as error:
        error.located(elf.path)
        raise


def _checked(pieces: Iterable[_Piece]) -> list[_Piece]:
    """The pieces of one file, without what their debug info only seems to say."""
    pieces = list(pieces)
    typed = typed_crates(depth for piece in pieces for depth in piece.depths)
    return [piece if piece.error else _believed(piece, typed) for piece in pieces]


def _believed(piece: _Piece, typed: frozenset[str]) -> _Piece:
    try:
        return piece._replace(model=require_types(piece.model, piece.depths, typed))
    except NoDebugInfoError as error:
        names = tuple(
            Symbol(symbol.name, None, None, binary=symbol.binary) for symbol in piece.model.symbols
        )
        bare = Model((), names, (), (), piece.model.facts)
        return piece._replace(model=bare, error=error)
