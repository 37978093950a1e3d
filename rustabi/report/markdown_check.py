"""The other reports as Markdown: a check of modules, a diagnosis, a summary, paths, a failure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rustabi.report.check import CheckNote, CheckReport, ModuleReport
from rustabi.report.doctor import DoctorReport, ProblemReport, RemedyReport
from rustabi.report.errors import FailureReport
from rustabi.report.facts import plural, short
from rustabi.report.markdown import MANY, Part, block, bullets, cell, code, folded, table
from rustabi.report.markdown_diff import (
    ASIDE,
    FAILS,
    HEAD,
    REST,
    RISKY,
    WORST,
    gaps_text,
    verdict_rank,
)
from rustabi.report.page import plain
from rustabi.report.paths import ARROW
from rustabi.report.summary import CrateReport, SummaryReport, TargetReport
from rustabi.report.text import why_page
from rustabi.report.text_check import verdict_in_words
from rustabi.report.why import WhyReport

# check


def check_parts(report: CheckReport) -> Iterator[Part]:
    """A check of modules: the verdict with a row for each module, then what is wrong with each."""
    title = {"compatible": "compatible", "incompatible": "incompatible", "error": "no verdict"}
    words = verdict_in_words(report).partition(": ")[2]
    head = f"### rustabi check: {title[report.verdict]}\n\n{words}"
    yield Part(verdict_rank(report.verdict), head, "verdict")
    ordered = sorted(report.modules, key=_rank)
    rows = [(cell(each.module), each.loads, each.runs, _statuses(each)) for each in ordered]
    titles = ("module", "would load", "would run correctly", "layers")
    for start in range(0, len(rows), MANY):
        yield Part(FAILS if start == 0 else REST, table(titles, rows[start : start + MANY]),
                   f"table of {MANY} modules")  # fmt: skip
    for module in ordered:
        yield from _module(module)
    if report.kernel:
        kernel = block("\n".join(report.kernel[:MANY]))
        yield Part(ASIDE, folded("what is known of the kernel", kernel), "list of kernel files")


def _rank(module: ModuleReport) -> int:
    if module.verdict != "compatible":
        return 0 if module.verdict == "incompatible" else 1
    return 3 if {module.loads, module.runs} <= {"yes", "unknown"} else 2


def _statuses(module: ModuleReport) -> str:
    return ", ".join(f"{each.name} {each.status}" for each in module.layers)


def _module(module: ModuleReport) -> Iterator[Part]:
    rank = min(FAILS + _rank(module) // 2, REST)
    if module.error is not None:
        text = f"#### {code(module.module)}\n\ncannot be read: {code(module.error)}"
        yield Part(rank, text, "module")
        return
    problems = [each for layer in module.layers for each in layer.told]
    if problems:
        text = f"#### {code(module.module)}\n\n{bullets(problems, _note, 'problem')}"
        yield Part(rank, text, "module")
    gaps = [each for layer in module.layers for each in layer.gaps]
    if gaps:
        lines = bullets(gaps, _note, "gap")
        text = f"not checked of {code(module.module)} ({plural(len(gaps), 'gap')}):\n\n{lines}"
        yield Part(REST, text, "list of gaps")


def _note(note: CheckNote) -> str:
    tolerated = (f"tolerated: {code(note.reason)}",) if note.tolerated else ()
    parts = (code(note.name), code(note.text), *tolerated, *map(code, note.evidence[:MANY]))
    return " ".join(each for each in parts if each)


# doctor


def doctor_parts(report: DoctorReport) -> Iterator[Part]:
    """A diagnosis: the conclusion, then each problem with its remedies."""
    title = "debug info suffices" if report.suffices else "debug info does not suffice"
    head = f"### rustabi doctor: {title}\n\n{code(report.target)}: {code(report.conclusion)}"
    yield Part(HEAD, head, "verdict")
    ranks = {"blocks": FAILS, "narrows": RISKY, "note": REST}
    for each in report.problems:
        yield Part(ranks[each.grade], _problem(each), "problem")


def _problem(problem: ProblemReport) -> str:
    blocks = [f"#### {code(problem.kind)}", code(problem.found), code(problem.because)]
    if problem.subjects:
        blocks.append(bullets(problem.subjects, code, "name"))
    if problem.remedies:
        blocks.append(
            "what to change (one is enough):\n\n" + bullets(problem.remedies, _remedy, "remedy")
        )
    return "\n\n".join(blocks)


def _remedy(remedy: RemedyReport) -> str:
    return f"{remedy.where} {code(remedy.change)}".strip()


# report


def summary_parts(report: SummaryReport) -> Iterator[Part]:
    """What is in targets: their crates, and what could not be read."""
    for target in report.targets:
        yield Part(HEAD, _target_head(target), "target")
        own = [each for each in target.crates if not each.std]
        if own:
            yield Part(FAILS, _crates(own), "table of crates")
        if target.gaps:
            yield Part(REST, gaps_text(target.gaps), "list of gaps")


def _target_head(target: TargetReport) -> str:
    build = target.build
    facts = ", ".join(map(code, (*build.compilers, build.machine)))
    counts = f"{plural(build.symbols, 'exported symbol')}, {plural(build.types, 'type')}"
    return f"### rustabi report: {code(build.target)}\n\n{facts}: {counts}"


def _crates(crates: Sequence[CrateReport]) -> str:
    rows = [
        (
            cell(each.crate) or "C", str(each.types), str(each.permuted), str(each.saved),
            str(each.padding),
        )
        for each in crates
    ]  # fmt: skip
    text = table(("crate", "types", "permuted", "bytes saved", "unused bytes"), rows[:MANY])
    more = len(rows) - MANY
    return f"{text}\n\nand {plural(more, 'more crate')}" if more > 0 else text


# why


def why_parts(report: WhyReport) -> Iterator[Part]:
    """The paths from a symbol to a type, or the tree behind it."""
    title = f"### rustabi why: {code(report.symbol.name)}"
    if report.type is None:
        yield Part(HEAD, title, "title")
        yield Part(FAILS, block(plain(why_page(report))), "tree")
        return
    found = "depends on" if report.paths else "does not depend on"
    yield Part(HEAD, f"{title} {found} {code(report.type)}", "title")
    if report.paths:
        yield Part(FAILS, bullets(report.paths, _path, "path"), "list of paths")


def _path(path: Sequence[str]) -> str:
    return code(ARROW.join([*path[:1], *map(short, path[1:])]))


# failures


def failure_parts(report: FailureReport) -> Iterator[Part]:
    """Why there is no verdict or no report."""
    error = report.error
    where = ", ".join(part for part in (error.path, error.place) if part)
    message, *output = error.message.split("\n", 1)  # of cargo: what it says, line by line
    blocks = (
        "### rustabi: no verdict", code(where), code(message), *map(block, output),
        code(error.advice or ""),
    )  # fmt: skip
    yield Part(WORST, "\n\n".join(each for each in blocks if each), "error")
