"""Symbol lists: which symbols are to be kept stable, in the forms that kernels write them.

====================  ==============================================================================
plain                 one name a line; ``#`` begins a comment
sections              Android's symbol lists and Red Hat's stablelists, the format of libabigail's
                      ``--kmi-whitelist``: ``[abi_symbol_list]``, ``[rhel9_x86_64_stablelist]``,
                      then names, by custom indented by two blanks. Several headings may come.
symvers               Module.symvers (Documentation/kbuild/modules.rst in the kernel):
                      ``0x%08x<tab>symbol<tab>module<tab>export type[<tab>namespace]``
gendwarfksyms         what gendwarfksyms and genksyms print: ``#SYMVER symbol 0x%08lx``
====================  ==============================================================================

The first line that says anything decides which it is; from there on every line has to fit. A list
that is read wrongly checks too little and looks like success.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from rustabi.errors import InputError

NOT_FOUND: Final = "symbol-not-found"
"""The kind of gap that a listed symbol is which no build exports."""

ListFormat: TypeAlias = Literal["plain", "sections", "symvers", "gendwarfksyms"]

_SYMVER: Final = "#SYMVER"
_CRC: Final = re.compile(r"0x[0-9a-fA-F]{8}")
_VERSION: Final = re.compile(r"0x[0-9a-fA-F]{1,16}")
_HEADING: Final = re.compile(r"\[[\w.+-]*list\]", re.ASCII)
_COLUMNS: Final = (4, 5)
"""Of Module.symvers: kernels before 5.4 knew no namespaces."""

_ANDROID: Final = "[abi_symbol_list]"
_COMMON: Final = "commonly used symbols"
_INDENT: Final = "  "


class SymbolList(NamedTuple):
    """A symbol list.

    Attributes:
        format: How it is written.
        names: The linker's names, in order, each once: real lists repeat some.
    """

    format: ListFormat
    names: tuple[str, ...]


def read_list(data: bytes, path: str) -> SymbolList:
    """Read a symbol list.

    Args:
        data: The whole file.
        path: Its name in messages.

    Raises:
        InputError: It is no text, names no symbol, or has a line that does not fit its format.
    """
    lines = _lines(data, path)
    format_ = _format(lines)
    names: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        try:
            name = _NAMES[format_](line)
        except ValueError as error:
            raise InputError(
                str(error), path=path, place=f"line {number}", advice=_ADVICE[format_]
            ) from error
        if name is not None:
            names[name] = None
    if not names:
        raise InputError("the symbol list is empty", path=path, advice="name one symbol a line")
    return SymbolList(format_, tuple(names))


def _lines(data: bytes, path: str) -> list[str]:
    """The lines of a text file, whatever ends them."""
    if b"\0" in data:
        raise InputError(
            "the symbol list is no text file", path=path, advice="name one symbol a line"
        )
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    return [line.removesuffix("\r") for line in text.split("\n")]


def _format(lines: Sequence[str]) -> ListFormat:
    for line in lines:
        words = line.split()
        if words[:1] == [_SYMVER]:
            return "gendwarfksyms"
        if not words or words[0].startswith("#"):
            continue
        if words[0].startswith("["):
            return "sections"
        return "symvers" if _VERSION.fullmatch(words[0]) and len(words) > 1 else "plain"
    return "plain"


# one line of each format: the name in it, or None; ValueError says what is wrong


def _plain(line: str) -> str | None:
    words = line.split("#", 1)[0].split()
    if not words:
        return None
    if words[0].startswith("["):
        raise ValueError(f"a heading {words[0]!r} after names without one")
    if len(words) > 1:
        raise ValueError(f"more than one name: {_quoted(line)}")
    return words[0]


def _in_section(line: str) -> str | None:
    text = line.split("#", 1)[0].strip()
    if not text:
        return None
    if text.startswith("["):
        if not _HEADING.fullmatch(text):
            raise ValueError(f"{_quoted(text)} is not the heading of a symbol list")
        return None
    if len(text.split()) > 1:
        raise ValueError(f"more than one name: {_quoted(line)}")
    return text


def _symvers(line: str) -> str | None:
    if not line.strip():
        return None
    columns = line.split("\t")
    if len(columns) not in _COLUMNS:
        raise ValueError(f"{len(columns)} columns instead of 4 or 5: {_quoted(line)}")
    version, name = columns[:2]
    if not _CRC.fullmatch(version):
        raise ValueError(f"{_quoted(version)} is no version of 8 hexadecimal digits")
    if not name or name != "".join(name.split()):
        raise ValueError(f"{_quoted(name)} is no name of a symbol")
    return name


def _printed(line: str) -> str | None:
    words = line.split()
    if not words:
        return None
    if words[0] != _SYMVER or len(words) != 3 or not _VERSION.fullmatch(words[2]):
        raise ValueError(f"no line of the form '#SYMVER name 0x01234567': {_quoted(line)}")
    return words[1]


_NAMES: Final = {
    "plain": _plain,
    "sections": _in_section,
    "symvers": _symvers,
    "gendwarfksyms": _printed,
}

_ADVICE: Final[dict[ListFormat, str]] = {
    "plain": "in a plain list, each line is the linker's name of one symbol",
    "sections": "below a heading such as [abi_symbol_list], each line is the linker's name of one"
    " symbol",
    "symvers": "lines of Module.symvers are version, symbol, module, export type and namespace,"
    " with tabs between them",
    "gendwarfksyms": "give the output of gendwarfksyms alone",
}

_QUOTED: Final = 60


def _quoted(text: str) -> str:
    """The start of a text, quoted."""
    return repr(text if len(text) <= _QUOTED else text[:_QUOTED] + "…")


# Android's lists, written


def grouped(required: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Symbols under the titles of Android's lists, sorted.

    Args:
        required: Module -> the symbols that it needs.

    Returns:
        ``commonly used symbols``: those that two modules or more need. ``required by foo.ko``: what
        that one alone needs. Titles without symbols are left out.
    """
    users: dict[str, set[str]] = {}
    for module, names in required.items():
        for name in names:
            users.setdefault(name, set()).add(module)
    groups: dict[str, list[str]] = {_COMMON: []}
    groups |= {f"required by {module}": [] for module in sorted(required)}
    for name in sorted(users):
        first, *others = sorted(users[name])
        groups[_COMMON if others else f"required by {first}"].append(name)
    return {title: names for title, names in groups.items() if names}


def android_list(groups: Mapping[str, Sequence[str]]) -> str:
    """A new list in Android's form: ``[abi_symbol_list]``, then each group under its title."""
    blocks = ["".join(_block(title, names)) for title, names in groups.items()]
    return f"{_ANDROID}\n" + "\n".join(blocks)


def _block(title: str, names: Sequence[str]) -> Iterator[str]:
    yield f"# {title}\n"
    for name in names:
        yield f"{_INDENT}{name}\n"


def extended_list(data: bytes, path: str, groups: Mapping[str, Sequence[str]]) -> str:
    """A list in Android's form with what it lacks added.

    Nothing in it is removed or moved: names, comments, order and repetitions stay. A new name comes
    at the end of the group of its title where the list has one, else in a new group at the end of
    the list.

    Args:
        data: The list as it is.
        path: Its name in messages.
        groups: As `grouped` makes them.

    Raises:
        InputError: It is not in that form.
    """
    lines = _lines(data, path)
    if not any(line.strip() for line in lines):
        return android_list(groups)
    known = read_list(data, path) if _has_names(lines) else None
    if _format(lines) != "sections":
        raise InputError(
            "not a list in Android's form", path=path,
            advice=f"its first line should be {_ANDROID}",
        )  # fmt: skip
    while lines and not lines[-1].strip():
        lines.pop()
    listed = set() if known is None else set(known.names)
    for title, names in groups.items():
        fresh = [f"{_INDENT}{name}" for name in names if name not in listed]
        if not fresh:
            continue
        end = _end_of_group(lines, title)
        if end is None:
            lines += ["", f"# {title}", *fresh]
        else:
            lines[end:end] = fresh
    return "".join(f"{line}\n" for line in lines)


def _has_names(lines: Sequence[str]) -> bool:
    """Whether there is more than a heading and comments."""
    return any(
        text and not text.startswith("[")
        for text in (line.split("#", 1)[0].strip() for line in lines)
    )


def _end_of_group(lines: Sequence[str], title: str) -> int | None:
    """The line behind the last name of the group of a title; None where there is no such group."""
    start = next(
        (number for number, line in enumerate(lines) if line.strip() == f"# {title}"), None
    )
    if start is None:
        return None
    end = start + 1
    for number in range(start + 1, len(lines)):
        text = lines[number].strip()
        if text.startswith(("#", "[")):
            break
        if text:
            end = number + 1
    return end
