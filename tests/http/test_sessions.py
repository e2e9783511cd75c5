"""Seeing one's sessions, and ending them; never anybody else's."""

from __future__ import annotations

import pytest

from limen import ids
from limen.clock import Instant
from support.http import LOGIN, ask, code, login, served
from support.world import EMAIL, PASSWORD

pytestmark = pytest.mark.anyio
OTHER = "eve@example.org"


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_the_list_says_where_and_when_and_which_is_this_one(strategy: str) -> None:
    async with served(strategy=strategy) as at, await at.bearer() as first:
        at.clock.turn(61)
        phone = at.client(peer="203.0.113.9", **{"user-agent": "Phone/1"})
        phone.headers["authorization"] = f"Bearer {(await login(phone))['access_token']}"
        seen = (await phone.get("/auth/sessions")).json()["sessions"]
        assert [one["current"] for one in seen] == [True, False]
        assert (seen[0]["user_agent"], seen[0]["source"]) == ("Phone/1", "203.0.113.9")
        assert seen[0]["created_at"] == "2027-01-15T08:01:01Z"
        assert seen[1]["id"] == (await first.get("/auth/session")).json()["session"]
        assert set(seen[0]) == {
            "id", "current", "created_at", "last_seen_at", "expires_at", "user_agent", "source",
        }  # fmt: skip


async def test_a_strategy_without_sessions_lists_none_and_says_so() -> None:
    async with served(strategy="jwt") as at, await at.bearer() as client:
        assert (await client.get("/auth/sessions")).json() == {"sessions": []}
        own = (await client.get("/auth/session")).json()["session"]
        answer = await client.delete(f"/auth/sessions/{own}")
        assert (answer.status_code, code(answer)) == (404, "session_unknown")


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
@pytest.mark.parametrize("transport", ["bearer", "cookie"])
async def test_one_session_is_ended(strategy: str, transport: str) -> None:
    async with (
        served(strategy=strategy) as at,
        await at.either(transport) as here,
        await at.bearer() as there,
    ):
        mine, theirs = [(await c.get("/auth/session")).json()["session"] for c in (here, there)]
        ended = await here.delete(f"/auth/sessions/{theirs}")
        assert ended.status_code == 200
        assert ended.json()["effective_in"] <= 5
        assert "set-cookie" not in ended.headers
        assert (await there.get("/auth/session")).status_code == 401
        assert (await here.get("/auth/session")).status_code == 200
        assert (await here.delete(f"/auth/sessions/{theirs}")).status_code == 404
        own = await here.delete(f"/auth/sessions/{mine}")
        assert ("set-cookie" in own.headers) == (transport == "cookie")
        assert (await here.get("/auth/session")).status_code == 401


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_all_others_are_ended(strategy: str) -> None:
    async with served(strategy=strategy) as at, await at.bearer() as here:
        others = [await at.bearer() for _ in range(3)]
        assert (await here.delete("/auth/sessions")).status_code == 200
        for other in others:
            assert (await other.get("/auth/session")).status_code == 401
        assert len((await here.get("/auth/sessions")).json()["sessions"]) == 1


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S34_another_accounts_session_is_not_there(strategy: str) -> None:
    async with served(strategy=strategy) as at, await at.bearer() as ada:
        await at.auth.add_account(OTHER, PASSWORD)
        eve = await at.bearer(OTHER)
        sid = (await ada.get("/auth/session")).json()["session"]
        unknown = ids.uuid7(Instant(at.clock.now()))
        answers = [
            await eve.delete(f"/auth/sessions/{one}") for one in (sid, unknown, sid.upper(), "x", sid + "x")
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1, "nothing tells which of them exists"
        assert sid not in (await eve.get("/auth/sessions")).text
        await eve.delete("/auth/sessions")
        await eve.post("/auth/logout", json={"all": True})
        assert (await ada.get("/auth/session")).status_code == 200


@pytest.mark.parametrize(
    "agent",
    [
        b"\x1b[2J\x1b[31mowned",
        b"a\r\nset-cookie: x=y",
        b"a\nb",
        b"a\0b",
        b"\x9b31m",
        b"\xff\xfe",
        "\u202eevil".encode(),
        b"%1b[2J",
        b"x" * 1_048_576,
        b"",
        b"<script>alert(1)</script>",
    ],
    ids=lambda agent: repr(agent[:16]),
)
async def test_W07_a_user_agent_breaks_no_log_and_no_list(
    agent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with served() as at:
        headers = [("content-type", "application/json"), ("user-agent", agent)]
        body = b'{"email":"%s","password":"%s","transport":"bearer"}' % (EMAIL.encode(), PASSWORD.encode())
        assert (await ask(at.app, "POST", "/auth/login", headers=headers, body=[body])).status_code == 200
        client = await at.bearer()
        seen = (await client.get("/auth/sessions")).json()["sessions"][1]["user_agent"]
    assert seen.isprintable()
    assert len(seen) <= 256
    for record in caplog.records:
        assert "\x1b" not in record.getMessage()
        assert "\n" not in record.getMessage()
        assert len(record.getMessage()) < 2_000


@pytest.mark.parametrize("path", ["/auth/session\x1b[2J", "/auth/x\r\ninjected", "/" + "x" * 100_000])
async def test_W07_a_path_is_not_written_into_the_log(path: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with served() as at:
        assert (await ask(at.app, path=path)).status_code == 404
        assert (await ask(at.app, "X\x1b[2J", "/auth/session")).status_code == 405
    assert "\x1b" not in caplog.text
    assert "injected" not in caplog.text
    assert all(len(record.getMessage()) < 2_000 for record in caplog.records)


async def test_an_address_that_was_typed_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """People type their password into the field for the address."""
    caplog.set_level("DEBUG")
    async with served() as at, at.client() as client:
        await client.post(
            "/auth/login", json=LOGIN | {"email": "hunter2 hunter2 hunter2", "transport": "bearer"}
        )
        await client.post("/auth/register", json=LOGIN | {"email": "hunter2 hunter2 hunter2"})
    assert "hunter2" not in caplog.text


async def test_S27_nobody_leaves_a_row_behind_who_is_not_signed_in() -> None:
    async with served() as at, at.browser() as client:
        account = await at.auth.find_account(EMAIL)
        for _ in range(5):
            await client.get("/auth/session")
            await client.post("/auth/logout")
            await client.post("/auth/logout", headers={"cookie": f"__Host-sid={'A' * 64}"})
            await client.post("/auth/refresh", json={"refresh_token": "A" * 64})
        assert await at.auth.store.sessions_of(account.id, now=at.clock.now()) == []
        page = await at.auth.store.read_feed(0, now=at.clock.now())
        assert page.revocations == ()
