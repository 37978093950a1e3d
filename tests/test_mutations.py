"""Edits of real crates, whose effect is known: what breaks is found, and what does not is passed.

`make mutations` applies the same catalogue and writes the table in the docs.
"""

from __future__ import annotations

import pytest

from rustabi.diff import KINDS, ChangeKind, Severity
from tests.mutations.builds import Workshop, unusable
from tests.mutations.edits import Edit, catalogue, seeds
from tests.mutations.tables import DOCS
from tests.mutations.truths import changed_layouts
from tests.mutations.verdicts import exit_code, outcome

EDITS = catalogue()

SELECTED = (
    "field-added-in-tail-padding",
    "niche-lost",
    "tag-of-128-bits",
    "niche-moved",
    "parameter-widened",
    "methods-reordered",
    "static-made-read-only",
    "erased-argument",
    "fields-swapped-in-source",
    "parameter-renamed",
    "impl-renumbered",
    "codegen-units/enums",
    "mangling/traits",
)
"""A part of the catalogue that is fast enough for every run."""

EXIT_CODES = {"break": 1, "harmless": 0, "lost": 2}

needs_rustc = pytest.mark.skipif(bool(unusable()), reason=unusable() or "can be built")


def named(names: tuple[str, ...]) -> list[Edit]:
    by_name = {edit.name: edit for edit in EDITS}
    return [by_name[name] for name in names]


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("mutations"))


def judge(edit: Edit, workshop: Workshop) -> None:
    result = outcome(edit, workshop)
    if result.skipped:
        pytest.skip(result.skipped)
    assert not result.faults
    assert not result.misses


@needs_rustc
@pytest.mark.parametrize("edit", named(SELECTED), ids=lambda edit: edit.name)
def test_selected_edits(edit: Edit, workshop: Workshop) -> None:
    judge(edit, workshop)
    assert exit_code(edit, workshop) == EXIT_CODES[edit.truth]


@needs_rustc
@pytest.mark.slow
@pytest.mark.parametrize(
    "edit", [edit for edit in EDITS if edit.name not in SELECTED], ids=lambda edit: edit.name
)
def test_every_edit(edit: Edit, workshop: Workshop) -> None:
    judge(edit, workshop)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_edits_fit_their_seeds(edit: Edit) -> None:
    assert (edit.old_source == edit.new_source) == edit.is_rebuild
    if edit.is_rebuild:
        assert edit.flags or edit.toolchain or not edit.remapped


def test_every_grave_kind_is_met() -> None:
    grave = {kind for kind, info in KINDS.items() if info.severity is Severity.BREAK}
    met = {kind for edit in EDITS for kind in edit.kinds}
    assert grave <= met
    assert ChangeKind.COMPILER_CHANGED in met


def test_every_seed_is_edited() -> None:
    edited = {edit.seed for edit in EDITS if not edit.is_rebuild}
    assert edited == set(seeds())


def test_the_docs_have_every_edit() -> None:
    page = (DOCS / "mutations.md").read_text(encoding="utf-8")
    missing = [edit.name for edit in EDITS if f"| `{edit.name.partition('/')[0]}` |" not in page]
    assert missing == [], "make mutations"
    matrix = (DOCS / "matrix.md").read_text(encoding="utf-8")
    missing = [edit.name for edit in EDITS if edit.matrix and f"| `{edit.name}` |" not in matrix]
    assert missing == [], "make matrix"


SIZES = """\
print-type-size type: `A`: 8 bytes, alignment: 4 bytes
print-type-size     field `.x`: 4 bytes
print-type-size     field `.empty`: 0 bytes
print-type-size     field `.y`: 4 bytes
print-type-size type: `B`: 1 bytes, alignment: 1 bytes
print-type-size     field `.0`: 1 bytes
"""


def test_a_layout_is_changed_by_places_and_not_by_names() -> None:
    assert changed_layouts(SIZES, SIZES.replace("`.x`", "`.renamed`")) == []
    without = SIZES.replace("print-type-size     field `.empty`: 0 bytes\n", "")
    assert changed_layouts(SIZES, without) == []
    assert changed_layouts(SIZES, SIZES.replace("alignment: 4", "alignment: 8")) == ["A"]
    moved = SIZES.replace("`.x`: 4", "`.x`: 2").replace("`.y`: 4", "`.y`: 6")
    assert changed_layouts(SIZES, moved) == ["A"]
    assert changed_layouts(SIZES, moved, but=("A",)) == []
    assert changed_layouts(SIZES, SIZES.partition("print-type-size type: `B`")[0]) == []
