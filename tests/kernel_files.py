"""Kernel modules and kernels by hand: sections as modpost and the linker write them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from rustabi.check import KernelCheck
from rustabi.check.judging import judged
from rustabi.rules import NO_GATE
from tests.elf_writer import (
    EM_X86_64,
    ET_EXEC,
    ET_REL,
    STB_LOCAL,
    STB_WEAK,
    STT_NOTYPE,
    STT_OBJECT,
    ElfWriter,
    Symbol,
)

VERMAGIC = "7.2.0 SMP preempt mod_unload modversions "


def modinfo(**fields: str) -> bytes:
    """``.modinfo``; a trailing underscore in a key is taken away."""
    every = {"license": "GPL", "name": "demo", "depends": "", "vermagic": VERMAGIC} | fields
    return b"".join(f"{key.rstrip('_')}={value}".encode() + b"\0" for key, value in every.items())


def versions(table: Mapping[str, int], *, little_endian: bool = True, bits: int = 64) -> bytes:
    """``__versions``: records of an unsigned long and a name, 64 bytes together."""
    order = "<" if little_endian else ">"
    layout = order + ("Q56s" if bits == 64 else "I60s")
    return b"".join(struct.pack(layout, crc, name.encode()) for name, crc in table.items())


def extended(table: Mapping[str, int], *, little_endian: bool = True) -> dict[str, bytes]:
    """The two extended tables."""
    crcs = struct.pack(("<" if little_endian else ">") + f"{len(table)}I", *table.values())
    names = b"".join(name.encode() + b"\0" for name in table)
    return {"__version_ext_crcs": crcs, "__version_ext_names": names}


def module_data(
    imports: Iterable[str] = (),
    table: Mapping[str, int] | None = None,
    *,
    weak: Iterable[str] = (),
    info: bytes | None = None,
    sections: Mapping[str, bytes] | None = None,
    little_endian: bool = True,
    bits: int = 64,
    machine: int = EM_X86_64,
) -> bytes:
    """A module without code: what the loader asks for is all there."""
    every = {".text": b"\xc3", ".modinfo": modinfo() if info is None else info}
    if table is not None:
        every["__versions"] = versions(table, little_endian=little_endian, bits=bits)
    every |= sections or {}
    symbols = [Symbol(name, "", type=STT_NOTYPE) for name in imports]
    symbols += [Symbol(name, "", type=STT_NOTYPE, binding=STB_WEAK) for name in weak]
    return ElfWriter(
        every, symbols, little_endian=little_endian, bits=bits, machine=machine, file_type=ET_REL
    ).data()


def kernel_data(
    exports: Mapping[str, int],
    *,
    gpl: Iterable[str] = (),
    namespaces: Mapping[str, str] | None = None,
    vermagic: str = VERMAGIC,
    machine: int = EM_X86_64,
    flags: bool = True,
    crc_names: bool = True,
    versioned: bool = True,
    little_endian: bool = True,
    bits: int = 64,
) -> bytes:
    """A vmlinux without code.

    Args:
        exports: Name -> version.
        gpl: Those for GPL modules only.
        namespaces: Name -> namespace.
        vermagic: What modules are held against.
        machine: EM_* number.
        flags: As Linux 7.1 and newer, with ``__kflagstab``; else with ``__ksymtab_gpl``.
        crc_names: With symbols ``__crc_<name>``.
        versioned: With ``__kcrctab``, as CONFIG_MODVERSIONS makes it.
        little_endian: Byte order.
        bits: 32 or 64.
    """
    order = "<" if little_endian else ">"
    sections: dict[str, bytearray] = {".rodata": bytearray(vermagic.encode() + b"\0")}
    rows = [Symbol("vermagic", ".rodata", 0, len(vermagic), STT_OBJECT, STB_LOCAL)]

    def add(name: str, section: str, data: bytes) -> None:
        whole = sections.setdefault(section, bytearray())
        rows.append(Symbol(name, section, len(whole), 0, STT_NOTYPE, STB_LOCAL))
        whole += data

    for name in sorted(exports):
        tail = "" if flags or name not in gpl else "_gpl"
        add(f"__ksymtab_{name}", f"__ksymtab{tail}", bytes(12))
        add(
            f"__kstrtabns_{name}",
            "__ksymtab_strings",
            (namespaces or {}).get(name, "").encode() + b"\0",
        )
        if versioned:
            add(f"__crc_{name}", f"__kcrctab{tail}", struct.pack(order + "I", exports[name]))
            if not crc_names:
                rows.pop()
        if flags:
            add(f"__flags_{name}", "__kflagstab", bytes([name in gpl]))
    contents = {name: bytes(data) for name, data in sections.items()}
    return ElfWriter(
        contents, rows, machine=machine, file_type=ET_EXEC, little_endian=little_endian, bits=bits
    ).data()


def symvers_text(
    exports: Mapping[str, int],
    *,
    gpl: Iterable[str] = (),
    namespaces: Mapping[str, str] | None = None,
    module: str = "vmlinux",
) -> str:
    """A Module.symvers."""
    return "".join(
        f"0x{crc:08x}\t{name}\t{module}\tEXPORT_SYMBOL{'_GPL' if name in gpl else ''}"
        f"\t{(namespaces or {}).get(name, '')}\n"
        for name, crc in exports.items()
    )


def write(folder: Path, name: str, data: bytes | str) -> Path:
    """A file of that name."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def strictly(check: KernelCheck) -> str:
    """The verdict where what is risky fails."""
    return judged(check, NO_GATE.with_options((), frozenset({"risky"})), date.min).verdict
