"""The program ``cargo-rustabi``, which cargo runs for ``cargo rustabi``."""

from __future__ import annotations

import signal
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from rustabi.cli import guarded
from rustabi.cli.answer import Answer, Say
from rustabi.cli.arguments import parsed
from rustabi.cli.building import chosen_build
from rustabi.cli.cargo_options import cargo_parser
from rustabi.cli.formats import STANDARD_OUTPUT, wanted_formats
from rustabi.cli.formats import say as say_answer
from rustabi.cli.gate import WITHOUT, levels
from rustabi.cli.output import OutputError, progress
from rustabi.errors import UsageError

if TYPE_CHECKING:
    from rustabi.cargo import Build
    from rustabi.cargo.workspace import Selection
    from rustabi.crates import BaselineFacts, CrateResult
    from rustabi.diff import Comparison
    from rustabi.report.snapshots import SnapshotReport
    from rustabi.rules import Judgement

_SNAPSHOT_ENDINGS: Final = (".json", ".json.gz")


def console() -> NoReturn:
    """The program ``cargo-rustabi``."""
    for each in (signal.SIGTERM, signal.SIGHUP):  # what is in the making is to be removed then, too
        signal.signal(each, _end)
    sys.exit(main())


def _end(number: int, _: object) -> NoReturn:
    raise SystemExit(128 + number)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: The arguments, with or without the word ``rustabi`` that cargo puts before them; None
            for those of the program.

    Returns:
        The exit code: 0 compatible or done, 1 incompatible, 2 no verdict.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments[:1] == ["rustabi"]:
        del arguments[0]
    return guarded(_run, arguments)


def _run(arguments: Sequence[str]) -> int:
    try:
        options = parsed(cargo_parser(), arguments)
    except SystemExit as done:  # --help and --version
        return int(done.code or 0)
    formats = wanted_formats(options)
    with progress() as told:
        answer = _COMMANDS[options.command](options, told)
    say_answer(answer, formats, options)
    return answer.code


# what the options say


def _build(options: Namespace) -> Build:
    return chosen_build(options)._replace(
        offline=options.offline, locked=options.locked, frozen=options.frozen
    )


def _selection(options: Namespace) -> Selection:
    from rustabi.cargo.workspace import Selection

    if options.workspace and options.package:
        raise UsageError("--workspace and --package exclude each other", advice="give one of them")
    return Selection(tuple(options.package), options.workspace, tuple(options.exclude))


def _judge(options: Namespace, folder: Path) -> Callable[[Comparison], Judgement]:
    from rustabi.rules import NO_GATE, find_rules, judge, present_day, read_rules

    if options.rules is not None and options.no_rules:
        raise UsageError("--rules and --no-rules exclude each other", advice="give one of them")
    if options.rules is not None:
        gate = read_rules(Path(options.rules))
    else:
        gate = NO_GATE if options.no_rules else find_rules(folder, without=WITHOUT)
    gate = gate.with_options(tuple(options.opaque), levels(options.fail_on))
    day = present_day()
    return lambda comparison: judge(comparison, gate, day)


# commands


def _report(options: Namespace, say: Say) -> Answer:
    from rustabi.crates import folder_of, read_crates
    from rustabi.report.summary import SummaryReport, target_report

    folder = folder_of(options.manifest_path)
    crates = read_crates(folder, _build(options), _selection(options), say, programs=True)
    targets = [target_report(model, package.name) for package, model in crates if model is not None]
    return Answer(SummaryReport("report", tuple(targets)))


def _snapshot(options: Namespace, say: Say) -> Answer:
    from rustabi.crates import WHY_LEFT_OUT, folder_of, read_crates
    from rustabi.report.crates import crates_snapshot
    from rustabi.report.snapshots import snapshot_report
    from rustabi.snapshot import write

    folder, output = folder_of(options.manifest_path), Path(options.output)
    if options.output == STANDARD_OUTPUT:
        raise UsageError(
            "snapshots of crates do not go to standard output",
            advice="name a folder, or a file for one crate",
        )
    alone = output.name.endswith(_SNAPSHOT_ENDINGS) and not output.is_dir()
    written: list[SnapshotReport] = []
    left_out: list[str] = []
    selection = _selection(options)
    for package, model in read_crates(folder, _build(options), selection, say, programs=False):
        if model is None:
            left_out.append(f"{package.name}: {WHY_LEFT_OUT[package.kind]}")
            continue
        if alone and written:
            raise UsageError(
                f"{output} is one file, and several crates are asked for",
                advice="name a package with -p, or a folder",
            )
        path = output if alone else output / f"{package.name}.json.gz"
        say(f"writing {path}")
        _make_folder(path.parent)
        write(model, path)
        written.append(snapshot_report(model, package.name, str(path)))
    return Answer(crates_snapshot(written, left_out))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot be made: {error.strerror}", path=folder,
            advice="name a folder that you may write to",
        ) from error  # fmt: skip


_DIFF_CODES: Final = {"compatible": 0, "incompatible": 1, "error": 2}
_SEMVER_CODES: Final = {"sufficient": 0, "insufficient": 1, "error": 2}


def _diff(options: Namespace, say: Say) -> Answer:
    from rustabi.report.crates import crate_diff, crates_diff

    def told(result: CrateResult, baseline: BaselineFacts) -> Any:
        return crate_diff(result, baseline.label, noise=options.all)

    report = crates_diff(*_compared(options, told, say))
    return Answer(report, everything=options.all, code=_DIFF_CODES[report.verdict])


def _check_semver(options: Namespace, say: Say) -> Answer:
    from rustabi.report.crates import crate_semver, crates_semver

    report = crates_semver(*_compared(options, lambda result, _: crate_semver(result), say))
    return Answer(report, code=_SEMVER_CODES[report.verdict])


def _compared(
    options: Namespace, make: Callable[[CrateResult, BaselineFacts], Any], say: Say
) -> tuple[BaselineFacts, list[Any]]:
    from rustabi.crates import Request, compare_crates, folder_of

    folder = folder_of(options.manifest_path)
    request = Request(
        folder, _build(options), _selection(options), options.baseline_rev,
        None if options.baseline is None else Path(options.baseline),
    )  # fmt: skip
    return compare_crates(request, lambda root: _judge(options, root), make, say)


_COMMANDS: Final[dict[str, Callable[[Namespace, Say], Answer]]] = {
    "report": _report,
    "diff": _diff,
    "snapshot": _snapshot,
    "check-semver": _check_semver,
}
