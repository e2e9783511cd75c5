"""The lab before real servers: what it counts does not depend on whose store it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from limen.lab import figures
from limen.lab.measures import counting, lag
from limen.lab.records import Cell
from support import redis, servers
from support.lab import another, bench_of

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["postgresql", "redis"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "postgresql":
        yield servers.postgres().url(schema=servers.new_schema())
        return
    redis.require("redis")
    server = redis.Server("redis")
    yield server.url
    server.destroy()


async def test_reads_are_counted_and_a_sign_out_is_seen_by_another_process(
    address: str, tmp_path: Path
) -> None:
    store = address.partition(":")[0]
    hybrid, uncached = Cell("hybrid", store), Cell("session", store, cache=False)
    async with bench_of(tmp_path, hybrid, uncached, urls={store: address}, max_staleness=0.5) as bench:
        await counting.measure(bench)
        async with another(bench, bench.servers[0]) as witness:
            found = await lag.watch(bench.servers[0], witness, 5)
    reads = {
        cell: [figures.reads(bench.run, cell, s) for s in ("seen", "unseen", "stale")]
        for cell in (hybrid, uncached)
    }
    assert reads == {hybrid: [0, 0, 1], uncached: [1, 1, 1]}
    assert found.apart
    assert not found.outlived
    assert max(found.seconds) <= 0.5
