"""What is known of a kernel: all that the files of a user tell of it, put together."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from rustabi.binary.elf import Elf
from rustabi.binary.exports import exports_of
from rustabi.binary.kernel import (
    exports_of_kernel,
    rustc_versions,
    rustc_versions_in,
    vermagic_of_kernel,
)
from rustabi.binary.modinfo import modinfo_of
from rustabi.binary.open import read_binary, read_prefix
from rustabi.binary.symvers import GPL, is_symvers, read_symvers
from rustabi.check.module import SUFFIXES, Module, types_of
from rustabi.errors import InputError
from rustabi.loader import Selection
from rustabi.means import PLAIN, Means
from rustabi.merge import merge
from rustabi.model import Model
from rustabi.target import load_target, resolve

SYMVERS: Final = "Module.symvers"
_VMLINUX: Final = "vmlinux"
_RUST_EXPORT: Final = re.compile(r"_R|_ZN|rust_helper_")
"""What rust/Makefile exports of the objects in rust/, which do not say so themselves."""


class Crc(NamedTuple):
    """A version of an export, and who says so.

    Attributes:
        source: ``__kcrctab``, ``Module.symvers`` or ``DWARF`` (computed from the debug info).
        target: The file.
        doubtful: Computed, and gendwarfksyms itself has no single answer.
    """

    value: int
    source: str
    target: str
    doubtful: bool = False


class KernelExport(NamedTuple):
    """An export of the kernel or of a module of it.

    Attributes:
        gpl_only: Whether modules under other licenses must not use it; None where unknown.
        namespace: None where unknown.
        module: Who exports it, ``vmlinux`` or a module's name; empty where unknown.
        crcs: What is known of its version: the most trusted source first.
        stated: Whether one of the files says what the kernel itself knows of it, so that a version
            which is not there is not there for the loader either.
    """

    gpl_only: bool | None
    namespace: str | None
    module: str
    crcs: tuple[Crc, ...] = ()
    stated: bool = False


class Kernel(NamedTuple):
    """What is known of a kernel.

    Attributes:
        told: What each target told, in words.
        exports: By name.
        complete: Whether all exports of vmlinux are known.
        modules: Names of the modules whose exports are known.
        machine, address_size, little_endian: Of its binaries; None where there are none.
        vermagic: None where no binary tells.
        rustc: Versions of rustc that worked on it, sorted.
        model: Its types; None where no target has debug info.
        no_types: Targets without types, as ``name: reason``.
    """

    told: tuple[str, ...]
    exports: Mapping[str, KernelExport]
    complete: bool
    modules: frozenset[str]
    machine: str | None
    address_size: int | None
    little_endian: bool | None
    vermagic: str | None
    rustc: tuple[str, ...]
    model: Model | None
    no_types: tuple[str, ...] = ()


class _Piece(NamedTuple):
    """What one file tells."""

    told: str
    exports: dict[str, KernelExport]
    complete: bool = False
    elf: tuple[str, int, bool] | None = None
    vermagic: str | None = None
    rustc: tuple[str, ...] = ()
    model: Model | None = None
    no_types: str | None = None


_ORDER: Final = ("__kcrctab", SYMVERS, "DWARF")


def read_kernel(
    paths: Iterable[Path],
    progress: Callable[[str], None],
    debug_folders: Sequence[Path] = (),
    selection: Selection | None = None,
    means: Means = PLAIN,
) -> Kernel:
    """Read all that is known of a kernel and put it together.

    Args:
        paths: vmlinux, build folders, Module.symvers files, objects, modules, snapshots.
        progress: Told what is being done.
        debug_folders: Where debug info in files of their own is looked for.
        selection: Which types and symbols to read of binaries; None for all.
        means: Where models are kept.

    Raises:
        InputError: A path cannot be read, or the files are of several architectures.
        DwarfError: Debug info is damaged.
    """
    reader = _Reader(progress, tuple(debug_folders), selection, means)
    pieces = [piece for path in paths for piece in _pieces(path, reader)]
    models = [piece.model for piece in pieces if piece.model is not None]
    machines = sorted({piece.elf for piece in pieces if piece.elf is not None})
    if len(machines) > 1:
        names = " and ".join(machine for machine, _, _ in machines)
        raise InputError(
            f"the kernel's files are of different architectures: {names}",
            advice="give --kernel files of one kernel",
        )
    exports = _joined(pieces)
    machine, address_size, little_endian = machines[0] if machines else (None, None, None)
    return Kernel(
        told=tuple(piece.told for piece in pieces),
        exports=exports,
        complete=any(piece.complete for piece in pieces),
        modules=frozenset(each.module for each in exports.values()),
        machine=machine,
        address_size=address_size,
        little_endian=little_endian,
        vermagic=next((piece.vermagic for piece in pieces if piece.vermagic), None),
        rustc=tuple(sorted({each for piece in pieces for each in piece.rustc})),
        model=models[0] if len(models) == 1 else merge(models) if models else None,
        no_types=tuple(piece.no_types for piece in pieces if piece.no_types),
    )


def _joined(pieces: Iterable[_Piece]) -> dict[str, KernelExport]:
    """All exports; what one file does not know of an export, another may."""
    found: dict[str, KernelExport] = {}
    for piece in pieces:
        for name, new in piece.exports.items():
            known = found.get(name)
            if known is None:
                found[name] = new
                continue
            crcs = sorted({*known.crcs, *new.crcs}, key=lambda crc: _ORDER.index(crc.source))
            surer, other = (new, known) if new.stated and not known.stated else (known, new)
            found[name] = KernelExport(
                other.gpl_only if surer.gpl_only is None else surer.gpl_only,
                other.namespace if surer.namespace is None else surer.namespace,
                surer.module or other.module, tuple(crcs), surer.stated,
            )  # fmt: skip
    return found


class _Reader(NamedTuple):
    """How files are read."""

    say: Callable[[str], None]
    debug_folders: tuple[Path, ...]
    selection: Selection | None
    means: Means


def _pieces(path: Path, reader: _Reader) -> Iterator[_Piece]:
    if path.is_dir() and not (path / "Cargo.toml").is_file():
        yield from _folder(path, reader)
        return
    if path.is_file() and is_symvers(read_prefix(path)):
        yield _symvers(path, reader)
        return
    target = resolve(path)
    if target.kind == "snapshot":
        yield _snapshot(path, reader)
    elif target.kind == "binary":
        yield _binary(path, path.name, reader)
    else:
        raise InputError(
            f"a kernel is not told by {'an' if target.kind == 'archive' else 'a'} {target.kind}",
            path=path,
            advice="name a vmlinux, a build folder, a Module.symvers, objects or a snapshot",
        )


def _folder(path: Path, reader: _Reader) -> Iterator[_Piece]:
    """A build folder: Module.symvers, vmlinux, else the objects, and modules for their exports."""
    symvers, vmlinux = path / SYMVERS, path / _VMLINUX
    found = False
    if symvers.is_file():
        found = True
        yield _symvers(symvers, reader)
    if vmlinux.is_file():
        yield _binary(vmlinux, _VMLINUX, reader)
        objects: list[Path] = []
        modules = [] if found else list(_files(path, SUFFIXES))
        found = True
    else:
        objects, modules = list(_files(path, (".o",))), list(_files(path, SUFFIXES))
    for each in objects:
        found = True
        yield _binary(each, each.relative_to(path).as_posix(), reader)
    for each in modules:
        found = True
        yield _binary(each, each.relative_to(path).as_posix(), reader, types=False)
    if not found:
        raise InputError(
            "nothing of a kernel in this folder", path=path,
            advice="name a folder with a vmlinux, a Module.symvers, objects or modules in it",
        )  # fmt: skip


def _files(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(parent, file) for file in sorted(files) if file.endswith(suffixes))


def _symvers(path: Path, reader: _Reader) -> _Piece:
    reader.say(f"reading {path}")
    exports: dict[str, KernelExport] = {}
    for line in read_symvers(path):
        crcs = (Crc(line.crc, SYMVERS, str(path)),) if line.crc else ()
        module = line.module.rpartition("/")[2].replace("-", "_")
        exports.setdefault(
            line.name, KernelExport(line.gpl_only, line.namespace, module, crcs, stated=True)
        )
    complete = any(each.module == _VMLINUX for each in exports.values())
    versioned = any(each.crcs for each in exports.values())
    told = f"{path}: {len(exports)} exports with{'' if versioned else 'out'} versions"
    return _Piece(told, exports, complete)


def _snapshot(path: Path, reader: _Reader) -> _Piece:
    reader.say(f"reading {path}")
    model = load_target(path)
    facts = model.facts
    exports = {
        symbol.name: KernelExport(None, None, "", _computed(model, str(path)).get(symbol.name, ()))
        for symbol in model.symbols
    } if facts.export_rule else {}  # fmt: skip
    return _Piece(
        f"{path}: a snapshot, {len(exports)} exports, {len(model.types)} types", exports,
        elf=(facts.machine, facts.address_size, facts.little_endian),
        rustc=rustc_versions_in(iter(facts.compilers)), model=model,
    )  # fmt: skip


def _binary(path: Path, name: str, reader: _Reader, *, types: bool = True) -> _Piece:
    reader.say(f"reading {path}")
    elf = Elf(read_binary(path), str(path))
    model, no_types = None, ""
    if types:
        model, no_types = types_of(path, elf, reader.debug_folders, reader.selection, reader.means)
    info = modinfo_of(elf) if elf.relocatable else None
    is_module = info is not None and info.vermagic is not None
    module = "" if elf.relocatable else _VMLINUX
    if is_module and info is not None:
        module = (info.name or path.name.partition(".")[0]).replace("-", "_")
    exports = _exports(elf, module, model, str(path))
    told = f"{path}: {len(exports)} exports"
    if model is not None:
        told += ", with types"
    rustc = rustc_versions_in(iter(model.facts.compilers)) if model else ()
    return _Piece(
        told, exports,
        complete=not elf.relocatable and bool(exports),
        elf=(elf.machine, elf.address_size, elf.little_endian),
        vermagic=info.vermagic if info and is_module else vermagic_of_kernel(elf),
        rustc=rustc or rustc_versions(elf),
        model=model,
        no_types=f"{name}: {no_types}" if no_types else None,
    )  # fmt: skip


def _exports(elf: Elf, module: str, model: Model | None, path: str) -> dict[str, KernelExport]:
    """What a binary exports: as it says, else by the rule for the objects of ``rust/``."""
    linked = any(name in elf.by_name for name in ("__ksymtab", "__ksymtab_gpl"))
    # Linked without CONFIG_MODVERSIONS: what its debug info would give is no version to the loader.
    unversioned = linked and not any(name.startswith("__kcrctab") for name in elf.by_name)
    computed = {} if model is None or unversioned else _computed(model, path)
    found = {}
    for name, export in exports_of_kernel(elf).items():
        crcs = () if export.crc is None else (Crc(export.crc, "__kcrctab", path),)
        gpl_only = export.type == GPL or export.namespace.startswith("module:")
        found[name] = KernelExport(
            gpl_only, export.namespace, module, crcs + computed.get(name, ()), stated=linked
        )
    if not found and elf.relocatable and not module:
        for name in exports_of(elf).names:
            if _RUST_EXPORT.match(name):
                found[name] = KernelExport(True, "", _VMLINUX, computed.get(name, ()))
    return found


def _computed(model: Model, path: str) -> dict[str, tuple[Crc, ...]]:
    return {
        symbol.name: (Crc(symbol.version, "DWARF", path, symbol.ambiguous),)
        for symbol in model.symbols
        if symbol.version is not None
    }


def with_modules(
    kernel: Kernel, modules: Iterable[tuple[str, Mapping[str, KernelExport]]]
) -> Kernel:
    """The kernel with other modules loaded.

    Args:
        kernel: The kernel.
        modules: (name, exports) of each.
    """
    exports = dict(kernel.exports)
    added_modules = list(modules)
    for _, added in added_modules:
        for name, export in added.items():
            exports.setdefault(name, export)
    names = kernel.modules | {name for name, _ in added_modules}
    return kernel._replace(exports=exports, modules=frozenset(names))


def exports_of_module(module: Module) -> dict[str, KernelExport]:
    """What a module exports to others, as `with_modules` takes it."""
    return {
        name: KernelExport(
            export.type == GPL or export.namespace.startswith("module:"),
            export.namespace,
            module.name,
            () if export.crc is None else (Crc(export.crc, "__kcrctab", str(module.path)),),
            stated=True,
        )
        for name, export in module.exports.items()
    }
