"""Which of a binary's vtables stand behind which trait object.

rustc names the type of a trait object with what it binds, ``dyn demo::Source<u8, Item=u32>``, and a
vtable without, ``<demo::Disk as demo::Source<u8>>``. So the order of the methods is known from any
vtable of the trait; their signatures only where the bindings leave no choice.
"""

from __future__ import annotations

import re

from rustabi.model import Composite, Model, Vtable
from rustabi.names import arguments_of, crate_of, type_key
from rustabi.nature import is_object, principal_trait
from rustabi.recent import Recent

_BINDING = re.compile(r"\w+=")
_STD = frozenset({"core", "alloc", "std"})


def vtable_trait(name: str) -> str:
    """The trait that the vtables behind a trait object are named by.

    ``dyn demo::Source<u8, Item=u32> + core::marker::Send`` gives ``demo::Source<u8>``. Traits of
    the standard library keep what they bind, and so find no vtable: the order of their methods is
    the compiler's, and all closures of one signature share ``Fn``, whatever they return.
    """
    trait = principal_trait(name)
    arguments = arguments_of(trait)
    kept = [each for each in arguments if not _BINDING.match(each)]
    if len(kept) == len(arguments) or crate_of(trait) in _STD:
        return trait
    path = trait[: trait.index("<")]
    return f"{path}<{', '.join(kept)}>" if kept else path


class TraitObjects:
    """The vtables of a model, by the trait objects that they may stand behind.

    Args:
        model: The model.
    """

    def __init__(self, model: Model) -> None:
        self._vtables: dict[str, list[Vtable]] = {}
        for vtable in model.vtables:
            self._vtables.setdefault(type_key(vtable.trait), []).append(vtable)
        self._bound: dict[str, set[str]] = {}
        for node in model.types:
            if isinstance(node, Composite) and is_object(node.name):
                key = type_key(vtable_trait(node.name))
                self._bound.setdefault(key, set()).add(type_key(principal_trait(node.name)))

    def vtables(self, name: str) -> list[Vtable]:
        """Those of the trait of an object type: their methods stand in the object's order."""
        return self._vtables.get(type_key(vtable_trait(name)), [])

    def is_certain(self, name: str) -> bool:
        """Whether the signatures in these vtables are the object's, too.

        They are where the binary has no object type that binds the same trait otherwise.
        """
        return len(self._bound.get(type_key(vtable_trait(name)), ())) < 2


_recent = Recent()


def trait_objects(model: Model) -> TraitObjects:
    """The vtables of a model by trait objects, kept for the last two models."""
    return _recent.of((model.types, model.vtables), lambda: TraitObjects(model))
