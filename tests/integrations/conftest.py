"""Each framework, each strategy, each transport: one application, the same answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from limen import Limen
from limen.testing import TurnableClock, for_tests, running
from support.apps import APPS


@pytest.fixture(params=sorted(APPS))
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["session", "jwt", "hybrid"])
def strategy(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["bearer", "cookie"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def auth(strategy: str, clock: TurnableClock) -> Limen:
    return for_tests(clock=clock, strategy=strategy)


@pytest.fixture
async def app(framework: str, auth: Limen) -> AsyncIterator[Any]:
    """The application, running; its own lifespan starts and stops Limen."""
    made = APPS[framework](auth)
    async with running(made):
        yield made
