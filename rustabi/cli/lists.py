"""Symbol lists on the command line: read from a file, written for modules."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rustabi.errors import InputError, UsageError

_ELF = b"\x7fELF"
_FEW = 10


def symbol_list(path: str | None) -> list[str] | None:
    """The names in a symbol list; None where none was given.

    Raises:
        InputError: The list cannot be read, or is none.
    """
    from rustabi.lists import read_list

    if path is None:
        return None
    return list(read_list(_contents(path), "standard input" if path == "-" else path).names)


def _contents(path: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise InputError(
            f"the symbol list cannot be read: {error.strerror or error}", path=path,
            advice="name a text file with one symbol a line",
        ) from error  # fmt: skip


class Needs(NamedTuple):
    """What modules need of a target.

    Attributes:
        exported: Module -> the symbols that it imports and the target exports.
        missing: Symbol that the target does not export -> the modules that import it, and after
            them whether another of the modules exports it.
    """

    exported: dict[str, list[str]]
    missing: dict[str, tuple[tuple[str, ...], bool]]


def list_for(options: Namespace) -> str:
    """An Android symbol list of what modules import from the target.

    What the target does not export is told on standard error.

    Raises:
        RustabiError: The target, a module or the list cannot be read, or do not fit together.
    """
    from rustabi.lists import android_list, extended_list, grouped

    if options.format != "text":
        raise UsageError(
            f"--list-for prints a symbol list, not {options.format}", advice="leave out --format"
        )
    if options.symbols is not None:
        raise UsageError("--list-for and --symbols exclude each other", advice="give one of them")
    needs = _needs(options)
    if not any(needs.exported.values()):
        raise UsageError(
            "it exports nothing that the modules import", path=options.target,
            advice="name the kernel that the modules are for (vmlinux), and modules (.ko)",
        )  # fmt: skip
    _tell(needs, options.target)
    groups = grouped(needs.exported)
    if options.update is None:
        return android_list(groups)
    return extended_list(_contents(options.update), options.update, groups)


def _needs(options: Namespace) -> Needs:
    from rustabi.binary.elf import Elf
    from rustabi.binary.exports import EXPORT_TABLES, exports_of
    from rustabi.binary.imports import imports_of

    offered = _exported(options.target)
    exported: dict[str, list[str]] = {}
    users: dict[str, list[str]] = {}
    of_modules: set[str] = set()
    for path in _modules(options.list_for):
        elf = Elf(_binary(path), str(path))
        exports = exports_of(elf)
        of_modules.update(exports.names if exports.rule in EXPORT_TABLES else ())
        name = _module_file(path)
        imports = imports_of(elf)
        exported.setdefault(name, []).extend(e.name for e in imports if e.name in offered)
        for each in imports:
            if each.name not in offered and not each.weak:
                users.setdefault(each.name, []).append(name)
    missing = {name: (tuple(users[name]), name in of_modules) for name in sorted(users)}
    return Needs(exported, missing)


def _modules(paths: Sequence[str]) -> list[Path]:
    """The modules that were named; of a folder all that are in it."""
    from rustabi.target import resolve

    return [binary.path for path in paths for binary in resolve(Path(path)).binaries]


def _module_file(path: Path) -> str:
    """``foo.ko``, also where it is packed."""
    name = path.name
    for suffix in (".gz", ".xz", ".zst"):
        name = name.removesuffix(suffix)
    return name


def _binary(path: Path) -> bytes:
    from rustabi.binary.open import read_binary

    data = read_binary(path)
    if not data.startswith(_ELF):
        raise InputError("not a module", path=path, advice="name .ko files, or folders of them")
    return data


def _exported(target: str) -> set[str]:
    """The symbols that a target exports; of ELF files by the symbol table, without debug info."""
    from rustabi.binary.elf import Elf
    from rustabi.binary.exports import exports_of
    from rustabi.binary.open import read_prefix
    from rustabi.target import load_target, resolve

    binaries = resolve(Path(target)).binaries
    if binaries and all(read_prefix(each.path).startswith(_ELF) for each in binaries):
        elves = (Elf(_binary(each.path), str(each.path)) for each in binaries)
        return {name for elf in elves for name in exports_of(elf).names}
    return {symbol.name for symbol in load_target(target, all_types=False).symbols}


def _tell(needs: Needs, target: str) -> None:
    """Say on standard error what the target does not export."""
    absent = {name: users for name, (users, elsewhere) in needs.missing.items() if not elsewhere}
    others = needs.missing.keys() - absent.keys()
    _warn(f"not exported by {target}, so not in the list", absent)
    _warn(
        "exported by another of the modules, so not in the list",
        {name: needs.missing[name][0] for name in sorted(others)},
    )


def _warn(what: str, missing: Mapping[str, Sequence[str]]) -> None:
    from rustabi.report.page import clean

    if not missing:
        return
    print(f"rustabi: {what} ({len(missing)}):", file=sys.stderr)
    for name, users in list(missing.items())[:_FEW]:
        print(clean(f"  {name}, required by {', '.join(users)}"), file=sys.stderr)
    if len(missing) > _FEW:
        print(f"  … and {len(missing) - _FEW} more", file=sys.stderr)
