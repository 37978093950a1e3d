"""What the loader reads of entries: which attributes, and which children it passes over."""

from __future__ import annotations

from rustabi.dwarf import constants as c
from rustabi.model import CompositeKind, ModifierKind

WANTED = frozenset({
    c.AT_NAME, c.AT_BYTE_SIZE, c.AT_BIT_OFFSET, c.AT_BIT_SIZE, c.AT_DISCR, c.AT_CONST_VALUE,
    c.AT_CONTAINING_TYPE,
    c.AT_UPPER_BOUND, c.AT_ABSTRACT_ORIGIN, c.AT_ACCESSIBILITY, c.AT_COUNT,
    c.AT_DATA_MEMBER_LOCATION, c.AT_DECL_FILE, c.AT_DECLARATION, c.AT_DISCR_LIST, c.AT_DISCR_VALUE,
    c.AT_ENCODING, c.AT_SPECIFICATION, c.AT_TYPE, c.AT_DATA_BIT_OFFSET, c.AT_LINKAGE_NAME,
    c.AT_ALIGNMENT, c.AT_ENDIANITY, c.AT_GNU_VECTOR, c.AT_LOCATION, c.AT_NORETURN,
})  # fmt: skip
"""Attributes that the loader reads; the decoder steps over all others."""

_NOTED = WANTED - {
    c.AT_LINKAGE_NAME, c.AT_LOCATION, c.AT_ABSTRACT_ORIGIN, c.AT_SPECIFICATION, c.AT_DECL_FILE,
}  # fmt: skip
"""Those of them that what is said of a type depends on, whatever its tag."""

MODIFIERS: dict[int, ModifierKind] = {
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

COMPOSITES: dict[int, CompositeKind] = {
    c.TAG_STRUCTURE_TYPE: "struct",
    c.TAG_CLASS_TYPE: "class",
    c.TAG_UNION_TYPE: "union",
}

_OF_NUMBERS = frozenset({c.TAG_SUBRANGE_TYPE, c.TAG_ENUMERATOR})
"""Entries of which the type is not read."""

TYPES_NESTED = frozenset({
    c.TAG_CLASS_TYPE, c.TAG_ENUMERATION_TYPE, c.TAG_STRUCTURE_TYPE, c.TAG_UNION_TYPE,
    c.TAG_TEMPLATE_TYPE_PARAMETER, c.TAG_SUBPROGRAM,
})  # fmt: skip
"""Children of a struct that are no part of its layout: gendwarfksyms skips just these."""

INSIDE_FUNCTIONS = frozenset({
    c.TAG_VARIABLE, c.TAG_STRUCTURE_TYPE, c.TAG_UNION_TYPE, c.TAG_ENUMERATION_TYPE, c.TAG_TYPEDEF,
    c.TAG_TEMPLATE_TYPE_PARAMETER, c.TAG_SUBPROGRAM, c.TAG_LEXICAL_BLOCK, c.TAG_LABEL,
    c.TAG_INLINED_SUBROUTINE, c.TAG_CALL_SITE, c.TAG_GNU_CALL_SITE,
})  # fmt: skip
"""Children of a function that say nothing about its signature: locals, blocks, calls, labels."""


def noted(tag: int) -> frozenset[int]:
    """The attributes that the loader reads of an entry. References are all followed."""
    if tag in COMPOSITES or tag == c.TAG_ENUMERATION_TYPE:
        return _NOTED | {c.AT_DECL_FILE}
    return _NOTED - {c.AT_TYPE} if tag in _OF_NUMBERS else _NOTED
