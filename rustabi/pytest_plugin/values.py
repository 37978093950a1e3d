"""What tests get to see: targets, layouts of types, and outcomes of comparisons.

They print as the reports do, so that a failed assertion on one of their numbers shows the layout
itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from rustabi.errors import UsageError
from rustabi.layout import Field, Layout, Layouts
from rustabi.model import Composite, Enumeration, Model, Symbol, TypeId
from rustabi.nature import stripped
from rustabi.pytest_plugin.tracebacks import without_inside
from rustabi.report.facts import plural
from rustabi.report.layouts import ItemReport, TypeReport, layouts_by_name, matches, type_report
from rustabi.report.page import plain
from rustabi.report.paths import member_name
from rustabi.report.select import one_symbol, one_type
from rustabi.report.text_layout import type_blocks

if TYPE_CHECKING:
    from pathlib import Path

    from rustabi.report.differences import DiffReport


class Bytes(int):
    """A number of bytes that knows what it is of: a failed comparison shows the whole layout."""

    of: TypeLayout
    what: str

    @classmethod
    def told(cls, value: int, of: TypeLayout, what: str) -> Bytes:
        """The number, and what it is.

        Args:
            value: Bytes.
            of: The type.
            what: ``size``, ``offset of y``, ...
        """
        made = cls(value)
        made.of, made.what = of, what
        return made


class Hole(NamedTuple):
    """Unused bytes between members.

    Attributes:
        offset: Bytes from the start of the type.
        size: Bytes.
    """

    offset: int
    size: int


class TypeLayout:
    """How a type lies in memory, as the compiler laid it out. All sizes and offsets are bytes.

    Two are equal if name, size, alignment and all members are: their names, places, sizes and the
    names of their types. What those types are made of is compared by `Rustabi.assert_compatible`.

    Attributes:
        report: All that ``rustabi layout --format json`` tells of it.
    """

    def __init__(self, model: Model, layouts: Layouts, layout: Layout) -> None:
        self._model = model
        self._layouts = layouts
        self._layout = layout
        self.report: TypeReport = type_report(model, layout)

    @property
    def name(self) -> str:
        """The qualified name: ``foo::Bar``."""
        return self.report.name

    @property
    def size(self) -> Bytes:
        """Size in bytes."""
        return Bytes.told(self.report.size, self, "size")

    @property
    def align(self) -> Bytes | None:
        """Alignment in bytes; None where it is not known."""
        found = self.report.alignment
        return None if found is None else Bytes.told(found, self, "alignment")

    @property
    def holes(self) -> tuple[Hole, ...]:
        """Unused bytes between members; of an enum those that no variant uses."""
        return tuple(
            Hole(each.offset, each.size or 0) for each in self.report.items if each.kind == "hole"
        )

    @property
    def tail_padding(self) -> Bytes:
        """Unused bytes at the end."""
        return Bytes.told(self.report.tail_padding, self, "tail padding")

    @property
    def c_size(self) -> Bytes | None:
        """Bytes that it would take in declaration order, as C has it; None where not known."""
        found = self.report.c_size
        return None if found is None else Bytes.told(found, self, "size in C")

    @property
    def permuted(self) -> bool:
        """Whether the compiler chose another order than the source has."""
        return self.report.permuted

    @property
    def source_order(self) -> tuple[str, ...]:
        """Members as declared."""
        return self.report.source_order

    @property
    def memory_order(self) -> tuple[str, ...]:
        """Members as they stand in memory."""
        return self.report.memory_order

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the variants of an enum, in source order."""
        with_data = tuple(each.name for each in self.report.variants)
        return with_data or tuple(each.name for each in self.report.enumerators)

    @without_inside
    def offset_of(self, path: str) -> Bytes:
        """Where a member stands, in bytes from the start of the type.

        Args:
            path: A member; ``a.b`` for one within another, ``0`` of a tuple, ``Some.0`` of a
                variant.

        Raises:
            UsageError: There is no such member, or it is a bit field.
        """
        start, _ = self._place(path)
        return Bytes.told(start // 8, self, f"offset of {path}")

    @without_inside
    def size_of(self, path: str) -> Bytes | None:
        """Bytes that a member takes; None where that is not known. For `path` see `offset_of`.

        Raises:
            UsageError: There is no such member, or it is a bit field.
        """
        _, field = self._place(path)
        return None if field.size is None else Bytes.told(field.size, self, f"size of {path}")

    def _place(self, path: str) -> tuple[int, Field]:
        """(start in bits, the member itself)."""
        start, parts, layout = 0, path.split("."), self._layout
        while True:
            names, fields = _members(self._layouts, layout, parts)
            field = fields.get(parts[names - 1]) if names <= len(parts) else None
            if field is None:
                raise self._no_member(path, parts, fields if names <= len(parts) else {})
            start, parts = start + field.start, parts[names:]
            if not parts:
                break
            inner = stripped(self._model.types, field.type)
            found = None if inner is None else self._layouts.of(inner)
            if found is None:
                raise UsageError(
                    f"{self.name} has no member {path!r}: {member_name(field.name or '')} has none",
                    advice="name a member of a struct, union or enum",
                )
            layout = found
        if field.is_bit_field:
            raise UsageError(
                f"{path} of {self.name} is a bit field, which has no place in bytes",
                advice="`report.items` has its place in bits",
            )
        return start, field

    def _no_member(self, path: str, parts: list[str], fields: dict[str, Field]) -> UsageError:
        if fields:
            advice = f"members: {', '.join(fields)}"
        elif self.variants:
            advice = f"variants: {', '.join(self.variants)}; name one of its members: {parts[0]}.0"
        else:
            advice = "it has none"
        return UsageError(f"{self.name} has no member {path!r}", advice=advice)

    def __str__(self) -> str:
        return plain(type_blocks(self.report)).rstrip("\n")

    def __repr__(self) -> str:
        items = ", ".join(map(_item, self.report.items))
        aligned = "" if self.report.alignment is None else f", align {self.report.alignment}"
        return f"<{self.report.kind} {self.name}: size {self.report.size}{aligned}; {items}>"

    def __eq__(self, other: object) -> bool:
        return self.report == other.report if isinstance(other, TypeLayout) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.report)


def _members(layouts: Layouts, layout: Layout, parts: list[str]) -> tuple[int, dict[str, Field]]:
    """(how many parts of a path name a member, the members that it can be).

    Members of anonymous structs and unions of C are those of whatever holds them.
    """
    if layout.choice is not None and not layout.fields:
        for variant in layout.choice.variants:
            if variant.name == parts[0]:
                return 2, dict(_named(layouts, variant.fields))
        return 1, {}
    return 1, dict(_named(layouts, layout.fields))


def _named(layouts: Layouts, fields: tuple[Field, ...]) -> Iterator[tuple[str, Field]]:
    for field in fields:
        if field.name is not None:
            yield member_name(field.name), field
            continue
        inner = None if field.type is None else layouts.of(field.type)
        for name, each in _named(layouts, inner.fields) if inner is not None else ():
            yield name, each._replace(start=each.start + field.start)


def _item(item: ItemReport) -> str:
    label = item.name if item.source is not None else f"({item.kind})"
    return f"{label or '<anonymous>'} {item.offset}..{item.offset + (item.size or 0)}"


class LoadedTarget:
    """What was read of a target: its types and its exported symbols.

    Attributes:
        name: What it is called in reports.
        model: All that rustabi knows of it.
        path: Where it was read from; None of a model that was made otherwise.
    """

    def __init__(self, name: str, model: Model, path: Path | None = None) -> None:
        self.name = name
        self.model = model
        self.path = path

    @cached_property
    def _layouts(self) -> Layouts:
        return Layouts.of_model(self.model)

    @cached_property
    def _named_types(self) -> list[TypeId]:
        return [
            number
            for number, node in enumerate(self.model.types)
            if isinstance(node, Composite | Enumeration) and node.name and not node.declaration
        ]

    @without_inside
    def type(self, name: str) -> TypeLayout:
        """The layout of the one type of a name.

        Args:
            name: ``foo::Bar``; a glob, a name without generic arguments, or the last part will do
                where one type alone is meant.

        Raises:
            UsageError: There is none, or there are several that lie differently.
        """
        found: dict[TypeLayout, None] = {}
        for number in one_type(self.model, name, self._named_types):
            layout = self._layouts.of(number)
            if layout is not None:
                found[TypeLayout(self.model, self._layouts, layout)] = None
        if len(found) != 1:
            what = f"{len(found)} types that lie differently" if found else "a type without layout"
            raise UsageError(
                f"{name!r} means {what}", path=self.name,
                advice=f"types({name!r}) has all of them" if found else "name another",
            )  # fmt: skip
        return next(iter(found))

    def types(self, glob: str = "*") -> tuple[TypeLayout, ...]:
        """The layouts of all types of a name, sorted by name.

        Args:
            glob: As for `type`.
        """
        return tuple(
            TypeLayout(self.model, self._layouts, layout)
            for name, layout in layouts_by_name(self.model)
            if matches(name, glob) or fnmatchcase(name, glob)
        )

    @property
    def symbols(self) -> tuple[str, ...]:
        """The linker's names of all exported symbols, sorted."""
        return tuple(sorted({each.name for each in self.model.symbols}))

    @without_inside
    def symbol(self, name: str) -> Symbol:
        """An exported symbol, by the linker's name or a readable one.

        Its `version` is the kernel's, its `layout` the layout version.

        Raises:
            UsageError: There is none, or there are several.
        """
        return self.model.symbols[one_symbol(self.model, name)]

    def __repr__(self) -> str:
        return f"<{self.name}: {plural(len(self.model.symbols), 'exported symbol')}>"


class Verdict(str):
    """``compatible``, ``incompatible`` or ``error``; a failed comparison shows the report."""

    __slots__ = ("text",)

    text: str


class Outcome:
    """What a comparison found.

    Attributes:
        report: All that ``rustabi diff --format json`` tells.
        text: What ``rustabi diff`` prints.
    """

    def __init__(self, report: DiffReport, text: str) -> None:
        self.report = report
        self.text = text

    @property
    def verdict(self) -> Verdict:
        """``compatible``, ``incompatible``, or ``error`` where there is none."""
        found = Verdict(self.report.verdict)
        found.text = self.text
        return found

    @property
    def compatible(self) -> bool:
        """Whether a caller built against the old build may run with the new, as far as checked."""
        return self.report.verdict == "compatible"

    @property
    def headline(self) -> str:
        """The first line of the text."""
        return self.text.partition("\n")[0]

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{self.headline}>"


def explanation(op: str, left: object, right: object) -> list[str] | None:
    """What to show of a comparison that failed, in lines; None where it is none of ours."""
    for value in (left, right):
        if isinstance(value, Verdict):
            return [f"{str(left)!r} {op} {str(right)!r}", *value.text.splitlines()]
    if isinstance(left, TypeLayout) and isinstance(right, TypeLayout):
        return [f"{left.name} {op} {right.name}", *str(left).splitlines(), op,
                *str(right).splitlines()]  # fmt: skip
    sides = [each for each in (left, right) if isinstance(each, Bytes) and hasattr(each, "of")]
    if not sides:
        return None
    shown = dict.fromkeys(each.of for each in sides)
    told = (f"{each.what} of {each.of.name} is {each:d}" for each in sides)
    layouts = (line for each in shown for line in str(each).splitlines())
    return [f"{left} {op} {right}: {', '.join(told)}", *layouts]
