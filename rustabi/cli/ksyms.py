"""``rustabi ksyms``: in place of the kernel's gendwarfksyms, with its options and its output.

A kernel build calls it once per object, so it comes before all other commands are set up, and
imports only what it needs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from rustabi.cli.ksyms_options import DESCRIPTION, EPILOG, Options, add_options, plain
from rustabi.cli.output import write
from rustabi.errors import UsageError
from rustabi.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

    from rustabi.binary.elf import Elf
    from rustabi.ksyms import Session

_LARGE: Final = 4 << 20
"""Bytes of a file from which on other processes may be asked to help."""


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments after ``ksyms`` say.

    Raises:
        RustabiError: It cannot be done; nothing has been printed.
    """
    try:
        options = plain(arguments) or parsed(arguments)
    except SystemExit as done:  # --help
        return int(done.code or 0)
    _check(options)
    from rustabi.ksyms import Session, Wanted, read_names

    names = read_names(sys.stdin.buffer.read())
    if not names:
        return 0
    session = Session(
        names,
        Wanted(
            stable=options.stable,
            symtypes=options.symtypes is not None,
            debug=options.debug,
            dies=options.dump_dies,
            types=options.dump_types,
            versions=options.dump_versions,
        ),
    )
    if any(map(_is_large, options.objects)):
        _add_large(session, options)
    else:
        for path in options.objects:
            session.add(_elf(path))
    answer = session.answer()
    if options.symtypes is not None:
        write(answer.symtypes, options.symtypes)
    _warn(answer.notes)
    write("".join(f"{line}\n" for line in answer.lines), None)
    return 0


def parsed(arguments: Sequence[str]) -> Options:
    """The options as argparse reads them.

    Raises:
        UsageError: They make no sense.
        SystemExit: Help was asked for and printed.
    """
    from rustabi.cli.arguments import Parser

    parser = Parser(prog="rustabi ksyms", description=DESCRIPTION, epilog=EPILOG, allow_abbrev=True)
    add_options(parser)
    return Options(**vars(parser.parse_intermixed_args(arguments)))


def _check(options: Options) -> None:
    if not options.objects:
        raise UsageError("no object is named", advice="rustabi ksyms --help tells more")
    if options.dump_die_map:
        raise UsageError(
            "--dump-die-map is about addresses in gendwarfksyms' own memory, which rustabi has not",
            advice="--dump-dies prints the same text without them",
        )


def _add_large(session: Session, options: Options) -> None:
    """Take in objects, one of them large: by several processes, and with words on a terminal."""
    from rustabi.cli.output import progress
    from rustabi.jobs import Alone, Forked, cores

    count = options.jobs or cores()
    with progress() as say:
        session.jobs = Alone() if count == 1 else Forked(count, say.paused)
        for path in options.objects:
            say(f"reading {path}")
            session.add(_elf(path))


def _is_large(path: str) -> bool:
    try:
        return os.stat(path).st_size >= _LARGE  # noqa: PTH116  # pathlib takes time to import
    except OSError:
        return False


def _elf(path: str) -> Elf:
    from rustabi.binary.elf import Elf
    from rustabi.binary.open import read_binary

    return Elf(read_binary(path), path)


def _warn(notes: Sequence[str]) -> None:
    for note in notes:
        sys.stderr.buffer.write(note.encode("utf-8", "surrogateescape") + b"\n")
    sys.stderr.flush()
