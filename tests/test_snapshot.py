from __future__ import annotations

import gzip
import json
import os
import resource
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rustabi import model as m
from rustabi import schema, snapshot
from rustabi.errors import InputError, SnapshotError
from rustabi.model import Constant, Member, Model
from tests.strategies import example, model_with, models, permuted
from tests.support import OBJECTS, model_of

U64 = (1 << 64) - 1


# there and back


def test_every_kind_of_node_round_trips() -> None:
    model = example()
    kinds = {type(node) for node in model.types}
    assert kinds == set(m.Type.__args__)
    data = snapshot.dumps(model)
    assert snapshot.loads(data, "x") == snapshot.canonical(model)
    assert snapshot.dumps(snapshot.loads(data, "x")) == data


@given(models(), st.integers(0, 1000))
def test_random_models_round_trip(model: Model, seed: int) -> None:
    data = snapshot.dumps(model)
    canonical = snapshot.canonical(model)
    assert snapshot.loads(data, "x") == canonical
    assert snapshot.canonical(canonical) == canonical
    assert snapshot.dumps(canonical) == data
    assert snapshot.dumps(permuted(model, seed)) == data


@pytest.mark.parametrize("path", sorted(OBJECTS.glob("*.o")), ids=lambda path: path.stem)
def test_real_models_round_trip(path: Path) -> None:
    model = model_of(path)
    data = snapshot.dumps(model)
    assert model.types
    assert len(snapshot.canonical(model).types) == len(model.types), "merging left nothing to merge"
    assert snapshot.loads(data, path) == snapshot.canonical(model)
    assert snapshot.dumps(permuted(model, 7)) == data


def test_canonical_form_leaves_what_a_model_states() -> None:
    model = example()
    canonical = snapshot.canonical(model)
    assert sorted(map(m.name_of, canonical.types)) == sorted(map(m.name_of, model.types))
    assert {(each.name, each.version) for each in canonical.symbols} == {
        (each.name, each.version) for each in model.symbols
    }
    use_bar = next(each for each in canonical.symbols if each.name == "use_bar")
    assert use_bar.unit is not None
    assert use_bar.type is not None
    assert canonical.units[use_bar.unit].name == "b.c"
    function = canonical.types[use_bar.type]
    assert isinstance(function, m.Function)
    assert [m.name_of(canonical.types[each.type or 0]) for each in function.parameters] == [
        "&demo::Bar", "u8",
    ]  # fmt: skip


def test_order_of_types() -> None:
    model = model_with(
        m.Modifier("const", "", 2),
        m.Modifier("const", "", 0),
        m.Composite("struct", "b", 8, 8, ()),
        m.Modifier("typedef", "b", None),
        m.Base("a", 1, 7),
    )
    types = snapshot.canonical(model).types
    assert [(type(each), m.name_of(each)) for each in types] == [
        (m.Base, "a"), (m.Composite, "b"), (m.Modifier, "b"), (m.Modifier, ""), (m.Modifier, ""),
    ]  # fmt: skip
    assert [each.target for each in types[3:] if isinstance(each, m.Modifier)] == [1, 3]


def test_same_names_are_ordered_by_what_they_refer_to() -> None:
    """Nothing but the end of a chain tells the two chains apart."""
    first = [m.Modifier("const", "", target) for target in (1, 2, 3)]
    second = [m.Modifier("const", "", target) for target in (5, 6, 7)]
    model = model_with(*first, m.Base("a", 1, 7), *second, m.Base("b", 1, 7))
    assert len(snapshot.canonical(model).types) == 8
    assert len({snapshot.dumps(permuted(model, seed)) for seed in range(20)}) == 1


def test_types_that_nothing_tells_apart_become_one() -> None:
    ring = [
        m.Composite("struct", "Node", 8, 8, (Member("next", target, 0),)) for target in (1, 2, 0)
    ]
    assert snapshot.canonical(model_with(*ring)).types == (
        m.Composite("struct", "Node", 8, 8, (Member("next", 0, 0),)),
    )
    other = m.Composite("struct", "Node", 16, 8, (Member("next", 0, 0),))
    assert len(snapshot.canonical(model_with(*ring, other)).types) == 2


@pytest.mark.parametrize("name", ["a\\b", "\\xff", "\udcff\udc80", "é\udcc3", '"\n\u2028', ""])
def test_names_of_any_bytes(name: str) -> None:
    model = model_with(m.Base(name, 1, 7), m.Modifier("pointer", name, 0))
    assert m.name_of(snapshot.loads(snapshot.dumps(model), "x").types[0]) == name


@pytest.mark.parametrize("value", [0, -1, 1 << 53, (1 << 53) + 1, -(1 << 127), (1 << 128) - 1])
def test_numbers_of_any_size(value: int) -> None:
    enumerator = m.Enumerator("A", Constant(value, value & U64))
    data = snapshot.dumps(model_with(m.Enumeration("E", 16, 16, (enumerator,))))
    assert enumerator in snapshot.loads(data, "x").types[0].enumerators  # type: ignore[union-attr]
    written = json.loads(data)["types"][0]["enumerators"][0]["value"]
    assert written == (value if abs(value) <= 1 << 53 else str(value))


def test_a_number_is_read_in_both_forms() -> None:
    model = model_with(m.Base("a", U64, 7))
    data = snapshot.dumps(model)
    assert b'"size": "18446744073709551615"' in data
    plain = data.replace(b'"18446744073709551615"', b"18446744073709551615")
    assert snapshot.loads(plain, "x") == snapshot.loads(data, "x") == model


def test_a_number_that_could_not_be_read_again() -> None:
    huge = Constant(1 << 20_000, None)
    model = model_with(m.Enumeration("E", 16, 16, (m.Enumerator("A", huge),)))
    with pytest.raises(SnapshotError, match="20001 bits"):
        snapshot.dumps(model)


# speed


def test_a_large_model_takes_seconds() -> None:
    structs = [
        m.Composite("struct", f"S{number}", 8, 8, (Member("x", number, 0),))
        for number in range(50_000)
    ]
    model = model_with(m.Base("u8", 1, 7), *structs)
    started = time.process_time()
    data = snapshot.dumps(model)
    assert snapshot.loads(data, "x") == snapshot.canonical(model)
    assert time.process_time() - started < 60
    assert data.count(b"\n") > len(structs)


# the file


def test_text_of_the_file(tmp_path: Path) -> None:
    model = model_with(
        m.Modifier("pointer", "&Bar", 1),
        m.Composite("struct", "Bar", 8, 8, (Member("x", 0, 0),)),
        symbols=(m.Symbol("f", "variable", 0, version=0xBEEF),),
    )
    version = json.loads(snapshot.dumps(model))["rustabi"]
    assert snapshot.dumps(model).decode() == (
        '{\n"format": "rustabi-snapshot",\n"version": 1,\n'
        f'"rustabi": "{version}",\n'
        '"facts": {"machine": "x86_64", "address_size": 8, "little_endian": true},\n'
        '"units": [],\n'
        '"types": [\n'
        '{"kind": "pointer", "name": "&Bar", "target": 1},\n'
        '{"kind": "struct", "name": "Bar", "size": 8, "alignment": 8, "parts":'
        ' [{"name": "x", "type": 0, "offset": 0}]}\n'
        "],\n"
        '"symbols": [\n'
        '{"name": "f", "kind": "variable", "type": 0, "version": "0x0000beef"}\n'
        "],\n"
        '"vtables": []\n}\n'
    )


def test_bytes_do_not_depend_on_the_hash_seed() -> None:
    script = (
        "import sys; from pathlib import Path; from tests.support import model_of\n"
        "from rustabi import snapshot\n"
        "sys.stdout.buffer.write(snapshot.dumps(model_of(Path(sys.argv[1]))))"
    )
    path = OBJECTS / "two_crate_versions-new.o"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script, str(path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=OBJECTS.parents[1],
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert outputs == {snapshot.dumps(model_of(path))}


def test_packed_bytes_are_reproducible(tmp_path: Path) -> None:
    first, second = tmp_path / "a.json.gz", tmp_path / "b.gz"
    snapshot.write(example(), first)
    snapshot.write(example(), second)
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes()[:8] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "no name, no time"
    assert gzip.decompress(first.read_bytes()) == snapshot.dumps(example())
    assert snapshot.read(first) == snapshot.canonical(example())


def test_write_and_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    snapshot.write(example(), path)
    assert path.read_bytes() == snapshot.dumps(example())
    assert snapshot.read(str(path)) == snapshot.canonical(example())
    assert list(tmp_path.iterdir()) == [path]


def test_write_keeps_mode_and_link(tmp_path: Path) -> None:
    path, link = tmp_path / "a.json", tmp_path / "link.json"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    snapshot.write(example(), link)
    assert link.is_symlink()
    assert path.read_bytes() == snapshot.dumps(example())
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_device_is_not_replaced() -> None:
    snapshot.write(example(), "/dev/null")
    assert Path("/dev/null").is_char_device()


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond 100 bytes: a write fails half way."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def failing(name: str) -> Iterator[None]:
    def fail(*_: object, **__: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, name, fail)
        yield


@pytest.mark.parametrize(
    "trouble", [full_disk, lambda: failing("replace"), lambda: failing("fsync")]
)
def test_a_failed_write_leaves_everything_as_it_was(trouble: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(InputError) as caught, trouble():
        snapshot.write(example(), path)
    assert caught.value.path == str(path)
    assert caught.value.advice
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_model_that_cannot_be_written_touches_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "MAX_BYTES", 100)
    with pytest.raises(SnapshotError, match="larger than") as caught:
        snapshot.write(example(), tmp_path / "a.json")
    assert caught.value.path
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["missing/a.json", "."])
def test_unreadable_and_unwritable(name: str, tmp_path: Path) -> None:
    calls: list[Callable[[], object]] = [
        lambda: snapshot.read(tmp_path / name),
        lambda: snapshot.write(example(), tmp_path / name),
    ]
    for call in calls:
        with pytest.raises(InputError) as caught:
            call()
        assert caught.value.path == str(tmp_path / name)
        assert caught.value.advice


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_is_snapshot(pack: Callable[[bytes], bytes]) -> None:
    data = pack(snapshot.dumps(example()))
    assert snapshot.is_snapshot(data)
    assert snapshot.is_snapshot(data[:100])
    assert snapshot.is_snapshot(pack(b' {"version":1,\n"format":"rustabi-snapshot"'))
    assert not snapshot.is_snapshot(pack(b'{"format": "other"}'))
    assert not snapshot.is_snapshot(data[:5])


# the schema


def test_schema_and_model_have_the_same_fields() -> None:
    classes: list[Any] = [
        each for each in vars(m).values()
        if isinstance(each, type) and issubclass(each, tuple) and each is not Model
    ]  # fmt: skip
    assert len(classes) > 15
    for each in classes:
        record = getattr(schema, each.__name__)
        assert set(record.model_fields) - {"kind"} == set(each._fields) - {"kind"}, each.__name__
    assert set(schema.Snapshot.model_fields) == (
        {"format", "version", "rustabi"} | set(Model._fields) - {"origins"}
    )


def test_schema_and_snapshot_name_the_same_format() -> None:
    properties = schema.json_schema("snapshot")["properties"]
    assert properties["format"]["const"] == snapshot.FORMAT
    assert properties["version"]["const"] == snapshot.VERSION


def test_schema_describes_every_field() -> None:
    document = schema.json_schema("snapshot")
    for name, each in {"Snapshot": document, **document["$defs"]}.items():
        assert each["description"]
        for field, described in each["properties"].items():
            assert described.get("description"), f"{name}.{field}"
            assert "title" not in described
        assert each["additionalProperties"] is False


def test_pydantic_is_imported_only_to_read() -> None:
    script = (
        "import sys; from rustabi import snapshot\n"
        "from rustabi.model import Facts, Model\n"
        "data = snapshot.dumps(Model((), (), (), (), Facts('', 8, True)))\n"
        "assert snapshot.is_snapshot(data) and 'pydantic' not in sys.modules\n"
        "snapshot.loads(data, 'x'); assert 'pydantic' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
