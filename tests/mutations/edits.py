"""The catalogue: edits of seed crates, read from ``catalogue/*.toml``.

CONTRIBUTING.md tells what the keys mean.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from rustabi.diff import ChangeKind

HERE = Path(__file__).resolve().parent
SEEDS = HERE / "seeds"
CATALOGUE = HERE / "catalogue"
AREAS = (
    "structs",
    "enums",
    "generics",
    "functions",
    "traits",
    "statics",
    "standard",
    "names",
    "builds",
)
"""Files of the catalogue, in the order of the table."""

Truth: TypeAlias = Literal["break", "harmless", "invisible", "lost"]
"""What an edit does to callers that were compiled earlier.

``invisible`` edits break callers, and neither DWARF nor code shows it. With ``lost`` ones the new
build does not tell what the old one told.
"""

Known: TypeAlias = Literal["probe", "sizes", "construction"]
"""How the truth is known: a program tells its layouts, rustc prints them, or the edit is that."""

Way: TypeAlias = Literal["object", "relocatable", "archive", "library"]
"""What is built: one object, the objects of an archive linked into one, an archive, a ``.so``."""

Replacement: TypeAlias = tuple[str, str]


class CatalogueError(Exception):
    """An edit that does not fit its seed, or does not say what it must."""


@dataclass(frozen=True)
class Edit:
    """One edit and what is known of it.

    Attributes:
        name: Unique; ``mangling/enums`` where a build edit applies to several seeds.
        area: The file of the catalogue.
        what: A sentence for the table.
        seed: Name of the crate.
        old: Replacements that make OLD from the seed.
        changes: Replacements that make NEW from OLD. Each text stands there exactly once.
        everywhere: A word that is replaced wherever it stands.
        common: Flags of both builds.
        flags: Flags of NEW.
        toolchain: Of NEW; empty for the default one.
        way: What is built.
        remapped: Whether NEW's paths are remapped, as OLD's are.
        truth: What it does to callers.
        known: How that is known.
        why: A sentence on it; needed where it is known by construction.
        kinds: Kinds of change that must be among those reported.
        affected: Symbols that must be named as affected; a star stands for any text.
        by_value: Those of them that hold what changed, without a pointer on the way.
        behind: Those of them that reach it through pointers alone.
        spared: Symbols that must not be.
        gap: What gaps must name.
        private: Types that no symbol reaches: their change may be told as risky, of no symbol.
        code: Whether the machine code is ``equal`` too, where DWARF is.
        dwarf: ``types`` where DWARF only tells of other registers, ``equal`` where of nothing.
        matrix: The row that it has in the table of other tools.
    """

    name: str
    area: str
    what: str
    seed: str
    truth: Truth
    known: Known
    old: tuple[Replacement, ...] = ()
    changes: tuple[Replacement, ...] = ()
    everywhere: Replacement | None = None
    common: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    toolchain: str = ""
    way: Way = "object"
    remapped: bool = True
    why: str = ""
    kinds: tuple[ChangeKind, ...] = ()
    affected: tuple[str, ...] = ()
    by_value: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    gap: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    code: str = ""
    dwarf: str = "equal"
    matrix: str = ""

    @property
    def is_rebuild(self) -> bool:
        """Whether the source stays, and only the build is another."""
        return not self.changes and self.everywhere is None

    @property
    def old_source(self) -> str:
        """The source of OLD."""
        return _replaced(seed_source(self.seed), self.old, self.name)

    @property
    def new_source(self) -> str:
        """The source of NEW."""
        text = _replaced(self.old_source, self.changes, self.name)
        if self.everywhere is not None:
            before, after = self.everywhere
            if before not in text or after in text:
                raise CatalogueError(f"{self.name}: cannot rename {before} to {after}")
            text = text.replace(before, after)
        return text


def seed_source(seed: str) -> str:
    """The source of a seed crate."""
    return (SEEDS / f"{seed}.rs").read_text(encoding="utf-8")


def seeds() -> list[str]:
    """Names of the seed crates, sorted."""
    return sorted(path.stem for path in SEEDS.glob("*.rs") if "unrelated" in path.read_text())


def has_probe(seed: str) -> bool:
    """Whether the crate can be built as a program that tells its own layouts."""
    return "#[cfg(probe)]\nfn main()" in seed_source(seed)


def _replaced(text: str, replacements: tuple[Replacement, ...], edit: str) -> str:
    for before, after in replacements:
        if text.count(before) != 1:
            raise CatalogueError(f"{edit}: found {text.count(before)} times: {before!r}")
        text = text.replace(before, after)
    return text


def catalogue() -> list[Edit]:
    """All edits, in the order of the table.

    Raises:
        CatalogueError: An edit is incomplete, or two have one name.
    """
    edits = [edit for area in AREAS for edit in _area(area)]
    names = [edit.name for edit in edits]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CatalogueError(f"names given twice: {', '.join(twice)}")
    return edits


def _area(area: str) -> Iterator[Edit]:
    tables = tomllib.loads((CATALOGUE / f"{area}.toml").read_text(encoding="utf-8"))
    for name, table in tables.items():
        if table.pop("seeds", None) == "all":
            left_out = table.pop("but", [])
            for seed in (each for each in seeds() if each not in left_out):
                yield _edit(f"{name}/{seed}", area, {**table, "seed": seed})
        else:
            yield _edit(name, area, table)


def _edit(name: str, area: str, table: dict[str, Any]) -> Edit:
    settings = dict(table)
    for key in ("old", "changes"):
        settings[key] = tuple((str(before), str(after)) for before, after in table.get(key, []))
    for key in ("common", "flags", "affected", "by_value", "behind", "gap", "private"):
        settings[key] = tuple(str(word) for word in table.get(key, []))
    settings["kinds"] = tuple(ChangeKind(kind) for kind in table.get("kinds", []))
    if "everywhere" in table:
        before, after = table["everywhere"]
        settings["everywhere"] = (str(before), str(after))
    spared = {*table.get("spared", []), "unrelated"} - {*settings["affected"]}
    settings["spared"] = tuple(sorted(spared))
    if "known" not in table:
        told = table["truth"] == "harmless" and not _is_rebuild(table) and has_probe(table["seed"])
        settings["known"] = "probe" if told else "construction"
    if _is_rebuild(table) and table["truth"] == "harmless":
        settings["why"] = "The source is the same."
    if unknown := sorted(settings.keys() - Edit.__dataclass_fields__.keys()):
        raise CatalogueError(f"{name}: unknown keys: {', '.join(unknown)}")
    return _checked(Edit(name=name, area=area, **settings))


def _is_rebuild(table: dict[str, Any]) -> bool:
    return "changes" not in table and "everywhere" not in table


def _checked(edit: Edit) -> Edit:
    """The edit, if it says all that the bench needs."""
    problems = []
    if edit.truth not in get_args(Truth) or edit.known not in get_args(Known):
        problems.append(f"unknown truth or known: {edit.truth}, {edit.known}")
    if edit.way not in get_args(Way):
        problems.append(f"unknown way: {edit.way}")
    if edit.code not in {"", "equal"} or edit.dwarf not in {"types", "equal"}:
        problems.append(f"unknown code or dwarf: {edit.code}, {edit.dwarf}")
    if edit.known == "construction" and not edit.why:
        problems.append("known by construction, without a reason (why)")
    if edit.truth == "break" and not edit.affected and not edit.kinds:
        problems.append("a break without affected symbols or kinds")
    if edit.truth in {"invisible", "lost"} and not edit.gap:
        problems.append("what cannot be seen must be named by a gap")
    if edit.known == "probe" and not has_probe(edit.seed):
        problems.append("known from a probe, and the seed has none")
    if problems:
        raise CatalogueError(f"{edit.name}: {'; '.join(problems)}")
    return edit
