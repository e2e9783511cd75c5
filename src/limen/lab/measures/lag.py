"""Revocation lag: how long a credential is still accepted after its sign-out was acknowledged.

One process signs out; another, which shares nothing with it but the store, is asked with the same credential
every `EVERY`. The lag is the time from the acknowledgement to the last answer that let
it in.
"""

from __future__ import annotations

import asyncio
from time import monotonic

from limen.lab.bench import Bench
from limen.lab.http import Client
from limen.lab.records import Lag
from limen.lab.world import Served

EVERY = 0.002
WATCHED = 1.0
"""Beyond this a credential is said to have outlived its sign-out, and watching ends."""
OUTLIVING = 2
"""After so many that did, further ones would tell nothing new."""


def seconds(cells: int, sign_outs: int) -> float:
    """How long this will take."""
    return cells * _each(sign_outs)


def _each(sign_outs: int) -> float:
    return 0.5 + 0.03 * sign_outs


async def measure(bench: Bench) -> None:
    """Every cell, one after the other, so that none waits for another's requests."""
    for one, witness in await bench.witnessed():
        bench.run.lags.append(await watch(one, witness, bench.run.options.sign_outs))
        bench.tick(_each(bench.run.options.sign_outs))


async def watch(one: Served, witness: Served, sign_outs: int) -> Lag:
    """Sign out at `one` so many times, and ask `witness`."""
    found: list[float] = []
    outlived = 0
    for person in await one.sign_in(sign_outs):
        lag = await _lag(one, witness, person.credential)
        if lag is None:
            outlived += 1
        else:
            found.append(lag)
        if outlived == OUTLIVING:
            break
    return Lag(one.cell, found, outlived, WATCHED, EVERY, one.promised, apart=one is not witness)


async def _lag(one: Served, witness: Served, credential: str) -> float | None:
    """The lag of one sign-out; None if the credential was still good after `WATCHED`."""
    revoking, asking = Client(one.port), Client(witness.port)
    try:
        raw = witness.get(credential)
        if (await asking.ask(raw)).status != 200:  # seen, so that it is in the other process's memory
            raise RuntimeError("a credential of the lab was refused before its sign-out")
        if (await revoking.ask(one.logout(credential))).status != 200:
            raise RuntimeError("a sign-out of the lab was refused")
        acknowledged = monotonic()
        last = acknowledged
        while True:
            sent = monotonic()
            if (await asking.ask(raw)).status != 200:
                return last - acknowledged
            last = monotonic()
            if sent - acknowledged > WATCHED:
                return None
            await asyncio.sleep(EVERY)
    finally:
        revoking.close()
        asking.close()
