"""From the entries of a binary to its model. All knowledge of how compilers use DWARF is here."""

from __future__ import annotations

from collections.abc import Iterable

from rustabi.binary.elf import Elf
from rustabi.binary.exports import Exports, exports_of
from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries
from rustabi.dwarf.unit import Info
from rustabi.errors import NoDebugInfoError
from rustabi.lean import NamedTuple
from rustabi.loader.attributes import number
from rustabi.loader.depth import Depth, depth_of, require_in_file
from rustabi.loader.selection import Selection, chosen_symbols, enter_chosen
from rustabi.loader.symbols import Description, Scope, SymbolEntries, find_symbols
from rustabi.loader.table import (
    DescribedTypes,
    Occurrences,
    described,
    distinct,
    joined,
    noting,
)
from rustabi.loader.types import TypeLoader
from rustabi.loader.wanted import WANTED
from rustabi.model import Facts, Model, Symbol, TypeId, Unit, Vtable
from rustabi.pause import collector_paused

__all__ = [
    "DescribedTypes",
    "Loaded",
    "Occurrences",
    "Root",
    "Scope",
    "Selection",
    "described",
    "distinct",
    "joined",
    "load",
    "load_without_types",
    "noting",
]


class Root(NamedTuple):
    """What the version of a symbol is computed from.

    Attributes:
        type: A `Function`, or the type of a variable (None for void).
        is_function: Which of the two.
        unit: Index of the unit it belongs to.
    """

    type: TypeId | None
    is_function: bool
    unit: int


class Loaded(NamedTuple):
    """A model fresh from DWARF, and what the versions of its symbols start from.

    Attributes:
        model: The model; its symbols have no versions yet.
        roots: Symbol name -> root; symbols without any entry are left out.
        scope: As the caller asked.
        depths: How much each of the model's units says.
        declared: Symbols that no unit with types defines: their version is that of a declaration.
        occurrences: Which of the model's types are repeated; None where that is not known.
    """

    model: Model
    roots: dict[str, Root]
    scope: Scope
    depths: tuple[Depth, ...] = ()
    declared: frozenset[str] = frozenset()
    occurrences: Occurrences | None = None


@collector_paused()
def load(
    elf: Elf,
    *,
    symbols: Iterable[str] | None = None,
    exports: Exports | None = None,
    scope: Scope | None = None,
    all_types: bool = True,
    selection: Selection | None = None,
    binary: str = "",
) -> Loaded:
    """Read the types and symbols of a binary.

    Args:
        elf: The file.
        symbols: Names to take for exported; None for what the file exports.
        exports: What to take for exported, with places and all, instead of asking the file.
        scope: Of symbol versions; None for ``file`` in relocatable files and ``unit`` in linked
            ones.
        all_types: Load every named type, not only those that the symbols reach.
        selection: Load of all types and symbols those that are asked about.
        binary: What to call the file in `Symbol.binary` and `Unit.binary`.

    Raises:
        NoDebugInfoError: There is no debug info to read types from.
        DwarfError: The debug info is damaged.
    """
    sections = elf.debug_sections()
    if not sections.info:
        raise _no_debug_info(elf)
    exports = exports or _exports(elf, symbols)
    entries = Entries(Info(sections, _wanted(all_types)), whole=all_types)
    require_in_file(elf, entries)
    scope = scope or ("file" if elf.relocatable else "unit")
    types = TypeLoader(entries, arguments=all_types)
    described = find_symbols(entries, exports.names, exports.places, scope)
    if selection is not None:
        names = chosen_symbols(exports.names, described, selection, scope)
        exports = exports._replace(names=names)
    roots, listed = load_symbols(entries, types, exports, described, binary)
    depths = tuple(depth_of(entries, unit) for unit in entries.units)
    if selection is not None:
        enter_chosen(entries, types, selection)
    elif all_types:
        _load_all(entries, types)
    vtables = _vtables(elf, entries, types) if all_types else ()
    types.finish()
    if all_types:
        from rustabi.loader.passing import with_passing

        listed = with_passing(elf, entries, listed, exports.places, types.types)
    units = tuple(
        Unit(_unit_name(unit.name), unit.producer, unit.language, binary) for unit in entries.units
    )
    model = Model(
        types=types.types,
        symbols=tuple(listed),
        units=units,
        vtables=vtables,
        facts=_facts(elf, exports, units),
        origins=tuple(types.origins),
    )
    return Loaded(model, roots, scope, depths, names_declared(described), types.occurrences)


def _wanted(all_types: bool) -> frozenset[int]:
    """The attributes to decode."""
    if not all_types:
        return WANTED
    from rustabi.loader.passing import WANTED as PASSING  # takes time to import

    return WANTED | PASSING


def _vtables(elf: Elf, entries: Entries, types: TypeLoader) -> tuple[Vtable, ...]:
    from rustabi.loader.vtables import load_vtables  # brings demanglers, which take time to import

    return load_vtables(elf, entries, types)


def names_declared(described: dict[str, SymbolEntries]) -> frozenset[str]:
    """The symbols that no unit with types defines."""
    found = ((name, entries.versioned) for name, entries in described.items())
    return frozenset(
        name for name, entry in found if entry and not entry.definition and not entry.pointer
    )


def load_without_types(
    elf: Elf, *, symbols: Iterable[str] | None = None, binary: str = ""
) -> Model:
    """The exported symbols of a binary that has no usable debug info, by name only."""
    exports = _exports(elf, symbols)
    listed = tuple(Symbol(name, None, None, binary=binary) for name in exports.names)
    return Model((), listed, (), (), _facts(elf, exports, ()))


def _exports(elf: Elf, symbols: Iterable[str] | None) -> Exports:
    exports = exports_of(elf)
    if symbols is None:
        return exports
    return exports._replace(names=tuple(dict.fromkeys(symbols)), rule="given list")


def _no_debug_info(elf: Elf) -> NoDebugInfoError:
    return NoDebugInfoError(
        "no .debug_info section",
        path=elf.path,
        advice="build it with debug = 2 in the cargo profile or CONFIG_DEBUG_INFO_DWARF5=y for a"
        " kernel, and do not strip it; `rustabi doctor` tells more",
    )


def load_symbols(
    entries: Entries,
    types: TypeLoader,
    exports: Exports,
    described: dict[str, SymbolEntries],
    binary: str,
) -> tuple[dict[str, Root], list[Symbol]]:
    """What versions start from, and the exported symbols; their types are still to be read."""
    known: dict[int, Root] = {}

    def root(description: Description | None) -> Root | None:
        if description is None:
            return None
        if description.offset not in known:
            known[description.offset] = _root(entries, types, description)
        return known[description.offset]

    roots: dict[str, Root] = {}
    listed: list[Symbol] = []
    for name in exports.names:
        own, versioned = (root(description) for description in described[name])
        if versioned is not None:
            roots[name] = versioned
        described_by, lender = described[name]
        is_variable = own is not None and not own.is_function
        shown = own if own is not None or lender is None or lender.symbol != name else versioned
        listed.append(
            Symbol(
                name,
                None if shown is None else ("function" if shown.is_function else "variable"),
                None if shown is None else shown.type,
                next((each.unit for each in (versioned, shown) if each is not None), None),
                borrowed=lender.symbol if lender is not None and lender.symbol != name else None,
                binary=binary,
                storage=exports.storage.get(name),
                alignment=_stated_alignment(entries, described_by) if is_variable else None,
            )
        )
    return roots, listed


def _stated_alignment(entries: Entries, own: Description | None) -> int | None:
    """The alignment that a variable's own entry states, in bytes."""
    if own is None:
        return None
    entry = entries.entry(own.offset, entries.units[own.unit])
    return number(entry, c.AT_ALIGNMENT) if entry.tag == c.TAG_VARIABLE else None


def _root(entries: Entries, types: TypeLoader, description: Description) -> Root:
    entry = entries.entry(description.offset, entries.units[description.unit])
    if entry.tag in (c.TAG_SUBPROGRAM, c.TAG_SUBROUTINE_TYPE):
        type_id = types.add(types.function(entry), entry.offset)
        return Root(type_id, True, description.unit)
    return Root(types.reference(entry), False, description.unit)


def _load_all(entries: Entries, types: TypeLoader) -> None:
    """Enter every named type and every type with members, whether a symbol reaches it or not."""
    for unit in entries.units:
        types.enter(entries.outline(unit).types, unit)


def _unit_name(name: str) -> str:
    """The unit's name without the hash that rustc appends: it differs between builds."""
    return name.split("/@/")[0]


def _facts(elf: Elf, exports: Exports, units: tuple[Unit, ...]) -> Facts:
    compilers = {unit.producer for unit in units if unit.language == c.LANG_RUST}
    return Facts(
        machine=elf.machine,
        address_size=elf.address_size,
        little_endian=elf.little_endian,
        compilers=tuple(sorted(compilers)),
        build_id=elf.build_id(),
        export_rule=exports.rule,
    )
