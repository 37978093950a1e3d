"""Which entry describes which symbol: by gendwarfksyms' rules, or in the unit that defines it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries, Entry
from rustabi.dwarf.unit import Unit
from rustabi.errors import DwarfError
from rustabi.lean import TYPE_CHECKING, Literal, NamedTuple
from rustabi.loader.attributes import text

if TYPE_CHECKING:
    from typing import TypeAlias

Scope: TypeAlias = Literal["file", "unit"]
"""Of symbol versions: ``file`` takes an object whole, as gendwarfksyms does when it is called on
it; ``unit`` takes the unit that defines the symbol alone, as a kernel build did before it linked
them."""

Place: TypeAlias = tuple[int, int]
_POINTER_PREFIX = "__gendwarfksyms_ptr_"


class Description(NamedTuple):
    """An entry that describes a symbol.

    Attributes:
        offset: The entry to read the type from.
        position: The entry that led there: decides which is first in document order.
        unit: Index of the unit it was met in.
        symbol: The name it was found under.
        definition: Whether the unit defines the symbol rather than declaring it.
        pointer: The entry is what ``__gendwarfksyms_ptr_<symbol>`` points to, not the symbol's own.
        specified: Only a definition without a name leads to the entry, and gendwarfksyms does not
            find it: methods of C-like enums and unions are declared within the type, and it enters
            structs and classes only.
        completes: A variable's definition that states a type of its own, beside that of the
            declaration before it: ``extern int a[]; int a[4];``. gendwarfksyms takes the first.
    """

    offset: int
    position: int
    unit: int
    symbol: str
    definition: bool
    pointer: bool = False
    specified: bool = False
    completes: bool = False


class SymbolEntries(NamedTuple):
    """What describes one symbol.

    Attributes:
        own: The entry under the symbol's own name, or the declaration that its definition specifies
            where gendwarfksyms does not look: within a C-like enum or a union.
        versioned: The entry that its version is computed from: under the symbol's own name, or that
            of an alias.
    """

    own: Description | None
    versioned: Description | None


class Met(NamedTuple):
    """What one unit says of wanted symbols.

    Attributes:
        unit: Its index.
        rust: Whether it is of Rust.
        described: Descriptions, the first of each name, in document order.
        pointers: What its ``__gendwarfksyms_ptr_`` variables point to.
    """

    unit: int
    rust: bool
    described: tuple[Description, ...]
    pointers: tuple[Description, ...]


def find_symbols(
    entries: Entries, names: Iterable[str], places: Mapping[str, Place], scope: Scope
) -> dict[str, SymbolEntries]:
    """The entries of each of ``names``.

    Args:
        entries: The debug info.
        names: Linker's names of the exported symbols.
        places: Where they stand; symbols in equal places are aliases of each other.
        scope: See `Scope`.

    Raises:
        DwarfError: An entry on the way is not readable.
    """
    listed = dict.fromkeys(names)
    met = (meet_symbols(entries, index, listed, scope) for index in range(len(entries.units)))
    return choose_entries(met, listed, places, scope)


def meet_symbols(entries: Entries, index: int, wanted: Mapping[str, object], scope: Scope) -> Met:
    """What the unit of that index says of wanted symbols.

    Raises:
        DwarfError: An entry on the way is not readable.
    """
    unit = entries.units[index]
    rust = unit.language == c.LANG_RUST
    if scope == "unit" and unit.language in c.LANG_ASSEMBLER:
        return Met(index, rust, (), ())  # its entries say no types; a kernel build takes others'
    described = tuple(_descriptions(entries, unit, index, wanted, scope))
    return Met(index, rust, described, tuple(_pointers(entries, unit, index, wanted)))


def choose_entries(
    met: Iterable[Met], names: Iterable[str], places: Mapping[str, Place], scope: Scope
) -> dict[str, SymbolEntries]:
    """The entries of each of ``names`` out of what all units say, in the order of the units."""
    listed = dict.fromkeys(names)
    found: dict[str, list[Description]] = {name: [] for name in listed}
    pointers: dict[str, list[Description]] = {}
    specified: dict[str, Description] = {}
    complete: dict[tuple[str, int], Description] = {}
    rust: set[int] = set()
    for each in met:
        if each.rust:
            rust.add(each.unit)
        for description in each.described:
            if description.completes:
                complete.setdefault((description.symbol, each.unit), description)
            elif description.specified:
                specified.setdefault(description.symbol, description)
            else:
                found[description.symbol].append(description)
        for description in each.pointers:
            pointers.setdefault(description.symbol, []).append(description)
    groups = alias_groups(listed, places)
    choose = _first if scope == "file" else partial(_from_defining_unit, rust=rust)
    result = {}
    for name in listed:
        group = [name, *(member for member in groups.get(name, ()) if member != name)]
        candidates = [found[member] for member in group]
        own = choose([found[name]], []) or specified.get(name)
        result[name] = SymbolEntries(
            own=own and complete.get((name, own.unit), own),
            versioned=choose(candidates, [pointers.get(member, []) for member in group]),
        )
    return result


def alias_groups(names: Iterable[str], places: Mapping[str, Place]) -> dict[str, list[str]]:
    """Name -> all names of its place, itself included; only names that have a place."""
    by_place: dict[Place, list[str]] = {}
    for name in names:
        place = places.get(name)
        if place is not None:
            by_place.setdefault(place, []).append(name)
    return {name: group for group in by_place.values() for name in group}


def _first(
    candidates: list[list[Description]], pointers: list[list[Description]]
) -> Description | None:
    """The first entry in document order; a pointer counts at the end of its unit."""
    every = [description for found in candidates + pointers for description in found]
    return min(every, key=lambda each: (each.unit, each.pointer, each.position), default=None)


def _from_defining_unit(
    candidates: list[list[Description]], pointers: list[list[Description]], *, rust: set[int]
) -> Description | None:
    """The first entry in the unit that the kernel build takes the symbol from.

    That is the unit which defines it. In Rust it may be an alias's: equal functions are folded, and
    only one keeps its entry (rust/exports.c has a pointer to each, declared as int). In C, what the
    linker defines (``jiffies``) counts where it is exported, in the unit with a pointer to it. Then
    come an alias's unit, an alias's pointer, and any that declares it.
    """
    owners = [each.unit for found in candidates for each in found if each.definition]
    own = [each.unit for each in candidates[0] if each.definition]
    exporting = pointers[0] if pointers else []
    if exporting and not own and not rust.intersection(owners):
        unit = exporting[0].unit
        return _first([[each for each in candidates[0] if each.unit == unit]], [exporting[:1]])
    for owner in owners[:1]:
        return _first([[each for each in found if each.unit == owner] for found in candidates], [])
    return _first([], pointers) or _first(candidates, [])


def _descriptions(
    entries: Entries, unit: Unit, index: int, wanted: Mapping[str, object], scope: Scope
) -> Iterator[Description]:
    """Descriptions of wanted symbols in one unit, the first of each name, in document order.

    GCC's entries of its builtins say no types; only gendwarfksyms on a whole file takes them.
    """
    first: dict[str, Description] = {}
    specified: dict[str, Description] = {}
    complete: dict[str, Description] = {}
    defined: set[str] = set()
    for entry in entries.routines(unit):
        offset = entry.offset
        origin = entries.referred(entry, c.AT_ABSTRACT_ORIGIN)
        declared = entries.referred(origin or entry, c.AT_SPECIFICATION)
        if declared is not None:
            specifies = _name(declared)
            if origin is None:
                defined.add(specifies)
                typed = entry.tag == c.TAG_VARIABLE and c.AT_TYPE in entry.attributes
                if specifies in wanted and typed:
                    complete[specifies] = Description(
                        offset, offset, index, specifies, True, completes=True
                    )
            if specifies in wanted:
                specified.setdefault(
                    specifies, Description(declared.offset, offset, index, specifies, True)
                )
        name, used = _name(entry), offset
        if origin is not None:
            used = origin.offset
            if name not in wanted:
                name = _name(origin)
        if name in wanted and (scope == "file" or not _is_builtin(entry)):
            first.setdefault(name, Description(used, offset, index, name, False))
            if not entry.attributes.get(c.AT_DECLARATION):
                defined.add(name)
    for name, description in first.items():
        yield description._replace(definition=name in defined)
    yield from complete.values()
    for name, description in specified.items():
        if name not in first:
            yield description._replace(specified=True)


def _pointers(
    entries: Entries, unit: Unit, index: int, wanted: Mapping[str, object]
) -> Iterator[Description]:
    """What the ``__gendwarfksyms_ptr_<symbol>`` variables of a unit point to."""
    if _POINTER_PREFIX.encode() not in entries.string_bytes:
        return
    for entry in entries.routines(unit):
        offset, name = entry.offset, _name(entry)
        symbol = name.removeprefix(_POINTER_PREFIX)
        if symbol == name or symbol not in wanted:
            continue
        pointer = entries.referred(entry, c.AT_TYPE)
        if pointer is None or pointer.tag != c.TAG_POINTER_TYPE:
            raise DwarfError(
                f"{name} is not a pointer", place=f".debug_info+{offset:#x}",
                advice="declare it with SYMBOL_... macros as the kernel's documentation shows",
            )  # fmt: skip
        target = entries.referred(pointer, c.AT_TYPE)
        is_function = target is not None and target.tag == c.TAG_SUBROUTINE_TYPE
        used = target.offset if target is not None and is_function else pointer.offset
        yield Description(used, offset, index, symbol, False, pointer=True)


def _is_builtin(entry: Entry) -> bool:
    return (text(entry, c.AT_NAME) or "").startswith("__builtin_")


def _name(entry: Entry) -> str:
    """The name that gendwarfksyms looks a symbol up by: the linkage name, else the plain one."""
    attributes = entry.attributes
    name = attributes.get(c.AT_LINKAGE_NAME)
    if name.__class__ is not str or not name:
        name = attributes.get(c.AT_NAME)
    return name if name.__class__ is str else ""
