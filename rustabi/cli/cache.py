"""The command ``rustabi cache``: what is kept for the next time, and how to be rid of it."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, Final

from rustabi.cli.answer import Answer, Say
from rustabi.cli.arguments import add_command, add_output

SUMMARY: Final = "what is kept of files that were read before"
TEXT: Final = """\
What was read of a binary is kept, so that a second command on it need not read it again. An entry
is told by all bytes of the files, by what was asked of them, and by the version of the program: a
file that changed is read again. Entries lie in $RUSTABI_CACHE_DIR, else in rustabi below
$XDG_CACHE_HOME, else in ~/.cache/rustabi; all together take at most 1 GiB ($RUSTABI_CACHE_SIZE says
it in MiB), and those that were used least recently go first. Binaries of less than 1 MiB are not
kept: reading them takes no longer.

show tells where the entries are, how many, and how large; clear removes all of them."""
EXAMPLES: Final = ("rustabi cache show", "rustabi cache clear")


def add_cache(commands: Any) -> None:
    """Add the command."""
    command = add_command(commands, "cache", SUMMARY, TEXT, *EXAMPLES)
    command.add_argument("action", choices=("show", "clear"), help="what to do")
    add_output(command, "cache")


def run_cache(options: Namespace, _: Say) -> Answer:
    """What the command has to say."""
    from rustabi.cache import Cache
    from rustabi.report.cache import cache_report

    cache = Cache()
    cleared = options.action == "clear"
    report = cache_report(cache.clear() if cleared else cache.contents(), cleared=cleared)
    return Answer(report)
