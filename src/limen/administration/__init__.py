"""Administration: what an account with ADMIN_SCOPE may see and do. `auth.admin`.

Every act says who did it and from where, and is in the audit log before it is answered; so is a look at one
account whole, for that is personal. Nobody here chooses a password, and nobody locks themselves out.

Whoever calls has asked that the administrator proved themselves lately (`auth.recent`): that is about a
request, and this knows none.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass

from limen import doctor, ids
from limen.accounts import ADMIN_SCOPE, CANARY_KEY, Account, Among, key_beginning
from limen.administration.overview import Configuration, Count, FeedNow, Found, Whole, configuration
from limen.audit import Actor, Entry, EntryID, Wanted
from limen.doctor import Observed
from limen.errors import Denied, Rejected
from limen.flows import operate, reset_password
from limen.flows.parts import Parts
from limen.flows.set_up import is_open, set_up
from limen.flows.sign_out import sign_out_everywhere
from limen.ids import AccountID
from limen.keys import KeyRing, StoredRing
from limen.lint import Finding
from limen.live_ring import LiveRing
from limen.pulse import Pulse
from limen.set_up import SetUpSealer
from limen.settings import Transport
from limen.strategies.base import Identity, Revoked, Strategy

PAGE = 50
COUNTED = 10_000
_NEWEST = 20
"""Entries beside one account."""
_LOOKED_UP = 2 * PAGE
EXPORTED = 250
"""Entries read at once where all are wanted. SQLite is read on the event loop, which others need too."""


@dataclass(frozen=True, slots=True)
class Administration:
    """Made by `Limen`. Denied(`insufficient_scope`) to whoever is no administrator."""

    _parts: Parts
    _accepted: Iterable[Strategy]
    _ring: LiveRing
    _pulse: Pulse
    _sources: Mapping[str, str]
    _set_ups: SetUpSealer

    # -- the first administrator -------------------------------------------------------------------------

    async def set_up_link(self) -> str | None:
        """For the console alone: where the first administrator is made. None once there is any account."""
        s = self._parts.settings
        store = self._parts.store
        known = 0 if await store.account_by_key(CANARY_KEY) is None else 1
        if await store.count_accounts(most=2) > known or Transport.COOKIE not in s.transports:
            return None
        text = self._set_ups.seal(now=self._parts.clock.now(), entropy=self._parts.entropy)
        return f"{s.issuer}{s.pages}/admin/set-up?token={text}"

    async def may_set_up(self, text: str) -> bool:
        """Whether the first administrator may be made with the text of such a link still."""
        return await is_open(self._parts, self._set_ups, text)

    async def set_up(self, text: str, email: str, password: str, *, source: str = "") -> Account:
        """See flows/set_up."""
        return await set_up(self._parts, self._set_ups, text, email, password, source=source)

    # -- accounts ----------------------------------------------------------------------------------------

    async def accounts(
        self,
        identity: Identity,
        search: str = "",
        *,
        among: Among = Among.ALL,
        after: str = "",
        limit: int = PAGE,
    ) -> Found:
        """The accounts whose address begins with `search`, by address; or the one with that id; or, where
        nothing is searched for, all of `among`, newest first."""
        _administrator(identity)
        wanted = search.strip()
        if _is_id(wanted):
            one = await self._parts.store.account(AccountID(wanted))
            return Found(() if one is None else (one,), "")
        if not wanted:
            before = AccountID(after) if _is_id(after) else None
            newest = await self._parts.store.newest_accounts(among, before=before, limit=limit + 1)
            return Found.of(newest, limit, lambda account: account.id)
        prefix = key_beginning(wanted)
        if not prefix:
            return Found((), "")
        found = await self._parts.store.accounts_beginning(prefix, after=after, limit=limit + 1)
        return Found.of(found, limit, lambda account: account.key)

    async def count(self, identity: Identity, among: Among = Among.ALL) -> Count:
        """How many accounts there are, if they are not too many to be counted while somebody waits."""
        _administrator(identity)
        number = await self._parts.store.count_accounts(among, most=COUNTED + 1)
        return Count(min(number, COUNTED), number > COUNTED)

    async def account(self, identity: Identity, account: str, *, source: str = "") -> Whole:
        """One account with its live sessions and the newest entries about it. Rejected(404) for none."""
        by = _administrator(identity, source)
        found = await operate.find_account(self._parts, account)
        await self._parts.record("account_viewed", by=by, account=found.id)
        store, now = self._parts.store, self._parts.clock.now()
        sessions = await store.sessions_of(found.id, now=now)
        entries = await store.entries(Wanted(account=found.id), limit=_NEWEST)
        return Whole(found, tuple(sessions), tuple(entries))

    async def addresses(self, identity: Identity, accounts: Iterable[str]) -> dict[str, str]:
        """The e-mail addresses of accounts, by their ids; of what is no account any more, nothing."""
        _administrator(identity)
        wanted = [AccountID(one) for one in dict.fromkeys(accounts) if _is_id(one)]
        found = await asyncio.gather(*(self._parts.store.account(one) for one in wanted[:_LOOKED_UP]))
        return {one.id: one.email for one in found if one is not None}

    async def disable_account(self, identity: Identity, account: str, *, source: str = "") -> Revoked:
        """Let nobody sign in to it, and end its sessions. Rejected(409) for one's own."""
        by, found = await self._another(identity, account, source)
        return await operate.disable_account(self._parts, self._accepted, found, by=by)

    async def enable_account(self, identity: Identity, account: str, *, source: str = "") -> None:
        """Let people sign in to it again. Its old sessions stay ended."""
        by = _administrator(identity, source)
        found = await operate.find_account(self._parts, account)
        await operate.enable_account(self._parts, found, by=by)

    async def end_session(self, identity: Identity, sid: str, *, source: str = "") -> Revoked:
        """End one session, whoever's it is."""
        by = _administrator(identity, source)
        return await operate.revoke_session(self._parts, self._accepted, sid, by=by)

    async def end_sessions(self, identity: Identity, account: str, *, source: str = "") -> Revoked:
        """End all sessions of an account."""
        by = _administrator(identity, source)
        found = await operate.find_account(self._parts, account)
        return await sign_out_everywhere(self._parts, self._accepted, found.id, by=by, why="operator")

    async def set_scopes(
        self, identity: Identity, account: str, scopes: tuple[str, ...], *, source: str = ""
    ) -> Revoked:
        """Set what it may do. Rejected(409) where that would take ADMIN_SCOPE from oneself."""
        by = _administrator(identity, source)
        found = await operate.find_account(self._parts, account)
        if found.id == identity.account and ADMIN_SCOPE not in scopes:
            raise _own()
        return await operate.set_scopes(self._parts, self._accepted, found, scopes, by=by)

    async def send_reset_link(self, identity: Identity, account: str, *, source: str = "") -> None:
        """Write to its owner, who chooses a new password. Denied(`mail_off`) where no mail is sent."""
        by = _administrator(identity, source)
        found = await operate.find_account(self._parts, account)
        await reset_password.send_reset_link(self._parts, found, by=by)

    # -- keys --------------------------------------------------------------------------------------------

    async def keys(self, identity: Identity) -> StoredRing:
        """All keys with their states, retired ones too."""
        _administrator(identity)
        return await self._parts.store.ring()

    async def rotate_keys(self, identity: Identity, *, source: str = "") -> KeyRing:
        """Let the next key sign. Rejected(409) while it is too new to be known everywhere."""
        by = _administrator(identity, source)
        return await operate.move_key(self._parts, self._ring.rotate(), "key_rotated", by=by)

    # -- the audit log -----------------------------------------------------------------------------------

    async def entries(
        self, identity: Identity, wanted: Wanted, *, before: str = "", limit: int = PAGE
    ) -> list[Entry]:
        """Entries of the audit log below the id `before`, newest first."""
        _administrator(identity)
        below = EntryID(before) if _is_id(before) else None
        await self._parts.audit.settled()
        return await self._parts.store.entries(wanted, before=below, limit=limit)

    async def export_entries(
        self, identity: Identity, wanted: Wanted, *, most: int = 100_000, source: str = ""
    ) -> AsyncIterator[Entry]:
        """All wanted entries, newest first, `most` at most. That they were taken is an entry itself."""
        by = _administrator(identity, source)
        await self._parts.record("audit_exported", by=by)
        return self._all(wanted, most)

    async def _all(self, wanted: Wanted, most: int) -> AsyncIterator[Entry]:
        before: EntryID | None = None
        while most > 0:
            found = await self._parts.store.entries(wanted, before=before, limit=min(EXPORTED, most))
            for entry in found:
                yield entry
            if len(found) < EXPORTED:
                return
            before, most = found[-1].id, most - len(found)
            await asyncio.sleep(0)

    # -- how it runs -------------------------------------------------------------------------------------

    def feed(self, identity: Identity) -> FeedNow:
        """How busy the feed is, and how fresh this process's view of it."""
        _administrator(identity)
        known, clock = self._parts.filter, self._parts.clock
        return FeedNow(
            position=known.position,
            age=clock.monotonic() - known.fresh_at,
            remembered=len(known),
            missed=known.missed,
            minutes=self._pulse.minutes(now=clock.now()),
        )

    def configuration(self, identity: Identity) -> list[Configuration]:
        """Every setting as it was read, and where from; a secret says only that there is one."""
        _administrator(identity)
        return configuration(self._parts.settings, self._sources)

    async def findings(self, identity: Identity) -> tuple[Finding, ...]:
        """What `limen doctor` would say of settings, schema and keys. Files and the clock only it can see."""
        _administrator(identity)
        store = self._parts.store
        return doctor.examine(
            Observed(
                now=self._parts.clock.now(),
                settings=self._parts.settings,
                sources=self._sources,
                schema=await store.schema(),
                ring=await store.ring(),
            )
        )

    async def _another(self, identity: Identity, account: str, source: str) -> tuple[Actor, Account]:
        by = _administrator(identity, source)
        found = await operate.find_account(self._parts, account)
        if found.id == identity.account:
            raise _own()
        return by, found


def _administrator(identity: Identity, source: str = "") -> Actor:
    """Who acts. Denied to whoever is no administrator."""
    if ADMIN_SCOPE not in identity.scopes:
        raise Denied(
            "this needs a scope that you do not have",
            code="insufficient_scope",
            forbidden=True,
            scopes=(ADMIN_SCOPE,),
        )
    return Actor(identity.account, source)


def _is_id(text: str) -> bool:
    try:
        ids.parse(text)
    except ValueError:
        return False
    return True


def _own() -> Rejected:
    return Rejected(
        "nobody locks themselves out: let another administrator do it", code="own_account", status=409
    )
