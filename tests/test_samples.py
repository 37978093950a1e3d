"""Every sample pair is reported as its ``sample.toml`` says, and an unchanged build never is."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from rustabi.diff import KINDS, ChangeKind, Comparison, Severity, compare
from rustabi.model import Composite, Member
from scripts.build_samples import all_recipes, input_digest, read_manifest
from tests.support import OBJECTS, SAMPLES, model_of

PAIRS = sorted(
    path.parent.name
    for path in SAMPLES.glob("*/sample.toml")
    if (OBJECTS / f"{path.parent.name}-old.o").is_file()
)


def facts_of(name: str) -> dict[str, Any]:
    """What the pair's author says of it."""
    return tomllib.loads((SAMPLES / name / "sample.toml").read_text())


def object_of(name: str, side: str) -> Path:
    return OBJECTS / f"{name}-{side}.o"


def comparison_of(name: str) -> Comparison:
    return compare(model_of(object_of(name, "old")), model_of(object_of(name, "new")))


def ids(kinds: list[str]) -> set[ChangeKind]:
    """Kinds by the names that folders have."""
    return {ChangeKind(kind.replace("_", "-")) for kind in kinds}


def is_shown(name: str) -> bool:
    """Whether DWARF shows the change at all; where not, its absence is tested elsewhere."""
    return bool(facts_of(name).get("visible", True))


@pytest.mark.parametrize("name", PAIRS)
def test_verdict(name: str) -> None:
    if not is_shown(name):
        pytest.skip("DWARF does not show this change")
    assert comparison_of(name).verdict == facts_of(name)["verdict"]


@pytest.mark.parametrize("name", PAIRS)
def test_expected_kinds_are_reported(name: str) -> None:
    facts, comparison = facts_of(name), comparison_of(name)
    reported = {finding.change.kind for finding in comparison.findings}
    followed = {
        each.change.kind for finding in comparison.findings for each in finding.consequences
    }
    assert ids(facts["expected"]) <= reported | followed


@pytest.mark.parametrize("name", PAIRS)
def test_nothing_else_is_reported(name: str) -> None:
    facts = facts_of(name)
    allowed = ids(facts["expected"]) | ids(facts.get("consequences", []))
    for finding in comparison_of(name).findings:
        assert finding.severity is Severity.NOISE or finding.change.kind in allowed, finding


@pytest.mark.parametrize("name", PAIRS)
def test_affected_symbols(name: str) -> None:
    facts, comparison = facts_of(name), comparison_of(name)
    affected = {each.symbol for finding in comparison.findings for each in finding.affected}
    if is_shown(name):
        assert set(facts["affected"]) <= affected
    assert not affected & set(facts["unaffected"])


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("side", ["old", "new"])
def test_a_build_against_itself_has_no_findings(name: str, side: str) -> None:
    model = model_of(object_of(name, side))
    comparison = compare(model, model)
    assert comparison.findings == ()
    assert comparison.verdict == "compatible"
    assert not comparison.lost


def test_every_kind_has_a_pair() -> None:
    expected = {kind for name in PAIRS for kind in ids(facts_of(name)["expected"])}
    told = {kind for name in PAIRS for kind in ids(facts_of(name).get("consequences", []))}
    missing = set(KINDS) - expected - told
    assert missing <= {ChangeKind.COMPILER_CHANGED}  # two toolchains: niche_changed_compiler


def test_every_kind_is_explained() -> None:
    assert set(KINDS) == set(ChangeKind)
    for info in KINDS.values():
        assert info.means
        assert info.because
        assert info.example


def test_committed_objects_are_of_the_sources_beside_them() -> None:
    recorded = read_manifest()["objects"]
    names = sorted(path.parent.name for path in SAMPLES.glob("*/sample.toml"))
    stale = [
        recipe.output
        for recipe in all_recipes(names)
        if recipe.committed and recorded[recipe.output]["inputs"] != input_digest(recipe)
    ]
    assert stale == []


def test_bit_fields_of_dwarf_4_and_5_stand_in_the_same_places() -> None:
    """GCC writes them in two ways; one source has one layout."""
    for side in ("old", "new"):
        older = model_of(OBJECTS / f"c_types-{side}-dwarf4.o")
        newer = model_of(OBJECTS / f"c_types-{side}.o")
        assert compare(older, newer).findings == ()
        places = [
            part.bit_offset
            for node in older.types
            if isinstance(node, Composite) and node.name == "flags"
            for part in node.parts
            if isinstance(part, Member) and part.bit_size is not None
        ]
        assert places
        assert None not in places
