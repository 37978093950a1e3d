"""How to build a crate, as users say it to cargo."""

from __future__ import annotations

import os
from typing import NamedTuple


class Build(NamedTuple):
    """How to build a crate; the fields are cargo's options of the same names.

    Attributes:
        profile: ``dev``, ``release`` or one of the manifest's own.
        features: Names of features to enable.
        target: The target triple; None for cargo's default.
        toolchain: As in ``cargo +nightly``; None for the user's default.
        package: A package of the workspace; None for that of the folder.
        offline: Do not use the network.
        locked: Fail where ``Cargo.lock`` is absent or out of date.
        frozen: Both.

    Example:
        >>> import rustabi
        >>> build = rustabi.Build(profile="release", features=("serde",))
        >>> build.profile, build.target
        ('release', None)
    """

    profile: str = "dev"
    features: tuple[str, ...] = ()
    all_features: bool = False
    no_default_features: bool = False
    target: str | None = None
    toolchain: str | None = None
    package: str | None = None
    offline: bool = False
    locked: bool = False
    frozen: bool = False

    def plain(self) -> Build:
        """The same build, whatever cargo may look up for it: what decides about its output."""
        return self._replace(offline=False, locked=False, frozen=False)


def cargo_command(build: Build) -> list[str]:
    """The cargo to run: that of the toolchain asked for, else the one that runs this program."""
    if build.toolchain:
        return ["cargo", f"+{build.toolchain}"]
    return [os.environ.get("CARGO") or "cargo"]


def network_options(build: Build) -> list[str]:
    """Cargo's options about the network and the lock file."""
    given = {"--offline": build.offline, "--locked": build.locked, "--frozen": build.frozen}
    return [option for option, wanted in given.items() if wanted]


def build_options(build: Build) -> list[str]:
    """Cargo's options about what is built and how, but for packages and targets."""
    return [
        f"--profile={build.profile}",
        *([f"--features={','.join(build.features)}"] if build.features else []),
        *(["--all-features"] if build.all_features else []),
        *(["--no-default-features"] if build.no_default_features else []),
        *([f"--target={build.target}"] if build.target else []),
        *network_options(build),
    ]
