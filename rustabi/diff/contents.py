"""What changed between two contents of one type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, TypeVar

from rustabi.describe import type_text
from rustabi.diff.identity import Identity, Mismatch, Pair, stripped
from rustabi.diff.kinds import Change, ChangeKind, Severity
from rustabi.layout import size_of
from rustabi.model import (
    Array,
    Composite,
    Constant,
    Enumeration,
    Member,
    Model,
    Modifier,
    Type,
    TypeId,
    Variant,
    VariantPart,
    members_of,
    variant_part_of,
)

DERIVABLE = frozenset({
    ChangeKind.SIZE_CHANGED, ChangeKind.ALIGNMENT_CHANGED, ChangeKind.MEMBER_MOVED,
    ChangeKind.LAYOUT_PERMUTED, ChangeKind.NICHE_CHANGED, ChangeKind.DISCRIMINANT_CHANGED,
})  # fmt: skip
"""Kinds that can follow from a change of a type that is part of this one."""

_T = TypeVar("_T")
_Named: TypeAlias = Callable[[_T], str | None]


class Contents:
    """Compares contents of paired types.

    Args:
        old, new: The models.
        identity: Decides whether members' types are the same.
    """

    def __init__(self, old: Model, new: Model, identity: Identity) -> None:
        self._old, self._new = old.types, new.types
        self._old_address, self._new_address = old.facts.address_size, new.facts.address_size
        self._identity = identity

    def changes(self, pair: Pair) -> list[Change]:
        """The changes from the one type to the other; pairs of their parts go to the identity."""
        a, b = self._old[pair[0]], self._new[pair[1]]
        if _is_opaque(a) or _is_opaque(b):
            return []
        if isinstance(a, Composite) and isinstance(b, Composite):
            if a.kind != b.kind or (variant_part_of(a) is None) != (variant_part_of(b) is None):
                return [_kind_changed(a, b)]
            return list(self._composites(a, b))
        if isinstance(a, Enumeration) and isinstance(b, Enumeration):
            return list(self._enumerations(a, b))
        return [_kind_changed(a, b)]

    # structs, unions, enums with data

    def _composites(self, a: Composite, b: Composite) -> Iterator[Change]:
        yield from _sizes(a, b)
        yield from self._members(members_of(a), members_of(b), "")
        old_part, new_part = variant_part_of(a), variant_part_of(b)
        if old_part is not None and new_part is not None:
            yield from self._variant_parts(old_part, new_part)

    def _members(
        self, old: Sequence[Member], new: Sequence[Member], prefix: str
    ) -> Iterator[Change]:
        both, removed, added = _paired(old, new, _member_name)
        renamed = self._renames(old, new, removed, added)
        for before, after in renamed:
            yield Change(ChangeKind.MEMBER_RENAMED, prefix + (before.name or ""), before.name or "",
                         after.name or "")  # fmt: skip
            removed.remove(before)
            added.remove(after)
        pairs = both + renamed
        for member in removed:
            text = f"{type_text(self._old, member.type)}{_place(member)}"
            yield Change(ChangeKind.MEMBER_REMOVED, prefix + _shown(member), text, "",
                         self._api_if_empty(self._old, member, self._old_address))  # fmt: skip
        for member in added:
            text = f"{type_text(self._new, member.type)}{_place(member)}"
            yield Change(ChangeKind.MEMBER_ADDED, prefix + _shown(member), "", text,
                         self._api_if_empty(self._new, member, self._new_address))  # fmt: skip
        retyped = [change for pair in pairs if (change := self._retyped(*pair, prefix))]
        yield from retyped
        if not removed and not added:
            yield from self._order(new, pairs, prefix, bool(retyped))
        else:
            yield from self._moved(pairs, prefix)
        for before, after in pairs:
            if (before.accessibility or 1) != (after.accessibility or 1):
                yield Change(ChangeKind.VISIBILITY_CHANGED, prefix + _shown(before),
                             _visibility(before), _visibility(after))  # fmt: skip

    def _retyped(self, before: Member, after: Member, prefix: str) -> Change | None:
        where = prefix + _shown(before)
        if before.bit_size != after.bit_size:
            return Change(ChangeKind.MEMBER_RETYPED, where, f"{before.bit_size} bits",
                          f"{after.bit_size} bits")  # fmt: skip
        mismatch = self._identity.match(before.type, after.type)
        if mismatch is None:
            return None
        slots = self._vtable_lengths(before, after)
        if slots is not None:
            return Change(ChangeKind.VTABLE_CHANGED, "", *slots)
        return self.mismatch(mismatch, where, before.type, after.type)

    def _vtable_lengths(self, before: Member, after: Member) -> tuple[str, str] | None:
        """How many methods two vtables have, when the members are a trait object's vtable pointers.

        rustc writes them as ``&[usize; N]``: drop, size and align, then the methods.
        """
        old = _vtable_length(self._old, before)
        new = _vtable_length(self._new, after)
        if old is None or new is None:
            return None
        return f"{old} methods", f"{new} methods"

    def mismatch(
        self, mismatch: Mismatch, where: str, old: TypeId | None, new: TypeId | None
    ) -> Change:
        """The change that a mismatch of two types is for whoever mentions them at ``where``."""
        before, after = type_text(self._old, old), type_text(self._new, new)
        if before == after and mismatch.note:
            after = f"{after} ({mismatch.note})"
        return Change(mismatch.kind, where, before, after)

    def _renames(
        self,
        old: Sequence[Member],
        new: Sequence[Member],
        removed: list[Member],
        added: list[Member],
    ) -> list[tuple[Member, Member]]:
        """Members at equal places in source and memory and of equal type, under another name."""
        found = []
        for before in removed:
            for after in added:
                same_place = old.index(before) == new.index(after) and _offset(before) == _offset(
                    after
                )
                if same_place and len(old) == len(new):
                    if self._identity.match(before.type, after.type) is None:
                        found.append((before, after))
                    break
        return found

    def _order(
        self,
        new: Sequence[Member],
        pairs: list[tuple[Member, Member]],
        prefix: str,
        retyped: bool,
    ) -> Iterator[Change]:
        """Moves of members, where both sides have the same members."""
        sized = [pair for pair in pairs if not self._is_empty(*pair)]
        moved = [pair for pair in sized if _offset(pair[0]) != _offset(pair[1])]
        after = sorted(pairs, key=lambda pair: new.index(pair[1]))
        reordered = after != pairs
        old_memory, new_memory = _memory_order(sized, 0), _memory_order(sized, 1)
        if reordered:
            yield Change(
                ChangeKind.MEMBERS_REORDERED, prefix.rstrip("."),
                ", ".join(_shown(pair[0]) for pair in pairs),
                ", ".join(_shown(pair[1]) for pair in after),
            )  # fmt: skip
        if moved and old_memory != new_memory and not reordered and not retyped:
            yield Change(ChangeKind.LAYOUT_PERMUTED, prefix.rstrip("."), "memory order " +
                         _named_places(sized, 0), "memory order " + _named_places(sized, 1))  # fmt: skip
        else:
            yield from self._moved(pairs, prefix)

    def _moved(self, pairs: list[tuple[Member, Member]], prefix: str) -> Iterator[Change]:
        for before, after in pairs:
            if _offset(before) != _offset(after) and not self._is_empty(before, after):
                yield Change(ChangeKind.MEMBER_MOVED, prefix + _shown(before),
                             _place(before).strip(), _place(after).strip())  # fmt: skip

    def _is_empty(self, before: Member, after: Member) -> bool:
        """Whether a member takes no bytes on either side: its offset then has no meaning."""
        return (
            size_of(self._old, before.type, self._old_address) == 0
            and size_of(self._new, after.type, self._new_address) == 0
        )

    @staticmethod
    def _api_if_empty(types: Sequence[Type], member: Member, address_size: int) -> Severity | None:
        return Severity.API if size_of(types, member.type, address_size) == 0 else None

    # variants

    def _variant_parts(self, a: VariantPart, b: VariantPart) -> Iterator[Change]:
        both, removed, added = _paired(a.variants, b.variants, _variant_name)
        for before, after in self._variant_renames(a, b, removed, added):
            yield Change(ChangeKind.VARIANT_RENAMED, before.name or "", before.name or "",
                         after.name or "")  # fmt: skip
            removed.remove(before)
            added.remove(after)
        for variant in removed:
            yield Change(ChangeKind.VARIANT_REMOVED, variant.name or "", _value(variant), "")
        for variant in added:
            yield Change(ChangeKind.VARIANT_ADDED, variant.name or "", "", _value(variant))
        values = list(self._values(a, b, both))
        old_order = [each.name for each in a.variants if each in [pair[0] for pair in both]]
        new_order = [each.name for each in b.variants if each in [pair[1] for pair in both]]
        if old_order != new_order:
            severity = None if values else Severity.API
            yield Change(ChangeKind.VARIANTS_REORDERED, "", ", ".join(map(str, old_order)),
                         ", ".join(map(str, new_order)), severity)  # fmt: skip
        yield from self._tags(a, b)
        yield from values
        for before, after in both:
            yield from self._payloads(before, after)

    def _variant_renames(
        self, a: VariantPart, b: VariantPart, removed: list[Variant], added: list[Variant]
    ) -> list[tuple[Variant, Variant]]:
        """Variants at equal places, of equal values and fields, under another name."""
        if len(a.variants) != len(b.variants):
            return []
        return [
            (before, after)
            for before in removed
            for after in added
            if a.variants.index(before) == b.variants.index(after)
            and (before.value, before.value_list) == (after.value, after.value_list)
            and not list(self._payloads(before, after))
        ]

    def _tags(self, a: VariantPart, b: VariantPart) -> Iterator[Change]:
        before, after = a.discriminant, b.discriminant
        old = self._tag_text(self._old, before, self._old_address)
        new = self._tag_text(self._new, after, self._new_address)
        if old != new:
            yield Change(ChangeKind.DISCRIMINANT_CHANGED, "tag", old, new)

    @staticmethod
    def _tag_text(types: Sequence[Type], member: Member | None, address_size: int) -> str:
        if member is None:
            return "no tag"
        size = size_of(types, member.type, address_size)
        return f"{size} bytes at {member.offset}"

    def _values(
        self, a: VariantPart, b: VariantPart, pairs: list[tuple[Variant, Variant]]
    ) -> Iterator[Change]:
        kind = ChangeKind.NICHE_CHANGED if _has_niche(a) or _has_niche(b) else (
            ChangeKind.DISCRIMINANT_CHANGED
        )  # fmt: skip
        for before, after in pairs:
            if _number(before.value) != _number(after.value) or before.value_list != after.value_list:
                yield Change(kind, before.name or "", _value(before), _value(after))

    def _payloads(self, before: Variant, after: Variant) -> Iterator[Change]:
        """The fields of a variant; its struct has the size of the whole enum, so that says nothing."""
        old = [self._payload(self._old, member) for member in before.members]
        new = [self._payload(self._new, member) for member in after.members]
        if len(old) == len(new) == 1 and old[0] is not None and new[0] is not None:
            yield from self._members(members_of(old[0]), members_of(new[0]), f"{before.name}.")
        else:
            yield from self._members(before.members, after.members, f"{before.name}.")

    @staticmethod
    def _payload(types: Sequence[Type], member: Member) -> Composite | None:
        type_id = stripped(types, member.type)
        node = None if type_id is None else types[type_id]
        return node if isinstance(node, Composite) and not node.declaration else None

    # C-like enums

    def _enumerations(self, a: Enumeration, b: Enumeration) -> Iterator[Change]:
        yield from _sizes(a, b)
        if a.size == b.size and a.underlying is not None and b.underlying is not None:
            if self._identity.match(a.underlying, b.underlying) is not None:
                yield Change(ChangeKind.ENUM_REPR_CHANGED, "", type_text(self._old, a.underlying),
                             type_text(self._new, b.underlying))  # fmt: skip
        both, removed, added = _paired(a.enumerators, b.enumerators, lambda each: each.name)
        for before in tuple(removed):
            after = next((each for each in added if each.value == before.value), None)
            if after is not None and len(a.enumerators) == len(b.enumerators):
                yield Change(ChangeKind.ENUMERATOR_RENAMED, before.name, before.name, after.name)
                removed.remove(before)
                added.remove(after)
        for enumerator in removed:
            yield Change(ChangeKind.ENUMERATOR_REMOVED, enumerator.name, _hex(enumerator.value), "")
        for enumerator in added:
            yield Change(ChangeKind.ENUMERATOR_ADDED, enumerator.name, "", _hex(enumerator.value))
        for before, after in both:
            if _number(before.value) != _number(after.value):
                yield Change(ChangeKind.ENUMERATOR_CHANGED, before.name, _hex(before.value),
                             _hex(after.value))  # fmt: skip


class Components:
    """The types whose bytes are part of a type's own."""

    def __init__(self, types: Sequence[Type]) -> None:
        self._types = types

    def of(self, type_id: TypeId) -> set[TypeId]:
        """Structs, unions and enums that the type holds by value, variants' payloads looked through."""
        node = self._types[type_id]
        found: set[TypeId] = set()
        if isinstance(node, Composite):
            for member in members_of(node):
                self._add(member.type, found)
            part = variant_part_of(node)
            for variant in part.variants if part else ():
                for member in variant.members:
                    inner = stripped(self._types, member.type)
                    if inner is not None and inner != type_id:
                        found |= {inner} | self.of(inner)
        return found

    def _add(self, type_id: TypeId | None, found: set[TypeId]) -> None:
        type_id = stripped(self._types, type_id)
        while type_id is not None and isinstance(self._types[type_id], Array):
            node = self._types[type_id]
            type_id = stripped(self._types, node.element) if isinstance(node, Array) else None
        if type_id is not None and isinstance(self._types[type_id], Composite | Enumeration):
            found.add(type_id)


_FIXED_SLOTS = 3


def _vtable_length(types: Sequence[Type], member: Member) -> int | None:
    pointer = None if member.type is None else types[member.type]
    if member.name != "vtable" or not isinstance(pointer, Modifier) or pointer.target is None:
        return None
    array = types[pointer.target]
    if not isinstance(array, Array) or len(array.counts) != 1 or array.counts[0] is None:
        return None
    return array.counts[0] - _FIXED_SLOTS


def _is_opaque(node: Type) -> bool:
    return isinstance(node, Composite | Enumeration) and node.declaration


def _kind_changed(a: Type, b: Type) -> Change:
    return Change(ChangeKind.TYPE_KIND_CHANGED, "", _kind(a), _kind(b))


def _kind(node: Type) -> str:
    if isinstance(node, Composite):
        return "enum with data" if variant_part_of(node) else node.kind
    return "enum" if isinstance(node, Enumeration) else type(node).__name__.lower()


def _sizes(a: Composite | Enumeration, b: Composite | Enumeration) -> Iterator[Change]:
    if a.size != b.size:
        yield Change(ChangeKind.SIZE_CHANGED, "", str(a.size), str(b.size))
    if a.alignment != b.alignment:
        yield Change(ChangeKind.ALIGNMENT_CHANGED, "", str(a.alignment), str(b.alignment))


def _paired(
    old: Sequence[_T], new: Sequence[_T], name_of: _Named[_T]
) -> tuple[list[tuple[_T, _T]], list[_T], list[_T]]:
    """(in both, in old only, in new only), by name; nameless ones and namesakes in order."""
    waiting: dict[str | None, list[_T]] = {}
    for each in new:
        waiting.setdefault(name_of(each), []).append(each)
    both, removed = [], []
    for each in old:
        matching = waiting.get(name_of(each))
        if matching:
            both.append((each, matching.pop(0)))
        else:
            removed.append(each)
    left = [each for group in waiting.values() for each in group]
    return both, removed, [each for each in new if any(each is other for other in left)]


def _member_name(member: Member) -> str | None:
    return member.name


def _variant_name(variant: Variant) -> str | None:
    return variant.name


def _shown(member: Member) -> str:
    return member.name or "<anonymous>"


def _offset(member: Member) -> int:
    """Position in bits, so that bit fields and plain members compare alike."""
    return member.bit_offset if member.bit_offset is not None else 8 * (member.offset or 0)


def _place(member: Member) -> str:
    if member.bit_offset is not None:
        return f" at bit {member.bit_offset}"
    return "" if member.offset is None else f" at {member.offset}"


def _visibility(member: Member) -> str:
    return {1: "pub", 2: "restricted", 3: "private"}.get(member.accessibility or 1, "pub")


def _memory_order(pairs: list[tuple[Member, Member]], side: int) -> list[int]:
    """Numbers of the pairs in the memory order of one side."""
    return sorted(range(len(pairs)), key=lambda number: _offset(pairs[number][side]))


def _named_places(pairs: list[tuple[Member, Member]], side: int) -> str:
    """Members in the memory order of one side: ``x at 0, z at 4``."""
    members = [pairs[number][side] for number in _memory_order(pairs, side)]
    return ", ".join(_shown(member) + _place(member) for member in members)


def _has_niche(part: VariantPart) -> bool:
    """Whether one variant has no value of its own while others have: it owns the niche."""
    valued = [variant.value is not None for variant in part.variants]
    return any(valued) and not all(valued)


def _number(value: Constant | None) -> int | None:
    return None if value is None else value.value


def _hex(value: Constant | None) -> str:
    """A value for display: decimal where small, hexadecimal where its bits matter."""
    if value is None:
        return "none"
    return str(value.value) if -1024 < value.value < 1024 else hex(value.value)


def _value(variant: Variant) -> str:
    return "no value of its own" if variant.value is None else _hex(variant.value)
