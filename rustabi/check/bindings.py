"""Rust bindings against the C types they mirror, across the two languages.

bindgen writes a C type as a Rust type of the same name with the same members. What C has and Rust
has not, it writes in ways of its own (rust-bindgen, book and ``codegen/``):

* an anonymous struct or union member is ``__bindgen_anon_N``, of a type ``<Type>__bindgen_ty_N``;
* bit fields together are bytes ``_bitfield_N``, with ``_bitfield_align_N`` of no size before them;
* padding that C leaves to the compiler is ``__bindgen_padding_N``;
* a union of values that cannot be copied is a struct of ``__BindgenUnionField`` members of no size,
  and bytes ``bindgen_union_field``; a type without known members is ``_address`` or
  ``_bindgen_opaque_blob``;
* a name that is a keyword of Rust gets an underscore behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from rustabi.layout import size_of
from rustabi.model import (
    INDIRECT,
    Composite,
    Enumeration,
    Member,
    Model,
    Modifier,
    Type,
    TypeId,
    members_of,
)

_BINDING: Final = re.compile(r"(?:bindings|uapi)::(?:\w+::)*(?P<name>\w+)(?P<generic><.*)?")
_ANONYMOUS: Final = re.compile(r"__bindgen_ty_\d+$")
_HELPERS: Final = ("__Bindgen", "__IncompleteArrayField", "__bindgen_marker")
_ADDED: Final = re.compile(
    r"_bitfield_align_\d+|__bindgen_padding_\d+|__bindgen_align|_address|_bindgen_opaque_blob"
    r"|bindgen_union_field|_unused|_phantom_data"
)
_OPAQUE: Final = frozenset({"_unused", "_address", "_phantom_data", "_bindgen_opaque_blob"})
_BITS: Final = re.compile(r"_bitfield_\d+")
_ANONYMOUS_MEMBER: Final = re.compile(r"__bindgen_anon_\d+")
_DEEPEST: Final = 32

NoPartner: TypeAlias = Literal["helper", "anonymous", "opaque", "absent", "declared"]

WHY_NO_PARTNER: Final[dict[NoPartner, str]] = {
    "helper": "bindgen's own helper types, which mirror no C type",
    "anonymous": "of C's anonymous types: held against them as part of the type around them",
    "opaque": "opaque to Rust: bindgen saw a declaration only",
    "absent": "no C type of that name in the kernel's debug info: no C unit there uses it",
    "declared": "C types that the kernel's debug info only declares",
}


class BindingDifference(NamedTuple):
    """A binding that disagrees with its C type.

    Attributes:
        type: The binding's name.
        other: The C type.
        c_type: The C type in the kernel's model.
        evidence: What differs, a line each.
    """

    type: str
    other: str
    c_type: TypeId
    evidence: tuple[str, ...]


class BindingResult(NamedTuple):
    """What the comparison of bindings found.

    Attributes:
        compared: Bindings that were held against their C types.
        differences: Those that disagree.
        partnerless: (why, names) of the others.
    """

    compared: int
    differences: tuple[BindingDifference, ...]
    partnerless: tuple[tuple[NoPartner, tuple[str, ...]], ...]


class CTypes:
    """The C types of a model by name: structs, unions, enums, and typedefs of them.

    Without those of ``.c`` files, which bindgen does not see: it reads headers.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._by_name: dict[str, list[TypeId]] = {}
        self._typedefs: dict[str, list[TypeId]] = {}
        for type_id, node in enumerate(model.types):
            if isinstance(node, Composite | Enumeration):
                if not node.name or "::" in node.name or node.private:
                    continue
                self._by_name.setdefault(node.name, []).append(type_id)
            elif isinstance(node, Modifier) and node.kind == "typedef" and node.name:
                self._typedefs.setdefault(node.name, []).append(type_id)

    def of(self, name: str) -> list[TypeId]:
        """The types that C knows by a name: tags first, else what typedefs stand for."""
        found = self._by_name.get(name)
        if found:
            return found
        behind = (_behind(self._model.types, each) for each in self._typedefs.get(name, ()))
        return list(dict.fromkeys(each for each in behind if each is not None))


def compare_bindings(module: Model, kernel: Model, mine: Iterable[TypeId]) -> BindingResult:
    """Hold the bindings of a module against the C types of a kernel.

    Args:
        module: The module's model.
        kernel: The kernel's model.
        mine: Types of the module.
    """
    c_types = CTypes(kernel)
    comparison = _Comparison(module, kernel)
    compared, differences = 0, []
    without: dict[NoPartner, set[str]] = {}
    for type_id in mine:
        node = module.types[type_id]
        found = _BINDING.fullmatch(getattr(node, "name", "") or "")
        if not isinstance(node, Composite | Enumeration) or found is None or node.declaration:
            continue
        candidates = [] if found["generic"] else c_types.of(found["name"])
        whole = [each for each in candidates if not _is_declared(kernel.types[each])]
        if not whole or _is_opaque(node):
            opaque = _is_opaque(node) and not found["generic"]
            why = "opaque" if opaque else _no_partner(found["name"], declared=bool(candidates))
            without.setdefault(why, set()).add(node.name)
            continue
        compared += 1
        difference = comparison.best(type_id, whole)
        if difference is not None:
            differences.append(difference)
    partnerless = ((why, tuple(sorted(without[why]))) for why in WHY_NO_PARTNER if why in without)
    return BindingResult(compared, tuple(sorted(differences)), tuple(partnerless))


def _no_partner(name: str, *, declared: bool) -> NoPartner:
    if name.startswith(_HELPERS):
        return "helper"
    if _ANONYMOUS.search(name):
        return "anonymous"
    return "declared" if declared else "absent"


def _is_opaque(node: Type) -> bool:
    """Whether bindgen knew nothing of a type's members: it writes nothing, or one byte."""
    names = {each.name for each in members_of(node)} if isinstance(node, Composite) else set()
    return bool(names) and names <= _OPAQUE


def _is_declared(node: Type) -> bool:
    return isinstance(node, Composite | Enumeration) and node.declaration


class _Comparison:
    """Holds a Rust type against a C type, member by member."""

    def __init__(self, module: Model, kernel: Model) -> None:
        self._rust, self._c = module.types, kernel.types
        self._rust_address = module.facts.address_size
        self._c_address = kernel.facts.address_size

    def best(self, rust: TypeId, candidates: Sequence[TypeId]) -> BindingDifference | None:
        """The difference from the first candidate, unless some candidate agrees."""
        first: BindingDifference | None = None
        for each in candidates:
            evidence = tuple(self._types(rust, each, "", 0))
            if not evidence:
                return None
            name = str(getattr(self._c[each], "name", ""))
            kind = getattr(self._c[each], "kind", "enum")
            other = f"{kind} {name}" if name else f"<anonymous {kind}>"
            if first is None:
                rust_name = str(getattr(self._rust[rust], "name", ""))
                first = BindingDifference(rust_name, other, each, evidence)
        return first

    def _types(self, rust: TypeId, c: TypeId, prefix: str, depth: int) -> Iterator[str]:
        a, b = self._rust[rust], self._c[c]
        old = size_of(self._rust, rust, self._rust_address)
        new = size_of(self._c, c, self._c_address)
        if old != new:
            yield f"{prefix.rstrip('.') or 'size'}: {old} bytes in the module, {new} in C"
        if isinstance(a, Composite) and isinstance(b, Composite) and depth < _DEEPEST:
            if not prefix and old and a.alignment and b.alignment and a.alignment != b.alignment:
                yield f"alignment: {a.alignment} in the module, {b.alignment} in C"
            yield from self._members(a, b, prefix, depth)
        elif isinstance(a, Enumeration) and isinstance(b, Enumeration):
            yield from _enumerators(a, b, prefix)

    def _members(self, a: Composite, b: Composite, prefix: str, depth: int) -> Iterator[str]:
        rust = members_of(a)
        if {each.name for each in rust} & _OPAQUE:
            return
        named = {_c_name(each.name): each for each in rust if _is_plain(each)}
        bits = [each for each in rust if _BITS.fullmatch(each.name or "")]
        unnamed = [each for each in rust if _ANONYMOUS_MEMBER.fullmatch(each.name or "")]
        for member in members_of(b):
            if member.bit_size is not None:
                yield from self._bit_field(member, bits, prefix)
            elif not member.name:
                own = unnamed.pop(0) if unnamed else None
                yield from self._anonymous(own, member, prefix, depth)
            else:
                yield from self._named(named.pop(member.name, None), member, prefix)
        for name in sorted(each for each in named if each):
            yield f"{prefix}{name}: in the module only"
        for each in unnamed:
            yield f"{prefix}{each.name}: in the module only"

    def _bit_field(self, member: Member, bits: Sequence[Member], prefix: str) -> Iterator[str]:
        """A bit field of C lies within one of the groups that bindgen made of them."""
        if not member.name:
            return  # padding by hand: ``int :4``
        first = member.bit_offset if member.bit_offset is not None else 8 * (member.offset or 0)
        last = first + (member.bit_size or 0)
        for group in bits:
            start = 8 * (group.offset or 0)
            size = size_of(self._rust, group.type, self._rust_address) or 0
            if start <= first and last <= start + 8 * size:
                return
        bits_in_c = f"bits {first} to {last - 1} in C"
        yield f"{prefix}{member.name}: {bits_in_c}, in no bit field of the module"

    def _anonymous(
        self, own: Member | None, member: Member, prefix: str, depth: int
    ) -> Iterator[str]:
        c = _behind(self._c, member.type)
        if c is None or not size_of(self._c, c, self._c_address):
            return  # bindgen leaves out what takes no bytes
        if own is None or own.type is None:
            yield f"{prefix}<anonymous>: at {member.offset or 0} in C, not in the module"
            return
        if (own.offset or 0) != (member.offset or 0):
            yield f"{prefix}{own.name}: at {own.offset} in the module, at {member.offset or 0} in C"
        yield from self._types(self._field_type(own.type), c, f"{prefix}{own.name}.", depth + 1)

    def _field_type(self, type_id: TypeId) -> TypeId:
        """What a ``__BindgenUnionField<T>`` stands for; any other type as it is."""
        node = self._rust[type_id]
        if isinstance(node, Composite) and "__BindgenUnionField<" in node.name and node.arguments:
            return type_id if node.arguments[0].type is None else node.arguments[0].type
        return type_id

    def _named(self, own: Member | None, member: Member, prefix: str) -> Iterator[str]:
        old_size = None if own is None else size_of(self._rust, own.type, self._rust_address)
        new_size = size_of(self._c, member.type, self._c_address)
        if own is None:
            if new_size != 0:
                yield f"{prefix}{member.name}: at {member.offset or 0} in C, not in the module"
            return
        name = f"{prefix}{member.name}"
        if (own.offset or 0) != (member.offset or 0):
            yield f"{name}: at {own.offset} in the module, at {member.offset or 0} in C"
        if None not in (old_size, new_size) and old_size != new_size and not self._is_field(own):
            yield f"{name}: {old_size} bytes in the module, {new_size} in C"

    def _is_field(self, own: Member) -> bool:
        """Whether a member stands for a field of a union, or for an open array: of no size."""
        node = None if own.type is None else self._rust[own.type]
        text = getattr(node, "name", "")
        return "__BindgenUnionField" in text or "__IncompleteArrayField" in text


def _enumerators(a: Enumeration, b: Enumeration, prefix: str) -> Iterator[str]:
    """Values of a Rust enum that bindgen made of C's; names that only one has are no difference.

    bindgen writes two names of one number as a variant and a constant, and may leave names out.
    """
    values = {each.name: each.value.value for each in b.enumerators if each.value is not None}
    for each in a.enumerators:
        value = None if each.value is None else each.value.value
        if each.name in values and values[each.name] != value:
            yield f"{prefix}{each.name}: {value} in the module, {values[each.name]} in C"


def _behind(types: Sequence[Type], type_id: TypeId | None) -> TypeId | None:
    """The type that typedefs and qualifiers stand for."""
    for _ in range(_DEEPEST):
        node = None if type_id is None else types[type_id]
        if not isinstance(node, Modifier) or node.kind in INDIRECT:
            break
        type_id = node.target
    return type_id


def _is_plain(member: Member) -> bool:
    name = member.name or ""
    special = (_ADDED, _BITS, _ANONYMOUS_MEMBER)
    return bool(name) and not any(pattern.fullmatch(name) for pattern in special)


def _c_name(name: str | None) -> str:
    """The name in C: bindgen puts an underscore behind Rust's keywords."""
    text = name or ""
    return text[:-1] if text.endswith("_") and text[:-1] in _KEYWORDS else text


_WORDS: Final = """
abstract as async await become box break const continue crate do dyn else enum extern false final fn
for gen if impl in let loop macro match mod move mut override priv pub ref return self Self static
struct super trait true try type typeof unsafe unsized use virtual where while yield bool char str
f16 f32 f64 f128 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize
"""
_KEYWORDS: Final = frozenset(_WORDS.split())
"""Keywords of Rust and names of its primitives: both get the underscore."""
