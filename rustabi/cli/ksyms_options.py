"""What ``rustabi ksyms`` can be asked: the options of gendwarfksyms."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Final

from rustabi.cli.work import add_jobs

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
    add_jobs(command)
    command.add_argument("-T", "--symtypes", metavar="FILE", help="write type strings to FILE")
