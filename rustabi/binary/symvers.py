"""Reads ``Module.symvers``: the exports of a kernel build with their versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from rustabi.binary.open import read_binary
from rustabi.errors import InputError

GPL: Final = "EXPORT_SYMBOL_GPL"
PLAIN: Final = "EXPORT_SYMBOL"

_CRC: Final = re.compile(r"0x[0-9A-Fa-f]{1,8}")
_TYPE: Final = re.compile(r"EXPORT_(UNUSED_)?SYMBOL(_GPL|_GPL_FUTURE|_FOR_MODULES)?")
_LIKE: Final = re.compile(rb"0x[0-9A-Fa-f]{8}[ \t]+[^\s\0]+[ \t]+[^\s\0]+")


class SymversLine(NamedTuple):
    """One line.

    Attributes:
        crc: 0 where the build computed none.
        name: The exported symbol.
        module: Who exports it: ``vmlinux``, or a module's path without ``.ko``.
        type: ``EXPORT_SYMBOL``, ``EXPORT_SYMBOL_GPL`` or an older kind.
        namespace: Often empty; ``module:a,b`` for exports to those modules only.
    """

    crc: int
    name: str
    module: str
    type: str
    namespace: str = ""

    @property
    def gpl_only(self) -> bool:
        """Whether modules under other licenses must not use it."""
        return "_GPL" in self.type or self.namespace.startswith("module:")


def is_symvers(prefix: bytes) -> bool:
    """Whether a file that begins so is a Module.symvers."""
    return _LIKE.match(prefix.lstrip()) is not None


def read_symvers(path: Path) -> tuple[SymversLine, ...]:
    """The lines of a Module.symvers.

    Raises:
        InputError: It cannot be read, or a line is none.
    """
    text = read_binary(path).decode("utf-8", "surrogateescape")
    return tuple(parse_symvers(text, path))


def parse_symvers(text: str, path: Path) -> Iterator[SymversLine]:
    """The lines of a Module.symvers, empty ones passed over.

    Since Linux 5.4 a line has five fields with a tab between two of them, the last of which is
    often empty; before, it has four. In 5.4 and 5.5 the namespace is the third. Files that went
    through other tools have blanks for tabs.

    Raises:
        InputError: A line has other fields.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            found = _parse(line.rstrip("\r"))
            if found is None:
                shown = line if len(line) <= 80 else f"{line[:77]}..."
                raise InputError(
                    f"not a line of a Module.symvers: {shown!r}", path=f"{path}:{number}",
                    advice="a line has a CRC (0x and hexadecimal digits), a symbol, a module, how"
                    " it is exported and a namespace, with tabs between them",
                )  # fmt: skip
            yield found


def _parse(line: str) -> SymversLine | None:
    fields = [field.strip() for field in line.split("\t")]
    if len(fields) < 4:
        fields = line.split()
    at = next((i for i, field in enumerate(fields[3:], 3) if _TYPE.fullmatch(field)), 0)
    if not at or len(fields) > 5 or not _CRC.fullmatch(fields[0]) or not fields[1]:
        return None
    if at == 4:  # Linux 5.4: CRC, symbol, namespace, module, type
        return SymversLine(int(fields[0], 16), fields[1], fields[3], fields[4], fields[2])
    namespace = fields[4] if len(fields) == 5 else ""
    if not fields[2]:
        return None
    return SymversLine(int(fields[0], 16), fields[1], fields[2], fields[3], namespace)
