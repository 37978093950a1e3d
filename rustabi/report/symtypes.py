"""What ``rustabi symtypes-diff`` says: versions that differ, once per record that is to blame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from rustabi.report.facts import plural, readable
from rustabi.report.page import Block, Line, Page, Span, line, name, separated
from rustabi.symtypesdiff import Cause, Edit, SymtypesDiff

_SHOWN: Final = 10
"""Symbols that are listed for each cause, unless all are asked for."""

_KINDS: Final = {"s": "struct", "u": "union", "e": "enum", "t": "typedef", "E": "enumerator"}


@dataclass(frozen=True, slots=True)
class PartReport:
    """A part of a record that differs: a member, a parameter, an enumerator, a size."""

    edit: Edit
    """What happened to it."""
    old: str
    """Its tokens in OLD; empty where it was added."""
    new: str
    """Its tokens in NEW; empty where it was removed."""


@dataclass(frozen=True, slots=True)
class CauseReport:
    """A record that differs, and the exported symbols whose version it changes."""

    kind: Literal["struct", "union", "enum", "typedef", "enumerator", "symbol"]
    """What it is the record of."""
    name: str
    """The name of the type, or of the exported symbol."""
    opaque: Literal["", "old", "new"]
    """On which side it is an opaque declaration; empty where on both or on none."""
    parts: tuple[PartReport, ...]
    """What differs, in the order of the record."""
    symbols: tuple[str, ...]
    """The exported symbols, by the linker's name, sorted."""


@dataclass(frozen=True, slots=True)
class SymtypesDiffReport:
    """What `rustabi symtypes-diff --format json` prints."""

    report: Literal["symtypes-diff"]
    """Tells this report from others."""
    verdict: Literal["same", "different"]
    """Whether the two sets give all symbols the same versions."""
    old: str
    """What was read as OLD."""
    new: str
    """What was read as NEW."""
    causes: tuple[CauseReport, ...]
    """Records that differ, those with most symbols first."""
    changed: tuple[str, ...]
    """Exported symbols with another version, sorted."""
    added: tuple[str, ...]
    """Exported symbols that only NEW has, sorted."""
    removed: tuple[str, ...]
    """Exported symbols that only OLD has, sorted."""
    same: int
    """Number of exported symbols with one version."""


def symtypes_diff_report(found: SymtypesDiff, old: str, new: str) -> SymtypesDiffReport:
    """The report of a comparison of ``old`` and ``new``."""
    different = found.changed or found.added or found.removed
    return SymtypesDiffReport(
        report="symtypes-diff",
        verdict="different" if different else "same",
        old=old,
        new=new,
        causes=tuple(map(_cause, found.causes)),
        changed=found.changed,
        added=found.added,
        removed=found.removed,
        same=found.same,
    )


def _cause(cause: Cause) -> CauseReport:
    prefix, mark, rest = cause.name.partition("#")
    kind = _KINDS.get(prefix) if mark else None
    return CauseReport(
        kind=kind or "symbol",  # type: ignore[arg-type]  # the table has no other words
        name=rest.strip("'") if kind else cause.name,
        opaque=cause.opaque,
        parts=tuple(PartReport(*each) for each in cause.differences),
        symbols=cause.symbols,
    )


# text


def symtypes_diff_page(report: SymtypesDiffReport, *, everything: bool) -> Page:
    """The report as text.

    Args:
        report: What to show.
        everything: List all symbols, however many.
    """
    return tuple(
        separated(
            [
                [_head(report)],
                *(list(_cause_lines(each, everything)) for each in report.causes),
                list(_symbol_lines("removed", report.removed, everything)),
                list(_symbol_lines("added", report.added, everything)),
            ]
        )
    )


def _head(report: SymtypesDiffReport) -> Line:
    total = plural(len(report.changed) + report.same, "exported symbol")
    if report.verdict == "same":
        return line(Span("SAME", "good"), f": {total}, all with the same version")
    counts = [f"{len(report.changed)} of {total} with another version"]
    counts += [plural(len(report.causes), "cause")] if report.causes else []
    counts += [f"{len(report.added)} added"] if report.added else []
    counts += [f"{len(report.removed)} removed"] if report.removed else []
    return line(Span("DIFFERENT", "bad"), f": {', '.join(counts)}")


_SIDES: Final = {"": "", "old": "  opaque before", "new": "  opaque now"}
_MARKS: Final = {"added": "+", "removed": "-", "changed": "~", "moved": ">"}


def _cause_lines(cause: CauseReport, everything: bool) -> Iterator[Block]:
    own = cause.kind == "symbol"
    shown = readable(cause.name) if own else cause.name
    yield line(f"{cause.kind} ", Span(shown, "title"), Span(_SIDES[cause.opaque], "warn"))
    for part in cause.parts:
        if part.edit == "changed":
            yield line(Span(f"- {part.old}", "removed"), indent=2)
            yield line(Span(f"+ {part.new}", "added"), indent=2)
        else:
            text = f"{_MARKS[part.edit]} {part.new or part.old}"
            yield line(text, "  (moved)" if part.edit == "moved" else "", indent=2)
    if cause.symbols != (cause.name,):
        yield line(f"changes the version of {plural(len(cause.symbols), 'exported symbol')}:",
                   indent=2)  # fmt: skip
        yield from _names(cause.symbols, everything)


def _symbol_lines(what: str, symbols: tuple[str, ...], everything: bool) -> Iterator[Block]:
    if symbols:
        yield line(f"{what}: {plural(len(symbols), 'exported symbol')}")
        yield from _names(symbols, everything)


def _names(symbols: tuple[str, ...], everything: bool) -> Iterator[Block]:
    shown = symbols if everything else symbols[:_SHOWN]
    for symbol in shown:
        yield line(name(readable(symbol)), indent=4)
    if len(shown) < len(symbols):
        yield line(f"… ({len(symbols) - len(shown)} more: --all lists them)", indent=4)
