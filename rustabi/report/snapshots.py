"""What a snapshot that was written holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rustabi.model import Model
from rustabi.report.facts import BuildFacts, build_facts


@dataclass(frozen=True, slots=True)
class SnapshotReport:
    """What `rustabi snapshot --format json` prints."""

    report: Literal["snapshot"]
    """Tells this report from others."""
    path: str
    """The file that was written."""
    build: BuildFacts
    """What it holds."""


def snapshot_report(model: Model, target: str, path: str) -> SnapshotReport:
    """The report of a snapshot of ``target`` at ``path``."""
    return SnapshotReport("snapshot", path, build_facts(model, target))
