"""Relocations that appear in debug sections of relocatable files, by architecture."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from rustabi.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import TypeAlias

ABSOLUTE: dict[int, dict[int, int]] = {
    3: {0: 0, 1: 4, 36: 4},
    20: {0: 0, 1: 4},
    21: {0: 0, 1: 4, 38: 8, 78: 8},
    22: {0: 0, 4: 4, 22: 8, 54: 8, 53: 4},
    40: {0: 0, 2: 4, 17: 4},
    62: {0: 0, 1: 8, 10: 4, 11: 4, 17: 8, 21: 4},
    183: {0: 0, 256: 0, 257: 8, 258: 4, 1029: 8},
    243: {0: 0, 1: 4, 2: 8, **dict.fromkeys(range(33, 41), 0), 43: 0, 51: 0},
    258: {0: 0, 1: 4, 2: 8},
}
"""ELF machine -> relocation type -> width in bytes of ``symbol + addend``; 0 for "do nothing".

From each architecture's psABI: R_386_32, R_386_TLS_LDO_32; R_PPC_ADDR32; R_PPC64_ADDR32, _ADDR64,
_DTPREL64; R_390_32, _64, _TLS_LDO32/64; R_ARM_ABS32, R_ARM_TLS_DTPOFF32; R_X86_64_64, _32, _32S,
_DTPOFF64, _DTPOFF32; R_AARCH64_ABS64, _ABS32, _TLS_DTPREL64; R_RISCV_32, _64; R_LARCH_32, _64.
"""

Row: TypeAlias = tuple[int, ...]
"""A relocation as it is written: offset, info (type and symbol), and in SHT_RELA the addend."""

_CODES = {4: "I", 8: "Q"}


class Target(NamedTuple):
    """What relocations of equal info have in common.

    Attributes:
        width: Bytes to write; 0 for none.
        value: That of the symbol.
    """

    width: int
    value: int


def apply(data: bytearray, rows: Sequence[Row], targets: Mapping[int, Target], order: str) -> None:
    """Write the relocated words of a section.

    Args:
        data: The section.
        rows: Its relocations.
        targets: What they are about, by their info.
        order: ``<`` or ``>``: the byte order.

    Raises:
        struct.error: One is out of range.
        IndexError, OverflowError: One is further out than `struct` can count.
    """
    only = next(iter(targets.values())) if len(targets) == 1 else None
    if only is not None and _is_run(rows, only.width):
        _apply_run(data, rows, only, order)
        return
    packers = {width: struct.Struct(order + code) for width, code in _CODES.items()}
    prepared = {
        info: (packers[width], value, (1 << 8 * width) - 1)
        for info, (width, value) in targets.items()
        if width
    }
    ready = prepared.get
    for row in rows:
        known = ready(row[1])
        if known is None:
            continue
        packer, value, mask = known
        addend = row[2] if len(row) == 3 else packer.unpack_from(data, row[0])[0]
        packer.pack_into(data, row[0], value + addend & mask)


def _is_run(rows: Sequence[Row], width: int) -> bool:
    """Whether relocations with addends are for words of one array, as in ``.debug_str_offsets``."""
    first = rows[0]
    if len(first) != 3 or not width:
        return False
    end = first[0] + width * len(rows)
    return [row[0] for row in rows] == [*range(first[0], end, width)]


def _apply_run(data: bytearray, rows: Sequence[Row], target: Target, order: str) -> None:
    width, value = target
    mask = (1 << 8 * width) - 1
    words = [value + row[2] & mask for row in rows]
    struct.pack_into(f"{order}{len(words)}{_CODES[width]}", data, rows[0][0], *words)
