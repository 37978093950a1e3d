"""Writes what is made from the parser: the manual page, and the scripts for completion in shells.

    python scripts/generate_manual.py

The files are kept, because pip cannot make them where it installs; a test says when they are stale.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import shtab

from rustabi.cli.parser import parser

ROOT = Path(__file__).resolve().parent.parent
MANUAL = ROOT / "docs" / "rustabi.1"
COMPLETION = ROOT / "rustabi" / "cli" / "completion"

FILES = {"BINARY", "FILE", "MODULE", "NEW", "OBJECT", "OLD", "TARGET"}
"""What stands for a file or folder in the help."""


def generated() -> dict[Path, str]:
    """Every file with what belongs into it."""
    texts = {
        COMPLETION / f"rustabi.{shell}": completion(shell) for shell in ("bash", "zsh", "fish")
    }
    return {MANUAL: manual(), **texts}


# completion


def completion(shell: str) -> str:
    """The script for a shell."""
    whole = parser()
    for name, command in commands(whole).items():
        command.description = summaries(whole)[name]
        for action in command._actions:
            _complete(action)
    return str(shtab.complete(whole, shell=shell)).rstrip() + "\n"


def _complete(action: Any) -> None:
    if action.metavar in FILES:
        action.complete = shtab.FILE
    elif action.metavar == "FOLDER":
        action.complete = shtab.DIRECTORY
    elif action.metavar == "FORMAT[:FILE]":
        action.choices = tuple(action.help.partition(" (")[0].split(", "))
        action.help = "how to print it"


def commands(whole: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser of each command, in the order of the help."""
    (found,) = (each for each in whole._actions if isinstance(each, argparse._SubParsersAction))
    return dict(found.choices)


def summaries(whole: argparse.ArgumentParser) -> dict[str, str]:
    """What the help says of each command, in a few words."""
    (found,) = (each for each in whole._actions if isinstance(each, argparse._SubParsersAction))
    return {each.dest: each.help or "" for each in found._choices_actions}


# the manual page


def manual() -> str:
    """The manual page, as roff with the macros of man(7)."""
    whole = parser()
    lines = [
        '.TH RUSTABI 1 "" rustabi "User Commands"',
        ".SH NAME",
        r"rustabi \- did the layout of Rust types change, and whom does it break",
        ".SH SYNOPSIS",
        r"\fBrustabi\fR \fICOMMAND\fR [\fIoptions\fR] \fIargument\fR ...",
        ".SH DESCRIPTION",
        *_paragraphs(whole.description or ""),
        ".SH OPTIONS",
        *_options(whole._actions),
        ".SH COMMANDS",
    ]
    for name, command in commands(whole).items():
        lines += _command(name, command)
    lines += [".SH EXIT STATUS AND EXAMPLE", *_paragraphs(whole.epilog or "")]
    return "\n".join(lines) + "\n"


def _command(name: str, command: argparse.ArgumentParser) -> Iterator[str]:
    arguments = [each for each in command._actions if not each.option_strings]
    words = " ".join(_argument(each) for each in arguments)
    yield f".SS rustabi {_roff(name)}"
    yield rf"\fBrustabi {_roff(name)}\fR [\fIoptions\fR] {words}".rstrip()
    yield from _paragraphs(command.description or "")
    yield from _options([*arguments, *(each for each in command._actions if each.option_strings)])
    yield from _paragraphs(command.epilog or "")


def _argument(action: argparse.Action) -> str:
    word = rf"\fI{_roff(_value(action))}\fR"
    return {"+": f"{word} ...", "*": f"[{word} ...]", "?": f"[{word}]"}.get(str(action.nargs), word)


def _value(action: argparse.Action) -> str:
    """What stands for an argument, or for the value of an option; empty for a switch."""
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, str):
        return action.metavar
    return "|".join(map(str, action.choices)) if action.choices else action.dest.upper()


def _options(actions: Sequence[argparse.Action]) -> Iterator[str]:
    for action in actions:
        if action.dest in ("command", "help"):
            continue
        value = rf"\fI{_roff(_value(action))}\fR"
        names = [rf"\fB{_roff(each)}\fR" for each in action.option_strings]
        yield ".TP"
        yield f"{', '.join(names)} {value if _value(action) else ''}".strip()
        yield _roff(action.help or "")


def _paragraphs(text: str) -> Iterator[str]:
    """Paragraphs; of one with indented lines, the lines as they are below the first."""
    for paragraph in text.split("\n\n"):
        lines = paragraph.split("\n")
        yield ".PP"
        if not any(line.startswith("  ") for line in lines):
            yield _roff(" ".join(lines))
            continue
        yield _roff(lines[0])
        yield from (".PP", ".nf", *map(_roff, lines[1:]), ".fi")


def _roff(text: str) -> str:
    """Text that roff prints as it is."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped


def main() -> None:
    """Write every file."""
    COMPLETION.mkdir(exist_ok=True)
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
