"""The gate that a command line asks for: its rules file, opaque handles and strictness."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rustabi.errors import UsageError

if TYPE_CHECKING:
    from rustabi.rules import FailOn, Gate


WITHOUT: Final = "give --no-rules to leave it out"
"""What to do about a rules file that was found and is wrong, besides mending it."""


def add_rules(group: Any) -> None:
    """The options that name the rules file."""
    group.add_argument(
        "--rules", metavar="FILE", help="take the rules from FILE (TOML; docs/rules.md tells more)"
    )
    group.add_argument(
        "--no-rules", action="store_true", help="leave out the rules file of the current folder"
    )


def gate_of(options: Namespace) -> Gate:
    """What the options and the rules file lay down.

    Raises:
        RulesError: The rules file cannot be read, or is wrong.
        UsageError: Options that exclude each other, or an unknown level.
    """
    from rustabi.rules import NO_GATE, find_rules, read_rules

    if options.rules is not None and options.no_rules:
        raise UsageError("--rules and --no-rules exclude each other", advice="give one of them")
    if options.rules is not None:
        gate = read_rules(Path(options.rules))
    else:
        gate = NO_GATE if options.no_rules else find_rules(Path(), without=WITHOUT)
    return gate.with_options(tuple(getattr(options, "opaque", ())), levels(options.fail_on))


def levels(given: list[str]) -> frozenset[FailOn]:
    """What ``--fail-on`` names.

    Raises:
        UsageError: An unknown level.
    """
    from rustabi.rules import FAIL_ON

    wanted = [each.strip() for group in given for each in group.split(",") if each.strip()]
    known: dict[str, FailOn] = {str(each): each for each in FAIL_ON}
    for each in wanted:
        if each not in known:
            raise UsageError(
                f"--fail-on does not know {each!r}", advice=f"levels: {', '.join(FAIL_ON)}"
            )
    if given and not wanted:
        raise UsageError("--fail-on names no level", advice=f"levels: {', '.join(FAIL_ON)}")
    return frozenset(known[each] for each in wanted)
