"""Entries are passed over where DW_AT_sibling leads, and nothing that counts is lost by it."""

from __future__ import annotations

import pytest

from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries
from rustabi.dwarf.unit import Info
from tests.dwarf_writer import (
    LANG_C11,
    Attribute,
    Node,
    Unit,
    base,
    debug_sections,
    entry,
    function,
    number,
    refer,
    struct,
    unit,
    variable,
)  # fmt: skip

LANG_C_PLUS_PLUS = 0x04


def read(found: Unit, *, whole: bool) -> Entries:
    return Entries(Info(debug_sections(found)), whole=whole)


def places(entries: Entries) -> dict[str, int]:
    walked = entries.walk(entries.units[0])
    return {str(each.attributes.get(c.AT_NAME)): each.offset for each in walked}


def program(language: int = LANG_C11, sibling: int | None = None) -> Unit:
    """``run`` holds ``Outer``, which holds ``Inner``; ``last`` stands behind it."""
    last = variable("last", None)
    run = function("run", [("count", base("int", 4))])
    run.children += [struct("Outer", 4, [struct("Inner", 4, [])]), variable("local", None)]
    run.add(refer(c.AT_SIBLING, last) if sibling is None else at(sibling))
    return unit(run, last, language=language)


def at(place: int) -> Attribute:
    return number(c.AT_SIBLING, place, c.FORM_REF4)


@pytest.mark.parametrize("language", [LANG_C11, LANG_C_PLUS_PLUS])
def test_what_is_within_functions_is_left_out_and_found_when_asked_for(language: int) -> None:
    entries = read(program(language), whole=False)
    where, only = places(entries), entries.units[0]
    found = entries.outline(only)
    assert not found.complete
    assert where["Inner"] not in found.types
    assert list(found.routines) == [where["run"], where["last"]]
    assert entries.scope(where["Inner"], only) == where["Outer"]
    assert entries.outline(only) == read(program(language), whole=True).outline(only)


def test_methods_count_in_all_languages_that_have_them() -> None:
    last = variable("last", None)
    node = struct("Frame", 4, [function("method")]).add(refer(c.AT_SIBLING, last))
    entries = read(unit(node, last, language=LANG_C_PLUS_PLUS), whole=False)
    where = places(entries)
    assert list(entries.outline(entries.units[0]).routines) == [where["method"], where["last"]]


@pytest.mark.parametrize("place", [0, 1, 0x7FFFFFFF])
def test_a_sibling_before_the_entry_or_beyond_the_unit_is_not_believed(place: int) -> None:
    """It would lead in a circle, or out of the unit."""
    entries = read(program(sibling=place), whole=False)
    where, only = places(entries), entries.units[0]
    assert list(entries.outline(only).routines) == [where["run"], where["last"]]
    root = next(iter(entries.walk(only)))
    names = [each.attributes.get(c.AT_NAME) for each in entries.children(root)]
    assert names[:2] == ["run", "last"]


@pytest.mark.parametrize("ignored", [frozenset(), frozenset({c.TAG_LEXICAL_BLOCK})])
def test_children_are_found_behind_those_that_have_children(ignored: frozenset[int]) -> None:
    last = entry(c.TAG_UNSPECIFIED_PARAMETERS)
    block = Node(c.TAG_LEXICAL_BLOCK, [refer(c.AT_SIBLING, last)], [variable("local", None)])
    run = function("run", [("count", None)])
    run.children += [block, last]
    entries = read(unit(run, language=LANG_C11), whole=True)
    found = entries.children(entries.entry(places(entries)["run"]), ignored)
    tags = [c.TAG_FORMAL_PARAMETER, c.TAG_LEXICAL_BLOCK, c.TAG_UNSPECIFIED_PARAMETERS]
    assert [each.tag for each in found] == [tag for tag in tags if tag not in ignored]
