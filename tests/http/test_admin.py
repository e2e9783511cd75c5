"""The administration's pages over HTTP: who gets in, what a form does, what stands in a file."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from limen.accounts import ADMIN_SCOPE
from limen.audit import Wanted
from limen.server.admin.log import row
from limen.server.admin.table import endpoints
from limen.server.pages.render import POLICY
from limen.server.site import Site
from support.http import EMAIL, PASSWORD, Served, served

pytestmark = pytest.mark.anyio

ROOT = "root@example.org"
HOUR = 3_600.0
FORM = {"content-type": "application/x-www-form-urlencoded"}


@asynccontextmanager
async def administered(**options: Any) -> AsyncIterator[tuple[Served, httpx2.AsyncClient, str]]:
    """A server, an administrator's browser in it, and the id of somebody else's account."""
    async with served(
        strategy="hybrid", mail="smtps://u:hunter2@mail.example", mail_from="a@b.example", **options
    ) as at:
        await at.auth.add_account(ROOT, PASSWORD, scopes=(ADMIN_SCOPE,))
        other = await at.auth.find_account(EMAIL)
        yield at, await at.signed_in(ROOT), other.id


def paths(at: Served, other: str) -> list[tuple[str, str]]:
    """Method and path of every page and form of the administration."""
    filled = {"{account}": other, "{session}": "01900000-0000-7000-8000-000000000000"}
    found = []
    for one in endpoints(Site.of(at.auth, whole=True)):
        path = one.path
        for place, value in filled.items():
            path = path.replace(place, value)
        if "/assets/" not in path and not path.endswith("/set-up"):
            found.append((one.method, path))
    return found


async def test_every_page_is_an_administrators_and_nobody_elses() -> None:
    async with administered() as (at, root, other):
        someone, stranger = await at.signed_in(EMAIL), at.browser()
        before = await at.auth.store.account(other)
        for method, path in paths(at, other):
            refused = await someone.request(method, path, headers=FORM)
            assert refused.status_code == 403, path
            assert "may not do this" in refused.text
            sent = await stranger.request(method, path, headers=FORM)
            assert sent.status_code == 303
            assert urlsplit(sent.headers["location"]).path == "/sign-in"
            if method == "GET":
                shown = await root.get(path)
                assert shown.status_code == 200, path
                if shown.headers["content-type"].startswith("text/html"):
                    assert shown.headers["content-security-policy"] == POLICY
                    assert "hunter2" not in shown.text
        assert await at.auth.store.account(other) == before
        program = await at.bearer(EMAIL)
        assert (await program.get("/admin")).status_code == 403


async def test_S13_no_form_is_carried_out_for_another_site() -> None:
    async with administered() as (at, root, other):
        for method, path in paths(at, other):
            if method == "POST":
                root.headers["origin"] = "https://evil.example"
                answer = await root.post(path, headers=FORM)
                assert answer.status_code == 403, path
        assert (await at.auth.find_account(EMAIL)).disabled is None


async def test_A45_acts_ask_for_a_recent_proof_and_looks_do_not() -> None:
    async with administered(access_lifetime=2 * HOUR) as (at, root, other):
        at.clock.turn(HOUR)
        grave = [(m, p) for m, p in paths(at, other) if m == "POST" or p.count("/") > 3]
        assert len(grave) == 2 + 2 * 6
        for method, path in paths(at, other):
            answer = await root.request(method, path, headers=FORM)
            asked = answer.status_code == 303 and urlsplit(answer.headers["location"]).path == "/step-up"
            assert asked is (
                method == "POST" or ("/accounts/" in path and path.count("/") > 3) or "rotate" in path
            ), path


async def test_an_act_is_done_told_and_in_the_log() -> None:
    async with administered() as (at, root, other):
        page = await root.get(f"/admin/accounts/{other}/disable")
        assert "Disable the account" in page.text
        done = await root.post(f"/admin/accounts/{other}/disable", headers=FORM)
        assert (done.status_code, done.headers["location"]) == (303, f"/admin/accounts/{other}")
        root.cookies.update(done.cookies)
        told = await root.get(f"/admin/accounts/{other}")
        assert "The account is disabled" in told.text
        assert "in effect everywhere" in told.text
        assert (await at.auth.find_account(EMAIL)).disabled == at.clock.now()
        (entry,) = await at.auth.store.entries(Wanted(event="account_disabled"))
        assert entry.source == "192.0.2.7"
        root.cookies.update(told.cookies)
        assert "The account is disabled" not in (await root.get(f"/admin/accounts/{other}")).text
        await root.post(f"/admin/accounts/{other}/enable", headers=FORM)
        assert (await at.auth.find_account(EMAIL)).disabled is None


async def test_scopes_are_set_and_a_wrong_one_is_told_beside_the_field() -> None:
    async with administered() as (at, root, other):
        path = f"/admin/accounts/{other}/scopes"
        await root.post(path, data={"scopes": "  notes:write   notes:read "})
        assert (await at.auth.find_account(EMAIL)).scopes == ("notes:read", "notes:write")
        wrong = await root.post(path, data={"scopes": 'a"b'})
        assert wrong.status_code == 422
        assert 'aria-describedby="scopes-error"' in wrong.text
        assert 'value="a&#34;b"' in wrong.text


async def test_sessions_are_ended_one_by_one_and_all_at_once() -> None:
    async with administered() as (at, root, other):
        one = (await at.auth.sign_in(EMAIL, PASSWORD)).grant.session
        two = (await at.auth.sign_in(EMAIL, PASSWORD)).grant.session
        path = f"/admin/accounts/{other}"
        await root.post(f"{path}/sessions/{one}/end", headers=FORM)
        assert [s.id for s in await at.auth.store.sessions_of(other, now=at.clock.now())] == [two]
        again = await root.post(f"{path}/sessions/{one}/end", headers=FORM)
        assert again.status_code == 303
        root.cookies.update(again.cookies)
        assert "had ended already" in (await root.get(path)).text
        await root.post(f"{path}/end-sessions", headers=FORM)
        assert await at.auth.store.sessions_of(other, now=at.clock.now()) == []


async def test_nobody_is_asked_to_lock_themselves_out() -> None:
    async with administered() as (at, root, _):
        own = (await at.auth.find_account(ROOT)).id
        page = await root.get(f"/admin/accounts/{own}")
        assert "this is you" in page.text
        assert f"/admin/accounts/{own}/disable" not in page.text
        for path, form in (("disable", {}), ("scopes", {"scopes": "notes"})):
            answer = await root.post(f"/admin/accounts/{own}/{path}", data=form, headers=FORM)
            assert answer.headers["location"] == f"/admin/accounts/{own}"
        assert (await at.auth.find_account(ROOT)).scopes == (ADMIN_SCOPE,)


async def test_A45_an_administrator_sends_a_link_and_never_sees_it() -> None:
    async with administered() as (at, root, other):
        page = await root.get(f"/admin/accounts/{other}/reset-link")
        assert 'type="password"' not in page.text
        done = await root.post(f"/admin/accounts/{other}/reset-link", headers=FORM)
        root.cookies.update(done.cookies)
        told = await root.get(f"/admin/accounts/{other}")
        assert "A letter with a link" in told.text
        assert "/reset?token=" not in done.text + told.text + str(done.headers)
    async with served(strategy="hybrid") as at:
        await at.auth.add_account(ROOT, PASSWORD, scopes=(ADMIN_SCOPE,))
        root, other = await at.signed_in(ROOT), (await at.auth.find_account(EMAIL)).id
        done = await root.post(f"/admin/accounts/{other}/reset-link", headers=FORM)
        root.cookies.update(done.cookies)
        assert "No letter was sent" in (await root.get(f"/admin/accounts/{other}")).text


async def test_accounts_are_searched_and_paged() -> None:
    async with administered() as (at, root, _):
        for n in range(60):
            at.clock.turn(1)
            await at.auth.add_account(f"p{n:02d}@example.org", None)
        first = (await root.get("/admin")).text
        assert "p59@example.org" in first
        assert "p09@example.org" not in first
        assert "62 accounts" in first
        onward = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
        assert "p09@example.org" in (await root.get(onward)).text
        found = (await root.get("/admin", params={"search": " P5"})).text
        assert found.count("@example.org</bdi>") == 10
        assert "No account is found by" in (await root.get("/admin", params={"search": "nobody"})).text
        admins = (await root.get("/admin", params={"among": "administrators"})).text
        assert ROOT in admins
        assert EMAIL not in admins
        for odd in ("among=x&after=y", "search=%ff", "search=a&search=b", "after=%00"):
            assert (await root.get(f"/admin?{odd}")).status_code == 200


@pytest.mark.parametrize(
    "planted",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "'-alert(1)-'",
        "{{ 7 * 7 }}",
        "javascript:alert(1)",
    ],
)
async def test_W21_what_people_wrote_comes_out_as_text(planted: str) -> None:
    async with administered(password_min_length=8) as (at, root, other):
        await at.auth.store.set_name(other, planted)
        await at.auth.sign_in(EMAIL, PASSWORD, source=planted, user_agent=planted)
        await at.auth.set_scopes(await at.auth.find_account(EMAIL), ("<b>",))
        for path in ("/admin", f"/admin/accounts/{other}", "/admin/audit"):
            text = (await root.get(path)).text
            for raw in ("<script>alert", "<img src=x", "<b>", "'-alert(1)-'", ">49<"):
                assert raw not in text
            assert 'href="javascript:' not in text
        search = (await root.get("/admin", params={"search": planted})).text
        assert "<script>alert" not in search
        assert "<img src=x" not in search


async def test_the_audit_log_is_narrowed() -> None:
    async with administered() as (at, root, other):
        await at.auth.disable_account(await at.auth.find_account(EMAIL))
        at.clock.turn(86_400)
        root = await at.signed_in(ROOT)

        async def rows(**asked: str) -> int:
            text = (await root.get("/admin/audit", params=asked)).text
            return text.count("<tr>") - 1 if "<tbody>" in text else 0

        everything = await rows()
        assert await rows(event="account_disabled") == 1
        assert await rows(account=other) == 2
        assert await rows(actor="operator") == 3
        assert await rows(event="sign_in", source="192.0.2.7") == 2
        assert await rows(result="denied") == 0
        day = "2027-01-16"
        assert await rows(until=day) + await rows(since=day) == everything
        for field, bad in (("account", "ada"), ("since", "yesterday"), ("until", "2026-13-01")):
            page = await root.get("/admin/audit", params={field: bad})
            assert f'id="{field}-error"' in page.text
            assert "<tbody>" not in page.text


async def test_the_audit_log_is_taken_as_a_file_without_formulas() -> None:
    async with administered() as (at, root, other):
        planted = ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)", 'a"b,c')
        for source in planted:
            await at.auth.sign_in(EMAIL, PASSWORD, source=source)
        answer = await root.post("/admin/audit", data={"event": "sign_in", "account": other})
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"].startswith("attachment;")
        table = list(csv.reader(io.StringIO(answer.text)))
        assert table[0] == [
            "time",
            "event",
            "result",
            "actor",
            "account",
            "session",
            "source",
            "detail",
            "id",
        ]
        assert [line[6] for line in reversed(table[1:])] == [
            "'=cmd|' /C calc'!A0", "'+1", "'-1", "'@SUM(1)", 'a"b,c',
        ]  # fmt: skip
        assert not [cell for line in table for cell in line if cell.startswith(("=", "+", "-", "@"))]
        (entry,) = await at.auth.store.entries(Wanted(event="audit_exported"))
        assert entry.actor == (await at.auth.find_account(ROOT)).id
        wrong = await root.post("/admin/audit", data={"account": "x"})
        assert 'id="account-error"' in wrong.text


async def test_keys_are_rotated_when_the_next_is_known_everywhere() -> None:
    async with administered() as (at, root, _):
        before = at.auth.ring.active.kid
        early = await root.post("/admin/keys/rotate", headers=FORM)
        assert early.status_code == 409
        assert 'role="alert"' in early.text
        at.clock.turn(600)
        root = await at.signed_in(ROOT)
        done = await root.post("/admin/keys/rotate", headers=FORM)
        assert done.headers["location"] == "/admin/keys"
        assert at.auth.ring.active.kid != before
        shown = (await root.get("/admin/keys")).text
        assert before in shown
        assert at.auth.ring.active.kid in shown


async def test_the_feed_shows_who_follows_and_how_far() -> None:
    async with administered(clients=("shop",)) as (at, root, _):
        assert "has asked this process yet" in (await root.get("/admin/feed")).text
        client = at.client(peer="198.51.100.9")
        client.auth = httpx2.BasicAuth("shop", at.auth.client_secret("shop"))
        await client.get("/feed/page")
        await at.auth.sign_out_everywhere(
            await at.auth.authenticate((await at.auth.sign_in(EMAIL, PASSWORD)).grant.credential)
        )
        await at.auth.catch_up()
        at.clock.turn(7)
        root = await at.signed_in(ROOT)
        text = (await root.get("/admin/feed")).text
        assert "198.51.100.9" in text
        assert "7.0 s ago" in text
        assert "1 event<" in text
        now = json.loads((await root.get("/admin/feed/now")).content)
        assert now["followers"] == [
            {"client": "shop", "source": "198.51.100.9", "behind": 1, "seconds": 7.0, "streams": 0}
        ]
        assert (now["minutes"][-1] + now["minutes"][-2], len(now["minutes"])) == (1, 60)


async def test_A46_the_first_administrator_is_made_by_the_link_of_the_console() -> None:
    async with served(account=False, strategy="hybrid") as at:
        link = await at.auth.admin.set_up_link()
        assert link is not None
        assert link.startswith("https://limen.example/admin/set-up?token=")
        browser, late = at.browser(), at.browser()
        for one in (browser, late):
            looked = await one.get(link)
            assert (looked.status_code, looked.headers["location"]) == (303, "/admin/set-up")
            assert "Path=/admin/set-up" in looked.headers["set-cookie"]
            assert "HttpOnly" in looked.headers["set-cookie"]
            assert (await one.get("/admin/set-up")).status_code == 200
        form = {"email": ROOT, "password": PASSWORD}
        short = await browser.post("/admin/set-up", data=form | {"password": "short"})
        assert short.status_code == 422
        assert 'id="password-error"' in short.text
        done = await browser.post("/admin/set-up", data=form)
        assert (done.status_code, done.headers["location"]) == (303, "/sign-in?next=%2Fadmin")
        assert (await (await at.signed_in(ROOT)).get("/admin")).status_code == 200
        for one, method in ((late, "GET"), (late, "POST"), (browser, "GET"), (at.browser(), "POST")):
            over = await one.request(
                method,
                "/admin/set-up",
                headers=FORM,
                content=b""
                if method == "GET"
                else b"email=x%40y.example&password=correct+horse+battery+staple",
            )
            assert over.status_code == 410
        assert await at.auth.store.count_accounts() == 1


async def test_no_page_is_there_where_no_cookie_carries_a_credential() -> None:
    async with served(strategy="hybrid", transports=("bearer",)) as at:
        assert (await at.client().get("/admin")).status_code == 404


def test_cells_that_a_spreadsheet_would_reckon_are_shown() -> None:
    from limen.audit import Entry, EntryID
    from limen.clock import Instant

    entry = Entry(EntryID("i"), Instant(0.0), "=a", "+b", "-c", None, None, "@d", "\te")
    assert row(entry)[1:] == ["'=a", "'+b", "'-c", "", "", "'@d", "'\te", "i"]


async def test_the_way_to_the_administration_is_shown_to_whoever_may_go_there() -> None:
    async with administered() as (at, root, _):
        assert 'href="/admin"' in (await root.get("/account")).text
        assert 'href="/admin"' not in (await (await at.signed_in(EMAIL)).get("/account")).text


async def test_B09_a_full_page_and_all_that_it_loads_weigh_little() -> None:
    async with administered() as (at, root, other):
        for n in range(60):
            await at.auth.add_account(f"some.longer.name{n:02d}@department.example.org", None)
            await at.auth.sign_in(EMAIL, PASSWORD, source=f"2001:db8::{n:x}")
        for path in ("", "/audit", f"/accounts/{other}", "/feed", "/configuration"):
            page = await root.get(f"/admin{path}")
            loaded = set(re.findall(r'(?:href|src)="([^"]+\.(?:css|js|svg))"', page.text))
            assert len(loaded) >= 4
            files = [await root.get(one) for one in loaded]
            assert {one.status_code for one in files} == {200}
            assert len(page.content) + sum(len(one.content) for one in files) < 60_000, path
