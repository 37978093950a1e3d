"""What a type is to compiled code, whatever it is called: encodings, promises, bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

from rustabi.model import INDIRECT, Base, Composite, Member, Modifier, Type, TypeId

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


def encoding_class(node: Base) -> tuple[int | None, int | None]:
    """Size and encoding, with the character encodings of C taken for integers."""
    return node.size, _CHARACTERS.get(node.encoding or 0, node.encoding)


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


def is_empty(types: Sequence[Type], type_id: TypeId | None, depth: int = 0) -> bool:
    """Whether a value of the type takes no bytes: ``()``, ``PhantomData``, structs of those.

    Trait objects, slices, arrays of open length or of length 0 (C's older form of an open one) and
    foreign types stand for an unknown number of bytes, so they are not empty.
    """
    if type_id is None or depth > _DEEPEST:
        return False
    node = types[type_id]
    if isinstance(node, Base):
        return node.size == 0
    if isinstance(node, Modifier):
        return node.kind not in INDIRECT and is_empty(types, node.target, depth + 1)
    if not isinstance(node, Composite) or node.size != 0 or node.declaration:
        return False
    if is_object(node.name) or "{extern#" in node.name:
        return False
    return all(
        isinstance(part, Member) and is_empty(types, part.type, depth + 1) for part in node.parts
    )
