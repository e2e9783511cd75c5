"""R20 on PostgreSQL: a follower is called, and its view stays as bounded as where it has to ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from limen.auth import Limen
from limen.errors import Denied
from support import servers
from support.postgres_wire import Fate, Refuse, Wire
from support.world import EMAIL, PASSWORD, world

pytestmark = pytest.mark.anyio


@pytest.fixture
async def two(line: Wire, url: str) -> AsyncIterator[tuple[Limen, Limen]]:
    """Two processes' worth: one straight, one behind the wire. Their followers follow as in earnest."""
    straight = url.replace(f":{line.port}/", f":{servers.postgres().port}/")
    async with world(straight, strategy="hybrid") as (one, clock), world(url, clock=clock) as (two, _):
        await one.add_account(EMAIL, PASSWORD)
        yield one, two


async def refused(auth: Limen, credential: str) -> None:
    """Until the hot path of this process refuses it; the walk of the loop is all the time that passes."""
    while auth.recall(credential) is not None:  # noqa: ASYNC110 - the hot path rings no bell
        await asyncio.sleep(0.001)


async def test_R20_a_sign_out_is_heard_of_in_another_process(two: tuple[Limen, Limen]) -> None:
    here, there = two
    for _ in range(5):
        credential = (await here.sign_in(EMAIL, PASSWORD)).grant.credential
        await there.authenticate(credential)
        assert there.recall(credential) is not None
        await here.sign_out(await here.authenticate(credential))
        await asyncio.wait_for(refused(there, credential), 5)
        with pytest.raises(Denied):
            await there.authenticate(credential)


async def test_R20_a_process_that_is_cut_off_trusts_its_view_no_longer_than_it_may(
    line: Wire, two: tuple[Limen, Limen]
) -> None:
    here, there = two
    credential = (await here.sign_in(EMAIL, PASSWORD)).grant.credential
    await there.authenticate(credential)
    line.plan = lambda _: Refuse("57P01", fatal=True)
    await here.sign_out(await here.authenticate(credential))
    there.clock.turn(there.settings.max_staleness + 1)  # type: ignore[attr-defined]
    assert there.recall(credential) is None
    line.plan = lambda _: Fate.PASS
    await there.catch_up()
    with pytest.raises(Denied):
        await there.authenticate(credential)
