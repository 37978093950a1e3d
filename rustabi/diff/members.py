"""What changed between the members of two structs, unions or variants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from rustabi.describe import type_text
from rustabi.diff.identity import Identity, Mismatch
from rustabi.diff.kinds import Change, ChangeKind, Severity
from rustabi.model import Array, Composite, Member, Model, Modifier, Type, TypeId, members_of
from rustabi.nature import is_empty, stripped, unfolded

_T = TypeVar("_T")


class Members:
    """Compares members of paired types.

    Args:
        old, new: The models.
        identity: Decides whether members' types are the same.
    """

    def __init__(self, old: Model, new: Model, identity: Identity) -> None:
        self._old, self._new = old.types, new.types
        self._identity = identity

    def changes(
        self, old: Sequence[Member], new: Sequence[Member], prefix: str
    ) -> Iterator[Change]:
        """The changes between two lists of members.

        Args:
            old: The members in OLD, in source order.
            new: The members in NEW.
            prefix: What stands before their names, such as ``Circle.`` in a variant.
        """
        if {_key(self._old, each) for each in _nameless(old)} != {
            _key(self._new, each) for each in _nameless(new)
        }:
            flat = unfolded(self._old, old), unfolded(self._new, new)
            if flat != (list(old), list(new)):
                yield from self._regrouped(old, new, flat, prefix)
                return
        both, removed, added = self._paired(old, new)
        renamed = self._renames(removed, added) if len(old) == len(new) else []
        for before, after in renamed:
            yield Change(
                ChangeKind.MEMBER_RENAMED,
                prefix + (before.name or ""),
                before.name or "",
                after.name or "",
            )
            removed.remove(before)
            added.remove(after)
        pairs = both + renamed
        for member in removed:
            text = f"{type_text(self._old, member.type)}{_place(member)}"
            yield Change(
                ChangeKind.MEMBER_REMOVED,
                prefix + _shown(member),
                text,
                "",
                _api_if_empty(self._old, member),
            )
        for member in added:
            text = f"{type_text(self._new, member.type)}{_place(member)}"
            yield Change(
                ChangeKind.MEMBER_ADDED,
                prefix + _shown(member),
                "",
                text,
                _api_if_empty(self._new, member),
            )
        retyped = [change for pair in pairs if (change := self._retyped(*pair, prefix))]
        yield from retyped
        if not removed and not added:
            yield from self._order(new, pairs, prefix, bool(retyped))
        else:
            yield from self._moved(pairs, prefix)
        yield from self._moved_within(pairs, prefix)
        for before, after in pairs:
            if (before.accessibility or 1) != (after.accessibility or 1):
                yield Change(
                    ChangeKind.VISIBILITY_CHANGED,
                    prefix + _shown(before),
                    _visibility(before),
                    _visibility(after),
                )

    def _regrouped(
        self,
        old: Sequence[Member],
        new: Sequence[Member],
        flat: tuple[list[Member], list[Member]],
        prefix: str,
    ) -> Iterator[Change]:
        """Members that went into an anonymous struct or out of one: C names them alike.

        Only what changes besides is grave.
        """
        before, after = (", ".join(map(_shown, members)) for members in (old, new))
        if before != after:
            yield Change(ChangeKind.MEMBERS_REORDERED, prefix.rstrip("."), before, after)
        yield from self.changes(*flat, prefix)

    def _paired(
        self, old: Sequence[Member], new: Sequence[Member]
    ) -> tuple[list[tuple[Member, Member]], list[Member], list[Member]]:
        """As `paired`; members without a name by the names within them, what is left in order."""
        keys = {id(each): _key(self._old, each) for each in old}
        keys |= {id(each): _key(self._new, each) for each in new}
        both, removed, added = paired(old, new, lambda member: keys[id(member)])
        rest = list(zip(_nameless(removed), _nameless(added), strict=False))
        for one, other in rest:
            removed.remove(one)
            added.remove(other)
        if rest:
            both = sorted([*both, *rest], key=lambda pair: old.index(pair[0]))
        return both, removed, added

    def _moved_within(self, pairs: list[tuple[Member, Member]], prefix: str) -> Iterator[Change]:
        """Fields of C's anonymous members that went from one of them to another."""
        nameless = [pair for pair in pairs if not pair[0].name]
        if any(_offset(one) != _offset(other) for one, other in nameless):
            return
        old = dict(each for pair in nameless for each in _promoted(self._old, pair[0]))
        new = dict(each for pair in nameless for each in _promoted(self._new, pair[1]))
        for name in sorted(old.keys() & new.keys()):
            if old[name] != new[name]:
                before, after = f"at bit {old[name]}", f"at bit {new[name]}"
                yield Change(ChangeKind.MEMBER_MOVED, prefix + name, before, after)

    def _retyped(self, before: Member, after: Member, prefix: str) -> Change | None:
        where = prefix + _shown(before)
        if before.bit_size != after.bit_size:
            return Change(
                ChangeKind.MEMBER_RETYPED,
                where,
                _width(before),
                _width(after),
            )
        mismatch = self._identity.match(before.type, after.type)
        if mismatch is None:
            return None
        slots = self._vtable_lengths(before, after)
        if slots is not None:
            return Change(ChangeKind.VTABLE_CHANGED, "", *slots)
        change = self.mismatch(mismatch, where, before.type, after.type)
        return change._replace(severity=Severity.API) if self._is_empty(before, after) else change

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

    def _renames(self, removed: list[Member], added: list[Member]) -> list[tuple[Member, Member]]:
        """Members at equal places and of equal type, under another name."""
        found = []
        left = list(added)
        for before in removed:
            for after in left:
                same_place = _offset(before) == _offset(after)
                same_bits = before.bit_size == after.bit_size
                if same_place and same_bits and self._is_same_type(before, after):
                    found.append((before, after))
                    left.remove(after)
                    break
        return found

    def _is_same_type(self, before: Member, after: Member) -> bool:
        mismatch = self._identity.match(before.type, after.type)
        return mismatch is None or self._is_empty(before, after)

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
                ChangeKind.MEMBERS_REORDERED,
                prefix.rstrip("."),
                ", ".join(_shown(pair[0]) for pair in pairs),
                ", ".join(_shown(pair[1]) for pair in after),
            )
        if moved and old_memory != new_memory and not reordered and not retyped:
            yield Change(
                ChangeKind.LAYOUT_PERMUTED,
                prefix.rstrip("."),
                "memory order " + _named_places(sized, 0),
                "memory order " + _named_places(sized, 1),
            )
        else:
            yield from self._moved(pairs, prefix)

    def _moved(self, pairs: list[tuple[Member, Member]], prefix: str) -> Iterator[Change]:
        for before, after in pairs:
            if _offset(before) != _offset(after) and not self._is_empty(before, after):
                yield Change(
                    ChangeKind.MEMBER_MOVED,
                    prefix + _shown(before),
                    _place(before).strip(),
                    _place(after).strip(),
                )

    def _is_empty(self, before: Member, after: Member) -> bool:
        """Whether a member takes no bytes on either side: its offset then has no meaning."""
        return is_empty(self._old, before.type) and is_empty(self._new, after.type)


def _api_if_empty(types: Sequence[Type], member: Member) -> Severity | None:
    return Severity.API if is_empty(types, member.type) else None


_FIXED_SLOTS = 3

_DEEPEST = 16
"""Anonymous members within each other; beyond, the debug info is damaged."""


def _vtable_length(types: Sequence[Type], member: Member) -> int | None:
    pointer = None if member.type is None else types[member.type]
    if member.name != "vtable" or not isinstance(pointer, Modifier) or pointer.target is None:
        return None
    array = types[pointer.target]
    if not isinstance(array, Array) or len(array.counts) != 1 or array.counts[0] is None:
        return None
    return array.counts[0] - _FIXED_SLOTS


def paired(
    old: Sequence[_T], new: Sequence[_T], name_of: Callable[[_T], str | None]
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


def _nameless(members: Sequence[Member]) -> list[Member]:
    return [each for each in members if not each.name]


def _key(types: Sequence[Type], member: Member) -> str | None:
    """What pairs a member: its name, or the names that C promotes out of an anonymous one."""
    if member.name:
        return member.name
    names = sorted({name for name, _ in _promoted(types, member)})
    return "{" + ", ".join(names) + "}" if names else None


def _promoted(types: Sequence[Type], member: Member) -> Iterator[tuple[str, int]]:
    """(name, position in bits) of the fields that an anonymous member gives to its struct."""
    pending, depth = [(member, 0)], 0
    while pending and depth < _DEEPEST:
        inner: list[tuple[Member, int]] = []
        for each, start in pending:
            place = start + _offset(each)
            type_id = stripped(types, each.type)
            node = None if type_id is None else types[type_id]
            if each.name:
                yield each.name, place
            elif isinstance(node, Composite):
                inner += [(field, place) for field in members_of(node)]
        pending, depth = inner, depth + 1


def _shown(member: Member) -> str:
    return member.name or "<anonymous>"


def _offset(member: Member) -> int:
    """Position in bits, so that bit fields and plain members compare alike."""
    return member.bit_offset if member.bit_offset is not None else 8 * (member.offset or 0)


def _place(member: Member) -> str:
    if member.bit_offset is not None:
        return f" at bit {member.bit_offset}"
    return "" if member.offset is None else f" at {member.offset}"


def _width(member: Member) -> str:
    """How a bit field was declared; a member that is none has a type of whole bytes."""
    return "no bit field" if member.bit_size is None else f"{member.bit_size} bits"


def _visibility(member: Member) -> str:
    return {1: "pub", 2: "restricted", 3: "private"}.get(member.accessibility or 1, "pub")


def _memory_order(pairs: list[tuple[Member, Member]], side: int) -> list[int]:
    """Numbers of the pairs in the memory order of one side."""
    return sorted(range(len(pairs)), key=lambda number: _offset(pairs[number][side]))


def _named_places(pairs: list[tuple[Member, Member]], side: int) -> str:
    """Members in the memory order of one side: ``x at 0, z at 4``."""
    members = [pairs[number][side] for number in _memory_order(pairs, side)]
    return ", ".join(_shown(member) + _place(member) for member in members)
