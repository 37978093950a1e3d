"""Repeated types are read once, and nothing of the result shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

import rustabi.loader.types
from rustabi.binary.elf import Elf
from rustabi.dwarf import constants as c
from rustabi.loader import Loaded, joined, load
from rustabi.merge import merge
from rustabi.model import Composite, Enumeration, Unsupported, name_of
from rustabi.snapshot import dumps
from rustabi.versions import type_maps, versions_of, with_versions
from tests.dwarf_writer import (
    Attribute,
    Unit,
    base,
    build,
    entry,
    enumeration,
    flag,
    function,
    loaded,
    member,
    number,
    pointer,
    refer,
    struct,
    union,
    unit,
)  # fmt: skip
from tests.support import OBJECTS, loaded_from

SAMPLES = sorted(path for path in OBJECTS.iterdir() if path.suffix in (".o", ".so"))[::4]


def read(monkeypatch: pytest.MonkeyPatch, *units: Unit, sharing: bool = True) -> Loaded:
    monkeypatch.setattr(rustabi.loader.types, "_MANY", 1 if sharing else 1 << 30)
    return loaded(*units)


def results(found: Loaded) -> tuple[object, ...]:
    lines = [type_map.lines() for type_map in type_maps(found)]
    return dumps(merge([with_versions(found)])), versions_of(found), lines


def distinct(found: Loaded, name: str) -> int:
    """How many types the table holds for a name, however often each stands there."""
    return len({id(node) for node in joined(found.model.types) if name_of(node) == name})


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
@pytest.mark.parametrize("all_types", [True, False])
def test_samples_give_the_same(
    path: Path, all_types: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rustabi.loader.types, "_MANY", 1 << 30)
    expected = results(loaded_from(path, all_types=all_types))
    monkeypatch.setattr(rustabi.loader.types, "_MANY", 1)
    assert results(loaded_from(path, all_types=all_types)) == expected


def list_unit(size: int = 8, *, before: int = 0) -> Unit:
    """A list that refers to itself, behind ``before`` other types that move its offsets."""
    others = [base(f"other{index}", 1) for index in range(before)]
    node = struct("demo::List", 16, [])
    link = pointer(node)
    node.children += [member("next", link, 0), member("item", base("u64", size), 8)]
    return unit(*others, node, link)


def check(monkeypatch: pytest.MonkeyPatch, *units: Unit) -> Loaded:
    """The types of ``units``, read as repeated ones, after holding them against the plain way."""
    expected = results(read(monkeypatch, *units, sharing=False))
    found = read(monkeypatch, *units)
    assert results(found) == expected
    return found


def test_a_recursive_type_of_two_units_is_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    found = check(monkeypatch, list_unit(), list_unit(before=3))
    assert sum(name_of(node) == "demo::List" for node in found.model.types) == 2
    assert distinct(found, "demo::List") == 1


def test_what_differs_far_away_stays_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    found = check(monkeypatch, list_unit(), list_unit(size=4))
    assert distinct(found, "demo::List") == 2


def test_references_into_another_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The codes of a struct in the one unit are those of a union in the other."""
    shared = struct("Shared", 8, [member("x", base("u64", 8), 0)])
    alike = union("Shared", 8, [member("x", base("u64", 8), 0)])
    use = function("use_it", [("it", pointer(shared)), ("other", pointer(alike))])
    data = build(unit(shared), unit(alike, use))
    monkeypatch.setattr(rustabi.loader.types, "_MANY", 1)
    model = load(Elf(data, "demo.o"), all_types=False).model
    kinds = [each.kind for each in model.types if isinstance(each, Composite)]
    assert sorted(kinds) == ["struct", "union"]


@pytest.mark.parametrize("all_types", [True, False])
def test_a_chain_that_goes_back_and_forth_between_units(
    all_types: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each unit is entered again and again, with types that it told before and with others."""
    chain = [struct("Link0", 8, [member("end", base("u64", 8), 0)])]
    links = []
    for index in range(1, 12):
        links.append(pointer(chain[-1]))
        chain.append(struct(f"Link{index}", 8, [member("next", links[-1], 0)]))
    use = function("use_it", [("it", pointer(chain[-1])), ("first", links[0])])
    again = function("use_again", [("it", links[4]), ("other", pointer(chain[3]))])
    data = build(unit(*chain, again), unit(*links, use))

    def found(many: int) -> tuple[object, ...]:
        monkeypatch.setattr(rustabi.loader.types, "_MANY", many)
        return results(load(Elf(data, "demo.o"), all_types=all_types))

    assert found(1) == found(1 << 30)


def test_equal_types_of_two_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (struct(f"{each}::Item", 0, []) for each in ("first", "second"))
    found = check(monkeypatch, unit(one), unit(other))
    assert distinct(found, "first::Item") == distinct(found, "second::Item") == 1


def test_the_sign_of_an_enum_is_told_by_another_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    def one(encoding: int) -> Unit:
        last = entry(c.TAG_ENUMERATOR, "Last").add(
            Attribute(c.AT_CONST_VALUE, c.FORM_BLOCK1, b"\xfe")
        )
        return unit(enumeration("demo::Kind", base("b", 1, encoding), [last]))

    found = check(monkeypatch, one(c.ATE_SIGNED), one(0x07))
    kinds = [each for each in found.model.types if isinstance(each, Enumeration)]
    values = [each.enumerators[0].value for each in kinds]
    assert [value.value for value in values if value is not None] == [-2, 254]


def test_the_same_file_number_of_two_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """DW_AT_decl_file 1 is a header in one unit, and in the other a .c file."""

    def one(file: str) -> Unit:
        node = struct("state", 8, [member("x", base("u64", 8), 0)])
        found = unit(node.add(number(c.AT_DECL_FILE, 1)))
        found.files = (file,)
        return found

    found = check(monkeypatch, one("state.h"), one("state.c"))
    states = [each for each in found.model.types if isinstance(each, Composite)]
    assert [each.private for each in states] == [False, True]


def test_declarations_stay_apart_from_definitions(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = struct("demo::List", None, []).add(flag(c.AT_DECLARATION))
    found = check(monkeypatch, list_unit(), unit(declared, pointer(declared)))
    assert distinct(found, "demo::List") == 2


def test_a_padded_code_says_nothing_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """LEB128 numbers may be longer than they need be: an entry is, not all of its code."""

    def one(*code_sizes: int) -> Unit:
        word, byte = base("u64", 8), base("u8", 1)
        members = [member(name, word, 0) for name in ("x", "y", "z")]
        links = [pointer(byte), pointer(word), pointer(byte)]
        for entries in (members, links):
            for node, size in zip(entries, code_sizes, strict=True):
                node.code_size = size
        return unit(*links, word, byte, struct("A", 8, members))

    check(monkeypatch, one(2, 1, 1), one(1, 2, 3), one(1, 1, 2))


def test_a_type_that_is_told_by_no_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another attribute refers to a type then, which is not the underlying one."""

    def one(other: str) -> Unit:
        node = enumeration("Kind", None, {"A": 1}, size=1)
        node.add(Attribute(c.AT_TYPE, c.FORM_DATA4, 7))
        return unit(node.add(refer(c.AT_CONTAINING_TYPE, struct(other, 1))))

    found = check(monkeypatch, one("First"), one("Second"))
    kinds = [each for each in found.model.types if isinstance(each, Enumeration)]
    underlying = [found.model.types[each.underlying or 0] for each in kinds]
    assert underlying == [Unsupported("form", c.FORM_DATA4)] * 2


def test_of_an_attribute_that_is_there_twice_the_first_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def one(first: int) -> Unit:
        node = struct("state", 8, [member("x", base("u64", 8), 0)])
        node.add(number(c.AT_DECL_FILE, first, c.FORM_IMPLICIT_CONST), number(c.AT_DECL_FILE, 1))
        found = unit(node)
        found.files = ("state.h", "state.c")
        return found

    found = check(monkeypatch, one(2), one(1))
    states = [each for each in found.model.types if isinstance(each, Composite)]
    assert [each.private for each in states] == [True, False]
