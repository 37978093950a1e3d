"""Why a symbol depends on a type: the tree of types behind it, or the paths to one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from rustabi.describe import type_text
from rustabi.graph import Graph, Node, build, paths
from rustabi.model import Base, Composite, Enumeration, Model, Type, TypeId, variant_part_of
from rustabi.report.facts import BuildFacts, build_facts, readable
from rustabi.report.paths import member_name, path_in_words
from rustabi.report.select import one_symbol, one_type
from rustabi.report.symbols import SymbolReport, symbol_report

MOST_PATHS: Final = 10


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A type in the tree behind a symbol. Nodes stand in the order in which a tree is read."""

    depth: int
    """How deep it stands; 0 for what the symbol itself mentions."""
    via: str
    """Why the node above mentions it: `parameter b`, `fields x, z`, `pointee`, ..."""
    type: str
    """The type, or the symbol that this one is folded into."""
    kind: str
    """`struct`, `enum`, `union`, `primitive`, `pointer`, `array`, `function`, `symbol`, ..."""
    size: int | None
    """Bytes; null where DWARF states none."""
    by_value: bool
    """Its size and alignment bear on the layout of the node above."""
    versioned: bool
    """The kernel's symbol version covers it by this way."""
    shown_above: bool
    """What stands behind it is told where it was first met."""


@dataclass(frozen=True, slots=True)
class WhyReport:
    """What `rustabi why --format json` prints."""

    report: Literal["why"]
    """Tells this report from others."""
    build: BuildFacts
    """What was read."""
    symbol: SymbolReport
    """The symbol asked about."""
    type: str | None
    """The type asked about; null when the whole tree was."""
    paths: tuple[tuple[str, ...], ...]
    """Ways from the symbol to the type, shortest first, ten at most; none where it does not depend
    on the type."""
    tree: tuple[TreeNode, ...]
    """All types behind the symbol, each expanded once; empty when one type was asked about."""


def why_report(model: Model, target: str, wanted: str, wanted_type: str | None = None) -> WhyReport:
    """The tree behind a symbol, or its paths to a type.

    Raises:
        UsageError: No symbol or type is meant, or several are.
    """
    index = one_symbol(model, wanted)
    graph = build(model)
    symbol = symbol_report(model, index)
    facts = build_facts(model, target)
    if wanted_type is None:
        tree = tuple(_tree(model, graph, Node("symbol", index)))
        return WhyReport("why", facts, symbol, None, (), tree)
    types = one_type(model, wanted_type, range(len(model.types)))
    found = _paths(model, graph, index, types)
    return WhyReport("why", facts, symbol, type_text(model.types, types[0]), found, ())


def _paths(
    model: Model, graph: Graph, symbol: int, types: list[TypeId]
) -> tuple[tuple[str, ...], ...]:
    name = model.symbols[symbol].name
    found = {
        path_in_words(model, name, steps): None
        for type_id in types
        for steps in paths(graph, symbol, type_id, MOST_PATHS)
    }
    return tuple(sorted(found, key=lambda path: (len(path), path))[:MOST_PATHS])


def _tree(model: Model, graph: Graph, root: Node) -> Iterator[TreeNode]:
    """Depth first, in source order, each type's own parts told the first time it is met."""
    expanded = {root}
    pending = [(0, root, after) for after in reversed(list(graph.successors(root)))]
    while pending:
        depth, source, node = pending.pop()
        children = list(graph.successors(node))
        again = node in expanded and bool(children)
        yield _node(model, graph, depth, source, node, again)
        if not again:
            expanded.add(node)
            pending += [(depth + 1, node, child) for child in reversed(children)]


def _node(
    model: Model, graph: Graph, depth: int, source: Node, node: Node, again: bool
) -> TreeNode:
    edge = graph.edges[source, node]
    via = reasons_in_words(edge["reasons"])
    by_value, versioned = bool(edge["by_value"]), bool(edge["versioned"])
    if node.kind == "symbol":
        text = readable(model.symbols[node.number].name)
        return TreeNode(depth, via, text, "symbol", None, by_value, versioned, again)
    shown = model.types[node.number]
    text = type_text(model.types, node.number)
    size = getattr(shown, "size", None)
    return TreeNode(depth, via, text, kind_of(shown), size, by_value, versioned, again)


def reasons_in_words(reasons: tuple[tuple[str, str], ...]) -> str:
    """All the ways in which one type mentions another: ``fields x, z``, ``parameter b``."""
    labels: dict[str, list[str]] = {}
    for reason, label in reasons:
        labels.setdefault(reason, []).extend([member_name(label)] if label else [])
    words = []
    for reason, names in labels.items():
        noun = f"{reason}s" if len(names) > 1 else reason
        words.append(f"{noun} {', '.join(names)}".rstrip())
    return "; ".join(words)


def kind_of(node: Type) -> str:
    """What a type is, in one word."""
    if isinstance(node, Composite):
        return "enum" if variant_part_of(node) else node.kind
    if isinstance(node, Enumeration):
        return "enum"
    if isinstance(node, Base):
        return "primitive"
    return getattr(node, "kind", type(node).__name__.lower())
