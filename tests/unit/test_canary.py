"""The canary measures what is promised of everybody's sessions, on a session of its own."""

from __future__ import annotations

import pytest

from limen import Limen
from limen.accounts import CANARY_KEY, email_key
from limen.canary import Canary
from limen.errors import Denied, Rejected, Unavailable
from limen.insecure import WeakHashing
from limen.secret import Secret
from limen.server.followers import Followers
from limen.testing import TurnableClock
from support.world import PASSWORD, SECRET, STRATEGIES, account_with, world

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_the_end_is_heard_by_the_feed_and_the_lag_is_counted(strategy: str, tmp_path: object) -> None:
    options = {"secret": Secret(SECRET), "scheme": WeakHashing()}
    async with Limen(f"sqlite:///{tmp_path}/limen.db", strategy=strategy, **options) as auth:
        await auth.canary.round()
        await auth.canary.round()
        assert auth.counts.canary == {"refused": 2}
        assert auth.counts.canary_lag is not None
        assert 0 <= auth.counts.canary_lag < auth.settings.max_staleness
        account = await auth.store.account_by_key(CANARY_KEY)
        assert account is not None
        assert await auth.store.sessions_of(account.id, now=auth.clock.now()) == []
        assert len(auth.filter) == 2
        for _ in auth.filter.pruning(now=auth.clock.now()):
            pass


async def test_of_the_strategy_jwt_it_says_the_rest_of_a_tokens_life() -> None:
    async with world(strategy="jwt", access_lifetime=600, leeway=5) as (auth, _):
        await auth.canary.round()
        assert auth.counts.canary_lag is not None
        assert 550 < auth.counts.canary_lag <= 605
        assert auth.counts.canary == {"refused": 1}


async def test_its_event_is_over_when_its_token_would_be() -> None:
    async with world(access_lifetime=600) as (auth, clock):
        await auth.canary.round()
        clock.turn(700)
        assert auth.filter.prune(now=clock.now()) == 1


async def test_a_session_that_stays_accepted_is_a_failure_that_is_seen(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with world() as (auth, clock):

        async def believes(credential: str) -> object:
            clock.turn(0.5)
            return None

        canary = Canary(auth._parts, believes, patience=1.0, look=0.0)  # type: ignore[arg-type]
        with pytest.raises(Unavailable):
            await canary.round()
        assert auth.counts.canary == {"unavailable": 1}
        assert auth.counts.canary_lag is not None
        assert auth.counts.canary_lag > 1
        assert auth.counts.canary_at is None
        assert "still accepted" in caplog.text


async def test_rounds_that_fail_leave_no_heap_of_sessions() -> None:
    async with world() as (auth, _):

        async def refuses(credential: str) -> object:
            raise Denied("no", code="account_disabled")

        canary = Canary(auth._parts, refuses)  # type: ignore[arg-type]
        for _round in range(3):
            with pytest.raises(Denied):
                await canary.round()
        account = await auth.store.account_by_key(CANARY_KEY)
        assert account is not None
        assert await auth.store.sessions_of(account.id, now=auth.clock.now()) == []


async def test_a_store_that_is_away_is_counted_apart() -> None:
    async with world() as (auth, _):
        await auth.store.close()
        with pytest.raises(Unavailable):
            await auth.canary.round()
        assert auth.counts.canary == {"unavailable": 1}


@pytest.mark.parametrize(
    "typed", ["CANARY", "canary", "limen-canary", "limen-canary@", "@CANARY", "ＣＡＮＡＲＹ"]
)
async def test_nobody_reaches_its_account_by_what_they_type(typed: str) -> None:
    async with world() as (auth, _):
        await auth.canary.round()
        assert email_key(typed) != CANARY_KEY
        with pytest.raises((Denied, Rejected)):
            await auth.sign_in(typed, PASSWORD)


async def test_it_writes_nothing_into_the_audit_log_and_hides_no_set_up_link() -> None:
    async with world() as (auth, _):
        await auth.canary.round()
        assert not auth.counts.events
        assert await auth.admin.set_up_link() is not None
        await account_with(auth)
        assert await auth.admin.set_up_link() is None


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_it_runs_where_the_setting_says_so(strategy: str) -> None:
    async with world(strategy=strategy, canary=60) as (auth, _):
        assert [task.get_name() for task in auth._tasks].count("limen canary") == 1
    async with world(strategy=strategy) as (auth, _):
        assert [task.get_name() for task in auth._tasks].count("limen canary") == 0


def test_a_follower_is_measured_when_it_asks_for_the_end() -> None:
    clock = TurnableClock()
    followers = Followers(clock)
    followers.asked("api", "192.0.2.1", 6)
    followers.mark(7, clock.monotonic())
    clock.turn(2)
    followers.asked("api", "192.0.2.1", 6)
    assert followers.all()[0].lag is None
    clock.turn(1)
    followers.asked("api", "192.0.2.1", 7)
    clock.turn(1)
    followers.asked("api", "192.0.2.1", 8)
    assert followers.all()[0].lag == 3
