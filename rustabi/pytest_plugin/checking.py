"""A module checked against a kernel as ``rustabi check`` does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rustabi.check import check_modules
from rustabi.pytest_plugin.places import Places
from rustabi.report.check import CheckReport, check_report
from rustabi.rules import Gate


def checked(
    module: Path,
    kernel: Sequence[Path],
    baseline: Sequence[Path],
    debug_folders: Sequence[Path],
    gate: Gate,
) -> CheckReport:
    """The report on one module, as the gate judges it.

    Raises:
        RustabiError: A file cannot be read, the module among them.
    """
    found = check_modules([module], kernel, baseline, debug_folders=debug_folders, gate=gate)
    for each in found.modules:
        if each.failure is not None:
            raise each.failure
    return check_report(found)


def shown(report: CheckReport, places: Places) -> CheckReport:
    """The report with files named from the root folder: the same on every machine."""
    root = f"{places.root}/"  # told lines begin with a file's path
    modules = (replace(each, path=places.shown(each.path)) for each in report.modules)
    kernel = (each.removeprefix(root) for each in report.kernel)
    return replace(report, kernel=tuple(kernel), modules=tuple(modules))
