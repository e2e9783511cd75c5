"""Signing in by more than a password, and stepping up, over both transports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from support.factors import Codes, code_at
from support.http import LOGIN, TRANSPORTS, Served, code, cookies, login, served
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD, STRATEGIES

pytestmark = pytest.mark.anyio
SEED = b"12345678901234567890"


@asynccontextmanager
async def guarded(*, strategy: str = "hybrid") -> AsyncIterator[Served]:
    codes = Codes()
    async with served(strategy=strategy, factors=[codes]) as at:
        codes.seeds[(await at.auth.find_account(EMAIL)).id] = SEED
        yield at


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_S29_a_browser_gets_the_half_in_a_cookie_that_opens_nothing(strategy: str) -> None:
    async with guarded(strategy=strategy) as at, at.browser() as browser:
        half = await browser.post("/auth/login", json=LOGIN | {"transport": "cookie"})
        assert (half.status_code, half.json()) == (
            202,
            {"factors": ["otp"], "expires_in": 600, "status": "factor_needed"},
        )
        found = cookies(half)
        assert set(found) == {"__Host-half"}
        flags = found["__Host-half"]
        assert (bool(flags["httponly"]), flags["samesite"], flags["max-age"]) == (True, "Lax", "600")
        assert code(await browser.get("/auth/session")) == "credential_missing"
        body = {"factor": "otp", "answer": code_at(SEED, at.clock.now())}
        done = await browser.post("/auth/login/factor", json=body)
        assert done.status_code == 200
        assert cookies(done)["__Host-half"].value == ""
        assert (await browser.get("/auth/session")).json()["amr"] == ["pwd", "otp"]


async def test_a_program_carries_the_half_itself() -> None:
    async with guarded() as at, at.client() as client:
        half = await client.post("/auth/login", json=LOGIN | {"transport": "bearer"})
        assert "set-cookie" not in half.headers
        body = {"factor": "otp", "half": half.json()["half"], "answer": code_at(SEED, at.clock.now())}
        done = await client.post("/auth/login/factor", json=body)
        client.headers["authorization"] = f"Bearer {done.json()['access_token']}"
        assert (await client.get("/auth/session")).json()["amr"] == ["pwd", "otp"]


async def test_S29_the_half_is_accepted_by_no_other_route() -> None:
    async with guarded() as at, at.client() as client:
        half = (await client.post("/auth/login", json=LOGIN | {"transport": "bearer"})).json()["half"]
        for headers in ({"authorization": f"Bearer {half}"}, {"cookie": f"__Host-token={half}"}):
            assert (await client.get("/auth/session", headers=headers)).status_code == 401
        assert (await client.post("/auth/refresh", json={"refresh_token": half})).status_code == 401


async def test_a_wrong_answer_a_missing_half_and_two_halves_are_refused() -> None:
    async with guarded() as at, at.browser() as browser:
        body = {"factor": "otp", "answer": "000000"}
        assert code(await browser.post("/auth/login/factor", json=body)) == "sign_in_over"
        await browser.post("/auth/login", json=LOGIN | {"transport": "cookie"})
        assert code(await browser.post("/auth/login/factor", json=body)) == "factor_wrong"
        both = body | {"half": browser.cookies["__Host-half"]}
        assert code(await browser.post("/auth/login/factor", json=both)) == "credential_ambiguous"
        unknown = body | {"factor": "hwk"}
        assert code(await browser.post("/auth/login/factor", json=unknown)) == "factor_unknown"


async def test_S14_a_page_of_another_site_finishes_no_sign_in() -> None:
    async with guarded() as at, at.browser() as browser:
        await browser.post("/auth/login", json=LOGIN | {"transport": "cookie"})
        body = {"factor": "otp", "answer": code_at(SEED, at.clock.now())}
        evil = {"origin": "https://evil.example"}
        assert code(await browser.post("/auth/login/factor", json=body, headers=evil)) == "cross_site"


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_stepping_up_makes_the_proof_a_recent_one(strategy: str, transport: str) -> None:
    async with served(strategy=strategy) as at, await at.either(transport) as client:
        at.clock.turn(400)
        before = (await client.get("/auth/session")).json()
        assert code(await client.post("/auth/step-up", json={"password": OTHER_PASSWORD})) == "password_wrong"
        done = await client.post("/auth/step-up", json={"password": PASSWORD})
        assert done.status_code == 200
        if transport == "bearer":
            client.headers["authorization"] = f"Bearer {done.json()['access_token']}"
        after = (await client.get("/auth/session")).json()
        assert after["authenticated_at"] > before["authenticated_at"]
        assert after["session"] != before["session"]


async def test_stepping_up_asks_for_the_other_factors_too() -> None:
    codes = Codes()
    async with served(factors=[codes]) as at, at.browser() as browser:
        await login(browser, transport="cookie")
        codes.seeds[(await at.auth.find_account(EMAIL)).id] = SEED
        before = (await browser.get("/auth/session")).json()["session"]
        half = await browser.post("/auth/step-up", json={"password": PASSWORD})
        assert (half.status_code, half.json()["factors"]) == (202, ["otp"])
        assert (await browser.get("/auth/session")).json()["session"] == before
        body = {"factor": "otp", "answer": code_at(SEED, at.clock.now())}
        assert (await browser.post("/auth/login/factor", json=body)).status_code == 200
        assert (await browser.get("/auth/session")).json()["amr"] == ["pwd", "otp"]


async def test_a_stranger_steps_up_to_nothing() -> None:
    async with served() as at, at.browser() as browser:
        answer = await browser.post("/auth/step-up", json={"password": PASSWORD})
        assert code(answer) == "credential_missing"


async def test_a_store_that_is_away_finishes_no_sign_in() -> None:
    async with guarded() as at, at.browser() as browser:
        await browser.post("/auth/login", json=LOGIN | {"transport": "cookie"})
        await at.auth.store.close()
        body = {"factor": "otp", "answer": code_at(SEED, at.clock.now())}
        assert (await browser.post("/auth/login/factor", json=body)).status_code == 503
