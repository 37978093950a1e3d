"""What could not be checked is listed, from hand-made objects through the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rustabi.cli import main
from rustabi.diff.gaps import GapKind, gaps_of
from rustabi.dwarf import constants as c
from tests.dwarf_encoder import Attribute
from tests.dwarf_writer import base, build, entry, function, member, struct, unit, variable
from tests.support import OBJECTS, model_of

ABI = "calling-convention-unknown"
UNKNOWN_TAG, UNKNOWN_ENCODING = 0x1F, 0x90


def strange() -> bytes:
    """An object with one unknown tag, one unknown form of a type and one unknown encoding."""
    odd_form = Attribute(c.AT_TYPE, c.FORM_GNU_REF_ALT, 0x20)
    tagged = entry(UNKNOWN_TAG, "odd_tag", numbers={c.AT_BYTE_SIZE: 8})
    encoded = base("odd_encoding", 2, UNKNOWN_ENCODING)
    known = struct("demo::S", 16, [member("a", tagged, 0), member("b", encoded, 8)])
    return build(unit(function("f", [("s", known)]), variable("g", None).add(odd_form)))


def plain() -> bytes:
    """The same exports, all of known types."""
    number = base("u64", 8)
    known = struct("demo::S", 16, [member("a", number, 0), member("b", number, 8)])
    return build(unit(function("f", [("s", known)]), variable("g", number)))


def diff(
    folder: Path, old: bytes, new: bytes, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, object]]:
    """Exit code and JSON of ``rustabi diff`` on two objects."""
    paths = [folder / "old.o", folder / "new.o"]
    for path, data in zip(paths, (old, new), strict=True):
        path.write_bytes(data)
    code = main(["diff", *map(str, paths), "--format", "json"])
    return code, json.loads(capsys.readouterr().out)


def test_unknown_debug_info_is_listed_as_gaps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = diff(tmp_path, strange(), strange(), capsys)
    assert code == 0
    assert report["verdict"] == "compatible"
    assert report["findings"] == []
    gaps = report["gaps"]
    assert isinstance(gaps, list)
    gaps = [gap for gap in gaps if gap["kind"] != ABI]
    assert [(gap["kind"], gap["side"]) for gap in gaps] == [("unsupported-dwarf", "both")] * 3
    told = " ".join(f"{gap['subject']} {gap['detail']}" for gap in gaps)
    for number in (UNKNOWN_TAG, c.FORM_GNU_REF_ALT, UNKNOWN_ENCODING):
        assert f"{number:#x}" in told


def test_what_only_new_does_not_tell_leaves_no_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = diff(tmp_path, plain(), strange(), capsys)
    assert code == 2
    assert report["verdict"] == "error"
    error = report["error"]
    assert isinstance(error, dict)
    assert error["kind"] == "lost-data"


def test_what_only_old_did_not_tell_is_a_gap(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = diff(tmp_path, strange(), plain(), capsys)
    assert code == 0
    gaps = report["gaps"]
    assert isinstance(gaps, list)
    assert {gap["side"] for gap in gaps if gap["kind"] != ABI} == {"old"}


SAMPLE = OBJECTS / "calling_convention_changed"


def test_a_calling_convention_that_debug_info_does_not_tell_is_a_gap_that_names_the_symbol(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Where the parameters stand can show that it changed, but never that it did not."""
    assert main(["diff", f"{SAMPLE}-old.o", f"{SAMPLE}-new.o", "--format", "json"]) == 1
    gaps = json.loads(capsys.readouterr().out)["gaps"]
    named = {(gap["kind"], gap["subject"], gap["side"], gap["detail"]) for gap in gaps}
    assert (ABI, "split", "both", "not mangled, probably so") in named


def test_the_calling_convention_of_c_is_known() -> None:
    model = model_of(OBJECTS / "c_types-new.o")
    assert not [gap for gap in gaps_of(model, set()) if gap.kind is GapKind.ABI_UNKNOWN]
