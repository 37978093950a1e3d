"""Rules files: found, read, checked, and errors that name the rule and the key."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from rustabi.check_kinds import kinds_of
from rustabi.diff import ChangeKind, GapKind, Severity
from rustabi.lists import NOT_FOUND
from rustabi.rules.gate import NO_GATE, FailOn, Gate, KnownGap, Opaque, Rule, RulesError

if TYPE_CHECKING:
    from rustabi.rules.schema import Globs, KnownGapTable, Problem, RulesFile, RuleTable

OWN_FILE: Final = "rustabi.toml"
PROJECT_FILE: Final = "pyproject.toml"

_LARGEST: Final = 1 << 20
"""Bytes; a larger file is no rules file."""

_MOST_DOTS: Final = 500
"""In one line: reading a key takes time with the square of its dotted parts."""


def find_rules(folder: Path, *, without: str = "") -> Gate:
    """What the rules file of a folder lays down: its ``rustabi.toml``, else its ``pyproject.toml``.

    A ``pyproject.toml`` without a table ``tool.rustabi`` is passed over.

    Args:
        folder: Where to look.
        without: How the user leaves the file out, for the advice of errors: ``give --no-rules``.

    Raises:
        RulesError: The file cannot be read, or is wrong.
    """
    own, project = folder / OWN_FILE, folder / PROJECT_FILE
    if own.exists():
        return _gate(_parsed(own, without), OWN_FILE)
    if project.exists():
        table = _own_table(_parsed(project, without), PROJECT_FILE)
        if table is not None:
            return _gate(table, PROJECT_FILE)
    return NO_GATE


def read_rules(path: Path) -> Gate:
    """What a rules file lays down; of a ``pyproject.toml`` its table ``tool.rustabi``.

    Raises:
        RulesError: It cannot be read, or is wrong.
    """
    document = _parsed(path)
    if path.name != PROJECT_FILE:
        return _gate(document, str(path))
    table = _own_table(document, str(path))
    if table is None:
        raise RulesError(
            "no table [tool.rustabi]", path=path, advice="add it, or name another file"
        )
    return _gate(table, str(path))


def _parsed(path: Path, without: str = "") -> dict[str, Any]:
    otherwise = f", or {without}" if without else ""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise RulesError(
            f"the rules file cannot be read: {error.strerror or error}", path=path,
            advice=f"name a TOML file{otherwise}",
        ) from error  # fmt: skip
    if len(data) > _LARGEST:
        raise RulesError("too large for a rules file", path=path, advice="name a TOML file")
    for number, line in enumerate(data.splitlines(), 1):
        if line.count(b".") > _MOST_DOTS:
            raise RulesError(
                f"more than {_MOST_DOTS} dots in a line", path=path, place=f"line {number}",
                advice="write a list over several lines",
            )  # fmt: skip
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise RulesError(
            f"not valid TOML: {what}", path=path, advice=f"mend it{otherwise}"
        ) from error


def _own_table(document: dict[str, Any], path: str) -> dict[str, Any] | None:
    tool = document.get("tool")
    table = tool.get("rustabi") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise RulesError("tool.rustabi is no table", path=path, advice="write [tool.rustabi]")
    return table


def _gate(document: dict[str, Any], path: str) -> Gate:
    from rustabi.rules.schema import checked

    file = checked(document)
    if isinstance(file, list):
        raise _wrong(file, path)
    rules = tuple(_rule(each, number, path) for number, each in enumerate(file.rules, 1))
    known = tuple(_known_gap(each, n, path) for n, each in enumerate(file.gate.known_gaps, 1))
    return Gate(path, rules, _opaque(file), _fail_on(file), known)


def _fail_on(file: RulesFile) -> frozenset[FailOn]:
    wanted = file.gate.fail_on
    return frozenset([wanted] if isinstance(wanted, str) else wanted)


def _opaque(file: RulesFile) -> tuple[Opaque, ...]:
    found = {
        glob: Opaque(glob, each.reason) for each in file.gate.opaque for glob in _globs(each.type)
    }
    return tuple(found.values())


def _globs(value: Globs | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _rule(table: RuleTable, number: int, path: str) -> Rule:
    rule = Rule(
        number=number,
        reason=" ".join(table.reason.split()),
        symbol=_globs(table.symbol),
        type=_globs(table.type),
        crate=_globs(table.crate),
        kind=_globs(table.kind),
        module=_globs(table.module),
        severity=None if table.severity is None else Severity(table.severity),
        expires=table.expires,
        id=table.id or "",
    )
    if not (rule.symbol or rule.type or rule.crate or rule.kind or rule.module):
        raise RulesError(
            "it says nothing of which findings it is for", path=path, place=f"rule {number}",
            advice='give it symbol, type, crate, kind or module; kind = "*" is for all',
        )  # fmt: skip
    _require_kinds(rule.kind, "change", path, f"rule {number}, key kind")
    return rule


def _known_gap(table: KnownGapTable, number: int, path: str) -> KnownGap:
    place = f"[[gate.known-gaps]] {number}"
    kind, subject = _globs(table.kind), _globs(table.subject)
    if not kind and not subject:
        raise RulesError(
            "it says nothing of which gaps it is for", path=path, place=place,
            advice="give it kind or subject",
        )  # fmt: skip
    _require_kinds(kind, "gap", path, f"{place}, key kind")
    return KnownGap(number, " ".join(table.reason.split()), kind, subject)


def _require_kinds(
    globs: Iterable[str], noun: Literal["change", "gap"], path: str, place: str
) -> None:
    """Check that each glob means something: a typing mistake would mean nothing for ever."""
    changes = [*map(str, ChangeKind), *kinds_of("finding")]
    gaps = [*map(str, GapKind), NOT_FOUND, *kinds_of("gap")]
    known, others = (changes, gaps) if noun == "change" else (gaps, changes)
    for glob in globs:
        if any(fnmatchcase(kind, glob) for kind in known):
            continue
        advice = _near(glob, known, "`rustabi explain` lists them")
        if any(fnmatchcase(kind, glob) for kind in others):
            advice = _ELSEWHERE[noun]
        raise RulesError(
            f"there is no kind of {noun} {glob!r}", path=path, place=place, advice=advice
        )


_ELSEWHERE: Final = {
    "change": "that is a kind of gap: gaps stand under [[gate.known-gaps]]",
    "gap": "that is a kind of change: changes stand under [[rules]]",
}


# errors


_DOCUMENTED: Final = "docs/rules.md and `rustabi schema rules` tell what can be there"


_WANTED: Final = {
    "reason": "a sentence in quotes is wanted",
    "expires": "a date without quotes is wanted, such as 2027-01-31",
    "rules": "a list of tables is wanted: write [[rules]] before each rule",
    "kind": "a glob in quotes, or a list of them, is wanted",
    "type": "a glob in quotes, or a list of them, is wanted",
    "symbol": "a glob in quotes, or a list of them, is wanted",
    "crate": "a glob in quotes, or a list of them, is wanted",
    "module": "a glob in quotes, or a list of them, is wanted",
    "subject": "a glob in quotes, or a list of them, is wanted",
}
"""Key -> what it must be, where pydantic would say it in words of its own."""


def _wrong(problems: Sequence[Problem], path: str) -> RulesError:
    """What is wrong, told by rule and key: an unknown key before one that it may have stood for."""
    first = min(problems, key=lambda each: each.kind != "unknown")
    place, key, table = _place(first.location)
    advice = _DOCUMENTED
    if first.kind == "unknown":
        message, advice = f"unknown key {key!r}", _known(key, table)
    elif first.kind == "missing":
        message = f"the key {key!r} is missing"
        if key == "reason":
            advice = "say in a sentence why it is there"
    else:
        said = _WANTED.get(key, first.message[:1].lower() + first.message[1:])
        message = f"the key {key!r} is wrong: {said}"
    others = len({_place(each.location) for each in problems}) - 1
    more = f" (and {others} more)" if others else ""
    return RulesError(message + more, path=path, place=place, advice=advice)


def _place(location: Sequence[int | str]) -> tuple[str, str, str]:
    """(where, key, table) of an error: ``("rules", 2, "kind", ...)`` is key ``kind`` of rule 3."""
    parts = list(location)
    if len(parts) > 2 and parts[0] == "rules" and isinstance(parts[1], int):
        return f"rule {parts[1] + 1}", str(parts[2]), "rules"
    if len(parts) > 3 and parts[0] == "gate" and isinstance(parts[2], int):
        table = str(parts[1])
        if table in ("opaque", "known-gaps"):
            return f"[[gate.{table}]] {parts[2] + 1}", str(parts[3]), table
    if parts[:1] == ["gate"] and len(parts) > 1:
        return "[gate]", str(parts[1]), "gate"
    return "top of the file", str(parts[0]) if parts else "", ""


def _known(key: str, table: str) -> str:
    from rustabi.rules.schema import KEYS

    known = sorted(KEYS[table])
    return _near(key, known, f"known keys: {', '.join(known)}")


def _near(wanted: str, names: Iterable[str], otherwise: str) -> str:
    close = get_close_matches(wanted, list(map(str, names)), n=3, cutoff=0.6)
    return f"near: {', '.join(close)}" if close else otherwise
