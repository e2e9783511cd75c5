"""Fixtures for pytest: `pytest_plugins = ["limen.testing.plugin"]` in the conftest at the root.

`limen` is a running Limen in memory with cheap password hashing, `limen_clock` the clock to turn. Override
`limen_options` to change settings. Async fixtures need anyio's plugin.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from limen.auth import Limen
from limen.testing.clock import TurnableClock
from limen.testing.making import for_tests


@pytest.fixture
def limen_clock() -> TurnableClock:
    """The clock of the `limen` fixture."""
    return TurnableClock()


@pytest.fixture
def limen_options() -> dict[str, Any]:
    """Settings of the `limen` fixture."""
    return {}


@pytest.fixture
async def limen(
    limen_clock: TurnableClock, limen_options: dict[str, Any], anyio_backend: object
) -> AsyncIterator[Limen]:
    """A running Limen in memory."""
    async with for_tests(clock=limen_clock, **limen_options) as auth:
        yield auth
