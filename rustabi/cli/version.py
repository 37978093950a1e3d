"""The option that shows the version."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn


class Version(argparse.Action):
    """Prints the version; looking it up takes time, so not before it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, **options: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, **options)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print it, and exit."""
        import rustabi

        print(f"rustabi {rustabi.__version__}")
        parser.exit()
