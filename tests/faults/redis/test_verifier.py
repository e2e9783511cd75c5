"""A verifier that follows its issuer's Redis: what holds over HTTP holds here, and a Redis that was flushed,
restored or replaced revives nobody."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from limen.errors import LimenError, Misconfigured, Unavailable
from limen.verifier import Verifier
from support import redis
from support.http import EMAIL, ISSUER, Served, login, served
from support.remote import ASK, CLIENT, KEYS, PAGE, Between, code_of, made, said

pytestmark = pytest.mark.anyio
KINDS = ("redis",)
ON_DISK = ("--appendonly", "yes", "--appendfsync", "always")


@asynccontextmanager
async def both(
    folder: Path, url: str, *, start: bool = True, **options: Any
) -> AsyncIterator[tuple[Served, Verifier, Between]]:
    """An issuer over SQLite and this Redis, and a verifier that follows only when the test says so."""
    place = {"database": f"sqlite:///{folder}/limen.db", "session_store": url}
    async with served(clients=(CLIENT,), strategy="hybrid", **place) as at:
        between = Between(at.app)
        verifier = made(at, between, feed=url, **options)
        if start:
            await verifier.start()
            for task in verifier._tasks:
                task.cancel()  # it follows when it is told to
        try:
            yield at, verifier, between
        finally:
            await verifier.close()


async def token_of(at: Served) -> str:
    return str((await login(at.client()))["access_token"])


async def ended(at: Served, token: str) -> None:
    await at.auth.sign_out(await at.auth.authenticate(token))


async def eventually(attempt: Callable[[], Awaitable[object]], *, within: float = 30.0) -> object:
    end = time.monotonic() + within
    while True:
        try:
            return await attempt()
        except Unavailable:
            assert time.monotonic() < end, "it does not recover"
            await asyncio.to_thread(redis.moment)


@pytest.fixture
def url() -> str:
    redis.require("redis")
    return f"{redis.shared('redis').url}?prefix={redis.prefix()}"


@pytest.mark.parametrize(
    "how", ["sign_out", "sign_out_everywhere", "others", "disable", "scopes", "key", "limit", "password"]
)
async def test_every_kind_of_event_comes_through_redis_alone(tmp_path: Path, url: str, how: str) -> None:
    async with both(tmp_path, url) as (at, verifier, between):
        doomed = await token_of(at)
        at.clock.turn(1)
        honest = await token_of(at)
        assert await code_of(verifier, doomed) == await code_of(verifier, honest) == "ok"
        who, account = await at.auth.authenticate(honest), await at.auth.find_account(EMAIL)
        code = "credential_revoked"
        match how:
            case "sign_out":
                await ended(at, doomed)
            case "sign_out_everywhere":
                await at.auth.sign_out_everywhere(who)
            case "others":
                await at.auth.end_other_sessions(who)
            case "disable":
                await at.auth.disable_account(account)
            case "scopes":
                await at.auth.set_scopes(account, ("less",))
                code = "token_stale"
            case "key":
                await at.auth.compromise_key(at.auth.ring.active.kid)
                code = "token_invalid"
            case "limit":
                at.auth.settings.session_limit  # noqa: B018 - 100: the oldest goes with the hundredth sign-in
                for _ in range(99):
                    at.clock.turn(0.01)
                    await token_of(at)
            case "password":
                await at.auth.set_password(account, "a new horse of another staple")
        await verifier.catch_up()
        assert await code_of(verifier, doomed) == code
        if how in ("sign_out", "others", "limit"):
            assert await code_of(verifier, honest) == "ok"
        assert between.asked[PAGE] == between.asked[ASK] == 0


async def test_it_follows_by_itself_within_moments_and_whatever_the_issuer_says_of_keys(
    tmp_path: Path, url: str
) -> None:
    async with both(tmp_path, url, start=False) as (at, verifier, between):
        await verifier.start()
        token = await token_of(at)
        assert await code_of(verifier, token) == "ok"
        between.cut()
        await ended(at, token)
        began = time.monotonic()
        while await code_of(verifier, token) == "ok":
            await asyncio.sleep(0)
            assert time.monotonic() - began < 5
        assert await code_of(verifier, token) == "credential_revoked"


async def test_R17_who_starts_late_knows_what_came_before(tmp_path: Path, url: str) -> None:
    async with both(tmp_path, url, start=False) as (at, verifier, _):
        doomed, honest = await token_of(at), await token_of(at)
        await ended(at, doomed)
        await verifier.start()
        assert await code_of(verifier, doomed) == "credential_revoked"
        assert await code_of(verifier, honest) == "ok"


async def test_a_key_that_was_compromised_is_dropped_though_a_cache_still_has_it(
    tmp_path: Path, url: str
) -> None:
    async with both(tmp_path, url) as (at, verifier, between):
        token = await token_of(at)
        assert await code_of(verifier, token) == "ok"
        old = at.auth.ring.jwks
        between.instead[KEYS] = lambda request: said(200, old)
        await at.auth.compromise_key(at.auth.ring.active.kid)
        await verifier.catch_up()
        await verifier._fetch_keys()
        assert await code_of(verifier, token) == "token_invalid"


@pytest.mark.parametrize("policy", ["ask", "refuse"])
async def test_R20_while_redis_is_away_it_goes_on_for_a_while_and_then_asks_or_refuses(
    tmp_path: Path, server: redis.Server, policy: str
) -> None:
    async with both(tmp_path, server.url + "?patience=0.3", on_outage=policy) as (at, verifier, between):
        doomed, honest = await token_of(at), await token_of(at)
        assert await code_of(verifier, honest) == "ok"
        await ended(at, doomed)
        server.pause()
        at.clock.turn(4)
        assert await code_of(verifier, honest) == "ok"
        at.clock.turn(2)
        with pytest.raises(Unavailable):
            await verifier.catch_up()
        assert await code_of(verifier, honest) == "unavailable"  # the issuer has the same Redis
        assert between.asked[ASK] == (policy == "ask")
        server.resume()
        at.clock.turn(1)  # asking waits a moment after a failure
        await eventually(verifier.catch_up)
        assert await code_of(verifier, honest) == "ok"
        assert await code_of(verifier, doomed) == "credential_revoked"


async def test_asking_still_works_where_redis_is_out_of_the_verifiers_reach_alone(
    tmp_path: Path, url: str
) -> None:
    async with both(tmp_path, url) as (at, verifier, between):
        doomed, honest = await token_of(at), await token_of(at)
        await ended(at, doomed)
        at.clock.turn(6)
        assert not verifier.is_fresh()
        assert await code_of(verifier, honest) == "ok"
        assert await code_of(verifier, doomed) == "credential_revoked"
        assert between.asked[ASK] == 2


async def test_D05_emptied_it_is_not_believed_until_the_issuer_has_ended_all_sessions(
    tmp_path: Path, server: redis.Server
) -> None:
    async with both(tmp_path, server.url, on_outage="refuse") as (at, verifier, _):
        doomed, honest = await token_of(at), await token_of(at)
        await ended(at, doomed)
        await verifier.catch_up()
        server.ask("FLUSHALL")
        for task in at.auth._tasks:
            task.cancel()
        if at.auth.store._sessions.epoch == 1:  # type: ignore[attr-defined]
            with pytest.raises(Unavailable) as raised:
                await verifier.catch_up()
            assert raised.value.reason == "redis_unsettled"
        assert await code_of(verifier, doomed) == "credential_revoked"
        at.clock.turn(6)
        assert await code_of(verifier, honest) in ("unavailable", "credential_revoked")
        await eventually(at.auth.catch_up)
        await eventually(verifier.catch_up)
        at.clock.turn(61)  # the cut is that much ahead, for clocks that are
        fresh = await token_of(at)
        await eventually(verifier.catch_up)
        for token in (doomed, honest):
            assert await code_of(verifier, token) == "credential_revoked"
        assert await code_of(verifier, fresh) == "ok"


async def test_D05_yesterdays_backup_revives_nobody(tmp_path: Path, server: redis.Server) -> None:
    async with both(tmp_path, server.url) as (at, verifier, _):
        doomed, honest = await token_of(at), await token_of(at)
        server.ask("SAVE")
        kept = shutil.copy(server.dump, tmp_path / "kept.rdb")
        await ended(at, doomed)
        await verifier.catch_up()
        server.kill()
        shutil.copy(kept, server.dump)
        server.start()
        await eventually(at.auth.catch_up)
        await eventually(verifier.catch_up)
        for token in (doomed, honest):
            assert await code_of(verifier, token) == "credential_revoked"


async def test_D05_another_database_and_another_redis_under_the_same_address(
    tmp_path: Path, server: redis.Server
) -> None:
    """The positions begin anew below the verifier's own: whatever is revoked there is heard all the same."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    between: list[Between] = []

    class Switch(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            return await between[-1].handle_async_request(request)

    async with both(tmp_path / "one", server.url, start=False) as (at, _, first):
        between.append(first)
        async with made(at, first, feed=server.url) as verifier:
            verifier._issuer._transport = Switch()
            for _ in range(5):
                await ended(at, await token_of(at))
            old = await token_of(at)
            await verifier.catch_up()
            high = verifier.filter.position
            server.ask("FLUSHALL")
            for task in (*at.auth._tasks, *verifier._tasks):
                task.cancel()
            await verifier._issuer.close()
            async with both(tmp_path / "two", server.url, start=False) as (other, _, second):
                between.append(second)
                doomed = await token_of(other)
                await ended(other, doomed)
                await eventually(verifier.catch_up)
                assert verifier.filter.position > high
                assert await code_of(verifier, doomed) == "credential_revoked"
                assert await code_of(verifier, old) == "token_invalid"  # of another ring


async def test_D02_after_a_failover_what_was_acknowledged_is_still_refused(tmp_path: Path) -> None:
    redis.require("redis")
    group = redis.Sentinels("redis")
    try:
        async with both(tmp_path, group.url + "?replicas=1") as (at, verifier, _):
            doomed, honest = await token_of(at), await token_of(at)
            await eventually(lambda: ended(at, doomed))
            group.master.kill()
            await asyncio.to_thread(redis.until, group.is_promoted)
            at.clock.turn(6)
            assert await code_of(verifier, doomed) in ("unavailable", "credential_revoked")
            follower = redis.Server("redis", "--replicaof", "127.0.0.1", str(group.promoted().port))
            await eventually(at.auth.catch_up)
            await eventually(verifier.catch_up)
            assert await code_of(verifier, doomed) == "credential_revoked"
            assert await code_of(verifier, honest) == "ok"
            follower.destroy()
    finally:
        group.destroy()


async def test_a_redis_that_is_not_there_yet_is_waited_for_and_one_that_refuses_us_is_a_mistake(
    tmp_path: Path, server: redis.Server, url: str
) -> None:
    async with both(tmp_path, url, start=False) as (at, _, between):
        verifier = made(at, between, feed=f"redis://127.0.0.1:{redis.free_port()}", on_outage="refuse")
        async with verifier:
            assert await code_of(verifier, await token_of(at)) == "unavailable"
        server.ask("CONFIG", "SET", "requirepass", "right")
        with pytest.raises(Misconfigured, match="user or password"):
            await made(at, between, feed=server.url.replace("//", "//:wrong@")).start()
        with pytest.raises(Misconfigured, match="no address of Redis"):
            made(at, between, feed="http://127.0.0.1")


async def test_without_a_client_it_can_follow_and_not_ask(tmp_path: Path, url: str) -> None:
    async with both(tmp_path, url, start=False) as (at, _, between):
        with pytest.raises(Misconfigured, match="asking the issuer takes a client"):
            made(at, between, client=False, feed=url)
        async with made(at, between, client=False, feed=url, on_outage="refuse") as verifier:
            token = await token_of(at)
            assert await code_of(verifier, token) == "ok"
            await ended(at, token)
            await verifier.catch_up()
            assert await code_of(verifier, token) == "credential_revoked"


async def test_it_needs_no_right_to_write(tmp_path: Path, server: redis.Server) -> None:
    """Without `replicas` it only reads; with them it asks the master to prove that it is one, by a write."""
    server.ask(
        "ACL", "SETUSER", "reader", "on", ">secret", "~{limen}:*", "+hget", "+hmget", "+xrange", "+xread",
        "+info", "+auth", "+ping",
    )  # fmt: skip
    async with both(tmp_path, server.url, start=False) as (at, _, between):
        reads = server.url.replace("//", "//reader:secret@")
        async with made(at, between, feed=reads) as verifier:
            token = await token_of(at)
            await ended(at, token)
            await verifier.catch_up()
            assert await code_of(verifier, token) == "credential_revoked"


def test_the_feed_of_an_issuer_in_production_is_not_read_in_clear_text_by_accident() -> None:
    """As with `session_store`: an address says whether there is TLS, and nothing is upgraded or guessed."""
    with pytest.raises(LimenError):
        Verifier(ISSUER, feed="rediss+nothing://x", on_outage="refuse")
