"""What a check of modules comes to, by module and by layer: one answer for all formats."""

from __future__ import annotations

from typing import Literal, TypeAlias

from rustabi.report.check import CheckReport, LayerReport, ModuleReport

Outcome: TypeAlias = Literal["bad", "unknown", "risky", "good"]
"""``bad`` makes the verdict ``incompatible``, ``unknown`` leaves none, ``risky`` is told and does
neither. The worst comes first."""


def module_outcome(report: CheckReport, module: ModuleReport) -> Outcome:
    """What the verdict makes of a module."""
    answers = (module.loads, module.runs)
    if "no" in answers or ("risky" in answers and "risky" in report.fail_on):
        return "bad"
    if module.error is not None or module.loads == "unknown":
        return "unknown"
    return "risky" if "risky" in answers else "good"


def layer_outcome(report: CheckReport, layer: LayerReport) -> Outcome:
    """The same of one layer; ``unknown`` where nothing of it could be checked."""
    if layer.status == "failed" or (layer.status == "risky" and "risky" in report.fail_on):
        return "bad"
    if layer.status == "not run":
        return "unknown"
    return "risky" if layer.status == "risky" else "good"
