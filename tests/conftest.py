"""What every test shares: one event loop backend, and hypothesis without chance."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# `make test` must give the same verdict twice; `HYPOTHESIS_PROFILE=search` looks for new examples.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", derandomize=False, deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"
