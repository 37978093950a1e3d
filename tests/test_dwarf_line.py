"""File names of line tables, version 2 to 5; their rows are not read."""

from __future__ import annotations

import pytest

from rustabi.binary.sections import Sections
from rustabi.dwarf import constants as c
from rustabi.dwarf.line import file_names
from rustabi.dwarf.unit import Info
from rustabi.errors import DwarfError
from tests.dwarf_encoder import unsigned
from tests.dwarf_writer import Attribute, Unit, debug_sections, unit

FILES = ["src/lib.rs", "core/src/num.rs", "größe.c"]


def read(sections: Sections) -> list[dict[int, str]]:
    return [file_names(sections.lines, each) for each in Info(sections).units]


@pytest.mark.parametrize("little_endian", [True, False], ids=["little", "big"])
@pytest.mark.parametrize("offset_size", [4, 8])
@pytest.mark.parametrize("version", [2, 3, 4])
def test_versions_before_5_count_from_1(
    version: int, offset_size: int, little_endian: bool
) -> None:
    written = Unit([], version=version, offset_size=offset_size, files=FILES)
    (found,) = read(debug_sections(written, little_endian=little_endian))
    assert found == {1: FILES[0], 2: FILES[1], 3: FILES[2]}


@pytest.mark.parametrize("little_endian", [True, False], ids=["little", "big"])
@pytest.mark.parametrize("offset_size", [4, 8])
def test_version_5_counts_from_0(offset_size: int, little_endian: bool) -> None:
    """Number 0 is the unit's own file."""
    written = Unit([], name="main.c", offset_size=offset_size, files=FILES)
    (found,) = read(debug_sections(written, little_endian=little_endian))
    assert found == {0: "main.c", 1: FILES[0], 2: FILES[1], 3: FILES[2]}


def test_each_unit_has_its_own_table() -> None:
    found = read(
        debug_sections(
            unit(version=4, files=["a.c"]),
            unit(files=["b.c"], name="0.c"),
            unit(),
            unit(version=4, files=["d.c"]),
        )
    )
    assert found == [{1: "a.c"}, {0: "0.c", 1: "b.c"}, {}, {1: "d.c"}]


def test_unit_without_table() -> None:
    assert read(debug_sections(unit())) == [{}]


def table(columns: list[tuple[int, int]], rows: bytes, count: int) -> bytes:
    """A table of version 5, with these columns of content and form."""
    described = bytes([len(columns)]) + b"".join(unsigned(a) + unsigned(b) for a, b in columns)
    return with_body(b"\0\0" + described + unsigned(count) + rows)


def with_body(body: bytes) -> bytes:
    """A header of version 5 before the tables of folders and files."""
    header = bytes([1, 1, 1, 0xFB, 14, 1])  # opcode_base 1: no lengths follow
    rest = b"\5\0\x08\0" + (len(header) + len(body)).to_bytes(4, "little") + header + body
    return len(rest).to_bytes(4, "little") + rest


def files_of(lines: bytes, sections: Sections | None = None) -> dict[int, str]:
    (each,) = Info(sections or debug_sections(unit(files=["x"]))).units
    return file_names(lines, each)


@pytest.mark.parametrize(
    ("form", "row"),
    [
        (c.FORM_STRING, b"lib.rs\0"),
        (c.FORM_STRP, b"\1\0\0\0"),
        (c.FORM_LINE_STRP, b"\1\0\0\0"),
        (c.FORM_STRX1, b"\0"),
    ],
)
def test_forms_of_names(form: int, row: bytes) -> None:
    """LLVM puts the digest of the source beside the name, GCC the number of its folder."""
    columns = [(1, form), (5, c.FORM_DATA16), (2, c.FORM_UDATA), (0x2001, c.FORM_BLOCK)]
    lines = table(columns, row + bytes(16) + b"\x80\1" + b"\2ab", 1)
    sections = debug_sections(Unit([], text_form=c.FORM_STRING, files=["x"]))._replace(
        strings=b"\0lib.rs\0", line_strings=b"\0lib.rs\0", string_offsets=bytes(8) + b"\1\0\0\0"
    )
    assert files_of(lines, sections) == {0: "lib.rs"}


def test_rows_without_a_name() -> None:
    lines = table([(2, c.FORM_DATA1)], b"\0\1", 2)
    assert files_of(lines) == {0: "", 1: ""}


# damage


@pytest.mark.parametrize("version", [4, 5])
def test_cut_off_table(version: int) -> None:
    sections = debug_sections(unit(version=version, files=["a.c", "b.c"]))
    for size in range(1, len(sections.lines)):
        with pytest.raises(DwarfError, match="line table cannot be read"):
            read(sections._replace(lines=sections.lines[:size]))


@pytest.mark.parametrize("offset", [1 << 31, 1 << 63, 1 << 70, -(1 << 70)])
def test_offset_out_of_range(offset: int) -> None:
    form = c.FORM_SDATA
    written = unit(files=["a.c"])
    written.attributes = [Attribute(c.AT_STMT_LIST, form, offset)]
    with pytest.raises(DwarfError, match="line table cannot be read"):
        read(debug_sections(written))


def test_offset_of_another_class() -> None:
    written = unit(files=["a.c"])
    written.attributes = [Attribute(c.AT_STMT_LIST, c.FORM_STRING, "x")]
    assert read(debug_sections(written)) == [{}]


def test_more_rows_than_bytes() -> None:
    """A row of no columns takes no bytes: the count alone must not fill the memory."""
    with pytest.raises(DwarfError, match="line table cannot be read"):
        files_of(table([], b"", 1 << 60))


def test_unknown_form() -> None:
    with pytest.raises(DwarfError, match="unknown attribute form 0x2"):
        files_of(table([(1, 0x02)], b"\0\0\0\0", 1))
