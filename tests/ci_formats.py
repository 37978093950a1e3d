"""Readers of the formats for CI that are not ours, and reports with names that nobody expects."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any, NamedTuple

import cmarkgfm
from cmarkgfm.cmark import Options
from junitparser import JUnitXml

from rustabi.report.check import LayerReport

# GitHub's annotations


class Command(NamedTuple):
    level: str
    properties: dict[str, str]
    message: str


def workflow_command(line: str) -> Command:
    """A line as GitHub's runner takes it apart.

    https://github.com/actions/runner, src/Runner.Common/ActionCommand.cs: what stands between
    ``::`` and the next ``::`` is the command; behind its first blank come properties with commas
    between; the escapes are undone one after the other, that of the percent sign last.
    """
    assert line.startswith("::")
    head, separator, data = line[2:].partition("::")
    assert separator
    level, _, listed = head.partition(" ")
    pairs = (each.split("=", 1) for each in listed.split(",") if each)
    return Command(level, {key: _unescaped(value, ":,") for key, value in pairs}, _unescaped(data))


def _unescaped(text: str, more: str = "") -> str:
    for letter in f"\r\n{more}%":
        text = text.replace(f"%{ord(letter):02X}", letter)
    return text


def workflow_commands(text: str) -> list[Command]:
    assert text == "" or text.endswith("\n")
    return [workflow_command(line) for line in text.split("\n")[:-1]]


# JUnit


class Result(NamedTuple):
    suite: str
    classname: str
    name: str
    result: str
    message: str


def junit_results(text: str) -> list[Result]:
    """The cases as junitparser reads them; the counts it reads must be those it counts."""
    document: Any = JUnitXml.fromstring(text.encode())
    told = (document.tests, document.failures, document.errors)
    found = []
    for suite in document:
        counts = (suite.tests, suite.failures, suite.errors, suite.skipped)
        suite.update_statistics()
        assert counts == (suite.tests, suite.failures, suite.errors, suite.skipped)
        for case in suite:
            (outcome,) = case.result or [None]
            tag = "passed" if outcome is None else outcome._tag
            message = "" if outcome is None else str(outcome.message)
            found.append(Result(suite.name, case.classname, case.name, tag, message))
    results = [each.result for each in found]
    assert told == (len(found), results.count("failure"), results.count("error"))
    return found


# Markdown


class Page(HTMLParser):
    """What GitHub's renderer makes of Markdown, taken apart again.

    Attributes:
        code: The text of each piece of code.
        words: All text that is not code.
        tags: The elements, in order.
        columns: How many cells each row of a table has.
    """

    def __init__(self, markdown: str) -> None:
        super().__init__(convert_charrefs=True)
        self.code: list[str] = []
        self.words = ""
        self.tags: list[str] = []
        self.columns: list[int] = []
        self._in_code = False
        html = cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE)
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "code":
            self._in_code = True
            self.code.append("")
        elif tag == "tr":
            self.columns.append(0)
        elif tag in ("td", "th"):
            self.columns[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "code":
            self._in_code = False

    def handle_data(self, data: str) -> None:
        if self._in_code:
            self.code[-1] += data
        else:
            self.words += data


ELEMENTS = {
    "h3", "h4", "p", "ul", "li", "code", "pre", "table", "thead", "tbody", "tr", "th", "td",
    "details", "summary",
}  # fmt: skip
"""The elements that a document of rustabi has."""


# names


WORDS = frozenset({
    "report", "verdict", "kind", "severity", "own_severity", "loads", "runs", "status", "crc",
    "layout", "layout_old", "layout_new", "crc_old", "crc_new", "state", "action", "side", "grade",
    "fail_on", "machine",
})  # fmt: skip
"""Fields whose text is one of a few words, not a name."""


def with_names(value: Any, name: str, field: str = "") -> Any:
    """A report in which every name, path and message is another."""
    if isinstance(value, str):
        if field == "symbol":  # what tells symbols apart
            return f"{name}{value}"
        return value if field in WORDS or not value else name
    if isinstance(value, tuple):
        return tuple(with_names(each, name, field) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        changes = {
            each.name: with_names(getattr(value, each.name), name, each.name)
            for each in fields(value)
            if not (isinstance(value, LayerReport) and each.name == "name")
        }
        return replace(value, **changes)
    return value
