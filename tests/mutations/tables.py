"""The tables in ``docs/``: Markdown, the same bytes from the same outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.mutations.bench import score
from tests.mutations.builds import compiler_version
from tests.mutations.edits import AREAS, CATALOGUE, Truth
from tests.mutations.verdicts import Outcome

DOCS = Path(__file__).resolve().parents[2] / "docs"

_EFFECTS: dict[Truth, str] = {
    "break": "breaks callers",
    "harmless": "harmless",
    "invisible": "breaks callers, unseen",
    "lost": "data lost",
}
_SCORES: tuple[tuple[Truth, str], ...] = (
    ("break", "Recall: edits that break callers, found"),
    ("harmless", "Precision: harmless edits, passed"),
    ("invisible", "Edits that break callers and that neither DWARF nor code shows, named by a gap"),
    ("lost", "Edits after which the data are not there any more, refused"),
)

_INTRODUCTION = """\
# The mutation bench

Made by `make mutations`, which edits small crates in one place, builds them before and after with
rustc, and asks `rustabi` to compare the two. The effect of an edit is known without rustabi: from
a program that is compiled from either source and tells its sizes, offsets and bytes (*probe*);
from `rustc -Zprint-type-sizes` (*rustc*); or because the edit is nothing else than that (a reason
is given). Where a probe or rustc can tell, they are asked in each run. `tests/mutations/` has the
crates and the catalogue.

"Found" means: the verdict is *incompatible*, the symbols that the edit affects are named, and
those that it does not affect are not. "Passed" means: the verdict is *compatible*, and nothing is
reported as `break` or `risky`. In each edit the layout versions are asked, too: they differ for
the symbols that a break reaches, and their bytes half is equal for all others. What stands behind
the verdict are the kinds of the gravest findings."""


def mutations_page(results: Sequence[Outcome]) -> str:
    """The page with the scores and a table for each file of the catalogue."""
    lines = [_INTRODUCTION, "", *_compilers(results), "", "| | |", "| --- | --- |"]
    for truth, words in _SCORES:
        lines.append(f"| {words} | {score(results, truth)} |")
    skipped = sum(bool(each.skipped) for each in results)
    lines.append(f"| Edits in all | {len(results)}{f', {skipped} skipped' if skipped else ''} |")
    for area in AREAS:
        chosen = [each for each in results if each.edit.area == area]
        lines += ["", f"## {_title(area)}", "", *_table(chosen)]
    return "\n".join(lines) + "\n"


def _compilers(results: Iterable[Outcome]) -> Iterator[str]:
    yield f"Compiler: {compiler_version()}."
    others = {each.edit.toolchain for each in results if each.edit.toolchain and not each.skipped}
    for toolchain in sorted(others):
        yield f"New build of the edit that changes the compiler: {compiler_version(toolchain)}."


def _title(area: str) -> str:
    """The comment at the head of a file of the catalogue."""
    first = (CATALOGUE / f"{area}.toml").read_text(encoding="utf-8").partition("\n")[0]
    return first.removeprefix("# ").rstrip(".")


def _table(results: Iterable[Outcome]) -> Iterator[str]:
    yield row("edit", "what is done", "effect", "how it is known", "rustabi says", "right")
    yield row(*["---"] * 6)
    groups: dict[str, list[Outcome]] = {}
    for result in results:
        groups.setdefault(result.edit.name.partition("/")[0], []).append(result)
    for name, group in groups.items():
        yield _row(name, group)


def _row(name: str, group: list[Outcome]) -> str:
    """One row for an edit; a build that is made of many seeds has one row too."""
    edit = group[0].edit
    several = f", of {len(group)} crates" if "/" in edit.name else ""
    says = ", or ".join(dict.fromkeys(each.told for each in group if not each.skipped))
    return row(
        f"`{name}`", f"{edit.what}{several}", _EFFECTS[edit.truth], group[0].evidence, says,
        _right(group),
    )  # fmt: skip


def _right(group: list[Outcome]) -> str:
    problems = [
        problem
        for each in group
        for problem in (*each.faults, *each.misses, *filter(None, [each.skipped]))
    ]
    if not problems:
        return "yes"
    word = "skipped" if all(each.skipped for each in group) else "no"
    return f"{word}: {problems[0]}"


def row(*cells: str) -> str:
    """A row of a Markdown table."""
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    """Text that does not end a cell, and is no markup."""
    plain = " ".join(text.split()).replace("|", "\\|")
    return plain if plain.startswith("`") else plain.replace("<", "&lt;").replace("*", "\\*")
