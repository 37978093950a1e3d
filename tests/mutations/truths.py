"""What an edit does to callers, found out without rustabi.

A program that is compiled from either source tells its layouts and values; rustc prints the layouts
of the builds themselves; and readelf and objdump say whether two builds can be told apart at all.
What the catalogue declares is held against them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

from scripts.build_samples import dwarf_facts
from tests.mutations.builds import Workshop, run
from tests.mutations.edits import Edit
from tests.print_type_sizes import PrintedType, parsed

Shape: TypeAlias = tuple[object, ...]


class Evidence(NamedTuple):
    """How the truth of an edit is known.

    Attributes:
        text: For the table.
        faults: Where the catalogue declares what is not so.
    """

    text: str
    faults: tuple[str, ...] = ()


def evidence(edit: Edit, workshop: Workshop) -> Evidence:
    """Find out what an edit does, and hold it against what the catalogue declares."""
    if edit.truth == "invisible":
        return _invisible(edit, workshop)
    if edit.truth == "harmless":
        return _harmless(edit, workshop)
    if edit.known == "probe":
        differences = _told_otherwise(edit, workshop)
        return _declared(differences, "probe", "the probe tells nothing else")
    if edit.known == "sizes":
        names = changed_layouts(workshop.old(edit).sizes, workshop.new(edit).sizes)
        differences = [f"the layout of {name}" for name in names]
        return _declared(differences, "rustc", "rustc prints the same layouts")
    return Evidence(edit.why)


def _declared(differences: list[str], source: str, fault: str) -> Evidence:
    if not differences:
        return Evidence("", (f"declared to break, but {fault}",))
    return Evidence(f"{source}: {differences[0]}")


def _harmless(edit: Edit, workshop: Workshop) -> Evidence:
    faults = []
    text = edit.why
    if edit.known == "probe":
        faults += [f"declared harmless, but {each}" for each in _told_otherwise(edit, workshop)]
        names = {renamed(edit, name) for name in workshop.old_facts(edit)}
        if names != set(workshop.new_facts(edit)):
            faults.append("declared harmless, but the probe does not tell the same things")
        text = f"probe: {len(workshop.old_facts(edit))} facts equal"
    old, new = workshop.old(edit).sizes, workshop.new(edit).sizes
    for name in changed_layouts(old, new, but=edit.private):
        faults.append(f"declared harmless, but rustc prints another layout of {name}")
    return Evidence(text, tuple(faults))


def _told_otherwise(edit: Edit, workshop: Workshop) -> list[str]:
    """The facts that both programs tell, and tell differently."""
    new = workshop.new_facts(edit)
    old = {renamed(edit, name): value for name, value in workshop.old_facts(edit).items()}
    return [
        f"{name} {old[name]} → {new[name]}"
        for name in old
        if name in new and old[name] != new[name]
    ]


def renamed(edit: Edit, fact: str) -> str:
    """What the program of NEW calls a fact."""
    return fact if edit.everywhere is None else fact.replace(*edit.everywhere)


def changed_layouts(old: str, new: str, but: tuple[str, ...] = ()) -> list[str]:
    """Names of types that two lists of ``-Zprint-type-sizes`` lay out differently."""
    before, after = _shapes(old), _shapes(new)
    return sorted(
        name
        for name in before.keys() & after.keys()
        if name not in but and before[name] != after[name]
    )


def _shapes(text: str) -> dict[str, list[Shape]]:
    shapes: dict[str, list[Shape]] = {}
    for printed in parsed(text):
        shapes.setdefault(printed.name, []).append(_shape(printed))
    return {name: sorted(found, key=repr) for name, found in shapes.items()}


def _shape(printed: PrintedType) -> Shape:
    """A layout without names, and without fields of size zero."""
    variants = sorted(
        tuple((field.offset, field.size) for field in variant.fields if field.size)
        for variant in printed.variants
    )
    return (printed.size, printed.alignment, printed.discriminant, *variants)


def _invisible(edit: Edit, workshop: Workshop) -> Evidence:
    old, new = workshop.old(edit).path, workshop.new(edit).path
    faults = []
    dump = dwarf_dump if edit.dwarf == "equal" else type_dump
    if dump(old) != dump(new):
        faults.append("declared invisible, but the debug info differs")
    same_code = code_dump(old) == code_dump(new)
    if same_code != (edit.code == "equal"):
        faults.append("the machine code is not as declared")
    told = "debug info" if edit.dwarf == "equal" else "types and symbols in the debug info"
    also = f"{told} and machine code" if same_code else told
    return Evidence(f"{edit.why} Equal {also}.", tuple(faults))


def dwarf_dump(path: Path) -> list[str]:
    """All entries and attributes of the debug info, without the name of the file."""
    return list(_dump(["readelf", "-W", "--debug-dump=info,loc", path.name], path))


def type_dump(path: Path) -> list[str]:
    """What the debug info says of types and symbols: no addresses, and no registers."""
    return dwarf_facts(path)


def code_dump(path: Path) -> list[str]:
    """Machine code with its relocations, and all data, without the name of the file."""
    sections = ["--disassemble", "--reloc", "--no-show-raw-insn"]
    return list(_dump(["objdump", *sections, path.name], path))


def _dump(command: list[str], path: Path) -> Iterator[str]:
    for line in run(command, path.parent).splitlines():
        if path.name not in line:
            yield line.rstrip()
