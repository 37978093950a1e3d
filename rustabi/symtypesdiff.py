"""Two sets of ``.symtypes``: which versions differ, and which change of a type each is due to.

A symbol's version covers its own record and all records that it reaches. So a version differs where
one of those does; a type that only comes or goes does so because a record that names it changed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import compress
from typing import Literal, NamedTuple, TypeAlias

from rustabi.symtypesfile import Tokens, Unit, reaching, users

Edit: TypeAlias = Literal["added", "removed", "changed", "moved"]


class Difference(NamedTuple):
    """A part of a record that differs: a member, a parameter, an enumerator, a size.

    Attributes:
        old, new: Its tokens; empty where it is not there.
    """

    edit: Edit
    old: str
    new: str


class Cause(NamedTuple):
    """A record that differs.

    Attributes:
        name: ``s#name`` and the like, or an exported symbol.
        opaque: Whether the definition became an opaque declaration (``new``), or was one (``old``).
        differences: What differs, in the order of the record.
        symbols: The exported symbols whose version it changes, sorted.
    """

    name: str
    opaque: Literal["", "old", "new"]
    differences: tuple[Difference, ...]
    symbols: tuple[str, ...]


class SymtypesDiff(NamedTuple):
    """What differs between two sets.

    Attributes:
        causes: Those with most symbols first.
        changed, added, removed: Exported symbols, sorted; ``changed`` have another version.
        same: Number of symbols with one version.
    """

    causes: tuple[Cause, ...]
    changed: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    same: int


def diff_symtypes(old: Sequence[Unit], new: Sequence[Unit]) -> SymtypesDiff:
    """Hold two sets of units against each other."""
    found: dict[tuple[str, Tokens, Tokens], set[str]] = defaultdict(set)
    before, after = _homes(old), _homes(new)
    shared = before.keys() & after.keys()
    for (first, second), symbols in _pairs(old, new, before, after, shared).items():
        for key, affected in _changes(old[first], new[second], symbols):
            found[key] |= affected
    causes = [
        Cause(name, _opaque(one, other), tuple(differences(one, other)), tuple(sorted(symbols)))
        for (name, one, other), symbols in found.items()
    ]
    causes.sort(key=lambda each: (-len(each.symbols), each.name, each.differences))
    changed = {symbol for each in causes for symbol in each.symbols}
    return SymtypesDiff(
        tuple(causes),
        tuple(sorted(changed)),
        tuple(sorted(after.keys() - shared)),
        tuple(sorted(before.keys() - shared)),
        len(shared - changed),
    )


def _homes(units: Sequence[Unit]) -> dict[str, list[int]]:
    """Symbol -> the units that export it."""
    homes: dict[str, list[int]] = {}
    for index, unit in enumerate(units):
        for symbol in unit.symbols:
            homes.setdefault(symbol, []).append(index)
    return homes


def _pairs(
    old: Sequence[Unit],
    new: Sequence[Unit],
    before: dict[str, list[int]],
    after: dict[str, list[int]],
    shared: Iterable[str],
) -> dict[tuple[int, int], list[str]]:
    """Which units are held against each other, for which symbols: those of one path, else any."""
    pairs: dict[tuple[int, int], list[str]] = {}
    for symbol in sorted(shared):
        paths = {new[index].path: index for index in after[symbol]}
        met = [(one, paths[old[one].path]) for one in before[symbol] if old[one].path in paths]
        for pair in met or [(before[symbol][0], after[symbol][0])]:
            pairs.setdefault(pair, []).append(symbol)
    return pairs


def _changes(
    old: Unit, new: Unit, symbols: Sequence[str]
) -> Iterator[tuple[tuple[str, Tokens, Tokens], set[str]]]:
    """Records that differ, with those of ``symbols`` that reach them in both units."""
    changed = [
        name
        for name, tokens in old.records.items()
        if name in new.records and new.records[name] != tokens
    ]
    if not changed:
        return
    used_before, used_after = users(old.records), users(new.records)
    wanted = set(symbols)
    for name in changed:
        affected = wanted & reaching([name], used_before) & reaching([name], used_after)
        if affected:
            yield (name, old.records[name], new.records[name]), affected


def _opaque(old: Tokens, new: Tokens) -> Literal["", "old", "new"]:
    was, is_now = _is_opaque(old), _is_opaque(new)
    if was == is_now:
        return ""
    return "old" if was else "new"


def _is_opaque(tokens: Tokens) -> bool:
    """A declaration: genksyms writes ``{ UNKNOWN }``, gendwarfksyms no size."""
    return tokens[-3:] == ("{", "UNKNOWN", "}") or (
        tokens[-2:] == ("{", "}") and tokens[0].endswith("_type")
    )


# what differs in a record

_OPEN, _CLOSE, _SEPARATORS = ("{", "("), ("}", ")"), (",", ";")
_ATTRIBUTE = re.compile(r"\w+\(\d+\)|\[.*\]|:|0x[0-9a-f]+|\d+|=")


def differences(old: Tokens, new: Tokens) -> Iterator[Difference]:
    """The parts in which two records differ; one that only stands elsewhere has moved."""
    before, after = _parts(old), _parts(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    blocks = [
        (before[start:end], after[new_start:new_end])
        for edit, start, end, new_start, new_end in matcher.get_opcodes()
        if edit != "equal"
    ]
    gone = [part for removed, _ in blocks for part in removed]
    come = [part for _, added in blocks for part in added]
    shared = Counter(map(_name, gone)) & Counter(map(_name, come))
    lost, fresh = _unpaired(gone, shared), _unpaired(come, shared)
    partners: dict[str, list[str]] = defaultdict(list)
    for part, unpaired in zip(gone, lost, strict=True):
        if not unpaired:
            partners[_name(part)].append(part)
    first_old = first_new = 0
    for removed, added in blocks:
        leaving = list(compress(removed, lost[first_old : first_old + len(removed)]))
        arriving = fresh[first_new : first_new + len(added)]
        first_old, first_new = first_old + len(removed), first_new + len(added)
        renamed = len(leaving) == sum(arriving) == 1
        for part in () if renamed else leaving:
            yield Difference("removed", part, "")
        for part, is_new in zip(added, arriving, strict=True):
            if is_new and not renamed:
                yield Difference("added", "", part)
                continue
            other = leaving[0] if is_new else partners[_name(part)].pop(0)
            yield Difference("moved" if other == part else "changed", other, part)


def _unpaired(parts: Sequence[str], shared: Counter[str]) -> list[bool]:
    """Which parts have no partner of their name on the other side."""
    left = shared.copy()
    found = []
    for part in parts:
        left[_name(part)] -= 1
        found.append(left[_name(part)] < 0)
    return found


def _parts(tokens: Tokens) -> list[str]:
    """Head, members or parameters, and tail of a record, each as text."""
    parts: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth -= token in _CLOSE
        if depth == 0 and token in _CLOSE:
            parts.append([])
        elif depth == 1 and token in _SEPARATORS:
            parts.append([])
            continue
        parts[-1].append(token)
        if depth == 0 and token in _OPEN:
            parts.append([])
        depth += token in _OPEN
    return [" ".join(part) for part in parts if part]


def _name(part: str) -> str:
    """What a member or parameter is called: its last word that is no number or attribute."""
    words = [word for word in part.split(" ") if not _ATTRIBUTE.fullmatch(word)]
    return words[-1] if words else part
