"""Size and alignment of any type, which DWARF states for some and leaves to arithmetic for others.

rustc states both for structs, unions and enums, and the alignment of each member. GCC and Clang
state an alignment only where the source asks for one; the rest follows from the members.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rustabi.model import (
    INDIRECT,
    Array,
    Base,
    Composite,
    Enumeration,
    Facts,
    Member,
    Modifier,
    Type,
    TypeId,
    Unsupported,
    members_of,
    variant_part_of,
)

WIDEST = 16
"""Bytes. No scalar is aligned to more on any architecture that the kernel runs on."""

_WIDEST = {"i386": 4}
"""Where the C ABI aligns large scalars to less than their size (i386 System V ABI, table 2.1)."""

LONGEST_CHAIN = 256
"""Typedefs, qualifiers and arrays in a row; a longer chain, or an endless one, is not followed."""

_COMPLEX_FLOAT = 3


def widest_of(facts: Facts) -> int:
    """The largest alignment of a scalar in C on the machine, in bytes."""
    return _WIDEST.get(facts.machine, WIDEST)


def size_of(types: Sequence[Type], type_id: TypeId | None, address_size: int = 8) -> int | None:
    """The size of a value of the type, in bytes.

    Pointers take the address size where DWARF states none, arrays multiply, typedefs and qualifiers
    take the size of their target.

    Args:
        types: The table that ``type_id`` is an index of.
        type_id: The type; None for void.
        address_size: Bytes of a pointer.

    Returns:
        None where there is no size or it is not known: void, functions, declarations, open arrays,
        and typedefs that lead back to themselves.
    """
    found = _core(types, type_id)
    if found is None or found.times is None:
        return None
    node = found.node
    if isinstance(node, Modifier):
        size = address_size if node.size is None else node.size
    elif isinstance(node, Base | Composite | Enumeration | Unsupported):
        if node.size is None:
            return None
        size = node.size
    else:
        return None
    return size * found.times


class Alignments:
    """Alignments of the types of one table, remembered.

    Args:
        types: The table.
        address_size: Bytes of a pointer.
        widest: The largest alignment of a scalar, in bytes; see `widest_of`.
    """

    def __init__(self, types: Sequence[Type], address_size: int = 8, widest: int = WIDEST) -> None:
        self._types = types
        self._address_size = address_size
        self._widest = widest
        self._known: dict[TypeId, int | None] = {}

    def of(self, type_id: TypeId | None) -> int | None:
        """The alignment of a type in bytes; None where it is not known, as for `size_of`."""
        if type_id is None:
            return None
        if type_id not in self._known:
            self._work_out(type_id)
        return self._known[type_id]

    def _work_out(self, type_id: TypeId) -> None:
        """Enters the alignment of a type and of all that it is computed from."""
        pending = [type_id]
        entered: set[TypeId] = set()
        while pending:
            here = pending[-1]
            missing = [each for each in self._needed(here) if each not in self._known]
            if here in self._known or here in entered or not missing:
                pending.pop()
                if here not in self._known:  # a type that holds itself finds itself unknown
                    self._known[here] = self._computed(here)
            else:
                entered.add(here)
                pending.extend(missing)

    def of_member(self, member: Member) -> int | None:
        """The alignment of a member in bytes: as stated on it, else that of its type."""
        return self.of(member.type) if member.alignment is None else member.alignment

    def _needed(self, type_id: TypeId) -> list[TypeId]:
        """The types that the alignment of this one is computed from."""
        found = _core(self._types, type_id)
        node = None if found is None else found.node
        if isinstance(node, Enumeration) and node.alignment is None:
            return [] if node.underlying is None else [node.underlying]
        if isinstance(node, Composite) and node.alignment is None:
            every = [member for member in _all_members(node) if member.alignment is None]
            return [member.type for member in every if member.type is not None]
        return []

    def _computed(self, type_id: TypeId) -> int | None:
        found = _core(self._types, type_id)
        if found is None:
            return None
        if found.alignment is not None:
            return found.alignment
        node = found.node
        if found.lanes is not None and isinstance(node, Base):
            return None if node.size is None else node.size * found.lanes
        if isinstance(node, Base):
            return self._scalar(node.alignment, self._part_size(node))
        if isinstance(node, Modifier):
            return self._scalar(node.alignment, node.size or self._address_size)
        if isinstance(node, Enumeration):
            inner = None if node.underlying is None else self._known.get(node.underlying)
            return self._scalar(inner if node.alignment is None else node.alignment, node.size)
        if isinstance(node, Composite):
            return self._composite(node) if node.alignment is None else node.alignment
        return None

    def _part_size(self, node: Base) -> int | None:
        if node.size is not None and node.encoding == _COMPLEX_FLOAT:
            return node.size // 2
        return node.size

    def _scalar(self, stated: int | None, size: int | None) -> int | None:
        if stated is not None or size is None:
            return stated
        return min(size & -size, self._widest) or 1

    def _composite(self, node: Composite) -> int | None:
        """The largest alignment of a member, unless the offsets tell of a packed struct."""
        if node.declaration:
            return None
        natural = 1
        placed = []
        for member in _all_members(node):
            alignment = self._member_known(member)
            if alignment is None:
                return None
            natural = max(natural, alignment)
            if member.bit_size is None:
                size = size_of(self._types, member.type, self._address_size)
                placed.append(_Placed(member.offset or 0, alignment or 1, size or 0))
        return _unless_packed(natural, placed, node.size or 0)

    def _member_known(self, member: Member) -> int | None:
        if member.alignment is not None or member.type is None:
            return member.alignment
        return self._known.get(member.type)


def alignment_of(
    types: Sequence[Type],
    type_id: TypeId | None,
    address_size: int = 8,
    widest: int = WIDEST,
) -> int | None:
    """The alignment of a type in bytes; None where it is not known. See `Alignments` for many."""
    return Alignments(types, address_size, widest).of(type_id)


class _Core(NamedTuple):
    """What is left of a type without its typedefs, qualifiers and arrays.

    Attributes:
        node: A type that says its own size, or none at all.
        times: How many of them there are; None behind an open array.
        alignment: Bytes, where a typedef on the way states it.
        lanes: Elements of a vector on the way, which is aligned to its whole size.
    """

    node: Type
    times: int | None
    alignment: int | None
    lanes: int | None


def _core(types: Sequence[Type], type_id: TypeId | None) -> _Core | None:
    """Steps through typedefs, qualifiers and arrays; None for void and where there is no end."""
    count: int | None = 1
    alignment: int | None = None
    lanes: int | None = None
    for _ in range(LONGEST_CHAIN):
        if type_id is None:
            return None
        node = types[type_id]
        if isinstance(node, Array):
            for each in node.counts:
                count = None if count is None or each is None else count * each
            lanes = count if node.vector else lanes
            type_id = node.element
        elif isinstance(node, Modifier) and node.kind not in INDIRECT:
            alignment = node.alignment if alignment is None else alignment
            type_id = node.target
        else:
            return _Core(node, count, alignment, lanes)
    return None


def _all_members(node: Composite) -> Iterator[Member]:
    yield from members_of(node)
    part = variant_part_of(node)
    if part is not None:
        yield from part.members
        for variant in part.variants:
            yield from variant.members


class _Placed(NamedTuple):
    """A member: where it is, its natural alignment, its size. All in bytes."""

    offset: int
    alignment: int
    size: int


def _unless_packed(natural: int, placed: Sequence[_Placed], size: int) -> int:
    """The alignment of a C struct, for which DWARF has no word: nor has it for ``packed``.

    Where the natural alignment does not fit the offsets, the struct is packed (``#pragma pack(N)``)
    if that explains every offset. Otherwise a member's type is, which then looked more aligned than
    it is.
    """
    if size % natural == 0 and all(each.offset % each.alignment == 0 for each in placed):
        return natural
    pack = natural
    while pack := pack // 2:
        if size % pack == 0 and _is_packed(placed, pack):
            return pack
    possible = [min(each.alignment, each.offset & -each.offset or natural) for each in placed]
    alignment = max(possible, default=1)
    while size % alignment:
        alignment //= 2
    return alignment


def _is_packed(placed: Sequence[_Placed], pack: int) -> bool:
    """Whether the offsets are those that ``#pragma pack(pack)`` leads to."""
    cursor = 0
    for each in placed:
        step = min(each.alignment, pack)
        if each.offset != -(-cursor // step) * step:
            return False
        cursor = each.offset + each.size
    return True
