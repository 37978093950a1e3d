"""Formats that CI systems read: every report in each, read back by somebody else's reader."""

from __future__ import annotations

import doctest
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from rustabi.check import check_modules
from rustabi.crates import BaselineFacts
from rustabi.diff import compare
from rustabi.doctor import diagnose
from rustabi.errors import InputError, UsageError
from rustabi.report import formats
from rustabi.report.annotations import MOST, Annotation, commands
from rustabi.report.check import CheckNote, CheckReport, check_report
from rustabi.report.contract import json_schema
from rustabi.report.crates import CrateDiffReport, crates_diff
from rustabi.report.differences import DiffReport, diff_report
from rustabi.report.doctor import doctor_report
from rustabi.report.errors import failure_report
from rustabi.report.formats import (
    TOKENS,
    Wanted,
    formats_of,
    parse_format,
    render,
    render_all,
    require_distinct,
)
from rustabi.report.markdown import LONGEST, Part, cell, code, document
from rustabi.report.page import clean
from rustabi.report.summary import SummaryReport, target_report
from rustabi.report.why import why_report
from rustabi.rules import NO_GATE, FailOn, find_rules, judge
from tests.ci_formats import ELEMENTS, Page, junit_results, with_names, workflow_commands
from tests.kernel_files import modinfo, module_data, symvers_text, write
from tests.support import OBJECTS, model_of

PAIRS = sorted(path.name.removesuffix("-old.o") for path in OBJECTS.glob("*-old.o"))
NAMES = st.text(max_size=60) | st.sampled_from([
    "]]>", "a\nb", "::error::x", "%0A%25", "a,b=c:d", "\x00\x01\x1b[31m", "\udc80\udcff", "￾￿",
    "|", "\\|", "a | b \\", "`", "``` x", "<b>x</b>", "<!-- x", "&lt;", "[a](b)", "@someone", "#1",
    "$x$", "~~x~~", "| a | b |\n| --- |", "</details>", "x" * 70_000, "::" * 40_000, "  ", "`a`",
])  # fmt: skip
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def diffed(sample: str) -> DiffReport:
    old, new = (model_of(OBJECTS / f"{sample}-{side}.o") for side in ("old", "new"))
    return diff_report(compare(old, new), f"{sample}-old.o", f"{sample}-new.o", noise=True)


@cache
def checked(fail_on: tuple[FailOn, ...] = ()) -> CheckReport:
    import tempfile

    levels: frozenset[FailOn] = frozenset(fail_on)
    gate = NO_GATE.with_options((), levels)
    exports = {"module_layout": 1, "alpha": 0xA, "beta": 0xB}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write(root, "good.ko", module_data(["alpha"], exports, info=modinfo(name="good")))
        bad = exports | {"beta": 0xBAD}
        write(root, "bad.ko", module_data(["alpha", "beta"], bad, info=modinfo(name="bad")))
        write(root, "broken.ko", "hello")
        write(root, "Module.symvers", symvers_text(exports))
        modules = [str(root / name) for name in ("good.ko", "bad.ko", "broken.ko")]
        return check_report(check_modules(modules, [str(root / "Module.symvers")], gate=gate))


@cache
def every() -> dict[str, Any]:
    """A report of each kind that has more formats than text and JSON."""
    path = str(OBJECTS / "nested_change-new.o")
    model = model_of(Path(path))
    return {
        "diff": diffed("nested_change"),
        "check": checked(),
        "report": SummaryReport("report", (target_report(model, path),)),
        "doctor": doctor_report(diagnose(path), path),
        "why": why_report(model, path, "bus_number", "Clock"),
        "error": failure_report(InputError("no such file", path="x.o", place="line 3")),
    }


# the table


def test_the_examples_in_the_documentation_of_the_table() -> None:
    assert doctest.testmod(formats) == (0, 3)


def test_every_place_in_the_table_exists() -> None:
    tables = [formats._PAGES, formats._WRITERS, *formats._PARTS.values()]
    for place in (place for table in tables for place in table.values()):
        module, _, function = place.partition(":")
        assert callable(getattr(import_module(module), function))


def test_every_report_has_text_and_json_at_least() -> None:
    for kind in json_schema()["discriminator"]["mapping"]:
        assert set(formats_of(kind)) >= {"json"} | ({"text"} if kind != "graph" else set())
    for kind in ("diff", "check", "report", "doctor", "error"):
        assert formats_of(kind) == TOKENS


@pytest.mark.parametrize("kind", ["diff", "check", "report", "doctor", "why", "error"])
def test_every_format_is_rendered_the_same_twice(kind: str) -> None:
    for token in formats_of(kind):
        text = render(every()[kind], token)
        assert text == render(every()[kind], token)
        assert text.endswith("\n")


def test_a_format_that_a_report_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="no format 'junit'"):
        render(every()["why"], "junit")


def test_formats_with_files() -> None:
    assert parse_format("md") == Wanted("md")
    assert parse_format("junit:out:1.xml") == Wanted("junit", "out:1.xml")
    for wrong in ("", "xml", "md:", ":file", "MD"):
        with pytest.raises(UsageError):
            parse_format(wrong)
    require_distinct([Wanted("md"), Wanted("md", "a"), Wanted("text", "b")])
    for places in ([None, None], ["a", "a"]):
        with pytest.raises(UsageError, match="two formats go to"):
            require_distinct([Wanted("md", place) for place in places])


def test_two_formats_to_one_file_are_refused() -> None:
    with pytest.raises(UsageError, match="two formats go to"):
        require_distinct([Wanted("json", "out/a"), Wanted("md", "./out//a")])


def test_several_reports_are_one_document() -> None:
    reports = [diffed("member_added"), diffed("nested_change")]
    assert [each["report"] for each in json.loads(render_all(reports, "json"))] == ["diff", "diff"]
    assert len({each.suite for each in junit_results(render_all(reports, "junit"))}) == 2
    assert render_all(reports, "md").count("### rustabi diff") == 2
    assert render_all(reports, "text").count("INCOMPATIBLE") == 2


# JSON


@pytest.mark.parametrize("kind", ["diff", "check", "report", "doctor", "why", "error"])
def test_json_is_as_the_schema_says(kind: str) -> None:
    Draft202012Validator(json_schema()).validate(json.loads(render(every()[kind], "json")))


@FEW
@given(NAMES)
def test_json_holds_any_name(name: str) -> None:
    found = json.loads(render(with_names(diffed("nested_change"), name), "json"))
    Draft202012Validator(json_schema()).validate(found)
    if name:
        assert found["old"]["target"] == name


# JUnit


VERDICTS = {"compatible": "passed", "incompatible": "failure", "error": "error"}


@pytest.mark.parametrize("sample", PAIRS)
def test_junit_says_what_the_verdict_says(sample: str) -> None:
    report = diffed(sample)
    results = junit_results(render(report, "junit"))
    (verdict,) = (each for each in results if each.name == "verdict")
    assert verdict.result == VERDICTS[report.verdict]
    failing = {each.name for each in results if each.result == "failure"} - {"verdict"}
    affected = {
        symbol.name for each in report.findings if each.fails for symbol in each.affected
    } | {each.type or "the build" for each in report.findings if each.fails and not each.affected}
    assert failing == affected
    symbols = {each.name for each in results if each.classname.endswith(": symbols")}
    assert symbols >= {each.name for each in report.versions}
    keys = [(each.suite, each.classname, each.name) for each in results]
    assert len(keys) == len(set(keys))


def test_junit_names_type_and_member() -> None:
    results = {each.name: each for each in junit_results(render(diffed("nested_change"), "junit"))}
    assert results["bus_number"].message == (
        "nested_change::clock::Clock member added divider: u16 at 6"
    )
    assert results["unrelated"].result == "passed"


def test_junit_of_a_symbol_that_could_not_be_checked_is_skipped() -> None:
    results = junit_results(render(diffed("folded_function"), "junit"))
    folded = [each for each in results if each.result == "skipped"]
    gaps = [each for each in diffed("folded_function").gaps if each.kind == "symbol-folded"]
    assert {each.name for each in folded} == {each.subject for each in gaps} != set()


@pytest.mark.parametrize("fail_on", [(), ("risky",), ("gap",), ("gap", "risky")])
def test_junit_of_modules(fail_on: tuple[FailOn, ...]) -> None:
    results = junit_results(render(checked(fail_on), "junit"))
    (verdict,) = (each for each in results if each.suite == "rustabi check")
    assert verdict.result == VERDICTS[checked(fail_on).verdict]
    by_module = {
        Path(each.suite).name: each.result for each in results if each.name in ("verdict", "read")
    }
    assert by_module["bad.ko"] == "failure"
    assert by_module["broken.ko"] == "error"
    assert by_module["good.ko"] == ("error" if "gap" in fail_on else "passed")
    (version,) = (each for each in results if each.result == "failure" and each.name == "versions")
    assert "beta" in version.message


def test_junit_of_a_verdict_that_gaps_forbid() -> None:
    report = replace(checked(), verdict="error", modules=())
    (verdict,) = junit_results(render(report, "junit"))
    assert verdict.result == "error"


@FEW
@given(NAMES, st.sampled_from(["diff", "check", "report", "doctor", "error"]))
@example("]]>\x00\udc80￿", "diff")
def test_junit_holds_any_name(name: str, kind: str) -> None:
    text = render(with_names(every()[kind], name), "junit")
    text.encode("utf-8")
    results = junit_results(text)
    assert len(results) == len(junit_results(render(every()[kind], "junit")))
    assert {each.suite for each in results} >= (
        {clean(name)} if kind == "check" and name.strip() else set()
    )


# GitHub's annotations


@pytest.mark.parametrize("sample", PAIRS)
def test_annotations_say_what_the_verdict_says(sample: str) -> None:
    report = diffed(sample)
    found = workflow_commands(render(report, "github"))
    errors = [each for each in found if each.level == "error"]
    assert bool(errors) == (report.verdict != "compatible")
    assert {each.level for each in found} <= {"error", "warning", "notice"}


def test_annotations_name_type_and_member() -> None:
    found = workflow_commands(render(diffed("nested_change"), "github"))
    assert found[0].level == "error"
    assert found[0].properties == {"title": "nested_change::clock::Clock: member added"}
    assert found[0].message.splitlines()[:2] == [
        "member added divider: u16 at 6", "affects 3 exported symbols",
    ]  # fmt: skip


def test_removed_symbols_are_one_annotation() -> None:
    report = diffed("symbol_removed")
    (finding,) = (each for each in report.findings if each.fails)
    many = tuple(replace(finding, type=f"demo::f{number}") for number in range(30))
    first, *_ = workflow_commands(render(replace(report, findings=many), "github"))
    assert first.properties == {"title": "30 exported symbols removed"}
    assert first.message.splitlines() == [
        *(f"demo::f{number}" for number in range(5)), "and 25 more symbols",
    ]  # fmt: skip


def test_an_error_names_file_and_line() -> None:
    (error,) = workflow_commands(render(every()["error"], "github"))
    assert error.properties["file"] == "x.o"
    assert error.properties["line"] == "3"


def test_rules_that_do_nothing_name_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import date

    rule = '[[rules]]\nsymbol = "gone"\nreason = "why, not"\n'
    (tmp_path / "rustabi.toml").write_text(rule + rule + "expires = 2020-01-01\n")
    monkeypatch.chdir(tmp_path)
    old, new = (model_of(OBJECTS / f"member_added-{side}.o") for side in ("old", "new"))
    comparison = compare(old, new)
    judgement = judge(comparison, find_rules(Path()), date(2026, 1, 1))
    report = diff_report(comparison, "old", "new", judgement=judgement)
    found = {
        each.properties["title"]: each
        for each in workflow_commands(render(report, "github"))
        if "file" in each.properties
    }
    assert found["rustabi: 1 rule expired"].level == "warning"
    assert found["rustabi: 1 rule unused"].level == "notice"
    assert {each.properties["file"] for each in found.values()} == {"rustabi.toml"}
    assert "why, not" in render(report, "md")


def test_no_more_annotations_than_github_shows() -> None:
    many = [Annotation("error", f"e{number}", "m") for number in range(25)]
    many += [Annotation("warning", f"w{number}", "m") for number in range(MOST)]
    found = workflow_commands(commands(reversed(many)))
    errors = [each for each in found if each.level == "error"]
    warnings = [each for each in found if each.level == "warning"]
    assert (len(errors), len(warnings)) == (MOST, MOST)
    assert errors[0].properties["title"] == "e24"
    assert errors[-1].properties["title"] == "and 16 more: GitHub shows 10 of a level"
    assert errors[-1].message.splitlines() == [f"e{number}" for number in range(15, -1, -1)]
    assert warnings[-1].properties["title"] == "w0"


@FEW
@given(NAMES, st.sampled_from(["diff", "check", "report", "doctor", "error"]))
def test_annotations_hold_any_name(name: str, kind: str) -> None:
    text = render(with_names(every()[kind], name), "github")
    found = workflow_commands(text)
    assert len(found) == len(workflow_commands(render(every()[kind], "github")))
    assert all(set(each.properties) <= {"file", "line", "title"} for each in found)
    if kind == "error" and name:
        assert found[0].properties["file"] == clean(name)
        assert found[0].message.startswith(clean(name.split("\n")[0])[:100])


# Markdown


@pytest.mark.parametrize("sample", PAIRS)
def test_markdown_says_what_the_verdict_says(sample: str) -> None:
    report = diffed(sample)
    text = render(report, "md")
    words = {"error": "no verdict"}.get(report.verdict, report.verdict)
    assert text.startswith(f"### rustabi diff: {words}\n")
    page = Page(text)
    assert set(page.tags) <= ELEMENTS
    names = {each.type for each in report.findings if each.fails and each.type}
    assert names <= set(page.code)


def test_markdown_shows_changes_paths_and_memory() -> None:
    page = Page(render(diffed("nested_change"), "md"))
    assert "divider: u16 at 6" in page.code
    assert "clock_rate → parameter clock → &Clock → Clock.divider" in page.code
    assert any("← divider added" in each for each in page.code)
    assert "3 of 4 exported symbols affected" in page.words


@FEW
@given(NAMES, st.sampled_from(["diff", "check", "report", "doctor", "why", "error"]))
@example("a | b \\", "diff")
@example("\\|`|", "check")
def test_markdown_holds_any_name(name: str, kind: str) -> None:
    text = render(with_names(every()[kind], name), "md")
    assert len(text) <= LONGEST
    text.encode("utf-8")
    page, plain = Page(text), Page(render(every()[kind], "md"))
    assert set(page.tags) <= ELEMENTS
    assert page.columns == plain.columns
    letters = {each for each in clean(name) if not each.isalnum() and not each.isspace()}
    letters -= set(plain.words)
    assert not letters & set(page.words), "part of a name stands outside of code"


@FEW
@given(st.text(min_size=1, max_size=80))
@example("|\\`")
@example("a\\")
def test_code_is_read_as_it_was(text: str) -> None:
    shown = clean(text)
    for inline in (code(text), f"| {cell(text)} |\n| --- |"):
        (found, *more) = Page(inline).code or [""]
        assert not more
        assert " ".join(found.split()) == " ".join(shown.split())


def parts(count: int, size: int) -> Iterator[Part]:
    yield Part(0, "### head", "verdict")
    for number in range(count):
        yield Part(2, f"part {number} " + "x" * size, "changed type")
    yield Part(1, "important", "verdict")


def test_markdown_leaves_out_the_least_important_and_says_so() -> None:
    text = document(parts(100, 1000))
    assert len(text) <= LONGEST
    assert text.startswith("### head\n\npart 0 ")
    assert "\n\nimportant\n\n" in text
    shown = text.count("\npart ")
    assert f"Left out, as a comment holds no more: {100 - shown} changed types." in text
    assert "Left out" not in document(parts(10, 1000))


def test_markdown_of_a_huge_comparison_fits() -> None:
    report = diffed("nested_change")
    (finding,) = (each for each in report.findings if each.fails)
    many = tuple(replace(finding, type=f"demo::Type{number}") for number in range(3000))
    text = render(replace(report, findings=many), "md")
    assert 60_000 < len(text) <= LONGEST
    assert "Left out, as a comment holds no more: " in text
    assert "#### `demo::Type0`" in text


def test_markdown_of_many_reports_keeps_each_verdict_that_is_no_pass() -> None:
    good, bad = diffed("body_changed"), diffed("nested_change")
    assert (good.verdict, bad.verdict) == ("compatible", "incompatible")
    text = render_all([*[good] * 500, bad, every()["error"]], "md")
    assert len(text) <= LONGEST
    assert "### rustabi diff: incompatible" in text
    assert "### rustabi: no verdict" in text


def test_markdown_of_many_crates_keeps_the_verdict() -> None:
    name = "crate_of_a_long_name_" + "x" * 100
    crates = [
        CrateDiffReport(f"{name}{number}", state, "words", "0.1.0", "0.1.0", None, None, None)
        for number in range(1000)
        for state in (("removed" if number == 999 else "added"),)
    ]
    report = crates_diff(BaselineFacts("revision", "HEAD~1"), crates)
    assert report.verdict == "incompatible"
    text = render(report, "md")
    assert len(text) <= LONGEST
    assert f"INCOMPATIBLE: {name}999" in text
    assert "Left out, as a comment holds no more: " in text


@pytest.mark.parametrize("token", ["junit", "md", "github"])
def test_a_remark_that_fails_is_told(token: str) -> None:
    module = next(each for each in checked().modules if each.module == "good")
    note = CheckNote(
        kind="version-missing", symbol="alpha", name="alpha", text="not in the table", evidence=(),
        symbols=(), severity="api", own_severity="api", fails=True, tolerated=False, rule=None,
        reason="",
    )  # fmt: skip
    layers = (replace(module.layers[0], remarks=(note,)), *module.layers[1:])
    bad = replace(module, verdict="incompatible", layers=layers)
    text = render(replace(checked(), verdict="incompatible", modules=(bad,)), token)
    assert "not in the table" in text
    if token == "junit":
        (found,) = (each for each in junit_results(text) if each.name == layers[0].name)
        assert found.result == "failure"


def test_what_a_build_says_stays_line_by_line_in_markdown() -> None:
    error = InputError(
        "cargo failed to build it:\nerror: unclosed `delimiter`\n --> lib.rs:1", path="x"
    )
    text = render(failure_report(error), "md")
    assert "```text\nerror: unclosed `delimiter`\n --> lib.rs:1\n```" in text
    assert "\\n" not in text
