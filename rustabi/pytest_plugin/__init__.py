"""The pytest plugin: layouts and ABIs as tests.

    >>> def test_kernel_abi(rustabi: Rustabi) -> None:
    ...     rustabi.assert_compatible("rust/kernel.o", baseline="abi/kernel.json")

pytest loads this module in every project of an environment that has rustabi. So it holds the hooks
alone, and imports nothing before a fixture, a marker or an option of its own is used.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from rustabi.cargo import Build
    from rustabi.pytest_plugin.assertions import Rustabi
    from rustabi.pytest_plugin.reporting import ReportFiles
    from rustabi.pytest_plugin.symbolcases import SymbolCase
    from rustabi.pytest_plugin.values import Bytes, Hole, LoadedTarget, Outcome, TypeLayout

__all__ = [
    "Build", "Bytes", "Hole", "LoadedTarget", "Outcome", "Rustabi", "SymbolCase", "TypeLayout",
]  # fmt: skip

_PLACES = {
    "Build": "rustabi.cargo",
    "Bytes": "rustabi.pytest_plugin.values",
    "Hole": "rustabi.pytest_plugin.values",
    "LoadedTarget": "rustabi.pytest_plugin.values",
    "Outcome": "rustabi.pytest_plugin.values",
    "Rustabi": "rustabi.pytest_plugin.assertions",
    "SymbolCase": "rustabi.pytest_plugin.symbolcases",
    "TypeLayout": "rustabi.pytest_plugin.values",
}
"""Name for annotations of users -> the module that has it."""

_STATE = "rustabi-state"
"""The name under which the state is known to pytest."""

_MARKER = (
    "rustabi(crate=..., features=[...], target=..., modules=..., symbols=...): what the fixtures"
    " rustabi_build, rustabi_module and rustabi_symbol stand for"
)


class _State:
    """What the process keeps, and hears: of its own tests, or of those of xdist's workers.

    Attributes:
        session: What the fixtures hand out; None until one is used.
        files: The report files to write; None where none are asked for, and in workers.
        updates: What became of baselines, as (name, what was done, headline).
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.session: Rustabi | None = None
        self.files: ReportFiles | None = None
        self.updates: dict[str, tuple[str, str]] = {}

    def the_session(self) -> Rustabi:
        """What the fixtures hand out, made when it is first used."""
        if self.session is None:
            from rustabi.pytest_plugin.assertions import Rustabi

            self.session = Rustabi(self.config)
        return self.session

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hear what a test's report carries."""
        for name, done, headline in getattr(report, "rustabi_updates", ()):
            self.updates[name] = (done, headline)
        if self.files is not None:
            self.files.hear(report.nodeid, report.when, getattr(report, "rustabi_reports", ()))

    def pytest_sessionfinish(self) -> None:
        """Write the report files."""
        if self.files is not None:
            self.files.write()

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell which baselines were written, and which reports."""
        if self.updates or self.files is not None:
            from rustabi.pytest_plugin.reporting import summary

            lines = summary(self.updates, self.files)
            if lines:
                terminalreporter.section("rustabi")
                for line in lines:
                    terminalreporter.write_line(line)


def _state(config: pytest.Config) -> _State:
    found: _State | None = config.pluginmanager.get_plugin(_STATE)
    if found is None:  # pytest_configure did not run: somebody asks for help or versions
        found = _State(config)
    return found


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the ini key."""
    group = parser.getgroup("rustabi", "type layouts and ABIs (rustabi)")
    group.addoption(
        "--rustabi-update", action="store_true", default=False,
        help="write the baselines that assert_compatible() names, instead of comparing with them",
    )  # fmt: skip
    group.addoption(
        "--rustabi-baseline-dir", metavar="DIR", default=None,
        help="the folder that baselines are named in (default: the ini key rustabi_baseline_dir,"
        " else the root folder)",
    )  # fmt: skip
    group.addoption(
        "--rustabi-report", metavar="FORMAT:FILE", action="append", default=[],
        help="write what all assertions found to FILE; FORMAT is text, json, ...; may be repeated",
    )  # fmt: skip
    parser.addini("rustabi_baseline_dir", "the folder that baselines are named in (rustabi)")


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known; refuse a report that cannot be written before any test runs."""
    config.addinivalue_line("markers", _MARKER)
    state = _State(config)
    config.pluginmanager.register(state, _STATE)
    if config.getoption("rustabi_report") and not hasattr(config, "workerinput"):
        from rustabi.pytest_plugin.reporting import ReportFiles

        state.files = ReportFiles.of_options(config)


@pytest.fixture(scope="session", name="rustabi")
def _rustabi(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Rustabi:
    """Loads builds; asserts that they are compatible and that modules load; tells layouts."""
    session = _state(request.config).the_session()
    session.share(tmp_path_factory.getbasetemp())
    return session


@pytest.fixture(name="rustabi_build")
def _rustabi_build(request: pytest.FixtureRequest, rustabi: Rustabi) -> LoadedTarget:
    """The crate that the marker rustabi(crate=...) of the test names, built as the marker says."""
    from rustabi.pytest_plugin.parameters import crate_of

    return crate_of(request, rustabi)


@pytest.fixture(name="rustabi_module")
def _rustabi_module(request: pytest.FixtureRequest) -> Path:
    """One of the kernel modules that the marker rustabi(modules=...) names: a test for each."""
    from rustabi.pytest_plugin.parameters import module_of

    return module_of(request)


@pytest.fixture(name="rustabi_symbol")
def _rustabi_symbol(request: pytest.FixtureRequest) -> SymbolCase:
    """One exported symbol of what the marker rustabi(symbols=...) names: a test for each."""
    from rustabi.pytest_plugin.parameters import symbol_of

    return symbol_of(request)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test for each crate, module or symbol that the marker names."""
    if any(name.startswith("rustabi_") for name in metafunc.fixturenames):
        from rustabi.pytest_plugin.parameters import parametrize

        parametrize(metafunc, _state(metafunc.config).the_session())


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Show the layout or the report that a compared value is of."""
    kinds = (type(left).__module__, type(right).__module__)
    if "rustabi.pytest_plugin.values" not in kinds:
        return None
    from rustabi.pytest_plugin.values import explanation

    return explanation(op, left, right)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, None]:
    """Let the test's report carry what was found: from a worker, too, it gets to whoever tells."""
    outcome = yield
    session = _state(item.config).session
    if session is not None:
        if call.excinfo is not None:
            session.notes.end(call.excinfo.value)
        session.notes.attach(outcome.get_result())


if not TYPE_CHECKING:  # a type checker that sees it takes any name for granted

    def __getattr__(name: str) -> object:
        """Look up a name for annotations when it is first asked for."""
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib

        return getattr(importlib.import_module(_PLACES[name]), name)
