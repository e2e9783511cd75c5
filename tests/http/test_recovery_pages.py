"""The pages that letters lead to: what a scanner's look does, where the ticket goes, what is said."""

from __future__ import annotations

import re
from typing import Any

import pytest

from limen.letters import Letter, LetterSealer
from support.http import ISSUER, Served, cookies, served
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD

pytestmark = pytest.mark.anyio

SAME = {"sec-fetch-site": "same-origin"}
MAIL: dict[str, Any] = {"mail": "smtp://127.0.0.1:9", "mail_from": "Limen <limen@limen.example>"}
LINKS = ["/reset", "/verify", "/email"]


@pytest.fixture(autouse=True)
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Path and query of each link that is written. Nobody takes the letters: no server is at that port."""
    found: list[str] = []
    post = LetterSealer.post

    def noting(self: Any, letter: Letter, **when: Any) -> Any:
        if "link" in letter.values:
            found.append(letter.values["link"].removeprefix(ISSUER))
        return post(self, letter, **when)

    monkeypatch.setattr(LetterSealer, "post", noting)
    return found


def taken(written: list[str]) -> list[str]:
    """What was written since the last look."""
    found = list(written)
    written.clear()
    return found


async def sign_in(site: Served, email: str = EMAIL, password: str = PASSWORD) -> Any:
    browser = site.client(**SAME)
    answer = await browser.post("/sign-in", data={"email": email, "password": password})
    assert answer.status_code == 303
    return browser


async def forgotten(site: Served, written: list[str]) -> tuple[Any, str]:
    """A browser that asked for a letter, and the link in it."""
    browser = site.client(**SAME)
    answer = await browser.post("/forgot", data={"email": EMAIL})
    assert (answer.status_code, answer.headers["location"]) == (303, "/forgot?sent=1")
    assert "a letter is on its way" in (await browser.get("/forgot?sent=1")).text
    (link,) = taken(written)
    return browser, link


async def test_A15_a_forgotten_password_is_set_by_a_link_whose_ticket_leaves_the_address_at_once(
    written: list[str],
) -> None:
    async with served(**MAIL) as site:
        browser, link = await forgotten(site, written)
        came = await browser.get(link)
        assert (came.status_code, came.headers["location"]) == (303, "/reset")
        kept = cookies(came)["__Secure-ticket"]
        assert (kept["path"], kept["httponly"], kept["secure"], kept["samesite"]) == (
            "/reset",
            True,
            True,
            "Lax",
        )
        page = await browser.get("/reset")
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        assert kept.value not in page.text
        short = await browser.post("/reset", data={"password": "short"})
        assert short.status_code == 422
        assert "fewer than 15" in short.text
        done = await browser.post("/reset", data={"password": OTHER_PASSWORD})
        assert (done.status_code, done.headers["location"]) == (303, "/sign-in")
        assert cookies(done)["__Secure-ticket"].value == ""
        assert "Your password was set" in (await browser.get("/sign-in")).text
        await sign_in(site, password=OTHER_PASSWORD)


async def test_A15_no_look_of_a_scanner_spends_a_link(written: list[str]) -> None:
    async with served(**MAIL) as site:
        browser, link = await forgotten(site, written)
        for method in ("GET", "HEAD", "GET"):
            scanner = site.client(**{"user-agent": "a mail scanner"})
            first = await scanner.request(method, link)
            await scanner.request(method, first.headers["location"])
        await browser.get(link)
        assert (await browser.post("/reset", data={"password": OTHER_PASSWORD})).status_code == 303


async def test_a_link_is_good_once_and_says_so_then(written: list[str]) -> None:
    async with served(**MAIL) as site:
        browser, link = await forgotten(site, written)
        await browser.get(link)
        await browser.post("/reset", data={"password": OTHER_PASSWORD})
        await browser.get(link)
        again = await browser.post("/reset", data={"password": PASSWORD})
        assert again.status_code == 410
        assert "no longer works" in again.text
        assert "/forgot" in again.text
        assert cookies(again)["__Secure-ticket"].value == ""


@pytest.mark.parametrize("path", LINKS)
@pytest.mark.parametrize("token", ["", "x", "A" * 60, "%00", "é", "a;b", "x" * 5_000])
async def test_what_is_no_ticket_opens_nothing(path: str, token: str) -> None:
    async with served(**MAIL) as site:
        browser = site.client(**SAME)
        came = await browser.get(path, params={"token": token})
        assert (came.status_code, came.headers["location"]) == (303, path)
        for answer in (await browser.get(path), await browser.post(path, data={"once": "x"})):
            assert answer.status_code in (200, 410, 422)  # 200: only the button knows
        assert (await browser.post(path, data={"once": "y"})).status_code in (410, 422)


@pytest.mark.parametrize("path", LINKS)
async def test_S13_a_link_is_not_followed_to_its_end_by_another_site(written: list[str], path: str) -> None:
    async with served(**MAIL) as site:
        browser, link = await forgotten(site, written)
        await browser.get(link)
        forged = site.client(**{"sec-fetch-site": "cross-site"})
        forged.cookies.update(browser.cookies)
        assert (await forged.post(path, data={"once": "x"})).status_code == 403


async def test_a_planted_second_ticket_makes_none(written: list[str]) -> None:
    async with served(**MAIL) as site:
        _, link = await forgotten(site, written)
        token = link.partition("token=")[2]
        victim = site.client(**SAME, cookie=f"__Secure-ticket={token}; __Secure-ticket={'A' * 60}")
        assert (await victim.get("/reset")).status_code == 410


async def test_A13_forgot_says_the_same_for_a_stranger(written: list[str]) -> None:
    async with served(**MAIL) as site:
        said = []
        for email in (EMAIL, "stranger@example.com"):
            browser = site.client(**SAME)
            answer = await browser.post("/forgot", data={"email": email})
            said.append(
                (answer.status_code, answer.headers["location"], (await browser.get("/forgot?sent=1")).text)
            )
        assert said[0] == said[1]


async def test_an_address_is_proven_by_a_button(written: list[str]) -> None:
    async with served(account=False, **MAIL) as site:
        browser = site.client(**SAME)
        await browser.post("/register", data={"email": EMAIL, "password": PASSWORD})
        assert "written to this address" in (await browser.get("/sign-in")).text
        (link,) = taken(written)
        assert link.startswith("/verify?token=")
        await browser.get(link)
        assert "Confirm the address" in (await browser.get("/verify")).text
        done = await browser.post("/verify", data={"once": "x"})
        assert done.headers["location"] == "/sign-in"
        assert "is confirmed" in (await browser.get("/sign-in")).text
        site.clock.turn(1)
        own = await sign_in(site)
        assert "confirmed" in (await own.get("/account")).text


async def test_who_must_prove_their_address_first_is_told() -> None:
    async with served(account=False, email_verification="required", **MAIL) as site:
        browser = site.client(**SAME)
        await browser.post("/register", data={"email": EMAIL, "password": PASSWORD})
        answer = await browser.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
        assert answer.status_code == 403
        assert "not confirmed yet" in answer.text


async def test_a_letter_is_sent_again_on_demand(written: list[str]) -> None:
    async with served(**MAIL) as site:
        browser = await sign_in(site)
        assert "Send the letter again" in (await browser.get("/account")).text
        answer = await browser.post("/account/verification", data={"once": "x"})
        assert answer.status_code == 303
        assert len(taken(written)) == 1


async def test_an_address_changes_once_both_sides_have_agreed(written: list[str]) -> None:
    async with served(account=False, **MAIL) as site:
        browser = site.client(**SAME)
        await browser.post("/register", data={"email": EMAIL, "password": PASSWORD})
        (link,) = taken(written)
        await browser.get(link)
        await browser.post("/verify", data={"once": "x"})
        site.clock.turn(1)
        own = await sign_in(site)
        wrong = await own.post("/account/email", data={"email": "ada@new.example", "current": "wrong"})
        assert "not the current password" in wrong.text
        assert 'value="ada@new.example"' in wrong.text
        same = await own.post("/account/email", data={"email": EMAIL, "current": PASSWORD})
        assert "your address already" in same.text
        asked = await own.post("/account/email", data={"email": "ada@new.example", "current": PASSWORD})
        assert asked.status_code == 303
        assert "Two letters" in (await own.get("/account")).text
        for link, said in zip(taken(written), ("once the other letter", "address was changed"), strict=True):
            await own.get(link)
            assert "Confirm the change" in (await own.get("/email")).text
            await own.post("/email", data={"once": link})
            assert said in (await own.get("/account")).text
        assert "ada@new.example" in (await own.get("/account")).text


async def test_W21_a_name_is_kept_as_text() -> None:
    async with served() as site:
        browser = await sign_in(site)
        evil = "<script>alert(1)</script>{{ 7*7 }}"
        assert (await browser.post("/account/name", data={"name": evil})).status_code == 303
        text = (await browser.get("/account")).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in text
        long = await browser.post("/account/name", data={"name": "x" * 101})
        assert long.status_code == 422
        assert "at most 100" in long.text


async def test_a_copy_of_everything_asks_for_a_proof_of_minutes_ago() -> None:
    async with served() as site:
        browser = await sign_in(site)
        site.clock.turn(6 * 60)
        asked = await browser.get("/account/data")
        assert asked.headers["location"] == "/step-up?next=%2Faccount%2Fdata"
        proven = await browser.post("/step-up", data={"current": PASSWORD, "next": "/account/data"})
        assert proven.headers["location"] == "/account/data"
        assert "Download the file" in (await browser.get("/account/data")).text
        answer = await browser.post("/account/data", data={"once": "x"})
        assert answer.headers["content-disposition"] == 'attachment; filename="account.json"'
        assert answer.json()["account"]["email"] == EMAIL
        assert "argon2" not in answer.text
        site.clock.turn(6 * 60)
        again = await browser.post("/account/data", data={"once": "y"})
        assert again.headers["location"].startswith("/step-up")


async def test_an_account_is_deleted_and_its_owner_told_when_that_is_true() -> None:
    async with served() as site:
        browser = await sign_in(site)
        wrong = await browser.post("/account/delete", data={"current": "wrong"})
        assert wrong.status_code == 403
        assert "not the current password" in wrong.text
        done = await browser.post("/account/delete", data={"current": PASSWORD})
        assert (done.status_code, done.headers["location"]) == (303, "/sign-in")
        page = (await browser.get("/sign-in")).text
        assert "The account was deleted." in page
        assert re.search(r'data-count="5"', page)
        assert (await browser.get("/account")).status_code == 303


async def test_without_mail_nothing_is_offered_that_needs_it() -> None:
    async with served() as site:
        assert "/forgot" not in (await site.client().get("/sign-in")).text
        assert (await site.client().get("/forgot")).status_code == 403
        browser = await sign_in(site)
        assert "/account/email" not in (await browser.get("/account")).text
        answer = await browser.post("/account/email", data={"email": "a@b.example", "current": PASSWORD})
        assert answer.status_code == 403
        assert "sends no mail" in answer.text
