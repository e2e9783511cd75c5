"""Accounts and keys in one store, sessions, feed and throttles in another beside it: one contract over both.

What changes an account and its sessions is committed by the accounts' store, with its event, in one step;
then the event is applied to the sessions' store, and only then is the caller told. So the events of the
accounts' store are an outbox: what was committed and could not be applied, whoever crashed in between, is
applied before the feed is read next, by whichever process. `Beside.apply` takes each once, in order.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from limen import ids
from limen.accounts import Account, Among
from limen.audit import Entry, EntryID, Wanted
from limen.clock import Instant, Seconds
from limen.ids import AccountID, SessionID
from limen.keys import StoredKey, StoredRing
from limen.letters import Posted
from limen.revocations import Kind, Page, Revocation
from limen.sessions import Digest, Session
from limen.stores.base import Cut, Gone, NoAccount, Opened, Rotated, Schema, Stale, Store, joined, storable
from limen.stores.base_beside import Ahead, Beside, Gap
from limen.stores.split_recovery import SplitRecovery
from limen.throttle import Limit, Wait
from limen.tickets import Ticket

_log = logging.getLogger("limen.stores")
_T = TypeVar("_T")
_EVER = Instant(0.0)
"""No event is too old for the outbox: a session outlives the event that ends it."""
_REMEMBERED = 1_000


class SplitStore(SplitRecovery):
    """`accounts` is any store that keeps everything; its feed is the outbox, its sessions stay empty."""

    def __init__(self, accounts: Store, sessions: Beside) -> None:
        self._accounts, self._sessions = accounts, sessions
        self._pumping = asyncio.Lock()
        self._cutting: dict[AccountID, asyncio.Task[Any]] = {}
        self._going: set[asyncio.Task[Any]] = set()
        self._epoch = 0
        self._read = self._applied = 0
        """How far the outbox was read, and the last event in it."""
        self._carried: dict[int, Revocation] = {}
        """What became of the events that this process applied, by their position in the outbox."""

    @property
    def names_ended(self) -> bool:
        """Sessions are there alone, and so are their names."""
        return self._sessions.names_ended

    @names_ended.setter
    def names_ended(self, named: bool) -> None:
        self._sessions.names_ended = named

    # -- accounts ----------------------------------------------------------------------------------------

    async def add_account(
        self, account: Account, *, tickets: Sequence[Ticket] = (), letters: Sequence[Posted] = ()
    ) -> bool:
        return await self._accounts.add_account(account, tickets=tickets, letters=letters)

    async def account(self, account: AccountID) -> Account | None:
        return await self._accounts.account(account)

    async def account_by_key(self, key: str) -> Account | None:
        return await self._accounts.account_by_key(key)

    async def accounts(self, *, after: AccountID | None = None, limit: int = 100) -> list[Account]:
        return await self._accounts.accounts(after=after, limit=limit)

    async def upgrade_password(self, account: AccountID, *, spent: str, fresh: str) -> bool:
        return await self._accounts.upgrade_password(account, spent=spent, fresh=fresh)

    async def set_name(self, account: AccountID, name: str) -> bool:
        return await self._accounts.set_name(account, name)

    async def enable_account(self, account: AccountID) -> bool:
        return await self._accounts.enable_account(account)

    async def raise_cutoff(self, account: AccountID, upto: Instant) -> None:
        await self._accounts.raise_cutoff(account, upto)

    async def change_password(
        self,
        account: AccountID,
        *,
        spent: str | None,
        fresh: str,
        now: Instant,
        until: Instant,
        letters: Sequence[Posted] = (),
    ) -> Revocation | None:
        step = self._accounts.change_password(
            account, spent=spent, fresh=fresh, now=now, until=until, letters=letters
        )
        return await self._cut(account, step, now, careful=True)

    async def set_scopes(
        self, account: AccountID, scopes: tuple[str, ...], *, upto: Instant, until: Instant, now: Instant
    ) -> Revocation | None:
        step = self._accounts.set_scopes(account, scopes, upto=upto, until=until, now=now)
        return await self._cut(account, step, now, careful=True)

    async def disable_account(self, account: AccountID, *, now: Instant, until: Instant) -> Revocation | None:
        return await self._cut(account, self._accounts.disable_account(account, now=now, until=until), now)

    async def delete_account(
        self, account: AccountID, *, now: Instant, until: Instant, letters: Sequence[Posted] = ()
    ) -> Revocation | None:
        step = self._accounts.delete_account(account, now=now, until=until, letters=letters)
        return await self._cut(account, step, now)

    async def revoke_account(
        self, account: AccountID, *, now: Instant, until: Instant, why: str
    ) -> Revocation:
        step = self._accounts.revoke_account(account, now=now, until=until, why=why)
        return cast(Revocation, await self._cut(account, step, now))

    # -- sessions ----------------------------------------------------------------------------------------

    async def open_session(
        self, session: Session, *, limit: int | None, until: Instant, now: Instant
    ) -> Opened | Cut | NoAccount:
        """The account is looked at first, and the step in the sessions' store is refused if it was cut in
        between: a sign-in that races with the end of its account never survives it."""
        storable(session.user_agent, session.source)
        joined(session.amr)
        joined(session.scopes)
        while (cutting := self._cutting.get(session.account)) is not None:
            await asyncio.wait([cutting])
        account = await self._accounts.account(session.account)
        if account is None or account.disabled is not None:
            return NoAccount()
        if ids.created_ms(session.id) <= int(account.cutoff * 1000):
            return Cut(account.cutoff)
        outcome = await self._sessions.open_session(
            session, cutoff=account.cutoff, limit=limit, until=until, now=now
        )
        if isinstance(outcome, Ahead):
            # Also where the cut went further than the accounts' store was told before somebody crashed.
            await self._accounts.raise_cutoff(account.id, outcome.upto)
            return Cut(outcome.upto)
        return outcome

    async def session(self, sid: SessionID) -> Session | None:
        return await self._sessions.session(sid)

    async def sessions_of(self, account: AccountID, *, now: Instant) -> list[Session]:
        return await self._sessions.sessions_of(account, now=now)

    async def rotate(
        self, sid: SessionID, spent: Digest, fresh: Digest, *, now: Instant, idle: Seconds
    ) -> Rotated | Stale | Gone:
        return await self._sessions.rotate(sid, spent, fresh, now=now, idle=idle)

    async def touch(self, sid: SessionID, *, now: Instant, idle: Seconds) -> bool:
        return await self._sessions.touch(sid, now=now, idle=idle)

    async def revoke_session(
        self, sid: SessionID, *, account: AccountID | None, now: Instant, until: Instant, why: str
    ) -> Revocation | None:
        return await self._sessions.revoke_session(sid, account=account, now=now, until=until, why=why)

    async def revoke_others(
        self, account: AccountID, *, keep: SessionID, now: Instant, until: Instant, why: str
    ) -> list[Revocation]:
        return await self._sessions.revoke_others(account, keep=keep, now=now, until=until, why=why)

    # -- feed, throttles, keys ---------------------------------------------------------------------------

    async def read_feed(self, after: int, *, now: Instant) -> Page:
        page = await self._accounts.read_feed(self._read, now=_EVER)
        if page.revocations or page.position != self._read or self._sessions.epoch != self._epoch:
            await self._whole(self._pump(now))
        return replace(await self._sessions.read_feed(after, now=now), ring=page.ring)

    async def wait(self, after: int, *, every: Seconds, at_most: Seconds) -> None:
        await self._sessions.wait(after, every=every, at_most=at_most)

    async def revoke(self, revocation: Revocation) -> Revocation:
        return await self._sessions.revoke(revocation, now=revocation.at)

    async def begin_anew(self, *, now: Instant, until: Instant, why: str) -> None:
        async def both() -> None:
            await self._accounts.begin_anew(now=now, until=until, why=why)
            await self._sessions.begin_anew(why, now=now)
            await self._pump(now)

        await self._whole(both())

    async def charge(self, charges: Sequence[tuple[str, Limit]], *, now: Instant) -> Wait | None:
        return await self._sessions.charge(charges, now=now)

    async def settle(self, *, clear: Sequence[str] = (), refund: Sequence[tuple[str, Limit]] = ()) -> None:
        await self._sessions.settle(clear=clear, refund=refund)

    async def ring(self) -> StoredRing:
        return await self._accounts.ring()

    async def replace_ring(
        self, keys: Sequence[StoredKey], *, version: int, revocation: Revocation | None = None
    ) -> int | None:
        async def both(event: Revocation) -> int | None:
            replaced = await self._accounts.replace_ring(keys, version=version, revocation=event)
            if replaced is not None:
                await self._pump(event.at)
            return replaced

        if revocation is None:
            return await self._accounts.replace_ring(keys, version=version)
        return await self._whole(both(revocation))

    async def marks(self) -> Mapping[str, int]:
        return await self._accounts.marks()

    async def raise_marks(self, marks: Mapping[str, int]) -> None:
        await self._accounts.raise_marks(marks)

    # -- administration ----------------------------------------------------------------------------------

    async def newest_accounts(
        self, among: Among = Among.ALL, *, before: AccountID | None = None, limit: int = 100
    ) -> list[Account]:
        return await self._accounts.newest_accounts(among, before=before, limit=limit)

    async def accounts_beginning(self, prefix: str, *, after: str = "", limit: int = 100) -> list[Account]:
        return await self._accounts.accounts_beginning(prefix, after=after, limit=limit)

    async def count_accounts(self, among: Among = Among.ALL, *, most: int = 10_000) -> int:
        return await self._accounts.count_accounts(among, most=most)

    async def add_first_administrator(self, account: Account) -> bool:
        return await self._accounts.add_first_administrator(account)

    async def keep_entries(self, entries: Sequence[Entry]) -> None:
        await self._accounts.keep_entries(entries)

    async def entries(
        self, wanted: Wanted, *, before: EntryID | None = None, limit: int = 100
    ) -> list[Entry]:
        return await self._accounts.entries(wanted, before=before, limit=limit)

    async def forget_entries(self, upto: Instant, *, limit: int = 1_000) -> int:
        return await self._accounts.forget_entries(upto, limit=limit)

    # -- its own life ------------------------------------------------------------------------------------

    async def schema(self) -> Schema:
        return await self._accounts.schema()

    async def migrate(self) -> Schema:
        return await self._accounts.migrate()

    async def start(self) -> None:
        await self._accounts.start()
        try:
            fresh = not await self._accounts.accounts(limit=1)
            await self._sessions.start(self._accounts, fresh=fresh)
        except BaseException:
            await self._accounts.close()
            raise

    async def close(self) -> None:
        if self._going:
            await asyncio.wait(set(self._going))
        self._pumping = asyncio.Lock()  # the next start may be on another loop
        await self._sessions.close()
        await self._accounts.close()

    async def ping(self) -> None:
        await self._accounts.ping()
        await self._sessions.ping()

    async def sweep(self, *, now: Instant, limit: int = 1_000) -> int:
        """The outbox is emptied before anything is swept out of it."""
        await self._whole(self._pump(now))
        count = await self._sessions.sweep(now=now, limit=limit)
        await self._accounts.sweep(now=now, limit=limit)
        return count

    # -- both --------------------------------------------------------------------------------------------

    async def _cut(
        self,
        account: AccountID,
        step: Coroutine[Any, Any, Revocation | None],
        now: Instant,
        *,
        careful: bool = False,
    ) -> Revocation | None:
        """Commit, then apply; whoever opens a session of the account meanwhile waits for it.

        `careful`: do nothing at all where it could not be applied now. What shuts somebody out is committed
        in any case: it takes effect as soon as it can.
        """

        async def both() -> Revocation | None:
            try:
                if careful:
                    await self._sessions.ready(now=now)
            except BaseException:
                step.close()
                raise
            event = await step
            return event if event is None else await self._carry_out(event, now)

        task = self._begin(both())
        self._cutting[account] = task
        task.add_done_callback(lambda _: self._no_longer_cutting(account, task))
        return await asyncio.shield(task)

    def _no_longer_cutting(self, account: AccountID, task: asyncio.Task[Any]) -> None:
        if self._cutting.get(account) is task:
            del self._cutting[account]

    async def _carry_out(self, event: Revocation, now: Instant) -> Revocation:
        """What became of an event that the accounts' store has committed."""
        await self._pump(now)
        carried: Revocation | Gap | None = self._carried.pop(event.position, None)
        if carried is None:  # another process was faster
            carried = await self._apply(event, after=0, now=now)
        if isinstance(carried, Gap):
            raise RuntimeError("an event of the outbox was passed over")  # noqa: TRY004 - no wrong type
        if carried.upto > event.upto and event.kind is Kind.ACCOUNT:
            await self._accounts.raise_cutoff(AccountID(event.subject), carried.upto)
        return carried

    async def _pump(self, now: Instant) -> None:
        """Apply what is in the outbox, in order. Whoever calls finds everything applied that was in it."""
        async with self._pumping:
            while not await self._pump_once(now):
                pass

    async def _pump_once(self, now: Instant) -> bool:
        """False where the sessions' store had to be asked where it stands: then begin again there."""
        if self._sessions.epoch != self._epoch:
            await self._begin_again(now)
        page = await self._accounts.read_feed(self._read, now=_EVER)
        if page.position < self._applied:
            why = "the accounts' database is older than what it had sent"
            await self._sessions.begin_anew(why, now=now)
            return False
        for event in page.revocations:
            outcome = await self._apply(event, after=self._applied, now=now)
            if isinstance(outcome, Gap):
                self._read = self._applied = outcome.applied
                return False
            self._remember(event.position, outcome)
            self._read = self._applied = event.position
        self._read = max(self._read, page.position)
        return True

    async def _begin_again(self, now: Instant) -> None:
        self._read = self._applied = await self._sessions.applied(now=now)
        self._epoch = self._sessions.epoch
        self._carried.clear()

    async def _apply(self, event: Revocation, *, after: int, now: Instant) -> Revocation | Gap:
        scopes: tuple[str, ...] = ()
        if event.kind is Kind.CLAIMS:
            account = await self._accounts.account(AccountID(event.subject))
            scopes = () if account is None else account.scopes
        return await self._sessions.apply(event, after=after, scopes=scopes, now=now)

    def _remember(self, position: int, outcome: Revocation) -> None:
        self._carried[position] = outcome
        while len(self._carried) > _REMEMBERED:
            del self._carried[next(iter(self._carried))]

    async def _whole(self, steps: Coroutine[Any, Any, _T]) -> _T:
        """Finish what was begun, also where the caller is cancelled."""
        return await asyncio.shield(self._begin(steps))

    def _begin(self, steps: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        task = asyncio.create_task(steps, name="limen store step")
        self._going.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._going.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.debug("a step over both stores failed: %r", error)
