"""Reads ``.symtypes`` files: what the versions of exported symbols were computed from, as text.

Three kinds are read. genksyms and gendwarfksyms write one record a line: an exported symbol, or a
type as ``s#name`` (``u# e# t# E#``), and its tokens; names with blanks stand in single quotes.
Consolidated files hold many of those in sections ``/* path */``, in which a definition equal to the
last one before may be left out, and ``s##name`` is an opaque declaration that holds for its section
only (suse-kabi-tools(5)). ``.symref`` files mark records with ``override``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

from rustabi.binary.open import read_binary, unreadable
from rustabi.errors import InputError

Tokens: TypeAlias = tuple[str, ...]

_TOKEN = re.compile(r"[stueE]##?'.*?'(?=\s|$)|\S+")
_REFERENCE = re.compile(r"[stueE]#[^#]")
_OPAQUE = re.compile(r"([suet])##(.+)")
_SECTION = re.compile(r"/\*\s*(.*?)\s*\*/\s*$")
_ROOTS = ("subprogram", "variable")
"""How gendwarfksyms begins what it writes of a symbol."""
_KEYWORDS = {"s": "struct", "u": "union", "e": "enum", "t": "typedef"}
_SUFFIXES = (".symtypes", ".symref")


class Place(NamedTuple):
    """A line of a file."""

    path: str
    line: int


class Unit(NamedTuple):
    """What one object's file says.

    Attributes:
        path: Of the ``.symtypes`` file in its tree; empty where a single file was named.
        records: Symbol or reference -> tokens, with all that they refer to.
    """

    path: str
    records: dict[str, Tokens]

    @property
    def symbols(self) -> Iterator[str]:
        """The exported symbols."""
        return (name for name in self.records if not is_reference(name))


def is_reference(token: str) -> bool:
    """Whether a token refers to a type; records of types have such names."""
    return _REFERENCE.match(token) is not None


def read_symtypes(path: Path) -> list[Unit]:
    """The units below a folder, or of a single file, sorted by path.

    Raises:
        InputError: One cannot be read or is damaged: the message has file and line.
    """
    tokens: dict[str, Tokens] = {}
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.name.endswith(_SUFFIXES))
        if not files:
            raise InputError(
                "no .symtypes files in this folder", path=path,
                advice="build the kernel with KBUILD_SYMTYPES=1",
            )  # fmt: skip
        named = [(file, file.relative_to(path).as_posix()) for file in files]
    else:
        named = [(path, "")]
    units = [unit for file, name in named for unit in _units(file, name, tokens)]
    if not any(True for unit in units for _ in unit.symbols):
        raise InputError(
            "no exported symbol in it", path=path,
            advice="name a .symtypes file, a consolidated one, or a folder of them",
        )  # fmt: skip
    return sorted(units, key=lambda unit: unit.path)


def _units(file: Path, name: str, known: dict[str, Tokens]) -> Iterator[Unit]:
    try:
        text = read_binary(file).decode("utf-8", "surrogateescape")
    except OSError as error:
        raise unreadable(error, file) from error
    if "\0" in text:
        raise InputError(
            "a binary, and no .symtypes file", path=file,
            advice="name a .symtypes file, a consolidated one, or a folder of them",
        )  # fmt: skip
    last: dict[str, Tokens] = {}
    section = _Section(name, str(file))
    for number, line in enumerate(text.split("\n"), 1):
        found = _SECTION.match(line)
        if found:
            if section.records:
                yield section.unit(last)
            section = _Section(found[1], str(file))
        elif line.strip():
            section.add(line, number, known)
    if section.records:
        yield section.unit(last)


class _Section:
    """The lines of one section, or of a file without any."""

    def __init__(self, path: str, file: str) -> None:
        self.records: dict[str, Tokens] = {}
        self._path = path
        self._file = file
        self._opaque: set[str] = set()
        self._lines: dict[str, int] = {}

    def add(self, line: str, number: int, known: dict[str, Tokens]) -> None:
        """Take in a record. ``known`` joins equal ones: most types are in most files."""
        name, tokens = self._record(line, number)
        before = self.records.get(name)
        if before is not None and before != tokens:
            raise self._damaged(
                f"{name} is defined otherwise in line {self._lines[name]}", number,
                "write one file per object",
            )  # fmt: skip
        text = " ".join(tokens)
        self.records[name] = known.setdefault(text, tokens)
        self._lines.setdefault(name, number)

    def _record(self, line: str, number: int) -> tuple[str, Tokens]:
        words = _TOKEN.findall(line)
        if words[0] == "override":
            words = words[1:]
        for word in words:
            if word[1:3] == "#'" and is_reference(word) and not word.endswith("'"):
                raise self._damaged(f"the quote of {_shown(word)} has no end", number)
        opaque = _OPAQUE.fullmatch(words[0]) if words else None
        if opaque and len(words) == 1:
            name = opaque[2]
            self._opaque.add(f"{opaque[1]}#{name}")
            kind = _KEYWORDS[opaque[1]]
            return f"{opaque[1]}#{name}", (kind, name.strip("'"), "{", "UNKNOWN", "}")
        if len(words) < 2:
            raise self._damaged(f"no description follows {_shown(line)}", number)
        if not is_reference(words[0]) and words[1] not in _ROOTS and words[0] not in words[1:]:
            raise self._damaged(
                f"{_shown(words[0])} is followed by no declaration", number,
                "in gendwarfksyms it is subprogram or variable; in genksyms the name is in it",
            )  # fmt: skip
        return words[0], tuple(words[1:])

    def _damaged(self, what: str, number: int, advice: str = "") -> InputError:
        return InputError(
            what, path=f"{self._file}:{number}",
            advice=advice or "a record is a name and the tokens of its type",
        )  # fmt: skip

    def unit(self, last: dict[str, Tokens]) -> Unit:
        """The section with what it leaves out: definitions equal to the last one before."""
        last.update(
            (name, tokens)
            for name, tokens in self.records.items()
            if name not in self._opaque and is_reference(name)
        )
        pending = list(self.records)
        records = dict(self.records)
        while pending:
            user = pending.pop()
            for name in references(records[user]):
                if name not in records:
                    if name not in last:
                        raise self._damaged(
                            f"{_shown(user)} refers to {_shown(name)}, which is not defined",
                            self._lines.get(user, 0),
                            "take the file as the kernel's build left it",
                        )  # fmt: skip
                    records[name] = last[name]
                    pending.append(name)
        return Unit(self._path, records)


def _shown(text: str) -> str:
    return repr(text if len(text) < 60 else text[:57] + "...")


def references(tokens: Tokens) -> Iterator[str]:
    """The types that tokens refer to, in order."""
    return (token for token in tokens if is_reference(token))


def users(records: Mapping[str, Tokens]) -> dict[str, list[str]]:
    """Type -> the records that refer to it."""
    found: dict[str, list[str]] = {}
    for name, tokens in records.items():
        for target in dict.fromkeys(references(tokens)):
            found.setdefault(target, []).append(name)
    return found


def reaching(wanted: Iterable[str], used_by: Mapping[str, list[str]]) -> set[str]:
    """All records that reach one of ``wanted``, themselves included."""
    found = set(wanted)
    pending = list(found)
    while pending:
        for user in used_by.get(pending.pop(), ()):
            if user not in found:
                found.add(user)
                pending.append(user)
    return found
