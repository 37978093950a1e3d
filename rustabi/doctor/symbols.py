"""What is wrong with the model that the loader made: symbols and types that are not described."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rustabi.binary.exports import NOTHING
from rustabi.diff.gaps import Gap, GapKind, gaps_of, reached_by_symbols
from rustabi.doctor.examine import Piece
from rustabi.doctor.kinds import ProblemKind
from rustabi.doctor.origins import is_compiler_made, is_prebuilt
from rustabi.doctor.problems import Grade, Problem, count, problem
from rustabi.merge import namesakes
from rustabi.model import Composite, Model, Symbol
from rustabi.names import crate_of, demangle

_TYPE_GAPS: Final = {
    GapKind.DECLARATION_ONLY: (
        ProblemKind.DECLARED, "{} that exports reach: declared, but defined nowhere in here",
    ),
    GapKind.UNSUPPORTED: (ProblemKind.UNSUPPORTED, "{} with debug info that rustabi does not know"),
    GapKind.VTABLE_UNKNOWN: (
        ProblemKind.VTABLE, "{} that exports reach: behind dyn, and no vtable of the trait is here",
    ),
}  # fmt: skip


def problems_of(model: Model, pieces: Sequence[Piece]) -> list[Problem]:
    """What is wrong with a model.

    Args:
        model: What the loader read of the pieces.
        pieces: To tell why a symbol has no entry.
    """
    reached = reached_by_symbols(model)
    gaps = gaps_of(model, reached)
    found = [*_exports(model), *_entries(model, pieces), *_folded(model), *_types(gaps)]
    found += _versions(model)
    several = {name: ids for name, ids in namesakes(model).items() if reached.intersection(ids)}
    if several:
        text = f"{_names(len(several))} that exports reach: each stands for several types"
        found.append(problem(ProblemKind.NAMESAKES, "note", text, several))
    return found


def described(symbol: Symbol) -> bool:
    """Whether the debug info says what a symbol is."""
    return symbol.kind is not None


def lost_by_unit(model: Model, pieces: Sequence[Piece]) -> Counter[str]:
    """Undescribed symbols by the unit, or .dwo file, that should have described them."""
    lost = Counter(unit_of(model, each) for each in disbelieved(model))
    homes = _homes(pieces)
    for symbol in model.symbols:
        home = homes.get((symbol.binary, symbol.name))
        if not described(symbol) and symbol.unit is None and home is not None and home.rejected:
            blamed = [each for each in home.units if not each.prebuilt]
            lost.update((each.split or each.name) for each in blamed[:1])
    return lost


def disbelieved(model: Model) -> list[Symbol]:
    """The symbols with an entry that says nothing, in a crate that was built without types."""
    return [
        each
        for each in model.symbols
        if not described(each) and each.unit is not None and each.borrowed is None
    ]


def unit_of(model: Model, symbol: Symbol) -> str:
    """The name of the unit that describes a symbol; an empty text where none does."""
    return "" if symbol.unit is None else model.units[symbol.unit].name


def _exports(model: Model) -> Iterator[Problem]:
    rule = model.facts.export_rule
    if not model.symbols:
        text = f"no exported symbol (looked for: {rule})" if rule else "no exported symbol"
        if rule == NOTHING and any(isinstance(node, Composite) for node in model.types):
            yield problem(ProblemKind.MODULE_ALONE, "note", "this module exports nothing")
        else:
            yield problem(ProblemKind.NO_EXPORTS, "blocks", text)
    elif not any(map(described, model.symbols)):
        text = f"none of {_symbols(len(model.symbols))} is described by the debug info"
        yield problem(ProblemKind.NONE_DESCRIBED, "blocks", text, map(_name, model.symbols))


def _entries(model: Model, pieces: Sequence[Piece]) -> Iterator[Problem]:
    """Symbols without an entry, by the reason for it."""
    homes = _homes(pieces)
    crates = {_crate(each) for each in model.symbols if described(each)}
    prebuilt = [each for each in disbelieved(model) if is_prebuilt(unit_of(model, each))]
    std = {_crate(each) for each in prebuilt} - {""}
    groups = defaultdict(list, {ProblemKind.STD: prebuilt})
    for symbol in model.symbols:
        if described(symbol) or symbol.borrowed is not None or symbol.unit is not None:
            continue
        home = homes.get((symbol.binary, symbol.name))
        kind = _why_no_entry(symbol, home, crates)
        if kind != ProblemKind.COMPILER_MADE and home is not None and not _tells(home):
            if home.std:
                groups[ProblemKind.STD].append(symbol)
        elif kind == ProblemKind.CRATE_WITHOUT and _crate(symbol) in std:
            groups[ProblemKind.STD].append(symbol)
        else:
            groups[kind].append(symbol)
    for kind, words in _WORDS.items():
        group = groups.get(kind, [])
        if group:
            of = _of(len(group), len(model.symbols))
            grade: Grade = "note" if kind == ProblemKind.COMPILER_MADE else "narrows"
            text = words.format(of, ", ".join(sorted({_crate(each) for each in group})))
            yield problem(kind, grade, text, map(_name, group))


def _versions(model: Model) -> Iterator[Problem]:
    found = [each for each in model.symbols if described(each) and each.version is None]
    if found:
        text = f"{_of(len(found), len(model.symbols))} without a kernel version"
        yield problem(ProblemKind.NO_VERSION, "note", text, map(_name, found))


def _homes(pieces: Iterable[Piece]) -> dict[tuple[str, str], Piece]:
    """Where each symbol is exported; the first place, as in the model."""
    homes: dict[tuple[str, str], Piece] = {}
    for piece in pieces:
        for name in piece.exports:
            homes.setdefault((piece.binary, name), piece)
    return homes


def _tells(piece: Piece) -> bool:
    """Whether anything could be read of a piece; else that is why a symbol has no entry."""
    return bool(piece.units) and not piece.rejected


_WORDS: Final = {
    ProblemKind.CRATE_WITHOUT: "{} of a crate of which none is described: {}",
    ProblemKind.METHOD: "{}: named in the debug info, but not where symbols are looked up",
    ProblemKind.ASSEMBLER: "{}: labels without a type, as of an assembler",
    ProblemKind.NO_ENTRY: "{}: no entry in the debug info",
    ProblemKind.STD: "{} of the standard library, which has line tables only",
    ProblemKind.COMPILER_MADE: "{}: made by rustc itself",
}


def _why_no_entry(symbol: Symbol, home: Piece | None, crates: set[str]) -> ProblemKind:
    crate = _crate(symbol)
    if is_compiler_made(symbol.name):
        return ProblemKind.COMPILER_MADE
    if home is not None and symbol.name in home.labels:
        return ProblemKind.ASSEMBLER
    word = symbol.name.encode("utf-8", "surrogateescape") + b"\0"
    if crate and home is not None and word in home.strings:
        return ProblemKind.METHOD
    return ProblemKind.CRATE_WITHOUT if crate and crate not in crates else ProblemKind.NO_ENTRY


def _folded(model: Model) -> Iterator[Problem]:
    found = [each for each in model.symbols if not described(each) and each.borrowed is not None]
    if found:
        number = _of(len(found), len(model.symbols))
        text = f"{number}: folded into another of equal code, or an alias of it"
        into = (f"{_name(each)}, into {demangle(each.borrowed or '')}" for each in found)
        yield problem(ProblemKind.FOLDED, "narrows", text, into)


def _types(gaps: Iterable[Gap]) -> Iterator[Problem]:
    groups: dict[GapKind, set[str]] = defaultdict(set)
    for gap in gaps:
        detail = "" if gap.detail in ("", gap.subject) else f": {gap.detail}"
        groups[gap.kind].add(gap.subject + detail)
    for kind, (shown, words) in _TYPE_GAPS.items():
        if kind in groups:
            number = len(groups[kind])
            text = words.format(count(number, number, "type"))
            yield problem(shown, "narrows", text, groups[kind])


def _crate(symbol: Symbol) -> str:
    return crate_of(demangle(symbol.name))


def _name(symbol: Symbol) -> str:
    return demangle(symbol.name)


def _of(number: int, of: int) -> str:
    return count(number, of, "exported symbol")


def _symbols(number: int) -> str:
    return count(number, number, "exported symbol")


def _names(number: int) -> str:
    return count(number, number, "name")
