"""What a rules file looks like: pydantic models that both check it and describe it.

Importing pydantic takes longer than many a command runs: import this module where it is needed.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.json_schema import GenerateJsonSchema

_Glob: TypeAlias = Annotated[str, Field(min_length=1)]
Globs: TypeAlias = _Glob | Annotated[list[_Glob], Field(min_length=1)]
"""One glob or several: `*`, `?` and `[...]` as in a shell, case counts. A name that is equal to the
glob matches, too, whatever brackets are in it."""

_Reason: TypeAlias = Annotated[str, Field(min_length=1, pattern=r"\S")]


class _Table(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class RuleTable(_Table):
    """What is to be done with certain findings. The first rule that matches a finding decides.

    At least one of `symbol`, `type`, `crate`, `kind` and `module` must be there; all that are must
    match.
    """

    reason: _Reason = Field(description="why; shown with what the rule decides")
    symbol: Globs | None = Field(
        None,
        description="affected exported symbols, by their linker's or readable names; a rule that"
        " covers some of a finding's symbols decides for those only",
    )
    type: Globs | None = Field(
        None, description="the changed type, by its whole name or that without generic arguments"
    )
    crate: Globs | None = Field(None, description="the crate of the changed type or symbol")
    kind: Globs | None = Field(
        None,
        description="the kind of change, or of finding of `check`, as `rustabi explain` lists them",
    )
    module: Globs | None = Field(
        None, description="the kernel module, by the name it is loaded under; for `check` alone"
    )
    severity: Literal["break", "risky", "api", "noise"] | None = Field(
        None, description="what to take the findings for; without it they are tolerated"
    )
    expires: datetime.date | None = Field(
        None, description="the last day on which the rule holds, in UTC"
    )
    id: _Glob | None = Field(None, description="what reports call the rule, beside its number")


class OpaqueTable(_Table):
    """Types that are opaque handles: callers hold their address and nothing else."""

    type: Globs = Field(description="the types, by whole name or that without generic arguments")
    reason: _Reason = Field(description="why; shown with what it lowers")


class KnownGapTable(_Table):
    """Gaps that are known: with `fail-on = "gap"`, they do not fail."""

    reason: _Reason = Field(description="why nothing is to be done about them")
    kind: Globs | None = Field(
        None, description="the kind of gap, as `rustabi explain` lists them; absent for any"
    )
    subject: Globs | None = Field(
        None, description="the readable symbol or type that could not be checked; absent for any"
    )


class GateTable(_Table):
    """How strict the verdict is."""

    fail_on: (
        Literal["break", "risky", "api", "gap"] | list[Literal["break", "risky", "api", "gap"]]
    ) = Field(
        [],
        alias="fail-on",
        description="what fails besides breaks: findings of that severity or worse, or any gap",
    )
    opaque: list[OpaqueTable] = Field([], description="types that are opaque handles")
    known_gaps: list[KnownGapTable] = Field(
        [], alias="known-gaps", description="gaps that do not fail although gaps do"
    )


class RulesFile(_Table):
    """A rules file of rustabi, or the table `tool.rustabi` of a pyproject.toml."""

    gate: GateTable = Field(
        default_factory=lambda: GateTable.model_validate({}), description="of every comparison"
    )
    rules: list[RuleTable] = Field([], description="in order: the first that matches decides")


class Problem(NamedTuple):
    """What is wrong with a document.

    Attributes:
        kind: ``unknown``, ``missing`` or ``wrong``.
        location: The keys and list indexes that lead there.
        message: In words.
    """

    kind: Literal["unknown", "missing", "wrong"]
    location: tuple[int | str, ...]
    message: str


_KINDS: dict[str, Literal["unknown", "missing"]] = {
    "extra_forbidden": "unknown",
    "missing": "missing",
}


def checked(document: dict[str, Any]) -> RulesFile | list[Problem]:
    """The document as a rules file, or all that is wrong with it."""
    try:
        return RulesFile.model_validate(document)
    except ValidationError as error:
        return [
            Problem(_KINDS.get(each["type"], "wrong"), tuple(each["loc"]), each["msg"])
            for each in error.errors(include_url=False, include_context=False)
        ]


class _UntitledSchema(GenerateJsonSchema):
    """Without pydantic's titles, which only repeat the names of the fields."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def json_schema() -> dict[str, Any]:
    """The JSON schema of a rules file, for editors that check TOML by one."""
    schema = RulesFile.model_json_schema(schema_generator=_UntitledSchema)
    return {"$schema": _UntitledSchema.schema_dialect, **schema, "title": "rustabi rules"}


KEYS: dict[str, frozenset[str]] = {
    "rules": frozenset(RuleTable.model_fields),
    "opaque": frozenset(OpaqueTable.model_fields),
    "known-gaps": frozenset(KnownGapTable.model_fields),
    "gate": frozenset({"fail-on", "opaque", "known-gaps"}),
    "": frozenset(RulesFile.model_fields),
}
"""Table -> its keys, for messages."""
