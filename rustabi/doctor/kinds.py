"""The problems that a build's debug info can have: why each matters, and what to change.

One table, as `rustabi.diff.kinds` is for changes. What was found, and how grave it is in the build
at hand, is for the checks to say.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal, NamedTuple, TypeAlias

Build: TypeAlias = Literal["cargo", "rustc", "kernel", "c", "tool"]
"""Where a remedy goes: the cargo profile, rustc's flags, the kernel's configuration, the C
compiler's flags, a command to run."""


class Remedy(NamedTuple):
    """What to change so that a problem goes away.

    Attributes:
        build: Where.
        change: The option as it is written there, with a remark where it has a price.
    """

    build: Build
    change: str


class ProblemKind(StrEnum):
    """What is wrong. The values are the ids used in JSON."""

    UNREADABLE = "unreadable"
    BITCODE = "bitcode"
    PACKED = "packed-section"
    STRIPPED = "stripped"
    NO_DEBUG_INFO = "no-debug-info"
    LINE_DIRECTIVES = "line-directives-only"
    SEPARATE = "separate-debug-file"
    SPLIT = "split-debug-info"
    DWO = "dwo-file"
    CRATE_WITHOUT = "crate-without-debug-info"
    LIMITED = "debuginfo-1"
    LINE_TABLES = "line-tables-only"
    STD = "std-without-types"
    C_G1 = "c-without-types"
    REDUCED = "reduced-debug-info"
    DWZ = "dwz"
    HOLLOW = "debug-file-alone"
    NO_CODE = "no-code"
    NO_EXPORTS = "no-exports"
    MODULE_ALONE = "module-without-exports"
    NONE_DESCRIBED = "no-symbol-described"
    NO_ENTRY = "symbol-without-entry"
    METHOD = "method-without-entry"
    ASSEMBLER = "assembler-symbol"
    NO_VERSION = "symbol-without-version"
    COMPILER_MADE = "compiler-made-symbol"
    FOLDED = "symbol-folded"
    DECLARED = "declaration-only"
    UNSUPPORTED = "unsupported-dwarf"
    VTABLE = "vtable-unknown"
    NAMESAKES = "several-types-of-one-name"
    LTO = "link-time-optimised"
    COMPILERS = "mixed-compilers"
    VERSIONS = "mixed-dwarf-versions"


class KindInfo(NamedTuple):
    """What is the same for every build that has a problem.

    Attributes:
        because: Why it matters for a verdict.
        remedies: What to change; one of them is enough.
    """

    because: str
    remedies: tuple[Remedy, ...] = ()


_NO_TYPES: Final = (
    "no type is described, so no change of a layout, a vtable or a signature could be seen"
)
_LOOKS_EMPTY: Final = (
    "each function looks as if it took and returned nothing; a crate that uses no type looks alike"
)
_FULL: Final = (
    Remedy("cargo", "debug = 2"),
    Remedy("rustc", "-C debuginfo=2"),
    Remedy("kernel", "CONFIG_DEBUG_INFO_DWARF5=y (and CONFIG_DEBUG_INFO_REDUCED=n)"),
    Remedy("c", "-g (not -g1)"),
)
_NO_LTO: Final = (
    Remedy("cargo", 'lto = "off"'),
    Remedy("rustc", "-C lto=off, without -C linker-plugin-lto"),
    Remedy("kernel", "CONFIG_LTO_NONE=y"),
    Remedy("c", "-fno-lto"),
)
_WHOLE: Final = Remedy("tool", "eu-unstrip FILE FILE.debug -o WHOLE, and name WHOLE")

PROBLEMS: Final[dict[ProblemKind, KindInfo]] = {
    ProblemKind.UNREADABLE: KindInfo(
        "what cannot be read cannot be compared, and part of the types must not pass for all"
    ),
    ProblemKind.BITCODE: KindInfo(
        "the compiler left code and debug info to the linker: sizes and offsets are not in here",
        (*_NO_LTO, Remedy("tool", "or name the linked library or program")),
    ),
    ProblemKind.PACKED: KindInfo(
        "the debug info is there, but compressed in a way that cannot be undone here",
        (
            Remedy("tool", "objcopy --decompress-debug-sections FILE"),
            Remedy("tool", "for zstd: pip install zstandard"),
            Remedy("rustc", "-C link-arg=-Wl,--compress-debug-sections=none"),
            Remedy("kernel", "CONFIG_DEBUG_INFO_COMPRESSED_NONE=y"),
            Remedy("c", "-gz=none"),
        ),
    ),
    ProblemKind.STRIPPED: KindInfo(
        _NO_TYPES,
        (
            Remedy("cargo", 'strip = "none" and debug = 2'),
            Remedy("rustc", "-C strip=none -C debuginfo=2"),
            Remedy("kernel", "CONFIG_DEBUG_INFO_DWARF5=y, and no INSTALL_MOD_STRIP=1"),
            Remedy("c", "-g, and no -s"),
            Remedy("tool", "or name the file as it was before strip"),
        ),
    ),
    ProblemKind.NO_DEBUG_INFO: KindInfo(
        _NO_TYPES,
        (
            Remedy("cargo", 'debug = 2 and strip = "none"'),
            Remedy("rustc", "-C debuginfo=2 -C strip=none"),
            Remedy("kernel", "CONFIG_DEBUG_INFO_DWARF5=y, and no INSTALL_MOD_STRIP=1"),
            Remedy("c", "-g, and no -s"),
        ),
    ),
    ProblemKind.LINE_DIRECTIVES: KindInfo(_NO_TYPES, _FULL),
    ProblemKind.SEPARATE: KindInfo(
        "the types are in a file of their own, which is not looked for",
        (_WHOLE, Remedy("tool", "or name the file as it was before its debug info was taken out")),
    ),
    ProblemKind.SPLIT: KindInfo(
        "the types are in .dwo or .dwp files, which are not read",
        (
            Remedy("cargo", 'split-debuginfo = "off"'),
            Remedy("rustc", "-C split-debuginfo=off"),
            Remedy("kernel", "CONFIG_DEBUG_INFO_SPLIT=n"),
            Remedy("c", "-gno-split-dwarf"),
        ),
    ),
    ProblemKind.DWO: KindInfo(
        "this is the split-off debug info of another file: it has no exported symbols of its own",
        (
            Remedy("cargo", 'split-debuginfo = "off", and name the library or program'),
            Remedy("rustc", "-C split-debuginfo=off, and name the library or program"),
            Remedy("kernel", "CONFIG_DEBUG_INFO_SPLIT=n, and name the object or vmlinux"),
            Remedy("c", "-gno-split-dwarf, and name the object"),
        ),
    ),
    ProblemKind.CRATE_WITHOUT: KindInfo(
        "a change of what these symbols take and return is not seen",
        (
            Remedy("cargo", 'debug = 2, also where [profile.*.package."*"] sets another value'),
            Remedy("rustc", "-C debuginfo=2 for every crate"),
            Remedy("kernel", "CONFIG_DEBUG_INFO_DWARF5=y, and no -Cdebuginfo in KRUSTFLAGS"),
        ),
    ),
    ProblemKind.LIMITED: KindInfo(
        _LOOKS_EMPTY,
        _FULL,
    ),
    ProblemKind.LINE_TABLES: KindInfo(_LOOKS_EMPTY, _FULL),
    ProblemKind.STD: KindInfo(
        "rustup's standard library has line tables only; its types that your crate uses are"
        " described with your crate",
        (Remedy("tool", "cargo -Z build-std (nightly only), should an exported symbol be in it"),),
    ),
    ProblemKind.C_G1: KindInfo(
        "with -g1 each function looks as if it took and returned nothing",
        (
            Remedy("c", "-g (not -g1, -gline-tables-only or -gmlt)"),
            Remedy("kernel", "CONFIG_DEBUG_INFO_DWARF5=y (and CONFIG_DEBUG_INFO_REDUCED=n)"),
        ),
    ),
    ProblemKind.REDUCED: KindInfo(
        "structs are only declared: a change of their members is not seen",
        (
            Remedy("kernel", "CONFIG_DEBUG_INFO_REDUCED=n"),
            Remedy("c", "without -femit-struct-debug-baseonly and -femit-struct-debug-reduced"),
        ),
    ),
    ProblemKind.DWZ: KindInfo(
        "names and types were moved to a file shared with others, which is not read",
        (
            Remedy("tool", "name the file as it was before dwz -m"),
            Remedy("tool", "rpm: %undefine _find_debuginfo_dwz_opts; debhelper: skip dh_dwz"),
        ),
    ),
    ProblemKind.HOLLOW: KindInfo(
        "it has the debug info without code and data: vtables and dynamic symbols are missing",
        (_WHOLE,),
    ),
    ProblemKind.NO_CODE: KindInfo(
        "there is nothing to compare: generic and inlined functions are compiled into their users",
        (
            Remedy("tool", "name the library or program that uses the crate"),
            Remedy("rustc", "#[no_mangle] or #[inline(never)] on what callers link against"),
        ),
    ),
    ProblemKind.NO_EXPORTS: KindInfo(
        "a change is judged by the exported symbols that reach it: without any, every build would"
        " be compatible",
        (
            Remedy("rustc", "#[no_mangle] pub extern fn ... for what callers link against"),
            Remedy("kernel", "EXPORT_SYMBOL, or name rust/kernel.o or vmlinux"),
            Remedy("c", "no static before what callers link against"),
            Remedy("tool", "or name an object or archive: all its global symbols count"),
        ),
    ),
    ProblemKind.MODULE_ALONE: KindInfo(
        "no other module can use its symbols: diff has types alone to compare",
        (
            Remedy("tool", "rustabi check MODULE --kernel KERNEL judges what it imports"),
            Remedy("kernel", "EXPORT_SYMBOL for what other modules are to use"),
        ),
    ),
    ProblemKind.NONE_DESCRIBED: KindInfo(
        "a change is judged by the exported symbols that reach it, and no type is known of any",
        _FULL,
    ),
    ProblemKind.NO_ENTRY: KindInfo(
        "what these symbols take and return is not known: a change of it is not seen",
        (
            Remedy("cargo", "debug = 2, also for C and assembler that build scripts compile (-g)"),
            Remedy("rustc", "-C debuginfo=2, and -g for C and assembler that is linked in"),
            Remedy("kernel", "CONFIG_DEBUG_INFO_DWARF5=y"),
            Remedy("c", "-g for every source file"),
        ),
    ),
    ProblemKind.METHOD: KindInfo(
        "their entry stands where no symbol is looked up, as of methods of unions and of enums"
        " without data: a change of their signature is not seen",
        (
            Remedy("tool", "in the source: a function beside the type in place of the method"),
        ),
    ),
    ProblemKind.NO_VERSION: KindInfo(
        "rustabi compares them; with CONFIG_MODVERSIONS the kernel does not, because gendwarfksyms"
        " finds no entry of them, as of methods of unions and of enums without data",
        (Remedy("tool", "in the source: a function beside the type in place of the method"),),
    ),
    ProblemKind.ASSEMBLER: KindInfo(
        "an assembler label has no signature: a change of it is not seen",
        (
            Remedy("tool", "nothing in the build: review the declarations that its users have"),
        ),
    ),
    ProblemKind.COMPILER_MADE: KindInfo(
        "rustc makes them for itself (allocator, panic runtime), without debug info: nobody is"
        " compiled against them but with the same rustc",
    ),
    ProblemKind.FOLDED: KindInfo(
        "the compiler merged functions of equal code and dropped all entries but one: a change of"
        " the others' signatures is not seen",
        (
            Remedy("rustc", "-Z merge-functions=disabled (nightly only)"),
            Remedy("kernel", "-Zmerge-functions=disabled in KRUSTFLAGS"),
            Remedy("cargo", "opt-level = 1 (stable: functions are merged from 2 on)"),
            Remedy("tool", "nothing for an alias that the source makes"),
        ),
    ),
    ProblemKind.DECLARED: KindInfo(
        "their members are not described here: a change of them is not seen",
        (
            Remedy("cargo", 'lto = "off" and codegen-units = 1'),
            Remedy("rustc", "-C lto=off -C codegen-units=1"),
            Remedy("kernel", "check vmlinux; what is only declared there, too, is not built in"),
            Remedy("c", "include the header that defines them; Clang: -fno-limit-debug-info"),
        ),
    ),
    ProblemKind.UNSUPPORTED: KindInfo(
        "what is not understood is compared by its number alone",
        (Remedy("tool", "a newer rustabi, or a report of the construct"),),
    ),
    ProblemKind.VTABLE: KindInfo(
        "order and signatures of a trait's methods are only in its vtables, and none is in here",
        (
            Remedy("tool", "check also a binary that implements the trait for a type"),
            Remedy("tool", "or make a trait object in the crate itself"),
        ),
    ),
    ProblemKind.NAMESAKES: KindInfo(
        "rustabi compares each by its content; the kernel's symbol version takes one of them for"
        " all",
        (
            Remedy("tool", "one version of each crate (cargo tree --duplicates)"),
            Remedy("tool", "distinct names, also in `const _: () = {...}` blocks"),
        ),
    ),
    ProblemKind.LTO: KindInfo(
        "functions that are inlined everywhere are gone, and types may be only declared",
        _NO_LTO,
    ),
    ProblemKind.COMPILERS: KindInfo(
        "each compiler lays types out by its own rules: one Rust type may have two layouts",
        (
            Remedy("cargo", "one toolchain for all (rust-toolchain.toml), after cargo clean"),
            Remedy("rustc", "one rustc for all crates"),
            Remedy("kernel", "one RUSTC and one CC for the kernel and its modules"),
            Remedy("c", "one compiler for all sources"),
        ),
    ),
    ProblemKind.VERSIONS: KindInfo(
        "layouts are the same in all of them; the kernel's symbol versions may differ",
        (
            Remedy("rustc", "-C dwarf-version=5 (rustc 1.88 and newer), or 4"),
            Remedy("kernel", "CONFIG_DEBUG_INFO_DWARF5=y, or CONFIG_DEBUG_INFO_DWARF4=y"),
            Remedy("c", "-gdwarf-5, or -gdwarf-4"),
        ),
    ),
}  # fmt: skip
