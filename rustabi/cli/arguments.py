"""What the parsers of several commands share: targets, output, how to build a crate."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from rustabi.errors import UsageError
from rustabi.report.formats import formats_of, parse_format


class _Formatter(argparse.HelpFormatter):
    """Wraps paragraphs to the terminal, and leaves lists and examples as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        filled = []
        for paragraph in text.split("\n\n"):
            is_listing = "\n  " in paragraph
            filled.append(paragraph if is_listing else textwrap.fill(paragraph, width))
        return textwrap.indent("\n\n".join(filled), indent)


class Parser(argparse.ArgumentParser):
    """Raises instead of printing and exiting, so that all errors are told in one way."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("formatter_class", _Formatter)
        options.setdefault("allow_abbrev", False)
        super().__init__(*args, **options)

    def error(self, message: str) -> NoReturn:
        """Raise a `UsageError`."""
        raise UsageError(message, advice=f"{self.prog} --help tells more")


class Version(argparse.Action):
    """Prints the versions; looking them up takes time, so not before they are asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print them, and exit."""
        from rustabi.cli.version import version_text

        print(version_text(), end="")
        parser.exit()


OUTPUT_HELP: Final = "write to FILE, whole or not at all; - is standard output"

_MAY_BE_EMPTY: Final = frozenset({"fail_on", "features"})
"""Options whose values are lists: they tell by themselves what an empty one means."""


def parsed(parser: Parser, arguments: Sequence[str]) -> argparse.Namespace:
    """What a command line says.

    Raises:
        UsageError: It makes no sense, or an argument is empty. An empty path is the current folder
            to pathlib, so that a variable that was not set would name one.
    """
    options = parser.parse_args(arguments)
    for name, value in vars(options).items():
        given = value if isinstance(value, list) else [value]
        if name not in _MAY_BE_EMPTY and any(each == "" for each in given):
            shown = name.replace("_", "-")
            raise UsageError(
                f"the argument {shown} is empty",
                advice="give it a value (is a variable not set?); the current folder is `.`",
            )
    return options


def add_command(commands: Any, name: str, summary: str, text: str, *examples: str) -> Parser:
    """Add a command, with examples that its help ends with."""
    listing = "".join(f"\n  {line}" for line in examples)
    added: Parser = commands.add_parser(
        name, help=summary, description=text, epilog=f"example:{listing}"
    )
    return added


def add_target(command: Parser) -> None:
    """Add the TARGET that a command reads."""
    command.add_argument("target", metavar="TARGET", help="what to read")


def add_output(command: Parser, kind: str) -> None:
    """Add the options that say in which formats a report is printed, and where they go.

    Args:
        command: The command.
        kind: The kind of its report, as `rustabi.report.formats.formats_of` takes it.
    """
    known = formats_of(kind)
    group = command.add_argument_group("output")
    group.add_argument(
        "--format", metavar="FORMAT[:FILE]", action="append",
        type=lambda text: parse_format(text, known),
        help=f"{', '.join(known)} (default: {known[0]}); with a FILE it goes there (-: standard"
        " output); may be repeated, so that one run writes several",
    )  # fmt: skip
    group.add_argument("-o", "--output", metavar="FILE", help=OUTPUT_HELP)
    add_colour(group)


def add_single_output(command: Parser, formats: Sequence[str]) -> None:
    """Add the same for a command whose formats are made one at a time."""
    group = command.add_argument_group("output")
    group.add_argument(
        "--format", choices=formats, default=formats[0],
        help=f"how to print it (default: {formats[0]})",
    )  # fmt: skip
    group.add_argument("-o", "--output", metavar="FILE", help=OUTPUT_HELP)
    add_colour(group)


def add_colour(group: Any) -> None:
    """Add the option that says when to use colours."""
    group.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto",
        help="colours: on a terminal (auto, the default), always or never; NO_COLOR is honoured",
    )  # fmt: skip


def add_plain_output(command: Parser) -> None:
    """Add the option that names a file, for a command with one format."""
    group = command.add_argument_group("output")
    group.add_argument("-o", "--output", metavar="FILE", help=OUTPUT_HELP)


def add_cargo(command: Parser) -> None:
    """Add the options that say how to build a crate."""
    group = command.add_argument_group(
        "cargo", "how to build, where a TARGET is the folder of a cargo crate"
    )
    add_build_options(group)
    group.add_argument("-p", "--package", metavar="NAME", help="this package of the workspace")


def add_build_options(group: argparse._ArgumentGroup, *, short: bool = False) -> None:
    """Add cargo's options for what is built; ``short`` with its letters, too."""
    release, features = (["-r"], ["-F"]) if short else ([], [])
    group.add_argument(*release, "--release", action="store_true", help="with the release profile")
    group.add_argument("--profile", metavar="NAME", help="with this profile (default: dev)")
    group.add_argument(
        *features, "--features", metavar="LIST", action="append", default=[],
        help="with these features, separated by commas",
    )  # fmt: skip
    group.add_argument("--all-features", action="store_true", help="with all features")
    group.add_argument(
        "--no-default-features", action="store_true", help="without the default ones"
    )
    group.add_argument("--target", metavar="TRIPLE", dest="triple", help="for this target")
    group.add_argument("--toolchain", metavar="NAME", help="with this toolchain (cargo +NAME)")
