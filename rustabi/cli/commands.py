"""One function for each command: reads what it names, hands on what is to be said.

Each imports what it needs: start-up counts where a build calls rustabi for every object.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rustabi.cli.answer import Answer, Say
from rustabi.cli.building import build_of
from rustabi.errors import UsageError

if TYPE_CHECKING:
    from rustabi.diff import Comparison
    from rustabi.diff.accepted import Acceptance
    from rustabi.loader import Loaded
    from rustabi.model import Model


def run(options: Namespace, say: Say) -> Answer:
    """What the command that was asked for has to say.

    Raises:
        RustabiError: It cannot be done.
    """
    return _COMMANDS[options.command](options, say)


# reading


def _load(
    target: str,
    options: Namespace,
    say: Say,
    names: Sequence[str] | None = None,
    *,
    all_types: bool = True,
) -> Model:
    from rustabi.target import load_target

    return load_target(
        target, symbols=names, all_types=all_types, build=build_of(options), progress=say,
        means=options.means,
    )  # fmt: skip


def _load_all(targets: Sequence[str], options: Namespace, say: Say) -> list[Model]:
    from rustabi.target import load_targets

    return load_targets(targets, build=build_of(options), progress=say, means=options.means)


# commands


def _report(options: Namespace, say: Say) -> Answer:
    from rustabi.report.summary import SummaryReport, target_report

    models = _load_all(options.targets, options, say)
    targets = map(target_report, models, options.targets)
    report = SummaryReport("report", tuple(targets))
    return Answer(report)


def _layout(options: Namespace, say: Say) -> Answer:
    from rustabi.report.layouts import Selection, layout_report

    selection = Selection(
        options.type, options.crate, permuted=options.permuted, holes=options.holes
    )
    report = layout_report(_load(options.target, options, say), options.target, selection)
    return Answer(report)


def _symbols(options: Namespace, say: Say) -> Answer:
    from rustabi.cli.lists import list_for, symbol_list

    if options.update is not None and options.list_for is None:
        raise UsageError("--update goes with --list-for", advice="name modules with --list-for")
    if options.list_for is not None:
        say(f"reading {options.target} and modules")
        return Answer(text=list_for(options))
    names = symbol_list(options.symbols)
    if options.format == "symtypes":
        return Answer(text=_symtypes(options, names, say))
    lines_alone = options.format == "symvers"
    model = _load(options.target, options, say, names, all_types=not lines_alone)
    if options.format == "symvers":
        return Answer(text=_symvers(options, model))
    from rustabi.report.symbols import symbols_report

    report = symbols_report(model, options.target)
    return Answer(report)


def _symtypes(options: Namespace, names: Sequence[str] | None, say: Say) -> str:
    from rustabi.report.symvers import symtypes_text

    return symtypes_text(_loaded(options, names, say))


def _loaded(options: Namespace, names: Sequence[str] | None, say: Say) -> Loaded:
    """One binary as its DWARF has it: type strings depend on the order of its entries."""
    from rustabi.binary.elf import Elf
    from rustabi.binary.open import read_binary
    from rustabi.loader import load
    from rustabi.target import resolve

    target = resolve(Path(options.target), build=build_of(options), progress=say)
    data = read_binary(target.binaries[0].path) if len(target.binaries) == 1 else b""
    if not data.startswith(b"\x7fELF"):
        raise UsageError(
            "type strings are those of one object, module or library", path=options.target,
            advice="name a single ELF file",
        )  # fmt: skip
    say(f"reading {options.target}")
    return load(Elf(data, options.target), symbols=names, all_types=False)


def _symvers(options: Namespace, model: Model) -> str:
    from rustabi.report.symvers import exports_of_files, symvers_lines
    from rustabi.target import resolve

    path = Path(options.target)
    is_folder = path.is_dir() and not (path / "Cargo.toml").is_file()
    binaries = resolve(path).binaries if is_folder else ((path, ""),)
    lines = symvers_lines(model.symbols, options.target, exports_of_files(binaries))
    return "".join(f"{line}\n" for line in lines)


def _why(options: Namespace, say: Say) -> Answer:
    from rustabi.report.why import why_report

    model = _load(options.target, options, say)
    report = why_report(model, options.target, options.symbol, options.type)
    return Answer(report)


def _graph(options: Namespace, say: Say) -> Answer:
    from rustabi.report.graphs import dot, graph_report, graphml
    from rustabi.report.select import matching_symbols

    model = _load(options.target, options, say)
    wanted = None if options.symbol is None else matching_symbols(model, options.symbol)
    report = graph_report(model, options.target, wanted)
    if options.format == "json":
        return Answer(report)
    lines = dot(report) if options.format == "dot" else graphml(report)
    return Answer(text="".join(f"{line}\n" for line in lines))


def _snapshot(options: Namespace, say: Say) -> Answer:
    from rustabi.cli.formats import STANDARD_OUTPUT
    from rustabi.report.snapshots import snapshot_report
    from rustabi.snapshot import dumps, write

    if options.output == STANDARD_OUTPUT and options.format != "text":
        raise UsageError(
            "snapshot and report cannot both go to standard output",
            advice="leave out --format, or name a file with -o",
        )
    model = _load(options.target, options, say)
    if options.output == STANDARD_OUTPUT:  # the snapshot is all that is said there
        return Answer(text=dumps(model).decode("utf-8", "surrogateescape"))
    say(f"writing {options.output}")
    write(model, options.output)
    report = snapshot_report(model, options.target, options.output)
    return Answer(report)


_CODES: Final = {"compatible": 0, "incompatible": 1, "error": 2}


def _diff(options: Namespace, say: Say) -> Answer:
    from rustabi.cli.gate import gate_of
    from rustabi.cli.lists import symbol_list
    from rustabi.report.differences import diff_report
    from rustabi.report.judging import judged
    from rustabi.report.select import require_crate

    gate = gate_of(options)
    names = symbol_list(options.symbols)
    old, new = _load_all((options.old, options.new), options, say)
    say("comparing")
    accepting = _accepting(options) if options.kabi_rules else None
    try:
        found = judged(old, new, gate, names, unreached=options.all, accepting=accepting)
    except UsageError as error:  # of the list
        raise error.located(options.symbols) from None
    comparison = found.comparison
    if options.crate is not None:
        require_crate(options.crate, (comparison.old, comparison.new))
    report = diff_report(
        comparison, options.old, options.new,
        crates=options.crate, noise=options.all, extra_gaps=found.gaps,
        judgement=found.judgement, kabi=found.kabi,
    )  # fmt: skip
    return Answer(report, options.all, code=_CODES[report.verdict])


def _accepting(options: Namespace) -> Callable[[Comparison], Acceptance]:
    """What the kABI rules of both targets accept of a comparison."""
    from rustabi.diff.accepted import accept
    from rustabi.target import kabi_rules

    build = build_of(options)
    old, new = (kabi_rules(each, build=build) for each in (options.old, options.new))
    return lambda comparison: accept(comparison, old, new)


def _doctor(options: Namespace, say: Say) -> Answer:
    from rustabi.doctor import diagnose
    from rustabi.report.doctor import doctor_report

    build = build_of(options)
    diagnosis = diagnose(options.target, build=build, progress=say, means=options.means)
    report = doctor_report(diagnosis, options.target)
    return Answer(report, options.all, code=0 if report.suffices else _CODES["error"])


def _check(options: Namespace, say: Say) -> Answer:
    from rustabi.cli.check import run_check

    return run_check(options, say)


def _explain(options: Namespace, _: Say) -> Answer:
    from rustabi.report.explain import explain_report

    report = explain_report(options.kind)
    return Answer(report)


def _schema(options: Namespace, _: Say) -> Answer:
    if options.which == "report":
        from rustabi.report.contract import json_schema

        schema = json_schema()
    elif options.which == "rules":
        from rustabi.rules.schema import json_schema as rules_schema

        schema = rules_schema()
    else:
        from rustabi.schema import json_schema as file_schema

        schema = file_schema("snapshot")
    return Answer(text=json.dumps(schema, indent=2, ensure_ascii=False) + "\n")


def _completion(options: Namespace, _: Say) -> Answer:
    from importlib.resources import files

    script = files("rustabi.cli") / "completion" / f"rustabi.{options.shell}"
    return Answer(text=script.read_text(encoding="utf-8"))


def _cache(options: Namespace, say: Say) -> Answer:
    from rustabi.cli.cache import run_cache

    return run_cache(options, say)


def _kernel(options: Namespace, say: Say) -> Answer:
    from rustabi.cli import kernel

    functions = {
        "symvers": kernel.symvers, "symtypes-diff": kernel.symtypes_diff, "names": kernel.names,
    }  # fmt: skip
    return functions[options.command](options, say)


_COMMANDS: Final[dict[str, Callable[[Namespace, Say], Answer]]] = {
    "report": _report,
    "layout": _layout,
    "symbols": _symbols,
    "why": _why,
    "graph": _graph,
    "snapshot": _snapshot,
    "diff": _diff,
    "doctor": _doctor,
    "check": _check,
    "explain": _explain,
    "schema": _schema,
    "completion": _completion,
    "symvers": _kernel,
    "symtypes-diff": _kernel,
    "names": _kernel,
    "cache": _cache,
}
