"""What another process ends, changes or breaks is seen as the strategy promises, in every framework."""

from __future__ import annotations

import time

import pytest

from conformance.site import BOUND, LEEWAY, Site, problem, refused_in_time, until
from limen.testing import PASSWORD

pytestmark = pytest.mark.anyio
TRANSPORTS = pytest.mark.parametrize("transport", ["bearer", "cookie"])


@TRANSPORTS
async def test_S36_a_revocation_elsewhere_is_in_effect_within_the_bound(site: Site, transport: str) -> None:
    account = await site.account()
    grant = await site.grant(account)
    async with site.client(grant, transport=transport) as client:
        assert (await client.get("/me")).status_code == 200
        revoked = await site.elsewhere.revoke_sessions(account)
        if site.strategy == "jwt":
            assert revoked.effective - time.time() > site.elsewhere.settings.access_lifetime - 60
            assert (await client.get("/me")).status_code == 200
        else:
            assert revoked.effective - time.time() <= BOUND
            assert await refused_in_time(client) == "credential_revoked"


@TRANSPORTS
async def test_S36_a_scope_that_is_taken_is_gone_as_the_strategy_promises(site: Site, transport: str) -> None:
    account = await site.account("notes:read")
    grant, plain = await site.grant(account), await site.grant(await site.account())
    async with site.client(plain, transport=transport) as client:
        refused = await client.get("/notes")
        assert (refused.status_code, problem(refused)) == (403, "insufficient_scope")
        assert 'scope="notes:read"' in refused.headers["www-authenticate"]
    async with site.client(grant, transport=transport) as client:
        assert (await client.get("/notes")).status_code == 200
        await site.elsewhere.set_scopes(account, ())
        match site.strategy:
            case "session":
                assert await refused_in_time(client, "/notes", 403) == "insufficient_scope"
            case "hybrid":
                assert await refused_in_time(client, "/notes") == "token_stale"
            case _:
                assert (await client.get("/notes")).status_code == 200
    await site.elsewhere.set_scopes(account, ("notes:read",))
    async with site.client(await site.grant(account), transport=transport) as client:
        assert (await client.get("/notes")).status_code == 200


async def test_J30_a_clock_that_is_off_by_more_than_the_leeway_is_not_believed(site: Site) -> None:
    account = await site.account()
    s = site.elsewhere.settings
    lifetime = s.idle_lifetime if site.strategy == "session" else s.access_lifetime
    # An opaque credential of a clock that runs ahead says nothing about time: its row does.
    ahead = () if site.strategy == "session" else ((LEEWAY / 2, 200), (LEEWAY * 4, 401))
    spare = LEEWAY * 4 if site.strategy == "session" else -LEEWAY / 2
    behind = ((-lifetime + spare, 200), (-lifetime - LEEWAY * 4, 401))
    for seconds, status in (*ahead, *behind):
        async with site.limen_whose_clock_is_off(seconds) as other:
            grant = await site.grant(account, other)
        async with site.client(grant) as client:
            answer = await client.get("/me")
            assert answer.status_code == status, (seconds, answer.text)
            if status == 401:
                assert problem(answer) in ("token_expired", "token_invalid", "credential_expired")


async def test_an_outage_of_the_store_is_503_once_the_promise_is_used_up(site: Site) -> None:
    account = await site.account()
    known, other = await site.grant(account), await site.grant(account)
    async with site.client(known) as client, site.client(other) as late:
        assert (await client.get("/me")).status_code == 200
        site.redis.kill()
        killed = time.monotonic()
        try:
            answer = await client.get("/me")
            # Seen before, and the view of the revocations is young: nobody has to be asked.
            assert answer.status_code == 200 or time.monotonic() - killed > BOUND, answer.text
            if site.strategy == "jwt":  # it asks nobody
                assert (await late.get("/me")).status_code == 200
            else:
                assert await refused_in_time(client, status=503) == "unavailable"
                assert (await client.get("/me")).headers["retry-after"]
                assert problem(await late.get("/me")) == "unavailable"
            async with site.client() as stranger:
                body = {"email": account.email, "password": PASSWORD, "transport": "bearer"}
                assert problem(await stranger.post("/auth/login", json=body)) == "unavailable"
                assert (await stranger.get("/")).status_code == 200
        finally:
            site.redis.start()

        async def back() -> bool:
            return (await client.get("/me")).status_code == 200

        await until(back)
