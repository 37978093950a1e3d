"""The kinds of change, how grave each is, and why: one table, which ``rustabi explain`` prints."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """What a change means for a caller that was compiled against OLD.

    Declared from worst to mildest.

    Example:
        >>> import rustabi
        >>> [severity.value for severity in rustabi.Severity]
        ['break', 'risky', 'api', 'noise']
        >>> rustabi.Severity.BREAK.rank < rustabi.Severity.API.rank
        True
    """

    BREAK = "break"
    RISKY = "risky"
    API = "api"
    NOISE = "noise"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


class ChangeKind(StrEnum):
    """What changed. The values are the ids used in JSON, rules and sample names.

    ``rustabi explain KIND`` tells what each means, and why it breaks a caller or does not.

    Example:
        >>> import rustabi
        >>> rustabi.ChangeKind("niche-changed") is rustabi.ChangeKind.NICHE_CHANGED
        True
    """

    SYMBOL_REMOVED = "symbol-removed"
    SYMBOL_ADDED = "symbol-added"
    SIGNATURE_CHANGED = "signature-changed"
    CALLING_CONVENTION_CHANGED = "calling-convention-changed"
    STATIC_CHANGED = "static-changed"
    PARAMETERS_REORDERED = "parameters-reordered"
    PARAMETER_RENAMED = "parameter-renamed"
    TYPE_KIND_CHANGED = "type-kind-changed"
    TYPE_RENAMED = "type-renamed"
    TYPE_ADDED = "type-added"
    TYPE_REMOVED = "type-removed"
    SIZE_CHANGED = "size-changed"
    ALIGNMENT_CHANGED = "alignment-changed"
    MEMBER_ADDED = "member-added"
    MEMBER_REMOVED = "member-removed"
    MEMBER_RETYPED = "member-retyped"
    MEMBER_RENAMED = "member-renamed"
    MEMBER_MOVED = "member-moved"
    MEMBERS_REORDERED = "members-reordered"
    LAYOUT_PERMUTED = "layout-permuted"
    VISIBILITY_CHANGED = "visibility-changed"
    VARIANT_ADDED = "variant-added"
    VARIANT_REMOVED = "variant-removed"
    VARIANT_RENAMED = "variant-renamed"
    VARIANTS_REORDERED = "variants-reordered"
    DISCRIMINANT_CHANGED = "discriminant-changed"
    NICHE_CHANGED = "niche-changed"
    ENUMERATOR_ADDED = "enumerator-added"
    ENUMERATOR_REMOVED = "enumerator-removed"
    ENUMERATOR_RENAMED = "enumerator-renamed"
    ENUMERATOR_CHANGED = "enumerator-changed"
    ENUM_REPR_CHANGED = "enum-repr-changed"
    ARRAY_LENGTH_CHANGED = "array-length-changed"
    POINTER_TARGET_CHANGED = "pointer-target-changed"
    POINTER_KIND_CHANGED = "pointer-kind-changed"
    VTABLE_CHANGED = "vtable-changed"
    VTABLE_REORDERED = "vtable-reordered"
    VTABLE_METHOD_CHANGED = "vtable-method-changed"
    COMPILER_CHANGED = "compiler-changed"


class KindInfo(NamedTuple):
    """What the table says of a kind.

    Attributes:
        severity: Where an export reaches the change; milder where none does.
        means: What happened.
        because: Why it is as grave as it is.
        example: Old and new in a line or two.
    """

    severity: Severity
    means: str
    because: str
    example: str


_B, _R, _A, _N = Severity.BREAK, Severity.RISKY, Severity.API, Severity.NOISE

KINDS: dict[ChangeKind, KindInfo] = {
    ChangeKind.SYMBOL_REMOVED: KindInfo(
        _B, "An exported symbol of OLD is not exported by NEW.",
        "A binary that imports it no longer links or loads. Inlining at another opt level can be"
        " why.",
        "#[no_mangle] pub extern \"C\" fn probe()  ->  (gone)",
    ),
    ChangeKind.SYMBOL_ADDED: KindInfo(
        _N, "NEW exports a symbol that OLD did not.",
        "Nothing that was compiled against OLD can refer to it.",
        "(nothing)  ->  pub extern \"C\" fn probe2()",
    ),
    ChangeKind.SIGNATURE_CHANGED: KindInfo(
        _B, "A function takes or returns other types, or another number of parameters.",
        "Callers pass arguments in the registers and forms of the old signature.",
        "fn f(x: u32)  ->  fn f(x: u64)",
    ),
    ChangeKind.CALLING_CONVENTION_CHANGED: KindInfo(
        _B, "A function of the same signature takes a parameter in another register.",
        "Callers put arguments where the old function took them. It is found where the debug info"
        " of both builds tells the place; where it does not, a gap names the function.",
        "extern \"C\" fn split(pair: (u64, u64, u64), scale: u64)  ->  fn split(..)",
    ),
    ChangeKind.STATIC_CHANGED: KindInfo(
        _B, "An exported static has another type, or is stored otherwise.",
        "Users of the static read and write it with the old type's size and layout, and where it"
        " was, and may rely on an alignment that the source states. One that became writable is"
        " api.",
        "static LEVEL: u32  ->  static LEVEL: u64; static mut  ->  static",
    ),
    ChangeKind.PARAMETERS_REORDERED: KindInfo(
        _B, "The parameters of a function have the same names in another order.",
        "Callers pass each argument where another one is expected now. Types that differ show it,"
        " too; where they are equal, the names alone do. Layout versions do not cover it.",
        "fn sub(from: u32, what: u32)  ->  fn sub(what: u32, from: u32)",
    ),
    ChangeKind.PARAMETER_RENAMED: KindInfo(
        _N, "A parameter has another name.",
        "Names of parameters exist in source alone. The kernel's symbol version does change.",
        "fn f(len: usize)  ->  fn f(length: usize)",
    ),
    ChangeKind.TYPE_KIND_CHANGED: KindInfo(
        _B, "A struct became an enum or union, or the other way round.",
        "Its bytes mean something else.",
        "struct State { .. }  ->  enum State { .. }",
    ),
    ChangeKind.TYPE_RENAMED: KindInfo(
        _A, "A type has another name and the same bytes.",
        "Compiled code knows no names. The kernel's symbol version does change.",
        "struct Point { x: u32 }  ->  struct Place { x: u32 }",
    ),
    ChangeKind.TYPE_ADDED: KindInfo(
        _N, "NEW has a type that OLD did not, and no export's type changed into it.",
        "Nothing that was compiled against OLD knows it.",
        "(nothing)  ->  struct Extra { .. }",
    ),
    ChangeKind.TYPE_REMOVED: KindInfo(
        _N, "A type of OLD that no export reaches is not in NEW.",
        "It may have been inlined away or not be instantiated any more.",
        "struct Extra { .. }  ->  (gone)",
    ),
    ChangeKind.SIZE_CHANGED: KindInfo(
        _B, "A type takes more or fewer bytes.",
        "Callers allocate, copy and step through arrays with the old size.",
        "size 16  ->  24",
    ),
    ChangeKind.ALIGNMENT_CHANGED: KindInfo(
        _B, "A type must start at other addresses.",
        "Old callers place it where new code does not expect it, and containers pad differently.",
        "#[repr(align(8))]  ->  #[repr(align(16))]",
    ),
    ChangeKind.MEMBER_ADDED: KindInfo(
        _B, "A struct, union or variant has a new field.",
        "Old callers neither initialise nor copy it, even where it fits into former padding. A"
        " field of size zero takes no bytes: that is api.",
        "{ id: u32 }  ->  { id: u32, flags: u8 }",
    ),
    ChangeKind.MEMBER_REMOVED: KindInfo(
        _B, "A field is gone.",
        "Old callers still read and write its bytes, which now belong to something else.",
        "{ id: u32, flags: u8 }  ->  { id: u32 }",
    ),
    ChangeKind.MEMBER_RETYPED: KindInfo(
        _B, "A field has another type.",
        "Its bytes are read and written in the old form. Equal size does not help, and a niche that"
        " is lost moves the None of Option.",
        "next: NonNull<Node>  ->  next: *mut Node",
    ),
    ChangeKind.MEMBER_RENAMED: KindInfo(
        _A, "A field has another name at the same place and of the same type.",
        "Compiled code knows offsets, not names. The kernel's symbol version does change.",
        "{ len: usize }  ->  { length: usize }",
    ),
    ChangeKind.MEMBER_MOVED: KindInfo(
        _B, "A field stands at another offset.",
        "Old callers access it at the old offset.",
        "x at 0  ->  x at 8",
    ),
    ChangeKind.MEMBERS_REORDERED: KindInfo(
        _A, "Fields are declared in another order, or grouped in an anonymous struct of C; their"
        " offsets are the same.",
        "Compiled code knows offsets, not the order of source lines.",
        "{ a: u32, b: u32 }  ->  { b: u32, a: u32 } with equal offsets",
    ),
    ChangeKind.LAYOUT_PERMUTED: KindInfo(
        _B, "The same fields in the same source order stand in another order in memory.",
        "The compiler chose another layout, as it may for repr(Rust); old callers use the old"
        " offsets.",
        "memory order x, z, y  ->  y, x, z",
    ),
    ChangeKind.VISIBILITY_CHANGED: KindInfo(
        _A, "A field became public, private or restricted.",
        "It changes what source may name, not what bytes are. The kernel's symbol version does"
        " change.",
        "pub len: usize  ->  len: usize",
    ),
    ChangeKind.VARIANT_ADDED: KindInfo(
        _B, "An enum with data has a new variant.",
        "Old callers meet a value that their match does not know, and niches move.",
        "enum E { A(u8) }  ->  enum E { A(u8), B(u8) }",
    ),
    ChangeKind.VARIANT_REMOVED: KindInfo(
        _B, "A variant is gone.",
        "Old callers still build it; new code does not know its value.",
        "enum E { A(u8), B }  ->  enum E { A(u8) }",
    ),
    ChangeKind.VARIANT_RENAMED: KindInfo(
        _A, "A variant has another name, and the same value and fields.",
        "Compiled code knows discriminants, not names. The kernel's symbol version does change.",
        "enum E { Half(u8) }  ->  enum E { Part(u8) }",
    ),
    ChangeKind.VARIANTS_REORDERED: KindInfo(
        _B, "Variants are declared in another order, and their discriminants changed with it.",
        "Old callers read and write the old discriminants. With unchanged discriminants it is api.",
        "enum E { A(u8), B(u8) }  ->  enum E { B(u8), A(u8) }",
    ),
    ChangeKind.DISCRIMINANT_CHANGED: KindInfo(
        _B, "The value that selects a variant, or the place or type of the tag, changed.",
        "Old callers take one variant for another.",
        "E::B = 1  ->  E::B = 2",
    ),
    ChangeKind.NICHE_CHANGED: KindInfo(
        _B, "The bit pattern that stands for a variant without data changed.",
        "Old callers take None for Some, or the other way round; sizes and offsets do not show it.",
        "Option<char>::None = 0x110000  ->  0xffffffff",
    ),
    ChangeKind.ENUMERATOR_ADDED: KindInfo(
        _B, "A C-like enum has a new value.",
        "Old callers' match does not know it, and it may be the pattern that Option used for None.",
        "enum Level { Low }  ->  enum Level { Low, High }",
    ),
    ChangeKind.ENUMERATOR_REMOVED: KindInfo(
        _B, "A value of a C-like enum is gone.",
        "Old callers still pass it; in Rust an unknown value is undefined behaviour.",
        "enum Level { Low, High }  ->  enum Level { Low }",
    ),
    ChangeKind.ENUMERATOR_RENAMED: KindInfo(
        _A, "A value of a C-like enum has another name.",
        "Compiled code knows numbers, not names. The kernel's symbol version does change.",
        "enum Level { Low }  ->  enum Level { Quiet }",
    ),
    ChangeKind.ENUMERATOR_CHANGED: KindInfo(
        _B, "A name of a C-like enum stands for another number.",
        "Old callers pass the old number.",
        "High = 5  ->  High = 6",
    ),
    ChangeKind.ENUM_REPR_CHANGED: KindInfo(
        _B, "A C-like enum is represented by another integer type.",
        "It is read, passed and sign-extended differently.",
        "#[repr(u8)]  ->  #[repr(i8)]",
    ),
    ChangeKind.ARRAY_LENGTH_CHANGED: KindInfo(
        _B, "An array has another number of elements.",
        "What stands behind it moves, and loops run over the old number.",
        "[u8; 4]  ->  [u8; 8]",
    ),
    ChangeKind.POINTER_TARGET_CHANGED: KindInfo(
        _B, "A pointer points to another type, or a function pointer to another signature.",
        "The two sides disagree about the bytes behind it.",
        "*const A  ->  *const B",
    ),
    ChangeKind.POINTER_KIND_CHANGED: KindInfo(
        _A, "A pointer of the same bytes promises something else about its target.",
        "It is represented alike; what may be done with it is a matter of source.",
        "&T  ->  &mut T",
    ),
    ChangeKind.VTABLE_CHANGED: KindInfo(
        _B, "The vtable of a trait has other entries.",
        "Callers through dyn Trait take methods by their slot.",
        "3 methods  ->  4 methods",
    ),
    ChangeKind.VTABLE_REORDERED: KindInfo(
        _B, "The methods of a vtable stand in another order.",
        "Callers through dyn Trait take methods by their slot, and now call another one.",
        "start, stop  ->  stop, start",
    ),
    ChangeKind.VTABLE_METHOD_CHANGED: KindInfo(
        _B, "A method behind dyn Trait has another signature.",
        "Callers through dyn Trait pass arguments in the old form.",
        "fn speak(&self, times: u32)  ->  fn speak(&self, times: u64)",
    ),
    ChangeKind.COMPILER_CHANGED: KindInfo(
        _R, "Another version of rustc built NEW.",
        "The Rust ABI (how arguments are passed, what std does) is not stable across versions, even"
        " where every layout agrees.",
        "rustc 1.95.0  ->  rustc 1.97.0",
    ),
}  # fmt: skip


class Change(NamedTuple):
    """One difference between two types or symbols.

    Attributes:
        kind: What changed.
        where: Which member, variant or parameter; empty for the whole.
        old, new: The two states, in words; empty where there is none.
        severity: Where it differs from the kind's own.
    """

    kind: ChangeKind
    where: str = ""
    old: str = ""
    new: str = ""
    severity: Severity | None = None

    @property
    def grave(self) -> Severity:
        """The severity, before asking whether an export reaches it."""
        return self.severity or KINDS[self.kind].severity
