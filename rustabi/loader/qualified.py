"""Names with all that they stand in: namespaces, and structs around nested types."""

from __future__ import annotations

from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries, Entry
from rustabi.dwarf.unit import Unit
from rustabi.loader.attributes import text


class QualifiedNames:
    """The qualified names of one binary's types.

    Args:
        entries: The debug info.
    """

    def __init__(self, entries: Entries) -> None:
        self._entries = entries
        self._prefixes: dict[int, str] = {0: ""}

    def of(self, entry: Entry) -> str:
        """Namespaces and structs around the entry, then its name; empty when it has no name."""
        name = text(entry, c.AT_NAME)
        if not name:
            return ""
        scope = self._entries.scope(entry.offset, entry.unit)
        if scope:
            prefix = self._prefixes.get(scope) or self.prefix(scope, entry.unit)
            if prefix:
                return f"{prefix}::{name}"
        return name

    def prefix(self, scope: int, unit: Unit) -> str:
        """Qualified name of a namespace or struct, as a prefix of the names in it."""
        unknown = []
        while scope not in self._prefixes:
            unknown.append(scope)
            scope = self._entries.scope(scope, unit)
        prefix = self._prefixes[scope]
        for scope in reversed(unknown):
            name = text(self._entries.entry(scope, unit), c.AT_NAME) or ""
            prefix = f"{prefix}::{name or '<anonymous>'}" if prefix else name
            self._prefixes[scope] = prefix
        return prefix
