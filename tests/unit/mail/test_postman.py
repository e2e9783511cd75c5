"""The postman: what he does when letters, templates, the store and the carrier misbehave."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from limen.accounts import Account
from limen.auth import Limen
from limen.errors import Unavailable
from limen.letters import LEASE, Kind, Letter
from limen.mail.postman import BATCH, Deliver, NotSent, Postman
from limen.mail.writing import Scribe, Written
from limen.stores.base import Store
from limen.testing import TurnableClock
from support.world import world

pytestmark = pytest.mark.anyio


class Bag:
    """A carrier: takes letters into a bag, or fails as it is told. It is what a server is to the postman."""

    def __init__(self) -> None:
        self.taken: list[Written] = []
        self.fails: Exception | None = None
        self.shut: NotSent | None = None
        self.opened = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Deliver]:
        self.opened += 1
        if self.shut is not None:
            raise self.shut
        yield self._take

    async def _take(self, written: Written) -> None:
        if self.fails is not None:
            raise self.fails
        self.taken.append(written)


@asynccontextmanager
async def office(**options: Any) -> AsyncIterator[tuple[Limen, TurnableClock, Postman, Bag]]:
    async with world(mail="console:", **options) as (auth, clock):
        assert auth._postman is not None
        await auth._postman.close()
        bag, letters = Bag(), auth._parts.letters
        yield (
            auth,
            clock,
            Postman(auth.store, letters, Scribe(auth.settings), bag, clock, chance=lambda: 0.0),
            bag,
        )


async def post(auth: Limen, *letters: Letter, lifetime: float = 10_000) -> None:
    now, seal = auth.clock.now(), auth._parts.letters
    await auth.store.post([seal.post(x, now=now, lifetime=lifetime, entropy=auth._entropy) for x in letters])


def letter(to: str = "ada@example.org", kind: Kind = Kind.PASSWORD_CHANGED, **values: str) -> Letter:
    return Letter(kind, to, values)


async def test_more_than_a_batch_is_sent_batch_by_batch() -> None:
    async with office() as (auth, _, postman, bag):
        await post(auth, *(letter(f"p{n}@example.org") for n in range(BATCH + 3)))
        assert [await postman.round() for _ in range(3)] == [BATCH, 3, 0]
        assert len(bag.taken) == BATCH + 3


async def test_a_letter_of_another_secret_is_dropped_and_said_so(caplog: pytest.LogCaptureFixture) -> None:
    async with office() as (auth, _, postman, bag):
        await post(auth, letter())
        (posted,) = await auth.store.take_letters(now=auth.clock.now(), lease=0)
        await auth.store.letter_sent(posted.id)
        await auth.store.post(
            [posted.__class__(posted.id, posted.sealed[:-1] + b"?", posted.due, posted.ends)]
        )
        await post(auth, letter("bob@example.org"))
        assert await postman.round() == 2
        assert [w.recipient for w in bag.taken] == ["bob@example.org"]
        assert await auth.store.letters_waiting() == 0
        assert "the secret is another now" in caplog.text


async def test_what_befalls_one_letter_befalls_no_other(caplog: pytest.LogCaptureFixture) -> None:
    async with office() as (auth, clock, postman, bag):
        await post(auth, letter("@@no address@@"), letter())
        await postman.round()
        assert len(bag.taken) == 1
        assert await auth.store.letters_waiting() == 1
        bag.fails = ValueError("surprise")
        await post(auth, letter())
        assert await postman.round() == 1
        assert await auth.store.letters_waiting() == 2
        assert "no address" not in caplog.text
        assert "surprise" not in caplog.text
        clock.turn(300)
        bag.fails = None
        await postman.round()
        assert len(bag.taken) == 2


async def test_where_nobody_opens_every_letter_is_put_off_and_it_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with office() as (auth, clock, postman, bag):
        bag.shut = NotSent("SMTPConnectError")
        await post(auth, letter(), letter(), letter())
        for _ in range(4):
            assert await postman.round() == 3
            assert await postman.round() == 0
            clock.turn(5 * 3.0**4)
        said = [r for r in caplog.records if r.name == "limen.mail" and r.levelno >= logging.WARNING]
        assert [r.getMessage() for r in said] == ["mail waits: SMTPConnectError"]
        bag.shut = None
        await postman.round()
        assert len(bag.taken) == 3


async def test_the_pauses_grow() -> None:
    async with office() as (auth, clock, postman, bag):
        bag.shut = NotSent("down")
        await post(auth, letter())
        waited = []
        for _ in range(5):
            assert await postman.round() == 1
            pause = 0.0
            while await postman.round() == 0 and pause < 2_000:
                clock.turn(5)
                pause += 5
                bag.opened, before = 0, bag.opened
                assert before <= 1
                taken = await auth.store.take_letters(now=clock.now(), lease=0)
                if taken:
                    await auth.store.letter_failed(taken[0].id, attempts=taken[0].attempts, due=clock.now())
                    break
            waited.append(pause)
        assert waited == sorted(waited)


async def test_a_round_that_takes_long_leaves_the_rest_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    async with office() as (auth, clock, postman, bag):
        take = bag._take

        async def slow(written: Written) -> None:
            clock.turn(LEASE / 4)
            await take(written)

        monkeypatch.setattr(bag, "_take", slow)
        await post(auth, *(letter(f"p{n}@example.org") for n in range(5)))
        assert await postman.round() == 5
        assert len(bag.taken) == 2
        assert await postman.round() == 3  # at once: nobody has to wait for a lease


async def test_letters_that_are_over_are_said_to_be_even_where_nobody_opens(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with office() as (auth, clock, postman, bag):
        bag.shut = NotSent("down")
        await post(auth, letter(), lifetime=10)
        await postman.round()
        clock.turn(10)
        assert await postman.round() == 1
        assert await auth.store.letters_waiting() == 0
        assert "is given up" in caplog.text


async def test_a_store_that_is_away_ends_no_postman() -> None:
    async with office() as (auth, _, _, bag):
        store = _Away(auth.store)
        scribe = Scribe(auth.settings)
        postman = Postman(store, auth._parts.letters, scribe, bag, auth.clock, look_every=0.01)  # type: ignore[arg-type]
        postman.start()
        await asyncio.sleep(0.03)
        store.away = False
        await post(auth, letter())
        async with asyncio.timeout(3):
            while not bag.taken:  # noqa: ASYNC110 - what the postman did is all there is to see
                await asyncio.sleep(0.01)
        await postman.close()


class _Away:
    """The outbox of a store, which cannot be had for a while."""

    def __init__(self, store: Store) -> None:
        self._store, self.away = store, True

    async def take_letters(self, **given: Any) -> Any:
        if self.away:
            raise Unavailable("the database cannot be used just now")
        return await self._store.take_letters(**given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


async def test_W06_a_name_comes_into_no_header_and_a_strangers_into_no_letter() -> None:
    async with office() as (auth, _, postman, bag):
        account: Account = await auth.add_account("ada@example.org", None)
        await auth.store.set_name(account.id, "You have won: https://evil.example")
        await auth.recovery.forgot_password("ada@example.org")
        await postman.round()
        assert b"evil" not in bag.taken[0].data
