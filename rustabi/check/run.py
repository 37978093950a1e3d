"""The check of modules against a kernel, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from rustabi.check.crcs import check_versions
from rustabi.check.kernel import Kernel, exports_of_module, read_kernel, with_modules
from rustabi.check.layouts import compare_layouts
from rustabi.check.module import Module, modules_in, read_module
from rustabi.check.reasons import Baseline, check_reasons, compare_baseline, differing
from rustabi.check.results import Answer, KernelCheck, Layer, ModuleCheck
from rustabi.check.symbols import check_symbols
from rustabi.check.toolchain import check_toolchain
from rustabi.errors import RustabiError, UsageError
from rustabi.means import PLAIN, Means

_LOADER: Final = ("symbols", "versions", "toolchain")
_DECISIVE: Final = frozenset({"symbol-unknown", "version-unknown"})
"""Gaps that leave open whether the loader accepts the module."""


def check_modules(
    paths: Sequence[str | Path],
    kernel: Sequence[str | Path],
    baseline: Sequence[str | Path] = (),
    progress: Callable[[str], None] | None = None,
    debug_folders: Sequence[str | Path] = (),
    means: Means = PLAIN,
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

    Raises:
        RustabiError: A file of a kernel cannot be read, there is no module of that name, or no
            kernel is given. A module that cannot be read is told in its own result.
    """
    say = progress or (lambda text: None)
    if not kernel:
        raise UsageError("no kernel to check against", advice="name one with --kernel")
    files = list(dict.fromkeys(file for path in paths for file in modules_in(Path(path))))
    folders = tuple(map(Path, debug_folders))
    known = read_kernel(map(Path, kernel), say, folders, means)
    before = read_kernel(map(Path, baseline), say, folders, means) if baseline else None
    modules: list[Module] = []
    failed: list[ModuleCheck] = []
    for file in files:
        try:
            modules.append(read_module(file, say))
        except RustabiError as error:
            error.located(file)
            failed.append(ModuleCheck(str(file), file.name, "unknown", "unknown", failure=error))
    results = {each.path: each for each in failed}
    checked = _check_all(modules, known, before, folders, means, say)
    results |= {each.path: each for each in checked}
    return KernelCheck(known.told, tuple(results[str(file)] for file in files))


def check_one(
    path: str | Path,
    kernel: Sequence[str | Path],
    baseline: Sequence[str | Path] = (),
    progress: Callable[[str], None] | None = None,
    means: Means = PLAIN,
) -> ModuleCheck:
    """Check one module, see `check_modules`.

    Raises:
        RustabiError: A file cannot be read, the module among them, or it is a folder.
    """
    if Path(path).is_dir():
        raise UsageError("a folder, not a module", path=path, advice="name one .ko file")
    result = check_modules([path], kernel, baseline, progress, means=means).modules[0]
    if result.failure is not None:
        raise result.failure
    return result


def _check_all(
    modules: Sequence[Module],
    kernel: Kernel,
    before: Kernel | None,
    folders: tuple[Path, ...],
    means: Means,
    say: Callable[[str], None],
) -> Iterable[ModuleCheck]:
    loaded = with_modules(kernel, ((each.name, exports_of_module(each)) for each in modules))
    checks = [_Check(module, loaded) for module in modules]
    for check in checks:
        say(f"checking {check.module.path}")
        check.loader_layers()
    baseline = None
    if before is not None:
        say("comparing the kernels")
        names = {name for check in checks for name in differing(check.layers["versions"])}
        baseline = compare_baseline(before, kernel, names)
    layouts = compare_layouts(modules, loaded, folders, means, say)
    for check, layout in zip(checks, layouts, strict=True):
        yield check.result(layout, baseline)


class _Check:
    """The check of one module."""

    def __init__(self, module: Module, kernel: Kernel) -> None:
        self.module = module
        self.kernel = kernel
        self.layers: dict[str, Layer] = {}

    def loader_layers(self) -> None:
        """Layers 1 to 3."""
        self.layers["symbols"] = check_symbols(self.module, self.kernel)
        self.layers["versions"] = check_versions(self.module, self.kernel)
        self.layers["toolchain"] = check_toolchain(self.module, self.kernel)

    def result(self, layout: Layer, baseline: Baseline | None) -> ModuleCheck:
        """With layer 4, layer 5, and the two answers."""
        self.layers["layout"] = layout
        reasons = check_reasons(self.module, self.layers["versions"], layout, self.kernel, baseline)
        if reasons is not None:
            self.layers["reasons"] = reasons
        layers = tuple(self.layers.values())
        return ModuleCheck(
            str(self.module.path), self.module.name, self._loads(), _runs(layout), layers
        )

    def _loads(self) -> Answer:
        layers = [self.layers[name] for name in _LOADER]
        if any(layer.status == "failed" for layer in layers):
            return "no"
        gaps = {gap.kind for layer in layers for gap in layer.gaps}
        unchecked = any(layer.status == "not run" for layer in layers[:2])
        if gaps & _DECISIVE or unchecked or ("vermagic" in gaps and not self._has_versions()):
            return "unknown"
        return "risky" if any(layer.status == "risky" for layer in layers) else "yes"

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
