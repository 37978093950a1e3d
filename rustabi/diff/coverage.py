"""What a comparison covers: the types it compared, and the gaps of two builds side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from rustabi.diff.gaps import Gap, GapKind
from rustabi.diff.identity import Pair
from rustabi.diff.walk import payloads
from rustabi.model import Composite, Enumeration, Model, Type, Unsupported

_Key: TypeAlias = tuple[GapKind, str]


def types_compared(old: Model, new: Model, pairs: Iterable[Pair], gaps: Iterable[Gap]) -> int:
    """How many structs, unions and enums of OLD were held against one of NEW.

    Left out is what is told elsewhere, or could not be checked: the structs that hold the fields of
    a variant belong to their enum; declarations have no contents; of a type that is a gap, or has
    a part that rustabi does not know, at least something was not compared.
    """
    unchecked = {gap.subject for gap in gaps}
    parts = payloads(old.types)
    return len({
        a
        for a, b in pairs
        if a not in parts
        and _has_contents(old.types[a], unchecked)
        and _has_contents(new.types[b], unchecked)
    })  # fmt: skip


def _has_contents(node: Type, unchecked: set[str]) -> bool:
    if not isinstance(node, Composite | Enumeration):
        return False
    if node.declaration or (node.name and node.name in unchecked):
        return False
    return isinstance(node, Enumeration) or not any(
        isinstance(part, Unsupported) for part in node.parts
    )


def paired_gaps(old: Iterable[Gap], new: Iterable[Gap]) -> tuple[list[Gap], list[Gap], list[Gap]]:
    """The gaps that both builds have (as OLD tells them), that OLD alone has, that NEW alone has.

    Several gaps can have one key, as the instances of a generic function do: each of OLD's is
    paired with one of NEW's, by its name where the names agree. So none gets lost, and one more in
    NEW is one that OLD had not.
    """
    before, after = _by_key(old), _by_key(new)
    both: list[Gap] = []
    gone: list[Gap] = []
    for key, gaps in before.items():
        others = after.get(key, [])
        subjects = {gap.subject for gap in others}
        gaps.sort(key=lambda gap: gap.subject not in subjects)
        for gap in gaps:
            if others:
                match = next((each for each in others if each.subject == gap.subject), others[0])
                others.remove(match)
                both.append(gap)
            else:
                gone.append(gap)
    return both, gone, [gap for gaps in after.values() for gap in gaps]


def _by_key(gaps: Iterable[Gap]) -> dict[_Key, list[Gap]]:
    found: dict[_Key, list[Gap]] = {}
    for gap in gaps:
        found.setdefault((gap.kind, gap.key), []).append(gap)
    return found
