"""What is in a binary, crate by crate."""

from __future__ import annotations

import pytest

from rustabi.errors import UsageError
from rustabi.report.explain import explain_report
from rustabi.report.page import plain
from rustabi.report.summary import CrateReport, SummaryReport, TargetReport, target_report
from rustabi.report.text import explain_page
from rustabi.report.text_summary import report_page
from tests.support import OBJECTS, model_of


def target(sample: str) -> TargetReport:
    return target_report(model_of(OBJECTS / f"{sample}.o"), f"{sample}.o")


def crate(sample: str, name: str) -> CrateReport:
    return next(each for each in target(sample).crates if each.crate == name)


def text(*samples: str) -> str:
    return plain(report_page(SummaryReport("report", tuple(target(each) for each in samples))))


def test_a_crate_in_numbers() -> None:
    frame = crate("repr_changed-new", "repr_changed")
    assert (frame.types, frame.permuted, frame.saved, frame.lost) == (2, 1, 4, 0)
    old = crate("repr_changed-old", "repr_changed")
    assert (old.permuted, old.saved, old.padding) == (0, 0, 6)


def test_instances_of_a_generic_are_taken_together() -> None:
    generic = next(
        each
        for each in crate("constructs", "constructs").generics
        if each.name == "constructs::generics::Generic"
    )
    assert generic.instances > 1
    assert generic.smallest < generic.largest


def test_sums_agree_with_their_parts() -> None:
    for each in target("constructs").crates:
        assert sum(part.instances for part in each.generics) == each.types
        assert sum(part.padding for part in each.generics) == each.padding
        assert sum(part.saved for part in each.generics) == each.saved - each.lost
        assert list(each.holes) == sorted(each.holes, key=lambda hole: -hole.size)


def test_holes_tell_the_member_before() -> None:
    holes = crate("repr_changed-old", "repr_changed").holes
    assert [(each.kind, each.offset, each.size, each.after) for each in holes] == [
        ("hole", 1, 3, "kind"),
        ("tail padding", 9, 3, "flags"),
    ]


def test_crates_of_the_standard_library_are_one_line_each() -> None:
    assert crate("constructs", "core").std
    lines = text("constructs").splitlines()
    at = lines.index("standard library")
    assert lines[at + 1].startswith("  core  ")
    assert "core::option::Option" not in "\n".join(lines[:at])


def test_own_crates_come_first() -> None:
    assert [each.crate for each in target("constructs").crates] == ["constructs", "core", ""]


def test_long_tables_name_the_command_that_lists_all() -> None:
    page = text("constructs")
    assert "more: rustabi layout constructs.o --crate constructs\n" in page
    assert "more: rustabi symbols constructs.o\n" in page


def test_gaps_are_listed() -> None:
    assert {each.kind for each in target("constructs").gaps} == {
        "calling-convention-unknown", "vtable-unknown",
    }  # fmt: skip
    folded = {each.kind for each in target("folded_function-new").gaps}
    assert folded == {"calling-convention-unknown", "symbol-folded"}
    assert "not checked (" in text("constructs")


def test_several_targets_stand_below_each_other() -> None:
    page = text("repr_changed-old", "repr_changed-new")
    assert page.index("repr_changed-old.o") < page.index("repr_changed-new.o")


def test_files_that_were_not_read_are_named() -> None:
    model = model_of(OBJECTS / "member_added-new.o")
    skipped = model._replace(facts=model.facts._replace(skipped=("x.o: no debug info",)))
    report = SummaryReport("report", (target_report(skipped, "folder"),))
    assert "  not read  x.o: no debug info\n" in plain(report_page(report))


# explain


def test_every_kind_is_explained() -> None:
    report = explain_report()
    assert len(report.kinds) > 30
    assert len({each.kind for each in report.kinds}) == len(report.kinds)
    assert all(each.means and each.because and each.example for each in report.kinds)
    page = plain(explain_page(report))
    kinds = [each.kind for each in report.kinds] + [each.kind for each in report.gaps]
    assert all(kind in page for kind in kinds)


@pytest.mark.parametrize("kind", ["layout-permuted", "layout_permuted", "Layout permuted"])
def test_a_kind_is_explained_however_it_is_written(kind: str) -> None:
    (found,) = explain_report(kind).kinds
    assert found.kind == "layout-permuted"
    page = plain(explain_page(explain_report(kind)))
    assert page.startswith("layout-permuted  break: a caller built against OLD goes wrong\n")
    assert "  example  " in page


def test_kinds_of_gaps_are_explained() -> None:
    assert plain(explain_page(explain_report("symbol-folded"))).startswith("symbol-folded  gap: ")


def test_an_unknown_kind_brings_near_ones() -> None:
    with pytest.raises(UsageError) as raised:
        explain_report("layout-permutated")
    assert raised.value.advice == "near: layout-permuted, layout-differs"
