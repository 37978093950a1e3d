"""Did the layout change? Reads types out of Rust binaries' debug info and compares builds.

>>> import rustabi
>>> old = rustabi.load("old/libdemo.so")  # doctest: +SKIP
>>> new = rustabi.load("new/libdemo.so")  # doctest: +SKIP
>>> for finding in rustabi.compare(old, new).findings:  # doctest: +SKIP
...     print(finding.severity, finding.type, finding.change.kind)

All that the command line does is here as a call. Importing this package imports nothing heavy: each
name is looked up when it is first used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from pathlib import Path

    from rustabi.cargo import Build
    from rustabi.check import KernelCheck, ModuleCheck
    from rustabi.diff import ChangeKind, Comparison, Finding, Severity
    from rustabi.doctor import Diagnosis, diagnose
    from rustabi.errors import RustabiError
    from rustabi.loader import Scope
    from rustabi.means import Means
    from rustabi.model import Model
    from rustabi.snapshot import read as read_snapshot
    from rustabi.snapshot import write as write_snapshot

    __version__: str

__all__ = [
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
]

_PLACES = {
    "Build": ("rustabi.cargo", "Build"),
    "ChangeKind": ("rustabi.diff", "ChangeKind"),
    "Comparison": ("rustabi.diff", "Comparison"),
    "Diagnosis": ("rustabi.doctor", "Diagnosis"),
    "Finding": ("rustabi.diff", "Finding"),
    "KernelCheck": ("rustabi.check", "KernelCheck"),
    "Model": ("rustabi.model", "Model"),
    "ModuleCheck": ("rustabi.check", "ModuleCheck"),
    "RustabiError": ("rustabi.errors", "RustabiError"),
    "Severity": ("rustabi.diff", "Severity"),
    "diagnose": ("rustabi.doctor", "diagnose"),
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
        >>> model = rustabi.load("target/debug/libdemo.rlib")  # doctest: +SKIP
        >>> [symbol.name for symbol in model.symbols]  # doctest: +SKIP
        ['demo_open', 'demo_read']
        >>> release = rustabi.Build(profile="release", features=("serde",))  # doctest: +SKIP
        >>> model = rustabi.load("crates/demo", build=release)  # doctest: +SKIP
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
        >>> comparison = rustabi.compare("baseline.json.gz", "libdemo.so")  # doctest: +SKIP
        >>> comparison.verdict  # doctest: +SKIP
        'compatible'
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


def check_module(
    path: str | Path,
    kernel: Sequence[str | Path],
    baseline: Sequence[str | Path] = (),
    *,
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
        progress: Is told in words what is being done.
        executor: As for `load`.
        cache: As for `load`.

    Returns:
        The two answers (``loads``, ``runs``), and the result of each layer.

    Raises:
        RustabiError: One of the files cannot be read.

    Example:
        >>> check = rustabi.check_module("my.ko", ["vmlinux"])  # doctest: +SKIP
        >>> check.loads, check.runs  # doctest: +SKIP
        ('yes', 'risky')
    """
    from rustabi.check import check_one

    return check_one(path, kernel, baseline, progress, _means(executor, cache))


def check_modules(
    paths: Sequence[str | Path],
    kernel: Sequence[str | Path],
    baseline: Sequence[str | Path] = (),
    *,
    progress: Callable[[str], None] | None = None,
    executor: Executor | None = None,
    cache: bool = False,
) -> KernelCheck:
    """Tell of many kernel modules whether each loads on a kernel, and runs.

    Args:
        paths: Modules, and folders of them. What one exports, the others may import.
        kernel: As for `check_module`.
        baseline: As for `check_module`.
        progress: Is told in words what is being done.
        executor: Who compares the modules with the kernel: any `concurrent.futures.Executor`, whose
            workers see the same files. None: this process.
        cache: As for `load`.

    Returns:
        The results of all modules, in their order. One that cannot be read says so in its result.

    Raises:
        RustabiError: A file of a kernel cannot be read, or there is no module of that name.

    Example:
        >>> from concurrent.futures import ProcessPoolExecutor
        >>> with ProcessPoolExecutor() as executor:  # doctest: +SKIP
        ...     found = rustabi.check_modules(["modules/"], ["vmlinux"], executor=executor)
        >>> [(each.name, each.loads, each.runs) for each in found.modules]  # doctest: +SKIP
        [('rust_print', 'yes', 'yes'), ('rust_soc', 'yes', 'risky')]
    """
    from rustabi.check import check_modules as check_all

    return check_all(paths, kernel, baseline, progress, means=_means(executor, cache))


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
