"""Sketches: just enough of an entry to tell whether another one says the same.

A type is repeated in every unit that uses it. To decode it costs ten times what a sketch of it
does, and a sketch is enough to find that it is known already.
"""

from __future__ import annotations

from collections.abc import Callable

from rustabi.dwarf import constants as c
from rustabi.dwarf.abbrev import Declaration
from rustabi.dwarf.forms import Encoding, Sketch, Source

_STRING_OFFSETS = frozenset({c.FORM_STRP, c.FORM_LINE_STRP})
_UNNOTED = frozenset({c.FORM_IMPLICIT_CONST, c.FORM_FLAG_PRESENT})
"""Forms whose values stand in the declaration, and so in its number."""

_REFUSED = frozenset({c.FORM_REF_SIG8, c.FORM_REF_SUP4, c.FORM_REF_SUP8, c.FORM_GNU_REF_ALT})
"""References to what is not found by an offset in ``.debug_info``."""


class Sketching:
    """What sketches note.

    Of each entry a sketch notes a number that stands for all that its declaration says of the
    wanted attributes, and their values as they are written: strings by their offset. Its references
    go to a list of their own. So entries of one binary whose sketches are equal say the same, but
    not all entries that say the same have equal sketches.

    Args:
        wanted: Tag -> the attributes to note. DW_AT_decl_file is noted by the name of the file.
    """

    def __init__(self, wanted: Callable[[int], frozenset[int]]) -> None:
        self._wanted = wanted
        self._numbers: dict[object, int] = {}

    def compile(self, declaration: Declaration, encoding: Encoding) -> Sketch:
        """The function that sketches entries of ``declaration``.

        It is given the data, the position of the attributes, the unit, and two lists: to the first
        it adds what is noted, to the second the offsets in ``.debug_info`` that are referred to, in
        the order of the declaration. It returns the position after the attributes, and raises
        ValueError where a wanted attribute cannot be noted.
        """
        wanted = self._wanted(declaration.tag)
        for attribute, form, _ in declaration.specifications:
            if form == c.FORM_INDIRECT or (form in _REFUSED and attribute in wanted):
                return _refuse
        source = _SketchSource(encoding, wanted, self._number(declaration, encoding, wanted))
        for specification in declaration.specifications:
            source.add(specification)
        return source.sketch()

    def _number(self, declaration: Declaration, encoding: Encoding, wanted: frozenset[int]) -> int:
        """The same for declarations that differ in unwanted attributes, or the file, only."""
        said = tuple(
            (attribute, form) if attribute == c.AT_DECL_FILE else (attribute, form, constant)
            for attribute, form, constant in declaration.specifications
            if attribute in wanted
        )
        key = (declaration.tag, declaration.has_children, said, encoding)
        return self._numbers.setdefault(key, len(self._numbers))


def _refuse(*_: object) -> int:
    raise ValueError("it cannot be noted")


class _SketchSource(Source):
    """Python source of a sketch function."""

    def __init__(self, encoding: Encoding, wanted: frozenset[int], number: int) -> None:
        super().__init__(encoding, wanted)
        self._number = number

    def _value(self, form: int, raw: str) -> str:
        return raw if form in _STRING_OFFSETS else super()._value(form, raw)

    def sketch(self) -> Sketch:
        """The function of that name."""
        self._flush()
        noted, referred = [str(self._number)], []
        for (attribute, form, _), value in self._entries:
            if attribute == c.AT_DECL_FILE:  # the number itself says nothing in another unit
                noted.append(f"{value} and unit.files[{value}]")
            elif form in c.REFERENCE_FORMS:
                referred.append(f"referred.append({value})")
            elif form not in _UNNOTED:
                noted.append(value)
        lines = [*self._decode, f"noted += ({', '.join(noted)},)", *referred, "return at"]
        return self._function("data, at, unit, noted, referred", lines)  # type: ignore[no-any-return]
