"""A login storm: fifty sign-ins at once. What it costs in memory, and what token checks beside it feel."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from argon2.low_level import Type, hash_secret

from bench.harness import Figure
from bench.world import EMAIL, PASSWORD, signed_in
from limen.auth import Limen
from limen.hashing import HashingPool
from limen.passwords import Argon2id, Hasher

AT_ONCE = 50
PER_TURN = 10
ROUNDS = 9
HASHES = 64


def run() -> Iterator[Figure]:
    yield from asyncio.run(_storm())
    yield asyncio.run(_throughput())


async def _storm() -> list[Figure]:
    before = _peak_since_reset()  # before the first hash: what a hash took is kept for the next one
    async with signed_in("memory://", strategy="hybrid", hash_queue=64, max_staleness=60) as (auth, grant):
        await auth.authenticate(grant.credential)
        ratios, idle_p99, storm_p99 = [], [], []
        for _ in range(ROUNDS):
            idle = await _checks_while(auth, grant.credential, asyncio.sleep(1.0))
            storm = await _checks_while(auth, grant.credential, _sign_ins(auth))
            idle_p99.append(_p99(idle))
            storm_p99.append(_p99(storm))
            ratios.append(storm_p99[-1] / idle_p99[-1])
        threads = auth._parts.pool.threads
        growth = _peak() - before
    bound_kib = threads * 19_456
    detail = {
        "idle_p99_us": round(statistics.median(idle_p99) * 1e6, 1),
        "storm_p99_us": round(statistics.median(storm_p99) * 1e6, 1),
        "memory_kib": growth,
        "bound_kib": bound_kib,
    }
    return [
        Figure("token check p99, in a login storm / idle", statistics.median(ratios), 3.0, "least", detail),
        Figure("memory of a login storm / pool's bound", growth / bound_kib, 1.25, "least", detail),
    ]


async def _checks_while(auth: Limen, credential: str, busy: object) -> list[float]:
    """Time single checks on the event loop until `busy` is done: a few each half millisecond, so that there
    are enough of them for a p99."""
    task = asyncio.ensure_future(busy)  # type: ignore[call-overload]
    taken = []
    while not task.done():
        for _ in range(PER_TURN):
            start = time.perf_counter()
            await auth.authenticate(credential)
            taken.append(time.perf_counter() - start)
        await asyncio.sleep(0.0005)
    await task
    return taken


async def _sign_ins(auth: Limen) -> None:
    await asyncio.gather(*(auth.sign_in(EMAIL, PASSWORD) for _ in range(AT_ONCE)), return_exceptions=True)


async def _throughput() -> Figure:
    """Hashes per second through the pool against the same number of bare threads, taking turns."""
    threads = os.cpu_count() or 1
    hasher, pool = Hasher(Argon2id()), HashingPool(threads, HASHES)
    ratios, per_second = [], {"pool": [], "threads": []}
    for _ in range(ROUNDS):
        start = time.perf_counter()
        await asyncio.gather(*(pool.run(hasher.hash, PASSWORD) for _ in range(HASHES)))
        pooled = HASHES / (time.perf_counter() - start)
        bare = await asyncio.to_thread(_bare, threads)
        ratios.append(pooled / bare)
        per_second["pool"].append(pooled)
        per_second["threads"].append(bare)
    await pool.close()
    detail = {name: round(statistics.median(values), 1) for name, values in per_second.items()}
    return Figure("hashes/s, pool / bare threads", statistics.median(ratios), 0.9, "most", detail)


def _bare(threads: int) -> float:
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: None, range(threads)))
        start = time.perf_counter()
        list(pool.map(lambda _: _hash(), range(HASHES)))
        return HASHES / (time.perf_counter() - start)


def _hash() -> bytes:
    return hash_secret(PASSWORD.encode(), os.urandom(16), 2, 19_456, 1, 32, Type.ID)


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def _status(field: str) -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(field))


def _peak() -> int:
    return _status("VmHWM")


def _peak_since_reset() -> int:
    """Start a new high-water mark; the resident size at this moment, in KiB."""
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    return _status("VmRSS")
