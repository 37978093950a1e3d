"""What a command hands back to be said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from rustabi.report.formats import Report

Say: TypeAlias = Callable[[str], None]
"""Takes what is being done, in words."""


class Answer(NamedTuple):
    """What a command has to say.

    Attributes:
        report: The values, for every format that `rustabi.report.formats` has for them.
        everything: Whether the page for people is to show lists whole.
        text: What to print in a format of another kind, instead.
        code: The exit code.
    """

    report: Report | None = None
    everything: bool = False
    text: str | None = None
    code: int = 0
