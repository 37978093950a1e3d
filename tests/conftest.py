"""Settings for all tests."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# How fast examples are made depends on what else the machine does.
settings.register_profile("rustabi", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rustabi")

# Who starts the tests in the background of a script has them ignore Ctrl-C, and so what they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

collect_ignore = ["sample_repos"]  # test_pytest_repos.py runs pytest in each


@pytest.fixture
def kept_bytecode(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What processes that a test starts compile is kept for those of the next: it takes seconds."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.getbasetemp() / "bytecode"))


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test uses, or leaves anything in, the cache of the user who runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RUSTABI_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield
