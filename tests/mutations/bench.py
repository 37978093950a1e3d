"""Applies the whole catalogue, or a part of it, and sums up."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.mutations.builds import Workshop
from tests.mutations.edits import Edit, Truth
from tests.mutations.verdicts import Outcome, outcome

WORKERS = 2
"""Compilers at work at a time."""


class Score(NamedTuple):
    """How many edits of a truth were applied, and of how many rustabi says what is right."""

    right: int
    applied: int

    @property
    def perfect(self) -> bool:
        """Whether none was missed."""
        return self.right == self.applied

    def __str__(self) -> str:
        share = 100 * self.right / self.applied if self.applied else 0
        return f"{self.right} of {self.applied} ({share:.4g} %)"


def outcomes(
    edits: Iterable[Edit], folder: Path, say: Callable[[Outcome], None] = lambda _: None
) -> list[Outcome]:
    """Apply edits, building in a scratch folder; the result is in their order."""
    workshop = Workshop(folder)
    results = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for result in pool.map(lambda edit: outcome(edit, workshop), edits):
            say(result)
            results.append(result)
    return results


def score(results: Iterable[Outcome], truth: Truth) -> Score:
    """The score of the edits of one truth; skipped ones do not count."""
    chosen = [each for each in results if each.edit.truth == truth and not each.skipped]
    return Score(sum(each.right for each in chosen), len(chosen))
