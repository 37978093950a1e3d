"""The two versions of each symbol in two builds: the kernel's, and that of the layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rustabi.diff import Comparison
from rustabi.report.facts import crc_text, layout_text, readable
from rustabi.report.page import Block, Column, Line, Span, Table, line, name, spans


@dataclass(frozen=True, slots=True)
class SymbolVersions:
    """The versions of an exported symbol in both builds."""

    symbol: str
    """The linker's name in OLD."""
    name: str
    """The same, demangled."""
    crc_old: str | None
    """The kernel's version in OLD, such as `0x0123abcd`; null where there is none."""
    crc_new: str | None
    """The same in NEW."""
    crc: Literal["same", "changed"] | None
    """Whether a kernel would notice; null where a build has no version."""
    layout_old: str | None
    """The layout version in OLD, such as `0x0123abcd_89ef4567`; see docs/versions.md."""
    layout_new: str | None
    """The same in NEW."""
    layout: Literal["same", "renamed", "changed", "unknown"]
    """`changed` where a breaking change reaches the symbol, `renamed` where only names differ,
    `unknown` where the builds do not tell the same."""


def symbol_versions(comparison: Comparison) -> tuple[SymbolVersions, ...]:
    """The versions of the symbols that both builds export, sorted by name."""
    found = (
        SymbolVersions(
            each.symbol, readable(each.symbol), crc_text(each.old), crc_text(each.new), each.crc,
            layout_text(each.old_layout), layout_text(each.new_layout), each.layout,
        )
        for each in comparison.versions
    )  # fmt: skip
    return tuple(sorted(found, key=lambda each: each.symbol))


_LAYOUTS: Final = ("same", "renamed", "changed", "unknown")
_CRCS: Final = ("same", "changed", None)


def version_lines(versions: Sequence[SymbolVersions], *, everything: bool) -> Iterator[Block]:
    """How many symbols have which versions changed; with ``everything`` each of them.

    Nothing where no version of any symbol changed.
    """
    counts: Counter[tuple[str | None, str]] = Counter((each.crc, each.layout) for each in versions)
    if not any(crc == "changed" or layout in ("changed", "renamed") for crc, layout in counts):
        return
    yield line(Span("symbol versions", "title"))
    shown = [each for each in _LAYOUTS if any(counts[crc, each] for crc in _CRCS)]
    columns = (Column(), *(Column(f"layout {each}", right=True) for each in shown))
    rows = tuple(
        (
            spans(f"kernel's CRC {crc or 'unknown'}"),
            *(spans(str(counts[crc, layout] or "-")) for layout in shown),
        )
        for crc in _CRCS
        if any(counts[crc, layout] for layout in shown)
    )
    yield Table(columns, rows, indent=2)
    if everything:
        yield from map(_symbol_line, versions)


def _symbol_line(versions: SymbolVersions) -> Line:
    state = f"  CRC {versions.crc or 'unknown'}, layout {versions.layout}"
    return Line(spans(name(versions.name)), 4, spans(Span(state, "dim")))
