"""Rules for ``rustabi check``: what they match, and that they hide nothing from the reader."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

import rustabi
from rustabi.check import KernelCheck, Layer, ModuleCheck, Note
from rustabi.check.judging import judged
from rustabi.check.results import crossing
from rustabi.check_kinds import CHECK_KINDS, CheckKind, kinds_of
from rustabi.cli import main
from rustabi.diff import ChangeKind, GapKind, Severity
from rustabi.errors import UsageError
from rustabi.report.check import check_report
from rustabi.report.contract import ADAPTER
from rustabi.report.page import plain
from rustabi.report.text_check import check_page
from rustabi.rules import Gate, KnownGap, Rule, read_rules
from tests.kernel_files import modinfo, module_data, symvers_text, write

TODAY = date(2026, 11, 21)
EXPORTS = {"module_layout": 1, "alpha": 0xA, "beta": 0xB}
VERSIONS = Note(CheckKind.VERSION_DIFFERS, "beta", "module 0x1, kernel 0x2")
LAYOUT = Note(
    CheckKind.LAYOUT_DIFFERS, "demo::Ring<u8>", "another layout in the kernel",
    ("size changed: 8 in the module, 16 in the kernel", crossing(["alpha", "beta"])),
    symbols=("alpha", "beta"),
)  # fmt: skip
GAP = Note(CheckKind.RUSTC_UNKNOWN, "", "the version of rustc that built the kernel")


def module(*layers: Layer, undecided: bool = False) -> ModuleCheck:
    return ModuleCheck("demo.ko", "demo", "no", "no", layers, undecided=undecided)


def checked(gate: Gate, *notes: Note, undecided: bool = False) -> KernelCheck:
    layers = [Layer("versions", "failed", 1, "versions", (note,)) for note in notes]
    return judged(KernelCheck((), (module(*layers, undecided=undecided),)), gate, TODAY)


def rule(**keys: object) -> Rule:
    return Rule(**({"number": 1, "reason": "known"} | keys))  # type: ignore[arg-type]


def notes_of(found: KernelCheck) -> list[Note]:
    return [note for each in found.modules[0].layers for note in each.problems]


@pytest.mark.parametrize(
    ("keys", "note", "tolerated"),
    [
        ({"kind": ("version-differs",)}, VERSIONS, True),
        ({"kind": ("version-*",)}, VERSIONS, True),
        ({"kind": ("vermagic",)}, VERSIONS, False),
        ({"symbol": ("beta",)}, VERSIONS, True),
        ({"symbol": ("alpha",)}, VERSIONS, False),
        ({"module": ("demo",)}, VERSIONS, True),
        ({"module": ("demo",), "kind": ("vermagic",)}, VERSIONS, False),
        ({"module": ("other*",)}, VERSIONS, False),
        ({"type": ("beta",)}, VERSIONS, False),
        ({"type": ("demo::Ring",)}, LAYOUT, True),
        ({"type": ("demo::Ring<u8>",)}, LAYOUT, True),
        ({"type": ("demo::Ring<u16>",)}, LAYOUT, False),
        ({"crate": ("demo",)}, LAYOUT, True),
        ({"crate": ("kernel",)}, LAYOUT, False),
        ({"symbol": ("alpha", "beta")}, LAYOUT, True),
        ({"symbol": ("demo::Ring<u8>",)}, LAYOUT, False),
    ],
)
def test_what_a_rule_is_for(keys: dict[str, tuple[str, ...]], note: Note, tolerated: bool) -> None:
    found = checked(Gate("f", (rule(**keys),)), note)
    assert [each.tolerated for each in notes_of(found)] == [tolerated]
    assert found.verdict == ("compatible" if tolerated else "incompatible")
    assert found.rules[0].state == ("used" if tolerated else "unused")
    # What the loader says is not the rules' to change.
    assert (found.modules[0].loads, found.modules[0].runs) == ("no", "no")


def test_a_rule_for_one_symbol_leaves_the_other() -> None:
    found = checked(Gate("f", (rule(symbol=("alpha",)),)), LAYOUT)
    first, second = notes_of(found)
    assert (first.tolerated, first.symbols, second.tolerated, second.symbols) == (
        True, ("alpha",), False, ("beta",),
    )  # fmt: skip
    assert second.evidence[-1] == "a value of it crosses imported symbols: beta"
    assert found.verdict == "incompatible"


def test_a_rule_may_take_a_finding_for_something_else() -> None:
    milder = Gate("f", (rule(kind=("version-differs",), severity=Severity.RISKY),))
    found = checked(milder, VERSIONS)
    assert found.verdict == "compatible"
    assert (notes_of(found)[0].grave, notes_of(found)[0].found) == (Severity.RISKY, Severity.BREAK)
    assert checked(milder._replace(fail_on=frozenset({"risky"})), VERSIONS).verdict == (
        "incompatible"
    )
    rustc = Note(CheckKind.RUSTC, "", "another rustc")
    assert checked(Gate(), rustc).verdict == "compatible"
    graver = Gate("f", (rule(kind=("rustc",), severity=Severity.BREAK),))
    assert checked(graver, rustc).verdict == "incompatible"


@pytest.mark.parametrize(
    ("note", "level"),
    [
        (Note(CheckKind.NAMES_DIFFER, "", "names"), "api"),
        (Note(CheckKind.RUSTC, "", "another rustc"), "risky"),
        (VERSIONS, "break"),
    ],
)
def test_fail_on_means_that_severity_or_worse(note: Note, level: str) -> None:
    order = ["break", "risky", "api"]
    for each in order:
        gate = Gate(fail_on=frozenset({each}))  # type: ignore[arg-type]
        fails = order.index(each) >= order.index(level)
        assert checked(gate, note).verdict == ("incompatible" if fails else "compatible")


def test_expired_unused_and_rules_for_another_command() -> None:
    rules = (
        rule(kind=("version-differs",), expires=date(2026, 11, 20)),
        rule(number=2, kind=("vermagic",)),
        rule(number=3, kind=("size-changed",)),
    )
    found = checked(Gate("f", rules), VERSIONS)
    assert [(use.state, use.findings) for use in found.rules] == [
        ("expired", 1), ("unused", 0), ("elsewhere", 0),
    ]  # fmt: skip
    assert found.verdict == "incompatible"


def test_no_rule_makes_a_verdict_where_something_is_not_known() -> None:
    everything = Gate("f", (rule(kind=("*",)),))
    assert checked(everything, VERSIONS).verdict == "compatible"
    assert checked(everything, VERSIONS, undecided=True).verdict == "error"
    known = everything._replace(known_gaps=(KnownGap(1, "so it is", ("*",)),))
    assert checked(known, VERSIONS, undecided=True).verdict == "error"


def test_known_gaps_do_not_fail() -> None:
    layer = Layer("toolchain", "ok", 1, "facts", gaps=(GAP,))
    check = KernelCheck((), (module(layer),))
    gate = Gate(fail_on=frozenset({"gap"}))
    assert judged(check, gate, TODAY).verdict == "error"
    known = gate._replace(known_gaps=(KnownGap(1, "a kernel in C", ("rustc-unknown",)),))
    found = judged(check, known, TODAY)
    assert found.verdict == "compatible"
    assert check_report(found).gate.known_gaps[0].gaps == 1
    other = gate._replace(known_gaps=(KnownGap(1, "of diff", ("symbol-folded",)),))
    report = check_report(judged(check, other, TODAY))
    assert (report.verdict, report.gate.known_gaps[0].elsewhere) == ("error", True)
    assert "unused" not in plain(check_page(report))


# the table


def test_the_table_has_every_kind_once() -> None:
    assert set(CHECK_KINDS) == set(CheckKind)
    for kind, info in CHECK_KINDS.items():
        assert info.means, kind
        assert info.because, kind
        assert (info.severity is not None) == (info.role == "finding"), kind
    others = {*map(str, ChangeKind), *map(str, GapKind)}
    assert not others & set(map(str, CheckKind))
    assert len(kinds_of("finding")) + len(kinds_of("gap")) + len(kinds_of("remark")) == len(
        CheckKind
    )


def test_every_kind_is_in_the_docs() -> None:
    page = (Path(__file__).resolve().parents[1] / "docs/check.md").read_text(encoding="utf-8")
    assert [kind for kind in CheckKind if f"`{kind}`" not in page] == []


def test_explain_knows_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "version-differs"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("version-differs  break: the loader refuses the module, or it goes wro")
    assert main(["explain", "rustc-unknown"]) == 0
    assert capsys.readouterr().out.startswith("rustc-unknown  gap: ")
    assert main(["explain"]) == 0
    text = capsys.readouterr().out
    assert all(str(kind) in text for kind in CheckKind)


# the command


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    bad = EXPORTS | {"beta": 0xBAD}
    write(tmp_path, "bad.ko", module_data(["alpha", "beta"], bad, info=modinfo(name="bad")))
    write(tmp_path, "Module.symvers", symvers_text(EXPORTS))
    write(
        tmp_path, "accepted.toml",
        '[[rules]]\nkind = "version-differs"\nsymbol = "beta"\nreason = "a rename"\n'
        '[[rules]]\nkind = "vermagic"\nid = "later"\nreason = "not yet"\n',
    )  # fmt: skip
    return tmp_path


COMMAND = ["check", "bad.ko", "--kernel", "Module.symvers"]


@pytest.mark.usefixtures("files")
def test_a_tolerated_refusal_is_still_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(COMMAND) == 1
    capsys.readouterr()
    assert main([*COMMAND, "--rules", "accepted.toml"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "COMPATIBLE: of 1 module, 1 refused by the loader, which rules tolerate"
    assert "  would the kernel load it: no    would it run correctly: unknown" in lines
    assert "  the loader refuses it; rules tolerate that" in lines
    assert "  versions   failed     2 versions, 1 problem, 1 tolerated" in lines
    assert "tolerated by accepted.toml (1)" in lines
    assert "  rule 1: a rename" in lines
    assert (
        "    bad  version differs  beta: module 0x00000bad, kernel 0x0000000b (Module.symvers)"
        in (lines)
    )
    assert "rules of accepted.toml: 2 rules, 1 used, 1 unused" in lines
    assert "  unused   rule 2 (later): not yet" in lines


def test_the_json_has_the_rules(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*COMMAND, "--rules", "accepted.toml", "--format", "json"]) == 0
    text = capsys.readouterr().out
    ADAPTER.validate_json(text)
    report = json.loads(text)
    (found,) = report["modules"]
    assert (report["verdict"], report["tolerated"], found["verdict"], found["loads"]) == (
        "compatible", 1, "compatible", "no",
    )  # fmt: skip
    (note,) = next(each for each in found["layers"] if each["name"] == "versions")["problems"]
    assert (note["tolerated"], note["fails"], note["rule"], note["reason"]) == (
        True, False, "rule 1", "a rename",
    )  # fmt: skip
    assert [each["state"] for each in report["gate"]["rules"]] == ["used", "unused"]
    assert report["gate"]["file"] == "accepted.toml"
    assert (files / "accepted.toml").is_file()


def test_the_file_of_the_folder(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "accepted.toml").rename(files / "rustabi.toml")
    assert main(COMMAND) == 0
    assert main([*COMMAND, "--no-rules"]) == 1
    assert main([*COMMAND, "--no-rules", "--rules", "rustabi.toml"]) == 2
    capsys.readouterr()


@pytest.mark.parametrize("level", ["break", "risky", "api", "gap", "break,risky", "never"])
@pytest.mark.usefixtures("files")
def test_fail_on_takes_the_levels_of_diff(level: str, capsys: pytest.CaptureFixture[str]) -> None:
    expected = {"gap": 2, "never": 2}.get(level, 0)
    assert main([*COMMAND, "--rules", "accepted.toml", "--fail-on", level]) == expected
    capsys.readouterr()


def test_the_public_call(files: Path) -> None:
    kernel = [files / "Module.symvers"]
    plainly = rustabi.check_module(files / "bad.ko", kernel)
    assert (plainly.loads, plainly.verdict, plainly.tolerated) == ("no", "incompatible", ())
    ruled = rustabi.check_module(files / "bad.ko", kernel, rules=files / "accepted.toml")
    assert (ruled.loads, ruled.verdict) == ("no", "compatible")
    assert [str(note.kind) for note in ruled.tolerated] == ["version-differs"]
    strict = rustabi.check_module(
        files / "bad.ko", kernel, rules=files / "accepted.toml", fail_on=["gap"]
    )
    assert strict.verdict == "error"
    with pytest.raises(UsageError):
        rustabi.check_module(files / "bad.ko", kernel, fail_on=["never"])  # type: ignore[list-item]


def test_the_report_of_a_module_keeps_its_gate(files: Path) -> None:
    """It is that of a check of this module alone."""
    good = write(files, "good.ko", module_data(["alpha"], EXPORTS, info=modinfo(name="good")))
    kernel, rules = [files / "Module.symvers"], files / "accepted.toml"
    alone = rustabi.check_module(files / "bad.ko", kernel, fail_on=["risky"], rules=rules)
    whole = rustabi.check_modules([files / "bad.ko"], kernel, fail_on=["risky"], rules=rules)
    told = rustabi.Report.of_check(alone)
    assert "accepted.toml: 2 rules, 1 used, 1 unused" in told.text()
    assert "fails on break, risky" in told.text()
    assert told.json() == rustabi.Report.of_check(whole).json()
    both = rustabi.check_modules([good, files / "bad.ko"], kernel, rules=rules)
    reports = [*map(rustabi.Report.of_check, both.modules), rustabi.Report.of_check(both)]
    gates = [json.loads(each.json())["gate"]["rules"] for each in reports]
    states = [[rule["state"] for rule in each] for each in gates]
    assert states == [["unused", "unused"], ["used", "unused"], ["used", "unused"]]


def test_rules_files_know_both_tables(tmp_path: Path) -> None:
    text = '[[rules]]\nkind = "version-differs"\nmodule = "bad"\nreason = "so"\n'
    gate = read_rules(write(tmp_path, "rustabi.toml", text))
    assert (gate.rules[0].kind, gate.rules[0].module) == (("version-differs",), ("bad",))
