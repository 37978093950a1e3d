"""Generic types of which the module has one instance and the kernel another.

The layouts of ``Vec<i32, A>`` and ``Vec<u8, A>`` cannot be held against each other in bytes. What
can be: the names of their members, how many there are and in which order they stand in source, and
their types, where an argument of the one may stand for the same argument of the other. A generic
that was edited between two builds differs in one of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rustabi.describe import type_text
from rustabi.model import Composite, Model, TypeId, members_of, variant_part_of
from rustabi.names import arguments_of, generic_of, is_unstable_name

_TOKEN = re.compile(r"[\w:]+|\S")


class FamilyDifference(NamedTuple):
    """Two instances of one generic that cannot come from the same source.

    Attributes:
        type: The module's instance.
        other: The kernel's.
        pair: Both, as types of the module and of the kernel.
        evidence: What differs, a line each.
    """

    type: str
    other: str
    pair: tuple[TypeId, TypeId]
    evidence: tuple[str, ...]


class FamilyResult(NamedTuple):
    """What the comparison of families found.

    Attributes:
        compared: Instances of the module that were held against another instance of the kernel.
        differences: Those that agree with none.
        undecided: Members, as ``type.member``, whose types differ in a way that may follow from the
            arguments (``T::Item``): debug info does not tell.
    """

    compared: int
    differences: tuple[FamilyDifference, ...]
    undecided: tuple[str, ...]


class _Families:
    """The instances of each generic in a model."""

    def __init__(self, model: Model, types: Iterable[TypeId]) -> None:
        self.types = model.types
        self._by_generic: dict[str, list[TypeId]] = {}
        for type_id in types:
            generic = self.generic(type_id)
            if generic:
                self._by_generic.setdefault(generic, []).append(type_id)

    def generic(self, type_id: TypeId) -> str:
        """The generic that a type is an instance of, with what it is; empty for others.

        Instances over unsized types are left out: rustc describes what they hold in other ways.
        """
        node = self.types[type_id]
        if not isinstance(node, Composite) or node.declaration or is_unstable_name(node.name):
            return ""
        arguments = arguments_of(node.name)
        if "{" in node.name or not arguments or any(map(_is_unsized, arguments)):
            return ""
        kind = "enum" if variant_part_of(node) else node.kind
        return f"{kind} {generic_of(node.name)}"

    def of(self, generic: str) -> list[TypeId]:
        """Instances of a generic."""
        return self._by_generic.get(generic, []) if generic else []

    def composite(self, type_id: TypeId) -> Composite:
        """An instance."""
        node = self.types[type_id]
        if not isinstance(node, Composite):
            raise TypeError(node)
        return node

    def member(self, type_id: TypeId, name: str) -> str | None:
        """The type of a member as text; None where there is no such member."""
        members = members_of(self.composite(type_id))
        found = next((each for each in members if (each.name or "") == name), None)
        return None if found is None else type_text(self.types, found.type)

    def is_plain(self, generic: str, name: str) -> bool | None:
        """Whether a member's type follows from its source text and the arguments alone.

        None where there are no two instances with the member to tell it from: it may then be a type
        that a trait decides (``T::Item``), which differs in ways of its own.
        """
        found = [(each, self.member(each, name)) for each in self.of(generic)]
        known = [(each, text) for each, text in found if text is not None]
        if len(known) < 2:
            return None
        first, text = known[0]
        return all(
            alike(text, other, _arguments(self.composite(first), self.composite(each)))
            for each, other in known[1:]
        )


def _is_unsized(argument: str) -> bool:
    return (
        argument in ("str", "core::ffi::c_str::CStr")
        or argument.startswith("dyn ")
        or (argument.startswith("[") and ";" not in argument)
    )


def _arguments(a: Composite, b: Composite) -> list[tuple[str, str]]:
    return list(zip(arguments_of(a.name), arguments_of(b.name), strict=False))


def compare_families(
    module: Model, kernel: Model, alone: Iterable[TypeId], mine: Iterable[TypeId],
    theirs: Iterable[TypeId],
) -> FamilyResult:  # fmt: skip
    """Hold instances that only the module has against instances that the kernel has.

    Args:
        module: The module's model.
        kernel: The kernel's model.
        alone: Types of the module that have no namesake in the kernel.
        mine: All types of the module.
        theirs: All types of the kernel.
    """
    old, new = _Families(module, mine), _Families(kernel, theirs)
    compared, differences = 0, []
    undecided: set[str] = set()
    for type_id in alone:
        relatives = new.of(old.generic(type_id))
        if relatives:
            compared += 1
            found = _against(old, new, type_id, relatives, undecided)
            differences += [] if found is None else [found]
    return FamilyResult(compared, tuple(sorted(differences)), tuple(sorted(undecided)))


def _against(
    old: _Families, new: _Families, type_id: TypeId, relatives: Sequence[TypeId],
    undecided: set[str],
) -> FamilyDifference | None:  # fmt: skip
    """The difference from the first relative, unless some relative agrees."""
    first: FamilyDifference | None = None
    open_members: set[str] = set()
    for other in relatives:
        open_members.clear()
        evidence = tuple(_differences(old, new, type_id, other, open_members))
        if not evidence and not open_members:
            return None
        if first is None and evidence:
            names = old.composite(type_id).name, new.composite(other).name
            first = FamilyDifference(*names, (type_id, other), evidence)
        elif not evidence:
            break
    else:
        return first
    undecided |= {f"{old.composite(type_id).name}.{name}" for name in open_members}
    return None


def _differences(
    old: _Families, new: _Families, mine: TypeId, theirs: TypeId, undecided: set[str]
) -> Iterator[str]:
    a, b = old.composite(mine), new.composite(theirs)
    names = [each.name or "" for each in members_of(a)]
    others = [each.name or "" for each in members_of(b)]
    for name in sorted(set(names) - set(others)):
        yield f"{name}: in the module only"
    for name in sorted(set(others) - set(names)):
        yield f"{name}: in the kernel only"
    if sorted(names) == sorted(others) and names != others:
        yield f"declared as {', '.join(names)} in the module, as {', '.join(others)} in the kernel"
    for name in dict.fromkeys(names):
        before, after = old.member(mine, name), new.member(theirs, name)
        if before is None or after is None or alike(before, after, _arguments(a, b)):
            continue
        plain = old.is_plain(old.generic(mine), name), new.is_plain(new.generic(theirs), name)
        if False in plain:
            continue  # a trait decides it
        primitives = not set(" :<&*[(") & set(before + after)
        if plain == (True, True) or primitives:
            yield f"{name}: {before} in the module, {after} in the kernel"
        else:
            undecided.add(name)
    before_part, after_part = variant_part_of(a), variant_part_of(b)
    if before_part is not None and after_part is not None:
        was = [each.name or "" for each in before_part.variants]
        now = [each.name or "" for each in after_part.variants]
        if was != now:
            yield f"variants: {', '.join(was)} in the module, {', '.join(now)} in the kernel"


def alike(mine: str, theirs: str, arguments: Sequence[tuple[str, str]]) -> bool:
    """Whether two types, as text, are one where each argument stands for its counterpart.

    Both texts are read from the left; what is equal is passed, and so is an argument of the one
    where the other has the same argument of its own.

    Args:
        mine: The type in the module's instance.
        theirs: The type in the kernel's instance.
        arguments: (of the module's instance, of the kernel's), in order.
    """
    a, b = _TOKEN.findall(mine), _TOKEN.findall(theirs)
    pairs = [(_TOKEN.findall(x), _TOKEN.findall(y)) for x, y in arguments if x != y]
    reached = {(0, 0)}
    while reached:
        ahead: set[tuple[int, int]] = set()
        for at, to in reached:
            if at == len(a) and to == len(b):
                return True
            if at < len(a) and to < len(b) and a[at] == b[to]:
                ahead.add((at + 1, to + 1))
            ahead.update(
                (at + len(x), to + len(y))
                for x, y in pairs
                if a[at : at + len(x)] == x and b[to : to + len(y)] == y
            )
        reached = ahead
    return False
