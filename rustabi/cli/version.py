"""What ``rustabi --version`` prints: all versions that a bug report needs."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Final

_PACKAGES: Final = (
    "demangle", "networkx", "pydantic", "pyelftools", "rich", "rust-demangler", "zstandard",
)  # fmt: skip
"""What rustabi stands on. They are looked up, not imported: that would take long."""


def version_text() -> str:
    """The version of rustabi on the first line; those of Python, packages and tools below."""
    from rustabi.cargo.tools import tool_version

    python = f"{platform.python_implementation()} {platform.python_version()}"
    lines = [
        f"rustabi {metadata.version('rustabi')}",
        f"  {python}, {platform.system()} {platform.machine()}",
        f"  {', '.join(map(_package, _PACKAGES))}",
        f"  {tool_version('rustc')}",
        f"  {tool_version('cargo')}",
    ]
    return "".join(f"{line}\n" for line in lines)


def _package(name: str) -> str:
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return f"no {name}"
