"""The dependency graph: reach, paths, and what a symbol's version covers."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from rustabi.graph import Node, build, components, dependents, paths, reached
from rustabi.loader import Loaded, Root
from rustabi.model import (
    Array,
    Base,
    Composite,
    Enumeration,
    Enumerator,
    Facts,
    Function,
    Member,
    Model,
    Modifier,
    Parameter,
    Slot,
    Symbol,
    Type,
    Variant,
    VariantPart,
    Vtable,
)
from rustabi.symtypes import reference_name
from rustabi.versions import TypeMap, with_versions
from tests.support import CORPUS, OBJECTS, model_of, needs_corpus

FACTS = Facts("x86_64", 8, True)


def loaded_of(types: list[Type], symbols: list[int]) -> Loaded:
    """A model with one function symbol per listed type, as if fresh from DWARF."""
    listed = tuple(
        Symbol(f"symbol{number}", "function", type_id) for number, type_id in enumerate(symbols)
    )
    roots = {symbol.name: Root(symbol.type, True, 0) for symbol in listed}
    model = Model(tuple(types), listed, (), (), FACTS, tuple(range(len(types))))
    return Loaded(model, roots, "file")


@st.composite
def programs(draw: st.DrawFn) -> tuple[list[Type], list[int]]:
    """Random types of distinct names that refer to each other at will, and functions over them."""
    count = draw(st.integers(2, 9))
    target = st.integers(0, count - 1)
    types: list[Type] = []
    for number in range(count):
        name = f"demo::T{number}"
        uses = draw(st.lists(st.tuples(target, st.integers(0, 3)), max_size=3))
        indirect = [count + 3 * use + form - 1 for use, form in uses if form]
        direct = [use for use, form in uses if not form]
        members = tuple(
            Member(f"m{index}", type_id, 8 * index)
            for index, type_id in enumerate(indirect + direct)
        )
        shape = draw(st.sampled_from(("struct", "union", "variants")))
        if shape == "variants":
            variants = tuple(Variant((member,)) for member in members)
            types.append(Composite("struct", name, 64, 8, (VariantPart((), None, variants),)))
        else:
            types.append(Composite(shape, name, 64, 8, members))  # type: ignore[arg-type]
    for number in range(count):
        types.append(Modifier("pointer", f"&demo::T{number}", number))
        types.append(Array(number, (4,)))
        types.append(Modifier("typedef", f"alias{number}", number))
    functions = []
    for used in draw(st.lists(st.lists(st.integers(0, len(types) - 1), max_size=3), min_size=1,
                              max_size=5)):  # fmt: skip
        functions.append(len(types))
        types.append(Function(tuple(Parameter(None, each) for each in used[1:]),
                              used[0] if used else None))  # fmt: skip
    return types, functions


@settings(max_examples=300, deadline=None)
@given(programs(), st.data())
def test_a_change_changes_exactly_the_versions_of_symbols_that_reach_it(
    program: tuple[list[Type], list[int]], data: st.DataObject
) -> None:
    types, symbols = program
    named = [index for index, node in enumerate(types) if isinstance(node, Composite)]
    changed = data.draw(st.sampled_from(named))
    loaded = loaded_of(types, symbols)
    after = list(types)
    node = types[changed]
    assert isinstance(node, Composite)
    after[changed] = node._replace(size=72)
    old = with_versions(loaded).symbols
    new = with_versions(loaded_of(after, symbols)).symbols
    graph = build(loaded.model)
    for index, (before, now) in enumerate(zip(old, new, strict=True)):
        assert (before.version != now.version) == (changed in reached(graph, index))


def covered(types: Sequence[Type], symbol: Symbol) -> set[str]:
    """The named types that a symbol's version is computed from, without networkx."""
    root = Root(symbol.type, symbol.kind == "function", 0)
    return set(TypeMap(types, range(len(types)), {symbol.name: root}).strings)


def named(types: Sequence[Type], numbers: set[int]) -> set[str]:
    return {name for number in numbers if (name := reference_name(types[number])) is not None}


@settings(max_examples=200, deadline=None)
@given(programs())
def test_reach_without_networkx_is_the_reach_of_the_graph(
    program: tuple[list[Type], list[int]],
) -> None:
    types, symbols = program
    model = loaded_of(types, symbols).model
    graph = build(model)
    for index, symbol in enumerate(model.symbols):
        assert covered(model.types, symbol) == named(model.types, reached(graph, index))


@needs_corpus
def test_reach_without_networkx_on_a_kernel() -> None:
    model = model_of(CORPUS / "base/rust/core.o")
    graph = build(model)
    for index, symbol in enumerate(model.symbols):
        if symbol.type is not None and symbol.borrowed is None:
            assert covered(model.types, symbol) == named(model.types, reached(graph, index))


@settings(max_examples=100, deadline=None)
@given(programs(), st.data())
def test_dependents_are_the_symbols_that_reach_a_type_by_shortest_paths(
    program: tuple[list[Type], list[int]], data: st.DataObject
) -> None:
    types, symbols = program
    model = loaded_of(types, symbols).model
    graph = build(model)
    target = data.draw(st.integers(0, len(types) - 1))
    found = dependents(graph, target)
    for index in range(len(symbols)):
        start, end = Node("symbol", index), Node("type", target)
        if nx.has_path(graph, start, end):
            assert len(found.paths[index]) == nx.shortest_path_length(graph, start, end)
            assert found.paths[index][-1].node == end
        else:
            assert index not in found.paths
    assert found.by_value <= found.paths.keys()


def example() -> Model:
    """``fn use_bar(b: &Bar) -> Bar`` with ``struct Bar { next: Option<&Bar>, level: Level }``."""
    types: tuple[Type, ...] = (
        Function((Parameter("b", 1),), 2),
        Modifier("pointer", "&demo::Bar", 2),
        Composite("struct", "demo::Bar", 16, 8, (Member("next", 1, 0), Member("level", 3, 8))),
        Enumeration("demo::Level", 1, 1, (Enumerator("Low", None),), 4),
        Base("u8", 1, 7),
        Composite("struct", "dyn demo::Animal", 0, 1, ()),
        Function((Parameter("self", 1), Parameter("times", 4)), None),
    )
    vtable = Vtable("<demo::Bar as demo::Animal>", "demo::Animal", 2, (Slot("speak", 6),))
    return Model(types, (Symbol("use_bar", "function", 0),), (), (vtable,), FACTS)


def test_an_edge_carries_all_its_reasons() -> None:
    graph = build(example())
    edge = graph.edges[Node("symbol", 0), Node("type", 1)]
    assert edge["reasons"] == (("parameter", "b"),)
    inner = graph.edges[Node("type", 2), Node("type", 1)]
    assert inner["reasons"] == (("field", "next"),)
    assert graph.edges[Node("type", 1), Node("type", 2)]["by_value"] is False
    twice = example()
    both = twice.types[2]
    assert isinstance(both, Composite)
    more = both._replace(parts=(*both.parts, Member("previous", 1, 16)))
    graph = build(twice._replace(types=(*twice.types[:2], more, *twice.types[3:])))
    reasons = graph.edges[Node("type", 2), Node("type", 1)]["reasons"]
    assert reasons == (("field", "next"), ("field", "previous"))


def test_edges_that_do_not_enter_the_version_are_marked() -> None:
    graph = build(example())
    assert graph.edges[Node("type", 3), Node("type", 4)]["versioned"] is False
    vtable = graph.edges[Node("type", 5), Node("type", 4)]
    assert vtable["versioned"] is False
    assert vtable["reasons"] == (("vtable", "slot 0 times"),)
    assert Node("type", 1) not in graph.successors(Node("type", 5)), "self is nobody's business"
    assert reached(graph, 0) == {1, 2, 3}
    assert reached(graph, 0, versioned=False) == {1, 2, 3, 4}


def test_paths_come_shortest_first() -> None:
    found = paths(build(example()), 0, 2, 10)
    assert [[step.reason for step in path] for path in found] == [
        ["return"],
        ["parameter", "pointee"],
    ]


def test_a_folded_symbol_reaches_what_its_lender_reaches() -> None:
    model = example()
    folded = Symbol("other", None, None, borrowed="use_bar")
    graph = build(model._replace(symbols=(*model.symbols, folded)))
    assert reached(graph, 1) == reached(graph, 0)


def test_recursive_types_form_a_component() -> None:
    assert components(build(example())) == [{1, 2}]


def test_a_real_object_has_vtable_edges() -> None:
    model = model_of(OBJECTS / "constructs.o")
    graph = build(model)
    reasons = {reason for _, _, data in graph.edges(data=True) for reason, _ in data["reasons"]}
    assert reasons >= {"field", "pointee", "parameter", "return", "variant", "element", "vtable"}
