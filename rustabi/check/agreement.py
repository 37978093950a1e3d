"""Layer 4: do the module's code and the kernel's code know the same layouts?

No symbol version covers this. Generic and inlined functions are compiled into the module with the
layouts of the day it was built: a module can import none of the symbols whose version changed, and
hold code for the old layout all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from rustabi.check.bindings import (
    WHY_NO_PARTNER,
    BindingDifference,
    NoPartner,
    compare_bindings,
)
from rustabi.check.families import compare_families
from rustabi.check.kernel import Kernel
from rustabi.check.module import Module
from rustabi.check.results import Layer, Note, crossing, layer_of, listed
from rustabi.check.toolchain import same_architecture
from rustabi.check_kinds import CheckKind
from rustabi.diff import Affected, Change, Severity
from rustabi.diff.causes import Causes, Components, Reach
from rustabi.diff.identity import Pair
from rustabi.diff.symbols import compare_vtables
from rustabi.diff.walk import Walk
from rustabi.layout_version import TypeHashes
from rustabi.model import Composite, Enumeration, Model, Modifier, Symbol, TypeId, name_of
from rustabi.names import demangle, is_unstable_name, type_key
from rustabi.references import references

_PARTNERLESS: Final[dict[NoPartner, CheckKind]] = {
    "helper": CheckKind.BINDINGS_HELPER,
    "anonymous": CheckKind.BINDINGS_ANONYMOUS,
    "opaque": CheckKind.BINDINGS_OPAQUE,
    "absent": CheckKind.BINDINGS_ABSENT,
    "declared": CheckKind.BINDINGS_DECLARED,
}

_UNKNOWN_CROSSING: Final = "whether a value of it crosses an imported symbol is not known"


class KernelTypes(NamedTuple):
    """What is worked out of the kernel's types once, for all modules.

    Attributes:
        model: The kernel's model.
        by_key: Its named types by the name that they are paired by.
        typedefs: Its types whose only name is that of a typedef, by that.
        own_bindings: Bindings that disagree with their C types within the kernel itself.
        hashes: Of its types, names left out; worked out when the first is asked for.
    """

    model: Model
    by_key: dict[str, list[TypeId]]
    typedefs: dict[str, list[TypeId]]
    own_bindings: dict[str, BindingDifference]
    hashes: TypeHashes


def kernel_types(kernel: Kernel) -> KernelTypes | None:
    """What all modules are held against; None without debug info."""
    if kernel.model is None:
        return None
    by_key = named_types(kernel.model)
    every = [type_id for key in sorted(by_key) for type_id in by_key[key]]
    own = compare_bindings(kernel.model, kernel.model, every).differences
    own_bindings = {each.type: each for each in own}
    typedefs = typedef_types(kernel.model)
    return KernelTypes(kernel.model, by_key, typedefs, own_bindings, TypeHashes(kernel.model))


def named_types(model: Model) -> dict[str, list[TypeId]]:
    """The types that are known by the same name in another binary, by that name.

    Left out: what is only declared; types private to a ``.c`` file, of which each file may have its
    own; what is numbered anew in each build; the structs that hold the fields of variants, which
    are compared with their enums; vtables.
    """
    payloads = {
        reference.target
        for node in model.types
        for reference in references(node)
        if reference.reason == "variant"
    }
    found: dict[str, list[TypeId]] = {}
    for type_id, node in enumerate(model.types):
        if not isinstance(node, Composite | Enumeration) or not node.name or type_id in payloads:
            continue
        if node.declaration or node.private or is_unstable_name(node.name):
            continue
        if not node.name.endswith("{vtable_type}"):
            found.setdefault(type_key(node.name), []).append(type_id)
    return found


def typedef_types(model: Model) -> dict[str, list[TypeId]]:
    """The structs, unions and enums of C whose only name is that of a typedef, by that name."""
    found: dict[str, dict[TypeId, None]] = {}
    for node in model.types:
        if not isinstance(node, Modifier) or node.kind != "typedef" or node.target is None:
            continue
        target = model.types[node.target]
        if isinstance(target, Composite | Enumeration) and not (target.name or target.private):
            found.setdefault(node.name, {})[node.target] = None
    return {name: list(targets) for name, targets in found.items()}


class Agreement(NamedTuple):
    """What the comparison of a module with a kernel found.

    Attributes:
        layer: The result.
        suspects: Names of types that differ in anything from the kernel's, be it in names alone.
    """

    layer: Layer
    suspects: frozenset[str] = frozenset()


def check_layout(module: Module, kernel: Kernel, types: KernelTypes | None) -> Agreement:
    """Whether all types that both debug infos define have one layout.

    What disagrees makes the layer fail where an imported symbol reaches the type, so that a value
    of it crosses from the one to the other, and makes it risky elsewhere.
    """
    reason = _cannot_run(module, kernel, types)
    untyped = [Note(CheckKind.NO_TYPES, "", f"the types of {each}") for each in kernel.no_types]
    if reason is not None or module.model is None or types is None:
        gaps = (Note(CheckKind.NO_TYPES, "", reason or ""), *untyped)
        return Agreement(Layer("layout", "not run", gaps=gaps))
    comparison = _Comparison(module.model, types, {*module.imports.strong, *module.imports.weak})
    comparison.gaps += untyped
    problems: list[Note] = []
    mild: list[Note] = []
    for crosses, note in comparison.disagreements():
        (problems if crosses else mild).append(note)
    if not comparison.compared:
        text = "any type: the kernel's debug info has none of those that the module's has"
        comparison.gaps.append(Note(CheckKind.NO_TYPES, "", text))
    layer = layer_of(
        "layout", comparison.compared, "types", problems, comparison.remarks, comparison.gaps,
        mild=mild,
    )  # fmt: skip
    return Agreement(layer, frozenset(comparison.suspects))


def _cannot_run(module: Module, kernel: Kernel, types: KernelTypes | None) -> str | None:
    if not same_architecture(module, kernel):
        return "the module is for another architecture"
    if types is None:
        return "no file of the kernel has debug info: give a vmlinux or its objects with DWARF"
    if module.model is None:
        return f"the module has no types: {module.no_types}"
    return None


class Held:
    """Which types agree, where a kernel has several of a name: with all that they hold by value.

    A type that agrees in one unit of the kernel may disagree in the one whose type holds it, and be
    so much smaller than what follows it there that nothing else of the holder tells.

    Args:
        module: The module's model.
        kernel: The kernel's model.
        changes: Pair of types -> what differs.

    Attributes:
        clean: Types of the module that agree with one of the kernel's.
        inner: Pairs that hold what disagrees, though it is clean elsewhere -> what they hold.
    """

    def __init__(self, module: Model, kernel: Model, changes: dict[Pair, list[Change]]) -> None:
        self._types, self._changes = module.types, changes
        agreeing = {pair[0] for pair, found in changes.items() if not _grave(found)}
        spread = {pair for pair, found in changes.items() if pair[0] in agreeing and _grave(found)}
        self.inner: dict[Pair, list[Pair]] = {}
        if spread:
            old, new = Components(module.types), Components(kernel.types)
            holders = {pair: (old.of(pair[0]), new.of(pair[1])) for pair in sorted(changes)}
            while spread:
                added = {
                    pair: inner
                    for pair, (mine, theirs) in holders.items()
                    if (inner := [each for each in sorted(spread)
                                  if each[0] in mine and each[1] in theirs])
                }  # fmt: skip
                spread = added.keys() - self.inner.keys()
                for pair, inner in added.items():
                    self.inner.setdefault(pair, []).extend(inner)
        self.clean = {
            pair[0]
            for pair, found in changes.items()
            if not _grave(found) and pair not in self.inner
        }

    def told(self) -> Iterator[tuple[Pair, list[str]]]:
        """Pairs of which nothing but what they hold disagrees, that being clean elsewhere."""
        for pair, inner in self.inner.items():
            hidden = [each for each in inner if each[0] in self.clean]
            if hidden and pair[0] not in self.clean and not _grave(self._changes[pair]):
                yield pair, [line for each in hidden for line in self._lines(each)]

    def _lines(self, pair: Pair) -> Iterator[str]:
        name = name_of(self._types[pair[0]]) or "<anonymous>"
        for change in _grave(self._changes[pair]):
            yield f"{name} in it: {change_in_words(change)}"
        if not _grave(self._changes[pair]):
            yield f"{name} in it holds another type of one name"


class _Comparison:
    """One module's types against the kernel's."""

    def __init__(self, module: Model, types: KernelTypes, imports: set[str]) -> None:
        self._module, self._types = module, types
        kernel = types.model
        wanted = tuple(each for each in kernel.symbols if each.name in imports)
        self._described = {each.name for each in wanted if each.type is not None}
        self._imports = imports
        self._reach = Reach(module._replace(symbols=()), kernel._replace(symbols=wanted))
        self._mine = named_types(module)
        self._names: dict[TypeId, str] = {}
        self.compared = 0
        self.remarks: list[Note] = []
        self.gaps: list[Note] = []
        self.suspects: set[str] = set()

    def disagreements(self) -> Iterator[tuple[bool, Note]]:
        """(whether an imported symbol reaches the type, what disagrees)."""
        yield from self._namesakes()
        yield from self._families()
        yield from self._bindings()
        if self._imports - self._described:
            unknown = [demangle(each) for each in sorted(self._imports - self._described)]
            text = (
                "which types these imports exchange: the kernel's debug info that was given does"
                f" not describe {listed(unknown)}"
            )
            self.gaps.append(Note(CheckKind.IMPORT_UNDESCRIBED, "", text))

    def _namesakes(self) -> Iterator[tuple[bool, Note]]:
        """Types of equal names. Of several in the kernel, one that agrees is enough."""
        walk = Walk(self._module, self._types.model, self._types.hashes)
        theirs = self._types.by_key
        for key in sorted(self._mine.keys() & theirs.keys()):
            for pair in walk.identity.pair_variants(self._mine[key], theirs[key]):
                walk.start(pair)
        typedefs, others = typedef_types(self._module), self._types.typedefs
        for name in sorted(typedefs.keys() & others.keys()):
            for pair in walk.identity.pair_variants(typedefs[name], others[name]):
                walk.start(pair)
        self._names = {each: name for name, types in typedefs.items() for each in types}
        vtables = dict.fromkeys(compare_vtables(self._module, self._types.model, walk.identity))
        walk.finish()
        for trait, change in vtables:
            if change.grave is Severity.BREAK:
                told = (change_in_words(change), _UNKNOWN_CROSSING)
                text = "another vtable in the kernel"
                yield False, Note(CheckKind.VTABLE_DIFFERS, f"dyn {trait}", text, told)
        self.compared += len({pair[0] for pair in walk.changes})
        held = Held(self._module, self._types.model, walk.changes)
        differing = {pair[0] for pair, changes in walk.changes.items() if changes}
        self.suspects |= names_around(self._module, differing | {pair[0] for pair in held.inner})
        # What agrees elsewhere is no cause: what follows from it in a type that does not is told.
        causes = {
            pair: changes
            for pair, changes in walk.changes.items()
            if pair[0] not in held.clean or not _grave(changes)
        }
        for pair, lines in held.told():
            name = self._name(pair[0])
            yield self._note(
                CheckKind.LAYOUT_DIFFERS, name, "another layout in the kernel", lines, pair
            )
        harmless = 0
        for pair, changes in Causes(self._module, causes).roots():
            grave = _grave(changes)
            if not grave:
                harmless += bool(changes)
                continue
            name = self._name(pair[0])
            lines = [change_in_words(change) for change in grave]
            yield self._note(
                CheckKind.LAYOUT_DIFFERS, name, "another layout in the kernel", lines, pair
            )
        if harmless:
            text = f"{harmless} types differ in names only: compiled code is not affected"
            self.remarks.append(Note(CheckKind.NAMES_DIFFER, "", text))

    def _name(self, type_id: TypeId) -> str:
        """What a type of the module is called in results."""
        return name_of(self._module.types[type_id]) or self._names.get(type_id, "<anonymous>")

    def _families(self) -> Iterator[tuple[bool, Note]]:
        keys = sorted(self._mine.keys() - self._types.by_key.keys())
        alone = [type_id for key in keys for type_id in self._mine[key]]
        every = [type_id for key in sorted(self._mine) for type_id in self._mine[key]]
        theirs = [each for key in sorted(self._types.by_key) for each in self._types.by_key[key]]
        found = compare_families(self._module, self._types.model, alone, every, theirs)
        self.compared += found.compared
        text = f"{found.compared} instances of generics were held against other instances"
        self.remarks.append(Note(CheckKind.FAMILIES, "", text))
        unknown = len(alone) - found.compared
        text = f"{unknown} types of the module have no counterpart in the kernel's debug info"
        self.remarks.append(Note(CheckKind.MODULE_ONLY, "", text))
        for each in found.differences:
            text = f"the kernel's {each.other} comes from another source"
            kind = CheckKind.FAMILY_DIFFERS
            _, note = self._note(kind, each.type, text, each.evidence, each.pair)
            yield False, note
        if found.undecided:
            self.gaps.append(
                Note(CheckKind.MEMBER_OF_TRAIT, "", "members whose type a trait may decide:"
                     f" {listed(found.undecided)}")
            )  # fmt: skip

    def _bindings(self) -> Iterator[tuple[bool, Note]]:
        every = [type_id for key in sorted(self._mine) for type_id in self._mine[key]]
        found = compare_bindings(self._module, self._types.model, every)
        if not found.compared and not found.partnerless:
            return
        if found.compared:
            text = f"{found.compared} Rust bindings were held against their C types"
            self.remarks.append(Note(CheckKind.BINDINGS, "", text))
        for why, names in found.partnerless:
            text = f"{len(names)} bindings were not: {WHY_NO_PARTNER[why]}"
            unchecked = why in ("absent", "declared")
            (self.gaps if unchecked else self.remarks).append(Note(_PARTNERLESS[why], "", text))
        own = self._types.own_bindings
        self.suspects |= {each.type for each in found.differences}
        shared = []
        for each in found.differences:
            known = own.get(each.type)
            if known is not None and known.evidence == each.evidence:
                shared.append(each)
                continue
            text = f"disagrees with the kernel's {each.other}"
            pair = (-1, each.c_type)
            yield self._note(CheckKind.BINDING_DIFFERS, each.type, text, each.evidence, pair)
        for each in shared:
            text = f"disagrees with {each.other} in the kernel's own build in the same way"
            self.remarks.append(
                Note(CheckKind.BINDING_WRONG_IN_KERNEL, each.type, text, each.evidence)
            )

    def _note(
        self, kind: CheckKind, name: str, text: str, lines: Iterable[str], pair: Pair
    ) -> tuple[bool, Note]:
        affected = self._reach.of(pair)[0] if pair[0] >= 0 else self._towards(pair[1])
        symbols = tuple(each.symbol for each in affected)
        told = (*lines, self._crossing(symbols))
        severity = None if symbols else Severity.RISKY
        return bool(symbols), Note(kind, name, text, told, symbols=symbols, severity=severity)

    def _towards(self, type_id: TypeId) -> tuple[Affected, ...]:
        """Imported symbols that reach a type of the kernel."""
        return self._reach.of((0, type_id))[0]

    def _crossing(self, symbols: Sequence[str]) -> str:
        if symbols:
            return crossing(symbols)
        if not self._described:
            return _UNKNOWN_CROSSING
        return (
            "no imported symbol that is described takes or returns it: code in the module that was"
            " inlined has the old layout"
        )


def names_around(model: Model, types: Iterable[TypeId]) -> set[str]:
    """The names of types; of one without a name, those of the named types that hold it."""
    pending, seen = set(types), set[TypeId]()
    found: set[str] = set()
    while pending:
        seen |= pending
        found |= {name for each in pending if (name := name_of(model.types[each]))}
        nameless = {each for each in pending if not name_of(model.types[each])}
        users = (
            type_id
            for type_id, node in enumerate(model.types)
            if nameless and any(each.target in nameless for each in references(node))
        )
        pending = set(users) - seen
    return found


def _grave(changes: Iterable[Change]) -> list[Change]:
    grave = (change for change in changes if change.grave is Severity.BREAK)
    return sorted(grave, key=lambda change: not change.where)  # what tells of a member first


def change_in_words(change: Change) -> str:
    """A change in one line: ``size changed: 16 in the module, 24 in the kernel``."""
    what = change.kind.replace("-", " ")
    where = f" {change.where}" if change.where else ""
    if change.old and change.new:
        return f"{what}{where}: {change.old} in the module, {change.new} in the kernel"
    side = "the kernel" if change.new else "the module"
    state = change.new or change.old
    return f"{what}{where}: {state} in {side} only" if state else f"{what}{where}"


def symbols_of(model: Model, names: Iterable[str]) -> tuple[Symbol, ...]:
    """The symbols of these names."""
    wanted = set(names)
    return tuple(each for each in model.symbols if each.name in wanted)
