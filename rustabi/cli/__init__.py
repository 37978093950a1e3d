"""The command line: reads arguments, says what the library found, exits with 0, 1 or 2."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from collections.abc import Callable, Sequence

from rustabi.cli.output import progress
from rustabi.errors import RustabiError
from rustabi.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn

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
    return guarded(_run, sys.argv[1:] if argv is None else list(argv))


def guarded(run: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """Run a command line, and tell what goes wrong in words; the result is the exit code."""
    try:
        return run(arguments)
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
    from rustabi.cli.arguments import parsed
    from rustabi.cli.formats import say, wanted_formats
    from rustabi.cli.parser import parser

    try:
        options = parsed(parser(), arguments)
    except SystemExit as done:  # --help and --version
        return int(done.code or 0)
    from rustabi.cli.commands import run
    from rustabi.cli.work import means_of

    formats = wanted_formats(options)
    colour = getattr(options, "color", "auto")
    with progress(colour) as told, means_of(options, told.paused) as options.means:
        answer = run(options, told)
    say(answer, formats, options)
    return answer.code


def _internal(error: Exception) -> InternalError:
    return InternalError(
        f"internal error: {type(error).__name__}: {error}",
        advice="please report it; RUSTABI_DEBUG=1 shows where it happened",
    )


def _fail(error: RustabiError, arguments: Sequence[str]) -> int:
    """Tell an error to people, and to programs in the formats that they asked for."""
    from rustabi.cli.formats import say_failure
    from rustabi.report.page import clean

    text = "\n".join(clean(line) for line in str(error).splitlines())
    print(f"rustabi: error: {text}", file=sys.stderr)
    say_failure(error, arguments)
    return _NO_VERDICT
