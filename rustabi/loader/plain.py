"""The types of a binary of few units, each as often as it is described."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from rustabi.dwarf.entries import Entries
from rustabi.dwarf.unit import Unit
from rustabi.lean import TYPE_CHECKING
from rustabi.loader.table import Occurrences
from rustabi.model import Type, TypeId

if TYPE_CHECKING:
    from typing import Final, TypeAlias

Mention: TypeAlias = int
"""A type that another one refers to: its offset from the start of the unit, which may lead out of
it, or `NUMBERED` and its number."""

NUMBERED: Final = 1 << 200
"""More than any offset, also of a damaged LEB128 number."""

Decode: TypeAlias = Callable[[int, Unit], tuple[Type, list[Mention]]]
"""Entry offset, unit -> the type, and what it refers to where it does not tell that by numbers."""


class PlainTypes:
    """Reads types, each time that one is described.

    They are numbered when they are first referred to and read in that order, so that neither deep
    nor recursive types need deep recursion.

    Args:
        entries: The debug info.
        decode: Decodes a type, in which others are told by their numbers.
    """

    def __init__(self, entries: Entries, decode: Decode) -> None:
        self._entries = entries
        self._decode = decode
        self._origins: list[int] = []
        self._types: dict[TypeId, Type] = {}
        self._ids: dict[int, TypeId] = {}
        self._pending: dict[Unit, list[TypeId]] = defaultdict(list)

    def id_of(self, offset: int, unit: Unit) -> TypeId:
        """The number of the type whose entry is at ``offset``; ``unit`` is where it is likely."""
        type_id = self._ids.get(offset)
        if type_id is None:
            type_id = self._ids[offset] = len(self._origins)
            self._origins.append(offset)
            if not unit.first_entry <= offset < unit.end:
                unit = self._entries.unit_of(offset)
            self._pending[unit].append(type_id)
        return type_id

    def enter(self, offsets: Iterable[int], unit: Unit) -> None:
        """Enter the types whose entries are at these offsets in a unit."""
        for offset in offsets:
            self.id_of(offset, unit)

    def add(self, origin: int, node: Type) -> TypeId:
        """Enter a type that stands for the entry at an offset without being one itself."""
        type_id = len(self._origins)
        self._origins.append(origin)
        self._types[type_id] = node
        return type_id

    def read(self) -> None:
        """Read every type that was entered, and all that those refer to.

        Raises:
            DwarfError: An entry is not readable.
        """
        while self._pending:
            unit, pending = next(iter(self._pending.items()))
            while pending:
                type_id = pending.pop()
                self._types[type_id], _ = self._decode(self._origins[type_id], unit)
            del self._pending[unit]

    def finish(self) -> tuple[Sequence[Type], Sequence[int], Occurrences | None]:
        """The types, see `read`; their entry offsets; which of them are repeated, if known."""
        self.read()
        return tuple(map(self._types.__getitem__, range(len(self._types)))), self._origins, None
