"""What the fixture ``rustabi`` is: everything a test can load, compare and assert."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import wraps
from pathlib import Path
from typing import Concatenate, Literal, ParamSpec, TypeAlias, TypeVar

import pytest

from rustabi.cargo import Build
from rustabi.errors import InputError, RustabiError, UsageError
from rustabi.lists import read_list
from rustabi.model import Model
from rustabi.pytest_plugin.baselines import Baselines
from rustabi.pytest_plugin.checking import checked, shown
from rustabi.pytest_plugin.comparing import of_symbol, report_of
from rustabi.pytest_plugin.notes import Notes
from rustabi.pytest_plugin.places import Places, Target, options_in_words
from rustabi.pytest_plugin.shared import Shared
from rustabi.pytest_plugin.symbolcases import SymbolCase
from rustabi.pytest_plugin.values import LoadedTarget, Outcome
from rustabi.report.check import CheckReport
from rustabi.report.differences import DiffReport
from rustabi.report.formats import Report, render
from rustabi.report.judging import Judged, judged
from rustabi.report.select import missing
from rustabi.rules import NO_GATE, Gate, find_rules, levels_of, present_day, read_rules

Given = ParamSpec("Given")
Result = TypeVar("Result")

Rules: TypeAlias = Target | Literal[False] | None
"""A rules file; None for that of the root folder, if it has one; False for none at all."""

Symbols: TypeAlias = Target | Collection[str] | None
"""A file with a list of symbols, or their names; None for all."""

_VERBOSE = 2


def _without_inside(
    method: Callable[Concatenate[Rustabi, Given], Result],
) -> Callable[Concatenate[Rustabi, Given], Result]:
    """A method whose errors point to the test that called it, not into rustabi.

    Those of assertions are noted for the report files, too.
    """
    asserts = method.__name__.startswith("assert_")

    @wraps(method)
    def call(session: Rustabi, /, *given: Given.args, **named: Given.kwargs) -> Result:
        __tracebackhide__ = True
        try:
            return method(session, *given, **named)
        except RustabiError as error:
            told = session.told(error)
            if asserts:
                session.notes.failure(told)
            raise told from None
        except AssertionError as error:
            raise error.with_traceback(None) from None

    return call


class Rustabi:
    """Loads builds, compares them, and asserts.

    Paths are relative to pytest's root folder; those of baselines to the folder that
    ``--rustabi-baseline-dir`` names. What is loaded is kept until its files change.

    All methods raise a `RustabiError` where something cannot be read or built, be it a baseline
    that is not there. The methods ``assert_...`` raise an AssertionError with the report where the
    answer is no, or there is none.

    Attributes:
        places: What paths are relative to.
        notes: What was found since the last report of a test.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.places = Places.of(config)
        self._everything = config.getoption("verbose") >= _VERBOSE
        self._is_worker = hasattr(config, "workerinput")
        self._shared = Shared(between_workers=self._is_worker)
        self.notes = Notes(reports=bool(config.getoption("rustabi_report")))
        self._baselines = Baselines(
            self.places, self._shared, self.notes, update=config.getoption("rustabi_update")
        )

    def __repr__(self) -> str:
        return f"<rustabi in {self.places.root}>"

    def told(self, error: RustabiError) -> RustabiError:
        """An error as tests see it: without traceback, its file named from the root folder."""
        if error.path is not None:
            error.path = self.places.shown(error.path)
        return error.with_traceback(None)

    def share(self, folder: Path) -> None:
        """Take the folder for what the session shares; pytest-xdist has one in it per worker."""
        self._shared.folder = folder.parent if self._is_worker else folder

    def exporting(self, target: Target) -> Model:
        """What the cases of a test are made of: a baseline by that name, else a target.

        With ``--rustabi-update`` a baseline that is not there has no symbols yet.

        Raises:
            RustabiError: It cannot be read, or is a crate, which is not built to find tests.
        """
        baseline, path = self.places.baseline(target), self.places.target(target)
        if (path / "Cargo.toml").is_file():
            raise UsageError(
                "a crate is not built to find tests", path=self.places.shown(path),
                advice="name its baseline",
            )  # fmt: skip
        if baseline.exists() or not path.exists():
            return self._baselines.exporting(target)
        return self._shared.model(path, None)

    # loading

    @_without_inside
    def load(
        self, target: Target, *, symbols: Symbols = None, build: Build | None = None
    ) -> LoadedTarget:
        """Read the types and exported symbols of what ``target`` names.

        Args:
            target: What `rustabi.load` takes: an object, a module, a library, a folder, a crate's
                folder, a snapshot.
            symbols: Names to take for exported, instead of what the binaries export.
            build: How to build a crate.

        Raises:
            RustabiError: It cannot be read or built, or has no debug info.
        """
        return self._loaded(target, self._names(symbols), build)

    @_without_inside
    def load_crate(
        self,
        folder: Target,
        *,
        features: Sequence[str] = (),
        all_features: bool = False,
        no_default_features: bool = False,
        target: str | None = None,
        release: bool = False,
        profile: str | None = None,
        package: str | None = None,
        toolchain: str | None = None,
    ) -> LoadedTarget:
        """Build a crate with cargo, once in a session, and read it.

        The folder's files tell whether it has to be built again; those of crates outside of it that
        it depends on do not.

        Args:
            folder: With the ``Cargo.toml``.
            features: To be enabled.
            all_features: All of them.
            no_default_features: Not those that are enabled by default.
            target: The target triple.
            release: The profile ``release``.
            profile: Another profile; ``dev`` without.
            package: A package of the workspace.
            toolchain: As in ``cargo +nightly``.

        Raises:
            RustabiError: It cannot be built or read.
        """
        build = Build(
            profile=profile or ("release" if release else "dev"),
            features=tuple(features),
            all_features=all_features,
            no_default_features=no_default_features,
            target=target,
            toolchain=toolchain,
            package=package,
        )
        return self._crate(folder, build)

    # comparing

    @_without_inside
    def compare(
        self,
        old: Target | LoadedTarget,
        new: Target | LoadedTarget,
        *,
        rules: Rules = None,
        symbols: Symbols = None,
        crate: str | None = None,
        opaque: Collection[str] = (),
        fail_on: str | Collection[str] = (),
    ) -> Outcome:
        """Compare two builds, and assert nothing.

        Args:
            old: What callers were compiled against: a target, or what was loaded of one.
            new: What they would run with.
            rules: A rules file; None for that of the root folder; False for none.
            symbols: Only these exported symbols: a list, or a file with one.
            crate: A glob: only findings that concern such crates.
            opaque: Globs of types whose address is all that callers hold.
            fail_on: What counts besides breaks: ``risky``, ``api``, ``gap``.

        Raises:
            RustabiError: Something cannot be read.
        """
        names = self._names(symbols)
        before = old if isinstance(old, LoadedTarget) else self._loaded(old, names)
        after = new if isinstance(new, LoadedTarget) else self._loaded(new, names)
        gate = self._gate(rules, opaque, fail_on)
        found = self._judged(before, after, gate, names)
        return self._outcome(report_of(found, before.name, after.name, crate))

    @_without_inside
    def assert_compatible(
        self,
        target: Target | LoadedTarget,
        *,
        baseline: Target | LoadedTarget,
        rules: Rules = None,
        symbols: Symbols = None,
        crate: str | None = None,
        opaque: Collection[str] = (),
        fail_on: str | Collection[str] = (),
        build: Build | None = None,
    ) -> Outcome:
        """Assert that what was built against the baseline may run with the target.

        With ``--rustabi-update`` a baseline that is a snapshot, or is not there, is written first.

        Args:
            target: The build of today: a target, or what was loaded of one.
            baseline: The build that callers were compiled against: a snapshot in version control,
                another target, or what was loaded of one.
            rules: As for `compare`, like those that follow.
            symbols: Only these exported symbols.
            crate: A glob: only findings that concern such crates.
            opaque: Globs of types whose address is all that callers hold.
            fail_on: What counts besides breaks.
            build: How to build a crate.

        Raises:
            AssertionError: Incompatible, or no verdict; with the report.
            RustabiError: There is no baseline, it or the target cannot be read, or the target has
                no debug info.
        """
        names = self._names(symbols)
        gate = self._gate(rules, opaque, fail_on)
        before, after = self._pair(baseline, target, gate, names, build)
        found = self._judged(before, after, gate, names)
        return self._asserted(report_of(found, before.name, after.name, crate))

    @_without_inside
    def assert_symbol_compatible(
        self,
        symbol: SymbolCase | str,
        target: Target | LoadedTarget,
        *,
        baseline: Target | LoadedTarget,
        rules: Rules = None,
        opaque: Collection[str] = (),
        fail_on: str | Collection[str] = (),
        build: Build | None = None,
    ) -> Outcome:
        """Assert of one exported symbol what `assert_compatible` asserts of all.

        The builds are compared once, however many symbols are asked for.

        Args:
            symbol: What the fixture ``rustabi_symbol`` gives, or a linker's name.
            target: As for `assert_compatible`, like all that follow.
            baseline: The build that callers were compiled against.
            rules: A rules file.
            opaque: Globs of types whose address is all that callers hold.
            fail_on: What counts besides breaks.
            build: How to build a crate.

        Raises:
            AssertionError: A caller of this symbol breaks, or there is no verdict.
            RustabiError: As for `assert_compatible`, or neither build exports the symbol.
        """
        gate = self._gate(rules, opaque, fail_on)
        before, after = self._pair(baseline, target, gate, None, build)
        case = symbol if isinstance(symbol, SymbolCase) else SymbolCase(symbol)
        if not case.is_rest and missing((case.name,), (before.model, after.model)):
            raise UsageError(
                f"neither build exports a symbol {case.name!r}",
                advice="`rustabi symbols TARGET` lists what a build exports",
            )
        found = of_symbol(self._judged(before, after, gate, None), case)
        return self._asserted(report_of(found, before.name, after.name))

    @_without_inside
    def assert_loads(
        self,
        module: Target,
        *,
        kernel: Target | Sequence[Target],
        baseline: Target | Sequence[Target] = (),
        rules: Rules = None,
        fail_on: str | Collection[str] = (),
        debug_dir: Target | Sequence[Target] = (),
    ) -> CheckReport:
        """Assert that a kernel would load a module, and that it would run, as far as is known.

        Args:
            module: A ``.ko`` file, also packed.
            kernel: What is known of the kernel: a vmlinux, a build folder, a Module.symvers,
                objects such as rust/kernel.o, snapshots; several are put together.
            baseline: The same of the kernel that the module was built against: then the reason of
                each version that differs is told.
            rules: As for `assert_compatible`.
            fail_on: What counts besides: ``risky``, ``api``, ``gap``.
            debug_dir: Where debug info in files of their own is looked for.

        Raises:
            AssertionError: It would be refused, or its layouts disagree, or there is no verdict;
                with the report.
            RustabiError: A file cannot be read.
        """
        gate = self._gate(rules, (), fail_on)
        path = self.places.target(module)
        if path.is_dir():
            raise UsageError(
                "a folder, not a module", path=self.places.shown(path),
                advice="the marker rustabi(modules=...) makes a test for each module in it",
            )  # fmt: skip
        if not kernel:
            raise UsageError("no kernel to check against", advice='name one: kernel="vmlinux"')
        known, before, folders = map(self._paths, (kernel, baseline, debug_dir))
        report = shown(checked(path, known, before, folders, gate), self.places)
        self.notes.report(report)
        if report.verdict != "compatible":
            raise AssertionError(self._text(report))
        return report

    # inside

    def _names(self, symbols: Symbols) -> tuple[str, ...] | None:
        if symbols is None:
            return None
        if not isinstance(symbols, str | Path):
            return tuple(dict.fromkeys(symbols))
        path = self.places.target(symbols)
        try:
            return tuple(read_list(path.read_bytes(), self.places.shown(path)).names)
        except OSError as error:
            raise InputError(
                f"the symbol list cannot be read: {error.strerror or error}",
                path=self.places.shown(path), advice="name a text file with one symbol a line",
            ) from error  # fmt: skip

    def _gate(self, rules: Rules, opaque: Collection[str], fail_on: str | Collection[str]) -> Gate:
        if rules is None:
            gate = find_rules(self.places.root, without="pass rules=False")
        else:
            gate = NO_GATE if rules is False else read_rules(self.places.target(rules))
        file = None if gate.file is None else self.places.shown(gate.file)
        wanted = levels_of([fail_on] if isinstance(fail_on, str) else fail_on)
        return gate._replace(file=file).with_options(tuple(opaque), wanted)

    def _loaded(
        self, target: Target, names: tuple[str, ...] | None, build: Build | None = None
    ) -> LoadedTarget:
        path = self.places.target(target)
        if (path / "Cargo.toml").is_file() or path.name == "Cargo.toml":
            folder = path.parent if path.name == "Cargo.toml" else path
            return self._crate(folder, build or Build())
        return LoadedTarget(self.places.shown(path), self._shared.model(path, names))

    def _crate(self, folder: Target, build: Build) -> LoadedTarget:
        path = self.places.target(folder)
        name = " ".join([self.places.shown(path), *options_in_words(build)])
        return LoadedTarget(name, self._shared.crate(path, build))

    def _pair(
        self,
        baseline: Target | LoadedTarget,
        target: Target | LoadedTarget,
        gate: Gate,
        names: tuple[str, ...] | None,
        build: Build | None,
    ) -> tuple[LoadedTarget, LoadedTarget]:
        """(the baseline, the target); the baseline is written first where that is asked for."""
        if self._baselines.update and not isinstance(baseline, LoadedTarget):
            whole = self._loaded(target, None, build) if isinstance(target, str | Path) else target
            self._baselines.write(baseline, whole, gate)
        after = target if isinstance(target, LoadedTarget) else self._loaded(target, names, build)
        if isinstance(baseline, LoadedTarget):
            return baseline, after
        return self._baselines.loaded(baseline, names), after

    def _judged(
        self, old: LoadedTarget, new: LoadedTarget, gate: Gate, names: tuple[str, ...] | None
    ) -> Judged:
        """The comparison, made once. The models are kept with it: so no others get their ids."""
        key = ("judged", id(old.model), id(new.model), gate, names, present_day())

        def make() -> tuple[Model, Model, Judged]:
            return old.model, new.model, judged(old.model, new.model, gate, names)

        return self._shared.once(key, make)[2]

    def _paths(self, given: Target | Sequence[Target]) -> tuple[Path, ...]:
        several = (given,) if isinstance(given, str | Path) else given
        return tuple(map(self.places.target, several))

    def _outcome(self, report: DiffReport) -> Outcome:
        return Outcome(report, self._text(report))

    def _text(self, report: Report) -> str:
        return render(report, "text", everything=self._everything).rstrip("\n")

    def _asserted(self, report: DiffReport) -> Outcome:
        self.notes.report(report)
        outcome = self._outcome(report)
        if not outcome.compatible:
            raise AssertionError(outcome.text)
        return outcome
