"""Members that kABI stand-ins replaced or hide, as gendwarfksyms comes to print them.

With ``--stable`` a union with a member ``__kabi_renamed<name>`` is taken for what was there before,
and the member that holds the union is printed with that name. gendwarfksyms keeps the name in one
variable, from the union on to the end of the next member or parameter that it prints; the start of
each of those clears it. So a parameter that points to a struct whose last member was renamed takes
that name, if the struct is met there for the first time; and the name is lost where the former type
has members of its own. What is printed then depends on the order in which types are met, and each
type is only gone through once (scripts/gendwarfksyms/{dwarf,kabi,cache}.c of Linux 7.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rustabi.kabi import PREFIX, RENAMED, KabiRules, stand_in
from rustabi.model import (
    Array,
    Composite,
    Enumeration,
    Function,
    Member,
    Modifier,
    Part,
    Type,
    TypeId,
    VariantPart,
    is_definition,
    members_of,
)
from rustabi.references import references


def as_printed(
    types: Sequence[Type], symbols: Sequence[TypeId | None], rules: KabiRules
) -> tuple[Type, ...]:
    """The types with members and parameters called as gendwarfksyms prints them.

    Args:
        types: The type table, one type per entry.
        symbols: Signatures and types of variables, in the order in which symbols are met.
        rules: The kABI rules in force.

    Returns:
        The table; in it no member is called ``__kabi_renamed<name>`` any more, but
        ``__kabi_reserved``.
    """
    found = list(types)
    if _is_any_called(types, RENAMED):
        walk = _Walk(types, symbols, rules)
        for type_id in symbols:
            walk.symbol(type_id)
        found = walk.types
    return tuple(map(_settled, found))


def has_stand_ins(types: Iterable[Type]) -> bool:
    """Whether any member is called ``__kabi_...``."""
    return _is_any_called(types, PREFIX)


def _is_any_called(types: Iterable[Type], prefix: str) -> bool:
    return any(
        member.name is not None and member.name.startswith(prefix)
        for node in types
        if isinstance(node, Composite)
        for member in members_of(node)
    )


def _settled(node: Type) -> Type:
    if not isinstance(node, Composite):
        return node
    parts: list[Part] = []
    for part in node.parts:
        if isinstance(part, Member) and (part.name or "").startswith(RENAMED):
            parts.append(part._replace(name=f"{PREFIX}reserved"))
        else:
            parts.append(part)
    return node._replace(parts=tuple(parts))


def is_ignored(types: Sequence[Type], member: Member) -> bool:
    """Whether a member's type is a union that hides it."""
    former = None if member.type is None else stand_in(types, types[member.type])
    return former is not None and former.status == "ignored"


class _Walk:
    """Goes through types as gendwarfksyms does, with an explicit stack: type graphs are deep.

    A type is gone through once whole and, where a symbol meets it again, once without contents;
    after that it is replayed: what it refers to is visited, but members in it are not printed anew.
    """

    def __init__(
        self, types: Sequence[Type], symbols: Sequence[TypeId | None], rules: KabiRules
    ) -> None:
        self.types = list(types)
        self._given = types
        self._rules = rules
        self._name: str | None = None
        self._done: set[tuple[TypeId, bool]] = set()
        self._named: dict[tuple[TypeId, int], tuple[int, str | None]] = {}
        self._started = 0
        self._expanded: set[TypeId] = set()
        self._replayed = _leading_to_shared_unions(types, symbols)

    def symbol(self, type_id: TypeId | None) -> None:
        """Go through a symbol."""
        self._expanded = set()
        self._name = None
        pending = [self._type(type_id)]
        while pending:
            for step in pending[-1]:
                pending.append(step)
                break
            else:
                pending.pop()

    def _type(self, type_id: TypeId | None) -> Iterator[_Step]:
        if type_id is None:
            return
        node = self._given[type_id]
        again = False
        if isinstance(node, Composite | Enumeration):
            again = type_id in self._expanded
            self._expanded.add(type_id)
        replay = (type_id, again) in self._done
        if replay and type_id not in self._replayed:
            return
        if isinstance(node, Modifier):
            yield self._type(node.target)
        elif isinstance(node, Array):
            yield self._type(node.element)
        elif isinstance(node, Function):
            yield self._function(type_id, node)
        elif isinstance(node, Composite):
            yield self._composite(type_id, node, again, replay)
        self._done.add((type_id, again))

    def _function(self, type_id: TypeId, node: Function) -> Iterator[_Step]:
        """Parameters; of one that is met again before it is done, the inner text is kept."""
        for index, parameter in enumerate(node.parameters):
            key = (type_id, index)
            replay = key in self._named
            self._start(replay)
            started = self._started = self._started + 1
            yield self._type(parameter.type)
            if not replay and started > self._named.get(key, (0, None))[0]:
                self._named[key] = started, self._name
        yield self._type(node.result)
        names = [self._named[type_id, index][1] for index in range(len(node.parameters))]
        self.types[type_id] = node._replace(
            parameters=tuple(
                parameter._replace(name=name or parameter.name)
                for parameter, name in zip(node.parameters, names, strict=True)
            )
        )

    def _start(self, replay: bool) -> None:
        """A member or parameter begins."""
        if not replay:
            self._name = None

    def _composite(
        self, type_id: TypeId, node: Composite, again: bool, replay: bool
    ) -> Iterator[_Step]:
        former = stand_in(self._given, node)
        if former is not None:
            if former.status == "reserved":
                if former.name and not replay:
                    self._name = former.name
                yield self._type(former.type)
            return
        if again or not is_definition(node) or node.name in self._rules.declaration_only:
            return
        parts: list[Part] = []
        for part in node.parts:
            if isinstance(part, VariantPart):
                yield self._variant_part(part, replay)
                parts.append(part)
            elif isinstance(part, Member) and not is_ignored(self._given, part):
                self._start(replay)
                yield self._type(part.type)
                parts.append(part._replace(name=self._name or part.name))
            else:
                parts.append(part)
        if not replay:
            self.types[type_id] = node._replace(parts=tuple(parts))

    def _variant_part(self, part: VariantPart, replay: bool) -> Iterator[_Step]:
        """Rust's members keep their names: Rust has no kABI unions."""
        for member in (*part.members, *(each for v in part.variants for each in v.members)):
            self._start(replay)
            yield self._type(member.type)


def _leading_to_shared_unions(
    types: Sequence[Type], symbols: Iterable[TypeId | None]
) -> set[TypeId]:
    """The types from which a symbol can meet a union with a renamed member twice.

    The kernel's macros make unions that only one struct has: those it meets once, like the struct.
    """
    users: dict[TypeId, list[TypeId | None]] = {}
    for type_id, node in enumerate(types):
        for reference in references(node):
            if reference.versioned:
                users.setdefault(reference.target, []).append(type_id)
    for root in symbols:
        if root is not None:
            users.setdefault(root, []).append(None)
    pending: list[TypeId | None] = []
    for type_id, node in enumerate(types):
        former = stand_in(types, node)
        if former is not None and former.name and _is_shared(types, users, type_id):
            pending.append(type_id)
    found: set[TypeId] = set()
    while pending:
        here = pending.pop()
        if here is not None and here not in found:
            found.add(here)
            pending += users.get(here, [])
    return found


def _is_shared(
    types: Sequence[Type], users: Mapping[TypeId, list[TypeId | None]], type_id: TypeId
) -> bool:
    """Whether more than one place in types leads to a type, over pointers and the like."""
    here: TypeId | None = type_id
    for _ in types:
        above = [] if here is None else users.get(here, [])
        if len(above) != 1 or above[0] is None:
            return len(above) > 1
        here = above[0]
        if isinstance(types[here], Composite):
            return False
    return True


_Step = Iterator["_Step"]
