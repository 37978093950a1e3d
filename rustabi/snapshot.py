"""The snapshot: all that is known of a binary in one small file, to compare with long after.

`rustabi.schema` says what the file looks like; here a model becomes such a file, and back. Two models
that state the same give the same bytes, so a snapshot can be kept under version control.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import secrets
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from rustabi.errors import InputError, SnapshotError
from rustabi.model import (
    Array,
    Base,
    Composite,
    Constant,
    Enumeration,
    Enumerator,
    Facts,
    Function,
    Member,
    Model,
    Modifier,
    Parameter,
    Part,
    Slot,
    Symbol,
    Type,
    TypeId,
    Unit,
    Unspecified,
    Unsupported,
    Variant,
    VariantPart,
    Vtable,
    name_of,
    renumbered,
)

if TYPE_CHECKING:
    from pydantic import ValidationError

    from rustabi import schema

FORMAT: Final = "rustabi-snapshot"
VERSION: Final = 1

MAX_BYTES: Final = 1 << 28
"""Size of a snapshot, unpacked, that is written or read. That of a whole kernel takes about a tenth."""

Json: TypeAlias = Any
Migration: TypeAlias = Callable[[dict[str, Json]], dict[str, Json]]

MIGRATIONS: Final[dict[int, Migration]] = {}
"""Version -> how a file of it becomes one of the next; `loads` sets the ``version`` field itself."""

_AGAIN: Final = "write it again with `rustabi snapshot`"
_GZIP: Final = b"\x1f\x8b"
_MARKER: Final = re.compile(rb'\s*\{.{0,4096}?"format"\s*:\s*"rustabi-snapshot"', re.DOTALL)
_U64: Final = (1 << 64) - 1


# one form out of many


def canonical(model: Model) -> Model:
    """The model as a snapshot holds it: the same for all models that state the same.

    - Types that nothing tells apart, however far their references are followed, become one. So do
      equal units.
    - Types are ordered by name, the unnamed last; of one name, by kind and content; of one content,
      by the places in this same order of what they refer to.
    - Units are ordered by name and binary, symbols by name and binary, vtables by name; further ties
      are decided by their content.
    """
    ranks = _ranks(model.types)
    first = {rank: type_id for type_id, rank in reversed(list(enumerate(ranks)))}
    numbers = {rank: number for number, rank in enumerate(sorted(first))}
    units = sorted(set(model.units), key=lambda each: (each.name, each.binary, repr(each)))
    unit_numbers = {unit: number for number, unit in enumerate(units)}

    def new_id(type_id: TypeId) -> TypeId:
        return numbers[ranks[type_id]]

    def new_id_or_none(type_id: TypeId | None) -> TypeId | None:
        return None if type_id is None else new_id(type_id)

    symbols = [
        symbol._replace(
            type=new_id_or_none(symbol.type),
            unit=None if symbol.unit is None else unit_numbers[model.units[symbol.unit]],
        )
        for symbol in model.symbols
    ]
    vtables = [
        vtable._replace(
            type=new_id_or_none(vtable.type),
            slots=tuple(each._replace(type=new_id_or_none(each.type)) for each in vtable.slots),
        )
        for vtable in model.vtables
    ]
    return Model(
        tuple(renumbered(model.types[first[rank]], new_id) for rank in sorted(first)),
        tuple(sorted(symbols, key=lambda each: (each.name, each.binary, repr(each)))),
        tuple(units),
        tuple(sorted(vtables, key=lambda each: (each.name, repr(each)))),
        model.facts,
    )


def _ranks(types: Sequence[Type]) -> list[int]:
    """The place of each type in canonical order; equal for types that nothing tells apart."""
    targets: list[list[TypeId]] = []
    by_content: dict[tuple[bool, str, str], list[TypeId]] = defaultdict(list)
    for type_id, node in enumerate(types):
        found: list[TypeId] = []
        blank = renumbered(node, _noting(found))
        targets.append(found)
        by_content[not name_of(node), name_of(node), repr(blank)].append(type_id)
    ranks = [0] * len(types)
    groups = _ranked(by_content, 0, ranks)
    split = True
    while split:
        split = False
        tied = [group for group in groups if len(group) > 1]
        groups = []
        for group in tied:
            by_targets: dict[tuple[int, ...], list[TypeId]] = defaultdict(list)
            for type_id in group:
                by_targets[tuple([ranks[each] for each in targets[type_id]])].append(type_id)
            split |= len(by_targets) > 1
            groups += _ranked(by_targets, ranks[group[0]], ranks)
    return ranks


def _noting(found: list[TypeId]) -> Callable[[TypeId], TypeId]:
    def note(type_id: TypeId) -> TypeId:
        found.append(type_id)
        return 0

    return note


def _ranked(
    groups: dict[Any, list[TypeId]], start: int, ranks: list[int]
) -> list[list[TypeId]]:
    """The groups in the order of their keys; their members' ranks are set, counting from ``start``."""
    ordered = [groups[key] for key in sorted(groups)]
    for group in ordered:
        for type_id in group:
            ranks[type_id] = start
        start += len(group)
    return ordered


# writing


def dumps(model: Model) -> bytes:
    """The snapshot of a model, as JSON with one type, unit, symbol or vtable per line.

    Raises:
        SnapshotError: The model is too large, or a number in it is.
    """
    model = canonical(model)
    head = {"format": FORMAT, "version": VERSION, "rustabi": _program_version()}
    fields = [f"{_line(key)}: {_line(value)}" for key, value in head.items()]
    fields.append(f'"facts": {_line(_plain(model.facts))}')
    for key in ("units", "types", "symbols", "vtables"):
        lines = ",\n".join([_line(_plain(each)) for each in getattr(model, key)])
        fields.append(f'"{key}": [\n{lines}\n]' if lines else f'"{key}": []')
    data = ("{\n" + ",\n".join(fields) + "\n}\n").encode()
    if len(data) > MAX_BYTES:
        raise _too_large()
    return data


_line = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


def _program_version() -> str:
    from importlib import metadata

    try:
        return metadata.version("rustabi")
    except metadata.PackageNotFoundError:
        return "unknown"


def _too_large() -> SnapshotError:
    return SnapshotError(
        f"larger than {MAX_BYTES >> 20} MiB unpacked", advice="name fewer binaries at a time"
    )


def _plain(value: object) -> Json:
    return _WRITERS.get(type(value), _record)(value)


def _record(value: Any) -> dict[str, Json]:
    """The fields of a named tuple that are not null, empty, or as they are by default."""
    kind = _KINDS.get(type(value))
    fields = {} if kind is None else {"kind": kind}
    blanks = _BLANKS.get(type(value)) or value._field_defaults
    for name, each in zip(value._fields, value, strict=True):
        if each is not None and each != () and each != blanks.get(name):
            fields[name] = _plain(each)
    return fields


_STRAY = re.compile("[\\\\\udc80-\udcff]")


def _text(value: str) -> str:
    return _STRAY.sub(_escape, value)


def _escape(found: re.Match[str]) -> str:
    return r"\\" if found[0] == "\\" else f"\\x{ord(found[0]) - 0xDC00:02x}"


def _number(value: int) -> int | str:
    if -(1 << 53) <= value <= 1 << 53:
        return value
    if value.bit_length() > 13_000:  # 4,000 digits: more than that, Python refuses to read
        raise SnapshotError(
            f"a number of {value.bit_length()} bits cannot be written",
            advice="the debug info that it was read from is damaged",
        )
    return str(value)


def _constant(value: Constant) -> Json:
    return _number(value.value) if value.printed == value.value & _U64 else _record(value)


def _variant_part(value: VariantPart) -> Json:
    fields = _record(value)
    if value.discriminant is not None:
        fields["discriminant"] = value.members.index(value.discriminant)
    return fields


def _symbol(value: Symbol) -> Json:
    fields = _record(value)
    if value.version is not None:
        fields["version"] = f"0x{value.version:08x}"
    return fields


_KINDS: Final[dict[type, str]] = {
    Array: "array",
    Base: "base",
    Enumeration: "enum",
    Function: "function",
    Unspecified: "unspecified",
    Unsupported: "unsupported",
    VariantPart: "variant_part",
}

_BLANKS: Final[dict[type, dict[str, object]]] = {
    each: {**each._field_defaults, "name": ""} for each in (Modifier, Composite, Enumeration)
}
"""Of types that may be unnamed, that too is left out."""

_WRITERS: Final[dict[type, Callable[[Any], Json]]] = {
    bool: bool,
    bytes: bytes.hex,
    int: _number,
    str: _text,
    tuple: lambda items: [_plain(each) for each in items],
    Constant: _constant,
    Symbol: _symbol,
    VariantPart: _variant_part,
}


def write(model: Model, path: str | Path) -> None:
    """Write the snapshot of a model, packed by gzip if the name ends in ``.gz``.

    The file appears whole or not at all; a file that was there stays as it was until then.

    Raises:
        InputError: The file cannot be written.
        SnapshotError: As for `dumps`.
    """
    path = Path(path)
    try:
        data = dumps(model)
        if path.suffix == ".gz":
            data = gzip.compress(data, 6, mtime=0)
        _replace(path, data)
    except SnapshotError as error:
        raise error.located(path) from None
    except OSError as error:
        raise InputError(
            f"cannot be written: {error.strerror or error}", path=path,
            advice="name a file in a folder that you may write to, on a disk with space left",
        ) from error  # fmt: skip


def _replace(path: Path, data: bytes) -> None:
    path = Path(os.path.realpath(path))  # a link stays one
    if path.exists() and not path.is_file():
        path.write_bytes(data)  # a pipe or a device must not be replaced by a file
        return
    temporary = path.parent / f".rustabi-{secrets.token_hex(8)}.tmp"
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o7777)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


# reading


def is_snapshot(data_prefix: bytes) -> bool:
    """Whether a file that begins so is meant as a snapshot, packed or not.

    Args:
        data_prefix: Some kilobytes from its start.
    """
    if data_prefix.startswith(_GZIP):
        try:
            data_prefix = zlib.decompressobj(31).decompress(data_prefix, 1 << 13)
        except zlib.error:
            return False
    return _MARKER.match(data_prefix) is not None


def read(path: str | Path) -> Model:
    """The model in a snapshot file.

    Raises:
        InputError: The file cannot be read.
        SnapshotError: As for `loads`.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror or error}", path=path,
            advice="name a file that exists and that you may read",
        ) from error  # fmt: skip
    return loads(data, path)


def loads(data: bytes, path: str | Path) -> Model:
    """The model in a snapshot, packed or not.

    Args:
        data: Contents of the file.
        path: Name of the file, for errors.

    Raises:
        SnapshotError: The snapshot is damaged, is none, or is of a newer version.
    """
    try:
        if data.startswith(_GZIP):
            data = _unpacked(data)
        if len(data) > MAX_BYTES:
            raise _too_large()
        return _model(_checked(data))
    except SnapshotError as error:
        raise error.located(path) from None


def _unpacked(data: bytes) -> bytes:
    inflater = zlib.decompressobj(31)
    try:
        text = inflater.decompress(data, MAX_BYTES + 1)
    except zlib.error as error:
        raise SnapshotError(f"damaged gzip data: {error}", advice=_AGAIN) from None
    if len(text) > MAX_BYTES:
        raise _too_large()
    if not inflater.eof:
        raise SnapshotError("gzip data cut off", place=f"byte {len(data)}", advice=_AGAIN)
    if inflater.unused_data:
        end = len(data) - len(inflater.unused_data)
        raise SnapshotError("data after the end", place=f"byte {end}", advice=_AGAIN)
    return text


def _checked(data: bytes) -> schema.Snapshot:
    from pydantic import ValidationError

    from rustabi import schema

    try:
        found = schema.Header.model_validate_json(data).version
        if found > VERSION:
            raise SnapshotError(
                f"snapshot version {found}, and this rustabi reads up to version {VERSION}",
                advice="upgrade rustabi",
            )
        if found < VERSION:
            data = _migrated(data, found)
        return schema.Snapshot.model_validate_json(data)
    except ValidationError as error:
        raise _damaged(error, data) from None


def _migrated(data: bytes, version: int) -> bytes:
    """The snapshot as the current version would have it."""
    content = json.loads(data)
    try:
        for each in range(version, VERSION):
            content = {**MIGRATIONS[each](content), "version": each + 1}
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if version not in MIGRATIONS:
            raise SnapshotError(f"unknown snapshot version {version}", advice=_AGAIN) from None
        raise SnapshotError(f"damaged snapshot of version {version}: {error!r}", advice=_AGAIN) from error
    return _line(content).encode()


def _damaged(error: ValidationError, data: bytes) -> SnapshotError:
    """The error that says most: of a union's alternatives, the one that came furthest."""
    found = max(error.errors(include_url=False), key=lambda each: len(each["loc"]))
    if found["type"] == "json_invalid":
        message, _, place = found["ctx"]["error"].rpartition(" at ")
        return SnapshotError(f"damaged JSON: {message}", place=place, advice=_AGAIN)
    if found["loc"][:1] in [("format",)]:
        return SnapshotError(
            "not a rustabi snapshot", place="$.format", advice="make one with `rustabi snapshot`"
        )
    message = f"{found['msg'][:1].lower()}{found['msg'][1:]}"
    ...
