"""Settings for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# How fast examples are made depends on what else the machine does.
settings.register_profile("rustabi", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rustabi")

collect_ignore = ["sample_repos"]  # test_pytest_repos.py runs pytest in each
