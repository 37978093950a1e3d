"""Which rule decides what: of each finding in turn, the first rule that is for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from rustabi.names import demangle
from rustabi.rules.gate import Rule


class Case(NamedTuple):
    """A finding as rules see it.

    Attributes:
        kind: Its id.
        crate: That of the type or symbol it is about; empty for none.
        types: The names of the type it is about: whole, without generic arguments.
        symbols: The symbols that it affects.
        symbol: The symbol that it is about itself, where it affects none.
        module: The kernel module that it is about; empty for none.
    """

    kind: str
    crate: str = ""
    types: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    symbol: str = ""
    module: str = ""


class RuleUse(NamedTuple):
    """What became of a rule.

    Attributes:
        state: ``elsewhere``: it is about nothing that this command finds.
        findings: How many it decided; of an expired one, how many it would have.
    """

    rule: Rule
    state: Literal["used", "unused", "expired", "elsewhere"]
    findings: int


class Bench:
    """Applies rules to findings, and counts.

    Args:
        rules: In their order.
        today: The day on which they must not have expired.
        kinds: All kinds of findings there can be.
        modules: Whether findings are about modules.
    """

    def __init__(
        self, rules: Sequence[Rule], today: date, kinds: Sequence[str], *, modules: bool = False
    ) -> None:
        self._rules = rules
        self._expired = {rule.number for rule in rules if rule.expired(today)}
        self._counts: Counter[int] = Counter()
        self._elsewhere = {
            rule.number
            for rule in rules
            if (rule.module and not modules)
            or (rule.kind and not any(matches(rule.kind, kind) for kind in kinds))
        }

    def uses(self) -> tuple[RuleUse, ...]:
        """What became of each rule."""
        return tuple(self._use(rule) for rule in self._rules)

    def add(self, other: Bench) -> None:
        """Count what another bench of the same rules decided, too."""
        self._counts.update(other._counts)

    def _use(self, rule: Rule) -> RuleUse:
        count = self._counts[rule.number]
        if rule.number in self._expired:
            return RuleUse(rule, "expired", count)
        if rule.number in self._elsewhere:
            return RuleUse(rule, "elsewhere", count)
        return RuleUse(rule, "used" if count else "unused", count)

    def decisions(self, case: Case) -> Iterator[tuple[Rule | None, tuple[str, ...]]]:
        """(rule, affected symbols that it decides for), in as many parts as rules decide.

        The last part may be of no rule.
        """
        left = case.symbols
        for rule in self._rules:
            covered = _covered(rule, case, left)
            if covered is None:
                continue
            self._counts[rule.number] += 1
            if rule.number in self._expired:
                continue
            yield rule, covered
            left = tuple(each for each in left if each not in covered)
            if not left:
                return
        yield None, left


def _covered(rule: Rule, case: Case, left: tuple[str, ...]) -> tuple[str, ...] | None:
    """Those of a finding's symbols that a rule is for; None where it is not for the finding."""
    if not _is_for(rule, case):
        return None
    if not rule.symbol:
        return left
    if not case.symbols:
        return () if case.symbol and _is_symbol(rule.symbol, case.symbol) else None
    return tuple(each for each in left if _is_symbol(rule.symbol, each)) or None


def _is_for(rule: Rule, case: Case) -> bool:
    """Whether a finding is one of a rule's, but for the symbols."""
    wanted = (
        (rule.kind, (case.kind,)), (rule.crate, (case.crate,)), (rule.type, case.types),
        (rule.module, (case.module,)),
    )  # fmt: skip
    return all(not globs or matches(globs, *names) for globs, names in wanted)


def _is_symbol(globs: Sequence[str], symbol: str) -> bool:
    """Whether globs mean a symbol, by either name; a mangled one means it whatever its hashes."""
    name = demangle(symbol)
    return matches(globs, symbol, name) or any(demangle(glob) == name for glob in globs)


def matches(globs: Sequence[str], *names: str) -> bool:
    """Whether a glob means one of the names; a name that is equal to a glob is meant by it."""
    return any(name == glob or fnmatchcase(name, glob) for glob in globs for name in names if name)
