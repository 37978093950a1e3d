"""What a session has to say beside its tests: report files, and the terminal's summary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from rustabi.errors import UsageError
from rustabi.files import write_whole
from rustabi.pytest_plugin.notes import unpacked
from rustabi.report.formats import (
    TOKENS,
    Report,
    Wanted,
    formats_of,
    parse_format,
    render_all,
    require_distinct,
)

_CANNOT_WRITE = 2
"""The exit code of a session whose report cannot be written, as of the command line."""

_KINDS = ("diff", "check", "error")
"""The kinds of reports that assertions make."""


class ReportFiles:
    """The files that ``--rustabi-report`` asks for.

    Args:
        wanted: The formats and files.
        folder: What the files' names are relative to.
    """

    def __init__(self, wanted: Iterable[Wanted], folder: Path) -> None:
        self.wanted = tuple(wanted)
        self._folder = folder
        self._heard: dict[tuple[str, str], list[str]] = {}

    @classmethod
    def of_options(cls, config: pytest.Config) -> ReportFiles:
        """Those of a command line.

        Raises:
            pytest.UsageError: One of them makes no sense.
        """
        known = [token for token in TOKENS if all(token in formats_of(each) for each in _KINDS)]
        try:
            wanted = [parse_format(each, known) for each in config.getoption("rustabi_report")]
            require_distinct(wanted)
        except UsageError as error:
            raise pytest.UsageError(f"--rustabi-report: {error}") from None
        for each in wanted:
            if each.file in (None, "-"):
                raise pytest.UsageError(f"--rustabi-report: name a file: {each.token}:FILE")
        return cls(wanted, config.invocation_params.dir)

    def hear(self, nodeid: str, when: str, packed: Iterable[str]) -> None:
        """Take what a part of a test found; of a test that is run again, what it found last."""
        found = list(packed)
        if found or (nodeid, when) in self._heard:
            self._heard[nodeid, when] = found

    def write(self) -> None:
        """Write all files: the reports in the order of the tests' names, whoever ran them."""
        order = ("setup", "call", "teardown")
        parts = sorted(self._heard, key=lambda each: (each[0], order.index(each[1])))
        reports: list[Report] = [unpacked(text) for part in parts for text in self._heard[part]]
        for each in self.wanted:
            text = render_all(reports, each.token)
            path = self._folder / (each.file or "")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_whole(path, text.encode("utf-8", "surrogateescape"))
            except OSError as error:
                pytest.exit(
                    f"rustabi: {path}: the report cannot be written: {error.strerror or error}",
                    returncode=_CANNOT_WRITE,
                )


def summary(updates: Mapping[str, tuple[str, str]], files: ReportFiles | None) -> list[str]:
    """Lines for the end of the terminal's output.

    Args:
        updates: Baseline -> what was done, and how it compares with the one before.
        files: What was written.
    """
    width = max((len(name) for name in updates), default=0)
    lines = []
    for name, (done, headline) in sorted(updates.items()):
        said = f"baseline {done}" + (f": {headline}" if headline else "")
        lines.append(f"{name:<{width}}  {said}")
    wanted = () if files is None else files.wanted
    return lines + [f"{each.file}  report written ({each.token})" for each in wanted]
