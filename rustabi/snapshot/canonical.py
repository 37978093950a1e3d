"""One form out of the many in which a model can state the same: equal models give equal files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from rustabi.model import Model, Type, TypeId, name_of
from rustabi.references import renumbered
from rustabi.snapshot.encode import line


def canonical(model: Model) -> Model:
    """The model as a snapshot holds it: the same for all models that state the same.

    - Types that nothing tells apart, however far their references are followed, become one. So do
      equal units.
    - Types are ordered by name, the unnamed last; of one name, by kind and content; of one
      content, by the places in this same order of what they refer to.
    - Units are ordered by name and binary, symbols by name and binary, vtables by name; further
      ties are decided by their content.

    "Content" is the line in the file, with references as 0 where they are not yet known.

    Raises:
        SnapshotError: A number is too large to be written.
    """
    ranks = _ranks(model.types)
    first = {rank: type_id for type_id, rank in reversed(list(enumerate(ranks)))}
    numbers = {rank: number for number, rank in enumerate(sorted(first))}
    units = sorted(set(model.units), key=lambda each: (each.name, each.binary, line(each)))
    unit_numbers = {unit: number for number, unit in enumerate(units)}

    def new_id(type_id: TypeId) -> TypeId:
        return numbers[ranks[type_id]]

    def new_id_or_none(type_id: TypeId | None) -> TypeId | None:
        return None if type_id is None else new_id(type_id)

    symbols = [
        symbol._replace(
            type=new_id_or_none(symbol.type),
            unit=None if symbol.unit is None else unit_numbers[model.units[symbol.unit]],
        )
        for symbol in model.symbols
    ]
    vtables = [
        vtable._replace(
            type=new_id_or_none(vtable.type),
            slots=tuple(each._replace(type=new_id_or_none(each.type)) for each in vtable.slots),
        )
        for vtable in model.vtables
    ]
    return Model(
        tuple(renumbered(model.types[first[rank]], new_id) for rank in sorted(first)),
        tuple(sorted(symbols, key=lambda each: (each.name, each.binary, line(each)))),
        tuple(units),
        tuple(sorted(vtables, key=lambda each: (each.name, line(each)))),
        model.facts,
    )


def _ranks(types: Sequence[Type]) -> list[int]:
    """The place of each type in canonical order; equal for types that nothing tells apart."""
    targets: list[list[TypeId]] = []
    by_content: dict[tuple[bool, str, str], list[TypeId]] = defaultdict(list)
    for type_id, node in enumerate(types):
        found: list[TypeId] = []
        blank = renumbered(node, _noting(found))
        targets.append(found)
        by_content[not name_of(node), name_of(node), line(blank)].append(type_id)
    ranks = [0] * len(types)
    groups = _ranked(by_content, 0, ranks)
    split = True
    while split:
        split = False
        tied = [group for group in groups if len(group) > 1]
        groups = []
        for group in tied:
            by_targets: dict[tuple[int, ...], list[TypeId]] = defaultdict(list)
            for type_id in group:
                by_targets[tuple([ranks[each] for each in targets[type_id]])].append(type_id)
            split |= len(by_targets) > 1
            groups += _ranked(by_targets, ranks[group[0]], ranks)
    return ranks


def _noting(found: list[TypeId]) -> Callable[[TypeId], TypeId]:
    def note(type_id: TypeId) -> TypeId:
        found.append(type_id)
        return 0

    return note


def _ranked(groups: dict[Any, list[TypeId]], start: int, ranks: list[int]) -> list[list[TypeId]]:
    """The groups in order of their keys; sets their members' ranks, counting from ``start``."""
    ordered = [groups[key] for key in sorted(groups)]
    for group in ordered:
        for type_id in group:
            ranks[type_id] = start
        start += len(group)
    return ordered
