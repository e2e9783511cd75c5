"""Each example under each strategy: one server for all tests of a pair."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from conformance.framework import every
from conformance.site import Site, served
from support.redis import free_port
from support.world import STRATEGIES

_EVERY = every()


@pytest.fixture(
    scope="session", params=[(name, strategy) for name in _EVERY for strategy in STRATEGIES], ids="-".join
)
async def site(
    request: pytest.FixtureRequest, anyio_backend: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    name, strategy = request.param
    folder = tmp_path_factory.mktemp(f"{name}-{strategy}")
    async with served(_EVERY[name], strategy, folder, free_port()) as running:
        yield running


@pytest.fixture(autouse=True)
def _can(request: pytest.FixtureRequest, site: Site) -> None:
    """Skip the parts of the contract that a framework says it cannot keep, with its reason."""
    for marker in request.node.iter_markers("asks_for"):
        if marker.args[0] in site.framework.cannot:
            pytest.skip(f"{site.framework.name}: {site.framework.cannot[marker.args[0]]}")
