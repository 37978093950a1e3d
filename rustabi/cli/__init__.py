"""The command line: reads arguments, says what the library found, exits with 0, 1 or 2."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NoReturn

from rustabi.cli.output import progress, rendered, write
from rustabi.errors import RustabiError

if TYPE_CHECKING:
    from argparse import Namespace

    from rustabi.cli.answer import Answer

_YOUNG = 200_000
"""Values that may be made before the cycle collector looks at them; Python's own number is 700."""

_INTERRUPTED = 130
_NO_VERDICT = 2


class InternalError(RustabiError):
    """A fault of rustabi itself."""

    kind = "internal"


def console() -> NoReturn:
    """The program ``rustabi``."""
    gc.set_threshold(_YOUNG, 50, 100)  # hardly anything here refers to itself
    code = main()
    for stream in filter(None, (sys.stdout, sys.stderr)):
        with contextlib.suppress(OSError, ValueError):  # a full disk was told when it was written
            stream.flush()
    os._exit(code)  # to take a model of a kernel apart takes a while, and nothing is left to do


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: The arguments; None for those of the program.

    Returns:
        The exit code: 0 compatible or done, 1 incompatible, 2 no verdict.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        return _run(arguments)
    except RustabiError as error:
        return _fail(error, arguments)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:
        if os.environ.get("RUSTABI_DEBUG"):
            raise
        return _fail(_internal(error), arguments)


def _run(arguments: Sequence[str]) -> int:
    if arguments[:1] == ["ksyms"]:  # before the parser of all commands: a build calls it often
        from rustabi.cli import ksyms

        return ksyms.run(arguments[1:])
    from rustabi.cli.parser import parser

    try:
        options = parser().parse_args(arguments)
    except SystemExit as done:  # --help and --version
        return int(done.code or 0)
    from rustabi.cli.commands import run
    from rustabi.cli.work import means_of

    colour = getattr(options, "color", "auto")
    with progress(colour) as say, means_of(options, say.paused) as options.means:
        answer = run(options, say)
    _say(answer, options)
    return answer.code


def _say(answer: Answer, options: Namespace) -> None:
    output = None if options.command == "snapshot" else options.output
    if answer.text is not None:
        write(answer.text, output)
    elif options.format == "json" or answer.page is None:
        from rustabi.report.jsontext import json_text

        write(json_text(answer.report), output)
    else:
        write(rendered(answer.page(), options.color, output), output)


def _internal(error: Exception) -> InternalError:
    return InternalError(
        f"internal error: {type(error).__name__}: {error}",
        advice="please report it; RUSTABI_DEBUG=1 shows where it happened",
    )


def _fail(error: RustabiError, arguments: Sequence[str]) -> int:
    """Tell an error to people, and to programs where they asked for JSON."""
    from rustabi.report.page import clean

    text = "\n".join(clean(line) for line in str(error).splitlines())
    print(f"rustabi: error: {text}", file=sys.stderr)
    if _wants_json(arguments):
        from rustabi.report.errors import failure_report
        from rustabi.report.jsontext import json_text

        write(json_text(failure_report(error)), None)
    return _NO_VERDICT


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether JSON was asked for, known even where the arguments as a whole make no sense."""
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)
