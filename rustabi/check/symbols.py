"""Layer 1: is every symbol that the module imports there, and may the module use it?

As kernel/module/main.c of Linux 7.2 does it: ``simplify_symbols`` looks each undefined symbol up
with ``resolve_symbol``, and refuses the module where one that is not weak is missing.
"""

from __future__ import annotations

from rustabi.check.kernel import Kernel, KernelExport
from rustabi.check.module import Module
from rustabi.check.results import Layer, Note, layer_of
from rustabi.check_kinds import CheckKind

_FOR_MODULES = "module:"


def check_symbols(module: Module, kernel: Kernel) -> Layer:
    """Whether every imported symbol is exported to this module."""
    problems: list[Note] = []
    remarks: list[Note] = []
    gaps: list[Note] = []
    checked = 0
    for name in module.imports.strong:
        export = kernel.exports.get(name)
        if export is not None:
            checked += 1
            _permitted(module, name, export, problems, gaps)
        elif _may_be_elsewhere(module, kernel):
            gaps.append(Note(CheckKind.SYMBOL_UNKNOWN, name, _where_to_look(module, kernel)))
        else:
            checked += 1
            problems.append(Note(CheckKind.SYMBOL_MISSING, name, "the kernel does not export it"))
    for name in module.imports.weak:
        export = kernel.exports.get(name)
        if export is not None:
            checked += 1
            _permitted(module, name, export, problems, gaps)
        else:
            remarks.append(
                Note(
                    CheckKind.WEAK_MISSING,
                    name,
                    "weak, and not found: it is 0 in the loaded module",
                )
            )
    return layer_of("symbols", checked, "imported symbols", problems, remarks, gaps)


def _may_be_elsewhere(module: Module, kernel: Kernel) -> bool:
    """Whether a symbol that was not found may be exported by what was not given."""
    return not kernel.complete or bool(_missing_modules(module, kernel))


def _missing_modules(module: Module, kernel: Kernel) -> list[str]:
    return [each for each in module.info.depends if each.replace("-", "_") not in kernel.modules]


def _where_to_look(module: Module, kernel: Kernel) -> str:
    missing = _missing_modules(module, kernel)
    if missing:
        return f"may be exported by {', '.join(missing)}, which was not given"
    return "no file that was given lists all exports: give a Module.symvers or a vmlinux"


def _permitted(
    module: Module, name: str, export: KernelExport, problems: list[Note], gaps: list[Note]
) -> None:
    """GPL-only exports and namespaces."""
    if not module.info.gpl_compatible:
        license_ = module.info.first("license")
        if export.gpl_only:
            said = f'"{license_}"' if license_ else "not stated"
            problems.append(
                Note(
                    CheckKind.GPL_ONLY, name, f"exported to GPL modules only; the license is {said}"
                )
            )
        elif export.gpl_only is None:
            gaps.append(Note(CheckKind.LICENSE_UNKNOWN, name, "whether it is for GPL modules only"))
    if export.namespace is None:
        gaps.append(Note(CheckKind.NAMESPACE_UNKNOWN, name, "in which namespace it is exported"))
    elif export.namespace and not may_use(export.namespace, module):
        problems.append(Note(CheckKind.NAMESPACE, name, _namespace_in_words(export.namespace)))


def may_use(namespace: str, module: Module) -> bool:
    """Whether a module may use an export of a namespace.

    ``verify_namespace_is_imported``: an export of ``module:a,b*`` is for the modules of those
    names, of which one may end with ``*``; other namespaces must be named by ``import_ns``.
    """
    if namespace.startswith(_FOR_MODULES):
        for pattern in namespace.removeprefix(_FOR_MODULES).split(","):
            if pattern.endswith("*") and module.name.startswith(pattern[:-1]):
                return True
            if pattern == module.name:
                return True
    return namespace in module.info.every("import_ns")


def _namespace_in_words(namespace: str) -> str:
    if namespace.startswith(_FOR_MODULES):
        return f"exported to {namespace.removeprefix(_FOR_MODULES).replace(',', ', ')} only"
    return f"exported in the namespace {namespace}, which the module does not import"
