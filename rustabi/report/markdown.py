"""Markdown for a comment on a pull request: GitHub's and GitLab's flavour, and how long one may be.

Whatever comes out of a binary or from a user stands in code, where nothing of it is markup, a
mention or a link. The rest is words of rustabi.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Final, NamedTuple, TypeVar

from rustabi.names import shorten
from rustabi.report.facts import plural
from rustabi.report.page import clean

LONGEST: Final = 65_000
"""Characters of a document. GitHub takes 65,536 in a comment."""

_RESERVE: Final = 500
"""Characters kept free for what says how much was left out."""

LONGEST_CODE: Final = 400
"""Characters of a name or text in a line; longer ones are shortened."""

MANY: Final = 20
"""Entries of a list that are shown."""

_T = TypeVar("_T")

_MARKUP: Final = re.compile(r"[!-/:-@\[-`{-~]")
"""ASCII punctuation: all that can be markup."""


class Part(NamedTuple):
    """A piece of a document that stands or falls as a whole.

    Attributes:
        rank: Where room is short, parts of a lower rank go first.
        text: Markdown, of blocks of its own.
        what: What is missing where it is left out, in the singular: ``changed type``.
    """

    rank: int
    text: str
    what: str


def document(parts: Iterable[Part]) -> str:
    """The parts in their order, without those that found no room, which are counted at the end."""
    every = list(parts)
    room = LONGEST - _RESERVE
    kept = set()
    for index in sorted(range(len(every)), key=lambda index: (every[index].rank, index)):
        needed = len(every[index].text) + 2
        if needed <= room:
            room -= needed
            kept.add(index)
    blocks = [part.text for index, part in enumerate(every) if index in kept]
    left_out = Counter(part.what for index, part in enumerate(every) if index not in kept)
    if left_out:
        counts = ", ".join(plural(count, what) for what, count in sorted(left_out.items()))
        note = f"Left out, as a comment holds no more: {counts}. The other formats have all."
        blocks.append(note[:_RESERVE])
    return "\n\n".join(blocks) + "\n"


def code(text: str, longest: int = LONGEST_CODE) -> str:
    """Text as code within a line, outside of tables; empty text is nothing."""
    shown = _shown(text, longest)
    if not shown.strip():
        return ""
    fence = _fence(shown, 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def cell(text: str, longest: int = LONGEST_CODE) -> str:
    """The same in a cell of a table, where a bar would end the cell."""
    shown = _shown(text, longest)
    if "|" not in shown and "\\" not in shown:
        return code(text, longest)
    return f"<code>{_MARKUP.sub(lambda found: f'&#{ord(found[0])};', shown)}</code>"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown without bars and line breaks."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(each)} |" for each in lines)


def block(text: str) -> str:
    """Lines of plain text, as they are."""
    lines = "\n".join(map(clean, text.rstrip("\n").split("\n")))
    fence = _fence(lines, 3)
    return f"{fence}text\n{lines}\n{fence}"


def folded(summary: str, content: str) -> str:
    """Content that is shown when its summary, plain text, is clicked on."""
    title = escape(clean(summary))
    return f"<details><summary>{title}</summary>\n\n{content}\n\n</details>"


def bullets(items: Sequence[_T], shown: Callable[[_T], str], noun: str) -> str:
    """A list of the first few, and how many there are more."""
    lines = [f"- {shown(each)}" for each in items[:MANY]]
    if len(items) > MANY:
        lines.append(f"- and {plural(len(items) - MANY, f'more {noun}')}")
    return "\n".join(lines)


def _shown(text: str, longest: int) -> str:
    return shorten(clean(text), longest)


def _fence(text: str, least: int) -> str:
    runs = (len(each) for each in re.findall("`+", text))
    return "`" * max(least, max(runs, default=0) + 1)
