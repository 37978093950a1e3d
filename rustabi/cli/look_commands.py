"""The commands that look into one build: report, layout, symbols, why, graph, doctor."""

from __future__ import annotations

from typing import Any

from rustabi.cli.arguments import add_cargo, add_command, add_output, add_single_output, add_target


def report(commands: Any) -> None:
    """Add ``rustabi report``."""
    command = add_command(
        commands,
        "report",
        "what is in here, crate by crate",
        "Tells what is in each TARGET. Crate by crate: its types, which of them the compiler"
        " permuted, the bytes that this saves, the unused bytes, the largest holes and tail"
        " padding; instances of one generic together, crates of the standard library in one line"
        " each. Then the exported symbols with their versions, and what could not be read.",
        "rustabi report target/debug/libdemo.rlib",
        "rustabi report ~/src/demo --release",
    )
    command.add_argument("targets", metavar="TARGET", nargs="+", help="what to read")
    add_output(command, "report")
    add_cargo(command)


def layout(commands: Any) -> None:
    """Add ``rustabi layout``."""
    command = add_command(
        commands,
        "layout",
        "how types lie in memory",
        "Shows types as they lie in memory: offset and size of each member, its place in the"
        " source, holes and padding, how an enum tells its variants apart, what the compiler's"
        " order saved over declaration order. A GLOB is matched against the whole name; the name"
        " itself, or its last part, do as well.",
        "rustabi layout libdemo.so --type Frame",
        "rustabi layout libdemo.so --crate demo --permuted",
    )
    add_target(command)
    command.add_argument("--type", metavar="GLOB", help="only types of that name")
    command.add_argument("--crate", metavar="GLOB", help="only types of that crate")
    command.add_argument(
        "--permuted", action="store_true", help="only types in another order than their source"
    )
    command.add_argument("--holes", action="store_true", help="only types with unused bytes")
    add_output(command, "layout")
    add_cargo(command)


def symbols(commands: Any) -> None:
    """Add ``rustabi symbols``."""
    command = add_command(
        commands,
        "symbols",
        "exported symbols and their versions",
        "Lists the exported symbols with their versions (the CRC that the kernel's gendwarfksyms"
        " computes) and the number of types behind each. With --format symvers it prints lines as"
        " in Module.symvers, with --format symtypes the type strings that the versions are computed"
        " from. A symbol list has one name a line; those of Android and Red Hat are understood, and"
        " Module.symvers. With --list-for it writes one in Android's form: what the modules import"
        " and TARGET exports; --update adds to a list that is there and removes nothing.",
        "rustabi symbols rust/kernel.o",
        "rustabi symbols rust/kernel.o --symbols names.txt --format symvers",
        "rustabi symbols vmlinux --list-for *.ko --update kmi.txt -o kmi.txt",
    )
    add_target(command)
    command.add_argument(
        "--symbols", metavar="FILE", help="take these for exported, and no others; - for stdin"
    )
    command.add_argument(
        "--list-for", metavar="MODULE", nargs="+", action="extend",
        help="print an Android symbol list of what these modules (.ko, or folders of them) import",
    )  # fmt: skip
    command.add_argument(
        "--update", metavar="FILE",
        help="with --list-for: print FILE with what it lacks added; nothing in it is removed",
    )  # fmt: skip
    add_single_output(command, ("text", "json", "symvers", "symtypes"))
    add_cargo(command)


def why(commands: Any) -> None:
    """Add ``rustabi why``."""
    command = add_command(
        commands,
        "why",
        "why a symbol depends on a type",
        "Shows the shortest paths from SYMBOL to TYPE, ten at most. Without TYPE it shows the whole"
        " tree behind the symbol, each type once. Both are named by their linker's or readable"
        " name, by its last part, or by a glob that only one matches.",
        "rustabi why libdemo.so use_bar Bar",
        "rustabi why libdemo.so use_bar",
    )
    add_target(command)
    command.add_argument("symbol", metavar="SYMBOL", help="an exported symbol")
    command.add_argument("type", metavar="TYPE", nargs="?", help="a type")
    add_output(command, "why")
    add_cargo(command)


def graph(commands: Any) -> None:
    """Add ``rustabi graph``."""
    command = add_command(
        commands,
        "graph",
        "the graph of types and symbols, for other tools",
        "Prints the graph of symbols and types: an edge says that the one mentions the other, and"
        " why. Edges that no symbol version follows are dashed in DOT.",
        "rustabi graph libdemo.so --symbol use_bar | dot -Tsvg -o use_bar.svg",
    )
    add_target(command)
    command.add_argument("--symbol", metavar="GLOB", help="only what these symbols reach")
    add_single_output(command, ("dot", "graphml", "json"))
    add_cargo(command)


def doctor(commands: Any) -> None:
    """Add ``rustabi doctor``."""
    command = add_command(
        commands,
        "doctor",
        "whether the debug info suffices for a verdict",
        "Tells whether the debug info of TARGET suffices for a verdict, all that is wrong with it,"
        " why that matters, and what to change in the build. It takes what other commands refuse."
        " The exit code is 0 where the debug info suffices, be it with remarks, and 2 where not."
        " The folder of a crate is built with full debug info: to examine a build of yours, name"
        " the file.",
        "rustabi doctor target/release/libdemo.so",
        "rustabi doctor drivers/demo/demo.ko",
    )
    add_target(command)
    command.add_argument("--all", action="store_true", help="list all names, not the first few")
    add_output(command, "doctor")
    add_cargo(command)
