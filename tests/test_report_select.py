"""What users name, and what they are told when it is not there."""

from __future__ import annotations

import pytest

from rustabi.errors import UsageError
from rustabi.model import Model
from rustabi.report.select import (
    matching_symbols,
    missing,
    near,
    one_symbol,
    one_type,
    restricted,
)
from tests.support import OBJECTS, model_of

MODEL = model_of(OBJECTS / "constructs.o")
MANGLED = next(each.name for each in MODEL.symbols if each.name.endswith("Tagged6weight"))


def symbol(wanted: str, model: Model = MODEL) -> str:
    return model.symbols[one_symbol(model, wanted)].name


@pytest.mark.parametrize(
    "wanted",
    [MANGLED, "<constructs::enums::Tagged>::weight", "*::Tagged>::weight", "weight"],
)
def test_a_symbol_is_named_raw_readable_by_glob_or_by_last_part(wanted: str) -> None:
    assert symbol(wanted) == MANGLED


def test_several_symbols_are_named_in_the_error() -> None:
    with pytest.raises(UsageError, match="means 4 exported symbols") as raised:
        one_symbol(MODEL, "*objects::Circle as*")
    assert "Circle" in (raised.value.advice or "")


def test_a_missing_symbol_brings_near_ones() -> None:
    with pytest.raises(UsageError, match="there is no exported symbol 'deep_sun'") as raised:
        one_symbol(MODEL, "deep_sun")
    assert "deep_sum" in (raised.value.advice or "")
    with pytest.raises(UsageError):
        matching_symbols(MODEL, "qqq*")


def types(wanted: str) -> list[str]:
    return [
        getattr(MODEL.types[each], "name", "")
        for each in one_type(MODEL, wanted, range(len(MODEL.types)))
    ]


@pytest.mark.parametrize("wanted", ["constructs::structs::Plain", "Plain", "*structs::Plain"])
def test_a_type_is_named_likewise(wanted: str) -> None:
    if wanted == "*structs::Plain":
        with pytest.raises(UsageError, match="means 2 types"):
            types(wanted)  # a pointer to it ends so, too
    else:
        assert types(wanted) == ["constructs::structs::Plain"]


def test_a_pointer_is_named_whole() -> None:
    assert types("&constructs::structs::Plain") == ["&constructs::structs::Plain"]


def test_a_generic_without_arguments_is_ambiguous() -> None:
    with pytest.raises(UsageError, match="types") as raised:
        types("constructs::generics::Generic")
    assert "Generic<" in (raised.value.advice or "")


def test_near_names() -> None:
    assert near("Plian", ["demo::Plain", "demo::Other"], "look elsewhere") == "near: demo::Plain"
    assert near("zzz", ["demo::Plain"], "look elsewhere") == "look elsewhere"


def test_restriction_to_a_list() -> None:
    kept = restricted(MODEL, ["deep_sum", MANGLED, "nowhere"])
    assert sorted(each.name for each in kept.symbols) == sorted([MANGLED, "deep_sum"])


def test_a_listed_name_means_the_symbol_of_another_build() -> None:
    other = MANGLED.replace("Cs8oMpb1tcxAi_", "Cs1oMpb1tcxAi_")
    assert other != MANGLED
    assert [each.name for each in restricted(MODEL, [other]).symbols] == [MANGLED]
    assert missing([other, "nowhere"], [MODEL]) == ["nowhere"]
