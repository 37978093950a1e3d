"""What a command hands back to be said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from rustabi.report.page import Page

Say: TypeAlias = Callable[[str], None]
"""Takes what is being done, in words."""


class Answer(NamedTuple):
    """What a command has to say.

    Attributes:
        report: The values, for JSON.
        page: Makes a page of them, for people.
        text: What to print in a format of another kind, instead of both.
        code: The exit code.
    """

    report: object = None
    page: Callable[[], Page] | None = None
    text: str | None = None
    code: int = 0
