"""Where the output goes: a terminal in colours, a pipe plainly, a file whole or not at all."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager

from rustabi.errors import RustabiError
from rustabi.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import IO, Protocol

    from rustabi.report.page import Page

    class Told(Protocol):
        """Takes what is being done in words."""

        def __call__(self, text: str) -> None:
            """Say it, or not."""

        def paused(self) -> AbstractContextManager[object]:
            """Keeps threads from running meanwhile."""


class OutputError(RustabiError):
    """What was asked for cannot be written where it was to go."""

    kind = "output"


def rendered(page: Page, colour: str, output: str | None) -> str:
    """A page as text for where it goes.

    Args:
        page: What to show.
        colour: ``auto``, ``always`` or ``never``.
        output: The file it goes to; None for standard output.
    """
    import shutil  # like `Path` below, it takes long to import

    terminal = output is None and is_terminal(sys.stdout)
    width = shutil.get_terminal_size().columns if terminal else None
    wanted = colour == "always" or (
        colour == "auto" and terminal and not os.environ.get("NO_COLOR")
    )
    if wanted:
        from rustabi.report.terminal import painted

        return painted(page, width)
    from rustabi.report.page import plain

    return plain(page, width)


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether a stream goes to a terminal that understands control sequences."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def write(text: str, output: str | None) -> None:
    """Write text to a file, or to standard output.

    Bytes that are no UTF-8 in a binary are lone surrogates in text; they are written as they were.

    Raises:
        OutputError: It cannot be written; the file that was there is whole.
    """
    data = text.encode("utf-8", "surrogateescape")
    if output is not None:
        _write_file(output, data)
        return
    if sys.stdout is None:  # Python has none where it was closed before the program started
        raise OutputError("standard output is closed", advice="send it somewhere, or name a file")
    try:
        _write_standard(text, data)
    except BrokenPipeError:  # whoever reads has seen enough; the verdict stands
        _silence(sys.stdout)
    except OSError as error:
        _silence(sys.stdout)
        raise OutputError(f"cannot write to standard output: {error.strerror or error}") from error


def _write_standard(text: str, data: bytes) -> None:
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(text)
    else:
        buffer.write(data)
        buffer.flush()
    sys.stdout.flush()


def _silence(stream: IO[str]) -> None:
    """Keep the interpreter from complaining at exit about what it cannot flush."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def _write_file(path: str, data: bytes) -> None:
    from pathlib import Path

    from rustabi.files import write_whole

    try:
        write_whole(Path(path), data)
    except OSError as error:
        raise OutputError(
            f"cannot be written: {error.strerror or error}", path=path,
            advice="name a file in a folder that you may write to, on a disk with space left",
        ) from error  # fmt: skip


class _Untold:
    """Says nothing."""

    def __call__(self, text: str) -> None:
        """Nothing."""

    def paused(self) -> AbstractContextManager[None]:
        """Nothing."""
        return contextlib.nullcontext()


@contextlib.contextmanager
def progress(colour: str = "auto") -> Iterator[Told]:
    """Takes what is being done in words, and says it on a terminal when it takes long.

    Args:
        colour: ``auto``, ``always`` or ``never``.
    """
    if not is_terminal(sys.stderr):
        yield _Untold()
        return
    from rustabi.report.terminal import Progress

    with Progress(sys.stderr, colour=colour != "never") as say:
        yield say
