"""The file names of a line table (``.debug_line``, DWARF 5 section 6.2.4), without its rows."""

from __future__ import annotations

import struct

from rustabi.dwarf import constants as c
from rustabi.dwarf.abbrev import Declaration, Specification
from rustabi.dwarf.forms import Encoding, read_string
from rustabi.dwarf.leb128 import read_unsigned
from rustabi.dwarf.reader import Reader
from rustabi.errors import DwarfError
from rustabi.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from rustabi.dwarf.unit import Unit

_LNCT_PATH = 1


class FileNames(dict[int, str]):
    """`file_names` of a unit, read when first asked for; empty for numbers that it lacks."""

    def __init__(self, lines: bytes, unit: Unit) -> None:
        super().__init__()
        self._source: tuple[bytes, Unit] | None = (lines, unit)

    def __missing__(self, number: int) -> str:
        if self._source is not None:
            self.update(file_names(*self._source))
            self._source = None
        return self.setdefault(number, "")


def file_names(lines: bytes, unit: Unit) -> dict[int, str]:
    """File number -> name as written, for the numbers that ``unit`` uses in DW_AT_decl_file.

    Args:
        lines: Bytes of ``.debug_line``.
        unit: The unit; without DW_AT_stmt_list it has no files.

    Raises:
        DwarfError: The table is damaged.
    """
    offset = unit.root.get(c.AT_STMT_LIST)
    if not isinstance(offset, int) or not lines:
        return {}
    try:
        return _read_header(lines, offset, unit)
    except (IndexError, OverflowError, ValueError, struct.error) as error:
        raise DwarfError(
            "the line table cannot be read",
            place=f".debug_line+{offset:#x}",
            advice="the debug info is damaged: build the file again",
        ) from error


def _read_header(data: bytes, at: int, unit: Unit) -> dict[int, str]:
    order = "<" if unit.encoding.little_endian else ">"
    (length,) = struct.unpack_from(order + "I", data, at)
    at += 4
    offset_size = 4
    if length == 0xFFFFFFFF:
        at += 8
        offset_size = 8
    (version,) = struct.unpack_from(order + "H", data, at)
    at += 2
    address_size = unit.encoding.address_size
    if version >= 5:
        address_size = data[at]
        at += 2
        if address_size not in (1, 2, 4, 8):
            raise ValueError("no address is that wide")
    at += offset_size  # header_length
    at += 5 if version >= 4 else 4  # minimum_instruction_length .. line_range
    at += data[at]  # opcode_base counts itself and the lengths behind it
    encoding = Encoding(address_size, offset_size, version, unit.encoding.little_endian)
    if version >= 5:
        return _read_files_v5(data, at, unit, encoding)
    return _read_files_v4(data, at)


def _read_files_v4(data: bytes, at: int) -> dict[int, str]:
    while data[at]:
        _, at = read_string(data, at)
    at += 1
    names: dict[int, str] = {}
    while data[at]:
        name, at = read_string(data, at)
        for _ in range(3):  # directory, time, size
            _, at = read_unsigned(data, at)
        names[len(names) + 1] = name
    return names


def _read_files_v5(data: bytes, at: int, unit: Unit, encoding: Encoding) -> dict[int, str]:
    rows: list[str] = []
    for _ in range(2):  # directories, then files
        rows, at = _read_table_v5(data, at, unit, encoding)
    return dict(enumerate(rows))


def _read_table_v5(data: bytes, at: int, unit: Unit, encoding: Encoding) -> tuple[list[str], int]:
    columns = []
    width = data[at]
    at += 1
    for _ in range(width):
        content, at = read_unsigned(data, at)
        form, at = read_unsigned(data, at)
        columns.append(Specification(content, form, 0))
    count, at = read_unsigned(data, at)
    if count > len(data):
        raise ValueError("more rows than bytes")
    reader = Reader(Declaration(0, False, tuple(columns)), encoding, frozenset({_LNCT_PATH}))
    rows = []
    for _ in range(count):
        values, at = reader.decode(data, at, unit)
        rows.append(str(values.get(_LNCT_PATH, "")))
    return rows, at
