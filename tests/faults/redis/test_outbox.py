"""Two stores, one contract: what is committed in one and not yet done in the other, and who races with it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from limen.clock import Instant
from limen.errors import Misconfigured, Unavailable
from limen.jose.jwk import Algorithm
from limen.keys import KeyState, StoredKey
from limen.revocations import Kind, Revocation
from limen.stores import open_store
from limen.stores.base import Cut, NoAccount, Opened, Store
from limen.stores.base_beside import Ahead, Beside
from support import redis
from support.stores import NOW, UNTIL, added, make_account, make_session, opened

pytestmark = pytest.mark.anyio

KINDS = ("redis",)
Opens = Callable[..., Awaitable[Store]]
LATER = Instant(NOW + 60)


async def committed_alone(tmp_path: Path, step: Callable[[Store], Awaitable[object]]) -> object:
    """What a process leaves behind that commits and then dies, before it can apply anything."""
    alone = open_store(f"sqlite:///{tmp_path}/limen.db")
    await alone.start()
    answer = await step(alone)
    await alone.close()
    return answer


@pytest.mark.parametrize("how", ["revoke", "disable", "delete", "password"])
async def test_what_was_committed_and_not_applied_is_in_the_next_reading_of_the_feed(
    server: redis.Server, opens: Opens, tmp_path: Path, how: str
) -> None:
    store = await opens(server.url)
    account = await added(store)
    session = await opened(store, account)
    steps: dict[str, Callable[[Store], Awaitable[Revocation | None]]] = {
        "revoke": lambda s: s.revoke_account(account.id, now=NOW, until=UNTIL, why="w"),
        "disable": lambda s: s.disable_account(account.id, now=NOW, until=UNTIL),
        "delete": lambda s: s.delete_account(account.id, now=NOW, until=UNTIL),
        "password": lambda s: s.change_password(account.id, spent=None, fresh="new", now=NOW, until=UNTIL),
    }
    event = await committed_alone(tmp_path, steps[how])
    page = await store.read_feed(0, now=NOW)
    assert page.revocations == (event,)
    assert await store.session(session.id) is None


async def test_what_was_committed_is_applied_even_when_its_event_is_old(
    server: redis.Server, opens: Opens, tmp_path: Path
) -> None:
    """A session outlives the event that ends it: no sweep may take an event that was not applied."""
    store = await opens(server.url)
    account = await added(store)
    session = await opened(store, account)
    await committed_alone(tmp_path, lambda s: s.disable_account(account.id, now=NOW, until=UNTIL))
    assert await store.sweep(now=Instant(UNTIL + 1)) >= 1
    assert await store.session(session.id) is None


async def test_fewer_scopes_that_were_committed_alone_narrow_the_sessions_later(
    server: redis.Server, opens: Opens, tmp_path: Path
) -> None:
    store = await opens(server.url)
    account = await added(store)
    session = await opened(store, account, scopes=("read", "write"))
    await committed_alone(
        tmp_path, lambda s: s.set_scopes(account.id, ("read",), upto=NOW, until=UNTIL, now=NOW)
    )
    page = await store.read_feed(0, now=NOW)
    assert [e.kind for e in page.revocations] == [Kind.CLAIMS]
    found = await store.session(session.id)
    assert found is not None
    assert found.scopes == ("read",)


async def test_each_event_is_applied_once_whoever_reads_first(server: redis.Server, opens: Opens) -> None:
    stores = [await opens(server.url) for _ in range(4)]
    accounts = [await added(stores[0], f"p{n}") for n in range(24)]

    async def end(n: int) -> Revocation:
        return await stores[n % 4].revoke_account(accounts[n].id, now=NOW, until=UNTIL, why="w")

    async def read(n: int) -> None:
        for _ in range(10):
            await stores[n].read_feed(0, now=NOW)

    *answers, _, _, _, _ = await asyncio.gather(*(end(n) for n in range(24)), *(read(n) for n in range(4)))
    events = (await stores[0].read_feed(0, now=NOW)).revocations
    assert sorted(e.subject for e in events) == sorted(a.id for a in accounts)
    assert [e.position for e in events] == list(range(1, 25))
    assert {answer for answer in answers if answer is not None} == set(events)


async def test_S25_a_sign_in_that_races_with_the_end_of_its_account_never_survives_it(
    server: redis.Server, opens: Opens
) -> None:
    """Its own process's clock is ahead, so that the id alone would not be covered."""
    one, two = await opens(server.url), await opens(server.url)
    for n in range(40):
        account = await added(one, f"p{n}")
        sessions = [make_session(account, at=NOW + 5) for _ in range(4)]
        openings = [two.open_session(s, limit=None, until=UNTIL, now=Instant(NOW + 5)) for s in sessions]
        *answers, event = await asyncio.gather(
            *openings, one.disable_account(account.id, now=NOW, until=UNTIL)
        )
        assert event is not None
        assert await two.sessions_of(account.id, now=NOW) == [], answers
        late = make_session(account, at=NOW + 9)
        assert await two.open_session(late, limit=None, until=UNTIL, now=NOW) == NoAccount()


async def test_S25_an_account_that_was_looked_at_before_its_cut_is_looked_at_again(
    server: redis.Server, opens: Opens
) -> None:
    """What the race comes to when it is lost, one step after the other."""
    store = await opens(server.url)
    account = await added(store)
    event = await store.disable_account(account.id, now=NOW, until=UNTIL)
    assert event is not None
    beside: Beside = store._sessions  # type: ignore[attr-defined]
    ahead = make_session(account, at=NOW + 5)
    answer = await beside.open_session(
        ahead, cutoff=account.cutoff, limit=None, until=UNTIL, now=Instant(NOW + 5)
    )
    assert answer == Ahead(event.upto)
    assert await store.session(ahead.id) is None


async def test_a_cut_that_the_accounts_do_not_know_of_is_told_to_them_by_the_next_sign_in(
    server: redis.Server, opens: Opens, tmp_path: Path
) -> None:
    """The process died after it had cut further than it had committed, and before it could say so."""
    store = await opens(server.url)
    account = await added(store)
    await opened(store, account, at=NOW + 600)
    event = await store.revoke_account(account.id, now=NOW, until=UNTIL, why="w")
    assert event.upto > NOW + 599
    with closing(sqlite3.connect(tmp_path / "limen.db")) as db, db:
        db.execute("UPDATE limen_accounts SET cutoff = ?", (NOW,))
    fresh = make_session(account, at=NOW + 700)
    assert await store.open_session(fresh, limit=None, until=UNTIL, now=NOW) == Cut(event.upto)
    assert await store.open_session(fresh, limit=None, until=UNTIL, now=NOW) == Opened(())
    found = await store.account(account.id)
    assert found is not None
    assert found.cutoff == event.upto


async def test_while_redis_is_down_a_password_and_scopes_stay_as_they_are(
    server: redis.Server, opens: Opens
) -> None:
    store = await opens(server.url)
    account = await added(store)
    server.kill()
    for attempt in (
        store.change_password(account.id, spent=None, fresh="new", now=NOW, until=UNTIL),
        store.set_scopes(account.id, ("read",), upto=NOW, until=UNTIL, now=NOW),
    ):
        with pytest.raises(Unavailable):
            await attempt
    assert await store.account(account.id) == account


async def test_while_redis_is_down_who_is_to_be_shut_out_is_and_the_rest_follows(
    server: redis.Server, opens: Opens
) -> None:
    """The answer is Unavailable, for it is not done; and nobody has to remember to repeat it."""
    server.options = ("--appendonly", "yes", "--appendfsync", "always")
    server.restart()
    store = await opens(server.url)
    account, other = await added(store), await added(store, "bob")
    held = [await opened(store, account), await opened(store, other)]
    server.kill()
    key = StoredKey("k", Algorithm.ES256, KeyState.NEXT, b"sealed", NOW, NOW)
    compromise = Revocation(Kind.KEY, "k", NOW, UNTIL, NOW, "compromised")
    for attempt in (
        store.disable_account(account.id, now=NOW, until=UNTIL),
        store.delete_account(other.id, now=NOW, until=UNTIL),
        store.replace_ring([key], version=0, revocation=compromise),
    ):
        with pytest.raises(Unavailable):
            await attempt
    found = await store.account(account.id)
    assert found is not None
    assert found.disabled == NOW
    assert (await store.ring()).version == 1
    server.start()
    for _ in range(500):
        try:
            page = await store.read_feed(0, now=NOW)
            break
        except Unavailable:
            redis.moment()
    assert [e.subject for e in page.revocations] == [account.id, other.id, "k"]
    for session in held:
        assert await store.session(session.id) is None


async def test_a_caller_that_is_cancelled_leaves_both_stores_done(server: redis.Server, opens: Opens) -> None:
    store = await opens(server.url)
    for n in range(30):
        account = await added(store, f"p{n}")
        session = await opened(store, account)
        cutting = asyncio.ensure_future(store.disable_account(account.id, now=NOW, until=UNTIL))
        for _ in range(n % 6 + 1):
            await asyncio.sleep(0)
        cutting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cutting
        late = make_session(account, at=NOW + 1)
        assert await store.open_session(late, limit=None, until=UNTIL, now=NOW) == NoAccount()
        assert await store.session(session.id) is None
    assert len((await store.read_feed(0, now=NOW)).revocations) == 30


async def test_closing_finishes_what_goes_over_both(server: redis.Server, opens: Opens) -> None:
    store = await opens(server.url)
    account = await added(store)
    session = await opened(store, account)
    cutting = asyncio.ensure_future(store.disable_account(account.id, now=NOW, until=UNTIL))
    await asyncio.sleep(0)
    await store.close()
    assert await cutting is not None
    await store.start()
    assert await store.session(session.id) is None


async def test_a_database_that_was_used_alone_before_ends_what_it_cannot_see(
    server: redis.Server, opens: Opens, tmp_path: Path
) -> None:
    """Tokens of sessions that are left behind in the database must not outlive the move."""
    account = make_account("ada")
    await committed_alone(tmp_path, lambda s: s.add_account(account))
    store = await opens(server.url)
    page = await store.read_feed(0, now=LATER)
    assert [(e.kind, e.why) for e in page.revocations] == [(Kind.ISSUER, "sessions_lost")]


def test_sessions_beside_accounts_that_are_forgotten_are_refused() -> None:
    with pytest.raises(Misconfigured, match="memory://"):
        open_store("memory://", "redis://127.0.0.1")
