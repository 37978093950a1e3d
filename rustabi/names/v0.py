"""How much work a v0 symbol name asks of whoever prints it, found out before anyone prints it.

A back-reference repeats an earlier part of the name, so that 200 characters can ask for 2**64
steps. A name is therefore printed only after one linear pass has shown what its expansion takes.

The grammar is that of RFC 2603 and https://doc.rust-lang.org/rustc/symbol-mangling/v0.html, with
patterns and splatted arguments as rustc-demangle reads them.
"""

from __future__ import annotations

import re
from typing import Final

MAX_DEPTH: Final = 200
"""Levels of nesting that are followed. A generic within a generic is two."""

MAX_WORK: Final = 1 << 13
"""Steps to print, back-references expanded. The longest of 203,000 symbols of rustc takes 3,317."""

# The grammar as data: for each kind of production, the letter that opens it and what follows. There
# a letter of _GRAMMAR is a production, one of _TERMINALS text, any other is read by _Meter._step;
# "*x" is any number of x and an "E".
_PATH: Final = {"C": "si", "N": "npsi", "M": "spt", "X": "sptp", "Y": "tp", "I": "p*a", "B": "b"}
_TYPE: Final = {
    **_PATH,
    **dict.fromkeys("bceuaslxnihtmyojfdzpv", ""),
    **dict.fromkeys("RQ", "lt"),
    **dict.fromkeys("POSw", "t"),
    "A": "tc",
    "T": "*t",
    "F": "guk*tt",
    "D": "g*dz",
    "W": "tr",
}
_CONST: Final = {
    **dict.fromkeys("htmyojaslxnibce", "x"),
    **dict.fromkeys("RQ", "c"),
    **dict.fromkeys("AT", "*c"),
    "V": "pv",
    "p": "",
    "B": "b",
}
_GRAMMAR: Final = {
    "p": _PATH,
    "t": _TYPE,
    "c": _CONST,
    "a": {**_TYPE, "L": "y", "K": "c"},
    "v": {"U": "", "T": "*c", "S": "*f"},
    "r": {"R": "cc", "O": "*r", "N": ""},
}
_TERMINALS: Final = {
    letter: re.compile(pattern)
    for letter, pattern in {
        "n": r"[A-Za-z]",  # namespace
        "s": r"(?:s[0-9A-Za-z]*_)?",  # disambiguator
        "l": r"(?:L[0-9A-Za-z]*_)?",  # lifetime of a reference
        "z": r"L[0-9A-Za-z]*_",  # lifetime of a trait object
        "y": r"[0-9A-Za-z]*_",
        "g": r"(?:G[0-9A-Za-z]*_)?",  # for<'a, 'b>
        "u": r"U?",  # unsafe
        "x": r"n?[0-9a-f]*_",  # value of a constant
    }.items()
}
_FOLLOWING: Final = re.compile(r"(\*?)(.)")
_IDENTIFIER: Final = re.compile(r"u?(0|[1-9][0-9]{0,4})_?")
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def is_cheap(body: str) -> bool:
    """Whether a v0 name takes at most `MAX_WORK` steps to print.

    Args:
        body: What follows ``_R``, without a vendor suffix.

    Returns:
        True also for short texts that are no name at all; False also for names deeper than
        `MAX_DEPTH`, back-references not followed.
    """
    if len(body) << min(body.count("B"), 16) <= MAX_WORK and "G" not in body:
        return True  # every back-reference at most doubles the steps
    meter = _Meter(body)
    try:
        meter.production("p", 0)
        if meter.at < len(body):  # the crate that asked for this instance
            meter.production("p", 0)
    except _RefusedError:
        return False
    return meter.at == len(body)


class _RefusedError(Exception):
    """The name is malformed, or asks for too much."""


class _Meter:
    """One pass over one name.

    Attributes:
        at: How far it got.
        steps: Offset of a production that is complete -> steps to print it.
    """

    def __init__(self, body: str) -> None:
        self.body = body
        self.at = 0
        self.steps: dict[int, int] = {}

    def production(self, kind: str, depth: int) -> int:
        """Read one production and count its steps."""
        start = self.at
        follows = _GRAMMAR[kind].get(self.body[start : start + 1])
        if follows is None or depth > MAX_DEPTH:
            raise _RefusedError
        self.at += 1
        steps = 1
        for many, letter in _FOLLOWING.findall(follows):
            if not many:
                steps += self._step(letter, depth + 1)
            else:
                while not self._eat("E"):
                    steps += self._step(letter, depth + 1)
        if steps > MAX_WORK:
            raise _RefusedError
        self.steps[start] = steps
        return steps

    def _step(self, letter: str, depth: int) -> int:
        if letter in _GRAMMAR:
            return self.production(letter, depth)
        match letter:
            case "i":
                return self._identifier()
            case "b":
                return self._back_reference()
            case "k":  # the ABI of a function pointer: C, or a name
                return self._identifier() if self._eat("K") and not self._eat("C") else 0
            case "f":  # a field of a constant
                return self._terminal("s") + self._identifier() + self.production("c", depth)
            case "d":
                return self._dyn_trait(depth)
            case _:
                return self._terminal(letter)

    def _dyn_trait(self, depth: int) -> int:
        steps = self.production("p", depth)
        while self._eat("p"):  # Item = u8
            steps += self._identifier()
            steps += self.production("c" if self._eat("K") else "t", depth)
        return steps

    def _terminal(self, letter: str) -> int:
        found = _TERMINALS[letter].match(self.body, self.at)
        if found is None:
            raise _RefusedError
        self.at = found.end()
        if letter == "g" and found[0]:
            return _base62(found[0][1:-1]) + 1  # as many lifetimes are printed
        return len(found[0]) if letter == "x" else 0

    def _identifier(self) -> int:
        found = _IDENTIFIER.match(self.body, self.at)
        if found is None:
            raise _RefusedError
        length = int(found[1])
        self.at = found.end() + length
        if self.at > len(self.body):
            raise _RefusedError
        return 1 + length // 64

    def _back_reference(self) -> int:
        start = self.at
        self._terminal("y")
        target = _base62(self.body[start : self.at - 1])
        if target not in self.steps:  # no production, or one that would contain itself
            raise _RefusedError
        return self.steps[target]

    def _eat(self, letter: str) -> bool:
        found = self.body.startswith(letter, self.at)
        self.at += found
        return found


def _base62(digits: str) -> int:
    """The value of a base-62 number without its closing ``_``; capped, for what has 12 digits."""
    if not digits:
        return 0
    value = 0
    for digit in digits.lstrip("0")[:12]:
        value = value * 62 + _DIGITS.index(digit)
    return value + 1
