"""Pages: set plainly they are stable text; on a terminal they fit it."""

from __future__ import annotations

import io
import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustabi.report.page import (
    Column,
    Line,
    Page,
    Span,
    Table,
    clean,
    fitted,
    line,
    name,
    plain,
    separated,
    set_line,
    set_table,
    spans,
    width_of,
)
from rustabi.report.terminal import Progress, painted

LONG = "core::result::Result<alloc::vec::Vec<demo::Item>, demo::errors::Error>"
ROWS = (
    (spans("8"), spans(name("demo::Bar")), spans("note")),
    (spans("1024"), spans(name(LONG)), spans()),
)
TABLE = Table(
    (Column("size", right=True), Column("type"), Column("remark", optional=True)), ROWS, indent=2
)
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def test_plain_table_is_lined_up_without_trailing_blanks() -> None:
    table = Table((Column("size", right=True), Column("type")), tuple(row[:2] for row in ROWS), 2)
    assert plain([table]) == f"  size  type\n     8  demo::Bar\n  1024  {LONG}\n"


def test_a_table_without_titles_has_no_heading() -> None:
    assert plain([Table((Column(), Column()), ((spans("a"), spans("b")),))]) == "a  b\n"


def test_plain_text_is_never_cut_unless_a_width_is_given() -> None:
    page = (line("type ", name(LONG)),)
    assert plain(page) == f"type {LONG}\n"
    assert len(plain(page, 50)) <= 51


def test_optional_columns_go_first_where_room_is_short() -> None:
    assert [column.title for column in set_table(TABLE, 200).columns] == ["size", "type", "remark"]
    narrow = set_table(TABLE, 50)
    assert [column.title for column in narrow.columns] == ["size", "type"]
    assert all(width_of(row[1]) <= 44 for row in narrow.rows)


@pytest.mark.parametrize("width", [50, 60, 80])
def test_the_text_of_the_last_column_goes_on_below_in_its_column(width: int) -> None:
    words = [f"word{number}" for number in range(14)]
    rows = ((spans("kind"), spans(name("break")), spans(" ".join(words))),) * 2
    table = Table((Column("kind"), Column("severity"), Column("meaning")), rows, indent=2)
    for text in (plain([table], width), ESCAPE.sub("", painted([table], width))):
        lines = [each for each in text.splitlines() if "─" not in each]
        assert max(map(len, lines)) <= width
        at = lines[0].index("meaning")
        assert " ".join(each[at:] for each in lines[1:]).split() == words * 2
        assert all(each[:at].strip() in ("", "kind  break") for each in lines[1:])
        assert len(lines) > 3
    assert plain([table]).count("\n") == 3


def test_limited_columns_are_cut_everywhere() -> None:
    table = Table((Column("type", limit=30), Column()), ((spans(name(LONG)), spans("x")),))
    assert max(len(text) for text in plain([table]).splitlines()) <= 33


def test_the_longest_name_is_shortened_first() -> None:
    cell = spans(name("demo::Bar"), " → ", name(LONG))
    short = fitted(cell, 40)
    assert short[0].text == "demo::Bar"
    assert width_of(short) <= 40


@given(st.lists(st.sampled_from([name(LONG), name("a::B"), Span(" → ")])), st.integers(0, 200))
def test_fitting_never_makes_longer_and_keeps_what_is_no_name(cell: list[Span], width: int) -> None:
    result = fitted(tuple(cell), width)
    assert width_of(result) <= width_of(tuple(cell))
    assert [each.text for each in result if not each.shrinks] == [
        each.text for each in cell if not each.shrinks
    ]


def test_a_tail_goes_to_the_next_line_where_both_do_not_fit() -> None:
    long_line = Line(spans(name("symbol_of_some_length")), 4, spans(" → ", "parameter b", " → Bar"))
    assert plain([long_line]) == "    symbol_of_some_length → parameter b → Bar\n"
    assert [width_of(each.spans) + each.indent for each in set_line(long_line, 40)] == [25, 25]
    assert plain([long_line], 40).splitlines()[1] == "      → parameter b → Bar"


def test_groups_are_separated_by_one_blank_line() -> None:
    page = tuple(separated([[], [line("a")], [], [line("b"), line("c")], []]))
    assert plain(page) == "a\n\nb\nc\n"


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\x07b", "‮reversed", "line\nbreak", "\udc80"])
def test_names_cannot_direct_the_terminal(text: str) -> None:
    assert clean(text).isprintable()
    assert text not in plain([line(text)])


def test_readable_text_is_left_alone() -> None:
    assert clean("demo::Größe → …") == "demo::Größe → …"


PAGE: Page = (line(Span("INCOMPATIBLE", "bad"), ": ", name(LONG)), TABLE, line())


def test_painted_text_says_the_same_in_colours() -> None:
    text = painted(PAGE, None)
    assert "\x1b[1;31mINCOMPATIBLE\x1b[0m" in text
    words = ESCAPE.sub("", text).split()
    for word in plain(PAGE).split():
        assert word in words


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_painted_text_fits_the_terminal(width: int) -> None:
    lines = ESCAPE.sub("", painted(PAGE, width)).splitlines()
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("width", [80, 120])
def test_a_long_list_goes_on_below_indented_and_its_names_stay_whole(width: int) -> None:
    names = [f"<demo::Thing{number} as demo::Show>::show" for number in range(40)]
    text = ", ".join(names)
    page = [line(text, indent=4)]
    lines = plain(page, width).splitlines()
    assert ESCAPE.sub("", painted(page, width)).splitlines() == lines
    assert len(lines) > 2
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("    <demo")
    assert all(each.startswith("      ") and each[6] != " " for each in lines[1:])
    assert " ".join(each.strip() for each in lines) == text


def test_a_word_that_is_wider_than_the_terminal_is_not_broken() -> None:
    word = "_RNvMs0_" + "x" * 90
    assert word in ESCAPE.sub("", painted([line("linker name ", word)], 80))


def test_painted_numbers_stand_on_the_right() -> None:
    rows = [text for text in ESCAPE.sub("", painted([TABLE], 120)).splitlines() if "demo" in text]
    assert rows[0].startswith("     8  demo::Bar")


def test_painted_brackets_are_no_markup() -> None:
    assert "[u8; 4] :warning:" in ESCAPE.sub("", painted([line("[u8; 4] :warning:")], 80))


def test_progress_says_nothing_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    with Progress(stream, delay=0) as say:
        say("reading")
    assert stream.getvalue() == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_told_on_a_terminal_after_a_while() -> None:
    stream = Terminal()
    with Progress(stream, delay=30) as say:
        say("reading kernel.o")
    assert stream.getvalue() == ""
    with Progress(stream, delay=30) as say:
        say("reading kernel.o")
        say.begin()
        say("merging")
    assert "merging" in stream.getvalue()


def test_no_thread_runs_while_progress_is_paused() -> None:
    """A copy of the process must not be made while a thread may hold a lock."""
    before = set(threading.enumerate())
    stream = Terminal()
    with Progress(stream, delay=0) as say:
        say("reading a")
        say.begin()
        assert set(threading.enumerate()) > before
        for _ in range(2):
            with say.paused():
                assert set(threading.enumerate()) == before
                say("reading b")
        assert set(threading.enumerate()) > before
    assert set(threading.enumerate()) == before
    assert "reading b" in stream.getvalue()


def test_progress_has_no_colours_where_none_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    def said(**options: bool) -> str:
        stream = Terminal()
        with Progress(stream, delay=30, **options) as say:
            say.begin()
        return stream.getvalue()

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[32m" in said()
    assert "\x1b[32m" not in said(colour=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in said()
