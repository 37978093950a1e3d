"""How much a binary's debug info says: types, functions without their types, or next to nothing.

With ``-C debuginfo=1`` every function looks like one that takes and returns nothing. Such entries
are byte for byte those of a crate that uses no type at all with ``debuginfo=2``, so a unit without
types is believed only where another unit of its crate has some.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from rustabi.binary.elf import Elf
from rustabi.dwarf import constants as c
from rustabi.dwarf.entries import Entries
from rustabi.dwarf.unit import Unit
from rustabi.errors import NoDebugInfoError
from rustabi.lean import TYPE_CHECKING, Literal, NamedTuple
from rustabi.model import Function, Model, Symbol

if TYPE_CHECKING:
    from typing import TypeAlias

State: TypeAlias = Literal["typed", "untyped", "split", "assembler", "open"]


class Depth(NamedTuple):
    """How much a unit says.

    Attributes:
        crate: Folder and root file: the same for all codegen units of a crate.
        state: ``typed`` where a type is described; ``untyped`` where none is, but the compiler may
            have left them out; ``split`` where all is in another file; ``open`` where no type means
            that none is used.
        rust: Whether it is of a Rust crate.
    """

    crate: str
    state: State
    rust: bool


def depth_of(entries: Entries, unit: Unit) -> Depth:
    """How much ``unit`` says."""
    crate = f"{unit.root.get(c.AT_COMP_DIR, '')}/{unit.name.split('/@/')[0]}"
    return Depth(crate, _state(entries, unit), unit.language == c.LANG_RUST)


def _state(entries: Entries, unit: Unit) -> State:
    if is_split(unit):
        return "split"
    if unit.language in c.LANG_ASSEMBLER:
        return "assembler"
    if entries.outline(unit).types:
        return "typed"
    # GCC records its flags, so there -g1 shows.
    return "untyped" if unit.language == c.LANG_RUST or " -g1" in unit.producer else "open"


def is_split(unit: Unit) -> bool:
    """Whether ``unit`` is a skeleton, whose entries are in a .dwo or .dwp file."""
    return c.AT_DWO_NAME in unit.root or c.AT_GNU_DWO_NAME in unit.root


def typed_crates(depths: Iterable[Depth]) -> frozenset[str]:
    """The crates of which some unit describes types: they were built with full debug info."""
    return frozenset(depth.crate for depth in depths if depth.state == "typed")


def require_types(model: Model, depths: Sequence[Depth], typed: Collection[str]) -> Model:
    """``model`` without what it seems to know of functions whose crate was built without types.

    Args:
        model: What one binary or archive member holds.
        depths: Of its units, in step.
        typed: `typed_crates` of all that was read with it.

    Raises:
        NoDebugInfoError: Nothing is left: no unit that is believed, or no type of Rust and no
            symbol.
    """
    doubtful = {
        index
        for index, depth in enumerate(depths)
        if depth.state in ("untyped", "split") and depth.crate not in typed
    }
    symbols = tuple(
        symbol._replace(kind=None, type=None, version=None, ambiguous=False)
        if symbol.unit in doubtful and _says_nothing(model, symbol)
        else symbol
        for symbol in model.symbols
    )
    believed = any(
        depth.state != "assembler" and index not in doubtful for index, depth in enumerate(depths)
    )
    split = any(depths[index].state == "split" for index in doubtful)
    lost = (split or symbols != model.symbols) and all(each.kind is None for each in symbols)
    rust = any(depth.rust and depth.state == "typed" for depth in depths)
    if not believed or (lost and not rust):  # C beside it has types in every kernel module
        raise _split_off() if split else _no_types()
    return model._replace(symbols=symbols)


def _says_nothing(model: Model, symbol: Symbol) -> bool:
    node = None if symbol.type is None else model.types[symbol.type]
    return isinstance(node, Function) and not node.parameters and node.result is None


def require_in_file(elf: Elf, entries: Entries) -> None:
    """Check that the debug info of a binary is in the binary itself.

    Raises:
        NoDebugInfoError: All of it, or a part, is in other files.
    """
    if _is_moved(elf):
        raise _moved().located(elf.path)
    if all(map(is_split, entries.units)):
        raise _split_off().located(elf.path)


def _split_off() -> NoDebugInfoError:
    return NoDebugInfoError(
        "its debug info is split off into .dwo or .dwp files, which are not read",
        advice='build with split-debuginfo = "off" in the cargo profile, or -C split-debuginfo=off'
        " for rustc; kernel: without CONFIG_DEBUG_INFO_SPLIT; `rustabi doctor` tells more",
    )


def _is_moved(elf: Elf) -> bool:
    """Whether names and types of ``elf`` are in a file that it shares with others (dwz -m).

    The section that names the file is GNU's ``.gnu_debugaltlink`` or that of DWARF 5 (7.3.6).
    """
    return not elf.by_name.keys().isdisjoint((".gnu_debugaltlink", ".debug_sup"))


def _moved() -> NoDebugInfoError:
    return NoDebugInfoError(
        "dwz moved a part of its debug info to a file shared with others, which is not read",
        advice="name the file as it was before dwz -m; `rustabi doctor` tells more",
    )


def _no_types() -> NoDebugInfoError:
    return NoDebugInfoError(
        "its debug info has no types, as with debuginfo=1",
        advice="build with debug = 2 in the cargo profile, or -C debuginfo=2 for rustc; a library"
        " whose functions use no type at all looks the same, and has no layout to check;"
        " `rustabi doctor` tells more",
    )
