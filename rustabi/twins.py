"""Types of two builds that nothing tells apart, however far their references are followed.

Most of what two builds of one source hold is the same in both. Which types those are shows in one
pass over the two tables; what is worked out or compared type by type is then left for the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from rustabi.model import Composite, Model, Type, TypeId, name_of
from rustabi.nature import is_object
from rustabi.recent import Recent
from rustabi.references import Reference, erased_arguments, named_types, renumbered
from rustabi.traits import trait_objects

_Pair: TypeAlias = tuple[TypeId, TypeId]


class Twins:
    """Pairs of equal types of two models; each type has one twin at most.

    Twins say the same and lead to twins: by all that they name, by the type arguments that they
    hold unseen (`erased_arguments`), and as trait objects by the vtables that may stand behind
    them. So whatever follows from a type and from what it reaches is the same for its twin. Not all
    equal types are found: a type without a twin may or may not have an equal one.

    Args:
        old, new: The models.

    Attributes:
        of_old: Type of OLD -> its twin in NEW.
        of_new: Type of NEW -> its twin in OLD.
    """

    def __init__(self, old: Model, new: Model) -> None:
        pairs: dict[TypeId, TypeId] = {}
        if old.facts.address_size == new.facts.address_size:
            pairs, led = _paired(_Build(old), _Build(new), list(_namesakes(old, new)))
            _part(pairs, led)
        self.of_old: Mapping[TypeId, TypeId] = pairs
        self.of_new: Mapping[TypeId, TypeId] = {b: a for a, b in pairs.items()}


_recent = Recent(kept=1)


def twins(old: Model, new: Model) -> Twins:
    """The equal types of two models, kept for the last two models; see `Twins`."""
    values = [part for each in (old, new) for part in (each.types, each.vtables, each.facts)]
    return _recent.of(values, lambda: Twins(old, new))


NO_TWINS: Mapping[TypeId, TypeId] = {}
"""Where nobody looked for equal types."""


class _Unseen(NamedTuple):
    """What tells a type from others besides its own node.

    Attributes:
        said: Without numbers of types.
        targets: The types that it leads to.
    """

    said: Hashable
    targets: list[TypeId]


_NOTHING = _Unseen(None, [])


class _Build:
    """The types of a model, with what they lead to unseen."""

    def __init__(self, model: Model) -> None:
        self.types = model.types
        self._erased = erased_arguments(model.types)
        self._objects = trait_objects(model)

    def unseen(self, type_id: TypeId, node: Type) -> _Unseen:
        """All but what the node says itself."""
        if not isinstance(node, Composite):
            return _NOTHING
        erased = self._erased.get(type_id, ())
        if not is_object(node.name):
            return self._arguments(erased) if erased else _NOTHING
        vtables = self._objects.vtables(node.name)
        slots = [slot for vtable in vtables for slot in vtable.slots]
        names = tuple((each.name, len(each.slots)) for each in vtables)
        methods = tuple((slot.name, slot.type is None) for slot in slots)
        labels, targets = self._arguments(erased)
        return _Unseen(
            (labels, names, methods, self._objects.is_certain(node.name)),
            [*targets, *(slot.type for slot in slots if slot.type is not None)],
        )

    @staticmethod
    def _arguments(erased: Sequence[Reference]) -> _Unseen:
        labels = tuple([each.label for each in erased])
        return _Unseen(labels, [each.target for each in erased])


def _namesakes(old: Model, new: Model) -> Iterator[_Pair]:
    """Types that may well be twins, the likeliest last: what is alone of its name in either build.

    Where several types have one name, or none, those that a likelier pair leads to are paired by
    that; what is left has nothing but its order.
    """
    before, after = _by_name(old.types), _by_name(new.types)
    names = sorted(filter(after.__contains__, before), key=lambda each: -len(before[each]))
    for name in names:
        yield from zip(before[name], after[name], strict=False)
    symbols = {each.name: each.type for each in new.symbols}
    for symbol in old.symbols:
        other = symbols.get(symbol.name)
        if symbol.type is not None and other is not None:
            yield symbol.type, other


def _by_name(types: Sequence[Type]) -> dict[tuple[type, str], list[TypeId]]:
    found: defaultdict[tuple[type, str], list[TypeId]] = defaultdict(list)
    for type_id, node in enumerate(types):
        found[node.__class__, name_of(node)].append(type_id)
    return found


_Led: TypeAlias = dict[TypeId, tuple[list[TypeId], list[TypeId]]]
"""Type of OLD -> the types that it leads to, and those that the other of its pair leads to."""


def _paired(old: _Build, new: _Build, pending: list[_Pair]) -> tuple[dict[TypeId, TypeId], _Led]:
    """Types that may be twins; of those that say the same also what they lead to."""
    pairs: dict[TypeId, TypeId] = {}
    taken: set[TypeId] = set()
    led: _Led = {}
    while pending:
        a, b = pending.pop()
        if a in pairs or b in taken:
            continue
        pairs[a] = b
        taken.add(b)
        one, other = old.types[a], new.types[b]
        if not _say_the_same(one, other):
            continue
        before, after = old.unseen(a, one), new.unseen(b, other)
        if before.said == after.said and len(before.targets) == len(after.targets):
            mine = named_types(one)
            theirs = mine if one == other else named_types(other)
            led[a] = mine + before.targets, theirs + after.targets
            pending += zip(*led[a], strict=True)
    return pairs, led


def _say_the_same(a: Type, b: Type) -> bool:
    """Whether two types differ in nothing but the numbers of the types that they name."""
    if a.__class__ is not b.__class__:
        return False
    return a == b or renumbered(a, _no_number) == renumbered(b, _no_number)


def _no_number(_: TypeId) -> TypeId:
    return 0


def _part(pairs: dict[TypeId, TypeId], led: _Led) -> None:
    """Take out the pairs that lead, however far, to types that are no pair."""
    wrong = [
        a for a in pairs if a not in led or [pairs.get(each) for each in led[a][0]] != led[a][1]
    ]
    users: defaultdict[TypeId, list[TypeId]] = defaultdict(list)
    for user, (found, _) in led.items() if wrong else ():
        for each in found:
            users[each].append(user)
    while wrong:
        a = wrong.pop()
        if a in pairs:
            del pairs[a]
            wrong += users[a]
