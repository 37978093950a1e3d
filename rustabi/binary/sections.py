"""What the decoder is given: the bytes of the debug sections, decompressed and relocated."""

from __future__ import annotations

from typing import NamedTuple


class Sections(NamedTuple):
    """The debug sections of one binary.

    Attributes:
        info: ``.debug_info``
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
    little_endian: bool = True
