"""What a comparison means for the version of a crate: break, API only, nothing, or: cannot say.

What a crate exports depends on what it is delivered as. Callers of a shared or static library bind
to its symbols; what these do not reach is nobody's business. An rlib is used by source: each type
that a compiled function of the crate takes or returns is seen by its users, and any other type of
the crate may be, because debug info does not tell what is ``pub``. So a change of such a type makes
the hint ``unknown``, never ``none``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from rustabi.diff import ChangeKind, Comparison, Finding, Severity
from rustabi.diff.parts import is_of_symbol, is_private
from rustabi.model import Model
from rustabi.names import crate_of, demangle
from rustabi.rules import Judgement

Known: TypeAlias = Literal["break", "api", "none"]
HintKind: TypeAlias = Known | Literal["unknown"]

_DYNAMIC = "dynamic symbols"
"""`Facts.export_rule` of shared libraries."""


NOTHING_COMPILED = (
    "no function of it is compiled by itself: generic and inlined ones are compiled into their"
    " users (an optimised profile inlines more than dev)"
)


class Reason(NamedTuple):
    """One change that decides about a hint.

    Attributes:
        subject: The type or symbol, readable.
        kind: What changed.
        hint: What it makes of the hint.
    """

    subject: str
    kind: str
    hint: HintKind


class Hint(NamedTuple):
    """What a comparison means for the version of a crate.

    Attributes:
        kind: The hint.
        known: What is known for certain: the hint, or less where that is ``unknown``.
        reasons: The changes that decide, worst first.
        why: Where no change decides, but something could not be checked: what.
    """

    kind: HintKind
    known: Known
    reasons: tuple[Reason, ...] = ()
    why: str = ""


def unknown(why: str) -> Hint:
    """The hint of a crate that could not be compared."""
    return Hint("unknown", "none", why=why)


def is_linked(model: Model) -> bool:
    """Whether a model is of a shared library."""
    return model.facts.export_rule == _DYNAMIC


def with_own_symbols(model: Model, crate: str) -> Model:
    """A model of an rlib without what it holds of generic functions of other crates.

    ``drop_in_place::<Own>``, ``Vec::<Own>::push``: rustc compiled them here because the crate uses
    them, be it with private types. Users compile their own.
    """
    kept = tuple(symbol for symbol in model.symbols if is_own_symbol(symbol.name, crate))
    return model._replace(symbols=kept)


def is_own_symbol(symbol: str, crate: str) -> bool:
    """Whether others can name an exported function as one of the crate: not so its closures."""
    name = demangle(symbol)
    if name == symbol:
        return True
    if is_private(symbol):
        return False
    return crate_of(name) == crate or (name.startswith("<") and f" as {crate}::" in name)


def in_archives(comparison: Comparison) -> Comparison:
    """The comparison of two archives, in which a mangled function may come and go.

    Nobody links with an archive of another build by a mangled name, and rustc leaves out functions
    that it inlines: one that is gone is a matter of source, ``api``.
    """
    findings = [_milder(each) for each in comparison.findings]
    findings.sort(key=lambda each: each.severity.rank)
    return comparison._replace(findings=tuple(findings))


def _milder(finding: Finding) -> Finding:
    gone = finding.change.kind is ChangeKind.SYMBOL_REMOVED and finding.severity is Severity.BREAK
    if gone and demangle(finding.type) != finding.type:
        return finding._replace(severity=Severity.API)
    return finding


def hint_of(comparison: Comparison, judgement: Judgement, crate: str, *, by_source: bool) -> Hint:
    """What a comparison means for the version of a crate.

    Args:
        comparison: Of the crate's two builds.
        judgement: Of its findings: what a rule tolerates does not count.
        crate: The name of the library crate, as the names of its types begin.
        by_source: The crate is used by source: types may be seen that no symbol reaches.
    """
    deciding = list(_deciding(judgement, crate, by_source))
    reasons = sorted(
        {
            Reason(demangle(finding.type), str(finding.change.kind), hint)
            for finding, hint in deciding
        },
        key=lambda each: (_ORDER.index(each.hint), each.subject, each.kind),
    )
    kinds = {each.hint for each in reasons}
    known: Known = "break" if "break" in kinds else "api" if "api" in kinds else "none"
    why = "" if known == "break" else _open_question(comparison, deciding, by_source)
    if not why and known != "break":
        why = _failing_gaps(comparison, judgement)
    return Hint("unknown" if why else known, known, tuple(reasons), why)


_ORDER: list[HintKind] = ["break", "unknown", "api", "none"]


def _open_question(
    comparison: Comparison, deciding: Iterable[tuple[Finding, HintKind]], by_source: bool
) -> str:
    """Why nothing can be said for certain; empty where all that decides is known."""
    if comparison.lost:
        return "the new build lacks debug info that the old one has"
    if by_source and not comparison.compared:
        return NOTHING_COMPILED
    doubtful = [finding for finding, hint in deciding if hint == "unknown"]
    if any(not each.affected for each in doubtful):
        return "no compiled function takes or returns it, and debug info does not tell what is pub"
    return "a change that may break callers, or may not" if doubtful else ""


def _failing_gaps(comparison: Comparison, judgement: Judgement) -> str:
    """What could not be checked, where any gap is to fail."""
    if "gap" not in judgement.gate.fail_on:
        return ""
    gaps = {
        shared.gap
        for shared in comparison.gaps
        if not any(
            known.covers(str(shared.gap.kind), shared.gap.subject)
            for known in judgement.gate.known_gaps
        )
    }
    return f"gaps fail, and there are some: {len(gaps)}" if gaps else ""


def _deciding(
    judgement: Judgement, crate: str, by_source: bool
) -> Iterator[tuple[Finding, HintKind]]:
    for each in judgement.findings:
        hint: HintKind = "none"
        if not each.tolerated:
            hint = "break" if judgement.fails(each) else _meaning(each.finding, crate, by_source)
        if hint == "break" and each.finding.severity is Severity.API:
            hint = "api"  # with --fail-on api it fails, and is no break for that
        if hint != "none":
            yield each.finding, hint


def _meaning(finding: Finding, crate: str, by_source: bool) -> HintKind:
    """What a finding that does not fail means."""
    kind, severity = finding.change.kind, finding.severity
    may_be_seen = by_source and _is_own(finding.type, crate)
    if kind is ChangeKind.COMPILER_CHANGED:
        return "none"  # the sources are what a version tells of
    if kind is ChangeKind.SYMBOL_ADDED:
        return "api" if is_own_symbol(finding.type, crate) else "none"
    if kind is ChangeKind.TYPE_REMOVED:
        return "unknown" if may_be_seen else "none"
    if severity is Severity.NOISE:
        return "none"
    if finding.affected or is_of_symbol(finding):
        return "api" if severity is Severity.API else "unknown"
    return "unknown" if may_be_seen else "none"


def _is_own(name: str, crate: str) -> bool:
    """Whether source outside of the crate may know a type of it.

    What the compiler makes up, as closures, and what is within a function has braces in its name.
    """
    return crate_of(name) == crate and "{" not in name
