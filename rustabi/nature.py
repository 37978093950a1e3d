"""What a type is to compiled code, whatever it is called: encodings, promises, bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

from rustabi.model import (
    INDIRECT,
    Array,
    Base,
    Composite,
    Member,
    Modifier,
    Type,
    TypeId,
    members_of,
)

PointerClass: TypeAlias = Literal["fn", "owned", "nonnull", "raw"]

SIGILS = ("&mut ", "&", "*const ", "*mut ")
"""How the names of Rust's references and raw pointers begin, thin and fat ones."""

_DEEPEST = 64
"""Typedefs in a row, members within members; beyond, the debug info is damaged."""

_OBJECTS = ("dyn ", "(dyn ")
"""How rustc names the types of trait objects."""

_FN = re.compile(r'(?:unsafe )?(?P<abi>(?:extern "[^"]*" )?fn)\(')

_CHARACTERS = {6: 5, 8: 7}
"""DW_ATE_signed_char and DW_ATE_unsigned_char are integers to compiled code (DWARF 5, 7.8)."""


_FLOATS = {3: "complex", 4: "float"}
"""DW_ATE_complex_float and DW_ATE_float."""

_FORMAT = re.compile(r"128|bf16")
"""In the names of types whose format is not the usual one of their size: ``_Float128`` and
``__float128`` are no ``long double`` of x87, ``__bf16`` no ``_Float16``."""


def stripped(types: Sequence[Type], type_id: TypeId | None) -> TypeId | None:
    """The type below typedefs and qualifiers, which change nothing about its bytes."""
    seen = 0
    while type_id is not None and seen <= _DEEPEST:
        node = types[type_id]
        if not isinstance(node, Modifier) or node.kind in INDIRECT:
            break
        type_id = node.target
        seen += 1
    return type_id


def stated_alignment(types: Sequence[Type], type_id: TypeId | None) -> int | None:
    """The alignment in bytes that a typedef on the way to the type itself states, if one does."""
    seen = 0
    while type_id is not None and seen <= _DEEPEST:
        node = types[type_id]
        if not isinstance(node, Modifier) or node.kind in INDIRECT:
            break
        if node.alignment is not None:
            return node.alignment
        type_id = node.target
        seen += 1
    return None


_DEEPEST_UNNAMED = 16
"""Anonymous members within each other; beyond, the debug info is damaged."""


def unfolded(types: Sequence[Type], members: Sequence[Member]) -> list[Member]:
    """Members with the fields of anonymous structs, and of unions of one field, in their place."""
    found = list(members)
    for _ in range(_DEEPEST_UNNAMED):
        inner = [_fields(types, each) for each in found]
        if all(fields is None for fields in inner):
            break
        pairs = zip(found, inner, strict=True)
        found = [each for own, fields in pairs for each in ([own] if fields is None else fields)]
    return found


def _fields(types: Sequence[Type], member: Member) -> list[Member] | None:
    """The fields that an anonymous member stands for, by their places in the struct around it."""
    type_id = None if member.name or member.bit_size is not None else stripped(types, member.type)
    node = None if type_id is None else types[type_id]
    if not isinstance(node, Composite) or node.name or node.declaration or not node.parts:
        return None
    fields = members_of(node)
    if len(fields) != len(node.parts) or (node.kind == "union" and len(fields) > 1):
        return None
    start = member.offset or 0
    return [
        each._replace(
            offset=start + each.offset if each.offset is not None else start,
            bit_offset=None if each.bit_offset is None else 8 * start + each.bit_offset,
        )
        for each in fields
    ]


def encoding_class(node: Base) -> tuple[int | None, int | str | None]:
    """Size and encoding, with the character encodings of C taken for integers.

    DWARF has one encoding for all binary floating-point formats; where two are of one size, the
    name tells them apart. Another byte order than the machine's is another encoding.
    """
    if node.endianity is not None:
        return node.size, f"{node.encoding} in byte order {node.endianity}"
    if node.encoding in _FLOATS:
        found = _FORMAT.search(node.name)
        if found:
            return node.size, f"{_FLOATS[node.encoding]} {found[0]}"
    return node.size, _CHARACTERS.get(node.encoding or 0, node.encoding)


def array_counts(node: Array) -> tuple[int | None, ...]:
    """Elements in each dimension; an array of none is C's older form of one of open length."""
    return (node.counts[0] or None, *node.counts[1:]) if node.counts else ()


def sigil(name: str) -> str:
    """How a pointer's name begins: ``&mut``, ``&``, ``*const``, ``*mut``, or the path of a box."""
    for each in SIGILS:
        if name.startswith(each):
            return each
    return name.split("<", 1)[0].split("(", 1)[0]


def pointer_class(name: str) -> PointerClass:
    """What a pointer promises about its value, by its name.

    Rust's references, boxes and function pointers are never null, which Option makes use of; raw
    pointers, and C's, may be. Whoever holds a box frees what it points to.
    """
    if name.startswith(("*const ", "*mut ")) or not name:
        return "raw"
    if fn_abi(name) is not None:
        return "fn"
    return "nonnull" if name.startswith("&") else "owned"


def fn_abi(name: str) -> str | None:
    """The calling convention in a function pointer's name, or None for other pointers.

    ``unsafe extern "C" fn(u32)`` -> ``extern "C" fn``; ``unsafe`` is a matter of source.
    """
    found = _FN.match(name)
    return found["abi"] if found else None


def is_variadic(name: str) -> bool:
    """Whether a function pointer takes any number of arguments: only rustc's name for it tells."""
    return ", ...)" in name


def is_object(name: str) -> bool:
    """Whether a type's name is that of a trait object: ``dyn demo::Animal``."""
    return name.startswith(_OBJECTS)


def principal_trait(name: str) -> str:
    """``dyn demo::Animal + core::marker::Send`` -> ``demo::Animal``: what decides the vtable."""
    depth = 0
    text = name.removeprefix("(").removeprefix("dyn ")
    if name.startswith("("):
        text = text.removesuffix(")")
    for index, letter in enumerate(text):
        if letter in "<([":
            depth += 1
        elif letter in ">)]" and text[index - 1 : index + 1] != "->":
            depth -= 1
        elif not depth and text.startswith(" + ", index):
            return text[:index]
    return text


def is_empty(types: Sequence[Type], type_id: TypeId | None) -> bool:
    """Whether a value of the type takes no bytes: ``()``, ``PhantomData``, structs of those.

    Trait objects, slices, arrays of open length or of length 0 (C's older form of an open one) and
    foreign types stand for an unknown number of bytes, so they are not empty.
    """
    return _is_empty(types, type_id, {}, 0)


def _is_empty(
    types: Sequence[Type], type_id: TypeId | None, known: dict[TypeId, bool], depth: int
) -> bool:
    """``known`` has each type once: what is made of two of what is made of two is 2 ** depth."""
    if type_id is None or depth > _DEEPEST:
        return False
    if type_id not in known:
        known[type_id] = False  # what holds itself is not empty
        parts = _if_empty(types[type_id])
        known[type_id] = parts is not None and all(
            _is_empty(types, part, known, depth + 1) for part in parts
        )
    return known[type_id]


def _if_empty(node: Type) -> list[TypeId | None] | None:
    """The types that must be empty for this one to be empty; None if it is not in any case."""
    if isinstance(node, Base):
        return [] if node.size == 0 else None
    if isinstance(node, Modifier):
        return None if node.kind in INDIRECT else [node.target]
    if not isinstance(node, Composite) or node.size != 0 or node.declaration:
        return None
    if is_object(node.name) or "{extern#" in node.name:
        return None
    parts = [part.type for part in node.parts if isinstance(part, Member)]
    return parts if len(parts) == len(node.parts) else None
