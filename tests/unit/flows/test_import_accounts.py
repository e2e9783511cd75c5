"""Bringing accounts from elsewhere: nothing that is there changes, however often it runs or is cut off."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from limen.accounts import Account
from limen.audit import Wanted
from limen.auth import Limen
from limen.clock import Instant
from limen.errors import Denied, Unavailable
from limen.flows import import_accounts
from limen.ids import AccountID
from limen.importing import Incoming, Refused, Report, Rules
from limen.insecure import WeakHashing
from limen.passwords import Hasher
from limen.stores.memory import MemoryStore
from support.world import EMAIL, OTHER_PASSWORD, PASSWORD, account_with, world

pytestmark = pytest.mark.anyio

STORED = Hasher(WeakHashing()).hash(PASSWORD)
RULES = Rules(name="django", roles={"superuser": ("limen:admin",)})


def person(n: int, /, **other: Any) -> Incoming:
    made = Incoming(
        line=n + 2,
        id=str(n),
        email=f"p{n}@example.org",
        password=STORED,
        verified=None,
        created=Instant(1_500_000_000.0 + n),
        disabled=False,
        name="",
        roles=(),
        lost=(),
    )
    return replace(made, **other)


async def brought(auth: Limen, *people: Incoming | Refused, apply: bool = True, **how: Any) -> Report:
    return await auth.import_accounts(people, RULES, apply=apply, **how)


async def everything(auth: Limen) -> list[Account]:
    return await auth.store.accounts(limit=10_000)


async def test_a_look_writes_nothing_and_says_what_would_come() -> None:
    async with world() as (auth, _):
        looked = await brought(auth, person(1), person(2, email="no address"), apply=False)
        assert (looked.read, looked.new, looked.refused) == (2, 1, 1)
        assert await everything(auth) == []
        assert await auth.store.entries(Wanted(event="import_begun")) == []
        came = await brought(auth, person(1), person(2, email="no address"))
        assert replace(came, reasons=looked.reasons) == replace(looked, reasons=looked.reasons)


async def test_people_sign_in_with_their_passwords() -> None:
    async with world() as (auth, _):
        await brought(auth, person(1), person(2, disabled=True), person(3, password=None))
        assert (await auth.sign_in("P1@example.org", PASSWORD)).grant
        for email in ("p2@example.org", "p3@example.org"):
            with pytest.raises(Denied):
                await auth.sign_in(email, PASSWORD)


async def test_twice_is_as_good_as_once() -> None:
    async with world() as (auth, clock):
        await brought(auth, *map(person, range(1_203)))
        before = await everything(auth)
        clock.turn(60)
        again = await brought(auth, *map(person, range(1_203)))
        assert (again.new, again.there, again.moved, again.met) == (0, 1_203, 0, 0)
        assert await everything(auth) == before


async def test_whoever_is_there_keeps_password_scopes_and_id() -> None:
    async with world() as (auth, _):
        await account_with(auth, scopes=("read",))
        (before,) = await everything(auth)
        other = Hasher(WeakHashing()).hash(OTHER_PASSWORD)
        told: dict[str, AccountID] = {}
        thief = person(1, email=EMAIL.upper(), password=other, roles=("superuser",), verified=True)
        report = await brought(auth, thief, told=told.__setitem__)
        assert (report.new, report.there, report.met, len(report.met_lines)) == (0, 1, 1, 1)
        assert await everything(auth) == [before]
        assert told == {"1": before.id}


@pytest.mark.parametrize("twin", ["P1@EXAMPLE.ORG", "p1@example.org", "ｐ1@example.org"])
async def test_A25_twins_in_a_file_are_reported_and_not_merged(twin: str) -> None:
    async with world() as (auth, _):
        report = await brought(auth, person(1), person(2, email=twin, password=None))
        assert report.new == 1
        assert report.refusals == [Refused(4, "it has the same address as line 3")]
        assert [account.password for account in await everything(auth)] == [STORED]


async def test_two_lines_with_one_id_are_not_one_account() -> None:
    async with world() as (auth, _):
        report = await brought(auth, person(1), person(2, id="1", created=person(1).created))
        assert report.refusals == [Refused(4, "it has the same id as line 3")]


async def test_who_changed_the_address_since_does_not_come_again_under_the_old_one() -> None:
    async with world() as (auth, _):
        await brought(auth, person(1))
        (account,) = await everything(auth)
        store = auth.store
        assert isinstance(store, MemoryStore)
        moved = replace(account, email="new@example.org", key="new@example.org")
        store._accounts[account.id] = moved
        store._keys = {moved.key: moved.id}
        told: dict[str, AccountID] = {}
        report = await brought(auth, person(1), told=told.__setitem__)
        assert (report.new, report.moved) == (0, 1)
        assert await everything(auth) == [moved]
        assert told == {"1": account.id}


async def test_who_was_deleted_since_does_not_come_again() -> None:
    async with world() as (auth, _):
        await brought(auth, person(1), person(2))
        await auth.delete_account(await auth.find_account("p1@example.org"))
        report = await brought(auth, person(1), person(2))
        assert (report.new, report.there, report.deleted) == (0, 1, 1)
        assert [account.email for account in await everything(auth)] == ["p2@example.org"]


async def test_who_is_deleted_while_it_runs_does_not_come_again() -> None:
    people = [person(n) for n in range(import_accounts.BATCH + 1)]

    class Busy(MemoryStore):
        deletes: Limen | None = None

        async def taken(
            self, *, keys: Sequence[str], ids: Sequence[AccountID] = ()
        ) -> list[tuple[AccountID, str]]:
            auth, self.deletes = self.deletes, None
            if auth is not None:
                await auth.delete_account(await auth.find_account(people[-1].email))
            return await super().taken(keys=keys, ids=ids)

    store = Busy()
    async with world(store=store) as (auth, _):
        await brought(auth, *people)
        store.deletes = auth
        report = await brought(auth, *people)
        assert (report.new, report.deleted) == (0, 1)


@pytest.mark.parametrize("apply", [False, True])
async def test_an_import_without_an_end_can_be_stopped(apply: bool) -> None:
    async with world() as (auth, _):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await auth.import_accounts(map(person, itertools.count()), RULES, apply=apply)


async def test_whoever_has_an_old_address_now_is_not_who_came_under_it() -> None:
    async with world() as (auth, _):
        await brought(auth, person(1), person(2))
        store = auth.store
        assert isinstance(store, MemoryStore)
        first, second = await everything(auth)
        moved = replace(first, email="new@example.org", key="new@example.org")
        store._accounts[first.id] = moved
        store._keys = {moved.key: moved.id, second.key: second.id}
        await auth.delete_account(second)
        for number in (1, 2):
            await auth.add_account(f"p{number}@example.org", OTHER_PASSWORD)
        told: dict[str, AccountID] = {}
        report = await brought(auth, person(1), person(2), told=told.__setitem__)
        assert (report.new, report.there, report.moved, report.deleted) == (0, 0, 1, 1)
        assert told == {"1": first.id}


async def test_an_import_that_is_cut_off_goes_on_where_it_ended() -> None:
    class Breaking(MemoryStore):
        left = 2

        async def add_accounts(self, accounts: Sequence[Account]) -> frozenset[AccountID]:
            self.left -= 1
            if self.left < 0:
                raise Unavailable("the store went away", reason="test")
            return await super().add_accounts(accounts)

    store = Breaking()
    people = list(map(person, range(1_700)))
    async with world(store=store) as (auth, clock):
        with pytest.raises(Unavailable):
            await brought(auth, *people)
        half = await everything(auth)
        assert len(half) == 2 * import_accounts.BATCH
        store.left = 100
        clock.turn(1)
        report = await brought(auth, *people)
        assert (report.new, report.there) == (700, 1_000)
        assert [account.key for account in await everything(auth)] == [p.email for p in people]
        events = [(e.event, e.detail) for e in await auth.store.entries(Wanted(actor="operator"))]
        assert [event for event, _ in events] == ["import_done", "import_begun", "import_begun"]
        assert events[0][1] == "django: 700 new, 0 of them administrators, 1000 there, 0 deleted, 0 refused"


async def test_somebody_who_registers_between_the_look_and_the_step_keeps_the_account() -> None:
    class Racing(MemoryStore):
        async def add_accounts(self, accounts: Sequence[Account]) -> frozenset[AccountID]:
            mine = replace(accounts[0], id=AccountID("01890a5d-ac96-774b-bcce-b302099a8057"), password=None)
            await self.add_account(mine)
            return await super().add_accounts(accounts)

    async with world(store=Racing()) as (auth, _):
        report = await brought(auth, person(1), person(2))
        assert (report.new, report.there) == (1, 1)
        assert [a.password for a in await everything(auth) if a.email == "p1@example.org"] == [None]


async def test_who_finds_no_way_in_is_told_and_not_left_out_silently() -> None:
    class Closed(MemoryStore):
        async def add_accounts(self, accounts: Sequence[Account]) -> frozenset[AccountID]:
            return frozenset()

    async with world(store=Closed()) as (auth, _):
        report = await brought(auth, person(1))
        assert (report.new, report.refused) == (0, 1)
        assert report.refusals[0].why.endswith("run the import again")


async def test_the_log_says_who_brought_how_many_and_of_whom_nothing() -> None:
    async with world() as (auth, _):
        await brought(auth, person(1, roles=("superuser",)), person(2, email="secret address"))
        done, begun = await auth.store.entries(Wanted(actor="operator"))
        assert (begun.event, begun.detail) == ("import_begun", "django")
        assert done.detail == "django: 1 new, 1 of them administrators, 0 there, 0 deleted, 1 refused"
        assert "secret" not in done.detail


async def test_a_report_has_bounds_whatever_a_file_says() -> None:
    def people() -> Iterator[Incoming]:
        for n in range(2_000):
            lost = tuple(f"column {n}-{i}" for i in range(5))
            yield person(n, roles=(f"role {n}",), lost=lost, email=f"p{n}@example.org" if n % 2 else "")

    async with world() as (auth, _):
        report = await auth.import_accounts(people(), RULES)
    assert (report.new, report.refused, len(report.refusals)) == (1_000, 1_000, 100)
    assert max(len(t.counts) for t in (report.unmapped, report.lost, report.reasons)) <= 101
    assert report.lost.counts["…"] > 4_000
