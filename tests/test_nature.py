"""What types are to compiled code: read off their names and contents."""

from __future__ import annotations

import pytest

from rustabi.model import Array, Base, Composite, Member, Modifier, Type
from rustabi.nature import fn_abi, is_empty, is_variadic, pointer_class, principal_trait, sigil


@pytest.mark.parametrize(
    ("name", "trait"),
    [
        ("dyn demo::Animal", "demo::Animal"),
        ("dyn demo::Animal + core::marker::Send", "demo::Animal"),
        ("dyn core::ops::Fn<(u8,), Output=a::B<dyn X + Y>> + Send",
         "core::ops::Fn<(u8,), Output=a::B<dyn X + Y>>"),
    ],
)  # fmt: skip
def test_principal_trait(name: str, trait: str) -> None:
    assert principal_trait(name) == trait


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("&demo::S", "nonnull"), ("&mut [u8]", "nonnull"), ("*const u8", "raw"), ("", "raw"),
        ("alloc::boxed::Box<u8, alloc::alloc::Global>", "owned"), ("fn(u32) -> u8", "fn"),
        ('unsafe extern "C" fn(*const u8, ...) -> i32', "fn"),
    ],
)  # fmt: skip
def test_pointer_class(name: str, expected: str) -> None:
    assert pointer_class(name) == expected


@pytest.mark.parametrize(
    ("name", "abi"),
    [
        ("fn(u32)", "fn"), ("unsafe fn(u32)", "fn"), ('extern "C" fn()', 'extern "C" fn'),
        ('unsafe extern "C" fn()', 'extern "C" fn'), ("&demo::fn_like", None),
        ("&demo::Lazy<u8, fn() -> u8>", None),
    ],
)  # fmt: skip
def test_unsafe_is_no_part_of_a_calling_convention(name: str, abi: str | None) -> None:
    assert fn_abi(name) == abi


def test_sigil_and_variadic() -> None:
    assert [sigil(name) for name in ("&mut u8", "&u8", "*mut u8", "fn(u8)", "a::Box<u8>")] == [
        "&mut ", "&", "*mut ", "fn", "a::Box",
    ]  # fmt: skip
    assert is_variadic('unsafe extern "C" fn(*const i8, ...) -> i32')
    assert not is_variadic("fn(u8)")


UNIT, BYTE = Base("()", 0, 7), Base("u8", 1, 7)
EMPTY: list[tuple[Type, bool]] = [
    (UNIT, True),
    (BYTE, False),
    (Composite("struct", "core::marker::PhantomData<u8>", 0, 1, ()), True),
    (Composite("struct", "demo::Marker", 0, 1, (Member("of", 0, 0),)), True),
    (Composite("struct", "demo::Tail", 0, 1, (Member("rest", 1, 0),)), False),
    (Composite("struct", "dyn demo::Animal", 0, 1, ()), False),
    (Composite("struct", "demo::{extern#0}::Opaque", 0, 1, ()), False),
    (Composite("struct", "demo::Declared", None, None, (), declaration=True), False),
    (Array(1, (0,)), False),
    (Array(1, (None,)), False),
    (Modifier("typedef", "nothing", 0), True),
    (Modifier("pointer", "&()", 0), False),
]


@pytest.mark.parametrize(("node", "expected"), EMPTY)
def test_what_takes_no_bytes(node: Type, expected: bool) -> None:
    assert is_empty((UNIT, BYTE, node), 2) is expected


def test_a_type_that_holds_itself_is_not_empty() -> None:
    assert not is_empty((Composite("struct", "demo::Loop", 0, 1, (Member("x", 0, 0),)),), 0)


def test_members_that_nest_deeply_are_each_looked_at_once() -> None:
    pairs = [
        Composite("struct", f"demo::Z{n}", 0, 1, (Member("a", n, 0), Member("b", n, 0)))
        for n in range(50)
    ]  # 2 ** 50 ways down
    assert is_empty((UNIT, *pairs), len(pairs))
