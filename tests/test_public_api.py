"""What ``import rustabi`` offers, and what it costs."""

from __future__ import annotations

import gc
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from importlib import metadata, resources
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest

import rustabi
from rustabi.cli import main
from rustabi.diff import compare
from rustabi.rules import judge as judge_by
from rustabi.rules.gate import Rule
from tests.support import OBJECTS, model_of

OLD, NEW = OBJECTS / "member_added-old.o", OBJECTS / "member_added-new.o"

NAMES = {
    "Build",
    "ChangeKind",
    "Comparison",
    "Diagnosis",
    "Finding",
    "Gate",
    "Judgement",
    "KernelCheck",
    "Model",
    "ModuleCheck",
    "Report",
    "RustabiError",
    "Severity",
    "Snapshot",
    "__version__",
    "check_module",
    "check_modules",
    "compare",
    "diagnose",
    "judge",
    "load",
    "read_rules",
    "read_snapshot",
    "write_snapshot",
}
"""Adding one is a promise; taking one away breaks users."""

SIGNATURES = {
    "Report.data": "self",
    "Report.json": "self",
    "Report.of_check": "check",
    "Report.of_comparison": "comparison, old=, new=, *, judgement=, crates=, noise=",
    "Report.of_diagnosis": "diagnosis, target",
    "Report.of_models": "**models",
    "Report.render": "self, format, *, everything=",
    "Report.text": "self, *, everything=",
    "Snapshot.dumps": "self",
    "Snapshot.loads": "data",
    "Snapshot.of": "target",
    "Snapshot.read": "path",
    "Snapshot.write": "self, path",
    "check_module": "path, kernel, baseline=, *, rules=, fail_on=, progress=, executor=, cache=",
    "check_modules": "paths, kernel, baseline=, *, rules=, fail_on=, progress=, executor=, cache=",
    "compare": "old, new, *, symbols=, build=, executor=, cache=",
    "diagnose": "path, *, build=, progress=, executor=, cache=",
    "judge": "comparison, rules=, *, opaque=, fail_on=, today=",
    "load": "target, *, symbols=, scope=, build=, progress=, executor=, cache=",
    "read_rules": "path",
    "read_snapshot": "path",
    "write_snapshot": "model, path",
}
"""How each is called: a new parameter comes last, or by name, and has a default."""

HEAVY = (
    "elftools", "http", "json", "networkx", "pydantic", "rich", "rustabi.cargo", "rustabi.diff",
    "rustabi.model", "rustabi.target", "subprocess", "zstandard",
)  # fmt: skip


def imported(code: str) -> set[str]:
    """Which of the heavy modules are imported after ``code`` in a fresh interpreter."""
    script = f"{code}\nimport sys\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    run = [sys.executable, "-c", script]
    return set(subprocess.run(run, check=True, capture_output=True, text=True).stdout.split())


def test_the_names() -> None:
    assert set(rustabi.__all__) == NAMES
    assert set(dir(rustabi)) >= NAMES
    for name in NAMES:
        assert getattr(rustabi, name) is not None
    from_star: dict[str, object] = {}
    exec("from rustabi import *", from_star)
    assert set(from_star) - {"__builtins__"} == NAMES


@pytest.mark.parametrize("name", sorted(NAMES - {"__version__"}))
def test_each_is_documented_and_typed(name: str) -> None:
    value = getattr(rustabi, name)
    assert inspect.getdoc(value)
    if inspect.isfunction(value):
        signature = inspect.signature(value)
        assert signature.return_annotation is not inspect.Signature.empty
        for parameter in signature.parameters.values():
            assert parameter.annotation is not inspect.Parameter.empty


def called(function: Callable[..., object]) -> str:
    """A signature without annotations and values."""
    words = []
    star = False
    for each in inspect.signature(function).parameters.values():
        if each.kind is each.KEYWORD_ONLY and not star:
            words.append("*")
            star = True
        stars = "**" if each.kind is each.VAR_KEYWORD else ""
        words.append(f"{stars}{each.name}{'' if each.default is each.empty else '='}")
    return ", ".join(words)


def test_the_signatures() -> None:
    found = {}
    for name in NAMES - {"__version__"}:
        value = getattr(rustabi, name)
        if inspect.isfunction(value):
            found[name] = called(value)
    for owner in (rustabi.Report, rustabi.Snapshot):
        for name in vars(owner):
            method = getattr(owner, name)
            if not name.startswith("_") and (
                inspect.isfunction(method) or inspect.ismethod(method)
            ):
                found[f"{owner.__name__}.{name}"] = called(method)
    assert found == SIGNATURES


def test_it_is_typed() -> None:
    assert (resources.files("rustabi") / "py.typed").is_file()


CLIENT = """
from pathlib import Path
import rustabi

model: rustabi.Model = rustabi.load(Path("a.o"), build=rustabi.Build(features=("x",)))
found: rustabi.Comparison = rustabi.compare(model, "b.o", symbols=["one"])
judged: rustabi.Judgement = rustabi.judge(found, "rules.toml", fail_on=["risky"])
report = rustabi.Report.of_comparison(found, judgement=judged)
code: int = report.exit_code
text: str = report.render("md")
names: list[str] = [each.symbol for each in found.findings[0].affected]
report.render("pdf")
rustabi.load(7)
"""


@pytest.mark.slow
def test_a_type_checker_sees_it(tmp_path: Path) -> None:
    """The last two lines are wrong, and nothing else is."""
    (tmp_path / "client.py").write_text(CLIENT)
    run = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "client.py"]
    done = subprocess.run(run, cwd=tmp_path, check=False, capture_output=True, text=True)
    wrong = [line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line]
    last = CLIENT.count("\n")
    assert wrong == [str(last - 1), str(last)]


def test_threads_at_once() -> None:
    """Each loads, compares, judges and reports, on its own and on shared values."""
    pairs = [("member_added", 4), ("nested_change", 4), ("repr_changed", 4), ("c_types", 4)]
    work = [name for name, times in pairs for _ in range(times)]
    shared = {name: rustabi.load(OBJECTS / f"{name}-old.o") for name, _ in pairs}
    start = Barrier(8)

    def result(name: str) -> str:
        with suppress(BrokenBarrierError):
            start.wait(timeout=5)
        found = rustabi.compare(shared[name], OBJECTS / f"{name}-new.o")
        judgement = rustabi.judge(found, opaque=["*"], today=date(2026, 1, 1))
        report = rustabi.Report.of_comparison(found, judgement=judgement)
        snapshot = rustabi.Snapshot.of(OBJECTS / f"{name}-old.o")
        return report.json() + report.text() + snapshot.dumps().decode()

    alone = {}
    for name, _ in pairs:
        start.abort()
        alone[name] = result(name)
    start.reset()
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(result, work))
    assert together == [alone[name] for name in work]
    assert gc.isenabled()


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    found = rustabi.compare(OLD, NEW)
    rustabi.Report.of_comparison(found).text()
    rustabi.diagnose(OLD)
    with pytest.raises(rustabi.RustabiError):
        rustabi.load(OBJECTS / "MANIFEST.toml")
    assert capfd.readouterr() == ("", "")


def test_judge() -> None:
    found = rustabi.compare(OLD, NEW)
    assert rustabi.judge(found) == judge_by(found, rustabi.Gate(), date(2026, 1, 1))
    lenient = rustabi.Gate(rules=(Rule(1, "known", expires=date(2026, 1, 1)),))
    for day, tolerated in ((date(2026, 1, 1), True), (date(2026, 1, 2), False)):
        judgement = rustabi.judge(found, lenient, today=day)
        assert [each.tolerated for each in judgement.findings] == [tolerated]
    with pytest.raises(rustabi.RustabiError, match="does not know 'much'"):
        rustabi.judge(found, fail_on=["much"])  # type: ignore[list-item]
    with pytest.raises(rustabi.RustabiError):
        rustabi.judge(found, OBJECTS / "absent.toml")


def test_reports_are_what_the_commands_print(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(OBJECTS)
    old, new = OLD.name, NEW.name
    reports = {
        ("diff", old, new): rustabi.Report.of_comparison(rustabi.compare(old, new), old, new),
        ("doctor", old): rustabi.Report.of_diagnosis(rustabi.diagnose(old), old),
        ("report", old): rustabi.Report.of_models(**{old: rustabi.load(old)}),
    }
    for command, report in reports.items():
        for token in ("text", "json", "md", "junit", "github"):
            assert main([*command, "--format", token]) == report.exit_code
            assert capsys.readouterr().out == report.render(token)
        assert report.data() == json.loads(report.json())
        assert report.kind == command[0]


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        _ = rustabi.absent  # type: ignore[attr-defined]


def test_the_version() -> None:
    assert rustabi.__version__ == metadata.version("rustabi")
    assert re.match(r"\d+\.\d+", rustabi.__version__)


def test_the_import_is_light() -> None:
    assert imported("import rustabi") == set()
    assert imported("import rustabi; rustabi.RustabiError") == set()


def test_loading_an_object_imports_what_it_needs() -> None:
    code = f"import rustabi; rustabi.load({str(OLD)!r})"
    assert imported(code) == {"rustabi.model", "rustabi.target"}


def test_load() -> None:
    model = rustabi.load(OLD)
    assert model == rustabi.load(str(OLD)) == model_of(OLD)
    assert rustabi.load(model) is model
    named = rustabi.load(OLD, symbols=iter(["unrelated"]), scope="file")
    assert [symbol.name for symbol in named.symbols] == ["unrelated"]


def test_compare() -> None:
    found = rustabi.compare(OLD, str(NEW))
    assert isinstance(found, rustabi.Comparison)
    assert found == rustabi.compare(rustabi.load(OLD), NEW) == compare(model_of(OLD), model_of(NEW))
    assert found.verdict == "incompatible"
    assert found.findings[0].severity is rustabi.Severity.BREAK
    assert rustabi.ChangeKind.MEMBER_ADDED in {each.change.kind for each in found.findings}
    assert rustabi.compare(OLD, OLD).findings == ()
    assert rustabi.compare(OLD, NEW, symbols=iter(["unrelated"])).verdict == "compatible"


def test_snapshots(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json.gz"
    rustabi.write_snapshot(rustabi.load(OLD), path)
    assert rustabi.compare(path, OLD).findings == ()
    assert rustabi.read_snapshot(path) == rustabi.load(path)


def test_one_root_for_all_errors() -> None:
    with pytest.raises(rustabi.RustabiError) as caught:
        rustabi.load(OBJECTS / "absent.o")
    assert caught.value.kind == "bad-input"
