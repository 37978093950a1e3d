"""``rustabi ksyms``: in place of the kernel's gendwarfksyms, with its options and its output.

A kernel build calls it once per object, so it comes before all other commands are set up, and
imports only what it needs.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rustabi.cli.output import write
from rustabi.errors import UsageError

if TYPE_CHECKING:
    from rustabi.binary.elf import Elf

SUMMARY: Final = "symbol versions as gendwarfksyms prints them, in a kernel build"

DESCRIPTION: Final = """\
Reads names of symbols from standard input, one a line, and prints a version for each, as the
kernel's gendwarfksyms does: with its options, in its order, and in the scope of each whole
OBJECT. A symbol that no debug info describes has the version 0, and is told on stderr."""

EPILOG: Final = """\
exit codes:
  0  done, also where symbols have no version
  2  nothing printed: bad input or a wrong argument

example:
  nm init/main.o | sed -n 's/.* __export_symbol_//p' | rustabi ksyms init/main.o
  rustabi ksyms --stable -T kernel.symtypes rust/kernel.o < kernel.syms"""


def add_options(command: ArgumentParser) -> None:
    """The options of gendwarfksyms."""
    command.add_argument(
        "objects", metavar="OBJECT", nargs="*", help="an object, module or vmlinux"
    )
    command.add_argument(
        "-d", "--debug", action="store_true", help="tell on stderr what is being done"
    )
    command.add_argument(
        "--dump-dies", action="store_true", help="print debug info that was used to stderr"
    )
    command.add_argument("--dump-die-map", action="store_true", help="not possible: refused")
    command.add_argument("--dump-types", action="store_true", help="print type strings to stderr")
    command.add_argument(
        "--dump-versions", action="store_true",
        help="print the texts to stderr that the versions are computed from",
    )  # fmt: skip
    command.add_argument(
        "-s", "--stable", action="store_true", help="honour kABI rules and __kabi_ members"
    )
    command.add_argument("-T", "--symtypes", metavar="FILE", help="write type strings to FILE")


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments after ``ksyms`` say.

    Raises:
        RustabiError: It cannot be done; nothing has been printed.
    """
    from rustabi.cli.parser import Parser

    parser = Parser(prog="rustabi ksyms", description=DESCRIPTION, epilog=EPILOG, allow_abbrev=True)
    add_options(parser)
    try:
        options = parser.parse_intermixed_args(arguments)
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
    for path in options.objects:
        session.add(_elf(path))
    answer = session.answer()
    if options.symtypes is not None:
        write(answer.symtypes, options.symtypes)
    _warn(answer.notes)
    write("".join(f"{line}\n" for line in answer.lines), None)
    return 0


def _check(options: Namespace) -> None:
    if not options.objects:
        raise UsageError("no object is named", advice="rustabi ksyms --help tells more")
    if options.dump_die_map:
        raise UsageError(
            "--dump-die-map is about addresses in gendwarfksyms' own memory, which rustabi has not",
            advice="--dump-dies prints the same text without them",
        )


def _elf(path: str) -> Elf:
    from rustabi.binary.elf import Elf
    from rustabi.binary.open import read_binary

    return Elf(read_binary(Path(path)), path)


def _warn(notes: Sequence[str]) -> None:
    for note in notes:
        sys.stderr.buffer.write(note.encode("utf-8", "surrogateescape") + b"\n")
    sys.stderr.flush()
