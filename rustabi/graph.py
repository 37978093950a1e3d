"""The type dependency graph: what each exported symbol's ABI consists of.

The only door to networkx, which takes long to import: each function does so by itself. Nodes are
`Node` values; an edge from A to B says that A mentions B. Its data:

==============  =====================================================================
``reasons``     sorted tuple of (reason, label): all the ways in which A mentions B
``versioned``   whether gendwarfksyms follows the edge, so that B enters A's version
``by_value``    whether B's size and alignment bear on A's layout
==============  =====================================================================
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from rustabi.model import Composite, Function, Model, Symbol, Type, TypeId
from rustabi.nature import is_object
from rustabi.references import Reason, erased_arguments, method_references, references
from rustabi.traits import trait_objects

if TYPE_CHECKING:
    import networkx as nx

Graph: TypeAlias = "nx.DiGraph[Node]"


class Node(NamedTuple):
    """A node: the symbol or type of that index in the model."""

    kind: Literal["symbol", "type"]
    number: int


class Step(NamedTuple):
    """One edge of a path.

    Attributes:
        reason, label: Why the node before mentions `node`.
    """

    reason: str
    label: str
    node: Node


class _Edge(NamedTuple):
    """One way in which a node mentions another."""

    source: Node
    target: Node
    reason: tuple[Reason | str, str]
    versioned: bool
    by_value: bool


def build(model: Model) -> Graph:
    """The graph of a model."""
    types = (Node("type", index) for index in range(len(model.types)))
    symbols = (Node("symbol", index) for index in range(len(model.symbols)))
    return _graph([*types, *symbols], _edges(model))


def build_towards(model: Model, type_ids: Iterable[TypeId]) -> Graph | None:
    """The part of the graph that reaches one of some types: enough for their `dependents`.

    None where no symbol reaches any of them: nothing depends on them, and there is no graph to ask.
    """
    edges = list(_edges(model)) if model.symbols else []
    sources: defaultdict[Node, list[Node]] = defaultdict(list)
    for edge in edges:
        sources[edge.target].append(edge.source)
    found = {Node("type", each) for each in type_ids}
    pending = list(found)
    while pending:
        fresh = set(sources[pending.pop()]) - found
        found |= fresh
        pending += fresh
    if all(node.kind == "type" for node in found):
        return None
    return _graph(sorted(found), (edge for edge in edges if edge.target in found))


def _graph(nodes: Iterable[Node], edges: Iterable[_Edge]) -> Graph:
    import networkx as nx

    graph: Graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    for source, target, reason, versioned, by_value in edges:
        data = graph.get_edge_data(source, target)
        if data is None:
            graph.add_edge(
                source, target, reasons=(reason,), versioned=versioned, by_value=by_value
            )
        else:  # one more reason
            data["reasons"] = tuple(sorted({*data["reasons"], reason}))
            data["versioned"] |= versioned
            data["by_value"] |= by_value
    return graph


def _edges(model: Model) -> Iterator[_Edge]:
    for index, node in enumerate(model.types):
        source = Node("type", index)
        for each in references(node):
            target = Node("type", each.target)
            yield _Edge(source, target, each[:2], each.versioned, each.by_value)
    for index, erased in erased_arguments(model.types).items():
        for each in erased:
            yield _Edge(Node("type", index), Node("type", each.target), each[:2], False, False)
    yield from _of_vtables(model)
    yield from _of_symbols(model)


def _of_symbols(model: Model) -> Iterator[_Edge]:
    names = {symbol.name: index for index, symbol in enumerate(model.symbols)}
    for index, symbol in enumerate(model.symbols):
        node = Node("symbol", index)
        lender = names.get(symbol.borrowed) if symbol.borrowed is not None else None
        if lender is not None:
            yield _Edge(node, Node("symbol", lender), ("alias", ""), True, True)
        for reason, label, target, by_value in symbol_references(model.types, symbol):
            yield _Edge(node, Node("type", target), (reason, label), lender is None, by_value)


def symbol_references(
    types: Sequence[Type], symbol: Symbol
) -> Iterator[tuple[Reason, str, TypeId, bool]]:
    """(reason, label, type, by value) for each type that a symbol's declaration mentions."""
    if symbol.type is None:
        return
    node = types[symbol.type]
    if symbol.kind == "function" and isinstance(node, Function):
        for reference in references(node):
            yield reference.reason, reference.label, reference.target, reference.by_value
    else:
        yield "target", "", symbol.type, True


def _of_vtables(model: Model) -> Iterator[_Edge]:
    """Edges from each trait object type to what the methods in the vtables for it take and return.

    Not to the types behind ``self``: callers of a trait object do not know them.
    """
    objects = trait_objects(model)
    for index, node in enumerate(model.types):
        if not (isinstance(node, Composite) and is_object(node.name)):
            continue
        for vtable in objects.vtables(node.name) if objects.is_certain(node.name) else ():
            for number, slot in enumerate(vtable.slots):
                for each in method_references(model.types, slot):
                    reason = ("vtable", f"slot {number} {each.label or each.reason}")
                    target = Node("type", each.target)
                    yield _Edge(Node("type", index), target, reason, False, False)


def reached(graph: Graph, symbol: int, *, versioned: bool = True) -> set[TypeId]:
    """Types that a symbol's ABI consists of.

    Args:
        graph: As `build` made it.
        symbol: Index of the symbol in the model.
        versioned: Only over edges that enter the symbol version: what the version covers.
    """
    import networkx as nx

    view: Graph = graph
    if versioned:
        view = nx.subgraph_view(
            graph, filter_edge=lambda a, b: bool(graph.edges[a, b]["versioned"])
        )
    found = nx.descendants(view, Node("symbol", symbol))
    return {node.number for node in found if node.kind == "type"}


class Dependents(NamedTuple):
    """The symbols that reach a type.

    Attributes:
        paths: Symbol index -> a shortest path: the steps from the symbol to the type.
        by_value: Symbols that reach it without passing a pointer.
    """

    paths: dict[int, tuple[Step, ...]]
    by_value: frozenset[int]


def dependents(graph: Graph, type_id: TypeId) -> Dependents:
    """The symbols that reach a type, each with one shortest path; ties go to the lowest index."""
    import networkx as nx

    target = Node("type", type_id)
    following = _towards(graph, target)
    paths = {
        node.number: _steps(graph, node, following) for node in following if node.kind == "symbol"
    }
    by_value = nx.subgraph_view(graph, filter_edge=lambda a, b: bool(graph.edges[a, b]["by_value"]))
    near = frozenset(
        node.number for node in nx.ancestors(by_value, target) if node.kind == "symbol"
    )
    return Dependents(paths, near)


def _towards(graph: Graph, target: Node) -> dict[Node, Node]:
    """Each node that reaches ``target`` -> the next node on a shortest way there."""
    following: dict[Node, Node] = {}
    front = [target]
    seen = {target}
    while front:
        coming: list[Node] = []
        for node in front:
            for source in sorted(graph.predecessors(node)):
                if source not in seen:
                    seen.add(source)
                    following[source] = node
                    coming.append(source)
        front = coming
    return following


def _steps(graph: Graph, start: Node, following: dict[Node, Node]) -> tuple[Step, ...]:
    steps = []
    node = start
    while node in following:
        node, before = following[node], node
        reason, label = graph.edges[before, node]["reasons"][0]
        steps.append(Step(reason, label, node))
    return tuple(steps)


def paths(graph: Graph, symbol: int, type_id: TypeId, limit: int) -> list[tuple[Step, ...]]:
    """Paths from a symbol to a type, shortest first, at most ``limit``."""
    import networkx as nx

    start, target = Node("symbol", symbol), Node("type", type_id)
    if not nx.has_path(graph, start, target):
        return []
    found = []
    for nodes in nx.shortest_simple_paths(graph, start, target):
        following = dict(pairwise(nodes))
        found.append(_steps(graph, start, following))
        if len(found) == limit:
            break
    return found


def components(graph: Graph) -> list[set[TypeId]]:
    """Groups of mutually recursive types, largest first."""
    import networkx as nx

    groups = [
        {node.number for node in group if node.kind == "type"}
        for group in nx.strongly_connected_components(graph)
        if len(group) > 1
    ]
    return sorted(groups, key=lambda group: (-len(group), min(group)))
