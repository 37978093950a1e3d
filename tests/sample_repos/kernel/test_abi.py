"""A kernel with Rust: its exports keep their ABI, and modules that were built before still load."""

from __future__ import annotations

from pathlib import Path

import pytest

from rustabi.pytest_plugin import Rustabi, SymbolCase

KERNEL = ["Module.symvers", "rust/kernel.o"]


def test_kernel_abi(rustabi: Rustabi) -> None:
    rustabi.assert_compatible("rust/kernel.o", baseline="abi/kernel.json", rules="abi/rules.toml")


@pytest.mark.rustabi(symbols="abi/kernel.json")
def test_export(rustabi: Rustabi, rustabi_symbol: SymbolCase) -> None:
    rustabi.assert_symbol_compatible(
        rustabi_symbol, "rust/kernel.o", baseline="abi/kernel.json", rules="abi/rules.toml"
    )


@pytest.mark.rustabi(modules="modules")
def test_module(rustabi: Rustabi, rustabi_module: Path) -> None:
    rustabi.assert_loads(rustabi_module, kernel=KERNEL)
