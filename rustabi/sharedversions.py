"""Symbol versions of a large binary, computed by several processes.

In the scope of units, the symbols of each unit have their versions for themselves. In that of the
file, the type strings behind some symbols each are collected, and the versions computed from all of
them. Either way the answer is the one that a single process has.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable
from functools import partial
from typing import Final, NamedTuple

from rustabi.binary.elf import Elf
from rustabi.binary.exports import Exports
from rustabi.dwarf.entries import Entries
from rustabi.errors import RustabiError
from rustabi.jobs import Jobs, WorkerError
from rustabi.loader import distinct
from rustabi.loader.depth import Depth, require_in_file
from rustabi.loader.parts import Part, Source, close_source, load_part, meet, open_source, plan
from rustabi.model import Composite, Facts, Function, Model, Symbol, Type, Unspecified, Unsupported
from rustabi.pause import collector_paused
from rustabi.versions import Share, TypeMap, with_versions

WORTH: Final = 4 << 20
"""Bytes of ``.debug_info`` from which on other processes are asked to help."""


class SharedVersions(NamedTuple):
    """What `rustabi.loader.load` and `rustabi.versions.with_versions` tell of symbols together.

    Attributes:
        model: The symbols with their versions. Of their types it is only told whether they are a
            function that takes and returns nothing.
        depths: How much each unit says.
        declared: Symbols that no unit with types defines.
    """

    model: Model
    depths: tuple[Depth, ...]
    declared: frozenset[str]


def is_worth(elf: Elf, jobs: Jobs) -> bool:
    """Whether it gains time to share the work on a binary."""
    section = elf.by_name.get(".debug_info")
    return jobs.count > 1 and section is not None and section.size >= WORTH


@collector_paused()
def unit_versions(elf: Elf, exports: Exports, jobs: Jobs) -> SharedVersions | None:
    """The versions of symbols, each in the scope of the unit that defines it.

    Returns:
        None where debug info is damaged: where, a single process tells.

    Raises:
        WorkerError: A process ended early.
    """
    try:
        source, entries = open_source(elf, exports, "unit")
        parts, depths, declared = _planned(elf, source, entries, jobs)
        found = jobs.share(partial(_versions, source), parts)
    except WorkerError:
        raise
    except RustabiError:
        return None
    finally:
        close_source()
    known = {symbol.name: symbol for each in found for symbol in each}
    symbols = tuple(
        known.get(name) or Symbol(name, None, None, storage=exports.storage.get(name))
        for name in exports.names
    )
    model = Model(_TWO_TYPES, symbols, (), (), Facts("", 0, True))
    return SharedVersions(model, depths, declared)


@collector_paused()
def file_type_map(elf: Elf, exports: Exports, jobs: Jobs) -> TypeMap | None:
    """The type map of symbols, in the scope of the whole file.

    Returns:
        None where debug info is damaged, or of a kind that gendwarfksyms does not know: where, a
        single process tells.

    Raises:
        WorkerError: A process ended early.
    """
    try:
        source, entries = open_source(elf, exports, "file")
        parts, _, _ = _planned(elf, source, entries, jobs)
        found = jobs.share(partial(_strings, source), parts)
    except WorkerError:
        raise
    except RustabiError:
        return None
    finally:
        close_source()
    return _joined(found)


def _joined(found: Iterable[bytes | None]) -> TypeMap | None:
    shares: list[Share] = []
    for each in found:
        if each is None:
            return None
        shares.append(marshal.loads(each))
    return TypeMap.joined(shares)


def _planned(
    elf: Elf, source: Source, entries: Entries, jobs: Jobs
) -> tuple[list[Part], tuple[Depth, ...], frozenset[str]]:
    require_in_file(elf, entries)
    found = jobs.share(partial(meet, source), range(len(entries.units)))
    return plan(source, (each for share in found for each in share))


# what each process does

_TWO_TYPES: Final[tuple[Type, ...]] = (Function((), None), Unspecified(""))


@collector_paused()
def _versions(source: Source, parts: Iterable[Part]) -> list[Symbol]:
    """The symbols of parts with their versions."""
    model = with_versions(load_part(source, parts))
    return [
        symbol
        if symbol.type is None
        else symbol._replace(type=int(model.types[symbol.type] != _TWO_TYPES[0]))
        for symbol in model.symbols
    ]


@collector_paused()
def _strings(source: Source, parts: Iterable[Part]) -> bytes | None:
    """The type strings behind the symbols of parts; None where there is something unknown."""
    loaded = load_part(source, parts)
    if any(map(_is_unknown, distinct(loaded.model.types))):
        return None
    types, origins = loaded.model.types, loaded.model.origins
    return marshal.dumps(TypeMap(types, origins, loaded.roots, None, loaded.occurrences).share())


def _is_unknown(node: Type) -> bool:
    """Whether a type is, or has, what gendwarfksyms may stop at."""
    parts = node.parts if isinstance(node, Composite) else (node,)
    return any(isinstance(part, Unsupported) for part in parts)
