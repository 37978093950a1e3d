"""The compact form: what is written comes back, repeated types as one object; no other bytes do."""

from __future__ import annotations

import marshal
import typing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustabi import compact, model
from rustabi.model import Base, Model, Symbol
from tests.strategies import example, models
from tests.support import OBJECTS, model_of


@given(models())
def test_what_is_written_reads_back(made: Model) -> None:
    assert compact.from_bytes(compact.to_bytes(made)) == made


def test_every_class_of_the_model_reads_back() -> None:
    found = compact.from_bytes(compact.to_bytes(example()))
    assert found == example()
    for ours, theirs in zip(classes(found), classes(example()), strict=True):
        assert ours is theirs


def classes(value: object) -> list[type]:
    """The classes of a value and of all in it: equal named tuples may be of different ones."""
    inner = [each for item in value for each in classes(item)] if isinstance(value, tuple) else []
    return [type(value), *inner]


@pytest.mark.parametrize("path", sorted(OBJECTS.glob("*-new.*"))[::6], ids=lambda path: path.name)
def test_samples_read_back(path: Path) -> None:
    made = model_of(path)
    found = compact.from_bytes(compact.to_bytes(made))
    assert found == made
    assert classes(found) == classes(made)


def test_repeated_types_stay_one_object() -> None:
    """So the loader leaves them, and merging counts on it."""
    first, second = Base("u8", 1, 7), Base("u16", 2, 7)
    equal = Base("u8", 1, 7)
    made = Model((first, second, first, equal), (), (), (), example().facts, (3, 4, 5, 6))
    found = compact.from_bytes(compact.to_bytes(made))
    assert found == made
    assert found.types[0] is found.types[2]
    assert found.types[0] is not found.types[3]


def test_names_that_are_no_text_read_back() -> None:
    odd = Model((Base("\udcff", 1, 7),), (Symbol("a\udc80", None, None),), (), (), example().facts)
    assert compact.from_bytes(compact.to_bytes(odd)) == odd


@given(st.binary(max_size=40))
def test_other_values_are_told(data: bytes) -> None:
    for value in (data, (), (1, 2), ((), (), (), (), (), (), ())):
        with pytest.raises(compact.DAMAGE):
            compact.from_bytes(marshal.dumps(value))


def test_every_class_is_covered() -> None:
    """A new kind of type needs a line in the table."""
    kinds = set(typing.get_args(model.Type))
    assert kinds == set(compact._TYPES)
    assert set(typing.get_args(model.Part)) == set(compact._PARTS)
