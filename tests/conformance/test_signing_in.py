"""Signing in, calling, refreshing, proving anew: the same answers in every framework."""

from __future__ import annotations

import anyio
import httpx2
import pytest

from conformance.site import Site, problem, refused_in_time
from limen.testing import PASSWORD

pytestmark = pytest.mark.anyio
TRANSPORTS = pytest.mark.parametrize("transport", ["bearer", "cookie"])


async def signed_in(client: httpx2.AsyncClient, email: str, transport: str) -> dict[str, str]:
    body = {"email": email, "password": PASSWORD, "transport": transport}
    answer = await client.post("/auth/login", json=body)
    assert answer.status_code == 200, answer.text
    if transport == "bearer":
        client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
    found: dict[str, str] = answer.json()
    return found


@TRANSPORTS
async def test_from_registration_to_signing_out(site: Site, transport: str) -> None:
    email = f"{transport}@example.org"
    async with site.client(transport=transport) as client:
        assert (await client.get("/")).status_code == 200
        assert problem(await client.get("/me")) == "credential_missing"
        made = await client.post("/auth/register", json={"email": email, "password": PASSWORD})
        assert made.status_code == 202
        await signed_in(client, email, transport)
        account = await site.elsewhere.find_account(email)
        for _ in range(2):
            answer = await client.get("/me")
            assert (answer.status_code, answer.json()["account"]) == (200, account.id)
        assert (await client.get("/auth/session")).json()["account"] == account.id
        token = client.cookies.get(site.elsewhere.cookie)
        out = await client.post("/auth/logout")
        assert out.status_code == 200, out.text
        if transport == "cookie":  # the answer took it away; somebody who kept it presents it once more
            assert problem(await client.get("/me")) == "credential_missing"
            client.cookies.set(site.elsewhere.cookie, token or "")
        if site.strategy == "jwt":  # what the answer said: in effect when the token ends
            assert (await client.get("/me")).status_code == 200
        else:
            assert problem(await client.get("/me")) == "credential_revoked"


@TRANSPORTS
async def test_two_tabs_refresh_at_the_same_moment(site: Site, transport: str) -> None:
    grant = await site.grant(await site.account())
    async with (
        site.client(grant, transport=transport) as tab,
        site.client(grant, transport=transport) as other,
    ):
        answers: list[httpx2.Response] = []

        async def refresh(client: httpx2.AsyncClient) -> None:
            body = {"refresh_token": grant.refresh or grant.credential} if transport == "bearer" else None
            answers.append(await client.post("/auth/refresh", json=body))

        async with anyio.create_task_group() as both:
            both.start_soon(refresh, tab)
            both.start_soon(refresh, other)
        if site.strategy != "hybrid":
            expected = "refresh_unsupported" if transport == "bearer" else "credential_missing"
            assert [problem(answer) for answer in answers] == [expected] * 2
            return
        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        if transport == "bearer":
            assert answers[0].json()["refresh_token"] == answers[1].json()["refresh_token"] != grant.refresh
            for client, answer in zip((tab, other), answers, strict=True):
                client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        else:
            refreshed = [client.cookies.get("limen-refresh") for client in (tab, other)]
            assert refreshed[0] == refreshed[1] not in (None, grant.refresh)
        for client in (tab, other):
            assert (await client.get("/me")).status_code == 200


async def test_one_session_of_several_is_ended(site: Site) -> None:
    account = await site.account()
    grant, lost = await site.grant(account), await site.grant(account)
    async with site.client(grant) as client, site.client(lost) as thief:
        listed = (await client.get("/auth/sessions")).json()["sessions"]
        if site.strategy == "jwt":  # it keeps none
            assert listed == []
            return
        assert {one["id"] for one in listed} == {grant.session, lost.session}
        assert (await thief.get("/me")).status_code == 200
        assert (await client.delete(f"/auth/sessions/{lost.session}")).status_code == 200
        assert await refused_in_time(thief) == "credential_revoked"
        assert (await client.get("/me")).status_code == 200


@TRANSPORTS
async def test_a_sign_in_that_is_not_fresh_is_stepped_up(site: Site, transport: str) -> None:
    account = await site.account()
    async with site.limen_whose_clock_is_off(-360) as before:
        grant = await site.grant(account, before)
    async with site.client(grant, transport=transport) as client:
        assert (await client.get("/me")).status_code == 200
        refused = await client.post("/fresh")
        assert (refused.status_code, problem(refused)) == (401, "authentication_too_old")
        challenge = refused.headers["www-authenticate"]
        assert 'error="insufficient_user_authentication"' in challenge
        assert 'max_age="300"' in challenge
        proven = await client.post("/auth/step-up", json={"password": PASSWORD})
        assert proven.status_code == 200, proven.text
        if transport == "bearer":
            client.headers["authorization"] = f"Bearer {proven.json()['access_token']}"
        answer = await client.post("/fresh")
        assert (answer.status_code, answer.json()) == (200, {"account": account.id})


async def test_S13_a_cookie_that_another_site_makes_a_browser_send_is_refused(site: Site) -> None:
    grant = await site.grant(await site.account())
    async with site.client(grant, transport="cookie") as client:
        assert (await client.post("/fresh")).status_code == 200
        for headers in (
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        ):
            for path in ("/fresh", "/auth/logout"):
                refused = await client.post(path, headers=headers)
                assert (refused.status_code, problem(refused)) == (403, "cross_site")
        del client.headers["origin"]
        assert problem(await client.post("/fresh")) == "cross_site"
        assert (await client.get("/me")).status_code == 200


async def test_S37_what_is_no_credential_is_refused_in_the_same_words(site: Site) -> None:
    grant = await site.grant(await site.account())
    cookie = {"cookie": f"{site.elsewhere.cookie}={grant.credential}"}
    bearer = {"authorization": f"Bearer {grant.credential}"}
    async with site.client() as client:
        for headers, status, code in (
            ({}, 401, "credential_missing"),
            ({"authorization": "Basic YTpi"}, 401, "credential_missing"),
            ({"authorization": "Bearer"}, 400, "credential_malformed"),
            ({"authorization": "Bearer  two"}, 400, "credential_malformed"),
            ({"authorization": "Bearer a~b"}, 401, "credential_invalid"),
            ({"authorization": f"Bearer {grant.credential}x"}, 401, None),
            ({"cookie": f"{site.elsewhere.cookie}=garbage"}, 401, None),
            ({"cookie": f"{site.elsewhere.cookie}="}, 401, "credential_missing"),
            (
                {"cookie": f"a=b; {site.elsewhere.cookie}=x; {site.elsewhere.cookie}=y"},
                400,
                "credential_ambiguous",
            ),
            ({"cookie": "a=" + "b" * 17_000}, 431, "cookies_too_large"),
            ({**cookie, **bearer}, 400, "credential_ambiguous"),
        ):
            answer = await client.get("/me", headers=headers)
            assert answer.status_code == status, (headers, answer.text)
            assert problem(answer) == (code or answer.json()["code"])
            assert (status != 401) or answer.headers["www-authenticate"].startswith("Bearer")
        for headers in (cookie, bearer, {"authorization": f"bearer {grant.credential}"}):
            assert (await client.get("/me", headers=headers)).status_code == 200
        assert (await client.get("/me", params={"access_token": grant.credential})).status_code == 401
