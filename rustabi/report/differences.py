"""A comparison as its readers get it: readable names, paths in words, counts, a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias

from rustabi.diff import Affected, Change, ChangeKind, Comparison, Finding, Severity
from rustabi.diff.accepted import Acceptance
from rustabi.diff.parts import is_of_symbol
from rustabi.model import Model, TypeId
from rustabi.report.errors import ErrorReport
from rustabi.report.facts import (
    NOT_FOUND,
    NOT_FOUND_MEANS,
    BuildFacts,
    GapReport,
    build_facts,
    compiler,
    crate,
    gap_report,
    plural,
    readable,
)
from rustabi.report.gates import (
    CoverageReport,
    GateReport,
    KabiReport,
    coverage_report,
    gate_report,
    kabi_report,
)
from rustabi.report.noverdict import why_none
from rustabi.report.paths import member_path, path_in_words, with_place
from rustabi.report.select import missing
from rustabi.report.sidebyside import LayoutChange, TypePairs, layout_changes
from rustabi.report.versiontable import SymbolVersions, symbol_versions
from rustabi.rules import NO_GATE, Judged, Judgement, judge

SeverityName: TypeAlias = Literal["break", "risky", "api", "noise"]

_RUST = 0x1C
"""DW_LANG_Rust."""


@dataclass(frozen=True, slots=True)
class AffectedSymbol:
    """An exported symbol that a change reaches."""

    symbol: str
    """The linker's name."""
    name: str
    """The same, demangled."""
    path: tuple[str, ...]
    """One shortest way from the symbol to what changed: `["foo", "parameter b", "&demo::Bar",
    "demo::Bar.x"]`."""
    by_value: bool
    """Whether a way exists that passes no pointer."""
    version_changed: bool | None
    """Whether the kernel's version of the symbol (its CRC) differs, too: where it does not, loading
    a module would not notice the change. Null where a build has no version for it."""


@dataclass(frozen=True, slots=True)
class ConsequenceReport:
    """A change of another type's layout that follows from a finding."""

    type: str
    """The other type."""
    kind: str
    """The kind of change; see `rustabi explain`."""
    where: str
    """The member or variant; empty for the whole type."""
    old: str
    """The state in OLD, in words; empty where there is none."""
    new: str
    """The state in NEW, in words; empty where there is none."""


@dataclass(frozen=True, slots=True)
class FindingReport:
    """One change of one type or symbol, told once however many symbols it reaches."""

    kind: str
    """The kind of change; see `rustabi explain`."""
    severity: SeverityName
    """`break`: a caller built against OLD goes wrong. `risky`: it may. `api`: only source or the
    kernel's symbol version shows it. `noise`: nobody has to notice; left out unless `--all` is
    given. What the finding is taken for, after kABI rules, opaque handles and rules."""
    own_severity: SeverityName
    """The severity before kABI rules, opaque handles and rules."""
    fails: bool
    """Whether it makes the verdict `incompatible`."""
    tolerated: bool
    """Whether a rule says that it does not count."""
    rule: str | None
    """The rule that decided, such as `rule 3`; see `gate.rules`. Null where none did."""
    opaque: str | None
    """The glob of the opaque handle behind which it lies, where that lowered it; else null."""
    kabi: bool
    """Whether a kABI rule of a target accepts the change, and lowered it for that; only with
    `--kabi-rules`."""
    reason: str
    """Why the rule decided so, or the type is opaque; empty where neither is."""
    type: str
    """The type or symbol that changed, readable; empty for the build as a whole."""
    where: str
    """The member, variant or parameter; empty for the whole."""
    old: str
    """The state in OLD, in words; empty where there is none."""
    new: str
    """The state in NEW, in words; empty where there is none."""
    of_symbol: bool
    """The change is one of the symbol itself, not of a type."""
    affected: tuple[AffectedSymbol, ...]
    """Exported symbols that reach the change, sorted by name. Where handles or rules decide for
    some of the symbols only, the change is listed once for these, once for the others."""
    consequences: tuple[ConsequenceReport, ...]
    """What follows for the layout of other types."""


@dataclass(frozen=True, slots=True)
class DiffSummary:
    """The comparison in numbers."""

    types_changed: int
    """Types with a breaking change of their own. What a rule tolerates is counted as tolerated and
    nowhere else in here."""
    symbols_affected: int
    """Exported symbols that a breaking change reaches."""
    symbols_removed: int
    """Exported symbols of OLD that NEW does not export."""
    symbols_compared: int
    """Exported symbols that both builds describe."""
    breaks: int
    """Findings of severity `break`."""
    risky: int
    """Findings of severity `risky`."""
    api: int
    """Findings of severity `api`."""
    noise: int
    """Findings of severity `noise`, whether listed or not."""
    tolerated: int
    """Findings that a rule tolerates, but for those of severity `noise`."""
    lowered: int
    """Findings that lie behind opaque handles."""
    kabi: int
    """Findings that kABI rules of the targets accept; none without `--kabi-rules`."""
    other_crates: int
    """Findings left out because they concern none of the crates asked for."""
    gaps: int
    """Things that could not be checked."""
    versions_compared: int
    """Exported symbols for which both builds have a version as the kernel computes it."""
    versions_changed: int
    """Those whose version differs."""


@dataclass(frozen=True, slots=True)
class DiffReport:
    """What `rustabi diff --format json` prints."""

    report: Literal["diff"]
    """Tells this report from others."""
    verdict: Literal["compatible", "incompatible", "error"]
    """Whether a caller built against OLD may run with NEW, in all that was checked."""
    findings: tuple[FindingReport, ...]
    """Changes, worst first."""
    layouts: tuple[LayoutChange, ...]
    """Old and new memory layout of the structs and variants that changed."""
    gaps: tuple[GapReport, ...]
    """What could not be checked."""
    coverage: CoverageReport
    """What was checked, and what could not be, in numbers."""
    gate: GateReport
    """What the findings were judged by: rules, opaque handles, strictness."""
    kabi: KabiReport | None
    """The kABI rules of the targets; null without `--kabi-rules`."""
    versions: tuple[SymbolVersions, ...]
    """The two versions of each symbol that both builds export."""
    summary: DiffSummary
    """The comparison in numbers."""
    old: BuildFacts
    """What callers were compiled against."""
    new: BuildFacts
    """What they would run with."""
    error: ErrorReport | None
    """Why there is no verdict; null where there is one."""


def diff_report(
    comparison: Comparison,
    old_target: str,
    new_target: str,
    *,
    crates: str | None = None,
    noise: bool = False,
    extra_gaps: Sequence[GapReport] = (),
    judgement: Judgement | None = None,
    kabi: Acceptance | None = None,
) -> DiffReport:
    """The report of a comparison.

    Args:
        comparison: What was found.
        old_target: What OLD was read from, as the user named it.
        new_target: What NEW was read from.
        crates: A glob; findings that concern no crate of that name are left out.
        noise: List findings that nobody has to notice, too.
        extra_gaps: Gaps that are not the comparison's own.
        judgement: Of the comparison's findings; None where nothing but breaks fails.
        kabi: What kABI rules accepted in the comparison; None where they were not asked for.
    """
    judgement = judgement or judge(comparison, NO_GATE, date.min)
    kept = [each for each in judgement.findings if concerns(comparison, each.finding, crates)]
    gaps = [gap_report(each.gap, each.side) for each in comparison.gaps] + list(extra_gaps)
    error = why_none(comparison, judgement, gaps)
    broken = any(map(judgement.fails, kept))
    shown = [each for each in kept if noise or each.finding.severity is not Severity.NOISE]
    versions = {each.symbol: each.crc == "changed" for each in comparison.versions if each.crc}
    pairs = TypePairs(comparison.old, comparison.new)
    return DiffReport(
        report="diff",
        verdict="incompatible" if broken else "error" if error else "compatible",
        findings=tuple(_finding(comparison, each, versions, judgement) for each in shown),
        layouts=_layouts((each.finding for each in kept), pairs),
        gaps=tuple(gaps),
        coverage=coverage_report(comparison, gaps),
        gate=gate_report(judgement, gaps),
        kabi=None if kabi is None else kabi_report(kabi),
        versions=symbol_versions(comparison),
        summary=_summary(comparison, kept, len(judgement.findings) - len(kept), len(gaps)),
        old=build_facts(comparison.old, old_target),
        new=build_facts(comparison.new, new_target),
        error=None if broken else error,
    )


def concerns(comparison: Comparison, finding: Finding, crates: str | None) -> bool:
    """Whether a finding is about the crates asked for: in them, or reaching them.

    A Rust symbol without a crate in its name (``#[no_mangle]``) may be of any, so it counts. A
    change of the compiler concerns all.
    """
    if crates is None or finding.change.kind is ChangeKind.COMPILER_CHANGED:
        return True
    touched = {each.type for each in finding.consequences} | {
        each.symbol for each in finding.affected
    }
    if any(fnmatchcase(crate(name), crates) for name in {*touched, finding.type} if crate(name)):
        return True
    return not crate(finding.type) and is_of_symbol(finding) and _is_rust(comparison, finding.type)


def _is_rust(comparison: Comparison, name: str) -> bool:
    for model in (comparison.old, comparison.new):
        for symbol in model.symbols:
            if symbol.name == name and symbol.unit is not None:
                return model.units[symbol.unit].language == _RUST
    return True


def type_of(finding: Finding) -> TypeId | None:
    """The type that a finding's paths lead to, in the model whose paths they are."""
    for affected in finding.affected:
        if affected.path and affected.path[-1].node.kind == "type":
            return affected.path[-1].node.number
    return None


def _finding(
    comparison: Comparison, judged: Judged, versions: Mapping[str, bool], judgement: Judgement
) -> FindingReport:
    finding, rule = judged.finding, judged.rule
    change = finding.change
    because = rule or judged.opaque
    model = comparison.new if finding.in_new else comparison.old
    of_symbol = is_of_symbol(finding)
    type_id = None if of_symbol else type_of(finding)
    old, new = change.old, change.new
    if change.kind is ChangeKind.COMPILER_CHANGED:
        old, new = ("; ".join(map(compiler, text.split("; "))) for text in (old, new))
    return FindingReport(
        kind=str(change.kind),
        severity=finding.severity.value,
        own_severity=(finding.unruled or judged.found).value,
        fails=judgement.fails(judged),
        tolerated=judged.tolerated,
        rule=None if rule is None else rule.label,
        opaque=None if judged.opaque is None else judged.opaque.glob,
        kabi=finding.unruled is not None,
        reason="" if because is None else because.reason,
        type=readable(finding.type),
        where=member_path(change.where),
        old=old,
        new=new,
        of_symbol=of_symbol,
        affected=tuple(
            _affected(model, each, change, type_id, versions) for each in finding.affected
        ),
        consequences=tuple(
            ConsequenceReport(each.type, str(each.change.kind), member_path(each.change.where),
                              each.change.old, each.change.new)
            for each in finding.consequences
        ),
    )  # fmt: skip


def _affected(
    model: Model,
    affected: Affected,
    change: Change,
    type_id: TypeId | None,
    versions: Mapping[str, bool],
) -> AffectedSymbol:
    path = path_in_words(model, affected.symbol, affected.path)
    return AffectedSymbol(
        affected.symbol,
        readable(affected.symbol),
        with_place(path, change, model, type_id),
        affected.by_value,
        versions.get(affected.symbol),
    )


def _layouts(findings: Iterable[Finding], pairs: TypePairs) -> tuple[LayoutChange, ...]:
    """The layouts of each type that changed for the worse, in the order of the findings."""
    found: dict[str, tuple[LayoutChange, ...]] = {}
    for finding in findings:
        grave = finding.severity in (Severity.BREAK, Severity.RISKY)
        if not grave or finding.type in found or is_of_symbol(finding):
            continue
        pair = pairs.of(finding.type, type_of(finding), finding.in_new)
        sides = None if pair is None else pairs.sides(pair)
        if sides is not None:
            found[finding.type] = tuple(layout_changes(sides))
    return tuple(each for changes in found.values() for each in changes)


def missing_symbols(names: Iterable[str], old: Model, new: Model) -> tuple[GapReport, ...]:
    """A gap for each symbol of a list that neither build exports."""
    return tuple(
        GapReport(NOT_FOUND, readable(name), "", "both", NOT_FOUND_MEANS)
        for name in missing(names, (old, new))
    )


def _summary(
    comparison: Comparison, kept: Sequence[Judged], other_crates: int, gaps: int
) -> DiffSummary:
    counted = [each.finding for each in kept if not _is_spared(each)]

    def count(wanted: Callable[[Finding], bool]) -> int:
        return sum(map(wanted, counted))

    breaking = [each for each in counted if each.severity is Severity.BREAK]
    return DiffSummary(
        types_changed=len({each.type for each in breaking if not is_of_symbol(each)}),
        symbols_affected=len({symbol.symbol for each in breaking for symbol in each.affected}),
        symbols_removed=count(lambda each: each.change.kind is ChangeKind.SYMBOL_REMOVED),
        symbols_compared=comparison.compared,
        breaks=len(breaking),
        risky=count(lambda each: each.severity is Severity.RISKY),
        api=count(lambda each: each.severity is Severity.API),
        noise=count(lambda each: each.severity is Severity.NOISE),
        tolerated=len(kept) - len(counted),
        lowered=sum(each.opaque is not None for each in kept),
        kabi=sum(each.finding.unruled is not None for each in kept),
        other_crates=other_crates,
        gaps=gaps,
        versions_compared=sum(each.crc is not None for each in comparison.versions),
        versions_changed=sum(each.crc == "changed" for each in comparison.versions),
    )


def _is_spared(judged: Judged) -> bool:
    """Whether a rule tolerates what somebody would otherwise have to notice."""
    return judged.tolerated and judged.finding.severity is not Severity.NOISE


def verdict_in_words(report: DiffReport) -> str:
    """The verdict and why, in one line."""
    summary = report.summary
    if report.verdict == "error" and report.error is not None:
        return f"NO VERDICT: {report.error.message}"
    if report.verdict == "compatible":
        parts = [f"{plural(summary.symbols_compared, 'exported symbol')} compared"]
        if not report.old.symbols and not report.new.symbols:
            types = plural(report.coverage.types_compared, "type")
            parts = [f"no symbol is exported, {types} compared"]
        if summary.tolerated:
            parts.append(f"{plural(summary.tolerated, 'finding')} tolerated by rules")
        if summary.lowered:
            parts.append(f"{plural(summary.lowered, 'finding')} behind opaque handles")
        if summary.kabi:
            parts.append(f"{plural(summary.kabi, 'finding')} accepted by kABI rules")
        return f"COMPATIBLE: {', '.join(parts)}"
    failing = [each for each in report.findings if each.fails]
    breaking = [each for each in failing if each.severity == "break"]
    counts = (
        (_subjects(breaking, ChangeKind.SYMBOL_REMOVED), "exported symbol", "removed"),
        (_subjects(breaking, ChangeKind.SIGNATURE_CHANGED), "signature", "changed"),
        (_subjects(breaking, ChangeKind.STATIC_CHANGED), "static", "changed"),
        (summary.types_changed, "type", "changed"),
        (sum(each.severity == "risky" for each in failing), "risky change", ""),
        (sum(each.severity == "api" for each in failing), "api change", ""),
    )
    parts = [f"{plural(count, noun)} {what}".rstrip() for count, noun, what in counts if count]
    affected = {symbol.symbol for each in failing for symbol in each.affected}
    if affected or not parts:
        of = plural(report.old.symbols, "exported symbol")
        parts.append(f"{len(affected)} of {of} affected")
    return f"INCOMPATIBLE: {', '.join(parts)}"


def _subjects(findings: Iterable[FindingReport], kind: ChangeKind) -> int:
    return len({each.type for each in findings if each.kind == kind})
