"""Administration: who may, what it does, and that every act is in the audit log."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from limen.accounts import ADMIN_SCOPE, Account, Among
from limen.administration import Administration
from limen.audit import Wanted
from limen.auth import Limen
from limen.errors import Denied, Rejected
from limen.strategies.base import Identity
from limen.testing import TurnableClock
from support.world import PASSWORD, world

pytestmark = pytest.mark.anyio

SOURCE = "192.0.2.7"
HOUR = 3_600.0


@dataclass(frozen=True)
class Scene:
    """An administrator who is signed in, somebody else who is, and the Limen that both are in."""

    auth: Limen
    clock: TurnableClock
    admin: Identity
    other: Account
    theirs: Identity

    async def entries(self, **wanted: Any) -> list[tuple[str, str, str | None, str]]:
        await self.auth._audit.close()
        found = await self.auth.store.entries(Wanted(**wanted))
        return [(entry.event, entry.actor, entry.account, entry.source) for entry in found]


@asynccontextmanager
async def scene(**options: Any) -> AsyncIterator[Scene]:
    options = {"mail": "console:", **options}
    async with world(strategy="hybrid", **options) as (auth, clock):
        await auth.add_account("root@example.org", PASSWORD, scopes=(ADMIN_SCOPE, "notes"))
        other = await auth.add_account("other@example.org", PASSWORD, scopes=("notes",))
        admin = await signed_in(auth, "root@example.org")
        theirs = await signed_in(auth, "other@example.org")
        yield Scene(auth, clock, admin, other, theirs)


async def signed_in(auth: Limen, email: str) -> Identity:
    grant = (await auth.sign_in(email, PASSWORD)).grant
    return await auth.authenticate(grant.credential)


Act = Callable[[Scene, Identity], Awaitable[Any]]
ACTS: dict[str, tuple[Act, str]] = {
    "account": (lambda s, who: s.auth.admin.account(who, s.other.id, source=SOURCE), "account_viewed"),
    "disable_account": (
        lambda s, who: s.auth.admin.disable_account(who, s.other.id, source=SOURCE),
        "account_disabled",
    ),
    "enable_account": (
        lambda s, who: s.auth.admin.enable_account(who, s.other.id, source=SOURCE),
        "account_enabled",
    ),
    "end_session": (
        lambda s, who: s.auth.admin.end_session(who, s.theirs.session, source=SOURCE),
        "session_ended_by_operator",
    ),
    "end_sessions": (
        lambda s, who: s.auth.admin.end_sessions(who, s.other.id, source=SOURCE),
        "sign_out_everywhere",
    ),
    "set_scopes": (
        lambda s, who: s.auth.admin.set_scopes(who, s.other.id, ("a", "b"), source=SOURCE),
        "scopes_set",
    ),
    "send_reset_link": (
        lambda s, who: s.auth.admin.send_reset_link(who, s.other.id, source=SOURCE),
        "reset_link_sent",
    ),
    "rotate_keys": (lambda s, who: s.auth.admin.rotate_keys(who, source=SOURCE), "key_rotated"),
    "export_entries": (
        lambda s, who: s.auth.admin.export_entries(who, Wanted(), source=SOURCE),
        "audit_exported",
    ),
}
"""Every act, and the event by which the audit log knows it."""
READS: dict[str, Callable[[Scene, Identity], Any]] = {
    "accounts": lambda s, who: s.auth.admin.accounts(who),
    "count": lambda s, who: s.auth.admin.count(who),
    "addresses": lambda s, who: s.auth.admin.addresses(who, [s.other.id]),
    "keys": lambda s, who: s.auth.admin.keys(who),
    "entries": lambda s, who: s.auth.admin.entries(who, Wanted()),
    "feed": lambda s, who: s.auth.admin.feed(who),
    "configuration": lambda s, who: s.auth.admin.configuration(who),
    "findings": lambda s, who: s.auth.admin.findings(who),
}
FIRST = {"set_up_link", "may_set_up", "set_up"}
"""Before there is anybody who could be asked for: test_set_up.py."""
ABOUT_NO_ACCOUNT = {"rotate_keys", "export_entries"}


def test_every_method_is_tried_here() -> None:
    """A new one is an act, and in the audit log, or changes nothing."""
    public = {name for name, _ in inspect.getmembers(Administration, callable) if not name.startswith("_")}
    assert public == ACTS.keys() | READS.keys() | FIRST


@pytest.mark.parametrize("name", ACTS)
async def test_every_act_is_in_the_audit_log_before_it_is_answered(name: str) -> None:
    act, event = ACTS[name]
    async with scene() as s:
        s.clock.turn(HOUR / 2)  # the next key is known everywhere by now
        admin = replace(await signed_in(s.auth, "root@example.org"))
        await act(s, admin)
        found = await s.auth.store.entries(Wanted(event=event))
        whom = None if name in ABOUT_NO_ACCOUNT else s.other.id
        assert [(e.actor, e.account, e.source, e.result) for e in found] == [
            (admin.account, whom, SOURCE, "ok")
        ]


@pytest.mark.parametrize("name", [*ACTS, *READS])
async def test_nobody_else_sees_or_does_anything(name: str) -> None:
    act = ACTS[name][0] if name in ACTS else READS[name]
    async with scene() as s:
        before = await s.entries()
        with pytest.raises(Denied) as caught:
            found = act(s, s.theirs)
            if inspect.isawaitable(found):
                await found
        assert (caught.value.code, caught.value.forbidden) == ("insufficient_scope", True)
        assert await s.entries() == before


async def test_an_administrator_finds_accounts() -> None:
    async with scene() as s:
        admin, found = s.auth.admin, []
        for n in range(5):
            s.clock.turn(1)
            found.append(await s.auth.add_account(f"ada{n}@example.org", None))
        page = await admin.accounts(s.admin, limit=2)
        assert ([a.id for a in page.accounts], page.after) == ([a.id for a in found[:2:-1]], found[3].id)
        rest = await admin.accounts(s.admin, after=page.after)
        assert len(rest.accounts) == 5
        assert rest.after == ""
        by_name = await admin.accounts(s.admin, "  ADA", limit=3)
        assert [a.email[:4] for a in by_name.accounts] == ["ada0", "ada1", "ada2"]
        more = await admin.accounts(s.admin, "ADA", after=by_name.after, limit=3)
        assert [a.email[:4] for a in more.accounts] == ["ada3", "ada4"]
        assert (await admin.accounts(s.admin, found[2].id)).accounts == (found[2],)
        for nobody in (s.theirs.session, "nobody", "x" * 300, "ad%"):
            assert (await admin.accounts(s.admin, nobody)).accounts == ()
        assert (await admin.accounts(s.admin, among=Among.ADMINISTRATORS)).accounts[0].id == s.admin.account
        assert (await admin.count(s.admin)).number == 7
        assert not (await admin.count(s.admin)).more


async def test_one_account_whole() -> None:
    async with scene() as s:
        whole = await s.auth.admin.account(s.admin, s.other.id)
        assert whole.account == s.other
        assert [one.id for one in whole.sessions] == [s.theirs.session]
        assert [entry.event for entry in whole.entries] == ["account_viewed", "sign_in", "account_added"]
        for nobody in (s.theirs.session, "nobody@example.org", "'"):
            with pytest.raises(Rejected) as caught:
                await s.auth.admin.account(s.admin, nobody)
            assert caught.value.code == "account_unknown"


async def test_nobody_locks_themselves_out() -> None:
    async with scene() as s:
        own, admin = s.admin.account, s.auth.admin
        for act in (
            admin.disable_account(s.admin, own),
            admin.set_scopes(s.admin, own, ("notes",)),
        ):
            with pytest.raises(Rejected) as caught:
                await act
            assert caught.value.code == "own_account"
        await admin.set_scopes(s.admin, own, (ADMIN_SCOPE,))
        assert await s.auth.authenticate(
            (await s.auth.sign_in("root@example.org", PASSWORD)).grant.credential
        )


async def test_what_is_ended_is_ended() -> None:
    async with scene() as s:
        await s.auth.admin.end_session(s.admin, s.theirs.session)
        assert await s.auth.store.session(s.theirs.session) is None
        again = await signed_in(s.auth, "other@example.org")
        await s.auth.admin.disable_account(s.admin, s.other.id)
        assert await s.auth.store.session(again.session) is None
        with pytest.raises(Denied):
            await signed_in(s.auth, "other@example.org")
        s.clock.turn(1)
        await s.auth.admin.enable_account(s.admin, s.other.id)
        await signed_in(s.auth, "other@example.org")


async def test_all_entries_are_handed_out_and_no_more_than_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("limen.administration.EXPORTED", 3)
    async with scene() as s:
        whole = [e async for e in await s.auth.admin.export_entries(s.admin, Wanted())]
        assert [e.event for e in whole] == [
            "audit_exported", "sign_in", "sign_in", "account_added", "account_added",
        ]  # fmt: skip
        few = [e async for e in await s.auth.admin.export_entries(s.admin, Wanted(), most=4)]
        assert len(few) == 4


async def test_whoever_reads_the_log_reads_what_was_noted_a_moment_ago() -> None:
    async with scene() as s:
        s.auth._parts.audit.note("sign_in", account=s.admin.account, detail="just now")
        newest, *_ = await s.auth.admin.entries(s.admin, Wanted())
        assert newest.detail == "just now"


async def test_the_feed_tells_how_busy_and_how_fresh_it_is() -> None:
    async with scene() as s:
        await s.auth.catch_up()
        quiet = s.auth.admin.feed(s.admin)
        await s.auth.admin.end_sessions(s.admin, s.other.id)
        await s.auth.catch_up()
        s.clock.turn(0.5)
        busy = s.auth.admin.feed(s.admin)
        assert (quiet.minutes[-1], busy.minutes[-1], len(busy.minutes)) == (0, 1, 60)
        assert (quiet.age, busy.age) == (0, 0.5)
        assert (busy.position, busy.remembered, busy.missed) == (quiet.position + 1, 1, 0)


async def test_the_configuration_is_shown_without_its_secrets() -> None:
    async with scene(clients=("shop",), audit_keep=86_400) as s:
        shown = {one.name: one for one in s.auth.admin.configuration(s.admin)}
        assert (shown["secret"].value, shown["secret"].source) == ("…", "keyword")
        assert (shown["audit_keep"].value, shown["audit_keep"].default) == ("1d", False)
        assert (shown["algorithm"].value, shown["algorithm"].source) == ("ES256", "default")
        assert shown["clients"].value == "shop"
        assert all(one.means for one in shown.values())


async def test_K11_no_password_of_a_database_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    from limen.administration.overview import configuration
    from limen.settings import Settings

    settings = Settings(
        database="postgresql://limen:hunter2@db/limen", session_store="redis://:hunter3@cache:6379/0"
    )
    text = repr(configuration(settings, {}))
    assert "hunter" not in text
    assert "postgresql://limen:…@db/limen" in text


async def test_the_findings_are_those_of_the_doctor() -> None:
    async with scene(access_lifetime=2 * 3_600) as s:
        found = {finding.id for finding in await s.auth.admin.findings(s.admin)}
        assert {"development", "database_forgets", "access_lifetime_long"} <= found
