"""What a user lays down for comparisons, as values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from typing import Final, Literal, NamedTuple, TypeAlias

from rustabi.diff import Severity
from rustabi.errors import InputError, UsageError

FailOn: TypeAlias = Literal["break", "risky", "api", "gap"]
"""What fails a comparison besides breaks: findings of a severity or worse, or any gap."""

FAIL_ON: Final[tuple[FailOn, ...]] = ("break", "risky", "api", "gap")


def levels_of(given: Iterable[str]) -> frozenset[FailOn]:
    """The levels that a caller names as ``fail_on``.

    Raises:
        UsageError: One that there is not.
    """
    wanted = set(given)
    known = frozenset(each for each in FAIL_ON if each in wanted)
    if unknown := wanted - known:
        raise UsageError(
            f"fail_on does not know {min(unknown)!r}", advice=f"levels: {', '.join(FAIL_ON)}"
        )
    return known


class RulesError(InputError):
    """A rules file cannot be read, or says what no rules file can say."""

    kind = "bad-rules"


class Rule(NamedTuple):
    """What is to be done with certain findings.

    All of `symbol`, `type`, `crate`, `kind` and `module` that are not empty must match, each with
    one of its globs.

    Attributes:
        number: Its place in the file, from 1.
        reason: Why, in the words of who wrote it.
        severity: What to take the findings for; None to tolerate them.
        expires: The last day on which it holds; None for ever.
        id: A name for it; may be empty.
    """

    number: int
    reason: str
    symbol: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    crate: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    severity: Severity | None = None
    expires: date | None = None
    id: str = ""
    module: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What it is called in reports: ``rule 3 (old-driver)``."""
        return f"rule {self.number} ({self.id})" if self.id else f"rule {self.number}"

    def expired(self, today: date) -> bool:
        """Whether it does not hold any more."""
        return self.expires is not None and self.expires < today


class Opaque(NamedTuple):
    """A glob of types that are opaque handles, and why; no reason where the option names it."""

    glob: str
    reason: str = ""


class KnownGap(NamedTuple):
    """Gaps that do not fail a comparison that any gap would fail, and why.

    Attributes:
        number: Its place in the file, from 1.
        kind, subject: Globs; empty for any.
    """

    number: int
    reason: str
    kind: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()

    def covers(self, kind: str, subject: str) -> bool:
        """Whether a gap is one of them."""
        return (not self.kind or any(fnmatchcase(kind, glob) for glob in self.kind)) and (
            not self.subject
            or any(subject == glob or fnmatchcase(subject, glob) for glob in self.subject)
        )


class Gate(NamedTuple):
    """All that a user lays down for comparisons, as a rules file says it.

    Attributes:
        file: The rules file, as the user knows it; None where there is none.
        rules: In the order of the file: the first that matches decides.
        opaque: Types that are opaque handles.
        fail_on: What fails a comparison besides breaks.
        known_gaps: What does not, although it is a gap.

    Example:
        >>> import rustabi
        >>> gate = rustabi.read_rules("rustabi.toml")
        >>> gate.rules[0].symbol, gate.rules[0].type
        (('bus_number',), ('nested_change::clock::Clock',))
    """

    file: str | None = None
    rules: tuple[Rule, ...] = ()
    opaque: tuple[Opaque, ...] = ()
    fail_on: frozenset[FailOn] = frozenset()
    known_gaps: tuple[KnownGap, ...] = ()

    def fails(self, severity: Severity) -> bool:
        """Whether findings of a severity fail: all of it or worse than what `fail_on` names do."""
        named = [Severity(each) for each in self.fail_on if each != "gap"]
        return severity.rank <= max(each.rank for each in (Severity.BREAK, *named))

    def with_options(self, opaque: tuple[str, ...], fail_on: frozenset[FailOn]) -> Gate:
        """With what the command line adds; a glob that the file has, too, keeps its reason."""
        known = {each.glob for each in self.opaque}
        added = tuple(Opaque(glob) for glob in dict.fromkeys(opaque) if glob not in known)
        return self._replace(opaque=self.opaque + added, fail_on=self.fail_on | fail_on)


NO_GATE: Final = Gate()


def present_day() -> date:
    """The day by which rules expire: that of UTC, so that it is the same everywhere."""
    return datetime.now(UTC).date()
