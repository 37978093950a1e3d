"""What a program says of its own memory at run time is what its DWARF leads to.

`probe/probe.rs` prints offsets, sizes and the bytes of values, which no list of the compiler's has.
Tests compile it, run it, read the types from the DWARF of the same compilation and hold the two
together. The bytes of a value decide discriminants and niches: padding, which may hold anything, is
not looked at.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import pytest

from rustabi.layout import (
    Choice,
    Discriminant,
    Field,
    Layout,
    Layouts,
    VariantLayout,
    variant_types,
)
from rustabi.model import Base, Enumeration, Model, TypeId, name_of
from tests.print_type_sizes import Names
from tests.support import ROOT, loaded_from

SOURCE = ROOT / "tests" / "probe" / "probe.rs"
SIGNED = 5
"""DW_ATE_signed."""

NONE_OF_CHAR = {"1.95": 0x110000, "1.97": 0xFFFFFFFF}
"""Release of rustc -> the bits of ``Option<char>::None`` (rust-lang/rust#155473 changed them)."""


class Probe(NamedTuple):
    """A program that was run, and the types that its DWARF describes.

    Attributes:
        version: Of rustc, ``1.95``.
        facts: Lines of output by their first word, split at tabs.
    """

    version: str
    facts: dict[str, list[list[str]]]
    model: Model
    layouts: Layouts
    names: Names
    ids: dict[str, TypeId]

    def layout(self, printed: str) -> Layout:
        name = self.names.matching(printed)
        assert name is not None, f"no DWARF for {printed}"
        layout = self.layouts.of(self.ids[name])
        assert layout is not None
        assert layout.complete
        return layout

    def number(self, data: bytes, tag: Discriminant) -> int:
        """What the discriminant holds in the bytes of a value."""
        assert tag.type is not None
        assert tag.size is not None
        integer = self.model.types[tag.type]
        assert isinstance(integer, Base)
        order: Literal["little", "big"] = "little" if self.model.facts.little_endian else "big"
        part = data[tag.offset : tag.offset + tag.size]
        return int.from_bytes(part, order, signed=integer.encoding == SIGNED)


@cache
def version_of(toolchain: str) -> str | None:
    """The release of a toolchain as ``1.95``; None when it is not here."""
    command = ["rustc", *([f"+{toolchain}"] if toolchain else []), "--version"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    found = re.match(r"rustc (\d+\.\d+)\.", result.stdout)
    return found[1] if found and result.returncode == 0 else None


def run_probe(toolchain: str, folder: Path) -> Probe:
    version = version_of(toolchain)
    if version is None:
        pytest.skip(f"no rustc {toolchain}".strip())
    command = [
        *("rustc", *([f"+{toolchain}"] if toolchain else [])),
        *("--crate-name=probe", "--crate-type=bin", "--edition=2021", "--cap-lints=allow"),
        *("-Cdebuginfo=2", "-Copt-level=0", "-Ccodegen-units=1", "-Cpanic=abort"),
        *("--emit=obj=probe.o,link=probe", str(SOURCE)),
    ]
    environment = {**os.environ, "RUSTC_BOOTSTRAP": "1"}
    built = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    output = subprocess.run(
        [str(folder / "probe")], capture_output=True, text=True, check=True
    ).stdout
    facts: dict[str, list[list[str]]] = {}
    for line in output.splitlines():
        kind, *parts = line.split("\t")
        facts.setdefault(kind, []).append(parts)
    model = loaded_from(folder / "probe.o").model
    payloads = variant_types(model.types)
    ids = {
        name_of(node): type_id
        for type_id, node in enumerate(model.types)
        if name_of(node) and type_id not in payloads
    }
    return Probe(version, facts, model, Layouts.of_model(model), Names("probe", ids), ids)


@pytest.fixture(scope="module", params=["", "nightly"], ids=["default", "nightly"])
def probe(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Probe:
    return run_probe(request.param, tmp_path_factory.mktemp("probe"))


def field_named(layout: Layout, path: str) -> Field:
    """A field by its name, or a variant's by ``Variant.field``."""
    variant, _, name = path.rpartition(".")
    fields = layout.fields
    if variant:
        fields = variant_named(layout.choice, variant).fields
    return next(each for each in fields if (each.name or "").removeprefix("__") == name)


def variant_named(choice: Choice | None, name: str) -> VariantLayout:
    assert choice is not None
    return next(each for each in choice.variants if each.name == name)


def test_sizes_and_alignments(probe: Probe) -> None:
    wrong = []
    for name, size, alignment in probe.facts["type"]:
        layout = probe.layout(name)
        if (layout.size, layout.alignment) != (int(size), int(alignment)):
            wrong.append((name, size, alignment, layout))
    assert not wrong
    assert len(probe.facts["type"]) > 80


def test_offsets_of_fields(probe: Probe) -> None:
    wrong = []
    for name, path, offset in probe.facts["field"]:
        field = field_named(probe.layout(name), path)
        if field.offset != int(offset):
            wrong.append((name, path, offset, field))
    assert not wrong
    assert len(probe.facts["field"]) > 60


def test_where_unsized_types_end(probe: Probe) -> None:
    for name, offset, alignment in probe.facts["tail"]:
        layout = probe.layout(name)
        assert layout.is_unsized, name
        assert (layout.fields[-1].offset, layout.alignment) == (int(offset), int(alignment)), name
    assert len(probe.facts["tail"]) == 4


def test_discriminants_of_c_like_enums(probe: Probe) -> None:
    for name, variant, number in probe.facts["number"]:
        node = probe.model.types[probe.layout(name).type]
        assert isinstance(node, Enumeration)
        value = next(each.value for each in node.enumerators if each.name == variant)
        assert value is not None
        assert value.value == int(number), f"{name}::{variant}"
    assert {name for name, _, number in probe.facts["number"] if abs(int(number)) >> 64}


def test_bytes_of_values_tell_the_variant(probe: Probe) -> None:
    told = [problem for fact in probe.facts["value"] for problem in misread(probe, *fact)]
    assert not told
    assert len(probe.facts["value"]) > 120


def misread(probe: Probe, name: str, variant: str, text: str) -> Iterator[str]:
    """What is wrong with the variant that the layout reads in the bytes of a value."""
    layout = probe.layout(name)
    data = bytes.fromhex(text)
    assert len(data) == layout.size
    assert layout.choice is not None
    if layout.choice.encoding == "none":
        assert variant_named(layout.choice, variant).value is None
        return
    found = variant_read(probe, layout, data)
    if found != variant:
        yield f"{name}::{variant} = {text} reads as {found}: {layout.choice}"


def variant_read(probe: Probe, layout: Layout, data: bytes) -> str | None:
    """The variant whose discriminant or niche value stands in the bytes."""
    choice = layout.choice
    assert choice is not None
    assert choice.discriminant is not None
    number = probe.number(data, choice.discriminant)
    node = probe.model.types[layout.type]
    if isinstance(node, Enumeration):
        values = [(each.name, each.value and each.value.value) for each in node.enumerators]
        return next((name for name, value in values if value == number), None)
    for each in choice.variants:
        if each.value == number:
            return each.name
    return None if choice.dataful is None else choice.variants[choice.dataful].name


def test_niches_of_every_kind_are_met(probe: Probe) -> None:
    names = {name for name, *_ in probe.facts["value"]}
    choices = {name: probe.layout(name).choice for name in names}
    encodings = {name: choice.encoding for name, choice in choices.items() if choice is not None}
    assert set(encodings.values()) == {"tag", "niche", "none"}
    for name in ("probe::Niche", "probe::NicheSeveral", "probe::NicheText", "probe::Outer"):
        assert encodings[name] == "niche", name
    several = choices["probe::NicheSeveral"]
    assert several is not None
    assert [bool(each.fields) for each in several.variants] == [True, True, False]
    assert several.dataful == 0


@pytest.mark.parametrize("toolchain", ["", "nightly"])
def test_none_of_option_char(toolchain: str, tmp_path: Path) -> None:
    probe = run_probe(toolchain, tmp_path)
    option = "core::option::Option<char>"
    choice = probe.layout(option).choice
    assert choice is not None
    assert choice.discriminant is not None
    bits = next(
        bytes.fromhex(text) for name, variant, text in probe.facts["value"]
        if (name, variant) == (option, "None")
    )  # fmt: skip
    none = variant_named(choice, "None").value
    assert none == int.from_bytes(bits, "little") == NONE_OF_CHAR.get(probe.version, none)
    assert (choice.encoding, choice.niche_start) == ("niche", none)
