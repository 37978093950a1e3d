"""The check of modules as text: the verdict, then each module with what stands in its way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from rustabi.report.check import CheckNote, CheckReport, LayerReport, ModuleReport
from rustabi.report.facts import plural
from rustabi.report.page import Block, Line, Page, Span, Style, line, name, separated
from rustabi.report.text_findings import listed
from rustabi.report.text_gate import rule_lines

_MANY: Final = 10
"""Entries of a list that are shown unless all are asked for."""

_STYLES: Final[dict[str, Style]] = {
    "ok": "good", "failed": "bad", "risky": "warn", "not run": "warn",
    "yes": "good", "no": "bad", "unknown": "warn",
}  # fmt: skip

_TOLD: Final = frozenset({
    "weak-missing", "version-missing", "sources-disagree", "names-differ", "baseline-differs",
    "binding-wrong-in-kernel", "bindings",
})  # fmt: skip
"""Remarks that are told unasked."""

_WORTH_A_REFERENCE: Final = 2
"""Lines of evidence from which on they are not told for each module anew."""

_WIDTH: Final = 9
"""Of the longest name of a layer, and of the column of its status."""


def check_page(report: CheckReport, *, everything: bool = False) -> Page:
    """The report as a page.

    Args:
        report: What to show.
        everything: Show lists whole, and what is no problem.
    """
    limit = None if everything else _MANY
    shared = () if everything else _shared_gaps(report.modules)
    told = _Told(shared, everything=everything)
    groups: list[Iterable[Block]] = [_head(report, limit)]
    groups += (list(_module(each, limit, told)) for each in report.modules)
    counted = f"{plural(len(shared), 'gap')} of each"
    groups.append(_gaps(shared, "not checked, for any of the modules", limit, 0, counted))
    groups.append(_tolerated(report, limit))
    groups.append(rule_lines(report.gate))
    groups.append(_end(report))
    return tuple(separated([list(group) for group in groups]))


class _Told:
    """What the page need not say again.

    Args:
        shared: Gaps of all modules, which are told at the end.
        everything: Say everything of each module.
    """

    def __init__(self, shared: Sequence[CheckNote], *, everything: bool) -> None:
        self.shared = shared
        self.everything = everything
        self._modules: dict[tuple[str, str, str, tuple[str, ...]], str] = {}

    def elsewhere(self, note: CheckNote, module: str) -> str:
        """The module for which the evidence of a finding was told; empty where it was not yet."""
        if self.everything or len(note.evidence) < _WORTH_A_REFERENCE:
            return ""
        key = note.kind, note.name, note.text, note.evidence[:-1]
        first = self._modules.setdefault(key, module)
        return "" if first == module else first


def _head(report: CheckReport, limit: int | None) -> Iterator[Block]:
    verdict = verdict_in_words(report)
    style: Style = "good" if report.verdict == "compatible" else "bad"
    if report.verdict == "compatible" and not verdict.startswith("COMPATIBLE"):
        style = "warn"
    yield line(Span(verdict, style))
    for number, told in enumerate(report.kernel[:limit]):
        yield line(Span("kernel  " if number == 0 else "        ", "dim"), told)
    if limit is not None and len(report.kernel) > limit:
        yield _more(len(report.kernel) - limit, 8)


def verdict_in_words(report: CheckReport) -> str:
    """The verdict and why, in one line."""
    modules = report.modules
    told = [
        *_counted([each for each in modules if each.loads == "no"], "refused by the loader"),
        *_counted([each for each in modules if each.runs == "no"], "of other layouts"),
        *_counted([each for each in modules if _may_go_wrong(each)], "risky"),
    ]
    by_gate = sum(each.verdict == "incompatible" and not _is_bad(each) for each in modules)
    unknown = sum(each.loads == "unknown" for each in modules)
    told += [f"{by_gate} failing by the gate"] if by_gate else []
    told += [f"{unknown} without verdict"] if unknown else []
    word = "NO VERDICT" if report.verdict == "error" else report.verdict.upper()
    if report.verdict == "compatible" and _is_risky(report):
        word = "RISKY"
    total = plural(len(modules), "module")
    return f"{word}: " + (f"of {total}, {', '.join(told)}" if told else f"{total} checked")


def _counted(modules: Sequence[ModuleReport], words: str) -> Iterator[str]:
    """How many modules there are, those apart whose findings are tolerated."""
    tolerated = sum(_is_tolerated(each) for each in modules)
    if len(modules) - tolerated:
        yield f"{len(modules) - tolerated} {words}"
    if tolerated:
        yield f"{tolerated} {words}, which rules tolerate"


def _is_tolerated(module: ModuleReport) -> bool:
    """Whether all that is grave about a module is tolerated."""
    return all(each.tolerated for each in _grave(module)) and any(_grave(module))


def _grave(module: ModuleReport) -> list[CheckNote]:
    every = (each for layer in module.layers for each in layer.problems)
    return [each for each in every if each.severity in ("break", "risky")]


def _may_go_wrong(module: ModuleReport) -> bool:
    return "risky" in (module.loads, module.runs)


def _is_bad(module: ModuleReport) -> bool:
    return "no" in (module.loads, module.runs) or _may_go_wrong(module)


def _is_risky(report: CheckReport) -> bool:
    return any(_may_go_wrong(each) and not _is_tolerated(each) for each in report.modules)


def _module(module: ModuleReport, limit: int | None, told: _Told) -> Iterator[Block]:
    yield line(Span(module.module, "title"), f"  {module.path}")
    if module.error is not None:
        yield line(Span("cannot be read  ", "bad"), module.error, indent=2)
        return
    yield line(
        "would the kernel load it: ", Span(module.loads, _STYLES[module.loads]),
        "    would it run correctly: ", Span(module.runs, _STYLES[module.runs]), indent=2,
    )  # fmt: skip
    if module.loads == "no" and module.runs == "yes":
        yield line("all layouts agree: compiled code is not affected by what differs", indent=2)
    if module.loads == "no" and module.verdict != "incompatible":
        yield line("the loader refuses it; rules tolerate that", indent=2)
    for layer in module.layers:
        yield _layer_line(layer)
        if layer.name == "reasons":
            yield from _reasons(layer.problems, limit)
        else:
            counting = [each for each in layer.problems if not each.tolerated]
            yield from _notes([_short(each, module, told) for each in counting], limit)
        yield from _remarks(layer, limit, told)
    every = [gap for layer in module.layers for gap in layer.gaps]
    gaps = [gap for gap in every if gap not in told.shared]
    counted = plural(len(gaps), "gap")
    if len(every) > len(gaps):
        counted += f", and {len(every) - len(gaps)} of all modules, at the end"
    yield from _gaps(gaps, "not checked", limit, 2, counted)


def _short(note: CheckNote, module: ModuleReport, told: _Told) -> CheckNote:
    """What is to be told of a finding: not again what was told for another module."""
    first = told.elsewhere(note, module.module)
    if not first:
        return note
    return replace(note, text=f"{note.text}, as in {first}", evidence=note.evidence[-1:])


def _remarks(layer: LayerReport, limit: int | None, told: _Told) -> Iterator[Line]:
    kept = [each for each in layer.remarks if not each.tolerated]
    if told.everything:
        yield from _notes(kept, limit, "dim")
        return
    shown = [each for each in kept if each.kind in _TOLD or each.rule or each.fails]
    yield from _notes([replace(each, evidence=()) for each in shown], limit, "dim")


def _tolerated(report: CheckReport, limit: int | None) -> Iterator[Block]:
    """Findings that rules tolerate, by rule: what the loader refuses stays in sight."""
    found = [
        (module, note)
        for module in report.modules
        for layer in module.layers
        for note in (*layer.problems, *layer.remarks)
        if note.tolerated
    ]
    if not found:
        return
    yield line(Span(f"tolerated by {report.gate.file}", "title"), f" ({len(found)})")
    for label in dict.fromkeys(note.rule for _, note in found):
        group = [each for each in found if each[1].rule == label]
        yield line(f"{label}: {group[0][1].reason}", indent=2)
        lines = (_tolerated_line(module, note) for module, note in group)
        yield from listed(lines, limit, 4)


def _tolerated_line(module: ModuleReport, note: CheckNote) -> Line:
    kind = note.kind.replace("-", " ")
    subject = (name(note.name), ": ") if note.name else ()
    return line(f"{module.module}  {kind}  ", *subject, note.text, indent=4)


def _layer_line(layer: LayerReport) -> Line:
    if layer.name == "reasons":
        return _reasons_line(layer)
    bad = len(layer.problems)
    what = re.sub(r"s\b", "", layer.what, count=1) if layer.checked == 1 else layer.what
    facts = f"{layer.checked} {what}" if layer.checked else ""
    if bad and layer.checked:
        facts += f", {plural(bad, 'problem')}"
    if tolerated := sum(each.tolerated for each in layer.problems):
        facts += f", {tolerated} tolerated"
    if layer.gaps:
        facts += ", " if facts else ""
        facts += plural(len(layer.gaps), "gap")
    status = Span(f"{layer.status:<{_WIDTH}}", _STYLES[layer.status])
    return line(f"{layer.name:<{_WIDTH}}  ", status, f"  {facts}", indent=2)


def _reasons_line(layer: LayerReport) -> Line:
    told = "why the versions differ"
    if layer.gaps:
        told += ", " if layer.problems else ": not known, "
        told += plural(len(layer.gaps), "gap")
    return line(f"{'reasons':<{_WIDTH}}  {told}", indent=2)


def _reasons(notes: Sequence[CheckNote], limit: int | None) -> Iterator[Line]:
    """Each cause once, with the symbols whose versions differ because of it."""
    groups: dict[str, list[CheckNote]] = {}
    for note in notes:
        groups.setdefault(note.text, []).append(note)
    for text, members in groups.items():
        yield line(text, indent=4)
        lines = (each for note in members for each in note.evidence if not each.startswith(" "))
        yield from (line(each, indent=6) for each in dict.fromkeys(lines))
        yield line(f"changes the versions of {plural(len(members), 'imported symbol')}:", indent=6)
        for note in members[:limit]:
            path = next((each for each in note.evidence if each.startswith(" ")), note.name)
            yield line(path.strip(), indent=8)
        if limit is not None and len(members) > limit:
            yield _more(len(members) - limit, 8)


def _notes(notes: Sequence[CheckNote], limit: int | None, style: Style = "") -> Iterator[Line]:
    for note in notes[:limit]:
        subject = (name(note.name), ": ") if note.name else ()
        yield line(*subject, Span(note.text, style), indent=4)
        if note.rule is not None:
            taken = f"{note.rule} takes it for {note.severity}, not {note.own_severity}"
            yield line(Span(f"{taken}: {note.reason}", "dim"), indent=6)
        for each in note.evidence:
            yield line(Span(each, style), indent=6)
    if limit is not None and len(notes) > limit:
        yield _more(len(notes) - limit, 4)


def _gaps(
    gaps: Sequence[CheckNote], title: str, limit: int | None, indent: int, counted: str
) -> Iterator[Block]:
    if not gaps:
        return
    yield line(Span(title, "title"), f" ({counted})", indent=indent)
    for each in _notes(gaps, limit):
        yield each._replace(indent=each.indent - 2 + indent)


def _more(count: int, indent: int) -> Line:
    return line(Span(f"… and {count} more (--all lists them)", "dim"), indent=indent)


def _shared_gaps(modules: Sequence[ModuleReport]) -> tuple[CheckNote, ...]:
    """Gaps that all of several modules have: they are told once."""
    if len(modules) < 2:
        return ()
    each = [[gap for layer in module.layers for gap in layer.gaps] for module in modules]
    return tuple(gap for gap in each[0] if all(gap in others for others in each))


def _end(report: CheckReport) -> Iterator[Block]:
    gaps = sum(len(layer.gaps) for module in report.modules for layer in module.layers)
    if report.verdict == "compatible" and _is_risky(report):
        yield line("nothing is known to break; --fail-on risky makes the exit code 1")
    elif report.verdict == "compatible":
        yield line(Span(f"compatible in what was checked; {plural(gaps, 'gap')}", "good"))
    elif report.verdict == "error" and any(
        each.loads == "unknown" and each.error is None for each in report.modules
    ):
        yield line("give --kernel a vmlinux, or a Module.symvers of a kernel that has versions")
    elif report.verdict == "error" and gaps and "gap" in report.gate.fail_on:
        yield line("gaps fail because of --fail-on gap; the lists say why each is one")
