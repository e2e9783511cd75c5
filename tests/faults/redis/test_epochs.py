"""D05: a Redis that was emptied, restored, or that lost its last second revives no session."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from limen.clock import Instant
from limen.errors import Unavailable
from limen.revocations import Filter, Kind
from limen.stores.base import Cut, Opened, Stale, Store
from support import redis
from support.stores import IDLE, NOW, UNTIL, added, digest, make_session, opened

pytestmark = pytest.mark.anyio

Opens = Callable[..., Awaitable[Store]]
LATER = Instant(NOW + 10)
ON_DISK = ("--appendonly", "yes", "--appendfsync", "always")


async def settled(store: Store, now: Instant = LATER) -> None:
    """Until the feed can be read again: connections are made anew, with pauses."""
    for _ in range(500):
        try:
            await store.read_feed(0, now=now)
        except Unavailable:
            redis.moment()
        else:
            return
    raise AssertionError("it does not recover")


async def end_of_all(store: Store) -> Instant:
    """The moment up to which everything was ended, as a verifier learns it."""
    events = (await store.read_feed(0, now=LATER)).revocations
    assert [e.why for e in events if e.kind is Kind.ISSUER] == ["sessions_lost"]
    return next(e.upto for e in events if e.kind is Kind.ISSUER)


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno == logging.CRITICAL]


async def test_D05_emptied_while_it_serves_all_sessions_end_and_new_ones_open(
    server: redis.Server, opens: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = await opens(server.url), await opens(server.url)
    account = await added(one)
    session = await opened(one, account)
    await one.revoke_session((await opened(one, account)).id, account=None, now=NOW, until=UNTIL, why="w")
    before = (await two.read_feed(0, now=NOW)).position
    server.ask("FLUSHALL")
    with pytest.raises(Unavailable, match="just now"):
        await one.session(session.id)
    page = await two.read_feed(before, now=LATER)
    assert [e.kind for e in page.revocations] == [Kind.ISSUER]
    assert page.position > before
    memory = Filter()
    memory.follow(page, sent=0.0)  # type: ignore[arg-type]
    assert memory.covering(sid=session.id, account=account.id, sid_ms=int(NOW * 1000), kid=None)
    assert await one.session(session.id) is None
    upto = await end_of_all(one)
    early = make_session(account, at=LATER)
    assert await one.open_session(early, limit=None, until=UNTIL, now=LATER) == Cut(
        Instant((int(upto * 1000) + 0.5) / 1000)
    )
    fresh = make_session(account, at=upto + 0.002)
    assert await two.open_session(fresh, limit=None, until=UNTIL, now=LATER) == Opened(())
    assert await one.session(fresh.id) == fresh
    assert len(warned(caplog)) == 1


async def test_D05_a_redis_that_is_new_here_is_no_alarm(
    server: redis.Server, opens: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    await added(await opens(""))  # accounts there are, and sessions were kept beside them until now
    store = await opens(server.url)
    await end_of_all(store)
    assert warned(caplog) == []
    assert "sessions are kept in Redis from now on" in caplog.text


async def _yesterday(server: redis.Server, store: Store) -> Path:
    """What a backup of this moment would be."""
    server.ask("SAVE")
    kept = Path(server.folder.name, "yesterday.rdb")
    shutil.copy(server.dump, kept)
    return kept


def _restore(server: redis.Server, backup: Path) -> None:
    server.kill()
    shutil.copy(backup, server.dump)
    server.start()


@pytest.mark.parametrize("all_were_gone", [False, True], ids=["we went on", "all were gone"])
@pytest.mark.parametrize("since", ["revoked", "rotated", "swept"])
async def test_D05_restored_from_yesterday_no_ended_session_and_no_spent_credential_lives(
    server: redis.Server, opens: Opens, caplog: pytest.LogCaptureFixture, since: str, all_were_gone: bool
) -> None:
    store = await opens(server.url)
    account = await added(store)
    session = await opened(store, account)
    backup = await _yesterday(server, store)
    if since == "revoked":
        await store.revoke_session(session.id, account=None, now=NOW, until=UNTIL, why="w")
    elif since == "rotated":
        await store.rotate(session.id, session.digest, digest(1), now=NOW, idle=IDLE)
    for _ in range(30):  # half an hour goes by
        await store.sweep(now=NOW)
    if all_were_gone:
        await store.close()
    _restore(server, backup)
    if all_were_gone:
        store = await opens(server.url)
    await settled(store)
    assert await store.session(session.id) is None
    assert await store.sessions_of(account.id, now=LATER) == []
    upto = await end_of_all(store)
    assert upto > NOW
    assert len(warned(caplog)) == 1
    fresh = make_session(account, at=upto + 0.002)
    assert await store.open_session(fresh, limit=None, until=UNTIL, now=LATER) == Opened(())
    await store.sweep(now=LATER)
    later = await opens(server.url)  # and whoever comes later finds nothing more to end
    await settled(later)
    assert await later.session(fresh.id) == fresh
    assert len(warned(caplog)) == 1


async def test_D05_a_record_of_another_epoch_that_was_put_back_by_hand_is_absent(
    server: redis.Server, opens: Opens
) -> None:
    store = await opens(server.url + "?prefix=p")
    account = await added(store)
    session = await opened(store, account)
    server.ask("EVAL", _COPY, "0", "{p}:1:s", "{p}:2:s")
    server.ask("DEL", "{p}:meta")
    await settled(store)
    assert await store.session(session.id) is None


_COPY = """
for _, key in ipairs(redis.call('KEYS', '*')) do
  if string.sub(key, 1, #ARGV[1]) == ARGV[1] then
    redis.call('COPY', key, ARGV[2] .. string.sub(key, #ARGV[1] + 1))
  end
end
"""


async def test_D05_a_restart_that_kept_everything_ends_nothing_and_no_event_is_missed(
    server: redis.Server, opens: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    server.options = ON_DISK
    server.restart()
    one, two = await opens(server.url), await opens(server.url)
    account = await added(one)
    session, other = await opened(one, account), await opened(one, account)
    await one.rotate(session.id, session.digest, digest(1), now=NOW, idle=IDLE)
    known = (await two.read_feed(0, now=NOW)).position
    server.restart()
    await settled(one)
    await settled(two)
    event = await one.revoke_session(other.id, account=None, now=LATER, until=UNTIL, why="w")
    assert event is not None
    assert event.position > known
    page = await two.read_feed(known, now=LATER)
    assert page.revocations == (event,)
    kept = await two.rotate(session.id, session.digest, digest(2), now=LATER, idle=IDLE)
    assert isinstance(kept, Stale)
    assert kept.session.digest == digest(1)
    assert warned(caplog) == []


async def test_D05_a_restart_that_lost_what_was_acknowledged_ends_everything(
    server: redis.Server, opens: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    """Saved now and then, as Redis does by default: what came after the last time is gone."""
    store = await opens(server.url)
    witness = await opens(server.url)
    account = await added(store)
    session, kept = await opened(store, account), await opened(store, account)
    server.ask("SAVE")
    await witness.read_feed(0, now=NOW)
    await store.revoke_session(session.id, account=None, now=NOW, until=UNTIL, why="w")
    server.restart()
    await settled(witness)  # it had acknowledged nothing, and finds nothing wrong
    await settled(store)
    await settled(witness)
    for one in (store, witness):
        assert await one.session(session.id) is None
        assert await one.session(kept.id) is None
    assert len(warned(caplog)) == 1


async def test_D05_what_is_acknowledged_while_redis_is_looked_at_is_not_missed_in_it(
    server: redis.Server, opens: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    """The accounts' store takes its time, and others go on meanwhile: they are acknowledged more than what
    Redis had counted when it was asked, and nothing is lost."""
    store = await opens(server.url)
    account = await added(store)
    kept = await opened(store, account)
    driver = store._sessions._driver  # type: ignore[attr-defined]
    settler, marks = driver._settler, driver._settler._marks

    class Slow:
        """The accounts' store, when others are faster."""

        async def marks(self) -> object:
            other = await opened(store, account)
            assert await store.revoke_session(other.id, account=None, now=NOW, until=UNTIL, why="w")
            await driver.remember()
            return await marks.marks()

        async def raise_marks(self, raised: Mapping[str, int]) -> None:
            await marks.raise_marks(raised)

    settler._marks = Slow()
    await settler.settle(await driver._writes.line(), LATER)
    settler._marks = marks
    assert warned(caplog) == []
    assert await store.session(kept.id) == kept


async def test_D05_who_saw_a_failover_is_told_of_the_end_by_who_did_not(
    opens: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    """Positions leave a gap at each run; whoever begins an epoch need not know how many there were. If the
    event that ends all came below the position of a reader, its tokens would live on, and so would all that
    are ended after it."""
    server = redis.Server("redis", *ON_DISK)
    reader, idle = await opens(server.url), await opens(server.url)
    account = await added(reader)
    session = await opened(reader, account)
    for store in (reader, idle):
        await store.read_feed(0, now=NOW)
    server.restart()
    await settled(reader)  # who alone knows how far the positions of this run have come
    for n in range(5):
        other = await opened(reader, account, at=NOW + 1 + n)
        await reader.revoke_session(other.id, account=None, now=NOW, until=UNTIL, why="w")
    known = (await reader.read_feed(0, now=NOW)).position
    server.kill()
    shutil.rmtree(Path(server.folder.name, "appendonlydir"))
    server.start()
    await settled(idle)
    assert len(warned(caplog)) == 1
    page = await reader.read_feed(known, now=LATER)
    assert [e.kind for e in page.revocations] == [Kind.ISSUER]
    fresh = await opened(idle, account, at=NOW + 1_000)
    event = await idle.revoke_session(fresh.id, account=None, now=LATER, until=UNTIL, why="w")
    assert (await reader.read_feed(page.position, now=LATER)).revocations == (event,)
    assert await reader.session(session.id) is None
    server.destroy()


async def test_D05_what_the_accounts_had_said_before_is_said_again_in_a_new_epoch(
    server: redis.Server, opens: Opens
) -> None:
    store = await opens(server.url)
    account = await added(store)
    event = await store.disable_account(account.id, now=NOW, until=UNTIL)
    assert event is not None
    server.ask("FLUSHALL")
    await settled(store)
    kinds = [(e.kind, e.subject) for e in (await store.read_feed(0, now=LATER)).revocations]
    assert (Kind.ACCOUNT, account.id) in kinds


async def test_D05_an_accounts_database_that_was_restored_ends_all_sessions(
    server: redis.Server, opens: Opens, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await opens(server.url)
    account = await added(store)
    await store.close()
    shutil.copy(tmp_path / "limen.db", tmp_path / "backup.db")
    store = await opens(server.url)
    session = await opened(store, account)
    await store.revoke_account(account.id, now=Instant(NOW - 1), until=UNTIL, why="w")
    session = await opened(store, account, at=NOW + 1)
    await store.close()
    store = await opens(server.url, database="backup.db")
    await settled(store)
    assert await store.session(session.id) is None
    assert len(warned(caplog)) == 1


async def test_D05_many_that_start_at_once_on_an_empty_redis_agree_and_end_nothing(
    server: redis.Server, opens: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    stores = await asyncio.gather(*(opens(server.url) for _ in range(8)))
    account = await added(stores[0])
    session = await opened(stores[3], account)
    for store in stores:
        assert await store.session(session.id) == session
        assert (await store.read_feed(0, now=NOW)).position == 0
    assert warned(caplog) == []
