"""Which types a type mentions, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from rustabi.lean import TYPE_CHECKING, Literal, NamedTuple
from rustabi.model import (
    INDIRECT,
    Array,
    Composite,
    Enumeration,
    Function,
    Member,
    Modifier,
    Part,
    Slot,
    Type,
    TypeId,
    Unsupported,
    VariantPart,
    is_definition,
)
from rustabi.recent import Recent

if TYPE_CHECKING:
    from typing import TypeAlias

Reason: TypeAlias = Literal[
    "field", "variant", "pointee", "parameter", "return", "element", "target", "underlying",
    "vtable", "argument",
]  # fmt: skip


class Reference(NamedTuple):
    """One reference from a type to another.

    Attributes:
        reason: Why the one mentions the other.
        label: Which member, variant, parameter, ...; empty where there is one only.
        target: The other type.
        versioned: Whether gendwarfksyms follows it, so that it enters the symbol version.
        by_value: Whether the other's size and alignment bear on this one's layout.
    """

    reason: Reason
    label: str
    target: TypeId
    versioned: bool = True
    by_value: bool = True


def references(node: Type) -> Iterator[Reference]:
    """Every reference that ``node`` makes, in source order."""
    if isinstance(node, Modifier):
        yield from _target(node)
    elif isinstance(node, Array):
        if node.element is not None:
            yield Reference("element", "", node.element)
    elif isinstance(node, Function):
        yield from _signature(node)
    elif isinstance(node, Enumeration):
        if node.underlying is not None:
            yield Reference("underlying", "", node.underlying, versioned=False)
    elif isinstance(node, Composite):
        versioned = is_definition(node)
        for part in node.parts:
            yield from _part(part, versioned)


def method_references(types: Sequence[Type], slot: Slot) -> Iterator[Reference]:
    """What a method in a vtable takes and returns, without ``self``.

    Callers of a trait object do not know the type behind ``self``.
    """
    node = None if slot.type is None else types[slot.type]
    if isinstance(node, Function):
        yield from _signature(node._replace(parameters=node.parameters[1:]))


def _target(node: Modifier) -> Iterator[Reference]:
    if node.target is not None:
        indirect = node.kind in INDIRECT
        yield Reference("pointee" if indirect else "target", "", node.target, by_value=not indirect)


def _signature(node: Function) -> Iterator[Reference]:
    for index, parameter in enumerate(node.parameters):
        if parameter.type is not None:
            yield Reference("parameter", parameter.name or str(index), parameter.type)
    if node.result is not None:
        yield Reference("return", "", node.result)


def _part(part: Part, versioned: bool) -> Iterator[Reference]:
    if isinstance(part, Member):
        if part.type is not None:
            yield Reference("field", part.name or "", part.type, versioned)
    elif isinstance(part, VariantPart):
        for member in part.members:
            yield from _part(member, versioned)
        for variant in part.variants:
            for member in variant.members:
                if member.type is not None:
                    yield Reference("variant", member.name or "", member.type, versioned)


def erased_arguments(types: Sequence[Type]) -> Mapping[TypeId, tuple[Reference, ...]]:
    """Type arguments that a type may hold behind an address that does not name them.

    ``Vec<T>`` holds a pointer to u8 and a PhantomData: of T its members say nothing, and yet its
    elements are T. A type without any address in it can hold no such thing. Of a trait object only
    its name tells what its methods take: ``dyn core::ops::function::Fn<(&demo::S)>``.
    """
    if isinstance(types, tuple):
        return _erased.of((types,), lambda: _erased_arguments(types))
    return _erased_arguments(types)


_erased = Recent()


def _erased_arguments(types: Sequence[Type]) -> dict[TypeId, tuple[Reference, ...]]:
    from rustabi.names import mentioned_paths  # here: symbol versions do without
    from rustabi.nature import is_object

    holders = _Holders(types)
    named: dict[str, TypeId | None] | None = None
    found = {}
    for type_id, node in enumerate(types):
        if isinstance(node, Composite) and is_object(node.name) and "<" in node.name:
            named = _by_name(types) if named is None else named
            mentioned = [named[each] for each in mentioned_paths(node.name) if each in named]
            found[type_id] = tuple(
                Reference("argument", str(number), each, versioned=False, by_value=False)
                for number, each in enumerate(mentioned)
                if each is not None
            )
        elif isinstance(node, Composite) and node.arguments and holders.hold_address(type_id):
            found[type_id] = tuple(
                Reference("argument", each.name, each.type, versioned=False, by_value=False)
                for each in node.arguments
                if each.type is not None
            )
    return found


def _by_name(types: Sequence[Type]) -> dict[str, TypeId | None]:
    """Path -> the struct, union or enum of that name; None where several have it."""
    found: dict[str, TypeId | None] = {}
    for type_id, node in enumerate(types):
        if isinstance(node, Composite | Enumeration) and "::" in node.name:
            found[node.name] = None if node.name in found else type_id
    return found


class _Holders:
    """Which types hold an address by value."""

    def __init__(self, types: Sequence[Type]) -> None:
        self._types = types
        self._users: list[list[TypeId]] = [[] for _ in types]
        self._holding = [isinstance(node, Modifier) and node.kind in INDIRECT for node in types]
        for type_id, node in enumerate(types):
            if not self._holding[type_id] and not isinstance(node, Function):
                for part in mentioned(node):
                    self._users[part].append(type_id)
        pending = [type_id for type_id, holding in enumerate(self._holding) if holding]
        while pending:
            for user in self._users[pending.pop()]:
                if not self._holding[user]:
                    self._holding[user] = True
                    pending.append(user)

    def hold_address(self, type_id: TypeId) -> bool:
        return self._holding[type_id]


def mentioned(node: Type) -> Iterable[TypeId]:
    """The targets of `references`, in their order, where it does not matter why."""
    if isinstance(node, Composite):
        found = [each for part in node.parts for each in _part_types(part)]
    elif isinstance(node, Modifier):
        found = [node.target]
    elif isinstance(node, Function):
        found = [each.type for each in node.parameters]
        found.append(node.result)
    elif isinstance(node, Array):
        found = [node.element]
    elif isinstance(node, Enumeration):
        found = [node.underlying]
    else:
        return ()
    return [each for each in found if each is not None]


def _part_types(part: Part) -> Iterable[TypeId | None]:
    if isinstance(part, Member):
        return (part.type,)
    if isinstance(part, Unsupported):
        return ()
    found = [each.type for each in part.members]
    found += [each.type for variant in part.variants for each in variant.members]
    return found


def named_types(node: Type) -> list[TypeId]:
    """All the types that `renumbered` renumbers: those mentioned, and those that count elsewhere.

    Besides the types of discriminants those are type arguments and what a vtable's type is for.
    """
    found = [*mentioned(node)]
    if isinstance(node, Composite):
        more = [each.type for each in node.arguments]
        more.append(node.container)
        more += [
            part.discriminant.type for part in node.parts
            if isinstance(part, VariantPart) and part.discriminant is not None
        ]  # fmt: skip
        found += [each for each in more if each is not None]
    return found


def renumbered(node: Type, new_id: Callable[[TypeId], TypeId]) -> Type:
    """The same type with every reference passed through ``new_id``."""

    def other(type_id: TypeId | None) -> TypeId | None:
        return None if type_id is None else new_id(type_id)

    if isinstance(node, Modifier):
        return node._replace(target=other(node.target))
    if isinstance(node, Array):
        return node._replace(element=other(node.element))
    if isinstance(node, Function):
        parameters = tuple(each._replace(type=other(each.type)) for each in node.parameters)
        return node._replace(parameters=parameters, result=other(node.result))
    if isinstance(node, Enumeration):
        return node._replace(underlying=other(node.underlying))
    if isinstance(node, Composite):
        parts = tuple(_renumbered_part(part, other) for part in node.parts)
        arguments = tuple(each._replace(type=other(each.type)) for each in node.arguments)
        return node._replace(parts=parts, container=other(node.container), arguments=arguments)
    return node


def _renumbered_part(part: Part, other: Callable[[TypeId | None], TypeId | None]) -> Part:
    if isinstance(part, Member):
        return part._replace(type=other(part.type))
    if isinstance(part, Unsupported):
        return part

    def all_of(members: tuple[Member, ...]) -> tuple[Member, ...]:
        return tuple(member._replace(type=other(member.type)) for member in members)

    discriminant = part.discriminant
    return VariantPart(
        all_of(part.members),
        None if discriminant is None else discriminant._replace(type=other(discriminant.type)),
        tuple(each._replace(members=all_of(each.members)) for each in part.variants),
    )
