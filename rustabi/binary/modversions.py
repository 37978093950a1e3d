"""Symbol versions that a kernel module was built against: ``__versions`` and its extension.

Both tables are written by modpost. ``__versions`` is an array of ``struct modversion_info``, 64
bytes each: the CRC as an unsigned long, and the name in the rest, NUL-terminated
(include/linux/module.h). A name that does not fit is left out of it. Since Linux 6.14 there is a
pair of tables for names of any length: ``__version_ext_crcs``, 32 bits each, and
``__version_ext_names``, as many NUL-terminated names in the same order.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from rustabi.binary.elf import Elf
from rustabi.errors import InputError

BASIC: Final = "__versions"
EXTENDED_CRCS: Final = "__version_ext_crcs"
EXTENDED_NAMES: Final = "__version_ext_names"

_RECORD: Final = 64


class ModVersions(NamedTuple):
    """The tables of a module.

    Attributes:
        basic: Name -> CRC of ``__versions``; None where there is no such section.
        extended: The same of the extended tables.
    """

    basic: dict[str, int] | None = None
    extended: dict[str, int] | None = None

    @property
    def every(self) -> dict[str, int]:
        """Name -> CRC of all that either table names, sorted by name."""
        return dict(sorted({**(self.basic or {}), **(self.extended or {})}.items()))


def modversions_of(elf: Elf) -> ModVersions:
    """The version tables of a module.

    Raises:
        InputError: A table is malformed, or the two of them name different CRCs for a symbol.
    """
    basic = _basic(elf) if BASIC in elf.by_name else None
    present = [name for name in (EXTENDED_CRCS, EXTENDED_NAMES) if name in elf.by_name]
    if len(present) == 1:
        missing = EXTENDED_NAMES if present == [EXTENDED_CRCS] else EXTENDED_CRCS
        raise _malformed(elf, present[0], f"there is no section {missing}, which belongs to it")
    extended = _extended(elf) if present else None
    for name in sorted(basic.keys() & extended.keys() if basic and extended else ()):
        one, other = (basic or {})[name], (extended or {})[name]
        if one != other:
            raise _malformed(
                elf, BASIC, f"{name} has the version {one:#010x} here, and {other:#010x} in"
                f" {EXTENDED_CRCS}",
            )  # fmt: skip
    return ModVersions(basic, extended)


def _basic(elf: Elf) -> dict[str, int]:
    data = _contents(elf, BASIC)
    if len(data) % _RECORD:
        raise _malformed(elf, BASIC, f"its {len(data)} bytes are no multiple of {_RECORD}")
    order = "<" if elf.little_endian else ">"
    layout = struct.Struct(order + ("Q56s" if elf.address_size == 8 else "I60s"))
    table: dict[str, int] = {}
    for number, (crc, field) in enumerate(layout.iter_unpack(data)):
        name, end, _ = field.partition(b"\0")
        place = f"{BASIC}+{number * _RECORD:#x}"
        if not end:
            raise _malformed(elf, place, "the name is not terminated")
        if crc > 0xFFFFFFFF:
            raise _malformed(elf, place, f"the version {crc:#x} has more than 32 bits")
        _enter(table, elf, place, name, crc)
    return table


def _extended(elf: Elf) -> dict[str, int]:
    crcs, names = _contents(elf, EXTENDED_CRCS), _contents(elf, EXTENDED_NAMES)
    if len(crcs) % 4:
        raise _malformed(elf, EXTENDED_CRCS, f"its {len(crcs)} bytes are no multiple of 4")
    if names and names[-1]:
        raise _malformed(elf, EXTENDED_NAMES, "the last name is not terminated")
    texts = names.split(b"\0")[:-1]
    if texts and not texts[-1]:  # modpost writes one C string, which ends with a NUL of its own
        texts.pop()
    values = struct.unpack(("<" if elf.little_endian else ">") + f"{len(crcs) // 4}I", crcs)
    if len(texts) != len(values):
        raise _malformed(
            elf, EXTENDED_NAMES, f"it holds {len(texts)} names for {len(values)} versions"
        )
    table: dict[str, int] = {}
    for name, crc in zip(texts, values, strict=True):
        _enter(table, elf, EXTENDED_NAMES, name, crc)
    return table


def _enter(table: dict[str, int], elf: Elf, place: str, name: bytes, crc: int) -> None:
    """Add a row; where a name stands twice, the loader takes the first, so both must agree."""
    text = name.decode("utf-8", "surrogateescape")
    if elf.machine.startswith("powerpc"):  # arch/powerpc/kernel/module_64.c: dedotify_versions
        text = text.removeprefix(".")
    if table.setdefault(text, crc) != crc:
        raise _malformed(
            elf, place, f"{text} has the version {table[text]:#010x}, and {crc:#010x} here"
        )


def _contents(elf: Elf, section: str) -> bytes:
    """Bytes of a table. They hold no addresses, so no relocation is looked for."""
    return elf.raw(elf.by_name[section])


def _malformed(elf: Elf, place: str, what: str) -> InputError:
    return InputError(
        f"malformed symbol versions: {what}", path=elf.path, place=place,
        advice="build or copy the module again",
    )  # fmt: skip
