"""The check of modules against a kernel, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from rustabi.check.agreement import kernel_types
from rustabi.check.crcs import check_versions
from rustabi.check.judging import judged
from rustabi.check.kernel import Kernel, exports_of_module, with_modules
from rustabi.check.kernelreader import KernelReader
from rustabi.check.layouts import Tools, compare_layouts
from rustabi.check.module import Module, modules_in, read_module
from rustabi.check.reasons import Baseline, check_reasons, compare_baseline, differing
from rustabi.check.results import Answer, KernelCheck, Layer, ModuleCheck
from rustabi.check.symbols import check_symbols
from rustabi.check.toolchain import check_toolchain
from rustabi.check_kinds import CheckKind
from rustabi.errors import RustabiError, UsageError
from rustabi.means import PLAIN, Means
from rustabi.rules import NO_GATE, Gate, present_day

_LOADER: Final = ("symbols", "versions", "toolchain")
_DECISIVE: Final = frozenset({CheckKind.SYMBOL_UNKNOWN, CheckKind.VERSION_UNKNOWN})
"""Gaps that leave open whether the loader accepts the module."""


def check_modules(
    paths: Sequence[str | Path],
    kernel: Sequence[str | Path],
    baseline: Sequence[str | Path] = (),
    progress: Callable[[str], None] | None = None,
    debug_folders: Sequence[str | Path] = (),
    means: Means = PLAIN,
    *,
    gate: Gate = NO_GATE,
    today: date | None = None,
) -> KernelCheck:
    """Check modules against a kernel.

    Args:
        paths: Modules (``.ko``, also packed), and folders of them. What one exports, the others may
            import.
        kernel: What tells of the kernel: a vmlinux, build folders, Module.symvers files, objects,
            modules, snapshots. What each tells is put together.
        baseline: The same of the kernel that the modules were built against.
        progress: Told what is being done.
        debug_folders: Where debug info in files of their own is looked for.
        means: Who compares the modules, and where models are kept.
        gate: What the verdict is made by: rules, known gaps, strictness.
        today: The day on which rules must not have expired; None for the present one.

    Raises:
        RustabiError: A file of a kernel cannot be read, there is no module of that name, or no
            kernel is given. A module that cannot be read is told in its own result.
    """
    say = progress or (lambda text: None)
    if not kernel:
        raise UsageError("no kernel to check against", advice="name one with --kernel")
    files = list(dict.fromkeys(file for path in paths for file in modules_in(Path(path))))
    folders = tuple(map(Path, debug_folders))
    modules: list[Module] = []
    failed: list[ModuleCheck] = []
    for file in files:
        try:
            modules.append(read_module(file, say))
        except RustabiError as error:
            error.located(file)
            failed.append(ModuleCheck(str(file), file.name, "unknown", "unknown", failure=error))
    tools = Tools(folders, means, say)
    reader = KernelReader(tuple(map(Path, kernel)), modules, tools)
    before = KernelReader(tuple(map(Path, baseline)), modules, tools) if baseline else None
    results = {each.path: each for each in failed}
    results |= {each.path: each for each in _check_all(modules, reader, before, tools)}
    found = KernelCheck(reader.first().told, tuple(results[str(file)] for file in files))
    return judged(found, gate, today or present_day())


def check_one(
    path: str | Path,
    kernel: Sequence[str | Path],
    baseline: Sequence[str | Path] = (),
    progress: Callable[[str], None] | None = None,
    means: Means = PLAIN,
    *,
    gate: Gate = NO_GATE,
) -> ModuleCheck:
    """Check one module, see `check_modules`.

    Raises:
        RustabiError: A file cannot be read, the module among them, or it is a folder.
    """
    if Path(path).is_dir():
        raise UsageError("a folder, not a module", path=path, advice="name one .ko file")
    result = check_modules([path], kernel, baseline, progress, means=means, gate=gate).modules[0]
    if result.failure is not None:
        raise result.failure
    return result


def _check_all(
    modules: Sequence[Module], reader: KernelReader, before: KernelReader | None, tools: Tools
) -> Iterable[ModuleCheck]:
    untyped = reader.first()._replace(model=None)  # no one is to hold types that are read anew
    loaded = with_modules(untyped, ((each.name, exports_of_module(each)) for each in modules))
    checks = [_Check(module, loaded) for module in modules]
    for check in checks:
        tools.say(f"checking {check.module.path}")
        check.loader_layers()
    baseline = None
    if before is not None:
        names = {name for check in checks for name in differing(check.layers["versions"])}
        old, new = (each.whole() if names else each.first() for each in (before, reader))
        tools.say("comparing the kernels")
        baseline = compare_baseline(old, new, names)
    _layouts(checks, reader, tools)
    return [check.result(baseline) for check in checks]


def _layouts(checks: Sequence[_Check], reader: KernelReader, tools: Tools) -> None:
    """Layer 4 of all modules, each with as much of the kernel's types as it takes.

    One of the kernel's types that agrees is enough, however many of the name there are. So a module
    that agrees with the first of each is done. Else all of the names that differ are read; and all
    there is where that leaves a disagreement, of which it must be told which symbols reach it.
    Bindings that are wrong in the kernel's own build differ in every module: all of these are read
    before the first is compared.
    """
    known = frozenset() if reader.is_whole else _wrong_in_kernel(reader)
    kernel = reader.with_every(known) if known else reader.first()
    suspects = _compared(checks, kernel, tools)
    del kernel  # before it is read anew
    waiting = [
        check for check in checks if check.suspects - known or check.layers["layout"].problems
    ]
    if waiting and not reader.is_whole:
        _compared(waiting, reader.with_every(suspects | known), tools)
    waiting = [check for check in waiting if check.layers["layout"].problems]
    if waiting and not reader.is_whole:
        _compared(waiting, reader.whole(), tools)


def _wrong_in_kernel(reader: KernelReader) -> frozenset[str]:
    """The names of the bindings that are wrong in the kernel's own build."""
    types = kernel_types(reader.first())
    return frozenset() if types is None else frozenset(types.own_bindings)


def _compared(checks: Sequence[_Check], kernel: Kernel, tools: Tools) -> frozenset[str]:
    """Compare the layouts of modules; the names of all types that differ in anything."""
    found = compare_layouts([check.module for check in checks], kernel, tools)
    for check, agreement in zip(checks, found, strict=True):
        check.layers["layout"], check.suspects = agreement
    return frozenset().union(*(each.suspects for each in found))


class _Check:
    """The check of one module."""

    def __init__(self, module: Module, kernel: Kernel) -> None:
        self.module = module
        self.kernel = kernel
        self.layers: dict[str, Layer] = {}
        self.suspects: frozenset[str] = frozenset()

    def loader_layers(self) -> None:
        """Layers 1 to 3."""
        self.layers["symbols"] = check_symbols(self.module, self.kernel)
        self.layers["versions"] = check_versions(self.module, self.kernel)
        self.layers["toolchain"] = check_toolchain(self.module, self.kernel)

    def result(self, baseline: Baseline | None) -> ModuleCheck:
        """Layer 5, and the two answers."""
        layout = self.layers["layout"]
        reasons = check_reasons(self.module, self.layers["versions"], layout, baseline)
        if reasons is not None:
            self.layers["reasons"] = reasons
        layers = tuple(self.layers.values())
        return ModuleCheck(
            str(self.module.path), self.module.name, self._loads(), _runs(layout), layers,
            undecided=self._undecided(),
        )  # fmt: skip

    def _loads(self) -> Answer:
        layers = [self.layers[name] for name in _LOADER]
        if any(layer.status == "failed" for layer in layers):
            return "no"
        if self._undecided():
            return "unknown"
        return "risky" if any(layer.status == "risky" for layer in layers) else "yes"

    def _undecided(self) -> bool:
        """Whether something that the loader asks could not be checked."""
        layers = [self.layers[name] for name in _LOADER]
        gaps = {gap.kind for layer in layers for gap in layer.gaps}
        unchecked = any(layer.status == "not run" for layer in layers[:2])
        by_vermagic = CheckKind.VERMAGIC_UNKNOWN in gaps and not self._has_versions()
        return bool(gaps & _DECISIVE) or unchecked or by_vermagic

    def _has_versions(self) -> bool:
        """Whether the kernel has a version of an import.

        Where it has none (CONFIG_MODVERSIONS=n), vermagic alone tells kernels apart.
        """
        exports = (self.kernel.exports.get(name) for name in self.module.imports.strong)
        known = [export for export in exports if export is not None]
        return not known or any(export.crcs for export in known)


def _runs(layout: Layer) -> Answer:
    answers: dict[str, Answer] = {"ok": "yes", "risky": "risky", "failed": "no"}
    return answers.get(layout.status, "unknown")
