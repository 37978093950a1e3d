"""The crates of a workspace against a baseline: an older revision, a checkout, or snapshots."""

from rustabi.crates.baseline import BaselineFacts, Request, folder_of
from rustabi.crates.hint import Hint, HintKind, Reason
from rustabi.crates.pairs import CrateResult, CrateState, compare_crates
from rustabi.crates.read import WHY_LEFT_OUT, read_crates
from rustabi.crates.versions import Bump, Version, bump_of, parse_version

__all__ = [
    "WHY_LEFT_OUT",
    "BaselineFacts",
    "Bump",
    "CrateResult",
    "CrateState",
    "Hint",
    "HintKind",
    "Reason",
    "Request",
    "Version",
    "bump_of",
    "compare_crates",
    "folder_of",
    "parse_version",
    "read_crates",
]
