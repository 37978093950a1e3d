"""What the decoder is given: the bytes of the debug sections, decompressed and relocated."""

from __future__ import annotations

from rustabi.lean import NamedTuple


class Sections(NamedTuple):
    """The debug sections of one binary.

    Attributes:
        info: ``.debug_info``; type units that stand in sections of their own come after it.
        types_at: Where in ``info`` the contents of ``.debug_types`` begin, whose unit headers are
            others (DWARF 4, section 7.5.1.2); None where there is no such section.
        abbrev: ``.debug_abbrev``
        strings: ``.debug_str``, empty (as all that follow) where the binary has none.
        line_strings: ``.debug_line_str``
        string_offsets: ``.debug_str_offsets``
        lines: ``.debug_line``
        little_endian: Byte order of every number in them.
    """

    info: bytes
    abbrev: bytes
    strings: bytes = b""
    line_strings: bytes = b""
    string_offsets: bytes = b""
    lines: bytes = b""
    types_at: int | None = None
    little_endian: bool = True
