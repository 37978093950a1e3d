"""What ``import rustabi`` offers, and what it costs."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import rustabi
from rustabi.diff import compare
from tests.support import OBJECTS, model_of

OLD, NEW = OBJECTS / "member_added-old.o", OBJECTS / "member_added-new.o"

NAMES = {
    "Build",
    "ChangeKind",
    "Comparison",
    "Diagnosis",
    "Finding",
    "KernelCheck",
    "Model",
    "ModuleCheck",
    "RustabiError",
    "Severity",
    "__version__",
    "check_module",
    "check_modules",
    "compare",
    "diagnose",
    "load",
    "read_snapshot",
    "write_snapshot",
}
"""Adding one is a promise; taking one away breaks users."""

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
