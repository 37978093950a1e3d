"""Layouts of module and kernel: bindings against C, generics against their relatives, namesakes.

The expectations are the arithmetic of the C ABI on x86-64 and what bindgen writes, by hand.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rustabi.check.agreement import named_types
from rustabi.check.bindings import BindingResult, compare_bindings
from rustabi.check.families import alike, compare_families
from rustabi.model import (
    Argument,
    Array,
    Base,
    Composite,
    Constant,
    Enumeration,
    Enumerator,
    Facts,
    Member,
    Model,
    Modifier,
    Type,
    Variant,
    VariantPart,
)

FACTS = Facts("x86_64", 8, True)
U8, U32, U64 = Base("u8", 1, 7), Base("u32", 4, 7), Base("u64", 8, 7)
INT, LONG = Base("unsigned int", 4, 7), Base("long unsigned int", 8, 7)
P = "bindings::bindings_raw::"


def model(*types: Type) -> Model:
    return Model(types, (), (), (), FACTS)


def struct(name: str, size: int, *parts: Member, alignment: int | None = None) -> Composite:
    return Composite("struct", name, size, alignment, parts)


def union(name: str, size: int, *parts: Member) -> Composite:
    return Composite("union", name, size, None, parts)


def bindings(rust: Sequence[Type], c: Sequence[Type]) -> BindingResult:
    module = model(*rust)
    found = named_types(module)
    return compare_bindings(
        module, model(*c), [each for key in sorted(found) for each in found[key]]
    )


def evidence(rust: Sequence[Type], c: Sequence[Type]) -> tuple[str, ...]:
    (difference,) = bindings(rust, c).differences
    return difference.evidence


# struct file { unsigned int a; unsigned long pos; };
C_FILE: list[Type] = [INT, LONG, struct("file", 16, Member("a", 0, 0), Member("pos", 1, 8))]
RUST_FILE: list[Type] = [U32, U64, struct(f"{P}file", 16, Member("a", 0, 0), Member("pos", 1, 8))]


def test_a_binding_that_mirrors_its_type() -> None:
    assert bindings(RUST_FILE, C_FILE) == (1, (), ())


@pytest.mark.parametrize(
    ("rust", "told"),
    [
        (struct(f"{P}file", 16, Member("a", 0, 0), Member("pos", 1, 4)), "pos: at 4 in the module"),
        (struct(f"{P}file", 16, Member("a", 0, 0), Member("pos", 0, 8)), "pos: 4 bytes in the mod"),
        (struct(f"{P}file", 16, Member("a", 0, 0)), "pos: at 8 in C, not in the module"),
        (
            struct(f"{P}file", 16, Member("a", 0, 0), Member("pos", 1, 8), Member("x", 0, 4)),
            "x: in the module only",
        ),
        (
            struct(f"{P}file", 24, Member("a", 0, 0), Member("pos", 1, 8)),
            "size: 24 bytes in the module, 16 in C",
        ),
    ],
)
def test_a_binding_that_does_not(rust: Type, told: str) -> None:
    (line,) = evidence([U32, U64, rust], C_FILE)
    assert line.startswith(told)


def test_one_of_several_c_types_is_enough() -> None:
    """Two units define ``file``, and one of them the way the binding has it."""
    other = struct("file", 4, Member("z", 0, 0))
    assert not bindings(RUST_FILE, [*C_FILE, other]).differences
    assert not bindings(RUST_FILE, [*C_FILE[:2], other, C_FILE[2]]).differences


def test_a_c_type_of_a_source_file_is_not_what_a_binding_mirrors() -> None:
    """bindgen reads headers alone, and another file may have a type of that name for itself."""
    own = struct("file", 4, Member("z", 0, 0))._replace(private=True)
    (why,) = bindings(RUST_FILE, [INT, own]).partnerless
    assert why == ("absent", (f"{P}file",))


def test_typedefs_keywords_and_c_names() -> None:
    """``typedef struct { int counter; } atomic_t``; a member ``type`` becomes ``type_``."""
    anonymous = struct("", 4, Member("counter", 0, 0), Member("type", 0, 0))
    c: list[Type] = [INT, anonymous, Modifier("typedef", "atomic_t", 1)]
    members = Member("counter", 0, 0), Member("type_", 0, 0)
    rust: list[Type] = [U32, struct(f"{P}atomic_t", 4, *members)]
    assert bindings(rust, c) == (1, (), ())


def test_anonymous_members_are_compared_within_their_type() -> None:
    c: list[Type] = [
        INT, LONG,
        union("", 8, Member("whole", 1, 0), Member(None, 3, 0)),
        struct("", 8, Member("low", 0, 0), Member("high", 0, 4)),
        struct("lock", 16, Member("id", 1, 0), Member(None, 2, 8)),
    ]  # fmt: skip
    inner = struct(
        f"{P}lock__bindgen_ty_1__bindgen_ty_1", 8, Member("low", 0, 0), Member("high", 0, 4)
    )
    middle = union(
        f"{P}lock__bindgen_ty_1", 8, Member("whole", 1, 0), Member("__bindgen_anon_1", 2, 0)
    )
    outer = struct(f"{P}lock", 16, Member("id", 1, 0), Member("__bindgen_anon_1", 3, 8))
    result = bindings([U32, U64, inner, middle, outer], c)
    assert (result.compared, result.differences) == (1, ())
    assert [(why, len(names)) for why, names in result.partnerless] == [("anonymous", 2)]
    wrong = struct(inner.name, 8, Member("low", 0, 4), Member("high", 0, 0))
    assert evidence([U32, U64, wrong, middle, outer], c) == (
        "__bindgen_anon_1.__bindgen_anon_1.low: at 4 in the module, at 0 in C",
        "__bindgen_anon_1.__bindgen_anon_1.high: at 0 in the module, at 4 in C",
    )


def test_bit_fields_lie_in_bindgen_s_groups() -> None:
    """``unsigned a:3, b:9; int c;``: 12 bits, for which bindgen writes two bytes and padding."""
    c: list[Type] = [
        INT,
        struct(
            "flags", 8, Member("a", 0, None, 3, 0), Member("b", 0, None, 9, 3), Member("c", 0, 4)
        ),
    ]
    unit = struct(f"{P}__BindgenBitfieldUnit<[u8; 2]>", 2)
    empty = Array(1, (0,))

    def rust(group: int) -> list[Type]:
        members = (
            Member("_bitfield_align_1", 3, 0), Member("_bitfield_1", 2, group),
            Member("__bindgen_padding_0", 0, 2), Member("c", 0, 4),
        )  # fmt: skip
        return [U32, U8, unit, empty, struct(f"{P}flags", 8, *members)]

    result = bindings(rust(0), c)
    assert (result.compared, result.differences) == (1, ())
    assert [why for why, _ in result.partnerless] == ["helper"]
    assert evidence(rust(2), c) == (
        "a: bits 0 to 2 in C, in no bit field of the module",
        "b: bits 3 to 11 in C, in no bit field of the module",
    )


def test_unions_of_values_that_cannot_be_copied() -> None:
    """They are structs of fields without size, and bytes."""
    c: list[Type] = [INT, LONG, union("either", 8, Member("a", 0, 0), Member("b", 1, 0))]
    field = struct(f"{P}__BindgenUnionField<u64>", 0)
    rust: list[Type] = [
        U64, field, Array(0, (1,)),
        struct(f"{P}either", 8, Member("a", 1, 0), Member("b", 1, 0),
               Member("bindgen_union_field", 2, 0)),
    ]  # fmt: skip
    result = bindings(rust, c)
    assert (result.compared, result.differences) == (1, ())


def test_enums() -> None:
    def choice(name: str, high: int) -> Enumeration:
        rows = (Enumerator("LOW", Constant(0, 0)), Enumerator("HIGH", Constant(high, high)))
        return Enumeration(name, 4, 4, rows)

    assert bindings([choice(f"{P}level", 5)], [choice("level", 5)]) == (1, (), ())
    assert evidence([choice(f"{P}level", 5)], [choice("level", 6)]) == (
        "HIGH: 5 in the module, 6 in C",
    )


def test_why_a_binding_has_no_partner() -> None:
    declared = Composite("struct", "hidden", None, None, (), declaration=True)
    rust: list[Type] = [
        U8, Array(0, (0,)),
        struct(f"{P}opaque", 0, Member("_unused", 1, 0)), struct(f"{P}gone", 1, Member("x", 0, 0)),
        struct(f"{P}hidden", 1, Member("x", 0, 0)),
    ]  # fmt: skip
    result = bindings(rust, [INT, declared, struct("opaque", 4, Member("x", 0, 0))])
    assert result.compared == 0
    assert result.partnerless == (
        ("opaque", (f"{P}opaque",)), ("absent", (f"{P}gone",)), ("declared", (f"{P}hidden",)),
    )  # fmt: skip


# generics


@pytest.mark.parametrize(
    ("mine", "theirs", "same"),
    [
        ("usize", "usize", True), ("i32", "u8", True), ("NonNull<i32>", "NonNull<u8>", True),
        ("[i32; 4]", "[u8; 4]", True), ("[i32; 4]", "[u8; 8]", False), ("u8", "i32", False),
        ("Option<i32>", "NonNull<u8>", False), ("Pair<i32, usize>", "Pair<u8, usize>", True),
        ("Pair<i32, usize>", "Pair<u8, u32>", False), ("i32x", "u8x", False),
    ],
)  # fmt: skip
def test_types_with_arguments_put_in_place(mine: str, theirs: str, same: bool) -> None:
    """Of ``G<i32>`` in the module and ``G<u8>`` in the kernel."""
    assert alike(mine, theirs, [("i32", "u8")]) is same


def family(mine: Type, theirs: Sequence[Type]) -> tuple[int, tuple[tuple[str, ...], ...]]:
    module, kernel = model(U32, U64, U8, mine), model(U32, U64, U8, *theirs)
    found = compare_families(module, kernel, [3], [3], range(3, 3 + len(theirs)))
    return found.compared, tuple(each.evidence for each in found.differences)


def vec(argument: int, *parts: Member) -> Composite:
    name = ("u32", "u64", "u8")[argument]
    return Composite(
        "struct", f"kernel::Vec<{name}>", 16, 8, parts, arguments=(Argument("T", argument),)
    )


def test_relatives_of_one_source() -> None:
    mine = vec(0, Member("first", 0, 0), Member("len", 1, 8))
    theirs = vec(2, Member("first", 2, 0), Member("len", 1, 8))
    assert family(mine, [theirs]) == (1, ())
    assert family(mine, [struct("kernel::Other<u8>", 1)]) == (0, ())


FIRST_LEN = Member("first", 2, 0), Member("len", 1, 8)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (
            (Member("first", 2, 0), Member("len", 1, 8), Member("cap", 1, 16)),
            "cap: in the kernel only",
        ),
        ((Member("first", 2, 0),), "len: in the module only"),
        ((Member("len", 1, 8), Member("first", 2, 0)), "declared as first, len in the module"),
        ((Member("first", 2, 0), Member("len", 0, 8)), "len: u64 in the module, u32 in the kernel"),
    ],
)
def test_relatives_of_two_sources(parts: tuple[Member, ...], told: str) -> None:
    mine = vec(0, Member("first", 0, 0), Member("len", 1, 8))
    compared, ((line,),) = family(mine, [vec(2, *parts)])
    assert compared == 1
    assert line.startswith(told)
    good = vec(1, Member("first", 1, 0), Member("len", 1, 8))
    assert family(mine, [vec(2, *parts), good]) == (1, ())


def test_variants_of_relatives() -> None:
    def choice(name: str, *variants: str) -> Composite:
        part = VariantPart((), None, tuple(Variant((Member(each, 0, 0),)) for each in variants))
        return Composite("struct", name, 8, 8, (part,), arguments=(Argument("T", 0),))

    mine = choice("kernel::Either<u32>", "Left", "Right")
    assert family(mine, [choice("kernel::Either<u8>", "Left", "Right")]) == (1, ())
    _, ((line,),) = family(mine, [choice("kernel::Either<u8>", "Right", "Left")])
    assert line == "variants: Left, Right in the module, Right, Left in the kernel"


# which types are compared


def test_types_private_to_a_c_file_are_left_out() -> None:
    """Each ``.c`` file may have a ``struct priv`` of its own."""
    private = Composite("struct", "priv", 4, None, (), private=True)
    declared = Composite("struct", "opaque", None, None, (), declaration=True)
    assert named_types(model(U8, private, declared, struct("shared", 4))) == {"shared": [3]}
