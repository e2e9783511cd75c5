"""Each strategy costs what its Guarantees say, counted at the store, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from limen.auth import Limen
from limen.errors import Denied
from limen.stores.sqlite import SQLiteStore
from support.faulty import Plan, factory
from support.world import EMAIL, PASSWORD, STRATEGIES, account_with, world

pytestmark = pytest.mark.anyio


def reads(plan: Plan) -> int:
    """Point reads of sessions and accounts since the last look."""
    found = [s for s in plan.statements if s.startswith("SELECT") and "limen_state" not in s]
    plan.statements.clear()
    return len([s for s in found if "FROM limen_sessions" in s or "FROM limen_accounts" in s])


async def counted(auth: Limen, plan: Plan, credential: str) -> int:
    reads(plan)
    await auth.authenticate(credential)
    return reads(plan)


@pytest.mark.parametrize("cache_size", [1_000, 0])
@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_S36_a_request_reads_the_store_as_often_as_is_promised(
    strategy: str, cache_size: int, tmp_path: Path
) -> None:
    plan = Plan()
    store = SQLiteStore(tmp_path / "limen.db", factory=factory(plan))
    async with world(store=store, strategy=strategy, cache_size=cache_size) as (auth, clock):
        for task in auth._tasks:
            task.cancel()
        await account_with(auth)
        credential = (await auth.sign_in(EMAIL, PASSWORD)).grant.credential
        promised = auth.guarantees
        assert await counted(auth, plan, credential) == promised.store_reads_unseen
        assert await counted(auth, plan, credential) == promised.store_reads
        clock.turn(auth.settings.max_staleness + 0.001)
        assert await counted(auth, plan, credential) <= promised.store_reads_stale


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_S27_garbage_and_forgeries_read_no_store(strategy: str, tmp_path: Path) -> None:
    plan = Plan()
    store = SQLiteStore(tmp_path / "limen.db", factory=factory(plan))
    async with world(store=store, strategy=strategy) as (auth, _):
        await account_with(auth)
        credential = (await auth.sign_in(EMAIL, PASSWORD)).grant.credential
        for task in auth._tasks:
            task.cancel()
        reads(plan)
        flipped = credential[:-1] + ("A" if credential[-1] != "A" else "B")
        nonsense = ("", "A" * 64, "a.b.c", "\ud800", "\ud800.a.b", "Ａ" * 64, "." * 9_000)
        for forged in (*nonsense, flipped, credential + "A"):
            with pytest.raises(Denied):
                await auth.authenticate(forged)
        assert reads(plan) == 0


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S05_a_lookup_goes_by_id_and_a_near_miss_costs_no_more_than_a_far_one(
    strategy: str, tmp_path: Path
) -> None:
    """The seal is compared in constant time before any store is asked; secrets are compared as digests."""
    plan = Plan()
    store = SQLiteStore(tmp_path / "limen.db", factory=factory(plan))
    async with world(store=store, strategy="hybrid", accept=("session",)) as (auth, _):
        await account_with(auth)
        credential = (await auth.sign_in(EMAIL, PASSWORD)).grant.refresh
        assert credential is not None
        reads(plan)
        for shared in range(0, 64, 7):
            near = credential[:shared] + "".join("A" if c != "A" else "B" for c in credential[shared:])
            with pytest.raises(Denied) as caught:
                await (auth.refresh(near) if strategy == "hybrid" else auth.authenticate(near))
            assert caught.value.reason in ("seal", "seal_mismatch")
        assert reads(plan) == 0
