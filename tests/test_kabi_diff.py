"""`rustabi diff --kabi-rules`: what the rules in the binaries declare away, and what not."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rustabi.cli import main
from rustabi.errors import InputError
from rustabi.kabi import KabiRules, joined
from tests.support import needs_oracle
from tests.test_ksyms import TOOL

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")

MACROS = r"""
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define RULE(type, target, value) static const char \
  __attribute__((used, aligned(1), section(".discard.gendwarfksyms.kabi_rules"))) \
  PASTE(rule, __COUNTER__)[] = "1\0" type "\0" target "\0" value
#define RESERVE(n) unsigned long __kabi_reserved##n
#define USE(n, new) union { new; struct { RESERVE(n); }; }
#define IGNORE(n, new) union { new; unsigned char __kabi_ignored##n; }
#define REPLACE(type, name, new) union { struct { new; }; struct { type __kabi_renamed##name; }; }
"""

Compare = Callable[..., dict[str, Any]]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Compile a source, with the macros, to an object in the current folder."""
    monkeypatch.chdir(tmp_path)

    def compiled(name: str, source: str) -> None:
        (tmp_path / f"{name}.h").write_text(MACROS + source)  # types of a .c file are private
        users = "int use(struct t *p) { return p != 0; }\n"
        (tmp_path / f"{name}.c").write_text(f'#include "{name}.h"\n{users}')
        subprocess.run(["gcc", "-g", "-c", f"{name}.c", "-o", f"{name}.o"], check=True)

    return compiled


@pytest.fixture
def compare(
    build: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, Any]]:
    """Compare two sources, as the command line does."""

    def compared(old: str, new: str, *options: str) -> dict[str, Any]:
        build("old", old)
        build("new", new)
        code = main(["diff", "old.o", "new.o", "--format", "json", *(options or ["--kabi-rules"])])
        said = capsys.readouterr()
        document: dict[str, Any] = json.loads(said.out)
        assert code == {"compatible": 0, "incompatible": 1}[document["verdict"]], said
        return document

    return compared


def version(name: str) -> str:
    """What gendwarfksyms --stable says of ``use`` in an object of the current folder."""
    return subprocess.run(
        [TOOL, "--stable", f"{name}.o"], input="use\n", capture_output=True, text=True, check=True
    ).stdout


ENUM = "enum e {{ A, {0} C }}; struct t {{ enum e *e; }};"
ACCEPTED = {
    "a reserved member put to use": (
        "struct t { int a; RESERVE(0); };",
        "struct t { int a; USE(0, void *p); };",
    ),
    "two members in a reserved one": (
        "struct t { int a; RESERVE(0); };",
        "struct t { int a; USE(0, struct { int b; int c; }); };",
    ),
    "a member replaced": (
        # Not as the last member: the tool would call the parameter so, too.
        "struct t { unsigned long was; long z; };",
        "struct t { REPLACE(unsigned long, was, long now); long z; };",
    ),
    "a member in a hole": (
        "struct t { int a; long b; };",
        "struct t { int a; IGNORE(0, int n); long b; };",
    ),
    "a member at the end": (
        "struct t { long a; };",
        'struct t { long a; IGNORE(0, long n); }; RULE("byte_size", "t", "8");',
    ),
    "a hidden type": (
        'struct s { int a; }; struct t { struct s *s; }; RULE("declonly", "s", "");',
        'struct s { long a, b; }; struct t { struct s *s; }; RULE("declonly", "s", "");',
    ),
    "what lies behind a hidden type": (
        'struct u { int a; }; struct s { struct u u; }; struct t { struct s *s; };'
        ' RULE("declonly", "s", "");',
        'struct u { long a; }; struct s { struct u u; }; struct t { struct s *s; };'
        ' RULE("declonly", "s", "");',
    ),
    "an enumerator in between": (
        ENUM.format(""),
        ENUM.format("B,")
        + 'RULE("enumerator_ignore", "e B", ""); RULE("enumerator_value", "e C", "1");',
    ),
    "a type string": (
        "struct t { unsigned long a; };",
        "struct t { unsigned long b, c; };"
        'RULE("type_string", "s#t", "structure_type t { member base_type long unsigned int'
        ' byte_size(8) encoding(7) a data_member_location(0) } byte_size(8)");',
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_a_rule_declares_away_is_lowered(compare: Compare, name: str) -> None:
    old, new = ACCEPTED[name]
    without = compare(old, new, "--all")
    assert without["kabi"] is None
    assert without["summary"]["breaks"] or without["summary"]["risky"]
    report = compare(old, new)
    assert report["verdict"] == "compatible"
    assert report["summary"]["kabi"] == len(report["findings"]) > 0
    for finding in report["findings"]:
        assert (finding["kabi"], finding["severity"]) == (True, "api")
        assert finding["own_severity"] in ("break", "risky")
    rules = report["kabi"]["old"]["rules"] + report["kabi"]["new"]["rules"]
    assert len(rules) == old.count("RULE(") + new.count("RULE(")
    assert all(rule["used"] for rule in rules)
    expected = sum(new.count(f"{macro}(") for macro in ("USE", "IGNORE", "REPLACE"))
    assert report["kabi"]["new"]["stand_ins"] == expected


@needs_oracle
@pytest.mark.parametrize("name", ACCEPTED)
def test_gendwarfksyms_takes_them_for_the_same(
    build: Callable[[str, str], None], name: str
) -> None:
    for side, source in zip(("old", "new"), ACCEPTED[name], strict=True):
        build(side, source)
    assert version("old") == version("new")


REFUSED = {
    "what stands in is larger": (
        "struct t { int a; RESERVE(0); };",
        "struct t { int a; USE(0, long p[2]); };",
    ),
    "a hidden member that moves others": (
        "struct t { long a; long b; };",
        "struct t { long a; IGNORE(0, long n); long b; };",
    ),
    "a type that only one build hides": (
        "struct s { int a; }; struct t { struct s *s; };",
        'struct s { long a; }; struct t { struct s *s; }; RULE("declonly", "s", "");',
    ),
    "a rule for another type": (
        "struct s { int a; }; struct t { struct s *s; };",
        'struct s { long a; }; struct t { struct s *s; }; RULE("byte_size", "u", "4");',
    ),
    "another value than before": (
        ENUM.format(""),
        ENUM.format("B,") + 'RULE("enumerator_ignore", "e B", "");',
    ),
    "a string that was another": (
        "struct t { unsigned long a; };",
        'struct t { long b, c; }; RULE("type_string", "s#t", "structure_type t { }");',
    ),
    "a change behind a type string": (
        "struct s { int a; }; struct t { struct s *s; };"
        ' RULE("type_string", "s#t", "structure_type t { pointer_type { s#s } }");',
        "struct s { long a; }; struct t { struct s *s; int b; };"
        ' RULE("type_string", "s#t", "structure_type t { pointer_type { s#s } }");',
    ),
    "a struct around one of overridden size": (
        "struct s { long a; }; struct t { struct s s; int b; };",
        "struct s { long a; IGNORE(0, long n); }; struct t { struct s s; int b; };"
        ' RULE("byte_size", "s", "8");',
    ),
}


USED_ALREADY = {
    "a reserved member put to another use": (
        "struct t { int a; USE(0, void *p); };",
        "struct t { int a; USE(0, long q); };",
    ),
    "a reserved member free again": (
        "struct t { int a; USE(0, void *p); };",
        "struct t { int a; RESERVE(0); };",
    ),
    "another hidden member": (
        "struct t { int a; IGNORE(0, int n); long b; };",
        "struct t { int a; IGNORE(0, short n); long b; };",
    ),
    "a hidden member that is gone": (
        "struct t { int a; IGNORE(0, int n); long b; };",
        "struct t { int a; long b; };",
    ),
    "an ignored enumerator that is gone": (
        ENUM.format("B,")
        + 'RULE("enumerator_ignore", "e B", ""); RULE("enumerator_value", "e C", "1");',
        ENUM.format(""),
    ),
}


@needs_oracle
@pytest.mark.parametrize("name", USED_ALREADY)
def test_what_callers_of_old_use_already_stays_grave(compare: Compare, name: str) -> None:
    """Versions do not tell, and a module built against OLD can have it in its code."""
    report = compare(*USED_ALREADY[name])
    assert version("old") == version("new")
    assert report["verdict"] == "incompatible"


@pytest.mark.parametrize(
    "more", ["int by_value(struct t t) { return 0; }", "struct t table[2];"], ids=["value", "array"]
)
def test_a_size_is_not_declared_away_for_who_has_the_type_by_value(
    compare: Compare, more: str
) -> None:
    old, new = ACCEPTED["a member at the end"]
    report = compare(f"{old} {more}", f"{new} {more}")
    assert report["verdict"] == "incompatible"
    grave = [each for each in report["findings"] if each["severity"] == "break"]
    affected = {symbol["name"] for each in grave for symbol in each["affected"]}
    assert affected == {"table" if "table" in more else "by_value"}


def test_a_use_that_stays_does_not_hide_the_next(compare: Compare) -> None:
    report = compare(
        "struct t { USE(0, void *p); RESERVE(1); };",
        "struct t { USE(0, void *p); USE(1, void *q); };",
    )
    assert report["verdict"] == "compatible"
    assert report["summary"]["kabi"] > 0
    assert [report["kabi"][side]["stand_ins"] for side in ("old", "new")] == [1, 2]


@pytest.mark.parametrize("name", REFUSED)
def test_all_else_stays_as_grave_as_it_is(compare: Compare, name: str) -> None:
    report = compare(*REFUSED[name])
    assert report["verdict"] == "incompatible"
    assert report["summary"]["breaks"] > 0


@needs_oracle
@pytest.mark.parametrize("name", REFUSED)
def test_gendwarfksyms_tells_them_apart(build: Callable[[str, str], None], name: str) -> None:
    for side, source in zip(("old", "new"), REFUSED[name], strict=True):
        build(side, source)
    assert version("old") != version("new")


def test_one_member_is_accepted_and_its_neighbour_is_not(compare: Compare) -> None:
    report = compare(
        "struct t { int a; RESERVE(0); int z; };",
        "struct t { unsigned char a; USE(0, void *p); int z; };",
    )
    kept = {(each["kind"], each["where"]) for each in report["findings"] if not each["kabi"]}
    assert kept == {("member-retyped", "a")}
    assert report["summary"]["kabi"] > 0


def test_the_page_tells_of_rules(
    build: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = ACCEPTED["a hidden type"]
    build("old", old)
    build("new", new + 'RULE("byte_size", "nothing", "4");')
    assert main(["diff", "old.o", "new.o", "--kabi-rules"]) == 0
    page = capsys.readouterr().out
    assert "accepted by kABI rules" in page.splitlines()[0]
    assert "accepted by a kABI rule of the target" in page
    assert "kABI rules of old: 1 rule, 1 used" in page
    assert "kABI rules of new: 2 rules, 1 used" in page
    assert "unused   byte_size nothing" in page


def test_a_rule_of_the_user_has_the_last_word(compare: Compare, tmp_path: Path) -> None:
    (tmp_path / "strict.toml").write_text(
        '[[rules]]\ntype = "t"\nseverity = "break"\nreason = "sold as part of the ABI"\n'
    )
    report = compare(*ACCEPTED["a member in a hole"], "--kabi-rules", "--rules", "strict.toml")
    assert report["verdict"] == "incompatible"
    assert report["findings"][0]["own_severity"] in ("break", "risky")


def test_a_snapshot_has_no_rules_and_that_is_said(
    build: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = ACCEPTED["a member at the end"]
    build("old", old)
    build("new", new)
    for side in ("old", "new"):
        assert main(["snapshot", f"{side}.o", "-o", f"{side}.json"]) == 0
    capsys.readouterr()
    assert main(["diff", "old.json", "new.o", "--kabi-rules"]) == 0
    page = capsys.readouterr().out
    assert "kABI rules of old: none, a snapshot does not keep them" in page
    assert main(["diff", "old.json", "new.json", "--kabi-rules"]) == 1


def test_damaged_rules_are_an_error(
    build: Callable[[str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    build("old", "struct t { int a; };")
    build("new", 'struct t { int a; }; RULE("unheard_of", "t", "");')
    assert main(["diff", "old.o", "new.o", "--kabi-rules"]) == 2
    assert "unheard_of" in capsys.readouterr().err
    assert main(["diff", "old.o", "new.o"]) == 0


def test_objects_of_one_target_must_agree() -> None:
    one, other = KabiRules(byte_sizes={"t": 8}), KabiRules(byte_sizes={"u": 4})
    both = joined([("a.o", one), ("b.o", other), ("c.o", one)], "folder")
    assert both.byte_sizes == {"t": 8, "u": 4}
    with pytest.raises(InputError, match=r"b\.o and another object"):
        joined([("a.o", one), ("b.o", KabiRules(byte_sizes={"t": 16}))], "folder")
