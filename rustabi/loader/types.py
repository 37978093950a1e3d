"""Entries -> types: what rustc, GCC and Clang mean by the entries they write.

One small function per tag. Each says which attributes it uses; what it does not know becomes an
`Unsupported` node, never nothing. Types are numbered when they are first referred to and decoded
from a work list, so that neither deep nor recursive types need deep recursion.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries, Entry
from rustabi.dwarf.line import file_names
from rustabi.dwarf.unit import Unit
from rustabi.loader.attributes import constant, count, number, older_bit_offset, plus_constant, text
from rustabi.model import (
    Argument,
    Array,
    Base,
    Composite,
    CompositeKind,
    Enumeration,
    Enumerator,
    Function,
    Member,
    Modifier,
    ModifierKind,
    Parameter,
    Part,
    Type,
    TypeId,
    Unspecified,
    Unsupported,
    Variant,
    VariantPart,
)

WANTED = frozenset({
    c.AT_NAME, c.AT_BYTE_SIZE, c.AT_BIT_OFFSET, c.AT_BIT_SIZE, c.AT_DISCR, c.AT_CONST_VALUE,
    c.AT_CONTAINING_TYPE,
    c.AT_UPPER_BOUND, c.AT_ABSTRACT_ORIGIN, c.AT_ACCESSIBILITY, c.AT_COUNT,
    c.AT_DATA_MEMBER_LOCATION, c.AT_DECL_FILE, c.AT_DECLARATION, c.AT_DISCR_LIST, c.AT_DISCR_VALUE,
    c.AT_ENCODING, c.AT_SPECIFICATION, c.AT_TYPE, c.AT_DATA_BIT_OFFSET, c.AT_LINKAGE_NAME,
    c.AT_ALIGNMENT, c.AT_GNU_VECTOR, c.AT_LOCATION, c.AT_NORETURN,
})  # fmt: skip
"""Attributes that the loader reads; the decoder steps over all others."""

_MODIFIERS: dict[int, ModifierKind] = {
    c.TAG_POINTER_TYPE: "pointer",
    c.TAG_REFERENCE_TYPE: "reference",
    c.TAG_RVALUE_REFERENCE_TYPE: "rvalue_reference",
    c.TAG_CONST_TYPE: "const",
    c.TAG_VOLATILE_TYPE: "volatile",
    c.TAG_RESTRICT_TYPE: "restrict",
    c.TAG_ATOMIC_TYPE: "atomic",
    c.TAG_IMMUTABLE_TYPE: "immutable",
    c.TAG_PACKED_TYPE: "packed",
    c.TAG_SHARED_TYPE: "shared",
    c.TAG_TYPEDEF: "typedef",
}

_COMPOSITES: dict[int, CompositeKind] = {
    c.TAG_STRUCTURE_TYPE: "struct",
    c.TAG_CLASS_TYPE: "class",
    c.TAG_UNION_TYPE: "union",
}

_TYPES_NESTED = frozenset({
    c.TAG_CLASS_TYPE, c.TAG_ENUMERATION_TYPE, c.TAG_STRUCTURE_TYPE, c.TAG_UNION_TYPE,
    c.TAG_TEMPLATE_TYPE_PARAMETER, c.TAG_SUBPROGRAM,
})  # fmt: skip
"""Children of a struct that are no part of its layout: gendwarfksyms skips just these."""


class TypeLoader:
    """Decodes the types of one binary as they are asked for.

    Args:
        entries: The debug info.
        lines: Bytes of ``.debug_line``.
        arguments: Read type arguments of generics, too; symbol versions do without.

    Attributes:
        types: The table so far; complete after `finish`.
        origins: Entry offset of each type.
    """

    def __init__(self, entries: Entries, lines: bytes, *, arguments: bool = True) -> None:
        self.types: list[Type] = []
        self.origins: list[int] = []
        self._entries = entries
        self._not_wanted = _TYPES_NESTED - ({c.TAG_TEMPLATE_TYPE_PARAMETER} if arguments else set())
        self._lines = lines
        self._ids: dict[int, TypeId] = {}
        self._unsupported: dict[Unsupported, TypeId] = {}
        self._pending: list[tuple[TypeId, Unit]] = []
        self._prefixes: dict[int, str] = {0: ""}
        self._private: dict[tuple[int, int], bool] = {}
        self._files: dict[int, dict[int, str]] = {}
        self._signatures = {
            unit.signature[0]: unit.signature[1] for unit in entries.units if unit.signature
        }
        self._by_tag: dict[int, Callable[[Entry], Type]] = {
            c.TAG_BASE_TYPE: self._base,
            c.TAG_UNSPECIFIED_TYPE: self._unspecified,
            c.TAG_ARRAY_TYPE: self._array,
            c.TAG_SUBROUTINE_TYPE: self.function,
            c.TAG_ENUMERATION_TYPE: self._enumeration,
        }
        self._by_tag.update(dict.fromkeys(_MODIFIERS, self._modifier))
        self._by_tag.update(dict.fromkeys(_COMPOSITES, self._composite))

    def id_of(self, offset: int, unit: Unit) -> TypeId:
        """The number of the type whose entry is at ``offset``; ``unit`` is where it is likely."""
        type_id = self._ids.get(offset)
        if type_id is None:
            type_id = self._ids[offset] = self._add(None, offset)
            self._pending.append((type_id, unit))
        return type_id

    def add(self, node: Type, offset: int) -> TypeId:
        """Enter a type that stands for the entry at ``offset`` without being one itself."""
        return self._add(node, offset)

    def finish(self) -> None:
        """Decode every type that was referred to, and all that those refer to.

        Raises:
            DwarfError: An entry is not readable.
        """
        pending = self._pending
        while pending:
            type_id, unit = pending.pop()
            entry = self._entries.entry(self.origins[type_id], unit)
            build = self._by_tag.get(entry.tag, self._unknown)
            self.types[type_id] = build(entry)

    def _add(self, node: Type | None, offset: int) -> TypeId:
        self.types.append(cast(Type, node))
        self.origins.append(offset)
        return len(self.types) - 1

    # names

    def qualified_name(self, entry: Entry) -> str:
        """Namespaces and structs around the entry, then its name; empty when it has no name."""
        name = text(entry, c.AT_NAME)
        if not name:
            return ""
        scope = self._entries.outline(entry.unit).scopes.get(entry.offset, 0)
        if scope:
            prefix = self._prefix(scope, entry.unit)
            if prefix:
                return f"{prefix}::{name}"
        return name

    def _prefix(self, scope: int, unit: Unit) -> str:
        """Qualified name of a namespace or struct, as a prefix of the names in it."""
        scopes = self._entries.outline(unit).scopes
        unknown = []
        while scope not in self._prefixes:
            unknown.append(scope)
            scope = scopes[scope]
        prefix = self._prefixes[scope]
        for scope in reversed(unknown):
            name = text(self._entries.entry(scope, unit), c.AT_NAME) or ""
            prefix = f"{prefix}::{name or '<anonymous>'}" if prefix else name
            self._prefixes[scope] = prefix
        return prefix

    # references

    def reference(self, entry: Entry, attribute: int = c.AT_TYPE) -> TypeId | None:
        """The type that an attribute refers to; None when it is absent (void)."""
        offset = entry.attributes.get(attribute)
        if offset is None:
            return None
        form = entry.form(attribute)
        if form in c.REFERENCE_FORMS:
            return self.id_of(offset, entry.unit)
        if form == c.FORM_REF_SIG8 and offset in self._signatures:
            return self.id_of(self._signatures[offset], entry.unit)
        node = Unsupported("form", form)
        if node not in self._unsupported:
            self._unsupported[node] = self._add(node, entry.offset)
        return self._unsupported[node]

    # one function per tag

    def _unknown(self, entry: Entry) -> Type:
        return Unsupported(
            "tag", entry.tag, self.qualified_name(entry), number(entry, c.AT_BYTE_SIZE)
        )

    def _base(self, entry: Entry) -> Type:
        name, size = self.qualified_name(entry), number(entry, c.AT_BYTE_SIZE)
        encoding = number(entry, c.AT_ENCODING)
        if encoding is not None and encoding not in c.KNOWN_ENCODINGS:
            return Unsupported("encoding", encoding, name, size)
        return Base(name, size, encoding, number(entry, c.AT_ALIGNMENT))

    def _unspecified(self, entry: Entry) -> Type:
        return Unspecified(self.qualified_name(entry))

    def _modifier(self, entry: Entry) -> Type:
        return Modifier(
            _MODIFIERS[entry.tag],
            self.qualified_name(entry),
            self.reference(entry),
            number(entry, c.AT_BYTE_SIZE),
            number(entry, c.AT_ALIGNMENT),
        )

    def _array(self, entry: Entry) -> Type:
        counts = tuple(
            count(child)
            for child in self._entries.children(entry)
            if child.tag == c.TAG_SUBRANGE_TYPE
        )
        return Array(self.reference(entry), counts, bool(entry.attributes.get(c.AT_GNU_VECTOR)))

    def function(self, entry: Entry) -> Function:
        """The signature of a subprogram or subroutine type entry."""
        parameters = []
        variadic = False
        if entry.reader.has_children:
            for child in self._entries.children(entry, _INSIDE_FUNCTIONS):
                if child.tag == c.TAG_FORMAL_PARAMETER:
                    parameters.append(Parameter(text(child, c.AT_NAME), self.reference(child)))
                elif child.tag == c.TAG_UNSPECIFIED_PARAMETERS:
                    variadic = True
        diverges = bool(entry.attributes.get(c.AT_NORETURN))
        if diverges and entry.unit.language != c.LANG_RUST:
            diverges = False  # GCC also finds it out by itself, at some levels of optimisation
        return Function(tuple(parameters), self.reference(entry), variadic, diverges)

    def _enumeration(self, entry: Entry) -> Type:
        signed = self._is_signed(entry)
        name, size = self.qualified_name(entry), number(entry, c.AT_BYTE_SIZE)
        enumerators = []
        for child in self._entries.children(entry, _TYPES_NESTED):
            if child.tag == c.TAG_ENUMERATOR:
                value = constant(child, c.AT_CONST_VALUE, signed, extended=False)
                if isinstance(value, Unsupported):
                    return value._replace(name=name, size=size)
                enumerators.append(Enumerator(text(child, c.AT_NAME) or "", value))
        return Enumeration(
            name,
            size,
            number(entry, c.AT_ALIGNMENT),
            tuple(enumerators),
            self.reference(entry),
            bool(entry.attributes.get(c.AT_DECLARATION)),
            self._is_private(entry),
        )

    def _composite(self, entry: Entry) -> Type:
        container = None
        if c.AT_CONTAINING_TYPE in entry.attributes:
            container = self.reference(entry, c.AT_CONTAINING_TYPE)
        parts: list[Part] = []
        arguments: list[Argument] = []
        for child in self._entries.children(entry, self._not_wanted):
            if child.tag == c.TAG_TEMPLATE_TYPE_PARAMETER:
                name = text(child, c.AT_NAME) or ""
                arguments.append(Argument(name, self.reference(child)))
            else:
                parts.append(self._part(child))
        return Composite(
            _COMPOSITES[entry.tag],
            self.qualified_name(entry),
            number(entry, c.AT_BYTE_SIZE),
            number(entry, c.AT_ALIGNMENT),
            tuple(parts),
            bool(entry.attributes.get(c.AT_DECLARATION)),
            self._is_private(entry),
            container,
            tuple(arguments),
        )

    def _part(self, entry: Entry) -> Part:
        if entry.tag == c.TAG_MEMBER:
            return self._member(entry)
        if entry.tag == c.TAG_VARIANT_PART:
            return self._variant_part(entry)
        return Unsupported("tag", entry.tag, text(entry, c.AT_NAME) or "")

    def _member(self, entry: Entry) -> Member | Unsupported:
        attributes = entry.attributes
        location = attributes.get(c.AT_DATA_MEMBER_LOCATION)
        offset = number(entry, c.AT_DATA_MEMBER_LOCATION)
        if location.__class__ is bytes:
            offset = plus_constant(location)
            if offset is None:
                form = entry.form(c.AT_DATA_MEMBER_LOCATION)
                return Unsupported("form", form, text(entry, c.AT_NAME) or "")
        bit_size = bit_offset = None
        derived = location.__class__ is bytes
        if c.AT_BIT_SIZE in attributes:
            bit_size = number(entry, c.AT_BIT_SIZE)
            bit_offset = number(entry, c.AT_DATA_BIT_OFFSET)
            if bit_offset is None:
                bit_offset = older_bit_offset(entry, offset or 0)
                derived = bit_offset is not None
        return Member(
            text(entry, c.AT_NAME),
            self.reference(entry),
            offset,
            bit_size,
            bit_offset,
            number(entry, c.AT_ALIGNMENT),
            number(entry, c.AT_ACCESSIBILITY),
            derived,
        )

    def _variant_part(self, entry: Entry) -> Part:
        members: list[Member] = []
        variants: list[Variant] = []
        discriminant: Member | None = None
        named = self._entries.referred(entry, c.AT_DISCR)
        if named is None and c.AT_DISCR in entry.attributes:
            return Unsupported("form", entry.form(c.AT_DISCR))
        signed = named is not None and self._is_signed(named)
        for child in self._entries.children(entry):
            if child.tag == c.TAG_MEMBER:
                member = self._member(child)
                if isinstance(member, Unsupported):
                    return member
                members.append(member)
                if named is not None and child.offset == named.offset:
                    discriminant = member
            elif child.tag == c.TAG_VARIANT:
                variant = self._variant(child, signed)
                if isinstance(variant, Unsupported):
                    return variant
                variants.append(variant)
            else:
                return Unsupported("tag", child.tag)
        return VariantPart(tuple(members), discriminant, tuple(variants))

    def _variant(self, entry: Entry, signed: bool) -> Variant | Unsupported:
        members = []
        for child in self._entries.children(entry):
            if child.tag != c.TAG_MEMBER:
                return Unsupported("tag", child.tag)
            member = self._member(child)
            if isinstance(member, Unsupported):
                return member
            members.append(member)
        value_list = entry.attributes.get(c.AT_DISCR_LIST)
        if not isinstance(value_list, bytes):
            value_list = None
        value = constant(entry, c.AT_DISCR_VALUE, signed, extended=True)
        if isinstance(value, Unsupported):
            return value
        return Variant(tuple(members), value, value_list)

    # what an entry does not say itself

    def _is_signed(self, entry: Entry) -> bool:
        """Whether the integer type that the entry refers to is signed, also through typedefs."""
        seen: set[int] = set()
        while entry.form(c.AT_TYPE) in c.REFERENCE_FORMS and entry.offset not in seen:
            seen.add(entry.offset)
            entry = self._entries.entry(entry.attributes[c.AT_TYPE], entry.unit)
            if entry.tag == c.TAG_BASE_TYPE:
                return entry.attributes.get(c.AT_ENCODING) in (c.ATE_SIGNED, c.ATE_SIGNED_CHAR)
        return False

    def _is_private(self, entry: Entry) -> bool:
        """Whether the entry is defined in a ``.c`` file (gendwarfksyms' is_definition_private).

        rustc gives no DW_AT_decl_file to types, so no Rust type is private. libdw takes file number
        0 for none.
        """
        file = entry.attributes.get(c.AT_DECL_FILE)
        if not file:
            return False
        key = (entry.unit.offset, file)
        private = self._private.get(key)
        if private is None:
            files = self._files.get(entry.unit.offset)
            if files is None:
                files = self._files[entry.unit.offset] = file_names(self._lines, entry.unit)
            private = self._private[key] = files.get(file, "").endswith(".c")
        return private


_INSIDE_FUNCTIONS = frozenset({
    c.TAG_VARIABLE, c.TAG_STRUCTURE_TYPE, c.TAG_UNION_TYPE, c.TAG_ENUMERATION_TYPE, c.TAG_TYPEDEF,
    c.TAG_TEMPLATE_TYPE_PARAMETER, c.TAG_SUBPROGRAM, c.TAG_LEXICAL_BLOCK, c.TAG_LABEL,
    c.TAG_INLINED_SUBROUTINE, c.TAG_CALL_SITE, c.TAG_GNU_CALL_SITE,
})  # fmt: skip
"""Children of a function that say nothing about its signature: locals, blocks, calls, labels."""
