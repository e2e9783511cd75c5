"""A verifier's keys: K01, K02, K06, K07, K08. A good set is never given up for a bad one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from limen.clock import Instant
from limen.errors import LimenError
from limen.feed_page import Event
from limen.jose import jwk
from limen.revocations import Kind
from limen.verifier.known_keys import COOL_DOWN, GOOD_FOR
from support.http import login, served
from support.remote import CLIENT, KEYS, PAGE, changed, code_of, said, verified
from support.tokens import key, token
from support.world import EMAIL, PASSWORD

pytestmark = pytest.mark.anyio


def alien(n: int) -> str:
    """A token whose key id nobody has heard of."""
    return token(header={"alg": "ES256", "typ": "at+jwt", "kid": f"nobody-{n}"})


@pytest.mark.parametrize("client", [True, False])
async def test_K06_a_flood_of_unknown_keys_is_one_question_for_each_cool_down(client: bool) -> None:
    strategy = "hybrid" if client else "jwt"
    path = PAGE if client else KEYS
    serving = served(clients=(CLIENT,), strategy=strategy)
    async with serving as at, verified(at, client=client) as (verifier, between):
        good = str((await login(at.client()))["access_token"])
        await verifier.authenticate(good)
        before = between.asked[path]
        for round_ in (1, 2):
            codes = set()
            for n in range(5_000):
                codes.add(await code_of(verifier, alien(n)))
            assert codes == {"token_invalid"}
            assert between.asked[path] - before == round_
            assert await code_of(verifier, good) == "ok"
            at.clock.turn(COOL_DOWN)


async def test_K06_those_who_come_at_once_share_one_question() -> None:
    async with served(strategy="jwt") as at, verified(at, client=False) as (verifier, between):
        before = between.asked[KEYS]
        codes = await asyncio.gather(*(code_of(verifier, alien(n)) for n in range(100)))
        assert set(codes) == {"token_invalid"}
        assert between.asked[KEYS] == before + 1


async def test_K06_a_key_that_was_asked_for_in_vain_is_not_asked_for_again_soon() -> None:
    async with served(strategy="jwt") as at, verified(at, client=False) as (verifier, between):
        await code_of(verifier, alien(1))
        at.clock.turn(COOL_DOWN + 1)
        before = between.asked[KEYS]
        assert await code_of(verifier, alien(1)) == "token_invalid"
        assert between.asked[KEYS] == before
        for n in range(2_000):
            await code_of(verifier, alien(n))
        assert len(verifier._keys._unknown) <= 1_024


def fail(error: Exception) -> Callable[[httpx2.Request], httpx2.Response]:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise error

    return answer


def answering(*response: Any) -> Callable[[httpx2.Request], httpx2.Response]:
    return lambda request: said(*response)


TWICE = key().verify_key.to_jwk()
BAD: dict[str, Callable[[httpx2.Request], httpx2.Response]] = {
    "500": answering(500, b"oops"),
    "404": answering(404),
    "timeout": fail(httpx2.ReadTimeout("late")),
    "refused": fail(httpx2.ConnectError("no")),
    "truncated": answering(200, b'{"keys":[{"kty":"EC","crv":"P-25'),
    "cut": fail(httpx2.RemoteProtocolError("peer closed connection without sending complete message body")),
    "html": answering(200, b"<html><body>Log in to the Wi-Fi</body></html>", {"content-type": "text/html"}),
    "redirect": answering(302, b"", {"location": "https://evil.example/jwks.json"}),
    "permanent redirect": answering(308, b"", {"location": "http://limen.example/jwks.json"}),
    "50 MiB": answering(200, b" " * (50 << 20)),
    "list": answering(200, b"[]"),
    "no keys": answering(200, b'{"keys":[]}'),
    "duplicate": answering(200, json.dumps({"keys": [TWICE, TWICE]}).encode()),
    "broken members only": answering(200, json.dumps({"keys": [TWICE | {"x": "AA"}, {}, 7]}).encode()),
    "compressed": answering(200, b"x", {"content-encoding": "gzip"}),
    "private": answering(200, json.dumps({"keys": [key().to_private_jwk()]}).encode()),
    "no content": answering(204),
}


@pytest.mark.parametrize("name", BAD)
async def test_K07_a_bad_answer_changes_nothing(name: str) -> None:
    async with served(strategy="jwt") as at, verified(at, client=False) as (verifier, between):
        good = str((await login(at.client()))["access_token"])
        kids = verifier._keys.kids
        between.instead[KEYS] = BAD[name]
        with pytest.raises(LimenError):
            await verifier.catch_up()
        assert await code_of(verifier, alien(1)) == "token_invalid"
        assert verifier._keys.kids == kids
        assert await code_of(verifier, good) == "ok"
        assert between.hosts == {"limen.example"}, "no redirect is followed"


async def test_K07_one_broken_member_is_skipped_and_the_others_count() -> None:
    async with served(strategy="jwt") as at, verified(at, client=False) as (verifier, between):
        good = str((await login(at.client()))["access_token"])
        broken = [TWICE | {"x": "AA"}, {"kty": "EC"}, {"kty": "AKP", "kid": "pq"}]
        between.alter[KEYS] = changed(keys=lambda keys: broken + keys)
        await verifier.catch_up()
        assert verifier._keys.kids == set(jwk.key_set(at.auth.ring.jwks))
        assert await code_of(verifier, good) == "ok"


async def test_K07_keys_that_nobody_confirms_are_used_for_an_hour() -> None:
    serving = served(strategy="jwt", access_lifetime=7_200)
    async with serving as at, verified(at, client=False) as (verifier, between):
        good = str((await login(at.client()))["access_token"])
        unseen = str((await login(at.client()))["access_token"])
        between.cut()
        at.clock.turn(GOOD_FOR)
        assert await code_of(verifier, good) == "ok"
        at.clock.turn(1)
        assert await code_of(verifier, unseen) == "unavailable"
        between.mend()
        at.clock.turn(COOL_DOWN)
        assert await code_of(verifier, unseen) == "ok"


async def test_K08_a_set_of_other_keys_alone_is_an_alarm(caplog: pytest.LogCaptureFixture) -> None:
    async with served(strategy="jwt") as at, verified(at, client=False) as (verifier, between):
        between.alter[KEYS] = changed(keys=[key().verify_key.to_jwk()])
        await verifier.catch_up()
        assert [r.levelname for r in caplog.records if "every key" in r.message] == ["CRITICAL"]


async def test_K08_no_address_is_taken_from_an_answer() -> None:
    async with served(clients=(CLIENT,), strategy="hybrid") as at, verified(at) as (verifier, between):
        evil = "https://evil.example"
        between.alter[PAGE] = changed(keys={"keys": [], "jwks_uri": evil}, jwks_uri=evil)
        with pytest.raises(LimenError):
            await verifier.catch_up()
        assert between.hosts == {"limen.example"}


async def test_K01_a_rotation_refuses_no_valid_token() -> None:
    """Published, cached for an hour, then signing; retired when its last token has ended. A thousand tokens,
    fresh and shortly before their end, by one who follows the feed and by one who reads the set hourly."""
    options: dict[str, Any] = {"jwks_max_age": 3_600, "clients": (CLIENT,), "strategy": "hybrid"}
    async with (
        served(**options) as at,
        verified(at) as (follower, _),
        verified(at, client=False) as (reader, _),
    ):
        reader.strategy = follower.strategy  # so that both judge the same tokens
        read_at, first = at.clock.now(), {at.auth.ring.active.kid}
        kids, verified_count, young = set(), 0, list[str]()
        for minute in range(0, 200, 5):
            at.clock.turn(300)
            if at.clock.now() - read_at >= 3_600:
                body, _ = await reader._issuer.keys()
                reader._keys.take(body, etag=str(minute))
                read_at = at.clock.now()
            if minute in (65, 140):
                await at.auth.rotate_keys()
            await at.auth.maintain()
            await follower.catch_up()
            reader.filter.fresh_at = follower.filter.fresh_at
            kids.add(at.auth.ring.active.kid)
            for older in young:  # up to 10 minutes old, of a key that may be retiring
                assert await code_of(follower, older) == "ok"
                assert await code_of(reader, older) == "ok"
            young = young[-25:]
            for _ in range(25):
                fresh = (await at.auth.sign_in(EMAIL, PASSWORD)).grant.credential
                assert await code_of(follower, fresh) == "ok"
                assert await code_of(reader, fresh) == "ok"
                verified_count += 1
                young.append(fresh)
        assert len(kids) == 3
        assert verified_count == 1_000
        assert not first & set(jwk.key_set(at.auth.ring.jwks)), "the first key is retired"


async def test_K02_a_compromised_key_is_refused_with_the_next_page() -> None:
    async with served(clients=(CLIENT,), strategy="hybrid") as at, verified(at) as (verifier, between):
        old = str((await login(at.client()))["access_token"])
        assert await code_of(verifier, old) == "ok"
        await at.auth.compromise_key(at.auth.ring.active.kid)
        fresh = str((await login(at.client()))["access_token"])
        await verifier.catch_up()
        assert await code_of(verifier, old) == "token_invalid"
        assert await code_of(verifier, fresh) == "ok"
        assert between.asked[KEYS] == 0, "whatever a cache still has is not asked"


async def test_K02_the_stream_ends_a_key_at_once_and_no_old_set_brings_it_back() -> None:
    async with served(clients=(CLIENT,), strategy="hybrid") as at, verified(at) as (verifier, _):
        old, kid = str((await login(at.client()))["access_token"]), at.auth.ring.active.kid
        assert await code_of(verifier, old) == "ok"
        stale = at.auth.ring.published()
        now = at.clock.now()
        verifier._follower._hear(Event(9, Kind.KEY, kid, now, Instant(now + 900)).revocation())
        assert await code_of(verifier, old) == "token_invalid"
        verifier._keys.take(stale, etag="what a cache still had")
        assert await code_of(verifier, old) == "token_invalid"


async def test_K02_a_view_whose_keys_cannot_be_read_is_not_fresh() -> None:
    async with served(clients=(CLIENT,), strategy="hybrid") as at, verified(at) as (verifier, between):
        old = str((await login(at.client()))["access_token"])
        assert await code_of(verifier, old) == "ok"
        await at.auth.compromise_key(at.auth.ring.active.kid)
        between.alter[PAGE] = changed(keys=None)
        at.clock.turn(5.1)
        with pytest.raises(LimenError):
            await verifier.catch_up()
        assert not verifier.is_fresh()
        assert await code_of(verifier, old) == "credential_revoked", "the issuer was asked"
