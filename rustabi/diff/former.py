"""Two models as their kABI rules declare them: each type as it is said to have been before.

What gendwarfksyms' ``--stable`` does to type strings is done to the types here, so that they can be
compared like any others (scripts/gendwarfksyms/{kabi,dwarf}.c of Linux 7.2). A rule counts for the
model that carries it, as it does for gendwarfksyms, with exceptions that make it count less:

- a type is hidden (``declonly``) only where the other model hides or does not define it either;
- a type's string (``type_string``) is taken only where both models come to the same one;
- a member or enumerator that OLD has already is never taken for what was before it, nor left out.

Without the first two there would be nothing left to compare where the versions differ. Without the
last, what callers of OLD already use could change once more, or go, and no version would tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rustabi.kabi import PREFIX, KabiRules, stand_in
from rustabi.model import (
    Base,
    Composite,
    Constant,
    Enumeration,
    Member,
    Model,
    Modifier,
    Part,
    Type,
    TypeId,
    members_of,
)
from rustabi.symtypes import Pieces, TypeStrings, parse_pieces, reference_name

_POINTER = 8
"""Bytes between the stand-ins for what a type's string refers to; any number would do."""

_DEEPEST = 8
"""Stand-ins within each other."""


class Former(NamedTuple):
    """A model as its rules declare it.

    Attributes:
        model: Its types, at the same places of the table; others may follow.
        stand_ins: How many of its members stand in for others, or are hidden.
    """

    model: Model
    stand_ins: int


def formers(old: Model, new: Model, rules: tuple[KabiRules, KabiRules]) -> tuple[Former, Former]:
    """The two models as their rules declare them.

    Args:
        old: The one model.
        new: The other.
        rules: Those that OLD carries, and those that NEW carries.
    """
    hidden = _hidden((old, new), rules)
    strings = _shared_strings((old, new), rules)
    known = _Known(_stand_in_places(old), _enumerators(old))
    return (
        _Side(old, rules[0], hidden, strings, known).former(),
        _Side(new, rules[1], hidden, strings, known).former(),
    )


class _Known(NamedTuple):
    """What callers of OLD can use already.

    Attributes:
        stand_ins: Type and place of each member of OLD that stands in for another.
        enumerators: ``<enum> <enumerator>``, as rules name them.
    """

    stand_ins: frozenset[tuple[str, int | None]]
    enumerators: frozenset[str]


def _stand_in_places(model: Model) -> frozenset[tuple[str, int | None]]:
    return frozenset(
        (node.name, _place(member))
        for node in model.types
        if isinstance(node, Composite)
        for member in members_of(node)
        if member.type is not None and stand_in(model.types, model.types[member.type])
    )


def _enumerators(model: Model) -> frozenset[str]:
    return frozenset(
        f"{node.name} {each.name}"
        for node in model.types
        if isinstance(node, Enumeration)
        for each in node.enumerators
    )


def _place(member: Member) -> int | None:
    return member.bit_offset if member.offset is None else member.offset


def _hidden(models: tuple[Model, Model], rules: tuple[KabiRules, KabiRules]) -> frozenset[str]:
    """Names of types that a rule hides, and that neither model shows then."""
    wanted = rules[0].declaration_only | rules[1].declaration_only
    shown = {
        node.name
        for model, own in zip(models, rules, strict=True)
        for node in model.types
        if isinstance(node, Composite | Enumeration)
        and not node.declaration
        and node.name not in own.declaration_only
    }
    return wanted - shown


def _shared_strings(
    models: tuple[Model, Model], rules: tuple[KabiRules, KabiRules]
) -> dict[str, Pieces]:
    """Reference name -> string, of types for which a rule gives one and both sides agree."""
    given = {*rules[0].type_strings, *rules[1].type_strings}
    if not given:
        return {}
    old, new = (_texts(*each, given) for each in zip(models, rules, strict=True))
    return {name: parse_pieces(old[name]) for name in old if new.get(name) == old[name]}


def _texts(model: Model, rules: KabiRules, wanted: set[str]) -> dict[str, str]:
    """The strings of types by reference name; none where types of one name have several."""
    types = [
        node._replace(private=False) if isinstance(node, Composite | Enumeration) else node
        for node in model.types
    ]  # gendwarfksyms writes no contents of private types: anything would agree
    strings = TypeStrings(types, rules)
    found: dict[str, set[str]] = {}
    for type_id, node in enumerate(model.types):
        name = reference_name(node)
        if name in wanted and isinstance(node, Composite | Enumeration):
            given = rules.type_strings.get(name)
            text = "".join(strings.of(type_id)) if given is None else given
            found.setdefault(name, set()).add(text)
    return {name: texts.pop() for name, texts in found.items() if len(texts) == 1}


class _Side:
    """Rewrites the types of one model."""

    def __init__(
        self,
        model: Model,
        rules: KabiRules,
        hidden: frozenset[str],
        strings: dict[str, Pieces],
        known: _Known,
    ) -> None:
        self._model = model
        self._known = known
        self._rules = rules
        self._hidden = hidden
        self._strings = strings
        self._added: list[Type] = []
        self._pointers: dict[str, TypeId] = {}
        self._stand_ins = 0
        self._ids: dict[str, TypeId] = {}
        for type_id, node in enumerate(model.types) if strings else ():
            name = reference_name(node)
            if name is not None:
                self._ids.setdefault(name, type_id)

    def former(self) -> Former:
        """The model."""
        types = [self._type(node) for node in self._model.types]
        return Former(self._model._replace(types=(*types, *self._added)), self._stand_ins)

    def _type(self, node: Type) -> Type:
        if isinstance(node, Base):
            return node._replace(size=self._size(node.name, node.size))
        if not isinstance(node, Composite | Enumeration):
            return node
        if node.name in self._hidden:
            return self._declared(node)
        pieces = self._strings.get(reference_name(node) or "")
        if pieces is not None:
            return self._from_string(node.name, pieces)
        size = self._size(node.name, node.size)
        if isinstance(node, Enumeration):
            return self._enumeration(node)._replace(size=size)
        return node._replace(size=size, parts=tuple(self._parts(node)))

    def _size(self, name: str, size: int | None) -> int | None:
        return size if size is None else self._rules.byte_sizes.get(name, size)

    @staticmethod
    def _declared(node: Composite | Enumeration) -> Type:
        if isinstance(node, Enumeration):
            return node._replace(size=None, alignment=None, enumerators=(), declaration=True)
        return node._replace(size=None, alignment=None, parts=(), declaration=True)

    def _enumeration(self, node: Enumeration) -> Enumeration:
        values = []
        for each in node.enumerators:
            target = f"{node.name} {each.name}"
            ignored = target in self._rules.ignored_enumerators
            if ignored and target not in self._known.enumerators:
                continue
            value = self._rules.enumerator_values.get(target)
            values.append(each if value is None else each._replace(value=Constant(value, value)))
        return node._replace(enumerators=tuple(values))

    def _parts(self, node: Composite) -> Iterator[Part]:
        for part in node.parts:
            if not isinstance(part, Member):
                yield part
                continue
            member = self._member(node.name, part)
            if member is not None:
                yield member

    def _member(self, owner: str, member: Member) -> Member | None:
        """A member as it was; None for one that is hidden. kABI members are told by their place."""
        found = member
        is_known = (owner, _place(member)) in self._known.stand_ins
        for _ in range(_DEEPEST):
            former = None
            if found.type is not None:
                former = stand_in(self._model.types, self._model.types[found.type])
            if former is None:
                break
            if found is member:
                self._stand_ins += 1
            if is_known:
                return member
            if former.status == "ignored":
                return None
            name = former.name or found.name or f"{PREFIX}reserved"
            found = found._replace(type=former.type, name=name)
        if found.name is not None and found.name.startswith(PREFIX):
            found = found._replace(name=f"{PREFIX}{_place(member)}")
        return found

    # types by their strings

    def _from_string(self, name: str, pieces: Pieces) -> Composite:
        """A type of that string: what it refers to is what remains to be compared."""
        names = dict.fromkeys(pieces[1::2])
        members = tuple(
            Member(each, self._pointer(each), index * _POINTER) for index, each in enumerate(names)
        )
        return Composite("struct", name, len(members) * _POINTER, None, members)

    def _pointer(self, reference: str) -> TypeId:
        """A pointer to what a reference means; to a mere declaration where no type is it."""
        if reference not in self._pointers:
            target = self._ids.get(reference)
            if target is None:
                target = self._add(Composite("struct", reference, None, None, (), True))
            self._pointers[reference] = self._add(Modifier("pointer", "", target, _POINTER))
        return self._pointers[reference]

    def _add(self, node: Type) -> TypeId:
        self._added.append(node)
        return len(self._model.types) + len(self._added) - 1
