"""The gate: what is tolerated, what is taken for graver or milder, and what fails a comparison.

`rustabi.diff` says what changed. Here the user says what that means for the build at hand: rules
from a file, types that are opaque handles, and how strict the verdict is.
"""

from rustabi.rules.bench import Bench, Case, RuleUse
from rustabi.rules.gate import (
    FAIL_ON,
    NO_GATE,
    FailOn,
    Gate,
    KnownGap,
    Opaque,
    Rule,
    RulesError,
    levels_of,
    present_day,
)
from rustabi.rules.judge import Judged, Judgement, OpaqueUse, judge
from rustabi.rules.reading import find_rules, read_rules

__all__ = [
    "FAIL_ON",
    "NO_GATE",
    "Bench",
    "Case",
    "FailOn",
    "Gate",
    "Judged",
    "Judgement",
    "KnownGap",
    "Opaque",
    "OpaqueUse",
    "Rule",
    "RuleUse",
    "RulesError",
    "find_rules",
    "judge",
    "levels_of",
    "present_day",
    "read_rules",
]
