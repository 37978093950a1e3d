"""The exported symbols of a target as cases of a test."""

from __future__ import annotations

from typing import NamedTuple

from rustabi.model import Model
from rustabi.names import demangle


class SymbolCase(NamedTuple):
    """One case: an exported symbol, or all that concerns none of the others.

    Attributes:
        name: The linker's name; empty for the rest: what is new, and the build as a whole.
        others: Of the rest, the names of the other cases.
    """

    name: str
    others: frozenset[str] = frozenset()

    @property
    def is_rest(self) -> bool:
        """Whether it is about no symbol of the list."""
        return not self.name

    @property
    def readable(self) -> str:
        """The name demangled: what the case is called."""
        return demangle(self.name) if self.name else "(others)"

    def __repr__(self) -> str:
        return f"<{self.readable}>"


def cases_of(model: Model) -> list[SymbolCase]:
    """The cases of a target, sorted by name; the rest comes last."""
    names = frozenset(each.name for each in model.symbols)
    cases = sorted(map(SymbolCase, names), key=lambda each: (each.readable, each.name))
    return [*cases, SymbolCase("", names)]
