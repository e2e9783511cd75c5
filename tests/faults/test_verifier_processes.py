"""The promise over HTTP: nothing that is killed, paused or cut lets a revoked token in for longer than said.

An issuer of two processes, a verifier in its own, a wire between them, and an operator on the same database.
Every moment is of the one monotonic clock of the machine, taken before the question that it stands for.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median

import httpx2
import pytest

from limen.auth import Limen
from limen.insecure import WeakHashing
from limen.secret import Secret
from support.serving import Serving
from support.verifying import Verifying, Wire, kill_group, mono
from support.world import EMAIL, PASSWORD, SECRET

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
STALENESS = 1.0
CLIENT = "api"


class Issuer:
    """`limen serve` with two workers, in a group of processes."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self.port, self.url = folder, port, f"http://127.0.0.1:{port}"
        self.database = f"sqlite:///{folder}/limen.db"
        self._serving: Serving | None = None

    @property
    def options(self) -> dict[str, object]:
        return {
            "secret": Secret(SECRET),
            "issuer": self.url,
            "max_staleness": STALENESS,
            "clients": (CLIENT,),
            "scheme": WeakHashing(),
        }

    async def start(self) -> None:
        self._serving = Serving(
            self._folder, "--port", str(self.port), "--workers", "2", before=os.setsid,
            LIMEN_DATABASE=self.database, LIMEN_SECRET=Secret(SECRET).reveal(), LIMEN_ISSUER=self.url,
            LIMEN_MAX_STALENESS=str(STALENESS), LIMEN_CLIENTS=CLIENT, LIMEN_STRATEGY="hybrid",
        )  # fmt: skip
        await asyncio.to_thread(self._serving.ready)
        async with httpx2.AsyncClient() as client:
            for _ in range(400):
                try:
                    if (await client.get(f"{self.url}/readyz")).status_code == 200:
                        return
                except httpx2.TransportError:
                    await asyncio.sleep(0.02)
        raise AssertionError("the issuer did not become ready")

    def signal(self, how: signal.Signals) -> None:
        assert self._serving is not None
        kill_group(self._serving._process, how)

    def end(self) -> None:
        if self._serving is not None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGKILL)
            self._serving.ended()
            self._serving = None

    def empty(self) -> None:
        for file in self._folder.glob("limen.db*"):
            file.unlink()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def issuing(folder: Path) -> Iterator[Issuer]:
    issuer = Issuer(folder, free_port())
    try:
        yield issuer
    finally:
        issuer.end()


@asynccontextmanager
async def operating(issuer: Issuer) -> AsyncIterator[Limen]:
    """An operator's own Limen on the same database, with the account."""
    async with Limen(issuer.database, **issuer.options) as auth:
        if not await auth.store.accounts():
            await auth.add_account(EMAIL, PASSWORD)
        yield auth


async def token_of(auth: Limen) -> str:
    return (await auth.sign_in(EMAIL, PASSWORD)).grant.credential


async def ended(auth: Limen, token: str) -> float:
    """End the token's session; when that was acknowledged."""
    who = await auth.authenticate(token)
    await auth.revoke_session(who.session)
    return mono()


def verifying(issuer: Issuer, auth: Limen, at: int) -> Verifying:
    return Verifying(
        issuer=issuer.url,
        at=f"http://127.0.0.1:{at}",
        client_id=CLIENT,
        client_secret=auth.client_secret(CLIENT),
        max_staleness=STALENESS,
    )


async def test_R20_a_revocation_is_known_everywhere_within_milliseconds(tmp_path: Path) -> None:
    with issuing(tmp_path) as issuer:
        async with operating(issuer) as auth:
            await issuer.start()
            async with (
                verifying(issuer, auth, issuer.port) as one,
                verifying(issuer, auth, issuer.port) as two,
            ):
                tokens = [await token_of(auth) for _ in range(15)]
                for token in tokens:
                    one.watch(token)
                    two.watch(token)
                await asyncio.gather(*(v.until(tokens[-1], "ok") for v in (one, two)))
                lags = []
                for token in tokens:
                    acknowledged = await ended(auth, token)
                    for verifier in (one, two):
                        said = await verifier.until(token, "credential_revoked")
                        assert said["accepted"] <= acknowledged + STALENESS
                        lags.append(max(said["accepted"] - acknowledged, 0.0))
                print(f"lag: median {median(lags) * 1e3:.1f} ms, worst {max(lags) * 1e3:.1f} ms")
                assert median(lags) < STALENESS / 4, "the stream makes no haste"


FAULTS = ("cut", "held", "slow", "streams held", "issuer paused", "verifier paused", "issuer killed")


async def test_R09_R20_no_fault_lets_a_revoked_token_in_for_longer_than_promised(tmp_path: Path) -> None:
    with issuing(tmp_path) as issuer:
        async with operating(issuer) as auth, Wire(issuer.port) as wire:
            await issuer.start()
            async with verifying(issuer, auth, wire.port) as verifier:
                for fault in FAULTS:
                    doomed, honest = await token_of(auth), await token_of(auth)
                    for token in (doomed, honest):
                        verifier.watch(token)
                        await verifier.until(token, "ok")
                    await break_it(fault, wire, issuer, verifier)
                    acknowledged = await ended(auth, doomed)
                    if fault == "verifier paused":
                        await asyncio.sleep(1.5 * STALENESS)
                        verifier.signal(signal.SIGCONT)
                    said = await verifier.until(doomed, "credential_revoked", "unavailable")
                    assert said["accepted"] <= acknowledged + STALENESS, (
                        f"{fault}: accepted after the promise"
                    )
                    await mend(fault, wire, issuer, verifier)
                    said = await verifier.until(doomed, "credential_revoked")
                    assert said["accepted"] <= acknowledged + STALENESS, f"{fault}: accepted when mended"
                    await verifier.until(honest, "ok")


async def break_it(fault: str, wire: Wire, issuer: Issuer, verifier: Verifying) -> None:
    match fault:
        case "issuer killed":
            issuer.end()
        case "issuer paused":
            issuer.signal(signal.SIGSTOP)
        case "verifier paused":
            verifier.signal(signal.SIGSTOP)
        case mode:
            wire.turn(mode)


async def mend(fault: str, wire: Wire, issuer: Issuer, verifier: Verifying) -> None:
    match fault:
        case "issuer killed":
            await issuer.start()
        case "issuer paused":
            issuer.signal(signal.SIGCONT)
        case "verifier paused":
            pass
        case _:
            wire.turn("open")


async def test_R17_an_issuer_that_begins_with_an_empty_database_is_followed_from_its_beginning(
    tmp_path: Path,
) -> None:
    with issuing(tmp_path) as issuer:
        async with operating(issuer) as auth:
            await issuer.start()
            async with verifying(issuer, auth, issuer.port) as verifier:
                spent = [await token_of(auth) for _ in range(5)]
                for token in spent:
                    await ended(auth, token)
                old = await token_of(auth)
                verifier.watch(old)
                await verifier.until(old, "ok")
                issuer.end()
                await auth.close()
                issuer.empty()
                async with operating(issuer) as anew:
                    await issuer.start()
                    fresh, doomed = await token_of(anew), await token_of(anew)
                    for token in (fresh, doomed):
                        verifier.watch(token)
                        await verifier.until(token, "ok")
                    await verifier.until(old, "token_invalid", "credential_revoked")
                    acknowledged = await ended(anew, doomed)  # at a position that was another's before
                    said = await verifier.until(doomed, "credential_revoked")
                    assert said["accepted"] <= acknowledged + STALENESS
                    await verifier.until(fresh, "ok")


async def test_a_server_that_drains_does_not_wait_for_its_streams(tmp_path: Path) -> None:
    with issuing(tmp_path) as issuer:
        async with operating(issuer) as auth, Wire(issuer.port) as wire:
            await issuer.start()
            async with verifying(issuer, auth, wire.port) as verifier:
                token = await token_of(auth)
                verifier.watch(token)
                await verifier.until(token, "ok")
                await wire.streamed.wait()
                begin = mono()
                issuer.signal(signal.SIGTERM)
                assert issuer._serving is not None
                await asyncio.to_thread(issuer._serving.ended)
                assert mono() - begin < 5
