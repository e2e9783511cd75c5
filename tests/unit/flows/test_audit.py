"""What people do is in the audit log; and where the log cannot be kept, they do it all the same."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest

from limen.accounts import ADMIN_SCOPE
from limen.audit import Entry, Wanted
from limen.auth import Limen
from limen.errors import Denied, Rejected, Throttled
from limen.stores.sqlite import SQLiteStore
from limen.strategies.base import Identity
from support.faulty import Plan, factory, failure
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD, account_with, world

pytestmark = pytest.mark.anyio

SOURCE = "192.0.2.7"


class NoEntries(Plan):
    """A database in which everything is written but the audit log."""

    broken = True

    def meet(self, connection: sqlite3.Connection, statement: str) -> None:
        super().meet(connection, statement)
        if self.broken and "INTO limen_entries" in statement:
            raise failure(sqlite3.SQLITE_FULL)


async def signed_in(auth: Limen, password: str = PASSWORD) -> Identity:
    grant = (await auth.sign_in(EMAIL, password, source=SOURCE)).grant
    return await auth.authenticate(grant.credential)


async def entries(auth: Limen, **wanted: str) -> list[Entry]:
    await auth._audit.close()
    return (await auth.store.entries(Wanted(**wanted)))[::-1]


def told(found: list[Entry]) -> list[tuple[str, str, bool, str]]:
    return [(e.event, e.result, e.actor != "" and e.actor == e.account, e.detail) for e in found]


async def test_every_step_of_a_life_is_told_of_with_who_and_from_where() -> None:
    async with world(strategy="hybrid") as (auth, clock):
        await auth.register(EMAIL, PASSWORD, source=SOURCE)
        await auth.register(EMAIL, PASSWORD, source=SOURCE)
        with pytest.raises(Denied):
            await signed_in(auth, "wrong password here")
        who = await signed_in(auth)
        clock.turn(1)
        with pytest.raises(Denied):
            await auth.change_password(who, "wrong password here", OTHER_PASSWORD, source=SOURCE)
        await auth.change_password(who, PASSWORD, OTHER_PASSWORD, source=SOURCE)
        clock.turn(1)
        who = await signed_in(auth, OTHER_PASSWORD)
        await auth.end_session(who, (await signed_in(auth, OTHER_PASSWORD)).session, source=SOURCE)
        await auth.end_other_sessions(who, source=SOURCE)
        await auth.sign_out(who, source=SOURCE)
        await auth.sign_out_everywhere(who, source=SOURCE)
        found = await entries(auth)
        assert told(found) == [
            ("register", "ok", True, ""),
            ("register", "taken", False, ""),
            ("sign_in", "denied", False, "password_wrong"),
            ("sign_in", "ok", True, "pwd"),
            ("proof", "denied", True, ""),
            ("change_password", "ok", True, ""),
            ("sign_in", "ok", True, "pwd"),
            ("sign_in", "ok", True, "pwd"),
            ("end_session", "ok", True, ""),
            ("end_other_sessions", "ok", True, "1"),
            ("sign_out", "ok", True, ""),
            ("sign_out_everywhere", "ok", True, ""),
        ]
        assert {entry.source for entry in found} == {SOURCE}
        assert {entry.account for entry in found if entry.result != "taken"} == {who.account}


async def test_R08_a_replay_is_told_with_whose_session_it_ended() -> None:
    async with world(strategy="hybrid") as (auth, clock):
        await account_with(auth)
        grant = (await auth.sign_in(EMAIL, PASSWORD)).grant
        assert grant.refresh is not None
        await auth.refresh(grant.refresh, source=SOURCE)
        clock.turn(60)
        for _ in range(3):
            with pytest.raises(Denied):
                await auth.refresh(grant.refresh, source=SOURCE)
        (replay,) = await entries(auth, event="replay")
        assert (replay.account, replay.session, replay.source) == (grant.account, grant.session, SOURCE)
        (denied,) = await entries(auth, event="refresh")
        assert (denied.result, denied.detail, denied.session) == ("denied", "session_gone", grant.session)


async def test_A05_who_is_told_to_wait_is_told_of_once_a_minute() -> None:
    async with world() as (auth, _):
        await account_with(auth)
        for _ in range(9):
            with pytest.raises((Denied, Throttled)):
                await auth.sign_in(EMAIL, "wrong password here", source=SOURCE)
        found = await entries(auth, event="sign_in")
        assert [entry.result for entry in found] == ["denied"] * 5 + ["throttled"]
        assert len({entry.account for entry in found}) == 1


async def test_what_a_client_does_is_told_with_its_name() -> None:
    async with world(strategy="hybrid", clients=("shop",)) as (auth, _):
        await account_with(auth)
        grant = (await auth.sign_in(EMAIL, PASSWORD)).grant
        assert not auth.check_client("shop", "wrong", source=SOURCE)
        assert not auth.check_client("x\n" * 40, "wrong", source="192.0.2.8")
        await auth.revoke_token(grant.credential, client="shop", source=SOURCE)
        denied = await entries(auth, event="client_denied")
        assert [(e.actor, e.detail) for e in denied] == [("", "shop"), ("", "")]
        (revoked,) = await entries(auth, event="session_revoked_by_client")
        assert (revoked.actor, revoked.account, revoked.source) == ("client:shop", grant.account, SOURCE)


async def test_keys_that_move_by_themselves_are_moved_by_the_system() -> None:
    async with world(key_rotation=3_600 * 24) as (auth, clock):
        first = auth.ring.active.kid
        clock.turn(3_600 * 24 + 1)
        await auth.maintain()
        clock.turn(3_600)
        await auth.maintain()
        found = await entries(auth)
        second = auth.ring.active.kid
        assert [(e.event, e.actor, e.detail) for e in found] == [
            ("key_rotated", "system", second), ("key_retired", "system", first),
        ]  # fmt: skip


async def test_old_entries_go_when_house_is_kept_and_as_long_as_was_said() -> None:
    async with world(audit_keep=86_400) as (auth, clock):
        await account_with(auth)
        clock.turn(86_400 - 60)
        await signed_in(auth)
        await auth.maintain()
        assert len(await entries(auth)) == 2
        clock.turn(120)
        await auth.maintain()
        assert [entry.event for entry in await entries(auth)] == ["sign_in"]


async def test_no_address_and_no_secret_is_in_an_entry() -> None:
    async with world(strategy="hybrid") as (auth, _):
        await account_with(auth)
        grant = (await auth.sign_in(EMAIL, PASSWORD, user_agent="a browser")).grant
        with pytest.raises(Denied):
            await auth.sign_in("somebody@example.org", PASSWORD)
        text = repr(await entries(auth))
        for secret in (EMAIL, "somebody", PASSWORD, grant.credential, grant.refresh, "argon2", "a browser"):
            assert secret is not None
            assert secret not in text


async def test_D20_a_log_that_cannot_be_kept_keeps_nobody_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="limen.audit")
    plan = NoEntries()
    store = SQLiteStore(tmp_path / "limen.db", factory=factory(plan))
    async with world(store=store, strategy="hybrid") as (auth, clock):
        auth._audit._patience, auth._audit._pauses = 0.01, (0.01,)
        await account_with(auth, scopes=(ADMIN_SCOPE,))
        who = await signed_in(auth)
        other = await auth.add_account("other@example.org", None)
        await auth.admin.disable_account(who, other.id)
        assert (await auth.find_account(other.id)).disabled == clock.now()
        assert await store.entries(Wanted()) == []
        lines = [json.loads(r.getMessage())["event"] for r in caplog.records if r.name == "limen.audit"]
        assert lines == ["account_added", "sign_in", "account_added", "account_disabled"]
        assert [r for r in caplog.records if "no table has it yet" in r.getMessage()]
        with pytest.raises(Rejected):
            await auth.admin.disable_account(who, who.account)
        plan.broken = False
        async with asyncio.timeout(5):
            await auth._audit.kept(auth._audit.note("sign_out", account=who.account))
            while len(await store.entries(Wanted())) < 5:
                await asyncio.wait([asyncio.ensure_future(store.ping())])
        assert [e.event for e in (await store.entries(Wanted()))[::-1]] == [*lines, "sign_out"]
