"""A kernel module as the check sees it: what it says, what it imports, its types."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from rustabi.binary.debugfile import find_debug_file
from rustabi.binary.elf import Elf
from rustabi.binary.exports import exports_of
from rustabi.binary.kernel import Export, Imports, exports_of_kernel, imports_of, rustc_versions
from rustabi.binary.modinfo import ModInfo, modinfo_of
from rustabi.binary.modversions import BASIC, ModVersions, modversions_of
from rustabi.binary.open import read_binary, unreadable
from rustabi.errors import DwarfError, InputError, NoDebugInfoError
from rustabi.loader import Selection
from rustabi.loader.selection import type_names
from rustabi.means import PLAIN, Means
from rustabi.model import Model
from rustabi.target import load_target

SUFFIXES = (".ko", ".ko.gz", ".ko.xz", ".ko.zst")


class Module(NamedTuple):
    """What was read of a module.

    Attributes:
        path: As named.
        name: The name it is loaded under.
        info: Its ``.modinfo``.
        imports: Its undefined symbols.
        exports: What it exports to other modules.
        versions: Its version tables; None where they are malformed.
        versions_error: Why they are malformed.
        has_basic: Whether there is a section ``__versions``, which is what the loader asks before
            it compares vermagic.
        machine, address_size, little_endian: What it is built for.
        rustc: Versions of rustc that worked on it.
        model: Its types; None where it has no debug info, and before `with_types`.
        no_types: Why there are none.
    """

    path: Path
    name: str
    info: ModInfo
    imports: Imports
    exports: dict[str, Export]
    versions: ModVersions | None
    versions_error: str
    has_basic: bool
    machine: str
    address_size: int
    little_endian: bool
    rustc: tuple[str, ...]
    model: Model | None = None
    no_types: str = "they were not read"


def modules_in(path: Path) -> Iterator[Path]:
    """The modules that a path names: itself, or all below a folder, sorted.

    Raises:
        InputError: There is nothing of that name, or no module in the folder.
    """
    if not path.is_dir():
        if not path.exists():
            raise unreadable(FileNotFoundError(), path)
        yield path
        return

    def stop(error: OSError) -> None:
        raise unreadable(error, Path(error.filename or path)) from error

    found = False
    for parent, folders, files in os.walk(path, onerror=stop):
        folders.sort()
        for file in sorted(files):
            if file.endswith(SUFFIXES):
                found = True
                yield Path(parent, file)
    if not found:
        raise InputError(
            "no kernel modules in this folder", path=path,
            advice="name a folder with .ko files in it (packed ones will do)",
        )  # fmt: skip


def read_module(path: Path, progress: Callable[[str], None]) -> Module:
    """Read what a module says about itself; its types are for `with_types`.

    Args:
        path: The file.
        progress: Told what is being done.

    Raises:
        InputError: It cannot be read, or is no kernel module.
    """
    progress(f"reading {path}")
    data = read_binary(path)
    elf = Elf(data, str(path))
    if not elf.relocatable or ".modinfo" not in elf.by_name:
        what = "it has no section .modinfo" if elf.relocatable else "it is linked"
        raise InputError(
            f"not a kernel module: {what}", path=path,
            advice="name the .ko file that modpost made of the objects",
        )  # fmt: skip
    info = modinfo_of(elf)
    versions, error = _versions(elf)
    return Module(
        path=path,
        name=(info.name or _name_of_file(path)).replace("-", "_"),
        info=info,
        imports=imports_of(elf),
        exports=exports_of_kernel(elf),
        versions=versions,
        versions_error=error,
        has_basic=BASIC in elf.by_name,
        machine=elf.machine,
        address_size=elf.address_size,
        little_endian=elf.little_endian,
        rustc=rustc_versions(elf),
    )


def with_types(module: Module, debug_folders: Sequence[Path] = (), means: Means = PLAIN) -> Module:
    """The module with its types, or with the reason why there are none.

    Of many modules, the types of one at a time are held in memory.

    Args:
        module: As read.
        debug_folders: Where debug info in files of their own is looked for.
        means: Where models are kept.
    """
    try:
        elf = Elf(read_binary(module.path), str(module.path))
        model, reason = types_of(module.path, elf, debug_folders, means=means)
    except (DwarfError, InputError) as damage:  # the loader does not mind
        return module._replace(no_types=str(damage))
    return module._replace(model=model, no_types=reason)


def _versions(elf: Elf) -> tuple[ModVersions | None, str]:
    try:
        return modversions_of(elf), ""
    except InputError as error:
        return None, f"{error.place}: {error.message}" if error.place else error.message


def names_of_types(module: Module, debug_folders: Sequence[Path] = ()) -> frozenset[str]:
    """The simple names of all types that a module's debug info mentions, without reading them.

    Where one of its files is damaged, there are none of that: `with_types` tells why.
    """
    found: frozenset[str] = frozenset()
    with suppress(DwarfError, InputError):
        elf = Elf(read_binary(module.path), str(module.path))
        with suppress(DwarfError, InputError):
            found |= type_names(elf)
        separate = find_debug_file(module.path, elf, debug_folders).path
        if separate is not None:
            found |= type_names(Elf(read_binary(separate), str(separate)))
    return found


def types_of(
    path: Path,
    elf: Elf,
    debug_folders: Sequence[Path],
    selection: Selection | None = None,
    means: Means = PLAIN,
) -> tuple[Model | None, str]:
    """The types of a binary, or why there are none: its own, else those of its debug file.

    Args:
        path: The file.
        elf: The same.
        debug_folders: Where debug info in files of their own is looked for.
        selection: Which types and symbols to read; None for all.
        means: Where models are kept.

    Raises:
        RustabiError: Debug info is damaged.
    """
    try:
        return load_target(path, selection=selection, layout_versions=False, means=means), ""
    except NoDebugInfoError as error:
        reason = error.message
    found = find_debug_file(path, elf, debug_folders)
    if found.path is None:
        return None, "; ".join((reason, *found.rejected))
    names = exports_of(elf).names
    try:
        model = load_target(
            found.path, symbols=names, selection=selection, layout_versions=False, means=means
        )
        return model, ""
    except NoDebugInfoError as error:
        return None, f"{reason}; {found.path}: {error.message}"


def _name_of_file(path: Path) -> str:
    name = path.name
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        name = name.removesuffix(suffix)
    return name
