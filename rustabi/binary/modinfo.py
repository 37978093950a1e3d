"""What a kernel module says about itself in ``.modinfo``."""

from __future__ import annotations

from typing import Final, NamedTuple

from rustabi.binary.elf import Elf

_SECTION: Final = ".modinfo"

_GPL_COMPATIBLE: Final = frozenset({
    "GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL",
})  # fmt: skip
"""Licenses that the kernel counts as the GPL (``license_is_gpl_compatible`` in
include/linux/license.h)."""


class ModInfo(NamedTuple):
    """The fields of ``.modinfo``, in the order in which they stand there.

    Attributes:
        fields: (key, value); a key may occur more than once (``alias``, ``import_ns``).
    """

    fields: tuple[tuple[str, str], ...] = ()

    def first(self, key: str) -> str | None:
        """The value that counts for the loader where a key is to occur once: the first."""
        return next((value for name, value in self.fields if name == key), None)

    def every(self, key: str) -> tuple[str, ...]:
        """All values of a key."""
        return tuple(value for name, value in self.fields if name == key)

    @property
    def vermagic(self) -> str | None:
        """Release, configuration and architecture that the module was built for."""
        return self.first("vermagic")

    @property
    def name(self) -> str | None:
        """The name under which the module is loaded."""
        return self.first("name")

    @property
    def depends(self) -> tuple[str, ...]:
        """Modules that must be loaded first."""
        return tuple(each for each in (self.first("depends") or "").split(",") if each)

    @property
    def gpl_compatible(self) -> bool:
        """Whether the module may use symbols that are exported to GPL modules only."""
        return self.first("license") in _GPL_COMPATIBLE


def modinfo_of(elf: Elf) -> ModInfo:
    """The fields of a module's ``.modinfo``; none where there is no such section.

    The section holds ``key=value`` texts with one or more NULs behind each (kernel/module/main.c:
    ``module_next_tag_pair``). What has no ``=`` is passed over, as the kernel does.
    """
    texts = elf.contents(_SECTION).split(b"\0") if _SECTION in elf.by_name else []
    pairs = (text.decode("utf-8", "surrogateescape").partition("=") for text in texts)
    return ModInfo(tuple((key, value) for key, sign, value in pairs if sign))
