"""What every report says of a build, and how it writes names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from rustabi.lists import NOT_FOUND as NOT_FOUND  # the report tells of it, the list defines it
from rustabi.model import Model
from rustabi.names import STD_CRATES as STD_CRATES
from rustabi.names import crate_of, demangle

if TYPE_CHECKING:
    from rustabi.diff import Gap

_RUSTC = re.compile(r"rustc version (\S+(?: \([^)]*\))?)")
_MODULES = re.compile(r"(?<![\w:])(?:[a-z_][a-z0-9_]*(?:\{[^{}]*\})?::|\{[^{}]*\}::)+(?=[\w&*(\[])")


Exact: TypeAlias = int | str
"""An integer; beyond 2**53 a decimal string, because many JSON readers know only doubles."""

_LARGEST_DOUBLE: Final = 1 << 53


@dataclass(frozen=True, slots=True)
class BuildFacts:
    """What is known of a build."""

    target: str
    """What was read, as it was named."""
    machine: str
    """ELF name of the architecture, such as `x86_64`."""
    address_size: int
    """Bytes of a pointer."""
    compilers: tuple[str, ...]
    """The Rust compilers that made it, such as `rustc 1.95.0 (59807616e 2026-04-14)`."""
    build_id: str | None
    """Hexadecimal; null where the binary has none."""
    crates: tuple[str, ...]
    """Crates with their versions, where the build tells them."""
    export_rule: str
    """How the exported symbols were told, in words."""
    skipped: tuple[str, ...]
    """Files that could not be read among others that could, as `name: reason`."""
    symbols: int
    """Number of exported symbols."""
    types: int
    """Number of types, those without a name included."""


NOT_FOUND_MEANS: Final = "the symbol list names it, but neither build exports it"


@dataclass(frozen=True, slots=True)
class GapReport:
    """Something that could not be checked."""

    kind: str
    """Why, such as `symbol-folded`; see `rustabi explain`."""
    subject: str
    """The symbol or type, readable."""
    detail: str
    """More, such as the symbol it was folded into; may be empty."""
    side: str
    """`old`, `new` or `both`; empty where only one build is read."""
    explanation: str
    """The kind in words."""


def build_facts(model: Model, target: str) -> BuildFacts:
    """The facts of a model that was read from ``target``."""
    facts = model.facts
    return BuildFacts(
        target=target,
        machine=facts.machine,
        address_size=facts.address_size,
        compilers=tuple(dict.fromkeys(compiler(each) for each in facts.compilers)),
        build_id=facts.build_id,
        crates=facts.crates,
        export_rule=facts.export_rule,
        skipped=facts.skipped,
        symbols=len(model.symbols),
        types=len(model.types),
    )


def compiler(producer: str) -> str:
    """``clang LLVM (rustc version 1.95.0 (…))`` -> ``rustc 1.95.0 (…)``."""
    found = _RUSTC.search(producer)
    return f"rustc {found[1]}" if found else producer


def gap_report(gap: Gap, side: str) -> GapReport:
    """A gap with its explanation."""
    from rustabi.diff.gaps import EXPLANATIONS  # brings networkx, which most reports do without

    return GapReport(str(gap.kind), gap.subject, gap.detail, side, EXPLANATIONS[gap.kind])


def exact(value: int | None) -> Exact | None:
    """An integer as every JSON reader reads it."""
    return str(value) if value is not None and abs(value) > _LARGEST_DOUBLE else value


def readable(name: str) -> str:
    """A symbol or type for people."""
    return demangle(name)


def crc_text(version: int | None) -> str | None:
    """A kernel's version as it is written: ``0x0123abcd``."""
    return None if version is None else f"0x{version:08x}"


def layout_text(version: int | None) -> str | None:
    """A layout version as it is written, half by half: ``0x0123abcd_89ef4567``."""
    return None if version is None else f"0x{version >> 32:08x}_{version & 0xFFFFFFFF:08x}"


def short(name: str) -> str:
    """A name without crate and modules, arguments included: ``Vec<Bar>``, ``Event::Click``."""
    return _MODULES.sub("", name)


def crate(name: str) -> str:
    """The crate of a readable name; empty for C names and primitives."""
    return crate_of(name)


def plural(count: int, noun: str, several: str = "") -> str:
    """``1 type``, ``2 types``; ``several`` is the plural where it is not made with an s."""
    return f"{count} {noun if count == 1 else several or noun + 's'}"
