"""Which types are the same: nothing tells them apart, however far their references are followed.

That is the coarsest partition into classes such that all of a class say the same, and refer to the
same classes. It is found from above: types of equal contents start in one class, and classes are
split until none refers to different ones. What is split off is the smaller part, and only types
that refer to it are looked at again (Hopcroft's way), so that the cost stays near the number of
references.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

_UNSEEN, _OPEN = -1, -2


def classes_of(
    contents: Sequence[int], targets: Sequence[Sequence[int]], is_head: Callable[[int], bool]
) -> list[int]:
    """The class of each type, numbered in no particular order.

    Args:
        contents: A number for all that each type says itself: equal numbers, equal contents.
        targets: The types that each one refers to, by their places in these sequences.
        is_head: Whether types of a content are where cycles of references are cut. What refers to
            itself only by way of heads is told at once; the answer is right for any choice.
    """
    classes, settled = from_below(contents, targets, is_head)
    _Partition(classes, targets).refine(settled)
    return classes


def from_below(
    contents: Sequence[int], targets: Sequence[Sequence[int]], is_head: Callable[[int], bool]
) -> tuple[list[int], int]:
    """First classes: heads by their contents, others by contents and the classes they refer to.

    Types that reach a cycle without heads count as heads.

    Returns:
        The classes, and the first number of those that are told by what they refer to: their
        members refer to equal classes.
    """
    count = max(contents, default=-1) + 1
    head = [is_head(content) for content in range(count)]
    classes = [content if head[content] else _UNSEEN for content in contents]
    numbers: dict[tuple[int, ...], int] = {}
    cyclic: set[int] = set()
    for start in range(len(classes) - 1, -1, -1):  # what is referred to often comes later
        if classes[start] != _UNSEEN:
            continue
        path = [start]
        while path:
            place = path[-1]
            if classes[place] >= 0:
                path.pop()
                continue
            below = [classes[each] for each in targets[place]]
            if classes[place] == _UNSEEN:
                classes[place] = _OPEN
                if _UNSEEN in below:
                    path += [each for each in targets[place] if classes[each] == _UNSEEN]
                    continue
            path.pop()
            if _OPEN in below or (cyclic and not cyclic.isdisjoint(targets[place])):
                cyclic.add(place)
                classes[place] = contents[place]
            else:
                key = (contents[place], *below)
                classes[place] = numbers.setdefault(key, count + len(numbers))
    return classes, count


class _Partition:
    """Types in classes, split until all of a class refer to equal classes."""

    def __init__(self, classes: list[int], targets: Sequence[Sequence[int]]) -> None:
        self._classes = classes
        self._targets = targets
        self._members: dict[int, set[int]] = {}
        self._count = max(classes, default=-1) + 1

    def refine(self, settled: int) -> None:
        """Split classes until nothing splits; those from ``settled`` on are right at first."""
        first: dict[int, int] = {}
        for place, class_ in enumerate(self._classes):
            other = first.setdefault(class_, place)
            if other != place:
                self._members.setdefault(class_, {other}).add(place)
        touched: dict[int, Iterable[int]] = {
            class_: tuple(each) for class_, each in self._members.items() if class_ < settled
        }
        users: list[list[int]] = []
        while touched:
            moved = [
                place for class_, each in touched.items() for place in self._split(class_, each)
            ]
            if moved and not users:
                users = self._users()
            again: dict[int, set[int]] = defaultdict(set)
            for place in moved:
                for user in users[place]:
                    if self._classes[user] in self._members:
                        again[self._classes[user]].add(user)
            touched = dict(again)

    def _users(self) -> list[list[int]]:
        users: list[list[int]] = [[] for _ in self._targets]
        for place, each in enumerate(self._targets):
            for target in each:
                users[target].append(place)
        return users

    def _split(self, class_: int, touched: Iterable[int]) -> list[int]:
        """Split one class, of which only ``touched`` may have come to differ from the others.

        The largest part keeps the number; the members of all others are returned.
        """
        classes, members = self._classes, self._members[class_]
        parts: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for place in touched:
            parts[tuple([classes[target] for target in self._targets[place]])].append(place)
        found = sorted(parts.values(), key=len)
        seen = sum(map(len, found))
        if seen == len(members):
            found.pop()  # stays
        elif len(members) - seen < len(found[-1]):
            found[-1] = list(members.difference(*found))
        moved: list[int] = []
        for part in found:
            members.difference_update(part)
            if len(part) > 1:
                self._members[self._count] = set(part)
            for place in part:
                classes[place] = self._count
            self._count += 1
            moved += part
        if len(members) == 1:
            del self._members[class_]
        return moved
