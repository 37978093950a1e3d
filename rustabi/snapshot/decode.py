"""JSON text -> model: what it holds is checked by pydantic, then turned into plain values."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from rustabi import model as classes
from rustabi.errors import SnapshotError
from rustabi.model import Constant, Enumerator, Model, Symbol, Variant, VariantPart

if TYPE_CHECKING:
    from pydantic import ValidationError

    from rustabi import schema

VERSION: Final = 1

Migration: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]

MIGRATIONS: Final[dict[int, Migration]] = {}
"""Version -> what makes its JSON value one of the next version; ``version`` itself is set here."""

WRITE_AGAIN: Final = "write it again with `rustabi snapshot`"

_U64: Final = (1 << 64) - 1


def decode(text: bytes) -> Model:
    """The model that a snapshot holds.

    Args:
        text: JSON.

    Raises:
        SnapshotError: The snapshot is damaged, is none, or is of a newer version.
    """
    return _Reader(_checked(text)).model()


def _checked(text: bytes) -> schema.Snapshot:
    from pydantic import ValidationError

    from rustabi import schema

    if not text.lstrip().startswith(b"{"):
        raise _no_snapshot("not a snapshot" if text else "an empty file")
    try:
        found = schema.Header.model_validate_json(text).version
        if found > VERSION:
            raise SnapshotError(
                f"snapshot version {found}, and this rustabi reads up to version {VERSION}",
                advice="upgrade rustabi",
            )
        if found < VERSION:
            text = _migrated(text, found)
        return schema.Snapshot.model_validate_json(text)
    except ValidationError as error:
        raise _damaged(error) from None


def _migrated(text: bytes, version: int) -> bytes:
    """The snapshot as the current version would have it."""
    if version not in MIGRATIONS:
        raise SnapshotError(f"unknown snapshot version {version}", advice=WRITE_AGAIN)
    try:
        content = json.loads(text)
        for each in range(version, VERSION):
            content = {**MIGRATIONS[each](content), "version": each + 1}
        return json.dumps(content, ensure_ascii=False).encode()
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise SnapshotError(
            f"damaged snapshot of version {version}: {_short(repr(error))}", advice=WRITE_AGAIN
        ) from error


def _damaged(error: ValidationError) -> SnapshotError:
    """The error that says most: of a union's alternatives, the one that came furthest."""
    found = max(error.errors(include_url=False), key=lambda each: len(each["loc"]))
    if found["type"] == "json_invalid":
        message, _, place = found["ctx"]["error"].rpartition(" at ")
        message = f"{'cut off' if message.startswith('EOF') else 'damaged JSON'}: {message}"
        return SnapshotError(message, place=place, advice=WRITE_AGAIN)
    if found["loc"] in ((), ("format",)):
        return _no_snapshot()
    from rustabi.schema import json_path

    message = found["msg"].removeprefix("Value error, ")
    message = _MESSAGES.get(found["type"], f"{message[:1].lower()}{message[1:]}")
    path = json_path(found["loc"], unknown=found["type"] == "extra_forbidden")
    return SnapshotError(
        f"damaged snapshot: {_short(message)}", place=_short(path), advice=WRITE_AGAIN
    )


_MESSAGES: Final = {
    "extra_forbidden": "unknown field",
    "missing": "missing field",
    "union_tag_invalid": "unknown kind",
    "union_tag_not_found": "missing field kind",
}


def _no_snapshot(what: str = "not a snapshot") -> SnapshotError:
    return SnapshotError(what, advice="make one with `rustabi snapshot`")


def _short(text: str) -> str:
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= 200 else f"{text[:200]}…"


class _Reader:
    """Turns the records of a checked snapshot into the model's values of the same names."""

    def __init__(self, content: schema.Snapshot) -> None:
        self._content = content
        self._limits = {"type": len(content.types), "unit": len(content.units)}

    def model(self) -> Model:
        return Model(
            types=self._list("types"),
            symbols=self._list("symbols"),
            units=self._list("units"),
            vtables=self._list("vtables"),
            facts=self._value(self._content.facts),
        )

    def _list(self, key: str) -> tuple[Any, ...]:
        values: list[Any] = []
        for record in getattr(self._content, key):
            try:
                values.append(self._value(record))
            except IndexError as error:
                raise SnapshotError(
                    f"damaged snapshot: {error}",
                    place=f"$.{key}[{len(values)}]",
                    advice=WRITE_AGAIN,
                ) from None
        return tuple(values)

    def _value(self, value: Any) -> Any:
        if value.__class__ is list:
            return tuple([self._value(each) for each in value])
        target = _TARGETS.get(value.__class__.__name__)
        if target is None:
            return value
        found = value.__dict__
        fields = {name: self._value(found[name]) for name in target._fields}
        for name, what in _REFERENCES[target]:
            index = fields[name]
            if index is not None and index >= self._limits[what]:
                raise IndexError(f"refers to {what} {index} of {self._limits[what]}")
        complete = _COMPLETIONS.get(target)
        if complete is not None:
            complete(fields)
        return target(**fields)


def _set_discriminant(fields: dict[str, Any]) -> None:
    index, members = fields["discriminant"], fields["members"]
    if index is not None:
        if index >= len(members):
            raise IndexError(f"refers to member {index} of {len(members)}")
        fields["discriminant"] = members[index]


def _set_versions(fields: dict[str, Any]) -> None:
    for name in ("version", "layout"):
        if fields[name] is not None:
            fields[name] = int(fields[name], 16)


def _set_constant(fields: dict[str, Any]) -> None:
    number = fields["value"]
    if number.__class__ is int:
        fields["value"] = Constant(number, number & _U64)


_TARGETS: Final[dict[str, Any]] = {
    name: each
    for name, each in vars(classes).items()
    if isinstance(each, type) and issubclass(each, tuple) and each is not Model
}
"""Name of a record in the schema -> the class of the same name in the model."""

_TO_TYPES = ("type", "target", "element", "result", "underlying", "container")

_REFERENCES: Final = {
    each: [
        (name, "unit" if name == "unit" else "type")
        for name in each._fields
        if name == "unit" or name in _TO_TYPES
    ]
    for each in _TARGETS.values()
}
"""The fields of each class that hold an index, and of what."""

_COMPLETIONS: Final[dict[Any, Callable[[dict[str, Any]], None]]] = {
    Enumerator: _set_constant,
    Symbol: _set_versions,
    Variant: _set_constant,
    VariantPart: _set_discriminant,
}
