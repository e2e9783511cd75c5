"""What an explanation looks up is there on every store: the row, the event with its position, the key."""

from __future__ import annotations

import pytest

from support.refusals import HYBRID, parts_of, signed_in
from support.stores import Home
from support.world import EMAIL, account_with, world

pytestmark = pytest.mark.anyio


async def test_each_act_is_found_by_its_event(home: Home) -> None:
    async with world(store=home.open(), **HYBRID) as (auth, clock):
        await account_with(auth, scopes=("read", "write"))
        out, narrowed, everywhere = [await signed_in(auth) for _ in range(3)]
        clock.turn(1)
        await auth.sign_out(await auth.authenticate(out.credential))
        clock.turn(1)
        account = await auth.find_account(EMAIL)
        await auth.set_scopes(account, ("read",))
        found = await auth.explain(narrowed.credential)
        assert (found.request.failed, found.events[0].why) == ("scopes", "scopes_changed")
        assert found.session is not None
        assert found.session.id == narrowed.session
        assert (await auth.explain(str(narrowed.refresh))).refresh is not None
        clock.turn(1)
        await auth.revoke_sessions(account)
        events = (await auth.explain(out.credential)).events
        assert [event.why for event in events] == ["sign_out", "scopes_changed", "operator"]
        assert [event.at for event in events] == [clock.now() - 2, clock.now() - 1, clock.now()]
        assert events[0].position < events[1].position < events[2].position
        assert (await auth.explain(everywhere.credential)).request.failed == "revocations"
        gone = await auth.explain(str(everywhere.refresh))
        assert gone.refresh is not None
        assert gone.refresh.ruling.reason == "session_gone"
        fresh = (await signed_in(auth)).credential
        kid = str(parts_of(fresh)[0]["kid"])
        await auth.compromise_key(kid)
        key = (await auth.explain(fresh)).key
        assert key is not None
        assert (key.kid, key.state) == (kid, "compromised")
