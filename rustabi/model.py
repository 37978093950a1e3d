"""Types, symbols and units of a binary, as DWARF states them.

Every value here is immutable. Types live in one table, `Model.types`, and refer to each other by
their index in it (`TypeId`), so that recursive types need no cycles of objects. A reference that
DWARF leaves out (C ``void``, a Rust function that returns nothing) is ``None``.

A worked example: ``struct Bar { x: i8, y: i64, z: i8 }`` as rustc 1.95 lays it out, with one export
``use_bar(b: &Bar)``::

    types = (
        Function(parameters=(Parameter("b", 1),), result=None, ...),                       # 0
        Modifier("pointer", "&demo::Bar", target=2, ...),                                  # 1
        Composite("struct", "demo::Bar", size=16, alignment=8, parts=(                     # 2
            Member("x", type=3, offset=8, ...),     # source order is kept,
            Member("y", type=4, offset=0, ...),     # the memory order
            Member("z", type=3, offset=9, ...))),   # is told by the offsets
        Base("i8", size=1, encoding=5, ...),                                               # 3
        Base("i64", size=8, encoding=5, ...),                                              # 4
    )
    symbols = (Symbol("use_bar", "function", type=0, ...),)
"""

from __future__ import annotations

from collections.abc import Sequence

from rustabi.lean import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from typing import TypeAlias

TypeId: TypeAlias = int

CompositeKind: TypeAlias = Literal["struct", "class", "union"]

ModifierKind: TypeAlias = Literal[
    "pointer", "reference", "rvalue_reference", "const", "volatile", "restrict", "atomic",
    "immutable", "packed", "shared", "typedef",
]  # fmt: skip

INDIRECT = frozenset({"pointer", "reference", "rvalue_reference"})
"""Modifier kinds that hold an address of their target instead of the target itself."""


class Constant(NamedTuple):
    """A discriminant or enumerator value.

    Attributes:
        value: The number, signed where its type is signed (128-bit block forms included).
        printed: What libdw's ``dwarf_formudata`` reads, as an unsigned 64-bit number: what enters
            the kernel's symbol version. None where it reads nothing (block forms).
    """

    value: int
    printed: int | None


class Member(NamedTuple):
    """A field of a struct, union or variant (DW_TAG_member).

    Attributes:
        name: None for C's anonymous members.
        type: The field's type.
        offset: Bytes from the start of the enclosing type; None where DWARF does not say (GCC's
            unions, C bit fields, which have `bit_offset`).
        bit_size: Width of a bit field in bits.
        bit_offset: Bits from the start of the enclosing type to a bit field
            (DW_AT_data_bit_offset).
        alignment: Bytes; rustc states it on each member.
        accessibility: DW_ACCESS_*: 1 public, 2 restricted, 3 private.
        derived: The place was worked out from what gendwarfksyms does not read: the offset from an
            expression (DWARF 2), or a bit field's place from its distance to the end of its
            storage (DW_AT_bit_offset of DWARF 3 and older, which GCC writes up to DWARF 4).
    """

    name: str | None
    type: TypeId | None
    offset: int | None = None
    bit_size: int | None = None
    bit_offset: int | None = None
    alignment: int | None = None
    accessibility: int | None = None
    derived: bool = False

    @property
    def stated_offset(self) -> int | None:
        """The offset where DW_AT_data_member_location says it as a number."""
        return None if self.derived and self.bit_size is None else self.offset


class Variant(NamedTuple):
    """One variant of a Rust enum with data (DW_TAG_variant).

    Attributes:
        members: Normally one: named as the variant, of a struct type that holds its fields.
        value: The discriminant that selects this variant. None for the dataful variant of a niche
            enum, and where there is no discriminant at all.
        value_list: DW_AT_discr_list as written, when one variant stands for several values.
    """

    members: tuple[Member, ...]
    value: Constant | None = None
    value_list: bytes | None = None

    @property
    def name(self) -> str | None:
        """The variant's name in Rust."""
        return self.members[0].name if self.members else None


class VariantPart(NamedTuple):
    """The choice between variants inside a struct (DW_TAG_variant_part).

    Attributes:
        members: The fields of the part itself: the discriminant, or nothing.
        discriminant: The member of `members` that DW_AT_discr names, when there is one.
        variants: In source order.
    """

    members: tuple[Member, ...]
    discriminant: Member | None
    variants: tuple[Variant, ...]


class Unsupported(NamedTuple):
    """Debug info that the loader does not know. It enters the graph, the digest and the report.

    Attributes:
        what: ``tag``, ``form`` or ``encoding``: what was not known.
        number: The unknown DWARF number.
        name: Name of the entry, or an empty string.
        size: Bytes, where stated.
    """

    what: Literal["tag", "form", "encoding"]
    number: int
    name: str = ""
    size: int | None = None

    def __str__(self) -> str:
        return f"{self.what} {self.number:#x}" + (f" ({self.name})" if self.name else "")


Part: TypeAlias = Member | VariantPart | Unsupported


class Base(NamedTuple):
    """A primitive (DW_TAG_base_type): integer, float, bool, char, ``()``, ``!``.

    Attributes:
        encoding: DW_ATE_*, section 7.8 of DWARF 5.
        endianity: DW_END_* where the byte order is stated, as in a struct for which GCC's
            ``scalar_storage_order`` sets another than the machine's.
    """

    name: str
    size: int | None
    encoding: int | None
    alignment: int | None = None
    endianity: int | None = None


class Unspecified(NamedTuple):
    """DW_TAG_unspecified_type, such as C++'s ``decltype(nullptr)``."""

    name: str


class Modifier(NamedTuple):
    """A type made of one other: pointer, reference, qualifier or typedef.

    Attributes:
        name: Rust names its pointers (``&demo::Bar``, ``fn(u32) -> u32``); empty in C.
        size: Bytes; rustc leaves it out for pointers: `Model.facts` has the address size.
    """

    kind: ModifierKind
    name: str
    target: TypeId | None
    size: int | None = None
    alignment: int | None = None


class Array(NamedTuple):
    """An array, one count per dimension, None where open (``[]``).

    Attributes:
        vector: GCC's vector extension (DW_AT_GNU_vector).
    """

    element: TypeId | None
    counts: tuple[int | None, ...]
    vector: bool = False


class Parameter(NamedTuple):
    """A parameter of a function; Rust leaves out names of patterns and of zero-sized values."""

    name: str | None
    type: TypeId | None


class Function(NamedTuple):
    """The signature of a function or of what a function pointer points to.

    Attributes:
        diverges: A Rust function that returns ``!`` (DW_AT_noreturn). In the name alone of a
            function pointer.
    """

    parameters: tuple[Parameter, ...]
    result: TypeId | None
    variadic: bool = False
    diverges: bool = False


class Argument(NamedTuple):
    """A type that a generic type was instantiated with (DW_TAG_template_type_parameter)."""

    name: str
    type: TypeId | None


class Composite(NamedTuple):
    """A struct, class or union; rustc also writes enums with data so.

    Attributes:
        name: Qualified name with generic arguments; empty when anonymous.
        parts: Members and variant parts in source order. Offsets tell the memory order.
        declaration: Only declared in this unit (DW_AT_declaration).
        private: Defined in a ``.c`` file: gendwarfksyms treats it as opaque.
        container: The type a vtable belongs to (DW_AT_containing_type of rustc's vtable types).
        arguments: Type arguments; constant ones stand in the name alone.
    """

    kind: CompositeKind
    name: str
    size: int | None
    alignment: int | None
    parts: tuple[Part, ...]
    declaration: bool = False
    private: bool = False
    container: TypeId | None = None
    arguments: tuple[Argument, ...] = ()


class Enumerator(NamedTuple):
    """A named value of a C-like enum."""

    name: str
    value: Constant | None


class Enumeration(NamedTuple):
    """A C-like enum (DW_TAG_enumeration_type).

    Attributes:
        underlying: The integer type that represents it.
        declaration, private: As for `Composite`.
    """

    name: str
    size: int | None
    alignment: int | None
    enumerators: tuple[Enumerator, ...]
    underlying: TypeId | None = None
    declaration: bool = False
    private: bool = False


Type: TypeAlias = (
    Base | Unspecified | Modifier | Array | Function | Composite | Enumeration | Unsupported
)


class Unit(NamedTuple):
    """A compilation unit.

    Attributes:
        name: DW_AT_name with the build folder left out.
        producer: The compiler's own words.
        language: DW_LANG_* number, or None.
        binary: The object file or archive member it was read from, relative to the target.
    """

    name: str
    producer: str
    language: int | None
    binary: str = ""


Storage: TypeAlias = Literal["code", "read-only", "writable", "thread-local"]


class ParameterPlace(NamedTuple):
    """Where a parameter stands at the first address of a function, as its DWARF location says.

    Attributes:
        registers: DWARF numbers of the machine, in the order of the value's bytes.
        sizes: Bytes of the value in each of `registers`; empty when one register holds all of it.
            The end of the value may be missing.
        memory: The value is in memory, where the one register points to.
    """

    registers: tuple[int, ...]
    sizes: tuple[int, ...] = ()
    memory: bool = False


class Symbol(NamedTuple):
    """An exported symbol.

    Attributes:
        name: The linker's name.
        kind: None when no DWARF describes it.
        type: A `Function` for functions, the variable's type for variables.
        unit: Index into `Model.units` of the unit whose entry describes it.
        version: The kernel's symbol version, as gendwarfksyms computes it.
        ambiguous: gendwarfksyms has no single answer for this symbol, or uses the contents of
            another type of the same name.
        borrowed: The symbol of the same address whose entry describes this one: it has none itself.
        binary: As for `Unit`.
        storage: Where the linker puts it: in code, in data that may be written or not, or once per
            thread. None where the symbol table does not say.
        layout: The layout version, 64 bits; see `rustabi.layout_version`.
        alignment: Bytes, of a variable for which one is stated.
        passing: Where each parameter of a function stands when it is called, None where that is not
            known; empty where nothing is.
    """

    name: str
    kind: Literal["function", "variable"] | None
    type: TypeId | None
    unit: int | None = None
    version: int | None = None
    ambiguous: bool = False
    borrowed: str | None = None
    binary: str = ""
    storage: Storage | None = None
    layout: int | None = None
    passing: tuple[ParameterPlace | None, ...] = ()
    alignment: int | None = None


class Slot(NamedTuple):
    """A method in a vtable: the linker's name of what the slot points to (None when not known)."""

    name: str | None
    type: TypeId | None = None


class Vtable(NamedTuple):
    """A vtable that the binary holds for ``<type as trait>``.

    Attributes:
        name: ``<demo::Dog as demo::Animal>``.
        trait: ``demo::Animal``.
        type: The concrete type.
        slots: Methods in order, after the three fixed entries drop, size and align.
    """

    name: str
    trait: str
    type: TypeId | None
    slots: tuple[Slot, ...]


class Facts(NamedTuple):
    """What is known of the build as a whole.

    Attributes:
        machine: ELF name of the architecture, such as ``x86_64``.
        address_size: Bytes of a pointer.
        compilers: Producer strings of Rust units, distinct, sorted.
        build_id: Hexadecimal, or None.
        crates: Crate names, with versions where known.
        export_rule: How the exported symbols were told, in words.
        skipped: Binaries without usable debug info among others that have it, as ``name: reason``;
            their symbols are listed without types.
    """

    machine: str
    address_size: int
    little_endian: bool
    compilers: tuple[str, ...] = ()
    build_id: str | None = None
    crates: tuple[str, ...] = ()
    export_rule: str = ""
    skipped: tuple[str, ...] = ()


class Model(NamedTuple):
    """All that rustabi knows of a binary, or of several taken together.

    Attributes:
        types: Each type once; a `TypeId` is an index into it. Sizes and offsets are bytes.
            A tuple; fresh from DWARF perhaps a sequence that makes each when it is asked for.
        symbols: The exported ones, sorted by name.
        units: The compilation units they come from.
        vtables: Of trait objects.
        facts: What is known of the build as a whole.
        origins: For a model fresh from DWARF, the entry offset of each type, in step with `types`;
            empty otherwise. Ties between same-named types are decided by it.

    Example:
        >>> import rustabi
        >>> model = rustabi.load("member_added-old.o")
        >>> names = [getattr(node, "name", "") for node in model.types]
        >>> config = model.types[names.index("member_added::Config")]
        >>> config.size, [(member.name, member.offset) for member in config.parts]
        (8, [('id', 0), ('flags', 4)])
    """

    types: Sequence[Type]
    symbols: tuple[Symbol, ...]
    units: tuple[Unit, ...]
    vtables: tuple[Vtable, ...]
    facts: Facts
    origins: tuple[int, ...] = ()


def name_of(node: Type) -> str:
    """The name DWARF gives a type, or an empty string."""
    if isinstance(node, Array | Function):
        return ""
    return node.name


def members_of(node: Composite) -> tuple[Member, ...]:
    """The plain members of a struct or union, in source order."""
    return tuple(part for part in node.parts if isinstance(part, Member))


def variant_part_of(node: Composite) -> VariantPart | None:
    """The variant part of a Rust enum, or None."""
    return next((part for part in node.parts if isinstance(part, VariantPart)), None)


def is_definition(node: Type) -> bool:
    """Whether gendwarfksyms expands it: neither a declaration nor private to a .c file."""
    if isinstance(node, Composite | Enumeration):
        return not (node.declaration or node.private)
    return True
