"""A problem that was found in a build."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from rustabi.doctor.kinds import PROBLEMS, Build, ProblemKind, Remedy

Grade: TypeAlias = Literal["blocks", "narrows", "note"]


class Problem(NamedTuple):
    """One thing that is wrong with a build's debug info.

    Attributes:
        kind: What.
        grade: ``blocks`` where there is no verdict with it, ``narrows`` where less can be checked,
            ``note`` where it is only good to know.
        found: What was found, in words and numbers.
        subjects: The files, units, symbols or types concerned, sorted; may be empty.
        because: Why it matters.
        remedies: What to change.
    """

    kind: ProblemKind
    grade: Grade
    found: str
    subjects: tuple[str, ...]
    because: str
    remedies: tuple[Remedy, ...]


def problem(
    kind: ProblemKind,
    grade: Grade,
    found: str,
    subjects: Iterable[str] = (),
    advice: str | None = None,
    extra: Iterable[Remedy] = (),
) -> Problem:
    """A problem of a kind, with what the table says of it.

    Args:
        kind: What.
        grade: How grave it is here.
        found: What was found.
        subjects: What is concerned, in any order.
        advice: What to do, where that is known better than the table has it.
        extra: What to do besides.
    """
    info = PROBLEMS[kind]
    remedies = info.remedies if advice is None else (Remedy("tool", advice),)
    remedies = (*remedies, *extra)
    return Problem(kind, grade, found, tuple(sorted(set(subjects))), info.because, remedies)


def fitting(remedies: Sequence[Remedy], builds: Iterable[Build]) -> tuple[Remedy, ...]:
    """Those of ``remedies`` that fit how something is built; all where none does."""
    wanted = {*builds, "tool"}
    fits = tuple(each for each in remedies if each.build in wanted)
    useful = any(each.build != "tool" for each in fits)
    only_tools = all(each.build == "tool" for each in remedies)
    return fits if useful or only_tools else tuple(remedies)


def count(number: int, of: int, noun: str) -> str:
    """``2 of 3 units``, ``1 unit`` where there is no other; the plural is made with an s."""
    several = "" if of == 1 else "s"
    return f"{number} {noun}{several}" if number == of else f"{number} of {of} {noun}{several}"


def which(number: int, of: int, noun: str) -> str:
    """``2 of 3 files: ``, to begin a sentence with; empty where there is one only."""
    return "" if of == 1 else f"{count(number, of, noun)}: "
