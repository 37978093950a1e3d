"""What rustabi's files look like, as pydantic models that both check a file and describe it.

The fields are those of `rustabi.model`, under the same names. Importing pydantic takes longer than
many a command runs: import this module where it is needed, not at the top of another one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field
from pydantic.json_schema import GenerateJsonSchema

from rustabi.model import CompositeKind, ModifierKind

_ESCAPE = re.compile(r"\\(\\|x[89a-f][0-9a-f]|)")


def unescaped(text: str) -> str:
    r"""What ``text`` in a file stands for: ``\\`` is a backslash, ``\xff`` a byte, not UTF-8."""
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    if not escape[1]:
        raise ValueError("a lone backslash: it must be doubled, or stand before x80 to xff")
    return "\\" if escape[1] == "\\" else chr(0xDC00 + int(escape[1][1:], 16))


_Item = TypeVar("_Item")
Items: TypeAlias = Annotated[list[_Item], FailFast()]
"""A list. Its first bad item is reported: a damaged file may have millions."""

_Digits: TypeAlias = Annotated[str, Field(pattern=r"^-?[0-9]{1,4000}$")]
_NaturalDigits: TypeAlias = Annotated[str, Field(pattern=r"^[0-9]{1,4000}$")]
_HexBytes: TypeAlias = Annotated[str, Field(pattern=r"^([0-9a-f]{2})*$")]

Text: TypeAlias = Annotated[str, AfterValidator(unescaped)]
"""Text of a binary: mostly UTF-8, but nobody vouches for it."""

Integer: TypeAlias = Annotated[
    int | _Digits, Field(union_mode="left_to_right"), AfterValidator(int)
]
"""Any integer; beyond 2**53 a decimal string, because many JSON readers know only doubles."""

Natural: TypeAlias = Annotated[
    Annotated[int, Field(ge=0)] | _NaturalDigits,
    Field(union_mode="left_to_right"),
    AfterValidator(int),
]
"""As `Integer`, zero or more."""

Index: TypeAlias = Annotated[int, Field(ge=0)]
"""Position in one of the lists, from 0."""


_KIND = "what kind of type it is"


class _Record(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Constant(_Record):
    """A discriminant or enumerator value whose debug info holds it in an uncommon form."""

    value: Integer = Field(description="the number, signed where its type is signed")
    printed: Natural | None = Field(
        None,
        description="the unsigned 64-bit number that enters the kernel's symbol version; absent"
        " where none does",
    )


ConstantValue: TypeAlias = Annotated[Integer | Constant, Field(union_mode="left_to_right")]
"""A plain integer stands for a constant whose `printed` is the integer modulo 2**64."""


class Member(_Record):
    """A field of a struct, union or variant. What is not stated is absent."""

    name: Text | None = Field(None, description="absent for anonymous members of C")
    type: Index | None = Field(None, description="index into `types` of the member's type")
    offset: Natural | None = Field(None, description="bytes from the start of the enclosing type")
    bit_size: Natural | None = Field(None, description="width of a bit field, in bits")
    bit_offset: Natural | None = Field(
        None, description="bits from the start of the enclosing type to a bit field"
    )
    alignment: Natural | None = Field(None, description="in bytes")
    accessibility: Natural | None = Field(
        None, description="DW_ACCESS_*: 1 public, 2 restricted, 3 private"
    )
    derived: bool = Field(
        False, description="the place is worked out from an older way of writing it"
    )


class Variant(_Record):
    """One variant of a Rust enum with data."""

    members: Items[Member] = Field(
        [], description="normally one: named as the variant, of a struct type that holds its fields"
    )
    value: ConstantValue | None = Field(
        None,
        description="the discriminant that selects this variant; absent for the dataful variant"
        " of a niche enum, and where there is no discriminant",
    )
    value_list: Annotated[_HexBytes, AfterValidator(bytes.fromhex)] | None = Field(
        None, description="DW_AT_discr_list as written, in hexadecimal: several values, one variant"
    )


class VariantPart(_Record):
    """The choice between the variants of a Rust enum with data."""

    kind: Literal["variant_part"] = Field(description="tells it from a member")
    members: Items[Member] = Field([], description="the discriminant, or nothing")
    discriminant: Index | None = Field(
        None, description="index into `members` of the member that selects the variant"
    )
    variants: Items[Variant] = Field([], description="in source order")


class Unsupported(_Record):
    """Debug info that rustabi did not know: a type, or a part of a struct."""

    kind: Literal["unsupported"] = Field(description=_KIND)
    what: Literal["tag", "form", "encoding"] = Field(description="what was not known")
    number: Natural = Field(description="the unknown DWARF number")
    name: Text = Field("", description="name of the entry, if it has one")
    size: Natural | None = Field(None, description="in bytes, where stated")


class Base(_Record):
    """A primitive: integer, float, bool, char, `()`, `!`."""

    kind: Literal["base"] = Field(description=_KIND)
    name: Text = Field(description="as the language has it: `u8`, `unsigned char`")
    size: Natural | None = Field(None, description="in bytes")
    encoding: Natural | None = Field(None, description="DW_ATE_*, section 7.8 of DWARF 5")
    alignment: Natural | None = Field(None, description="in bytes, where stated")
    endianity: Natural | None = Field(
        None, description="DW_END_*, where another byte order than the machine's is stated"
    )


class Unspecified(_Record):
    """A type that its language leaves open, such as C++'s `decltype(nullptr)`."""

    kind: Literal["unspecified"] = Field(description=_KIND)
    name: Text = Field(description="as the language has it")


class Modifier(_Record):
    """A type made of one other: pointer, reference, qualifier or typedef."""

    kind: ModifierKind = Field(description=_KIND)
    name: Text = Field("", description="absent if the type has none, as pointers in C")
    target: Index | None = Field(
        None, description="index into `types` of the other type; absent for C's void"
    )
    size: Natural | None = Field(
        None, description="in bytes, where stated; a pointer has `facts.address_size` otherwise"
    )
    alignment: Natural | None = Field(None, description="in bytes, where stated")


class Array(_Record):
    """An array."""

    kind: Literal["array"] = Field(description=_KIND)
    element: Index | None = Field(None, description="index into `types` of the element's type")
    counts: Items[Natural | None] = Field(
        [], description="number of elements in each dimension, null where open"
    )
    vector: bool = Field(False, description="a SIMD vector of GCC's")


class Parameter(_Record):
    """A parameter of a function."""

    name: Text | None = Field(
        None, description="absent for patterns, zero-sized values and pointers"
    )
    type: Index | None = Field(None, description="index into `types`")


class Function(_Record):
    """The signature of a function, or of what a function pointer points to."""

    kind: Literal["function"] = Field(description=_KIND)
    parameters: Items[Parameter] = Field([], description="in order")
    result: Index | None = Field(
        None, description="index into `types` of the result's type; absent if nothing is returned"
    )
    variadic: bool = Field(False, description="takes further arguments (`...`)")
    diverges: bool = Field(False, description="a Rust function that returns `!`")


class Argument(_Record):
    """A type argument of a generic type."""

    name: Text = Field("", description="of the parameter")
    type: Index | None = Field(None, description="index into `types`")


class Composite(_Record):
    """A struct, class or union; also a Rust enum with data, as a struct with a variant part."""

    kind: CompositeKind = Field(description=_KIND)
    name: Text = Field("", description="qualified name with generic arguments; absent if anonymous")
    size: Natural | None = Field(None, description="in bytes; absent if only declared")
    alignment: Natural | None = Field(None, description="in bytes, where stated")
    parts: Items[
        Annotated[Member | VariantPart | Unsupported, Field(union_mode="left_to_right")]
    ] = Field(
        [],
        description="in source order, the offsets tell the memory order; a part without `kind` is a"
        " member",
    )
    declaration: bool = Field(False, description="only declared, defined in no unit")
    private: bool = Field(
        False, description="defined in a .c file, so opaque to the kernel's symbol versions"
    )
    container: Index | None = Field(
        None, description="index into `types` of the type that this vtable type belongs to"
    )
    arguments: Items[Argument] = Field([], description="types a generic was instantiated with")


class Enumerator(_Record):
    """A named value of a C-like enum."""

    name: Text = Field(description="without the name of the enum")
    value: ConstantValue | None = Field(None, description="absent if not stated")


class Enumeration(_Record):
    """A C-like enum."""

    kind: Literal["enum"] = Field(description=_KIND)
    name: Text = Field("", description="qualified name; absent if anonymous")
    size: Natural | None = Field(None, description="in bytes; absent if only declared")
    alignment: Natural | None = Field(None, description="in bytes, where stated")
    enumerators: Items[Enumerator] = Field([], description="in source order")
    underlying: Index | None = Field(
        None, description="index into `types` of the integer type that represents it"
    )
    declaration: bool = Field(False, description="only declared, defined in no unit")
    private: bool = Field(
        False, description="defined in a .c file, so opaque to the kernel's symbol versions"
    )


Type: TypeAlias = Annotated[
    Base | Unspecified | Modifier | Array | Function | Composite | Enumeration | Unsupported,
    Field(discriminator="kind"),
]


class Unit(_Record):
    """A compilation unit."""

    name: Text = Field(description="name of the source file or crate, without the build folder")
    producer: Text = Field(description="the compiler's own words")
    language: Natural | None = Field(None, description="DW_LANG_* number, if stated")
    binary: Text = Field(
        "", description="object file or archive member, relative to the target; absent if only one"
    )


class ParameterPlace(_Record):
    """Where a parameter stands at the first address of a function."""

    registers: Items[Natural] = Field(
        description="numbers that DWARF gives the machine's registers, in the order of the value's"
        " bytes"
    )
    sizes: Items[Natural] = Field(
        [],
        description="bytes of the value in each of `registers`, perhaps without its end; absent if"
        " one register holds all of it",
    )
    memory: bool = Field(False, description="the one register points to the value in memory")


class Symbol(_Record):
    """An exported symbol."""

    name: Text = Field(description="the linker's name, mangled")
    kind: Literal["function", "variable"] | None = Field(
        None, description="absent if no debug info describes the symbol"
    )
    type: Index | None = Field(
        None, description="index into `types`: a function's signature, a variable's type"
    )
    unit: Index | None = Field(
        None, description="index into `units` of the unit that describes the symbol"
    )
    version: Annotated[str, Field(pattern=r"^0x[0-9a-f]{8}$")] | None = Field(
        None, description="the kernel's symbol version, 32 bits; absent if it has none"
    )
    ambiguous: bool = Field(False, description="gendwarfksyms has no single answer for the version")
    borrowed: Text | None = Field(
        None, description="symbol of the same address whose debug info describes this one"
    )
    binary: Text = Field("", description="as for units")
    storage: Literal["code", "read-only", "writable", "thread-local"] | None = Field(
        None, description="where the linker puts it, if the symbol table says"
    )
    layout: Annotated[str, Field(pattern=r"^0x[0-9a-f]{16}$")] | None = Field(
        None,
        description="layout version: 32 bits over bytes, then 32 bits over bytes and names; absent"
        " if no debug info describes the symbol",
    )
    passing: Items[ParameterPlace | None] = Field(
        [],
        description="where each parameter of a function stands when it is called, null where that"
        " is not known; absent if nothing is",
    )
    alignment: Natural | None = Field(
        None, description="in bytes, of a variable for which one is stated"
    )


class Slot(_Record):
    """A method in a vtable."""

    name: Text | None = Field(None, description="the linker's name of the method, if known")
    type: Index | None = Field(None, description="index into `types` of its signature, if known")


class Vtable(_Record):
    """A vtable in the binary."""

    name: Text = Field(description="`<demo::Dog as demo::Animal>`")
    trait: Text = Field(description="`demo::Animal`")
    type: Index | None = Field(None, description="index into `types` of the concrete type")
    slots: Items[Slot] = Field(
        [], description="methods in order, after the three fixed entries drop, size and align"
    )


class Facts(_Record):
    """What is known of the build as a whole."""

    machine: Text = Field(description="ELF name of the architecture, such as `x86_64`")
    address_size: Natural = Field(description="bytes of a pointer")
    little_endian: bool = Field(description="byte order of the machine")
    compilers: Items[Text] = Field([], description="producers of the Rust units, distinct, sorted")
    build_id: Text | None = Field(None, description="hexadecimal, if the binary has one")
    crates: Items[Text] = Field([], description="crate names, with versions where known")
    export_rule: Text = Field("", description="how the exported symbols were told, in words")
    skipped: Items[Text] = Field(
        [],
        description="binaries without usable debug info among others that have it, as"
        " `name: reason`; their symbols are listed without types",
    )


class Header(BaseModel):
    """The fields that all versions of the file share."""

    model_config = ConfigDict(strict=True, extra="ignore")

    format: Literal["rustabi-snapshot"]
    version: Annotated[int, Field(ge=0, lt=1 << 31)]


class Snapshot(_Record):
    """Types, exported symbols and build facts of a binary, as `rustabi snapshot` writes them.

    Integers beyond 2**53 are decimal strings. In text from the binary (names, producers, paths) two
    backslashes stand for one, and a backslash with x80 to xff for a byte that is not UTF-8. Fields
    that are null, false or empty are left out where they may be absent.
    """

    format: Literal["rustabi-snapshot"] = Field(description="marks the file")
    version: Literal[1] = Field(description="of the file format")
    rustabi: str = Field(description="version of the program that wrote the file")
    facts: Facts = Field(description="what is known of the build as a whole")
    units: Items[Unit] = Field(description="sorted, each once")
    types: Items[Type] = Field(description="refer to each other by position in this list, from 0")
    symbols: Items[Symbol] = Field(description="sorted by name")
    vtables: Items[Vtable] = Field(description="sorted by name")


def json_path(location: Sequence[int | str], *, unknown: bool = False) -> str:
    """Where in a file an error of pydantic's lies: ``$.types[3].parts[0].offset``.

    Args:
        location: The error's ``loc``. Besides keys and indexes it names alternatives of unions.
        unknown: The last part is a key that should not be there.
    """
    fields = {name for record in _Record.__subclasses__() for name in record.model_fields}
    *parents, last = location
    parts = [each for each in parents if isinstance(each, int) or each in fields]
    if unknown or isinstance(last, int) or last in fields:
        parts.append(last)
    return "$" + "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in parts)


class _UntitledSchema(GenerateJsonSchema):
    """Without pydantic's titles, which only repeat the names of the fields."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def json_schema(which: Literal["snapshot"]) -> dict[str, Any]:
    """The JSON schema of a file.

    Args:
        which: ``snapshot``: the file that ``rustabi snapshot`` writes.
    """
    models = {"snapshot": Snapshot}
    schema = models[which].model_json_schema(schema_generator=_UntitledSchema)
    return {"$schema": _UntitledSchema.schema_dialect, **schema}
