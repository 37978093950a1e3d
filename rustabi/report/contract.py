"""What the JSON reports look like, for those who read them: a schema made from the values.

Importing pydantic takes longer than many a command runs: import this module where it is needed.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from rustabi.report.cache import CacheReport
from rustabi.report.check import CheckReport
from rustabi.report.crates import CratesDiffReport, CratesSemverReport, CratesSnapshotReport
from rustabi.report.differences import DiffReport
from rustabi.report.doctor import DoctorReport
from rustabi.report.errors import FailureReport
from rustabi.report.explain import ExplainReport
from rustabi.report.graphs import GraphReport
from rustabi.report.layouts import LayoutReport
from rustabi.report.longnames import NamesReport
from rustabi.report.snapshots import SnapshotReport
from rustabi.report.summary import SummaryReport
from rustabi.report.symbols import SymbolsReport
from rustabi.report.symtypes import SymtypesDiffReport
from rustabi.report.why import WhyReport

Report: TypeAlias = (
    DiffReport
    | CheckReport
    | CratesDiffReport
    | CratesSemverReport
    | CratesSnapshotReport
    | SummaryReport
    | LayoutReport
    | SymbolsReport
    | SymtypesDiffReport
    | NamesReport
    | WhyReport
    | GraphReport
    | SnapshotReport
    | DoctorReport
    | ExplainReport
    | CacheReport
    | FailureReport
)
"""Any document that ``--format json`` prints; the field ``report`` tells which."""

ADAPTER: Final[TypeAdapter[Report]] = TypeAdapter(
    Annotated[Report, Field(discriminator="report")],
    config=ConfigDict(use_attribute_docstrings=True, extra="forbid"),
)
"""Checks a document and makes values of it again."""


class _UntitledSchema(GenerateJsonSchema):
    """Without pydantic's titles, which only repeat the names of the fields."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def json_schema() -> dict[str, Any]:
    """The JSON schema of all reports."""
    schema = ADAPTER.json_schema(schema_generator=_UntitledSchema, mode="serialization")
    return {
        "$schema": _UntitledSchema.schema_dialect,
        "title": "rustabi report",
        "description": "What rustabi prints with --format json. The field `report` tells which of"
        " the documents it is.",
        **schema,
    }
