"""What came with the compiler: nobody can build it otherwise, and nobody's verdict is about it."""

from __future__ import annotations

import re
from typing import Final

from rustabi.names import STD_CRATES, crate_of, demangle

_PREBUILT: Final = ("/rustc/", "/rust/deps/", "/usr/src/rustc-")
"""Where rustup's and Debian's standard library says that it was compiled."""
_MEMBER: Final = re.compile(r"(?:.*\()?(?P<crate>[^.(]+)-[0-9a-f]{16}\..*\.rcgu\.o\)?$")
"""What rustc calls the objects of a crate, in an archive that has the crate's dependencies."""
_RUSTC_CRATE: Final = "__rustc"
_RUSTC_NAMES: Final = (
    "__rust_", "__rg_", "__rdl_", "rust_eh_personality", "rust_begin_unwind", "rust_metadata_",
)  # fmt: skip


def is_prebuilt(path: str) -> bool:
    """Whether a unit that was compiled there is of the standard library."""
    return path.startswith(_PREBUILT)


def is_std_member(name: str) -> bool:
    """Whether an archive member of that name is an object of the standard library."""
    found = _MEMBER.match(name)
    return found is not None and found["crate"] in STD_CRATES


def is_compiler_made(symbol: str) -> bool:
    """Whether rustc made a symbol for itself: allocator shims, panic runtime, metadata."""
    return symbol.startswith(_RUSTC_NAMES) or crate_of(demangle(symbol)) == _RUSTC_CRATE
