"""Exported symbols with their versions, and how many types stand behind each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rustabi.describe import function_text, type_text
from rustabi.model import Function, Model, Symbol, Type, TypeId
from rustabi.references import references
from rustabi.report.facts import BuildFacts, build_facts, crc_text, layout_text, readable


@dataclass(frozen=True, slots=True)
class SymbolReport:
    """An exported symbol."""

    symbol: str
    """The linker's name."""
    name: str
    """The same, demangled."""
    kind: Literal["function", "variable"] | None
    """Null when no debug info describes it."""
    declaration: str
    """Its signature or type in words; empty when no debug info describes it."""
    crc: str | None
    """The kernel's symbol version, such as `0x0123abcd`; null where there is none."""
    layout: str | None
    """The layout version, such as `0x0123abcd_89ef4567`, see docs/versions.md; null where no debug
    info describes the symbol."""
    ambiguous: bool
    """gendwarfksyms has no single answer for this version."""
    types: int
    """Number of types that the version covers, those without a name included."""
    folded_into: str | None
    """The symbol of the same address from whose debug info the version is computed, by the linker's
    name. Where `kind` is null, this one has none of its own: it was folded into the other, and is a
    gap."""
    binary: str
    """The object, archive member or module that exports it; empty where one file was read."""


@dataclass(frozen=True, slots=True)
class SymbolsReport:
    """What `rustabi symbols --format json` prints."""

    report: Literal["symbols"]
    """Tells this report from others."""
    build: BuildFacts
    """What was read."""
    symbols: tuple[SymbolReport, ...]
    """Sorted by the linker's name."""


def symbols_report(model: Model, target: str) -> SymbolsReport:
    """The exported symbols of a model that was read from ``target``."""
    counts = type_counts(model)
    symbols = tuple(
        _symbol(model, symbol, count) for symbol, count in zip(model.symbols, counts, strict=True)
    )
    return SymbolsReport("symbols", build_facts(model, target), symbols)


def symbol_report(model: Model, index: int) -> SymbolReport:
    """One of the exported symbols of a model."""
    symbol = model.symbols[index]
    places = {each.name: each for each in model.symbols}
    lender = symbol if symbol.borrowed is None else places.get(symbol.borrowed, symbol)
    roots = _roots(model.types, lender)
    return _symbol(model, symbol, Reach(model.types, roots).count(roots))


def _symbol(model: Model, symbol: Symbol, types: int) -> SymbolReport:
    return SymbolReport(
        symbol=symbol.name,
        name=readable(symbol.name),
        kind=symbol.kind,
        declaration=declaration(model.types, symbol),
        crc=crc_text(symbol.version),
        layout=layout_text(symbol.layout),
        ambiguous=symbol.ambiguous,
        types=types,
        folded_into=symbol.borrowed,
        binary=symbol.binary,
    )


def declaration(types: Sequence[Type], symbol: Symbol) -> str:
    """What a symbol is declared as: ``fn(&demo::Bar) -> u32``, or the type of a variable."""
    if symbol.kind is None:
        return ""
    node = None if symbol.type is None else types[symbol.type]
    if symbol.kind == "function" and isinstance(node, Function):
        return function_text(types, node)
    return type_text(types, symbol.type)


def type_counts(model: Model) -> list[int]:
    """How many types the version of each symbol covers: those that `rustabi.graph.reached` names.

    It is counted here without networkx, which takes longer to import than the rest of the command
    to run. A symbol without an entry of its own has the types of the one that describes it.
    """
    roots = [_roots(model.types, symbol) for symbol in model.symbols]
    reach = Reach(model.types, (root for each in roots for root in each))
    places = {symbol.name: index for index, symbol in enumerate(model.symbols)}
    counts = []
    for index, symbol in enumerate(model.symbols):
        lender = None if symbol.borrowed is None else places.get(symbol.borrowed)
        counts.append(reach.count(roots[index if lender is None else lender]))
    return counts


def _roots(types: Sequence[Type], symbol: Symbol) -> list[TypeId]:
    """The types that a symbol's declaration mentions; a signature is part of its function."""
    if symbol.type is None:
        return []
    node = types[symbol.type]
    if symbol.kind == "function" and isinstance(node, Function):
        return [reference.target for reference in references(node)]
    return [symbol.type]


class Reach:
    """What types reach over references that enter a symbol version.

    Each group of mutually recursive types is worked out once.

    Args:
        types: The type table.
        roots: Types to start from.
    """

    def __init__(self, types: Sequence[Type], roots: Iterable[TypeId]) -> None:
        self._targets = [
            tuple(dict.fromkeys(each.target for each in references(node) if each.versioned))
            for node in types
        ]
        self._sets: dict[TypeId, int] = {}
        self._order: dict[TypeId, int] = {}
        self._low: dict[TypeId, int] = {}
        self._open: list[TypeId] = []
        for root in roots:
            if root not in self._order:
                self._walk(root)

    def count(self, roots: Iterable[TypeId]) -> int:
        """How many types ``roots`` and all behind them are."""
        found = 0
        for root in roots:
            found |= self._sets[root]
        return found.bit_count()

    def _walk(self, root: TypeId) -> None:
        """Tarjan's algorithm without recursion: groups are closed after all that they reach."""
        pending = [(root, iter(self._enter(root)))]
        while pending:
            here, targets = pending[-1]
            for target in targets:
                if target not in self._order:
                    pending.append((target, iter(self._enter(target))))
                    break
                if target not in self._sets:
                    self._low[here] = min(self._low[here], self._order[target])
            else:
                pending.pop()
                if pending:
                    above = pending[-1][0]
                    self._low[above] = min(self._low[above], self._low[here])
                if self._low[here] == self._order[here]:
                    self._close(here)

    def _enter(self, type_id: TypeId) -> tuple[TypeId, ...]:
        self._order[type_id] = self._low[type_id] = len(self._order)
        self._open.append(type_id)
        return self._targets[type_id]

    def _close(self, first: TypeId) -> None:
        """All from ``first`` on reach each other: give them one bit set."""
        group = [self._open.pop()]
        while group[-1] != first:
            group.append(self._open.pop())
        found = 0
        for member in group:
            found |= 1 << self._order[member]
            for target in self._targets[member]:
                found |= self._sets.get(target, 0)
        for member in group:
            self._sets[member] = found
