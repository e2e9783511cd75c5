"""The lab on servers with a fault that was put there: it must find each, with the right size."""

from __future__ import annotations

from pathlib import Path

import pytest

from limen.lab import figures
from limen.lab.load import Order
from limen.lab.measures import counting, lag
from limen.lab.records import Cell
from limen.lab.statistics import median
from limen.lab.subject import Subject
from support.lab import another, bench_of

pytestmark = pytest.mark.anyio
UNCACHED = Cell("session", "memory", cache=False)


async def test_planted_store_reads_are_counted(tmp_path: Path) -> None:
    async with bench_of(
        tmp_path, UNCACHED, planted=Subject("session", -1, "", again=2), max_staleness=0.2
    ) as bench:
        await counting.measure(bench)
    assert figures.reads(bench.run, UNCACHED, "seen") == 3.0


async def test_a_planted_delay_is_in_the_latency_and_not_in_the_processor_time(tmp_path: Path) -> None:
    async with bench_of(tmp_path, UNCACHED, planted=Subject("session", -1, "", delay=0.02)) as bench:
        one = bench.servers[0]
        turn = await bench.turn(one, "requests", 0, Order(one.port, 4, one.requests(), seconds=0.6))
    assert 0.019 <= turn.latency.quantile(0.5) < 0.026
    assert turn.failed == 0
    assert turn.cpu / turn.requests < 0.002


async def test_a_distance_to_the_store_is_paid_by_those_who_ask_it(tmp_path: Path) -> None:
    hybrid = Cell("hybrid", "memory")
    async with bench_of(tmp_path, UNCACHED, hybrid, rtt=0.004) as bench:
        found = {}
        for one in bench.servers:
            order = Order(one.port, 2, one.requests(), seconds=0.4)
            found[one.cell] = (await bench.turn(one, "requests", 0, order)).latency.quantile(0.5)
    assert 0.004 <= found[UNCACHED] < 0.0055
    assert found[hybrid] < 0.002


async def test_a_planted_lag_of_the_feed_is_found_with_its_size(tmp_path: Path) -> None:
    async with bench_of(tmp_path, Cell("hybrid", "sqlite")) as bench:
        one = bench.servers[0]
        async with another(bench, one, late=0.3) as witness:
            found = await lag.watch(one, witness, 6)
    assert found.apart
    assert 0.29 <= median(found.seconds) < 0.36


async def test_strangers_come_at_their_rate_whatever_is_still_on_its_way(tmp_path: Path) -> None:
    async with bench_of(tmp_path, UNCACHED, planted=Subject("session", -1, "", delay=0.02)) as bench:
        one = bench.servers[0]
        wide = await bench.turn(one, "open", 0, Order(one.port, 64, one.requests(), seconds=0.8, rate=200.0))
    assert wide.offered == 200.0
    assert wide.requests / wide.seconds == pytest.approx(200.0, rel=0.25)
    assert 0.019 <= wide.latency.quantile(0.5) < 0.026
    assert wide.failed == 0


async def test_what_strangers_wait_for_counts_from_when_they_came(tmp_path: Path) -> None:
    """One connection answers fifty a second, and twice as many come: the last wait for half the time."""
    async with bench_of(tmp_path, UNCACHED, planted=Subject("session", -1, "", delay=0.02)) as bench:
        one = bench.servers[0]
        narrow = await bench.turn(one, "open", 0, Order(one.port, 1, one.requests(), seconds=0.8, rate=100.0))
    assert narrow.latency.quantile(1.0) > 0.25
