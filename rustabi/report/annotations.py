"""GitHub's annotations: workflow commands on standard output, which its runner shows at a run.

Their form, ``::error file=…,line=…,title=…::message``, and escaping are those of GitHub's own
toolkit (https://github.com/actions/toolkit, packages/core/src/command.ts). Of each level GitHub
shows ten for a step and drops the rest unsaid, so that no more are written, and the last says what
is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

from rustabi.report.facts import plural
from rustabi.report.page import clean

Level: TypeAlias = Literal["error", "warning", "notice"]

MOST: Final = 10
"""Annotations of one level that GitHub shows for a step."""

_LEVELS: Final[tuple[Level, ...]] = ("error", "warning", "notice")

_LONGEST_TITLE: Final = 255
_LONGEST_MESSAGE: Final = 4000
"""Characters; what is longer is cut, and marked. GitHub takes 64 KiB, which nobody reads."""


class Annotation(NamedTuple):
    """An annotation.

    Attributes:
        level: How grave it is.
        title: A line.
        message: Lines.
        file: The file of the repository that it is about; None for the run as a whole.
        line: The line in it, from 1.
    """

    level: Level
    title: str
    message: str
    file: str | None = None
    line: int | None = None


def commands(annotations: Iterable[Annotation]) -> str:
    """The annotations as lines: errors, warnings, notices, each in the order given."""
    found = list(annotations)
    lines: list[str] = []
    for level in _LEVELS:
        lines += map(_command, _shown([each for each in found if each.level == level]))
    return "".join(f"{line}\n" for line in lines)


def _shown(annotations: list[Annotation]) -> Iterator[Annotation]:
    if len(annotations) <= MOST:
        yield from annotations
        return
    yield from annotations[: MOST - 1]
    rest = annotations[MOST - 1 :]
    titles = "\n".join(each.title for each in rest)
    title = f"and {plural(len(rest), 'more', 'more')}: GitHub shows {MOST} of a level"
    yield Annotation(rest[0].level, title, titles)


def _command(annotation: Annotation) -> str:
    facts = {
        "file": annotation.file,
        "line": None if annotation.line is None else str(annotation.line),
        "title": _cut(clean(annotation.title), _LONGEST_TITLE),
    }
    told = ",".join(f"{key}={_property(value)}" for key, value in facts.items() if value)
    lines = "\n".join(map(clean, annotation.message.split("\n")))
    space = " " if told else ""
    return f"::{annotation.level}{space}{told}::{_data(_cut(lines, _LONGEST_MESSAGE))}"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(clean(text)).replace(":", "%3A").replace(",", "%2C")
