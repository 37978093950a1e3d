"""Names. Expected spellings are written by hand, from RFC 2603 and the rustc book, unless said."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Literal

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from hypothesis import example, given
from hypothesis import strategies as st

from rustabi import names
from rustabi.names import (
    crate_of,
    demangle,
    generic_of,
    is_unstable_name,
    pairing_key,
    shorten,
    type_key,
)
from rustabi.names.v0 import MAX_WORK, is_cheap

HASH = "17h0123456789abcdefE"
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
ESCAPES = {"@": "SP", "*": "BP", "&": "RF", "<": "LT", ">": "GT", "(": "LP", ")": "RP", ",": "C"}
BASE = Path(os.environ.get("RUSTABI_CORPUS", Path.home() / ".cache/rustabi-corpus/base"))


def legacy(*parts: str) -> str:
    """The legacy mangling of a path, by the rules of rustc_symbol_mangling's legacy.rs."""
    mangled = []
    for part in parts:
        text = part.replace("->", ".>").replace("::", "..")
        text = "".join(
            c if re.match(r"[\w.]", c, re.ASCII) else f"${ESCAPES.get(c, f'u{ord(c):x}')}$"
            for c in text
        )
        text = f"_{text}" if text.startswith("$") else text
        mangled.append(f"{len(text)}{text}")
    return f"_ZN{''.join(mangled)}{HASH}"


V0 = {
    "_RNvC6_123foo3bar": "123foo::bar",
    "_RNvNtCs1234_7mycrate3foo3bar": "mycrate::foo::bar",
    "_RNvCs15kBYyAo9fc_7mycrateu8gdel_5qa": "mycrate::gödel",
    "_RNvMs_Cs4Cv8Wi1oAIB_7mycrateNtB4_7Example3foo": "<mycrate::Example>::foo",
    "_RNvXCs15kBYyAo9fc_7mycrateNtB2_7ExampleNtB2_5Trait3foo": (
        "<mycrate::Example as mycrate::Trait>::foo"
    ),
    "_RNvYNtCs4fqI2P2rA04_7mycrate7ExampleNtB4_5Trait7exampleB4_": (
        "<mycrate::Example as mycrate::Trait>::example"
    ),
    "_RNCNvCsgStHSCytQ6I_7mycrate4main0B3_": "mycrate::main::{closure#0}",
    "_RNCNvCsgStHSCytQ6I_7mycrate4mains_0B3_": "mycrate::main::{closure#1}",
    "_RNSNvC7mycrate4main6vtable": "mycrate::main::{shim:vtable#0}",
    "_RINvNtC3std3mem8align_ofjdE": "std::mem::align_of::<usize, f64>",
    "_RMC0INtC8arrayvec8ArrayVechKj7b_E": "<arrayvec::ArrayVec<u8, 123>>",
    "_RINvC1a1fKb1_Kan7f_Kc76_Kc27_E": r"a::f::<true, -127, 'v', '\''>",
    "_RINvC1a1fRhQhPhOhShAhj4_ThEThtEuzE": (
        "a::f::<&u8, &mut u8, *const u8, *mut u8, [u8], [u8; 4], (u8,), (u8, u16), (), !>"
    ),
    "_RINvC1a1fFG_RL0_hEhFUKCPhvEuFK6systemEmE": (
        "a::f::<for<'a> fn(&'a u8) -> u8, "
        'unsafe extern "C" fn(*const u8, ...), extern "system" fn() -> u32>'
    ),
    "_RINvC1a1fDG_INtC1b2FnTRL0_hEEp6OutputhEL_DNtC1b1TNtC1b4SendEL_E": (
        "a::f::<dyn for<'a> b::Fn<(&'a u8,), Output = u8>, dyn b::T + b::Send>"
    ),
    "_RINvC1a1fKRe6869_E": 'a::f::<"hi">',
    "_RINvC1a1fKVNtC1a1SS1xh3_1yb0_EE": "a::f::<{a::S { x: 3, y: false }}>",
}
LEGACY = [
    ("peerlab", "Type", "method"),
    ("<peerlab::Type as core::fmt::Debug>", "fmt"),
    ("foo", "{{closure}}"),
    ("foo", "größe"),
    ("core", "ptr", "drop_in_place<&a::b::C>"),
    ("core", "fmt", "num", "<impl core::fmt::Debug for u32>", "fmt"),
    ("<Test + 'static as foo::Bar<Test>>", "bar"),
    ("a", "f{{reify.shim}}"),
    ("a::b", "c"),
]
NOT_RUST = [
    "",
    "printk",
    "main.llvm.123",
    "foo::bar",
    "_R",
    "_Rust",
    "_Registration_x",
    "_RESERVED",
    "_RNvC1a1b1b",
    "_RNvC1a1f trailing",
    "_RNvC1a1f\0.cold",
    "_RNvC1a1f\n",
    "_RNvC1aé",
    "RNvC1a1f",
    "__RNvC1a1f",
    "_ZN",
    "ZN",
    "_ZN3foo3barE",
    "_ZN3foo3barEv",
    f"ZN3foo3bar{HASH}",
    f"_ZN{HASH}",
    f"_ZN4foo{HASH}",
    f"_ZN3foo3bar{HASH}junk",
    f"_ZN3foo3bar{HASH[:-1]}",
    f"_ZN{'9' * 5000}foo{HASH}",
]


@pytest.mark.parametrize(("name", "path"), V0.items())
def test_v0(name: str, path: str) -> None:
    assert demangle(name) == path


@pytest.mark.parametrize("parts", LEGACY, ids="::".join)
def test_legacy(parts: tuple[str, ...]) -> None:
    assert demangle(legacy(*parts)) == "::".join(parts)


def test_legacy_writes_arrows_as_rustc_mangles_them() -> None:
    assert demangle(legacy("<fn(u32) -> u8 as a::T>", "m")) == "<fn(u32) .> u8 as a::T>::m"


def test_legacy_with_unknown_escapes_is_read_up_to_them() -> None:
    assert demangle(f"_ZN9a$XYZ$..b1c{HASH}").startswith("a$XYZ$")


@pytest.mark.parametrize("name", NOT_RUST)
def test_other_names_stay(name: str) -> None:
    assert demangle(name) == name


@pytest.mark.parametrize("character", ["\u202e", "\x1b", "\x85", "\ue000"])
def test_names_that_would_direct_a_terminal_stay(character: str) -> None:
    name = legacy(f"a{character}b", "c")
    assert demangle(name) in (name, f"a$u{ord(character):x}$b::c")


@pytest.mark.parametrize("name", ["_RNvC1a1f", legacy("a", "f")])
def test_suffixes(name: str) -> None:
    assert demangle(f"{name}.llvm.9876543210") == "a::f"
    assert demangle(f"{name}.cold") == "a::f.cold"
    assert demangle(f"{name}.part.0.llvm.9D1C9369") == "a::f.part.0"
    assert demangle(f"{name}.llvm.12.cfi_jt") == "a::f.cfi_jt"
    assert demangle(f"{name}.llvm.unrelated") == "a::f.llvm.unrelated"
    assert demangle(f"{name}@plt") == "a::f@plt"
    assert demangle(f"{name}$tlv") == "a::f$tlv"
    assert pairing_key(f"{name}.cold.llvm.12") == "a::f.cold"


@pytest.mark.parametrize(
    ("v0", "parts", "key"),
    [
        (
            "_RNvMCs1_7peerlabNtB2_4Type6method",
            ("peerlab", "Type", "method"),
            "peerlab::Type::method",
        ),
        (
            "_RNvXs_Cs2_7peerlabNtB4_4TypeNtB4_5Trait6method",
            ("<peerlab::Type as peerlab::Trait>", "method"),
            "<peerlab::Type as peerlab::Trait>::method",
        ),
        (
            "_RNvXNtCs3_7peerlab3subRNtB4_4TypeNtB4_5Trait1m",
            ("peerlab", "sub", "<impl peerlab::Trait for &peerlab::Type>", "m"),
            "<&_ as peerlab::Trait>::m",
        ),
        ("_RNvMNtC4core3numm3pow", ("core", "num", "<impl u32>", "pow"), "u32::pow"),
        ("_RNvMNtC4core5sliceSh3len", ("core", "slice", "<impl [T]>", "len"), "<[_]>::len"),
        (
            "_RNvMNtC4core3ptrOh7is_null",
            ("core", "ptr", "mut_ptr", "<impl *mut T>", "is_null"),
            "<*mut _>::is_null",
        ),
        ("_RINvC1a1fmE", ("a", "f"), "a::f"),
        ("_RNvMC1aINtB2_3GenmKj2_E1m", ("a", "Gen<T,_>", "m"), "a::Gen::m"),
        ("_RNCNvC1a1f0", ("a", "f", "{{closure}}"), "a::f::{closure}"),
        ("_RNCNKNvC1a1X00", ("a", "X", "{{constant}}", "{{closure}}"), None),
        ("_RNSNvC1a1f5reify", ("a", "f{{reify.shim}}"), "a::f::{shim:reify}"),
        ("_RNvC1a4Wrap", ("a", "Wrap", "{{constructor}}"), "a::Wrap"),
        ("_RNvXC1aTNtB2_1ShENtB2_1T1m", ("<(a::S,u8) as a::T>", "m"), "<(_, _) as a::T>::m"),
        ("_RNvXC1aThENtB2_1T1m", ("<(A,) as a::T>", "m"), "<(_) as a::T>::m"),
        ("_RNvXC1auNtB2_1T1m", ("<() as a::T>", "m"), "<() as a::T>::m"),
        ("_RNvXC1aAhj4_NtB2_1T1m", ("<[u8; 4] as a::T>", "m"), "<[_; _] as a::T>::m"),
        (
            "_RNvXC1aFmtEhNtB2_1T1m",
            ("<fn(u32,u16) -> u8 as a::T>", "m"),
            "<fn(u32, u16) -> u8 as a::T>::m",
        ),
        (
            "_RNvXC1aFG_RL0_hEuNtB2_1T1m",
            ("<fn(&u8) as a::T>", "m"),
            "<fn(&u8) as a::T>::m",
        ),
        (
            "_RNvXC1aDNtB2_1TNtB2_4SendEL_NtB2_1T1m",
            ("<dyn a::T+a::Send as a::T>", "m"),
            "<dyn a::T + a::Send as a::T>::m",
        ),
    ],
)
def test_both_manglings_have_one_key(v0: str, parts: tuple[str, ...], key: str | None) -> None:
    assert demangle(v0) != v0
    assert pairing_key(v0) == pairing_key(legacy(*parts))
    assert key is None or pairing_key(v0) == key


def test_what_a_legacy_name_does_not_tell() -> None:
    provided = "_RNvYNtC1a1SNtC1a1T1m"
    assert pairing_key(provided) == "<a::S as a::T>::m" != pairing_key(legacy("a", "T", "m"))


def test_instances_share_a_key_and_differ_demangled() -> None:
    instances = ["_RINvC1a1fmE", "_RINvC1a1fhE"]
    assert {pairing_key(name) for name in instances} == {"a::f"}
    assert {demangle(name) for name in instances} == {"a::f::<u32>", "a::f::<u8>"}


def test_keys_of_other_names() -> None:
    assert pairing_key("printk") == "printk"
    assert pairing_key("foo.llvm.1234") == "foo"
    assert pairing_key("foo.llvm.1234.cold") == "foo.cold"
    assert pairing_key("_ZN3foo3barEv") == "_ZN3foo3barEv"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        (
            "core::option::Option<kernel::foo::{impl#3}::bar::{closure_env#12}>",
            "core::option::Option<kernel::foo::{impl}::bar::{closure_env}>",
        ),
        ("a::{async_fn_env#0}", "a::{async_fn_env}"),
        ("a::{async_block_env#1}::Suspend0", "a::{async_block_env}::Suspend0"),
        ("a::{coroutine_env#10}<u8>", "a::{coroutine_env}<u8>"),
        ("a::{extern#0}::Opaque", "a::{extern}::Opaque"),
        ("a::ch<{CONST#d04753e636d39563}>", "a::ch<{CONST}>"),
        ("a::f::{shim:vtable#0}", "a::f::{shim:vtable}"),
    ],
)
def test_type_keys(name: str, key: str) -> None:
    assert type_key(name) == key == type_key(key)
    assert is_unstable_name(name)
    assert not is_unstable_name(key)


@pytest.mark.parametrize(
    "name", ["u32", "&[u8]", "[u8; 4]", "a::B<[u8; 12]>", "<a::B as c::D>::{vtable}", "list_head"]
)
def test_stable_names_are_their_own_type_key(name: str) -> None:
    assert type_key(name) == name
    assert not is_unstable_name(name)


def test_type_keys_have_no_hashes() -> None:
    assert type_key("core[9f05e0465351d495]::cell::Cell<a[1f]::B>") == "core::cell::Cell<a::B>"
    assert type_key("a::b::h05af221e174051e9") == "a::b"


@pytest.mark.parametrize(
    ("name", "crate"),
    [
        ("kernel::sync::Arc<core::cell::Cell<u8>>", "kernel"),
        ("&mut kernel::A", "kernel"),
        ("&'a kernel::A", "kernel"),
        ("*const kernel::A", "kernel"),
        ("[kernel::A; 4]", "kernel"),
        ("&[kernel::A]", "kernel"),
        ("(u8, kernel::A, core::B)", "kernel"),
        ("dyn kernel::A + core::marker::Send", "kernel"),
        ("&mut dyn for<'a> core::ops::Fn<(&'a kernel::A,)>", "core"),
        ("<kernel::A as core::fmt::Debug>::fmt", "kernel"),
        ("<<kernel::A as core::X>::Y as core::Z>::z", "kernel"),
        ("<alloc::vec::Vec<u8> as kernel::T>::m", "alloc"),
        ("<u32 as kernel::T>::m", "kernel"),
        ("core::fmt::num::<impl core::fmt::Debug for u32>::fmt", "core"),
        ("kernel::foo::{closure_env#0}", "kernel"),
        ("_RNvC1a1f", "a"),
        (legacy("a", "f"), "a"),
        ("u32", ""),
        ("<u32>::pow", ""),
        ("u32::pow", ""),
        ("()", ""),
        ("&str", ""),
        ("T<kernel::A>", ""),
        ("fn(kernel::A) -> core::B", ""),
        ('unsafe extern "C" fn(*mut kernel::A)', ""),
        ("list_head", ""),
        ("{extern#0}::Opaque", ""),
        ("_ZN3foo3barEv", ""),
        ("", ""),
    ],
)
def test_crates(name: str, crate: str) -> None:
    assert crate_of(name) == crate


@pytest.mark.parametrize(
    ("name", "generic"),
    [
        ("core::option::Option<u32>", "core::option::Option"),
        ("a::B<c::D<e::F<u8>>>", "a::B"),
        ("a::B<fn(u32) -> c::D<u8>, u8>", "a::B"),
        ("a::B<'>', \"<<\", '\\''>", "a::B"),
        ("a::B<&'a u8, 'b>::C", "a::B::C"),
        ("a::f::<u32>::{closure#0}<u8>", "a::f::{closure#0}"),
        ("a::{closure_env#0}<for<'a> fn(&'a u8)>", "a::{closure_env#0}"),
        ("<a::B<u8> as c::D<u16>>::m::<u32>.cold", "<a::B as c::D>::m.cold"),
        ("a::<impl b::C<u8> for d::E<u8>>::m", "a::<impl b::C for d::E>::m"),
        ("<for<'a> fn(&'a u8) as a::B<u8>>::m", "<for<'a> fn(&'a u8) as a::B>::m"),
        ("alloc::boxed::Box<dyn a::Fn<(u8,), Output=u8>, G>", "alloc::boxed::Box"),
    ],
)
def test_generics(name: str, generic: str) -> None:
    assert generic_of(name) == generic


@pytest.mark.parametrize(
    "name",
    [
        "u32",
        "a::B",
        "fn(u32) -> Foo<u8>",
        'unsafe extern "C" fn(a::B<u8>) -> Foo<u8>',
        "for<'a> fn(&'a a::B<u8>)",
        "&a::B<u8>",
        "*mut a::B<u8>",
        "[a::B<u8>; 4]",
        "(a::B<u8>, u8)",
        "dyn a::B<u8>",
        "!",
        "a::B<u8",
        "a::B>u8<",
        "a->b>",
        "",
    ],
)
def test_instances_of_nothing(name: str) -> None:
    assert generic_of(name) == name


@pytest.mark.parametrize(
    ("name", "width", "shown"),
    [
        ("core::option::Option<u32>", 25, "core::option::Option<u32>"),
        ("core::option::Option<u32>", 24, "core::…::Option<u32>"),
        ("core::option::Option<u32>", 19, "…::Option<u32>"),
        ("core::option::Option<u32>", 9, "Option"),
        ("core::option::Option<u32>", 5, "Op…on"),
        ("core::option::Option<kernel::sync::Arc<u8>>", 40, "core::option::Option<Arc<u8>>"),
        ("kernel::a::b::{impl#3}::bar::{closure_env#12}", 36, "kernel::…::bar::{closure_env#12}"),
        (
            'core::option::Option<unsafe extern "C" fn(*mut a::inode, u16) -> *mut a::inode>::None',
            60,
            'core::…::Option<unsafe extern "C" fn(…) -> *mut inode>::None',
        ),
        (
            "<core::iter::Map<core::slice::Iter<u8>, a::f::{closure#0}> as core::iter::Iterator>"
            "::fold::<(), a::g::{closure#1}>",
            64,
            "<Map<…> as Iterator>::fold::<(), g::{closure#1}>",
        ),
    ],
)
def test_short_names(name: str, width: int, shown: str) -> None:
    assert shorten(name, width) == shown


def test_no_room() -> None:
    assert [shorten("a::bcdef", width) for width in (2, 1, 0, -1)] == ["…f", "…", "", ""]


# Hostile names


def base62(value: int) -> str:
    digits = ""
    value -= 1
    while value >= 0:
        digits = DIGITS[value % 62] + digits
        value = value // 62 - (value < 62)
    return f"{digits}_"


def doubling(levels: int, kind: Literal["types", "constants"]) -> str:
    """A tuple of two of the tuple before it, and so on."""
    tag = "" if kind == "types" else "K"
    body = "INvC1a1f"
    target = len(body + tag)
    body += f"{tag}{'ThhE' if kind == 'types' else 'Th1_h1_E'}"
    for _ in range(levels):
        last, target = target, len(body + tag)
        body += f"{tag}TB{base62(last)}B{base62(last)}E"
    return f"_R{body}E"


def chain(length: int, uses: int) -> str:
    """Back-references to back-references: long to follow, nothing to print."""
    body = "INvC1a1fKp"
    target = len(body) - 1
    for _ in range(length):
        last, target = target, len(body) + 1
        body += f"KB{base62(last)}"
    return f"_R{body}KA{f'B{base62(target)}' * uses}EE"


HOSTILE = {
    "2**24 types": doubling(24, "types"),
    "2**64 types": doubling(64, "types"),
    "2**24 constants": doubling(24, "constants"),
    "a chain, often": chain(50, 1500),
    "a skipped path, often": "_RINvC1a1fDMIC1a" + "h" * 4000 + "EhEL_D" + "B8_" * 1000 + "EL_E",
    "14 million lifetimes": "_RMC0FGZZZZ_Eu",
    "2**64 lifetimes": "_RMC0FGzzzzzzzzzzz_Eu",
    "1,000 references": "_RINvC1a1f" + "R" * 1000 + "hE",
    "1,000 modules": "_R" + "Nv" * 1000 + "C1a" + "1b" * 1000,
    "itself": "_RNvB_3bar",
    "itself, further in": "_RINvC1a1fTB8_EE",
    "forward": "_RINvC1a1fTBZ_hEE",
    "a long name": "_RNvC1a9000" + "a" * 9000,
    "long digits": "_RNvC1a" + "9" * 8000,
    "a long number": "_RNvCs" + "Z" * 8000 + "_1a1f",
}


def in_time(name: str, seconds: float = 5) -> list[str]:
    """Everything that can be done with a name; fails when it takes that long."""
    results: list[str] = []

    def run() -> None:
        text = demangle(name)
        results.extend([text, pairing_key(name), type_key(text), crate_of(name)])
        results.extend([generic_of(text), shorten(text, 64), shorten(text, 20)])

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive()
    return results


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_hostile_names_stay(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert in_time(name)[0] == name
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        "<" * 5000,
        "a<" * 5000,
        "{a#" * 5000,
        "'" * 5000,
        '"\\' * 5000,
        "a::" * 5000,
        "a" * 5000,
        "::<" * 5000,
        "<a as " * 3000,
        "(" * 5000 + ")" * 5000,
        "a::b<" * 2000 + ">" * 2000,
    ],
    ids=lambda text: f"{text[:6]}...",
)
def test_hostile_texts(text: str) -> None:
    assert in_time(text)[0] == text
    assert in_time(legacy(text[:1500], "a"))


def test_truncated_names_do_not_raise() -> None:
    for name in [*V0, *(legacy(*parts) for parts in LEGACY)]:
        for end in range(len(name)):
            assert len(in_time(name[:end])) == 7


def test_work_is_counted_with_back_references_followed() -> None:
    levels = MAX_WORK.bit_length() - 6
    assert is_cheap(doubling(levels, "types")[2:])
    assert not is_cheap(doubling(levels + 4, "types")[2:])
    assert demangle(doubling(3, "constants")) != doubling(3, "constants")


@given(st.text() | st.text("_ZNRvCtIE0123$.<>:{}#&'\" asfor-", min_size=1))
@example("_ZN" + "9" * 30)
@example("a->b<c>>")
def test_any_text(text: str) -> None:
    for name in (text, f"_R{text}", f"_ZN{text}{HASH}"):
        check(name)


REAL = [*V0, *(legacy(*parts) for parts in LEGACY), doubling(5, "types"), chain(3, 3)]


@given(st.data())
def test_damaged_names(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(REAL))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(name)))
        end = data.draw(st.integers(start, min(start + 4, len(name))))
        new = data.draw(st.text("0123_$.BCEGIKNTsuhy", max_size=3) | st.just(name[start:] * 2))
        name = name[:start] + new + name[end:]
    check(name)


def check(name: str) -> None:
    """What holds for any name."""
    text = demangle(name)
    assert text == name or len(text) <= names.MAX_OUTPUT + len(name)
    assert text == name or text.isprintable()
    assert pairing_key(name) == pairing_key(name)
    assert type_key(type_key(text)) == type_key(text)
    assert len(generic_of(text)) <= len(text)
    assert crate_of(name) in text
    for width in (0, 1, 7, 64):
        assert len(shorten(text, width)) <= width


@given(st.lists(st.text("ab_<>&*(),:[]{}+;' \u00e4", min_size=1), min_size=1, max_size=4))
def test_the_two_engines_agree_on_legacy_names(parts: list[str]) -> None:
    from demangle import demangle as other

    name = legacy(*parts)
    assert demangle(name) == other(name, language="rust").replace("..", "::")


def test_engines_are_imported_when_needed() -> None:
    code = (
        "import sys; from rustabi.names import demangle; demangle('printk');"
        "sys.exit('demangle' in sys.modules or 'rust_demangler' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])


# Real names

CRATE = """
#![crate_type = "lib"]
pub struct Type(u32);
pub struct Gen<T, const N: usize>(pub [T; N]);
pub trait Trait { fn method(&self) -> u32; }
pub trait From<T> { fn from(_: T) -> Self; }
pub static STATIC: Type = Type(3);
pub static TABLE: [fn(u32) -> u32; 2] = [|x| x + 1, |x| x + 2];
pub fn plain() {}
pub fn größe() -> u32 { static COUNT: u32 = 3; COUNT }
pub fn generic<T: Copy>(t: T) -> T { t }
pub fn letter<const C: char>() -> char { C }
pub fn closures(n: u32) -> Box<dyn Fn(u32) -> u32> { let f = move |x| x + n; Box::new(f) }
pub async fn asynchronous(x: u32) -> u32 { x }
impl Type { pub fn method(&self) -> u32 { self.0 } }
impl Trait for Type { fn method(&self) -> u32 { 1 } }
impl Trait for u32 { fn method(&self) -> u32 { 2 } }
impl Trait for [u8] { fn method(&self) -> u32 { 3 } }
impl Trait for [u16; 4] { fn method(&self) -> u32 { 4 } }
impl Trait for (u8, Type) { fn method(&self) -> u32 { 5 } }
impl Trait for *const Type { fn method(&self) -> u32 { 6 } }
impl Trait for &Type { fn method(&self) -> u32 { 7 } }
impl Trait for fn(u32, &u8) -> u8 { fn method(&self) -> u32 { 8 } }
impl Trait for dyn core::fmt::Debug + Send { fn method(&self) -> u32 { 9 } }
impl From<u8> for Type { fn from(x: u8) -> Type { Type(x as u32) } }
impl From<u16> for Type { fn from(x: u16) -> Type { Type(x as u32) } }
impl<T: Copy, const N: usize> Gen<T, N> { pub fn first(&self) -> T { self.0[0] } }
impl<T: Copy, const N: usize> Trait for Gen<T, N> { fn method(&self) -> u32 { N as u32 } }
impl Gen<u64, 3> { pub fn only(&self) -> u64 { 1 } }
impl dyn Trait { pub fn on_dyn(&self) -> u32 { self.method() } }
pub mod sub {
    impl crate::Type { pub fn elsewhere(&self) -> u32 { 3 } }
    impl core::fmt::Debug for crate::Type {
        fn fmt(&self, _: &mut core::fmt::Formatter) -> core::fmt::Result { Ok(()) }
    }
    pub trait Local { fn go(&self) -> u8; }
    impl Local for Option<Box<dyn crate::Trait>> { fn go(&self) -> u8 { 3 } }
}
pub fn inner() -> u32 {
    fn f() -> u32 { struct L; impl L { fn m(&self) -> u32 { 4 } } L.m() }
    f()
}
pub fn user(a: &Gen<u32, 2>, b: &Gen<u64, 3>) -> (char, char) {
    let _ = (generic(1u32), generic(2u64), a.first(), b.first(), a.method(), b.only());
    (letter::<'<'>(), letter::<'>'>())
}
"""


def symbols_of(folder: Path, mangling: str, metadata: str) -> list[str]:
    """The symbols that rustc makes of `CRATE`, without those of std's generics and traits."""
    if shutil.which("rustc") is None:
        pytest.skip("needs rustc")
    source = folder / "peerlab.rs"
    source.write_text(CRATE, encoding="utf-8")
    target = folder / f"{mangling}-{metadata}.o"
    flags = ["--edition=2021", "--emit=obj", "-Zunstable-options", f"-Cmetadata={metadata}"]
    subprocess.run(
        ["rustc", *flags, f"-Csymbol-mangling-version={mangling}", "-o", target, source],
        check=True,
        env={**os.environ, "RUSTC_BOOTSTRAP": "1"},
    )
    with target.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection)
        symbols = [s.name for s in table.iter_symbols() if s["st_shndx"] != "SHN_UNDEF"]
    ours = {s for s in symbols if "peerlab" in pairing_key(s) and demangle(s) != s}
    return sorted(s for s in ours if "core::ops" not in pairing_key(s))


def test_builds_of_one_crate_have_equal_keys(tmp_path: Path) -> None:
    builds = [symbols_of(tmp_path, m, x) for m in ("v0", "legacy") for x in ("one", "two")]
    keys = [sorted(map(pairing_key, build)) for build in builds]
    assert len(keys[0]) > 35
    assert keys[0] == keys[1] == keys[2] == keys[3]
    for one, two in (builds[:2], builds[2:]):
        assert not set(one) & set(two)
        assert sorted(map(demangle, one)) == sorted(map(demangle, two))
    assert len(set(map(demangle, builds[0]))) == len(builds[0])


@pytest.fixture(scope="module")
def corpus() -> list[str]:
    path = BASE / "rust/kernel.syms"
    if not path.exists():
        pytest.skip(f"needs {path}")
    return [line for line in path.read_text().split() if line.startswith("_R")]


def test_kernel_symbols(corpus: list[str]) -> None:
    assert corpus
    texts = [demangle(name) for name in corpus]
    assert not set(texts) & set(corpus)
    assert len(set(texts)) == len(corpus)
    assert all(crate_of(text) for text in texts)


def test_kernel_symbols_as_binutils_reads_them(corpus: list[str]) -> None:
    tool = shutil.which("c++filt")
    if tool is None:
        pytest.skip("needs c++filt")
    output = subprocess.run(
        [tool], input="\n".join(corpus), capture_output=True, text=True, check=True
    ).stdout
    # It also prints disambiguators, and the types of constants.
    plain = re.sub(
        r"(?<=\w)\[[0-9a-f]+\](?=::)|(?<=[\w'}]): (?:[iu][\ds]\w*|bool|char)", "", output
    )
    assert [demangle(name) for name in corpus] == plain.split("\n")[: len(corpus)]
