"""What was worked out of immutable values, kept while the same values are asked for again.

They are recognised by identity: to compare a kernel's table of types takes as long as much of what
is worked out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_

from rustabi.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, TypeVar

    _T = TypeVar("_T")


class Recent:
    """The last few results of one kind: those of the two builds that are compared.

    Args:
        kept: How many.
    """

    def __init__(self, kept: int = 2) -> None:
        self._kept = kept
        self._results: list[tuple[Sequence[object], Any]] = []

    def of(self, values: Sequence[object], make: Callable[[], _T]) -> _T:
        """The result for ``values``, which are not to change afterwards; ``make`` makes it."""
        result: _T
        for known, result in self._results:
            if len(known) == len(values) and all(map(is_, known, values)):
                return result
        result = make()
        self._results = [*self._results[1 - self._kept :], (values, result)]
        return result

    def results(self) -> list[Any]:
        """The results that are kept, the latest last."""
        return [result for _, result in self._results]
