"""Which types are unsized: DWARF has no word for it.

rustc writes the sized prefix of such a struct and, as its last member, one element of the tail:
``u16`` for ``[u16]``. Where the tail starts beyond the prefix that tells; where the rounding of the
prefix leaves room (``struct S { a: u32, b: u8, tail: [u16] }``: size 8, tail at 6) it reads as a
plain ``u16``. But a reference to the struct is a fat pointer, and the type would hardly be there
without one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rustabi.layout.fields import rounded_up
from rustabi.layout.sizes import LONGEST_CHAIN
from rustabi.model import Array, Composite, Modifier, Type, TypeId, members_of, name_of

_FAT = frozenset({("data_ptr", "length"), ("pointer", "vtable")})
_OBJECTS = ("dyn ", "(dyn ")
_POINTERS = ("&mut ", "&", "*const ", "*mut ", "alloc::boxed::Box<")


def unsized_types(types: Sequence[Type]) -> frozenset[TypeId]:
    """Trait objects, the types that fat pointers point to, and the unsized types that those end in.

    The elements of slices are not among them: ``&[S]`` says nothing of ``S``.
    """
    found = {
        type_id
        for type_id, node in enumerate(types)
        if isinstance(node, Composite) and node.name.startswith(_OBJECTS)
    }
    for node in types:
        for type_id in _pointee(types, node):
            _enter(types, type_id, found)
    return frozenset(found)


def _pointee(types: Sequence[Type], node: Type) -> Iterator[TypeId]:
    if not isinstance(node, Composite):
        return
    members = members_of(node)
    if tuple(member.name for member in members) not in _FAT or members[0].type is None:
        return
    pointer = types[members[0].type]
    if isinstance(pointer, Modifier) and pointer.target is not None:
        name = name_of(types[pointer.target])
        prefix = next((each for each in _POINTERS if node.name.startswith(each)), None)
        pointee = node.name.removeprefix(prefix or "")
        # the name tells &S from &[S]: both point to S
        if prefix and name and (pointee == name or pointee.startswith((f"{name}>", f"{name},"))):
            yield pointer.target


def _enter(types: Sequence[Type], type_id: TypeId, found: set[TypeId]) -> None:
    """Adds a struct, and the struct it ends in where the size of the one counts the other's."""
    while type_id not in found:
        found.add(type_id)
        node = types[type_id]
        last = members_of(node)[-1:] if isinstance(node, Composite) else ()
        if not last or last[0].type is None or not isinstance(node, Composite):
            return
        prefix = rounded_up(last[0].offset or 0, node.alignment or 1)
        if not isinstance(types[last[0].type], Composite) or prefix >= (node.size or 0):
            return
        type_id = last[0].type


def is_open_array(types: Sequence[Type], type_id: TypeId | None) -> bool:
    """Whether the type is an array without a length, as of C's flexible array members."""
    for _ in range(LONGEST_CHAIN):
        node = None if type_id is None else types[type_id]
        if isinstance(node, Array):
            return None in node.counts
        if not isinstance(node, Modifier):
            return False
        type_id = node.target
    return False
