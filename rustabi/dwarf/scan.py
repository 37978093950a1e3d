"""Passing over entries without decoding them, at millions a second.

Most entries only have to be stepped over: where the declaration fixes the size, that is one
addition.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence

from rustabi.dwarf import constants as c
from rustabi.dwarf.leb128 import read_unsigned
from rustabi.dwarf.reader import Reader
from rustabi.dwarf.unit import Unit
from rustabi.lean import NamedTuple


class Outline(NamedTuple):
    """Where things stand in a unit, without their contents.

    Attributes:
        types, namespaces: Offsets of those that have names or scopes, in document order.
        scopes: Offset of each of them that is enclosed by a namespace, struct or class -> the
            offset of that.
        routines: Offsets, in document order, of functions and variables that stand in the unit or
            in namespaces, structs and classes only.
        complete: Whether nothing was left out.
    """

    types: Sequence[int]
    namespaces: Sequence[int]
    scopes: dict[int, int]
    routines: Sequence[int]
    complete: bool = True

    def has(self, offset: int) -> bool:
        """Whether the type or namespace at ``offset`` was not left out."""
        for each in (self.types, self.namespaces):
            at = bisect_left(each, offset)
            if at < len(each) and each[at] == offset:
                return True
        return False


SCOPE_TAGS = frozenset({c.TAG_NAMESPACE, c.TAG_CLASS_TYPE, c.TAG_STRUCTURE_TYPE})
_ROUTINE_TAGS = frozenset({c.TAG_SUBPROGRAM, c.TAG_VARIABLE})
SCOPED_TAGS = SCOPE_TAGS | {
    c.TAG_UNION_TYPE, c.TAG_ENUMERATION_TYPE, c.TAG_TYPEDEF, c.TAG_BASE_TYPE, c.TAG_POINTER_TYPE,
    c.TAG_REFERENCE_TYPE, c.TAG_RVALUE_REFERENCE_TYPE, c.TAG_CONST_TYPE, c.TAG_VOLATILE_TYPE,
    c.TAG_RESTRICT_TYPE, c.TAG_ATOMIC_TYPE, c.TAG_IMMUTABLE_TYPE, c.TAG_PACKED_TYPE,
    c.TAG_SHARED_TYPE, c.TAG_UNSPECIFIED_TYPE,
}  # fmt: skip


class Steps(NamedTuple):
    """How entries without children are stepped over, by their first code byte.

    A byte of 0x80 and above starts a longer code, and has no step.

    Attributes:
        fixed: Bytes to the next entry; 0 where that takes a closer look.
        varying: Who knows the size of each such entry; None where the entry has children, too, or
            is of interest.
    """

    fixed: list[int]
    varying: list[Reader | None]


def steps(unit: Unit, interesting: frozenset[int] = frozenset()) -> Steps:
    """The steps of a unit, but for entries whose tags are of interest."""
    fixed = [0] * 256
    varying: list[Reader | None] = [None] * 256
    for code, reader in unit.readers.items():
        if code < 0x80 and not reader.has_children and reader.tag not in interesting:
            if reader.size is None:
                varying[code] = reader
            else:
                fixed[code] = reader.size + 1
    return Steps(fixed, varying)


def after_children(data: bytes, unit: Unit, at: int, plain: Steps) -> int:
    """Position after the children that start at ``at``, and after their own children.

    Args:
        data: The section.
        unit: The unit.
        at: Where the first child starts, or the null entry is.
        plain: `steps` of the unit.
    """
    readers, (fixed, varying) = unit.readers, plain
    depth = 1
    while depth:
        code = data[at]
        step = fixed[code]
        if step:
            at += step
            continue
        skipped = varying[code]
        if skipped is not None:
            at = skipped.skip(data, at + 1)
            continue
        start = at
        at += 1
        if not code:
            depth -= 1
            continue
        if code >= 0x80:
            code, at = read_unsigned(data, start)
        reader = readers[code]
        if reader.has_children:
            sibling = reader.sibling(data, at, unit)
            if sibling:
                at = sibling
                continue
            depth += 1
        at = reader.skip(data, at) if reader.size is None else at + reader.size
    if at > unit.end:
        raise IndexError("children reach beyond their unit")
    return at


def outline(data: bytes, unit: Unit, *, whole: bool) -> Outline:
    """Where the types, namespaces, functions and variables of ``unit`` stand.

    Args:
        data: The section.
        unit: The unit.
        whole: With the types within others, too. Without, the children of functions are left out,
            and where DW_AT_sibling leads past them, those of what else can hold no routine that
            counts: of enums, and in C, which has no methods, of structs.
    """
    readers = unit.readers
    plain, (fixed, varying) = steps(unit), steps(unit, SCOPED_TAGS | _ROUTINE_TAGS)
    entered = SCOPE_TAGS if unit.language not in c.LANG_C else frozenset({c.TAG_NAMESPACE})
    types, namespaces, routines = array("Q"), array("Q"), array("Q")
    scopes: dict[int, int] = {}
    enclosing: list[tuple[int, bool]] = []
    scope, walkable, complete = 0, True, True
    at, end = unit.first_entry, unit.end
    while at < end:
        code = data[at]
        step = fixed[code]
        if step:
            at += step
            continue
        skipped = varying[code]
        if skipped is not None:
            at = skipped.skip(data, at + 1)
            continue
        offset = at
        at += 1
        if not code:
            if len(enclosing) <= 1:
                break
            scope, walkable = enclosing.pop()
            continue
        if code >= 0x80:
            code, at = read_unsigned(data, offset)
        reader = readers[code]
        tag = reader.tag
        if tag in SCOPED_TAGS:
            (namespaces if tag == c.TAG_NAMESPACE else types).append(offset)
            if scope:
                scopes[offset] = scope
        elif walkable and tag in _ROUTINE_TAGS:
            routines.append(offset)
        if reader.has_children:
            if not whole and tag not in entered and enclosing:
                sibling = reader.sibling(data, at, unit)
                if not sibling and tag == c.TAG_SUBPROGRAM:
                    at = reader.skip(data, at) if reader.size is None else at + reader.size
                    sibling = after_children(data, unit, at, plain)
                if sibling:
                    at, complete = sibling, False
                    continue
            enclosing.append((scope, walkable))
            if tag in SCOPE_TAGS:
                scope = offset
            elif len(enclosing) > 1:
                scope, walkable = 0, False
        at = reader.skip(data, at) if reader.size is None else at + reader.size
    if at > end:
        raise IndexError("entries reach beyond their unit")
    return Outline(types, namespaces, scopes, routines, complete)
