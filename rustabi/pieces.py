"""What the binaries of a target hold: each file and archive member read by itself.

Reading them is what takes time, and they do not need each other: several processes can do it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice, pairwise
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from rustabi import compact
from rustabi.binary.archive import archive_members, is_archive
from rustabi.binary.elf import Elf
from rustabi.binary.exports import exports_of
from rustabi.binary.open import read_binary, read_prefix
from rustabi.errors import InputError, NoDebugInfoError, RustabiError
from rustabi.jobs import Alone, Jobs
from rustabi.loader import Scope, Selection, joined, load, load_without_types
from rustabi.loader.depth import Depth, require_types, typed_crates
from rustabi.model import Model, Symbol
from rustabi.versions import with_versions

Progress: TypeAlias = Callable[[str], None]
"""Is told what is being done, in words, as the work goes on."""

ELF: Final = b"\x7fELF"
BITCODE: Final = (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")
NO_OBJECT: Final = (".rmeta", ".dwo", ".dwp", "rust.metadata.bin")
"""Files and members that can be ELF, and hold metadata or the split-off debug info of others."""
_RUST_OBJECT: Final = re.compile(r"(?P<crate>[^.]+?)(-[0-9a-f]{16})?\..*\.rcgu\.o$")
_HASH_PREFIX: Final = re.compile(r"^[0-9a-f]{16}-")

_WORTH: Final = 4 << 20
"""Bytes of files from which on other processes are asked to help."""
_AT_LEAST: Final = 2 << 20
"""Bytes of an archive that make one task, at least."""
_TASKS_EACH: Final = 4
"""Tasks that an archive makes for each of those who share the work, so that all end together."""


class Binary(NamedTuple):
    """A file to read.

    Attributes:
        path: Where it is.
        name: `Symbol.binary` of its symbols: equal for the same binary in another build.
    """

    path: Path
    name: str


class Request(NamedTuple):
    """What to read of each binary.

    Attributes:
        symbols: Names to take for exported; None for what the binaries export.
        scope: Of symbol versions; None for the one that fits.
        all_types: Read every type, not only what the symbols reach.
        selection: What to read of all types and symbols; None for all.
        layout_versions: Compute those of the symbols.
    """

    symbols: tuple[str, ...] | None
    scope: Scope | None
    all_types: bool
    selection: Selection | None = None
    layout_versions: bool = True


class Piece(NamedTuple):
    """What was read of a binary or an archive member.

    Attributes:
        label: Its name in messages and in `Facts.skipped`; the same in another build.
        model: Without types where there is an error.
        depths: Of the model's units.
        error: Why there are no types.
        member: Whether it is of an archive.
    """

    label: str
    model: Model
    depths: tuple[Depth, ...] = ()
    error: NoDebugInfoError | None = None
    member: bool = False


class _Share(NamedTuple):
    """What is read in one go: a file, or of an archive some members.

    Attributes:
        binary: The file.
        members: Of an archive the numbers of the first member and of the one after the last, None
            for the end.
        alone: Whether the target has no other file.
        request: What to read.
    """

    binary: Binary
    members: tuple[int | None, int | None]
    alone: bool
    request: Request


def read_pieces(
    binaries: Sequence[Binary], request: Request, say: Progress, jobs: Jobs
) -> list[Piece]:
    """What is in the binaries, in their order; archive members without any interest left out.

    Raises:
        RustabiError: One cannot be read.
    """
    if jobs.count > 1 and _size(binaries) < _WORTH:
        jobs = Alone()
    alone = len(binaries) == 1
    shares = [share for each in binaries for share in _shares(each, alone, request, jobs.count)]
    if len(shares) > 1 and jobs.count > 1:
        say(f"reading {binaries[0].path.name} and others, {jobs.count} at a time")
        packed = jobs.map_in_order(_read_packed, shares)
        found = [list(map(_unpacked, each)) for each in packed]
    else:
        found = []
        for share in shares:
            say(f"reading {share.binary.name or share.binary.path.name}")
            found.append(list(_read_share(share)))
    by_file: dict[Binary, list[Piece]] = {each: [] for each in binaries}
    for share, pieces in zip(shares, found, strict=True):
        by_file[share.binary] += pieces
    return [piece for pieces in by_file.values() for piece in _kept(_checked(pieces), request)]


def _size(binaries: Iterable[Binary]) -> int:
    return sum(binary.path.stat().st_size for binary in binaries if binary.path.exists())


def _shares(binary: Binary, alone: bool, request: Request, count: int) -> list[_Share]:
    """A file as one share; an archive as several, so large that each is worth a task.

    What is wrong with it is for those to find who read it, in their order.
    """
    ends: list[int | None] = [0]
    with suppress(RustabiError):
        if count > 1 and is_archive(read_prefix(binary.path)):
            data = read_binary(binary.path)
            at_once = max(_AT_LEAST, len(data) // (_TASKS_EACH * count))
            size = 0
            for number, member in enumerate(archive_members(data, binary.path), 1):
                size += len(member.data)
                if size >= at_once:
                    ends.append(number)
                    size = 0
    return [_Share(binary, (start, end), alone, request) for start, end in pairwise([*ends, None])]


_Packed: TypeAlias = tuple[str, bytes, tuple[Depth, ...], NoDebugInfoError | None, bool]


def _read_packed(share: _Share) -> list[_Packed]:
    """`_read_share` in a form that is cheap to hand over."""
    return [
        (each.label, compact.to_bytes(_joined(each.model)), each.depths, each.error, each.member)
        for each in _read_share(share)
    ]


def _joined(model: Model) -> Model:
    """With repeated types as one object, which the compact form keeps."""
    return model._replace(types=joined(model.types))


def _unpacked(packed: _Packed) -> Piece:
    label, model, depths, error, member = packed
    return Piece(label, compact.from_bytes(model), depths, error, member)


def _read_share(share: _Share) -> Iterator[Piece]:
    binary, request = share.binary, share.request
    data = read_binary(binary.path)
    if not is_archive(data):
        elf = Elf(data, str(binary.path))
        if not share.alone:
            request = _narrowed(request, elf)
        yield _read(elf, binary.name, binary.name, request)
        return
    for member in islice(archive_members(data, binary.path), *share.members):
        name = _stable_name(member.name)
        label = f"{binary.name}({name})" if binary.name else name
        if member.data.startswith(BITCODE):
            raise InputError(
                f"member {member.name} is LLVM bitcode, not an object",
                path=binary.path,
                advice='build without link-time optimisation: lto = "off" in the cargo profile',
            )
        if member.data.startswith(ELF) and not member.name.endswith(NO_OBJECT):
            elf = Elf(member.data, f"{binary.path}({member.name})")
            piece = _read(elf, binary.name, label, _narrowed(request, elf))
            yield piece._replace(member=True)


def _kept(pieces: list[Piece], request: Request) -> list[Piece]:
    """The pieces of a file without members that hold nothing of interest."""
    kept = [each for each in pieces if not each.member or each.error is None or each.model.symbols]
    return pieces if request.symbols is not None and not kept else kept


def _stable_name(member: str) -> str:
    """A member's name without what differs between builds: of rustc's members the crate is left."""
    found = _RUST_OBJECT.match(member)
    return found["crate"] if found else _HASH_PREFIX.sub("", member)


def _narrowed(request: Request, elf: Elf) -> Request:
    """Of the names asked for, those that one of several binaries defines."""
    if request.symbols is None:
        return request
    places = exports_of(elf).places
    return request._replace(symbols=tuple(name for name in request.symbols if name in places))


def _read(elf: Elf, name: str, label: str, request: Request) -> Piece:
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
        return Piece(label, with_versions(loaded), loaded.depths)
    except NoDebugInfoError as error:
        bare = load_without_types(elf, symbols=request.symbols, binary=name)
        return Piece(label, bare, error=error)
    except RustabiError as error:
        error.located(elf.path)
        raise


def _checked(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces of one file, without what their debug info only seems to say."""
    pieces = list(pieces)
    typed = typed_crates(depth for piece in pieces for depth in piece.depths)
    return [piece if piece.error else _believed(piece, typed) for piece in pieces]


def _believed(piece: Piece, typed: frozenset[str]) -> Piece:
    try:
        return piece._replace(model=require_types(piece.model, piece.depths, typed))
    except NoDebugInfoError as error:
        names = tuple(
            Symbol(symbol.name, None, None, binary=symbol.binary) for symbol in piece.model.symbols
        )
        bare = Model((), names, (), (), piece.model.facts)
        return piece._replace(model=bare, error=error)
