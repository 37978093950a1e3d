"""The symbols of a large binary, its units read by several processes.

Done in two rounds, each of which can be split by units in any way: first every unit says which
wanted symbols it describes (`meet`); once it is chosen what describes each symbol (`plan`), the
types behind the symbols of some units are read (`load_part`). What is handed over is small: a
process that has not read the binary's sections yet opens the file itself.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from rustabi.binary.elf import Elf
from rustabi.binary.exports import Exports
from rustabi.binary.open import read_binary
from rustabi.dwarf.entries import Entries
from rustabi.dwarf.unit import Info
from rustabi.loader import Loaded, load_symbols, names_declared
from rustabi.loader.depth import Depth, depth_of
from rustabi.loader.symbols import (
    Description,
    Met,
    Scope,
    SymbolEntries,
    alias_groups,
    choose_entries,
    meet_symbols,
)
from rustabi.loader.types import TypeLoader
from rustabi.loader.wanted import WANTED
from rustabi.model import Facts, Model
from rustabi.pause import collector_paused


class Source(NamedTuple):
    """What is read, in a form that can be handed to another process.

    Attributes:
        path: The file.
        exports: The symbols.
        scope: Of their versions.
        reading: What tells this reading of the file from others: processes that do the work may
            live on while a file of that name is built again.
    """

    path: str
    exports: Exports
    scope: Scope
    reading: bytes


class Part(NamedTuple):
    """Symbols described in one unit.

    Attributes:
        unit: Its index.
        described: What describes each.
    """

    unit: int
    described: dict[str, SymbolEntries]


class _Open(threading.local):
    """The binary that this thread has open: one at a time, as entries are not for several."""

    reading = b""
    entries: Entries | None = None


_OPEN = _Open()


def open_source(elf: Elf, exports: Exports, scope: Scope) -> tuple[Source, Entries]:
    """Open a binary for all tasks that this process and its copies are given."""
    source = Source(elf.path, exports, scope, os.urandom(16))
    return source, _open(source, elf)


def close_source() -> None:
    """Let go of the binary that is open."""
    _OPEN.reading, _OPEN.entries = b"", None


def _open(source: Source, elf: Elf) -> Entries:
    close_source()
    entries = Entries(Info(elf.debug_sections(), WANTED), whole=False)
    _OPEN.reading, _OPEN.entries = source.reading, entries
    return entries


def _entries(source: Source) -> Entries:
    if _OPEN.entries is None or _OPEN.reading != source.reading:
        return _open(source, Elf(read_binary(Path(source.path)), source.path))
    return _OPEN.entries


# the first round


@collector_paused()
def meet(source: Source, units: Iterable[int]) -> list[tuple[Met, Depth]]:
    """What units say of the symbols, and how much they say at all.

    Of what can make no difference to `plan`, a part is left out: a header declares its functions
    in each unit that includes it.
    """
    entries = _entries(source)
    wanted = dict.fromkeys(source.exports.names)
    groups = alias_groups(wanted, source.exports.places)
    seen: dict[str, int] = {}
    found = []
    for index in units:
        met = meet_symbols(entries, index, wanted, source.scope)
        kept = tuple(_deciding(met, groups, seen, source.scope))
        found.append((met._replace(described=kept), depth_of(entries, entries.units[index])))
    return found


def _deciding(
    met: Met, groups: Mapping[str, list[str]], seen: dict[str, int], scope: Scope
) -> Iterable[Description]:
    """Of what a unit describes, what can be chosen.

    That is the first description of a name; and in the scope of units all in a unit that defines
    the symbol or an alias of it, or has a pointer to it.
    """
    decisive: set[str] = set()
    if scope == "unit":
        for each in (*met.pointers, *(each for each in met.described if each.definition)):
            decisive.update(groups.get(each.symbol, (each.symbol,)))
    for each in met.described:
        if each.specified:
            yield each
        elif each.symbol in decisive or seen.setdefault(each.symbol, met.unit) == met.unit:
            seen.setdefault(each.symbol, met.unit)
            yield each


def plan(
    source: Source, found: Iterable[tuple[Met, Depth]]
) -> tuple[list[Part], tuple[Depth, ...], frozenset[str]]:
    """What is to be read, by the unit that describes it; units' depths; declared symbols."""
    ordered = sorted(found, key=lambda each: each[0].unit)
    names, places = source.exports.names, source.exports.places
    described = choose_entries((met for met, _ in ordered), names, places, source.scope)
    by_unit: dict[int, dict[str, SymbolEntries]] = {}
    for name, entries in described.items():
        chosen = entries.versioned or entries.own
        if chosen is not None:
            by_unit.setdefault(chosen.unit, {})[name] = entries
    parts = [Part(unit, of_unit) for unit, of_unit in sorted(by_unit.items())]
    return parts, tuple(depth for _, depth in ordered), names_declared(described)


# the second round


@collector_paused()
def load_part(source: Source, parts: Iterable[Part]) -> Loaded:
    """The types and symbols of parts: as `rustabi.loader.load` has them, of those symbols alone."""
    entries = _entries(source)
    types = TypeLoader(entries, arguments=False)
    roots, listed = {}, []
    for part in parts:
        exports = source.exports._replace(names=tuple(part.described))
        found, symbols = load_symbols(entries, types, exports, part.described, "")
        roots.update(found)
        listed += symbols
        types.read()
    types.finish()
    model = Model(types.types, tuple(listed), (), (), Facts("", 0, True), tuple(types.origins))
    return Loaded(model, roots, source.scope, occurrences=types.occurrences)
