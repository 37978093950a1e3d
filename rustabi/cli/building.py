"""How to build crates, as a command line says it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rustabi.errors import UsageError

if TYPE_CHECKING:
    from rustabi.cargo import Build

_OPTIONS: Final = {
    "release": "--release",
    "profile": "--profile",
    "features": "--features",
    "all_features": "--all-features",
    "no_default_features": "--no-default-features",
    "triple": "--target",
    "toolchain": "--toolchain",
    "package": "--package",
}


def build_of(options: Namespace) -> Build | None:
    """How to build a crate, or None where no option says anything about it.

    Raises:
        UsageError: Options exclude each other, or no target is a crate: they would mean nothing.
    """
    given = [option for name, option in _OPTIONS.items() if getattr(options, name)]
    if not given:
        return None
    _require_crate(options, given[0])
    return chosen_build(options)._replace(package=options.package)


def chosen_build(options: Namespace) -> Build:
    """How to build a crate, but for the package.

    Raises:
        UsageError: Options exclude each other.
    """
    from rustabi.cargo import Build

    if options.release and options.profile:
        raise UsageError("--release and --profile exclude each other", advice="give one of them")
    features = (name for group in options.features for name in group.replace(",", " ").split())
    return Build(
        profile="release" if options.release else options.profile or "dev",
        features=tuple(features),
        all_features=options.all_features,
        no_default_features=options.no_default_features,
        target=options.triple,
        toolchain=options.toolchain,
    )


def _require_crate(options: Namespace, option: str) -> None:
    paths = [Path(each) for each in _targets(options)]
    if any(path.name == "Cargo.toml" or (path / "Cargo.toml").is_file() for path in paths):
        return
    if all(path.exists() for path in paths):  # of one that does not, something else is told
        raise UsageError(
            f"{option} says how to build a crate, and no target is the folder of one",
            path=paths[0] if len(paths) == 1 else None,
            advice="leave it out, or name the crate's folder",
        )


def _targets(options: Namespace) -> Iterator[str]:
    for name in ("target", "old", "new"):
        if name in options:
            yield getattr(options, name)
    yield from getattr(options, "targets", ())
