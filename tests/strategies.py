"""Random values of the model, for hypothesis: sound in themselves, but as odd as DWARF allows."""

from __future__ import annotations

import random
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from rustabi.model import (
    Argument,
    Array,
    Base,
    Composite,
    Constant,
    Enumeration,
    Enumerator,
    Facts,
    Function,
    Member,
    Model,
    Modifier,
    Parameter,
    ParameterPlace,
    Slot,
    Symbol,
    Type,
    TypeId,
    Unit,
    Unspecified,
    Unsupported,
    Variant,
    VariantPart,
    Vtable,
)
from rustabi.references import renumbered

_T = TypeVar("_T")

_COMMON = [
    "",
    "x",
    "y",
    "u8",
    "demo::Bar",
    "&demo::Bar",
    "demo::Bar<u8>",
    "{impl#0}",
    "Größe",
    "\\",
]
_MODIFIERS = [
    "pointer", "reference", "rvalue_reference", "const", "volatile", "restrict", "atomic",
    "immutable", "packed", "shared", "typedef",
]  # fmt: skip
_PLACES = [
    ParameterPlace((5,)),
    ParameterPlace((5, 4), (8, 4)),
    ParameterPlace((1,), memory=True),
]


def texts() -> SearchStrategy[str]:
    """Names as they are read: few distinct ones, and bytes that are no UTF-8."""
    odd = st.binary(max_size=6).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
    return st.sampled_from(_COMMON) | odd


def sizes() -> SearchStrategy[int]:
    """Unsigned 64-bit numbers, most of them small."""
    return st.integers(0, 32) | st.integers(0, (1 << 64) - 1)


def maybe(strategy: SearchStrategy[_T]) -> SearchStrategy[_T | None]:
    """None, or a value of ``strategy``."""
    return st.none() | strategy


def tuples_of(strategy: SearchStrategy[_T], most: int = 3) -> SearchStrategy[tuple[_T, ...]]:
    """Tuples of up to ``most`` values."""
    return st.lists(strategy, max_size=most).map(tuple)


def constants() -> SearchStrategy[Constant]:
    """Values as loaded from plain forms, from forms of other widths, and from 128-bit blocks."""
    values = st.integers(-3, 300) | st.integers(-(1 << 127), (1 << 128) - 1)
    plain = values.map(lambda value: Constant(value, value & ((1 << 64) - 1)))
    return plain | st.builds(Constant, values, maybe(sizes()))


def members(types: SearchStrategy[TypeId]) -> SearchStrategy[Member]:
    """Members that refer to ``types``."""
    some = maybe(sizes())
    return st.builds(
        Member, maybe(texts()), maybe(types), some, some, some, some,
        maybe(st.integers(1, 3)), st.booleans(),
    )  # fmt: skip


def unsupported() -> SearchStrategy[Unsupported]:
    """Nodes that the loader did not know."""
    what = st.sampled_from(["tag", "form", "encoding"])
    return st.builds(Unsupported, what, sizes(), texts(), maybe(sizes()))


@st.composite
def variant_parts(draw: st.DrawFn, types: SearchStrategy[TypeId]) -> VariantPart:
    """Variant parts whose discriminant is one of their members, or none."""
    own = draw(tuples_of(members(types), 2))
    variant = st.builds(
        Variant, tuples_of(members(types), 2), maybe(constants()), maybe(st.binary(max_size=4))
    )
    discriminant = draw(st.sampled_from([None, *own]))
    return VariantPart(own, discriminant, draw(tuples_of(variant)))


def composites(types: SearchStrategy[TypeId]) -> SearchStrategy[Composite]:
    """Structs, classes and unions with all kinds of parts."""
    part = members(types) | variant_parts(types) | unsupported()
    return st.builds(
        Composite, st.sampled_from(["struct", "class", "union"]), texts(), maybe(sizes()),
        maybe(sizes()), tuples_of(part), st.booleans(), st.booleans(), maybe(types),
        tuples_of(st.builds(Argument, texts(), maybe(types))),
    )  # fmt: skip


def nodes(types: SearchStrategy[TypeId]) -> SearchStrategy[Type]:
    """Types of every kind that refer to ``types``."""
    size = maybe(sizes())
    enumerator = st.builds(Enumerator, texts(), maybe(constants()))
    parameter = st.builds(Parameter, maybe(texts()), maybe(types))
    return st.one_of(
        st.builds(Base, texts(), size, maybe(st.integers(0, 255)), size, maybe(st.integers(1, 2))),
        st.builds(Unspecified, texts()),
        st.builds(Modifier, st.sampled_from(_MODIFIERS), texts(), maybe(types), size, size),
        st.builds(Array, maybe(types), tuples_of(size), st.booleans()),
        st.builds(
            Function, tuples_of(parameter), maybe(types), st.booleans(), st.booleans()
        ),
        composites(types),
        st.builds(
            Enumeration, texts(), size, size, tuples_of(enumerator), maybe(types),
            st.booleans(), st.booleans(),
        ),
        unsupported(),
    )  # fmt: skip


def _facts() -> SearchStrategy[Facts]:
    return st.builds(
        Facts, st.sampled_from(["x86_64", "aarch64", ""]), st.sampled_from([4, 8]), st.booleans(),
        tuples_of(texts()), maybe(st.sampled_from(["", "c0ffee"])), tuples_of(texts()), texts(),
        tuples_of(texts()),
    )  # fmt: skip


@st.composite
def models(draw: st.DrawFn, max_types: int = 8) -> Model:
    """Whole models, as they are after merging: without origins.

    Args:
        draw: Given by hypothesis.
        max_types: Length of the type table.
    """
    count = draw(st.integers(0, max_types))
    types = st.integers(0, count - 1) if count else st.nothing()
    unit = st.builds(Unit, texts(), texts(), maybe(st.integers(0, 0xFFFF)), texts())
    units = draw(tuples_of(unit))
    symbol = st.builds(
        Symbol, texts(), st.sampled_from(["function", "variable", None]), maybe(types),
        maybe(st.integers(0, len(units) - 1) if units else st.nothing()),
        maybe(st.integers(0, (1 << 32) - 1)), st.booleans(), maybe(texts()), texts(),
        storage=st.sampled_from([None, "code", "read-only", "writable", "thread-local"]),
        layout=maybe(st.integers(0, (1 << 64) - 1)),
        passing=tuples_of(maybe(st.sampled_from(_PLACES))),
        alignment=maybe(sizes()),
    )  # fmt: skip
    slot = st.builds(Slot, maybe(texts()), maybe(types))
    vtable = st.builds(Vtable, texts(), texts(), maybe(types), tuples_of(slot))
    return Model(
        tuple([draw(nodes(types)) for _ in range(count)]),
        draw(tuples_of(symbol)),
        units,
        draw(tuples_of(vtable)),
        draw(_facts()),
    )


def example() -> Model:
    """A fixed model with every kind of node and every field in use."""
    tag = Member("__tag", 1, 0, alignment=1)
    return Model(
        types=(
            Function((Parameter("b", 3), Parameter(None, 1)), 2, variadic=True),
            Base("u8", 1, 7),
            Base("i128", 16, 5, 16),
            Modifier("pointer", "&demo::Bar", 4),
            Composite(
                "struct", "demo::Bar", 24, 8,
                (
                    Member("next", 3, 8, alignment=8, accessibility=3),
                    Member(None, 5, None, 3, 64),
                    VariantPart(
                        (tag,), tag,
                        (
                            Variant((Member("A", 1, 1),), Constant(-1, 0xFF)),
                            Variant((Member("B", 2, 1),), Constant((1 << 128) - 1, None)),
                            Variant((Member("C", 1, 1),), Constant(3, 3)),
                            Variant((), None, b"\x00\x01\xff"),
                        ),
                    ),
                    Unsupported("tag", 0x4109, "odd"),
                ),
                container=1,
            ),
            Composite("union", "", 8, None, (Member("x", 6, derived=True),), private=True),
            Array(1, (4, None, (1 << 64) - 1), vector=True),
            Enumeration(
                "demo::E", 1, 1,
                (Enumerator("A", Constant(0, 0)), Enumerator("B", None)),
                underlying=1,
            ),
            Enumeration("demo::F", None, None, (), declaration=True),
            Unspecified("decltype(nullptr)"),
            Unsupported("encoding", 99, "weird", 3),
            Modifier("const", "", None, 8, 8),
        ),
        symbols=(
            Symbol(
                "use_bar", "function", 0, 1, 0x0000BEEF, storage="code", layout=0xBEEF,
                passing=(*_PLACES, None),
            ),
            Symbol("alias", "function", 0, 1, 0, True, "use_bar", "a.o"),
            Symbol("lost", None, None),
        ),
        units=(Unit("src/lib.rs", "rustc 1.95", 28, "a.o"), Unit("b.c", "gcc", None)),
        vtables=(
            Vtable("<demo::Bar as demo::T>", "demo::T", 4, (Slot("f", 0), Slot(None))),
        ),
        facts=Facts(
            "x86_64", 8, True, ("rustc 1.95",), "c0ffee", ("demo 1.0",), ".symtab",
            ("b.o: no debug info",),
        ),
    )  # fmt: skip


def permuted(model: Model, seed: int) -> Model:
    """The same with types, units, symbols and vtables in another order."""
    chance = random.Random(seed)
    ids = chance.sample(range(len(model.types)), len(model.types))
    places = chance.sample(range(len(model.units)), len(model.units))
    old = {new: each for each, new in enumerate(ids)}

    def other(type_id: int | None) -> int | None:
        return None if type_id is None else ids[type_id]

    symbols = [
        each._replace(type=other(each.type), unit=None if each.unit is None else places[each.unit])
        for each in model.symbols
    ]
    vtables = [
        each._replace(
            type=other(each.type), slots=tuple(Slot(s.name, other(s.type)) for s in each.slots)
        )
        for each in model.vtables
    ]
    return Model(
        tuple(renumbered(model.types[old[new]], ids.__getitem__) for new in range(len(ids))),
        tuple(chance.sample(symbols, len(symbols))),
        tuple(unit for _, unit in sorted(zip(places, model.units, strict=True))),
        tuple(chance.sample(vtables, len(vtables))),
        model.facts,
    )


def model_with(*types: Type, **fields: Any) -> Model:
    """A model of these types and fields, and nothing else."""
    return Model(types, (), (), (), Facts("x86_64", 8, True))._replace(**fields)
