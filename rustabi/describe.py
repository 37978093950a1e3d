"""Types in words: how a report calls a type, whether DWARF gives it a name or not."""

from __future__ import annotations

from collections.abc import Sequence

from rustabi.model import (
    Array,
    Base,
    Composite,
    Enumeration,
    Function,
    Modifier,
    Type,
    TypeId,
    Unspecified,
)

_DEEPEST = 12
"""Levels of nameless types that are spelled out; real ones have two or three."""


def type_text(types: Sequence[Type], type_id: TypeId | None, depth: int = 0) -> str:
    """The type as a reader would write it: ``&demo::Bar``, ``[u8; 4]``, ``*const struct file``."""
    if type_id is None:
        return "()"
    if depth > _DEEPEST:
        return "…"
    node = types[type_id]
    if isinstance(node, Base | Unspecified):
        return node.name or "?"
    if isinstance(node, Composite | Enumeration):
        return node.name or f"<anonymous {_keyword(node)}>"
    if isinstance(node, Modifier):
        return _modifier(types, node, depth)
    if isinstance(node, Array):
        return _array(types, node, depth)
    if isinstance(node, Function):
        return function_text(types, node, depth)
    return f"<unsupported {node}>"


def _keyword(node: Composite | Enumeration) -> str:
    return node.kind if isinstance(node, Composite) else "enum"


def _modifier(types: Sequence[Type], node: Modifier, depth: int) -> str:
    if node.name:
        return node.name
    target = "void" if node.target is None else type_text(types, node.target, depth + 1)
    if node.kind == "pointer":
        return f"{target} *"
    if node.kind in ("reference", "rvalue_reference"):
        return f"{target} &"
    return f"{node.kind} {target}"


def _array(types: Sequence[Type], node: Array, depth: int) -> str:
    text = type_text(types, node.element, depth + 1)
    for count in reversed(node.counts):
        text = f"[{text}]" if count is None else f"[{text}; {count}]"
    return text


def function_text(types: Sequence[Type], node: Function, depth: int = 0) -> str:
    """A signature: ``fn(&demo::Bar, u32) -> bool``."""
    parameters = [type_text(types, each.type, depth + 1) for each in node.parameters]
    if node.variadic:
        parameters.append("...")
    result = "" if node.result is None else f" -> {type_text(types, node.result, depth + 1)}"
    if node.diverges and node.result is None:
        result = " -> !"
    return f"fn({', '.join(parameters)}){result}"
