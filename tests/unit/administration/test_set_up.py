"""The first administrator is made once, by whoever has the console."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from limen.accounts import ADMIN_SCOPE, Among
from limen.audit import OPERATOR, Wanted
from limen.auth import Limen
from limen.errors import Denied, Rejected
from support.world import EMAIL, PASSWORD, account_with, world

pytestmark = pytest.mark.anyio

ROOT = "root@example.org"


async def text_of(auth: Limen) -> str:
    link = await auth.admin.set_up_link()
    assert link is not None
    return parse_qs(urlsplit(link).query)["token"][0]


async def test_A46_the_link_leads_to_one_administrator_and_then_nowhere() -> None:
    async with world(default_scopes=("notes",)) as (auth, _):
        text = await text_of(auth)
        assert await auth.admin.may_set_up(text)
        made = await auth.admin.set_up(text, ROOT, PASSWORD, source="192.0.2.7")
        assert made.scopes == (ADMIN_SCOPE, "notes")
        assert (await auth.sign_in(ROOT, PASSWORD)).grant.scopes == made.scopes
        assert not await auth.admin.may_set_up(text)
        assert await auth.admin.set_up_link() is None
        with pytest.raises(Denied) as caught:
            await auth.admin.set_up(text, "second@example.org", PASSWORD)
        assert caught.value.code == "set_up_void"
        (entry,) = await auth.store.entries(Wanted(event="account_added"))
        assert (entry.actor, entry.account, entry.source) == (OPERATOR, made.id, "192.0.2.7")
        assert text not in repr(vars(auth.store))


async def test_A46_of_two_first_run_set_ups_at_once_one_wins(tmp_path: Path) -> None:
    place = f"sqlite:///{tmp_path}/one.db"
    async with world(place) as (auth, _), world(place) as (other, _):
        texts = [await text_of(auth), await text_of(other)]
        answers = await asyncio.gather(
            *(
                limen.admin.set_up(text, f"root{n}@example.org", PASSWORD)
                for n, (limen, text) in enumerate([(auth, texts[0]), (other, texts[1])] * 4)
            ),
            return_exceptions=True,
        )
        won = [answer for answer in answers if not isinstance(answer, BaseException)]
        lost = [answer for answer in answers if isinstance(answer, Denied)]
        assert (len(won), len(lost)) == (1, 7)
        assert await auth.store.newest_accounts(Among.ALL) == won


async def test_A46_after_an_hour_or_with_a_made_up_text_there_is_no_administrator() -> None:
    async with world() as (auth, clock):
        text = await text_of(auth)
        clock.turn(3_601)
        for bad in (text, "A" * 51, ""):
            assert not await auth.admin.may_set_up(bad)
            with pytest.raises(Denied) as caught:
                await auth.admin.set_up(bad, ROOT, PASSWORD)
            assert caught.value.code == "set_up_void"
        assert await auth.store.count_accounts() == 0


async def test_somebody_who_registers_first_does_not_close_the_door() -> None:
    async with world() as (auth, _):
        text = await text_of(auth)
        await auth.register(EMAIL, PASSWORD)
        assert await auth.admin.set_up_link() is None
        with pytest.raises(Rejected) as caught:
            await auth.admin.set_up(text, EMAIL, PASSWORD)
        assert (caught.value.code, caught.value.field) == ("account_exists", "email")
        await auth.admin.set_up(text, ROOT, PASSWORD)


async def test_what_nobody_may_have_the_administrator_may_not_either() -> None:
    async with world() as (auth, _):
        text = await text_of(auth)
        for email, password in ((ROOT, "short"), ("nobody", PASSWORD), (ROOT, ROOT)):
            with pytest.raises(Rejected):
                await auth.admin.set_up(text, email, password)
        assert await auth.admin.may_set_up(text)


async def test_there_is_no_link_where_there_is_an_account_or_no_page_to_lead_to() -> None:
    async with world() as (auth, _):
        await account_with(auth)
        assert await auth.admin.set_up_link() is None
    async with world(transports=("bearer",)) as (auth, _):
        assert await auth.admin.set_up_link() is None
