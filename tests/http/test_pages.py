"""The pages over ASGI: what a browser's requests get, and what no browser of ours would send."""

from __future__ import annotations

import asyncio
import itertools
import re
from typing import Any

import pytest

from limen.server.pages.render import POLICY
from support.factors import Codes, code_at
from support.http import ISSUER, LOCAL, Served, ask, cookies, served
from support.world import EMAIL, PASSWORD

pytestmark = pytest.mark.anyio

HTML = "text/html; charset=utf-8"
SAME = {"sec-fetch-site": "same-origin"}
OPEN = ["/sign-in", "/register"]
OWN = ["/account", "/account/password", "/account/sessions", "/step-up"]
FORMS = {
    "/sign-in": {"email": EMAIL, "password": PASSWORD},
    "/register": {"email": "eve@example.com", "password": PASSWORD},
    "/account/password": {"current": PASSWORD, "password": "another " + PASSWORD},
    "/account/sessions": {"end": "others"},
    "/step-up": {"current": PASSWORD},
    "/auth/refresh/sign-out": {"once": "x"},
}
NUMBERS = itertools.count()
FOREIGN = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "null"},
    {"origin": "https://limen.example.evil.example"},
    {"origin": "https://evil.limen.example"},
    {"origin": "http://limen.example"},
    {},
]


def once() -> str:
    return f"{next(NUMBERS)}"


async def sign_in(site: Served, **headers: str) -> Any:
    """A browser that came in by the page."""
    browser = site.client(**(SAME | headers))
    answer = await browser.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    return browser


async def sessions(site: Served) -> list[Any]:
    account = await site.auth.find_account(EMAIL)
    return list(await site.auth.store.sessions_of(account.id, now=site.clock.now()))


# -- headers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*OPEN, *OWN, "/nowhere"])
async def test_W19_W20_every_page_has_the_whole_set_of_headers(path: str) -> None:
    async with served() as site:
        browser = await sign_in(site)
        answer = await browser.get(path, headers={"sec-fetch-mode": "navigate"})
        if path == "/sign-in":
            assert answer.status_code == 303  # signed in already
            answer = await site.client().get(path)
        assert answer.headers["content-type"] == HTML
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert "geolocation=()" in answer.headers["permissions-policy"]
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000")


def test_W19_the_policy_lets_nothing_in_from_elsewhere() -> None:
    rules = dict(rule.partition(" ")[::2] for rule in POLICY.split("; "))
    assert rules.pop("default-src") == "'none'"
    assert rules.pop("base-uri") == "'none'"
    assert rules.pop("frame-ancestors") == "'none'"
    assert rules.pop("require-trusted-types-for") == "'script'"
    assert rules.pop("trusted-types") == "'none'"
    assert set(rules.values()) == {"'self'"}
    assert {"script-src", "style-src", "form-action"} <= rules.keys()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/sign-in", 200), ("PUT", "/sign-in", 405), ("GET", "/nowhere", 404), ("POST", "/sign-in", 403)],
)
async def test_A41_no_page_is_framed_whatever_it_says(method: str, path: str, status: int) -> None:
    async with served() as site:
        answer = await site.client(**{"sec-fetch-mode": "navigate"}).request(method, path)
        assert answer.status_code == status
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["content-type"] == HTML


async def test_A41_a_page_that_breaks_is_not_framed_either(monkeypatch: pytest.MonkeyPatch) -> None:
    async with served() as site:

        async def broken(*_: object, **__: object) -> None:
            raise RuntimeError("a slip")

        monkeypatch.setattr(site.auth, "sign_in", broken)
        answer = await site.client(**SAME).post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
        assert answer.status_code == 500
        assert "a slip" not in answer.text
        assert "urn:uuid:" in answer.text
        assert answer.headers["x-frame-options"] == "DENY"


async def test_B13_no_page_names_another_origin() -> None:
    async with served() as site:
        browser = await sign_in(site)
        for path in [*OPEN, *OWN]:
            client = site.client() if path in OPEN else browser
            text = (await client.get(path)).text
            for address in re.findall(r'(?:href|src|action)="([^"]*)"', text):
                assert address.startswith(("/", "?", "#")), address
                assert not address.startswith("//")
            assert "<style" not in text
            assert " style=" not in text
            assert not re.search(r"<script(?![^>]* src=)", text)
            assert not re.search(r"\son\w+=", text)


async def test_pages_are_no_problem_documents_and_programs_still_get_those() -> None:
    async with served() as site:
        assert (await site.client().get("/nowhere")).headers["content-type"] == "application/problem+json"
        assert (await site.client().get("/auth/session")).headers[
            "content-type"
        ] == "application/problem+json"


# -- forgery ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("path", FORMS)
async def test_S13_a_form_of_another_site_changes_nothing(path: str, headers: dict[str, str]) -> None:
    async with served() as site:
        browser = await sign_in(site)
        before = await sessions(site)
        forged = site.client(**headers)
        forged.cookies.update(browser.cookies)
        answer = await forged.post(path, data=FORMS[path])
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        assert await sessions(site) == before
        assert (await browser.get("/account")).status_code == 200


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_S14_nobody_is_signed_in_by_another_site(headers: dict[str, str]) -> None:
    async with served() as site:
        answer = await site.client(**headers).post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


async def test_S15_S16_no_form_goes_by_what_another_host_could_set_or_learn() -> None:
    """There is no token of forms that could be taken along, planted, or equal for all: two strangers' pages
    differ in a number that merely tells one rendering from another, and a form without it is as good."""
    async with served() as site:
        pages = [(await site.client().get("/sign-in")).text for _ in range(2)]
        numbers = [re.findall(r'name="once" value="([^"]+)"', page) for page in pages]
        assert numbers[0] != numbers[1]
        planted = site.client(**({"sec-fetch-site": "same-site"}), cookie="__Host-csrf=x; csrftoken=x")
        form = {"email": EMAIL, "password": PASSWORD, "once": numbers[0][0]}
        assert (await planted.post("/sign-in", data=form)).status_code == 403
        assert (await site.client(**SAME).post("/sign-in", data=form)).status_code == 303


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data; boundary=x", ""])
async def test_S13_a_form_is_a_form(kind: str) -> None:
    async with served() as site:
        answer = await site.client(**SAME).post(
            "/sign-in", content=b"email=a&password=b", headers={"content-type": kind}
        )
        assert answer.status_code == 415


@pytest.mark.parametrize(
    "body",
    [
        b"email=a&email=b",
        b"email=%ff",
        b"email=%zz",
        b"email=a&admin=1",
        b"email=a&_method=DELETE",
        b"email=a;password=b",
    ],
)
async def test_S17_a_form_has_its_fields_once_and_no_others(body: bytes) -> None:
    async with served() as site:
        answer = await site.client(**SAME).post(
            "/sign-in", content=body, headers={"content-type": "application/x-www-form-urlencoded"}
        )
        assert answer.status_code == (422 if b";" in body else 400)  # & alone separates
        assert "set-cookie" not in answer.headers


async def test_a_form_beyond_the_cap_is_not_read() -> None:
    async with served() as site:
        answer = await site.client(**SAME).post("/sign-in", data={"email": "a" * 70_000, "password": "b"})
        assert answer.status_code == 413


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_S17_nothing_changes_by_looking(method: str, path: str) -> None:
    async with served() as site:
        browser = await sign_in(site)
        answer = await browser.request(
            method, path, params=FORMS[path], headers={"x-http-method-override": "POST"}
        )
        assert answer.status_code in (200, 303, 405)
        assert len(await sessions(site)) == 1
        assert (await browser.get("/account")).status_code == 200


# -- signing in and out -----------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["session", "jwt", "hybrid"])
async def test_S11_A42_signing_in_sets_cookies_as_they_must_be_and_goes_on_by_303(strategy: str) -> None:
    async with served(strategy=strategy) as site:
        answer = await site.client(**SAME).post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
        assert answer.status_code == 303
        found = {name: one for name, one in cookies(answer).items() if one.value}
        assert ("__Host-sid" if strategy == "session" else "__Host-token") in found
        for name, one in found.items():
            assert one["secure"] is True
            assert one["httponly"] is True
            assert one["samesite"] == "Lax"
            assert one["domain"] == ""
            assert one["path"] == ("/" if name.startswith("__Host-") else "/auth/refresh")


async def test_a_wrong_password_says_so_and_keeps_the_address() -> None:
    async with served() as site:
        answer = await site.client(**SAME).post(
            "/sign-in", data={"email": '"><b>@example.com', "password": "wrong"}
        )
        assert answer.status_code in (401, 422)
        assert "<b>" not in answer.text
        assert "&lt;b&gt;@example.com" in answer.text
        assert "wrong" not in re.sub(r"is wrong|class=.wrong.", "", answer.text)


async def test_who_guesses_is_told_to_wait_on_the_same_page() -> None:
    async with served() as site:
        client = site.client(**SAME)
        for _ in range(8):
            answer = await client.post("/sign-in", data={"email": EMAIL, "password": "wrong"})
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) >= 1
        assert 'name="password"' in answer.text


@pytest.mark.parametrize("evil", ["//evil.example", "/\\evil.example", "https://evil.example", "/%2f/evil"])
async def test_A39_signing_in_leads_nowhere_else(evil: str) -> None:
    async with served() as site:
        page = await site.client().get("/sign-in", params={"next": evil})
        assert "evil" not in page.text
        form = {"email": EMAIL, "password": PASSWORD, "next": evil}
        answer = await site.client(**SAME).post("/sign-in", data=form)
        assert answer.headers["location"] == "/account"
        browser = await sign_in(site)
        assert (await browser.get("/sign-in", params={"next": evil})).headers["location"] == "/account"
        renewed = await browser.get("/auth/refresh/page", params={"next": evil})
        assert renewed.headers["location"] == "/account"


async def test_a_stranger_is_led_through_the_sign_in_and_back() -> None:
    async with served() as site:
        client = site.client(**SAME)
        asked = await client.get("/account/sessions")
        assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=%2Faccount%2Fsessions")
        page = await client.get(asked.headers["location"])
        assert 'name="next" value="/account/sessions"' in page.text
        form = {"email": EMAIL, "password": PASSWORD, "next": "/account/sessions"}
        assert (await client.post("/sign-in", data=form)).headers["location"] == "/account/sessions"


async def test_S02_the_session_that_a_sign_in_replaces_ends() -> None:
    async with served() as site:
        browser = await sign_in(site)
        await browser.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
        assert len(await sessions(site)) == 1


async def test_registering_says_the_same_whether_or_not_the_address_was_taken() -> None:
    async with served() as site:
        answers = []
        for email in (EMAIL, "new@example.com"):
            client = site.client(**SAME)
            first = await client.post("/register", data={"email": email, "password": PASSWORD})
            second = await client.get(first.headers["location"])
            answers.append(
                (first.status_code, first.headers["location"], re.sub(r'value="[^"]+"', "", second.text))
            )
        assert answers[0] == answers[1]
        assert answers[0][:2] == (303, "/sign-in")
        assert "ready" in answers[0][2]


@pytest.mark.parametrize(
    ("password", "said"),
    [("short", "fewer than 15"), ("manchesterunited", "most common"), ("", "type a password")],
)
async def test_a_password_that_is_not_taken_is_explained_beside_its_field(password: str, said: str) -> None:
    async with served() as site:
        answer = await site.client(**SAME).post(
            "/register", data={"email": "new@example.com", "password": password}
        )
        assert answer.status_code == 422
        assert said in answer.text
        assert 'aria-describedby="password-error password-hint"' in answer.text
        assert 'aria-invalid="true"' in answer.text
        assert 'value="new@example.com"' in answer.text


async def test_closed_registration_has_no_page() -> None:
    async with served(registration="closed") as site:
        assert (await site.client().get("/register")).status_code == 403
        assert "/register" not in (await site.client().get("/sign-in")).text


async def test_A36_no_field_hinders_a_person() -> None:
    async with served() as site:
        browser = await sign_in(site)
        for path in ("/register", "/account/password"):
            text = (await browser.get(path)).text
            assert "maxlength" not in text
            assert "pattern=" not in text
            assert "onpaste" not in text
            assert 'autocomplete="new-password"' in text


async def test_without_cookies_there_are_no_pages() -> None:
    async with served(transports=("bearer",)) as site:
        assert (await site.client().get("/sign-in")).status_code == 404


# -- renewing ---------------------------------------------------------------------------------------------


async def test_a_token_that_ran_out_is_renewed_on_the_way_to_a_page() -> None:
    async with served() as site:
        browser = await sign_in(site)
        site.clock.turn(16 * 60)
        del browser.cookies["__Host-token"]  # a browser forgets it by itself
        asked = await browser.get("/account/sessions")
        assert asked.headers["location"] == "/auth/refresh/page?next=%2Faccount%2Fsessions"
        renewed = await browser.get(asked.headers["location"])
        assert (renewed.status_code, renewed.headers["location"]) == (303, "/account/sessions")
        assert (await browser.get("/account/sessions")).status_code == 200


async def test_what_cannot_be_renewed_ends_at_the_sign_in_and_not_in_a_circle() -> None:
    async with served() as site:
        browser = await sign_in(site)
        account = await site.auth.find_account(EMAIL)
        await site.auth.revoke_sessions(account)
        answer = await browser.get("/account")
        for _ in range(5):
            if answer.status_code != 303:
                break
            answer = await browser.get(answer.headers["location"])
        assert answer.status_code == 200
        assert answer.url.path == "/sign-in"


async def test_a_planted_refresh_cookie_signs_nobody_in() -> None:
    async with served() as site:
        browser = await sign_in(site)
        refresh = browser.cookies["__Secure-refresh"]
        victim = site.client(cookie=f"__Secure-refresh={refresh}")
        answer = await victim.get("/auth/refresh/page")
        assert answer.headers["location"].startswith("/sign-in")
        assert not any(one.value for one in cookies(answer).values())


async def test_S17_a_look_renews_nothing() -> None:
    async with served() as site:
        browser = await sign_in(site)
        answer = await browser.head("/auth/refresh/page")
        assert answer.status_code == 405
        assert "set-cookie" not in answer.headers


async def test_signing_out_ends_the_session_even_after_the_token_ran_out() -> None:
    async with served() as site:
        browser = await sign_in(site)
        site.clock.turn(16 * 60)
        answer = await browser.post("/auth/refresh/sign-out", data={"once": once()})
        assert answer.headers["location"] == "/sign-in"
        assert await sessions(site) == []


async def test_signing_out_twice_is_signing_out() -> None:
    async with served() as site:
        browser = await sign_in(site)
        for _ in range(2):
            answer = await browser.post("/auth/refresh/sign-out", data={"once": once()})
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
            page = await browser.get("/sign-in")
            assert "signed out in this browser" in page.text


async def test_B11_a_form_after_the_token_ran_out_is_not_carried_out_and_says_so() -> None:
    async with served(strategy="session", idle_lifetime=60) as site:
        browser = await sign_in(site)
        site.clock.turn(120)
        form = {"current": PASSWORD, "password": "another " + PASSWORD}
        answer = await browser.post("/account/password", data=form)
        assert answer.headers["location"] == "/sign-in?next=%2Faccount%2Fpassword"
        assert "nothing was changed" in (await browser.get(answer.headers["location"])).text
        await sign_in(site)  # with the old password


# -- sessions ---------------------------------------------------------------------------------------------


async def test_W21_what_others_wrote_comes_out_as_text() -> None:
    evil = "<script>alert(1)</script> Firefox/1 \" onx='1' Windows"
    async with served() as site:
        browser = await sign_in(site, **{"user-agent": evil})
        text = (await browser.get("/account/sessions")).text
        assert "<script>alert" not in text
        assert "Firefox on Windows" in text


async def test_sessions_are_listed_ended_and_said_to_be_ended() -> None:
    async with served() as site:
        here, there = await sign_in(site), await sign_in(site)
        ids = re.findall(r'name="end" value="([0-9a-f-]{36})"', (await here.get("/account/sessions")).text)
        assert len(ids) == 2
        answer = await here.post("/account/sessions", data={"end": ids[1]})
        assert (answer.status_code, answer.headers["location"]) == (303, "/account/sessions")
        page = (await here.get("/account/sessions")).text
        assert "The session was ended." in page
        assert 'data-count="5"' in page
        assert "The session was ended." not in (await here.get("/account/sessions")).text
        assert (await there.get("/account")).status_code == 303
        again = await here.post("/account/sessions", data={"end": ids[1]})
        assert again.status_code == 303
        assert "had ended already" in (await here.get("/account/sessions")).text


async def test_of_many_sessions_the_newest_are_shown_and_all_on_demand() -> None:
    async with served() as site:
        browser = await sign_in(site)
        for _ in range(30):
            site.clock.turn(1)
            await site.auth.sign_in(EMAIL, PASSWORD)
        text = (await browser.get("/account/sessions")).text
        assert text.count('name="end" value="0') == 25
        assert text.index("this browser") < text.index("End</button>")
        assert "Show all 31 sessions" in text
        assert (await browser.get("/account/sessions?all=1")).text.count('name="end" value="0') == 31


async def test_a_strangers_session_is_none_of_ones_own() -> None:
    async with served() as site:
        await site.auth.add_account("eve@example.com", PASSWORD)
        browser = await sign_in(site)
        sid = re.findall(
            r'name="end" value="([0-9a-f-]{36})"', (await browser.get("/account/sessions")).text
        )[0]
        eve = site.client(**SAME)
        await eve.post("/sign-in", data={"email": "eve@example.com", "password": PASSWORD})
        await eve.post("/account/sessions", data={"end": sid})
        assert (await browser.get("/account")).status_code == 200


async def test_a_token_that_nobody_can_call_back_is_said_to_be_good_still() -> None:
    async with served(strategy="jwt") as site:
        browser = await sign_in(site)
        assert "nothing can call it back" in (await browser.get("/account/sessions")).text
        await browser.post("/auth/refresh/sign-out", data={"once": once()})
        for _ in range(2):  # it stays until it is over
            page = (await browser.get("/sign-in")).text
            assert "would still be accepted until" in page
            assert re.search(r'data-count="\d{3}"', page)
        site.clock.turn(16 * 60)
        assert "would still be accepted" not in (await browser.get("/sign-in")).text


@pytest.mark.parametrize("planted", ["ended.9e9", "<b>.1", "ended.-1", "ended", ".", "x" * 3_000])
async def test_a_notice_is_none_but_ours(planted: str) -> None:
    async with served() as site:
        page = await site.client(cookie=f"__Host-notice={planted}").get("/sign-in")
        assert page.status_code == 200
        assert 'class="notice"' not in page.text


# -- proving again, and advice ----------------------------------------------------------------------------


async def test_stepping_up_takes_a_new_session_and_goes_on() -> None:
    async with served() as site:
        browser = await sign_in(site)
        before = browser.cookies["__Host-refreshes"]
        wrong = await browser.post("/step-up", data={"current": "wrong", "next": "/account"})
        assert wrong.status_code == 403
        assert "not the current password" in wrong.text
        answer = await browser.post("/step-up", data={"current": PASSWORD, "next": "/account/sessions"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/account/sessions")
        assert browser.cookies["__Host-refreshes"] != before


async def test_advice_is_given_on_a_password_and_nothing_is_said_about_it_anywhere(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with served() as site:
        client = site.client(**SAME)
        typed = "correct horse battery staple"
        answer = await client.post("/strength", json={"password": typed})
        assert answer.json()["score"] >= 3
        short = await client.post("/strength", json={"password": "abc"})
        assert short.json() == {"score": 0, "says": "12 more characters"}
        known = await client.post(
            "/strength", json={"password": "ada@example.com1", "about": "ada@example.com"}
        )
        assert known.json()["score"] < 3
        assert (await site.client().post("/strength", json={"password": typed})).status_code == 403
        assert typed not in caplog.text


async def test_the_languages_of_a_person() -> None:
    async with served() as site:
        client = site.client()
        page = await client.get("/sign-in", headers={"accept-language": "de-AT,de;q=0.9"})
        assert '<html lang="de" dir="ltr">' in page.text
        arabic = await client.get("/sign-in", params={"lang": "ar", "next": "/x"})
        assert '<html lang="ar" dir="rtl">' in arabic.text
        assert cookies(arabic)["__Host-lang"].value == "ar"
        assert "lang=de&amp;next=%2Fx" in arabic.text
        assert 'lang="ar"' in (await client.get("/register")).text
        assert "set-cookie" not in (await client.get("/sign-in", params={"lang": "xx"})).headers


# -- https ------------------------------------------------------------------------------------------------


async def test_S12_a_page_in_clear_text_is_moved_and_a_form_refused() -> None:
    async with served() as site:
        answer = await ask(site.app, "GET", "/sign-in", scheme="http", query=b"next=/x")
        assert answer.status_code == 308
        assert answer.headers["location"] == f"{ISSUER}/sign-in?next=/x"
        assert answer.all("set-cookie") == []
        answer = await ask(site.app, "POST", "/sign-in", scheme="http")
        assert answer.status_code == 403
        assert answer.all("set-cookie") == []
        assert (await ask(site.app, "GET", "/auth/session", scheme="http")).status_code == 403


async def test_in_development_cookies_do_without_prefixes() -> None:
    async with served(issuer=LOCAL) as site:
        answer = await site.client(**SAME).post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
        assert {"limen-token", "limen-refresh"} <= cookies(answer).keys()
        assert (
            (await site.client().get("/sign-in", params={"lang": "de"}))
            .headers["set-cookie"]
            .startswith("limen-lang=de")
        )


# -- files ------------------------------------------------------------------------------------------------


async def test_files_are_kept_for_ever_under_names_that_change_with_them() -> None:
    async with served() as site, served(brand_color="#aa1155", brand_name="Acme") as other:
        styles = []
        for one in (site, other):
            text = (await one.client().get("/sign-in")).text
            style = re.findall(r'href="(/assets/[0-9a-f]{16}/pages\.css)"', text)[0]
            answer = await one.client().get(style)
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["content-type"] == "text/css; charset=utf-8"
            styles.append((style, answer.text))
        assert styles[0][0] != styles[1][0]
        assert "#aa1155" in styles[1][1]
        assert "Acme" in (await other.client().get("/sign-in")).text


# -- more than a password ------------------------------------------------------------------------------------


async def test_S29_a_half_finished_sign_in_opens_no_page_and_is_finished_by_its_own() -> None:
    codes = Codes()
    async with served(factors=[codes]) as site:
        account = await site.auth.find_account(EMAIL)
        codes.seeds[account.id] = seed = b"s" * 20
        browser = site.client(**SAME)
        form = {"email": EMAIL, "password": PASSWORD, "next": "/account/sessions"}
        answer = await browser.post("/sign-in", data=form)
        assert answer.headers["location"] == "/sign-in/factor?factor=otp&next=%2Faccount%2Fsessions"
        assert {name for name, one in cookies(answer).items() if one.value} == {"__Host-half"}
        assert (await browser.get("/account")).headers["location"].startswith("/sign-in?")
        page = (await browser.get(answer.headers["location"])).text
        assert 'autocomplete="one-time-code"' in page
        wrong = await browser.post("/sign-in/factor", data={"factor": "otp", "answer": "x", "next": "/x"})
        assert (wrong.status_code, "This is not right" in wrong.text) == (401, True)
        proof = {"factor": "otp", "answer": code_at(seed, site.clock.now()), "next": "/account/sessions"}
        done = await browser.post("/sign-in/factor", data=proof)
        assert (done.status_code, done.headers["location"]) == (303, "/account/sessions")
        assert cookies(done)["__Host-half"].value == ""
        assert (await browser.get("/account")).status_code == 200


async def test_S29_a_sign_in_that_is_over_begins_again() -> None:
    async with served(factors=[Codes()]) as site:
        browser = site.client(**SAME)
        assert (await browser.get("/sign-in/factor?factor=otp")).headers["location"] == "/sign-in"
        answer = await browser.post("/sign-in/factor", data={"factor": "otp", "answer": "1"})
        assert answer.headers["location"] == "/sign-in"
        assert "Please sign in again" in (await browser.get("/sign-in")).text


async def test_B11_the_same_form_twice_at_once_and_again_is_one_sign_in() -> None:
    async with served() as site:
        client = site.client(**SAME)
        number = re.findall(r'name="once" value="([^"]+)"', (await client.get("/sign-in")).text)[0]
        form = {"email": EMAIL, "password": PASSWORD, "once": number}
        stranger = site.client(**SAME)  # no cookies yet, as with two clicks
        both = await asyncio.gather(*(stranger.post("/sign-in", data=form) for _ in range(3)))
        assert {answer.status_code for answer in both} == {303}
        assert len(await sessions(site)) == 1
        await site.client(**SAME).post("/sign-in", data=form)  # a tab that is restored
        assert len(await sessions(site)) == 1
        site.clock.turn(60)
        await site.client(**SAME).post("/sign-in", data=form)  # much later it is a sign-in of its own
        assert len(await sessions(site)) == 2


async def test_B11_what_is_remembered_of_a_form_is_of_no_use_to_others() -> None:
    async with served() as site:
        form = {"email": EMAIL, "password": PASSWORD, "once": "number"}
        assert (await site.client(**SAME).post("/sign-in", data=form)).status_code == 303
        guess = await site.client(**SAME).post("/sign-in", data=form | {"password": "wrong"})
        assert guess.status_code == 401
        assert not any(one.value for one in cookies(guess).values())
