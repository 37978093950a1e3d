"""Type strings as gendwarfksyms writes them (scripts/gendwarfksyms/dwarf.c, Linux 7.2).

A type string is kept as a list of *pieces*: text at even places, type references (``s#name``) at
odd ones. Types without a name of their own (pointers, arrays, anonymous structs, ...) are written
in place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rustabi.errors import DwarfError
from rustabi.kabi import PREFIX, KabiRules, StandIn, stand_in
from rustabi.lean import TYPE_CHECKING
from rustabi.loader import Occurrences
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

if TYPE_CHECKING:
    from typing import TypeAlias

Pieces: TypeAlias = tuple[str, ...]
"""Text, reference, text, reference, ..., text: always an odd number."""

_DEEPEST = 64
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


_LONGEST = 16 << 20
"""Characters of one type string; nameless types that repeat each other can grow without end."""


_MARK = "\0"
"""Stands before and behind each reference in a type string while it is written: no name has it."""


def _bounded(text: str) -> str:
    if len(text) > _LONGEST:
        raise DwarfError(
            "a type without a name is too large to write out",
            advice="the debug info is damaged: build the file again",
        )
    return text


_REFERENCE = r"[suet]#(?:'[^']*'|[^ ]*)"


def parse_pieces(text: str) -> Pieces:
    """The pieces of a type string as a kABI rule gives it.

    Wherever two letters look like ``s#`` a reference starts, and ends at the closing quote or at
    the next blank.
    """
    import re  # takes time to import, and rules are rare

    pieces: list[str] = []
    at = 0
    for found in re.finditer(_REFERENCE, text):
        pieces += [text[at : found.start()], found[0]]
        at = found.end()
    return (*pieces, text[at:])


class TypeStrings:
    """Writes the type strings of a type table, each once.

    Args:
        types: The table.
        rules: kABI rules to honour (``--stable``), or None.
        occurrences: Which of the types are repeated; None where that is not known.
    """

    def __init__(
        self,
        types: Sequence[Type],
        rules: KabiRules | None = None,
        occurrences: Occurrences | None = None,
    ) -> None:
        self.types = types
        self.rules = rules
        self._first = occurrences.first if occurrences is not None and rules is None else None
        self._known: dict[TypeId, Pieces] = {}
        self._mentions: dict[TypeId, str] = {}
        self._written: dict[TypeId, Sequence[TypeId]] = {}
        self._depth = 0

    def reference(self, type_id: TypeId) -> str | None:
        """`reference_name` of a type of the table."""
        mention = self.mention(type_id)
        if mention[:1] != _MARK or (self.rules is not None and self._is_replaced(type_id)):
            return None
        return mention[1:-1]

    def _is_replaced(self, type_id: TypeId) -> bool:
        """Whether rules write another type, perhaps a mere reference, for a union."""
        return stand_in(self.types, self.types[type_id]) is not None

    def mention(self, type_id: TypeId) -> str:
        """What other strings say of a type: a marked reference, or its own string."""
        if self._first is not None:
            type_id = self._first[type_id]
        known = self._mentions.get(type_id)
        if known is None:
            replaced = self.rules is not None and self._is_replaced(type_id)
            name = None if replaced else reference_name(self.types[type_id])
            known = self._write(type_id) if name is None else f"{_MARK}{name}{_MARK}"
            self._mentions[type_id] = known
        return known

    def of(self, type_id: TypeId) -> Pieces:
        """The type string of a type of the table.

        Raises:
            DwarfError: Nameless types nest without end: the debug info is damaged.
        """
        if self._first is not None:
            type_id = self._first[type_id]
        known = self._known.get(type_id)
        if known is None:
            known = self._known[type_id] = tuple(self._write(type_id).split(_MARK))
        return known

    def _write(self, type_id: TypeId) -> str:
        """The type string with its references marked."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise DwarfError(
                "a type without a name contains itself",
                advice="the debug info is damaged: build the file again",
            )
        writer = _Writer(self)
        _write(self.types[type_id], writer)
        self._written[type_id] = writer.written
        self._depth -= 1
        return _bounded(writer.whole())

    def written(self, type_id: TypeId) -> Sequence[TypeId]:
        """The types that a type's string names or has in place, some of them more than once.

        gendwarfksyms goes on to those.
        """
        if self._first is not None:
            type_id = self._first[type_id]
        if type_id not in self._written:
            self.of(type_id)
        return self._written[type_id]

    def of_symbol(self, type_id: TypeId | None, is_function: bool) -> Pieces:
        """The type string of a symbol, which its version starts from."""
        writer = _Writer(self)
        node = None if type_id is None else self.types[type_id]
        if is_function and isinstance(node, Function):
            writer.signature("subprogram", node)
        else:
            writer.text("variable ")
            writer.type(type_id)
        return tuple(writer.whole().split(_MARK))


class _Writer:
    """Collects the text of a type string.

    Attributes:
        written: The types that were referred to or written in place.
        rules: The kABI rules in force.
        text: Adds text.
    """

    __slots__ = ("_mention", "_strings", "_text", "rules", "text", "written")

    def __init__(self, strings: TypeStrings) -> None:
        self.written: list[TypeId] = []
        self.rules = strings.rules
        self._strings = strings
        self._mention = strings.mention
        self._text: list[str] = []
        self.text = self._text.append

    def type(self, type_id: TypeId | None) -> None:
        """A reference to a named type, or the type itself."""
        if type_id is None:
            self.text("base_type void")
            return
        self.written.append(type_id)
        self.text(self._mention(type_id))

    def whole(self) -> str:
        """All of it, references marked."""
        return "".join(self._text)

    # parts of types

    def signature(self, keyword: str, node: Function) -> None:
        self.text(keyword + " (")
        separator = " "
        for parameter in node.parameters:
            self.text(f"{separator}formal_parameter ")
            self.type(parameter.type)
            self.text(self._name(parameter.name))
            separator = " , "
        self.text(" ) -> ")
        self.type(node.result)

    def members(self, members: Iterable[Part]) -> bool:
        """Write those that count; False where none does."""
        separator, rules = "", self.rules
        for part in members:
            if rules is not None and isinstance(part, Member) and self._is_ignored(part):
                continue
            self.text(separator)
            if isinstance(part, Member):
                self.member(part)
            elif isinstance(part, VariantPart):
                self.variant_part(part)
            else:
                self.text(f"unsupported {part}")
            separator = " , "
        return bool(separator)

    def member(self, member: Member) -> None:
        self.text("member ")
        self.type(member.type)
        former = None if self.rules is None else self._stand_in(member)
        text = self._name(member.name if former is None else former.name or member.name)
        if member.accessibility is not None:
            text += f" accessibility({member.accessibility})"
        if member.bit_size is not None:
            bit_offset = None if member.derived else member.bit_offset
            text += attribute("bit_size", member.bit_size) + attribute(
                "data_bit_offset", bit_offset
            )
        offset = member.stated_offset if member.derived else member.offset
        if offset is not None:
            text += f" data_member_location({offset})"
        self.text(text)

    def _name(self, name: str | None) -> str:
        """A member's or parameter's name; those of kABI members are not printed."""
        if not name or (self.rules is not None and name.startswith(PREFIX)):
            return ""
        return " " + name

    def _stand_in(self, member: Member) -> StandIn | None:
        if self.rules is None or member.type is None:
            return None
        return stand_in(self._strings.types, self._strings.types[member.type])

    def _is_ignored(self, member: Member) -> bool:
        former = self._stand_in(member)
        return former is not None and former.status == "ignored"

    # what rules override

    def union(self, node: Composite) -> bool:
        """Write what stands in for a union instead of it; False for a plain union."""
        former = None if self.rules is None else stand_in(self._strings.types, node)
        if former is not None and former.status == "reserved":
            self.type(former.type)
        return former is not None

    def is_expanded(self, node: Composite | Enumeration) -> bool:
        """Whether a type's contents are written."""
        declared = self.rules is not None and node.name in self.rules.declaration_only
        return is_definition(node) and not declared

    def enumerators(self, node: Enumeration) -> list[tuple[str, int | None]]:
        """Names and printed values of the enumerators that count."""
        values = [(each.name, _printed(each.value)) for each in node.enumerators]
        if self.rules is None:
            return values
        ignored, given = self.rules.ignored_enumerators, self.rules.enumerator_values
        return [
            (name, given.get(f"{node.name} {name}", value))
            for name, value in values
            if f"{node.name} {name}" not in ignored
        ]

    def size(self, name: str, size: int | None, alignment: int | None) -> str:
        """The attributes that end most type strings."""
        if size is not None and self.rules is not None:
            size = self.rules.byte_sizes.get(name, size)
        return attribute("byte_size", size) + attribute("alignment", alignment)

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


def _write(node: Type, writer: _Writer) -> None:
    if isinstance(node, Modifier):
        writer.text(_named(f"{node.kind}_type", node.name) + " { ")
        writer.type(node.target)
        writer.text(" }" + writer.size(node.name, node.size, node.alignment))
    elif isinstance(node, Base):
        size = writer.size(node.name, node.size, None)
        encoding = attribute("encoding", node.encoding)
        alignment = attribute("alignment", node.alignment)
        writer.text(_named("base_type", node.name) + size + encoding + alignment)
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


def _composite(node: Composite, writer: _Writer) -> None:
    if node.kind == "union" and writer.union(node):
        return
    writer.text(_named(_KEYWORDS[node.kind], node.name) + " { ")
    if not writer.is_expanded(node):
        writer.text("}")
        return
    if writer.members(node.parts):
        writer.text(" ")
    writer.text("}" + writer.size(node.name, node.size, node.alignment))


def _enumeration(node: Enumeration, writer: _Writer) -> None:
    writer.text(_named("enumeration_type", node.name) + " { ")
    if not writer.is_expanded(node):
        writer.text("}")
        return
    values = [
        _named("enumerator", name) + ("" if value is None else f" = {value}")
        for name, value in writer.enumerators(node)
    ]
    if node.enumerators:  # also where rules leave out each of them: gendwarfksyms writes "{  }"
        writer.text(" , ".join(values) + " ")
    writer.text("}" + writer.size(node.name, node.size, node.alignment))


def _unsupported(node: Unsupported, writer: _Writer) -> None:
    """Print an unknown encoding like any other; at unknown tags gendwarfksyms stops."""
    if node.what == "encoding":
        encoding = attribute("encoding", node.number)
        writer.text(_named("base_type", node.name) + attribute("byte_size", node.size) + encoding)
    else:
        writer.text(f"unsupported {node}")
