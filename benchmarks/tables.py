"""Figures as tables, and where those stand in the page that tells of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.growth import FACTORS, Growth
from benchmarks.measure import Figures, Row

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def rows_table(rows: Sequence[Row]) -> str:
    """Rows with their references."""
    head = [
        "what", "wall s", "CPU s", "MB", "reference", "wall s", "CPU s", "MB", "CPU ratio",
        "wall ratio", "runs",
    ]  # fmt: skip
    lines = []
    for row in rows:
        other = row.reference
        cells = [row.name, *_cells(row.own), row.reference_name]
        cells += ["", "", ""] if other is None else _cells(other)
        above = "under " if other is not None and other.stopped else ""
        cells.append("" if row.ratio is None else f"{above}{row.ratio:.2g}")
        cells.append("" if other is None else f"{above}{row.own.wall / other.wall:.2g}")
        counts = [row.own.runs] if other is None else [row.own.runs, other.runs]
        cells.append(" and ".join(map(str, dict.fromkeys(counts))))
        lines.append(cells)
    return _table(head, lines)


def _cells(figures: Figures) -> list[str]:
    over = "over " if figures.stopped else ""
    peak = f"{figures.peak:.0f}" if figures.peak else ""
    return [f"{over}{_seconds(figures.wall)}", f"{over}{_seconds(figures.cpu)}", peak]


def _seconds(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}" if value < 1 else f"{value:.1f}"


def growth_table(found: Sequence[Growth]) -> str:
    """CPU seconds by size of the input, and the exponent."""
    head = ["what", *(f"{factor}x" for factor in FACTORS), "exponent"]
    lines = [
        [each.name, *(f"{_seconds(second)} s" for second in each.seconds), f"{each.exponent:.2f}"]
        for each in found
    ]
    return _table(head, lines)


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def put(name: str, text: str, page: Path = PAGE) -> None:
    """Put a text between the marks of that name in the page.

    Raises:
        ValueError: The marks are not there.
    """
    whole = page.read_text(encoding="utf-8")
    marks = re.compile(rf"(<!-- bench {name} -->\n).*?(<!-- end -->\n)", re.DOTALL)
    changed, count = marks.subn(lambda found: f"{found[1]}{text}{found[2]}", whole)
    if count != 1:
        raise ValueError(f"{page.name} has no place for {name}")
    page.write_text(changed, encoding="utf-8")
