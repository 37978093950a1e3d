"""The crates of a workspace as models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rustabi.cargo import DELIVERED
from rustabi.cargo.options import Build
from rustabi.cargo.run import Progress
from rustabi.cargo.workspace import (
    BuiltLibrary,
    Package,
    Selection,
    build_packages,
    read_workspace,
    select,
)
from rustabi.errors import InputError
from rustabi.model import Model
from rustabi.pieces import Binary
from rustabi.target import Target, load_resolved

WHY_LEFT_OUT = {
    "proc-macro": "a procedural macro: it runs in the compiler, and nothing is linked with it",
    "program": "a program: nothing is compiled against it",
    "empty": "neither a library nor a program",
}
"""Kind of package -> why it is not compared."""


def read_crates(
    folder: Path, build: Build, selection: Selection, say: Progress, *, programs: bool
) -> Iterator[tuple[Package, Model | None]]:
    """Build the packages that are meant, and read each; None for what is left out.

    Args:
        folder: Of the crate or workspace.
        build: How to build it.
        selection: Which packages.
        say: Told what is being done.
        programs: Read programs too, of packages without a library.

    Raises:
        BuildError: Cargo fails.
        RustabiError: What it built cannot be read.
    """
    workspace = read_workspace(folder, build)
    names = select([workspace], selection)
    chosen = [each for each in workspace.packages if each.name in names]
    kinds = ("library", "program") if programs else ("library",)
    wanted = [each for each in chosen if each.kind in kinds]
    if not wanted:
        why = ", ".join(f"{each.name} is {WHY_LEFT_OUT[each.kind]}" for each in chosen)
        raise InputError(
            f"nothing to read: {why or 'no package'}", path=folder,
            advice=f"name a package that has a {' or a '.join(kinds)}",
        )  # fmt: skip
    built = build_packages(workspace, wanted, build, say)
    for package in chosen:
        found = built.get(package.name)
        yield package, None if found is None else model_of(found, folder, say)


def model_of(
    built: BuiltLibrary, folder: Path, say: Progress, crate_type: str | None = None
) -> Model:
    """What cargo built of a package, as a model.

    Args:
        built: What it built.
        folder: What messages name.
        say: Told what is being done.
        crate_type: Which of the library's files to read; None for the one that tells most.

    Raises:
        RustabiError: It cannot be read.
    """
    if built.package.crate:
        kind = crate_type or next(each for each in DELIVERED if each in built.files)
        binaries = [Binary(built.files[kind], "")]
    else:
        several = len(built.files) > 1
        binaries = [
            Binary(path, name if several else "") for name, path in sorted(built.files.items())
        ]
    return load_resolved(Target("crate", folder, tuple(binaries), built.crates), progress=say)
