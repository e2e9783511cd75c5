"""D14: the races of R02, A08, A11 and S33, whatever isolation level the database is set to by default."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from limen.stores import open_store
from limen.stores.base import Opened, Rotated, Stale, Store
from limen.throttle import Limit
from support import servers
from support.stores import IDLE, NOW, UNTIL, added, digest, make_session, opened

pytestmark = pytest.mark.anyio

LEVELS = ("read committed", "repeatable read", "serializable")


@pytest.fixture(params=LEVELS)
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[list[Store]]:
    """Three processes' worth of stores over one database of this level."""
    server, role = servers.postgres(), f"role_{servers.new_schema()}"
    server.sql(
        "limen",
        f"CREATE ROLE {role} SUPERUSER LOGIN",
        f"ALTER ROLE {role} SET default_transaction_isolation = '{request.param}'",
    )
    url = server.url(schema=servers.new_schema()).replace(f"//{servers.USER}@", f"//{role}@")
    stores = [open_store(url) for _ in range(3)]
    for store in stores:
        await store.start()
    yield stores
    for store in stores:
        await store.close()


async def test_D14_R02_of_64_that_rotate_one_credential_one_wins(stores: list[Store]) -> None:
    session = await opened(stores[0], await added(stores[0]))
    answers = await asyncio.gather(
        *(
            stores[n % 3].rotate(session.id, session.digest, digest((session.id, 1)), now=NOW, idle=IDLE)
            for n in range(64)
        )
    )
    assert sum(isinstance(answer, Rotated) for answer in answers) == 1
    found = await stores[1].session(session.id)
    assert found is not None
    assert found.generation == 1
    assert all(answer == Stale(found) for answer in answers if not isinstance(answer, Rotated))


async def test_D14_S33_exactly_n_sessions_remain(stores: list[Store]) -> None:
    account, limit = await added(stores[0]), 5
    new = [make_session(account, at=NOW + n) for n in range(48)]
    answers = await asyncio.gather(
        *(stores[n % 3].open_session(s, limit=limit, until=UNTIL, now=NOW) for n, s in enumerate(new))
    )
    ended = [r.subject for a in answers if isinstance(a, Opened) for r in a.ended]
    alive = {s.id for s in await stores[0].sessions_of(account.id, now=NOW)}
    assert len(alive) == limit
    assert alive | set(ended) == {s.id for s in new}
    assert len(ended) == len(set(ended)) == 43
    page = await stores[0].read_feed(0, now=NOW)
    assert [r.position for r in page.revocations] == list(range(1, 44))


async def test_D14_S24_no_session_outlives_a_cut_that_it_raced_with(stores: list[Store]) -> None:
    account = await added(stores[0])
    new = [make_session(account, at=NOW) for _ in range(40)]
    opening = [stores[n % 2].open_session(s, limit=None, until=UNTIL, now=NOW) for n, s in enumerate(new)]
    cut = stores[2].revoke_account(account.id, now=NOW, until=UNTIL, why="w")
    await asyncio.gather(*opening[:20], cut, *opening[20:])
    assert await stores[0].sessions_of(account.id, now=NOW) == []


async def test_D14_A08_of_200_guesses_at_once_ten_are_evaluated(stores: list[Store]) -> None:
    strict = Limit(free=10, cap=10)
    answers = await asyncio.gather(
        *(stores[n % 3].charge([("a", strict), (f"b{n % 7}", Limit(free=99))], now=NOW) for n in range(200))
    )
    assert answers.count(None) == 10


async def test_D14_A08_charges_in_any_order_meet_no_deadlock(stores: list[Store]) -> None:
    wide = Limit(free=1_000)
    keys = [f"k{n}" for n in range(6)]
    pairs = [((a, wide), (b, wide)) for a in keys for b in keys]
    answers = await asyncio.gather(*(stores[n % 3].charge(pair, now=NOW) for n, pair in enumerate(pairs * 3)))
    assert answers == [None] * 108


async def test_D14_A11_of_many_password_changes_one_wins(stores: list[Store]) -> None:
    account = await added(stores[0])
    answers = await asyncio.gather(
        *(
            stores[n % 3].change_password(
                account.id, spent=account.password, fresh=f"new {n}", now=NOW, until=UNTIL
            )
            for n in range(24)
        )
    )
    assert sum(answer is not None for answer in answers) == 1
