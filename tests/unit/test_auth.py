"""The life of a Limen: a start that fails leaves nothing open, and all can be done again."""

from __future__ import annotations

from pathlib import Path

import pytest

from limen.auth import Limen
from limen.errors import Misconfigured, Unavailable
from limen.insecure import WeakHashing
from limen.secret import Secret
from support.world import EMAIL, ISSUER, PASSWORD, account_with, world

pytestmark = pytest.mark.anyio


async def test_a_start_that_fails_lets_go_of_the_store(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/limen.db"
    async with world(url) as (auth, clock):
        await account_with(auth)
    other = Limen(url, secret=Secret(bytes(range(1, 33))), clock=clock, issuer=ISSUER, scheme=WeakHashing())
    with pytest.raises(Misconfigured) as caught:
        await other.start()
    assert caught.value.code == "secret_mismatch"
    with pytest.raises(Unavailable) as shut:
        await other.store.ping()
    assert shut.value.reason == "store_closed"
    await other.close()


async def test_started_and_closed_twice_is_once_and_closed_it_can_start_again(tmp_path: Path) -> None:
    async with world(f"sqlite:///{tmp_path}/limen.db") as (auth, _):
        await account_with(auth)
        await auth.start()
        grant = (await auth.sign_in(EMAIL, PASSWORD)).grant
        await auth.close()
        await auth.close()
        with pytest.raises(Unavailable):
            await auth.find_account(EMAIL)
        await auth.start()
        assert (await auth.authenticate(grant.credential)).session == grant.session
