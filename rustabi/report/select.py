"""What a user names, found in a model: by raw or readable name, by last part, or by a glob."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from rustabi.describe import type_text
from rustabi.errors import UsageError
from rustabi.model import Model, Symbol, TypeId, name_of
from rustabi.names import demangle, generic_of, pairing_key
from rustabi.report.facts import crate, plural, readable

_NEAR = 5
"""Names that are offered instead of one that is not there."""

_NO_PATH = ("&", "*", "[", "(", "dyn ", "fn(")
"""How pointers, arrays, tuples and the like begin: types that are named whole or not at all."""


def one_symbol(model: Model, wanted: str) -> int:
    """The index of the one symbol that ``wanted`` means.

    Raises:
        UsageError: There is none, or there are several.
    """
    names = [(symbol.name, demangle(symbol.name)) for symbol in model.symbols]
    found = _meant(wanted, names)
    if len(found) == 1:
        return found[0]
    readable = sorted(
        {names[index][1] for index in found} or {name for each in names for name in each}
    )
    raise _not_one(wanted, "exported symbol", found, readable)


def matching_symbols(model: Model, glob: str) -> list[int]:
    """The indexes of all symbols that a glob means.

    Raises:
        UsageError: There is none.
    """
    names = [(symbol.name, demangle(symbol.name)) for symbol in model.symbols]
    found = _meant(glob, names)
    if not found:
        raise _not_one(
            glob, "exported symbol", found, sorted(name for each in names for name in each)
        )
    return found


def one_type(model: Model, wanted: str, among: Iterable[TypeId]) -> list[TypeId]:
    """The types that ``wanted`` means: of one name, though perhaps of several contents.

    Raises:
        UsageError: There is none, or there are several names.
    """
    ids = list(among)
    names = [type_text(model.types, type_id) for type_id in ids]
    found = _meant(wanted, [(name,) for name in names])
    meant = sorted({names[index] for index in found})
    if len(meant) == 1:
        return [ids[index] for index in found]
    raise _not_one(wanted, "type", meant, meant or sorted(set(names)))


def _meant(wanted: str, names: Sequence[tuple[str, ...]]) -> list[int]:
    """Indexes of what ``wanted`` means, by the first rule that finds any."""
    rules: tuple[Callable[[str], bool], ...] = (
        lambda name: name == wanted,
        lambda name: fnmatchcase(name, wanted),
        lambda name: generic_of(name) == wanted,
        lambda name: _last_part(name) == wanted,
    )
    for rule in rules:
        found = [index for index, each in enumerate(names) if any(map(rule, each))]
        if found:
            return found
    return []


def _last_part(name: str) -> str:
    """The last part of a path without generic arguments; what is no path has none."""
    return name if name.startswith(_NO_PATH) else generic_of(name).rpartition("::")[2]


def _not_one(wanted: str, noun: str, found: Sequence[object], names: Sequence[str]) -> UsageError:
    if found:
        return UsageError(
            f"{wanted!r} means {plural(len(found), noun)}",
            advice=f"name one of them: {_some(names)}",
        )
    lists = "rustabi layout lists all" if noun == "type" else "rustabi symbols lists all"
    return UsageError(f"there is no {noun} {wanted!r}", advice=near(wanted, names, lists))


def _some(names: Sequence[str]) -> str:
    rest = f", … ({len(names) - _NEAR} more)" if len(names) > _NEAR else ""
    return ", ".join(names[:_NEAR]) + rest


def near(wanted: str, names: Iterable[str], otherwise: str) -> str:
    """Advice: names like the one wanted, whole or in their last part; else ``otherwise``."""
    by_end: dict[str, str] = {}
    for name in names:
        if not name.startswith(_NO_PATH):
            by_end.setdefault(_last_part(name), name)
            by_end.setdefault(name, name)
    close = get_close_matches(wanted.strip("*"), by_end, n=_NEAR, cutoff=0.5)
    listed = list(dict.fromkeys(by_end[name] for name in close))
    return f"near: {', '.join(listed)}" if listed else otherwise


def require_crate(glob: str, models: Iterable[Model]) -> None:
    """Check that a type or symbol of some crate of that name is there.

    Raises:
        UsageError: None is: a name that matches nothing would pass for "compatible".
    """
    found = {crate(name_of(node)) for model in models for node in model.types}
    found |= {crate(readable(each.name)) for model in models for each in model.symbols}
    found.discard("")
    if not any(fnmatchcase(each, glob) for each in found):
        raise UsageError(
            f"there is nothing of a crate {glob!r} in either build",
            advice=f"there are: {', '.join(sorted(found)[:20])}",
        )


def restricted(model: Model, names: Iterable[str]) -> Model:
    """The model with those symbols only, named so or so but for what each build makes up anew."""
    raw = set(names)
    keys = {pairing_key(name) for name in raw}

    def kept(symbol: Symbol) -> bool:
        return symbol.name in raw or pairing_key(symbol.name) in keys

    return model._replace(symbols=tuple(filter(kept, model.symbols)))


def missing(names: Iterable[str], models: Sequence[Model]) -> list[str]:
    """The names that none of the models exports."""
    known = {pairing_key(symbol.name) for model in models for symbol in model.symbols}
    raw = {symbol.name for model in models for symbol in model.symbols}
    return [name for name in names if name not in raw and pairing_key(name) not in known]
