"""What ``rustabi ksyms`` can be asked: the options of gendwarfksyms."""

from __future__ import annotations

from collections.abc import Sequence

from rustabi.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from typing import Final

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


class Options(NamedTuple):
    """What was asked for, under the names of the long options."""

    objects: Sequence[str]
    debug: bool = False
    dump_dies: bool = False
    dump_die_map: bool = False
    dump_types: bool = False
    dump_versions: bool = False
    stable: bool = False
    symtypes: str | None = None
    jobs: int | None = None


_DIGITS = 9
"""Of a number of processes; `int` refuses thousands of them."""


def plain(arguments: Sequence[str]) -> Options | None:
    """The options where they are those of a kernel build; None where argparse has to look closer.

    To import argparse and set it up takes as long as Python itself to start.
    """
    objects: list[str] = []
    stable, symtypes = False, None
    jobs: int | None = None
    pending = iter(arguments)
    for each in pending:
        if each in ("-s", "--stable"):
            stable = True
        elif each in ("-T", "--symtypes"):
            symtypes = next(pending, "-")
            if symtypes.startswith("-"):
                return None
        elif each == "--jobs":
            count = next(pending, "")
            if not (count.isascii() and count.isdecimal() and len(count) <= _DIGITS and int(count)):
                return None
            jobs = int(count)
        elif each.startswith("-"):
            return None
        else:
            objects.append(each)
    return Options(objects, stable=stable, symtypes=symtypes, jobs=jobs)


def add_options(command: ArgumentParser) -> None:
    """The options of gendwarfksyms, and ``--jobs``."""
    from rustabi.cli.work import add_jobs

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
    add_jobs(command)
    command.add_argument("-T", "--symtypes", metavar="FILE", help="write type strings to FILE")
