"""Twins: types that two builds have in common, whatever their numbers; and never any others."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustabi.diff import Comparison, compare
from rustabi.layout_version import with_layout_versions
from rustabi.model import Composite, Model, Slot, Vtable
from rustabi.references import named_types, renumbered
from rustabi.twins import NO_TWINS, Twins
from tests.support import CORPUS, OBJECTS, model_of, needs_corpus
from tests.test_layout_version import BASES, SEEDS, U8, Editor, Maker, shuffled

PAIRS = sorted(path.name.removesuffix("-old.o") for path in OBJECTS.glob("*-old.o"))


def check(old: Model, new: Model) -> Twins:
    """Each type of OLD, its references told by the numbers of NEW, is its twin."""
    found = Twins(old, new)
    for a, b in found.of_old.items():
        assert renumbered(old.types[a], found.of_old.__getitem__) == new.types[b]
    assert found.of_new == {b: a for a, b in found.of_old.items()}
    return found


@pytest.mark.parametrize("sample", PAIRS)
def test_twins_of_samples_are_equal(sample: str) -> None:
    old, new = (model_of(OBJECTS / f"{sample}-{side}.o") for side in ("old", "new"))
    check(old, new)
    assert len(Twins(old, old).of_old) == len(old.types)


@given(SEEDS, st.lists(SEEDS, max_size=3), SEEDS)
def test_twins_of_random_models_are_equal(seed: int, edits: list[int], order: int) -> None:
    old = new = Maker(seed).model()
    for edit in edits:
        new = Editor(edit).edited(new)
    check(old, shuffled(new, order))


def test_every_type_has_a_twin_where_only_the_numbers_differ() -> None:
    model = model_of(OBJECTS / "member_added-old.o")
    for seed in range(5):
        assert len(check(model, shuffled(model, seed)).of_old) == len(model.types)


def test_what_leads_to_a_change_has_no_twin() -> None:
    old = model_of(OBJECTS / "member_added-old.o")
    changed = next(
        number for number, node in enumerate(old.types)
        if isinstance(node, Composite) and node.name == "member_added::Config"
    )  # fmt: skip
    types = list(old.types)
    types[changed] = types[changed]._replace(size=4096)  # type: ignore[call-arg]
    found = check(old, old._replace(types=tuple(types)))
    leading = {changed}
    while more := {
        number
        for number, node in enumerate(old.types)
        if number not in leading and not leading.isdisjoint(named_types(node))
    }:
        leading |= more
    assert len(leading) > 1
    assert found.of_old.keys() == set(range(len(old.types))) - leading


def test_a_trait_object_with_another_vtable_has_no_twin() -> None:
    pointer = BASES[U8]
    named = Composite("struct", "dyn demo::Animal", 0, 1, ())
    old = Maker(1).model()._replace(types=(named, pointer), symbols=())
    slots = Slot("<demo::Dog as demo::Animal>::speak"), Slot("<demo::Dog as demo::Animal>::eat")
    before, after = (
        old._replace(vtables=(Vtable("<demo::Dog as demo::Animal>", "demo::Animal", 1, order),))
        for order in (slots, slots[::-1])
    )
    assert Twins(before, before).of_old == {0: 0, 1: 1}
    assert Twins(before, after).of_old == {1: 1}
    assert Twins(before, old).of_old == {1: 1}


def test_a_trait_object_whose_name_mentions_a_change_has_no_twin() -> None:
    types = (
        Composite("struct", "dyn demo::Get<demo::S>", 0, 1, ()),
        Composite("struct", "demo::S", 8, 8, ()),
    )
    old = Maker(1).model()._replace(types=types, symbols=())
    new = old._replace(types=(types[0], types[1]._replace(size=16)))
    assert Twins(old, old).of_old == {0: 0, 1: 1}
    assert not Twins(old, new).of_old


def test_other_address_sizes_have_nothing_in_common() -> None:
    old = Maker(1).model()
    assert not Twins(old, old._replace(facts=old.facts._replace(address_size=4))).of_old


@given(SEEDS)
def test_named_types_are_those_that_are_renumbered(seed: int) -> None:
    for node in (*Maker(seed).model().types, *model_of(OBJECTS / "variant_added-old.o").types):
        asked: list[int] = []
        renumbered(node, lambda each, asked=asked: asked.append(each) or each)  # type: ignore[misc]
        assert sorted(named_types(node)) == sorted(asked)


# what is left out because of twins is what would come of it anyway


def compared_one_by_one(old: Model, new: Model, patch: pytest.MonkeyPatch) -> Comparison:
    """The comparison with no type known to be equal before."""
    with patch.context() as patched:
        module = importlib.import_module("rustabi.diff.compare")
        patched.setattr(module, "twins", lambda *_: _Nothing())
        return compare(old, new)


class _Nothing:
    of_old = NO_TWINS


@pytest.mark.parametrize("sample", PAIRS)
def test_samples_compare_as_they_do_one_by_one(
    sample: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (model_of(OBJECTS / f"{sample}-{side}.o") for side in ("old", "new"))
    for before, after in ((old, new), (new, old), (old, old), (old, shuffled(new, 1))):
        assert compare(before, after) == compared_one_by_one(before, after, monkeypatch)


def test_random_models_compare_as_they_do_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(300):
        old = new = Maker(seed).model()
        for edit in range(seed % 4):
            new = Editor(seed + edit).edited(new)
        new = shuffled(new, seed)
        assert compare(old, new) == compared_one_by_one(old, new, monkeypatch)


@given(SEEDS, st.lists(SEEDS, max_size=3), SEEDS)
def test_layout_versions_are_those_of_a_build_alone(
    seed: int, edits: list[int], order: int
) -> None:
    old = new = Maker(seed).model()
    for edit in edits:
        new = Editor(edit).edited(new)
    new = shuffled(new, order)
    alone = with_layout_versions(new._replace(types=list(new.types)))  # a list is not remembered
    with_layout_versions(old)
    assert with_layout_versions(new).symbols == alone.symbols


@needs_corpus
@pytest.mark.parametrize("name", ["rust/kernel.o", "modules/rust_minimal.ko"])
def test_a_kernel_compares_as_it_does_one_by_one(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (model_of(CORPUS / side / Path(name)) for side in ("base", "fieldadd"))
    assert len(check(old, new).of_old) > 0.9 * len(old.types)
    assert compare(old, new) == compared_one_by_one(old, new, monkeypatch)
    alone = with_layout_versions(new._replace(types=list(new.types)))
    assert new.symbols == alone.symbols
