"""The playground over HTTP: it exists in development alone, obeys no other site, and shows what is true."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx2
import pytest

from limen.integrations.starlette import install
from limen.server.playground.meter import READS
from limen.server.playground.pages import PATH, POLICY, assets
from limen.server.playground.records import CLIENTS, STRATEGIES
from support.http import LOCAL, Served, ask, code, served

pytestmark = pytest.mark.anyio

HERE = "127.0.0.1:8000"
SWITCHES: dict[str, Any] = {
    "switch": {"what": "store", "cut": True},
    "wait": None,
    "role": {"role": "reader"},
    "again": None,
}
FOREIGN: list[dict[str, str]] = [
    {},
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site"},
    {"origin": f"{LOCAL}.evil"},
]
LATE = 400
"""Calls after which a feed that is healthy must have told everybody."""


@dataclass
class Playing:
    """A browser before the page, which does what its buttons do."""

    browser: httpx2.AsyncClient
    log: list[dict[str, Any]] = field(default_factory=list)

    async def state(self) -> dict[str, Any]:
        """What the page is told; the log is kept, entry by entry."""
        after = self.log[-1]["number"] if self.log else 0
        found: dict[str, Any] = (await self.browser.get(f"{PATH}/log?after={after}")).json()
        self.log += found["entries"]
        return found

    async def ask(self, lane: str, who: str, path: str, method: str = "POST", **body: Any) -> httpx2.Response:
        return await self.browser.request(method, f"{PATH}/{lane}/{who}/{path}", json=body or None)

    async def sign_in(self, lane: str, who: str = "browser") -> None:
        person = await self.state()
        answer = await self.ask(
            lane, who, "auth/login", email=person["email"], password=person["password"], transport="cookie"
        )
        assert answer.status_code == 200, answer.text

    async def call(self, lane: str, who: str = "browser") -> int:
        return (await self.ask(lane, who, "api", "GET")).status_code

    async def last(self) -> dict[str, Any]:
        """The entry of the latest request."""
        await self.state()
        return self.log[-1]

    async def turn(self, name: str, **body: Any) -> None:
        assert (await self.browser.post(f"{PATH}/{name}", json=body or None)).status_code == 200

    async def steal(self, lane: str) -> int:
        return (await self.ask(lane, "browser", "auth/refresh/steal")).status_code

    async def until_refused(self, lane: str, who: str) -> int:
        """Calls that are accepted before the first that is not."""
        for calls in range(LATE):
            if await self.call(lane, who) != 200:
                return calls
            await anyio.sleep(0.005)  # nothing here waits for a socket, so followers would never have a turn
        raise AssertionError(f"{lane}: never refused")


@asynccontextmanager
async def playing() -> AsyncIterator[Playing]:
    async with served(issuer=LOCAL, account=False) as at, at.browser() as browser:
        yield Playing(browser)


def sums(log: Iterable[dict[str, Any]], lane: str) -> dict[str, int]:
    mine = [entry for entry in log if entry["lane"] == lane]
    sent = [entry for entry in mine if entry["sent"] is not None]
    return {
        "requests": len(sent),
        "bytes": sum(entry["sent"]["bytes"] + entry["answered"]["bytes"] for entry in sent),
        "accepted": sum(entry["what"] == "api" and entry["status"] == 200 for entry in mine),
        "reads": sum(entry["reads"] for entry in mine),
    }


def counted(state: dict[str, Any], lane: str) -> dict[str, int]:
    found = next(one for one in state["lanes"] if one["name"] == lane)["counters"]
    reads = sum(count for name, count in found["operations"].items() if name in READS)
    return {name: found[name] for name in ("requests", "bytes", "accepted")} | {"reads": reads}


# -- where it is ---------------------------------------------------------------------------------------------


async def test_every_file_has_the_policy_and_the_standing_headers() -> None:
    async with served(issuer=LOCAL) as at:
        for name in assets():
            answer = await ask(at.app, "GET", PATH if name == "index.html" else f"{PATH}/{name}", host=HERE)
            assert (answer.status_code, answer.content) == (200, assets()[name])
            assert answer.headers["content-security-policy"] == POLICY
            assert answer.headers["cross-origin-opener-policy"] == "same-origin"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-type"].endswith("; charset=utf-8")
    assert "unsafe" not in POLICY
    assert "connect-src 'self'" in POLICY


ROUTES = [
    ("GET", PATH),
    ("GET", f"{PATH}/main.js"),
    ("GET", f"{PATH}/log"),
    *(("POST", f"{PATH}/{name}") for name in SWITCHES),
    ("POST", f"{PATH}/jwt/browser/auth/login"),
    ("POST", f"{PATH}/jwt/browser/auth/refresh/steal"),
    ("GET", f"{PATH}/jwt/browser/api"),
]


async def test_W18_in_production_there_is_none_of_it() -> None:
    async with served() as at:
        for method, path in ROUTES:
            assert (await ask(at.app, method, path)).status_code == 404, path


async def test_W18_an_application_that_embeds_limen_has_none_of_it() -> None:
    from starlette.applications import Starlette

    async with served(issuer=LOCAL) as at:
        app = Starlette()
        install(app, at.auth)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=LOCAL) as client:
            for method, path in ROUTES:
                assert (await client.request(method, path)).status_code == 404, path


async def test_W26_nothing_else_is_below_it() -> None:
    async with served(issuer=LOCAL) as at:
        for path in (
            "/",
            "/index.html",
            "/../ground.py",
            "/paseto/browser/api",
            "/jwt/nobody/api",
            "/jwt/browser/auth/register",
            "/jwt/browser/auth/session",
            "/jwt/browser/",
            "/jwt/browser/api/",
            "/jwt/browser/.well-known/jwks.json",
        ):
            assert (await ask(at.app, "GET", PATH + path, host=HERE)).status_code == 404, path


async def test_S13_no_other_site_turns_a_switch() -> None:
    async with served(issuer=LOCAL) as at, at.client() as stranger, at.browser() as browser:
        before = (await browser.get(f"{PATH}/log")).json()
        for headers in FOREIGN:
            for name, body in SWITCHES.items():
                answer = await stranger.post(f"{PATH}/{name}", json=body, headers=headers)
                assert (answer.status_code, code(answer)) == (403, "cross_site"), (name, headers)
            answer = await stranger.post(f"{PATH}/jwt/browser/auth/refresh/steal", headers=headers)
            assert (answer.status_code, code(answer)) == (403, "cross_site")
        after = (await browser.get(f"{PATH}/log")).json()
    assert after["entries"] == before["entries"] == []
    assert (after["store"], after["turned"]) == (False, 0.0)


async def test_bad_input_is_refused_with_a_reason() -> None:
    async with playing() as one:
        for name, body in (
            ("switch", {"what": "door", "cut": True}),
            ("switch", {"what": "store"}),
            ("switch", {"what": "store", "cut": True, "for": 5}),
            ("role", {"role": "admin"}),
        ):
            answer = await one.browser.post(f"{PATH}/{name}", json=body)
            assert (answer.status_code, code(answer)) == (400, "body_malformed"), body
        for query in ("before=1", "after=", "after=-1", "after=1&after=2", f"after={'9' * 20}"):
            answer = await one.browser.get(f"{PATH}/log?{query}")
            assert (answer.status_code, code(answer)) == (400, "invalid_request"), query
        for lane in STRATEGIES:
            assert await one.steal(lane) == 401
            assert (await one.ask(lane, "second", "auth/refresh/steal")).status_code == 401
            assert (await one.ask(lane, "browser", "auth/refresh/steal", "GET")).status_code == 405


async def test_the_servers_own_accounts_and_cookies_are_not_touched() -> None:
    async with served(issuer=LOCAL) as at, await at.signed_in() as browser:
        one = Playing(browser)
        accounts = await at.auth.store.accounts()
        await one.sign_in("hybrid")
        await one.turn("switch", what="store", cut=True)
        assert (await browser.get("/auth/session")).status_code == 200
        assert (await browser.get("/readyz")).status_code == 200
        assert await at.auth.store.accounts() == accounts


# -- what it shows -------------------------------------------------------------------------------------------


async def test_each_client_of_each_lane_has_a_jar_of_its_own_that_no_script_reads() -> None:
    async with playing() as one:
        for lane in STRATEGIES:
            for who in ("browser", "second"):
                await one.sign_in(lane, who)
            login = next(entry for entry in reversed(one.log) if entry["what"] == "login")
            for cookie in login["answered"]["cookies"]:
                assert "HttpOnly; SameSite=Lax" in cookie["said"]
            assert await one.call(lane, "thief") == 401
            assert await one.steal(lane) == 204
            assert (
                await one.call(lane, "thief") == await one.call(lane) == await one.call(lane, "second") == 200
            )
        for cookie in one.browser.cookies.jar:
            assert cookie.path.startswith("/playground/")
            assert cookie.has_nonstandard_attr("HttpOnly")
        await one.state()
        whole = json.dumps(one.log)
        for cookie in one.browser.cookies.jar:
            assert cookie.value not in whole


@pytest.mark.parametrize("lane", STRATEGIES)
async def test_a_sign_out_ends_a_copy_when_it_says(lane: str) -> None:
    async with playing() as one:
        await one.sign_in(lane)
        await one.steal(lane)
        assert await one.call(lane, "thief") == 200
        said = (await one.ask(lane, "browser", "auth/logout")).json()["effective_in"]
        assert await one.call(lane) == 401  # its jar is empty
        if lane != "jwt":
            assert said <= 5
            await one.until_refused(lane, "thief")
            assert (await one.last())["code"] == "credential_revoked"
            return
        assert 60 < said <= 125
        await one.turn("wait")
        assert await one.call(lane, "thief") == 200
        await one.turn("wait")
        await one.turn("wait")
        assert await one.call(lane, "thief") == 401
        assert (await one.last())["code"] == "token_expired"


@pytest.mark.parametrize("lane", ["session", "hybrid"])
async def test_without_the_store_memory_is_good_for_max_staleness_and_then_nobody_is_let_in(
    lane: str,
) -> None:
    async with playing() as one:
        await one.sign_in(lane)
        assert await one.call(lane) == 200
        await one.turn("switch", what="store", cut=True)
        assert await one.call(lane) == 200
        found = await one.last()
        assert (found["cache"], found["reads"], found["asked"], found["fresh"]) == ("hit", 0, [], True)
        await one.turn("wait")
        assert await one.call(lane) == 503
        found = await one.last()
        assert (found["fresh"], found["reads"], found["code"]) == (False, 1, "unavailable")
        assert all(asked["failed"] for asked in found["asked"])
        assert (await one.ask(lane, "browser", "auth/logout")).status_code == 503
        await one.turn("switch", what="store", cut=False)
        assert await one.call(lane) == 200


async def test_without_the_store_a_token_goes_on() -> None:
    async with playing() as one:
        await one.sign_in("jwt")
        assert await one.call("jwt") == 200
        await one.turn("switch", what="store", cut=True)
        await one.turn("wait")
        assert await one.call("jwt") == 200
        assert (await one.last())["asked"] == []


@pytest.mark.parametrize("lane", ["session", "hybrid"])
async def test_without_the_feed_a_copy_is_good_for_max_staleness_and_then_the_store_is_asked(
    lane: str,
) -> None:
    async with playing() as one:
        await one.sign_in(lane)
        await one.steal(lane)
        await one.sign_in(lane, "second")
        assert await one.call(lane, "thief") == await one.call(lane, "second") == 200
        await one.turn("switch", what="feed", cut=True)
        assert (await one.ask(lane, "browser", "auth/logout")).status_code == 200
        assert await one.call(lane, "thief") == 200
        assert (await one.last())["age"] < 5
        await one.turn("wait")
        assert await one.call(lane, "thief") == 401
        found = await one.last()
        asked = [(one["name"], bool(one["failed"])) for one in found["asked"]]
        assert (asked, found["reads"]) == ([("read_feed", True), ("session", False)], 1)
        assert await one.call(lane, "second") == 200
        assert (await one.last())["reads"] == 1


async def test_the_first_call_looks_closely_and_the_next_remembers() -> None:
    async with playing() as one:
        reads = {}
        for lane in STRATEGIES:
            await one.sign_in(lane)
            for wanted in ("miss", "hit", "hit"):
                assert await one.call(lane) == 200
                found = await one.last()
                assert found["cache"] == wanted
                reads.setdefault(lane, []).append(found["reads"])
                assert found["micros"] > 0
        assert reads == {"session": [1, 0, 0], "jwt": [0, 0, 0], "hybrid": [0, 0, 0]}


async def test_a_role_changes_at_once_with_the_refresh_or_not_before_the_end() -> None:
    async with playing() as one:
        for lane in STRATEGIES:
            await one.sign_in(lane)
            assert await one.call(lane) == 200
        await one.turn("role", role="reader")
        for lane in STRATEGIES:
            if lane == "hybrid":
                await one.until_refused(lane, "browser")
                assert (await one.last())["code"] == "token_stale"
                assert (await one.ask(lane, "browser", "auth/refresh")).status_code == 200
            for _ in range(LATE):
                scope = (await one.ask(lane, "browser", "api", "GET")).json()["scope"]
                if scope == "read" or lane == "jwt":
                    break
                await anyio.sleep(0.005)
            assert scope == ("read write" if lane == "jwt" else "read"), lane
        assert {entry["lane"] for entry in one.log if entry["what"] == "role"} == set(STRATEGIES)


async def test_R02_a_thief_who_shows_a_spent_refresh_credential_ends_the_session() -> None:
    async with playing() as one:
        await one.sign_in("hybrid")
        await one.steal("hybrid")
        assert (await one.ask("hybrid", "browser", "auth/refresh")).status_code == 200
        await one.turn("wait")
        assert await one.call("hybrid") == 200
        assert (await one.ask("hybrid", "thief", "auth/refresh")).status_code == 401
        await one.until_refused("hybrid", "browser")
        assert (await one.last())["code"] == "credential_revoked"


async def test_the_log_adds_up_to_the_servers_own_counters() -> None:
    async with playing() as one:
        for lane in STRATEGIES:
            await one.sign_in(lane)
            await one.sign_in(lane, "second")
            await one.steal(lane)
            for who in CLIENTS:
                await one.call(lane, who)
                await one.call(lane, who)
            await one.ask(lane, "browser", "nothing", "GET")
        await one.turn("role", role="reader")
        await one.turn("switch", what="feed", cut=True)
        await one.turn("wait")
        for lane in STRATEGIES:
            await one.call(lane)
            await one.ask(lane, "browser", "auth/logout", all=True)
            await one.call(lane, "thief")
        state = await one.state()
        for lane in STRATEGIES:
            assert sums(one.log, lane) == counted(state, lane)
            assert sums(one.log, lane)["requests"] == 12
        assert [entry["number"] for entry in one.log] == list(range(1, len(one.log) + 1))


async def test_to_begin_again_joins_empties_and_counts_from_nothing() -> None:
    async with playing() as one:
        for lane in STRATEGIES:
            await one.sign_in(lane)
        await one.turn("role", role="reader")
        await one.turn("switch", what="store", cut=True)
        await one.turn("wait")
        await one.turn("again")
        assert list(one.browser.cookies.jar) == []
        one.log.clear()
        state = await one.state()
        assert [entry["what"] for entry in one.log] == ["again"]
        assert (state["store"], state["feed"], state["turned"]) == (False, False, 60.0)
        for lane in state["lanes"]:
            assert lane["role"] == "editor"
            assert counted(state, lane["name"]) == {"requests": 0, "bytes": 0, "accepted": 0, "reads": 0}


async def test_the_lanes_end_with_the_server() -> None:
    found: Served
    async with served(issuer=LOCAL) as found, found.browser() as browser:
        await Playing(browser).sign_in("session")
        ground = found.app._playground
        assert ground.lanes
    assert ground.lanes == {}
