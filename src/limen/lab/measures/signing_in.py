"""Sign-ins and refreshes per second, without what hashing costs, and password hashes by themselves.

The lab's accounts have hashes that cost microseconds, so that what is seen is the rest of a sign-in: the
throttles, the store, the signature. A real sign-in takes this and one hash.
"""

from __future__ import annotations

import asyncio
from time import perf_counter

from limen.lab import machine
from limen.lab.bench import Bench
from limen.lab.load import Order
from limen.lab.people import ACCOUNTS
from limen.lab.records import Hashing
from limen.lab.world import Served
from limen.passwords import Argon2id, Bcrypt, Hasher
from limen.passwords.argon2 import Argon2Parameters

ROUNDS, LONGEST, CONNECTIONS = 5, 0.3, 8
_SECRET = "correct horse battery staple"  # noqa: S105 - what is hashed to see how long it takes


def seconds(cells: int, duration: float) -> float:
    """How long this will take."""
    return ROUNDS * _slot(duration) * cells * 1.7


def _slot(duration: float) -> float:
    return min(duration / 100, LONGEST)


async def measure(bench: Bench) -> None:
    """Both, in turns."""
    slot = _slot(bench.run.options.duration)
    for round_ in range(ROUNDS):
        for one in bench.shuffled(bench.subjects()):
            order = Order(
                port=one.port,
                connections=CONNECTIONS,
                requests=[one.login(number) for number in range(ACCOUNTS)],
                seconds=slot,
            )
            bench.run.turns.append(await bench.turn(one, "sign-in", round_, order))
            bench.tick(slot)
            await _refresh(bench, one, round_, slot)


async def _refresh(bench: Bench, one: Served, round_: int, slot: float) -> None:
    """Each connection spends credentials of its own: two that shared one would be a replay."""
    held = await one.sign_in(CONNECTIONS)
    spent = [person.refresh.encode() for person in held if person.refresh is not None]
    if not spent:
        return
    order = Order(port=one.port, connections=CONNECTIONS, requests=spent, seconds=slot, refresh=True)
    bench.run.turns.append(await bench.turn(one, "refresh", round_, order))
    bench.tick(slot)


async def hash_passwords(bench: Bench) -> None:
    """What a hash costs here, by each scheme: one at a time, and as many as there are cores."""
    count = bench.run.options.hashes
    for scheme, wanted in ((Argon2id(), count), (Bcrypt(cost=12), max(count // 3, 1))):
        bench.run.hashing.append(await _hash(scheme, wanted))
        bench.tick(hashing_seconds(count) / 2)


def hashing_seconds(count: int) -> float:
    """How long this will take."""
    return 0.25 * count


async def _hash(scheme: Argon2Parameters | Bcrypt, wanted: int) -> Hashing:
    hasher, threads = Hasher(scheme), machine.cores()
    single = []
    for _ in range(wanted):
        began = perf_counter()
        await asyncio.to_thread(hasher.hash, _SECRET)
        single.append(perf_counter() - began)
    began, count = perf_counter(), threads * max(wanted // threads, 1)
    gate = asyncio.Semaphore(threads)

    async def pooled() -> None:
        async with gate:
            await asyncio.to_thread(hasher.hash, _SECRET)

    await asyncio.gather(*(pooled() for _ in range(count)))
    return Hashing(_named(scheme), single, count / (perf_counter() - began), threads)


def _named(scheme: Argon2Parameters | Bcrypt) -> str:
    if isinstance(scheme, Bcrypt):
        return f"bcrypt, cost {scheme.cost}"
    return f"argon2id, {scheme.memory_kib} KiB, {scheme.time_cost} passes, {scheme.parallelism} lane"
