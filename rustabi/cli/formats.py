"""The formats that a command line asks for, and where each goes."""

from __future__ import annotations

import contextlib
from argparse import Namespace
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from rustabi.cli.output import OutputError, rendered, write
from rustabi.errors import RustabiError, UsageError
from rustabi.report.formats import TOKENS, Wanted, formats_of, parse_format, require_distinct

if TYPE_CHECKING:
    from rustabi.cli.answer import Answer


def wanted_formats(options: Namespace) -> tuple[Wanted, ...]:
    """The formats of the report, each with its file; that of ``-o`` is for the one without.

    Raises:
        UsageError: Two go to one place, or none is left for ``-o``.
    """
    given = getattr(options, "format", None) or "text"
    formats = [Wanted(given)] if isinstance(given, str) else list(given)
    output = None if options.command == "snapshot" else options.output
    if output is not None and all(each.file is not None for each in formats):
        raise UsageError(
            "-o has nothing to write: each --format names its own file",
            advice="give one --format without a file, or leave out -o",
        )
    formats = [each._replace(file=place(each.file or output)) for each in formats]
    require_distinct(formats)
    return tuple(formats)


def place(file: str | None) -> str | None:
    """The file that was named; None for standard output, whose name is ``-``."""
    return None if file == STANDARD_OUTPUT else file


STANDARD_OUTPUT: Final = "-"
"""As a file's name; a file that is called so is ``./-``."""


def say(answer: Answer, formats: Sequence[Wanted], options: Namespace) -> None:
    """Write what a command has to say: all of it is rendered first, and files go before the rest.

    Raises:
        OutputError: Something cannot be written.
    """
    if answer.text is not None or answer.report is None:
        write(answer.text or "", place(options.output))
        return
    from rustabi.report.formats import render

    texts = {
        each: render(
            answer.report, each.token, everything=answer.everything,
            page=partial(rendered, colour=options.color, output=each.file),
        )
        for each in formats
    }  # fmt: skip
    for each in sorted(formats, key=lambda each: each.file is None):
        write(texts[each], each.file)


def say_failure(error: RustabiError, arguments: Sequence[str]) -> None:
    """Tell an error in each format that was asked for, so that no file keeps an earlier verdict.

    People read it on stderr already: text goes to files only.
    """
    formats = list(_asked(arguments))
    if not formats:
        return
    from rustabi.report.errors import failure_report
    from rustabi.report.formats import render

    report = failure_report(error)
    for each in sorted(formats, key=lambda each: each.file is None):
        with contextlib.suppress(OutputError):  # of files that cannot be written, one was told
            write(render(report, each.token), each.file)


_REPORTING: Final = frozenset({"check", "check-semver", "diff", "doctor", "report"})
"""Commands whose option ``-o`` names the report; others write data there."""


def _output(arguments: Sequence[str]) -> str | None:
    """The file that a report was to go to, known even where the arguments make no sense."""
    if not _REPORTING.intersection(arguments[:1]):
        return None
    found = [value for option, value in pairwise(arguments) if option in ("-o", "--output")]
    found += [each.removeprefix("--output=") for each in arguments if each.startswith("--output=")]
    return next((each for each in found if each and not each.startswith("-")), None)


def _known(arguments: Sequence[str]) -> tuple[str, ...]:
    """The formats of the command: a failure is told in no other, as its report would be."""
    command = arguments[0] if arguments else ""
    return TOKENS if command in _REPORTING else formats_of(command)


def _asked(arguments: Sequence[str]) -> Iterator[Wanted]:
    """The formats, known even where the arguments as a whole make no sense; one for each place."""
    known = _known(arguments)
    texts = [each.removeprefix("--format=") for each in arguments if each.startswith("--format=")]
    texts += [value for option, value in pairwise(arguments) if option == "--format"]
    output = _output(arguments)
    if output is not None and not texts:
        texts = ["text"]
    places: set[str | None] = set()
    for text in texts:
        try:
            wanted = parse_format(text, known)
        except UsageError:
            continue
        wanted = wanted._replace(file=place(wanted.file or output))
        if wanted.file not in places and wanted != Wanted("text"):
            places.add(wanted.file)
            yield wanted
