"""The commands for files of a kernel build: symvers, symtypes-diff, names, ksyms."""

from __future__ import annotations

from typing import Any

from rustabi.cli import ksyms_options
from rustabi.cli.arguments import add_command, add_output, add_plain_output


def symvers(commands: Any) -> None:
    """Add ``rustabi symvers``."""
    command = add_command(
        commands,
        "symvers",
        "a Module.symvers from debug info",
        "Writes the exported symbols of kernels and modules as Module.symvers has them: version,"
        " name, module, export type, namespace. In linked files and modules each version is"
        " computed in the unit that defines the symbol, as a kernel build does. A symbol without"
        " version has 0x00000000, and is told on stderr. The module is the path as given, where it"
        " leads below the current folder, else the file's name.",
        "rustabi symvers vmlinux -o Module.symvers",
        "rustabi symvers vmlinux samples/rust/rust_print.ko",
    )
    command.add_argument("targets", metavar="TARGET", nargs="+", help="vmlinux, modules, folders")
    add_plain_output(command)


def symtypes_diff(commands: Any) -> None:
    """Add ``rustabi symtypes-diff``."""
    command = add_command(
        commands,
        "symtypes-diff",
        "why versions differ, from two sets of .symtypes",
        "Holds two trees of .symtypes files against each other, without any binary: which exported"
        " symbols have another version, and which changed record each is due to, once per record."
        " OLD and NEW are folders, files of one object, or consolidated files; those of genksyms"
        " and of gendwarfksyms are both read. Exit code 0: same, 1: different, 2: bad input.",
        "rustabi symtypes-diff build-old build-new",
        "rustabi symtypes-diff old/rust/kernel.symtypes new/rust/kernel.symtypes",
    )
    command.add_argument("old", metavar="OLD", help="a folder or file")
    command.add_argument("new", metavar="NEW", help="a folder or file")
    command.add_argument("--all", action="store_true", help="list all symbols, however many")
    add_output(command, "symtypes-diff")


def names(commands: Any) -> None:
    """Add ``rustabi names``."""
    command = add_command(
        commands,
        "names",
        "exports whose names are too long for the kernel",
        "Lists exported symbols whose names do not fit into the kernel's tables: __versions of a"
        " module (55 bytes on 64-bit machines) and kallsyms (511). A TARGET is a binary, a folder"
        " of them, a Module.symvers or a list of symbols. With --hash-names each gets a short name"
        " that every build computes alike; --lookup reads the table either way.",
        "rustabi names rust/kernel.o",
        "rustabi names Module.symvers --hash-names",
    )
    command.add_argument("targets", metavar="TARGET", nargs="+", help="what to read")
    command.add_argument("--hash-names", action="store_true", help="show a short name for each")
    command.add_argument(
        "--lookup", metavar="NAME", help="only the symbol of this name or this short name"
    )
    add_output(command, "names")


def ksyms(commands: Any) -> None:
    """Add ``rustabi ksyms``."""
    command = commands.add_parser(
        "ksyms",
        help=ksyms_options.SUMMARY,
        description=ksyms_options.DESCRIPTION,
        epilog=ksyms_options.EPILOG,
    )
    ksyms_options.add_options(command)
