"""A mirror of a workspace, for cargo to write a lock file in: it puts it beside the manifest.

The mirror has a folder of its own in place of the workspace's, with links to all that is in it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path


def make_mirror(root: Path, manifests: Iterable[Path], into: Path) -> None:
    """Make a workspace below ``into`` whose files are links to those of another.

    Manifests may name folders outside of the workspace: as many of the folders above are there too
    as they need, with links to all that is in them. A lock file made here is kept for later.

    Args:
        root: The folder of the workspace.
        manifests: Of its packages.
        into: Where the mirror is; what is there already stays.

    Raises:
        OSError: The folder cannot be written to.
    """
    top = _top(root, manifests)
    within(into, root).mkdir(parents=True, exist_ok=True)
    for folder in [root, *root.parents]:
        if not folder.is_relative_to(top):
            break
        for link in _listed(within(into, folder)):
            if link.is_symlink() and not link.exists():
                link.unlink(missing_ok=True)
        for original in _listed(folder):
            on_the_way = root.is_relative_to(original)
            if not on_the_way and original not in (root / "Cargo.lock", root / "target"):
                with contextlib.suppress(FileExistsError):
                    within(into, original).symlink_to(original)
    if (root / "Cargo.lock").exists():
        shutil.copyfile(root / "Cargo.lock", within(into, root / "Cargo.lock"))


def _top(root: Path, manifests: Iterable[Path]) -> Path:
    """The folder that has ``root`` in it and all that manifests name relative to themselves."""
    top, seen, pending = root, set[Path](), [root / "Cargo.toml", *manifests]
    while pending:
        manifest = pending.pop()
        if manifest in seen:
            continue
        seen.add(manifest)
        for text in _texts(_manifest(manifest)):
            place = Path(os.path.normpath(manifest.parent / text))
            if text.startswith(".."):
                while not place.is_relative_to(top):
                    top = top.parent
            with contextlib.suppress(OSError):  # most texts are no paths
                if (place / "Cargo.toml").is_file():
                    pending.append(place / "Cargo.toml")
    return top


def _manifest(path: Path) -> object:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # cargo says what is wrong with it


def _texts(value: object) -> Iterator[str]:
    """All texts in a TOML value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def within(mirror: Path, path: Path) -> Path:
    """Where ``path`` is in a mirror."""
    return mirror / path.relative_to(path.anchor)


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []  # nothing in a folder that cannot be listed is found by cargo either
