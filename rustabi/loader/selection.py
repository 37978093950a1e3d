"""Of a large binary only what is asked about: some types by name, and what these reach.

A kernel describes most types of C anew in hundreds of units. Who wants to know whether a type
agrees with what the kernel knows needs one of them where that agrees, and all only where it
does not.
"""

from __future__ import annotations

from collections.abc import Iterator

from rustabi.binary.elf import Elf
from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries, Entry
from rustabi.dwarf.unit import Info, Unit
from rustabi.lean import NamedTuple
from rustabi.loader.attributes import is_private, text
from rustabi.loader.symbols import Scope, SymbolEntries
from rustabi.loader.types import TypeLoader
from rustabi.loader.wanted import COMPOSITES, WANTED

_NAMED = frozenset({*COMPOSITES, c.TAG_ENUMERATION_TYPE, c.TAG_TYPEDEF})


class Selection(NamedTuple):
    """What to read of a binary.

    Attributes:
        names: Simple names of types, see `simple_name`. Of Rust all of such a name are read, of C
            the first definition of each, where there is none the first declaration.
        every: Those of which each definition in C is read.
        symbols: Names of symbols. Those that the same units export, in the scope of a file all,
            are read with them: symbol versions depend on them.
    """

    names: frozenset[str]
    every: frozenset[str] = frozenset()
    symbols: frozenset[str] = frozenset()


def simple_name(name: str) -> str:
    """The last part of a name, without generic arguments: what the entry itself is called.

    It is the same for all instances of a generic, and for a binding and the C type it mirrors.
    """
    return name.partition("<")[0].rpartition("::")[2]


def type_names(elf: Elf) -> frozenset[str]:
    """The simple names of all types that a binary defines or declares; none without debug info.

    Raises:
        DwarfError: The debug info is damaged.
    """
    sections = elf.debug_sections()
    if not sections.info:
        return frozenset()
    entries = Entries(Info(sections, WANTED))
    found = (
        simple_name(text(entry, c.AT_NAME) or "")
        for unit in entries.units
        for entry in _types_in(entries, unit)
    )
    return frozenset(found) - {""}


def chosen_symbols(
    names: tuple[str, ...], described: dict[str, SymbolEntries], selection: Selection, scope: Scope
) -> tuple[str, ...]:
    """Of all exports, those that are asked about and those that enter versions with them."""
    if scope == "file":
        return names if not selection.symbols.isdisjoint(names) else ()

    def units(name: str) -> set[int]:
        return {each.unit for each in described[name] if each is not None}

    wanted = {unit for name in names if name in selection.symbols for unit in units(name)}
    return tuple(name for name in names if name in selection.symbols or units(name) & wanted)


def enter_chosen(entries: Entries, types: TypeLoader, selection: Selection) -> None:
    """Enter the types that are asked about, for `TypeLoader.finish` to read."""
    met: set[tuple[int, str]] = set()
    declared: dict[tuple[int, str], Entry] = {}
    for unit in entries.units:
        for entry in _types_in(entries, unit):
            name = text(entry, c.AT_NAME) or ""
            simple = simple_name(name)
            if simple not in selection.names:
                continue
            key = entry.tag, name
            if unit.language == c.LANG_RUST or simple in selection.every:
                types.id_of(entry.offset, unit)
            elif entry.attributes.get(c.AT_DECLARATION):
                declared.setdefault(key, entry)
            elif key not in met and not is_private(entry):
                met.add(key)
                types.id_of(entry.offset, unit)
        entries.forget_outline(unit)  # of most units nothing is read
    for key, entry in declared.items():
        if key not in met:
            types.id_of(entry.offset, entry.unit)


def _types_in(entries: Entries, unit: Unit) -> Iterator[Entry]:
    """The structs, unions, enums and typedefs of a unit, in document order."""
    for offset in entries.outline(unit).types:
        entry = entries.entry(offset, unit)
        if entry.tag in _NAMED:
            yield entry
