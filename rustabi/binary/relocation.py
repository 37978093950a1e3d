"""Relocations that appear in debug sections of relocatable files, by architecture."""

from __future__ import annotations

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
