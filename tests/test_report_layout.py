"""Memory layouts as reports."""

from __future__ import annotations

import pytest

from rustabi.errors import UsageError
from rustabi.report.layouts import LayoutReport, Selection, TypeReport, layout_report
from rustabi.report.page import plain
from rustabi.report.text_layout import layout_page
from tests.support import OBJECTS, model_of


def report(
    sample: str, type_glob: str | None = None, *, permuted: bool = False, holes: bool = False
) -> LayoutReport:
    selection = Selection(type_glob, permuted=permuted, holes=holes)
    return layout_report(model_of(OBJECTS / f"{sample}.o"), sample, selection)


def one(sample: str, name: str) -> TypeReport:
    (found,) = report(sample, name).types
    return found


def text(sample: str, type_glob: str) -> str:
    return plain(layout_page(report(sample, type_glob)))


def test_members_stand_in_memory_order_and_know_their_source() -> None:
    plain_struct = one("constructs", "constructs::structs::Plain")
    assert plain_struct.permuted
    assert [item.offset for item in plain_struct.items] == sorted(
        item.offset for item in plain_struct.items
    )
    by_source = {item.source: item.name for item in plain_struct.items if item.source}
    assert tuple(by_source[place] for place in sorted(by_source)) == plain_struct.source_order
    assert sorted(plain_struct.memory_order) == sorted(plain_struct.source_order)
    assert plain_struct.memory_order != plain_struct.source_order


def test_savings_are_told() -> None:
    plain_struct = one("constructs", "constructs::structs::Plain")
    assert plain_struct.c_size is not None
    assert plain_struct.saved == plain_struct.c_size - plain_struct.size == 8
    page = text("constructs", "constructs::structs::Plain")
    assert "  C layout would take 24 bytes: 8 saved\n" in page


def test_the_page_of_a_struct() -> None:
    assert text("repr_changed-old", "Frame").splitlines() == [
        "struct repr_changed::Frame  size 12, align 4",
        "  offset  size  source  member",
        "       0     1       1  kind: u8",
        "       1     3          (hole)",
        "       4     4       2  length: u32",
        "       8     1       3  flags: u8",
        "       9     3          (tail padding)",
        "  3 bytes in holes, 3 bytes of tail padding",
        "",
        "1 of 2 types, 0 permuted",
    ]


def test_the_page_of_a_permuted_struct_names_both_orders() -> None:
    page = text("repr_changed-new", "Frame")
    expected = "  permuted: source order kind length flags → memory order length kind flags\n"
    assert expected in page
    assert "C layout would take 12 bytes: 4 saved" in page


def test_enums_tell_how_variants_are_told_apart() -> None:
    niche = one("niche_changed_compiler-new", "core::option::Option<char>")
    assert (niche.kind, niche.encoding, niche.dataful) == ("enum", "niche", "Some")
    assert {each.name: each.value for each in niche.variants} == {"None": 0xFFFFFFFF, "Some": None}
    page = text("niche_changed_compiler-new", "core::option::Option<char>")
    assert "niche: told apart by values of u32 at 0 that Some never has there" in page
    assert "  variant None = 0xffffffff\n" in page
    assert "  variant Some (any other value)\n" in page


def test_enums_without_data_list_their_values() -> None:
    page = text("enumerator_added-new", "Level")
    assert "  tag: u8 at 0, 253 values unused\n" in page
    assert "    Critical  = 3\n" in page


def test_numbers_that_no_double_holds_are_text() -> None:
    last = one("enumerator_value_128-new", "Wide").enumerators[-1]
    assert last.value == str(1 << 100)
    assert f"= {1 << 100:#x}\n" in text("enumerator_value_128-new", "Wide")


def test_states_of_coroutines_have_names() -> None:
    states = one("constructs", "constructs::closures::count::{async_fn_env#0}").variants
    assert [each.name for each in states][:3] == ["Unresumed", "Returned", "Panicked"]


def test_bit_fields() -> None:
    page = text("c_types-old", "flags")
    assert "     0:1  3 bits       2  mode: u32\n" in page
    assert "(bit hole)" in page


def test_a_type_is_named_whole_by_last_part_or_by_glob() -> None:
    for wanted in ("repr_changed::Frame", "Frame", "*Frame", "repr_*::Fr?me"):
        assert [each.name for each in report("repr_changed-new", wanted).types] == [
            "repr_changed::Frame"
        ]


def test_selections() -> None:
    every = report("constructs")
    assert len(every.types) == every.of
    permuted = report("constructs", permuted=True).types
    assert permuted
    assert all(each.permuted for each in permuted)
    holes = report("constructs", holes=True).types
    assert 0 < len(holes) < every.of
    by_crate = layout_report(
        model_of(OBJECTS / "constructs.o"), "", Selection(crate_glob="constr*")
    )
    assert {each.crate for each in by_crate.types} == {"constructs"}


def test_types_that_are_parts_of_others_are_not_listed() -> None:
    names = [each.name for each in report("constructs").types]
    assert not any(name.startswith(("&", "*", "dyn ")) for name in names)
    assert "constructs::enums::Tagged::Point" not in names


def test_what_is_not_there_is_told_with_what_is_like_it() -> None:
    with pytest.raises(UsageError) as raised:
        report("repr_changed-new", "Frema")
    assert "repr_changed::Frame" in (raised.value.advice or "")
    with pytest.raises(UsageError) as raised:
        layout_report(model_of(OBJECTS / "constructs.o"), "", Selection(crate_glob="none"))
    assert "constructs" in (raised.value.advice or "")


def test_nothing_permuted_is_no_error() -> None:
    assert report("repr_changed-old", "Frame", permuted=True).types == ()
