"""Status lists, as a verifier reads them that is not ours (IETF Token Status List)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from limen.clock import Instant
from limen.errors import Denied, Misconfigured
from limen.revocations import Kind, Revocation
from limen.secret import Secret
from limen.status_list.places import ENTRIES
from support.http import ISSUER, LOGIN, Served, code, login, served
from support.status_list import RelyingParty, statuses
from support.world import PASSWORD, SECRET

pytestmark = pytest.mark.anyio
BOUND = 60.0


def listing(**options: Any) -> Any:
    return served(strategy="hybrid", status_list=BOUND, **options)


def claims_of(token: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return found


def place_of(token: str) -> dict[str, Any]:
    found: dict[str, Any] = claims_of(token)["status"]["status_list"]
    return found


async def signed_in(at: Served, email: str = LOGIN["email"]) -> str:
    async with at.client() as client:
        return str((await login(client, email))["access_token"])


async def test_a_token_says_where_its_status_is_and_the_list_says_it() -> None:
    async with listing() as at, at.client() as http:
        token = await signed_in(at)
        said = place_of(token)
        assert set(said) == {"idx", "uri"}
        assert 0 <= said["idx"] < ENTRIES
        assert said["uri"].startswith(f"{ISSUER}/auth/status-list/")
        answer = await http.get(said["uri"])
        assert answer.headers["cache-control"] == "public, max-age=15"
        assert answer.headers["access-control-allow-origin"] == "*"
        claims = claims_of(answer.text)
        assert claims["iss"] == ISSUER
        assert claims["exp"] - claims["iat"] == BOUND
        assert claims["ttl"] == BOUND / 2
        assert claims["status_list"]["bits"] == 1
        assert statuses(claims["status_list"]["lst"], 1) == [0] * ENTRIES
        assert len(answer.content) < 700


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
async def test_somebody_elses_verifier_refuses_a_session_that_was_ended_within_the_bound(
    algorithm: str,
) -> None:
    async with listing(algorithm=algorithm) as at, at.client() as http:
        party = RelyingParty(http, ISSUER)
        mine, other = await signed_in(at), await signed_in(at)
        assert await party.accepts(mine, now=at.clock.now())
        await at.auth.sign_out(await at.auth.authenticate(mine))
        ended = at.clock.now()
        while await party.accepts(mine, now=at.clock.now()):
            at.clock.turn(1)
        assert at.clock.now() - ended <= BOUND
        assert await party.accepts(other, now=at.clock.now())
        assert party.fetched == 2
        at.clock.turn(1_000)
        assert not await party.accepts(mine, now=at.clock.now())


async def test_no_cache_on_the_way_makes_a_list_outlive_the_bound() -> None:
    """The oldest that we answer, kept by a proxy for all of `max-age`, and by its reader for all of `ttl`."""
    async with listing() as at, at.client() as http:
        uri = place_of(await signed_in(at))["uri"]
        first = await http.get(uri)
        age = 0
        while (await http.get(uri)).headers["etag"] == first.headers["etag"]:
            at.clock.turn(1)
            age += 1
        kept = int(first.headers["cache-control"].removeprefix("public, max-age="))
        claims = claims_of(first.text)
        assert age + kept + claims["ttl"] <= claims["exp"] - claims["iat"]


@pytest.mark.parametrize(
    "how", ["sign_out_everywhere", "others", "password", "disable", "delete", "limit", "replay"]
)
async def test_every_way_of_ending_sessions_is_in_the_list_and_hits_nobody_else(how: str) -> None:
    async with listing(session_limit=3) as at, at.client() as http:
        await at.auth.add_account("bob@example.org", PASSWORD)
        bob = await signed_in(at, "bob@example.org")
        async with at.client() as client:
            first = await login(client)
        at.clock.turn(1)
        kept = await signed_in(at)
        who = await at.auth.authenticate(kept)
        account = await at.auth.find_account(LOGIN["email"])
        gone = [first["access_token"]]
        match how:
            case "sign_out_everywhere":
                await at.auth.sign_out_everywhere(who)
            case "others":
                await at.auth.end_other_sessions(who)
            case "password":
                await at.auth.set_password(account, "a new horse of another staple")
            case "disable":
                await at.auth.disable_account(account)
            case "delete":
                await at.auth.delete_account(account)
            case "limit":
                [await signed_in(at) for _ in range(2)]
            case "replay":
                for _ in range(2):
                    at.clock.turn(11)
                    fresh = await at.auth.refresh(first["refresh_token"]) if len(gone) == 1 else None
                    gone += [] if fresh is None else [fresh.credential]
                with pytest.raises(Denied):
                    await at.auth.refresh(first["refresh_token"])
        if how not in ("others", "limit", "replay"):
            gone.append(kept)
        party = RelyingParty(http, ISSUER)
        for token in gone:
            assert not await party.accepts(token, now=at.clock.now()), how
        assert await party.accepts(bob, now=at.clock.now())
        if kept not in gone:
            assert await party.accepts(kept, now=at.clock.now())


async def test_a_sign_in_after_a_cut_of_the_account_is_not_hit_by_it() -> None:
    async with listing() as at, at.client() as http:
        old = await signed_in(at)
        await at.auth.sign_out_everywhere(await at.auth.authenticate(old))
        new = await signed_in(at)
        party = RelyingParty(http, ISSUER)
        assert not await party.accepts(old, now=at.clock.now())
        assert await party.accepts(new, now=at.clock.now())


async def test_a_refreshed_token_has_the_place_of_its_session() -> None:
    async with listing() as at, at.client() as client:
        first = await login(client)
        fresh = await at.auth.refresh(first["refresh_token"])
        assert place_of(fresh.credential) == place_of(first["access_token"])


async def test_what_ends_all_sessions_of_the_issuer_ends_whole_lists_of_before() -> None:
    """A Redis that was emptied, a restored database: nobody knows which sessions there were."""
    async with listing() as at, at.client() as http:
        old = await signed_in(at)
        now = at.clock.now()
        event = Revocation(Kind.ISSUER, "", now, Instant(now + 86_400), now, "restored")
        await at.auth.store.revoke(event)
        await at.auth.catch_up()
        at.clock.turn(1)
        new = await signed_in(at)
        party = RelyingParty(http, ISSUER)
        assert not await party.accepts(old, now=at.clock.now())
        assert await party.accepts(new, now=at.clock.now())
        assert place_of(old)["uri"] != place_of(new)["uri"]


async def test_a_list_is_asked_for_again_by_its_tag() -> None:
    async with listing() as at, at.client() as http:
        token = await signed_in(at)
        uri = place_of(token)["uri"]
        first = await http.get(uri)
        again = await http.get(uri, headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        await at.auth.sign_out(await at.auth.authenticate(token))
        at.clock.turn(16)
        fresh = await http.get(uri, headers={"if-none-match": first.headers["etag"]})
        assert fresh.status_code == 200
        assert sum(statuses(claims_of(fresh.text)["status_list"]["lst"], 1)) == 1


async def test_a_list_is_signed_anew_when_the_key_that_signed_it_is_gone() -> None:
    async with listing() as at, at.client() as http:
        uri = place_of(await signed_in(at))["uri"]
        first = await http.get(uri)
        await at.auth.compromise_key(at.auth.ring.active.kid)
        assert (await http.get(uri)).headers["etag"] != first.headers["etag"]


async def test_a_list_and_an_access_token_are_never_taken_for_each_other() -> None:
    async with listing() as at, at.client() as http:
        token = await signed_in(at)
        text = (await http.get(place_of(token)["uri"])).text
        answer = await http.get("/auth/session", headers={"authorization": f"Bearer {text}"})
        assert (answer.status_code, code(answer)) == (401, "token_invalid")


@pytest.mark.parametrize("name", ["x", "A" * 22, "..", "%2e%2e", "AAAAAAAAAAAAAAAAAAAAAA"])
async def test_a_name_that_nobody_was_given_is_answered_with_404_and_no_work(name: str) -> None:
    async with listing() as at, at.client() as http:
        answer = await http.get(f"/auth/status-list/{name}")
        assert (answer.status_code, code(answer)) == (404, "not_found")


async def test_it_is_off_unless_it_is_asked_for() -> None:
    async with listing() as at:
        path = place_of(await signed_in(at))["uri"].removeprefix(ISSUER)
    async with served(strategy="hybrid") as at, at.client() as http:
        assert "status" not in claims_of(await signed_in(at))
        assert (await http.get(path)).status_code == 404
        assert at.auth.store.names_ended is False


async def test_a_token_without_a_session_has_no_status() -> None:
    """There is nothing to end: `jwt` promises that, and a list that never has it would promise more."""
    async with served(strategy="jwt", status_list=BOUND) as at:
        assert "status" not in claims_of(await signed_in(at))


async def test_where_a_clock_that_was_wrong_made_us_forget_no_list_is_signed() -> None:
    async with listing() as at, at.client() as http:
        token = await signed_in(at)
        await at.auth.sign_out(await at.auth.authenticate(token))
        at.clock.jump(7_200)
        await at.auth.maintain()
        at.clock.jump(-7_200)
        answer = await http.get(place_of(token)["uri"])
        assert answer.status_code == 503


async def test_hs256_has_no_status_lists() -> None:
    with pytest.raises(Misconfigured, match="status_list"):
        async with listing(algorithm="HS256"):
            pass
    with pytest.raises(Misconfigured, match="choose from 10 to 3600"):
        async with served(status_list=5):
            pass


async def test_any_process_answers_for_the_sessions_of_any_other(tmp_path: Path) -> None:
    """Also for one that has ended, and of what was revoked before it began itself."""
    place = {"database": f"sqlite:///{tmp_path}/limen.db"}
    async with listing(**place) as at:
        gone, kept = await signed_in(at), await signed_in(at)
        await at.auth.sign_out(await at.auth.authenticate(gone))
    async with listing(account=False, clock=at.clock, **place) as other, other.client() as http:
        party = RelyingParty(http, ISSUER)
        theirs = await signed_in(other)
        assert place_of(theirs)["uri"] != place_of(kept)["uri"] == place_of(gone)["uri"]
        assert not await party.accepts(gone, now=at.clock.now())
        assert await party.accepts(kept, now=at.clock.now())
        assert await party.accepts(theirs, now=at.clock.now())


async def test_K19_a_list_that_was_named_under_an_earlier_secret_is_answered_as_before(
    tmp_path: Path,
) -> None:
    place = {"database": f"sqlite:///{tmp_path}/limen.db"}
    new = Secret(bytes(range(1, 33)))
    async with listing(**place) as at:
        gone, kept = await signed_in(at), await signed_in(at)
    both = {"secret": new, "secret_previous": (Secret(SECRET),)}
    async with listing(account=False, clock=at.clock, **both, **place) as later, later.client() as http:
        await later.auth.sign_out(await later.auth.authenticate(gone))
        party = RelyingParty(http, ISSUER)
        assert not await party.accepts(gone, now=at.clock.now())
        assert await party.accepts(kept, now=at.clock.now())
