"""What the programs that build crates say of themselves."""

from __future__ import annotations

import os
import subprocess
from typing import Final

_SECONDS: Final = 10
"""How long a program may take to tell its version."""


def tool_version(program: str) -> str:
    """The version of a program, or why there is none, in a line: ``rustc 1.95.0 (…)``.

    Args:
        program: A name to be looked up on the path, such as ``rustc``.
    """
    # rustup would otherwise install the toolchain that the current folder asks for.
    environment = {**os.environ, "RUSTUP_AUTO_INSTALL": "0"}
    try:
        done = subprocess.run(
            [program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, check=False,
            env=environment, timeout=_SECONDS,
        )  # fmt: skip
    except FileNotFoundError:
        return f"{program} not found"
    except (OSError, subprocess.TimeoutExpired):
        return f"{program} does not run"
    said = done.stdout.decode("utf-8", "replace").strip().partition("\n")[0]
    return said if done.returncode == 0 and said else f"{program} does not tell its version"
