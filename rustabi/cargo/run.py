"""Cargo as a process: what it printed, and what is wrong where it failed."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeAlias

from rustabi.errors import BuildError

Progress: TypeAlias = Callable[[str], None]
"""Is told what is being done, in words, as the work goes on."""

_EXCERPT = 20
"""Lines of the compiler's errors to show."""


class Outcome(NamedTuple):
    """How a run of cargo ended.

    Attributes:
        messages: What it printed as JSON.
        errors: What it printed for people.
    """

    code: int
    messages: tuple[dict[str, Any], ...]
    errors: str


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    say: Progress | None = None,
) -> Outcome:
    """Run cargo in ``folder``, and tell ``say`` of each crate that is compiled.

    Raises:
        BuildError: It cannot be run at all.
    """
    messages: list[dict[str, Any]] = []
    with _temporary_file() as errors:
        try:
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=errors,
            )  # fmt: skip
        except OSError as error:
            raise _no_cargo(error, folder) from error
        with process:
            try:
                for message in _messages(process):
                    messages.append(message)
                    if say is not None and message.get("reason") == "compiler-artifact":
                        say(f"compiled {message['target']['name']}")
            except BaseException:
                process.terminate()  # Ctrl-C must not leave cargo running
                raise
        errors.seek(0)
        text = str(errors.read(), "utf-8", "replace")
    return Outcome(process.returncode, tuple(messages), text)


def _temporary_file() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise BuildError(
            f"no temporary file can be made: {error.strerror}",
            path=tempfile.gettempdir(),
            advice="set TMPDIR to a folder that you may write to",
        ) from error


def _messages(process: subprocess.Popen[bytes]) -> Iterator[dict[str, Any]]:
    """Cargo's messages. A procedural macro may print lines of its own between them."""
    for line in process.stdout or ():
        if line.startswith(b"{"):
            with contextlib.suppress(ValueError):
                yield json.loads(line)


def _no_cargo(error: OSError, folder: Path) -> BuildError:
    if folder.is_dir() and isinstance(error, FileNotFoundError):
        return BuildError(
            "building a crate needs cargo, and there is none",
            path=folder,
            advice="install Rust (https://rustup.rs), or name a binary that is built already",
        )
    return BuildError(
        f"cargo cannot be run: {error.strerror}",
        path=folder,
        advice="check the folder, and that `cargo --version` works",
    )


def failed(
    what: str,
    outcome: Outcome,
    command: Sequence[str],
    place: str | Path,
    names: Iterable[tuple[Path, str]] = (),
) -> BuildError:
    """The error of a run that failed, with the first of cargo's own words.

    Args:
        what: What could not be done.
        outcome: How the run ended.
        command: What the user may run to see the same.
        place: Where it failed, as the user knows it.
        names: Folders of rustabi's own, and what each is to be called instead.
    """
    text = outcome.errors
    for folder, name in names:
        text = text.replace(f"{folder}/", name)
    lines = text.strip().splitlines()
    first = next((at for at, line in enumerate(lines) if line.startswith("error")), -_EXCERPT)
    excerpt = "\n".join(lines[first:][:_EXCERPT]).strip()
    shown = ["cargo" if each == os.environ.get("CARGO") else each for each in command]
    return BuildError(
        f"{what}:\n{excerpt}",
        path=place,
        advice=f"fix that and see that this works there: {shlex.join(shown)}",
    )
