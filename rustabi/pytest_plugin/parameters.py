"""What the marker says: which crate, module or symbol a test is for; a test for each of several.

A marker that names nothing makes one case that fails and says why: pytest would skip a test without
cases, and a skipped check looks like one that passed.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import pytest

from rustabi.check.module import modules_in
from rustabi.errors import InputError, RustabiError, UsageError
from rustabi.pytest_plugin.assertions import Rustabi
from rustabi.pytest_plugin.notes import CAUSE
from rustabi.pytest_plugin.symbolcases import SymbolCase, cases_of
from rustabi.pytest_plugin.values import LoadedTarget

_NAME: Final = "rustabi"

_OF_A_CRATE: Final = frozenset({
    "features", "all_features", "no_default_features", "target", "release", "profile", "package",
    "toolchain",
})  # fmt: skip
"""Keys of the marker that `Rustabi.load_crate` takes."""

_KEYS: Final = _OF_A_CRATE | {"crate", "modules", "symbols"}

Found = TypeVar("Found")

_FAILED: Final = "failed"
"""What the one case is called of a marker that names nothing."""


class Case(NamedTuple):
    """A case of a test.

    Attributes:
        id: What it is called between the brackets.
        value: What the fixture gives; an error is raised instead.
    """

    id: str
    value: object


def parametrize(metafunc: pytest.Metafunc, session: Rustabi) -> None:
    """Make a test for each crate, module or symbol that the marker names.

    A fixture that the test parametrises itself is left alone.
    """
    taken = {
        name.strip()
        for mark in metafunc.definition.iter_markers("parametrize")
        for name in _names_in(mark)
    }
    makers: dict[str, Callable[[dict[str, Any], Rustabi], list[Case] | None]]
    makers = {
        "rustabi_build": _crates, "rustabi_module": _modules, "rustabi_symbol": _symbols,
    }  # fmt: skip
    for fixture, make in makers.items():
        if fixture not in metafunc.fixturenames or fixture in taken:
            continue
        cases = _cases(metafunc.definition, make, session)
        if cases is not None:
            metafunc.parametrize(
                fixture, [each.value for each in cases], indirect=True,
                ids=[each.id for each in cases],
            )  # fmt: skip


def _names_in(mark: pytest.Mark) -> Iterable[str]:
    names = mark.args[0] if mark.args else mark.kwargs.get("argnames", ())
    return names.split(",") if isinstance(names, str) else map(str, names)


def _cases(
    node: pytest.Item,
    make: Callable[[dict[str, Any], Rustabi], list[Case] | None],
    session: Rustabi,
) -> list[Case] | None:
    try:
        return make(marked(node), session)
    except RustabiError as error:
        return [Case(_FAILED, session.told(error))]


def marked(node: pytest.Item) -> dict[str, Any]:
    """What the nearest marker of a test says; nothing where there is none.

    Raises:
        UsageError: A key that there is not, or a value without a key.
    """
    mark = node.get_closest_marker(_NAME)
    if mark is None:
        return {}
    unknown = sorted(mark.kwargs.keys() - _KEYS)
    if unknown or mark.args:
        what = f"no key {unknown[0]!r}" if unknown else "no place for a value without a key"
        raise UsageError(
            f"the marker rustabi has {what}", advice=f"keys: {', '.join(sorted(_KEYS))}"
        )
    return dict(mark.kwargs)


# crates


def _crates(marks: dict[str, Any], session: Rustabi) -> list[Case] | None:
    """A case for each crate where several are named; None where one is, or none."""
    named = marks.get("crate")
    if named is None or (isinstance(named, str | Path) and not glob.has_magic(str(named))):
        return None
    patterns = [named] if isinstance(named, str | Path) else list(named)
    found: dict[Path, None] = {}
    for pattern in map(str, patterns):
        folders = _crates_of(session.places.root, pattern)
        if not folders:
            raise InputError(
                "no crate of that name", path=pattern, advice="name folders with a Cargo.toml"
            )
        found |= dict.fromkeys(folders)
    if not found:
        raise _nothing("crate", "the list is empty")
    return [Case(session.places.shown(each), each) for each in found]


def _crates_of(root: Path, pattern: str) -> list[Path]:
    if not glob.has_magic(pattern):
        return [root / pattern]
    whole = root / pattern  # which is the pattern alone where that is absolute
    found = Path(whole.anchor).glob(str(whole.relative_to(whole.anchor)))
    return sorted(each for each in found if (each / "Cargo.toml").is_file())


def crate_of(request: pytest.FixtureRequest, session: Rustabi) -> LoadedTarget:
    """The crate that a test is for, built as its marker says."""
    return _or_fail(lambda: _built(request, session))


def _built(request: pytest.FixtureRequest, session: Rustabi) -> LoadedTarget:
    marks = marked(request.node)
    folder = _given(request, marks.get("crate"))
    if folder is None:
        raise _nothing("crate", "rustabi_build does not know which crate to build")
    options = {key: value for key, value in marks.items() if key in _OF_A_CRATE}
    if isinstance(options.get("features"), str):
        options["features"] = [options["features"]]
    return session.load_crate(folder, **options)


# modules


def _modules(marks: dict[str, Any], session: Rustabi) -> list[Case]:
    named = marks.get("modules")
    if named is None:
        raise _nothing("modules", "rustabi_module does not know which modules there are")
    several = [named] if isinstance(named, str | Path) else list(named)
    files: dict[Path, str] = {}
    for each in several:
        folder = session.places.target(each)
        for file in modules_in(folder):
            inside = file.relative_to(folder) if file != folder else Path(file.name)
            files.setdefault(file, inside.as_posix())
    if not files:
        raise _nothing("modules", "the list is empty")
    return [Case(name, file) for file, name in files.items()]


def module_of(request: pytest.FixtureRequest) -> Path:
    """The module that a test is for."""
    found: object = _or_fail(lambda: _given(request, None))
    if not isinstance(found, str | Path):
        pytest.fail(f"rustabi_module is to be a path, not {found!r}", pytrace=False)
    return Path(found)


# symbols


def _symbols(marks: dict[str, Any], session: Rustabi) -> list[Case]:
    named = marks.get("symbols")
    if named is None:
        raise _nothing("symbols", "rustabi_symbol does not know which symbols there are")
    return [Case(each.readable, each) for each in cases_of(session.exporting(named))]


def symbol_of(request: pytest.FixtureRequest) -> SymbolCase:
    """The exported symbol that a test is for."""
    found: object = _or_fail(lambda: _given(request, None))
    if isinstance(found, str):
        return SymbolCase(found)
    if not isinstance(found, SymbolCase):
        pytest.fail(f"rustabi_symbol is to be a name, not {found!r}", pytrace=False)
    return found


# what a case gives


def _given(request: pytest.FixtureRequest, otherwise: Any) -> Any:
    """The value of the case; of a test without cases, what the marker says."""
    found = getattr(request, "param", otherwise)
    if isinstance(found, RustabiError):
        raise found
    return found


def _or_fail(make: Callable[[], Found]) -> Found:
    """What `make` gives; its error fails the test by its message alone."""
    try:
        return make()
    except RustabiError as error:
        told = error
    failed = pytest.fail.Exception(str(told), pytrace=False)
    setattr(failed, CAUSE, told)
    raise failed


def _nothing(key: str, message: str) -> UsageError:
    examples = {
        "crate": 'crate="crates/foo"',
        "modules": 'modules="build/modules"',
        "symbols": 'symbols="abi/kernel.json"',
    }
    return UsageError(message, advice=f"mark the test with @pytest.mark.rustabi({examples[key]})")
