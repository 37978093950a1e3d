"""The command line as argparse knows it: every command, in an order that teaches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from rustabi.cli import compare_commands, help_commands, kernel_commands, look_commands
from rustabi.cli.arguments import Parser, Version
from rustabi.cli.cache import add_cache
from rustabi.cli.work import add_work_options

_DESCRIPTION: Final = """\
Did the layout change? rustabi reads what the Rust compiler did with your types out of a binary's
debug info, compares two builds, and names the type, the member and the exported function that a
difference breaks.

A TARGET is an object file, a kernel module (.ko), a shared object, an executable, a vmlinux, an
archive (.rlib, .a), a folder of those, the folder of a cargo crate (it is built, in a place of its
own), or a snapshot."""

_EPILOG: Final = """\
exit codes:
  0  compatible in what was checked; for other commands: done
  1  incompatible
  2  no verdict: bad input, a failed build, a wrong argument, or data that OLD had and NEW lost;
     rustabi doctor TARGET tells what to change in a build

example:
  rustabi snapshot libdemo.so -o baseline.json.gz
  rustabi diff baseline.json.gz libdemo.so

rustabi COMMAND --help tells more about a command."""


_COMMANDS: Final[tuple[Callable[[Any], None], ...]] = (
    look_commands.report,
    look_commands.layout,
    compare_commands.diff,
    compare_commands.snapshot,
    compare_commands.check,
    look_commands.doctor,
    help_commands.explain,
    look_commands.why,
    look_commands.symbols,
    look_commands.graph,
    kernel_commands.symvers,
    kernel_commands.symtypes_diff,
    kernel_commands.names,
    kernel_commands.ksyms,
    help_commands.schema,
    help_commands.completion,
    add_cache,
)
"""What adds each command, in the order of the help: first what everybody needs, from a first look
on; then what goes deeper; then the files of a kernel build."""


def parser() -> Parser:
    """The parser of the whole command line."""
    whole = Parser(prog="rustabi", description=_DESCRIPTION, epilog=_EPILOG)
    whole.add_argument("--version", action=Version, help="show the versions to tell with a bug")
    commands = whole.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=Parser
    )
    for add in _COMMANDS:
        add(commands)
    add_work_options(commands.choices)
    return whole
