"""What a program that uses rustabi needs besides loading and comparing: rules, reports, snapshots.

`rustabi` offers all of it by the names given there. Nothing here prints, and nothing is kept from
one call to the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from rustabi.check import KernelCheck, ModuleCheck
from rustabi.diff import Comparison
from rustabi.doctor import Diagnosis
from rustabi.model import Model
from rustabi.rules import NO_GATE, FailOn, Gate, Judgement, levels_of, present_day
from rustabi.rules import judge as judge_by
from rustabi.rules import read_rules as read_gate
from rustabi.snapshot import canonical, dumps, loads, read, write
from rustabi.target import load_target

if TYPE_CHECKING:
    from rustabi.report.formats import Report as ReportValue

Format: TypeAlias = Literal["text", "json", "md", "junit", "github"]

_CODES = {"compatible": 0, "incompatible": 1, "error": 2}


def read_rules(path: str | Path) -> Gate:
    """Read a rules file.

    Args:
        path: A TOML file; of a ``pyproject.toml`` its table ``tool.rustabi``.

    Returns:
        What it lays down, for `judge`.

    Raises:
        RustabiError: It cannot be read, or says what no rules file can say.

    Example:
        >>> import rustabi
        >>> rules = rustabi.read_rules("rustabi.toml")
        >>> [(rule.label, rule.expires) for rule in rules.rules]
        [('rule 1', datetime.date(2099, 12, 31)), ('rule 2', None)]
    """
    return read_gate(Path(path))


def judge(
    comparison: Comparison,
    rules: str | Path | Gate | None = None,
    *,
    opaque: Iterable[str] = (),
    fail_on: Iterable[FailOn] = (),
    today: date | None = None,
) -> Judgement:
    """Judge the findings of a comparison by what a user lays down.

    Args:
        comparison: What `rustabi.compare` found.
        rules: A rules file, or what `read_rules` made of one; None for none. No file is looked for.
        opaque: Globs of types that callers hold by address only, besides those of the rules.
        fail_on: What fails besides breaks: ``risky``, ``api``, ``gap``.
        today: The day on which rules must not have expired; None for today in UTC.

    Returns:
        The findings, each with what became of it. `Report.of_comparison` takes it.

    Raises:
        RustabiError: The rules file is wrong, or `fail_on` names no level.

    Example:
        >>> import rustabi
        >>> found = rustabi.compare("nested_change-old.o", "nested_change-new.o")
        >>> judgement = rustabi.judge(found, "rustabi.toml", opaque=["nested_change::Device"])
        >>> for each in judgement.findings:
        ...     print(each.finding.change.kind, each.tolerated, judgement.fails(each))
        member-added True False
        member-added False True
        member-added False False
    """
    gate = rules if isinstance(rules, Gate) else NO_GATE if rules is None else read_rules(rules)
    gate = gate.with_options(tuple(opaque), levels_of(fail_on))
    return judge_by(comparison, gate, today or present_day())


class Snapshot(NamedTuple):
    """A build kept for later: its model, and the small file that the model is written to.

    Wherever a target is named, the file may be named, too. The same model gives the same bytes.

    Attributes:
        model: All that is known of the build, in the order in which files have it.

    Example:
        >>> import rustabi
        >>> baseline = rustabi.Snapshot.of("member_added-old.o")
        >>> baseline.write("baseline.json.gz")
        >>> rustabi.Snapshot.read("baseline.json.gz") == baseline
        True
        >>> rustabi.compare("baseline.json.gz", "member_added-new.o").verdict
        'incompatible'
    """

    model: Model

    @classmethod
    def of(cls, target: str | Path | Model) -> Snapshot:
        """The snapshot of a model, or of what `rustabi.load` takes.

        Raises:
            RustabiError: The target cannot be read or built.
        """
        return cls(canonical(target if isinstance(target, Model) else load_target(target)))

    @classmethod
    def read(cls, path: str | Path) -> Snapshot:
        """The snapshot in a file, packed by gzip or not.

        Raises:
            RustabiError: It cannot be read, is damaged, or was written by a newer rustabi.
        """
        return cls(read(path))

    @classmethod
    def loads(cls, data: bytes) -> Snapshot:
        """The snapshot in bytes that `dumps` made.

        Raises:
            RustabiError: They are damaged, or were made by a newer rustabi.
        """
        return cls(loads(data, "<bytes>"))

    def write(self, path: str | Path) -> None:
        """Write it to a file, packed by gzip if the name ends in ``.gz``; whole or not at all.

        Raises:
            RustabiError: The file cannot be written.
        """
        write(self.model, path)

    def dumps(self) -> bytes:
        """Its bytes: JSON, one type or symbol a line.

        Raises:
            RustabiError: It is larger than 128 MiB.
        """
        return dumps(self.model)


class Report(NamedTuple):
    """A result in words, for people and for programs: what the commands of ``rustabi`` print.

    Attributes:
        value: The report as values: frozen dataclasses, whose fields `rustabi schema report` and
            docs/json.md describe. Sizes and offsets are bytes.

    Example:
        >>> import rustabi
        >>> found = rustabi.compare("member_added-old.o", "member_added-new.o")
        >>> report = rustabi.Report.of_comparison(found, "old", "new")
        >>> report.kind, report.verdict, report.exit_code
        ('diff', 'incompatible', 1)
        >>> print(report.text().splitlines()[0])
        INCOMPATIBLE: 1 type changed, 1 of 2 exported symbols affected
        >>> report.data()["findings"][0]["kind"]
        'member-added'
    """

    value: ReportValue

    @classmethod
    def of_comparison(
        cls,
        comparison: Comparison,
        old: str = "OLD",
        new: str = "NEW",
        *,
        judgement: Judgement | None = None,
        crates: str | None = None,
        noise: bool = False,
    ) -> Report:
        """The report of a comparison.

        Args:
            comparison: What `rustabi.compare` found.
            old: What to call the build that callers were compiled against.
            new: What to call the other one.
            judgement: Of `rustabi.judge`; None where nothing but breaks fails.
            crates: A glob: only findings that concern these crates.
            noise: With findings that nobody has to notice.
        """
        from rustabi.report.differences import diff_report

        return cls(
            diff_report(comparison, old, new, crates=crates, noise=noise, judgement=judgement)
        )

    @classmethod
    def of_check(cls, check: ModuleCheck | KernelCheck) -> Report:
        """The report of the check of a module.

        Args:
            check: What `rustabi.check_module` found.
        """
        from rustabi.report.check import check_report

        if isinstance(check, ModuleCheck):
            check = KernelCheck(check.kernel, (check,), check.gate, check.rules)
        return cls(check_report(check))

    @classmethod
    def of_diagnosis(cls, diagnosis: Diagnosis, target: str) -> Report:
        """The report of a diagnosis.

        Args:
            diagnosis: What `rustabi.diagnose` found.
            target: What to call what was examined.
        """
        from rustabi.report.doctor import doctor_report

        return cls(doctor_report(diagnosis, target))

    @classmethod
    def of_models(cls, **models: Model) -> Report:
        """The report of what is in models: their types by crate, holes, exported symbols.

        Args:
            models: What to call each, and what `rustabi.load` made of it.
        """
        from rustabi.report.summary import SummaryReport, target_report

        targets = tuple(target_report(model, name) for name, model in models.items())
        return cls(SummaryReport("report", targets))

    @property
    def kind(self) -> str:
        """Which report it is: ``diff``, ``check``, ``doctor``, ``report``."""
        return self.value.report

    @property
    def verdict(self) -> str | None:
        """``compatible``, ``incompatible`` or ``error``; None for a report without a verdict."""
        if self.kind == "doctor":
            return "compatible" if getattr(self.value, "suffices", False) else "error"
        return getattr(self.value, "verdict", None)

    @property
    def exit_code(self) -> int:
        """What the command would exit with: 0 compatible or done, 1 incompatible, 2 no verdict."""
        return 0 if self.verdict is None else _CODES[self.verdict]

    def render(self, format: Format, *, everything: bool = False) -> str:  # noqa: A002
        """The report in a format.

        Args:
            format: ``text`` for people, ``json``, ``md`` (Markdown), ``junit`` (JUnit XML),
                ``github`` (annotations).
            everything: In ``text``, lists are whole, however long.

        Raises:
            RustabiError: Reports of this kind do not have that format.
        """
        from rustabi.report.formats import render

        return render(self.value, format, everything=everything)

    def text(self, *, everything: bool = False) -> str:
        """The report as plain text, without colours; see `render`."""
        return self.render("text", everything=everything)

    def json(self) -> str:
        """The report as JSON; see `render`."""
        return self.render("json")

    def data(self) -> dict[str, Any]:
        """The report as dicts, lists, texts and numbers: what its JSON reads as."""
        import json

        document: dict[str, Any] = json.loads(self.json())
        return document
