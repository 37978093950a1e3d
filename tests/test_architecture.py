"""The way through the house: who may import whom, and which module is the door to which package.

The tables come first; a new module needs a line in `LEVELS`, a new dependency one in `DOORS`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]

LEVELS = {
    "lean": -1,
    "errors": 0,
    "crc": 1,
    "files": 1,
    "names": 1,
    "model": 1,
    "references": 3,
    "lists": 1,
    "bisimulation": 1,
    "digests": 2,
    "repeats": 1,
    "pause": 1,
    "cache": 1,
    "jobs": 1,
    "compact": 2,
    "means": 2,
    "cluster": 2,
    "recent": 1,
    "binary": 2,
    "dwarf": 3,
    "loader": 4,
    "describe": 4,
    "nature": 2,
    "traits": 3,
    "twins": 4,
    "merge": 5,
    "layout": 6,
    "graph": 6,
    "kabi": 6,
    "symtypes": 7,
    "diedump": 8,
    "standins": 8,
    "symtypesfile": 8,
    "versions": 8,
    "sharedversions": 9,
    "layout_facts": 7,
    "layout_version": 8,
    "symtypesdiff": 9,
    "ksyms": 10,
    "schema": 9,
    "snapshot": 10,
    "diff": 11,
    "git": 1,
    "check_kinds": 12,
    "rules": 13,
    "cargo": 12,
    "pieces": 12,
    "target": 13,
    "doctor": 14,
    "check": 14,
    "crates": 14,
    "report": 15,
    "api": 16,
    "__init__": 17,
    "cli": 18,
    "pytest_plugin": 18,
    "__main__": 19,
}
"""Room (a module or package directly in rustabi/) -> level; it imports from lower levels only."""

ONLY = {
    "model": ["errors", "lean"],
    "dwarf": ["errors", "lean", "binary.sections"],
}
"""Rooms that know even less than their level allows: the model no reader, DWARF no language."""

DOORS = {
    "argparse": ["cli"],
    "compression": ["binary.zstd"],
    "demangle": ["names"],
    "distributed": ["cluster"],
    "elftools.common": ["dwarf.reference"],
    "elftools.dwarf": ["dwarf.reference"],
    "elftools.elf": ["dwarf.reference"],
    "networkx": ["graph"],
    "pydantic": ["schema", "snapshot", "rules.schema", "report.contract"],
    "pytest": ["pytest_plugin"],
    "rich": ["report"],
    "rust_demangler": ["names"],
    "subprocess": ["cargo", "git"],
    "zstandard": ["binary.zstd"],
}
"""Package -> the modules of rustabi (or packages, with all in them) that may import it."""

SPEAKERS = ["cli", "__main__"]
"""The modules that may print and exit."""

ENDS_ITS_COPIES = ["jobs"]
"""The module that forks: its copies of the process end there."""

LONGEST = 450
"""Lines; a longer module is split by concept."""


class Import(NamedTuple):
    """One import of a module, by full name, and whether it takes place at run time."""

    target: str
    line: int
    runtime: bool


@cache
def modules() -> dict[str, Path]:
    """Every module of rustabi by its name within it: ``binary.elf``, ``dwarf.__init__``."""
    package = ROOT / "rustabi"
    return {
        ".".join(path.relative_to(package).with_suffix("").parts): path
        for path in sorted(package.rglob("*.py"))
    }


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


def room(module: str) -> str:
    return module.partition(".")[0]


def within(module: str, places: list[str]) -> bool:
    return any(module == place or module.startswith(f"{place}.") for place in places)


def typing_only(tree: ast.Module) -> set[ast.AST]:
    """The nodes below ``if TYPE_CHECKING:``."""
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }


def imports(tree: ast.Module) -> Iterator[Import]:
    """All imports, also those within functions. ``from a import b`` counts as ``a.b``."""
    skipped = typing_only(tree)
    for node in ast.walk(tree):
        runtime = node not in skipped
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, runtime)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            for alias in node.names:
                yield Import(f"{node.module}.{alias.name}", node.lineno, runtime)


def imported_module(target: str) -> str | None:
    """The module of rustabi that ``target`` is or lies in; None for other packages."""
    top, _, inner = target.partition(".")
    if top != "rustabi":
        return None
    while inner:
        for name in (inner, f"{inner}.__init__"):
            if name in modules():
                return name
        inner = inner.rpartition(".")[0]
    return "__init__"


def inner_imports(module: str) -> Iterator[tuple[str, Import]]:
    for imported in imports(parsed(module)):
        target = imported_module(imported.target)
        if target is not None:
            yield target, imported


def outer_imports(module: str) -> Iterator[Import]:
    return (found for found in imports(parsed(module)) if imported_module(found.target) is None)


def place(module: str, line: int) -> str:
    return f"{modules()[module].relative_to(ROOT)}:{line}"


def test_every_room_has_a_level() -> None:
    missing = {room(module) for module in modules()} - LEVELS.keys()
    assert not missing, "add each to LEVELS"


def test_the_page_on_the_architecture_names_every_room() -> None:
    """CONTRIBUTING.md has each as ``room.py`` or ``room/``."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, _, page = text.partition("## The architecture, on one page")
    page = page.partition("\n## ")[0]
    missing = {
        each for each in LEVELS if not re.search(rf"(?<![\w.]){re.escape(each)}(\.py\b|/)", page)
    }
    assert not missing


@pytest.mark.parametrize("module", modules())
def test_imports_go_one_way(module: str) -> None:
    here = room(module)
    wrong = [
        f"{place(module, found.line)}: {here} imports {target}"
        for target, found in inner_imports(module)
        if room(target) != here
        and (LEVELS[room(target)] >= LEVELS[here] or not within(target, ONLY.get(here, [target])))
    ]
    assert not wrong


def test_no_cycles_within_a_package() -> None:
    graph = {
        module: {target for target, found in inner_imports(module) if found.runtime}
        for module in modules()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("module", modules())
def test_one_door_per_package(module: str) -> None:
    wrong = []
    for found in outer_imports(module):
        doors = [
            door
            for package, places in DOORS.items()
            if within(found.target, [package])
            for door in places
        ]
        if not doors and found.target.partition(".")[0] in sys.stdlib_module_names:
            continue
        if not within(module, doors):
            allowed = " and ".join(doors) or "nowhere yet"
            wrong.append(f"{place(module, found.line)}: {found.target}, whose door is {allowed}")
    assert not wrong


@pytest.mark.parametrize("module", modules())
def test_modules_stay_small(module: str) -> None:
    lines = modules()[module].read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST


@pytest.mark.parametrize("module", [name for name in modules() if not within(name, SPEAKERS)])
def test_only_the_command_line_prints_and_exits(module: str) -> None:
    speech = {"print", "exit", "quit", "input", "sys.exit", "os._exit"}
    speech |= {"sys.stdout.write", "sys.stderr.write", "SystemExit"}
    if within(module, ENDS_ITS_COPIES):
        speech.remove("os._exit")
    wrong = [
        f"{place(module, node.lineno)}: {ast.unparse(node.func)}"
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in speech
    ]
    assert not wrong
