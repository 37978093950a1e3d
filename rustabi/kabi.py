"""What the kernel's --stable mode knows: kABI rules, and members that stand in for others.

Distributions keep symbol versions while they change what is opaque to modules: rules in an
object's section ``.discard.gendwarfksyms.kabi_rules`` override type strings, and unions with
members named ``__kabi_*`` are taken for the member that was there before
(Documentation/kbuild/gendwarfksyms.rst and scripts/gendwarfksyms/kabi.c of Linux 7.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rustabi.errors import InputError
from rustabi.lean import TYPE_CHECKING, Literal, NamedTuple
from rustabi.model import Composite, Member, Modifier, Type, TypeId, members_of

if TYPE_CHECKING:
    from typing import TypeVar

    _Value = TypeVar("_Value", int, str)

SECTION = ".discard.gendwarfksyms.kabi_rules"

PREFIX = "__kabi_"
RENAMED = PREFIX + "renamed"
_RESERVED, _IGNORED = PREFIX + "reserved", PREFIX + "ignored"
_SMALLEST = 6
"""Bytes of a rule: a version digit and three more strings, each with its NUL."""

_BLANKS = " \t\n\v\f\r"
_BEYOND = 1 << 64
_DIGITS = len(str(_BEYOND))


class KabiRules(NamedTuple):
    """The rules of one object; of two of one target the later counts.

    Attributes:
        declaration_only: Qualified names of types to take for mere declarations.
        ignored_enumerators: ``<enum> <enumerator>`` to leave out.
        enumerator_values: ``<enum> <enumerator>`` -> value to print.
        byte_sizes: Qualified name -> size to print.
        type_strings: Reference or symbol name -> type string.
    """

    declaration_only: frozenset[str] = frozenset()
    ignored_enumerators: frozenset[str] = frozenset()
    enumerator_values: dict[str, int] = {}  # noqa: RUF012
    byte_sizes: dict[str, int] = {}  # noqa: RUF012
    type_strings: dict[str, str] = {}  # noqa: RUF012


def parse_rules(data: bytes, path: str) -> KabiRules:
    """The rules in the bytes of an object's rule section.

    Args:
        data: ``version NUL type NUL target NUL value NUL``, repeated; empty for no rules.
        path: The object, for messages.

    Raises:
        InputError: The section is damaged, or a rule is of an unknown kind.
    """
    if not data:
        return KabiRules()
    if len(data) < _SMALLEST or data[-1]:
        raise _damaged(path, 0, "the section is too short or does not end with NUL")
    words = data[:-1].decode("utf-8", "surrogateescape").split("\0")
    rules: dict[str, dict[str, str]] = {kind: {} for kind in _KINDS}
    for start in range(0, len(words) - 3, 4):
        version, kind, target, value = words[start : start + 4]
        if version != "1":
            raise _damaged(path, start // 4, f"rule version {version!r} is not supported")
        if kind not in rules:
            raise _damaged(path, start // 4, f"unknown kind of rule {kind!r}")
        rules[kind][target] = value
    return KabiRules(
        frozenset(rules["declonly"]),
        frozenset(rules["enumerator_ignore"]),
        {target: _number(value, path) for target, value in rules["enumerator_value"].items()},
        {target: _number(value, path) for target, value in rules["byte_size"].items()},
        rules["type_string"],
    )


def joined(rules: Iterable[tuple[str, KabiRules]], path: str) -> KabiRules:
    """The rules of several objects as those of one target.

    Args:
        rules: Each object's name and rules.
        path: The target, for messages.

    Raises:
        InputError: Two objects disagree: for gendwarfksyms each object's rules count there alone.
    """
    result = KabiRules(frozenset(), frozenset(), {}, {}, {})
    for name, each in rules:
        result = result._replace(
            declaration_only=result.declaration_only | each.declaration_only,
            ignored_enumerators=result.ignored_enumerators | each.ignored_enumerators,
        )
        _take(result.enumerator_values, each.enumerator_values, name, path)
        _take(result.byte_sizes, each.byte_sizes, name, path)
        _take(result.type_strings, each.type_strings, name, path)
    return result


def _take(known: dict[str, _Value], more: dict[str, _Value], name: str, path: str) -> None:
    for target, value in more.items():
        if known.setdefault(target, value) != value:
            raise InputError(
                f"{name} and another object have different rules for {target!r}",
                path=path, place=SECTION, advice="compare these objects one by one",
            )  # fmt: skip


_KINDS = ("declonly", "enumerator_ignore", "enumerator_value", "byte_size", "type_string")


def _number(value: str, path: str) -> int:
    """A number as strtoul reads it, which gendwarfksyms calls: with a sign, and nothing is 0."""
    text = value.lstrip(_BLANKS)
    digits = text[1:] if text.startswith(("+", "-")) else text
    significant = digits.lstrip("0") or "0"
    if value and not (digits.isascii() and digits.isdecimal()):
        raise _damaged(path, None, f"{value!r} is not a decimal number")
    if len(significant) > _DIGITS or int(significant) >= _BEYOND:
        raise _damaged(path, None, f"a number of {len(digits)} digits does not fit in 64 bits")
    return -int(significant) % _BEYOND if text.startswith("-") else int(significant)


def _damaged(path: str, index: int | None, what: str) -> InputError:
    place = SECTION if index is None else f"{SECTION}, rule {index + 1}"
    return InputError(what, path=path, place=place, advice="see the kernel's gendwarfksyms.rst")


class StandIn(NamedTuple):
    """What a union with ``__kabi_`` members is taken for.

    Attributes:
        status: ``reserved``: for the type of the member that was there before; ``ignored``: for
            nothing.
        type: That member's type.
        name: The name the member had, where it was replaced rather than reserved.
    """

    status: Literal["reserved", "ignored"]
    type: TypeId | None
    name: str | None = None


def stand_in(types: Sequence[Type], node: Type) -> StandIn | None:
    """The stand-in of a union, or None for a plain one.

    Its first two members are looked at, and of a member of struct type that struct's first one.
    """
    if not isinstance(node, Composite) or node.kind != "union":
        return None
    for member in members_of(node)[:2]:
        found = _status(member) or _status_within(types, member)
        if found is not None:
            return found
    return None


def _status(member: Member) -> StandIn | None:
    name = member.name or ""
    if name.startswith(_RESERVED):
        return StandIn("reserved", member.type)
    if name.startswith(_IGNORED):
        return StandIn("ignored", member.type)
    if name.startswith(RENAMED):
        return StandIn("reserved", member.type, name.removeprefix(RENAMED))
    return None


def _status_within(types: Sequence[Type], member: Member) -> StandIn | None:
    node = None if member.type is None else types[member.type]
    if isinstance(node, Modifier) or not isinstance(node, Composite) or node.kind != "struct":
        return None
    inner = members_of(node)
    return _status(inner[0]) if inner else None
