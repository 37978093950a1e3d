"""The ABI of a library: what callers were built against is kept in abi/nested_change.json."""

from __future__ import annotations

import pytest

from rustabi.pytest_plugin import Rustabi, SymbolCase

LIBRARY = "build/nested_change.o"
BASELINE = "nested_change.json"


def test_abi(rustabi: Rustabi) -> None:
    rustabi.assert_compatible(LIBRARY, baseline=BASELINE, rules="abi/rules.toml")


@pytest.mark.rustabi(symbols=BASELINE)
def test_symbol(rustabi: Rustabi, rustabi_symbol: SymbolCase) -> None:
    rustabi.assert_symbol_compatible(
        rustabi_symbol, LIBRARY, baseline=BASELINE, rules="abi/rules.toml"
    )


def test_layout(rustabi: Rustabi) -> None:
    clock = rustabi.load(LIBRARY).type("nested_change::clock::Clock")
    assert clock.size == 8
    assert clock.offset_of("source") == 4
    assert not clock.holes
