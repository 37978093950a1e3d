"""What is wrong with files, sections and units: all that is known before a type is read."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from rustabi.doctor.examine import Piece, UnitFacts
from rustabi.doctor.kinds import ProblemKind, Remedy
from rustabi.doctor.origins import is_compiler_made
from rustabi.doctor.problems import Grade, Problem, count, problem, which

_REDUCED: Final = ("-femit-struct-debug-baseonly", "-femit-struct-debug-reduced")
_GNU_OPTIONS: Final = re.compile(r" -[a-zA-Z].*")
_GNU: Final = re.compile(r"^(GNU C)\d+")
_RUSTC: Final = re.compile(r".*\((rustc) version (.*)\)$")
_GCC_LTO: Final = (".gnu.lto_", ".gnu.debuglto_")

Check: TypeAlias = Callable[[Sequence[Piece], Grade], Iterator[Problem]]
"""Finds problems in pieces. The grade is that of debug info which is not there: ``blocks`` where
the loader found no types at all, else ``narrows``."""


def problems_of(pieces: Sequence[Piece], missing: Grade) -> list[Problem]:
    """What is wrong with the pieces.

    Args:
        pieces: All that belong to one target.
        missing: The grade of debug info that is not there, see `Check`.
    """
    return [each for check in _CHECKS for each in check(pieces, missing)]


# files


def _unreadable(pieces: Sequence[Piece], _: Grade) -> Iterator[Problem]:
    broken = [each for each in pieces if each.error is not None and not each.packed]
    if broken and broken[0].error is not None:
        first = broken[0].error
        place = f" ({first.place})" if first.place else ""
        text = f"{_files(broken, pieces)}{first.message}{place}"
        yield problem(ProblemKind.UNREADABLE, "blocks", text, _labels(broken), first.advice)


def _bitcode(pieces: Sequence[Piece], missing: Grade) -> Iterator[Problem]:
    found = [each for each in pieces if each.bitcode]
    if found:
        text = f"{which(len(found), len(pieces), 'member')}LLVM bitcode in place of an object"
        yield problem(ProblemKind.BITCODE, "blocks", text, _labels(found))
    found = [each for each in _lacking(pieces, missing) if _is_gcc_lto(each)]
    if found:
        text = f"{_files(found, pieces)}GCC's code for the linker in place of machine code"
        yield problem(ProblemKind.BITCODE, missing, text, _labels(found))


def _is_gcc_lto(piece: Piece) -> bool:
    return any(name.startswith(_GCC_LTO) for name in piece.sections)


def _packed(pieces: Sequence[Piece], _: Grade) -> Iterator[Problem]:
    found = [each for each in pieces if each.packed]
    if found:
        sections = sorted({name for each in found for name in each.packed})
        text = f"{_files(found, pieces)}compressed, and cannot be unpacked: {', '.join(sections)}"
        yield problem(ProblemKind.PACKED, "blocks", text, _labels(found))


def _lacking(pieces: Iterable[Piece], missing: Grade) -> list[Piece]:
    """The objects without debug info that have symbols to describe; all where there is nothing."""
    pieces = list(pieces)
    bare = [each for each in pieces if not (each.bitcode or each.error or each.described)]
    own = [each for each in bare if not each.std and not all(map(is_compiler_made, each.exports))]
    nothing = missing == "blocks" and not own and not any(each.described for each in pieces)
    return bare if nothing else own


def _without_debug_info(pieces: Sequence[Piece], missing: Grade) -> Iterator[Problem]:
    groups: dict[ProblemKind, list[Piece]] = defaultdict(list)
    for piece in _lacking(pieces, missing):
        groups[_why_none(piece)].append(piece)
    for kind, group in sorted(groups.items()):
        if kind != ProblemKind.BITCODE:
            text = f"{_files(group, pieces)}{_none_in_words(kind, group[0])}"
            if missing != "blocks":
                number = sum(len(each.exports) for each in group)
                text += f"; {count(number, number, 'exported symbol')} in there"
            extra = () if kind == ProblemKind.SEPARATE else _debug_file(group)
            yield problem(kind, missing, text, _labels(group), extra=extra)


def _why_none(piece: Piece) -> ProblemKind:
    if ".debug_info.dwo" in piece.sections:
        return ProblemKind.DWO
    if piece.separate:
        return ProblemKind.SEPARATE
    if _is_gcc_lto(piece):
        return ProblemKind.BITCODE
    if not piece.sections.isdisjoint((".debug_line", ".zdebug_line")):
        return ProblemKind.LINE_DIRECTIVES
    return ProblemKind.NO_DEBUG_INFO if piece.table else ProblemKind.STRIPPED


def _none_in_words(kind: ProblemKind, first: Piece) -> str:
    if kind == ProblemKind.DWO:
        return "a .dwo or .dwp file, which belongs to another one"
    words = {
        ProblemKind.SEPARATE: f"no .debug_info, but .gnu_debuglink names {first.separate}",
        ProblemKind.LINE_DIRECTIVES: "line numbers (.debug_line), but no .debug_info, as with"
        " debuginfo=line-directives-only",
        ProblemKind.STRIPPED: "neither .debug_info nor .symtab: stripped of all that is not needed"
        " to run",
    }
    plain = "no .debug_info: built without it (as with debuginfo=0), or stripped of it"
    if ".BTF" in first.sections:
        plain += " (.BTF has C's types alone, and is not read)"
    return words.get(kind, plain)


def _debug_file(pieces: Sequence[Piece]) -> Iterator[Remedy]:
    """Where distributions put the debug info of a file: by its build-id."""
    build_id = pieces[0].build_id
    if len(pieces) == 1 and build_id:
        place = f"/usr/lib/debug/.build-id/{build_id[:2]}/{build_id[2:]}.debug"
        yield Remedy("tool", f"or, where there is {place}: join the two with eu-unstrip")


def _hollow(pieces: Sequence[Piece], _: Grade) -> Iterator[Problem]:
    found = [each for each in pieces if each.hollow and each.units]
    if found:
        text = f"{_files(found, pieces)}the debug info of another file, without its code"
        yield problem(ProblemKind.HOLLOW, "narrows", text, _labels(found))


def _alternate(pieces: Sequence[Piece], _: Grade) -> Iterator[Problem]:
    marks = (".gnu_debugaltlink", ".debug_sup")
    found = [
        each
        for each in pieces
        if each.units
        and (not each.sections.isdisjoint(marks) or any(unit.alternate for unit in each.units))
    ]
    if found:
        text = f"{_files(found, pieces)}dwz moved debug info to another file"
        yield problem(ProblemKind.DWZ, "blocks", text, _labels(found))


# units


def _split(pieces: Sequence[Piece], missing: Grade) -> Iterator[Problem]:
    units = _units(pieces)
    found = [each for each in units if each.state == "split"]
    if found:
        packed = sorted({each.dwp for each in pieces if each.dwp})
        where = f"packed ({', '.join(packed)})" if packed else "unpacked (.dwo files)"
        text = f"{count(len(found), len(units), 'unit')} with debug info split off, {where}"
        yield problem(ProblemKind.SPLIT, missing, text, (each.split for each in found))


def _untyped(pieces: Sequence[Piece], missing: Grade) -> Iterator[Problem]:
    """Crates without types: debuginfo=1, line tables, the standard library."""
    bare = [each for each in _bare(pieces) if each.rust]
    own = {each.crate: each for each in bare if not each.prebuilt}
    limited = {each.crate for each in bare if each.namespaces}
    crates = {each.crate for each in _units(pieces) if each.rust and not each.prebuilt}
    for kind, level, group in (
        (ProblemKind.LIMITED, "debuginfo=1", own.keys() & limited),
        (ProblemKind.LINE_TABLES, "debuginfo=line-tables-only", own.keys() - limited),
    ):
        if group:
            crate = count(len(group), len(crates), "crate")
            text = f"{crate} with functions, but without types, as with {level}"
            yield problem(kind, missing, text, _places([own[each] for each in group]))
    prebuilt = {each.crate for each in bare if each.prebuilt}
    if prebuilt:
        number = len(prebuilt)
        text = f"{count(number, number, 'crate')} of the standard library without types"
        yield problem(ProblemKind.STD, "note", text)


def _places(units: Sequence[UnitFacts]) -> list[str]:
    """The units' names, with the folder before those that several have."""
    names = Counter(each.name for each in units)
    return [each.name if names[each.name] == 1 else each.crate for each in units]


def _bare(pieces: Iterable[Piece]) -> list[UnitFacts]:
    """Units without types, of crates and files without any.

    As in the loader, a unit without types is believed where another one of its crate has some.
    """
    found: list[UnitFacts] = []
    files: dict[str, list[UnitFacts]] = defaultdict(list)
    for piece in pieces:
        files[piece.binary] += piece.units
    for units in files.values():
        typed = {each.crate for each in units if each.state == "typed"}
        found += (each for each in units if each.state == "untyped" and each.crate not in typed)
    return found


def _only_std(pieces: Sequence[Piece], missing: Grade) -> Iterator[Problem]:
    units = _units(pieces)
    only_std = bool(units) and all(each.prebuilt for each in units)
    if missing == "blocks" and only_std and not _lacking(pieces, missing):
        text = (
            "no .debug_info of its own, only that of the standard library: built with debuginfo=0"
        )
        yield problem(ProblemKind.NO_DEBUG_INFO, missing, text, _labels(pieces))


def _c_without_types(pieces: Sequence[Piece], missing: Grade) -> Iterator[Problem]:
    units = [each for each in _units(pieces) if each.c]
    found = [each for each in units if each.state == "untyped"]
    if found:
        text = f"{count(len(found), len(units), 'unit')} of C built with -g1: functions, no types"
        yield problem(ProblemKind.C_G1, missing, text, (each.name for each in found))
    elif units and all(each.state == "open" for each in units):
        text = f"{count(len(units), len(units), 'unit')} of C without any type, as with -g1"
        yield problem(ProblemKind.C_G1, "note", text, (each.name for each in units))


def _reduced(pieces: Sequence[Piece], _: Grade) -> Iterator[Problem]:
    units = _units(pieces)
    found = [each for each in units if any(flag in each.producer for flag in _REDUCED)]
    if found:
        text = f"{count(len(found), len(units), 'unit')} built with -femit-struct-debug-..."
        yield problem(ProblemKind.REDUCED, "narrows", text, (each.name for each in found))


def _assembler(pieces: Sequence[Piece], missing: Grade) -> Iterator[Problem]:
    units = _units(pieces)
    if missing == "blocks" and units and all(each.state == "assembler" for each in units):
        text = f"{count(len(units), len(units), 'unit')}, of an assembler alone: no types"
        yield problem(ProblemKind.ASSEMBLER, missing, text, (each.name for each in units))


def _optimised(pieces: Sequence[Piece], _: Grade) -> Iterator[Problem]:
    units = [each for each in _units(pieces) if not each.prebuilt and not each.alternate]
    found = [each for each in units if (each.rust and each.crossing) or " -flto" in each.producer]
    if found:
        text = f"{count(len(found), len(units), 'unit')} went through link-time optimisation"
        yield problem(ProblemKind.LTO, "note", text, (each.name for each in found))


def _compilers(pieces: Sequence[Piece], _: Grade) -> Iterator[Problem]:
    for language, units in (
        ("Rust", [each for each in _units(pieces) if each.rust]),
        ("C", [each for each in _units(pieces) if each.c]),
    ):
        makers: dict[str, int] = defaultdict(int)
        for unit in units:
            if unit.producer:  # type units have none
                makers[_compiler(unit.producer)] += 1
        if len(makers) > 1:
            text = f"{len(makers)} {language} compilers: {_shares(makers)}"
            yield problem(ProblemKind.COMPILERS, "note", text)


def _compiler(producer: str) -> str:
    """The compiler and its release, without flags and the standard of the language."""
    return _RUSTC.sub(r"\1 \2", _GNU.sub(r"\1", _GNU_OPTIONS.sub("", producer)))


def _versions(pieces: Sequence[Piece], _: Grade) -> Iterator[Problem]:
    versions: dict[str, int] = defaultdict(int)
    for unit in _units(pieces):
        if unit.state != "assembler" and not unit.prebuilt:
            versions[f"DWARF {unit.version}"] += 1
    if len(versions) > 1:
        yield problem(ProblemKind.VERSIONS, "note", _shares(versions))


def _shares(numbers: dict[str, int]) -> str:
    return ", ".join(
        f"{name} ({count(number, number, 'unit')})" for name, number in sorted(numbers.items())
    )


def _units(pieces: Iterable[Piece]) -> list[UnitFacts]:
    return [unit for piece in pieces for unit in piece.units]


def _labels(pieces: Iterable[Piece]) -> list[str]:
    return [each.label for each in pieces]


def _files(found: Sequence[Piece], pieces: Sequence[Piece]) -> str:
    return which(len(found), len(pieces), "file")


_CHECKS: Final[tuple[Check, ...]] = (
    _unreadable, _bitcode, _packed, _without_debug_info, _only_std, _split, _untyped,
    _c_without_types, _assembler, _alternate, _reduced, _hollow, _optimised,
    _compilers, _versions,
)  # fmt: skip
"""In the order in which the problems are told, within one grade."""
