"""A Module.symvers from the debug info of kernels and modules.

A kernel build takes each version in the object that defines the symbol, before objects are linked.
So in a linked file, and in a module, which is linked of several objects, each export counts in the
scope of the unit that defines it.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import NamedTuple, TypeAlias

from rustabi.binary.elf import Elf
from rustabi.binary.exports import MODULE_SECTION, exports_of
from rustabi.binary.open import read_binary
from rustabi.cache import Entry
from rustabi.errors import InputError, NoDebugInfoError
from rustabi.jobs import Jobs
from rustabi.loader import load
from rustabi.loader.depth import require_types, typed_crates
from rustabi.means import PLAIN, Means
from rustabi.pieces import Binary, Progress
from rustabi.report.facts import plural
from rustabi.report.symvers import Export, exports_of_kernel, module_name, symvers_line
from rustabi.sharedversions import SharedVersions, is_worth, unit_versions
from rustabi.target import resolve
from rustabi.versions import with_versions


class Versions(NamedTuple):
    """The exports of one kernel, module or object.

    Attributes:
        module: What Module.symvers calls it.
        crcs: Symbol -> version; None for none.
        exports: Symbol -> how it is exported; symbols of Rust objects, which do not say it, lack.
        declared: Symbols whose version is that of a declaration: no unit with types defines them.
        reason: Why there are no versions at all; empty where there are.
    """

    module: str
    crcs: dict[str, int | None]
    exports: dict[str, Export]
    declared: frozenset[str] = frozenset()
    reason: str = ""


class SymversFile(NamedTuple):
    """What is to be written.

    Attributes:
        text: The lines of Module.symvers: modules in the order given, their symbols by name.
        notes: What the file does not say: symbols without version, from declarations, exported
            twice.
    """

    text: str
    notes: tuple[str, ...]


def symvers_file(
    targets: Iterable[str], say: Progress = lambda _: None, means: Means = PLAIN
) -> SymversFile:
    """A Module.symvers of kernels, modules, objects and folders of those.

    Raises:
        InputError: A target cannot be read, is of another kind, or exports nothing.
        NoDebugInfoError: One that is named itself has no debug info.
        DwarfError: Its debug info is damaged.
    """
    found: list[Versions] = []
    for name in targets:
        target = resolve(Path(name))
        if target.kind not in ("binary", "folder"):
            raise InputError(
                f"a Module.symvers is of kernels, modules and objects, and this is: {target.kind}",
                path=name, advice="name a vmlinux, modules or a folder of them",
            )  # fmt: skip
        for binary in target.binaries:
            say(f"reading {binary.name or name}")
            module = _module_column(binary.name or name)
            found.append(_versions(binary, module, means, alone=target.kind == "binary"))
    if not any(each.crcs for each in found):
        raise InputError(
            "nothing is exported there", advice="name a vmlinux or modules with exports"
        )
    lines = [
        symvers_line(crc, symbol, each.module, each.exports.get(symbol))
        for each in found
        for symbol, crc in sorted(each.crcs.items())
    ]
    return SymversFile("".join(f"{line}\n" for line in lines), tuple(_notes(found)))


def _module_column(name: str) -> str:
    """The module's path in its build: a path below this folder as it is, else the file's name."""
    path = PurePath(name)
    below = not path.is_absolute() and ".." not in path.parts
    return module_name(path.as_posix() if below else path.name)


def _versions(binary: Binary, module: str, means: Means, *, alone: bool) -> Versions:
    elf = Elf(read_binary(binary.path), str(binary.path))
    exports = exports_of_kernel(elf)
    is_module = MODULE_SECTION in elf.by_name
    if not exports and (is_module or not elf.relocatable):
        return Versions(module, {}, {})
    names = tuple(sorted(exports)) or exports_of(elf).names
    try:
        crcs, declared = _kept(binary.path, elf, names, means, is_module=is_module)
    except NoDebugInfoError as error:
        if alone:
            raise
        return Versions(module, dict.fromkeys(names), exports, reason=error.message)
    return Versions(module, crcs, exports, declared)


_Found: TypeAlias = tuple[dict[str, int | None], frozenset[str]]
"""Symbol -> version, and the symbols whose version is that of a declaration."""


def _kept(path: Path, elf: Elf, names: Sequence[str], means: Means, *, is_module: bool) -> _Found:
    """As it was kept in the cache, else computed, and kept."""
    entry = None if means.cache is None else Entry(means.cache, [path], "symvers", names, is_module)
    data = None if entry is None else entry.find()
    if data is not None:
        try:
            crcs, declared = marshal.loads(data)
            return dict(crcs), frozenset(declared)
        except (ValueError, EOFError, TypeError):  # of a program with a fault: it is sound
            pass
    found = _computed(elf, names, means.jobs, is_module=is_module)
    if entry is not None:
        entry.keep(lambda: marshal.dumps(found))
    return found


def _computed(elf: Elf, names: Sequence[str], jobs: Jobs, *, is_module: bool) -> _Found:
    found = _shared(elf, names, jobs) if is_module or not elf.relocatable else None
    found = found or _by_one(elf, names, is_module=is_module)
    model = require_types(found.model, found.depths, typed_crates(found.depths))
    return {symbol.name: symbol.version for symbol in model.symbols}, found.declared


def _shared(elf: Elf, names: Sequence[str], jobs: Jobs) -> SharedVersions | None:
    """Computed by several processes, where that helps."""
    if not is_worth(elf, jobs):
        return None
    return unit_versions(elf, exports_of(elf)._replace(names=tuple(names)), jobs)


def _by_one(elf: Elf, names: Sequence[str], *, is_module: bool) -> SharedVersions:
    loaded = load(elf, symbols=names, scope="unit" if is_module else None, all_types=False)
    declared = frozenset() if loaded.scope == "file" else loaded.declared
    return SharedVersions(with_versions(loaded), loaded.depths, declared)


def _notes(found: Sequence[Versions]) -> Iterable[str]:
    owners: dict[str, str] = {}
    for each in found:
        without = sorted(name for name, crc in each.crcs.items() if crc is None)
        if without:
            count = plural(len(without), "symbol")
            why = each.reason or ", ".join(without)
            yield f"{each.module}: {count} without version: {why}"
        if each.declared:
            names = sorted(each.declared)
            count = plural(len(names), "version")
            why = "from declarations, as no unit with types defines the symbol"
            yield f"{each.module}: {count} {why}: {', '.join(names)}"
        for name in sorted(each.crcs):
            if name in owners:
                yield f"{name} is exported by {owners[name]} and by {each.module}"
            owners.setdefault(name, each.module)
