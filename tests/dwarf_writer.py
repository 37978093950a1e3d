"""Writes hand-made debug info for tests: a tree of entries in, the bytes of an object file out.

A test says what it is about, and nothing else::

    u32 = base("u32", 4)
    point = struct("demo::Point", 8, [member("x", u32, 0), member("y", u32, 4)])
    data = build(unit(function("move_point", [("p", pointer(point, "&demo::Point"))])))
    model = load(Elf(data, "demo.o")).model

What an entry refers to need not be listed: it is added to the unit that refers to it. Namespaces
come from qualified names. Functions and variables get a global symbol. Every form, byte order,
address size and both DWARF formats can be asked for; `build` lets a test damage the sections it has
made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from rustabi.binary.elf import Elf
from rustabi.binary.sections import Sections
from rustabi.dwarf import constants as c
from rustabi.loader import Loaded, load
from tests.dwarf_encoder import REFERENCE, TEXT, Attribute, Encoder, Node, Unit
from tests.elf_writer import EM_X86_64, STT_FUNC, STT_OBJECT, ElfWriter, Relocation, Symbol

__all__ = [
    "REFERENCE", "TEXT", "Attribute", "Node", "Unit", "array", "base", "build", "debug_sections",
    "entry", "enumeration", "enumerator", "flag", "function", "loaded", "member", "modifier",
    "number", "parameters", "pointer", "refer", "rust_enum", "struct", "subroutine", "text",
    "type_unit", "union", "unit", "variable", "variant", "variant_part",
]  # fmt: skip

ENCODING_BOOLEAN, ENCODING_SIGNED, ENCODING_UNSIGNED, ENCODING_UTF = 2, 5, 7, 16
LANG_C11 = 0x1D


# attributes and entries


def number(attribute: int, value: int, form: int | None = None) -> Attribute:
    """A number, in the smallest form of constant size if none is given; negative ones as sdata."""
    if form is None:
        sizes = ((1, c.FORM_DATA1), (2, c.FORM_DATA2), (4, c.FORM_DATA4), (8, c.FORM_DATA8))
        forms = [form for size, form in sizes if 0 <= value < 1 << 8 * size]
        form = forms[0] if forms else c.FORM_SDATA
    return Attribute(attribute, form, value)


def text(attribute: int, value: str, form: int = TEXT) -> Attribute:
    """A string."""
    return Attribute(attribute, form, value)


def refer(attribute: int, target: Node, form: int = REFERENCE) -> Attribute:
    """A reference to another entry."""
    return Attribute(attribute, form, target)


def flag(attribute: int) -> Attribute:
    """An attribute that is true."""
    return Attribute(attribute, c.FORM_FLAG_PRESENT, 1)


def entry(
    tag: int,
    name: str | None = None,
    *,
    type: Node | None = None,  # noqa: A002
    children: Iterable[Node] = (),
    numbers: Mapping[int, int | None] | None = None,
) -> Node:
    """An entry of any tag, with the attributes that most have; those that are None are left out."""
    attributes = []
    if name is not None:
        attributes.append(text(c.AT_NAME, name))
    if type is not None:
        attributes.append(refer(c.AT_TYPE, type))
    for attribute, value in (numbers or {}).items():
        if value is not None:
            attributes.append(number(attribute, value))
    return Node(tag, attributes, list(children))


def _scoped(name: str | None, node: Node, symbol: str = "") -> Node:
    """``node`` under the last part of a qualified name, in the namespaces that go before."""
    if name is not None:
        *scope, last = _split(name)
        node.attributes.insert(0, text(c.AT_NAME, last))
        node.scope = tuple(scope)
    node.symbol = symbol
    return node


def _split(name: str) -> list[str]:
    """``a::B<c::D>`` -> ``a``, ``B<c::D>``."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(name):
        depth += (character in "<([{") - (character in ">)]}")
        if not depth and name.startswith("::", index):
            parts.append(name[start:index])
            start = index + 2
    return [*parts, name[start:]]


# types


def base(name: str, size: int, encoding: int = ENCODING_UNSIGNED) -> Node:
    """A primitive type."""
    return entry(c.TAG_BASE_TYPE, name, numbers={c.AT_BYTE_SIZE: size, c.AT_ENCODING: encoding})


def modifier(tag: int, target: Node | None, name: str | None = None) -> Node:
    """A pointer, reference, qualifier or typedef; of these only a typedef stands in a namespace."""
    if tag == c.TAG_TYPEDEF:
        return _scoped(name, entry(tag, type=target))
    return entry(tag, name, type=target)


def pointer(target: Node | None, name: str | None = None) -> Node:
    """A pointer; Rust names it (``&demo::Point``), C does not."""
    return modifier(c.TAG_POINTER_TYPE, target, name)


def array(element: Node, *counts: int | None) -> Node:
    """An array, one count per dimension, None where open."""
    dimensions = [entry(c.TAG_SUBRANGE_TYPE, numbers={c.AT_COUNT: count}) for count in counts]
    return entry(c.TAG_ARRAY_TYPE, type=element, children=dimensions)


def member(
    name: str | None,
    type: Node | None,  # noqa: A002
    offset: int | None = None,
    *,
    alignment: int | None = None,
    accessibility: int | None = None,
) -> Node:
    """A field."""
    return entry(c.TAG_MEMBER, name, type=type, numbers={
        c.AT_ALIGNMENT: alignment, c.AT_DATA_MEMBER_LOCATION: offset,
        c.AT_ACCESSIBILITY: accessibility,
    })  # fmt: skip


def struct(
    name: str | None,
    size: int | None = None,
    members: Iterable[Node] = (),
    *,
    alignment: int | None = None,
    tag: int = c.TAG_STRUCTURE_TYPE,
    declaration: bool = False,
    decl_file: int | None = None,
) -> Node:
    """A struct, or with another tag a union, class or enumeration; anonymous without a name."""
    node = entry(tag, children=members, numbers={
        c.AT_BYTE_SIZE: size, c.AT_ALIGNMENT: alignment, c.AT_DECL_FILE: decl_file,
    })  # fmt: skip
    if declaration:
        node.add(flag(c.AT_DECLARATION))
    return _scoped(name, node)


def union(name: str | None, size: int | None = None, members: Iterable[Node] = ()) -> Node:
    """A union."""
    return struct(name, size, members, tag=c.TAG_UNION_TYPE)


def enumerator(name: str, value: int, form: int | None = None) -> Node:
    """A named value."""
    return entry(c.TAG_ENUMERATOR, name).add(number(c.AT_CONST_VALUE, value, form))


def enumeration(
    name: str | None,
    underlying: Node | None,
    values: Mapping[str, int] | Iterable[Node],
    *,
    size: int | None = None,
) -> Node:
    """A C-like enum; its values as names and numbers, or as entries."""
    if isinstance(values, Mapping):
        values = [enumerator(each, value) for each, value in values.items()]
    node = struct(name, size, values, tag=c.TAG_ENUMERATION_TYPE)
    return node if underlying is None else node.add(refer(c.AT_TYPE, underlying))


def variant(name: str, type: Node, value: Attribute | int | None = None) -> Node:  # noqa: A002
    """A variant of an enum with data; without a value it is the dataful one of a niche."""
    node = Node(c.TAG_VARIANT, [], [member(name, type, 0)])
    if isinstance(value, int):
        value = number(c.AT_DISCR_VALUE, value)
    return node if value is None else node.add(value)


def variant_part(discriminant: Node | None, variants: Iterable[Node]) -> Node:
    """The choice between ``variants``; the discriminant is a `member` without a name."""
    if discriminant is None:
        return Node(c.TAG_VARIANT_PART, [], list(variants))
    attributes = [refer(c.AT_DISCR, discriminant)]
    return Node(c.TAG_VARIANT_PART, attributes, [discriminant, *variants])


def rust_enum(
    name: str,
    size: int,
    tag: tuple[Node, int] | None,
    variants: Iterable[tuple[str, int | None, Sequence[Node]]],
    *,
    alignment: int | None = None,
) -> Node:
    """An enum with data as rustc writes it.

    Args:
        name: Qualified.
        size: In bytes.
        tag: Type and offset of the discriminant.
        variants: Name, discriminant value and fields of each.
        alignment: In bytes.
    """
    rows = [(each, value, struct(each, size, fields)) for each, value, fields in variants]
    part = variant_part(
        None if tag is None else member(None, *tag),
        [variant(each, fields, value) for each, value, fields in rows],
    )
    return struct(name, size, [part, *(fields for _, _, fields in rows)], alignment=alignment)


# functions and variables


def parameters(
    params: Iterable[tuple[str | None, Node | None]], variadic: bool = False
) -> list[Node]:
    """Parameters by name and type."""
    nodes = [entry(c.TAG_FORMAL_PARAMETER, name, type=type_) for name, type_ in params]
    return nodes + [Node(c.TAG_UNSPECIFIED_PARAMETERS)] * variadic


def subroutine(
    params: Iterable[tuple[str | None, Node | None]] = (),
    result: Node | None = None,
    *,
    variadic: bool = False,
) -> Node:
    """What a function pointer points to."""
    return entry(c.TAG_SUBROUTINE_TYPE, type=result, children=parameters(params, variadic))


def function(
    name: str,
    params: Iterable[tuple[str | None, Node | None]] = (),
    result: Node | None = None,
    *,
    linkage_name: str | None = None,
    variadic: bool = False,
) -> Node:
    """An exported function; its parameters by name and type."""
    node = entry(c.TAG_SUBPROGRAM, type=result, children=parameters(params, variadic))
    return _exported(name, linkage_name, node)


def variable(name: str, type: Node | None, *, linkage_name: str | None = None) -> Node:  # noqa: A002
    """An exported variable."""
    return _exported(name, linkage_name, entry(c.TAG_VARIABLE, type=type))


def _exported(name: str, linkage_name: str | None, node: Node) -> Node:
    node.add(flag(c.AT_EXTERNAL))
    if linkage_name is not None:
        node.attributes.insert(0, text(c.AT_LINKAGE_NAME, linkage_name))
    return _scoped(name, node, linkage_name or name)


def unit(
    *nodes: Node,
    name: str = "demo.rs",
    version: int = 5,
    language: int = c.LANG_RUST,
    files: Sequence[str] = (),
) -> Unit:
    """A unit with these entries. What else can be chosen is told by `Unit`."""
    return Unit(list(nodes), name=name, version=version, language=language, files=files)


def type_unit(signature: int, signed: Node) -> Unit:
    """A type unit of DWARF 5: ``signed`` is what DW_FORM_ref_sig8 of ``signature`` refers to."""
    return Unit([signed], kind=c.UT_TYPE, signature=signature, signed=signed)


# files

Damage = Callable[[dict[str, bytes]], object]
"""Changes the sections it is given."""


def debug_sections(*units: Unit, little_endian: bool = True, address_size: int = 8) -> Sections:
    """The units as the decoder is given them."""
    found = Encoder(units, little_endian, address_size).sections
    return Sections(
        info=found[".debug_info"], abbrev=found[".debug_abbrev"], strings=found[".debug_str"],
        line_strings=found[".debug_line_str"], string_offsets=found[".debug_str_offsets"],
        lines=found[".debug_line"], little_endian=little_endian,
    )  # fmt: skip


def build(
    *units: Unit,
    little_endian: bool = True,
    address_size: int = 8,
    machine: int = EM_X86_64,
    symbols: Iterable[Symbol] | None = None,
    relocated: bool = False,
    relocations: Sequence[Relocation] = (),
    damage: Damage | None = None,
) -> bytes:
    """The units as an object file.

    Args:
        units: In document order.
        little_endian: Byte order.
        address_size: 8, or 4 for a 32-bit object.
        machine: EM_* number.
        symbols: None for the functions and variables described, each at a place of its own.
        relocated: Leave string offsets to relocations, as compilers do: with addends (SHT_RELA) in
            64-bit objects, without (SHT_REL) in 32-bit ones.
        relocations: Further ones.
        damage: Is given the sections by name, to change them before they are written.
    """
    encoder = Encoder(units, little_endian, address_size)
    found = list(_symbols(encoder.nodes))
    size = 16 * len(found)
    contents = {name: data for name, data in encoder.sections.items() if data}
    sections = {".text": bytes(size), ".data": bytes(size), **contents}
    if damage is not None:
        damage(sections)
    return ElfWriter(
        sections, found if symbols is None else symbols,
        [*relocations, *(encoder.relocations if relocated else ())],
        little_endian=little_endian, bits=8 * address_size, machine=machine,
        in_place=address_size == 4,
    ).data()  # fmt: skip


def _symbols(units: Iterable[Iterable[Node]]) -> Iterable[Symbol]:
    names: dict[str, Symbol] = {}
    for node in (node for nodes in units for node in nodes if node.symbol):
        is_function = node.tag == c.TAG_SUBPROGRAM
        section, kind = (".text", STT_FUNC) if is_function else (".data", STT_OBJECT)
        symbol = Symbol(node.symbol, section, 16 * len(names), 16, kind)
        names.setdefault(node.symbol, symbol)
    return names.values()


def loaded(*units: Unit, little_endian: bool = True, address_size: int = 8) -> Loaded:
    """The units as they arrive in the model."""
    data = build(*units, little_endian=little_endian, address_size=address_size)
    return load(Elf(data, "demo.o"))
