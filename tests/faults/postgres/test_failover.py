"""D11, D12: a primary that dies and a standby that takes over, with and without the last of the writes."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from limen.clock import Mono
from limen.errors import Misconfigured, Unavailable
from limen.ids import AccountID, SessionID
from limen.revocations import Filter, Kind, Revocation
from limen.stores import open_store
from limen.stores.base import BEYOND, Gone, Opened, Rotated
from limen.stores.postgres import PostgresStore
from limen.stores.postgres.step import Step
from support import servers
from support.stores import IDLE, NOW, UNTIL, added, digest, make_session, opened

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


def event(name: str) -> Revocation:
    return Revocation(Kind.KEY, name, NOW, UNTIL, NOW, "w")


@dataclass
class Pair:
    """A primary and its standby."""

    primary: servers.Postgres
    standby: servers.Postgres

    @property
    def url(self) -> str:
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in (self.standby, self.primary))
        return f"postgresql://{servers.USER}@{hosts}/{servers.DATABASE}?sslmode=disable"

    def caught_up(self) -> None:
        """Until the standby has replayed everything that the primary has written."""
        end = self.primary.sql("limen", "SELECT pg_current_wal_lsn()")
        while self.standby.sql("limen", f"SELECT pg_last_wal_replay_lsn() >= '{end}'") != "t":
            continue

    def cut_waiting(self) -> None:
        """End whichever backend of the primary waits for the standby, as soon as there is one."""
        query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        while self.primary.sql("limen", query) == "0":
            continue

    def fail_over(self) -> None:
        self.primary.stop(signal.SIGQUIT)
        self.standby.sql("limen", "SELECT pg_promote()")


@pytest.fixture(scope="module")
def calm() -> Iterator[Pair]:
    """A pair for tests that leave it as it was."""
    yield from made()


@pytest.fixture
def pair() -> Iterator[Pair]:
    yield from made()


def made() -> Iterator[Pair]:
    servers.need("pg_basebackup", "PostgreSQL", "postgresql")
    primary = servers.Postgres.made(servers.place())
    standby = primary.standby(servers.place())
    yield Pair(primary, standby)
    standby.stop()
    primary.stop()


async def test_D11_a_standby_is_refused_and_the_primary_found(calm: Pair) -> None:
    with pytest.raises(Misconfigured, match="standby"):
        await open_store(calm.standby.url()).start()
    store = open_store(calm.url)  # names the standby first
    await store.start()
    assert (await store.revoke(event("k1"))).position == 1
    assert await added(store) in await store.accounts()
    await store.close()


async def test_R21_what_was_revoked_on_the_primary_is_not_read_from_a_standby_that_lags(calm: Pair) -> None:
    """Its rows are those of before. No address of ours leads there, whichever it names first."""
    one, two = open_store(calm.url), open_store(calm.url)
    await one.start()
    session = await opened(one, await added(one, "eve"))
    calm.caught_up()
    calm.standby.sql("limen", "SELECT pg_wal_replay_pause()")
    try:
        await two.start()
        revoked = await one.revoke_session(session.id, account=None, now=NOW, until=UNTIL, why="w")
        assert revoked is not None
        row = f"SELECT count(*) FROM limen_sessions WHERE id = '{session.id}'"
        assert calm.standby.sql("limen", row) == "1"
        for store in (one, two):
            assert await store.session(session.id) is None
            assert isinstance(
                await store.rotate(session.id, session.digest, digest(1), now=NOW, idle=IDLE), Gone
            )
            assert revoked in (await store.read_feed(0, now=NOW)).revocations
    finally:
        calm.standby.sql("limen", "SELECT pg_wal_replay_resume()")
        for store in (one, two):
            await store.close()


async def test_D11_D12_after_a_failover_everything_goes_on_without_a_restart(pair: Pair) -> None:
    store = open_store(pair.url)
    await store.start()
    account = await added(store)
    session = await opened(store, account)
    kept = await store.revoke(event("before"))
    pair.caught_up()
    pair.fail_over()
    answers = await asyncio.gather(
        store.rotate(session.id, session.digest, digest(1), now=NOW, idle=IDLE),
        store.open_session(make_session(account, at=NOW + 1), limit=None, until=UNTIL, now=NOW),
        store.session(session.id),
        store.read_feed(0, now=NOW),
    )
    assert isinstance(answers[0], Rotated)
    assert answers[1] == Opened(())
    assert answers[2] is not None
    assert answers[3].revocations == (kept,)
    after = await store.revoke(event("after"))
    assert after.position > kept.position
    assert (await store.read_feed(kept.position, now=NOW)).revocations == (after,)
    await store.close()


async def test_D12_what_a_failover_lost_hides_nothing_that_comes_after_it(pair: Pair) -> None:
    """The standby lacks the last event, and a reader has seen it. The next one must not take its position."""
    store = open_store(pair.url)
    await store.start()
    known = Filter()

    async def follow() -> None:
        known.follow(await store.read_feed(known.position, now=NOW), sent=Mono(0.0))

    await store.revoke(event("replicated"))
    pair.caught_up()
    pair.standby.stop()
    lost = await store.revoke(event("lost"))
    await follow()
    assert known.position == lost.position == 2
    pair.primary.stop(signal.SIGQUIT)
    pair.standby.start()
    pair.standby.sql("limen", "SELECT pg_promote()")
    await follow()
    fresh = await store.revoke(event("fresh"))
    assert fresh.position > lost.position + BEYOND - 10
    await follow()
    for kid in ("replicated", "lost", "fresh"):
        kind = known.covering(sid=SessionID("s"), account=AccountID("a"), sid_ms=1, kid=kid)
        assert kind is Kind.KEY, "the reader still knows what was lost"
    assert (await store.revoke(event("next"))).position == fresh.position + 1
    await store.close()


async def test_D12_a_synchronous_standby_is_waited_for(calm: Pair) -> None:
    """Nothing is acknowledged that a failover could lose. A transaction whose wait is cut short is committed
    on the primary alone: to find it there is no acknowledgement."""
    calm.primary.sql("limen", "ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
    store = PostgresStore(calm.url, patience=1.0)
    await store.start()
    await store.revoke(event("both have it"))
    calm.standby.stop()
    with pytest.raises(Unavailable):
        await store.revoke(event("one has it"))
    calm.cut_waiting()
    ending = asyncio.create_task(store.revoke(event("one has it and is asked again")))
    await asyncio.to_thread(calm.cut_waiting)
    with pytest.raises(Unavailable):
        await ending
    calm.standby.start()
    await store.revoke(event("both have it again"))
    await store.close()


async def test_D12_standbys_that_nobody_waits_for_are_warned_of(
    calm: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    calm.primary.sql("limen", "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
    calm.caught_up()
    store = open_store(calm.primary.url())
    with caplog.at_level(logging.WARNING):
        await store.start()
    assert "synchronous_standby_names is empty" in caplog.text
    await store.close()


@pytest.mark.parametrize("before", [servers.postgres, servers.pgbouncer], ids=["postgres", "pgbouncer"])
async def test_D12_commits_are_synchronous_whatever_the_default_is(before: object) -> None:
    """The servers of the tests are set to synchronous_commit=off."""
    assert servers.postgres().sql("limen", "SHOW synchronous_commit") == "off"
    store = PostgresStore(before().url(schema=servers.new_schema()))  # type: ignore[operator]
    await store.start()

    async def ask(step: Step) -> str:
        return str((await step.rows("SHOW synchronous_commit"))[0][0])

    assert await store._parts.writer.do(ask, (9, "")) == "on"
    await store.close()
