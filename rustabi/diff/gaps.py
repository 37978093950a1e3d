"""Gaps: what a build's debug info cannot tell, said openly instead of passed over."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from rustabi.model import Composite, Enumeration, Model, Symbol, TypeId, Unsupported
from rustabi.names import demangle, pairing_key, type_key
from rustabi.nature import is_object
from rustabi.references import erased_arguments, mentioned
from rustabi.traits import TraitObjects, trait_objects


class GapKind(StrEnum):
    """What is missing. The values are the ids used in JSON."""

    NO_DWARF = "symbol-without-dwarf"
    FOLDED = "symbol-folded"
    DECLARATION_ONLY = "declaration-only"
    UNSUPPORTED = "unsupported-dwarf"
    SKIPPED = "binary-skipped"
    VTABLE_UNKNOWN = "vtable-unknown"
    ABI_UNKNOWN = "calling-convention-unknown"


EXPLANATIONS = {
    GapKind.NO_DWARF: "no entry in the debug info describes this symbol",
    GapKind.FOLDED: "folded into another function of equal code; its own entry was dropped",
    GapKind.DECLARATION_ONLY: "the type is declared but not defined in this binary",
    GapKind.UNSUPPORTED: "the debug info uses something that rustabi does not know",
    GapKind.VTABLE_UNKNOWN: "the binary has no vtable that is surely of this trait, so the order or"
    " the signatures of its methods cannot be checked",
    GapKind.ABI_UNKNOWN: 'debug info does not tell whether a Rust function is extern "C"',
    GapKind.SKIPPED: "the binary, or a part of it, has no debug info to read types from",
}


class Gap(NamedTuple):
    """One thing that could not be checked.

    Attributes:
        kind: Why.
        subject: The symbol or type, readable.
        detail: More, such as the symbol it was folded into.
        key: What the gap is recognised by in another build.
    """

    kind: GapKind
    subject: str
    detail: str
    key: str


def gaps_of(model: Model, reached: set[TypeId]) -> list[Gap]:
    """The gaps of a model, sorted.

    Args:
        model: The model.
        reached: Types that its exported symbols reach; others cannot matter to a caller.
    """
    skipped = (Gap(GapKind.SKIPPED, each, "", each) for each in model.facts.skipped)
    return sorted({*_symbol_gaps(model), *_type_gaps(model, reached), *skipped})


_LANG_RUST = 0x1C
"""DW_LANG_Rust."""


def _symbol_gaps(model: Model) -> Iterator[Gap]:
    for symbol in model.symbols:
        name = demangle(symbol.name)
        if symbol.kind == "function" and _is_rust(model, symbol):
            mangled = name != symbol.name
            detail = "mangled, probably not" if mangled else "not mangled, probably so"
            yield Gap(GapKind.ABI_UNKNOWN, name, detail, pairing_key(symbol.name))
        if symbol.type is not None or symbol.kind is not None:
            continue
        if symbol.borrowed is None:
            yield Gap(GapKind.NO_DWARF, name, "", pairing_key(symbol.name))
        else:
            detail = f"folded into {demangle(symbol.borrowed)}"
            yield Gap(GapKind.FOLDED, name, detail, pairing_key(symbol.name))


def _is_rust(model: Model, symbol: Symbol) -> bool:
    return symbol.unit is not None and model.units[symbol.unit].language == _LANG_RUST


def _type_gaps(model: Model, reached: set[TypeId]) -> Iterator[Gap]:
    objects = trait_objects(model)
    for type_id, node in enumerate(model.types):
        name = node.name if isinstance(node, Composite) and type_id in reached else ""
        if is_object(name) and not _is_known(objects, name):
            yield Gap(GapKind.VTABLE_UNKNOWN, name, "", type_key(name))
        if isinstance(node, Unsupported):
            yield Gap(GapKind.UNSUPPORTED, node.name or str(node), str(node), str(node))
        elif isinstance(node, Composite | Enumeration) and node.declaration:
            if type_id in reached:
                yield Gap(GapKind.DECLARATION_ONLY, node.name, "", type_key(node.name))
        elif isinstance(node, Composite):
            for part in node.parts:
                if isinstance(part, Unsupported):
                    key = f"{type_key(node.name)} {part}"
                    yield Gap(GapKind.UNSUPPORTED, node.name, str(part), key)


def _is_known(objects: TraitObjects, name: str) -> bool:
    return objects.is_certain(name) and any(
        all(slot.name is not None for slot in vtable.slots) for vtable in objects.vtables(name)
    )


def reached_by_symbols(model: Model) -> set[TypeId]:
    """Every type that any exported symbol reaches."""
    reached = {symbol.type for symbol in model.symbols if symbol.type is not None}
    pending = list(reached)
    erased = erased_arguments(model.types)
    while pending:
        type_id = pending.pop()
        unseen = (each.target for each in erased.get(type_id, ()))
        fresh = {*mentioned(model.types[type_id]), *unseen} - reached
        reached |= fresh
        pending += fresh
    return reached
