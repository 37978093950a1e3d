"""What a type is to compiled code: its bytes, without names.

Two types of equal shape hold equal things at equal places. It decides whether a type of another
name is the same type renamed, or another type.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeAlias

from rustabi.layout import size_of
from rustabi.model import (
    INDIRECT,
    Array,
    Base,
    Composite,
    Enumeration,
    Function,
    Member,
    Modifier,
    Type,
    TypeId,
    VariantPart,
)
from rustabi.nature import encoding_class, pointer_class

Leaf: TypeAlias = tuple[int, Hashable]
"""Offset in bytes, and what stands there."""

_DEEPEST = 64
_MOST = 4096
"""Leaves that are compared; a larger type is compared by name alone."""


class TooLargeError(Exception):
    """The type is nested too deeply, or has too many leaves, to be compared by its bytes."""


class Shapes:
    """Shapes of the types of one table."""

    def __init__(self, types: Sequence[Type], address_size: int) -> None:
        self._types = types
        self._address_size = address_size
        self._found: list[tuple[int, TypeId]] = []

    def of(self, type_id: TypeId) -> tuple[Leaf, ...] | None:
        """The leaves of a type by offset; None when it is too large to say."""
        leaves: list[Leaf] = []
        try:
            self._type(type_id, 0, leaves, 0)
        except TooLargeError:
            return None
        return tuple(sorted(leaves, key=lambda leaf: (leaf[0], repr(leaf[1]))))

    def pointers(self, type_id: TypeId) -> list[tuple[int, TypeId]]:
        """(offset, pointer type) of each pointer in a type; none of one that is too large."""
        self._found = []
        self.of(type_id)
        found, self._found = sorted(self._found), []
        return found

    def _type(self, type_id: TypeId | None, offset: int, leaves: list[Leaf], depth: int) -> None:
        if depth > _DEEPEST or len(leaves) > _MOST:
            raise TooLargeError
        if type_id is None:
            return
        node = self._types[type_id]
        if isinstance(node, Base):
            if node.size:
                leaves.append((offset, encoding_class(node)))
        elif isinstance(node, Modifier):
            if node.kind in INDIRECT:
                leaves.append((offset, ("pointer", pointer_class(node.name))))
                self._found.append((offset, type_id))
            else:
                self._type(node.target, offset, leaves, depth + 1)
        elif isinstance(node, Array):
            self._array(node, offset, leaves, depth)
        elif isinstance(node, Composite):
            self._composite(node, offset, leaves, depth)
        elif isinstance(node, Enumeration):
            values = tuple(sorted(each.value.value for each in node.enumerators if each.value))
            leaves.append((offset, ("enum", node.size, values)))
        elif not isinstance(node, Function):
            leaves.append((offset, (type(node).__name__, node)))

    def _array(self, node: Array, offset: int, leaves: list[Leaf], depth: int) -> None:
        element: list[Leaf] = []
        self._type(node.element, 0, element, depth + 1)
        if element and node.counts != (0,):
            leaves.append((offset, ("array", node.counts, tuple(element))))

    def _composite(self, node: Composite, offset: int, leaves: list[Leaf], depth: int) -> None:
        if node.declaration:
            leaves.append((offset, ("opaque", node.name)))
            return
        for part in node.parts:
            if isinstance(part, Member):
                self._member(part, offset, leaves, depth)
            elif isinstance(part, VariantPart):
                self._variants(part, offset, leaves, depth)
            else:
                leaves.append((offset, part))

    def _member(self, member: Member, offset: int, leaves: list[Leaf], depth: int) -> None:
        if member.bit_size is not None:
            leaves.append((offset, ("bits", member.bit_offset, member.bit_size)))
        else:
            self._type(member.type, offset + (member.offset or 0), leaves, depth + 1)

    def _variants(self, part: VariantPart, offset: int, leaves: list[Leaf], depth: int) -> None:
        shapes = []
        for variant in part.variants:
            payload: list[Leaf] = []
            for member in variant.members:
                self._member(member, 0, payload, depth)
            value = None if variant.value is None else variant.value.value
            shapes.append((value, tuple(sorted(payload, key=repr))))
        tag = part.discriminant
        place = None if tag is None else (tag.offset, self._size(tag.type))
        leaves.append((offset, ("variants", place, tuple(sorted(shapes, key=repr)))))

    def _size(self, type_id: TypeId | None) -> int | None:
        return size_of(self._types, type_id, self._address_size)
