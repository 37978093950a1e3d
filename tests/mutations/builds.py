"""Builds seeds, old and new, with rustc alone; each different build once."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from scripts.build_samples import RUST_FLAGS
from tests.mutations.edits import SEEDS, Edit, Way

_T = TypeVar("_T")

OLDEST = (1, 95)
"""The rustc that the seeds are written for, or a newer one."""


class BuildError(Exception):
    """A seed does not compile, or a tool failed."""


@dataclass(frozen=True)
class Build:
    """A build and what the compiler said of its layouts.

    Attributes:
        path: The binary.
        sizes: What ``-Zprint-type-sizes`` printed.
    """

    path: Path
    sizes: str


class Workshop:
    """Builds and probes in a folder of its own; what was made once is not made again.

    Args:
        folder: A scratch folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, object] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def old(self, edit: Edit) -> Build:
        """OLD of an edit; edits of one seed share it."""
        return self._build(edit.old_source, edit.seed, edit.common, "", edit.way, remapped=True)

    def new(self, edit: Edit) -> Build:
        """NEW of an edit."""
        return self._build(
            edit.new_source, edit.seed, (*edit.common, *edit.flags), edit.toolchain, edit.way,
            remapped=edit.remapped,
        )  # fmt: skip

    def old_facts(self, edit: Edit) -> dict[str, str]:
        """What a program of OLD's source says of its layouts."""
        return self._facts(edit.old_source, edit.seed, edit.common, "")

    def new_facts(self, edit: Edit) -> dict[str, str]:
        """What a program of NEW's source says of its layouts."""
        return self._facts(
            edit.new_source, edit.seed, (*edit.common, *edit.flags), edit.toolchain
        )  # fmt: skip

    def once(self, key: str, make: Callable[[], _T]) -> _T:
        """What ``make`` returns, made once for a key, also where two threads ask for it."""
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]  # type: ignore[return-value] # one key, one type

    def _build(
        self,
        source: str,
        seed: str,
        flags: Sequence[str],
        toolchain: str,
        way: Way,
        *,
        remapped: bool,
    ) -> Build:
        key = _digest([source, seed, *flags, toolchain, way, str(remapped)])

        def make() -> Build:
            folder = self._place(key, seed, source)
            mapping = [f"--remap-path-prefix={folder}=/mutations"] if remapped else []
            return _built(folder, seed, [*flags, *mapping], toolchain, way)

        return self.once(key, make)

    def _facts(
        self, source: str, seed: str, flags: Sequence[str], toolchain: str
    ) -> dict[str, str]:
        key = _digest([source, seed, *flags, toolchain, "probe"])

        def make() -> dict[str, str]:
            folder = self._place(key, seed, source)
            shutil.copy(SEEDS / "facts.rs", folder)
            command = [
                *(*compiler(toolchain), f"{seed}.rs", "--crate-name", seed, "--crate-type", "bin"),
                *("--edition=2021", "--cap-lints=allow", "--cfg", "probe", "-Cpanic=abort"),
                *("-Copt-level=0", "-Cdebuginfo=0", *flags, "-o", "probe"),
            ]
            run(command, folder)
            lines = run([str(folder / "probe")], folder).splitlines()
            return dict(line.split(": ", 1) for line in lines)

        return self.once(key, make)

    def _place(self, key: str, seed: str, source: str) -> Path:
        folder = self._folder / key
        folder.mkdir(parents=True, exist_ok=True)  # it is there if it did not compile
        (folder / f"{seed}.rs").write_text(source, encoding="utf-8")
        return folder


def _digest(words: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(list(words)).encode()).hexdigest()[:24]


def _built(folder: Path, seed: str, flags: Sequence[str], toolchain: str, way: Way) -> Build:
    crate, emit, name = {
        "object": ("rlib", "obj", f"{seed}.o"),
        "relocatable": ("rlib", "link", f"lib{seed}.rlib"),
        "archive": ("rlib", "link", f"lib{seed}.rlib"),
        "library": ("cdylib", "link", f"lib{seed}.so"),
    }[way]
    command = [
        *(*compiler(toolchain), f"{seed}.rs", "--crate-name", seed, "--crate-type", crate),
        *("--edition=2021", "--cap-lints=allow", *RUST_FLAGS, "-Zprint-type-sizes"),
        *(["--cfg", "linked"] if way == "library" else []),
        *(["-Cembed-bitcode=yes"] if any("lto" in flag for flag in flags) else []),
        *(*flags, f"--emit={emit}", "-o", name),
    ]
    sizes = run(command, folder)
    path = folder / name
    if way == "relocatable":
        run(["ar", "x", name], folder)
        path = folder / f"{seed}.o"
        units = sorted(each.name for each in folder.glob("*.rcgu.o"))
        run(["ld", "-r", "-o", path.name, *units], folder)
    return Build(path, sizes)


def compiler(toolchain: str) -> list[str]:
    """The command of a toolchain's rustc."""
    return ["rustc", f"+{toolchain}"] if toolchain else ["rustc"]


@functools.cache
def compiler_version(toolchain: str = "") -> str:
    """What ``rustc --version`` says; empty where there is no such toolchain."""
    try:
        return run([*compiler(toolchain), "--version"], Path.cwd()).strip()
    except (BuildError, OSError):
        return ""


def unusable() -> str:
    """Why nothing can be built here; empty where all is well."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return "the catalogue is of x86-64 Linux"
    found = re.match(r"rustc (\d+)\.(\d+)\.", compiler_version())
    if found is None:
        return "no rustc to build with"
    if (int(found[1]), int(found[2])) < OLDEST:
        return f"needs rustc {OLDEST[0]}.{OLDEST[1]} or newer, and here is {compiler_version()}"
    missing = [tool for tool in ("readelf", "objdump", "nm", "ar", "ld") if not shutil.which(tool)]
    return f"no {missing[0]}: install binutils" if missing else ""


def run(command: Sequence[str], folder: Path) -> str:
    """What a command prints.

    Raises:
        BuildError: It failed.
    """
    dropped = {"RUSTFLAGS", "CFLAGS", "SOURCE_DATE_EPOCH"}
    kept = {key: value for key, value in os.environ.items() if key not in dropped}
    environment = {**kept, "LC_ALL": "C", "RUSTC_BOOTSTRAP": "1", "RUSTUP_AUTO_INSTALL": "0"}
    result = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise BuildError(f"{' '.join(command)}\n{result.stderr.strip()}")
    return result.stdout
