"""Type strings as gendwarfksyms writes them (scripts/gendwarfksyms/dwarf.c, Linux 7.2).

A type string is kept as a list of *pieces*: text at even places, type references (``s#name``) at
odd ones. Types without a name of their own (pointers, arrays, anonymous structs, ...) are written
in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from rustabi.errors import DwarfError
from rustabi.model import (
    Array,
    Base,
    Composite,
    Constant,
    Enumeration,
    Function,
    Member,
    Modifier,
    Part,
    Type,
    TypeId,
    Unspecified,
    Unsupported,
    VariantPart,
    is_definition,
)

Pieces: TypeAlias = tuple[str, ...]
"""Text, reference, text, reference, ..., text: always an odd number."""

_DEEPEST = 256
"""Levels of nameless types within each other: real ones reach about ten."""

_PREFIXES = {"struct": "s", "class": "s", "union": "u"}
_KEYWORDS = {"struct": "structure_type", "class": "class_type", "union": "union_type"}


def reference_name(node: Type) -> str | None:
    """How other type strings refer to a type (``s#name``); None when it is written in place."""
    if isinstance(node, Composite):
        prefix = _PREFIXES[node.kind]
    elif isinstance(node, Enumeration):
        prefix = "e"
    elif isinstance(node, Modifier) and node.kind == "typedef":
        prefix = "t"
    else:
        return None
    if not node.name:
        return None
    return f"{prefix}#'{node.name}'" if " " in node.name else f"{prefix}#{node.name}"


class TypeStrings:
    """Writes the type strings of a type table, each once."""

    def __init__(self, types: Sequence[Type]) -> None:
        self._types = types
        self._known: dict[TypeId, Pieces] = {}
        self._references: dict[TypeId, str | None] = {}
        self._depth = 0

    def reference(self, type_id: TypeId) -> str | None:
        """`reference_name` of a type of the table."""
        if type_id not in self._references:
            self._references[type_id] = reference_name(self._types[type_id])
        return self._references[type_id]

    def of(self, type_id: TypeId) -> Pieces:
        """The type string of a type of the table.

        Raises:
            DwarfError: Nameless types nest without end: the debug info is damaged.
        """
        pieces = self._known.get(type_id)
        if pieces is None:
            self._depth += 1
            if self._depth > _DEEPEST:
                raise DwarfError(
                    "a type without a name contains itself",
                    advice="the debug info is damaged: build the file again",
                )
            pieces = _write(self._types[type_id], self)
            self._depth -= 1
            self._known[type_id] = pieces
        return pieces

    def of_symbol(self, type_id: TypeId | None, is_function: bool) -> Pieces:
        """The type string of a symbol, which its version starts from."""
        writer = _Writer(self)
        node = None if type_id is None else self._types[type_id]
        if is_function and isinstance(node, Function):
            writer.signature("subprogram", node)
        else:
            writer.text("variable ")
            writer.type(type_id)
        return writer.pieces()


class _Writer:
    """Collects pieces, joining neighbouring text."""

    def __init__(self, strings: TypeStrings) -> None:
        self._strings = strings
        self._done: list[str] = []
        self._text: list[str] = []

    def text(self, text: str) -> None:
        self._text.append(text)

    def type(self, type_id: TypeId | None) -> None:
        """A reference to a named type, or the type itself."""
        if type_id is None:
            self._text.append("base_type void")
            return
        reference = self._strings.reference(type_id)
        if reference is not None:
            self._reference(reference)
            return
        pieces = self._strings.of(type_id)
        self._text.append(pieces[0])
        for index in range(1, len(pieces), 2):
            self._reference(pieces[index])
            self._text.append(pieces[index + 1])

    def _reference(self, reference: str) -> None:
        self._done.append("".join(self._text))
        self._done.append(reference)
        self._text = []

    def pieces(self) -> Pieces:
        self._done.append("".join(self._text))
        return tuple(self._done)

    # parts of types

    def signature(self, keyword: str, node: Function) -> None:
        self.text(keyword + " (")
        separator = " "
        for parameter in node.parameters:
            self.text(f"{separator}formal_parameter ")
            self.type(parameter.type)
            if parameter.name:
                self.text(f" {parameter.name}")
            separator = " , "
        self.text(" ) -> ")
        self.type(node.result)

    def members(self, members: Iterable[Part]) -> None:
        separator = ""
        for part in members:
            self.text(separator)
            if isinstance(part, Member):
                self.member(part)
            elif isinstance(part, VariantPart):
                self.variant_part(part)
            else:
                self.text(f"unsupported {part}")
            separator = " , "

    def member(self, member: Member) -> None:
        self.text("member ")
        self.type(member.type)
        name = f" {member.name}" if member.name else ""
        self.text(
            name
            + attribute("accessibility", member.accessibility)
            + attribute("bit_size", member.bit_size)
            + attribute("data_bit_offset", member.bit_offset)
            + attribute("data_member_location", None if member.expression else member.offset)
        )

    def variant_part(self, part: VariantPart) -> None:
        self.text("variant_part {")
        separator = " "
        for member in part.members:
            self.text(separator)
            self.member(member)
            separator = " , "
        for variant in part.variants:
            self.text(separator + "variant { ")
            self.members(variant.members)
            self.text(" }" if variant.members else "}")
            self.text(attribute("discr_value", _printed(variant.value)))
            separator = " , "
        self.text(" }")


def attribute(name: str, value: int | None) -> str:
    """`` name(value)``, or nothing when the entry has no such attribute."""
    return "" if value is None else f" {name}({value})"


def _printed(value: Constant | None) -> int | None:
    return None if value is None else value.printed


def _named(keyword: str, name: str) -> str:
    return f"{keyword} {name}" if name else keyword


def _write(node: Type, strings: TypeStrings) -> Pieces:
    writer = _Writer(strings)
    if isinstance(node, Modifier):
        writer.text(_named(f"{node.kind}_type", node.name) + " { ")
        writer.type(node.target)
        writer.text(" }" + _size(node.size, node.alignment))
    elif isinstance(node, Base):
        writer.text(
            _named("base_type", node.name)
            + attribute("byte_size", node.size)
            + attribute("encoding", node.encoding)
            + attribute("alignment", node.alignment)
        )
    elif isinstance(node, Composite):
        _composite(node, writer)
    elif isinstance(node, Enumeration):
        _enumeration(node, writer)
    elif isinstance(node, Array):
        counts = "".join(f"[{'' if count is None else count}]" for count in node.counts)
        writer.text(f"array_type{counts} {{ ")
        writer.type(node.element)
        writer.text(" }")
    elif isinstance(node, Function):
        writer.signature("subroutine_type", node)
    elif isinstance(node, Unspecified):
        writer.text("unspecified_type")
    else:
        _unsupported(node, writer)
    return writer.pieces()


def _composite(node: Composite, writer: _Writer) -> None:
    writer.text(_named(_KEYWORDS[node.kind], node.name) + " { ")
    if not is_definition(node):
        writer.text("}")
        return
    if node.parts:
        writer.members(node.parts)
        writer.text(" ")
    writer.text("}" + _size(node.size, node.alignment))


def _enumeration(node: Enumeration, writer: _Writer) -> None:
    writer.text(_named("enumeration_type", node.name) + " { ")
    if not is_definition(node):
        writer.text("}")
        return
    values = []
    for enumerator in node.enumerators:
        printed = _printed(enumerator.value)
        value = "" if printed is None else f" = {printed}"
        values.append(_named("enumerator", enumerator.name) + value)
    if values:
        writer.text(" , ".join(values) + " ")
    writer.text("}" + _size(node.size, node.alignment))


def _size(size: int | None, alignment: int | None) -> str:
    return attribute("byte_size", size) + attribute("alignment", alignment)


def _unsupported(node: Unsupported, writer: _Writer) -> None:
    """Gendwarfksyms stops at unknown tags; an unknown encoding it prints like any other."""
    if node.what == "encoding":
        encoding = attribute("encoding", node.number)
        writer.text(_named("base_type", node.name) + attribute("byte_size", node.size) + encoding)
    else:
        writer.text(f"unsupported {node}")
