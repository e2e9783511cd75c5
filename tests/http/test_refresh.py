"""Refreshing over HTTP, by body and by cookie."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from limen.testing import TurnableClock
from support.http import LOGIN, code, login, served
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD, STRATEGIES

pytestmark = pytest.mark.anyio


async def test_refresh_by_body_and_by_cookie() -> None:
    async with served() as at, at.client() as client, await at.signed_in() as browser:
        tokens = await login(client)
        at.clock.turn(60)
        fresh = (await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).json()
        assert fresh["refresh_token"] != tokens["refresh_token"]
        headers = {"authorization": f"Bearer {fresh['access_token']}"}
        assert (await client.get("/auth/session", headers=headers)).status_code == 200
        before = {c.name: c.value for c in browser.cookies.jar}
        answer = await browser.post("/auth/refresh")
        assert answer.status_code == 200
        after = {c.name: c.value for c in browser.cookies.jar}
        assert before["__Secure-refresh"] != after["__Secure-refresh"]
        assert before["__Host-token"] != after["__Host-token"]
        assert before["__Host-device"] == after["__Host-device"]
        assert not any(value in answer.text for value in after.values() if value)


async def test_S14_S16_a_refresh_cookie_that_a_neighbour_planted_signs_nobody_in() -> None:
    async with served() as at, await at.signed_in() as victim:
        await at.auth.add_account("eve@example.org", PASSWORD)
        eve = await at.signed_in("eve@example.org")
        planted = next(c.value for c in eve.cookies.jar if c.name == "__Secure-refresh")
        own = {c.name: c.value for c in victim.cookies.jar}
        jars = [
            {"__Secure-refresh": planted},
            {"__Secure-refresh": planted, "__Host-device": own["__Host-device"]},
            {"__Secure-refresh": planted, "__Host-refreshes": ""},
            {"__Secure-refresh": planted, "__Host-refreshes": own["__Host-refreshes"]},
        ]
        for jar in jars:
            cookie = "; ".join(f"{name}={value}" for name, value in jar.items())
            answer = await at.browser().post("/auth/refresh", headers={"cookie": cookie})
            assert (answer.status_code, code(answer)) == (401, "refresh_denied")
            assert "set-cookie" not in answer.headers
        both = f"__Secure-refresh={own['__Secure-refresh']}; __Secure-refresh={planted}"
        answer = await at.browser().post("/auth/refresh", headers={"cookie": both})
        assert (answer.status_code, code(answer)) == (400, "credential_ambiguous")
        assert (await victim.post("/auth/refresh")).status_code == 200


async def test_a_refresh_takes_one_credential() -> None:
    async with served() as at, await at.signed_in() as browser:
        tokens = await login(at.client())
        answer = await browser.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert (answer.status_code, code(answer)) == (400, "credential_ambiguous")
        assert code(await at.browser().post("/auth/refresh")) == "credential_missing"
        for body in ({}, {"refresh_token": None}, {"refresh_token": ""}):
            assert (await at.browser().post("/auth/refresh", json=body)).status_code == 401
        again = await at.client().post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert again.status_code == 200, "the refused request spent nothing"


async def test_R01_a_replay_ends_the_session_for_both_holders() -> None:
    async with served() as at, at.client() as client:
        first = await login(client)
        second = (await client.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
        at.clock.turn(at.auth.settings.refresh_grace)
        stolen = await client.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})
        assert (stolen.status_code, code(stolen)) == (401, "refresh_denied")
        answer = await client.post("/auth/refresh", json={"refresh_token": second["refresh_token"]})
        assert code(answer) == "refresh_denied"
        headers = {"authorization": f"Bearer {second['access_token']}"}
        assert code(await client.get("/auth/session", headers=headers)) == "credential_revoked"


async def test_R04_a_replay_in_the_grace_after_its_successor_was_used_is_a_theft() -> None:
    async with served() as at, at.client() as client:
        first = (await login(client))["refresh_token"]
        second = (await client.post("/auth/refresh", json={"refresh_token": first})).json()
        third = (await client.post("/auth/refresh", json={"refresh_token": second["refresh_token"]})).json()
        at.clock.turn(1)
        answer = await client.post("/auth/refresh", json={"refresh_token": first})
        assert code(answer) == "refresh_denied"
        answer = await client.post("/auth/refresh", json={"refresh_token": third["refresh_token"]})
        assert code(answer) == "refresh_denied"


async def test_R06_a_replay_is_found_after_a_restart(tmp_path: Path) -> None:
    clock, database = TurnableClock(), f"sqlite:///{tmp_path}/limen.db"
    async with served(database=database, clock=clock) as at, at.client() as client:
        first = (await login(client))["refresh_token"]
        second = (await client.post("/auth/refresh", json={"refresh_token": first})).json()
    clock.turn(60)
    async with served(database=database, clock=clock, account=False) as at, at.client() as client:
        headers = {"authorization": f"Bearer {second['access_token']}"}
        assert (await client.get("/auth/session", headers=headers)).status_code == 200
        assert code(await client.post("/auth/refresh", json={"refresh_token": first})) == "refresh_denied"
        assert (await client.get("/auth/session", headers=headers)).status_code == 401
        body = {"refresh_token": second["refresh_token"]}
        assert code(await client.post("/auth/refresh", json=body)) == "refresh_denied"


async def test_R02_many_refreshes_at_once_get_one_successor(tmp_path: Path) -> None:
    async with served(database=f"sqlite:///{tmp_path}/limen.db") as at, at.client() as client:
        tokens = await login(client)
        body = {"refresh_token": tokens["refresh_token"]}
        answers = await asyncio.gather(*(client.post("/auth/refresh", json=body) for _ in range(16)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["refresh_token"] for answer in answers}) == 1


@pytest.mark.parametrize("late", [9.9, 10.0])
async def test_R03_R05_a_retry_in_the_grace_gets_the_same_successor(late: float) -> None:
    async with served(refresh_grace=10) as at, at.client() as client:
        body = {"refresh_token": (await login(client))["refresh_token"]}
        first = await client.post("/auth/refresh", json=body)
        at.clock.turn(late)
        again = await client.post("/auth/refresh", json=body)
        if late < 10:
            assert again.json()["refresh_token"] == first.json()["refresh_token"]
        else:
            assert again.status_code == 401


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_R11_refresh_and_access_are_never_taken_for_each_other(strategy: str) -> None:
    async with served(strategy=strategy) as at, at.client() as client:
        tokens = await login(client)
        answer = await client.post("/auth/refresh", json={"refresh_token": tokens["access_token"]})
        assert answer.status_code == 401
        if strategy == "hybrid":
            headers = {"authorization": f"Bearer {tokens['refresh_token']}"}
            assert (await client.get("/auth/session", headers=headers)).status_code == 401


async def test_R12_refreshing_does_not_outlive_the_absolute_lifetime() -> None:
    async with served(idle_lifetime=3_600, absolute_lifetime=7_200) as at, at.client() as client:
        tokens = await login(client)
        for _ in range(4):
            at.clock.turn(1_750)
            answer = await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
            assert answer.status_code == 200
            tokens = answer.json()
        assert tokens["expires_in"] <= 200
        at.clock.turn(200)
        answer = await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert code(answer) == "refresh_denied"


@pytest.mark.parametrize("how", ["logout", "password", "disable"])
async def test_R13_nothing_refreshes_after_the_end(how: str) -> None:
    async with served() as at, at.client() as client:
        tokens = await login(client)
        headers = {"authorization": f"Bearer {tokens['access_token']}"}
        if how == "logout":
            assert (await client.post("/auth/logout", headers=headers)).status_code == 200
        elif how == "password":
            body = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
            assert (await client.post("/auth/password/change", json=body, headers=headers)).status_code == 200
        else:
            await at.auth.disable_account(await at.auth.find_account(EMAIL))
        answer = await client.post("/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert (answer.status_code, code(answer)) == (401, "refresh_denied")


async def test_R14_a_refresh_asks_for_no_scope() -> None:
    async with served(account=False) as at, at.client() as client:
        await at.auth.add_account(EMAIL, PASSWORD, scopes=("a", "b"))
        tokens = await login(client, scope="a")
        assert tokens["scope"] == "a"
        body = {"refresh_token": tokens["refresh_token"]}
        assert code(await client.post("/auth/refresh", json=body | {"scope": "a b"})) == "body_malformed"
        assert (await client.post("/auth/refresh", json=body)).json()["scope"] == "a"
        answer = await client.post("/auth/login", json=LOGIN | {"scope": "a c", "transport": "bearer"})
        assert (answer.status_code, code(answer)) == (400, "invalid_scope")
