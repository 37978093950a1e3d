"""Paths through the type graph in words: ``foo → parameter b → &demo::Bar → demo::Bar.x``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from rustabi.describe import type_text
from rustabi.model import Composite, Enumeration, Model, TypeId, variant_part_of
from rustabi.names import demangle

if TYPE_CHECKING:
    from rustabi.diff import Change
    from rustabi.graph import Step

ARROW: Final = " → "

_FAT = frozenset({"pointer", "data_ptr"})
"""What rustc calls the address in a reference to a slice, ``str`` or trait object."""

_NO_PLACE: Final = frozenset({
    "discriminant-changed", "variants-reordered", "vtable-changed", "vtable-reordered",
    "vtable-method-changed",
})  # fmt: skip
"""Kinds whose `Change.where` is no member or variant of the type that the path ends in."""


def path_in_words(model: Model, symbol: str, steps: Iterable[Step]) -> tuple[str, ...]:
    """The stations of a path from a symbol to a type.

    A member is told with the type that has it (``demo::Bar.x``), as is a variant
    (``demo::Shape::Round``), a parameter by its name. The last station is the type that the path
    leads to. What has no name in source is passed over: C's anonymous members, and the parts of
    which rustc makes a reference to a trait object.

    Args:
        model: The model whose graph the path is of.
        symbol: The linker's name of the symbol.
        steps: As `rustabi.graph` gives them.
    """
    stations = [demangle(symbol)]
    in_type = in_pointer = False
    last = ""
    for step in steps:
        last = node_text(model, step)
        if in_type and step.label in _FAT and is_fat_pointer(stations[-1]):
            in_pointer = True
        elif not (in_pointer and last.endswith(" *")) and (step.label or step.reason != "field"):
            suffix, added = _stations(step, last, in_type)
            stations[-1] += suffix
            stations += [each for each in added if each != stations[-1]]
        in_type = step.node.kind == "type"
    if last.startswith("<anonymous ") and stations[-1] != last:
        stations.append(last)
    return tuple(stations)


def _stations(step: Step, target: str, in_type: bool) -> tuple[str, tuple[str, ...]]:
    """What a step adds to the station before it, and the stations behind."""
    if step.reason in ("parameter", "return"):
        return "", (f"{step.reason} {step.label}".rstrip(), target)
    if step.reason == "field" and in_type:
        return f".{member_name(step.label)}", (target,)
    if step.reason == "variant" and in_type:
        return f"::{step.label}", ()  # the struct of its fields has no name of its own
    if step.reason == "vtable":
        return f" {step.label}", (target,)
    return "", (f"folded into {target}" if step.reason == "alias" else target,)


def is_fat_pointer(text: str) -> bool:
    """Whether a type is a reference or raw pointer by its name."""
    return text.startswith(("&", "*const ", "*mut "))


def node_text(model: Model, step: Step) -> str:
    """The node that a step leads to, readable."""
    if step.node.kind == "symbol":
        return demangle(model.symbols[step.node.number].name)
    return type_text(model.types, step.node.number)


def is_label(station: str) -> bool:
    """Whether a station is no type but how the symbol mentions one: it is never shortened."""
    return station == "return" or station.startswith("parameter ")


def member_name(name: str) -> str:
    """A member as source writes it: rustc calls the fields of tuples ``__0``, ``__1``, ..."""
    number = name.removeprefix("__")
    return number if number != name and number.isdigit() else name or "<anonymous>"


def member_path(where: str) -> str:
    """`Change.where` with members as source writes them: ``Some.__0`` -> ``Some.0``."""
    return ".".join(member_name(part) for part in where.split(".")) if where else ""


def with_place(
    stations: Sequence[str], change: Change, model: Model, type_id: TypeId | None
) -> tuple[str, ...]:
    """A path whose last station tells the member, variant or parameter that changed."""
    if not change.where or change.kind in _NO_PLACE:
        return tuple(stations)
    if type_id is None:
        return (*stations, change.where)
    separator = "::" if has_variants(model, type_id) else "."
    return (*stations[:-1], f"{stations[-1]}{separator}{member_path(change.where)}")


def has_variants(model: Model, type_id: TypeId) -> bool:
    """Whether a type is an enum, with data or without."""
    node = model.types[type_id]
    return isinstance(node, Enumeration) or (
        isinstance(node, Composite) and variant_part_of(node) is not None
    )
