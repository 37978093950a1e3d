"""What the cache holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rustabi.cache import Contents
from rustabi.report.facts import plural
from rustabi.report.page import Page, Span, line


@dataclass(frozen=True, slots=True)
class CacheReport:
    """What `rustabi cache --format json` prints."""

    report: Literal["cache"]
    """Tells this report from others."""
    folder: str
    """Where the entries are."""
    cleared: bool
    """Whether they were removed."""
    entries: int
    """How many there are, or were."""
    size: int
    """Of all of them, in bytes."""


def cache_report(contents: Contents, *, cleared: bool) -> CacheReport:
    """The report of what is in the cache, or was."""
    return CacheReport("cache", str(contents.folder), cleared, contents.entries, contents.size)


def cache_page(report: CacheReport) -> Page:
    """In one line."""
    size = f"{report.size / (1 << 20):.1f} MiB"
    what = f"{plural(report.entries, 'entry', 'entries')}, {size}"
    return (line(Span(report.folder, "title"), f": {'removed ' if report.cleared else ''}{what}"),)
