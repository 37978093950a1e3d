"""Comparisons as reports: values, words and pages."""

from __future__ import annotations

import re
from functools import cache

import pytest

from rustabi.cli import main
from rustabi.diff import Comparison, compare
from rustabi.model import (
    Base,
    Composite,
    Facts,
    Function,
    Member,
    Model,
    Modifier,
    Parameter,
    Symbol,
    Type,
)
from rustabi.report.differences import (
    DiffReport,
    FindingReport,
    diff_report,
    missing_symbols,
    verdict_in_words,
)
from rustabi.report.page import plain
from rustabi.report.sidebyside import LayoutChange
from rustabi.report.text_diff import diff_page
from tests.support import OBJECTS, model_of

PAIRS = sorted(path.name.removesuffix("-old.o") for path in OBJECTS.glob("*-old.o"))


@cache
def comparison(sample: str) -> Comparison:
    return compare(model_of(OBJECTS / f"{sample}-old.o"), model_of(OBJECTS / f"{sample}-new.o"))


def report(sample: str, *, crates: str | None = None, noise: bool = False) -> DiffReport:
    return diff_report(comparison(sample), "old", "new", crates=crates, noise=noise)


def text(sample: str, *, everything: bool = False) -> str:
    return plain(diff_page(report(sample, noise=everything), everything=everything))


def finding(found: DiffReport, kind: str) -> FindingReport:
    return next(each for each in found.findings if each.kind == kind)


def layout(sample: str) -> LayoutChange:
    (change,) = report(sample).layouts
    return change


def test_paths_name_parameter_types_and_member() -> None:
    (affected,) = finding(report("member_added"), "member-added").affected
    assert affected.symbol == affected.name == "config_id"
    assert affected.path == (
        "config_id",
        "parameter config",
        "&member_added::Config",
        "member_added::Config.mode",
    )
    assert not affected.by_value


def test_paths_lead_through_variants() -> None:
    (affected,) = finding(report("change_through_enum"), "member-retyped").affected
    assert affected.path == (
        "message_size",
        "parameter message",
        "&core::result::Result<change_through_enum::Message, u8>",
        "core::result::Result<change_through_enum::Message, u8>::Ok.0",
        "change_through_enum::Message::Text.0",
        "change_through_enum::Body.checksum",
    )


def test_paths_lead_through_fat_pointers() -> None:
    first = finding(report("vtable_reordered"), "vtable-reordered").affected[1]
    assert first.path == (
        "driver_start",
        "parameter driver",
        "&dyn vtable_reordered::Driver",
        "dyn vtable_reordered::Driver",
    )


def test_variants_and_enumerators_are_told_with_two_colons() -> None:
    added = finding(report("variant_added"), "variant-added")
    assert added.affected[0].path[-1] == "variant_added::Event::Click"
    niche = finding(report("niche_changed_compiler"), "niche-changed")
    assert niche.affected[0].path[-1] == "core::option::Option<char>::None"
    assert (niche.old, niche.new) == ("0x110000", "0xffffffff")


def test_signatures_are_findings_of_symbols() -> None:
    changed = [each for each in report("signature_changed").findings if each.severity == "break"]
    assert all(each.of_symbol for each in changed)
    paths = [each.affected[0].path for each in changed]
    assert ("set_speed", "parameter speed") in paths


def test_summary_counts() -> None:
    summary = report("nested_change").summary
    assert (summary.types_changed, summary.symbols_affected) == (1, 3)
    assert (summary.breaks, summary.symbols_compared, summary.gaps) == (1, 4, 4)
    assert report("symbol_removed").summary.symbols_removed == 1


def test_compilers_are_told_shortly() -> None:
    compilers = finding(report("niche_changed_compiler"), "compiler-changed")
    assert compilers.old.startswith("rustc 1.")
    assert "clang" not in compilers.old + compilers.new


def test_noise_is_counted_and_listed_on_demand() -> None:
    quiet, loud = report("symbol_added"), report("symbol_added", noise=True)
    assert quiet.findings == ()
    assert quiet.summary.noise == len(loud.findings) == 1
    assert "1 harmless change not listed" in text("symbol_added")
    assert "not listed" not in text("symbol_added", everything=True)


def test_findings_of_other_crates_are_left_out_and_counted() -> None:
    assert report("member_added", crates="member_*").verdict == "incompatible"
    other = report("member_added", crates="core")
    assert (other.verdict, other.findings) == ("compatible", ())
    assert other.summary.other_crates == 1


def test_a_finding_concerns_the_crates_that_follow_from_it() -> None:
    of_core = report("niche_lost", crates="core")
    assert finding(of_core, "member-retyped").type == "niche_lost::Handle"
    assert not report("niche_lost", crates="alloc").findings


@pytest.mark.parametrize("sample", ["symbol_removed", "signature_changed"])
def test_symbols_of_unknown_crate_are_never_left_out(sample: str) -> None:
    assert report(sample, crates="some_crate").verdict == "incompatible"


def without_types(model: Model) -> Model:
    bare = tuple(each._replace(kind=None, type=None, unit=None) for each in model.symbols)
    return model._replace(symbols=bare, types=())


def test_lost_data_is_no_verdict() -> None:
    old = model_of(OBJECTS / "member_added-old.o")
    found = diff_report(compare(old, without_types(old)), "old", "new")
    assert found.verdict == "error"
    assert found.error is not None
    assert found.error.kind == "lost-data"
    page = plain(diff_page(found))
    assert page.startswith("NO VERDICT: NEW lacks debug info that OLD has: ")
    assert "compatible in what was checked" not in page


def test_a_break_outweighs_lost_data() -> None:
    old, new = (model_of(OBJECTS / f"nested_change-{side}.o") for side in ("old", "new"))
    first, *rest = new.symbols
    lossy = new._replace(symbols=(first._replace(kind=None, type=None, unit=None), *rest))
    found = diff_report(compare(old, lossy), "old", "new")
    assert found.verdict == "incompatible"
    assert found.error is None
    assert any(gap.side == "new" for gap in found.gaps)


def test_listed_symbols_that_are_nowhere_are_gaps() -> None:
    model = model_of(OBJECTS / "member_added-old.o")
    gaps = missing_symbols(["config_id", "no_such_symbol"], model, model)
    assert [(gap.kind, gap.subject) for gap in gaps] == [("symbol-not-found", "no_such_symbol")]


# layouts side by side


def test_a_permutation_shows_both_orders_against_the_source() -> None:
    change = layout("layout_permuted")
    assert change.permuted
    assert change.source_order == ("received", "sent", "dropped", "errors")
    assert change.old_memory_order != change.new_memory_order
    assert sorted(change.old_memory_order) == sorted(change.new_memory_order)


def test_an_added_member_takes_the_place_of_padding() -> None:
    row = layout("member_added").rows[-1]
    assert row.old is not None
    assert row.new is not None
    assert (row.offset, row.old.kind, row.new.name) == (6, "tail padding", "mode")
    assert row.note == "mode added"


def test_rows_say_where_members_went() -> None:
    notes = [row.note for row in layout("packed_changed").rows]
    assert "value was at 4" in notes
    assert "value moved to 1" in notes


def test_union_members_stand_side_by_side() -> None:
    rows = layout("union_changed").rows
    assert [row.offset for row in rows] == [0, 0, 0]
    assert [row.note for row in rows] == ["", "", "bytes added"]


def test_bit_fields_are_told_by_width() -> None:
    flags = next(each for each in report("c_types").layouts if each.type == "flags")
    changed = next(row for row in flags.rows if row.note)
    assert (changed.offset, changed.bit, changed.note) == (0, 1, "mode was 3 bits")


def test_anonymous_members_are_told_apart_by_their_place() -> None:
    def model(*members: Member) -> Model:
        types: tuple[Type, ...] = (
            Base("int", 4, 5),
            Composite("union", "", 4, 4, (Member("a", 0, 0),)),
            Composite("union", "", 4, 4, (Member("b", 0, 0),)),
            Composite("struct", "page", 16, 4, members),
            Modifier("pointer", "", 3),
            Function((Parameter("p", 4),), None),
        )
        symbol = Symbol("f", "function", 5)
        return Model(types, (symbol,), (), (), Facts("x86_64", 8, True))

    first, second = Member(None, 1, 0), Member(None, 2, 4)
    found = compare(model(first, second), model(first, second, Member("c", 0, 8)))
    (change,) = diff_report(found, "old", "new").layouts
    assert [row.note for row in change.rows if row.note] == ["c added"]


def test_the_same_layout_is_not_shown() -> None:
    assert report("niche_changed_compiler").layouts == ()
    assert report("visibility_changed").layouts == ()


# pages


def test_a_layout_and_a_diff_have_one_word_for_each_kind_of_unused_bytes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """pahole's: a hole lies between members, padding at the end."""
    old, new = (str(OBJECTS / f"repr_changed-{side}.o") for side in ("old", "new"))
    told = {}
    for path in (old, new):
        main(["layout", path, "--type", "*Frame"])
        rows = re.findall(r"^ +(\d+) +(\d+) +\((\D+)\)$", capsys.readouterr().out, re.M)
        told[path] = sorted(rows)
    # By hand: u8 u32 u8 as in C takes 12 bytes, with the u32 first 8.
    assert told[old] == [("1", "3", "hole"), ("9", "3", "tail padding")]
    assert told[new] == [("6", "2", "tail padding")]
    main(["diff", old, new])
    rows = re.findall(r"^ +(\d+) +(\d+) +\((\D+)\)$", capsys.readouterr().out, re.M)
    assert sorted(rows) == sorted(told[old] + told[new])


def test_the_page_of_an_added_member() -> None:
    lines = text("member_added").splitlines()
    assert lines[0] == "INCOMPATIBLE: 1 type changed, 1 of 2 exported symbols affected"
    assert lines[4:] == [
        "member_added::Config",
        "  member added  mode: u16 at 6",
        "    offset  size  old: 8 bytes, align 4  size  new: 8 bytes, align 4",
        "         0     4  id: u32                   4  id: u32",
        "         4     2  flags: u16                2  flags: u16",
        "         6     2  (tail padding)            2  mode: u16              ← mode added",
        "  affects 1 exported symbol, behind pointers only:",
        "    config_id → parameter config → &Config → Config.mode",
        "",
        "symbol versions",
        "                        layout same  layout changed",
        "  kernel's CRC same               1               -",
        "  kernel's CRC changed            -               1",
        "",
        "rustabi explain member-added tells what that means",
        "",
        "not checked (2 gaps)",
        '  debug info does not tell whether a Rust function is extern "C" (2):',
        "    not mangled, probably so: config_id, unrelated",
        "",
        "checked      2 of 2 exported symbols, 2 types",
        "not checked  2 gaps: 2 calling-convention-unknown",
    ]


def test_the_page_of_a_permutation_names_the_three_orders() -> None:
    page = text("layout_permuted")
    assert "layout permuted  declared as before, in another order in memory" in page
    assert "    source order     received sent dropped errors\n" in page
    assert "    old memory order " in page
    assert "    new memory order " in page


def test_consequences_are_told_with_their_cause() -> None:
    page = text("size_changed")
    assert page.count("size_changed::Table: ") == 1
    assert "    size_changed::Table: alignment 8 → 16, size 32 → 64\n" in page


def test_what_breaks_nobody_is_told_in_a_line() -> None:
    page = text("visibility_changed")
    assert page.startswith("COMPATIBLE: 2 exported symbols compared\n")
    assert "  visibility changed  visibility_changed::Account owner: private → pub\n" in page
    assert page.endswith("compatible in what was checked; 2 gaps\n")


def test_gaps_are_counted_and_listed() -> None:
    page = text("folded_function")
    assert "not checked (3 gaps)\n" in page
    assert "    right_value folded into left_value\n" in page
    assert page.endswith("compatible in what was checked; 3 gaps\n")


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("symbol_removed", "INCOMPATIBLE: 1 exported symbol removed, 1 of 3 "),
        ("signature_changed", "INCOMPATIBLE: 2 signatures changed, 2 of 3 "),
        ("static_changed", "INCOMPATIBLE: 2 statics changed, 2 of 4 "),
        ("c_types", "INCOMPATIBLE: 2 types changed, 3 of 13 "),
    ],
)
def test_the_verdict_in_words(sample: str, expected: str) -> None:
    assert verdict_in_words(report(sample)).startswith(expected)


@pytest.mark.parametrize("sample", PAIRS)
def test_every_pair_can_be_shown_and_nothing_changed_is_compatible(sample: str) -> None:
    page = text(sample, everything=True)
    assert page.splitlines()[0] == verdict_in_words(report(sample))
    assert all(each == each.rstrip() for each in page.splitlines())
    old = comparison(sample).old
    same = diff_report(compare(old, old), "old", "old", noise=True)
    assert (same.verdict, same.findings, same.layouts) == ("compatible", (), ())


def test_long_lists_are_cut_unless_asked_for() -> None:
    found = comparison("member_added")
    (first,) = (each for each in found.findings if each.affected)
    many = tuple(first.affected[0]._replace(symbol=f"symbol_{n:03}") for n in range(50))
    longer = found._replace(findings=(first._replace(affected=many),))
    whole = diff_report(longer, "old", "new")
    assert "… and 30 more (--all lists them)" in plain(diff_page(whole))
    assert "symbol_049" in plain(diff_page(whole, everything=True))
