"""The gate of `rustabi diff`: strictness, opaque handles, and what was checked and what was not."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rustabi.cli import main
from rustabi.diff import compare
from rustabi.diff.coverage import paired_gaps
from rustabi.diff.gaps import Gap, GapKind
from rustabi.model import Composite, Enumeration, Type
from rustabi.report.differences import diff_report
from rustabi.report.summary import target_report
from rustabi.report.symbols import symbols_report
from rustabi.rules import Gate, KnownGap, judge
from rustabi.snapshot import write
from tests.support import CORPUS, OBJECTS, ROOT, model_of, needs_corpus
from tests.test_opaque import U64, changed, model, pointer, struct


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


class Diff:
    """Compares a pair of samples by the command line."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, sample: str, *arguments: str) -> tuple[int, str]:
        pair = [str(OBJECTS / f"{sample}-{side}.o") for side in ("old", "new")]
        code = main(["diff", *pair, *arguments])
        said = self._capsys.readouterr()
        return code, said.out or said.err

    def json(self, sample: str, *arguments: str) -> dict[str, Any]:
        _, text = self(sample, *arguments, "--format", "json")
        document: dict[str, Any] = json.loads(text)
        return document


@pytest.fixture
def diff(capsys: pytest.CaptureFixture[str]) -> Diff:
    return Diff(capsys)


UNDESCRIBED = ("symbol-without-dwarf", "symbol-folded")
"""Gaps that are symbols which are not compared."""


# strictness


@pytest.mark.parametrize(
    ("sample", "levels", "code"),
    [
        ("visibility_changed", [], 0),
        ("visibility_changed", ["--fail-on", "break"], 0),
        ("visibility_changed", ["--fail-on", "risky"], 0),
        ("visibility_changed", ["--fail-on", "break,break"], 0),
        ("visibility_changed", ["--fail-on", "api"], 1),
        ("visibility_changed", ["--fail-on", "risky,api"], 1),
        ("visibility_changed", ["--fail-on", "gap", "--fail-on", " api "], 1),
        ("symbol_added", ["--fail-on", "api"], 0),  # noise never fails
        ("folded_function", [], 0),
        ("folded_function", ["--fail-on", "api"], 0),
        ("folded_function", ["--fail-on", "gap"], 2),
        ("member_added", ["--fail-on", "gap"], 1),
    ],
)
def test_levels(diff: Diff, sample: str, levels: list[str], code: int) -> None:
    assert diff(sample, *levels)[0] == code


@pytest.mark.parametrize("level", ["noise", "risky,gaps", "", ","])
def test_unknown_levels_are_refused(diff: Diff, level: str) -> None:
    code, said = diff("visibility_changed", "--fail-on", level)
    assert code == 2
    assert "levels: break, risky, api, gap" in said


def test_what_fails_is_told(diff: Diff) -> None:
    _, page = diff("visibility_changed", "--fail-on", "api")
    assert page.startswith("INCOMPATIBLE: 1 api change, 1 of 2 exported symbols affected\n")
    assert "fails on break, api\n" in page
    found = diff.json("visibility_changed", "--fail-on", "api")
    assert [each["fails"] for each in found["findings"]] == [True]
    assert found["gate"]["fail_on"] == ["break", "api"]


def test_gaps_that_fail_are_no_verdict(diff: Diff) -> None:
    _, page = diff("folded_function", "--fail-on", "gap")
    first = page.splitlines()[0]
    assert first.startswith("NO VERDICT: not all could be checked: ")
    assert "1 symbol-folded" in first
    found = diff.json("folded_function", "--fail-on", "gap")
    assert (found["verdict"], found["error"]["kind"]) == ("error", "gaps")


def test_where_all_could_be_checked_no_gap_fails(capsys: pytest.CaptureFixture[str]) -> None:
    same = str(OBJECTS / "c_types-old.o")
    Path("list").write_text("unrelated_counter\nunrelated_sum\n")
    assert main(["diff", same, same, "--fail-on", "gap,api", "--symbols", "list"]) == 0
    assert capsys.readouterr().out.endswith("compatible in what was checked; 0 gaps\n")


def test_a_listed_symbol_that_is_nowhere_is_a_gap_that_can_fail(diff: Diff) -> None:
    Path("list").write_text("unrelated\nnowhere\n")
    assert diff("member_added", "--symbols", "list")[0] == 0
    code, page = diff("member_added", "--symbols", "list", "--fail-on", "gap")
    assert code == 2
    assert "1 symbol-not-found" in page.splitlines()[0]


KNOWN = """
[gate]
fail-on = "gap"
[[gate.known-gaps]]
kind = "calling-*"
reason = "never told"
[[gate.known-gaps]]
kind = "symbol-f*"
subject = "{}"
reason = "equal code"
"""


def test_known_gaps_do_not_fail_and_are_counted(diff: Diff) -> None:
    kinds = {each["kind"] for each in diff.json("folded_function")["gaps"]}
    text = KNOWN if "calling-convention-unknown" in kinds else KNOWN.replace("calling-", "vtable-")
    Path("rustabi.toml").write_text(text.format("left_value"))
    assert diff("folded_function")[0] == 2
    Path("rustabi.toml").write_text(text.format("right_*"))
    code, page = diff("folded_function")
    assert code == 0
    assert "    right_value folded into left_value\n" in page
    assert "1 symbol-folded" in page
    found = diff.json("folded_function")
    assert [each["gaps"] for each in found["gate"]["known_gaps"]][1:] == [1]
    Path("rustabi.toml").write_text(text.format("[a-q]*"))
    assert "unused   known gaps, symbol-f*, [a-q]*: equal code\n" in diff("folded_function")[1]


def test_data_that_new_lacks_are_never_a_known_gap() -> None:
    old = model_of(OBJECTS / "nested_change-old.o")
    first, *rest = old.symbols
    lossy = old._replace(symbols=(first._replace(kind=None, type=None, unit=None), *rest))
    comparison = compare(old, lossy)
    gate = Gate(fail_on=frozenset({"gap"}), known_gaps=(KnownGap(1, "all", kind=("*",)),))
    report = diff_report(comparison, "old", "new", judgement=judge(comparison, gate, date.min))
    assert report.error is not None
    assert report.error.kind == "lost-data"


def test_levels_of_file_and_options_add_up(diff: Diff) -> None:
    Path("rustabi.toml").write_text('[gate]\nfail-on = "gap"\n')
    assert diff("folded_function")[0] == 2
    assert diff("visibility_changed", "--fail-on", "api")[0] == 1
    assert diff("folded_function", "--no-rules")[0] == 0


# opaque handles, on real objects


def test_a_handle_lowers_what_is_behind_it(diff: Diff) -> None:
    """``Clock`` is a parameter by reference, and reached through a pointer in ``Bus``."""
    code, page = diff("nested_change", "--opaque", "*::Clock")
    assert code == 0
    assert page.startswith("COMPATIBLE: 4 exported symbols compared, 1 finding behind opaque ")
    assert (
        "behind opaque handles only (1)\n"
        "  pointers to *::Clock\n"
        "    member added  nested_change::clock::Clock divider: u16 at 6"
        "  for bus_number, clock_rate, device_id\n"
    ) in page


def test_a_handle_on_the_way_leaves_the_other_ways(diff: Diff) -> None:
    """Behind ``&Device`` is what ``device_id`` alone sees; the others reach ``Clock`` without."""
    code, page = diff("nested_change", "--opaque", "nested_change::Device")
    assert code == 1
    assert "1 type changed, 2 of 4 exported symbols affected\n" in page
    assert "  pointers to nested_change::Device\n" in page
    found = diff.json("nested_change", "--opaque", "nested_change::Device")
    parts = {
        (each["severity"], each["own_severity"], each["opaque"]): [
            one["symbol"] for one in each["affected"]
        ]
        for each in found["findings"]
    }
    assert parts == {
        ("break", "break", None): ["bus_number", "clock_rate"],
        ("api", "break", "nested_change::Device"): ["device_id"],
    }
    assert found["summary"]["lowered"] == 1
    (handle,) = found["gate"]["opaque"]
    assert (handle["types"], handle["findings"]) == (1, 1)


def snapshots() -> list[str]:
    """``near`` takes the type that changes, ``far`` a reference, ``both`` a struct with both."""
    types: list[Type] = [
        struct("a::Secret", U64),
        pointer(3, "&a::Secret"),
        struct("a::Both", 4, 3),
    ]
    for name, table in (("old", types), ("new", changed(types, 3))):
        write(model(table, near=3, far=4, both=5), f"{name}.json")
    return ["old.json", "new.json"]


def test_by_value_a_handle_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    pair = snapshots()
    assert main(["diff", *pair, "--opaque", "a::Secret"]) == 1
    page = capsys.readouterr().out
    assert page.startswith("INCOMPATIBLE: 1 type changed, 2 of 3 exported symbols affected\n")
    assert "  affects 2 exported symbols, by value:\n    both → " in page
    assert "    member retyped  a::Secret m0: u64 → f64  for far\n" in page
    assert main(["diff", *pair, "--opaque", "a::Both"]) == 1
    assert "3 of 3 exported symbols affected" in capsys.readouterr().out


def test_a_glob_of_nothing_is_told(diff: Diff) -> None:
    code, page = diff("nested_change", "--opaque", "*::Clokc", "--opaque", "*::Clock")
    assert code == 0
    assert "warning  opaque *::Clokc: neither build has a type of that name\n" in page
    assert "*::Clock:" not in page


def test_a_rule_has_the_last_word(diff: Diff) -> None:
    Path("rustabi.toml").write_text(
        '[[gate.opaque]]\ntype = "*::Clock"\nreason = "a handle"\n'
        '[[rules]]\nsymbol = "clock_rate"\nseverity = "break"\nreason = "reads it"\n'
    )
    code, page = diff("nested_change")
    assert code == 1
    assert "  pointers to *::Clock: a handle\n" in page
    found = diff.json("nested_change")
    assert [(each["severity"], each["rule"]) for each in found["findings"]] == [
        ("break", "rule 1"),
        ("api", None),
    ]


# by value, behind pointers


def test_reach_by_value_is_told_apart(diff: Diff, capsys: pytest.CaptureFixture[str]) -> None:
    assert "  affects 1 exported symbol, behind pointers only:\n" in diff("member_added")[1]
    pair = snapshots()
    main(["diff", *pair])
    page = capsys.readouterr().out
    assert "  affects 3 exported symbols, 2 by value, 1 behind pointers only:\n" in page
    by_value = [each.split()[0] for each in page.splitlines() if each.endswith("  (by value)")]
    assert by_value == ["both", "near"]
    main(["diff", *pair, "--format", "json"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert {each["symbol"]: each["by_value"] for each in finding["affected"]} == {
        "both": True,
        "far": False,
        "near": True,
    }


# what was checked


def ending(page: str) -> list[str]:
    """The paragraph that a report ends with, but for the counts of gaps."""
    return [each for each in page.split("\n\n")[-1].splitlines() if "not checked" not in each]


def test_every_report_ends_with_what_was_checked(diff: Diff) -> None:
    assert ending(diff("member_added")[1]) == ["checked      2 of 2 exported symbols, 2 types"]
    assert ending(diff("symbol_removed")[1]) == [
        "checked      2 of 3 exported symbols (1 removed), 2 types"
    ]
    _, page = diff("folded_function")
    first, last = ending(page)
    assert first == "checked      2 of 3 exported symbols, 2 types"
    assert last.startswith("compatible in what was checked; ")
    (counts,) = [each for each in page.splitlines() if each.startswith("not checked  ")]
    assert "1 symbol-folded" in counts
    assert (
        "  folded into another function of equal code; its own entry was dropped (1):\n"
        "    right_value folded into left_value\n"
    ) in page


def test_other_verdicts_end_so_too(diff: Diff) -> None:
    checked = "checked      2 of 3 exported symbols, 2 types"
    assert ending(diff("folded_function", "--fail-on", "gap")[1]) == [checked]


@pytest.mark.parametrize(
    "sample", sorted(path.name[: -len("-old.o")] for path in OBJECTS.glob("*-old.o"))
)
def test_symbols_are_compared_removed_or_a_gap(sample: str) -> None:
    old, new = (model_of(OBJECTS / f"{sample}-{side}.o") for side in ("old", "new"))
    report = diff_report(compare(old, new), "old", "new")
    covered = report.coverage
    assert covered.symbols == len(old.symbols)
    assert covered.symbols_removed == report.summary.symbols_removed
    parts = (covered.symbols_compared, covered.symbols_removed, covered.symbols_unchecked)
    assert min(parts) >= 0
    assert sum(parts) == covered.symbols
    assert sum(each.count for each in covered.gaps) == len(report.gaps)
    unchecked = [each for each in report.gaps if each.kind in UNDESCRIBED]
    assert covered.symbols_unchecked <= len(unchecked)


SAMPLES = ["member_added", "nested_change", "change_through_enum", "union_changed", "variant_added"]


@pytest.mark.parametrize("sample", SAMPLES)
def test_types_are_counted_as_layout_lists_them(
    sample: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of these samples all types have a name, and the fields of a variant are no type."""
    path = str(OBJECTS / f"{sample}-old.o")
    main(["layout", path, "--format", "json"])
    listed = len(json.loads(capsys.readouterr().out)["types"])
    model = model_of(OBJECTS / f"{sample}-old.o")
    assert compare(model, model).types == listed > 0


def test_types_that_are_gaps_are_not_counted_as_compared() -> None:
    model = model_of(OBJECTS / "c_types-old.o")
    comparison = compare(model, model)
    assert "hidden" in {each.gap.subject for each in comparison.gaps}
    structs = [each for each in model.types if isinstance(each, Composite | Enumeration)]
    assert comparison.types == len(structs) - sum(each.name == "hidden" for each in structs)


def test_symbols_without_debug_info_are_not_counted_as_compared() -> None:
    model = model_of(OBJECTS / "nested_change-old.o")
    first, *rest = model.symbols
    bare = model._replace(symbols=(first._replace(kind=None, type=None, unit=None), *rest))
    covered = diff_report(compare(bare, bare), "old", "new").coverage
    assert (covered.symbols_compared, covered.symbols_unchecked) == (len(rest), 1)
    (gap,) = (each for each in covered.gaps if each.kind == "symbol-without-dwarf")
    assert (gap.count, gap.old, gap.new, gap.both) == (1, 0, 0, 1)


def gap(subject: str, key: str = "k") -> Gap:
    return Gap(GapKind.FOLDED, subject, "", key)


def test_gaps_of_one_key_are_not_one_gap() -> None:
    """The instances of a generic function share a key: names without arguments pair them."""
    one, two, three = gap("f::<u8>"), gap("f::<u16>"), gap("f::<u32>")
    assert paired_gaps([one, two], [two, one]) == ([one, two], [], [])
    assert paired_gaps([one], [one, two]) == ([one], [], [two])
    assert paired_gaps([one, two], [two]) == ([two], [one], [])
    assert paired_gaps([one, two], [three]) == ([one], [two], [])
    assert paired_gaps([one], [gap("g", "other")]) == ([], [one], [gap("g", "other")])


@needs_corpus
@pytest.mark.parametrize("name", ["base/rust/kernel.o", "base/rust/core.o"])
def test_all_reports_count_the_same_folded_symbols(name: str) -> None:
    model = model_of(CORPUS / name)
    folded = {
        each.symbol
        for each in symbols_report(model, name).symbols
        if each.kind is None and each.folded_into is not None
    }
    gaps = [each for each in target_report(model, name).gaps if each.kind == "symbol-folded"]
    compared = diff_report(compare(model, model), "old", "new")
    told = [each for each in compared.gaps if each.kind == "symbol-folded"]
    assert len(folded) == len(gaps) == len(told)
    undescribed = [each for each in compared.gaps if each.kind in UNDESCRIBED]
    assert compared.coverage.symbols_unchecked == len(undescribed)


@needs_corpus
def test_a_handle_in_a_real_kernel(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the methods of ``UserSliceReader``, ``strcpy_into_buf`` alone takes ``self`` by value.

    (rust/kernel/uaccess.rs)
    """
    pair = [str(CORPUS / side / "rust" / "kernel.o") for side in ("base", "fieldadd")]
    handle = ["--opaque", "kernel::uaccess::UserSliceReader"]
    assert main(["diff", *pair, *handle, "--format", "json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    parts = {
        (each["kind"], each["severity"]): [one["name"].split("::")[-1] for one in each["affected"]]
        for each in findings
    }
    assert {names[0] for (_, severity), names in parts.items() if severity == "break"} == {
        "strcpy_into_buf"
    }
    assert all(len(names) == (1 if key[1] == "break" else 5) for key, names in parts.items())


def test_the_example_of_the_readmes_rules_is_real(capsys: pytest.CaptureFixture[str]) -> None:
    rules = (ROOT / "README.md").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    command = "rustabi diff nested_change-old.o nested_change-new.o --rules rustabi.toml"
    options = ["--opaque", "nested_change::Device"]
    Path("rustabi.toml").write_text(rules.split("```toml\n")[1].split("```")[0])
    for side in ("old", "new"):
        shutil.copy(OBJECTS / f"nested_change-{side}.o", ".")
    main([*command.split()[1:], *options])
    expected = page.split(f"$ {command} {' '.join(options)}\n")[1].split("```")[0]
    assert capsys.readouterr().out == expected
