"""Signing out, and what ends with a password, over HTTP."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from support.http import LOGIN, TRANSPORTS, code, cookies, login, served
from support.world import OTHER_PASSWORD, PASSWORD, STRATEGIES

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_S22_sign_out_says_when_it_is_in_effect_and_it_is(strategy: str, transport: str) -> None:
    async with served(strategy=strategy) as at, await at.either(transport) as client:
        held = {c.name: c.value for c in client.cookies.jar if c.value and c.name != "__Host-device"}
        answer = await client.post("/auth/logout")
        assert answer.status_code == 200
        told = answer.json()
        assert told["effective_at"].endswith("Z")
        assert told["effective_in"] <= (905 if strategy == "jwt" else 5)
        at.clock.turn(told["effective_in"])
        await at.auth.catch_up()
        headers = {"cookie": "; ".join(f"{k}={v}" for k, v in held.items() if k != "__Secure-refresh")}
        if transport == "cookie":
            assert {name for name, m in cookies(answer).items() if m.value == ""} >= set(held)
            assert all(m["max-age"] == "0" for m in cookies(answer).values())
            assert "__Host-device" not in cookies(answer)
            assert answer.headers["clear-site-data"] == '"cache"'
        else:
            assert "set-cookie" not in answer.headers
            headers = {"authorization": client.headers["authorization"]}
        assert (await at.client().get("/auth/session", headers=headers)).status_code == 401


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_what_is_said_of_the_end_is_never_earlier_than_the_end(strategy: str) -> None:
    async with served(strategy=strategy) as at, await at.bearer() as client:
        at.clock.turn(0.3)
        who = await at.auth.authenticate(client.headers["authorization"].removeprefix("Bearer "))
        told = (await client.post("/auth/logout")).json()
        effective = (await at.auth.sign_out(who)).effective  # the clock stands still: as the first time
        said = datetime.fromisoformat(told["effective_at"]).timestamp()
        assert effective <= said < effective + 1
        assert effective - at.clock.now() <= told["effective_in"] < effective - at.clock.now() + 1


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S22_a_request_in_flight_is_answered_and_the_next_is_not(strategy: str) -> None:
    async with served(strategy=strategy) as at, await at.bearer() as client:
        flying = [client.get("/auth/sessions") for _ in range(8)]
        answers = await asyncio.gather(client.post("/auth/logout"), *flying)
        assert {answer.status_code for answer in answers} <= {200, 401}
        assert "set-cookie" not in "".join(str(answer.headers) for answer in answers)
        assert (await client.get("/auth/sessions")).status_code == 401


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_sign_out_of_everything(strategy: str) -> None:
    async with served(strategy=strategy) as at, await at.bearer() as here, await at.bearer() as there:
        assert (await here.post("/auth/logout", json={"all": True})).status_code == 200
        assert (await there.get("/auth/session")).status_code == 401
        assert (await here.get("/auth/session")).status_code == 401


async def test_a_sign_out_whose_body_is_not_understood_ends_nothing() -> None:
    async with served() as at, await at.bearer() as client:
        for body in ({"everywhere": True}, {"all": "yes"}, []):
            assert (await client.post("/auth/logout", json=body)).status_code == 400
        assert (await client.get("/auth/session")).status_code == 200


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_S26_a_new_password_ends_the_others_and_this_one_goes_on(strategy: str, transport: str) -> None:
    async with (
        served(strategy=strategy) as at,
        await at.either(transport) as client,
        await at.bearer() as other,
    ):
        before = (await client.get("/auth/session")).json()["session"]
        at.clock.turn(1)
        answer = await client.post(
            "/auth/password/change", json={"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
        )
        assert answer.status_code == 200
        if transport == "bearer":
            client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        else:
            assert "access_token" not in answer.json()
        who = (await client.get("/auth/session")).json()
        assert who["session"] != before
        if strategy != "jwt":
            assert (await other.get("/auth/session")).status_code == 401
        assert (
            await at.client().post("/auth/login", json=LOGIN | {"transport": "bearer"})
        ).status_code == 401
        await login(at.client(), password=OTHER_PASSWORD)


async def test_a_wrong_current_password_changes_nothing() -> None:
    async with served() as at, await at.bearer() as client:
        for current, fresh, status, why in (
            (OTHER_PASSWORD, OTHER_PASSWORD, 403, "password_wrong"),
            (PASSWORD, "short", 422, "password_too_short"),
            (PASSWORD, "", 422, "password_empty"),
        ):
            body = {"current_password": current, "new_password": fresh}
            answer = await client.post("/auth/password/change", json=body)
            assert (answer.status_code, code(answer)) == (status, why)
        assert (await client.get("/auth/session")).status_code == 200
        await login(at.client())
