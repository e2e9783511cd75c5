"""PostgreSQL behind a wire that can be cut, and what a step must have done whatever became of the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from support import servers
from support.postgres_wire import Wire, wire


@pytest.fixture
async def line() -> AsyncIterator[Wire]:
    async with wire(servers.postgres().port) as this:
        yield this


@pytest.fixture
def url(line: Wire) -> str:
    """An address through the wire, of a schema that nobody else has."""
    return servers.postgres().tcp(port=line.port, schema=servers.new_schema())
