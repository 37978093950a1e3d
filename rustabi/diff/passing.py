"""Whether callers of a function put its arguments elsewhere now."""

from __future__ import annotations

from collections.abc import Iterator

from rustabi.diff.identity import Identity
from rustabi.diff.kinds import Change, ChangeKind
from rustabi.model import Function, Model, ParameterPlace, Symbol

_X86_64 = ("rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", *(f"r{n}" for n in range(8, 16)))
_NAMES = {
    "x86_64": {
        **dict(enumerate(_X86_64)),
        **{17 + number: f"xmm{number}" for number in range(16)},
    },
    "aarch64": {
        **{number: f"x{number}" for number in range(31)},
        **{64 + number: f"v{number}" for number in range(32)},
    },
}
"""ELF name of a machine -> its registers by DWARF number (System V psABI for x86-64, figure 3.36;
DWARF for the Arm 64-bit Architecture, section 4.1)."""


def passing_changes(
    old: Model, new: Model, before: Symbol, after: Symbol, identity: Identity
) -> Iterator[Change]:
    """The parameters of a function of unchanged signature that stand in other places.

    The place of one whose type is of another layout follows from that, and so do those of all
    behind it. Only differences count: what is equal, or known of one build alone, proves nothing.

    Args:
        old: The model of OLD.
        new: The model of NEW.
        before: The function in OLD.
        after: The same function in NEW, with as many parameters.
        identity: Tells which types are of equal bytes.
    """
    moved = [
        (index, a, b)
        for index, (a, b) in enumerate(zip(before.passing, after.passing, strict=False))
        if a is not None and b is not None and _contradict(a, b)
    ]
    if not moved or len(before.passing) != len(after.passing):
        return
    a, b = (None if s.type is None else m.types[s.type] for m, s in ((old, before), (new, after)))
    if not isinstance(a, Function) or not isinstance(b, Function) or not _alike(a, b, identity):
        return
    for index, was, now in moved:
        name = _parameter(old, before, index) or _parameter(new, after, index) or str(index)
        yield Change(
            ChangeKind.CALLING_CONVENTION_CHANGED, f"parameter {name}",
            place_text(was, old.facts.machine), place_text(now, new.facts.machine),
        )  # fmt: skip


def place_text(place: ParameterPlace, machine: str) -> str:
    """A place in words: ``register rdi``, ``registers rdi, rsi``, ``memory at register rsi``."""
    names = _NAMES.get(machine, {})
    registers = [names.get(number, str(number)) for number in place.registers]
    text = f"register{'s' if len(registers) > 1 else ''} {', '.join(registers)}"
    return f"memory at {text}" if place.memory else text


def _contradict(a: ParameterPlace, b: ParameterPlace) -> bool:
    """Whether two places put one byte of the value elsewhere; each may lack the value's end."""
    if a.memory or b.memory:
        return a.memory != b.memory or a.registers != b.registers
    both = zip(_bytes(a), _bytes(b), strict=False)
    return any(x != y for x, y in both)


_WIDEST = 64
"""Bytes of the widest argument register."""


def _bytes(place: ParameterPlace) -> list[tuple[int, int]]:
    """(register, byte in it) of each byte of the value that the place tells of."""
    sizes = place.sizes or (_WIDEST,)
    return [
        (register, index)
        for register, size in zip(place.registers, sizes, strict=False)
        for index in range(min(size, _WIDEST))
    ]


def _alike(a: Function, b: Function, identity: Identity) -> bool:
    """Whether what a function takes and returns is the same bytes in both builds."""
    pairs = [(x.type, y.type) for x, y in zip(a.parameters, b.parameters, strict=True)]
    return all(
        x is y if x is None or y is None else identity.equal_bytes(x, y)
        for x, y in [*pairs, (a.result, b.result)]
    )


def _parameter(model: Model, symbol: Symbol, index: int) -> str | None:
    node = None if symbol.type is None else model.types[symbol.type]
    if isinstance(node, Function) and index < len(node.parameters):
        return node.parameters[index].name
    return None
