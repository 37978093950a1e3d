"""Values of the model -> what stands for them in JSON: the fields under the same names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from rustabi.errors import SnapshotError
from rustabi.model import (
    Array,
    Base,
    Composite,
    Constant,
    Enumeration,
    Function,
    Modifier,
    Symbol,
    Unspecified,
    Unsupported,
    VariantPart,
)

Json: TypeAlias = Any

_U64: Final = (1 << 64) - 1


text_of = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
"""JSON text in one line."""


def line(value: object) -> str:
    """A value of the model as a line of the file.

    Raises:
        SnapshotError: A number is too large to be read again.
    """
    return text_of(_plain(value))


def _plain(value: object) -> Json:
    """The value as dictionaries, lists, text and numbers."""
    write: Callable[[Any], Json] = _WRITERS.get(type(value), _record)
    return write(value)


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
    if value.layout is not None:
        fields["layout"] = f"0x{value.layout:016x}"
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
    type(None): lambda nothing: nothing,
    tuple: lambda items: [_plain(each) for each in items],
    Constant: _constant,
    Symbol: _symbol,
    VariantPart: _variant_part,
}
