"""Whether two types in one place are one type, perhaps changed inside, or different types."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple, TypeAlias

from rustabi.diff.kinds import Change, ChangeKind
from rustabi.layout import alignment_of
from rustabi.layout_version import TypeHashes, type_hashes
from rustabi.model import (
    Array,
    Base,
    Composite,
    Enumeration,
    Function,
    Model,
    Modifier,
    TypeId,
    Unspecified,
    Unsupported,
    name_of,
)
from rustabi.names import crate_of, generic_of, same_but_paths, type_key
from rustabi.nature import (
    SIGILS,
    array_counts,
    encoding_class,
    fn_abi,
    is_variadic,
    pointer_class,
    sigil,
    stated_alignment,
    stripped,
)
from rustabi.twins import NO_TWINS

Pair: TypeAlias = tuple[TypeId, TypeId]

_DEEPEST = 64
"""Levels of pointers and arrays; beyond, the debug info is damaged and types count as different."""


_CONSTANT = re.compile(r"\{CONST#\w+\}")
"""How rustc writes char constants into type names: as a hash that depends on its version."""


_TRAIT = re.compile(r"\bdyn (?:for<[^<>]*> )?([\w:{}]+)")

_STD = frozenset({"core", "alloc", "std"})


class Mismatch(NamedTuple):
    """Why two types are not the same.

    Attributes:
        kind: The kind of change it is for whoever mentions them.
        note: More than the names of the types say; may be empty.
    """

    kind: ChangeKind
    note: str = ""


class Identity:
    """Matches references of two models.

    Args:
        old, new: The models.
        visit: Called with each pair of named or anonymous struct, union or enum types that is found
            to be one type in both models: their contents are still to be compared.
        hashes: Those of all types of NEW, names left out, where they are at hand.
        equal: Type of OLD -> its twin in NEW; see `rustabi.twins`.
    """

    def __init__(
        self,
        old: Model,
        new: Model,
        visit: Callable[[Pair], None],
        hashes: TypeHashes | None = None,
        equal: Mapping[TypeId, TypeId] = NO_TWINS,
    ) -> None:
        self._old, self._new = old.types, new.types
        self._visit = visit
        self._equal = equal
        self._old_bytes, self._new_bytes = type_hashes(old), hashes or type_hashes(new)
        self._address_size = old.facts.address_size
        self._same_compiler = old.facts.compilers == new.facts.compilers
        self.renamed: dict[Pair, Change] = {}
        self._compared: dict[Pair, Mismatch | None] = {}

    def are_twins(self, old: TypeId, new: TypeId) -> bool:
        """Whether nothing tells two types apart, names included; False where nobody looked."""
        return self._equal.get(old) == new

    def enter_twins(self, old: TypeId | None) -> None:
        """`match` a type that has a twin with that."""
        if old is None or isinstance(self._old[old], Base):
            return
        if isinstance(self._old[old], Composite | Enumeration):
            self._visit((old, self._equal[old]))
        else:
            self.match(old, self._equal[old])

    def match(self, old: TypeId | None, new: TypeId | None, depth: int = 0) -> Mismatch | None:
        """None when both are the same type, else why not."""
        if not self._equally_aligned(old, new):
            return Mismatch(ChangeKind.MEMBER_RETYPED, "another alignment")
        old, new = stripped(self._old, old), stripped(self._new, new)
        if old is None or new is None:
            return None if old is new else Mismatch(ChangeKind.MEMBER_RETYPED)
        if depth > _DEEPEST:
            return Mismatch(ChangeKind.MEMBER_RETYPED, "nested too deeply to compare")
        a, b = self._old[old], self._new[new]
        if isinstance(a, Composite | Enumeration) and isinstance(b, Composite | Enumeration):
            return self._named(old, new, a, b)
        if isinstance(a, Unsupported) or isinstance(b, Unsupported):
            return None  # listed as a gap: nothing can be said
        if isinstance(a, Modifier) and isinstance(b, Modifier):
            return self._pointers(a, b, depth)
        if isinstance(a, Array) and isinstance(b, Array):
            return self._arrays(a, b, depth)
        if isinstance(a, Function) and isinstance(b, Function):
            if (old, new) not in self._compared:  # they nest like 2 ** depth
                self._compared[old, new] = self._functions(a, b, depth)
            return self._compared[old, new]
        if isinstance(a, Base) and isinstance(b, Base):
            same = encoding_class(a) == encoding_class(b)
            note = "another byte order" if a.endianity != b.endianity else ""
            return None if same else Mismatch(ChangeKind.MEMBER_RETYPED, note)
        if isinstance(a, Unspecified) and isinstance(b, Unspecified) and a.name == b.name:
            return None
        return self._other(old, new)

    def _equally_aligned(self, old: TypeId | None, new: TypeId | None) -> bool:
        """Whether a typedef states an alignment (C's ``aligned``) that the other side has not."""
        sides = ((self._old, old), (self._new, new))
        if all(stated_alignment(*side) is None for side in sides):
            return True
        before, after = (alignment_of(*side, self._address_size) for side in sides)
        return before == after

    def _named(
        self, old: TypeId, new: TypeId, a: Composite | Enumeration, b: Composite | Enumeration
    ) -> Mismatch | None:
        if type_key(a.name) == type_key(b.name) and self._same_constants(a.name, b.name):
            self._visit((old, new))
            return None
        if _is_fat(a) and _is_fat(b) and _is_text(a.name) == _is_text(b.name):
            return self._fat_pointers(old, new, a.name, b.name)
        return self._other(old, new)

    def _fat_pointers(self, old: TypeId, new: TypeId, a: str, b: str) -> Mismatch | None:
        """References and raw pointers to slices, text and trait objects: what they hold decides."""
        mismatch = _promises(a, b)
        if mismatch is not None:
            return mismatch
        self._visit((old, new))
        return None if sigil(a) == sigil(b) else Mismatch(ChangeKind.POINTER_KIND_CHANGED)

    def _same_constants(self, old: str, new: str) -> bool:
        """Whether the constants that rustc writes as hashes agree; another rustc has others."""
        comparable = self._same_compiler and "{CONST#" in old
        return not comparable or _CONSTANT.findall(old) == _CONSTANT.findall(new)

    def _other(self, old: TypeId, new: TypeId) -> Mismatch | None:
        """Types of different names: the same type renamed when its bytes and its use agree."""
        a, b = self._old[old], self._new[new]
        if not (isinstance(a, Composite | Enumeration) and isinstance(b, Composite | Enumeration)):
            return Mismatch(ChangeKind.MEMBER_RETYPED)
        alike = type(a) is type(b) and (a.size, a.alignment) == (b.size, b.alignment)
        if not alike or not self._may_be_renamed(a.name, b.name):
            return Mismatch(ChangeKind.MEMBER_RETYPED)
        if not self.equal_bytes(old, new):
            return Mismatch(ChangeKind.MEMBER_RETYPED)
        self.renamed[old, new] = Change(ChangeKind.TYPE_RENAMED, "", a.name, b.name)
        self._visit((old, new))
        return None

    def _may_be_renamed(self, old: str, new: str) -> bool:
        """Whether the one name can have replaced the other: no build knows both.

        The names may differ in paths alone: each must have been renamed itself. Numbers and
        primitives never are, nor traits: of a trait object the name is all there is.
        """
        pairs = same_but_paths(old, new, self._address_size)
        if pairs is None or _traits(old) != _traits(new) or not self._same_constants(old, new):
            return False
        return all(self._is_renaming(*pair) for pair in pairs)

    def _is_renaming(self, old: str, new: str) -> bool:
        if self._same_compiler and not _STD.isdisjoint((crate_of(old), crate_of(new))):
            return False  # what only a new version of the standard library does
        before, after = self._names
        return old in before and new in after and old not in after and new not in before

    @cached_property
    def _names(self) -> tuple[set[str], set[str]]:
        """The names that each build knows, without generic arguments."""
        before, after = (
            {generic_of(type_key(name_of(node))) for node in types}
            for types in (self._old, self._new)
        )
        return before, after

    def equal_bytes(self, old: TypeId, new: TypeId) -> bool:
        """Whether nothing but names tells two types apart, however deep one looks."""
        if self.are_twins(old, new):
            return True
        known = self._old_bytes.of(old)
        return known is not None and known == self._new_bytes.of(new)

    def pair_variants(self, old: list[TypeId], new: list[TypeId]) -> list[Pair]:
        """Pair types of one name: those of equal bytes first, what is left in order."""
        left, pairs, rest = list(new), [], []
        for type_id in old:
            match = next((each for each in left if self.equal_bytes(type_id, each)), None)
            if match is None:
                rest.append(type_id)
            else:
                left.remove(match)
                pairs.append((type_id, match))
        return pairs + list(zip(rest, left, strict=False))

    def _pointers(self, a: Modifier, b: Modifier, depth: int) -> Mismatch | None:
        mismatch = _promises(a.name, b.name)
        if mismatch is not None:
            return mismatch
        if fn_abi(a.name) != fn_abi(b.name):
            return Mismatch(ChangeKind.POINTER_TARGET_CHANGED, "another calling convention")
        if is_variadic(a.name) != is_variadic(b.name):
            return Mismatch(ChangeKind.POINTER_TARGET_CHANGED, "only one is variadic")
        inner = self.match(a.target, b.target, depth + 1)
        if inner is not None and inner.kind is not ChangeKind.POINTER_KIND_CHANGED:
            return Mismatch(ChangeKind.POINTER_TARGET_CHANGED, inner.note)
        if inner is None and sigil(a.name) != sigil(b.name):
            return Mismatch(ChangeKind.POINTER_KIND_CHANGED)
        return inner

    def _arrays(self, a: Array, b: Array, depth: int) -> Mismatch | None:
        inner = self.match(a.element, b.element, depth + 1)
        if inner is not None:
            return inner
        if array_counts(a) != array_counts(b) or a.vector != b.vector:
            return Mismatch(ChangeKind.ARRAY_LENGTH_CHANGED)
        return None

    def match_signatures(self, a: Function, b: Function) -> Mismatch | None:
        """None when two functions take and return the same, else why not."""
        return self._functions(a, b, 0)

    def _functions(self, a: Function, b: Function, depth: int) -> Mismatch | None:
        """Signatures behind pointers, where each difference is one of the pointer's target."""
        if len(a.parameters) != len(b.parameters) or a.variadic != b.variadic:
            return Mismatch(ChangeKind.POINTER_TARGET_CHANGED, "another number of parameters")
        if a.diverges != b.diverges:
            return Mismatch(ChangeKind.POINTER_TARGET_CHANGED, "only one of them returns")
        found = [
            self.match(p.type, q.type, depth + 1)
            for p, q in zip(a.parameters, b.parameters, strict=True)
        ]
        found.append(self.match(a.result, b.result, depth + 1))
        differing = [each for each in found if each is not None]
        grave = [each for each in differing if each.kind is not ChangeKind.POINTER_KIND_CHANGED]
        return next(iter(grave or differing), None)


def _promises(old: str, new: str) -> Mismatch | None:
    """What two pointers promise about their values, by their names."""
    before, after = pointer_class(old), pointer_class(new)
    if before == after:
        return None
    if "owned" in (before, after):
        return Mismatch(ChangeKind.MEMBER_RETYPED, "only one of them frees what it points to")
    return Mismatch(ChangeKind.MEMBER_RETYPED, "the value that means None differs")


def _traits(name: str) -> list[str]:
    """The traits of the trait objects that a name mentions."""
    return _TRAIT.findall(type_key(name))


def _is_fat(node: Composite | Enumeration) -> bool:
    """Whether a type is a reference or raw pointer with a length or a vtable beside the address."""
    return isinstance(node, Composite) and node.name.startswith(SIGILS)


def _is_text(name: str) -> bool:
    return name.endswith("str")
