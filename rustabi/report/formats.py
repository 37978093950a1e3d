"""Every format of every report: one table, and the way in for all who want a report as text.

    >>> from rustabi.report.formats import formats_of, parse_format
    >>> formats_of("why")
    ('text', 'json', 'md')
    >>> parse_format("json:why.json")
    Wanted(token='json', file='why.json')

A report tells its kind in the field ``report``. Its renderers are imported when they are first
needed, because start-up counts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from rustabi.errors import UsageError

if TYPE_CHECKING:
    from rustabi.report.page import Page

TOKENS: Final = ("text", "json", "md", "junit", "github")
"""What formats are called, wherever one may be asked for."""

_PAGES: Final = {
    "cache": "rustabi.report.cache:cache_page",
    "cargo-check-semver": "rustabi.report.text_crates:crates_semver_page",
    "cargo-diff": "rustabi.report.text_crates:crates_diff_page",
    "cargo-snapshot": "rustabi.report.text_crates:crates_snapshot_page",
    "check": "rustabi.report.text_check:check_page",
    "diff": "rustabi.report.text_diff:diff_page",
    "doctor": "rustabi.report.text_doctor:doctor_page",
    "error": "rustabi.report.text:failure_page",
    "explain": "rustabi.report.text:explain_page",
    "layout": "rustabi.report.text_layout:layout_page",
    "names": "rustabi.report.longnames:names_page",
    "report": "rustabi.report.text_summary:report_page",
    "snapshot": "rustabi.report.text:snapshot_page",
    "symbols": "rustabi.report.text:symbols_page",
    "symtypes-diff": "rustabi.report.symtypes:symtypes_diff_page",
    "why": "rustabi.report.text:why_page",
}
"""Kind of report -> the function that makes a page of one."""

_LONG: Final = frozenset({"cargo-diff", "check", "diff", "doctor", "symtypes-diff"})
"""Kinds whose page leaves out what is long or harmless, unless everything is asked for."""

_PARTS: Final = {
    "md": {
        "cargo-check-semver": "rustabi.report.crates_formats:crates_semver_parts",
        "cargo-diff": "rustabi.report.crates_formats:crates_diff_parts",
        "check": "rustabi.report.markdown_check:check_parts",
        "diff": "rustabi.report.markdown_diff:diff_parts",
        "doctor": "rustabi.report.markdown_check:doctor_parts",
        "error": "rustabi.report.markdown_check:failure_parts",
        "report": "rustabi.report.markdown_check:summary_parts",
        "why": "rustabi.report.markdown_check:why_parts",
    },
    "junit": {
        "cargo-check-semver": "rustabi.report.crates_formats:crates_semver_suites",
        "cargo-diff": "rustabi.report.crates_formats:crates_diff_suites",
        "check": "rustabi.report.junit_suites:check_suites",
        "diff": "rustabi.report.junit_suites:diff_suites",
        "doctor": "rustabi.report.junit_suites:doctor_suites",
        "error": "rustabi.report.junit_suites:failure_suites",
        "report": "rustabi.report.junit_suites:summary_suites",
    },
    "github": {
        "cargo-check-semver": "rustabi.report.crates_formats:crates_semver_annotations",
        "cargo-diff": "rustabi.report.crates_formats:crates_diff_annotations",
        "check": "rustabi.report.annotate:check_annotations",
        "diff": "rustabi.report.annotate:diff_annotations",
        "doctor": "rustabi.report.annotate:doctor_annotations",
        "error": "rustabi.report.annotate:failure_annotations",
        "report": "rustabi.report.annotate:summary_annotations",
    },
}
"""Token -> kind of report -> the function that makes the parts that the format's writer takes."""

_WRITERS: Final = {
    "md": "rustabi.report.markdown:document",
    "junit": "rustabi.report.junit:document",
    "github": "rustabi.report.annotations:commands",
}
"""Token -> the function that writes a document of the parts of all reports."""


class Report(Protocol):
    """A value that one of the modules beside this one makes: a frozen dataclass."""

    @property
    def report(self) -> str:
        """Its kind: ``diff``, ``check``, ``error``, ..."""


class Wanted(NamedTuple):
    """A format that was asked for.

    Attributes:
        token: Which one, of `TOKENS`.
        file: The file it goes to; None for standard output.
    """

    token: str
    file: str | None = None


def formats_of(kind: str) -> tuple[str, ...]:
    """The tokens of the formats that reports of a kind have.

    Args:
        kind: What the field ``report`` of the report says: ``diff``, ``check``, ``error``, ...
    """
    return tuple(
        token
        for token in TOKENS
        if token == "json" or kind in (_PAGES if token == "text" else _PARTS[token])
    )


def parse_format(text: str, known: Sequence[str] = TOKENS) -> Wanted:
    """``FORMAT`` or ``FORMAT:FILE``.

    Raises:
        UsageError: It names no format that is known, or no file behind the colon.
    """
    token, colon, file = text.partition(":")
    if token not in known:
        raise UsageError(f"no such format here: {token!r}", advice=f"formats: {', '.join(known)}")
    if colon and not file:
        raise UsageError(
            f"the format {text!r} names no file", advice=f"{token}:FILE, or {token} alone"
        )
    return Wanted(token, file or None)


def require_distinct(formats: Iterable[Wanted]) -> None:
    """See that no two formats go to the same place.

    Raises:
        UsageError: Two of them go to standard output, or to one file.
    """
    seen: set[str | None] = set()
    for each in formats:
        place = None if each.file is None else os.path.normpath(each.file)
        if place in seen:
            where = "standard output" if each.file is None else each.file
            raise UsageError(
                f"two formats go to {where}", advice="give all but one a file: FORMAT:FILE"
            )
        seen.add(place)


def render(
    report: Report,
    token: str,
    *,
    everything: bool = False,
    page: Callable[[Page], str] | None = None,
) -> str:
    """A report in a format.

    Args:
        report: What to show.
        token: The format, one of `formats_of` its kind.
        everything: In ``text``, show lists whole, and what is harmless.
        page: Sets the page of ``text``, for colours or a width; None sets it plainly.

    Returns:
        The whole document. Bytes that are no UTF-8 in a binary are lone surrogates in ``text``, for
        ``errors="surrogateescape"``; other formats have none.

    Raises:
        UsageError: Reports of this kind do not have that format.
    """
    return render_all([report], token, everything=everything, page=page)


def render_all(
    reports: Sequence[Report],
    token: str,
    *,
    everything: bool = False,
    page: Callable[[Page], str] | None = None,
) -> str:
    """Several reports in one document, such as those of the crates of a workspace.

    JSON is an object for one report, and else an array of them. For the arguments see `render`.

    Raises:
        UsageError: Reports of one of the kinds do not have that format.
    """
    for each in reports:
        known = formats_of(each.report)
        if token not in known:
            raise UsageError(
                f"a report of the kind {each.report!r} has no format {token!r}",
                advice=f"formats: {', '.join(known)}",
            )
    if token == "json":
        return _json(reports)
    if token == "text":
        from rustabi.report.page import plain

        return "\n".join((page or plain)(_page(each, everything)) for each in reports)
    functions = _PARTS[token]
    parts = [part for each in reports for part in _named(functions[each.report])(each)]
    document: str = _named(_WRITERS[token])(parts)
    return document


def _json(reports: Sequence[Report]) -> str:
    from rustabi.report.jsontext import json_text

    if len(reports) == 1:
        return json_text(reports[0])
    return json_text(tuple(reports))


def _page(report: Report, everything: bool) -> Page:
    function = _named(_PAGES[report.report])
    made: Page
    made = function(report, everything=everything) if report.report in _LONG else function(report)
    return made


def _named(place: str) -> Callable[..., Any]:
    """What ``module:function`` names."""
    module, _, function = place.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found
