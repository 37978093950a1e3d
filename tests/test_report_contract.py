"""The JSON reports against their published schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from rustabi.cli import main
from rustabi.report.contract import ADAPTER, json_schema
from tests.support import GOLDENS, OBJECTS, ROOT

NEW = str(OBJECTS / "nested_change-new.o")
OLD = str(OBJECTS / "nested_change-old.o")
TYPES = str(GOLDENS / "gendwarfksyms" / "nested_change")

COMMANDS: dict[str, list[str]] = {
    "report": ["report", OLD, NEW],
    "report of C": ["report", str(OBJECTS / "c_types-old.o")],
    "layout": ["layout", str(OBJECTS / "constructs.o")],
    "layout of C": ["layout", str(OBJECTS / "c_types-old.o")],
    "symbols": ["symbols", str(OBJECTS / "folded_function-new.o")],
    "tree": ["why", NEW, "device_id"],
    "paths": ["why", NEW, "device_id", "Clock"],
    "graph": ["graph", NEW],
    "diff": ["diff", OLD, NEW, "--all"],
    "diff of C": [
        "diff", str(OBJECTS / "c_types-old.o"), str(OBJECTS / "c_types-new.o"), "--all",
    ],
    "compatible": ["diff", OLD, OLD],
    "doctor": ["doctor", str(OBJECTS / "folded_function-new.o")],
    "kinds": ["explain"],
    "kind": ["explain", "niche-changed"],
    "symtypes": ["symtypes-diff", f"{TYPES}-old.o.symtypes", f"{TYPES}-new.o.symtypes"],
    "names": ["names", str(OBJECTS / "constructs.o"), "--hash-names"],
    "failure": ["layout", "/no/such/file"],
    "usage": ["layout"],
}  # fmt: skip


@cache
def schema() -> dict[str, Any]:
    return json_schema()


def objects(node: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema of an object, by its place."""
    if isinstance(node, dict):
        if "properties" in node:
            yield place, node
        for key, value in node.items():
            yield from objects(value, f"{place}/{key}")


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_field_is_described_and_required() -> None:
    for place, found in objects(schema()):
        assert found["description"], place
        assert found["additionalProperties"] is False
        assert set(found["required"]) == set(found["properties"]), place
        for name, field in found["properties"].items():
            assert field.get("description") or "$ref" in field, f"{place}: {name}"


@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_documents_keep_to_the_schema(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main([*arguments, "--format", "json"])
    text = capsys.readouterr().out
    Draft202012Validator(schema()).validate(json.loads(text))
    assert ADAPTER.validate_json(text).report == json.loads(text)["report"]


def test_snapshots_are_told_of_too(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path_factory.mktemp("snapshot") / "x.json"
    assert main(["snapshot", NEW, "-o", str(path), "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(schema()).validate(document)
    assert document["path"] == str(path)


def test_the_contract_of_a_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", OLD, NEW, "--format", "json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"] == "incompatible"
    assert document["error"] is None
    (finding,) = document["findings"]
    assert finding["kind"] == "member-added"
    assert finding["type"] == "nested_change::clock::Clock"
    assert (finding["old"], finding["new"]) == ("", "u16 at 6")
    assert finding["affected"][0] == {
        "symbol": "bus_number",
        "name": "bus_number",
        "path": [
            "bus_number",
            "parameter bus",
            "&nested_change::bus::Bus",
            "nested_change::bus::Bus.clock",
            "*const nested_change::clock::Clock",
            "nested_change::clock::Clock.divider",
        ],
        "by_value": False,
        "version_changed": True,
    }


def test_the_example_in_the_documentation_is_real(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    example = page.split("<!-- diff -->\n```json\n")[1].split("```")[0]
    monkeypatch.chdir(OBJECTS)
    main(["diff", "member_added-old.o", "member_added-new.o", "--format", "json"])
    assert capsys.readouterr().out == example


def test_the_documentation_names_every_report() -> None:
    page = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    for name in schema()["discriminator"]["mapping"]:
        assert f"`{name}`" in page


def test_the_contract_of_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", OLD, "/no/such/file", "--format=json"]) == 2
    document = json.loads(capsys.readouterr().out)
    assert document["verdict"] == "error"
    assert document["error"]["kind"] == "bad-input"
    assert document["error"]["path"] == "/no/such/file"
    assert set(document["error"]) == {"kind", "message", "path", "place", "advice"}
