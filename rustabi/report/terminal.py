"""Pages as a terminal shows them, coloured and cut to its width, and what is said meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import IO, Final

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.status import Status
from rich.table import Table as RichTable
from rich.text import Text

from rustabi.report.page import (
    GAP,
    Block,
    Line,
    Spans,
    Style,
    Table,
    clean,
    set_line,
    set_table,
    width_of,
)

_STYLES: Final[dict[Style, str]] = {
    "": "",
    "title": "bold",
    "name": "cyan",
    "good": "bold green",
    "bad": "bold red",
    "warn": "yellow",
    "dim": "dim",
    "added": "green",
    "removed": "red",
    "changed": "yellow",
}


def painted(page: Iterable[Block], width: int | None, *, colour: bool = True) -> str:
    """The page with control sequences for colours.

    Args:
        page: What to show.
        width: Of the terminal, in characters; None leaves names and tables as wide as they are.
        colour: Whether to use colours, or bold and dim alone.
    """
    blocks = list(page)
    room = width or max([_natural_width(block) for block in blocks], default=1) + 1
    console = Console(
        width=room, force_terminal=True, no_color=not colour, highlight=False, emoji=False,
        color_system="standard", legacy_windows=False,
    )  # fmt: skip
    with console.capture() as capture:
        for block in blocks:
            if isinstance(block, Line):
                for line in set_line(block, width):
                    console.print(" " * line.indent, _text(line.spans), sep="", soft_wrap=True)
            else:
                console.print(_table(block, width), crop=False)
    return "".join(f"{text.rstrip()}\n" for text in capture.get().splitlines())


def _natural_width(block: Block) -> int:
    if isinstance(block, Line):
        return block.indent + width_of(block.spans + block.tail)
    found = set_table(block)
    longest = (max(map(width_of, cells), default=0) for cells in zip(*found.rows, strict=True))
    sizes = map(max, zip(found.widths, longest, strict=False)) if found.rows else found.widths
    return block.indent + sum(sizes) + len(GAP) * len(found.widths)


def _text(spans: Spans) -> Text:
    return Text.assemble(*((clean(span.text), _STYLES[span.style]) for span in spans))


def _table(table: Table, width: int | None) -> Padding:
    found = set_table(table, width)
    titled = any(column.title for column in found.columns)
    shown = RichTable(
        box=box.SIMPLE_HEAD if titled else None, show_header=titled, show_edge=False,
        pad_edge=False, header_style="bold", padding=(0, 1, 0, 0),
    )  # fmt: skip
    for column, size in zip(found.columns, found.widths, strict=True):
        shown.add_column(
            column.title, justify="right" if column.right else "left", no_wrap=True,
            overflow="crop", min_width=size,
        )  # fmt: skip
    for row in found.rows:
        shown.add_row(*(_text(cell) for cell in row))
    return Padding(shown, (0, 0, 0, table.indent), expand=False)


class Progress:
    """Says on a terminal what is being done, once it takes longer than a moment.

    Args:
        stream: Where to say it; nothing is said where it is no terminal.
        delay: Seconds before anything is said.
        colour: Whether to use colours, where ``NO_COLOR`` does not forbid them.
    """

    def __init__(self, stream: IO[str], delay: float = 1.0, *, colour: bool = True) -> None:
        self._console = Console(file=stream, no_color=None if colour else True)
        self._status: Status | None = None
        self._message = ""
        self._lock = threading.Lock()
        self._start = time.monotonic() + delay
        self._timer: threading.Timer | None = None
        self._spinning: set[threading.Thread] = set()
        self._ended = False

    def __call__(self, text: str) -> None:
        """Tell what is being done now."""
        with self._lock:
            self._message = text
            if self._status is not None:
                self._status.update(_spoken(text))

    def __enter__(self) -> Progress:
        self._resume()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pause()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Say nothing, and let no thread run, meanwhile."""
        self._pause()
        try:
            yield
        finally:
            self._resume()

    def begin(self) -> None:
        """Start to say what is being done, unless it has ended."""
        with self._lock:
            if not self._ended and self._status is None:
                self._status = self._console.status(_spoken(self._message))
                before = set(threading.enumerate())
                self._status.start()
                self._spinning = set(threading.enumerate()) - before

    def _resume(self) -> None:
        self._ended = False
        if not self._console.is_terminal:
            return
        rest = self._start - time.monotonic()
        if rest <= 0:
            self.begin()
        else:
            self._timer = threading.Timer(rest, self.begin)
            self._timer.daemon = True
            self._timer.start()

    def _pause(self) -> None:
        with self._lock:
            self._ended = True
            if self._status is not None:
                self._status.stop()
                self._status = None
        for thread in self._spinning:  # rich tells its thread to end, and does not wait for it
            thread.join()
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
            self._timer = None


def _spoken(message: str) -> Text:
    return Text(clean(message) or "reading")
