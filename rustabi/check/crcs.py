"""Layer 2: do the versions that the module was built against equal the kernel's?

The rules are those of ``check_version`` in kernel/module/version.c, Linux 7.2:

1. A symbol that the kernel has no version of is accepted.
2. Where the module has the extended tables, they alone count. A symbol that is missing in them is
   accepted with a warning.
3. A module without any table is loaded by force only.
4. Else ``__versions`` counts, and a symbol that is missing in it is refused. (Older
   kernels, up to the 6.x at least, accept it with a warning.)
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from rustabi.check.kernel import Crc, Kernel, KernelExport
from rustabi.check.module import Module
from rustabi.check.results import Layer, Note, layer_of
from rustabi.check_kinds import CheckKind
from rustabi.diff import Severity

LAYOUT_SYMBOL = "module_layout"
"""The export whose version stands for the structs that every module shares with the kernel."""

Outcome: TypeAlias = Literal["equal", "accepted", "refused", "unknown"]


class Verdict(NamedTuple):
    """What becomes of one symbol.

    Attributes:
        note: Why, where it is not simply equal.
    """

    outcome: Outcome
    note: Note | None = None


def check_versions(module: Module, kernel: Kernel) -> Layer:
    """Whether the loader accepts the versions of all imported symbols that the kernel exports."""
    if module.versions is None:
        bad = Note(CheckKind.VERSIONS_MALFORMED, "", module.versions_error)
        return layer_of("versions", 0, "versions", [bad])
    problems: list[Note] = []
    remarks: list[Note] = []
    gaps: list[Note] = []
    checked = 0
    for name in (*module.imports.strong, *module.imports.weak):
        export = kernel.exports.get(name)
        if export is None:
            continue
        remarks += _disagreements(name, export)
        verdict = judge(module, name, export)
        checked += verdict.outcome != "unknown"
        if verdict.note is not None:
            lists = {"refused": problems, "unknown": gaps}
            lists.get(verdict.outcome, remarks).append(verdict.note)
    if module.imports.strong and not checked and not gaps:
        gaps.append(Note(CheckKind.VERSION_UNKNOWN, "", "the versions of all imported symbols"))
    unversioned = sum(note.kind is CheckKind.KERNEL_UNVERSIONED for note in remarks)
    what = "symbols without version" if 0 < checked == unversioned else "versions"
    return layer_of("versions", checked, what, _once(problems), _once(remarks), gaps)


def judge(module: Module, name: str, export: KernelExport) -> Verdict:
    """What the loader says about one imported symbol of a module whose tables are sound."""
    if not export.crcs:
        if export.stated:
            return Verdict("accepted", Note(CheckKind.KERNEL_UNVERSIONED, name, _UNVERSIONED))
        return Verdict("unknown", Note(CheckKind.VERSION_UNKNOWN, name, _UNKNOWN))
    crc = export.crcs[0]
    versions = module.versions
    if versions is None or (versions.basic is None and versions.extended is None):
        return Verdict("refused", Note(CheckKind.NO_VERSIONS, "", _NO_TABLE))
    if versions.extended is not None:
        own = versions.extended.get(name)
        if own is None:
            note = Note(CheckKind.VERSION_MISSING, name, _NOT_EXTENDED, severity=Severity.API)
            return Verdict("accepted", note)
    else:
        own = (versions.basic or {}).get(name)
        if own is None:
            return Verdict("refused", Note(CheckKind.VERSION_MISSING, name, _NOT_BASIC))
    if own == crc.value:
        return Verdict("equal")
    text = f"module {own:#010x}, kernel {crc.value:#010x} ({crc.source})"
    if crc.source == "DWARF" and crc.doubtful:
        return Verdict("unknown", Note(CheckKind.VERSION_UNKNOWN, name, f"{text}: {_DOUBTFUL}"))
    return Verdict("refused", Note(CheckKind.VERSION_DIFFERS, name, text))


_UNVERSIONED = "the kernel has no version of it, and accepts any"
_UNKNOWN = "no file that was given tells its version: give a Module.symvers or a vmlinux"
_NO_TABLE = "the module has no symbol versions: the kernel loads it by force only"
_NOT_EXTENDED = "not in the module's extended table: the kernel warns and accepts it"
_NOT_BASIC = "the module's __versions does not name it"
_NOT_ITS_TYPE = (
    "the files are of different kernels, or the build took the type from elsewhere, as it does for"
    " what assembly defines"
)
_DOUBTFUL = "types of one name differ, so that the computed version need not be the kernel's"


def _disagreements(name: str, export: KernelExport) -> list[Note]:
    """Where two sources say different versions of one export."""
    stated = [crc for crc in export.crcs if crc.source != "DWARF"]
    computed = [crc for crc in export.crcs if crc.source == "DWARF" and not crc.doubtful]
    if len({crc.value for crc in stated or computed}) > 1:
        told = ", ".join(map(_said, stated or computed))
        return [Note(CheckKind.SOURCES_DISAGREE, name, f"the kernel's files disagree: {told}")]
    if stated and any(crc.value != stated[0].value for crc in computed):
        told = ", ".join(map(_said, (stated[0], *computed)))
        return [Note(CheckKind.COMPUTED_DIFFERS, name, f"{told}: {_NOT_ITS_TYPE}")]
    return []


def _said(crc: Crc) -> str:
    how = "computed from the debug info" if crc.source == "DWARF" else crc.source
    return f"{crc.value:#010x} by {how} of {crc.target}"


def _once(notes: list[Note]) -> list[Note]:
    return list(dict.fromkeys(notes))
