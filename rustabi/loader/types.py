"""Entries -> types: what rustc, GCC and Clang mean by the entries they write.

One small function per tag. Each says which attributes it uses; what it does not know becomes an
`Unsupported` node, never nothing. Types are numbered when they are first referred to and read in
that order, so that neither deep nor recursive types need deep recursion.

Which types are read, and what becomes of those that are repeated, others say: `PlainTypes` and
`rustabi.loader.shared`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries, Entry
from rustabi.dwarf.unit import Unit
from rustabi.lean import TYPE_CHECKING
from rustabi.loader.attributes import (
    U64,
    constant,
    count,
    is_private,
    number,
    older_bit_offset,
    plus_constant,
    text,
)  # fmt: skip
from rustabi.loader.plain import NUMBERED, Mention, PlainTypes
from rustabi.loader.qualified import QualifiedNames
from rustabi.loader.table import Occurrences
from rustabi.loader.wanted import COMPOSITES, INSIDE_FUNCTIONS, MODIFIERS, TYPES_NESTED
from rustabi.model import (
    Argument,
    Array,
    Base,
    Composite,
    Enumeration,
    Enumerator,
    Function,
    Member,
    Modifier,
    Parameter,
    Part,
    Type,
    TypeId,
    Unspecified,
    Unsupported,
    Variant,
    VariantPart,
)
from rustabi.references import renumbered

if TYPE_CHECKING:
    from rustabi.loader.shared import SharedTypes

_MANY = 8
"""Units from which on enough types are repeated to look for them."""

_SIGNED = (c.ATE_SIGNED, c.ATE_SIGNED_CHAR)
_make = tuple.__new__  # makes a `Member` without the detour through a Python function


class TypeLoader:
    """Decodes the types of one binary as they are asked for.

    Args:
        entries: The debug info, read with what `rustabi.loader.wanted` says.
        arguments: Read type arguments of generics, too; symbol versions do without.

    Attributes:
        types: The table; complete after `finish`.
        origins: Entry offset of each type.
        occurrences: Which types are repeated, where that was looked at; complete after `finish`.
    """

    def __init__(self, entries: Entries, *, arguments: bool = True) -> None:
        self.types: Sequence[Type] = ()
        self.origins: Sequence[int] = []
        self.occurrences: Occurrences | None = None
        self._entries = entries
        self._not_wanted = TYPES_NESTED - ({c.TAG_TEMPLATE_TYPE_PARAMETER} if arguments else set())
        self._found: list[int] = []
        self._unsupported: dict[Unsupported, TypeId] = {}
        self._names = QualifiedNames(entries)
        self._signed: dict[int, bool] = {}
        self._signatures = {
            unit.signature[0]: unit.signature[1] for unit in entries.units if unit.signature
        }
        self._by_tag: dict[int, Callable[[Entry], Type]] = {
            c.TAG_BASE_TYPE: self._base,
            c.TAG_UNSPECIFIED_TYPE: self._unspecified,
            c.TAG_ARRAY_TYPE: self._array,
            c.TAG_SUBROUTINE_TYPE: self._function,
            c.TAG_ENUMERATION_TYPE: self._enumeration,
        }
        self._by_tag.update(dict.fromkeys(MODIFIERS, self._modifier))
        self._by_tag.update(dict.fromkeys(COMPOSITES, self._composite))
        self._is_shared = len(entries.units) >= _MANY
        self._read: SharedTypes | PlainTypes = (
            self._sharing() if self._is_shared else PlainTypes(entries, self._decoded)
        )
        self.id_of = self._read.id_of
        self.enter = self._read.enter
        self.read = self._read.read

    def _sharing(self) -> SharedTypes:
        from rustabi.loader.shared import SharedTypes

        ignored: dict[int, frozenset[int] | None] = {
            **dict.fromkeys(MODIFIERS),
            **dict.fromkeys(COMPOSITES, self._not_wanted),
            c.TAG_BASE_TYPE: None,
            c.TAG_ARRAY_TYPE: frozenset(),
            c.TAG_SUBROUTINE_TYPE: INSIDE_FUNCTIONS,
            c.TAG_ENUMERATION_TYPE: TYPES_NESTED,
        }
        return SharedTypes(self._entries, self._names, ignored, self._decoded, self._is_signed_type)

    def add(self, node: Type, offset: int) -> TypeId:
        """Enter a type that stands for the entry at ``offset`` without being one itself."""
        return self._read.add(offset, node)

    def finish(self) -> None:
        """Complete the table, see `read`.

        Raises:
            DwarfError: An entry is not readable.
        """
        self.types, self.origins, self.occurrences = self._read.finish()
        self._by_tag.clear()  # what refers in circles would keep the debug info for long
        del self._read, self.id_of, self.enter, self.read

    def _decoded(self, offset: int, unit: Unit) -> tuple[Type, list[Mention]]:
        """The type at ``offset``; where sharing, its references are told by their places."""
        self._found = []
        entry = self._entries.entry(offset, unit)
        return self._by_tag.get(entry.tag, self._unknown)(entry), self._found

    # references

    def _refer(self, entry: Entry, attribute: int = c.AT_TYPE) -> int | None:
        """The number of the type that an attribute refers to; where sharing, its place in `_found`.

        To be called in the order of the attributes, each once: so a sketch has them, too.
        """
        offset = entry.attributes.get(attribute)
        if offset is None:
            return None
        unit = entry.unit
        if not self._is_shared:
            if attribute in entry.reader.references:
                return self.id_of(offset, unit)
            return self.reference(entry, attribute)
        if attribute in entry.reader.references and unit.first_entry <= offset < unit.end:
            self._found.append(offset - unit.offset)
        else:
            self._found.append(NUMBERED + (self.reference(entry, attribute) or 0))
        return len(self._found) - 1

    def reference(self, entry: Entry, attribute: int = c.AT_TYPE) -> TypeId | None:
        """The type that an attribute refers to; None when it is absent (void)."""
        offset = entry.attributes.get(attribute)
        if offset is None:
            return None
        # The first holds but for odd debug info, where references are in other forms, too.
        if attribute in entry.reader.references or entry.form(attribute) in c.REFERENCE_FORMS:
            return self.id_of(offset, entry.unit)
        form = entry.form(attribute)
        if form == c.FORM_REF_SIG8 and offset in self._signatures:
            return self.id_of(self._signatures[offset], entry.unit)
        node = Unsupported("form", form)
        if node not in self._unsupported:
            self._unsupported[node] = self.add(node, entry.offset)
        return self._unsupported[node]

    # one function per tag

    def _unknown(self, entry: Entry) -> Type:
        return Unsupported("tag", entry.tag, self._names.of(entry), number(entry, c.AT_BYTE_SIZE))

    def _base(self, entry: Entry) -> Type:
        name, size = self._names.of(entry), number(entry, c.AT_BYTE_SIZE)
        encoding = number(entry, c.AT_ENCODING)
        if encoding is not None and encoding not in c.KNOWN_ENCODINGS:
            return Unsupported("encoding", encoding, name, size)
        endianity = number(entry, c.AT_ENDIANITY) or None  # 0 is that of the machine
        return Base(name, size, encoding, number(entry, c.AT_ALIGNMENT), endianity)

    def _unspecified(self, entry: Entry) -> Type:
        return Unspecified(self._names.of(entry))

    def _modifier(self, entry: Entry) -> Type:
        return Modifier(
            MODIFIERS[entry.tag],
            self._names.of(entry),
            self._refer(entry),
            number(entry, c.AT_BYTE_SIZE),
            number(entry, c.AT_ALIGNMENT),
        )

    def _array(self, entry: Entry) -> Type:
        counts = tuple(
            count(child)
            for child in self._entries.children(entry)
            if child.tag == c.TAG_SUBRANGE_TYPE
        )
        return Array(self._refer(entry), counts, bool(entry.attributes.get(c.AT_GNU_VECTOR)))

    def function(self, entry: Entry) -> Type:
        """The signature of a subprogram or subroutine type entry."""
        self._found = []
        node = self._function(entry)
        if not self._is_shared:
            return node
        unit = entry.unit
        ids = [
            each - NUMBERED if each >= NUMBERED else self.id_of(unit.offset + each, unit)
            for each in self._found
        ]
        return renumbered(node, ids.__getitem__)

    def _function(self, entry: Entry) -> Function:
        result = self._refer(entry)
        parameters = []
        variadic = False
        if entry.reader.has_children:
            for child in self._entries.children(entry, INSIDE_FUNCTIONS):
                if child.tag == c.TAG_FORMAL_PARAMETER:
                    parameters.append(Parameter(text(child, c.AT_NAME), self._refer(child)))
                elif child.tag == c.TAG_UNSPECIFIED_PARAMETERS:
                    variadic = True
        diverges = bool(entry.attributes.get(c.AT_NORETURN))
        if diverges and entry.unit.language != c.LANG_RUST:
            diverges = False  # GCC also finds it out by itself, at some levels of optimisation
        return Function(tuple(parameters), result, variadic, diverges)

    def _enumeration(self, entry: Entry) -> Type:
        signed = self._is_signed(entry)
        name, size = self._names.of(entry), number(entry, c.AT_BYTE_SIZE)
        enumerators = []
        for child in self._entries.children(entry, TYPES_NESTED):
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
            self._refer(entry),
            bool(entry.attributes.get(c.AT_DECLARATION)),
            is_private(entry),
        )

    def _composite(self, entry: Entry) -> Type:
        container = None
        if c.AT_CONTAINING_TYPE in entry.attributes:
            container = self._refer(entry, c.AT_CONTAINING_TYPE)
        parts: list[Part] = []
        arguments: list[Argument] = []
        for child in self._entries.children(entry, self._not_wanted):
            if child.tag == c.TAG_TEMPLATE_TYPE_PARAMETER:
                name = text(child, c.AT_NAME) or ""
                arguments.append(Argument(name, self._refer(child)))
            else:
                is_member = child.tag == c.TAG_MEMBER
                parts.append(self._member(child) if is_member else self._part(child))
        return Composite(
            COMPOSITES[entry.tag],
            self._names.of(entry),
            number(entry, c.AT_BYTE_SIZE),
            number(entry, c.AT_ALIGNMENT),
            tuple(parts),
            bool(entry.attributes.get(c.AT_DECLARATION)),
            is_private(entry),
            container,
            tuple(arguments),
        )

    def _part(self, entry: Entry) -> Part:
        if entry.tag == c.TAG_VARIANT_PART:
            return self._variant_part(entry)
        return Unsupported("tag", entry.tag, text(entry, c.AT_NAME) or "")

    def _member(self, entry: Entry) -> Member | Unsupported:
        attributes = entry.attributes
        location = attributes.get(c.AT_DATA_MEMBER_LOCATION)
        offset = location & U64 if location.__class__ is int else None
        if offset is not None and c.AT_BIT_SIZE not in attributes:
            name = attributes.get(c.AT_NAME)
            return _make(Member, (
                name if name.__class__ is str else None, self._refer(entry), offset, None, None,
                number(entry, c.AT_ALIGNMENT) if c.AT_ALIGNMENT in attributes else None,
                number(entry, c.AT_ACCESSIBILITY) if c.AT_ACCESSIBILITY in attributes else None,
                False,
            ))  # fmt: skip
        if location.__class__ is bytes:
            offset = plus_constant(location)
            if offset is None:
                form = entry.form(c.AT_DATA_MEMBER_LOCATION)
                return Unsupported("form", form, text(entry, c.AT_NAME) or "")
        bit_size, bit_offset, derived = None, None, location.__class__ is bytes
        if c.AT_BIT_SIZE in attributes:
            bit_size = number(entry, c.AT_BIT_SIZE)
            bit_offset = number(entry, c.AT_DATA_BIT_OFFSET)
            if bit_offset is None:
                bit_offset = older_bit_offset(entry, offset or 0)
                derived = bit_offset is not None
        return Member(
            text(entry, c.AT_NAME),
            self._refer(entry),
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
                return entry.attributes.get(c.AT_ENCODING) in _SIGNED
        return False

    def _is_signed_type(self, offset: int, unit: Unit) -> bool:
        """Whether the type at ``offset`` is a signed integer, as `_is_signed` has it."""
        signed = self._signed.get(offset)
        if signed is None:
            entry = self._entries.entry(offset, unit)
            if entry.tag == c.TAG_BASE_TYPE:
                signed = entry.attributes.get(c.AT_ENCODING) in _SIGNED
            else:
                signed = self._is_signed(entry)
            self._signed[offset] = signed
        return signed
