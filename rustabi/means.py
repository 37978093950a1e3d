"""With what the work is done: by how many, and whether results are kept for the next time."""

from __future__ import annotations

from typing import NamedTuple

from rustabi.cache import Cache
from rustabi.jobs import Alone, Jobs


class Means(NamedTuple):
    """None of them makes a difference to any result.

    Attributes:
        jobs: Who does it.
        cache: Where results are kept; None for nowhere.
    """

    jobs: Jobs = Alone()  # noqa: RUF009, RUF100
    cache: Cache | None = None


PLAIN = Means()
"""In this process, keeping nothing."""
