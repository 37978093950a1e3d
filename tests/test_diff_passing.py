"""Changed calling conventions: what counts as one, and what follows from another change."""

from __future__ import annotations

import pytest

from rustabi.cli import main
from rustabi.diff import Change, ChangeKind, Severity, compare
from rustabi.diff.passing import place_text
from rustabi.model import (
    Base,
    Composite,
    Facts,
    Function,
    Member,
    Model,
    Modifier,
    Parameter,
    ParameterPlace,
    Symbol,
)
from tests.support import OBJECTS

FACTS = Facts("x86_64", 8, True, ("rustc 1.95.0",))
RDX, RSI, RDI = 1, 4, 5
CALLING = ChangeKind.CALLING_CONVENTION_CHANGED


def model(*passing: ParameterPlace | None, size: int = 24, scale: str = "scale") -> Model:
    """An export ``f(pair: demo::P, scale: u64)`` whose parameters stand there."""
    fields = tuple(Member(f"m{at}", 0, at) for at in range(0, size, 8))
    types = (
        Base("u64", 8, 7),
        Composite("struct", "demo::P", size, 8, fields),
        Function((Parameter("pair", 1), Parameter(scale, 0)), None),
    )
    return Model(types, (Symbol("f", "function", 2, passing=passing),), (), (), FACTS)


def at(*registers: int, sizes: tuple[int, ...] = ()) -> ParameterPlace:
    return ParameterPlace(registers, sizes)


def by_pointer(register: int) -> ParameterPlace:
    return ParameterPlace((register,), memory=True)


def found(old: Model, new: Model) -> list[Change]:
    return [
        finding.change for finding in compare(old, new).findings if finding.change.kind is CALLING
    ]


def test_a_parameter_that_arrives_elsewhere_breaks_callers() -> None:
    old, new = model(None, at(RSI)), model(by_pointer(RSI), at(RDX))
    (finding,) = compare(old, new).findings
    assert finding.change == Change(CALLING, "parameter scale", "register rsi", "register rdx")
    assert finding.severity is Severity.BREAK
    assert [each.symbol for each in finding.affected] == ["f"]
    assert compare(old, new).verdict == "incompatible"
    assert compare(new, new).findings == ()


@pytest.mark.parametrize(
    ("old", "new", "differ"),
    [
        (at(RDI), at(RSI), True),
        (at(RDI), by_pointer(RDI), True),
        (by_pointer(RDI), by_pointer(RSI), True),
        (at(RDI, RSI, sizes=(8, 8)), by_pointer(RDI), True),
        (at(RDI, RSI, sizes=(8, 8)), at(RDI, RDX, sizes=(8, 8)), True),
        (at(RDI), at(RDI, RSI, sizes=(4, 4)), True),
        (at(RDI, sizes=(4,)), at(RDI, RSI, sizes=(4, 4)), False),  # the end is not told
        (at(RDI, sizes=(4,)), at(RDI, sizes=(8,)), False),
        (at(RDI, sizes=(8,)), at(RDI), False),
        (at(RDI), at(RDI), False),
        (at(RDI), None, False),
        (None, at(RDI), False),
    ],
)
def test_places(old: ParameterPlace | None, new: ParameterPlace | None, differ: bool) -> None:
    for one, other in ((old, new), (new, old)):
        assert bool(found(model(one, None), model(other, None))) == differ


def test_nothing_is_known_of_one_build() -> None:
    assert found(model(), model(at(RDI), at(RSI))) == []
    assert found(model(at(RDI), at(RSI)), model()) == []


def test_a_layout_that_changed_changes_what_is_passed() -> None:
    """The type is what broke: how it is passed now follows from that, for all parameters."""
    old = model(at(RDI, RSI, sizes=(8, 8)), at(RDX), size=16)
    new = model(by_pointer(RDI), at(RSI), size=24)
    assert found(old, new) == []
    assert compare(old, new).verdict == "incompatible"


def test_a_signature_that_changed_changes_what_is_passed() -> None:
    old = model(None, at(RSI))
    types = (*old.types[:2], old.types[2]._replace(result=0))  # type: ignore[call-arg]
    new = model(None, at(RDX))._replace(types=types)
    assert {each.change.kind for each in compare(old, new).findings} == {
        ChangeKind.SIGNATURE_CHANGED
    }


def test_a_renamed_parameter_may_still_arrive_elsewhere() -> None:
    (change,) = found(model(None, at(RSI)), model(None, at(RDX), scale="factor"))
    assert change.where == "parameter scale"


def test_a_reference_that_became_exclusive_stays_where_it_is() -> None:
    def taking(name: str, register: int) -> Model:
        types = (Base("u64", 8, 7), Modifier("pointer", name, 0), Function((Parameter("x", 1),), 0))
        symbol = Symbol("f", "function", 2, passing=(at(register),))
        return Model(types, (symbol,), (), (), FACTS)

    assert found(taking("&u64", RDI), taking("&mut u64", RDI)) == []
    assert found(taking("&u64", RDI), taking("&mut u64", RSI))


def test_more_places_than_parameters_are_not_trusted() -> None:
    """As only a snapshot that was written by hand can have them."""
    old, new = model(None, None, at(RDI)), model(None, None, at(RSI))
    assert [change.where for change in found(old, new)] == ["parameter 2"]


def test_places_in_words() -> None:
    assert place_text(at(RDI), "x86_64") == "register rdi"
    assert place_text(at(RDI, 17, sizes=(8, 8)), "x86_64") == "registers rdi, xmm0"
    assert place_text(by_pointer(1), "aarch64") == "memory at register x1"
    assert place_text(at(64), "aarch64") == "register v0"
    assert place_text(at(3), "riscv") == "register 3"


def test_the_sample(capsys: pytest.CaptureFixture[str]) -> None:
    old, new = (str(OBJECTS / f"calling_convention_changed-{side}.o") for side in ("old", "new"))
    assert main(["diff", old, new]) == 1
    out = capsys.readouterr().out
    assert "calling convention changed  parameter scale: register rsi → register rdx" in out
    assert main(["diff", old, old]) == 0
    assert main(["explain", "calling-convention-changed"]) == 0
