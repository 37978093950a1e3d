"""The commands for the files of a kernel build: Module.symvers, ``.symtypes``, names of exports."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from rustabi.cli.answer import Answer, Say


def symvers(options: Namespace, say: Say) -> Answer:
    """``rustabi symvers``."""
    from rustabi.report.modules import symvers_file

    file = symvers_file(options.targets, say, options.means)
    warn(file.notes)
    return Answer(text=file.text)


def symtypes_diff(options: Namespace, say: Say) -> Answer:
    """``rustabi symtypes-diff``."""
    from rustabi.report.symtypes import symtypes_diff_report
    from rustabi.symtypesdiff import diff_symtypes
    from rustabi.symtypesfile import read_symtypes

    sides = []
    for path in (options.old, options.new):
        say(f"reading {path}")
        sides.append(read_symtypes(Path(path)))
    say("comparing")
    report = symtypes_diff_report(diff_symtypes(*sides), options.old, options.new)
    return Answer(report, options.all, code=int(report.verdict == "different"))


def names(options: Namespace, say: Say) -> Answer:
    """``rustabi names``."""
    from rustabi.report.longnames import names_report, read_exports

    say(f"reading {', '.join(options.targets)}")
    exported, bits = read_exports(options.targets)
    report = names_report(exported, bits, hashed=options.hash_names, lookup=options.lookup)
    return Answer(report)


def warn(notes: tuple[str, ...]) -> None:
    """Tell people what the output does not say."""
    from rustabi.report.page import clean

    for note in notes:
        print(f"rustabi: note: {clean(note)}", file=sys.stderr)
