"""Why there is no verdict or no report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rustabi.errors import RustabiError


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """Why there is no verdict, or no report."""

    kind: str
    """`usage`, `bad-input`, `no-debug-info`, `bad-dwarf`, `bad-snapshot`, `build-failed`,
    `lost-data`, `output`, `internal`, ..."""
    message: str
    """What is wrong, in one sentence."""
    path: str | None
    """The file it was found in; null where it is in none."""
    place: str | None
    """Where in the file."""
    advice: str | None
    """What to do about it."""


@dataclass(frozen=True, slots=True)
class FailureReport:
    """What every command prints with `--format json` when it fails; its exit code is 2 then."""

    report: Literal["error"]
    """Tells this report from others."""
    verdict: Literal["error"]
    """There is none."""
    error: ErrorReport
    """Why."""


def failure_report(error: RustabiError) -> FailureReport:
    """The report of an error that rustabi raised on purpose."""
    told = ErrorReport(error.kind, error.message, error.path, error.place, error.advice)
    return FailureReport("error", "error", told)
