"""Rules: the file, what a rule matches, and what becomes of findings."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from rustabi.cli import main
from rustabi.diff import Affected, Change, ChangeKind, Comparison, Finding, Severity, compare
from rustabi.graph import Node, Step
from rustabi.model import Facts, Model
from rustabi.rules import (
    NO_GATE,
    Gate,
    Judged,
    KnownGap,
    Rule,
    RulesError,
    find_rules,
    judge,
    read_rules,
)
from rustabi.rules.schema import json_schema
from tests.support import OBJECTS, ROOT, model_of

TODAY = date(2026, 6, 15)
EMPTY = Model((), (), (), (), Facts("x86_64", 8, True))
V0 = "_RNvMs0_NtCsdJ13ReMSUMg_6kernel7uaccessNtB5_15UserSliceReader10read_slice"
OTHER_V0 = V0.replace("CsdJ13ReMSUMg_", "CsfJ13ReMSUMg_")
READABLE = "<kernel::uaccess::UserSliceReader>::read_slice"


def finding(
    name: str, kind: ChangeKind, *symbols: str, severity: Severity = Severity.BREAK
) -> Finding:
    path = (Step("parameter", "x", Node("type", 0)),)
    affected = tuple(Affected(symbol, path, False) for symbol in sorted(symbols))
    return Finding(name, Change(kind), severity, affected)


def of_symbol(name: str, kind: ChangeKind) -> Finding:
    return Finding(name, Change(kind), Severity.BREAK, (Affected(name, (), True),))


def judged(gate: Gate, *findings: Finding, today: date = TODAY) -> tuple[Judged, ...]:
    return judge(Comparison(EMPTY, EMPTY, findings, (), (), 0), gate, today).findings


def rule(number: int = 1, /, **given: object) -> Rule:
    return Rule(number, "because", **given)  # type: ignore[arg-type]


ADDED = finding("demo::Config<u8>", ChangeKind.MEMBER_ADDED, "f", "g")
COMPILER = Finding("", Change(ChangeKind.COMPILER_CHANGED), Severity.RISKY)
GONE = of_symbol(V0, ChangeKind.SYMBOL_REMOVED)


@pytest.mark.parametrize(
    ("found", "matching"),
    [
        (ADDED, {"kind": ("member-added",)}),
        (ADDED, {"kind": ("size-changed", "member-*")}),
        (ADDED, {"type": ("demo::Config<u8>",)}),
        (ADDED, {"type": ("demo::Config",)}),
        (ADDED, {"type": ("*::Config",), "crate": ("demo",), "kind": ("*",), "symbol": ("?",)}),
        (ADDED, {"crate": ("de*",)}),
        (ADDED, {"symbol": ("f", "g")}),
        (GONE, {"symbol": (V0,)}),
        (GONE, {"symbol": (OTHER_V0,)}),
        (GONE, {"symbol": (READABLE,)}),
        (GONE, {"symbol": ("*::read_slice",)}),
        (GONE, {"crate": ("kernel",)}),
        (COMPILER, {"kind": ("compiler-changed",)}),
        (of_symbol("f", ChangeKind.SYMBOL_ADDED)._replace(affected=()), {"symbol": ("f",)}),
        (finding("demo::[u8; 4]", ChangeKind.MEMBER_ADDED), {"type": ("demo::[u8; 4]",)}),
    ],
)
def test_what_matches(found: Finding, matching: dict[str, tuple[str, ...]]) -> None:
    (only,) = judged(Gate(rules=(rule(**matching),)), found)
    assert only.tolerated
    assert only.finding == found


@pytest.mark.parametrize(
    ("found", "other"),
    [
        (ADDED, {"kind": ("member-removed",)}),
        (ADDED, {"kind": ("MEMBER-ADDED",)}),
        (ADDED, {"type": ("Config",)}),
        (ADDED, {"type": ("demo::Config<u16>",)}),
        (ADDED, {"type": ("demo::Config",), "crate": ("other",)}),
        (ADDED, {"type": ("demo::Config",), "symbol": ("h",)}),
        (GONE, {"type": ("*",)}),
        (GONE, {"symbol": (V0.replace("10read_slice", "10read_slicf"),)}),
        (COMPILER, {"symbol": ("*",)}),
        (COMPILER, {"type": ("*",)}),
        (COMPILER, {"crate": ("*",)}),
        (finding("bar", ChangeKind.MEMBER_ADDED, "f"), {"crate": ("*",)}),
    ],
)
def test_what_does_not_match(found: Finding, other: dict[str, tuple[str, ...]]) -> None:
    (only,) = judged(Gate(rules=(rule(**other),)), found)
    assert only == Judged(found, found.severity)


def test_the_first_that_matches_decides() -> None:
    gate = Gate(rules=(rule(1, kind=("size-changed",)), rule(2, kind=("member-*",),
                severity=Severity.API), rule(3, kind=("*",))))  # fmt: skip
    judgement = judge(Comparison(EMPTY, EMPTY, (ADDED,), (), (), 0), gate, TODAY)
    (only,) = judgement.findings
    assert only.rule == gate.rules[1]
    assert (only.found, only.finding.severity) == (Severity.BREAK, Severity.API)
    assert [use.state for use in judgement.rules] == ["unused", "used", "unused"]


def test_a_rule_for_some_symbols_splits_a_finding() -> None:
    rest, tolerated = judged(Gate(rules=(rule(symbol=("f",)),)), ADDED)[::-1]
    assert [each.symbol for each in tolerated.finding.affected] == ["f"]
    assert tolerated.tolerated
    assert [each.symbol for each in rest.finding.affected] == ["g"]
    assert rest.rule is None


def test_what_is_left_for_private_symbols_is_noise() -> None:
    found = finding("demo::T", ChangeKind.MEMBER_ADDED, "f", "demo::map::<demo::main::{closure#0}>")
    rest = next(each for each in judged(Gate(rules=(rule(symbol=("f",)),)), found)
                if not each.tolerated)  # fmt: skip
    assert rest.finding.severity is Severity.NOISE
    assert rest.found is Severity.BREAK


def test_severities_go_up_and_down() -> None:
    gate = Gate(rules=(rule(1, kind=("compiler-changed",), severity=Severity.BREAK),
                       rule(2, type=("demo::*",), severity=Severity.NOISE)))  # fmt: skip
    judgement = judge(Comparison(EMPTY, EMPTY, (ADDED, COMPILER), (), (), 0), gate, TODAY)
    worst, mild = judgement.findings
    assert (worst.finding.type, judgement.fails(worst)) == ("", True)
    assert (mild.finding.severity, judgement.fails(mild)) == (Severity.NOISE, False)


@pytest.mark.parametrize(
    ("expires", "state"),
    [(date(2026, 6, 14), "expired"), (TODAY, "used"), (date(2026, 6, 16), "used")],
)
def test_the_last_day_counts(expires: date, state: str) -> None:
    gate = Gate(rules=(rule(kind=("*",), expires=expires),))
    judgement = judge(Comparison(EMPTY, EMPTY, (ADDED, COMPILER), (), (), 0), gate, TODAY)
    assert [(use.state, use.findings) for use in judgement.rules] == [(state, 2)]
    assert all(each.tolerated == (state == "used") for each in judgement.findings)


# any rules: each symbol of each finding is decided as if it were alone

SYMBOLS = ("a", "b", "c", "d")
KINDS = (ChangeKind.MEMBER_ADDED, ChangeKind.SIZE_CHANGED, ChangeKind.NICHE_CHANGED)
RULES = st.builds(
    lambda symbol, kind, severity, expired: (symbol, kind, severity, expired),
    st.none() | st.sets(st.sampled_from(SYMBOLS), min_size=1).map(lambda each: tuple(sorted(each))),
    st.none() | st.sampled_from(KINDS),
    st.none() | st.sampled_from(list(Severity)),
    st.booleans(),
)
FINDINGS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sets(st.sampled_from(SYMBOLS))),
    max_size=4,
    unique_by=lambda each: each[0],
)


@given(st.lists(RULES, max_size=5), FINDINGS)
def test_each_symbol_is_decided_by_the_first_rule_that_holds(
    drawn: list[tuple[tuple[str, ...] | None, ChangeKind | None, Severity | None, bool]],
    found: list[tuple[ChangeKind, set[str]]],
) -> None:
    rules = tuple(
        rule(number, symbol=symbol or (), kind=(str(kind),) if kind else ("*",), severity=severity,
             expires=date(2020, 1, 1) if expired else None)
        for number, (symbol, kind, severity, expired) in enumerate(drawn, 1)
    )  # fmt: skip
    findings = [finding("demo::T", kind, *symbols) for kind, symbols in found]
    expected: Counter[tuple[str, str, int | None]] = Counter()
    for kind, symbols in found:
        for symbol in symbols or {""}:
            number = next(
                (
                    number
                    for number, (covered, of, _, expired) in enumerate(drawn, 1)
                    if not expired and of in (None, kind) and (covered is None or symbol in covered)
                ),
                None,
            )
            expected[str(kind), symbol, number] += 1
    said: Counter[tuple[str, str, int | None]] = Counter()
    for each in judged(Gate(rules=rules), *findings):
        for name in [one.symbol for one in each.finding.affected] or [""]:
            said[str(each.finding.change.kind), name, each.rule and each.rule.number] += 1
    assert said == expected


# the file

WHOLE = """
[gate]
fail-on = ["risky", "gap"]

[[gate.opaque]]
type = ["demo::Secret", "demo::Other*"]
reason = "handles"

[[gate.known-gaps]]
kind = "symbol-not-found"
subject = ["f", "g*"]
reason = "optional"

[[rules]]
id = "old-driver"
symbol = ["a", "b*"]
type = "demo::T"
crate = "demo"
kind = "member-*"
severity = "api"
expires = 2027-01-31
reason = '''
rebuilt
   with it'''

[[rules]]
kind = "compiler-changed"
reason = "same flags"
"""


def test_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(WHOLE)
    gate = read_rules(path)
    assert gate.file == str(path)
    assert gate.fail_on == {"risky", "gap"}
    assert [each.glob for each in gate.opaque] == ["demo::Secret", "demo::Other*"]
    assert gate.known_gaps == (KnownGap(1, "optional", ("symbol-not-found",), ("f", "g*")),)
    assert gate.rules[0] == Rule(
        1, "rebuilt with it", ("a", "b*"), ("demo::T",), ("demo",), ("member-*",), Severity.API,
        date(2027, 1, 31), "old-driver",
    )  # fmt: skip
    assert gate.rules[1] == Rule(2, "same flags", kind=("compiler-changed",))


def test_the_same_in_a_pyproject(tmp_path: Path) -> None:
    own, project = tmp_path / "rustabi.toml", tmp_path / "pyproject.toml"
    own.write_text(WHOLE)
    nested = WHOLE.replace("[gate", "[tool.rustabi.gate").replace("[[gate", "[[tool.rustabi.gate")
    project.write_text(nested.replace("[[rules", "[[tool.rustabi.rules"))
    assert read_rules(project) == read_rules(own)._replace(file=str(project))
    assert find_rules(tmp_path).file == "rustabi.toml"
    own.unlink()
    assert find_rules(tmp_path).file == "pyproject.toml"
    project.write_text("[tool.other]\n")
    assert find_rules(tmp_path) == NO_GATE
    with pytest.raises(RulesError, match=r"no table \[tool.rustabi\]"):
        read_rules(project)


def test_an_empty_file_lays_nothing_down(tmp_path: Path) -> None:
    path = tmp_path / "rustabi.toml"
    path.write_text("")
    assert find_rules(tmp_path) == Gate("rustabi.toml")


RULE = '[[rules]]\nreason = "x"\nkind = "*"\n'


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("x = [", None, "not valid TOML"),
        ("colour = 1", "top of the file", "unknown key 'colour'"),
        ("rule = []", "top of the file", "unknown key 'rule'"),
        ('[rules]\nreason = "x"', "top of the file", "write [[rules]] before each rule"),
        (RULE + RULE + "sybmol = 'f'", "rule 2", "unknown key 'sybmol'"),
        (RULE + RULE.replace("reason", "reson"), "rule 2", "unknown key 'reson' (and 1 more)"),
        ('[[rules]]\nkind = "*"', "rule 1", "the key 'reason' is missing"),
        ('[[rules]]\nkind = "*"\nreason = " "', "rule 1", "'reason' is wrong"),
        ('[[rules]]\nreason = "x"', "rule 1", "nothing of which findings"),
        (RULE + 'expires = "2027-01-31"', "rule 1", "a date without quotes"),
        (RULE + "expires = 2027-01-31T00:00:00", "rule 1", "a date without quotes"),
        (RULE + 'severity = "tolerate"', "rule 1", "the key 'severity' is wrong"),
        (RULE + "symbol = []", "rule 1", "the key 'symbol' is wrong"),
        (RULE + "symbol = ['']", "rule 1", "the key 'symbol' is wrong"),
        (RULE + "type = 3", "rule 1", "the key 'type' is wrong"),
        (RULE.replace("*", "member-aded"), "rule 1, key kind", "no kind of change 'member-aded'"),
        ('[gate]\nfail_on = "risky"', "[gate]", "unknown key 'fail_on'"),
        ('[gate]\nfail-on = "noise"', "[gate]", "the key 'fail-on' is wrong"),
        ('[[gate.opaque]]\ntype = "x"', "[[gate.opaque]] 1", "the key 'reason' is missing"),
        ('[[gate.known-gaps]]\nreason = "x"', "[[gate.known-gaps]] 1", "nothing of which gaps"),
        ('[[gate.known-gaps]]\nkind = "x"', "[[gate.known-gaps]] 1", "'reason' is missing"),
        (
            '[[gate.known-gaps]]\nkind = "symbol-folden"\nreason = "x"',
            "[[gate.known-gaps]] 1, key kind",
            "there is no kind of gap 'symbol-folden'",
        ),
        ('[[gate.opaque]]\ntipe = "x"', "[[gate.opaque]] 1", "unknown key 'tipe'"),
    ],
)
def test_what_is_wrong_is_told_by_rule_and_key(
    tmp_path: Path, text: str, place: str | None, message: str
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(RulesError) as raised:
        read_rules(path)
    error = raised.value
    assert (error.path, error.place, error.kind) == (str(path), place, "bad-rules")
    assert message in error.message
    assert error.advice


@pytest.mark.parametrize(
    ("text", "table"),
    [
        (RULE.replace("*", "declaration-only"), "[[gate.known-gaps]]"),
        (RULE.replace("*", "vermagic-unkn*"), "[[gate.known-gaps]]"),
        ('[[gate.known-gaps]]\nkind = "member-added"\nreason = "x"', "[[rules]]"),
    ],
)
def test_a_kind_of_the_other_table_is_told_where_it_belongs(
    tmp_path: Path, text: str, table: str
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(RulesError) as raised:
        read_rules(path)
    assert raised.value.advice is not None
    assert raised.value.advice.endswith(f" stand under {table}")


def test_only_the_command_line_is_told_of_its_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rustabi.toml").write_text("x = [")
    with pytest.raises(RulesError) as raised:
        read_rules(Path("rustabi.toml"))
    assert raised.value.advice == "mend it"
    assert main(["diff", OLD, NEW]) == 2
    assert "(mend it, or give --no-rules to leave it out)" in capsys.readouterr().err
    assert main(["diff", OLD, NEW, "--rules", "rustabi.toml"]) == 2
    assert "--no-rules" not in capsys.readouterr().err


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="cannot be read"):
        read_rules(tmp_path / "nowhere.toml")
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RulesError, match="not valid TOML"):
        read_rules(path)
    path.write_text("x = " + "[" * 100_000)
    with pytest.raises(RulesError, match="not valid TOML"):
        read_rules(path)


def test_files_that_would_take_long_to_read(tmp_path: Path) -> None:
    path = tmp_path / "rustabi.toml"
    path.write_text("# a key in many parts\n" + ".".join("a" * 100_000) + " = 1\n")
    with pytest.raises(RulesError, match="more than 500 dots in a line"):
        read_rules(path)
    path.write_text("x = 1\n" * 200_000)
    with pytest.raises(RulesError, match="too large for a rules file"):
        read_rules(path)


def test_the_schema_describes_the_file() -> None:
    import tomllib

    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    document = tomllib.loads(WHOLE.replace("2027-01-31", '"2027-01-31"'))
    validator = Draft202012Validator(schema)
    validator.validate(document)
    assert not validator.is_valid({"rules": [{"kind": "*"}]})
    assert not validator.is_valid({"rule": []})


def test_the_documentation_names_every_key() -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    for table in json_schema()["$defs"].values():
        for key in table["properties"]:
            assert f"`{key}`" in page, key


def test_the_example_in_the_documentation_is_a_rules_file(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    path = tmp_path / "rustabi.toml"
    path.write_text(page.split("```toml\n")[1].split("```")[0])
    gate = read_rules(path)
    assert gate.rules
    assert gate.opaque


# the command line, on real objects


OLD, NEW = (str(OBJECTS / f"nested_change-{side}.o") for side in ("old", "new"))


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["diff", *arguments, "--format", "json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, document


def test_a_tolerated_finding_is_shown_counted_and_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(
        '[[rules]]\nid = "clock"\ntype = "*::Clock"\nreason = "all users are rebuilt"\n'
        '[[rules]]\ntype = "nothing"\nreason = "left over"\n'
        '[[rules]]\ntype = "*"\nreason = "too late"\nexpires = 2020-02-02\n'
    )
    assert main(["diff", OLD, NEW, "--rules", str(path)]) == 0
    page = capsys.readouterr().out
    assert page.startswith("COMPATIBLE: 4 exported symbols compared, 1 finding tolerated by rules")
    assert f"tolerated by {path} (1)\n  rule 1 (clock): all users are rebuilt\n" in page
    assert "for bus_number, clock_rate, device_id\n" in page
    assert f"rules of {path}: 3 rules, 1 used, 1 unused, 1 expired\n" in page
    assert "  unused   rule 2: left over\n" in page
    assert "  expired  rule 3, on 2020-02-02: too late; it would decide 0 findings\n" in page

    code, document = told(capsys, OLD, NEW, "--rules", str(path))
    assert code == 0
    only = document["findings"][0]
    assert (only["severity"], only["tolerated"], only["rule"]) == ("break", True, "rule 1 (clock)")
    assert only["reason"] == "all users are rebuilt"
    assert document["summary"]["tolerated"] == 1
    assert document["summary"]["breaks"] == 0


def test_the_day_decides_about_expired_rules(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.toml"
    path.write_text('[[rules]]\nkind = "*"\nreason = "for now"\nexpires = 2026-06-15\n')
    for day, code in ((date(2026, 6, 15), 0), (date(2026, 6, 16), 1)):
        monkeypatch.setattr("rustabi.report.judging.present_day", lambda day=day: day)
        assert main(["diff", OLD, NEW, "--rules", str(path)]) == code
    assert "it would decide 1 finding\n" in capsys.readouterr().out


def test_other_symbols_still_break(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.toml"
    path.write_text('[[rules]]\nsymbol = ["bus_*", "clock_*"]\nreason = "rebuilt"\n')
    code, document = told(capsys, OLD, NEW, "--rules", str(path))
    assert code == 1
    parts = {
        each["tolerated"]: [one["symbol"] for one in each["affected"]]
        for each in document["findings"]
    }
    assert parts == {False: ["device_id"], True: ["bus_number", "clock_rate"]}
    assert main(["diff", OLD, NEW, "--rules", str(path)]) == 1
    assert "1 of 4 exported symbols affected" in capsys.readouterr().out


def test_another_compiler_can_be_accepted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The pair has a break by its compilers, too, which the first rule sets aside."""
    pair = [str(OBJECTS / f"niche_changed_compiler-{side}.o") for side in ("old", "new")]
    niche = '[[rules]]\nkind = "niche-*"\nreason = "no Option<char> is passed"\n'
    path = tmp_path / "x.toml"
    path.write_text(niche)
    command = ["diff", *pair, "--rules", str(path)]
    assert main(command) == 0
    assert main([*command, "--fail-on", "risky"]) == 1
    assert "INCOMPATIBLE: 1 risky change" in capsys.readouterr().out
    path.write_text(niche + '[[rules]]\nkind = "compiler-changed"\nreason = "tested"\n')
    assert main([*command, "--fail-on", "risky"]) == 0
    assert "  rule 2: tested\n    compiler changed" in capsys.readouterr().out


def test_a_mild_finding_can_be_made_grave(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = [str(OBJECTS / f"visibility_changed-{side}.o") for side in ("old", "new")]
    path = tmp_path / "x.toml"
    path.write_text('[[rules]]\nkind = "visibility-changed"\nseverity = "break"\nreason = "why"\n')
    assert main(["diff", *pair]) == 0
    capsys.readouterr()
    assert main(["diff", *pair, "--rules", str(path)]) == 1
    page = capsys.readouterr().out
    assert "    rule 1 takes it for break, not api: why\n" in page
    assert "rustabi explain visibility-changed tells" in page


def test_harmless_findings_stay_harmless(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = [str(OBJECTS / f"symbol_added-{side}.o") for side in ("old", "new")]
    path = tmp_path / "x.toml"
    path.write_text('[[rules]]\nkind = "*"\nreason = "all"\n')
    code, document = told(capsys, *pair, "--rules", str(path))
    assert (code, document["findings"]) == (0, [])
    assert (document["summary"]["noise"], document["summary"]["tolerated"]) == (1, 0)
    assert main(["diff", *pair, "--rules", str(path), "--all"]) == 0
    assert "not listed" not in capsys.readouterr().out


def test_the_file_of_the_folder_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["diff", OLD, NEW]) == 1
    Path("pyproject.toml").write_text('[[tool.rustabi.rules]]\nkind = "*"\nreason = "x"\n')
    assert main(["diff", OLD, NEW]) == 0
    assert "rules of pyproject.toml: 1 rule, 1 used\n" in capsys.readouterr().out
    assert main(["diff", OLD, NEW, "--no-rules"]) == 1
    Path("rustabi.toml").write_text("")
    assert main(["diff", OLD, NEW]) == 1
    assert "rules of rustabi.toml: 0 rules, 0 used\n" in capsys.readouterr().out
    assert main(["diff", OLD, NEW, "--rules", "pyproject.toml"]) == 0
    capsys.readouterr()
    Path("rustabi.toml").write_text("[[rules]]\n")
    assert main(["diff", OLD, NEW]) == 2
    assert "rustabi.toml, rule 1: the key 'reason' is missing" in capsys.readouterr().err
    assert main(["diff", OLD, NEW, "--rules", "x", "--no-rules"]) == 2


def test_wrong_rules_are_an_error_of_their_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, document = told(capsys, OLD, NEW, "--rules", str(tmp_path / "nowhere"))
    assert code == 2
    assert document["error"]["kind"] == "bad-rules"


def test_rules_change_nothing_without_findings() -> None:
    model = model_of(OBJECTS / "nested_change-old.o")
    gate = Gate(rules=(rule(kind=("*",), severity=Severity.BREAK),))
    judgement = judge(compare(model, model), gate, TODAY)
    assert judgement.findings == ()
    assert [use.state for use in judgement.rules] == ["unused"]
