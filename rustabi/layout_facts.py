"""What each type contributes to a layout version: its own facts, and what it leads to."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from typing import NamedTuple, TypeAlias

from rustabi.layout import Alignments, alignment_of, size_of
from rustabi.model import (
    INDIRECT,
    Array,
    Base,
    Composite,
    Constant,
    Enumeration,
    Function,
    Member,
    Model,
    Modifier,
    Type,
    TypeId,
    Unspecified,
    Unsupported,
    Variant,
    VariantPart,
    Vtable,
)
from rustabi.names import generic_of, pairing_key, type_key, without_paths
from rustabi.nature import (
    SIGILS,
    array_counts,
    encoding_class,
    fn_abi,
    is_empty,
    is_object,
    is_variadic,
    pointer_class,
    principal_trait,
    stated_alignment,
    stripped,
    unfolded,
)
from rustabi.references import erased_arguments, method_references
from rustabi.traits import trait_objects

Edge: TypeAlias = tuple[Hashable, TypeId]
"""What a type leads to another by, and the other."""

_CONSTANT = re.compile(r"\{CONST#\w+\}")
"""How rustc writes char constants into type names: as a hash that depends on its version."""


class Fact(NamedTuple):
    """What a type contributes.

    Attributes:
        content: Its own facts; tuples of text, numbers and bytes.
        edges: In any order.
        is_set: Whether repeated edges count once.
    """

    content: Hashable
    edges: tuple[Edge, ...]
    is_set: bool = False


class _Below(NamedTuple):
    """What is below the typedefs and qualifiers of a type.

    Attributes:
        type: The type itself; None for void.
        aligned: The alignment in bytes that a typedef states, unless it is the type's own.
        is_empty: Whether a value takes no bytes.
    """

    type: TypeId | None
    aligned: int | None
    is_empty: bool


class Facets:
    """The facts of the types of a model.

    Args:
        model: The model.
        named: Whether names of types, members, variants and enumerators belong to them.
    """

    def __init__(self, model: Model, *, named: bool) -> None:
        self._types = model.types
        self._address_size = model.facts.address_size
        self._named = named
        self._alignments = Alignments(model.types, self._address_size)
        self._erased = erased_arguments(model.types)
        self._objects = trait_objects(model)
        self._known: dict[TypeId | None, _Below] = {}

    def of(self, type_id: TypeId) -> Fact:
        """The facts of a type that is no typedef or qualifier; see `rustabi.nature.stripped`."""
        node = self._types[type_id]
        if isinstance(node, Composite):
            return self._composite(type_id, node)
        content, targets = self._simple(node)
        edges: list[Edge] = []
        void: list[Hashable] = []
        for place, named in targets:
            label = self._aligned(place, named)
            target = self._below(named).type
            if target is None:
                void.append(label)
            else:
                edges.append((label, target))
        return Fact((*content, *void), tuple(edges))

    def _aligned(self, label: Hashable, target: TypeId | None) -> Hashable:
        """An edge's label, with the alignment that a typedef states unless it is the type's own."""
        stated = self._below(target).aligned
        return label if stated is None else (label, "aligned", stated)

    def _below(self, named: TypeId | None) -> _Below:
        found = self._known.get(named)
        if found is None:
            target = stripped(self._types, named)
            stated = stated_alignment(self._types, named)
            if stated == (stated and alignment_of(self._types, target, self._address_size)):
                stated = None
            found = self._known[named] = _Below(target, stated, is_empty(self._types, target))
        return found

    def _simple(self, node: Type) -> tuple[tuple[Hashable, ...], list[tuple[str, TypeId | None]]]:
        if isinstance(node, Base):
            return ("base", *encoding_class(node)), []
        if isinstance(node, Modifier) and node.kind in INDIRECT:
            promise = pointer_class(node.name)
            return (
                ("pointer", promise, fn_abi(node.name), is_variadic(node.name)),
                [("to", node.target)],
            )
        if isinstance(node, Array):
            return ("array", array_counts(node), node.vector), [("of", node.element)]
        if isinstance(node, Function):
            takes = [(f"parameter {number}", p.type) for number, p in enumerate(node.parameters)]
            return (
                ("function", len(node.parameters), node.variadic, node.diverges),
                [*takes, ("return", node.result)],
            )
        if isinstance(node, Enumeration):
            return self._enumeration(node), []
        if isinstance(node, Unspecified | Unsupported):
            return (type(node).__name__, str(node)), []
        return ("endless", type(node).__name__), []

    def _enumeration(self, node: Enumeration) -> tuple[Hashable, ...]:
        if node.declaration:
            return "opaque", type_key(node.name)
        below = self._below(node.underlying).type
        base = None if below is None else self._types[below]
        encoding = encoding_class(base) if isinstance(base, Base) else None
        values = [
            (_number(each.value), each.name if self._named else "") for each in node.enumerators
        ]
        values.sort(key=lambda each: (each[0] is None, each[0] or 0, each[1]))
        content = ("enumeration", node.size, node.alignment, encoding, tuple(values))
        return (*content, type_key(node.name)) if self._named else content

    # structs, unions, enums with data, trait objects

    def _composite(self, type_id: TypeId, node: Composite) -> Fact:
        if node.declaration:
            return Fact(("opaque", type_key(node.name)), ())
        if is_object(node.name):
            return self._object(type_id, node)
        edges = [*self._members(node), *self._arguments(type_id)]
        own = tuple(str(part) for part in node.parts if isinstance(part, Unsupported))
        promise = pointer_class(node.name) if node.name.startswith(SIGILS) else None
        tags = tuple(self._choice(part) for part in node.parts if isinstance(part, VariantPart))
        name = self._name(node.name) if self._named else None
        alignment = self._alignments.of(type_id) if node.alignment is None else node.alignment
        content = (node.kind, node.size, alignment, promise, tags, own, name)
        return Fact(content, tuple(edges))

    def _name(self, name: str) -> Hashable:
        return type_key(name), tuple(_CONSTANT.findall(name))

    def _members(self, node: Composite) -> Iterator[Edge]:
        members = [part for part in node.parts if isinstance(part, Member)]
        for member in members if self._named else unfolded(self._types, members):
            yield from self._member(member, ("member",))
        for part in node.parts:
            if isinstance(part, VariantPart):
                for variant in part.variants:
                    yield from self._variant(variant)

    def _variant(self, variant: Variant) -> Iterator[Edge]:
        for member in variant.members:
            yield from self._member(member, ("variant", *_value(variant)), empty=True)

    def _member(
        self, member: Member, label: tuple[Hashable, ...], *, empty: bool = False
    ) -> Iterator[Edge]:
        """The edge of a member; none of one without bytes, unless ``empty`` ones count."""
        target, _, takes_no_bytes = self._below(member.type)
        if target is None or (takes_no_bytes and not empty):
            return
        place = member.bit_offset if member.bit_offset is not None else 8 * (member.offset or 0)
        name = member.name if self._named else None
        yield self._aligned((*label, place, member.bit_size, name), member.type), target

    def _choice(self, part: VariantPart) -> Hashable:
        """The place and size of the tag, and the values of variants."""
        values = sorted((_value(variant) for variant in part.variants), key=repr)
        tag = part.discriminant
        if tag is None:
            return None, tuple(values)
        size = size_of(self._types, tag.type, self._address_size)
        return (tag.offset, size), tuple(values)

    def _arguments(self, type_id: TypeId) -> Iterator[Edge]:
        for number, each in enumerate(self._erased.get(type_id, ())):
            target = self._below(each.target).type
            if target is not None:
                yield ("argument", number), target

    def _object(self, type_id: TypeId, node: Composite) -> Fact:
        """A trait object: its trait, and the methods in the vtables that the binary holds."""
        trait = type_key(principal_trait(node.name))
        known = sorted(self._objects.vtables(node.name), key=_known_first)
        if not self._named:  # what its arguments are is found behind the edges
            generic = generic_of(trait)
            trait = generic + without_paths(trait[len(generic) :], self._address_size)
        methods = None
        if known:
            methods = tuple(_method(slot.name) for slot in known[0].slots)
        edges: list[Edge] = [
            (("slot", number, each.reason, order), target)
            for vtable in (known if self._objects.is_certain(node.name) else ())
            for number, slot in enumerate(vtable.slots)
            for order, each in enumerate(method_references(self._types, slot))
            if (target := self._below(each.target).type) is not None
        ]
        edges += self._arguments(type_id)
        return Fact(("object", trait, methods), tuple(edges), is_set=True)


def _value(variant: Variant) -> tuple[int | None, bytes | None]:
    return _number(variant.value), variant.value_list


def _number(value: Constant | None) -> int | None:
    return None if value is None else value.value


def _known_first(vtable: Vtable) -> tuple[int, str]:
    return sum(slot.name is None for slot in vtable.slots), vtable.name


def _method(name: str | None) -> str | None:
    """A method's own name: the last part of the path."""
    return None if name is None else pairing_key(name).rsplit("::", 1)[-1]
