"""Did the layout change? Reads types out of Rust binaries' debug info and compares builds.

>>> import rustabi
>>> old = rustabi.load("member_added-old.o")
>>> new = rustabi.load("member_added-new.o")
>>> for finding in rustabi.compare(old, new).findings:
...     print(finding.severity, finding.type, finding.change.kind)
break member_added::Config member-added

All that the command line does is here as a call. Importing this package imports nothing heavy: each
name is looked up when it is first used. Values are immutable, and no call leaves anything behind
for the next: threads may call at the same time. Nothing prints.

The examples run in the folder of rustabi's sample objects (``sample_crates/objects``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

TYPE_CHECKING = False  # as in rustabi.lean, which a package that is not used needs not import

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from pathlib import Path

    from rustabi.api import Report, Snapshot, judge, read_rules
    from rustabi.cargo import Build
    from rustabi.check import KernelCheck, ModuleCheck
    from rustabi.diff import ChangeKind, Comparison, Finding, Severity
    from rustabi.doctor import Diagnosis
    from rustabi.errors import RustabiError
    from rustabi.loader import Scope
    from rustabi.means import Means
    from rustabi.model import Model
    from rustabi.rules import FailOn, Gate, Judgement
    from rustabi.snapshot import read as read_snapshot
    from rustabi.snapshot import write as write_snapshot

    __version__: str

__all__ = [
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
]

_PLACES = {
    "Build": ("rustabi.cargo", "Build"),
    "ChangeKind": ("rustabi.diff", "ChangeKind"),
    "Comparison": ("rustabi.diff", "Comparison"),
    "Diagnosis": ("rustabi.doctor", "Diagnosis"),
    "Finding": ("rustabi.diff", "Finding"),
    "Gate": ("rustabi.rules", "Gate"),
    "Judgement": ("rustabi.rules", "Judgement"),
    "KernelCheck": ("rustabi.check", "KernelCheck"),
    "Model": ("rustabi.model", "Model"),
    "ModuleCheck": ("rustabi.check", "ModuleCheck"),
    "Report": ("rustabi.api", "Report"),
    "RustabiError": ("rustabi.errors", "RustabiError"),
    "Severity": ("rustabi.diff", "Severity"),
    "Snapshot": ("rustabi.api", "Snapshot"),
    "judge": ("rustabi.api", "judge"),
    "read_rules": ("rustabi.api", "read_rules"),
    "read_snapshot": ("rustabi.snapshot", "read"),
    "write_snapshot": ("rustabi.snapshot", "write"),
}
"""Public name -> the module that has it, and its name there."""


def load(
    target: str | Path | Model,
    *,
    symbols: Iterable[str] | None = None,
    scope: Scope | None = None,
    build: Build | None = None,
    progress: Callable[[str], None] | None = None,
    executor: Executor | None = None,
    cache: bool = False,
) -> Model:
    """Read the types and exported symbols of what ``target`` names.

    Args:
        target: An object, a kernel module, a shared object, an executable, a ``vmlinux``, an
            archive (``.rlib``, ``.a``), a folder of those, the folder of a cargo crate, or a
            snapshot. A model is returned as it is.
        symbols: Names to take for exported; None for what the binaries export.
        scope: Of symbol versions: ``file`` for those of gendwarfksyms on the whole file, ``unit``
            for those of a kernel build. None for the one that fits: ``file`` for objects.
        build: How to build a crate; None for the profile ``dev`` and the default features.
        progress: Is told in words what is being done.
        executor: Who reads the members of an archive and the files of a folder: any
            `concurrent.futures.Executor`, whose workers see the same files. None: this process.
        cache: Use and keep what was found out of large files in the user's cache folder, as the
            command line does.

    Returns:
        The model: all named types, and the exported symbols with their versions.

    Raises:
        RustabiError: The target cannot be read or built. Its ``kind`` says which of the two.

    Example:
        >>> import rustabi
        >>> model = rustabi.load("member_added-old.o")
        >>> [symbol.name for symbol in model.symbols]
        ['config_id', 'unrelated']

        The folder of a crate is built, with full debug info:

        >>> release = rustabi.Build(profile="release")
        >>> model = rustabi.load("../member_added/old", build=release)
        >>> model.facts.crates
        ('member_added 0.1.0',)
    """
    from rustabi.model import Model
    from rustabi.target import load_target

    if isinstance(target, Model):
        return target
    means = _means(executor, cache)
    return load_target(
        target, symbols=symbols, scope=scope, build=build, progress=progress, means=means
    )


def compare(
    old: str | Path | Model,
    new: str | Path | Model,
    *,
    symbols: Iterable[str] | None = None,
    build: Build | None = None,
    executor: Executor | None = None,
    cache: bool = False,
) -> Comparison:
    """Compare two builds.

    Args:
        old: The build that callers were compiled against: a model, or what `load` takes.
        new: The build that they would run with.
        symbols: As for `load`, of both.
        build: As for `load`, of both.
        executor: Who reads them, see `load`; two large files at the same time.
        cache: As for `load`.

    Returns:
        The findings, worst first, what could not be checked, and the verdict.

    Raises:
        RustabiError: One of the two cannot be read or built.

    Example:
        >>> import rustabi
        >>> comparison = rustabi.compare("member_added-old.o", "member_added-new.o")
        >>> comparison.verdict
        'incompatible'
        >>> [affected.symbol for affected in comparison.findings[0].affected]
        ['config_id']
    """
    from rustabi.diff import compare as compare_models
    from rustabi.model import Model
    from rustabi.target import load_targets

    names = None if symbols is None else tuple(symbols)
    paths = [each for each in (old, new) if not isinstance(each, Model)]
    means = _means(executor, cache)
    read = iter(load_targets(paths, symbols=names, build=build, means=means))
    models = [each if isinstance(each, Model) else next(read) for each in (old, new)]
    return compare_models(models[0], models[1])


def diagnose(
    path: str | Path,
    *,
    build: Build | None = None,
    progress: Callable[[str], None] | None = None,
    executor: Executor | None = None,
    cache: bool = False,
) -> Diagnosis:
    """Tell whether the debug info of a target suffices for a verdict.

    Where it says so, `load` reads the target.

    Args:
        path: A file or folder, as for `load`.
        build: How to build a crate; it is built with full debug info, whatever its profile says.
        progress: Is told in words what is being done.
        executor: As for `load`.
        cache: As for `load`.

    Raises:
        RustabiError: There is no such file, the system does not let us read it, or cargo fails to
            build the crate.

    Example:
        >>> import rustabi
        >>> diagnosis = rustabi.diagnose("folded_function-new.o")
        >>> diagnosis.suffices, diagnosis.exported, diagnosis.described
        (True, 3, 2)
    """
    from rustabi.doctor import diagnose as diagnose_target

    means = _means(executor, cache)
    return diagnose_target(path, build=build, progress=progress, means=means)


def check_module(
    path: str | Path,
    kernel: Sequence[str | Path],
    baseline: Sequence[str | Path] = (),
    *,
    rules: str | Path | None = None,
    fail_on: Iterable[FailOn] = (),
    progress: Callable[[str], None] | None = None,
    executor: Executor | None = None,
    cache: bool = False,
) -> ModuleCheck:
    """Tell whether a kernel module loads on a kernel, and runs.

    Args:
        path: The module (``.ko``, also packed or signed).
        kernel: What tells of the kernel: a vmlinux, build folders, Module.symvers files, objects,
            snapshots. What each knows is put together.
        baseline: The same of the kernel that the module was built against: then the reason of each
            symbol version that differs is told.
        rules: A rules file; None for none. Files of the current folder are not looked for.
        fail_on: What else makes the verdict ``incompatible`` (``risky``, ``api``) or ``error``
            (``gap``); it adds to what the file says.
        progress: Is told in words what is being done.
        executor: As for `load`.
        cache: As for `load`.

    Returns:
        The two answers (``loads``, ``runs``), the result of each layer, and the verdict. Rules
        change the verdict alone: what they tolerate is in ``tolerated``.

    Raises:
        RustabiError: One of the files cannot be read, or the rules are wrong.

    Example:
        >>> import rustabi
        >>> check = rustabi.check_module("demo.ko", ["Module.symvers"])
        >>> check.loads, check.runs
        ('no', 'unknown')
        >>> [problem.text for problem in check.layer("versions").problems]
        ['module 0x11112222, kernel 0x33334444 (Module.symvers)']
    """
    from rustabi.check import check_one

    gate = _gate(rules, fail_on)
    return check_one(path, kernel, baseline, progress, _means(executor, cache), gate=gate)


def check_modules(
    paths: Sequence[str | Path],
    kernel: Sequence[str | Path],
    baseline: Sequence[str | Path] = (),
    *,
    rules: str | Path | None = None,
    fail_on: Iterable[FailOn] = (),
    progress: Callable[[str], None] | None = None,
    executor: Executor | None = None,
    cache: bool = False,
) -> KernelCheck:
    """Tell of many kernel modules whether each loads on a kernel, and runs.

    Args:
        paths: Modules, and folders of them. What one exports, the others may import.
        kernel: As for `check_module`.
        baseline: As for `check_module`.
        rules: As for `check_module`.
        fail_on: As for `check_module`.
        progress: Is told in words what is being done.
        executor: Who compares the modules with the kernel: any `concurrent.futures.Executor`, whose
            workers see the same files. None: this process.
        cache: As for `load`.

    Returns:
        The results of all modules, in their order. One that cannot be read says so in its result.

    Raises:
        RustabiError: A file of a kernel cannot be read, there is no module of that name, or the
            rules are wrong.

    Example:
        >>> import rustabi
        >>> from concurrent.futures import ThreadPoolExecutor
        >>> with ThreadPoolExecutor() as executor:
        ...     found = rustabi.check_modules(["demo.ko"], ["Module.symvers"], executor=executor)
        >>> [(each.name, each.loads, each.runs) for each in found.modules]
        [('demo', 'no', 'unknown')]
    """
    from rustabi.check import check_modules as check_all

    means, gate = _means(executor, cache), _gate(rules, fail_on)
    return check_all(paths, kernel, baseline, progress, means=means, gate=gate)


def _gate(rules: str | Path | None, fail_on: Iterable[FailOn]) -> Gate:
    """What the verdict is made by."""
    from pathlib import Path

    from rustabi.rules import NO_GATE, levels_of, read_rules

    gate = NO_GATE if rules is None else read_rules(Path(rules))
    return gate.with_options((), levels_of(fail_on))


def _means(executor: Executor | None, cache: bool) -> Means:
    """With what the work is done."""
    from rustabi.cache import Cache
    from rustabi.jobs import Alone, Handed
    from rustabi.means import Means

    return Means(Alone() if executor is None else Handed(executor), Cache() if cache else None)


if not TYPE_CHECKING:  # a type checker that sees it takes any name for granted

    def __getattr__(name: str) -> object:
        """Look up a public name when it is first asked for, and keep it."""
        import importlib

        if name == "__version__":
            from importlib import metadata

            value: object = metadata.version("rustabi")
        elif name in _PLACES:
            module, attribute = _PLACES[name]
            value = getattr(importlib.import_module(module), attribute)
        else:
            raise AttributeError(f"module 'rustabi' has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
