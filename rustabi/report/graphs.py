"""The type dependency graph for other tools: JSON, DOT of Graphviz, GraphML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal
from xml.sax.saxutils import escape

from rustabi.describe import type_text
from rustabi.graph import Graph, Node, build
from rustabi.model import Model
from rustabi.report.facts import BuildFacts, build_facts, readable
from rustabi.report.page import clean
from rustabi.report.why import kind_of, reasons_in_words


@dataclass(frozen=True, slots=True)
class NodeReport:
    """A symbol or type."""

    id: str
    """`s` and a number for symbols, `t` and a number for types."""
    kind: str
    """`symbol`, or what the type is: `struct`, `enum`, `pointer`, ..."""
    name: str
    """Readable; of a type without a name what it is made of."""
    symbol: str | None
    """The linker's name; null for types."""
    size: int | None
    """Bytes; null for symbols and where DWARF states none."""


@dataclass(frozen=True, slots=True)
class ReasonReport:
    """One way in which a node mentions another."""

    reason: str
    """`field`, `variant`, `pointee`, `parameter`, `return`, `element`, `target`, `underlying`,
    `vtable`, `alias`."""
    label: str
    """Which member, variant or parameter; empty where there is one only."""


@dataclass(frozen=True, slots=True)
class EdgeReport:
    """That one node mentions another."""

    source: str
    """The node that mentions."""
    target: str
    """The node that is mentioned."""
    reasons: tuple[ReasonReport, ...]
    """All the ways in which it does."""
    versioned: bool
    """The kernel's symbol version follows the edge."""
    by_value: bool
    """The target's size and alignment bear on the source's layout."""


@dataclass(frozen=True, slots=True)
class GraphReport:
    """What `rustabi graph --format json` prints."""

    report: Literal["graph"]
    """Tells this report from others."""
    build: BuildFacts
    """What was read."""
    nodes: tuple[NodeReport, ...]
    """Symbols, then types."""
    edges: tuple[EdgeReport, ...]
    """Sorted by source and target."""


def graph_report(model: Model, target: str, symbols: Iterable[int] | None = None) -> GraphReport:
    """The graph of a model.

    Args:
        model: The model.
        target: What was read, as the user named it.
        symbols: Indexes of symbols: only what they reach; None for everything.
    """
    graph = build(model)
    nodes = sorted(graph.nodes) if symbols is None else _reached(graph, symbols)
    kept = set(nodes)
    edges = sorted((a, b) for a, b in graph.edges(nodes) if b in kept)
    return GraphReport(
        "graph",
        build_facts(model, target),
        tuple(_node(model, node) for node in nodes),
        tuple(_edge(graph, a, b) for a, b in edges),
    )


def _reached(graph: Graph, symbols: Iterable[int]) -> list[Node]:
    found = {Node("symbol", index) for index in symbols}
    pending = list(found)
    while pending:
        for node in graph.successors(pending.pop()):
            if node not in found:
                found.add(node)
                pending.append(node)
    return sorted(found)


def _id(node: Node) -> str:
    return f"{node.kind[0]}{node.number}"


def _node(model: Model, node: Node) -> NodeReport:
    if node.kind == "symbol":
        symbol = model.symbols[node.number].name
        return NodeReport(_id(node), "symbol", readable(symbol), symbol, None)
    shown = model.types[node.number]
    text = type_text(model.types, node.number)
    return NodeReport(_id(node), kind_of(shown), text, None, getattr(shown, "size", None))


def _edge(graph: Graph, source: Node, target: Node) -> EdgeReport:
    data = graph.edges[source, target]
    reasons = tuple(ReasonReport(reason, label) for reason, label in data["reasons"])
    return EdgeReport(
        _id(source), _id(target), reasons, bool(data["versioned"]), bool(data["by_value"])
    )


def dot(report: GraphReport) -> Iterator[str]:
    """The lines of a graph for Graphviz; edges that no symbol version follows are dashed."""
    yield "digraph rustabi {"
    yield "  rankdir=LR;"
    yield "  node [shape=box, fontname=monospace];"
    for node in report.nodes:
        size = "" if node.size is None else f"\\n{node.size} bytes"
        shape = ", shape=ellipse" if node.kind == "symbol" else ""
        yield f'  {node.id} [label="{_quoted(node.name)}{size}"{shape}];'
    for edge in report.edges:
        words = reasons_in_words(tuple((each.reason, each.label) for each in edge.reasons))
        style = "" if edge.versioned else ", style=dashed"
        yield f'  {edge.source} -> {edge.target} [label="{_quoted(words)}"{style}];'
    yield "}"


def _quoted(text: str) -> str:
    return clean(text).replace("\\", "\\\\").replace('"', '\\"')


_KEYS: Final = (
    ("node", "kind", "string"), ("node", "name", "string"), ("node", "symbol", "string"),
    ("node", "size", "long"), ("edge", "reasons", "string"), ("edge", "versioned", "boolean"),
    ("edge", "by_value", "boolean"),
)  # fmt: skip


def graphml(report: GraphReport) -> Iterator[str]:
    """The lines of a GraphML file."""
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
    for domain, key, kind in _KEYS:
        yield f'  <key id="{key}" for="{domain}" attr.name="{key}" attr.type="{kind}"/>'
    yield '  <graph id="rustabi" edgedefault="directed">'
    for node in report.nodes:
        values = (("kind", node.kind), ("name", node.name), ("symbol", node.symbol),
                  ("size", node.size))  # fmt: skip
        yield f'    <node id="{node.id}">{_data(values)}</node>'
    for edge in report.edges:
        words = reasons_in_words(tuple((each.reason, each.label) for each in edge.reasons))
        flags = (("versioned", edge.versioned), ("by_value", edge.by_value))
        ends = f'source="{edge.source}" target="{edge.target}"'
        yield f"    <edge {ends}>{_data((('reasons', words), *flags))}</edge>"
    yield "  </graph>"
    yield "</graphml>"


def _data(values: Iterable[tuple[str, str | int | None]]) -> str:
    texts = ((key, str(value).lower() if isinstance(value, bool) else str(value))
             for key, value in values if value is not None)  # fmt: skip
    return "".join(f'<data key="{key}">{escape(clean(text))}</data>' for key, text in texts)
