"""Readable Rust names, as DWARF and demanglers write them: taken apart, normalised, shortened.

Everything here is plain text work in one or a few linear passes, and takes any text whatever:
what does not read as a name comes back as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

# "->" (".>" in legacy symbols), 'c' and "text" hold brackets that open and close nothing. 'a is a
# lifetime.
_NO_BRACKETS: Final = re.compile(
    r"""(?s)[-.]>|'(?:\\(?:u\{[0-9a-f]+\}|.)|[^'\\])'|"(?:\\.?|[^"\\])*"?"""
)
_BRACKET: Final = re.compile(r"[<(\[{]|[>)\]}]")
_CLOSES: Final = {"<": ">", "(": ")", "[": "]", "{": "}"}

# A list of generic arguments: "Option<", "size_of::<", "{closure#0}<"; but not "for<'a>" and not
# the self type of "<T as Trait>" and "a::<impl T>".
_LIST: Final = r"(?<!\bfor)(?:(?<=[\w}])|::)<(?!impl )"
_ANGLE: Final = re.compile(rf"(?P<list>{_LIST})|<|>")
_COUNTED: Final = re.compile(rf"(?P<list>{_LIST}|[(\[])|[<{{]|[>)\]}}]")

_NUMBERED: Final = re.compile(r"\{([A-Za-z_][\w.:]*)#\w+\}")
_HASH: Final = re.compile(r"::h[0-9a-f]{16}(?!\w)|(?<=\w)\[[0-9a-f]{1,16}\](?=::)")

_NOT_A_PATH: Final = re.compile(r"[&*(\[!]|(?:dyn|impl|unsafe|extern) |for<|fn\(")
_CRATE: Final = re.compile(rf"\bfn\(|{_LIST}|(?<![\w:#'])(?P<crate>[^\W\d]\w*)(?=::)")
_PRIMITIVE: Final = re.compile(r"bool|char|str|[iu](?:8|16|32|64|128|size)|f(?:16|32|64|128)")

# Where the spellings of the two mangling schemes differ.
_SIMPLE_SELF: Final = re.compile(r"<([\w:{}]+)>(?=::)")
_SHIM: Final = re.compile(r"(?:::)?\{\{(\w+)[.-]shim(?:[.-](\w+))?\}\}")
_LEGACY_PART: Final = re.compile(r"\{\{(\w+)\}\}")
_LIFETIME: Final = re.compile(r"for<[^<>]*> |(?<=&)'\w+ | \+ '\w+")
_SEPARATOR: Final = re.compile(r" ?([,+]) ?")
_POINTER: Final = re.compile(r"&(?:mut )?|\*(?:const|mut) ")

_PART: Final = r"(?:\w+|\{[^{}]*\})"
_PATH: Final = re.compile(rf"(?<![\w}}]){_PART}(?:::{_PART})+")
_JOINT: Final = re.compile(r"::(?!<)")
_DOTS: Final = "…"

_AUTO_TRAITS: Final = re.compile(r" \+ \w+(?:::\w+)+")
_IN_BRACKETS: Final = re.compile(r"\((dyn [^()]*)\)")
_WORDS: Final = re.compile(r"\b([iu])size\b")


@lru_cache(maxsize=1 << 15)
def type_key(name: str) -> str:
    """The name of a type without what a build numbers anew: the name to pair types by.

    rustc counts the ``impl`` blocks, closures, ``async`` bodies and ``extern`` blocks of a crate,
    so that adding one renames the others, and shows a ``char`` constant by a hash that the
    compiler's version enters. ``{impl#3}`` becomes ``{impl}``, ``{closure_env#12}``
    ``{closure_env}``, ``{CONST#d04753e636d39563}`` ``{CONST}``; crate disambiguators
    (``core[9f05e0465351d495]``) and legacy hashes (``::h05af221e174051e9``) go.
    """
    return _HASH.sub("", _NUMBERED.sub(r"{\1}", name))


def is_unstable_name(name: str) -> bool:
    """Whether a readable name has a numbered part, so that equal names need not mean one item."""
    return _NUMBERED.search(name) is not None


def crate_of_path(path: str) -> str:
    """See `rustabi.names.crate_of`; here for readable names."""
    found = _CRATE.search(path)
    crate = found["crate"] if found else None
    return "" if crate is None or _PRIMITIVE.fullmatch(crate) else crate


def generic_of(name: str) -> str:
    """The generic that a type or function is an instance of: its name without arguments.

    ``core::option::Option<u32>`` gives ``core::option::Option``, ``<a::B<u8> as c::D<u16>>::m``
    gives ``<a::B as c::D>::m``. References, pointers, slices, tuples, function pointers and trait
    objects are instances of nothing: ``fn(u32) -> Foo<u8>`` stays what it is.
    """
    return name if _NOT_A_PATH.match(name) else without_arguments(name)


def arguments_of(name: str) -> tuple[str, ...]:
    """The generic arguments at the end of a type's name: ``Pair<u8, [u16; 2]>`` gives both.

    Empty for names without arguments and for those whose brackets do not match.
    """
    start = name.find("<")
    if start <= 0 or not name.endswith(">") or _NOT_A_PATH.match(name):
        return ()
    found, depth, begin = [], 0, start + 1
    for index in range(start + 1, len(name) - 1):
        letter = name[index]
        if letter in "<([":
            depth += 1
        elif letter in ")]" or (letter == ">" and name[index - 1] != "-"):
            depth -= 1
        elif letter == "," and depth == 0:
            found.append(name[begin:index].strip())
            begin = index + 1
        if depth < 0:
            return ()
    return (*found, name[begin:-1].strip()) if depth == 0 else ()


def same_but_paths(old: str, new: str, address_size: int) -> list[tuple[str, str]] | None:
    """The paths in which two names differ, if they differ in nothing else.

    ``usize`` and ``isize`` count as what they are on the machine, and the auto traits behind ``+``
    of a trait object as nothing.

    Returns:
        (path in the one, path in the other), both without generic arguments; None where the names
        differ otherwise.
    """
    old, new = _normal(old, address_size), _normal(new, address_size)
    if _PATH.split(old) != _PATH.split(new):
        return None
    pairs = zip(_PATH.findall(old), _PATH.findall(new), strict=True)
    return list(dict.fromkeys((a, b) for a, b in pairs if a != b))


def without_paths(name: str, address_size: int) -> str:
    """What is left of a name without its paths: ``<(&_), Output=u32>``."""
    return _PATH.sub("_", _normal(name, address_size))


def _normal(name: str, address_size: int) -> str:
    name = _IN_BRACKETS.sub(r"\1", _AUTO_TRAITS.sub("", type_key(name)))
    return _WORDS.sub(lambda found: f"{found[1]}{8 * address_size}", name)


def mentioned_paths(name: str) -> list[str]:
    """Every path in a readable name, with its generic arguments, outermost first.

    ``dyn Fn<(&demo::S<demo::T>)>`` mentions ``demo::S<demo::T>`` and ``demo::T``.
    """
    found = []
    for path in _PATH.finditer(name):
        end = path.end()
        if name.startswith("<", end):
            depth = 0
            for index in range(end, len(name)):
                if name[index] == "<":
                    depth += 1
                elif name[index] == ">" and name[index - 1] != "-":
                    depth -= 1
                if depth == 0:
                    end = index + 1
                    break
        found.append(name[path.start() : end])
    return found


def shorten(name: str, width: int) -> str:
    """A name cut down to fit a column, for display only.

    In this order, until it fits: paths within arguments lose all but their last part; the outer
    path keeps its crate and its last part; arguments become ``…``, innermost and longest first; the
    crate goes; the middle of the last part goes.

    Args:
        name: Any name; readable ones are understood.
        width: Characters there is room for.

    Returns:
        At most ``width`` characters; the name itself when it fits.
    """
    if len(name) <= width:
        return name
    if width < 2:
        return _DOTS[: max(width, 0)]
    shorter = name
    for shorter in _shorter(name, width):
        if len(shorter) <= width:
            return shorter
    right = max(1, (width - 1) * 2 // 3)
    return f"{shorter[: width - 1 - right]}{_DOTS}{shorter[-right:]}"


@lru_cache(maxsize=1 << 13)
def item_path(path: str) -> str:
    """The path of an item as both mangling schemes can tell it, from either's readable form.

    Legacy symbols name the generic (``Gen<T>``, ``&T``, no arguments of functions) where v0 names
    the instance (``Gen<u32>``, ``&str``), show an inherent method without angle brackets, and an
    ``impl`` outside the module of its type by ``module::<impl Trait for Type>``.
    """
    path = _one_spelling(type_key(path))
    path = _SIMPLE_SELF.sub(r"\1", without_arguments(path))
    shape = _outline(path)
    start, end = shape.find("<"), shape.find(">")
    if not 0 <= start < end:
        return path
    self_type, trait = _impl_header(path[start + 1 : end])
    self_type = _without_elements(self_type)
    if trait:
        return f"<{self_type} as {trait}>{path[end + 1 :]}"
    return _SIMPLE_SELF.sub(r"\1", f"<{self_type}>{path[end + 1 :]}")


def without_arguments(text: str) -> str:
    """``text`` without all lists of generic arguments; unchanged when its brackets do not match."""
    kept: list[str] = []
    lists: list[bool] = []
    within = start = 0
    for angle in _ANGLE.finditer(_masked(text)):
        if angle[0] == ">":
            if not lists:
                return text
            is_list = lists.pop()
            within -= is_list
            if is_list and not within:
                start = angle.end()
            continue
        is_list = angle["list"] is not None
        if is_list and not within:
            kept.append(text[start : angle.start()])
        within += is_list
        lists.append(is_list)
    return text if lists else "".join(kept) + text[start:]


def _one_spelling(text: str) -> str:
    """What the two schemes call differently, in v0's words and without numbers."""
    text = _SHIM.sub(
        lambda shim: f"::{{shim:{shim[1]}{'_' + shim[2] if shim[2] else ''}}}",
        text.replace(" .> ", " -> ").replace("::{{constructor}}", ""),
    )
    text = _LEGACY_PART.sub(r"{\1}", text).replace("{K}", "{constant}")
    text = _LIFETIME.sub("", text)
    return _SEPARATOR.sub(r"\1 ", text).replace("+ ", " + ")


def _impl_header(header: str) -> tuple[str, str]:
    """Self type and trait (or "") of ``T as Trait``, ``T``, ``impl Trait for T`` or ``impl T``."""
    shape = _outline(header)
    if not header.startswith("impl "):
        at = shape.find(" as ")
        return (header, "") if at < 0 else (header[:at], header[at + 4 :])
    at = shape.find(" for ")
    return (header[5:], "") if at < 0 else (header[at + 5 :], header[5:at])


def _without_elements(self_type: str) -> str:
    """Arguments of the built-in generics as ``_``: legacy names the parameters of an ``impl``."""
    pointer = _POINTER.match(self_type)
    if pointer:
        return f"{pointer[0]}_"
    inner = _outline(self_type[1:-1])
    if self_type.startswith("["):
        return "[_; _]" if ";" in inner else "[_]"
    if self_type.startswith("(") and inner:
        return f"({', '.join('_' for part in inner.split(',') if part.strip())})"
    return self_type


def _masked(text: str) -> str:
    """``text`` at equal length, without brackets that are none."""
    return _NO_BRACKETS.sub(lambda found: "~" * len(found[0]), text)


def _groups(text: str) -> list[tuple[int, int]]:
    """Start and end of what the outermost brackets enclose; empty when brackets do not match."""
    groups: list[tuple[int, int]] = []
    opened: list[str] = []
    start = 0
    for bracket in _BRACKET.finditer(_masked(text)):
        if bracket[0] in _CLOSES:
            if not opened:
                start = bracket.end()
            opened.append(_CLOSES[bracket[0]])
        elif not opened or opened.pop() != bracket[0]:
            return []
        elif not opened:
            groups.append((start, bracket.start()))
    return [] if opened else groups


def _outline(text: str) -> str:
    """``text`` at equal length, with all that the outermost brackets enclose masked."""
    pieces: list[str] = []
    at = 0
    masked = _masked(text)
    for start, end in _groups(text):
        pieces += [masked[at:start], "~" * (end - start)]
        at = end
    return "".join(pieces) + masked[at:]


def _shorter(name: str, width: int) -> Iterator[str]:
    """Ever shorter forms of a name."""
    text = _with_short_inner_paths(name)
    yield text
    yield _with_short_outer_path(text)
    for level in range(4, 0, -1):
        yield _elided(text, level, width)
        yield _elided(_with_short_outer_path(text), level, width)
    text = _elided(text, 1, 0)
    yield f"{_DOTS}::{_tail(text)}"
    last = _last_part(_parts(text))
    yield f"{_DOTS}::{last}"
    yield last
    yield without_arguments(last)


def _with_short_inner_paths(text: str) -> str:
    pieces: list[str] = []
    at = 0
    for start, end in _groups(text):
        if text[start - 1] == "{":
            continue
        inner = _PATH.sub(lambda path: _last_part(path[0].split("::")), text[start:end])
        pieces += [text[at:start], inner]
        at = end
    return "".join(pieces) + text[at:]


def _with_short_outer_path(text: str) -> str:
    short = f"{_parts(text)[0]}::{_DOTS}::{_tail(text)}"
    return short if len(short) < len(text) else text


def _tail(text: str) -> str:
    """The outermost path from its first part with arguments, or from its last: ``Option<T>::None``.

    Crate and modules are what it leaves out.
    """
    parts = _parts(text)
    for at, part in enumerate(parts[1:], 1):
        if part.endswith(">"):
            return "::".join(parts[at:])
    return _last_part(parts)


def _parts(text: str) -> list[str]:
    """The parts of the outermost path; arguments stay with the part before them."""
    parts: list[str] = []
    at = 0
    for joint in _JOINT.finditer(_outline(text)):
        parts.append(text[at : joint.start()])
        at = joint.end()
    return [*parts, text[at:]]


def _last_part(parts: list[str]) -> str:
    """The last part, and those before it as far back as one with a name of its own."""
    first = len(parts) - 1
    while first > 0 and parts[first].startswith("{"):
        first -= 1
    return "::".join(parts[first:])


def _elided(text: str, level: int, width: int) -> str:
    """``text`` with ``…`` for what is ``level`` brackets deep: the longest first, until it fits."""
    excess = len(text) - width
    chosen: list[tuple[int, int]] = []
    for start, end in sorted(_arguments(text, level), key=lambda span: span[0] - span[1]):
        if excess <= 0 or end - start <= len("u128"):
            break
        excess -= end - start - len(_DOTS)
        chosen.append((start, end))
    pieces: list[str] = []
    at = 0
    for start, end in sorted(chosen):
        pieces += [text[at:start], _DOTS]
        at = end
    return "".join(pieces) + text[at:]


def _arguments(text: str, level: int) -> list[tuple[int, int]]:
    """Start and end of what is ``level`` brackets deep; those of ``<T as U>`` do not count."""
    spans: list[tuple[int, int]] = []
    counted: list[bool] = []
    depth = start = 0
    for bracket in _COUNTED.finditer(_masked(text)):
        if bracket[0][-1] in _CLOSES:
            counted.append(bracket["list"] is not None)
            depth += counted[-1]
            if counted[-1] and depth == level:
                start = bracket.end()
            continue
        if not counted:
            return []
        if counted[-1] and depth == level:
            spans.append((start, bracket.start()))
        depth -= counted.pop()
    return [] if counted else spans
