"""The lab before real servers: what it counts does not depend on whose store it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from limen.errors import Misconfigured
from limen.lab import figures
from limen.lab.measures import counting, lag, outage
from limen.lab.records import Cell
from limen.lab.stores import started
from limen.lab.world import check_stores
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


@pytest.mark.parametrize("name", ["postgresql", "redis"])
async def test_a_store_that_is_stopped_is_found_again_and_lets_nobody_in_who_had_left(
    name: str, tmp_path: Path
) -> None:
    """The lab starts the server itself, stops it for a while, and starts it again."""
    try:
        check_stores([name])
    except Misconfigured as absent:
        pytest.skip(f"{absent}: `scripts/servers` as root installs it")
    cells = Cell("hybrid", name), Cell("session", name, cache=False)
    async with (
        started(name) as server,
        bench_of(tmp_path, *cells, urls={name: server.url}, outage=1.5, max_staleness=0.5) as bench,
    ):
        bench.started[name] = server
        await outage.measure(bench)
    found = {(o.cell, o.what): o for o in bench.run.outages}
    for cell in cells:
        stopped = found[cell, "store"]
        assert stopped.how == "stopped"
        assert stopped.revoked >= 5
        assert sum(beat.wrong for beat in stopped.beats) == 0
        assert sum(beat.unavailable + beat.slow for beat in stopped.beats) > 0
        assert sum(beat.error for beat in stopped.beats) == 0
        assert stopped.beats[-1].good > 0
        assert stopped.beats[-1].unavailable == 0
        assert found[cell, "feed"].how == "cut"
