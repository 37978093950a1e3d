"""Layer 3: is the module built for this kernel's architecture, configuration and toolchain?"""

from __future__ import annotations

from rustabi.check.crcs import LAYOUT_SYMBOL, judge
from rustabi.check.kernel import Kernel
from rustabi.check.module import Module
from rustabi.check.results import Layer, Note, layer_of
from rustabi.check_kinds import CheckKind


def check_toolchain(module: Module, kernel: Kernel) -> Layer:
    """Architecture, vermagic, ``module_layout`` and the version of rustc."""
    problems: list[Note] = []
    remarks: list[Note] = []
    gaps: list[Note] = []
    mild: list[Note] = []
    checked = int(_machine(module, kernel, problems, gaps))
    checked += _vermagic(module, kernel, problems, gaps)
    checked += _layout_symbol(module, kernel, problems, remarks, gaps)
    checked += _rustc(module, kernel, mild, gaps)
    return layer_of("toolchain", checked, "facts", problems, remarks, gaps, mild=mild)


def same_architecture(module: Module, kernel: Kernel) -> bool:
    """Whether the ELF headers agree; also where the kernel's is not known."""
    return kernel.machine is None or _architecture(module) == _architecture(kernel)


def _architecture(side: Module | Kernel) -> tuple[str | None, int | None, bool | None]:
    return side.machine, side.address_size, side.little_endian


def _machine(module: Module, kernel: Kernel, problems: list[Note], gaps: list[Note]) -> bool:
    if kernel.machine is None:
        text = "the kernel's architecture: no binary of it is given"
        gaps.append(Note(CheckKind.ARCHITECTURE_UNKNOWN, "", text))
        return False
    if not same_architecture(module, kernel):
        own, other = (_in_words(*_architecture(side)) for side in (module, kernel))
        problems.append(Note(CheckKind.ARCHITECTURE, "", f"module for {own}, kernel for {other}"))
    return True


def _in_words(machine: str | None, address_size: int | None, little_endian: bool | None) -> str:
    order = "little" if little_endian else "big"
    return f"{machine} ({8 * (address_size or 0)}-bit, {order}-endian)"


def same_magic(module: str, kernel: str, *, has_versions: bool) -> bool:
    """Whether the loader takes two vermagic strings for equal.

    ``same_magic`` in kernel/module/version.c: the first word, the release, is passed over where the
    module has a section ``__versions``. With the extended tables alone all of it counts.
    """
    if has_versions:
        module, kernel = (text[len(text.split(" ", 1)[0]) :] for text in (module, kernel))
    return module == kernel


def _vermagic(module: Module, kernel: Kernel, problems: list[Note], gaps: list[Note]) -> bool:
    own = module.info.vermagic
    if own is None:
        text = "the module has no vermagic: the kernel loads it by force only"
        problems.append(Note(CheckKind.VERMAGIC, "", text))
        return True
    if kernel.vermagic is None:
        text = "the kernel's vermagic: only a vmlinux, or a module built for the kernel, has it"
        gaps.append(Note(CheckKind.VERMAGIC_UNKNOWN, "", text))
        return False
    if not same_magic(own, kernel.vermagic, has_versions=module.has_basic):
        text = f'module "{own.strip()}", kernel "{kernel.vermagic.strip()}"'
        problems.append(Note(CheckKind.VERMAGIC, "", text))
    return True


def _layout_symbol(
    module: Module, kernel: Kernel, problems: list[Note], remarks: list[Note], gaps: list[Note]
) -> bool:
    """The version of ``module_layout`` (``check_modstruct_version`` in version.c)."""
    export = kernel.exports.get(LAYOUT_SYMBOL)
    if export is None:
        text = "its version: no file has it"
        gaps.append(Note(CheckKind.MODULE_LAYOUT_UNKNOWN, LAYOUT_SYMBOL, text))
        return False
    if module.versions is None:
        return False  # the layer of versions tells
    verdict = judge(module, LAYOUT_SYMBOL, export)
    if verdict.note is not None and verdict.note.kind is CheckKind.NO_VERSIONS:
        return False  # as above
    if verdict.note is not None:
        lists = {"refused": problems, "unknown": gaps}
        lists.get(verdict.outcome, remarks).append(verdict.note)
    return verdict.outcome != "unknown"


def _rustc(module: Module, kernel: Kernel, mild: list[Note], gaps: list[Note]) -> bool:
    """The Rust ABI, and the layouts of Rust's types, are those of one version of rustc."""
    if not module.rustc:
        return False  # a module in C
    if not kernel.rustc:
        gaps.append(Note(CheckKind.RUSTC_UNKNOWN, "", "the version of rustc that built the kernel"))
        return False
    if not set(module.rustc) <= set(kernel.rustc):
        own, other = ", ".join(module.rustc), ", ".join(kernel.rustc)
        text = f"the module is by rustc {own}, the kernel by {other}"
        mild.append(Note(CheckKind.RUSTC, "", f"{text}: the Rust ABI differs between versions"))
    return True
