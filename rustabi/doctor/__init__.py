"""Does a build's debug info suffice for a verdict, and what is to be changed in the build?

Other commands stop at the first thing that is wrong. Here the same loader is asked, and beside it
every file is looked at by itself, so that all that is wrong is told at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from rustabi.binary.open import read_prefix
from rustabi.doctor import binaries, symbols
from rustabi.doctor.examine import Piece, examine, is_code
from rustabi.doctor.kinds import Build, ProblemKind, Remedy
from rustabi.doctor.problems import Grade, Problem, count, fitting, problem
from rustabi.errors import InputError, NoDebugInfoError, RustabiError
from rustabi.means import PLAIN, Means
from rustabi.model import Model
from rustabi.pieces import Binary, Progress
from rustabi.target import Kind, Target, load_target, resolve

if TYPE_CHECKING:
    from rustabi.cargo import Build as CargoBuild

__all__ = ["Diagnosis", "Grade", "Problem", "ProblemKind", "Remedy", "UnitGroup", "diagnose"]

_GRADES: Final[tuple[Grade, ...]] = ("blocks", "narrows", "note")


class UnitGroup(NamedTuple):
    """Units that were compiled alike.

    Attributes:
        producer: The compiler's own words; empty in skeletons.
        version: Of DWARF.
        state: How much they say, see `rustabi.loader.depth.Depth`.
        units: How many.
    """

    producer: str
    version: int
    state: str
    units: int


class Diagnosis(NamedTuple):
    """What a build's debug info is good for.

    Attributes:
        kind: What the target is; None where it is nothing that rustabi reads.
        machine: ELF name of the architecture; empty where nothing tells.
        exported: Number of exported symbols.
        described: How many of them the debug info describes.
        rule: How the exported symbols were told, in words; empty where there is no file with any.
        units: Of all files together.
        problems: Gravest first.

    Example:
        >>> import rustabi
        >>> diagnosis = rustabi.diagnose("folded_function-new.o")
        >>> [(problem.kind.value, problem.grade) for problem in diagnosis.problems]
        [('symbol-folded', 'narrows')]
    """

    kind: Kind | None
    machine: str
    exported: int
    described: int
    rule: str
    units: tuple[UnitGroup, ...]
    problems: tuple[Problem, ...]

    @property
    def suffices(self) -> bool:
        """Whether a verdict can be had, of all or of part."""
        return all(each.grade != "blocks" for each in self.problems)


def diagnose(
    path: str | Path,
    *,
    build: CargoBuild | None = None,
    progress: Progress | None = None,
    means: Means = PLAIN,
) -> Diagnosis:
    """Tell whether the debug info of a target suffices for a verdict.

    Where it says so, `rustabi.load` reads the target.

    Args:
        path: A file or folder, as for `rustabi.load`.
        build: How to build a crate; it is built with full debug info, whatever its profile says.
        progress: Told what is being done.
        means: Who reads, and where models are kept.

    Raises:
        InputError: There is no such file, or the system does not let us read it.
        BuildError: Cargo fails to build the crate.
    """
    path = Path(path)
    try:
        target = resolve(path, build=build, progress=progress)
    except InputError as error:
        if isinstance(error.__cause__, OSError):
            raise
        bitcode = path.is_file() and is_code(read_prefix(path))
        pieces = examine([Binary(path, "")], alone=True) if bitcode else []
        return _diagnosis(None, pieces, None, error.located(path))
    (progress or _silent)(f"examining {path.name}")
    found = target.binaries if target.kind != "snapshot" else ()
    pieces = examine(found, alone=len(found) == 1)
    model, refusal = _loaded(path, build, progress, means)
    return _diagnosis(target, pieces, model, refusal)


def _silent(_: str) -> None:
    """Say nothing."""


def _loaded(
    path: Path, build: CargoBuild | None, progress: Progress | None, means: Means
) -> tuple[Model | None, RustabiError | None]:
    try:
        return load_target(path, build=build, progress=progress, means=means), None
    except RustabiError as error:
        return None, error


def _diagnosis(
    target: Target | None,
    pieces: Sequence[Piece],
    model: Model | None,
    refusal: RustabiError | None,
) -> Diagnosis:
    silent = isinstance(refusal, NoDebugInfoError) or _only_std_tells(pieces)
    missing: Grade = "blocks" if silent else "narrows"
    found = [*binaries.problems_of(pieces, missing), *_unread(target)]
    if model is not None:
        told = [] if pieces else _skipped(model)
        found = [*_judged(found, model, pieces), *symbols.problems_of(model, pieces), *told]
        found = _once(found)
    elif refusal is not None and all(each.grade != "blocks" for each in found):
        found.append(_refused(target, pieces, refusal))
    builds = _builds(pieces)
    found = [each._replace(remedies=fitting(each.remedies, builds)) for each in found]
    exported = sum(len(each.exports) for each in pieces) if model is None else len(model.symbols)
    return Diagnosis(
        kind=None if target is None else target.kind,
        machine=_machine(pieces, model),
        exported=exported,
        described=0 if model is None else sum(map(symbols.described, model.symbols)),
        rule=_rule(pieces) if model is None else model.facts.export_rule,
        units=_groups(pieces),
        problems=tuple(sorted(found, key=lambda each: _GRADES.index(each.grade))),
    )


def _only_std_tells(pieces: Sequence[Piece]) -> bool:
    """Whether no unit describes types but those of the standard library, as in a staticlib."""
    units = [unit for each in pieces for unit in each.units]
    return bool(units) and not any(unit.telling and not unit.prebuilt for unit in units)


_UNITS: Final = (
    ProblemKind.LIMITED, ProblemKind.LINE_TABLES, ProblemKind.C_G1, ProblemKind.SPLIT,
)  # fmt: skip
"""Problems whose subjects are units."""


def _judged(found: Iterable[Problem], model: Model, pieces: Sequence[Piece]) -> Iterator[Problem]:
    """The problems of crates without types by the exported symbols that are in them."""
    units = symbols.lost_by_unit(model, pieces)
    silent = bool(model.symbols) and not any(map(symbols.described, model.symbols))
    for each in found:
        lost = sum(units[name] for name in units if _names(each.subjects, name))
        if each.kind not in _UNITS:
            yield each
        elif lost:
            of = count(lost, len(model.symbols), "exported symbol")
            yield each._replace(found=f"{each.found}; {of} in there")
        elif each.kind == ProblemKind.C_G1 and silent:
            yield each._replace(grade="blocks")
        elif each.grade == "narrows" and each.kind != ProblemKind.SPLIT:
            yield each._replace(grade="note")
        else:
            yield each


def _names(places: Iterable[str], unit: str) -> bool:
    """Whether one of ``places`` is that of a unit, with its folder or without."""
    return any(place == unit or place.endswith(f"/{unit}") for place in places)


def _once(found: Iterable[Problem]) -> list[Problem]:
    """The problems without those of files that the symbols tell better."""
    found = list(found)
    told = {each.kind for each in found if each.grade != "note"}
    return [each for each in found if each.grade != "note" or each.kind not in told]


def _unread(target: Target | None) -> list[Problem]:
    if target is None or not target.unread:
        return []
    number = len(target.unread)
    text = f"{count(number, number, 'file')} in the folder cannot be read"
    return [problem(ProblemKind.UNREADABLE, "narrows", text, target.unread)]


def _skipped(model: Model) -> list[Problem]:
    """What a snapshot says of files that could not be read when it was taken."""
    if not model.facts.skipped:
        return []
    number = len(model.facts.skipped)
    text = f"{count(number, number, 'file')} had no debug info to read"
    return [problem(ProblemKind.NO_DEBUG_INFO, "narrows", text, model.facts.skipped)]


def _refused(target: Target | None, pieces: Sequence[Piece], refusal: RustabiError) -> Problem:
    """Why the loader reads nothing, where looking at the files did not tell."""
    if target is not None and target.kind == "archive" and not any(p.exports for p in pieces):
        number = len(pieces)
        objects = count(number, number, "object") if number else "no object"
        text = f"{objects} in the archive, and no exported code"
        return problem(ProblemKind.NO_CODE, "blocks", text)
    place = f" ({refusal.place})" if refusal.place else ""
    subjects = [refusal.path] if refusal.path else []
    return problem(
        ProblemKind.UNREADABLE, "blocks", f"{refusal.message}{place}", subjects, refusal.advice
    )


def _builds(pieces: Iterable[Piece]) -> set[Build]:
    """By what the pieces seem to have been built."""
    pieces = list(pieces)
    if any(each.kernel for each in pieces):
        return {"kernel"}
    units = [unit for each in pieces for unit in each.units]
    if any(unit.rust for unit in units) or any("rustc" in each.comment for each in pieces):
        return {"cargo", "rustc"}
    if pieces and all(each.bitcode and not _is_rust(each) for each in pieces):
        return {"cargo", "rustc", "kernel", "c"}
    is_c = any(unit.c for unit in units) or any(each.comment for each in pieces)
    return {"c"} if is_c else {"cargo", "rustc"}


def _is_rust(piece: Piece) -> bool:
    return piece.label.endswith(".rcgu.o")


def _rule(pieces: Iterable[Piece]) -> str:
    return ", ".join(sorted({each.rule for each in pieces if each.rule}))


def _machine(pieces: Iterable[Piece], model: Model | None) -> str:
    if model is not None:
        return model.facts.machine
    return ", ".join(sorted({each.machine for each in pieces if each.machine}))


def _groups(pieces: Iterable[Piece]) -> tuple[UnitGroup, ...]:
    groups = Counter(
        (unit.producer, unit.version, unit.state) for each in pieces for unit in each.units
    )
    return tuple(UnitGroup(*key, units) for key, units in sorted(groups.items()))
