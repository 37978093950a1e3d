"""Our `NamedTuple` against that of `typing`."""

from __future__ import annotations

import pickle
import typing
from inspect import signature
from typing import Any

import pytest

from rustabi import lean, model
from rustabi.kabi import StandIn
from rustabi.references import Reference


def made(base: Any) -> Any:
    """The same class body on either base."""

    class Place(base):  # type: ignore[misc]
        """Where something is."""

        file: str
        line: int = 1
        names: tuple[str, ...] = ()

        LARGEST = 10

        @property
        def text(self) -> str:
            """Both."""
            return f"{self.file}:{self.line}"

        def moved(self, by: int) -> Any:
            return self._replace(line=self.line + by)

        @classmethod
        def start(cls, file: str) -> Any:
            return cls(file)

        def __str__(self) -> str:
            return self.text

    return Place


OURS, THEIRS = made(lean.NamedTuple), made(typing.NamedTuple)


@pytest.mark.parametrize(
    "look",
    [
        lambda kind: kind._fields,
        lambda kind: kind._field_defaults,
        lambda kind: typing.get_type_hints(kind),
        lambda kind: kind.__doc__,
        lambda kind: [(each.name, each.default) for each in signature(kind).parameters.values()],
        lambda kind: (kind.__name__, kind.__qualname__, kind.__module__),
        lambda kind: kind.__match_args__,
        lambda kind: kind.__bases__,
        lambda kind: kind.LARGEST,
        lambda kind: tuple(kind("a", 2)),
        lambda kind: repr(kind("a", line=3)),
        lambda kind: str(kind("a")),
        lambda kind: kind("a").moved(4).text,
        lambda kind: kind.start("b").line,
        lambda kind: kind("a")._asdict(),
        lambda kind: kind._make(["a", 1, ("n",)]),
        lambda kind: hash(kind("a")) == hash(("a", 1, ())),
        lambda kind: kind("a") == ("a", 1, ()),
    ],
)
def test_it_is_that_of_typing(look: Any) -> None:
    assert look(OURS) == look(THEIRS)


@pytest.mark.parametrize("arguments", [(), ("a", 1, (), 2)])
def test_arguments_are_checked(arguments: tuple[object, ...]) -> None:
    with pytest.raises(TypeError) as ours:
        OURS(*arguments)
    with pytest.raises(TypeError) as theirs:
        THEIRS(*arguments)
    assert str(ours.value) == str(theirs.value)


def test_defaults_come_last() -> None:
    def wrong(base: Any) -> Any:
        class Wrong(base):  # type: ignore[misc]
            first: int = 1
            second: int

        return Wrong

    with pytest.raises(TypeError):
        wrong(typing.NamedTuple)
    with pytest.raises(TypeError):
        wrong(lean.NamedTuple)


@pytest.mark.parametrize(
    "kind", [model.Composite, model.Modifier, model.Symbol, model.Unsupported, Reference, StandIn]
)
def test_annotations_of_the_model_can_be_looked_up(kind: Any) -> None:
    """Libraries that convert values, such as pydantic, look them up."""
    assert typing.get_type_hints(kind).keys() == {*kind._fields}


def test_literals_are_those_of_typing() -> None:
    assert (
        typing.get_type_hints(model.Composite)["kind"] == typing.Literal["struct", "class", "union"]
    )
    storage = typing.Literal["code", "read-only", "writable", "thread-local"]
    assert typing.get_type_hints(model.Symbol)["storage"] == storage | None


class Kept(lean.NamedTuple):
    """At the top of a module, where pickle finds it."""

    number: int


def test_values_are_pickled() -> None:
    assert pickle.loads(pickle.dumps(Kept(3))) == Kept(3)
    assert type(pickle.loads(pickle.dumps(Kept(3)))) is Kept
