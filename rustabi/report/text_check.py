"""The check of modules as text: the verdict, then each module with what stands in its way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from rustabi.report.check import CheckNote, CheckReport, LayerReport, ModuleReport
from rustabi.report.facts import plural
from rustabi.report.page import Block, Line, Page, Span, Style, line, name, separated

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
    groups: list[Iterable[Block]] = [_head(report, limit)]
    groups += (_module(each, limit, shared, everything=everything) for each in report.modules)
    groups.append(_gaps(shared, "not checked, for any of the modules", limit, 0))
    groups.append(_end(report))
    return tuple(separated([list(group) for group in groups]))


def _head(report: CheckReport, limit: int | None) -> Iterator[Block]:
    verdict = verdict_in_words(report)
    style: Style = "good" if report.verdict == "compatible" else "bad"
    yield line(Span(verdict, "warn" if verdict.startswith("risky") else style))
    for number, told in enumerate(report.kernel[:limit]):
        yield line(Span("kernel  " if number == 0 else "        ", "dim"), told)
    if limit is not None and len(report.kernel) > limit:
        yield _more(len(report.kernel) - limit, 8)


def verdict_in_words(report: CheckReport) -> str:
    """The verdict and why, in one line."""
    modules = report.modules
    refused = sum(each.loads == "no" for each in modules)
    wrong = sum(each.runs == "no" for each in modules)
    risky = sum("risky" in (each.loads, each.runs) for each in modules)
    unknown = sum(each.loads == "unknown" for each in modules)
    told = [
        f"{count} {words}"
        for count, words in (
            (refused, "refused by the loader"), (wrong, "of other layouts"),
            (risky, "risky"), (unknown, "without verdict"),
        )
        if count
    ]  # fmt: skip
    text = "no verdict: " if report.verdict == "error" else f"{report.verdict}: "
    if report.verdict == "compatible" and risky:
        text = "risky: "
    total = plural(len(modules), "module")
    return text + (f"of {total}, {', '.join(told)}" if told else f"{total} checked")


def _is_risky(report: CheckReport) -> bool:
    return any("risky" in (each.loads, each.runs) for each in report.modules)


def _module(
    module: ModuleReport, limit: int | None, shared: Sequence[CheckNote], *, everything: bool
) -> Iterator[Block]:
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
    for layer in module.layers:
        yield _layer_line(layer)
        if layer.name == "reasons":
            yield from _reasons(layer.problems, limit)
        else:
            yield from _notes(layer.problems, limit)
        if everything:
            yield from _notes(layer.remarks, limit, "dim")
        else:
            told = [each for each in layer.remarks if each.kind in _TOLD]
            yield from _notes([replace(each, evidence=()) for each in told], limit, "dim")
    gaps = [gap for layer in module.layers for gap in layer.gaps if gap not in shared]
    yield from _gaps(gaps, "not checked", limit, 2)


def _layer_line(layer: LayerReport) -> Line:
    if layer.name == "reasons":
        return line(f"{'reasons':<{_WIDTH}}  why the versions differ", indent=2)
    bad = len(layer.problems)
    facts = f"{layer.checked} {layer.what}" if layer.checked else ""
    if bad and layer.checked:
        facts += f", {plural(bad, 'problem')}"
    if layer.gaps:
        facts += ", " if facts else ""
        facts += plural(len(layer.gaps), "gap")
    status = Span(f"{layer.status:<{_WIDTH}}", _STYLES[layer.status])
    return line(f"{layer.name:<{_WIDTH}}  ", status, f"  {facts}", indent=2)


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
        for each in note.evidence:
            yield line(Span(each, style), indent=6)
    if limit is not None and len(notes) > limit:
        yield _more(len(notes) - limit, 4)


def _gaps(gaps: Sequence[CheckNote], title: str, limit: int | None, indent: int) -> Iterator[Block]:
    if not gaps:
        return
    yield line(Span(title, "title"), f" ({plural(len(gaps), 'gap')})", indent=indent)
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
    elif report.verdict == "error" and any(each.loads == "unknown" for each in report.modules):
        yield line("give --kernel a vmlinux, or a Module.symvers of a kernel that has versions")
    elif report.verdict == "error" and gaps and "gap" in report.fail_on:
        yield line("gaps fail because of --fail-on gap; the lists say why each is one")
