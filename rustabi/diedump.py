"""Symbols as ``gendwarfksyms --dump-dies`` prints them: type strings over many lines, indented.

Within a symbol a struct, union or enum is written out once, told apart by its entry, not its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rustabi.kabi import PREFIX, KabiRules, StandIn, stand_in
from rustabi.model import (
    Array,
    Base,
    Composite,
    Enumeration,
    Function,
    Member,
    Modifier,
    Parameter,
    Type,
    TypeId,
    VariantPart,
    is_definition,
)
from rustabi.symtypes import attribute

_INDENT = "  "
_KEYWORDS = {"struct": "structure_type", "class": "class_type", "union": "union_type"}


def die_text(
    types: Sequence[Type], type_id: TypeId | None, *, is_function: bool, rules: KabiRules | None
) -> str:
    """The text of a symbol.

    Args:
        types: The type table, one type per entry.
        type_id: The symbol's signature, or the type of a variable.
        is_function: Which of the two.
        rules: kABI rules to honour (``--stable``), or None.
    """
    dump = _Dump(types, rules)
    dump.symbol(type_id, is_function)
    return dump.text()


class _Dump:
    """Writes one symbol with an explicit stack: type graphs are deep."""

    def __init__(self, types: Sequence[Type], rules: KabiRules | None) -> None:
        self._types = types
        self._rules = rules
        self._done: list[str] = []
        self._level = 0
        self._break = False
        self._expanded: set[TypeId] = set()

    def text(self) -> str:
        return "".join(self._done)

    def symbol(self, type_id: TypeId | None, is_function: bool) -> None:
        node = None if type_id is None else self._types[type_id]
        if is_function and isinstance(node, Function):
            self._run(self._signature("subprogram", node))
        else:
            self._say("variable ")
            self._run(self._type(type_id))

    def _run(self, first: Iterator[_Step]) -> None:
        """Go through steps: each is done by itself, or yields others that come before the rest."""
        pending = [first]
        while pending:
            for step in pending[-1]:
                pending.append(step)
                break
            else:
                pending.pop()

    def _say(self, text: str) -> None:
        if text and self._break:
            self._done.append("\n" + _INDENT * self._level)
            self._break = False
        self._done.append(text)

    def _line(self, level: int = 0) -> None:
        self._level += level
        self._break = True

    # types

    def _type(self, type_id: TypeId | None) -> Iterator[_Step]:
        if type_id is None:
            self._say("base_type void")
            return
        node = self._types[type_id]
        if isinstance(node, Composite | Enumeration):
            again = type_id in self._expanded
            self._expanded.add(type_id)
            if isinstance(node, Composite):
                yield self._composite(node, again)
            else:
                self._enumeration(node, again)
        elif isinstance(node, Modifier):
            yield self._wrapped(_named(f"{node.kind}_type", node.name), node.target)
            self._say(self._size(node.name, node.size) + attribute("alignment", node.alignment))
        elif isinstance(node, Array):
            counts = "".join(f"[{'' if count is None else count}]" for count in node.counts)
            yield self._wrapped(f"array_type{counts}", node.element)
        elif isinstance(node, Function):
            yield self._signature("subroutine_type", node)
        elif isinstance(node, Base):
            self._say(_named("base_type", node.name) + self._size(node.name, node.size)
                      + attribute("encoding", node.encoding)
                      + attribute("alignment", node.alignment))  # fmt: skip
        else:
            self._say("unspecified_type")

    def _wrapped(self, header: str, target: TypeId | None) -> Iterator[_Step]:
        self._say(header + " {")
        self._line(1)
        yield self._type(target)
        self._line(-1)
        self._say("}")

    def _signature(self, keyword: str, node: Function) -> Iterator[_Step]:
        self._say(keyword + " (")
        self._line(1)
        yield self._list(self._parameter(each) for each in node.parameters)
        self._line(-1)
        self._say(")")
        self._line()
        self._say("-> ")
        yield self._type(node.result)

    def _list(self, items: Iterator[Iterator[_Step]]) -> Iterator[_Step]:
        for index, item in enumerate(items):
            if index:
                self._say(" ,")
                self._line()
            yield item

    def _parameter(self, node: Parameter) -> Iterator[_Step]:
        self._say("formal_parameter ")
        yield self._type(node.type)
        self._say(self._name(node.name))

    def _composite(self, node: Composite, again: bool) -> Iterator[_Step]:
        former = self._stand_in(node) if node.kind == "union" else None
        if former is not None:
            if former.status == "reserved":
                yield self._type(former.type)
            return
        full = self._is_expanded(node) and not again
        self._say(_named(_KEYWORDS[node.kind], node.name) + " {")
        self._line(1)
        if full:
            yield self._list(self._parts(node))
        self._line(-1)
        self._say("}")
        if full:
            self._say(self._size(node.name, node.size) + attribute("alignment", node.alignment))

    def _parts(self, node: Composite) -> Iterator[Iterator[_Step]]:
        for part in node.parts:
            if isinstance(part, VariantPart):
                yield self._variant_part(part)
            elif isinstance(part, Member) and not self._is_ignored(part):
                yield self._member(part)

    def _member(self, member: Member) -> Iterator[_Step]:
        self._say("member ")
        yield self._type(member.type)
        former = self._stand_in_of(member)
        name = member.name if former is None else former.name or member.name
        self._say(
            self._name(name)
            + attribute("accessibility", member.accessibility)
            + attribute("bit_size", member.bit_size)
            + attribute("data_bit_offset", None if member.derived else member.bit_offset)
            + attribute("data_member_location", member.stated_offset)
        )

    def _variant_part(self, part: VariantPart) -> Iterator[_Step]:
        self._say("variant_part {")
        self._line(1)
        members = [self._member(each) for each in part.members]
        variants = [self._variant(each.members, each.value and each.value.printed)
                    for each in part.variants]  # fmt: skip
        yield self._list(iter(members + variants))
        self._line(-1)
        self._say("}")

    def _variant(self, members: Sequence[Member], value: int | None) -> Iterator[_Step]:
        self._say("variant {")
        self._line(1)
        yield self._list(self._member(each) for each in members)
        self._line(-1)
        self._say("}" + attribute("discr_value", value))

    def _enumeration(self, node: Enumeration, again: bool) -> None:
        full = self._is_expanded(node) and not again
        self._say(_named("enumeration_type", node.name) + " {")
        self._line(1)
        for index, (name, value) in enumerate(self._enumerators(node) if full else ()):
            if index:
                self._say(" ,")
                self._line()
            self._say(_named("enumerator", name) + ("" if value is None else f" = {value}"))
        self._line(-1)
        self._say("}")
        if full:
            self._say(self._size(node.name, node.size) + attribute("alignment", node.alignment))

    # what rules override

    def _name(self, name: str | None) -> str:
        hidden = not name or (self._rules is not None and name.startswith(PREFIX))
        return "" if hidden else f" {name}"

    def _size(self, name: str, size: int | None) -> str:
        given = {} if self._rules is None else self._rules.byte_sizes
        return attribute("byte_size", None if size is None else given.get(name, size))

    def _stand_in(self, node: Type) -> StandIn | None:
        return None if self._rules is None else stand_in(self._types, node)

    def _stand_in_of(self, member: Member) -> StandIn | None:
        return None if member.type is None else self._stand_in(self._types[member.type])

    def _is_ignored(self, member: Member) -> bool:
        former = self._stand_in_of(member)
        return former is not None and former.status == "ignored"

    def _is_expanded(self, node: Composite | Enumeration) -> bool:
        declared = self._rules is not None and node.name in self._rules.declaration_only
        return is_definition(node) and not declared

    def _enumerators(self, node: Enumeration) -> Iterator[tuple[str, int | None]]:
        rules = self._rules or KabiRules()
        for each in node.enumerators:
            target = f"{node.name} {each.name}"
            if target not in rules.ignored_enumerators:
                value = None if each.value is None else each.value.printed
                yield each.name, rules.enumerator_values.get(target, value)


_Step = Iterator["_Step"]  # what a step has to do before it goes on


def _named(keyword: str, name: str) -> str:
    return f"{keyword} {name}" if name else keyword
