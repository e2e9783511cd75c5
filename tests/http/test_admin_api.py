"""The administration as JSON: the same acts, the same rules, the same log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from limen.accounts import ADMIN_SCOPE
from limen.audit import Wanted
from limen.server.admin.api import ENDPOINTS
from limen.server.admin.log import FIELDS, wanted_of
from support.http import EMAIL, PASSWORD, TRANSPORTS, Served, code, served

pytestmark = pytest.mark.anyio

ROOT = "root@example.org"
AT = "/auth/admin"


@asynccontextmanager
async def administered(
    transport: str = "bearer", **options: Any
) -> AsyncIterator[tuple[Served, httpx2.AsyncClient, str]]:
    """A server, an administrator's client, and the id of somebody else's account."""
    async with served(strategy="hybrid", **options) as at:
        await at.auth.add_account(ROOT, PASSWORD, scopes=(ADMIN_SCOPE,))
        other = await at.auth.find_account(EMAIL)
        yield at, await at.either(transport, ROOT), other.id


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_account_is_found_disabled_and_enabled(transport: str) -> None:
    async with administered(transport) as (at, root, other):
        found = (await root.get(f"{AT}/accounts", params={"search": EMAIL[:5]})).json()
        assert [one["id"] for one in found["accounts"]] == [other]
        assert found["after"] == ""
        sid = (await at.auth.sign_in(EMAIL, PASSWORD, user_agent="curl")).grant.session
        whole = (await root.get(f"{AT}/accounts/{other}")).json()
        assert whole["account"]["email"] == EMAIL
        assert [(one["id"], one["user_agent"], one["current"]) for one in whole["sessions"]] == [
            (sid, "curl", False)
        ]
        ended = (await root.post(f"{AT}/accounts/{other}/disable")).json()
        assert ended["effective_in"] == at.auth.settings.max_staleness
        assert (await at.auth.find_account(EMAIL)).disabled is not None
        enabled = (await root.post(f"{AT}/accounts/{other}/enable")).json()
        assert enabled["disabled_at"] is None
        events = [entry["event"] for entry in (await root.get(f"{AT}/audit")).json()["entries"]]
        assert events[:3] == ["account_enabled", "account_disabled", "account_viewed"]


async def test_sessions_are_ended() -> None:
    async with administered() as (at, root, other):
        one, two = [(await at.auth.sign_in(EMAIL, PASSWORD)).grant.session for _ in range(2)]
        assert (await root.delete(f"{AT}/sessions/{one}")).status_code == 200
        again = await root.delete(f"{AT}/sessions/{one}")
        assert (again.status_code, code(again)) == (404, "session_unknown")
        assert [s.id for s in await at.auth.store.sessions_of(other, now=at.clock.now())] == [two]
        assert (await root.delete(f"{AT}/accounts/{other}/sessions")).status_code == 200
        assert await at.auth.store.sessions_of(other, now=at.clock.now()) == []


async def test_the_audit_log_is_narrowed_and_paged() -> None:
    async with administered() as (at, root, other):
        for n in range(60):
            at.clock.turn(1)
            await at.auth.sign_in(EMAIL, PASSWORD, source=f"192.0.2.{n}")
        asked = {"event": "sign_in", "account": other}
        first = (await root.get(f"{AT}/audit", params=asked)).json()
        rest = (await root.get(f"{AT}/audit", params=asked | {"before": first["before"]})).json()
        sources = [one["source"] for one in first["entries"] + rest["entries"]]
        assert sources == [f"192.0.2.{n}" for n in range(59, -1, -1)]
        assert rest["before"] == ""
        assert (await root.get(f"{AT}/audit", params={"source": "192.0.2.9"})).json()["entries"][0][
            "detail"
        ] == "pwd"
        wrong = await root.get(f"{AT}/audit", params={"since": "soon"})
        assert (wrong.status_code, code(wrong)) == (400, "invalid_request")
        wrong = await root.get(f"{AT}/accounts", params={"among": "some"})
        assert (wrong.status_code, code(wrong)) == (400, "invalid_request")


async def test_whoever_is_no_administrator_is_refused_everywhere() -> None:
    async with administered() as (at, _, other):
        someone, stranger = await at.bearer(), at.client()
        before = await at.auth.store.account(other)
        for one in ENDPOINTS:
            path = one.path.replace("{api}", "/auth").replace("{account}", other).replace("{sid}", other)
            refused = await someone.request(one.method, path)
            assert (refused.status_code, code(refused)) == (403, "insufficient_scope")
            refused = await stranger.request(one.method, path)
            assert (refused.status_code, code(refused)) == (401, "credential_missing")
        assert await at.auth.store.account(other) == before


async def test_acts_ask_for_a_recent_proof_and_nobody_locks_themselves_out() -> None:
    async with administered(access_lifetime=7_200) as (at, root, other):
        own = (await at.auth.find_account(ROOT)).id
        locked = await root.post(f"{AT}/accounts/{own}/disable")
        assert (locked.status_code, code(locked)) == (409, "own_account")
        nobody = await root.post(f"{AT}/accounts/{at.auth.ring.active.kid}/disable")
        assert (nobody.status_code, code(nobody)) == (404, "account_unknown")
        at.clock.turn(601)
        for one in ENDPOINTS:
            path = one.path.replace("{api}", "/auth").replace("{account}", other).replace("{sid}", other)
            answer = await root.request(one.method, path)
            if one.method == "GET":
                assert answer.status_code == 200
            else:
                assert (answer.status_code, code(answer)) == (401, "authentication_too_old")
                assert 'max_age="600"' in answer.headers["www-authenticate"]
        assert (await at.auth.find_account(EMAIL)).disabled is None
        assert await at.auth.store.entries(Wanted(event="account_disabled")) == []


@pytest.mark.parametrize("asked", ["among=disabled&among=all", "among=%zz", "search=%ff"])
async def test_a_query_that_can_be_read_in_two_ways_finds_nothing(asked: str) -> None:
    """It was read as no query at all once, which finds everybody."""
    async with administered() as (_, root, _other):
        answer = await root.get(f"{AT}/accounts?{asked}")
        assert (answer.status_code, code(answer)) == (400, "invalid_request")


def test_a_moment_with_an_offset_is_that_moment() -> None:
    given = dict.fromkeys(FIELDS, "") | {"since": "2026-03-29T12:00:00+05:00", "until": "2026-03-29 07:00"}
    wanted, wrong = wanted_of(given)
    assert (wanted.since, wrong) == (wanted.until, "")
