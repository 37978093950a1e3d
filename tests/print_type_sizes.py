"""Reads what ``rustc -Zprint-type-sizes`` prints, and pairs its names with DWARF's.

The output tells sizes, alignments, fields in memory order and the padding between them; offsets are
the running sum of what stands before (compiler/rustc_session/src/code_stats.rs). Example::

    print-type-size type: `Tagged`: 16 bytes, alignment: 8 bytes
    print-type-size     discriminant: 1 bytes
    print-type-size     variant `A`: 15 bytes
    print-type-size         field `.0`: 1 bytes
    print-type-size         padding: 6 bytes
    print-type-size         field `.1`: 8 bytes, alignment: 8 bytes
    print-type-size     end padding: 3 bytes
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_TYPE = re.compile(r"print-type-size type: `(.*)`: (\d+) bytes, alignment: (\d+) bytes$")
_DISCRIMINANT = re.compile(r"print-type-size +discriminant: (\d+) bytes$")
_VARIANT = re.compile(r"print-type-size +variant `(.*)`: (\d+) bytes$")
_FIELD = re.compile(
    r"print-type-size +(?:field|upvar|local) `\.(.*?)`: (\d+) bytes"
    r"(?:, offset: (\d+) bytes)?(?:, alignment: (\d+) bytes)?(?:, type: .*)?$"
)
_PADDING = re.compile(r"print-type-size +padding: (\d+) bytes$")
_END_PADDING = re.compile(r"print-type-size +end padding: (\d+) bytes$")


class PrintedField(NamedTuple):
    """A field; in bytes. The alignment is printed only where it led to padding."""

    name: str
    offset: int
    size: int
    alignment: int | None = None


class PrintedVariant(NamedTuple):
    """The fields of a struct (nameless) or of one variant, in memory order.

    Attributes:
        size: Bytes without the discriminant; None for structs.
        padding: Offset and size of each stretch of padding between fields.
    """

    name: str | None
    size: int | None
    fields: tuple[PrintedField, ...]
    padding: tuple[tuple[int, int], ...]


class PrintedType(NamedTuple):
    """A type; in bytes.

    Attributes:
        discriminant: Size of the tag; None where there is none, or a niche serves as one.
    """

    name: str
    size: int
    alignment: int
    discriminant: int | None
    variants: tuple[PrintedVariant, ...]
    end_padding: int


def parsed(text: str) -> list[PrintedType]:
    """Every type in the output of ``rustc -Zprint-type-sizes``."""
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if _TYPE.match(line):
            blocks.append([line])
        elif line.startswith("print-type-size "):
            blocks[-1].append(line)
    return [_type(block) for block in blocks]


def _type(block: list[str]) -> PrintedType:
    head = _TYPE.match(block[0])
    assert head
    discriminant = None
    end_padding = 0
    bodies: list[tuple[str | None, int | None, list[str]]] = []
    for line in block[1:]:
        if found := _DISCRIMINANT.match(line):
            discriminant = int(found[1])
        elif found := _END_PADDING.match(line):
            end_padding = int(found[1])
        elif found := _VARIANT.match(line):
            bodies.append((found[1], int(found[2]), []))
        else:
            if not bodies:
                bodies.append((None, None, []))
            bodies[-1][2].append(line)
    variants = tuple(_variant(*body, start=discriminant or 0) for body in bodies)
    size, alignment = int(head[2]), int(head[3])
    return PrintedType(head[1], size, alignment, discriminant, variants, end_padding)


def _variant(
    name: str | None, size: int | None, lines: Iterable[str], *, start: int
) -> PrintedVariant:
    fields = []
    padding = []
    cursor = start
    for line in lines:
        if found := _PADDING.match(line):
            padding.append((cursor, int(found[1])))
            cursor += int(found[1])
            continue
        found = _FIELD.match(line)
        assert found, line
        offset = cursor if found[3] is None else int(found[3])
        alignment = None if found[4] is None else int(found[4])
        fields.append(PrintedField(found[1], offset, int(found[2]), alignment))
        cursor = offset + int(found[2])
    return PrintedVariant(name, size, tuple(fields), merged(padding))


def merged(stretches: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Stretches of (offset, size), those that touch made one: a zero-sized field may split them."""
    result: list[tuple[int, int]] = []
    for offset, size in sorted(stretches):
        if result and sum(result[-1]) == offset:
            result[-1] = (result[-1][0], result[-1][1] + size)
        else:
            result.append((offset, size))
    return tuple(result)


# names

_STANDARD = ("core", "alloc", "std")
_PATH = re.compile(r"[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*")
_LIFETIME = re.compile(r"'[a-z_]\w*(?!\w*')\b(?:, | )?")
_OBJECT = re.compile(r"\((dyn [^()]*)\)")
_DEFAULTS = ("<alloc::alloc::Global>", ", alloc::alloc::Global", ", std::hash::random::RandomState")
"""Arguments that DWARF names, and rustc does not print where they are the default."""


def is_made_by_the_compiler(name: str) -> bool:
    """Whether the name is that of a closure, a coroutine or a function, or contains one.

    Each of the two sources calls them in its own way, by place or by number.
    """
    return "{" in name.replace("{CONST#", "").replace("{impl#", "")


class Names:
    """The names of one binary's DWARF, to be found by the names that rustc prints.

    rustc prints the shortest path that a type can be named by (``std::vec::Vec``), without the own
    crate; DWARF has the path to the definition (``alloc::vec::Vec<u8, alloc::alloc::Global>``).

    Args:
        crate: The crate that was compiled.
        names: Names of types in its DWARF.
    """

    def __init__(self, crate: str, names: Iterable[str]) -> None:
        self._crate = crate
        self._by_key: dict[str, set[str]] = {}
        self._paths: set[str] = set()
        for name in names:
            self._paths.update(_PATH.findall(name))
            short = name
            for default in _DEFAULTS:
                short = short.replace(default, "")
                self._by_key.setdefault(_key(short), set()).add(name)

    def matching(self, printed: str) -> str | None:
        """The DWARF name of a printed type; None when there is none, or more than one."""
        name = _PATH.sub(lambda found: self._own(found[0]), _LIFETIME.sub("", printed))
        candidates = self._by_key.get(_key(name), set())
        if len(candidates) > 1:
            candidates = {each for each in candidates if _may_be(name, each)}
        if len(candidates) > 1:
            candidates = {each for each in candidates if _head(each) == _head(name)}
        return next(iter(candidates)) if len(candidates) == 1 else None

    def _own(self, path: str) -> str:
        own = f"{self._crate}::{path}"
        return own if own in self._paths else path


def is_defined_in(printed: str, source: str) -> bool:
    """Whether a printed type is defined in the crate of the source: its path starts there."""
    first = _head(printed).partition("::")[0]
    return re.search(rf"\b(?:mod|struct|enum|union|fn) {first}\b", source) is not None


def _head(name: str) -> str:
    found = _PATH.match(name)
    return found[0] if found else ""


def _key(name: str) -> str:
    """A name with the standard library's paths cut down to their last parts."""

    def shortened(path: str) -> str:
        parts = path.split("::")
        return f"~{parts[-1]}" if parts[0] in _STANDARD and len(parts) > 1 else path

    text = _PATH.sub(lambda found: shortened(found[0]), name)
    return _OBJECT.sub(r"\1", text).replace(",)", ")").replace("<>", "")


def _may_be(printed: str, defined: str) -> bool:
    """Whether each path of a printed name can be that of a definition."""
    paths = zip(_PATH.findall(printed), _PATH.findall(defined), strict=False)
    return all(public == full or _leads_to(public, full) for public, full in paths)


def _leads_to(public: str, full: str) -> bool:
    """Whether the parts of a public path occur in the full one, in order."""
    parts = full.split("::")[1:]
    if parts[:1] == ["sys"] and "::sys::" not in public:
        return False  # what is in std::sys has no public path
    rest: Iterator[str] = iter(parts)
    return all(part in rest for part in public.split("::")[1:])
