"""Errors a user can meet: each says what happened, where, and what to do."""

from __future__ import annotations

from rustabi.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class RustabiError(Exception):
    """Root of every error that rustabi raises on purpose.

    Args:
        message: What is wrong, in one sentence.
        path: The file it was found in, when known.
        place: Where in the file (a section and offset, a line), when known.
        advice: What the user can do about it, when known.

    Example:
        >>> import rustabi
        >>> try:
        ...     rustabi.load("absent.o")
        ... except rustabi.RustabiError as error:
        ...     print(error.kind, error.path, error.message)
        bad-input absent.o there is no such file or folder
    """

    kind = "error"

    def __init__(
        self,
        message: str,
        *,
        path: str | Path | None = None,
        place: str | None = None,
        advice: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = None if path is None else str(path)
        self.place = place
        self.advice = advice

    def located(self, path: str | Path) -> RustabiError:
        """The same error, naming ``path`` when it did not name a file yet."""
        if self.path is None:
            self.path = str(path)
        return self

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.path, self.place) if part)
        text = f"{where}: {self.message}" if where else self.message
        if self.advice and "\n" in text:  # another program's words: they end where they end
            return f"{text}\n{self.advice}"
        return f"{text} ({self.advice})" if self.advice else text


class UsageError(RustabiError):
    """The command was called with arguments that do not fit together."""

    kind = "usage"


class InputError(RustabiError):
    """A file cannot be read, or is not of a kind that rustabi knows."""

    kind = "bad-input"


class MissingBaselineError(InputError):
    """The build to compare with was never written down."""

    kind = "no-baseline"


class NoDebugInfoError(InputError):
    """A binary is sound but carries no debug info to read types from."""

    kind = "no-debug-info"


class DwarfError(RustabiError):
    """The debug info of a binary is damaged or of an unknown form."""

    kind = "bad-dwarf"


class SnapshotError(RustabiError):
    """A snapshot file is damaged, or written by a newer rustabi."""

    kind = "bad-snapshot"


class BuildError(RustabiError):
    """Cargo or rustc failed to build a crate."""

    kind = "build-failed"
