"""A finding in a line, and lists of them: what the sections of a comparison's page share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeVar

from rustabi.report.differences import ConsequenceReport, FindingReport
from rustabi.report.page import Block, Line, Span, line, name, spans
from rustabi.report.paths import ARROW

_T = TypeVar("_T")

MANY: Final = 20
"""Entries of a list that are shown unless all are asked for."""

_VALUES: Final = frozenset({
    "variant-added", "variant-removed", "discriminant-changed", "niche-changed",
    "enumerator-added", "enumerator-removed", "enumerator-changed",
})  # fmt: skip
"""Kinds that tell of a number."""


def listed(
    lines: Iterable[Line], limit: int | None, indent: int, more: str = "--all lists them"
) -> Iterator[Line]:
    """The first ``limit`` lines, and how many there are more; ``more`` tells how to see them."""
    every = list(lines)
    yield from every[:limit]
    yield from _and_more(len(every), limit, indent, more)


def listed_of(
    items: Collection[_T],
    shown: Callable[[_T], Line],
    limit: int | None,
    indent: int,
    more: str = "--all lists them",
) -> Iterator[Line]:
    """The same of items, with lines made of those alone that are shown."""
    yield from map(shown, islice(items, limit))
    yield from _and_more(len(items), limit, indent, more)


def _and_more(count: int, limit: int | None, indent: int, more: str) -> Iterator[Line]:
    if limit is not None and count > limit:
        rest = f"… and {count - limit} more ({more})"
        yield line(Span(rest, "dim"), indent=indent)


def mild_lines(title: str, findings: Sequence[FindingReport], limit: int | None) -> Iterator[Block]:
    """A section of findings that take a line each."""
    if not findings:
        return
    yield line(Span(title, "title"), f" ({len(findings)})")
    width = max(len(each.kind) for each in findings)
    yield from listed_of(findings, lambda each: one_line(each, width), limit, 2)


def one_line(finding: FindingReport, width: int, indent: int = 2) -> Line:
    """Kind, subject and what changed; behind it, why it is not taken for what it is."""
    label = finding.kind.replace("-", " ")
    subject = (name(finding.type),) if finding.type else ()
    head = spans(f"{label:<{width}}  ", *subject)
    return Line(head, indent, (*phrase(finding), why(finding)))


def why(finding: FindingReport) -> Span:
    """The rule that decided what a finding is taken for; of a tolerated one its section tells."""
    if finding.rule is None or finding.tolerated:
        return Span("")
    return Span(f"  ({finding.rule}: {finding.reason})", "dim")


def _is_subject(finding: FindingReport | ConsequenceReport) -> bool:
    """Whether OLD's state is the name that stands before it already."""
    return finding.kind == "type-renamed" and finding.old == finding.type


def phrase(finding: FindingReport | ConsequenceReport) -> Iterator[Span]:
    """What changed: ``x: at 0 → at 8``, ``mode: u16 at 6``, ``12 → 8``."""
    if finding.kind == "layout-permuted":
        where = f"{finding.where}: " if finding.where else ""
        yield Span(f" {where}declared as before, in another order in memory")
        return
    if finding.where and finding.where != finding.old:
        sign = (" =" if finding.kind in _VALUES else ":") if finding.old or finding.new else ""
        yield Span(f" {finding.where}{sign}")
    if finding.old and not _is_subject(finding):
        yield Span(f" {finding.old}", shrinks=True)
    if finding.old and finding.new:
        yield Span(ARROW.rstrip())
    if finding.new:
        yield Span(f" {finding.new}", shrinks=True)


def in_words(finding: FindingReport | ConsequenceReport) -> str:
    """A finding in plain words, without its subject: ``member added x: u16 at 6``."""
    label = finding.kind.replace("-", " ")
    return label + "".join(span.text for span in phrase(finding))
