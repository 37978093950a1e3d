"""pyelftools' own decoder of entries, which `rustabi.dwarf.entries` is held against in the tests.

It shares nothing with ours but the section bytes: it parses units, abbreviations and forms itself.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from elftools.dwarf import enums
from elftools.dwarf.compileunit import CompileUnit
from elftools.dwarf.die import DIE, AttributeValue
from elftools.dwarf.dwarfinfo import DebugSectionDescriptor, DwarfConfig, DWARFInfo

from rustabi.binary.sections import Sections

_SECTIONS = (
    "debug_info", "debug_aranges", "debug_abbrev", "debug_frame", "eh_frame", "debug_str",
    "debug_loc", "debug_ranges", "debug_line", "debug_pubtypes", "debug_pubnames", "debug_addr",
    "debug_str_offsets", "debug_line_str", "debug_loclists", "debug_rnglists", "debug_sup",
    "gnu_debugaltlink", "debug_types",
)  # fmt: skip


class ReferenceEntry(NamedTuple):
    """An entry as pyelftools decodes it, in the terms of `rustabi.dwarf`.

    Attributes:
        offset: Position in ``.debug_info``.
        tag: DW_TAG_* number.
        has_children: As its abbreviation declares.
        attributes: DW_AT_* number -> (DW_FORM_* number, value as in `rustabi.dwarf.forms`).
    """

    offset: int
    tag: int
    has_children: bool
    attributes: dict[int, tuple[int, int | bool | str | bytes]]


def reference_entries(sections: Sections) -> Iterator[ReferenceEntry]:
    """Every entry of every unit, in document order.

    Damaged input ends in whatever pyelftools raises. It has three gaps (version 0.33): it takes
    DW_FORM_strx4 for eight bytes long, does not know DW_FORM_GNU_addr_index and
    DW_FORM_GNU_str_index, and stops at addresses of other than four or eight bytes.

    Args:
        sections: Decompressed and relocated.
    """
    for unit in _dwarf(sections).iter_CUs():
        for entry in unit.iter_DIEs():
            if not entry.is_null():
                yield _entry(entry, unit)


class _Zeros(io.BytesIO):
    """Stands in for lists and addresses, which pyelftools looks up where ours keeps the index."""

    def read(self, size: int | None = -1, /) -> bytes:
        return bytes(max(size or 0, 0))


def _dwarf(sections: Sections) -> DWARFInfo:
    given: dict[str, IO[bytes] | None] = {
        "debug_info": io.BytesIO(sections.info),
        "debug_abbrev": io.BytesIO(sections.abbrev),
        "debug_str": io.BytesIO(sections.strings),
        "debug_line_str": io.BytesIO(sections.line_strings),
        "debug_str_offsets": io.BytesIO(sections.string_offsets),
        **dict.fromkeys(("debug_addr", "debug_loclists", "debug_rnglists"), _Zeros()),
    }
    sizes = {"debug_info": len(sections.info), "debug_abbrev": len(sections.abbrev)}
    described = {
        f"{name}_sec": DebugSectionDescriptor(stream, name, 0, sizes.get(name, 0), 0)
        if (stream := given.get(name)) is not None
        else None
        for name in _SECTIONS
    }
    return DWARFInfo(config=DwarfConfig(sections.little_endian, "", 8), **described)


def _entry(entry: DIE, unit: CompileUnit) -> ReferenceEntry:
    attributes = {
        _number(enums.ENUM_DW_AT, name): (
            _number(enums.ENUM_DW_FORM, attribute.form),
            _value(attribute, unit),
        )
        for name, attribute in entry.attributes.items()
    }
    tag = _number(enums.ENUM_DW_TAG, entry.tag)
    return ReferenceEntry(entry.offset, tag, bool(entry.has_children), attributes)


def _number(names: dict[str, Any], name: str | int | None) -> int:
    """The number behind a name of pyelftools, which leaves unknown numbers as they are."""
    return int(names[name]) if isinstance(name, str) else int(name or 0)


_REFERENCES = frozenset(f"DW_FORM_ref{kind}" for kind in ("1", "2", "4", "8", "_udata"))
_INDEXES = frozenset({"DW_FORM_addrx", "DW_FORM_loclistx", "DW_FORM_rnglistx"}) | {
    f"DW_FORM_addrx{size}" for size in (1, 2, 3, 4)
}


def _value(attribute: AttributeValue, unit: CompileUnit) -> int | bool | str | bytes:
    """The value of an attribute in the terms of `rustabi.dwarf.forms`."""
    if attribute.form in _INDEXES:
        return attribute.raw_value
    if attribute.form in _REFERENCES:
        return unit.cu_offset + attribute.raw_value
    value = attribute.value
    if isinstance(value, list):
        return bytes(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, bool | int):
        return value
    raise TypeError(f"pyelftools gives {value!r} for {attribute.form}")
