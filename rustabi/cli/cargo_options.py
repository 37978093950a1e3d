"""The command line of ``cargo rustabi`` as argparse knows it."""

from __future__ import annotations

from typing import Any, Final

from rustabi.cli.arguments import (
    Parser,
    Version,
    add_build_options,
    add_colour,
    add_command,
    add_output,
)

_DESCRIPTION: Final = """\
Builds the crates of a workspace with full debug info, in a place of their own, and tells how their
types lie in memory, what changed since a baseline, and whom that breaks. Nothing is written to the
workspace: neither its target folder nor its Cargo.lock."""

_EPILOG: Final = """\
exit codes:
  0  compatible in what was checked; for other commands: done
  1  incompatible; check-semver: the version says too little
  2  no verdict: a failed build, a wrong argument, a crate that could not be compared

example:
  cargo rustabi diff --baseline-rev HEAD~1

cargo rustabi COMMAND --help tells more about a command."""


def cargo_parser() -> Parser:
    """The parser of the whole command line."""
    whole = Parser(prog="cargo rustabi", description=_DESCRIPTION, epilog=_EPILOG)
    whole.add_argument("--version", action=Version, help="show the versions to tell with a bug")
    commands = whole.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=Parser
    )
    for add in (_report, _diff, _snapshot, _check_semver):
        add(commands)
    return whole


def _report(commands: Any) -> None:
    command = add_command(
        commands,
        "report",
        "what is in each crate",
        "Tells what is in each crate, as `rustabi report` does: its types, which of them the"
        " compiler permuted, holes, padding, exported symbols.",
        "cargo rustabi report",
        "cargo rustabi report --workspace --release",
    )
    add_output(command, "report")
    _selection(command)
    _building(command)


def _diff(commands: Any) -> None:
    command = add_command(
        commands,
        "diff",
        "what changed since a baseline, crate by crate",
        "Compares the libraries of the workspace with a baseline, as `rustabi diff` does, and says"
        " of each what that means for its version: layout break, API only, none, or that it cannot"
        " be said. Programs and procedural macros are not compared. Rules are read from the file"
        " that --rules names, else from rustabi.toml beside the workspace's manifest.",
        "cargo rustabi diff --baseline-rev HEAD~1",
        "cargo rustabi diff --baseline-rev v1.2.0 -p demo --release",
        "cargo rustabi diff --baseline abi/ --workspace --format md:comment.md",
    )
    _baseline(command)
    command.add_argument(
        "--all", action="store_true", help="show crates without changes, and long lists whole"
    )
    _gate(command)
    add_output(command, "cargo-diff")
    _selection(command)
    _building(command)


def _check_semver(commands: Any) -> None:
    command = add_command(
        commands,
        "check-semver",
        "whether each version says enough of what changed",
        "Compares as `cargo rustabi diff` does, and holds what was found against the versions in"
        " the two manifests, by cargo's rules (below 1.0.0 the leftmost number that is not zero is"
        " the major one): a layout break needs a major bump, a change of API only a minor one. What"
        " is public in source, debug info does not tell: cargo-semver-checks does.",
        "cargo rustabi check-semver --baseline-rev v1.2.0",
    )
    _baseline(command)
    _gate(command)
    add_output(command, "cargo-check-semver")
    _selection(command)
    _building(command)


def _snapshot(commands: Any) -> None:
    command = add_command(
        commands,
        "snapshot",
        "keep all that a later comparison needs",
        "Writes a snapshot of each library, PACKAGE.json.gz, into a folder that --baseline takes."
        " For a single crate PATH may be the file to write: its name ends in .json or .json.gz.",
        "cargo rustabi snapshot --workspace -o abi/",
        "cargo rustabi snapshot -p demo -o demo.json.gz",
    )
    command.add_argument(
        "-o", "--output", metavar="PATH", required=True, help="the folder, or the file, to write"
    )
    group = command.add_argument_group("output")
    group.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to say what was written"
    )
    add_colour(group)
    _selection(command)
    _building(command)


def _baseline(command: Parser) -> None:
    group = command.add_argument_group("baseline", "what to compare with: one of the two")
    group.add_argument(
        "--baseline-rev", metavar="REV",
        help="a revision of git: it is built in a worktree of its own, which is removed afterwards",
    )  # fmt: skip
    group.add_argument(
        "--baseline", metavar="PATH",
        help="a folder of snapshots, another checkout, or a snapshot or binary of a single crate",
    )  # fmt: skip


def _gate(command: Parser) -> None:
    group = command.add_argument_group("gate", "what fails, and what does not (docs/rules.md)")
    group.add_argument(
        "--fail-on", metavar="LEVEL", action="append", default=[],
        help="besides breaks: risky, api, gap; several with commas, or repeated",
    )  # fmt: skip
    group.add_argument(
        "--opaque", metavar="GLOB", action="append", default=[],
        help="callers hold types of that name by address only; may be repeated",
    )  # fmt: skip
    group.add_argument("--rules", metavar="FILE", help="take the rules from FILE (TOML)")
    group.add_argument(
        "--no-rules", action="store_true", help="leave out the rules file of the workspace"
    )


def _selection(command: Parser) -> None:
    group = command.add_argument_group("packages", "which crates; cargo's default where none says")
    group.add_argument(
        "-p", "--package", metavar="NAME", action="append", default=[],
        help="this package (a name or glob); may be repeated",
    )  # fmt: skip
    group.add_argument("--workspace", "--all-packages", action="store_true", help="all of them")
    group.add_argument(
        "--exclude", metavar="NAME", action="append", default=[],
        help="with --workspace: not this one (a name or glob); may be repeated",
    )  # fmt: skip
    group.add_argument(
        "--manifest-path", metavar="FILE",
        help="the Cargo.toml; default: that of this folder, or the next one above",
    )  # fmt: skip


def _building(command: Parser) -> None:
    group = command.add_argument_group("cargo", "how to build; the same for both sides")
    add_build_options(group, short=True)
    group.add_argument("--offline", action="store_true", help="without the network")
    group.add_argument("--locked", action="store_true", help="fail if Cargo.lock is out of date")
    group.add_argument("--frozen", action="store_true", help="both of these")
