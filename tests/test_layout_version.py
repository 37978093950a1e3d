"""Layout versions: equal where nothing breaks a caller, different where something does."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustabi.diff import ChangeKind, Comparison, Severity, compare
from rustabi.layout_version import bytes_half, type_hashes, with_layout_versions
from rustabi.model import (
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
    Slot,
    Symbol,
    Type,
    TypeId,
    Variant,
    VariantPart,
    Vtable,
    members_of,
)
from rustabi.names import pairing_key
from rustabi.references import renumbered
from tests.support import OBJECTS, model_of

FACTS = Facts("x86_64", 8, True, ("rustc 1.95.0",))
NOT_COVERED = {ChangeKind.CALLING_CONVENTION_CHANGED, ChangeKind.PARAMETERS_REORDERED}
"""What the number does not cover, and says so."""

PAIRS = sorted(path.name.removesuffix("-old.o") for path in OBJECTS.glob("*-old.o"))


def judged(comparison: Comparison) -> dict[str, tuple[bool, int, int]]:
    """Symbol -> (a break reaches it, layout version in OLD, in NEW)."""
    broken = {
        affected.symbol
        for finding in comparison.findings
        if finding.severity is Severity.BREAK and finding.change.kind not in NOT_COVERED
        for affected in finding.affected
    }
    fresh = {symbol.name: symbol.layout for symbol in comparison.new.symbols}
    return {
        symbol.name: (symbol.name in broken, symbol.layout, new)
        for symbol in comparison.old.symbols
        if (new := fresh.get(symbol.name)) is not None and symbol.layout is not None
    }


def check(comparison: Comparison) -> None:
    """What the two halves of the number promise."""
    for symbol, (breaks, old, new) in judged(comparison).items():
        if breaks:
            assert old != new, f"{symbol} breaks, and its layout version stays"
        elif not comparison.gaps:
            assert bytes_half(old) == bytes_half(new), f"{symbol}: bytes differ, nothing breaks"


@pytest.mark.parametrize("sample", PAIRS)
def test_versions_of_samples_differ_where_a_break_reaches_the_symbol(sample: str) -> None:
    old, new = (model_of(OBJECTS / f"{sample}-{side}.o") for side in ("old", "new"))
    comparison = compare(old, new)
    check(comparison._replace(gaps=()))
    if not any(finding.severity is Severity.BREAK for finding in comparison.findings):
        assert {bytes_half(old) == bytes_half(new) for _, old, new in judged(comparison).values()} \
            <= {True}  # fmt: skip


# random models: a table of types, any of which may refer to any other behind a pointer

U8, U32, I32, U64, UNIT = range(5)
BASES: tuple[Type, ...] = (
    Base("u8", 1, 7), Base("u32", 4, 7), Base("i32", 4, 5), Base("u64", 8, 7), Base("()", 0, 7),
)  # fmt: skip
NAMES = ("a", "b", "c")


class Maker:
    """Makes a model by chance. Types of one name have one content."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.count = self.chance.randint(2, 6)

    def model(self) -> Model:
        first = len(BASES)
        named = [self.named(number) for number in range(self.count)]
        pointers = [
            Modifier("pointer", f"&demo::T{number}", first + number) for number in range(self.count)
        ]
        functions = [
            Function(
                (Parameter("x", self.any()),), self.any() if self.chance.random() < 0.3 else None
            )
            for _ in range(3)
        ]
        table = (*BASES, *named, *pointers, *functions)
        start = first + 2 * self.count
        symbols = [Symbol(f"f{number}", "function", start + number) for number in range(3)]
        symbols.append(Symbol("v", "variable", self.any(), storage="writable"))
        return Model(table, tuple(symbols), (), (), FACTS)

    def any(self) -> TypeId:
        """A primitive, a type or a pointer to one."""
        return self.chance.randrange(len(BASES) + 2 * self.count)

    def small(self) -> TypeId:
        """What a type may hold by value: a primitive or a pointer, so that none holds itself."""
        pick = self.chance.randrange(len(BASES) + self.count)
        return pick if pick < len(BASES) else pick + self.count

    def named(self, number: int) -> Type:
        name = f"demo::T{number}"
        form = self.chance.choice(("struct", "struct", "enum", "choice", "union"))
        if form == "enum":
            values = self.chance.sample(range(6), self.chance.randint(1, 3))
            listed = tuple(
                Enumerator(each, Constant(value, value))
                for each, value in zip(NAMES, values, strict=False)
            )
            return Enumeration(name, 1, 1, listed, U8)
        if form == "choice":
            tag = Member(None, U8, 0)
            variants = tuple(
                Variant((Member(each, self.small(), 8),), Constant(value, value))
                for value, each in enumerate(NAMES[: self.chance.randint(1, 3)])
            )
            return Composite("struct", name, 16, 8, (VariantPart((tag,), tag, variants),))
        places = [0, 0, 0] if form == "union" else [0, 8, 16]
        parts = tuple(
            Member(each, self.small(), place, accessibility=self.chance.choice((1, 3)))
            for each, place in list(zip(NAMES, places, strict=True))[: self.chance.randint(1, 3)]
        )
        return Composite("union" if form == "union" else "struct", name, 24, 8, parts)


class Editor:
    """Changes one thing in a model."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def edited(self, model: Model) -> Model:
        number = self.chance.randrange(len(BASES), len(model.types))
        node = model.types[number]
        edits: list[Callable[[], Type]] = [lambda: node]
        if isinstance(node, Composite) and members_of(node):
            edits += [lambda: self.moved(node), lambda: self.retyped(node),
                      lambda: self.renamed(node), lambda: self.reordered(node),
                      lambda: node._replace(size=32), lambda: self.shown(node),
                      lambda: self.names_swapped(node)]  # fmt: skip
        if isinstance(node, Enumeration):
            edits += [lambda: self.revalued(node), lambda: node._replace(underlying=I32),
                      lambda: node._replace(enumerators=node.enumerators[::-1])]  # fmt: skip
        if isinstance(node, Function):
            edits += [lambda: node._replace(parameters=(Parameter("y", node.parameters[0].type),)),
                      lambda: node._replace(parameters=(Parameter("x", U64),)),
                      lambda: node._replace(diverges=True)]  # fmt: skip
        if isinstance(node, Modifier):
            edits += [lambda: node._replace(name=node.name.replace("&", "&mut ")),
                      lambda: node._replace(name=node.name.replace("&", "*const "))]  # fmt: skip
        if isinstance(node, Composite | Enumeration):
            edits.append(lambda: node._replace(name=node.name.replace("T", "New")))
        fresh = self.chance.choice(edits)()
        types = list(model.types)
        types[number] = fresh
        return model._replace(types=tuple(types))

    def _with(self, node: Composite, index: int, member: Member) -> Composite:
        return node._replace(parts=(*node.parts[:index], member, *node.parts[index + 1 :]))

    def _pick(self, node: Composite) -> tuple[int, Member]:
        index = self.chance.randrange(len(node.parts))
        part = node.parts[index]
        assert isinstance(part, Member)
        return index, part

    def moved(self, node: Composite) -> Type:
        index, member = self._pick(node)
        return self._with(node, index, member._replace(offset=(member.offset or 0) + 1))

    def retyped(self, node: Composite) -> Type:
        index, member = self._pick(node)
        return self._with(node, index, member._replace(type=self.chance.choice((U8, I32, UNIT))))

    def renamed(self, node: Composite) -> Type:
        index, member = self._pick(node)
        return self._with(node, index, member._replace(name="z"))

    def shown(self, node: Composite) -> Type:
        index, member = self._pick(node)
        return self._with(node, index, member._replace(accessibility=2))

    def reordered(self, node: Composite) -> Type:
        return node._replace(parts=node.parts[::-1])

    def names_swapped(self, node: Composite) -> Type:
        names = [member.name for member in members_of(node)][::-1]
        parts = [member._replace(name=name)
                 for member, name in zip(members_of(node), names, strict=True)]  # fmt: skip
        return node._replace(parts=tuple(parts))

    def revalued(self, node: Enumeration) -> Type:
        first, *rest = node.enumerators
        return node._replace(enumerators=(first._replace(value=Constant(9, 9)), *rest))


def shuffled(model: Model, seed: int) -> Model:
    """The same model with its types numbered otherwise."""
    order = list(range(len(model.types)))
    random.Random(seed).shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    types = tuple(renumbered(model.types[old], place.__getitem__) for old in order)
    symbols = tuple(
        symbol._replace(type=None if symbol.type is None else place[symbol.type])
        for symbol in model.symbols
    )
    return model._replace(types=types, symbols=symbols)


SEEDS = st.integers(0, 2**32)


@given(SEEDS, st.lists(SEEDS, max_size=3), SEEDS)
def test_versions_differ_where_a_break_reaches_the_symbol(
    seed: int, edits: list[int], order: int
) -> None:
    old = new = Maker(seed).model()
    for edit in edits:
        new = Editor(edit).edited(new)
    check(compare(with_layout_versions(old), with_layout_versions(shuffled(new, order))))


@given(SEEDS, SEEDS)
def test_the_numbering_of_types_does_not_enter(seed: int, order: int) -> None:
    model = Maker(seed).model()
    versions = [each.layout for each in with_layout_versions(model).symbols]
    assert versions == [
        each.layout for each in with_layout_versions(shuffled(model, order)).symbols
    ]


@given(SEEDS)
def test_a_type_that_stands_twice_in_the_table_does_not_enter(seed: int) -> None:
    """As units repeat types, and as recursive types can be unrolled."""
    model = Maker(seed).model()
    count = len(model.types)
    doubled = tuple(renumbered(node, lambda each: each + count) for node in model.types)
    twice = model._replace(types=(*doubled, *model.types))
    versions = [each.layout for each in with_layout_versions(model).symbols]
    assert versions == [each.layout for each in with_layout_versions(twice).symbols]


# single facts


def version(*types: Type, used: int = len(BASES), vtables: tuple[Vtable, ...] = ()) -> int:
    """The layout version of ``f(x: <used>)``."""
    table = (*BASES, *types, Function((Parameter("x", used),), None))
    model = Model(table, (Symbol("f", "function", len(table) - 1),), (), vtables, FACTS)
    (symbol,) = with_layout_versions(model).symbols
    assert symbol.layout is not None
    return symbol.layout


def struct(*parts: Member, name: str = "demo::S") -> Composite:
    return Composite("struct", name, 16, 8, parts)


A, B = Member("a", U32, 0), Member("b", U32, 4)
SAME = struct(A, B)
UNSEEN: dict[str, Type] = {
    "source order": struct(B, A),
    "visibility": struct(A._replace(accessibility=3), B),
    "a member without bytes": struct(A, Member("marker", UNIT, 8), B),
    "a number that the build gives": struct(A, B, name="demo::S"),
}
NAMES_ALONE: dict[str, Type] = {
    "a member's name": struct(A._replace(name="c"), B),
    "two members swapped": struct(A._replace(offset=4), B._replace(offset=0)),
    "the type's name": struct(A, B, name="demo::R"),
}
BYTES: dict[str, Type] = {
    "size": SAME._replace(size=24),
    "alignment": SAME._replace(alignment=4),
    "a place": struct(A, B._replace(offset=8)),
    "a type": struct(A, B._replace(type=I32)),
    "a bit field": struct(A, B._replace(bit_size=3, bit_offset=32)),
    "one more": struct(A, B, Member("c", U8, 8)),
    "kind": SAME._replace(kind="union"),
}


@pytest.mark.parametrize("case", UNSEEN)
def test_what_does_not_enter(case: str) -> None:
    assert version(UNSEEN[case]) == version(SAME)


@pytest.mark.parametrize("case", NAMES_ALONE)
def test_what_enters_the_lower_half_alone(case: str) -> None:
    before, after = version(SAME), version(NAMES_ALONE[case])
    assert before != after
    assert bytes_half(before) == bytes_half(after)


@pytest.mark.parametrize("case", BYTES)
def test_what_enters_the_upper_half(case: str) -> None:
    assert bytes_half(version(SAME)) != bytes_half(version(BYTES[case]))


def test_numbers_that_a_build_gives_anew_do_not_enter() -> None:
    one, other = (struct(A, name=f"demo::f::{{closure_env#{number}}}<u8>") for number in (0, 7))
    assert version(one) == version(other)


def enum(value: int, printed: int | None = None) -> Composite:
    tag = Member(None, U64, 0)
    variants = (Variant((Member("Some", U64, 8),)), Variant((), Constant(value, printed)))
    return Composite("struct", "demo::E", 16, 8, (VariantPart((tag,), tag, variants),))


def test_niche_values_and_values_of_128_bits_enter() -> None:
    assert bytes_half(version(enum(0x110000))) != bytes_half(version(enum(0xFFFFFFFF)))
    assert bytes_half(version(enum(1 << 100))) != bytes_half(version(enum((1 << 100) + 1)))


def animal(*methods: str, types: tuple[Type, ...] = ()) -> int:
    slots = tuple(Slot(f"_ZN4demo3Dog{len(each)}{each}17h0123456789abcdefE", len(BASES) + 2)
                  for each in methods)  # fmt: skip
    table = (
        Modifier("pointer", "&dyn demo::Animal", len(BASES) + 1),
        Composite("struct", "dyn demo::Animal", 0, 1, ()),
        *(types or (Function((Parameter("self", U64), Parameter("times", U32)), None),)),
    )
    vtable = Vtable("<demo::Dog as demo::Animal>", "demo::Animal", None, slots)
    return version(*table, vtables=(vtable,) if methods else ())


def test_vtables_enter_without_self() -> None:
    other_self = Function((Parameter("self", U8), Parameter("times", U32)), None)
    other_argument = Function((Parameter("self", U64), Parameter("times", U64)), None)
    speak = animal("speak", "sleep")
    assert bytes_half(speak) != bytes_half(animal("sleep", "speak"))
    assert speak == animal("speak", "sleep", types=(other_self,))
    assert bytes_half(speak) != bytes_half(animal("speak", "sleep", types=(other_argument,)))


def test_recursive_types_are_told_apart_however_far_the_difference() -> None:
    """A ring of pointers of which one member, far away, differs."""

    def ring(last: int) -> int:
        count = 40
        first = len(BASES)
        nodes: list[Type] = []
        for number in range(count):
            value = last if number == count - 1 else U32
            following = first + count + (number + 1) % count
            nodes.append(struct(Member("value", value, 0), Member("next", following, 8)))
        pointers = [Modifier("pointer", "&demo::S", first + number) for number in range(count)]
        return version(*nodes, *pointers)

    assert len({ring(U32), ring(I32), ring(U64)}) == 3


def test_what_is_kept_of_one_build_does_not_grow_with_the_builds() -> None:
    sizes = []
    for number in range(20):
        types = tuple(struct(Member(f"m{each}", U32, number)) for each in range(50))
        hashes = type_hashes(Model((*BASES, *types), (), (), (), FACTS), named=True)
        assert len({hashes.of(len(BASES) + each) for each in range(50)}) == 50
        sizes.append(len(hashes._known.digests))
    assert max(sizes) <= 10 * (len(BASES) + 50) < 20 * 50


@pytest.mark.parametrize(
    ("before", "after"), [("writable", "thread-local"), ("thread-local", "read-only")]
)
def test_where_a_static_stands_enters(before: str, after: str) -> None:
    versions = []
    for storage in (before, after):
        symbol = Symbol("v", "variable", U32, storage=storage)  # type: ignore[arg-type]
        (found,) = with_layout_versions(Model(BASES, (symbol,), (), (), FACTS)).symbols
        assert found.layout is not None
        versions.append(bytes_half(found.layout))
    assert versions[0] != versions[1]


def test_a_symbol_without_debug_info_has_none() -> None:
    model = Model(BASES, (Symbol("f", None, None),), (), (), FACTS)
    assert with_layout_versions(model).symbols[0].layout is None


def test_arrays_and_void() -> None:
    arrays = {version(Array(U8, counts)) for counts in ((4,), (8,), (None,), (2, 2))}
    assert len(arrays) == 4
    assert version(Modifier("pointer", "", None)) != version(Modifier("pointer", "", U8))


REBUILDS = sorted(path.stem for path in OBJECTS.glob("constructs-*.o"))


@pytest.mark.parametrize("rebuild", REBUILDS)
def test_a_rebuild_of_equal_source_has_equal_versions(rebuild: str) -> None:
    """At other levels of optimisation, in more units, other folders, manglings, forms of DWARF."""
    before, after = (model_of(OBJECTS / f"{name}.o") for name in ("constructs", rebuild))
    known = {pairing_key(symbol.name): symbol.layout for symbol in after.symbols}
    versions = {pairing_key(symbol.name): symbol.layout for symbol in before.symbols}
    assert versions.items() <= known.items()
