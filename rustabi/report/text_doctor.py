"""A diagnosis as text: what was found, why it matters, what to change, and the conclusion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rustabi.report.doctor import DoctorReport, ProblemReport
from rustabi.report.facts import plural
from rustabi.report.page import (
    Block,
    Column,
    Page,
    Span,
    Spans,
    Style,
    Table,
    line,
    name,
    separated,
    spans,
)

_FEW: Final = 5
"""Names that are shown of a problem."""

_LABELS: Final[dict[str, tuple[str, Style]]] = {
    "blocks": ("problem", "bad"),
    "narrows": ("remark", "warn"),
    "note": ("note", "dim"),
}


def doctor_page(report: DoctorReport, *, everything: bool = False) -> Page:
    """The diagnosis; of names the first few, or all of them."""
    limit = None if everything else _FEW
    return tuple(separated([
        list(_head(report)),
        *(list(_problem(each, report.target, limit)) for each in report.problems),
        [line(Span(report.conclusion, "good" if report.suffices else "bad"))],
    ]))  # fmt: skip


def _head(report: DoctorReport) -> Iterator[Block]:
    facts = [report.machine] if report.machine else []
    if report.exported or report.export_rule:
        rule = f" ({report.export_rule})" if report.export_rule else ""
        facts.append(plural(report.exported, "exported symbol") + rule)
    yield line(Span(report.target, "title"), "  ", ", ".join(facts))
    if report.units:
        rows = tuple(
            (
                spans(plural(each.units, "unit")),
                spans(each.compiler or "compiler not told"),
                spans(f"DWARF {each.dwarf}"),
                spans(each.says),
            )
            for each in report.units
        )
        yield Table((Column(right=True), Column(), Column(), Column()), rows, indent=2)


def _problem(problem: ProblemReport, target: str, limit: int | None) -> Iterator[Block]:
    label, style = _LABELS[problem.grade]
    yield line(Span(label, style), "  ", problem.found, Span(f"  ({problem.kind})", "dim"))
    subjects = [each for each in problem.subjects if not target.endswith(each)]
    for each in subjects[:limit]:
        yield line(name(each), indent=4)
    if limit is not None and len(subjects) > limit:
        yield line(Span(f"… and {len(subjects) - limit} more (--all lists them)", "dim"), indent=4)
    rows: list[tuple[Spans, ...]] = [(spans(Span("why", "dim")), spans(problem.because))]
    for index, remedy in enumerate(problem.remedies):
        where = f"{remedy.where}: " if remedy.where else ""
        rows.append((spans(Span("" if index else "change", "dim")), spans(where + remedy.change)))
    yield Table((Column(), Column()), tuple(rows), indent=2)
