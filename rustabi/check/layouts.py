"""The layer layout of many modules: each against the kernel by itself, by several processes."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from rustabi import compact
from rustabi.check.agreement import Agreement, KernelTypes, check_layout, kernel_types
from rustabi.check.kernel import Kernel
from rustabi.check.module import Module, with_types
from rustabi.check.toolchain import same_architecture
from rustabi.jobs import Alone
from rustabi.means import Means

_CHUNKS: Final = 4
"""Tasks for each of those who share the work, so that all end together."""


class Tools(NamedTuple):
    """How files are read and compared.

    Attributes:
        folders: Where debug info in files of their own is looked for.
        means: Who does it, and where models are kept.
        say: Told what is being done.
    """

    folders: tuple[Path, ...]
    means: Means
    say: Callable[[str], None]


class _Against(NamedTuple):
    """What modules are held against."""

    kernel: Kernel
    types: KernelTypes | None
    folders: tuple[Path, ...]
    means: Means

    def agreement(self, module: Module) -> Agreement:
        """What is found of one module. Its types are read here, and not kept."""
        if self.types is not None and same_architecture(module, self.kernel):
            module = with_types(module, self.folders, self.means)
        return check_layout(module, self.kernel, self.types)


def compare_layouts(modules: Sequence[Module], kernel: Kernel, tools: Tools) -> list[Agreement]:
    """What is found of each module, in their order.

    Args:
        modules: As read.
        kernel: What they are held against.
        tools: How they are read and compared.
    """
    means, jobs = tools.means, tools.means.jobs
    against = _Against(kernel, kernel_types(kernel), tools.folders, means._replace(jobs=Alone()))
    if jobs.count == 1 or len(modules) == 1:
        found = []
        for module in modules:
            tools.say(f"comparing layouts of {module.path}")
            found.append(against.agreement(module))
        return found
    tools.say(f"comparing layouts of {len(modules)} modules, {jobs.count} at a time")
    if jobs.warm:
        return jobs.map_in_order(against.agreement, modules)
    packed, chunks = _packed(against), _chunks(modules, _CHUNKS * jobs.count)
    return [each for chunk in jobs.map_with(packed, _agreements, chunks) for each in chunk]


_Item = TypeVar("_Item")


def _chunks(items: Sequence[_Item], count: int) -> list[Sequence[_Item]]:
    size = -(-len(items) // count)
    return [items[start : start + size] for start in range(0, len(items), size)]


# by processes that have nothing of this one


def _packed(against: _Against) -> bytes:
    """What modules are held against, as bytes."""
    model = against.kernel.model
    data = None if model is None else compact.to_bytes(model)
    bare = against.kernel._replace(model=None)
    return pickle.dumps((bare, data, against.folders, against.means))


_known: dict[bytes, _Against] = {}
"""What this process was given to hold modules against, by its hash: the last of them."""


def _agreements(packed: bytes, modules: Sequence[Module]) -> list[Agreement]:
    digest = hashlib.sha256(packed).digest()
    against = _known.get(digest)
    if against is None:
        bare, data, folders, means = pickle.loads(packed)
        kernel = bare if data is None else bare._replace(model=compact.from_bytes(data))
        against = _Against(kernel, kernel_types(kernel), folders, means)
        _known.clear()
        _known[digest] = against
    return [against.agreement(module) for module in modules]
