"""What a comparison finds, as values."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from rustabi.diff.gaps import Gap
from rustabi.diff.kinds import Change, Severity
from rustabi.graph import Step
from rustabi.layout_version import bytes_half
from rustabi.model import Model, TypeId

Verdict: TypeAlias = Literal["compatible", "incompatible", "error"]


class Affected(NamedTuple):
    """A symbol that a change reaches.

    Attributes:
        symbol: The linker's name.
        path: The steps from the symbol to what changed; empty when it is the symbol itself.
        by_value: Whether it is reached without passing a pointer on some way.
    """

    symbol: str
    path: tuple[Step, ...]
    by_value: bool


class Consequence(NamedTuple):
    """A type whose layout changed because the type of the finding did."""

    type: str
    change: Change


class Subject(NamedTuple):
    """A type that a finding is about, in the model whose symbols are listed as affected.

    Attributes:
        in_new: It is a type of NEW: OLD does not reach it.
    """

    in_new: bool
    type: TypeId


class Finding(NamedTuple):
    """One change of one type or symbol, told once however many symbols it reaches.

    Attributes:
        type: The type or symbol that changed: its name in OLD (in NEW, where it is new).
        change: What changed.
        severity: After asking whether an export reaches it.
        affected: Exported symbols that reach it, sorted by name.
        consequences: Types whose layout follows from it.
        in_new: The paths are of NEW: OLD does not reach the type.
        subjects: The types that changed so; several where types of one name did. None for a change
            of a symbol itself or of the build.
        unruled: The severity before a kABI rule of a target accepted the change; None where none
            did. See `rustabi.diff.accepted`.

    Example:
        >>> import rustabi
        >>> finding = rustabi.compare("member_added-old.o", "member_added-new.o").findings[0]
        >>> finding.type, finding.change.where, finding.change.new
        ('member_added::Config', 'mode', 'u16 at 6')
        >>> [(affected.symbol, affected.by_value) for affected in finding.affected]
        [('config_id', False)]
    """

    type: str
    change: Change
    severity: Severity
    affected: tuple[Affected, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    in_new: bool = False
    subjects: tuple[Subject, ...] = ()
    unruled: Severity | None = None


class SharedGap(NamedTuple):
    """A gap and the side that has it."""

    gap: Gap
    side: Literal["old", "new", "both"]


LayoutState: TypeAlias = Literal["same", "renamed", "changed", "unknown"]


class VersionPair(NamedTuple):
    """The versions of a symbol in both builds; None where a build has none.

    Attributes:
        symbol: Its name in OLD.
        old, new: The kernel's versions.
        old_layout, new_layout: The layout versions; see `rustabi.layout_version`.
        breaks: A breaking change reaches the symbol.
    """

    symbol: str
    old: int | None
    new: int | None
    old_layout: int | None = None
    new_layout: int | None = None
    breaks: bool = False

    @property
    def crc(self) -> Literal["same", "changed"] | None:
        """Whether the kernel's version changed; None where a build has none."""
        if self.old is None or self.new is None:
            return None
        return "same" if self.old == self.new else "changed"

    @property
    def layout(self) -> LayoutState:
        """Whether a caller has to care.

        ``renamed`` where only names differ; ``unknown`` where a build has no layout version, or
        they differ because one build tells what the other does not (a gap).
        """
        if self.breaks:
            return "changed"
        if self.old_layout is None or self.new_layout is None:
            return "unknown"
        if self.old_layout == self.new_layout:
            return "same"
        same_bytes = bytes_half(self.old_layout) == bytes_half(self.new_layout)
        return "renamed" if same_bytes else "unknown"


class Comparison(NamedTuple):
    """All that a comparison found.

    Attributes:
        old, new: What was compared.
        findings: Worst first, then by type.
        gaps: What could not be checked.
        lost: Gaps that NEW has although OLD had the data: there is no verdict then, unless
            something breaks anyway.
        compared: Number of symbols that both builds describe.
        versions: Symbols that both builds export, by their names in OLD.
        types: Number of types that were compared; see `rustabi.diff.coverage`.
        removed: Number of symbols of OLD that NEW does not export.

    Example:
        >>> import rustabi
        >>> found = rustabi.compare("member_added-old.o", "member_added-new.o")
        >>> found.verdict, len(found.findings), found.compared
        ('incompatible', 1, 2)
        >>> {shared.gap.kind.value for shared in found.gaps}
        {'calling-convention-unknown'}
    """

    old: Model
    new: Model
    findings: tuple[Finding, ...]
    gaps: tuple[SharedGap, ...]
    lost: tuple[Gap, ...]
    compared: int
    versions: tuple[VersionPair, ...] = ()
    types: int = 0
    removed: int = 0

    @property
    def verdict(self) -> Verdict:
        """``incompatible`` when something breaks; ``error`` when data were lost, or never there.

        Where neither build exports a symbol it is ``error``, too: no change could break a caller.
        """
        if any(finding.severity is Severity.BREAK for finding in self.findings):
            return "incompatible"
        silent = self.lost or self.is_blank or self.exports_nothing
        return "error" if silent else "compatible"

    @property
    def exports_nothing(self) -> bool:
        """Whether neither build has a symbol that a caller could be compiled against."""
        return not self.old.symbols and not self.new.symbols

    @property
    def is_blank(self) -> bool:
        """Whether there are exported symbols, and no debug info describes any of them."""
        sides = (self.old.symbols, self.new.symbols)
        return any(sides) and not any(each.kind for symbols in sides for each in symbols)
