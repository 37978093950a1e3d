"""Versions by cargo's rules, and which packages are meant."""

from __future__ import annotations

import pytest

from rustabi.crates import Bump, bump_of, parse_version

# From the Cargo Book, "SemVer Compatibility" and "Specifying Dependencies": ^1.2.3 takes up to
# 2.0.0, ^0.2.3 up to 0.3.0, ^0.0.3 up to 0.0.4. What lies outside is a major bump.
BUMPS = [
    ("1.2.3", "1.2.3", Bump.NONE),
    ("1.2.3", "1.2.4", Bump.PATCH),
    ("1.2.3", "1.3.0", Bump.MINOR),
    ("1.2.3", "2.0.0", Bump.MAJOR),
    ("0.2.3", "0.2.4", Bump.MINOR),
    ("0.2.3", "0.3.0", Bump.MAJOR),
    ("0.0.3", "0.0.4", Bump.MAJOR),
    ("0.0.3", "0.1.0", Bump.MAJOR),
    ("0.9.9", "1.0.0", Bump.MAJOR),
    ("1.3.0", "1.2.9", Bump.DOWN),
    ("2.0.0", "1.9.9", Bump.DOWN),
    ("1.0.0", "1.0.0-rc.1", Bump.DOWN),
    ("1.0.0-rc.1", "1.0.0", Bump.MAJOR),
    ("1.0.0-rc.1", "1.0.0-rc.2", Bump.MAJOR),
    ("1.0.0-rc.10", "1.0.0-rc.9", Bump.DOWN),
    ("1.2.3", "1.3.0-alpha", Bump.MINOR),
    ("1.2.3+one", "1.2.3+two", Bump.NONE),
    ("1.2.3", "1.10.0", Bump.MINOR),
]


@pytest.mark.parametrize(("old", "new", "bump"), BUMPS)
def test_bumps(old: str, new: str, bump: Bump) -> None:
    before, after = parse_version(old), parse_version(new)
    assert before is not None
    assert after is not None
    assert bump_of(before, after) is bump


# The order that Semantic Versioning 2.0.0 gives as its example, in paragraph 11.
ORDER = [
    "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
    "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0",
]  # fmt: skip


def test_the_order_of_versions() -> None:
    versions = [parse_version(each) for each in ORDER]
    assert sorted(filter(None, reversed(versions)), key=lambda each: each.precedence()) == versions


@pytest.mark.parametrize("text", ["", "1", "1.2", "1.2.x", "v1.2.3", "1.2.3-", "1.2.3.4"])
def test_what_is_no_version(text: str) -> None:
    assert parse_version(text) is None
