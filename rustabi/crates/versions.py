"""Versions of packages, and how much two of them promise to differ, by cargo's rules.

The rules are those of Semantic Versioning 2.0.0, and of the Cargo Book ("SemVer Compatibility") for
versions below 1.0.0: the leftmost number that is not zero is the major one.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final, NamedTuple

_VERSION: Final = re.compile(
    r"(?P<major>\d+)\.(?P<minor>\d+)\.(?P<patch>\d+)(-(?P<pre>[0-9A-Za-z.-]+))?(\+[0-9A-Za-z.-]+)?$"
)


class Bump(IntEnum):
    """How much a new version promises to differ from the old one, from least to most."""

    DOWN = -1
    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3

    def __str__(self) -> str:
        return self.name.lower()


class Version(NamedTuple):
    """A version in its parts.

    Attributes:
        pre: What follows the hyphen; empty for a release.
    """

    major: int
    minor: int
    patch: int
    pre: str = ""

    def precedence(self) -> tuple[tuple[int, int, int], bool, list[tuple[bool, int, str]]]:
        """A key that sorts versions: a release comes after what led to it."""
        parts = [each for each in self.pre.split(".") if each]
        keys = [(not each.isdigit(), int(each) if each.isdigit() else 0, each) for each in parts]
        return self[:3], not self.pre, keys


def parse_version(text: str) -> Version | None:
    """A version as a manifest has it; None where it is none.

    Example:
        >>> parse_version("1.2.3-rc.1")
        Version(major=1, minor=2, patch=3, pre='rc.1')
    """
    found = _VERSION.match(text)
    if found is None:
        return None
    major, minor, patch = (int(found[name]) for name in ("major", "minor", "patch"))
    return Version(major, minor, patch, found["pre"] or "")


def bump_of(old: Version, new: Version) -> Bump:
    """How much ``new`` promises to differ from ``old``.

    Below 1.0.0 the second number is the major one and the third the minor one; below 0.1.0 each
    version is on its own. So is each that leads to a release.

    Example:
        >>> bump_of(Version(0, 3, 1), Version(0, 4, 0))
        <Bump.MAJOR: 3>
        >>> bump_of(Version(0, 3, 1), Version(0, 3, 2))
        <Bump.MINOR: 2>
        >>> bump_of(Version(1, 3, 1), Version(1, 3, 2))
        <Bump.PATCH: 1>
    """
    if new == old:
        return Bump.NONE
    if new.precedence() < old.precedence():
        return Bump.DOWN
    if new.major != old.major or old.pre:
        return Bump.MAJOR
    if new.minor != old.minor:
        return Bump.MINOR if new.major else Bump.MAJOR
    if new.major:
        return Bump.PATCH
    return Bump.MINOR if new.minor else Bump.MAJOR
