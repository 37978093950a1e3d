"""Snapshots that are damaged, hostile, or of another version: always a SnapshotError that helps."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rustabi import model as m
from rustabi import snapshot
from rustabi.errors import SnapshotError
from rustabi.model import Model
from tests.strategies import example, model_with


def changed(change: Callable[[Any], object], model: Model | None = None) -> bytes:
    """A snapshot of the example after a change to its JSON value."""
    value = json.loads(snapshot.dumps(model or example()))
    change(value)
    return json.dumps(value).encode()


def error_of(data: bytes) -> SnapshotError:
    with pytest.raises(SnapshotError) as caught:
        snapshot.loads(data, "some.json")
    error = caught.value
    assert error.path == "some.json"
    assert error.advice
    return error


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"\x1f\x8b", b"\x1f\x8b\x08junk", b"[" * 9999])
def test_is_no_snapshot(data: bytes) -> None:
    assert not snapshot.is_snapshot(data)
    error_of(data)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_cut_off_anywhere(pack: Callable[[bytes], bytes]) -> None:
    data = pack(snapshot.dumps(example()))
    end = len(data) - 1 if pack is bytes else len(data)  # the last byte of text is a line end
    for size in range(end):
        error_of(data[:size])
    cut = error_of(data[: len(data) // 2])
    assert cut.place
    assert "byte" in cut.place or "line" in cut.place
    assert "cut off" in cut.message


@settings(max_examples=300)
@given(st.data(), st.sampled_from([bytes, gzip.compress]))
def test_flipped_bytes(data: st.DataObject, pack: Callable[[bytes], bytes]) -> None:
    raw = bytearray(pack(snapshot.dumps(example())))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.integers(0, 255))
    try:
        model = snapshot.loads(bytes(raw), "x")
    except SnapshotError as error:
        assert error.path == "x"
    else:
        again = snapshot.dumps(model)
        assert snapshot.dumps(snapshot.loads(again, "x")) == again


def at(*path: str | int, value: object) -> Callable[[Any], object]:
    """A change: set the item at ``path``."""

    def change(content: Any) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = value

    return change


def bar(*path: str | int, value: object) -> Callable[[Any], object]:
    """A change to the struct ``demo::Bar``."""

    def change(content: Any) -> None:
        at(*path, value=value)(next(each for each in content["types"] if "parts" in each))

    return change


BAR = [m.name_of(each) for each in snapshot.canonical(example()).types]
BAR_AT = f"$.types[{BAR.index('demo::Bar')}]"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (at("extra", value=1), "$.extra"),
        (at("rustabi", value=3), "$.rustabi"),
        (at("facts", value=[]), "$.facts"),
        (at("facts", "address_size", value=True), "$.facts.address_size"),
        (at("types", value={}), "$.types"),
        (at("types", 3, value=None), "$.types[3]"),
        (at("types", 3, value={"name": "x"}), "$.types[3]"),
        (at("types", 3, value={"kind": "x" * 5000}), "$.types[3]"),
        (at("types", 3, value={"kind": "base"}), "$.types[3].name"),
        (at("types", 3, value={"kind": "array", "counts": ["1", -1]}), "$.types[3].counts[1]"),
        (bar("parts", 0, "offset", value=-1), f"{BAR_AT}.parts[0].offset"),
        (bar("parts", 0, "offset", value=1.5), f"{BAR_AT}.parts[0].offset"),
        (bar("parts", 0, "offset", value="1.5"), f"{BAR_AT}.parts[0].offset"),
        (bar("parts", 0, "offset", value="٣"), f"{BAR_AT}.parts[0].offset"),
        (bar("parts", 0, "name", value="a\\b"), f"{BAR_AT}.parts[0].name"),
        (bar("parts", 2, "variants", 0, "x\ny", value=1), f"'{BAR_AT}.parts[2].variants[0].x\\ny'"),
        (bar("parts", 2, "variants", 1, "value", "value", value=""),
         f"{BAR_AT}.parts[2].variants[1].value.value"),
        (bar("parts", 2, "variants", 3, "value_list", value="abc"),
         f"{BAR_AT}.parts[2].variants[3].value_list"),
        (bar("parts", 2, "discriminant", value=1), BAR_AT),
        (bar("parts", 2, "members", 0, "type", value=99), BAR_AT),
        (bar("container", value=99), BAR_AT),
        (at("types", 3, value={"kind": "pointer", "target": 12}), "$.types[3]"),
        (at("types", 3, value={"kind": "pointer", "target": -1}), "$.types[3].target"),
        (at("types", 3, value={"kind": "pointer", "target": "1"}), "$.types[3].target"),
        (at("symbols", 0, "type", value=12), "$.symbols[0]"),
        (at("symbols", 0, "unit", value=2), "$.symbols[0]"),
        (at("symbols", 0, "version", value="0xBEEF"), "$.symbols[0].version"),
        (at("symbols", 0, "version", value=1), "$.symbols[0].version"),
        (at("vtables", 0, "type", value=12), "$.vtables[0]"),
        (at("vtables", 0, "slots", 0, "type", value=12), "$.vtables[0]"),
        (at("units", 0, "language", value="x"), "$.units[0].language"),
    ],
)  # fmt: skip
def test_damaged_content(change: Callable[[Any], object], place: str) -> None:
    error = error_of(changed(change))
    assert error.place == place
    assert len(str(error)) < 600


@pytest.mark.parametrize(
    "key", ["format", "version", "rustabi", "facts", "units", "types", "symbols", "vtables"]
)
def test_missing_field(key: str) -> None:
    error_of(changed(lambda content: content.pop(key)))


@pytest.mark.parametrize(
    "data",
    [
        b"[]", b"3", b"{}", b"null", b'"rustabi-snapshot"', b'{"format": "other", "version": 1}',
        b'{"format": ["rustabi-snapshot"], "version": 1}',
    ],
)  # fmt: skip
def test_json_of_another_kind(data: bytes) -> None:
    assert "not a snapshot" in error_of(data).message


@pytest.mark.parametrize(
    "value",
    [
        b"[" * 100_000, b'{"a":' * 100_000, b"9" * 4301, b"9" * 5000, b"1e999", b"NaN", b"-0.0",
        b'"\\ud800"', b'"\xff"', b"[[[[[]]]]]", b'{"kind": []}',
    ],
)  # fmt: skip
def test_hostile_values(value: bytes) -> None:
    data = snapshot.dumps(model_with(m.Base("a", 1, 7)))
    for old in (b"1,", b'"a"', b'{"kind": "base", "name": "a", "size": 1, "encoding": 7}'):
        error_of(data.replace(old, value + b"," * old.endswith(b",")))


def test_many_errors_are_one() -> None:
    error = error_of(changed(lambda content: content.update(types=[{}] * 200_000)))
    assert error.place == "$.types[0]"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "an empty file"),
        (b"\x7fELF", "not a snapshot"),
        (changed(at("extra", value=1)), "damaged snapshot: unknown field"),
        (changed(at("facts", value={})), "damaged snapshot: missing field"),
        (changed(at("types", 0, value={"kind": "x"})), "damaged snapshot: unknown kind"),
        (changed(at("types", 0, value={"kind": "pointer", "target": 99})),
         "damaged snapshot: refers to type 99 of 12"),
        (changed(at("units", 0, "language", value="x")),
         "damaged snapshot: input should be a valid integer"),
    ],
)  # fmt: skip
def test_messages(data: bytes, message: str) -> None:
    assert error_of(data).message == message


# gzip


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "MAX_BYTES", 1 << 20)
    assert "larger than 1 MiB" in error_of(gzip.compress(bytes(1 << 24))).message
    assert "larger than 1 MiB" in error_of(b" " * ((1 << 20) + 1)).message


def test_damaged_gzip() -> None:
    data = gzip.compress(snapshot.dumps(example()))
    wrong_crc = data[:-8] + bytes(4) + data[-4:]
    assert "gzip" in error_of(wrong_crc).message
    assert error_of(data + b"more").place == f"byte {len(data)}"
    error_of(data + data)
    error_of(zlib.compress(snapshot.dumps(example())))


def test_reading_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "MAX_BYTES", 1000)
    path = tmp_path / "a.json"
    path.write_bytes(b" " * 100_000)
    with pytest.raises(SnapshotError, match="larger than"):
        snapshot.read(path)


# versions


def test_newer_version() -> None:
    def change(content: Any) -> None:
        content.update(version=7, types={"by": "name"}, layout="new")

    error = error_of(changed(change))
    assert "7" in error.message
    assert str(snapshot.VERSION) in error.message
    assert "upgrade" in (error.advice or "")


@pytest.mark.parametrize("version", [-1, "1", None, 1.5, 1 << 40])
def test_nonsense_version(version: object) -> None:
    assert error_of(changed(at("version", value=version))).place == "$.version"


def test_unknown_older_version() -> None:
    assert "unknown snapshot version 0" in error_of(changed(at("version", value=0))).message


def as_version_0(content: Any) -> None:
    """In this version, invented for the tests, there were no vtables, and units were ``files``."""
    content["version"] = 0
    del content["vtables"]
    content["files"] = content.pop("units")


def from_version_0(content: dict[str, Any]) -> dict[str, Any]:
    units = content.pop("files")
    return {**content, "units": units, "vtables": []}


def test_older_version_is_upgraded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(snapshot.MIGRATIONS, 0, from_version_0)
    old = changed(as_version_0)
    assert snapshot.loads(old, "x") == snapshot.canonical(example())._replace(vtables=())
    assert snapshot.loads(gzip.compress(old), "x").types == snapshot.canonical(example()).types


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content.pop("files"),
        lambda content: content.update(types=[{}]),
        lambda content: content.update(extra=1),
    ],
)
def test_damaged_older_version(damage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(snapshot.MIGRATIONS, 0, from_version_0)

    def change(content: Any) -> None:
        as_version_0(content)
        damage(content)

    error_of(changed(change))


def test_every_older_version_leads_to_this_one() -> None:
    first = min(snapshot.MIGRATIONS, default=snapshot.VERSION)
    assert sorted(snapshot.MIGRATIONS) == list(range(first, snapshot.VERSION))
