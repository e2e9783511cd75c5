"""What the feed costs where tokens are checked, what the filter holds, and how soon a revocation is known.

The hot path is compared with the same check of a token that follows no feed. Lag goes across processes:
from the acknowledgement to the last time that a verifier still said yes, under 500 requests a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2

from bench.harness import Figure, interleave, medians, ratio
from bench.world import EMAIL, PASSWORD, signed_in
from limen import ids
from limen.auth import Limen
from limen.clock import Instant, SystemClock
from limen.errors import LimenError
from limen.insecure import WeakHashing
from limen.revocations import Filter, Kind, Revocation
from limen.secret import Secret
from limen.verifier import Verifier

ENTRIES = 1_000_000
EVENT_EVERY = 500
"""Checks for each revocation: 200 revocations a second beside 100,000 checks a second."""
REVOCATIONS = 200
RATE = 500
mono = SystemClock.monotonic


def run() -> Iterator[Figure]:
    yield from asyncio.run(_hot_path())
    yield _memory()
    with tempfile.TemporaryDirectory() as folder:
        yield from asyncio.run(_lags(Path(folder)))


# -- the hot path -----------------------------------------------------------------------------------------


async def _hot_path() -> list[Figure]:
    names = ("no feed", "live feed", "live feed, a million entries")
    async with (
        signed_in("memory://", strategy="jwt", max_staleness=300) as plain,
        signed_in("memory://", strategy="hybrid", max_staleness=300) as live,
        signed_in("memory://", strategy="hybrid", max_staleness=300) as full,
    ):
        _fill(full[0].filter, ENTRIES)
        sides = dict(zip(names, (plain, live, full), strict=True))
        for auth, grant in sides.values():
            await auth.authenticate(grant.credential)
        figures = []
        for seen, every, checks in (("first seen", 50, _proofs), ("seen before", EVENT_EVERY, _checks)):
            samples = interleave(
                {n: checks(a, g.credential, learns=n != names[0]) for n, (a, g) in sides.items()}, seconds=9.0
            )
            us = {name: round(value / every, 4) for name, value in medians(samples).items()}
            for name, bound in zip(names[1:], (1.05, 1.10), strict=True):
                what = f"hybrid, {seen}, {name} / token without a feed"
                figures.append(Figure(what, ratio(samples, name, names[0]), bound, "least", us))
    return figures


def _proofs(auth: Limen, credential: str, *, learns: bool) -> Callable[[], None]:
    """Fifty tokens that nobody has seen before, among which one event is learned."""
    forget, known, now = auth._recall.forget, auth.filter, Instant(time.time())

    def some() -> None:
        if learns:
            known.add(_event(now))
        for _ in range(50):
            forget()
            try:
                auth.authenticate(credential).send(None)
            except StopIteration:
                continue
            raise RuntimeError("the check waited for something")

    return some


def _checks(auth: Limen, credential: str, *, learns: bool) -> Callable[[], None]:
    """So many checks of a token that was seen before, among which one event is learned."""
    recall, known = auth.recall, auth.filter
    now = Instant(time.time())
    events = [_event(now) for _ in range(100_000)]

    def some() -> None:
        if learns:
            known.add(events.pop() if events else _event(now))
        for _ in range(EVENT_EVERY):
            if recall(credential) is None:
                raise RuntimeError("the credential is not remembered any more")

    return some


def _event(now: Instant) -> Revocation:
    return Revocation(Kind.SESSION, ids.uuid7(now), now, Instant(now + 900), now, "w")


def _fill(known: Filter, entries: int) -> None:
    now = Instant(time.time())
    for _ in range(entries):
        known.add(_event(now))


def _memory() -> Figure:
    """Bytes an entry by the allocator's own count, at a million and on the way there."""
    now, known, detail = Instant(time.time()), Filter(), {}
    events = [_event(now) for _ in range(ENTRIES)]
    tracemalloc.start()
    for count, event in enumerate(events, 1):
        known.add(event)
        if count in (10_000, 100_000, 700_000, ENTRIES):
            detail[f"bytes at {count}"] = round(tracemalloc.get_traced_memory()[0] / count, 1)
    tracemalloc.stop()
    start = time.perf_counter()
    steps = [time.perf_counter() for _ in known.pruning(now=now)]
    detail["longest step of forgetting, ms"] = round(
        max(b - a for a, b in zip([start, *steps], steps, strict=False)) * 1e3, 2
    )
    return Figure(
        "bytes an entry of the filter, the worst",
        max(v for k, v in detail.items() if "bytes" in k),
        100,
        "least",
        detail,
    )


# -- lag between processes --------------------------------------------------------------------------------


async def _lags(folder: Path) -> list[Figure]:
    issuer = _Issuer(folder)
    try:
        await issuer.start()
        async with Limen(issuer.database, scheme=WeakHashing(), **issuer.options) as auth:
            await auth.add_account(EMAIL, PASSWORD)
            over_http = await _lag(issuer, auth, "http")
            by_file = await _lag(issuer, auth, "sqlite")
    finally:
        issuer.end()
    return [
        Figure("lag over HTTP, p99, ms", over_http["p99"], 50, "least", over_http),
        Figure("lag on SQLite, p99, ms", by_file["p99"], 100, "least", by_file),
    ]


async def _lag(issuer: _Issuer, auth: Limen, how: str) -> dict[str, float]:
    """The distribution in milliseconds: acknowledged → last accepted by another process."""
    tokens = [(await auth.sign_in(EMAIL, PASSWORD)).grant for _ in range(REVOCATIONS)]
    busy = (await auth.sign_in(EMAIL, PASSWORD)).grant.credential
    options = {"how": how, "database": issuer.database, "url": issuer.url, "secret": issuer.secret.reveal()}
    options |= {
        "client_secret": auth.client_secret("bench"),
        "tokens": [grant.credential for grant in tokens],
    }
    watcher = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.feed", json.dumps(options),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 24,
    )  # fmt: skip
    assert watcher.stdout is not None
    await watcher.stdout.readline()
    load = asyncio.ensure_future(_load(issuer.url, busy))
    told = []
    for grant in tokens:
        await auth.revoke_session(grant.session)
        told.append(mono())
        await asyncio.sleep(0.025)
    await asyncio.sleep(0.5)
    load.cancel()
    out, _ = await watcher.communicate(b"\n")
    accepted = json.loads(out)
    lags = sorted(max(at - t, 0.0) * 1e3 for at, t in zip(accepted["accepted"], told, strict=True))
    picked = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    found = {name: round(lags[min(int(len(lags) * part), len(lags) - 1)], 1) for name, part in picked.items()}
    return {**found, "mean": round(statistics.mean(lags), 1), "requests per s": RATE}


async def _load(url: str, credential: str) -> None:
    """500 requests a second to the issuer."""
    headers = {"authorization": f"Bearer {credential}"}
    async with httpx2.AsyncClient(base_url=url, headers=headers) as client:
        asked: set[asyncio.Task[Any]] = set()
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                for _ in range(RATE // 50):
                    task = asyncio.ensure_future(client.get("/forward-auth"))
                    asked.add(task)
                    task.add_done_callback(asked.discard)
                await asyncio.sleep(0.02)
        await asyncio.gather(*asked, return_exceptions=True)


class _Issuer:
    """`limen serve` with two workers."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.url, self.database = f"http://127.0.0.1:{self.port}", f"sqlite:///{folder}/limen.db"
        self.secret = Secret(secrets.token_bytes(32))
        self.options: dict[str, Any] = {
            "secret": self.secret,
            "issuer": self.url,
            "clients": ("bench",),
            "session_limit": 0,
        }
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        environment = {
            "LIMEN_DATABASE": self.database, "LIMEN_SECRET": self.secret.reveal(), "LIMEN_ISSUER": self.url,
            "LIMEN_CLIENTS": "bench", "LIMEN_STRATEGY": "hybrid",
        }  # fmt: skip
        self._process = subprocess.Popen(  # noqa: ASYNC220 - it is waited for below
            [sys.executable, "-m", "limen.cli", "serve", "--port", str(self.port), "--workers", "2"],
            env=os.environ | environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        async with httpx2.AsyncClient() as client:
            for _ in range(200):
                with contextlib.suppress(httpx2.TransportError):
                    if (await client.get(f"{self.url}/readyz")).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        raise RuntimeError("the issuer did not come up")

    def end(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(20)


# -- the other process ------------------------------------------------------------------------------------


async def _watch(options: dict[str, Any]) -> None:
    """Ask about every token, again and again; at the end print when each was last accepted."""
    accepted = [0.0] * len(options["tokens"])
    if options["how"] == "http":
        auth: Any = Verifier(options["url"], client_id="bench", client_secret=options["client_secret"])
    else:
        auth = Limen(options["database"], secret=Secret.parse(options["secret"]), issuer=options["url"])
    async with auth:
        alive = dict(enumerate(options["tokens"]))
        print("ready", flush=True)
        reading = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        while not reading.done():
            for n, token in list(alive.items()):
                start = mono()
                try:
                    await auth.authenticate(token)
                    accepted[n] = start
                except LimenError:
                    del alive[n]
            await asyncio.sleep(0.001)
    print(json.dumps({"accepted": accepted}))


if __name__ == "__main__":
    asyncio.run(_watch(json.loads(sys.argv[1])))
