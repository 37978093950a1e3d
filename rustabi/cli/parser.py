"""The command line as argparse knows it: every command with what it answers and an example."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from rustabi.cli import ksyms_options as ksyms
from rustabi.cli.cache import add_cache
from rustabi.cli.work import add_work_options
from rustabi.errors import UsageError

_DESCRIPTION: Final = """\
Did the layout change? rustabi reads what the Rust compiler did with your types out of a binary's
debug info, compares two builds, and names the type, the member and the exported function that a
difference breaks.

A TARGET is an object file, a kernel module (.ko), a shared object, an executable, a vmlinux, an
archive (.rlib, .a), a folder of those, the folder of a cargo crate (it is built, in a place of its
own), or a snapshot."""

_EPILOG: Final = """\
exit codes:
  0  compatible in what was checked; for other commands: done
  1  incompatible
  2  no verdict: bad input, a failed build, a wrong argument, or data that OLD had and NEW lost;
     rustabi doctor TARGET tells what to change in a build

example:
  rustabi snapshot libdemo.so -o baseline.json.gz
  rustabi diff baseline.json.gz libdemo.so

rustabi COMMAND --help tells more about a command."""


class _Formatter(argparse.HelpFormatter):
    """Wraps paragraphs to the terminal, and leaves lists and examples as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        filled = []
        for paragraph in text.split("\n\n"):
            is_listing = "\n  " in paragraph
            filled.append(paragraph if is_listing else textwrap.fill(paragraph, width))
        return textwrap.indent("\n\n".join(filled), indent)


class Parser(argparse.ArgumentParser):
    """Raises instead of printing and exiting, so that all errors are told in one way."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("formatter_class", _Formatter)
        options.setdefault("allow_abbrev", False)
        super().__init__(*args, **options)

    def error(self, message: str) -> NoReturn:
        """Raise a `UsageError`."""
        raise UsageError(message, advice=f"{self.prog} --help tells more")


class _Version(argparse.Action):
    """Prints the version; looking it up takes time, so not before it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        import rustabi

        print(f"rustabi {rustabi.__version__}")
        parser.exit()


def parser() -> Parser:
    """The parser of the whole command line."""
    whole = Parser(prog="rustabi", description=_DESCRIPTION, epilog=_EPILOG)
    whole.add_argument("--version", action=_Version, help="show the version and exit")
    commands = whole.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=Parser
    )
    for add in (
        _report, _layout, _symbols, _why, _graph, _snapshot, _diff, _check, _doctor, _explain,
        _schema,
    ):  # fmt: skip
        add(commands)
    for add_kernel in (_symvers, _symtypes_diff, _names):
        add_kernel(commands)
    ksyms.add_options(
        commands.add_parser(
            "ksyms", help=ksyms.SUMMARY, description=ksyms.DESCRIPTION, epilog=ksyms.EPILOG
        )
    )
    add_cache(commands)
    add_work_options(commands.choices)
    return whole


def _command(commands: Any, name: str, summary: str, text: str, *examples: str) -> Parser:
    listing = "".join(f"\n  {line}" for line in examples)
    added: Parser = commands.add_parser(
        name, help=summary, description=text, epilog=f"example:{listing}"
    )
    return added


def _target(command: Parser) -> None:
    command.add_argument("target", metavar="TARGET", help="what to read")


def _output(command: Parser, formats: Sequence[str] = ("text", "json")) -> None:
    group = command.add_argument_group("output")
    group.add_argument(
        "--format", choices=formats, default=formats[0],
        help=f"how to print it (default: {formats[0]})",
    )  # fmt: skip
    group.add_argument("-o", "--output", metavar="FILE", help="write to FILE, whole or not at all")
    _colour(group)


def _colour(group: Any) -> None:
    group.add_argument(
        "--color", choices=("auto", "always", "never"), default="auto",
        help="colours: on a terminal (auto, the default), always or never; NO_COLOR is honoured",
    )  # fmt: skip


def _cargo(command: Parser) -> None:
    group = command.add_argument_group(
        "cargo", "how to build, where a TARGET is the folder of a cargo crate"
    )
    group.add_argument("--release", action="store_true", help="with the release profile")
    group.add_argument("--profile", metavar="NAME", help="with this profile (default: dev)")
    group.add_argument(
        "--features", metavar="LIST", action="append", default=[],
        help="with these features, separated by commas",
    )  # fmt: skip
    group.add_argument("--all-features", action="store_true", help="with all features")
    group.add_argument(
        "--no-default-features", action="store_true", help="without the default ones"
    )
    group.add_argument("--target", metavar="TRIPLE", dest="triple", help="for this target")
    group.add_argument("--toolchain", metavar="NAME", help="with this toolchain (cargo +NAME)")
    group.add_argument("-p", "--package", metavar="NAME", help="this package of the workspace")


def _report(commands: Any) -> None:
    command = _command(
        commands,
        "report",
        "what is in here, crate by crate",
        "Tells what is in each TARGET. Crate by crate: its types, which of them the compiler"
        " permuted, the bytes that this saves, the bytes lost to padding, the largest holes;"
        " instances of one generic together, crates of the standard library in one line each. Then"
        " the exported symbols with their versions, and what could not be read.",
        "rustabi report target/debug/libdemo.rlib",
        "rustabi report ~/src/demo --release",
    )
    command.add_argument("targets", metavar="TARGET", nargs="+", help="what to read")
    _output(command)
    _cargo(command)


def _layout(commands: Any) -> None:
    command = _command(
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
    _target(command)
    command.add_argument("--type", metavar="GLOB", help="only types of that name")
    command.add_argument("--crate", metavar="GLOB", help="only types of that crate")
    command.add_argument(
        "--permuted", action="store_true", help="only types in another order than their source"
    )
    command.add_argument("--holes", action="store_true", help="only types with unused bytes")
    _output(command)
    _cargo(command)


def _symbols(commands: Any) -> None:
    command = _command(
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
    _target(command)
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
    _output(command, ("text", "json", "symvers", "symtypes"))
    _cargo(command)


def _why(commands: Any) -> None:
    command = _command(
        commands,
        "why",
        "why a symbol depends on a type",
        "Shows the shortest paths from SYMBOL to TYPE, ten at most. Without TYPE it shows the whole"
        " tree behind the symbol, each type once. Both are named by their linker's or readable"
        " name, by its last part, or by a glob that only one matches.",
        "rustabi why libdemo.so use_bar Bar",
        "rustabi why libdemo.so use_bar",
    )
    _target(command)
    command.add_argument("symbol", metavar="SYMBOL", help="an exported symbol")
    command.add_argument("type", metavar="TYPE", nargs="?", help="a type")
    _output(command)
    _cargo(command)


def _graph(commands: Any) -> None:
    command = _command(
        commands,
        "graph",
        "the graph of types and symbols, for other tools",
        "Prints the graph of symbols and types: an edge says that the one mentions the other, and"
        " why. Edges that no symbol version follows are dashed in DOT.",
        "rustabi graph libdemo.so --symbol use_bar | dot -Tsvg -o use_bar.svg",
    )
    _target(command)
    command.add_argument("--symbol", metavar="GLOB", help="only what these symbols reach")
    _output(command, ("dot", "graphml", "json"))
    _cargo(command)


def _snapshot(commands: Any) -> None:
    command = _command(
        commands,
        "snapshot",
        "keep all that a later comparison needs",
        "Writes the types, symbols, versions and build facts of TARGET to one file, which all other"
        " commands take for it. The same input gives the same bytes; a file whose name ends in .gz"
        " is packed.",
        "rustabi snapshot libdemo.so -o baseline.json.gz",
    )
    _target(command)
    command.add_argument("-o", "--output", metavar="FILE", required=True, help="the file to write")
    group = command.add_argument_group("output")
    group.add_argument(
        "--format", choices=("text", "json"), default="text", help="how to say what was written"
    )
    _colour(group)
    _cargo(command)


def _diff(commands: Any) -> None:
    command = _command(
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
    _output(command)
    _cargo(command)


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
    group.add_argument(
        "--rules", metavar="FILE", help="take the rules from FILE (TOML; docs/rules.md tells more)"
    )
    group.add_argument(
        "--no-rules", action="store_true", help="leave out the rules file of the current folder"
    )


def _doctor(commands: Any) -> None:
    command = _command(
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
    _target(command)
    command.add_argument("--all", action="store_true", help="list all names, not the first few")
    _output(command)
    _cargo(command)


def _check(commands: Any) -> None:
    from rustabi.cli.check import EXAMPLES, SUMMARY, TEXT, add_arguments

    command = _command(commands, "check", SUMMARY, TEXT, *EXAMPLES)
    add_arguments(command)
    _output(command)


def _explain(commands: Any) -> None:
    command = _command(
        commands,
        "explain",
        "what a kind of change means",
        "Tells what a kind of change means, why it breaks a caller or does not, and shows an"
        " example. Without KIND it lists all kinds.",
        "rustabi explain layout-permuted",
        "rustabi explain",
    )
    command.add_argument("kind", metavar="KIND", nargs="?", help="such as layout-permuted")
    _output(command)


def _schema(commands: Any) -> None:
    command = _command(
        commands,
        "schema",
        "the JSON schema of a file or report",
        "Prints the JSON schema of a snapshot file, of a rules file, or of all reports that"
        " --format json prints.",
        "rustabi schema report -o report.schema.json",
    )
    command.add_argument("which", choices=("snapshot", "report", "rules"), help="of what")
    group = command.add_argument_group("output")
    group.add_argument("-o", "--output", metavar="FILE", help="write to FILE, whole or not at all")


# files of a kernel build


def _symvers(commands: Any) -> None:
    command = _command(
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
    _plain_output(command)


def _symtypes_diff(commands: Any) -> None:
    command = _command(
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
    _output(command)


def _names(commands: Any) -> None:
    command = _command(
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
    _output(command)


def _plain_output(command: Parser) -> None:
    group = command.add_argument_group("output")
    group.add_argument("-o", "--output", metavar="FILE", help="write to FILE, whole or not at all")
