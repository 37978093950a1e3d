"""A finding taken apart: for some of the symbols it affects, and what it is a change of."""

from __future__ import annotations

from collections.abc import Iterable

from rustabi.diff.findings import Affected, Finding
from rustabi.diff.kinds import ChangeKind, Severity
from rustabi.names import demangle, is_unstable_name


def is_private(symbol: str) -> bool:
    """Whether nothing outside of the crate can name a symbol: an instance over its closures."""
    return is_unstable_name(demangle(symbol))


def is_of_symbol(finding: Finding) -> bool:
    """Whether a finding is a change of an exported symbol itself."""
    if finding.change.kind is ChangeKind.SYMBOL_ADDED:
        return True
    return any(not each.path and each.symbol == finding.type for each in finding.affected)


def narrowed(finding: Finding, affected: Iterable[Affected]) -> Finding:
    """The finding as it is for some of its symbols only.

    What is left for symbols that nobody outside can name has to be noticed by nobody.
    """
    kept = tuple(affected)
    if kept == finding.affected:
        return finding
    private = bool(kept) and all(is_private(each.symbol) for each in kept)
    severity = Severity.NOISE if private else finding.severity
    return finding._replace(affected=kept, severity=severity)
