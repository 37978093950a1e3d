"""What ``rustabi check`` can find, and what it can leave open: one table.

``rustabi explain`` prints it, and the kinds in rules are held against it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal, NamedTuple, TypeAlias

from rustabi.diff import Severity

Role: TypeAlias = Literal["finding", "gap", "remark"]
"""``finding``: counts for the verdict by its severity. ``gap``: could not be checked. ``remark``:
worth knowing, and neither; so are the reasons of findings."""


class CheckKind(StrEnum):
    """What was found. The values are the ids used in JSON and rules."""

    SYMBOL_MISSING = "symbol-missing"
    GPL_ONLY = "gpl-only"
    NAMESPACE = "namespace"
    WEAK_MISSING = "weak-missing"
    VERSION_DIFFERS = "version-differs"
    VERSION_MISSING = "version-missing"
    NO_VERSIONS = "no-versions"
    VERSIONS_MALFORMED = "versions-malformed"
    KERNEL_UNVERSIONED = "kernel-unversioned"
    SOURCES_DISAGREE = "sources-disagree"
    COMPUTED_DIFFERS = "computed-differs"
    ARCHITECTURE = "architecture"
    VERMAGIC = "vermagic"
    RUSTC = "rustc"
    LAYOUT_DIFFERS = "layout-differs"
    VTABLE_DIFFERS = "vtable-differs"
    FAMILY_DIFFERS = "family-differs"
    BINDING_DIFFERS = "binding-differs"
    BINDING_WRONG_IN_KERNEL = "binding-wrong-in-kernel"
    NAMES_DIFFER = "names-differ"
    SYMBOL_UNKNOWN = "symbol-unknown"
    LICENSE_UNKNOWN = "license-unknown"
    NAMESPACE_UNKNOWN = "namespace-unknown"
    VERSION_UNKNOWN = "version-unknown"
    ARCHITECTURE_UNKNOWN = "architecture-unknown"
    VERMAGIC_UNKNOWN = "vermagic-unknown"
    MODULE_LAYOUT_UNKNOWN = "module-layout-unknown"
    RUSTC_UNKNOWN = "rustc-unknown"
    NO_TYPES = "no-types"
    IMPORT_UNDESCRIBED = "import-undescribed"
    MEMBER_OF_TRAIT = "member-of-trait"
    BINDINGS_ABSENT = "bindings-absent"
    BINDINGS_DECLARED = "bindings-declared"
    NO_REASON = "no-reason"
    CAUSE = "cause"
    CANDIDATE = "candidate"
    BASELINE_DIFFERS = "baseline-differs"
    FAMILIES = "families"
    MODULE_ONLY = "module-only"
    BINDINGS = "bindings"
    BINDINGS_HELPER = "bindings-helper"
    BINDINGS_ANONYMOUS = "bindings-anonymous"
    BINDINGS_OPAQUE = "bindings-opaque"


class CheckKindInfo(NamedTuple):
    """What the table says of a kind.

    Attributes:
        layer: The layers of the check that tell it, in words.
        severity: Of a finding, unless the finding itself is milder; None for gaps and remarks.
        means: What was found, or could not be checked.
        because: Why it is as grave as it is, or what to do about it.
    """

    role: Role
    layer: str
    severity: Severity | None
    means: str
    because: str


_B, _R, _A, _N = Severity.BREAK, Severity.RISKY, Severity.API, Severity.NOISE


def _finding(layer: str, severity: Severity, means: str, because: str) -> CheckKindInfo:
    return CheckKindInfo("finding", layer, severity, means, because)


def _gap(layer: str, means: str, because: str) -> CheckKindInfo:
    return CheckKindInfo("gap", layer, None, means, because)


def _remark(layer: str, means: str, because: str) -> CheckKindInfo:
    return CheckKindInfo("remark", layer, None, means, because)


CHECK_KINDS: Final[dict[CheckKind, CheckKindInfo]] = {
    CheckKind.SYMBOL_MISSING: _finding(
        "symbols", _B, "Nobody exports a symbol that the module imports.",
        "The loader refuses a module with an undefined symbol that is not weak.",
    ),
    CheckKind.GPL_ONLY: _finding(
        "symbols", _B, "A symbol is exported to GPL modules only, and the module's license is"
        " another.",
        "The loader does not find such an export for the module, and refuses it.",
    ),
    CheckKind.NAMESPACE: _finding(
        "symbols", _B, "A symbol is exported in a namespace that the module does not import, or to"
        " modules of other names.",
        "The loader refuses the module; with CONFIG_MODULE_ALLOW_MISSING_NAMESPACE_IMPORTS it"
        " warns where an import of a namespace is missing.",
    ),
    CheckKind.WEAK_MISSING: _finding(
        "symbols", _N, "Nobody exports a weak symbol that the module imports.",
        "It is 0 in the loaded module, which has to ask before it uses it.",
    ),
    CheckKind.VERSION_DIFFERS: _finding(
        "versions, toolchain", _B, "The module was built against another version of a symbol.",
        "The loader compares the two and refuses the module. What changed may be no more than a"
        " name: the layers layout and reasons tell.",
    ),
    CheckKind.VERSION_MISSING: _finding(
        "versions, toolchain", _B, "The module's table of versions does not name an import.",
        "The loader refuses the module. If it is missing in the extended table, the loader warns"
        " and accepts it: that is api.",
    ),
    CheckKind.NO_VERSIONS: _finding(
        "versions", _B, "The module has no symbol versions, and the kernel has.",
        "The loader takes such a module by force only.",
    ),
    CheckKind.VERSIONS_MALFORMED: _finding(
        "versions", _B, "A table of versions in the module is damaged.",
        "The loader may refuse it or read something else than was meant.",
    ),
    CheckKind.KERNEL_UNVERSIONED: _finding(
        "versions", _N, "The kernel has no version of a symbol.",
        "The loader accepts any.",
    ),
    CheckKind.SOURCES_DISAGREE: _finding(
        "versions", _A, "The kernel's files state different versions of a symbol.",
        "They are not all of one kernel. The version of the file that the loader would read"
        " counted.",
    ),
    CheckKind.COMPUTED_DIFFERS: _finding(
        "versions", _N, "The version computed from the debug info is not the one that a file of the"
        " kernel states.",
        "The stated one counts. The build took the type from elsewhere, as it does for what"
        " assembly defines, or the files are not of one kernel.",
    ),
    CheckKind.ARCHITECTURE: _finding(
        "toolchain", _B, "The module is for another machine, width or byte order.",
        "The loader refuses it.",
    ),
    CheckKind.VERMAGIC: _finding(
        "toolchain", _B, "The module's vermagic is not the kernel's, or it has none.",
        "The loader compares the two texts and refuses the module.",
    ),
    CheckKind.RUSTC: _finding(
        "toolchain", _R, "Another version of rustc built the kernel.",
        "The loader does not ask. How arguments are passed and what core does may differ between"
        " versions of rustc.",
    ),
    CheckKind.LAYOUT_DIFFERS: _finding(
        "layout", _B, "Module and kernel know different layouts of a type.",
        "Where an imported symbol reaches the type, one side reads what the other wrote. Where"
        " none does, inlined code in the module has the other layout: that is risky.",
    ),
    CheckKind.VTABLE_DIFFERS: _finding(
        "layout", _R, "Module and kernel know different vtables of a trait.",
        "Who calls through dyn Trait takes methods by their slot. Whether a value crosses from the"
        " one to the other is not known.",
    ),
    CheckKind.FAMILY_DIFFERS: _finding(
        "layout", _R, "An instance of a generic cannot come from the same source as the kernel's"
        " instances.",
        "Code of the generic was compiled into the module from another source.",
    ),
    CheckKind.BINDING_DIFFERS: _finding(
        "layout", _B, "A Rust binding disagrees with the C type that it mirrors.",
        "Rust code reads and writes other bytes than C. Where no imported symbol reaches the type"
        " it is risky.",
    ),
    CheckKind.BINDING_WRONG_IN_KERNEL: _finding(
        "layout", _N, "A Rust binding disagrees with its C type, in the kernel's own build in the"
        " same way.",
        "It is a fault of that build, and none of the module's.",
    ),
    CheckKind.NAMES_DIFFER: _finding(
        "layout", _A, "Types of module and kernel differ in names or visibility alone.",
        "Compiled code knows offsets, not names.",
    ),
    CheckKind.SYMBOL_UNKNOWN: _gap(
        "symbols", "whether an imported symbol is exported at all",
        "Give a Module.symvers, a vmlinux, or the modules that this one depends on. Without, there"
        " is no verdict.",
    ),
    CheckKind.LICENSE_UNKNOWN: _gap(
        "symbols", "whether a symbol is exported to GPL modules only",
        "Give a Module.symvers or a vmlinux.",
    ),
    CheckKind.NAMESPACE_UNKNOWN: _gap(
        "symbols", "in which namespace a symbol is exported", "Give a Module.symvers or a vmlinux.",
    ),
    CheckKind.VERSION_UNKNOWN: _gap(
        "versions, toolchain", "the kernel's version of a symbol",
        "Give a Module.symvers or a vmlinux. Without, there is no verdict.",
    ),
    CheckKind.ARCHITECTURE_UNKNOWN: _gap(
        "toolchain", "the kernel's architecture", "Give a binary of it.",
    ),
    CheckKind.VERMAGIC_UNKNOWN: _gap(
        "toolchain", "the kernel's vermagic",
        "Give a vmlinux, or a module that was built for the kernel. For a kernel without symbol"
        " versions there is no verdict without it.",
    ),
    CheckKind.MODULE_LAYOUT_UNKNOWN: _gap(
        "toolchain", "the kernel's version of module_layout",
        "Give a Module.symvers or a vmlinux.",
    ),
    CheckKind.RUSTC_UNKNOWN: _gap(
        "toolchain", "the version of rustc that built the kernel",
        "Give a binary of the kernel with Rust in it.",
    ),
    CheckKind.NO_TYPES: _gap(
        "layout", "the types of the module, or of a file of the kernel",
        "Give files with debug info.",
    ),
    CheckKind.IMPORT_UNDESCRIBED: _gap(
        "layout", "which types some imported symbols exchange",
        "Give the debug info of what exports them.",
    ),
    CheckKind.MEMBER_OF_TRAIT: _gap(
        "layout", "members of generics whose type a trait may decide",
        "Debug info does not tell T::Item from a type that was edited.",
    ),
    CheckKind.BINDINGS_ABSENT: _gap(
        "layout", "bindings of C types that the kernel's debug info does not have",
        "No C unit that was given uses them.",
    ),
    CheckKind.BINDINGS_DECLARED: _gap(
        "layout", "bindings of C types that the kernel's debug info only declares",
        "No C unit that was given defines them.",
    ),
    CheckKind.NO_REASON: _gap(
        "reasons", "why a version differs", "Give --baseline, and --kernel, with debug info.",
    ),
    CheckKind.CAUSE: _remark(
        "reasons", "What changed between baseline and kernel, so that a version differs.",
        "The verdict counts the version itself.",
    ),
    CheckKind.CANDIDATE: _remark(
        "reasons", "A type on which module and kernel disagree, and which a symbol reaches whose"
        " version differs.",
        "Without a baseline it is not known whether it is the reason.",
    ),
    CheckKind.BASELINE_DIFFERS: _remark(
        "reasons", "The baseline is not the kernel that the module was built against.",
        "Its version of a symbol is not the module's.",
    ),
    CheckKind.FAMILIES: _remark(
        "layout", "How many instances of generics were held against other instances.",
        "Module and kernel have different ones.",
    ),
    CheckKind.MODULE_ONLY: _remark(
        "layout", "How many types of the module the kernel's debug info does not have.",
        "They are the module's own, or instances that the kernel does not use.",
    ),
    CheckKind.BINDINGS: _remark(
        "layout", "How many Rust bindings were held against their C types.", "By name and member.",
    ),
    CheckKind.BINDINGS_HELPER: _remark(
        "layout", "How many types are bindgen's own.", "They mirror no C type.",
    ),
    CheckKind.BINDINGS_ANONYMOUS: _remark(
        "layout", "How many bindings are of C's anonymous types.",
        "They are compared as part of the type around them.",
    ),
    CheckKind.BINDINGS_OPAQUE: _remark(
        "layout", "How many bindings are opaque to Rust.", "bindgen saw a declaration only.",
    ),
}  # fmt: skip


def kinds_of(role: Role) -> list[CheckKind]:
    """The kinds of a role, in the order of the table."""
    return [kind for kind, info in CHECK_KINDS.items() if info.role == role]
