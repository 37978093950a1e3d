"""What rustabi says of an edit, and whether that is right."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

import rustabi
from rustabi.cli import main
from rustabi.diff import ChangeKind, Comparison, Severity
from rustabi.errors import RustabiError
from rustabi.layout_version import bytes_half
from rustabi.model import Model
from tests.mutations.builds import BuildError, Workshop, compiler_version
from tests.mutations.edits import Edit
from tests.mutations.truths import evidence


class Outcome(NamedTuple):
    """An edit, judged.

    Attributes:
        edit: The edit.
        evidence: How its effect is known.
        told: What rustabi says, in short.
        faults: Where the bench itself is wrong.
        misses: Where rustabi is wrong.
        skipped: Why the edit was not applied; empty where it was.
    """

    edit: Edit
    evidence: str
    told: str
    faults: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()
    skipped: str = ""

    @property
    def right(self) -> bool:
        """Whether the truth is established and rustabi says it."""
        return not (self.faults or self.misses or self.skipped)


def outcome(edit: Edit, workshop: Workshop) -> Outcome:
    """Apply an edit, find out its effect, and ask rustabi."""
    if not compiler_version(edit.toolchain):
        return Outcome(edit, "", "", skipped=f"no rustc {edit.toolchain}".strip())
    try:
        known = evidence(edit, workshop)
        comparison = compared(edit, workshop)
    except BuildError as error:
        return Outcome(edit, "", "", faults=(f"cannot be built: {error}",))
    except RustabiError as error:
        refused = () if edit.truth == "lost" else (f"no verdict: {error}",)
        return Outcome(edit, edit.why, "error", misses=refused)
    misses = tuple(wrong(edit, comparison))
    return Outcome(edit, known.text, told(comparison), known.faults, misses)


def compared(edit: Edit, workshop: Workshop) -> Comparison:
    """What the library says of the two builds."""
    old, new = workshop.old(edit).path, workshop.new(edit).path

    def load() -> Model:
        return rustabi.load(old)

    return rustabi.compare(workshop.once(f"model {old}", load), new)


def wrong(edit: Edit, comparison: Comparison) -> Iterator[str]:
    """Where the comparison is not what the truth demands."""
    if edit.truth == "break":
        yield from _wrong_of_break(edit, comparison)
    elif edit.truth == "harmless":
        yield from _wrong_of_harmless(edit, comparison)
    elif edit.truth == "lost" and comparison.verdict != "error":
        yield f"the verdict is {comparison.verdict}, and data were lost"
    if edit.truth in {"invisible", "lost"}:
        yield from _unnamed(edit, comparison)
    yield from _wrong_versions(comparison)
    grave = affected_symbols(comparison, Severity.BREAK, Severity.RISKY)
    for symbol in sorted(grave & set(edit.spared)):
        yield f"{symbol} is said to be affected"


def _wrong_of_break(edit: Edit, comparison: Comparison) -> Iterator[str]:
    if comparison.verdict != "incompatible":
        yield f"the verdict is {comparison.verdict}"
    affected = affected_symbols(comparison, Severity.BREAK)
    for pattern in edit.affected:
        if not any(fnmatchcase(symbol, pattern) for symbol in affected):
            yield f"{pattern} is not said to be affected"
    yield from _wrong_reach(edit, comparison)
    reported = {finding.change.kind for finding in comparison.findings}
    followed = {each.change.kind for found in comparison.findings for each in found.consequences}
    for kind in edit.kinds:
        if kind not in reported | followed:
            yield f"no {kind}"


def _wrong_reach(edit: Edit, comparison: Comparison) -> Iterator[str]:
    """Symbols said to hold by value what they reach through pointers, or the other way round."""
    held = {
        each.symbol
        for finding in comparison.findings
        if finding.severity is Severity.BREAK
        for each in finding.affected
        if each.by_value
    }
    for symbol in sorted(set(edit.by_value) - held):
        yield f"{symbol} is not said to hold it by value"
    for symbol in sorted(set(edit.behind) & held):
        yield f"{symbol} is said to hold it by value"


def _wrong_of_harmless(edit: Edit, comparison: Comparison) -> Iterator[str]:
    for finding in comparison.findings:
        unreached = not finding.affected and finding.type.rpartition("::")[2] in edit.private
        if finding.severity is Severity.BREAK or (
            finding.severity is Severity.RISKY and not unreached
        ):
            change = finding.change
            yield " ".join(
                f"{finding.severity} {change.kind} {finding.type} {change.where}:"
                f" {change.old} → {change.new}".split()
            )
    for gap in comparison.lost:
        yield f"lost: {gap.kind} {gap.subject} {gap.detail}".rstrip()


def _unnamed(edit: Edit, comparison: Comparison) -> Iterator[str]:
    named = {each.gap.subject for each in comparison.gaps}
    named |= affected_symbols(comparison, Severity.BREAK)
    for pattern in edit.gap:
        if not any(fnmatchcase(subject, pattern) for subject in named):
            yield f"no gap names {pattern}"


_NOT_COVERED = {ChangeKind.CALLING_CONVENTION_CHANGED, ChangeKind.PARAMETERS_REORDERED}
"""What no layout version tells; see docs/versions.md."""


def _wrong_versions(comparison: Comparison) -> Iterator[str]:
    """Layout versions that differ where nothing breaks, or do not where something does."""
    seen = (each for each in comparison.findings if each.change.kind not in _NOT_COVERED)
    broken = affected_symbols(comparison._replace(findings=tuple(seen)), Severity.BREAK)
    after = {symbol.name: symbol.layout for symbol in comparison.new.symbols}
    for symbol in comparison.old.symbols:
        old, new = symbol.layout, after.get(symbol.name)
        if old is None or new is None:
            continue
        if symbol.name in broken and old == new:
            yield f"{symbol.name} breaks, and its layout version stays"
        elif symbol.name not in broken and bytes_half(old) != bytes_half(new):
            yield f"{symbol.name} does not break, and the bytes of its layout version differ"


def affected_symbols(comparison: Comparison, *severities: Severity) -> set[str]:
    """Symbols that findings of the given severities affect."""
    return {
        each.symbol
        for finding in comparison.findings
        if finding.severity in severities
        for each in finding.affected
    }


def told(comparison: Comparison) -> str:
    """The verdict, and the kinds of the gravest findings that are shown, or of the gaps."""
    shown = [each for each in comparison.findings if each.severity is not Severity.NOISE]
    kinds: dict[str, None] = {}
    for finding in shown:
        if finding.severity is shown[0].severity:
            kinds[finding.change.kind] = None
    if kinds:
        grade = "" if comparison.verdict == "incompatible" else f"{shown[0].severity}: "
        return f"{comparison.verdict}: {grade}{', '.join(kinds)}"
    gaps = sorted({each.gap.kind for each in comparison.gaps})
    return f"{comparison.verdict}; gap: {', '.join(gaps)}" if gaps else comparison.verdict


def exit_code(edit: Edit, workshop: Workshop) -> int:
    """What the command line exits with."""
    old, new = workshop.old(edit).path, workshop.new(edit).path
    with contextlib.redirect_stdout(io.StringIO()):
        return main(["diff", str(old), str(new)])
