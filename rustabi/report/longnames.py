"""Exported names that do not fit into the kernel's tables, and short names that stand for them.

A record of ``__versions`` has 64 bytes, of which the version takes 8 on 64-bit machines and 4 on
others (struct modversion_info, include/linux/module.h); kallsyms takes names of up to KSYM_NAME_LEN
bytes (include/linux/kallsyms.h, since Linux 6.1). Both count the NUL.

A short name is ``__h_`` and the first 16 hexadecimal digits of the SHA-256 of the name without
``.llvm.N``: an identifier of C, and the same in every build.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from rustabi.binary.archive import is_archive
from rustabi.binary.elf import Elf
from rustabi.binary.exports import exports_of
from rustabi.binary.open import read_binary, read_prefix
from rustabi.errors import InputError, UsageError
from rustabi.lists import read_list
from rustabi.names import without_llvm_suffix
from rustabi.report.facts import plural, readable
from rustabi.report.page import Column, Page, Span, Table, line, name, spans
from rustabi.report.select import near
from rustabi.snapshot import is_snapshot
from rustabi.snapshot import read as read_snapshot
from rustabi.target import resolve

_VERSIONS_RECORD: Final = 64
_KSYM_NAME_LEN: Final = 512
_PREFIX: Final = "__h_"
_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class NameReport:
    """An exported symbol whose name is too long for some table."""

    symbol: str
    """The linker's name."""
    name: str
    """The same, demangled."""
    length: int
    """Bytes of the linker's name, without NUL."""
    fits_versions: bool
    """Whether a record of `__versions` can hold it."""
    fits_kallsyms: bool
    """Whether kallsyms can hold it."""
    short: str | None
    """The short name; null where none was asked for."""


@dataclass(frozen=True, slots=True)
class NamesReport:
    """What `rustabi names --format json` prints."""

    report: Literal["names"]
    """Tells this report from others."""
    exported: int
    """Number of exported symbols that were looked at."""
    versions_limit: int
    """Bytes of the longest name that fits into `__versions`."""
    kallsyms_limit: int
    """Bytes of the longest name that fits into kallsyms."""
    names: tuple[NameReport, ...]
    """Those that do not fit into one of them, or the one that was looked up; sorted."""


def read_exports(targets: Iterable[str]) -> tuple[list[str], int]:
    """The exported names of all targets, and the bits of their machine (64 where none tells).

    Raises:
        InputError: A target cannot be read.
    """
    found: dict[str, None] = {}
    bits = 64
    for target in targets:
        path = Path(target)
        prefix = read_prefix(path) if path.is_file() else b""
        if is_snapshot(prefix):
            model = read_snapshot(path)
            bits = 8 * model.facts.address_size
            found.update(dict.fromkeys(symbol.name for symbol in model.symbols))
            continue
        if prefix and b"\0" not in prefix:
            found.update(dict.fromkeys(read_list(read_binary(path), str(path)).names))
            continue
        for binary in resolve(path).binaries:
            data = read_binary(binary.path)
            if is_archive(data):
                raise InputError("names of an archive are not checked", path=binary.path,
                                 advice="name objects, modules or a vmlinux")  # fmt: skip
            elf = Elf(data, str(binary.path))
            bits = 8 * elf.address_size
            found.update(dict.fromkeys(exports_of(elf).names))
    if not found:
        raise InputError("no symbol is exported there", advice="name what exports some")
    return list(found), bits


def short_name(symbol: str) -> str:
    """The short name of a symbol: the same in every build."""
    text = without_llvm_suffix(symbol).encode("utf-8", "surrogateescape")
    return _PREFIX + hashlib.sha256(text).hexdigest()[:_DIGITS]


def names_report(
    exported: Sequence[str], bits: int = 64, *, hashed: bool = False, lookup: str | None = None
) -> NamesReport:
    """Which names are too long.

    Args:
        exported: All exported names.
        bits: Of the machine.
        hashed: Give short names.
        lookup: A name, or a short name, of the only symbol to show.

    Raises:
        InputError: Two names have one short name.
        UsageError: Nothing has the name that was looked up.
    """
    limits = _VERSIONS_RECORD - bits // 8 - 1, _KSYM_NAME_LEN - 1
    shorts = {symbol: short_name(symbol) for symbol in exported}
    _require_distinct(shorts)
    if lookup is None:
        shown = [symbol for symbol in exported if _length(symbol) > min(limits)]
    else:
        wanted = without_llvm_suffix(lookup)
        shown = [
            symbol
            for symbol in exported
            if wanted in (without_llvm_suffix(symbol), shorts[symbol], readable(symbol))
        ]
        if not shown:
            raise UsageError(f"no exported symbol is called {lookup!r}",
                             advice=near(lookup, exported, "check the name"))  # fmt: skip
    names = tuple(
        NameReport(
            symbol=symbol,
            name=readable(symbol),
            length=_length(symbol),
            fits_versions=_length(symbol) <= limits[0],
            fits_kallsyms=_length(symbol) <= limits[1],
            short=shorts[symbol] if hashed or lookup is not None else None,
        )
        for symbol in sorted(shown)
    )
    return NamesReport("names", len(exported), *limits, names)


def _require_distinct(shorts: dict[str, str]) -> None:
    owners: dict[str, str] = {}
    for symbol, short in sorted(shorts.items()):
        plain = without_llvm_suffix(symbol)
        if owners.setdefault(short, plain) != plain:
            raise InputError(
                f"{plain} and {owners[short]} have the same short name {short}",
                advice="rename one of them",
            )


def _length(symbol: str) -> int:
    return len(symbol.encode("utf-8", "surrogateescape"))


def names_page(report: NamesReport) -> Page:
    """The report as text."""
    count = sum(not each.fits_versions for each in report.names)
    head = line(
        Span(plural(report.exported, "exported symbol"), "title"),
        f", {count} too long for __versions (over {report.versions_limit} bytes),"
        f" {sum(not each.fits_kallsyms for each in report.names)} for kallsyms"
        f" (over {report.kallsyms_limit})",
    )
    if not report.names:
        return (head,)
    hashed = report.names[0].short is not None
    columns = [Column("length", right=True), Column("symbol"), Column("linker name", optional=True)]
    rows = [
        [spans(str(each.length)), spans(name(each.name)), spans(Span(each.symbol, "dim"))]
        for each in report.names
    ]
    if hashed:
        columns.insert(1, Column("short name"))
        for row, each in zip(rows, report.names, strict=True):
            row.insert(1, spans(each.short or ""))
    return (head, Table(tuple(columns), tuple(map(tuple, rows))))
