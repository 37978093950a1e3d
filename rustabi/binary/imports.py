"""Which symbols a kernel module takes from the kernel and from other modules."""

from __future__ import annotations

from typing import Final, NamedTuple

from rustabi.binary.elf import Elf

_WEAK: Final = 2
_MODULE_LAYOUT: Final = "module_layout"
_RECORD: Final = 64
"""Bytes of an entry of ``__versions``: a long and a name (struct modversion_info in the kernel)."""


class Import(NamedTuple):
    """A symbol that a module needs.

    Attributes:
        weak: It may stay undefined.
    """

    name: str
    weak: bool


def imports_of(elf: Elf) -> list[Import]:
    """The undefined symbols of a module, sorted, each once.

    ``module_layout`` is in no symbol table. The loader looks it up for every module that has
    versions (check_modstruct_version in kernel/module/version.c), so such a module needs it.
    """
    found: dict[str, bool] = {}
    for symbol in elf.symbols():
        if not symbol.section and symbol.name:
            found[symbol.name] = symbol.binding == _WEAK and found.get(symbol.name, True)
    if _has_layout_version(elf):
        found[_MODULE_LAYOUT] = False
    return [Import(name, weak) for name, weak in sorted(found.items())]


def _has_layout_version(elf: Elf) -> bool:
    name = _MODULE_LAYOUT.encode()
    if "__version_ext_names" in elf.by_name:
        return name in elf.contents("__version_ext_names").split(b"\0")
    if "__versions" not in elf.by_name:
        return False
    table, word = elf.contents("__versions"), elf.address_size
    return any(
        table[start + word : start + _RECORD].split(b"\0", 1)[0] == name
        for start in range(0, len(table), _RECORD)
    )
