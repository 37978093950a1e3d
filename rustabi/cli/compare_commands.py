"""The commands that hold builds against each other: snapshot, diff, check."""

from __future__ import annotations

from typing import Any

from rustabi.cli.arguments import Parser, add_cargo, add_colour, add_command, add_output, add_target
from rustabi.cli.gate import add_rules


def snapshot(commands: Any) -> None:
    """Add ``rustabi snapshot``."""
    command = add_command(
        commands,
        "snapshot",
        "keep all that a later comparison needs",
        "Writes the types, symbols, versions and build facts of TARGET to one file, which all other"
        " commands take for it. The same input gives the same bytes; a file whose name ends in .gz"
        " is packed.",
        "rustabi snapshot libdemo.so -o baseline.json.gz",
    )
    add_target(command)
    command.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        required=True,
        help="the file to write; - is standard output, where nothing else is said then",
    )
    group = command.add_argument_group("output")
    group.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to say what was written"
    )
    add_colour(group)
    add_cargo(command)


def diff(commands: Any) -> None:
    """Add ``rustabi diff``."""
    command = add_command(
        commands,
        "diff",
        "what changed between two builds, and whom it breaks",
        "Holds NEW against OLD: may a caller that was compiled against OLD run with NEW? Each type"
        " that changed is told once, with the exported symbols that it affects and a path to it"
        " from each. With --crate, only findings are told that are in those crates or reach them,"
        " and the verdict is about those. What could not be checked is listed, and counted beside"
        " what was. Rules say which findings are tolerated, or taken for graver or milder; they are"
        " read from the file that --rules names, else from rustabi.toml in the current folder, else"
        " from [tool.rustabi] in its pyproject.toml.",
        "rustabi diff baseline.json.gz libdemo.so",
        "rustabi diff old.ko new.ko --symbols kmi.txt",
        "rustabi diff old.ko new.ko --fail-on risky,gap --opaque 'demo::Private*'",
        "rustabi diff old.ko new.ko --rules accepted.toml",
    )
    command.add_argument("old", metavar="OLD", help="what callers were compiled against")
    command.add_argument("new", metavar="NEW", help="what they would run with")
    command.add_argument("--crate", metavar="GLOB", help="only findings that concern these crates")
    command.add_argument(
        "--symbols", metavar="FILE",
        help="only these symbols: a plain, Android or Red Hat list, Module.symvers, or what"
        " gendwarfksyms prints; - for stdin",
    )  # fmt: skip
    command.add_argument(
        "--all", action="store_true", help="list harmless changes, too, and long lists whole"
    )
    _gate(command)
    add_output(command, "diff")
    add_cargo(command)


def _gate(command: Parser) -> None:
    group = command.add_argument_group("gate", "what fails, and what does not")
    group.add_argument(
        "--fail-on", metavar="LEVEL", action="append", default=[],
        help="besides breaks: risky or api (findings of that severity or worse, exit code 1), gap"
        " (anything that could not be checked, exit code 2); several with commas, or repeated",
    )  # fmt: skip
    group.add_argument(
        "--opaque", metavar="GLOB", action="append", default=[],
        help="callers hold types of that name by address only: a change that a symbol reaches only"
        " through a pointer to one is taken for api; may be repeated",
    )  # fmt: skip
    group.add_argument(
        "--kabi-rules", action="store_true",
        help="honour the kABI rules that the binaries carry, and __kabi_ members: a change that"
        " they declare away is taken for api (docs/rules.md)",
    )  # fmt: skip
    add_rules(group)


def check(commands: Any) -> None:
    """Add ``rustabi check``."""
    from rustabi.cli.check import EXAMPLES, SUMMARY, TEXT, add_arguments

    command = add_command(commands, "check", SUMMARY, TEXT, *EXAMPLES)
    add_arguments(command)
    add_output(command, "check")
