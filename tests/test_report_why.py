"""Trees, paths and graphs as reports."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from rustabi import graph
from rustabi.errors import UsageError
from rustabi.model import Base, Facts, Function, Member, Model, Modifier, Parameter, Symbol, Type
from rustabi.model import Composite as Struct
from rustabi.report.facts import compiler, plural, short
from rustabi.report.graphs import GraphReport, dot, graph_report, graphml
from rustabi.report.jsontext import json_text
from rustabi.report.page import plain
from rustabi.report.paths import is_label, member_name, member_path, path_in_words
from rustabi.report.text import why_page
from rustabi.report.why import WhyReport, reasons_in_words, why_report
from tests.support import OBJECTS, model_of

TYPES: tuple[Type, ...] = (
    Base("u8", 1, 7),
    Struct("struct", "demo::Node", 16, 8, (Member("next", 2, 0), Member("a", 0, 8),
                                           Member("b", 0, 9))),
    Modifier("pointer", "*const demo::Node", 1),
    Function((Parameter("first", 2), Parameter(None, 0)), 0),
    Base("u32", 4, 7),
)  # fmt: skip
MODEL = Model(
    TYPES, (Symbol("walk", "function", 3, version=0x1234),), (), (), Facts("x86_64", 8, True)
)


def why(symbol: str, wanted: str | None = None, model: Model = MODEL) -> WhyReport:
    return why_report(model, "x.o", symbol, wanted)


def test_a_tree_tells_each_type_once() -> None:
    assert plain(why_page(why("walk"))).splitlines() == [
        "walk  version 0x00001234, 3 types",
        "  parameter first: *const demo::Node",
        "    pointee: demo::Node  16 bytes",
        "      field next: *const demo::Node  ↑ shown above",
        "      fields a, b: u8  1 byte",
        "  parameter 1; return: u8  1 byte",
    ]


def test_the_tree_holds_exactly_what_the_graph_reaches() -> None:
    model = model_of(OBJECTS / "constructs.o")
    built = graph.build(model)
    for index, symbol in enumerate(model.symbols):
        tree = why(symbol.name, model=model).tree
        reached = graph.reached(built, index, versioned=False)
        shown = [node for node in tree if node.kind != "symbol" and not node.shown_above]
        assert len({node.type for node in shown}) <= len(reached) <= len(shown)


def test_paths_come_shortest_first() -> None:
    report = why("walk", "u8")
    assert report.type == "u8"
    assert report.paths[0] == ("walk", "parameter 1", "u8")
    assert report.paths[1][-2:] == ("demo::Node.a", "u8")
    assert "  parameter 1 → u8\n" in plain(why_page(report))


def test_no_path_is_an_answer() -> None:
    report = why("walk", "u32")
    assert report.paths == ()
    assert plain(why_page(report)) == "walk does not depend on u32\n"


def test_unknown_names_are_errors() -> None:
    with pytest.raises(UsageError):
        why("run")
    with pytest.raises(UsageError):
        why("walk", "Nod")


def test_several_reasons_are_told_together() -> None:
    assert reasons_in_words((("field", "__0"), ("field", "b"), ("pointee", ""))) == (
        "fields 0, b; pointee"
    )


def test_a_folded_symbol_leads_through_the_other() -> None:
    model = model_of(OBJECTS / "folded_function-new.o")
    page = plain(why_page(why("right_value", model=model)))
    assert "alias: left_value" in page
    built = graph.build(model)
    index = next(i for i, each in enumerate(model.symbols) if each.name == "right_value")
    type_id = min(graph.reached(built, index))
    (steps, *_) = graph.paths(built, index, type_id, 1)
    assert path_in_words(model, "right_value", steps)[:2] == (
        "right_value",
        "folded into left_value",
    )


# graphs


def whole() -> GraphReport:
    return graph_report(MODEL, "x.o")


def test_the_graph_has_all_types_or_those_that_a_symbol_reaches() -> None:
    assert len(whole().nodes) == 6
    reached = graph_report(MODEL, "x.o", [0])
    assert {node.name for node in reached.nodes} == {
        "walk", "u8", "demo::Node", "*const demo::Node",
    }  # fmt: skip
    ends = {edge.source for edge in reached.edges} | {edge.target for edge in reached.edges}
    assert ends == {node.id for node in reached.nodes}


def test_edges_say_why() -> None:
    edge = next(each for each in whole().edges if (each.source, each.target) == ("t1", "t0"))
    assert [(each.reason, each.label) for each in edge.reasons] == [("field", "a"), ("field", "b")]
    assert edge.versioned
    assert edge.by_value


def test_dot() -> None:
    text = "\n".join(dot(whole()))
    assert text.startswith("digraph rustabi {")
    assert '  t1 [label="demo::Node\\n16 bytes"];' in text
    assert '  t1 -> t0 [label="fields a, b"];' in text
    assert text.count("{") == text.count("}")


def test_dot_quotes_what_names_hold() -> None:
    types = (Base('a"b\\c\n', 1, 7),)
    model = Model(types, (Symbol("s", "variable", 0),), (), (), MODEL.facts)
    assert '"a\\"b\\\\c\\\\n\\n1 bytes"' in "\n".join(dot(graph_report(model, "x.o")))


def test_graphml_is_well_formed_and_complete() -> None:
    model = model_of(OBJECTS / "constructs.o")
    report = graph_report(model, "x.o")
    root = ElementTree.fromstring("\n".join(graphml(report)))
    space = "{http://graphml.graphdrawing.org/xmlns}"
    assert len(root.findall(f".//{space}node")) == len(report.nodes)
    assert len(root.findall(f".//{space}edge")) == len(report.edges)


def test_the_same_graph_is_written_alike() -> None:
    assert json_text(whole()) == json_text(whole())


# words


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("demo::Bar", "Bar"),
        ("&mut demo::sub::Bar", "&mut Bar"),
        ("alloc::vec::Vec<alloc::string::String>", "Vec<String>"),
        ("demo::Event::Click.x", "Event::Click.x"),
        ("<a::B as c::D>::m", "<B as D>::m"),
        ("demo::f::{closure_env#0}<a::T>", "f::{closure_env#0}<T>"),
        ("kernel::{impl#3}::X", "X"),
        ("[demo::A; 4]", "[A; 4]"),
        ("fn(&a::C) -> core::result::Result<(), u8>", "fn(&C) -> Result<(), u8>"),
        ("u32", "u32"),
    ],
)
def test_short_names(name: str, expected: str) -> None:
    assert short(name) == expected


def test_members_as_source_writes_them() -> None:
    assert [member_name(each) for each in ("__0", "__12", "x", "__x", "")] == [
        "0", "12", "x", "__x", "<anonymous>",
    ]  # fmt: skip
    assert member_path("Some.__0") == "Some.0"
    assert member_path("") == ""
    assert is_label("parameter b")
    assert not is_label("demo::parameter")


def test_anonymous_members_are_passed_over_as_in_source() -> None:
    types: tuple[Type, ...] = (
        Base("int", 4, 5),
        Struct("union", "", 4, 4, (Member("pp", 0, 0),)),
        Struct("struct", "page", 8, 4, (Member(None, 1, 4), Member("named", 1, 0))),
        Function((Parameter("p", 2),), None),
    )
    model = Model(types, (Symbol("f", "function", 3),), (), (), MODEL.facts)
    built = graph.build(model)

    def path(type_id: int) -> tuple[str, ...]:
        (steps, *_) = graph.paths(built, 0, type_id, 1)
        return path_in_words(model, "f", steps)

    assert path(0) == ("f", "parameter p", "page.pp", "int")
    assert path(1) == ("f", "parameter p", "page", "<anonymous union>")


def test_little_words() -> None:
    assert (plural(1, "byte"), plural(2, "byte")) == ("1 byte", "2 bytes")
    assert compiler("clang LLVM (rustc version 1.95.0 (59807616e 2026-04-14))") == (
        "rustc 1.95.0 (59807616e 2026-04-14)"
    )
    assert compiler("GNU C11 14.2.0") == "GNU C11 14.2.0"


def test_bytes_that_are_no_text_survive_in_json() -> None:
    types = (Base("a\udc80", 1, 7),)
    model = Model(types, (Symbol("s", "variable", 0),), (), (), MODEL.facts)
    text = json_text(graph_report(model, "x.o"))
    assert text.encode("utf-8")
    assert json.loads(text)["nodes"][1]["name"] == "a\udc80"
