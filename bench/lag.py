"""Revocation lag: from the acknowledged sign-out in one process to the refusal in another, per store.

The second process looks at every token all the time, so what is measured is the way of the news, to the
millisecond. Both read the machine's monotonic clock. `python -m bench.lag URL` is the second process.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.harness import Figure
from bench.redis import running
from bench.world import EMAIL, PASSWORD, signed_in
from limen.auth import Limen
from limen.errors import Denied
from limen.insecure import WeakHashing
from limen.secret import Secret

REVOCATIONS = 200
LOOKUPS_PER_S = 500


def run() -> Iterator[Figure]:
    from bench.postgres import server_for_bench, servers

    with tempfile.TemporaryDirectory() as folder:
        yield asyncio.run(_figure("SQLite", f"sqlite:///{folder}/lag.db", 0.05))
        if shutil.which("redis-server") is None:
            print("skipped: lag on Redis (apt-get install redis-server)", file=sys.stderr)
        else:
            yield asyncio.run(_beside(Path(folder)))
    if servers.found("initdb") is None:
        print("skipped: lag on PostgreSQL (apt-get install postgresql)", file=sys.stderr)
        return
    with server_for_bench() as server:
        yield asyncio.run(_figure("PostgreSQL", server.tcp(), 0.05))


async def _beside(folder: Path) -> Figure:
    async with running(folder) as port:
        sessions = f"redis://127.0.0.1:{port}"
        return await _figure("Redis", f"sqlite:///{folder}/beside.db", 0.05, session_store=sessions)


async def _figure(name: str, url: str, bound: float, **more: str) -> Figure:
    secret = Secret(secrets.token_bytes(32))
    options = {"strategy": "hybrid", "secret": secret, "scheme": WeakHashing(), "session_limit": 0}
    async with signed_in(url, **options, **more) as (auth, _):
        grants = [(await auth.sign_in(EMAIL, PASSWORD)).grant for _ in range(REVOCATIONS)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.lag", url, *more.values(),
            env={**os.environ, "LIMEN_SECRET": secret.reveal()},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            limit=2**24,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([grant.credential for grant in grants]).encode() + b"\n")
        assert await process.stdout.readline() == b"ready\n"
        load = asyncio.create_task(_load(auth))
        acknowledged = []
        for grant in grants:
            await auth.sign_out(await auth.authenticate(grant.credential))
            acknowledged.append(time.monotonic())
            await asyncio.sleep(0.01)
        refused = json.loads(await process.stdout.readline())
        load.cancel()
        await process.wait()
    lags = sorted(max(r - a, 0.0) for r, a in zip(refused, acknowledged, strict=True))
    shares = {"p50_ms": 0.5, "p90_ms": 0.9, "p99_ms": 0.99, "max_ms": 1.0}
    detail = {label: round(_share(lags, share) * 1e3, 2) for label, share in shares.items()}
    ratio = _share(lags, 0.99) / bound
    return Figure(f"revocation lag p99 / {bound * 1e3:.0f} ms, {name}", ratio, 1.0, "least", detail)


def _share(lags: list[float], share: float) -> float:
    return lags[min(int(len(lags) * share), len(lags) - 1)]


async def _load(auth: Limen) -> None:
    """Requests of others: sessions looked up at a rate, whatever the revocations do."""
    signed = await auth.sign_in(EMAIL, PASSWORD)
    while True:
        await asyncio.gather(*(auth.store.session(signed.grant.session) for _ in range(LOOKUPS_PER_S // 100)))
        await asyncio.sleep(0.01)


async def _refuse(url: str, sessions: str = "") -> None:
    """Authenticate every token, then look at each again and again until it is refused."""
    async with Limen(url, session_store=sessions, strategy="hybrid", scheme=WeakHashing()) as auth:
        tokens = json.loads(sys.stdin.readline())
        for token in tokens:
            await auth.authenticate(token)
        print("ready", flush=True)
        refused: dict[int, float] = {}
        while len(refused) < len(tokens):
            for number, token in enumerate(tokens):
                if number not in refused and auth.recall(token) is None:
                    try:
                        await auth.authenticate(token)
                    except Denied:
                        refused[number] = time.monotonic()
            await asyncio.sleep(0.000_5)
        print(json.dumps([refused[number] for number in range(len(tokens))]), flush=True)


if __name__ == "__main__":
    asyncio.run(_refuse(*sys.argv[1:]))
