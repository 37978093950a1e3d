"""A real Rust-for-Linux kernel: all of it loads, and one changed field is all that is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from rustabi.diff import ChangeKind, Severity, compare
from rustabi.model import Composite, Model, Unsupported
from tests.support import CORPUS, model_of, needs_corpus

pytestmark = needs_corpus

BINARIES = sorted(
    str(path.relative_to(CORPUS))
    for pattern in ("*/rust/*.o", "*/modules/*.ko", "*/modules/*.o")
    for path in CORPUS.glob(pattern)
)
COMMON = sorted(
    path.removeprefix("base/")
    for path in BINARIES
    if path.startswith("base/") and (CORPUS / path.replace("base/", "fieldadd/", 1)).is_file()
)
CHANGED = "kernel::uaccess::UserSliceReader"


def unsupported_in(model: Model) -> list[Unsupported]:
    nodes = [node for node in model.types if isinstance(node, Unsupported)]
    for node in model.types:
        if isinstance(node, Composite):
            nodes += [part for part in node.parts if isinstance(part, Unsupported)]
    return nodes


@pytest.mark.parametrize("name", BINARIES)
def test_nothing_is_unsupported(name: str) -> None:
    model = model_of(CORPUS / name)
    assert model.types
    assert unsupported_in(model) == []


def changed_symbols() -> set[str]:
    """Symbols whose version in Module.symvers the kernel's own tool changed: the truth."""

    def versions(path: Path) -> dict[str, str]:
        rows = (line.split("\t") for line in path.read_text().splitlines())
        return {name: crc for crc, name, *_ in rows}

    before = versions(CORPUS / "base/Module.symvers")
    after = versions(CORPUS / "fieldadd/Module.symvers")
    return {name for name, crc in before.items() if after[name] != crc}


def test_one_added_field_is_one_root_cause() -> None:
    comparison = compare(
        model_of(CORPUS / "base/rust/kernel.o"), model_of(CORPUS / "fieldadd/rust/kernel.o")
    )
    assert comparison.verdict == "incompatible"
    assert [(each.type, each.change.kind, each.change.where) for each in comparison.findings] == [
        (CHANGED, ChangeKind.SIZE_CHANGED, ""),
        (CHANGED, ChangeKind.MEMBER_ADDED, "consumed"),
    ]
    size, added = comparison.findings
    assert (size.change.old, size.change.new) == ("16", "24")
    truth = changed_symbols()
    assert len(truth) == 6
    for finding in (size, added):
        assert {each.symbol for each in finding.affected} == truth
        assert all(each.path for each in finding.affected)


@pytest.mark.parametrize("name", COMMON)
def test_nothing_but_the_change_is_found(name: str) -> None:
    """In every object and module, what is found is the changed struct or what follows from it."""
    comparison = compare(model_of(CORPUS / "base" / name), model_of(CORPUS / "fieldadd" / name))
    found = [each for each in comparison.findings if each.severity is not Severity.NOISE]
    assert {each.type for each in found} <= {CHANGED}
    assert not comparison.lost


@pytest.mark.parametrize("name", COMMON)
def test_base_against_itself_is_silent(name: str) -> None:
    model = model_of(CORPUS / "base" / name)
    comparison = compare(model, model)
    assert comparison.findings == ()
    # A module without __ksymtab exports nothing, which leaves no verdict.
    assert comparison.verdict == ("compatible" if model.symbols else "error")
    assert bool(model.symbols) is not name.endswith(".ko")
    assert not comparison.lost
