"""What changed between two contents of one type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rustabi.describe import type_text
from rustabi.diff.identity import Identity, Pair
from rustabi.diff.kinds import Change, ChangeKind, Severity
from rustabi.diff.members import Members, paired
from rustabi.layout import alignment_of, size_of
from rustabi.model import (
    Composite,
    Constant,
    Enumeration,
    Member,
    Model,
    Type,
    TypeId,
    Variant,
    VariantPart,
    members_of,
    variant_part_of,
)
from rustabi.nature import stripped
from rustabi.references import erased_arguments


class Contents:
    """Compares contents of paired types.

    Args:
        old, new: The models.
        identity: Decides whether members' types are the same.

    Attributes:
        members: Compares members.
    """

    def __init__(self, old: Model, new: Model, identity: Identity) -> None:
        self._old, self._new = old.types, new.types
        self._old_address, self._new_address = old.facts.address_size, new.facts.address_size
        self._identity = identity
        self.members = Members(old, new, identity)
        self._erased = erased_arguments(old.types), erased_arguments(new.types)

    def changes(self, pair: Pair) -> list[Change]:
        """The changes from the one type to the other; pairs of their parts go to the identity."""
        a, b = self._old[pair[0]], self._new[pair[1]]
        if _is_opaque(a) or _is_opaque(b):
            return []
        if isinstance(a, Composite) and isinstance(b, Composite):
            if a.kind != b.kind or (variant_part_of(a) is None) != (variant_part_of(b) is None):
                return [_kind_changed(a, b)]
            return [*self._sizes(pair, a, b), *self._composites(a, b), *self.arguments(pair)]
        if isinstance(a, Enumeration) and isinstance(b, Enumeration):
            return [*self._sizes(pair, a, b), *self._enumerations(a, b)]
        return [_kind_changed(a, b)]

    def enter_parts(self, old: TypeId) -> None:
        """For a type and its twin, which have no changes: the pairs of their parts alone."""
        node = self._old[old]
        if isinstance(node, Composite) and not node.declaration:
            for member in self._fields(node):
                self._identity.enter_twins(member.type)
            for each in self._erased[0].get(old, ()):
                self._identity.enter_twins(each.target)
        elif isinstance(node, Enumeration) and not node.declaration:
            self._identity.enter_twins(node.underlying)

    def _fields(self, node: Composite) -> Iterator[Member]:
        """The members of a type in OLD and those of its variants, as `changes` compares them."""
        yield from members_of(node)
        part = variant_part_of(node)
        for variant in part.variants if part is not None else ():
            payloads = [self._payload(self._old, member) for member in variant.members]
            if len(payloads) == 1 and payloads[0] is not None:
                yield from members_of(payloads[0])
            else:
                yield from variant.members

    def _sizes(
        self, pair: Pair, a: Composite | Enumeration, b: Composite | Enumeration
    ) -> Iterator[Change]:
        """Other sizes and alignments.

        C states an alignment where the source does, and else none: it follows from the members.
        """
        if a.size != b.size:
            yield Change(ChangeKind.SIZE_CHANGED, "", str(a.size), str(b.size))
        if a.alignment == b.alignment:
            return
        old, new = a.alignment, b.alignment
        if old is None:
            old = alignment_of(self._old, pair[0], self._old_address)
        if new is None:
            new = alignment_of(self._new, pair[1], self._new_address)
        if old != new:
            before, after = ("not known" if each is None else str(each) for each in (old, new))
            yield Change(ChangeKind.ALIGNMENT_CHANGED, "", before, after)

    # structs, unions, enums with data

    def _composites(self, a: Composite, b: Composite) -> Iterator[Change]:
        yield from self.members.changes(members_of(a), members_of(b), "")
        old_part, new_part = variant_part_of(a), variant_part_of(b)
        if old_part is not None and new_part is not None:
            yield from self._variant_parts(old_part, new_part)

    def arguments(self, pair: Pair) -> Iterator[Change]:
        """Changes of type arguments that no member tells of; see `erased_arguments`."""
        old, new = self._erased[0].get(pair[0], ()), self._erased[1].get(pair[1], ())
        for before, after in zip(old, new, strict=False):
            mismatch = self._identity.match(before.target, after.target)
            if mismatch is not None and mismatch.kind is not ChangeKind.POINTER_KIND_CHANGED:
                where = f"type argument {before.label}"
                yield self.members.mismatch(mismatch, where, before.target, after.target)

    # variants

    def _variant_parts(self, a: VariantPart, b: VariantPart) -> Iterator[Change]:
        both, removed, added = paired(a.variants, b.variants, lambda variant: variant.name)
        for before, after in self._variant_renames(a, b, removed, added):
            yield Change(
                ChangeKind.VARIANT_RENAMED, before.name or "", before.name or "", after.name or ""
            )
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
            yield Change(
                ChangeKind.VARIANTS_REORDERED,
                "",
                ", ".join(map(str, old_order)),
                ", ".join(map(str, new_order)),
                severity,
            )
        yield from self._tags(a, b)
        yield from values
        for before, after in both:
            yield from self._payloads(before, after)

    def _variant_renames(
        self, a: VariantPart, b: VariantPart, removed: list[Variant], added: list[Variant]
    ) -> list[tuple[Variant, Variant]]:
        """Variants of equal values and fields, under another name."""
        if len(a.variants) != len(b.variants):
            return []
        found = []
        left = list(added)
        for before in removed:
            for after in left:
                same_value = _number(before.value) == _number(after.value)
                same_list = before.value_list == after.value_list
                if same_value and same_list and not self._breaks(before, after):
                    found.append((before, after))
                    left.remove(after)
                    break
        return found

    def _breaks(self, before: Variant, after: Variant) -> bool:
        return any(each.grave is Severity.BREAK for each in self._payloads(before, after))

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
        kind = (
            ChangeKind.NICHE_CHANGED
            if _has_niche(a) or _has_niche(b)
            else (ChangeKind.DISCRIMINANT_CHANGED)
        )
        for before, after in pairs:
            if (
                _number(before.value) != _number(after.value)
                or before.value_list != after.value_list
            ):
                yield Change(kind, before.name or "", _value(before), _value(after))

    def _payloads(self, before: Variant, after: Variant) -> Iterator[Change]:
        """The fields of a variant; the size of its struct is the enum's and says nothing."""
        old = [self._payload(self._old, member) for member in before.members]
        new = [self._payload(self._new, member) for member in after.members]
        if len(old) == len(new) == 1 and old[0] is not None and new[0] is not None:
            yield from self.members.changes(
                members_of(old[0]), members_of(new[0]), f"{before.name}."
            )
        else:
            yield from self.members.changes(before.members, after.members, f"{before.name}.")

    @staticmethod
    def _payload(types: Sequence[Type], member: Member) -> Composite | None:
        type_id = stripped(types, member.type)
        node = None if type_id is None else types[type_id]
        return node if isinstance(node, Composite) and not node.declaration else None

    # C-like enums

    def _enumerations(self, a: Enumeration, b: Enumeration) -> Iterator[Change]:
        old, new = a.underlying, b.underlying
        known = a.size == b.size and old is not None and new is not None
        if known and self._identity.match(old, new) is not None:
            before, after = type_text(self._old, old), type_text(self._new, new)
            yield Change(ChangeKind.ENUM_REPR_CHANGED, "", before, after)
        yield from _enumerators(a, b)


def _enumerators(a: Enumeration, b: Enumeration) -> Iterator[Change]:
    both, removed, added = paired(a.enumerators, b.enumerators, lambda each: each.name)
    for before in tuple(removed) if len(a.enumerators) == len(b.enumerators) else ():
        renamed = next((each for each in added if each.value == before.value), None)
        if renamed is not None:
            yield Change(ChangeKind.ENUMERATOR_RENAMED, before.name, before.name, renamed.name)
            removed.remove(before)
            added.remove(renamed)
    for before in removed:
        yield Change(ChangeKind.ENUMERATOR_REMOVED, before.name, _hex(before.value), "")
    for after in added:
        yield Change(ChangeKind.ENUMERATOR_ADDED, after.name, "", _hex(after.value))
    for before, after in both:
        if _number(before.value) != _number(after.value):
            old, new = _hex(before.value), _hex(after.value)
            yield Change(ChangeKind.ENUMERATOR_CHANGED, before.name, old, new)


def _is_opaque(node: Type) -> bool:
    return isinstance(node, Composite | Enumeration) and node.declaration


def _kind_changed(a: Type, b: Type) -> Change:
    return Change(ChangeKind.TYPE_KIND_CHANGED, "", _kind(a), _kind(b))


def _kind(node: Type) -> str:
    if isinstance(node, Composite):
        return "enum with data" if variant_part_of(node) else node.kind
    return "enum" if isinstance(node, Enumeration) else type(node).__name__.lower()


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
