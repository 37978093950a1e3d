"""A page of text before it is set: lines and tables that say what their parts mean.

Set plainly, a page is stable text that grep understands: no colours, no lines drawn, nothing
wrapped or cut, unless a width is given. `rustabi.report.terminal` sets the same page in colours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from rustabi.names import shorten

Style: TypeAlias = Literal[
    "", "title", "name", "good", "bad", "warn", "dim", "added", "removed", "changed"
]

GAP: Final = "  "
"""Between columns."""

_WIDEST_COLUMN: Final = 48
"""Characters up to which cells of a column that can be shortened are lined up."""

_NARROWEST: Final = 20
"""Characters that a name is never shortened below."""

_WORD: Final = re.compile("[^ ]+ *| +")

_NARROWEST_TEXT: Final = 24
"""Characters to which the text of a last column is broken at most."""

_HANGING: Final = 2
"""Blanks more before the second line of what does not fit into one."""


class Span(NamedTuple):
    """A piece of text with one meaning.

    Attributes:
        text: What it says.
        style: What it means.
        shrinks: It is a name, and may be shortened where room is short.
    """

    text: str
    style: Style = ""
    shrinks: bool = False


Spans: TypeAlias = tuple[Span, ...]


class Line(NamedTuple):
    """One line.

    Attributes:
        indent: Blanks before it.
        tail: More of it, which goes to a line of its own where both do not fit.
    """

    spans: Spans
    indent: int = 0
    tail: Spans = ()


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        title: Its heading; a table in which no column has one has no heading.
        right: Numbers are set to the right.
        limit: Cells are shortened to so many characters, also where there is room.
        optional: Left out where the table is too wide.
    """

    title: str = ""
    right: bool = False
    limit: int | None = None
    optional: bool = False


class Table(NamedTuple):
    """Rows of cells, lined up.

    Attributes:
        indent: Blanks before each row.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Spans, ...], ...]
    indent: int = 0


Block: TypeAlias = Line | Table
Page: TypeAlias = tuple[Block, ...]


def line(*parts: Span | str, indent: int = 0) -> Line:
    """A line of spans; plain text is a span without meaning."""
    return Line(spans(*parts), indent)


def spans(*parts: Span | str) -> Spans:
    """Spans, of which some may be plain text."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts)


def name(text: str) -> Span:
    """A name of a type or symbol."""
    return Span(text, "name", shrinks=True)


def joined(groups: Iterable[Spans], separator: str) -> Spans:
    """Groups of spans with text between them."""
    result: list[Span] = []
    for group in groups:
        if result:
            result.append(Span(separator))
        result += group
    return tuple(result)


BLANK: Final = Line(())


def separated(groups: Iterable[Sequence[Block]]) -> Iterator[Block]:
    """The blocks of groups, with a blank line between groups; empty groups are passed over."""
    first = True
    for group in groups:
        if group and not first:
            yield BLANK
        yield from group
        first = first and not group


def width_of(cell: Spans) -> int:
    """Characters that a cell takes."""
    return sum(len(span.text) for span in cell)


def fitted(cell: Spans, width: int) -> Spans:
    """A cell whose names are shortened, the longest first, until it fits or no more can be done."""
    excess = width_of(cell) - width
    lengths = sorted((len(span.text) for span in cell if span.shrinks), reverse=True)
    if excess <= 0 or not lengths:
        return cell
    allowed = max(_NARROWEST, _level(lengths, sum(lengths) - excess))
    return tuple(
        span._replace(text=shorten(span.text, allowed)) if span.shrinks else span for span in cell
    )


def set_line(line: Line, width: int | None = None) -> Iterator[Line]:
    """The line as lines without tail that fit ``width``.

    Names are shortened. What is still too long goes on below, indented, and is broken between
    words alone: a longer word, such as a linker's name, stays whole.
    """
    if width is None or line.indent + width_of(line.spans + line.tail) <= width:
        yield Line(line.spans + line.tail, line.indent)
        return
    yield from _broken(Line(fitted(line.spans, width - line.indent), line.indent), width)
    if line.tail:
        first = line.tail[0]
        tail = (first._replace(text=first.text.lstrip()), *line.tail[1:])
        indent = line.indent + _HANGING
        yield from _broken(Line(fitted(tail, width - indent), indent), width)


def _broken(line: Line, width: int, hanging: int = _HANGING) -> Iterator[Line]:
    row: Spans = ()
    indent = line.indent
    for word in _words(line.spans):
        blanks = len(word[-1].text) - len(word[-1].text.rstrip(" "))
        if row and indent + width_of(row + word) - blanks > width:
            yield Line(row, indent)
            row, indent = (), line.indent + hanging
        row += word
    yield Line(row, indent)


def _words(cell: Spans) -> Iterator[Spans]:
    """What is not to be broken: words with the blanks behind them, and names."""
    word: Spans = ()
    for span in cell:
        for text in [span.text] if span.shrinks else _WORD.findall(span.text):
            if word and word[-1].text.endswith(" "):
                yield word
                word = ()
            word += (span._replace(text=text),)
    if word:
        yield word


def _level(lengths: Sequence[int], room: int) -> int:
    """The length to which the longest must be cut so that all fit into ``room``; longest first."""
    rest = list(lengths)
    while rest and rest[-1] * len(rest) <= room:
        room -= rest.pop()
    return max(0, room) // len(rest) if rest else lengths[0]


class SetTable(NamedTuple):
    """A table with its cells cut to size.

    Attributes:
        columns: Those that are left.
        widths: Of each column, in characters.
        rows: In step with the columns.
    """

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[Spans, ...], ...]


def set_table(table: Table, width: int | None = None) -> SetTable:
    """The table with optional columns left out and names shortened, to fit ``width`` characters.

    What is still too long in the last column goes on in rows below, broken between words.
    """
    found = _limited(table)
    if width is None:
        return found
    room = width - table.indent - len(GAP) * (len(found.columns) - 1)
    while sum(found.widths) > room and any(each.optional for each in found.columns):
        at = next(index for index, each in enumerate(found.columns) if each.optional)
        found = _without(found, at)
        room += len(GAP)
    least = [_least(found, index) for index in range(len(found.columns))]
    least[-1] = min(least[-1], max(_longest_word(found), _NARROWEST_TEXT))
    fixed = sum(size for size, low in zip(found.widths, least, strict=True) if size <= low)
    loose = sorted((s for s, low in zip(found.widths, least, strict=True) if s > low), reverse=True)
    if sum(found.widths) <= room or not loose:
        return found
    level = _level(loose, room - fixed)
    widths = tuple(
        max(low, min(size, level)) if size > low else size
        for size, low in zip(found.widths, least, strict=True)
    )
    rows = tuple(part for row in _rows_fitted(found.rows, widths) for part in _rows(row, widths))
    return found._replace(rows=rows, widths=widths)


def _rows(row: tuple[Spans, ...], widths: Sequence[int]) -> Iterator[tuple[Spans, ...]]:
    """The row as several, where its last cell is too long for one."""
    empty: tuple[Spans, ...] = tuple(() for _ in row[:-1])
    for number, part in enumerate(_broken(Line(row[-1]), widths[-1], hanging=0)):
        yield (*(empty if number else row[:-1]), part.spans)


def _longest_word(table: SetTable) -> int:
    """Of the last column; a name counts as short as it can be made."""
    words = (word for row in table.rows for word in _words(row[-1]))
    sizes = (
        sum(min(len(s.text), _NARROWEST) if s.shrinks else len(s.text.rstrip()) for s in word)
        for word in words
    )
    return max(sizes, default=0)


def _limited(table: Table) -> SetTable:
    rows = tuple(
        tuple(
            cell if column.limit is None else fitted(cell, column.limit)
            for column, cell in zip(table.columns, row, strict=True)
        )
        for row in table.rows
    )
    widths = []
    for index, column in enumerate(table.columns):
        sizes = [(width_of(row[index]), any(s.shrinks for s in row[index])) for row in rows]
        sizes = [(min(size, _WIDEST_COLUMN) if loose else size, loose) for size, loose in sizes]
        if index == len(table.columns) - 1:
            sizes = [(width_of(row[index]), False) for row in rows]
        widths.append(max([len(column.title), *(size for size, _ in sizes)]))
    return SetTable(table.columns, tuple(widths), rows)


def _least(table: SetTable, index: int) -> int:
    """What a column needs at least: its heading, and cells with their names at their shortest."""
    least = len(table.columns[index].title)
    for row in table.rows:
        cell = row[index]
        needed = sum(min(len(s.text), _NARROWEST) if s.shrinks else len(s.text) for s in cell)
        least = max(least, needed)
    return least


def _without(table: SetTable, at: int) -> SetTable:
    return SetTable(
        table.columns[:at] + table.columns[at + 1 :],
        table.widths[:at] + table.widths[at + 1 :],
        tuple(row[:at] + row[at + 1 :] for row in table.rows),
    )


def _rows_fitted(
    rows: Iterable[tuple[Spans, ...]], widths: Sequence[int]
) -> tuple[tuple[Spans, ...], ...]:
    return tuple(
        tuple(fitted(cell, width) for cell, width in zip(row, widths, strict=True)) for row in rows
    )


def plain(page: Iterable[Block], width: int | None = None) -> str:
    """The page as plain text.

    Args:
        page: What to show.
        width: Characters that names are shortened to fit; None leaves them as they are.
    """
    lines: list[str] = []
    for block in page:
        if isinstance(block, Line):
            lines += (" " * each.indent + _text(each.spans) for each in set_line(block, width))
        else:
            lines += _plain_table(block, width)
    return "".join(f"{text.rstrip()}\n" for text in lines)


def _plain_table(table: Table, width: int | None) -> Iterator[str]:
    found = set_table(table, width)
    rows = [tuple(map(_text, row)) for row in found.rows]
    if any(column.title for column in found.columns):
        rows.insert(0, tuple(column.title for column in found.columns))
    for row in rows:
        cells = [
            text.rjust(size) if column.right else text.ljust(size)
            for text, size, column in zip(row, found.widths, found.columns, strict=True)
        ]
        yield " " * table.indent + GAP.join(cells)


def _text(cell: Spans) -> str:
    return "".join(clean(span.text) for span in cell)


def clean(text: str) -> str:
    """Text from a binary without what could direct a terminal or turn its text around."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )
