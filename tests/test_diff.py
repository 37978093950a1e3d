"""The comparison on models small enough to read: what is told, of what, and what is not."""

from __future__ import annotations

from datetime import date

import pytest

from rustabi.diff import Change, ChangeKind, Comparison, Severity, compare
from rustabi.diff.gaps import GapKind
from rustabi.errors import InputError
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
    Part,
    Slot,
    Storage,
    Symbol,
    Type,
    Unit,
    Unspecified,
    Unsupported,
    Variant,
    VariantPart,
    Vtable,
)
from rustabi.report.differences import diff_report, verdict_in_words
from rustabi.rules import NO_GATE, judge

FACTS = Facts("x86_64", 8, True, ("rustc 1.95.0",))
U8, U32, U64, I32, CHAR, F32, BOOL = range(7)
BASES: tuple[Type, ...] = (
    Base("u8", 1, 7), Base("u32", 4, 7), Base("u64", 8, 7), Base("i32", 4, 5),
    Base("char", 4, 16), Base("f32", 4, 4), Base("bool", 1, 2),
)  # fmt: skip
FIRST = len(BASES)
"""Number of the first type that a test gives; the function that takes it comes last."""


def model(*types: Type, used: int = FIRST) -> Model:
    """A model of the primitives, ``types``, and an export ``f(x: <used>)``."""
    table = (*BASES, *types, Function((Parameter("x", used),), None))
    return Model(table, (Symbol("f", "function", len(table) - 1),), (), (), FACTS)


def struct(*parts: Part, name: str = "demo::S", size: int = 16, alignment: int = 8) -> Composite:
    return Composite("struct", name, size, alignment, parts)


def enum(*values: int | None, niche: bool = False, name: str = "demo::E") -> Composite:
    """An enum with one u8-tagged variant per value; None owns the niche."""
    tag = Member(None, U8, 0)
    variants = tuple(
        Variant((Member(f"V{index}", U32, 0),), None if value is None else Constant(value, value))
        for index, value in enumerate(values)
    )
    return Composite("struct", name, 8, 4, (VariantPart((tag,), tag, variants),))


def level(*values: tuple[str, int], underlying: int = U8) -> Enumeration:
    enumerators = tuple(Enumerator(name, Constant(value, value)) for name, value in values)
    return Enumeration("demo::Level", 1, 1, enumerators, underlying)


def changes(comparison: Comparison) -> list[Change]:
    return [finding.change for finding in comparison.findings]


def kinds(old: Model, new: Model) -> set[ChangeKind]:
    return {change.kind for change in changes(compare(old, new))}


X, Y, Z = Member("x", U64, 0), Member("y", U32, 8), Member("z", U8, 12)

PAIRS: list[tuple[str, Type, Type, set[ChangeKind]]] = [
    ("equal", struct(X, Y), struct(X, Y), set()),
    ("size", struct(X), struct(X, size=24), {ChangeKind.SIZE_CHANGED}),
    ("alignment", struct(X), struct(X, alignment=4), {ChangeKind.ALIGNMENT_CHANGED}),
    ("added", struct(X), struct(X, Y), {ChangeKind.MEMBER_ADDED}),
    ("removed", struct(X, Y), struct(X), {ChangeKind.MEMBER_REMOVED}),
    ("renamed", struct(X, Y), struct(X, Y._replace(name="w")), {ChangeKind.MEMBER_RENAMED}),
    ("retyped", struct(Y), struct(Y._replace(type=F32)), {ChangeKind.MEMBER_RETYPED}),
    ("another encoding", struct(Y), struct(Y._replace(type=I32)), {ChangeKind.MEMBER_RETYPED}),
    ("char is no integer", struct(Y), struct(Y._replace(type=CHAR)), {ChangeKind.MEMBER_RETYPED}),
    ("moved", struct(Y), struct(Y._replace(offset=12)), {ChangeKind.MEMBER_MOVED}),
    ("reordered", struct(X, Y), struct(Y, X), {ChangeKind.MEMBERS_REORDERED}),
    (
        "permuted",
        struct(Y._replace(offset=0), Z._replace(offset=4)),
        struct(Y._replace(offset=4), Z._replace(offset=0)),
        {ChangeKind.LAYOUT_PERMUTED},
    ),
    (
        "visibility",
        struct(X._replace(accessibility=1)),
        struct(X._replace(accessibility=3)),
        {ChangeKind.VISIBILITY_CHANGED},
    ),
    ("kind", struct(X), Composite("union", "demo::S", 16, 8, (X,)), {ChangeKind.TYPE_KIND_CHANGED}),
    ("kind, enum", struct(X), level()._replace(name="demo::S"), {ChangeKind.TYPE_KIND_CHANGED}),
    ("variant added", enum(0, 1), enum(0, 1, 2), {ChangeKind.VARIANT_ADDED}),
    ("variant removed", enum(0, 1), enum(0), {ChangeKind.VARIANT_REMOVED}),
    ("discriminant", enum(0, 1), enum(0, 5), {ChangeKind.DISCRIMINANT_CHANGED}),
    ("niche", enum(3, None), enum(255, None), {ChangeKind.NICHE_CHANGED}),
    ("enumerator added", level(("A", 1)), level(("A", 1), ("B", 2)), {ChangeKind.ENUMERATOR_ADDED}),
    ("enumerator value", level(("A", 1)), level(("A", 2)), {ChangeKind.ENUMERATOR_CHANGED}),
    ("enumerator name", level(("A", 1)), level(("B", 1)), {ChangeKind.ENUMERATOR_RENAMED}),
    (
        "enumerator of 128 bits",
        Enumeration("demo::Level", 16, 16, (Enumerator("A", Constant(2**100, None)),)),
        Enumeration("demo::Level", 16, 16, (Enumerator("A", Constant(2**100 + 1, None)),)),
        {ChangeKind.ENUMERATOR_CHANGED},
    ),
    ("repr", level(("A", 1)), level(("A", 1), underlying=BOOL), {ChangeKind.ENUM_REPR_CHANGED}),
    (
        "bit field",
        struct(Member("b", U32, None, 3, 0)),
        struct(Member("b", U32, None, 4, 0)),
        {ChangeKind.MEMBER_RETYPED},
    ),
    (
        "bit field moved",
        struct(Member("b", U32, None, 3, 0)),
        struct(Member("b", U32, None, 3, 5)),
        {ChangeKind.MEMBER_MOVED},
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), [row[1:] for row in PAIRS],
                         ids=[row[0] for row in PAIRS])  # fmt: skip
def test_kinds_of_one_type(old: Type, new: Type, expected: set[ChangeKind]) -> None:
    assert kinds(model(old), model(new)) == expected


def with_member(member_type: Type, *more: Type) -> Model:
    """``f(x: S)`` with ``struct S { m: <member_type> }``."""
    return model(struct(Member("m", FIRST + 1, 0)), member_type, *more)


POINTERS: list[tuple[str, Type, Type, set[ChangeKind]]] = [
    ("same", Modifier("pointer", "&u8", U8), Modifier("pointer", "&u8", U8), set()),
    (
        "target",
        Modifier("pointer", "&u8", U8),
        Modifier("pointer", "&u32", U32),
        {ChangeKind.POINTER_TARGET_CHANGED},
    ),
    (
        "mutability",
        Modifier("pointer", "&u8", U8),
        Modifier("pointer", "&mut u8", U8),
        {ChangeKind.POINTER_KIND_CHANGED},
    ),
    (
        "a reference is never null",
        Modifier("pointer", "&u8", U8),
        Modifier("pointer", "*const u8", U8),
        {ChangeKind.MEMBER_RETYPED},
    ),
    ("array", Array(U8, (4,)), Array(U8, (8,)), {ChangeKind.ARRAY_LENGTH_CHANGED}),
    ("array of others", Array(U8, (4,)), Array(BOOL, (4,)), {ChangeKind.MEMBER_RETYPED}),
    ("typedefs are looked through", Modifier("typedef", "u_int", U32), BASES[U32], set()),
    ("qualifiers are looked through", Modifier("const", "", U32), BASES[U32], set()),
    ("a type of GCC under Clang's name", Base("long unsigned int", 8, 7),
     Base("unsigned long", 8, 7), set()),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), [row[1:] for row in POINTERS],
                         ids=[row[0] for row in POINTERS])  # fmt: skip
def test_kinds_of_members(old: Type, new: Type, expected: set[ChangeKind]) -> None:
    assert kinds(with_member(old), with_member(new)) == expected


def fn_pointer(name: str, result: int | None, *parameters: int) -> tuple[Type, Type]:
    function = Function(tuple(Parameter(None, each) for each in parameters), result)
    return Modifier("pointer", name, FIRST + 2), function


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (fn_pointer("fn(u8)", None, U8), fn_pointer("fn(u8)", None, U8), False),
        (fn_pointer("fn(u8)", None, U8), fn_pointer("fn(u32)", None, U32), True),
        (fn_pointer("fn(u8)", None, U8), fn_pointer("fn()", None), True),
        (fn_pointer("fn()", None), fn_pointer("fn() -> u8", U8), True),
        (fn_pointer("fn(u8)", None, U8), fn_pointer('extern "C" fn(u8)', None, U8), True),
    ],
)
def test_function_pointers(old: tuple[Type, Type], new: tuple[Type, Type], expected: bool) -> None:
    found = kinds(with_member(*old), with_member(*new))
    assert found == ({ChangeKind.POINTER_TARGET_CHANGED} if expected else set())


def test_a_recursive_type_is_compared_once() -> None:
    node = struct(Member("next", FIRST + 1, 0), X._replace(offset=8))
    other = node._replace(parts=(node.parts[0], Member("x", U64, 12)))
    pointer = Modifier("pointer", "*mut demo::S", FIRST)
    assert kinds(model(node, pointer), model(node, pointer)) == set()
    assert kinds(model(node, pointer), model(other, pointer)) == {ChangeKind.MEMBER_MOVED}


def nested(inner_size: int, inner_members: tuple[Member, ...]) -> Model:
    inner = struct(*inner_members, name="demo::Inner", size=inner_size)
    outer = struct(
        Member("inner", FIRST + 1, 0), Member("tail", U8, inner_size), size=inner_size + 8
    )
    return model(outer, inner)


def test_one_root_cause_is_told_once() -> None:
    comparison = compare(nested(8, (X,)), nested(16, (X, Y)))
    assert {(each.type, each.change.kind) for each in comparison.findings} == {
        ("demo::Inner", ChangeKind.SIZE_CHANGED),
        ("demo::Inner", ChangeKind.MEMBER_ADDED),
    }
    for finding in comparison.findings:
        followed = {(each.type, each.change.kind) for each in finding.consequences}
        assert followed == {
            ("demo::S", ChangeKind.SIZE_CHANGED),
            ("demo::S", ChangeKind.MEMBER_MOVED),
        }


def test_a_path_leads_from_the_symbol_to_the_change() -> None:
    comparison = compare(nested(8, (X,)), nested(16, (X, Y)))
    (affected,) = comparison.findings[0].affected
    assert affected.symbol == "f"
    assert [(step.reason, step.label) for step in affected.path] == [
        ("parameter", "x"),
        ("field", "inner"),
    ]
    assert affected.by_value


def test_behind_a_pointer_is_told_apart() -> None:
    pointer = Modifier("pointer", "&demo::S", FIRST)
    old, new = (model(struct(X, size=size), pointer, used=FIRST + 1) for size in (8, 16))
    (finding,) = compare(old, new).findings
    assert finding.severity is Severity.BREAK
    assert not finding.affected[0].by_value


def test_what_no_export_reaches_does_not_break() -> None:
    old, new = (model(struct(X, size=size), used=U8) for size in (8, 16))
    comparison = compare(old, new)
    assert comparison.verdict == "compatible"
    (finding,) = comparison.findings
    assert finding.severity is Severity.RISKY
    assert finding.affected == ()


def test_signatures() -> None:
    def exporting(*parameters: Parameter, result: int | None = None) -> Model:
        node = Function(parameters, result)
        return Model((*BASES, node), (Symbol("f", "function", FIRST),), (), (), FACTS)

    old = exporting(Parameter("a", U8))
    assert kinds(old, exporting(Parameter("b", U8))) == {ChangeKind.PARAMETER_RENAMED}
    assert kinds(old, exporting(Parameter(None, U8))) == set()
    assert kinds(old, exporting(Parameter("a", U32))) == {ChangeKind.SIGNATURE_CHANGED}
    assert kinds(old, exporting()) == {ChangeKind.SIGNATURE_CHANGED}
    assert kinds(old, exporting(Parameter("a", U8), result=U8)) == {ChangeKind.SIGNATURE_CHANGED}
    static = Model(BASES, (Symbol("f", "variable", U8),), (), (), FACTS)
    assert kinds(old, static) == {ChangeKind.SIGNATURE_CHANGED}
    other = Model(BASES, (Symbol("f", "variable", U32),), (), (), FACTS)
    assert kinds(static, other) == {ChangeKind.STATIC_CHANGED}


def test_a_type_that_is_not_specified_is_what_its_name_says() -> None:
    """C++ has ``decltype(nullptr)``, which DWARF gives a name alone."""

    def taking(name: str) -> Model:
        node = Function((Parameter("a", FIRST + 1),), None)
        types = (*BASES, node, Unspecified(name))
        return Model(types, (Symbol("f", "function", FIRST),), (), (), FACTS)

    assert kinds(taking("nullptr"), taking("nullptr")) == set()
    assert kinds(taking("nullptr"), taking("other")) == {ChangeKind.SIGNATURE_CHANGED}


def test_symbols_come_and_go() -> None:
    one = model(struct(X))
    two = one._replace(symbols=(*one.symbols, Symbol("g", "function", len(one.types) - 1)))
    assert compare(one, two).verdict == "compatible"
    assert kinds(one, two) == {ChangeKind.SYMBOL_ADDED}
    assert compare(two, one).verdict == "incompatible"
    assert kinds(two, one) == {ChangeKind.SYMBOL_REMOVED}


def test_symbols_of_another_build_are_paired() -> None:
    def named(name: str) -> Model:
        one = model(struct(X))
        return one._replace(symbols=(one.symbols[0]._replace(name=name),))

    assert (
        kinds(named("_RNvCsaaaaaaaaaaa_4demo4open"), named("_RNvCsbbbbbbbbbbb_4demo4open")) == set()
    )


def test_renumbered_closures_are_paired_by_use() -> None:
    old, new = (
        model(struct(X, name=f"demo::{{impl#{number}}}::run::{{closure_env#{number}}}"))
        for number in (0, 7)
    )
    assert kinds(old, new) == set()


def test_a_renamed_type_is_no_break() -> None:
    old, new = model(struct(X, name="demo::Point")), model(struct(X, name="demo::Place"))
    assert kinds(old, new) == {ChangeKind.TYPE_RENAMED}
    assert compare(old, new).verdict == "compatible"


def test_another_type_of_equal_bytes_is_a_break() -> None:
    both = (struct(X, name="demo::Celsius"), struct(X, name="demo::Kelvin"))
    comparison = compare(model(*both), model(*both, used=FIRST + 1))
    assert comparison.verdict == "incompatible"
    assert changes(comparison)[0].kind is ChangeKind.SIGNATURE_CHANGED


def test_the_compiler_is_told() -> None:
    old = model(struct(X))
    new = old._replace(facts=FACTS._replace(compilers=("rustc 1.97.0",)))
    comparison = compare(old, new)
    assert comparison.verdict == "compatible"
    assert changes(comparison) == [
        Change(ChangeKind.COMPILER_CHANGED, "", "rustc 1.95.0", "rustc 1.97.0")
    ]


def test_vtables() -> None:
    trait_object = struct(name="dyn demo::Animal", size=0, alignment=1)
    method = Function((Parameter("self", U64), Parameter("times", U32)), None)
    other = Function((Parameter("self", U64), Parameter("times", U64)), None)

    def holding(*slots: tuple[str, int]) -> Model:
        one = model(struct(Member("pointer", FIRST + 1, 0)), trait_object, method, other)
        listed = tuple(Slot(f"{name}", FIRST + number) for name, number in slots)
        return one._replace(vtables=(Vtable("<D as demo::Animal>", "demo::Animal", None, listed),))

    old = holding(("speak", 2), ("walk", 2))
    assert kinds(old, old) == set()
    assert kinds(old, holding(("walk", 2), ("speak", 2))) == {ChangeKind.VTABLE_REORDERED}
    assert kinds(old, holding(("speak", 2))) == {ChangeKind.VTABLE_CHANGED}
    assert kinds(old, holding(("speak", 2), ("walk", 3))) == {ChangeKind.VTABLE_METHOD_CHANGED}
    (finding,) = compare(old, holding(("walk", 2), ("speak", 2))).findings
    assert finding.type == "dyn demo::Animal"
    assert [each.symbol for each in finding.affected] == ["f"]


def test_gaps_of_both_sides_leave_the_verdict_alone() -> None:
    one = model(struct(X))
    bare = one._replace(symbols=(*one.symbols, Symbol("g", None, None)))
    comparison = compare(bare, bare)
    assert comparison.verdict == "compatible"
    assert [(each.gap.kind, each.side) for each in comparison.gaps] == [(GapKind.NO_DWARF, "both")]


def test_builds_of_which_nothing_is_described_leave_no_verdict() -> None:
    bare = model(struct(X))._replace(symbols=(Symbol("f", None, None),))
    assert compare(bare, bare).verdict == "error"
    report = diff_report(compare(bare, bare), "old.o", "new.o")
    assert report.verdict == "error"
    assert report.error is not None
    assert report.error.kind == "no-symbol-described"


def test_builds_that_export_nothing_are_judged_by_their_types_or_not_at_all() -> None:
    declared = struct(name="demo::Opaque")._replace(declaration=True)
    old, new = (
        each._replace(symbols=(), types=(*each.types, declared))
        for each in (model(struct(X)), model(struct(X, Y)))
    )
    comparison = compare(old, new)
    assert comparison.verdict == "error"
    report = diff_report(comparison, "old.ko", "new.ko")
    assert report.error is not None
    assert (report.verdict, report.error.kind) == ("error", "no-exports")
    assert "1 type " in (report.error.advice or "")
    assert [(each.kind, each.severity) for each in report.findings][:1] == [
        ("member-added", "risky")
    ]
    assert [each.subject for each in report.gaps] == ["demo::Opaque"]

    bare = old._replace(types=old.types[:-1])
    assert [each.gap.subject for each in compare(bare, old).gaps] == ["demo::Opaque"]
    assert not compare(bare, old).lost  # OLD did not tell more of it
    defined = old._replace(types=(*bare.types, declared._replace(declaration=False, size=8)))
    assert [each.subject for each in compare(defined, old).lost] == ["demo::Opaque"]

    strict = NO_GATE.with_options((), frozenset({"break", "risky"}))
    judged = judge(comparison, strict, date.min)
    assert diff_report(comparison, "old.ko", "new.ko", judgement=judged).verdict == "incompatible"
    same = compare(old, old)
    judged = judge(same, strict, date.min)
    report = diff_report(same, "old.ko", "old.ko", judgement=judged)
    assert verdict_in_words(report) == "COMPATIBLE: no symbol is exported, 1 type compared"
    empty = old._replace(types=())
    judged = judge(compare(empty, empty), strict, date.min)
    assert diff_report(compare(empty, empty), "a", "b", judgement=judged).verdict == "error"


def test_lost_data_leave_no_verdict() -> None:
    one = model(struct(X))
    bare = one._replace(symbols=(Symbol("f", None, None),))
    comparison = compare(one, bare)
    assert comparison.verdict == "error"
    assert [gap.subject for gap in comparison.lost] == ["f"]
    assert compare(bare, one).verdict == "compatible"


def test_a_new_symbol_without_data_is_no_loss() -> None:
    one = model(struct(X))
    more = one._replace(symbols=(*one.symbols, Symbol("g", None, None)))
    comparison = compare(one, more)
    assert comparison.verdict == "compatible"
    assert not comparison.lost


def test_unsupported_nodes_are_gaps() -> None:
    strange = with_member(Unsupported("tag", 0x4200, "demo::Strange"))
    comparison = compare(strange, strange)
    assert comparison.verdict == "compatible"
    assert [each.gap.kind for each in comparison.gaps] == [GapKind.UNSUPPORTED]
    plain = with_member(BASES[U8])
    assert compare(plain, strange).verdict == "error"


def test_declarations_are_gaps_not_changes() -> None:
    pointer = Modifier("pointer", "*mut demo::Opaque", FIRST + 1)
    declared = Composite("struct", "demo::Opaque", None, None, (), declaration=True)
    defined = struct(X, name="demo::Opaque")
    old, new = model(pointer, declared), model(pointer, defined)
    assert kinds(old, new) == set()
    assert [each.gap.kind for each in compare(old, new).gaps] == [GapKind.DECLARATION_ONLY]
    assert compare(new, old).verdict == "error"


def test_same_named_types_are_both_compared() -> None:
    """Two versions of one crate in one build: each is held against its own counterpart."""
    one, two = struct(X, name="demo::V"), struct(X, Y, name="demo::V")
    pair = struct(Member("a", FIRST + 1, 0), Member("b", FIRST + 2, 16), size=32)
    old = model(pair, one, two)
    new = model(pair, one, struct(X, Y._replace(offset=12), name="demo::V"))
    (finding,) = compare(old, new).findings
    assert (finding.type, finding.change.kind) == ("demo::V", ChangeKind.MEMBER_MOVED)
    assert [step.label for step in finding.affected[0].path] == ["x", "b"]
    unreached = model(one, two, used=U8)
    assert compare(unreached, model(two, one, used=U8)).findings == ()


def erased(argument: Type, *, address: bool = True) -> Model:
    """``f(x: &Vec<S>)`` where the members of Vec say nothing of S."""
    held = Modifier("pointer", "*const u8", U8) if address else BASES[U64]
    vec = struct(Member("p", FIRST + 1, 0), name="demo::Vec<demo::S>", size=8)
    return model(vec._replace(arguments=(Argument("T", FIRST + 2),)), held, argument)


def test_type_arguments_behind_an_address_count() -> None:
    """Vec holds its elements behind a pointer to bytes: only the argument tells their type."""
    old, new = erased(struct(X, size=8)), erased(struct(X, Y))
    comparison = compare(old, new)
    assert comparison.verdict == "incompatible"
    assert {finding.type for finding in comparison.findings} == {"demo::S"}
    (affected,) = comparison.findings[0].affected
    assert [step.reason for step in affected.path] == ["parameter", "argument"]
    assert not affected.by_value


def test_type_arguments_of_mere_markers_do_not_count() -> None:
    old = erased(struct(X, size=8), address=False)
    new = erased(struct(X, Y), address=False)
    assert compare(old, new).verdict == "compatible"


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("dyn demo::A", "dyn demo::B", "incompatible"),
        ("dyn demo::Fn<(&u32), Output=u8>", "dyn demo::Fn<(&u64), Output=u8>", "incompatible"),
        ("dyn demo::A", "(dyn demo::A + core::marker::Send)", "compatible"),
        ("dyn demo::A", "dyn demo::A", "compatible"),
    ],
)
def test_of_a_trait_object_the_name_is_all_there_is(old: str, new: str, verdict: str) -> None:
    def using(name: str) -> Model:
        return model(
            struct(Member("pointer", FIRST + 1, 0), name=f"&{name}"),
            Modifier("pointer", "", FIRST + 2),
            struct(name=name, size=0, alignment=1),
        )

    assert compare(using(old), using(new)).verdict == verdict


def test_variadic_function_pointers() -> None:
    one = fn_pointer('extern "C" fn(u8, ...)', None, U8)
    other = fn_pointer('extern "C" fn(u8)', None, U8)
    found = kinds(with_member(*one), with_member(*other))
    assert found == {ChangeKind.POINTER_TARGET_CHANGED}


def test_char_constants_differ_by_hash_within_one_compiler() -> None:
    old, new = (model(struct(X, name=f"demo::W<{{CONST#{digit}}}>")) for digit in "ab")
    assert kinds(old, new) >= {ChangeKind.SIGNATURE_CHANGED}
    other = new._replace(facts=FACTS._replace(compilers=("rustc 1.97.0",)))
    assert kinds(old, other) == {ChangeKind.COMPILER_CHANGED}


@pytest.mark.parametrize(
    ("old", "new", "severity"),
    [
        ("writable", "read-only", Severity.BREAK),
        ("writable", "thread-local", Severity.BREAK),
        ("read-only", "writable", Severity.API),
    ],
)
def test_where_a_static_is_stored(old: Storage, new: Storage, severity: Severity) -> None:
    def holding(storage: Storage) -> Model:
        static = Symbol("X", "variable", U32, storage=storage)
        return Model(BASES, (static,), (), (), FACTS)

    (finding,) = compare(holding(old), holding(new)).findings
    assert (finding.change.kind, finding.severity) == (ChangeKind.STATIC_CHANGED, severity)


def test_instances_over_closures_are_nobodys_business() -> None:
    """No other crate can name them, so they may come, go and change."""
    name = "_RINvCsaaaaaaaaaaa_4demo2apNCNvB2_1f0EB2_"
    one = model(struct(X))
    closure = one._replace(symbols=(one.symbols[0]._replace(name=name),))
    assert compare(closure, one._replace(symbols=())).verdict == "compatible"
    grown = model(struct(X, Y))
    assert compare(closure, grown._replace(symbols=closure.symbols)).verdict == "compatible"


def test_architectures_are_not_compared() -> None:
    one = model(struct(X))
    with pytest.raises(InputError, match="aarch64"):
        compare(one, one._replace(facts=FACTS._replace(machine="aarch64")))


def test_what_the_methods_of_a_trait_object_take_is_told_by_its_name_alone() -> None:
    """``Box<dyn Fn(&Inner)>``: no entry refers to Inner, and callers' closures read it."""
    name = "dyn core::ops::function::Fn<(&demo::Inner), Output=u32>"
    pointer = Modifier("pointer", "", FIRST + 2)
    boxed = Composite("struct", f"alloc::boxed::Box<{name}>", 16, 8, (Member("pointer", FIRST, 0),))
    dynamic = Composite("struct", name, 0, 1, ())
    old, new = (
        model(pointer, boxed, dynamic, struct(X, name="demo::Inner", size=size), used=FIRST + 1)
        for size in (16, 24)
    )
    (finding,) = compare(old, new).findings
    assert (finding.type, finding.severity) == ("demo::Inner", Severity.BREAK)
    assert [each.symbol for each in finding.affected] == ["f"]


@pytest.mark.parametrize(
    ("before", "after", "kind", "severity"),
    [
        ("unsafe fn()", "fn()", ChangeKind.POINTER_KIND_CHANGED, Severity.API),
        ('extern "C" fn()', "fn()", ChangeKind.POINTER_TARGET_CHANGED, Severity.BREAK),
        ("&demo::S", "alloc::boxed::Box<demo::S>", ChangeKind.SIGNATURE_CHANGED, Severity.BREAK),
        ("&demo::S", "*const demo::S", ChangeKind.SIGNATURE_CHANGED, Severity.BREAK),
        ("&demo::S", "&mut demo::S", ChangeKind.POINTER_KIND_CHANGED, Severity.API),
    ],
)
def test_what_a_pointer_promises(
    before: str, after: str, kind: ChangeKind, severity: Severity
) -> None:
    target = Function((), None) if "fn(" in before else struct(X)
    old, new = (model(Modifier("pointer", name, FIRST + 1), target) for name in (before, after))
    found = {(each.change.kind, each.severity) for each in compare(old, new).findings}
    expected = ChangeKind.SIGNATURE_CHANGED if kind is ChangeKind.POINTER_TARGET_CHANGED else kind
    assert found == {(expected, severity)}


def test_a_fat_pointer_to_a_renamed_element_is_no_other_pointer() -> None:
    def fat(sigil: str, element: str) -> Model:
        parts = (Member("data_ptr", FIRST + 1, 0), Member("length", U64, 8))
        return model(
            Composite("struct", f"{sigil}[{element}]", 16, 8, parts),
            Modifier("pointer", "", FIRST + 2),
            struct(X, name=element),
        )

    renamed = compare(fat("&", "demo::Old"), fat("&", "demo::New"))
    assert {each.severity for each in renamed.findings} == {Severity.API}
    mutable = compare(fat("&", "demo::S"), fat("&mut ", "demo::S"))
    assert kinds(mutable.old, mutable.new) == {ChangeKind.POINTER_KIND_CHANGED}
    raw = compare(fat("&", "demo::S"), fat("*const ", "demo::S"))
    assert raw.findings[0].severity is Severity.BREAK


def test_a_function_that_never_returns_now_does() -> None:
    old = model(struct(X))
    function = old.types[-1]
    assert isinstance(function, Function)
    new = old._replace(types=(*old.types[:-1], function._replace(diverges=True)))
    (change,) = changes(compare(old, new))
    assert (change.kind, change.new) == (ChangeKind.SIGNATURE_CHANGED, "fn(demo::S) -> !")


def test_types_of_the_standard_library_are_not_renamed_by_the_same_compiler() -> None:
    """Arc and Rc have equal bytes, and yet one is not the other under a new name."""
    old, new = (model(struct(X, name=f"alloc::{each}")) for each in ("rc::Rc", "sync::Arc"))
    assert compare(old, new).findings[0].severity is Severity.BREAK
    other = new._replace(facts=FACTS._replace(compilers=("rustc 1.97.0",)))
    assert ChangeKind.TYPE_RENAMED in kinds(old, other)


def test_renamed_types_hide_no_swapped_members() -> None:
    old = struct(Y._replace(offset=0), Member("w", U32, 4), name="demo::Old")
    new = struct(Y._replace(offset=4), Member("w", U32, 0), name="demo::New")
    assert kinds(model(old), model(new)) == {ChangeKind.TYPE_RENAMED, ChangeKind.LAYOUT_PERMUTED}


def test_a_folded_function_with_an_entry_of_its_own_again_is_no_loss() -> None:
    old = model(struct(X))
    (symbol,) = old.symbols
    unit = Unit("lib.rs", "rustc", 0x1C)
    folded = old._replace(
        units=(unit,), symbols=(symbol._replace(kind=None, type=None, borrowed="g"),)
    )
    own = old._replace(units=(unit,), symbols=(symbol._replace(unit=0),))
    assert compare(folded, own).lost == ()
    assert {gap.kind for gap in compare(own, folded).lost} == {GapKind.FOLDED}


@pytest.mark.parametrize(
    ("name", "note"), [("_RNvC4demo4gone", "inlining may be why"), ("no_mangle", "")]
)
def test_a_removed_function_may_have_been_inlined(name: str, note: str) -> None:
    old = model(struct(X))
    old = old._replace(symbols=(old.symbols[0]._replace(name=name),))
    (change,) = changes(compare(old, old._replace(symbols=())))
    assert (change.kind, change.new) == (ChangeKind.SYMBOL_REMOVED, note)


def test_a_member_that_became_a_bit_field_is_told_in_words() -> None:
    """``bool x;`` that became ``bool x:1;``, as in Linux's ``signal_struct``."""
    plain, field = Member("x", BOOL, 8), Member("x", BOOL, None, 1, 64)
    told = [
        (change.old, change.new)
        for change in changes(compare(model(struct(plain)), model(struct(field))))
        if change.kind is ChangeKind.MEMBER_RETYPED
    ]
    assert told == [("no bit field", "1 bits")]
