"""A kernel, read as far as it takes: of its types those that the modules name, at first.

A distribution's vmlinux describes ten thousands of types, most of them in hundreds of units.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Sequence
from pathlib import Path

from rustabi.check.crcs import LAYOUT_SYMBOL
from rustabi.check.kernel import Kernel, read_kernel
from rustabi.check.layouts import Tools
from rustabi.check.module import Module, names_of_types
from rustabi.loader import Selection
from rustabi.loader.selection import simple_name


class KernelReader:
    """Reads a kernel for some modules.

    Args:
        paths: What tells of the kernel.
        modules: The modules that are held against it.
        tools: How files are read.

    Attributes:
        is_whole: Whether all of it was read.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        modules: Iterable[Module],
        tools: Tools,
    ) -> None:
        self.is_whole = False
        self._paths, self._tools = paths, tools
        self._modules = tuple(modules)
        self._names: frozenset[str] | None = None
        self._first: Kernel | None = None
        self._whole: Kernel | None = None

    def first(self) -> Kernel:
        """The kernel with the first definition of each type that a module names.

        Raises:
            RustabiError: See `rustabi.check.kernel.read_kernel`.
        """
        if self._whole is not None:
            return self._whole
        if self._first is None:
            self._first = self._read(self._selection(frozenset()))
        return self._first

    def with_every(self, names: Iterable[str]) -> Kernel:
        """The kernel with the first definition of each, and with all definitions of some names."""
        if self._whole is not None:
            return self._whole
        self._forget_types()
        return self._read(self._selection(frozenset(map(simple_name, names)) - {""}))

    def whole(self) -> Kernel:
        """The kernel with all of its types."""
        if self._whole is None:
            self._forget_types()
            self._whole = self._read(None)
            self.is_whole = True
        return self._whole

    def _forget_types(self) -> None:
        """Give the memory back; what else is known of the kernel stays."""
        if self._first is not None:
            self._first = self._first._replace(model=None)
            gc.collect()  # what was read of the debug info refers to itself

    def _selection(self, every: frozenset[str]) -> Selection:
        if self._names is None:
            self._names = frozenset(
                name for each in self._modules for name in names_of_types(each, self._tools.folders)
            )
        imports = (
            name for each in self._modules for name in (*each.imports.strong, *each.imports.weak)
        )
        return Selection(self._names, every, frozenset({LAYOUT_SYMBOL, *imports}))

    def _read(self, selection: Selection | None) -> Kernel:
        tools = self._tools
        return read_kernel(self._paths, tools.say, tools.folders, selection, tools.means)
