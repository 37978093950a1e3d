"""Two models walked side by side: the pairs of types, and what changed in each pair."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from rustabi.diff.contents import Contents
from rustabi.diff.identity import Identity, Pair
from rustabi.diff.kinds import Change
from rustabi.layout_version import TypeHashes
from rustabi.model import Composite, Enumeration, Model, Type, TypeId, VariantPart, name_of
from rustabi.names import is_unstable_name, type_key
from rustabi.twins import NO_TWINS


class Walk:
    """Pairs of types, from the paired symbols on, and what changed in each pair.

    Args:
        old, new: The models.
        hashes, equal: As for `Identity`.

    Attributes:
        identity: Decides which types are the same.
        contents: Compares them.
        changes: Pair -> what changed.
    """

    def __init__(
        self,
        old: Model,
        new: Model,
        hashes: TypeHashes | None = None,
        equal: Mapping[TypeId, TypeId] = NO_TWINS,
    ) -> None:
        self.identity = Identity(old, new, self._visit, hashes, equal)
        self.contents = Contents(old, new, self.identity)
        self.changes: dict[Pair, list[Change]] = {}
        self._waiting: deque[Pair] = deque()

    def _visit(self, pair: Pair) -> None:
        if pair not in self.changes:
            self.changes[pair] = []
            self._waiting.append(pair)

    def start(self, pair: Pair) -> None:
        """Enter a pair of types that no symbol leads to."""
        self._visit(pair)
        self.finish()

    def finish(self) -> None:
        """Compare every pair that has been entered, and all that those lead to."""
        while self._waiting:
            pair = self._waiting.popleft()
            if self.identity.are_twins(*pair):
                self.contents.enter_parts(pair[0])
                continue
            renaming = self.identity.renamed.get(pair)
            changes = self.contents.changes(pair)
            self.changes[pair] = changes if renaming is None else [renaming, *changes]


def pair_unreached(old: Model, new: Model, walk: Walk) -> tuple[list[str], list[str]]:
    """Enter pairs of types that no symbol led to; names that are in NEW only, in OLD only."""
    seen_old = {pair[0] for pair in walk.changes}
    seen_new = {pair[1] for pair in walk.changes}
    before, after = _by_key(old.types, seen_old), _by_key(new.types, seen_new)
    for key in sorted(before.keys() & after.keys()):
        for pair in walk.identity.pair_variants(before[key], after[key]):
            walk.start(pair)
    known_old = {type_key(name_of(node)) for node in old.types}
    known_new = {type_key(name_of(node)) for node in new.types}
    added = sorted(
        {name_of(new.types[ids[0]]) for key, ids in after.items() if key not in known_old}
    )
    removed = sorted(
        {name_of(old.types[ids[0]]) for key, ids in before.items() if key not in known_new}
    )
    return added, removed


def _by_key(types: Sequence[Type], seen: set[TypeId]) -> dict[str, list[TypeId]]:
    """Key -> named types that have not been seen, but those that are compared with another.

    A variant's struct is compared with its enum, a vtable's type as a vtable.
    """
    result: dict[str, list[TypeId]] = {}
    known = seen | payloads(types)
    for type_id, node in enumerate(types):
        if not isinstance(node, Composite | Enumeration) or not node.name or type_id in known:
            continue
        if not is_unstable_name(node.name) and not node.name.endswith("{vtable_type}"):
            result.setdefault(type_key(node.name), []).append(type_id)
    return result


def payloads(types: Sequence[Type]) -> set[TypeId]:
    """The structs that hold the fields of variants."""
    return {
        member.type
        for node in types
        if isinstance(node, Composite)
        for part in node.parts
        if isinstance(part, VariantPart)
        for variant in part.variants
        for member in variant.members
        if member.type is not None
    }
