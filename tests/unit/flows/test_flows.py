"""What people do, under each strategy: sign in, refresh, sign out, change the password."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from limen.auth import Limen
from limen.errors import Denied, Rejected, Throttled, Unavailable
from limen.strategies.base import Grant
from limen.throttle import Limit
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD, STRATEGIES, account_with, world

pytestmark = pytest.mark.anyio
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


async def signed(auth: Limen, email: str = EMAIL, password: str = PASSWORD, **options: object) -> Grant:
    return (await auth.sign_in(email, password, **options)).grant  # type: ignore[arg-type]


async def refused(auth: Limen, credential: str) -> Denied:
    with pytest.raises(Denied) as caught:
        await auth.authenticate(credential)
    return caught.value


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_sign_in_gives_a_credential_that_is_recalled(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, _):
        await account_with(auth)
        grant = await signed(auth)
        first = await auth.authenticate(grant.credential)
        assert auth.recall(grant.credential) == first
        assert first.strategy == strategy
        assert first.amr == ("pwd",)
        assert (grant.refresh is not None) == (strategy == "hybrid")


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_a_credential_is_refused_after_its_time_even_when_recalled(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, clock):
        await account_with(auth)
        grant = await signed(auth)
        await auth.authenticate(grant.credential)
        clock.turn(grant.expires - clock.now() + auth.settings.leeway)
        await auth.catch_up()
        assert auth.recall(grant.credential) is None
        assert (await refused(auth, grant.credential)).code in ("token_expired", "credential_expired")


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S22_S36_sign_out_is_refused_by_the_next_check(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, clock):
        await account_with(auth)
        grant = await signed(auth)
        who = await auth.authenticate(grant.credential)
        told = await auth.sign_out(who)
        assert told.effective <= clock.now() + auth.settings.max_staleness
        assert (await refused(auth, grant.credential)).code == "credential_revoked"
        if grant.refresh is not None:
            with pytest.raises(Denied):
                await auth.refresh(grant.refresh)


async def test_sign_out_of_a_plain_jwt_says_when_it_takes_effect_and_it_does() -> None:
    async with world(strategy="jwt") as (auth, clock):
        await account_with(auth)
        grant = await signed(auth)
        who = await auth.authenticate(grant.credential)
        told = await auth.sign_out(who)
        assert told.effective == grant.expires + auth.settings.leeway
        clock.turn(told.effective - clock.now() - 1)
        assert await auth.authenticate(grant.credential) == who
        clock.turn(1)
        await refused(auth, grant.credential)


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S36_another_process_refuses_as_soon_as_it_has_read_the_feed(strategy: str, tmp_path) -> None:
    url = f"sqlite:///{tmp_path}/limen.db"
    async with (
        world(url, strategy=strategy) as (here, clock),
        world(url, clock=clock, strategy=strategy) as (there, _),
    ):
        await account_with(here)
        grant = await signed(here)
        await there.authenticate(grant.credential)
        await here.sign_out(await here.authenticate(grant.credential))
        await there.catch_up()
        assert there.recall(grant.credential) is None
        await refused(there, grant.credential)


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S36_a_stale_view_is_not_trusted_and_asks_the_store(strategy: str, tmp_path) -> None:
    url = f"sqlite:///{tmp_path}/limen.db"
    async with (
        world(url, strategy=strategy) as (here, clock),
        world(url, clock=clock, strategy=strategy) as (there, _),
    ):
        await account_with(here)
        grant = await signed(here)
        for task in there._tasks:
            task.cancel()  # the follower is dead: the view of `there` only grows older
        await there.authenticate(grant.credential)
        await here.sign_out(await here.authenticate(grant.credential))
        clock.turn(there.settings.max_staleness + 0.001)
        assert there.recall(grant.credential) is None
        assert (await refused(there, grant.credential)).code == "credential_revoked"


async def test_a_stale_view_without_a_store_is_unavailable_never_a_guess(tmp_path) -> None:
    async with world(f"sqlite:///{tmp_path}/limen.db", strategy="hybrid") as (auth, clock):
        await account_with(auth)
        grant = await signed(auth)
        await auth.authenticate(grant.credential)
        await auth.store.close()
        clock.turn(auth.settings.max_staleness + 0.001)
        with pytest.raises(Unavailable):
            await auth.authenticate(grant.credential)


async def test_R01_R08_replay_ends_the_session_although_the_request_fails() -> None:
    async with world(strategy="hybrid") as (auth, clock):
        await account_with(auth)
        first = await signed(auth)
        assert first.refresh is not None
        second = await auth.refresh(first.refresh)
        assert second.refresh is not None
        clock.turn(1)
        third = await auth.refresh(second.refresh)
        with pytest.raises(Denied) as caught:
            await auth.refresh(first.refresh)
        assert caught.value.reason == "replay"
        assert third.refresh is not None
        for lost in (second.refresh, third.refresh):
            with pytest.raises(Denied):
                await auth.refresh(lost)
        for lost in (first.credential, second.credential, third.credential):
            assert (await refused(auth, lost)).code == "credential_revoked"


async def test_R02_sixty_four_refreshes_at_once_give_one_successor_to_all() -> None:
    async with world(strategy="hybrid") as (auth, _):
        await account_with(auth)
        first = await signed(auth)
        assert first.refresh is not None
        grants = await asyncio.gather(*(auth.refresh(first.refresh) for _ in range(64)))
        assert len({grant.refresh for grant in grants}) == 1
        assert (await auth.sessions(await auth.authenticate(first.credential)))[0].generation == 1


async def test_R03_a_retry_within_the_grace_gets_the_same_successor_and_after_it_is_a_replay() -> None:
    async with world(strategy="hybrid") as (auth, clock):
        await account_with(auth)
        first = await signed(auth)
        assert first.refresh is not None
        second = await auth.refresh(first.refresh)
        clock.turn(auth.settings.refresh_grace - 0.001)
        assert (await auth.refresh(first.refresh)).refresh == second.refresh
        clock.turn(0.002)
        with pytest.raises(Denied) as caught:
            await auth.refresh(first.refresh)
        assert caught.value.reason == "replay"


async def test_R04_a_replay_within_the_grace_of_a_used_successor_is_theft() -> None:
    async with world(strategy="hybrid") as (auth, clock):
        await account_with(auth)
        first = await signed(auth)
        assert first.refresh is not None
        second = await auth.refresh(first.refresh)
        assert second.refresh is not None
        await auth.refresh(second.refresh)
        clock.turn(1)
        with pytest.raises(Denied) as caught:
            await auth.refresh(first.refresh)
        assert caught.value.reason == "replay"


async def test_R06_a_replay_is_found_after_a_restart(tmp_path) -> None:
    url = f"sqlite:///{tmp_path}/limen.db"
    async with world(url, strategy="hybrid") as (auth, clock):
        await account_with(auth)
        first = await signed(auth)
        assert first.refresh is not None
        second = await auth.refresh(first.refresh)
    clock.turn(HOUR)
    async with world(url, clock=clock, strategy="hybrid") as (auth, _):
        with pytest.raises(Denied) as caught:
            await auth.refresh(first.refresh)
        assert caught.value.reason == "replay"
        assert second.refresh is not None
        with pytest.raises(Denied):
            await auth.refresh(second.refresh)


async def test_R09_a_store_that_is_down_makes_a_refresh_unavailable_not_denied(tmp_path) -> None:
    async with world(f"sqlite:///{tmp_path}/limen.db", strategy="hybrid") as (auth, _):
        await account_with(auth)
        first = await signed(auth)
        await auth.store.close()
        assert first.refresh is not None
        with pytest.raises(Unavailable):
            await auth.refresh(first.refresh)


async def test_R11_no_credential_passes_for_another_kind() -> None:
    async with world(strategy="hybrid", accept=("session", "jwt")) as (auth, _):
        await account_with(auth)
        grant = await signed(auth)
        assert grant.refresh is not None
        assert (await refused(auth, grant.refresh)).code == "credential_invalid"
        with pytest.raises(Denied) as caught:
            await auth.refresh(grant.credential)
        assert caught.value.code == "refresh_denied"


async def test_R12_refreshing_never_moves_the_absolute_end() -> None:
    async with world(strategy="hybrid", idle_lifetime=7 * DAY, absolute_lifetime=10 * DAY) as (auth, clock):
        await account_with(auth)
        grant = await signed(auth)
        born = clock.now()
        with pytest.raises(Denied):
            for _ in range(100):
                clock.turn(DAY / 2)
                await auth.catch_up()
                assert grant.refresh is not None
                grant = await auth.refresh(grant.refresh)
                assert grant.refresh_expires is not None
                assert grant.refresh_expires <= born + 10 * DAY
                assert grant.expires <= born + 10 * DAY
        assert clock.now() == born + 10 * DAY


async def test_R13_refresh_is_refused_after_sign_out_password_change_and_disabling() -> None:
    async with world(strategy="hybrid") as (auth, _clock):
        await account_with(auth)
        account = await auth.find_account(EMAIL)

        async def dead_after(act) -> None:
            grant = await signed(auth)
            await act(await auth.authenticate(grant.credential))
            assert grant.refresh is not None
            with pytest.raises(Denied):
                await auth.refresh(grant.refresh)
            await refused(auth, grant.credential)

        await dead_after(auth.sign_out)
        await dead_after(auth.sign_out_everywhere)
        await dead_after(lambda who: auth.change_password(who, PASSWORD, OTHER_PASSWORD))
        await auth.set_password(account, PASSWORD)
        await dead_after(lambda who: auth.disable_account(account))


async def test_R14_S38_scopes_are_never_widened_by_a_refresh_and_narrowing_is_silent() -> None:
    async with world(strategy="hybrid") as (auth, _clock):
        await account_with(auth, scopes=("read", "write"))
        account = await auth.find_account(EMAIL)
        grant = await signed(auth)
        await auth.authenticate(grant.credential)
        await auth.set_scopes(account, ("read", "admin"))
        stale = await refused(auth, grant.credential)
        assert stale.code == "token_stale"
        assert grant.refresh is not None
        fresh = await auth.refresh(grant.refresh)
        assert (await auth.authenticate(fresh.credential)).scopes == {"read"}


async def test_S38_a_session_sees_a_removed_scope_at_once() -> None:
    async with world(strategy="session") as (auth, _):
        await account_with(auth, scopes=("read", "write"))
        grant = await signed(auth)
        assert (await auth.authenticate(grant.credential)).scopes == {"read", "write"}
        await auth.set_scopes(await auth.find_account(EMAIL), ("read",))
        assert (await auth.authenticate(grant.credential)).scopes == {"read"}


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S24_signing_out_everywhere_while_others_sign_in(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, _clock):
        await account_with(auth)
        before = [await signed(auth) for _ in range(5)]
        await auth.sign_out_everywhere(await auth.authenticate(before[0].credential))
        after = [await signed(auth) for _ in range(5)]  # in the same millisecond of the clock
        for grant in before:
            await refused(auth, grant.credential)
        for grant in after:
            await auth.authenticate(grant.credential)


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S21_a_clock_that_goes_back_revives_nothing_and_kills_no_new_sign_in(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, clock):
        await account_with(auth)
        old = await signed(auth)
        await auth.authenticate(old.credential)
        clock.jump(-HOUR)
        await auth.sign_out_everywhere(await auth.authenticate(old.credential))
        await refused(auth, old.credential)
        new = await signed(auth)
        await auth.authenticate(new.credential)
        clock.jump(10 * 365 * DAY)
        await auth.catch_up()
        await refused(auth, new.credential)
        clock.jump(-10 * 365 * DAY)
        await refused(auth, old.credential)


async def test_S18_the_idle_lifetime_counts_from_recorded_activity() -> None:
    async with world(strategy="session", idle_lifetime=HOUR, absolute_lifetime=DAY) as (auth, clock):
        await account_with(auth)
        grant = await signed(auth)
        clock.turn(HOUR - 1)
        await auth.authenticate(grant.credential)  # is activity, and recorded
        clock.turn(HOUR - 1)
        await auth.authenticate(grant.credential, activity=False)  # is not
        clock.turn(1)
        assert (await refused(auth, grant.credential)).reason == "idle_lifetime"


async def test_S19_the_absolute_lifetime_ends_a_session_that_is_used_every_minute() -> None:
    async with world(strategy="session", idle_lifetime=10 * MINUTE, absolute_lifetime=HOUR) as (auth, clock):
        await account_with(auth)
        grant = await signed(auth)
        for _ in range(59):
            clock.turn(MINUTE)
            await auth.authenticate(grant.credential)
        clock.turn(MINUTE)
        await refused(auth, grant.credential)


async def test_S20_signing_in_again_resets_both_timers() -> None:
    async with world(strategy="session", idle_lifetime=HOUR, absolute_lifetime=2 * HOUR) as (auth, clock):
        await account_with(auth)
        await signed(auth)
        clock.turn(HOUR - 1)
        again = await signed(auth)
        assert again.expires == clock.now() + HOUR
        session = await auth.store.session(again.session)
        assert session is not None
        assert session.expires == clock.now() + 2 * HOUR


async def test_activity_is_written_once_a_minute_at_most(tmp_path) -> None:
    async with world(strategy="session") as (auth, clock):
        await account_with(auth)
        grant = await signed(auth)
        writes = 0
        original = auth.store.touch

        async def counted(*args, **kwargs):
            nonlocal writes
            writes += 1
            return await original(*args, **kwargs)

        auth.store.touch = counted  # type: ignore[method-assign]
        for _ in range(300):
            clock.turn(1)
            await auth.authenticate(grant.credential)
        assert writes == 5


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S25_disabling_and_deleting_end_everything(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, _):
        await account_with(auth)
        account = await auth.find_account(EMAIL)
        grant = await signed(auth)
        await auth.authenticate(grant.credential)
        await auth.disable_account(account)
        await refused(auth, grant.credential)
        with pytest.raises(Denied):
            await signed(auth)
        await auth.enable_account(account)
        await refused(auth, grant.credential)
        again = await signed(auth)
        await auth.delete_account(account)
        await refused(auth, again.credential)


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S02_S26_changing_the_password_ends_other_sessions_and_renews_this_one(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, _):
        await account_with(auth)
        here, elsewhere = await signed(auth), await signed(auth)
        renewed = await auth.change_password(
            await auth.authenticate(here.credential), PASSWORD, OTHER_PASSWORD
        )
        for old in (here, elsewhere):
            await refused(auth, old.credential)
        assert (await auth.authenticate(renewed.credential)).session == renewed.session
        with pytest.raises(Denied):
            await signed(auth)
        await signed(auth, password=OTHER_PASSWORD)


async def test_changing_the_password_needs_the_current_one_and_is_throttled() -> None:
    async with world(strategy="session") as (auth, _):
        await account_with(auth)
        who = await auth.authenticate((await signed(auth)).credential)
        codes = []
        for _ in range(8):
            with pytest.raises((Denied, Throttled)) as caught:
                await auth.change_password(who, "not the current one", OTHER_PASSWORD)
            codes.append(caught.value.code)
        assert codes[:5] == ["password_wrong"] * 5
        assert "too_many_attempts" in codes


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S34_nobody_ends_the_session_of_another(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, _):
        await account_with(auth)
        await account_with(auth, "eve@example.org")
        mine = await signed(auth)
        eve = await auth.authenticate((await signed(auth, "eve@example.org")).credential)
        for sid in (mine.session, "0190b7a0-0000-7000-8000-000000000001", "' OR 1=1", ""):
            with pytest.raises(Rejected) as caught:
                await auth.end_session(eve, sid)
            assert (caught.value.http_status, caught.value.code) == (404, "session_unknown")
        await auth.authenticate(mine.credential)


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_ending_one_and_all_other_sessions(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, _):
        await account_with(auth)
        here, one, two = [await signed(auth) for _ in range(3)]
        me = await auth.authenticate(here.credential)
        assert {s.id for s in await auth.sessions(me)} == {here.session, one.session, two.session}
        await auth.end_session(me, one.session)
        await refused(auth, one.credential)
        await auth.end_other_sessions(me)
        await refused(auth, two.credential)
        await auth.authenticate(here.credential)
        assert [s.id for s in await auth.sessions(me)] == [here.session]


@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_S33_the_session_limit_ends_the_oldest(strategy: str) -> None:
    async with world(strategy=strategy, session_limit=3) as (auth, clock):
        await account_with(auth)
        grants = []
        for _ in range(5):
            clock.turn(1)
            grants.append(await signed(auth))
        await auth.catch_up()
        for grant in grants[:2]:
            await refused(auth, grant.credential)
        for grant in grants[2:]:
            await auth.authenticate(grant.credential)


@pytest.mark.parametrize("issuing", STRATEGIES)
@pytest.mark.parametrize("accepting", STRATEGIES)
async def test_S37_a_strategy_is_accepted_only_where_the_setting_says_so(
    issuing: str, accepting: str, tmp_path
) -> None:
    url = f"sqlite:///{tmp_path}/limen.db"
    async with world(url, strategy=issuing) as (auth, clock):
        await account_with(auth)
        grant = await signed(auth)
    async with world(url, clock=clock, strategy=accepting) as (auth, _):
        if issuing == accepting:
            await auth.authenticate(grant.credential)
        else:
            assert (await refused(auth, grant.credential)).reason == "strategy_not_accepted"
    async with world(url, clock=clock, strategy=accepting, accept=(issuing,)) as (auth, _):
        assert (await auth.authenticate(grant.credential)).strategy == issuing


async def test_a_live_system_moves_from_sessions_to_hybrid_and_back_without_signing_anyone_out(
    tmp_path,
) -> None:
    url = f"sqlite:///{tmp_path}/limen.db"
    kept = []
    clock = None
    for strategy, accept in (("session", ()), ("hybrid", ("session",)), ("session", ("hybrid",))):
        async with world(url, clock=clock, strategy=strategy, accept=accept) as (auth, clock):
            if not kept:
                await account_with(auth)
            kept.append(await signed(auth))
            for grant in kept:
                await auth.authenticate(grant.credential)
    async with world(url, clock=clock, strategy="session", accept=("hybrid",)) as (auth, _):
        hybrid = kept[1]
        assert hybrid.refresh is not None
        await auth.refresh(hybrid.refresh)


async def test_K02_a_compromised_key_is_refused_at_once_and_rotation_refuses_nothing() -> None:
    async with world(strategy="hybrid") as (auth, clock):
        await account_with(auth)
        first = await signed(auth)
        with pytest.raises(Rejected):
            await auth.rotate_keys()  # the next key has not been published for long enough
        clock.turn(auth.settings.jwks_max_age)
        await auth.catch_up()
        old = auth.ring.active.kid
        await auth.rotate_keys()
        assert auth.ring.active.kid != old
        await auth.authenticate(first.credential)
        second = await signed(auth)
        await auth.compromise_key(auth.ring.active.kid)
        assert (await refused(auth, second.credential)).code == "token_invalid"
        await auth.authenticate(first.credential)
        assert second.refresh is not None
        await auth.authenticate((await auth.refresh(second.refresh)).credential)


async def test_A02_a_wrong_password_and_an_unknown_account_hash_the_same_and_leave_on_the_grid() -> None:
    waits: list[float] = []
    async with world(strategy="session") as (auth, _clock):
        await account_with(auth)
        verified: list[str] = []
        original = auth._parts.hasher.verify

        def counted(stored: str, password: str):
            verified.append(stored.split("$")[1])
            return original(stored, password)

        object.__setattr__(auth._parts.hasher, "verify", counted) if hasattr(
            auth._parts.hasher, "__slots__"
        ) else setattr(auth._parts.hasher, "verify", counted)
        for email in (EMAIL, "nobody@example.org"):
            with pytest.raises(Denied) as caught:
                await signed(auth, email, "not the password at all")
            assert caught.value.code == "sign_in_failed"
        assert len(verified) == 2
        assert len(set(verified)) == 1
    assert waits == []


async def test_A04_a_disabled_account_is_not_told_so() -> None:
    async with world(strategy="session") as (auth, _):
        await account_with(auth)
        await auth.disable_account(await auth.find_account(EMAIL))
        for password in (PASSWORD, "not the password at all"):
            with pytest.raises(Denied) as caught:
                await signed(auth, password=password)
            assert caught.value.code == "sign_in_failed"


async def test_A01_registering_twice_says_the_same_and_changes_nothing() -> None:
    async with world(strategy="session") as (auth, _):
        assert await auth.register(EMAIL, PASSWORD) is None
        assert await auth.register(EMAIL, OTHER_PASSWORD) is None
        assert await auth.register(EMAIL.upper(), OTHER_PASSWORD) is None
        await signed(auth)
        with pytest.raises(Denied):
            await signed(auth, password=OTHER_PASSWORD)


async def test_A05_a_known_device_signs_in_while_strangers_guess() -> None:
    async with world(strategy="session") as (auth, _clock):
        await account_with(auth)
        device = (await auth.sign_in(EMAIL, PASSWORD, source="192.0.2.1")).device
        outcomes = []
        for i in range(10_000):
            with pytest.raises((Denied, Throttled)) as caught:
                await auth.sign_in(EMAIL, "guess", source=f"198.51.{i % 250}.{i // 250}")
            outcomes.append(caught.value.code)
        assert outcomes.count("sign_in_failed") == 5
        with pytest.raises(Throttled):
            await auth.sign_in(EMAIL, PASSWORD, source="192.0.2.1")
        await auth.sign_in(EMAIL, PASSWORD, device=device, source="192.0.2.1")


@pytest.mark.parametrize("strategy", STRATEGIES)
async def test_A05_strangers_who_guess_keep_nobody_from_changing_the_password(strategy: str) -> None:
    async with world(strategy=strategy) as (auth, _clock):
        await account_with(auth)
        who = await auth.authenticate((await signed(auth)).credential)
        for number in range(100):
            with pytest.raises((Denied, Throttled)):
                await auth.sign_in(EMAIL, "guess", source=f"198.51.100.{number}")
        await auth.change_password(who, PASSWORD, OTHER_PASSWORD, source="192.0.2.1")
        await signed(auth, password=OTHER_PASSWORD)


async def test_A05_whoever_took_a_session_over_guesses_as_slowly_as_anybody() -> None:
    async with world(strategy="session") as (auth, _clock):
        await account_with(auth)
        who = await auth.authenticate((await signed(auth)).credential)
        outcomes = []
        for number in range(100):
            with pytest.raises((Denied, Throttled)) as caught:
                await auth.change_password(who, "guess", OTHER_PASSWORD, source=f"198.51.100.{number}")
            outcomes.append(caught.value.code)
        assert outcomes.count("password_wrong") == 5
        await signed(auth)  # nor does that keep the owner out
        await auth.set_password(await auth.find_account(EMAIL), OTHER_PASSWORD)
        who = await auth.authenticate((await signed(auth, password=OTHER_PASSWORD)).credential)
        await auth.change_password(who, OTHER_PASSWORD, PASSWORD)


@pytest.mark.parametrize("how", ["password", "everywhere"])
async def test_A05_devices_are_forgotten_with_the_password_or_by_signing_out_everywhere(how: str) -> None:
    """Else who was once in keeps the devices of many sign-ins, and guesses with each."""
    async with world(strategy="session") as (auth, clock):
        await account_with(auth)
        known = [await auth.sign_in(EMAIL, PASSWORD, source="192.0.2.1") for _ in range(20)]
        who = await auth.authenticate(known[-1].grant.credential)
        clock.turn(1)
        if how == "password":
            await auth.change_password(who, PASSWORD, OTHER_PASSWORD)
        else:
            await auth.sign_out_everywhere(who)
        evaluated = 0
        for device in (signed_in.device for signed_in in known):
            with pytest.raises((Denied, Throttled)) as caught:
                await auth.sign_in(EMAIL, "guess", device=device, source="192.0.2.1")
            evaluated += caught.value.code == "sign_in_failed"
        assert evaluated == 5


async def test_A07_registrations_from_one_network_are_slowed_whatever_the_host() -> None:
    async with world() as (auth, _):
        outcomes = []
        for n in range(120):
            try:
                await auth.register(f"a{n}@example.org", PASSWORD, source=f"192.0.2.{n}")
            except Throttled as throttled:
                outcomes.append(throttled.code)
        assert outcomes == ["too_many_attempts"] * 20


async def test_A05_a_hundred_failures_shut_the_sign_in_until_the_password_is_reset() -> None:
    async with world(strategy="session") as (auth, clock):
        await account_with(auth)
        for _ in range(100):
            clock.turn(HOUR)
            with pytest.raises(Denied):
                await auth.sign_in(EMAIL, "guess")
        clock.turn(DAY)
        with pytest.raises(Throttled) as caught:
            await auth.sign_in(EMAIL, PASSWORD)
        assert caught.value.code == "sign_in_shut"
        await auth.set_password(await auth.find_account(EMAIL), OTHER_PASSWORD)
        await signed(auth, password=OTHER_PASSWORD)


async def test_A06_signing_in_to_an_own_account_does_not_clear_the_source() -> None:
    async with world(strategy="session") as (auth, _):
        await account_with(auth, "eve@example.org")
        failed = throttled = 0
        for i in range(200):
            if i % 9 == 0:
                try:
                    await auth.sign_in("eve@example.org", PASSWORD, source="192.0.2.1")
                except Throttled:
                    throttled += 1
                continue
            try:
                await auth.sign_in(f"victim{i}@example.org", "guess", source="192.0.2.1")
            except Denied:
                failed += 1
            except Throttled:
                throttled += 1
        assert failed <= 31
        assert throttled > 100


async def test_A07_stuffing_from_one_network_is_slowed_whatever_the_host() -> None:
    async with world(strategy="session") as (auth, _):
        denied = {"v4": 0, "v6": 0}
        for i in range(400):
            for family, source in (("v4", f"198.51.100.{i % 256}"), ("v6", f"2001:db8:1:{i:x}::1")):
                try:
                    await auth.sign_in(f"victim{i}@example.org", "guess", source=source)
                except Denied:
                    denied[family] += 1
                except Throttled:
                    pass
        assert denied["v4"] <= 151
        assert denied["v6"] <= 151


async def test_A08_two_hundred_parallel_guesses_are_not_two_hundred_evaluations() -> None:
    async with world(strategy="session", hash_queue=500) as (auth, _):
        await account_with(auth)
        outcomes = await asyncio.gather(
            *(auth.sign_in(EMAIL, f"guess {i}") for i in range(200)), return_exceptions=True
        )
        assert sum(isinstance(o, Denied) for o in outcomes) <= 6
        assert sum(isinstance(o, Throttled) for o in outcomes) >= 194


async def test_A09_a_throttle_that_cannot_be_kept_lets_nobody_try(tmp_path) -> None:
    async with world(f"sqlite:///{tmp_path}/limen.db", strategy="jwt") as (auth, _):
        await account_with(auth)
        await auth.store.close()
        with pytest.raises(Unavailable):
            await auth.sign_in(EMAIL, PASSWORD)


async def test_R16_tokens_of_one_second_do_not_expire_in_one_second() -> None:
    async with world(strategy="hybrid") as (auth, _):
        await account_with(auth)
        lives = {(await signed(auth)).expires for _ in range(50)}
        assert len(lives) > 10
        assert max(lives) - min(lives) <= auth.settings.access_lifetime * 0.05 + 1


async def test_the_audit_log_tells_what_happened_and_no_secret(caplog) -> None:
    caplog.set_level("INFO", logger="limen.audit")
    async with world(strategy="hybrid") as (auth, clock):
        await account_with(auth)
        grant = await signed(auth)
        assert grant.refresh is not None
        second = await auth.refresh(grant.refresh)
        clock.turn(HOUR)
        with pytest.raises(Denied):
            await auth.refresh(grant.refresh)
        text = caplog.text
        for event in ("account_added", "sign_in", "refresh", "replay"):
            assert f'"event":"{event}"' in text
        for secret in (PASSWORD, EMAIL, grant.credential, grant.refresh, second.credential, second.refresh):
            assert secret is not None
            assert secret not in text


async def test_S01_a_well_formed_credential_that_we_did_not_make_is_nobody() -> None:
    async with world(strategy="session") as (auth, _):
        await account_with(auth)
        planted = "A" * 64
        await refused(auth, planted)
        grant = await signed(auth)
        assert grant.credential != planted
        await refused(auth, planted)


async def test_S07_what_the_store_holds_signs_nobody_in() -> None:
    async with world(strategy="session") as (auth, _):
        await account_with(auth)
        grant = await signed(auth)
        row = await auth.store.session(grant.session)
        assert row is not None
        for stolen in (row.digest.hex(), row.id, grant.credential[:-1] + "A", grant.credential + "A"):
            if stolen != grant.credential:
                await refused(auth, stolen)


async def test_S27_nothing_is_written_for_unknown_credentials_or_sign_outs(tmp_path) -> None:
    async with world(f"sqlite:///{tmp_path}/limen.db", strategy="session") as (auth, _):
        await account_with(auth)
        grant = await signed(auth)
        who = await auth.authenticate(grant.credential)
        await auth.sign_out(who)
        position = (await auth.store.read_feed(0, now=auth.clock.now())).position
        for _ in range(100):
            await refused(auth, grant.credential)
            await auth.sign_out(who)
        assert (await auth.store.read_feed(0, now=auth.clock.now())).position == position


@pytest.mark.parametrize("way", ["sign out", "revoke", "revoke by the refresh credential"])
async def test_D12_a_session_whose_row_a_failover_has_lost_is_ended_all_the_same(way: str, tmp_path) -> None:
    """Its token is good as long as no event covers it, here and wherever the feed is followed."""
    url = f"sqlite:///{tmp_path}/limen.db"
    async with world(url) as (auth, clock), world(url, clock=clock) as (other, _):
        await account_with(auth)
        grant = await signed(auth)
        who = await other.authenticate(grant.credential)
        with closing(sqlite3.connect(tmp_path / "limen.db", isolation_level=None)) as db:
            db.execute("DELETE FROM limen_sessions")
        if way == "sign out":
            await auth.sign_out(who)
        else:
            await auth.revoke_token(grant.credential if way == "revoke" else grant.refresh or "")
        await other.catch_up()
        for one in (auth, other):
            assert (await refused(one, grant.credential)).code == "credential_revoked"
        position = (await auth.store.read_feed(0, now=clock.now())).position
        await auth.sign_out(who)
        await auth.revoke_token(grant.credential)
        assert (await auth.store.read_feed(0, now=clock.now())).position == position, "once is enough"


@pytest.mark.parametrize("way", ["one", "everywhere"])
@pytest.mark.parametrize("strategy", ["session", "hybrid"])
async def test_D12_a_session_whose_row_a_failover_brought_back_stays_ended_where_that_is_known(
    strategy: str, way: str, tmp_path
) -> None:
    async with world(f"sqlite:///{tmp_path}/limen.db", strategy=strategy, cache_size=0) as (auth, clock):
        await account_with(auth)
        grant = await signed(auth)
        who = await auth.authenticate(grant.credential)
        with closing(sqlite3.connect(tmp_path / "limen.db", isolation_level=None)) as db:
            db.execute("CREATE TABLE before AS SELECT * FROM limen_sessions")
            await (auth.sign_out(who) if way == "one" else auth.sign_out_everywhere(who))
            db.execute("INSERT INTO limen_sessions SELECT * FROM before")
        assert await auth.store.session(grant.session) is not None
        assert (await refused(auth, grant.credential)).code == "credential_revoked"
        if grant.refresh is not None:
            with pytest.raises(Denied, match="sign in again"):
                await auth.refresh(grant.refresh)
            assert await auth.store.session(grant.session) is None, "now everybody knows"
        clock.turn(1)
        await auth.authenticate((await signed(auth)).credential)


@pytest.mark.parametrize("one", [True, False], ids=["one", "all others"])
async def test_S22_the_end_of_a_session_of_another_strategy_is_not_said_to_come_earlier_than_it_does(
    one: bool, tmp_path
) -> None:
    """A system that moves from hybrid to uncached sessions, of which the caller's own would end at once."""
    url = f"sqlite:///{tmp_path}/limen.db"
    async with (
        world(url, strategy="hybrid") as (before, clock),
        world(url, strategy="session", accept=("hybrid",), cache_size=0, clock=clock) as (after, _),
    ):
        await account_with(before)
        old = await signed(before)
        who = await after.authenticate((await signed(after)).credential)
        told = await (after.end_session(who, old.session) if one else after.end_other_sessions(who))
        assert told.effective == clock.now() + after.settings.max_staleness


async def test_S22_a_session_that_nothing_accepts_any_more_is_ended_at_once(tmp_path) -> None:
    url = f"sqlite:///{tmp_path}/limen.db"
    async with world(url, strategy="hybrid") as (before, clock), world(url, strategy="jwt") as (after, _):
        await account_with(before)
        old = await signed(before)
        who = await after.authenticate((await signed(after)).credential)
        assert (await after.end_session(who, old.session)).effective == pytest.approx(clock.now(), abs=5)


async def test_S27_one_round_of_maintenance_removes_all_that_has_expired(tmp_path) -> None:
    """Who signs in as fast as passwords are hashed leaves more behind in a minute than one sweep takes."""
    async with world(f"sqlite:///{tmp_path}/limen.db", strategy="session") as (auth, clock):
        limit = Limit(free=1, keep=60)
        await auth.store.charge([(f"key {number}", limit) for number in range(3_500)], now=clock.now())
        clock.turn(61)
        await auth.maintain()
        assert await auth.store.sweep(now=clock.now()) == 0


@pytest.mark.parametrize(
    "stored", ["a hash", None, "!unusable", "$argon2id$v=19$m=4194304,t=99,p=1$c2FsdHNhbHQ$dGFn"]
)
async def test_A02_every_attempt_is_one_turn_in_the_pool(stored: str | None) -> None:
    """While others keep the pool busy, who waits for two turns would be told apart by as much."""
    async with world(strategy="session") as (auth, clock):
        await account_with(auth)
        account = await auth.find_account(EMAIL)
        if stored is None:
            await auth.add_account("other@example.org", None)
        elif stored != "a hash":
            now = clock.now()
            await auth.store.change_password(account.id, spent=None, fresh=stored, now=now, until=now)
        turns, run = 0, auth._parts.pool.run

        async def counted(*job: Any) -> Any:
            nonlocal turns
            turns += 1
            return await run(*job)

        auth._parts.pool.run = counted  # type: ignore[method-assign, assignment]
        for email in ("nobody@example.org", EMAIL if stored is not None else "other@example.org"):
            turns = 0
            with pytest.raises(Denied):
                await auth.sign_in(email, "guess")
            assert turns == 1
