"""``python -m tests.mutations.matrix``: edits as three tools see them, in ``docs/matrix.md``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from rustabi import __version__
from tests.mutations.builds import Workshop, compiler_version, unusable
from tests.mutations.edits import Edit, Truth, catalogue
from tests.mutations.peers import (
    PeerError,
    abidiff_says,
    abidiff_version,
    gendwarfksyms_says,
    judged,
)
from tests.mutations.tables import DOCS, row
from tests.mutations.verdicts import Outcome, outcome

_INTRODUCTION = """\
# Edits as three tools see them

Made by `make matrix`: each edit of [the mutation bench](mutations.md) that stands here is built
before and after, and the same two objects are given to three tools. gendwarfksyms computes the
CRCs that the kernel keeps with a symbol; a change means that modules no longer load. abidiff
(libabigail) compares debug info; 0 is its exit code for "no change", 4 for a change, 12 for an
incompatible one. How the real effect is known is told there for each edit, by its name."""

_EFFECTS: dict[Truth, str] = {
    "break": "break",
    "harmless": "none for compiled callers",
    "invisible": "break, and debug info and code are equal",
    "lost": "data lost",
}


def main() -> int:
    """Write the table; 1 if a row of rustabi is wrong, 2 if a tool is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations.matrix", description=__doc__)
    parser.add_argument(
        "tool",
        nargs="?",
        default=os.environ.get("GENDWARFKSYMS", ""),
        help="path of the kernel's gendwarfksyms; $GENDWARFKSYMS if not given",
    )
    parser.add_argument("--kernel", default="", help="the kernel that gendwarfksyms is of")
    options = parser.parse_args()
    if reason := unusable():
        parser.error(reason)
    tool = Path(options.tool).resolve()
    if not options.tool or not tool.is_file():
        print("error: no gendwarfksyms: make matrix GENDWARFKSYMS=path KERNEL=6.x", file=sys.stderr)
        return 2
    try:
        with tempfile.TemporaryDirectory(prefix="matrix-") as scratch:
            page, right = matrix_page(tool, options.kernel, Workshop(Path(scratch)))
    except PeerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    (DOCS / "matrix.md").write_text(page, encoding="utf-8")
    print(page)
    return 0 if right else 1


def matrix_page(tool: Path, kernel: str, workshop: Workshop) -> tuple[str, bool]:
    """The page, and whether all rows of rustabi are right.

    Raises:
        PeerError: A tool is missing or gave up.
    """
    edits = [edit for edit in catalogue() if edit.matrix]
    lines = [_INTRODUCTION, "", *_versions(kernel), ""]
    lines.append(row("edit", "of the bench", "real effect", "gendwarfksyms", "abidiff", "rustabi"))
    lines.append(row(*["---"] * 6))
    results = [outcome(edit, workshop) for edit in edits]
    lines += [_row(result, tool, workshop) for result in results]
    right = all(result.right or result.skipped for result in results)
    return "\n".join(lines) + "\n", right


def _versions(kernel: str) -> list[str]:
    nightly = compiler_version("nightly") or "no nightly, so that row is skipped"
    return [
        f"- rustc: {compiler_version()}; for the last row: {nightly}",
        f"- gendwarfksyms: of Linux {kernel or '(version not given)'}",
        f"- abidiff: {abidiff_version() or 'not installed'}",
        f"- rustabi: {__version__}",
    ]


def _row(result: Outcome, tool: Path, workshop: Workshop) -> str:
    edit = result.edit
    name, effect = f"`{edit.name}`", _EFFECTS[edit.truth]
    if result.skipped:
        return row(edit.matrix, name, effect, *[f"skipped: {result.skipped}"] * 3)
    if result.faults:
        return row(edit.matrix, name, effect, *[f"not known: {result.faults[0]}"] * 3)
    versions, code, said = _said(result, tool, workshop)
    return row(edit.matrix, name, effect, versions, code, said)


def _said(result: Outcome, tool: Path, workshop: Workshop) -> tuple[str, str, str]:
    edit: Edit = result.edit
    old, new = workshop.old(edit).path, workshop.new(edit).path
    code = abidiff_says(old, new)
    said = result.told if result.right else f"{result.told} (wrong: {result.misses[0]})"
    return (
        gendwarfksyms_says(tool, old, new, edit.truth),
        judged(str(code), alarm=code != 0, truth=edit.truth),
        said,
    )


if __name__ == "__main__":
    sys.exit(main())
