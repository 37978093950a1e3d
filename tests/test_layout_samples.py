"""Layouts of the sample objects, and of a real kernel's helpers."""

from __future__ import annotations

import pytest

from rustabi.layout import Choice, Layout, Layouts
from rustabi.layout.fields import declaration_order
from rustabi.model import Composite, members_of, name_of
from tests.support import CORPUS, OBJECTS, loaded_from, needs_corpus

CONSTRUCTS = {
    # name: size, alignment, what declaration order costs, permutation
    "structs::Plain": (16, 8, 24, (1, 0, 2)),
    "structs::LikeC": (24, 8, 24, (0, 1, 2)),
    "structs::Tuple": (8, 4, 12, (1, 2, 0)),
    "structs::Unit": (0, 1, 0, ()),
    "structs::Packed": (7, 1, 7, (0, 1, 2)),
    "structs::PackedTwo": (6, 2, 6, (0, 1)),
    "structs::CacheLine": (64, 64, 64, (1, 0)),
    "structs::Transparent": (4, 4, 4, (0, 1)),
    "structs::Holes": (24, 8, 24, (0, 1, 2, 3, 4)),
    "unions::LikeC": (4, 4, 4, (0, 1, 2)),
    "unions::Rust": (16, 8, 16, (0, 1, 2)),
    "generics::Generic<u16, 3>": (8, 2, 8, (0, 1)),
    "recursive::Node": (16, 8, 16, (1, 0)),
    "unsized_tails::SliceTail": (8, 4, 8, (0, 1, 2)),
    "unsized_tails::DynTail": (2, 2, 2, (0, 1)),
    "unsized_tails::StrTail": (8, 8, 8, (0, 1)),
    "outer::middle::inner::Deep": (8, 4, 8, (2, 1, 0)),
    "enums::Tagged": (16, 8, 24, ()),
    "enums::TaggedC": (16, 8, 16, ()),
    "enums::Niche": (1, 1, 2, ()),
    "enums::WideData": (32, 16, 32, ()),
    "enums::SignedByte": (1, 1, 1, ()),
}


def choice_of(layout: Layout) -> Choice:
    assert layout.choice is not None
    return layout.choice


def sample_layouts(name: str) -> dict[str, Layout]:
    """The layouts of an object of `sample_crates/objects` by the name of the type."""
    model = loaded_from(OBJECTS / name).model
    layouts = Layouts.of_model(model)
    found = ((name_of(node), layouts.of(type_id)) for type_id, node in enumerate(model.types))
    return {name: layout for name, layout in found if layout is not None and name}


@pytest.fixture(scope="module")
def constructs() -> dict[str, Layout]:
    return sample_layouts("constructs.o")


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_constructs(constructs: dict[str, Layout], name: str) -> None:
    layout = constructs[f"constructs::{name}"]
    found = (layout.size, layout.alignment, layout.c_size, layout.permutation)
    assert found == CONSTRUCTS[name]
    assert layout.complete


def test_what_the_constructs_are_recognised_as(constructs: dict[str, Layout]) -> None:
    def those(what: str) -> set[str]:
        return {
            name.removeprefix("constructs::structs::")
            for name, layout in constructs.items()
            if name.startswith("constructs::structs::") and getattr(layout, what)
        }

    assert those("packed") == {"Packed", "PackedTwo"}
    assert those("over_aligned") == {"CacheLine"}
    assert those("is_surely_c") == {"LikeC", "Holes"}
    assert those("is_transparent") == {"Transparent"}
    assert those("is_permuted") == {"Plain", "Tuple", "CacheLine", "Nested"}
    unsized = {name for name, layout in constructs.items() if layout.is_unsized}
    assert {name for name in unsized if "dyn " not in name} >= {
        f"constructs::unsized_tails::{name}" for name in ("SliceTail", "DynTail", "StrTail")
    }
    coroutines = {name for name, layout in constructs.items()
                  if layout.choice is not None and layout.choice.is_coroutine}  # fmt: skip
    assert all("async" in name for name in coroutines)
    assert len(coroutines) == 3


def test_niches_of_the_constructs(constructs: dict[str, Layout]) -> None:
    niche = choice_of(constructs["constructs::enums::Niche"])
    assert (niche.encoding, niche.dataful, niche.niche_values) == ("niche", 0, {1: 2, 2: 3, 3: 4})
    pointer = choice_of(constructs["core::option::Option<&u32>"])
    assert (pointer.encoding, pointer.dataful, pointer.niche_start) == ("niche", 1, 0)
    assert pointer.discriminant is not None
    assert (pointer.discriminant.offset, pointer.discriminant.size) == (0, 8)
    signed = choice_of(constructs["constructs::enums::TaggedSigned"])
    assert [each.value for each in signed.variants] == [-5, 5]
    wide = choice_of(constructs["constructs::enums::WideData"])
    assert [each.value for each in wide.variants] == [1, 1 << 100]
    assert choice_of(constructs["constructs::enums::Byte"]).unused == 254


def test_a_newer_compiler_moved_a_niche() -> None:
    old = sample_layouts("niche_changed_compiler-old.o")["core::option::Option<char>"]
    new = sample_layouts("niche_changed_compiler-new.o")["core::option::Option<char>"]
    assert choice_of(old).niche_values == {0: 0x110000}
    assert choice_of(new).niche_values == {0: 0xFFFFFFFF}
    assert old._replace(choice=None, type=0) == new._replace(choice=None, type=0)


def test_seeds_permute() -> None:
    old = sample_layouts("layout_permuted-old.o")["layout_permuted::Stats"]
    new = sample_layouts("layout_permuted-new.o")["layout_permuted::Stats"]
    assert (old.size, old.alignment, old.saved) == (new.size, new.alignment, new.saved)
    assert old.permutation != new.permutation


def test_layouts_of_other_machines() -> None:
    wide = sample_layouts("no_core_android-old.o")
    narrow = sample_layouts("no_core_android-old-i686.o")
    assert {name for name in wide if name.startswith("no_core_android::")} <= set(narrow)
    assert all(layout.complete for layout in (*wide.values(), *narrow.values()))
    option = "no_core_android::Option<&no_core_android::Device>"
    assert (wide[option].size, narrow[option].size) == (8, 4)


def test_c_types() -> None:
    layouts = sample_layouts("c_types-old.o")
    assert all(layout.complete and layout.saved == 0 for layout in layouts.values())
    assert {name for name, layout in layouts.items() if layout.packed} == {"wire"}
    assert {name for name, layout in layouts.items() if layout.over_aligned} == {"line"}
    assert any(item.kind == "bit hole" for item in layouts["flags"].items)
    assert layouts["packet"].fields[-1].is_tail


def is_plain_c(node: Composite, layout: Layout) -> bool:
    """Whether C's rules for members are all there is to a struct: no bit fields, nothing stated."""
    fields_are_plain = all(each.is_placed and not each.is_bit_field for each in layout.fields)
    return node.kind == "struct" and node.alignment is None and fields_are_plain


@needs_corpus
@pytest.mark.parametrize("name", ["base/rust/helpers.o", "arm64/rust/helpers.o"])
def test_declaration_order_is_what_c_compilers_do(name: str) -> None:
    """Structs of C, laid out anew from their members' sizes, come out as the compiler had them."""
    model = loaded_from(CORPUS / name).model
    layouts = Layouts.of_model(model)
    same, other = 0, set()
    for type_id, node in enumerate(model.types):
        layout = layouts.of(type_id)
        if layout is None or not isinstance(node, Composite) or not is_plain_c(node, layout):
            continue
        pack = layout.alignment if layout.packed else None
        anew = declaration_order(layout.fields, layout.alignment or 1, pack)
        offsets = tuple(member.offset or 0 for member in members_of(node))
        if anew is not None and (anew.offsets, anew.size) == (offsets, layout.size):
            same += 1
        else:
            other.add(node.name)
    assert same > 200
    assert other <= {"usb_host_endpoint"}  # holds packed structs, of which C's DWARF says nothing
