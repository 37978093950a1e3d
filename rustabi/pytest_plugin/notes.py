"""What is found while a test runs, on its way to whoever tells it.

pytest-xdist sends a test's report from a worker to the controller, with all plain values that it
carries. So it travels there, and arrives the same way where there are no workers.
"""

from __future__ import annotations

import base64
import pickle
from typing import TYPE_CHECKING, Final

import pytest

from rustabi.errors import RustabiError

if TYPE_CHECKING:
    from rustabi.report.formats import Report


REPORTS: Final = "rustabi_reports"
UPDATES: Final = "rustabi_updates"
"""Attributes of a test's report."""

CAUSE: Final = "rustabi_error"
"""Attribute of pytest's own exception: the error that it tells of."""


class Notes:
    """What was found since the last report of a test.

    Args:
        reports: Whether anybody wants the reports: they can be large.
    """

    def __init__(self, *, reports: bool) -> None:
        self._wants_reports = reports
        self._reports: list[str] = []
        self._updates: list[tuple[str, str, str]] = []
        self._last: RustabiError | None = None

    def report(self, report: Report) -> None:
        """Note what an assertion found."""
        if self._wants_reports:
            self._reports.append(packed(report))

    def failure(self, error: RustabiError) -> None:
        """Note that an assertion came to no answer."""
        from rustabi.report.errors import failure_report

        self._last = error
        self.report(failure_report(error))

    def end(self, reason: BaseException) -> None:
        """Note the error that a part of a test ended with, be it of a fixture, unless it is noted.

        Args:
            reason: What was raised; for one of ours that a fixture told, see `CAUSE`.
        """
        error = getattr(reason, CAUSE, reason)
        if isinstance(error, RustabiError) and error is not self._last:
            self.failure(error)

    def update(self, name: str, done: str, headline: str = "") -> None:
        """Note what became of a baseline.

        Args:
            name: The file.
            done: ``written``, ``rewritten`` or ``unchanged``.
            headline: How the new one compares with the old.
        """
        self._updates.append((name, done, headline))

    def attach(self, report: pytest.TestReport) -> None:
        """Hand over to the report of a test, and begin anew."""
        if self._reports:
            setattr(report, REPORTS, self._reports)
        if self._updates:
            setattr(report, UPDATES, self._updates)
        self._reports, self._updates = [], []


def packed(report: Report) -> str:
    """A report as plain text, for a process of the same session and no one else."""
    return base64.b64encode(pickle.dumps(report)).decode("ascii")


def unpacked(text: str) -> Report:
    """The report that `packed` made text of."""
    found: Report = pickle.loads(base64.b64decode(text))
    return found
