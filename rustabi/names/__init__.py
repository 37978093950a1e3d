"""Names: what the linker calls a symbol, what people call it, and what to pair it by.

The only door to the demanglers. Symbol names come from files that nobody vouches for, so a
demangler sees only what was found to be of its kind and of a bearable size.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from rustabi.names.text import (
    arguments_of,
    crate_of_path,
    generic_of,
    is_unstable_name,
    item_path,
    mentioned_paths,
    same_but_paths,
    shorten,
    type_key,
    without_paths,
)
from rustabi.names.v0 import MAX_DEPTH, is_cheap

__all__ = [
    "STD_CRATES",
    "arguments_of",
    "crate_of",
    "demangle",
    "generic_of",
    "is_unstable_name",
    "mentioned_paths",
    "pairing_key",
    "same_but_paths",
    "shorten",
    "type_key",
    "without_llvm_suffix",
    "without_paths",
]

STD_CRATES: Final = frozenset({
    "core", "alloc", "std", "compiler_builtins", "panic_abort", "panic_unwind", "unwind",
    "std_detect", "proc_macro", "test", "hashbrown", "rustc_demangle", "addr2line", "gimli",
    "miniz_oxide", "object", "adler2",
})  # fmt: skip
"""Crates of the standard library, and those that are built into it."""

MAX_INPUT: Final = 1 << 13
"""Characters of a symbol name that is read. The longest of rustc's own has 1,222."""

MAX_OUTPUT: Final = 1 << 15
"""Characters of a readable name; a name that would need more stays as it is."""

# LLVM appends it to what it makes visible to other units of a ThinLTO build; N is a module's hash.
_LLVM_SUFFIX: Final = re.compile(r"\.llvm\.[0-9A-Fa-f]+(?![0-9A-Za-z_])")
_VENDOR_SUFFIX: Final = re.compile(r"[.@$]")
_SYMBOL: Final = re.compile(r"[!-~]+")
_LENGTH: Final = re.compile(r"[0-9]{1,4}(?![0-9])")
_LEGACY_HASH: Final = re.compile(r"h[0-9a-f]{16}")
# Text that rust-demangler decodes as rustc-demangle does; "$u7b$" is "{".
_LEGACY_TEXT: Final = re.compile(
    r"(?:[\w.]|\$(?:SP|BP|RF|LT|GT|LP|RP|C|u[2-7a-f][0-9a-f]|u[0-9a-f]{3,4})\$)*", re.ASCII
)


class _Symbol(NamedTuple):
    """A linker's name taken apart.

    Attributes:
        path: The readable path without hashes; None when the name is not a Rust one.
        suffix: What compiler or linker appended and is worth showing: ``.cold``, ``@plt``.
    """

    path: str | None
    suffix: str


def demangle(name: str) -> str:
    """The readable path of a Rust symbol, without hashes: what rustc-demangle prints for ``{:#}``.

    Suffixes stay (``.cold``, ``.part.0``, ``@plt``), except ``.llvm.N``.

    Args:
        name: A linker's name, in the legacy mangling (``_ZN…17h<hash>E``) or v0 (``_R…``).

    Returns:
        The name itself when it is neither, or damaged, or longer than `MAX_INPUT`, or would expand
        beyond the limits of `rustabi.names.v0`. Never raises.
    """
    path, suffix = _symbol(name)
    return name if path is None else path + suffix


def pairing_key(name: str) -> str:
    """What a symbol is paired by across builds of one source, whatever mangled it.

    Crate disambiguators, the legacy hash, ``.llvm.N`` and the numbers of closures are gone, as
    builds differ in them. Generic arguments are gone too: a legacy name does not tell them. So the
    instances of one generic share a key, as do ``From<A>::from`` and ``From<B>::from`` of a type:
    pair equal names first, then names that `demangle` to the same path, then keys.

    Two things a legacy name does not tell even so: whose provided trait method it is
    (``Trait::m``; v0 ``<Type as Trait>::m``) and for which type a blanket ``impl`` stands.

    Returns:
        For names that are not Rust's: the name without ``.llvm.N``.
    """
    path, suffix = _symbol(name)
    return without_llvm_suffix(name) if path is None else item_path(path) + suffix


def without_llvm_suffix(name: str) -> str:
    """A linker's name without the ``.llvm.N`` that LLVM appends: N differs between builds."""
    return _LLVM_SUFFIX.sub("", name)


def crate_of(name: str) -> str:
    """The crate that a type or symbol belongs to, from its readable or mangled name.

    The first part of the first path: that of ``T`` for ``&T``, ``[T]`` and ``<T as Trait>::m``. A
    ``T`` without crate (a primitive, a parameter) leaves it to the next: of the trait, which is
    where an ``impl`` for a foreign type must be, or of the next element of a tuple. Arguments of
    generics do not count.

    Returns:
        "" where there is none: primitives, function pointers, C names.
    """
    return crate_of_path(demangle(name))


def _symbol(name: str) -> _Symbol:
    if not name.startswith(("_R", "_ZN")) or len(name) > MAX_INPUT:
        return _Symbol(None, "")  # not kept: most of a kernel's names are C's
    return _cached_symbol(name)


@lru_cache(maxsize=1 << 13)
def _cached_symbol(name: str) -> _Symbol:
    end = _end_of_v0(name) if name.startswith("_R") else _end_of_legacy(name)
    if not end or not _SYMBOL.fullmatch(name):
        return _Symbol(None, "")
    suffix = _LLVM_SUFFIX.sub("", name[end:])
    if suffix and not _VENDOR_SUFFIX.match(suffix):
        return _Symbol(None, "")
    path = _v0_path(name[:end]) if name.startswith("_R") else _legacy_path(name[:end])
    # Identifiers can hold any character, and so direct a terminal or turn its text around.
    return _Symbol(path if path and path.isprintable() else None, suffix)


def _end_of_v0(name: str) -> int:
    suffix = _VENDOR_SUFFIX.search(name)
    return suffix.start() if suffix else len(name)


def _v0_path(name: str) -> str | None:
    return _demangled(name) if is_cheap(name[2:]) else None


def _end_of_legacy(name: str) -> int:
    """The end of ``_ZN`` <part>… ``17h<hash>E``; 0 for anything else, C++ above all."""
    parts = _legacy_parts(name)
    end = 4 + sum(len(part) + len(str(len(part))) for part in parts)
    if len(parts) < 2 or not _LEGACY_HASH.fullmatch(parts[-1]) or name[end - 1 : end] != "E":
        return 0
    return end


def _legacy_parts(name: str) -> list[str]:
    parts: list[str] = []
    at = len("_ZN")
    while length := _LENGTH.match(name, at):
        at = length.end() + int(length[0])
        parts.append(name[length.end() : at])
    return parts


def _legacy_path(name: str) -> str | None:
    if not all(_LEGACY_TEXT.fullmatch(part) for part in _legacy_parts(name)):
        return _demangled(name)
    from rust_demangler.rust import RustDemangler

    # A new object for every name: it keeps what it read.
    path = str(RustDemangler().demangle(name))
    return path[: -len("::h0123456789abcdef")].replace("..", "::")


def _demangled(name: str) -> str | None:
    from demangle import DemanglingError, Limits, demangle_strict

    limits = Limits(max_depth=MAX_DEPTH, max_output=MAX_OUTPUT, max_input=MAX_INPUT)
    try:
        return demangle_strict(name, language="rust", limits=limits)
    except DemanglingError:
        return None
