"""R19 where the store is at hand: what a full filter keeps with doubt is looked up, and never guessed."""

from __future__ import annotations

from typing import Any

import pytest

from limen.auth import Limen
from limen.errors import Denied, Unavailable
from support.world import EMAIL, PASSWORD, account_with, world

pytestmark = pytest.mark.anyio


async def credential_of(auth: Limen) -> str:
    return (await auth.sign_in(EMAIL, PASSWORD)).grant.credential


async def lookups(auth: Limen) -> list[str]:
    """Counts, from now on, the sessions that are looked up."""
    seen: list[str] = []
    plain: Any = auth.store.session

    async def counted(sid: Any) -> Any:
        seen.append(sid)
        return await plain(sid)

    auth.store.session = counted  # type: ignore[method-assign]
    return seen


async def test_R19_the_hybrid_looks_up_who_is_in_doubt_and_nobody_else() -> None:
    async with world(strategy="hybrid") as (auth, _):
        await account_with(auth)
        auth.filter._exact = 0
        doomed, honest = await credential_of(auth), await credential_of(auth)
        for credential in (doomed, honest):
            await auth.authenticate(credential)
        who = await auth.authenticate(doomed)
        await auth.sign_out(who)
        seen = await lookups(auth)
        for _ in range(3):
            await auth.authenticate(honest)
        assert seen == []
        with pytest.raises(Denied) as denied:
            await auth.authenticate(doomed)
        assert denied.value.code == "credential_revoked"
        assert seen == [who.session]


async def test_R19_an_account_in_doubt_keeps_its_new_sessions() -> None:
    async with world(strategy="hybrid") as (auth, clock):
        await account_with(auth)
        auth.filter._exact = 0
        old = await credential_of(auth)
        await auth.revoke_sessions(await auth.find_account(EMAIL))
        clock.turn(1)
        fresh = await credential_of(auth)
        seen = await lookups(auth)
        with pytest.raises(Denied):
            await auth.authenticate(old)
        for n in range(1, 4):
            await auth.authenticate(fresh)
            assert len(seen) == n + 1, "each time, for the doubt does not go away"
        await auth.store.close()
        with pytest.raises(Unavailable):
            await auth.authenticate(fresh)
        clock.turn(1_200)
        auth.filter.prune(now=clock.now())
        assert len(auth.filter) == 0
