"""Why this server refuses a token, over HTTP: who may ask, under which policy, and what never leaves."""

from __future__ import annotations

import html
import json
import logging
import re
from typing import Any
from urllib.parse import quote

import pytest

from limen.accounts import ADMIN_SCOPE
from limen.server.workbench.verdict import PATH
from limen.server.workbench.verdict_page import style, style_source
from support.http import LOCAL, LOGIN, Raw, Served, ask, code, login, served
from support.refusals import CASES, changed
from support.world import PASSWORD

pytestmark = pytest.mark.anyio

HERE = "127.0.0.1:8000"
FORM = ("content-type", "application/x-www-form-urlencoded")
ADMIN = "admin@example.org"


async def asked(at: Served, token: str, *headers: tuple[str, str], **request: Any) -> Raw:
    """A verdict request of a page of ours, in development unless a host says otherwise."""
    request.setdefault("host", HERE)
    return await ask(
        at.app, "POST", PATH, headers=[FORM, *headers], body=[f"token={quote(token)}".encode()], **request
    )


async def administrator(at: Served) -> dict[str, Any]:
    await at.auth.add_account(ADMIN, PASSWORD, scopes=(ADMIN_SCOPE,))
    return await login(at.client(), ADMIN)


async def test_a_token_is_explained_by_a_page_without_a_program() -> None:
    async with served(issuer=LOCAL) as at:
        token = (await login(at.client()))["access_token"]
        await at.auth.sign_out(await at.auth.authenticate(token))
        answer = await asked(at, f" Bearer {token}\n")
    said = answer.content.decode()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "Refused at the step “revocations”." in said
    assert "its holder signed out" in said
    assert re.findall(r"<script|<img|<link|<iframe|<form| on\w+=| style=", said) == []


async def test_W19_B01_the_policies_let_nothing_out_but_a_form_to_this_address() -> None:
    async with served(issuer=LOCAL) as at:
        form = await ask(at.app, "GET", PATH, host=HERE, scheme="http")
        answer = await asked(at, "x")
        other = await ask(at.app, "GET", PATH, host="[::1]:8000", scheme="http")
        page = await ask(at.app, "GET", "/workbench", host="localhost:8000", scheme="http")
    nothing = "base-uri 'none'; frame-ancestors 'none'"
    only_style = f"default-src 'none'; style-src {style_source()}"
    where = f"http://{HERE}{PATH}"
    assert form.headers["content-security-policy"] == f"{only_style}; form-action {where}; {nothing}"
    assert answer.headers["content-security-policy"] == f"{only_style}; form-action 'none'; {nothing}"
    assert "form-action 'self'; " in other.headers["content-security-policy"]
    assert f"form-action http://localhost:8000{PATH}; " in page.headers["content-security-policy"]
    assert f"<code>{where}</code>" in form.content.decode()
    for one in (form, answer):
        assert f"<style>{style()}</style>" in one.content.decode()
        assert one.headers["cache-control"] == "no-store"
        assert one.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in one.headers


@pytest.mark.parametrize(("name", "settings", "make"), CASES, ids=[name for name, _, _ in CASES])
async def test_B01_no_credential_is_repeated_or_logged(
    name: str, settings: dict[str, Any], make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with served(issuer=LOCAL, **settings) as at:
        credential = await make(at.auth, at.clock)
        page = await asked(at, credential)
        data = await asked(at, credential, ("accept", "application/json"))
    assert (page.status_code, data.status_code) == (200, 200)
    said = json.loads(data.content)
    assert said["reason"] == name.split()[0]
    assert f"({said['reason']}; over the wire: {said['code']})" in html.unescape(page.content.decode())
    assert "`" not in page.content.decode()
    for text in (page.content.decode(), data.content.decode(), caplog.text):
        assert credential not in html.unescape(text)


async def test_B02_what_a_stranger_wrote_into_a_token_is_text() -> None:
    hostile = "</td><script>alert(1)</script>\u202e\x00" + "A" * 5000
    async with served(issuer=LOCAL, strategy="hybrid") as at:
        token = await changed(claims={"iss": hostile, "aud": {"</table>": "<img src=x>"}})(at.auth, at.clock)
        said = (await asked(at, token)).content.decode()
    assert "<script" not in said
    assert "<img" not in said
    assert "&lt;/td&gt;&lt;script&gt;" in said
    assert "\u202e" not in said
    assert len(said) < 40_000


async def test_W13_in_production_a_stranger_and_a_mere_account_are_refused() -> None:
    async with served() as at:
        token = (await login(at.client()))["access_token"]
        for method in ("GET", "POST"):
            headers = [FORM, ("authorization", f"Bearer {token}")]
            stranger = await ask(at.app, method, PATH, headers=[FORM], body=[b"token=x"])
            account = await ask(at.app, method, PATH, headers=headers, body=[b"token=x"])
            assert (stranger.status_code, code(stranger)) == (401, "credential_missing")
            assert (account.status_code, code(account)) == (403, "insufficient_scope")
            assert stranger.read == account.read == 0


async def test_in_production_an_administrator_is_answered_by_bearer_and_by_cookie() -> None:
    async with served() as at:
        admin = ("authorization", f"Bearer {(await administrator(at))['access_token']}")
        token = (await login(at.client()))["access_token"]
        assert (await asked(at, token, admin, host="limen.example")).status_code == 200
        async with at.browser() as browser:
            signed = await browser.post("/auth/login", json=LOGIN | {"email": ADMIN, "transport": "cookie"})
            assert signed.status_code == 200
            same = {"sec-fetch-site": "same-origin", "origin": "null"}
            page = await browser.post(PATH, data={"token": token}, headers=same)
            assert (page.status_code, "Accepted" in page.text) == (200, True)
            form = await browser.get(PATH)
            assert f"form-action https://limen.example{PATH}" in form.headers["content-security-policy"]
            for site in ("cross-site", "same-site"):
                foreign = {"sec-fetch-site": site, "origin": "https://evil.example"}
                refused = await browser.post(PATH, data={"token": token}, headers=foreign)
                assert (refused.status_code, code(refused)) == (403, "cross_site"), site
            silent = await browser.post(PATH, data={"token": token}, headers={"origin": ""})
            assert silent.status_code == 403


async def test_S13_in_development_another_site_cannot_ask_either() -> None:
    async with served(issuer=LOCAL) as at:
        for headers in (
            (("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")),
            (("origin", "https://evil.example"),),
            (("origin", "null"),),
        ):
            assert code(await asked(at, "x", *headers)) == "cross_site"
        assert (
            await asked(at, "x", ("sec-fetch-site", "same-origin"), ("origin", "null"))
        ).status_code == 200
        assert (await asked(at, "x", host="evil.example")).status_code == 400


async def test_bodies_are_capped_and_only_forms_are_read() -> None:
    async with served(issuer=LOCAL) as at:
        large = await asked(at, "A" * 70_000)
        assert (large.status_code, code(large)) == (413, "body_too_large")
        for body in (b"", b"token=", b"token=+", b"other=x"):
            answer = await ask(at.app, "POST", PATH, headers=[FORM], body=[body], host=HERE)
            assert (answer.status_code, code(answer)) == (400, "invalid_request")
        twice = await ask(at.app, "POST", PATH, headers=[FORM], body=[b"token=a&token=b"], host=HERE)
        assert twice.status_code == 400
        typed = [("content-type", "application/json")]
        assert (await ask(at.app, "POST", PATH, headers=typed, body=[b"{}"], host=HERE)).status_code == 415
        query = await ask(
            at.app, "POST", PATH, headers=[FORM], body=[b"token=x"], query=b"token=x", host=HERE
        )
        assert query.status_code == 400
        assert (await ask(at.app, "PUT", PATH, host=HERE)).status_code == 405


async def test_questions_are_throttled() -> None:
    async with served(issuer=LOCAL) as at:
        answers = [await asked(at, "x") for _ in range(31)]
        assert [one.status_code for one in answers].count(200) == 30
        assert (answers[-1].status_code, code(answers[-1])) == (429, "too_many_attempts")
        assert (await asked(at, "x", peer="198.51.100.1")).status_code == 200
