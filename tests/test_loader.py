"""From entries to the model: what each tag and attribute becomes. All expectations by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rustabi.binary.elf import Elf
from rustabi.dwarf import constants as c
from rustabi.errors import DwarfError, NoDebugInfoError
from rustabi.loader import load
from rustabi.model import (
    Array,
    Base,
    Composite,
    Constant,
    Enumeration,
    Enumerator,
    Function,
    Member,
    Model,
    Modifier,
    Parameter,
    Type,
    TypeId,
    Unspecified,
    Unsupported,
    Variant,
    VariantPart,
    name_of,
)  # fmt: skip
from tests.dwarf_writer import (
    ENCODING_SIGNED,
    ENCODING_UTF,
    LANG_C11,
    Attribute,
    Node,
    Unit,
    array,
    base,
    build,
    entry,
    enumeration,
    enumerator,
    flag,
    function,
    loaded,
    member,
    modifier,
    number,
    parameters,
    pointer,
    refer,
    rust_enum,
    struct,
    subroutine,
    text,
    type_unit,
    union,
    unit,
    variable,
    variant,
    variant_part,
)  # fmt: skip
from tests.elf_writer import ElfWriter

BOTH_ORDERS = pytest.mark.parametrize("little_endian", [True, False], ids=["little", "big"])


def model_of(*nodes: Node, little_endian: bool = True) -> Model:
    return loaded(unit(*nodes), little_endian=little_endian).model


def named(model: Model, name: str) -> Type:
    (found,) = (each for each in model.types if name_of(each) == name)
    return found


def symbol_type(model: Model, name: str = "it") -> Type:
    """The type of a symbol."""
    (found,) = (each for each in model.symbols if each.name == name)
    assert found.type is not None
    return model.types[found.type]


def of_variable(type_: Node) -> tuple[Type, Model]:
    """What ``type_`` becomes."""
    model = model_of(variable("it", type_))
    return symbol_type(model), model


def target(model: Model, type_id: TypeId | None) -> Type:
    assert type_id is not None
    return model.types[type_id]


def unsupported(model: Model) -> list[Unsupported]:
    """Every `Unsupported` of a model, wherever it stands."""

    def within(node: Type) -> Iterator[Unsupported]:
        if isinstance(node, Unsupported):
            yield node
        elif isinstance(node, Composite):
            yield from (part for part in node.parts if isinstance(part, Unsupported))

    return [found for node in model.types for found in within(node)]


# one test per tag


@pytest.mark.parametrize(
    ("name", "size", "encoding"),
    [("u32", 4, 7), ("i64", 8, 5), ("bool", 1, 2), ("char", 4, 16), ("f64", 8, 4), ("()", 0, 7),
     ("!", 0, 7), ("u128", 16, 7)],
)  # fmt: skip
def test_base(name: str, size: int, encoding: int) -> None:
    assert of_variable(base(name, size, encoding))[0] == Base(name, size, encoding)


def test_base_with_alignment_and_without_encoding() -> None:
    node = entry(c.TAG_BASE_TYPE, "word", numbers={c.AT_BYTE_SIZE: 8, c.AT_ALIGNMENT: 4})
    assert of_variable(node)[0] == Base("word", 8, None, 4)


def test_unspecified() -> None:
    found, _ = of_variable(entry(c.TAG_UNSPECIFIED_TYPE, "decltype(nullptr)"))
    assert found == Unspecified("decltype(nullptr)")


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        (c.TAG_POINTER_TYPE, "pointer"), (c.TAG_REFERENCE_TYPE, "reference"),
        (c.TAG_RVALUE_REFERENCE_TYPE, "rvalue_reference"), (c.TAG_CONST_TYPE, "const"),
        (c.TAG_VOLATILE_TYPE, "volatile"), (c.TAG_RESTRICT_TYPE, "restrict"),
        (c.TAG_ATOMIC_TYPE, "atomic"), (c.TAG_IMMUTABLE_TYPE, "immutable"),
        (c.TAG_PACKED_TYPE, "packed"), (c.TAG_SHARED_TYPE, "shared"), (c.TAG_TYPEDEF, "typedef"),
    ],
)  # fmt: skip
def test_modifiers(tag: int, kind: str) -> None:
    node = modifier(tag, base("u8", 1), "named").add(number(c.AT_BYTE_SIZE, 8))
    found, model = of_variable(node)
    assert isinstance(found, Modifier)
    assert found._replace(target=None) == Modifier(kind, "named", None, 8, None)  # type: ignore[arg-type]
    assert target(model, found.target) == Base("u8", 1, 7)


def test_pointer_to_nothing() -> None:
    """C's ``void *``."""
    assert of_variable(pointer(None))[0] == Modifier("pointer", "", None)


@pytest.mark.parametrize("counts", [(3,), (2, 3), (None,), (0,), (), (1 << 40,)])
def test_array(counts: tuple[int | None, ...]) -> None:
    found, model = of_variable(array(base("u8", 1), *counts))
    assert isinstance(found, Array)
    assert (found.counts, found.vector) == (counts, False)
    assert target(model, found.element) == Base("u8", 1, 7)


@pytest.mark.parametrize(
    ("attributes", "count"),
    [
        ([number(c.AT_UPPER_BOUND, 9)], 10),
        ([number(c.AT_UPPER_BOUND, -1)], 0),  # GCC's [0]
        ([number(c.AT_UPPER_BOUND, (1 << 64) - 1)], 0),
        ([number(c.AT_COUNT, 4), number(c.AT_UPPER_BOUND, 9)], 4),
        ([Attribute(c.AT_UPPER_BOUND, c.FORM_EXPRLOC, b"\x91\x00")], None),  # C's [n]
    ],
)
def test_array_bounds(attributes: list[Attribute], count: int | None) -> None:
    node = array(base("u8", 1))
    node.children = [Node(c.TAG_SUBRANGE_TYPE, attributes)]
    found, _ = of_variable(node)
    assert isinstance(found, Array)
    assert found.counts == (count,)


@pytest.mark.parametrize("attribute", [c.AT_COUNT, c.AT_UPPER_BOUND])
def test_array_bound_by_a_variable(attribute: int) -> None:
    """GCC refers to a variable from the bound, LLVM from the count."""
    length = entry(c.TAG_VARIABLE, "n")
    node = array(base("u8", 1))
    node.children = [Node(c.TAG_SUBRANGE_TYPE, [refer(attribute, length)])]
    found, _ = of_variable(node)
    assert isinstance(found, Array)
    assert found.counts == (None,)


def test_vector() -> None:
    found, _ = of_variable(array(base("f32", 4, 4), 4).add(flag(c.AT_GNU_VECTOR)))
    assert isinstance(found, Array)
    assert (found.counts, found.vector) == ((4,), True)


def test_function() -> None:
    u8, i8 = base("u8", 1), base("i8", 1, ENCODING_SIGNED)
    model = model_of(function("it", [("a", u8), (None, i8)], u8))
    found = symbol_type(model)
    assert isinstance(found, Function)
    first, second = found.parameters
    assert (first.name, target(model, first.type)) == ("a", Base("u8", 1, 7))
    assert (second.name, target(model, second.type)) == (None, Base("i8", 1, 5))
    assert target(model, found.result) == Base("u8", 1, 7)
    assert not found.variadic


def test_function_of_nothing() -> None:
    assert symbol_type(model_of(function("it"))) == Function((), None)


def test_locals_are_no_part_of_a_signature() -> None:
    """Rust's generic arguments, locals, inlined calls; nor are parameters within those."""
    u8 = base("u8", 1)
    node = function("it", [("a", u8)])
    node.children += [
        entry(c.TAG_TEMPLATE_TYPE_PARAMETER, "T", type=u8), variable("local", u8),
        Node(c.TAG_LEXICAL_BLOCK, [], [*parameters([("b", u8)]), variable("inner", u8)]),
        Node(c.TAG_INLINED_SUBROUTINE, [], parameters([("c", u8)])), struct("Local", 1, []),
    ]  # fmt: skip
    found = symbol_type(model_of(node))
    assert isinstance(found, Function)
    assert [parameter.name for parameter in found.parameters] == ["a"]


def test_function_pointer() -> None:
    u8 = base("u8", 1)
    node = pointer(
        subroutine([(None, u8)], u8, variadic=True), 'unsafe extern "C" fn(u8, ...) -> u8'
    )
    found, model = of_variable(node)
    assert isinstance(found, Modifier)
    pointee = target(model, found.target)
    assert isinstance(pointee, Function)
    assert (len(pointee.parameters), pointee.variadic) == (1, True)


def test_variable_of_no_type() -> None:
    model = model_of(variable("it", None))
    assert [(each.name, each.kind, each.type) for each in model.symbols] == [
        ("it", "variable", None)
    ]


def test_struct() -> None:
    u8, i64 = base("u8", 1), base("i64", 8, ENCODING_SIGNED)
    model = model_of(
        struct("demo::Bar", 16, [
            member("x", u8, 8, alignment=1, accessibility=1),
            member("y", i64, 0, alignment=8, accessibility=3), member("z", u8, 9, alignment=1),
        ], alignment=8)
    )  # fmt: skip
    found = named(model, "demo::Bar")
    assert isinstance(found, Composite)
    ids = [model.types.index(Base("u8", 1, 7)), model.types.index(Base("i64", 8, 5))]
    assert found == Composite("struct", "demo::Bar", 16, 8, (
        Member("x", ids[0], 8, alignment=1, accessibility=1),
        Member("y", ids[1], 0, alignment=8, accessibility=3),
        Member("z", ids[0], 9, alignment=1),
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "kind"),
    [(c.TAG_STRUCTURE_TYPE, "struct"), (c.TAG_CLASS_TYPE, "class"), (c.TAG_UNION_TYPE, "union")],
)
def test_composites(tag: int, kind: str) -> None:
    found = named(model_of(struct("It", 0, [], tag=tag)), "It")
    assert found == Composite(kind, "It", 0, None, ())  # type: ignore[arg-type]


def test_members_of_a_c_union_have_no_offset() -> None:
    model = model_of(union("It", 4, [member("a", base("u32", 4)), member(None, base("i8", 1))]))
    found = named(model, "It")
    assert isinstance(found, Composite)
    assert [(part.name, part.offset) for part in found.parts if isinstance(part, Member)] == [
        ("a", None), (None, None),
    ]  # fmt: skip


def test_bit_field() -> None:
    field = member("flags", base("u32", 4)).add(
        number(c.AT_BIT_SIZE, 3), number(c.AT_DATA_BIT_OFFSET, 37)
    )
    found = named(model_of(struct("It", 8, [field])), "It")
    assert isinstance(found, Composite)
    (part,) = found.parts
    assert isinstance(part, Member)
    assert (part.offset, part.bit_size, part.bit_offset) == (None, 3, 37)


def test_methods_and_nested_types_are_no_parts() -> None:
    u8 = base("u8", 1)
    inner = [
        struct("Inner", 1, []), union("U", 1, []), enumeration("E", u8, {"A": 0}),
        struct("C", 1, [], tag=c.TAG_CLASS_TYPE), function("method"),
        entry(c.TAG_TEMPLATE_TYPE_PARAMETER, "T", type=u8),
    ]  # fmt: skip
    model = model_of(struct("demo::It<u8>", 1, [*inner, member("only", u8, 0)]))
    found = named(model, "demo::It<u8>")
    assert isinstance(found, Composite)
    assert len(found.parts) == 1
    assert isinstance(named(model, "demo::It<u8>::Inner"), Composite)


def test_declaration() -> None:
    model = model_of(
        struct("demo::Opaque", None, [], declaration=True),
        struct("demo::E", None, [], declaration=True, tag=c.TAG_ENUMERATION_TYPE),
    )
    opaque, e = named(model, "demo::Opaque"), named(model, "demo::E")
    assert isinstance(opaque, Composite)
    assert isinstance(e, Enumeration)
    assert (opaque.declaration, opaque.size, opaque.parts) == (True, None, ())
    assert (e.declaration, e.size) == (True, None)


def test_vtable_type_names_its_container() -> None:
    dog = struct("demo::Dog", 1, [])
    table = struct("<demo::Dog as demo::Animal>::{vtable_type}", 32, [])
    model = model_of(table.add(refer(c.AT_CONTAINING_TYPE, dog)))
    (found,) = (each for each in model.types if name_of(each).endswith("{vtable_type}"))
    assert isinstance(found, Composite)
    assert target(model, found.container) == Composite("struct", "demo::Dog", 1, None, ())


# enums


def test_enumeration() -> None:
    model = model_of(enumeration("demo::Color", base("u8", 1), {"Red": 0, "Blue": 255}, size=1))
    found = named(model, "demo::Color")
    assert isinstance(found, Enumeration)
    assert found._replace(underlying=None) == Enumeration("demo::Color", 1, None, (
        Enumerator("Red", Constant(0, 0)), Enumerator("Blue", Constant(255, 255)),
    ))  # fmt: skip
    assert target(model, found.underlying) == Base("u8", 1, 7)


def test_methods_of_an_enumeration_are_no_enumerators() -> None:
    node = enumeration("E", base("u8", 1), [enumerator("A", 0), function("method")])
    found = named(model_of(node), "E")
    assert isinstance(found, Enumeration)
    assert [each.name for each in found.enumerators] == ["A"]


def test_enumerator_without_value() -> None:
    node = enumeration("E", base("u8", 1), [entry(c.TAG_ENUMERATOR, "A")])
    found = named(model_of(node), "E")
    assert isinstance(found, Enumeration)
    assert found.enumerators == (Enumerator("A", None),)


def enum_of(part: Node) -> VariantPart:
    found = named(model_of(struct("demo::E", 8, [part])), "demo::E")
    assert isinstance(found, Composite)
    (only,) = found.parts
    assert isinstance(only, VariantPart)
    return only


def test_tagged_enum() -> None:
    u32 = base("u32", 4)
    node = rust_enum("demo::E", 8, (u32, 0), [
        ("No", 0, []), ("Yes", 1, [member("__0", u32, 4)]),
    ], alignment=4)  # fmt: skip
    model = model_of(node)
    found = named(model, "demo::E")
    assert isinstance(found, Composite)
    (part,) = found.parts
    assert isinstance(part, VariantPart)
    discriminant = Member(None, model.types.index(Base("u32", 4, 7)), 0)
    assert (part.members, part.discriminant) == ((discriminant,), discriminant)
    assert [(each.name, each.value) for each in part.variants] == [
        ("No", Constant(0, 0)), ("Yes", Constant(1, 1)),
    ]  # fmt: skip
    yes = named(model, "demo::E::Yes")
    assert part.variants[1].members == (Member("Yes", model.types.index(yes), 0),)
    assert isinstance(yes, Composite)
    assert yes.parts == (Member("__0", discriminant.type, 4),)


def test_niche_enum() -> None:
    """The dataful variant has no value."""
    some, none = struct("Some", 8, []), struct("None", 8, [])
    part = enum_of(
        variant_part(
            member(None, base("u64", 8), 0), [variant("None", none, 0), variant("Some", some)]
        )
    )
    assert [(each.name, each.value) for each in part.variants] == [
        ("None", Constant(0, 0)), ("Some", None),
    ]  # fmt: skip


def test_enum_without_discriminant() -> None:
    """One variant inhabited, or none at all."""
    part = enum_of(variant_part(None, [variant("Only", struct("Only", 4, []))]))
    assert (part.members, part.discriminant, part.variants[0].value) == ((), None, None)
    assert enum_of(variant_part(None, [])) == VariantPart((), None, ())


def test_discriminant_after_the_variants() -> None:
    """Its type decides on the sign of values that stand before it."""
    i8 = base("i8", 1, ENCODING_SIGNED)
    tag = member(None, i8, 0)
    part = variant_part(tag, [variant("A", struct("A", 1, []), number(c.AT_DISCR_VALUE, 0xFE))])
    part.children.reverse()
    assert enum_of(part).variants[0].value == Constant(-2, 0xFE)


def test_discriminant_list() -> None:
    listed = Attribute(c.AT_DISCR_LIST, c.FORM_BLOCK1, b"\0\1\1\2\3")
    part = enum_of(
        variant_part(
            member(None, base("u8", 1), 0), [variant("Many", struct("Many", 1, []), listed)]
        )
    )
    (only,) = part.variants
    assert only == Variant(only.members, None, b"\0\1\1\2\3")


# constants: value, and what gendwarfksyms prints

U64 = 1 << 64
SIGNED = base("i16", 2, ENCODING_SIGNED)
UNSIGNED = base("u16", 2)


@pytest.mark.parametrize(
    ("type_", "form", "written", "value", "printed"),
    [
        (SIGNED, c.FORM_DATA1, 0xFB, -5, 251),
        (SIGNED, c.FORM_DATA2, 0xFFFB, -5, 65531),
        (SIGNED, c.FORM_DATA4, 0xFFFFFFFB, -5, 4294967291),
        (SIGNED, c.FORM_DATA8, U64 - 5, -5, U64 - 5),
        (SIGNED, c.FORM_DATA2, 0x00FE, 254, 254),
        (SIGNED, c.FORM_DATA1, 5, 5, 5),
        (SIGNED, c.FORM_SDATA, -5, -5, U64 - 5),
        (SIGNED, c.FORM_SDATA, 251, 251, 251),
        (SIGNED, c.FORM_UDATA, 251, 251, 251),
        (SIGNED, c.FORM_IMPLICIT_CONST, -5, -5, U64 - 5),
        (UNSIGNED, c.FORM_DATA1, 0xFB, 251, 251),
        (UNSIGNED, c.FORM_DATA2, 0xFFFB, 65531, 65531),
        (UNSIGNED, c.FORM_DATA8, U64 - 5, U64 - 5, U64 - 5),
        (UNSIGNED, c.FORM_UDATA, U64 - 5, U64 - 5, U64 - 5),
        (base("char", 4, ENCODING_UTF), c.FORM_DATA4, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
    ],
)
def test_discriminant_values(
    type_: Node, form: int, written: int, value: int, printed: int
) -> None:
    """LLVM writes -5 as data1 0xfb, and 251 of a signed type as data2: the form's width decides."""
    row = variant("A", struct("A", 2, []), number(c.AT_DISCR_VALUE, written, form))
    part = enum_of(variant_part(member(None, type_, 0), [row]))
    assert part.variants[0].value == Constant(value, printed)


@pytest.mark.parametrize(
    ("form", "written", "value", "printed"),
    [
        (c.FORM_DATA1, 200, 200, 200), (c.FORM_DATA4, 3_000_000_000, 3_000_000_000, 3_000_000_000),
        (c.FORM_SDATA, -1, -1, U64 - 1), (c.FORM_SDATA, 200, 200, 200),
        (c.FORM_IMPLICIT_CONST, -1, -1, U64 - 1),
    ],
)  # fmt: skip
def test_enumerator_values_of_a_signed_type(
    form: int, written: int, value: int, printed: int
) -> None:
    """GCC writes 200 in ``enum { A = -1, B = 200 }`` as data1: data forms are not signed there."""
    node = enumeration("E", base("int", 4, ENCODING_SIGNED), [enumerator("A", written, form)])
    found = named(model_of(node), "E")
    assert isinstance(found, Enumeration)
    assert found.enumerators == (Enumerator("A", Constant(value, printed)),)


@BOTH_ORDERS
@pytest.mark.parametrize("form", [c.FORM_BLOCK1, c.FORM_BLOCK, c.FORM_DATA16])
@pytest.mark.parametrize("value", [5, -5, 1 << 100, -(1 << 127)])
def test_128_bit_values(value: int, form: int, little_endian: bool) -> None:
    """Blocks in the byte order of the target, which gendwarfksyms does not print."""
    order = "little" if little_endian else "big"
    block = value.to_bytes(16, order, signed=True)  # type: ignore[arg-type]
    i128, u128 = base("i128", 16, ENCODING_SIGNED), base("u128", 16)
    rows = {
        each: variant("A", struct("A", 16, []), Attribute(c.AT_DISCR_VALUE, form, block))
        for each in (i128, u128)
    }
    for type_, row in rows.items():
        part = variant_part(member(None, type_, 0), [row])
        model = model_of(struct("E", 16, [part]), little_endian=little_endian)
        found = named(model, "E")
        assert isinstance(found, Composite)
        (only,) = found.parts
        assert isinstance(only, VariantPart)
        expected = value if type_ is i128 else value % (1 << 128)
        assert only.variants[0].value == Constant(expected, None)


@BOTH_ORDERS
def test_128_bit_enumerators(little_endian: bool) -> None:
    order = "little" if little_endian else "big"
    block = (-3).to_bytes(16, order, signed=True)  # type: ignore[arg-type]
    row = entry(c.TAG_ENUMERATOR, "A").add(Attribute(c.AT_CONST_VALUE, c.FORM_BLOCK1, block))
    node = enumeration("E", base("i128", 16, ENCODING_SIGNED), [row])
    found = named(model_of(node, little_endian=little_endian), "E")
    assert isinstance(found, Enumeration)
    assert found.enumerators == (Enumerator("A", Constant(-3, None)),)


def test_sign_is_found_through_typedefs_and_qualifiers() -> None:
    int_ = base("int", 4, ENCODING_SIGNED)
    hidden = modifier(c.TAG_TYPEDEF, modifier(c.TAG_CONST_TYPE, int_), "my_int")
    row = variant("A", struct("A", 4, []), number(c.AT_DISCR_VALUE, 0xFE))
    part = enum_of(variant_part(member(None, hidden, 0), [row]))
    assert part.variants[0].value == Constant(-2, 0xFE)


def test_sign_of_an_endless_typedef() -> None:
    """Damaged: a typedef of itself."""
    loop = modifier(c.TAG_TYPEDEF, None, "loop")
    loop.add(refer(c.AT_TYPE, loop))
    part = enum_of(variant_part(member(None, loop, 0), [variant("A", struct("A", 4, []), 0xFE)]))
    assert part.variants[0].value == Constant(0xFE, 0xFE)


# names


def test_qualified_names() -> None:
    u8 = base("u8", 1)
    model = model_of(
        struct("a::b::Outer<c::D>", 1, [struct("Inner", 1, [])]), pointer(u8, "&a::b::T"),
        enumeration("a::E", u8, {"A": 0}), union("a::U", 1, [struct("InUnion", 1, [])]),
        modifier(c.TAG_TYPEDEF, u8, "a::Alias"),
    )  # fmt: skip
    assert {name_of(each) for each in model.types} == {
        "a::b::Outer<c::D>", "a::b::Outer<c::D>::Inner", "&a::b::T", "u8", "a::E", "a::U",
        "InUnion", "a::Alias",
    }  # fmt: skip


def test_only_namespaces_structs_and_classes_qualify() -> None:
    """Below functions, unions and enums a name starts afresh, as gendwarfksyms has it."""
    local = struct("Local", 1, [struct("Deeper", 1, [])])
    block = Node(c.TAG_LEXICAL_BLOCK, [], [local])
    run = function("demo::run")
    run.children = [block]
    model = model_of(run, union("demo::U", 1, [struct("S", 1, [])]))
    names = {name_of(each) for each in model.types if isinstance(each, Composite)}
    assert names == {"Local", "Local::Deeper", "demo::U", "S"}


def test_anonymous_scopes() -> None:
    """An anonymous namespace at the top adds nothing; further down it is spelt out."""
    top = Node(c.TAG_NAMESPACE, [], [struct("Top", 1, [])])
    below = entry(c.TAG_NAMESPACE, "a", children=[
        Node(c.TAG_NAMESPACE, [], [
            struct("Below", 1, [struct(None, 1, [struct("Deep", 1, [])])]),
        ]),
    ])  # fmt: skip
    model = model_of(top, below)
    names = {name_of(each) for each in model.types if name_of(each)}
    assert names == {
        "Top", "a::<anonymous>::Below", "a::<anonymous>::Below::<anonymous>::Deep",
    }  # fmt: skip


def test_anonymous_types_have_no_name() -> None:
    """Also within a namespace."""
    anonymous = struct(None, 4, [])
    model = model_of(entry(c.TAG_NAMESPACE, "a", children=[anonymous]))
    assert model.types == (Composite("struct", "", 4, None, ()),)


def test_linkage_names_are_no_part_of_a_name() -> None:
    node = struct("demo::S", 1, []).add(text(c.AT_LINKAGE_NAME, "_ZTS1S"))
    assert isinstance(named(model_of(node), "demo::S"), Composite)


# privacy


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize(
    ("file", "private"),
    [("a.c", True), ("a.h", False), ("a.cc", False), (".c", True), ("c", False)],
)
def test_private_to_a_c_file(file: str, private: bool, version: int) -> None:
    types = [
        struct("S", 1, [], decl_file=2), union("U", 1, []),
        struct("E", 1, [], tag=c.TAG_ENUMERATION_TYPE, decl_file=2),
    ]  # fmt: skip
    written = unit(*types, version=version, language=LANG_C11, files=["other.h", file])
    model = loaded(written).model
    found = [named(model, name) for name in "SUE"]
    assert [getattr(each, "private", None) for each in found] == [private, False, private]


def test_file_number_0_is_none() -> None:
    """libdw takes it so, also in DWARF 5, where it is the unit's own file."""
    written = unit(struct("S", 1, [], decl_file=0), name="main.c", files=["main.c"])
    found = named(loaded(written).model, "S")
    assert isinstance(found, Composite)
    assert not found.private


def test_file_number_beyond_the_table() -> None:
    found = named(loaded(unit(struct("S", 1, [], decl_file=9), files=["a.c"])).model, "S")
    assert isinstance(found, Composite)
    assert not found.private


def test_file_numbers_are_those_of_the_unit() -> None:
    model = loaded(
        unit(struct("A", 1, [], decl_file=1), files=["a.c"]),
        unit(struct("B", 1, [], decl_file=1), files=["b.h"]),
    ).model
    assert [getattr(named(model, name), "private", None) for name in "AB"] == [True, False]


# more than one unit


def test_type_unit_by_signature() -> None:
    signature = 0xFEDCBA9876543210
    point = struct("demo::Point", 8, [member("x", base("u32", 4), 0)])
    by_signature = Attribute(c.AT_TYPE, c.FORM_REF_SIG8, signature)
    user = variable("it", None).add(by_signature)
    for units in (
        [unit(user), type_unit(signature, point)],
        [type_unit(signature, point), unit(user)],
    ):
        model = loaded(*units).model
        found = symbol_type(model)
        assert isinstance(found, Composite)
        assert (found.name, found.size, len(found.parts)) == ("demo::Point", 8, 1)
        assert not unsupported(model)


def test_reference_to_another_unit() -> None:
    """Fat LTO."""
    point = struct("demo::Point", 8, [])
    model = loaded(unit(variable("it", point)), unit(point)).model
    assert symbol_type(model) == Composite("struct", "demo::Point", 8, None, ())
    assert len(model.types) == 1


def test_units() -> None:
    model = loaded(unit(name="src/lib.rs/@/demo.f00d-cgu.0"), unit(language=LANG_C11)).model
    assert [(each.name, each.language) for each in model.units] == [
        ("src/lib.rs", c.LANG_RUST), ("demo.rs", LANG_C11),
    ]  # fmt: skip
    assert model.facts.compilers == ("rustc version 1.95.0",)


@BOTH_ORDERS
@pytest.mark.parametrize("address_size", [4, 8])
def test_same_model_in_every_encoding(little_endian: bool, address_size: int) -> None:
    u32 = base("u32", 4)
    e = rust_enum("demo::E", 8, (u32, 0), [("A", 1, []), ("B", 2, [])])
    written = [
        Unit(
            [function("it", [("e", e)])],
            version=version, offset_size=offset_size, text_form=text_form,
        )
        for version in (2, 3, 4, 5)
        for offset_size in (4, 8)
        for text_form in (c.FORM_STRING, c.FORM_STRP, c.FORM_LINE_STRP, c.FORM_STRX, c.FORM_STRX3)
    ]  # fmt: skip
    models = [
        loaded(each, little_endian=little_endian, address_size=address_size).model
        for each in written
    ]
    assert {each.types for each in models} == {models[0].types}
    assert (models[0].facts.address_size, models[0].facts.little_endian) == (
        address_size, little_endian,
    )  # fmt: skip


# what is not known


def test_unknown_type_tag() -> None:
    """DW_TAG_ptr_to_member_type: C++."""
    node = entry(0x1F, "T::*", numbers={c.AT_BYTE_SIZE: 8})
    model = model_of(variable("it", node), struct("S", 8, [member("m", node, 0)]))
    assert unsupported(model) == [Unsupported("tag", 0x1F, "T::*", 8)]
    assert symbol_type(model) == Unsupported("tag", 0x1F, "T::*", 8)


@pytest.mark.parametrize("tag", [0x1C, 0x1E, c.TAG_VARIABLE, c.TAG_TEMPLATE_VALUE_PARAMETER])
def test_unknown_child_of_a_struct(tag: int) -> None:
    """Inheritance, friends, static members of C++: gendwarfksyms stops there."""
    model = model_of(struct("S", 8, [member("a", base("u8", 1), 0), entry(tag, "odd")]))
    found = named(model, "S")
    assert isinstance(found, Composite)
    assert found.parts[1] == Unsupported("tag", tag, "odd")
    assert unsupported(model) == [found.parts[1]]


@pytest.mark.parametrize("inside_variant", [True, False])
def test_unknown_child_of_a_variant_part(inside_variant: bool) -> None:
    odd, row = entry(0x1C, "odd"), variant("A", struct("A", 1, []), 0)
    part = variant_part(member(None, base("u8", 1), 0), [row])
    (row if inside_variant else part).children.append(odd)
    model = model_of(struct("E", 1, [part]))
    assert unsupported(model) == [Unsupported("tag", 0x1C)]


@pytest.mark.parametrize(
    "attribute",
    [
        Attribute(c.AT_TYPE, c.FORM_GNU_REF_ALT, 0x20), Attribute(c.AT_TYPE, c.FORM_REF_SUP4, 0x20),
        Attribute(c.AT_TYPE, c.FORM_REF_SUP8, 0x20), Attribute(c.AT_TYPE, c.FORM_REF_SIG8, 77),
        Attribute(c.AT_TYPE, c.FORM_DATA4, 0x20), Attribute(c.AT_TYPE, c.FORM_STRING, "u8"),
        Attribute(c.AT_TYPE, c.FORM_BLOCK1, b"\x20"), flag(c.AT_TYPE),
    ],
)  # fmt: skip
def test_unknown_form_of_a_type(attribute: Attribute) -> None:
    """dwz's references into another file, signatures of absent type units, and plain nonsense."""
    model = model_of(
        variable("it", None).add(attribute), struct("S", 1, [Node(c.TAG_MEMBER, [attribute])])
    )
    assert unsupported(model) == [Unsupported("form", attribute.form)]
    assert symbol_type(model) == Unsupported("form", attribute.form)


@pytest.mark.parametrize(
    "expression", [b"\x23", b"\x06\x23\x08", b"\x23\x08\x22", b"", b"\x23\x80"]
)
def test_unknown_location_of_a_member(expression: bytes) -> None:
    """An expression other than DW_OP_plus_uconst (virtual bases of C++)."""
    odd = member("odd", base("u8", 1))
    odd.add(Attribute(c.AT_DATA_MEMBER_LOCATION, c.FORM_EXPRLOC, expression))
    model = model_of(struct("S", 8, [odd]))
    assert unsupported(model) == [Unsupported("form", c.FORM_EXPRLOC, "odd")]


def test_location_of_a_member_in_dwarf_2() -> None:
    odd = member("m", base("u8", 1))
    odd.add(Attribute(c.AT_DATA_MEMBER_LOCATION, c.FORM_BLOCK1, b"\x23\x88\x01"))
    found = named(model_of(struct("S", 200, [odd])), "S")
    assert isinstance(found, Composite)
    (part,) = found.parts
    assert isinstance(part, Member)
    assert (part.offset, part.derived) == (136, True)


@pytest.mark.parametrize("encoding", [0x13, 0x7F, 0x90, 0xFF])
def test_unknown_encoding(encoding: int) -> None:
    model = model_of(variable("it", base("odd", 2, encoding)))
    assert unsupported(model) == [Unsupported("encoding", encoding, "odd", 2)]


def test_unknown_form_of_a_value() -> None:
    odd = entry(c.TAG_ENUMERATOR, "A").add(Attribute(c.AT_CONST_VALUE, c.FORM_STRING, "one"))
    model = model_of(enumeration("E", base("u8", 1), [odd], size=1))
    assert unsupported(model) == [Unsupported("form", c.FORM_STRING, "E", 1)]
    row = variant("A", struct("A", 1, []), Attribute(c.AT_DISCR_VALUE, c.FORM_EXPRLOC, b"\x30"))
    model = model_of(struct("E", 1, [variant_part(member(None, base("u8", 1), 0), [row])]))
    assert unsupported(model) == [Unsupported("form", c.FORM_EXPRLOC)]


def test_unknown_form_of_the_discriminant() -> None:
    part = variant_part(None, [variant("A", struct("A", 1, []), 0)])
    part.add(Attribute(c.AT_DISCR, c.FORM_DATA1, 3))
    model = model_of(struct("E", 1, [part]))
    assert unsupported(model) == [Unsupported("form", c.FORM_DATA1)]


@pytest.mark.parametrize("attribute", [c.AT_SPECIFICATION, c.AT_ABSTRACT_ORIGIN])
@pytest.mark.parametrize(
    ("form", "value"), [(c.FORM_GNU_REF_ALT, 0x20), (c.FORM_STRING, "x"), (c.FORM_DATA1, 1)]
)
def test_function_that_refers_elsewhere(attribute: int, form: int, value: int | str) -> None:
    """An offset in another file must not be taken for one in this."""
    model = model_of(function("it").add(Attribute(attribute, form, value)))
    assert [(each.name, each.kind) for each in model.symbols] == [("it", "function")]


# binaries


def test_symbols_without_entry() -> None:
    data = build(unit(function("described")), symbols=None)
    model = load(Elf(data, "x.o"), symbols=["described", "absent"]).model
    assert [(each.name, each.kind, each.type) for each in model.symbols] == [
        ("described", "function", 0), ("absent", None, None),
    ]  # fmt: skip


def test_types_that_no_symbol_reaches() -> None:
    data = build(unit(function("f"), struct("demo::Unused", 4, [])))
    every = load(Elf(data, "x.o")).model
    reached = load(Elf(data, "x.o"), all_types=False).model
    assert [name_of(each) for each in every.types] == ["", "demo::Unused"]
    assert reached.types == (Function((), None),)


def test_origins_follow_the_document() -> None:
    u8 = base("u8", 1)
    model = model_of(struct("A", 1, []), u8, struct("B", 1, [member("m", u8, 0)]))
    order = sorted(range(len(model.types)), key=lambda type_id: model.origins[type_id])
    assert [name_of(model.types[type_id]) for type_id in order] == ["A", "u8", "B"]


def test_recursive_type() -> None:
    node = struct("Node", 8, [])
    node.children.append(member("next", pointer(node, "&Node"), 0))
    model = model_of(variable("it", node))
    found = symbol_type(model)
    assert isinstance(found, Composite)
    (part,) = found.parts
    assert isinstance(part, Member)
    pointer_ = target(model, part.type)
    assert isinstance(pointer_, Modifier)
    assert target(model, pointer_.target) is found


def test_deep_types() -> None:
    """A chain far beyond Python's recursion limit."""
    node = base("u8", 1)
    for depth in range(5000):
        node = pointer(node, f"&{depth}")
    # the writer nests nothing here: each pointer stands beside the others
    assert len(model_of(variable("it", node)).types) == 5001


def test_parameter_without_type() -> None:
    found = symbol_type(model_of(function("it", [("a", None)])))
    assert found == Function((Parameter("a", None),), None)


def test_no_debug_info() -> None:
    data = ElfWriter({".text": b""}).data()
    with pytest.raises(NoDebugInfoError) as caught:
        load(Elf(data, "x.o"))
    assert caught.value.path == "x.o"
    assert "debug = 2" in str(caught.value)


def test_type_reference_into_nothing() -> None:
    node = variable("it", None).add(Attribute(c.AT_TYPE, c.FORM_REF_ADDR, 1 << 30))
    with pytest.raises(DwarfError, match="outside of every unit"):
        model_of(node)
