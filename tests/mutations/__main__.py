"""``python -m tests.mutations``: the whole catalogue, and the tables in ``docs/``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

from tests.mutations.bench import outcomes
from tests.mutations.builds import unusable
from tests.mutations.edits import catalogue
from tests.mutations.tables import DOCS, mutations_page
from tests.mutations.verdicts import Outcome


def main() -> int:
    """Apply the catalogue; 1 if rustabi or the bench is wrong on an edit, 2 for bad arguments."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("--only", action="append", metavar="GLOB", help="edits of these names")
    options = parser.parse_args()
    patterns = options.only or ["*"]
    edits = [e for e in catalogue() if any(fnmatchcase(e.name, each) for each in patterns)]
    if not edits:
        parser.error("no edit has such a name")
    if reason := unusable():
        parser.error(reason)
    with tempfile.TemporaryDirectory(prefix="mutations-") as scratch:
        results = outcomes(edits, Path(scratch), say)
    if not options.only:
        (DOCS / "mutations.md").write_text(mutations_page(results), encoding="utf-8")
    wrong = [each for each in results if each.faults or each.misses]
    print(f"{len(results)} edits, {len(wrong)} wrong")
    return 1 if wrong else 0


def say(result: Outcome) -> None:
    """Print one outcome, as soon as it is known."""
    mark = "skipped" if result.skipped else "ok" if result.right else "WRONG"
    print(f"{mark:8} {result.edit.name}  {result.told}{result.skipped}", flush=True)
    for fault in result.faults:
        print(f"         the bench: {fault}")
    for miss in result.misses:
        print(f"         rustabi: {miss}")


if __name__ == "__main__":
    sys.exit(main())
