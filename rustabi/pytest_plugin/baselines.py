"""Baselines: snapshots in version control, compared with, and written anew when asked for."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from rustabi.binary.open import read_prefix
from rustabi.errors import (
    InputError,
    MissingBaselineError,
    RustabiError,
    SnapshotError,
    UsageError,
)
from rustabi.model import Facts, Model
from rustabi.pytest_plugin.comparing import report_of
from rustabi.pytest_plugin.notes import Notes
from rustabi.pytest_plugin.places import Places
from rustabi.pytest_plugin.shared import Shared
from rustabi.pytest_plugin.values import LoadedTarget
from rustabi.report.facts import plural
from rustabi.report.formats import render
from rustabi.report.judging import judged
from rustabi.rules import Gate
from rustabi.snapshot import dumps, is_snapshot, write

UPDATE = "--rustabi-update"


class Baselines:
    """The baselines of a session.

    Args:
        places: Where they are.
        shared: What is read once.
        notes: Is told what was written.
        update: Write them instead of comparing.
    """

    def __init__(self, places: Places, shared: Shared, notes: Notes, *, update: bool) -> None:
        self._places = places
        self._shared = shared
        self._notes = notes
        self.update = update
        self._written: dict[Path, Model] = {}

    def loaded(self, name: str | Path, symbols: tuple[str, ...] | None) -> LoadedTarget:
        """What a baseline says.

        Raises:
            MissingBaselineError: There is none.
            RustabiError: It cannot be read.
        """
        path = self._places.baseline(name)
        if not path.exists():
            raise MissingBaselineError(
                "there is no baseline", path=self._places.shown(path),
                advice=f"write it with `pytest {UPDATE}`, look at it, and commit it",
            )  # fmt: skip
        return LoadedTarget(self._places.shown(path), self._shared.model(path, symbols), path)

    def exporting(self, name: str | Path) -> Model:
        """What a baseline says; nothing where it is yet to be written.

        Raises:
            MissingBaselineError: There is none, and none is to be written.
            RustabiError: It cannot be read.
        """
        if self.update and not self._places.baseline(name).exists():
            return Model((), (), (), (), Facts("", 8, little_endian=True))
        return self.loaded(name, None).model

    def write(self, name: str | Path, target: LoadedTarget, gate: Gate) -> None:
        """Write a baseline, unless it says the same already.

        What is there and no snapshot, such as an old build, is left alone.

        Args:
            name: The baseline.
            target: What it is to say from now on.
            gate: What the summary judges the difference by.

        Raises:
            UsageError: Another test of the session wrote something else there.
            InputError: The snapshot that is there cannot be read, or holds debug info that the
                target lacks, or the file cannot be written.
        """
        path = self._places.baseline(name)
        if self._written.get(path) is target.model:
            return
        if path.exists() and not _is_snapshot(path):
            return
        with self._shared.lock() as place:
            record = place / f"baseline-{_digest(os.fsencode(path))[:32]}.json"
            digest = _digest(dumps(target.model))
            if not self._is_written(record, digest, path, target):
                done, headline = self._compared(path, target, gate)
                if done != "unchanged":
                    _make_folder(path)
                    write(target.model, path)
                known = {"sha256": digest, "target": target.name}
                record.write_text(json.dumps(known), encoding="utf-8")
                self._notes.update(self._places.shown(path), done, headline)
        self._written[path] = target.model

    def _is_written(self, record: Path, digest: str, path: Path, target: LoadedTarget) -> bool:
        """Whether a test of this session wrote just that there before."""
        if not record.exists():
            return False
        before = json.loads(record.read_text(encoding="utf-8"))
        if before["sha256"] != digest:
            raise UsageError(
                f"two tests disagree on what it is to hold: one {before['target']}, one"
                f" {target.name}",
                path=self._places.shown(path), advice="give each a baseline of its own",
            )  # fmt: skip
        return True

    def _compared(self, path: Path, target: LoadedTarget, gate: Gate) -> tuple[str, str]:
        """(what is to be done, how the new one compares with the old)."""
        if not path.exists():
            return "written", plural(len(target.model.symbols), "exported symbol")
        try:
            before = self._shared.model(path, None)
        except SnapshotError as error:
            raise InputError(
                f"the baseline cannot be read: {error.message}", path=self._places.shown(path),
                advice=f"delete it; `pytest {UPDATE}` writes it anew",
            ) from error  # fmt: skip
        if dumps(before) == dumps(target.model):
            return "unchanged", ""
        report = report_of(judged(before, target.model, gate), str(path), target.name)
        if report.verdict == "error" and report.error is not None:
            raise InputError(
                f"{report.error.message}: the baseline is left as it is",
                path=self._places.shown(path),
                advice=f"{report.error.advice}; to give that up, delete the baseline and run"
                f" `pytest {UPDATE}`",
            )
        return "rewritten", render(report, "text").partition("\n")[0]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _is_snapshot(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        return is_snapshot(read_prefix(path))
    except RustabiError as error:
        raise error.located(path) from None


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the folder of the baseline cannot be made: {error.strerror}", path=path.parent,
            advice="name a folder that you may write to",
        ) from error  # fmt: skip
