"""Keeping the audit log: a line at once through the logger `limen.audit`, and a row in the store.

What somebody did is committed before it is recorded, so a store that is away must not turn it into an error:
the entry waits in memory, within bounds, and is tried again. Rows are written in groups; while one group is
on its way the next one gathers. Where an entry must be in the store before the answer, its caller waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict, deque
from collections.abc import Sequence
from contextlib import suppress
from contextvars import Context
from itertools import islice
from typing import TypedDict

from limen import audit, ids
from limen.audit import Entry, EntryID
from limen.clock import Clock, Instant, Seconds
from limen.errors import Unavailable
from limen.ids import AccountID, Entropy, SessionID
from limen.stores.base_admin import Audit

_lines = logging.getLogger("limen.audit")
_log = logging.getLogger("limen")

QUEUE_MAX = 10_000
"""Entries that wait for a store that is away: a few megabytes."""
GROUP_MAX = 500
PATIENCE: Seconds = 5.0
"""How long somebody waits for an entry to be kept."""
QUIET: Seconds = 60.0
"""For so long the same is not kept twice, of what others can make happen as often as they like."""
_REMEMBERED = 10_000
PAUSES: tuple[Seconds, ...] = (0.2, 1.0, 5.0)
"""Before the next attempt; the last goes on."""
_OFTEN = frozenset({"refresh", "client_denied", "account_viewed"})


class About(TypedDict, total=False):
    """What is known beside the event; `AuditLog.note` says what each is."""

    result: str
    at: Instant | None
    actor: str | None
    account: str | None
    session: str | None
    source: str
    detail: str


class AuditLog:
    """Takes entries from any task of one event loop. `keep`: whether there are rows too."""

    def __init__(
        self,
        store: Audit,
        clock: Clock,
        entropy: Entropy,
        *,
        keep: bool = True,
        pauses: Sequence[Seconds] = PAUSES,
        patience: Seconds = PATIENCE,
    ) -> None:
        self._store, self._clock, self._entropy, self._keep = store, clock, entropy, keep
        self._pauses, self._patience = pauses, patience
        self._waiting: deque[Entry] = deque()
        self._put_in = self._done = self._lost = 0
        """How many entries were ever put in, how many have left, and how many found no room."""
        self._latest = EntryID(ids.NIL)
        self._seen: OrderedDict[tuple[str, ...], Instant] = OrderedDict()
        self._writing: asyncio.Task[None] | None = None
        self._moved, self._closing = asyncio.Event(), asyncio.Event()
        self._failing = False
        self.counted: Counter[tuple[str, str]] = Counter()
        """Every entry that was noted, by event and result."""

    def note(
        self,
        event: str,
        *,
        result: str = "ok",
        at: Instant | None = None,
        actor: str | None = None,
        account: str | None = None,
        session: str | None = None,
        source: str = "",
        detail: str = "",
    ) -> Entry:
        """Write the line now and the row soon. Never raises, never waits.

        `event` and `result` are words of `audit`; `account` and `session` are ids, never what was typed.
        `actor=None`: the account itself.
        """
        now = self._clock.now() if at is None else at
        self._latest = EntryID(ids.uuid7_above(self._latest, now, self._entropy))
        entry = Entry(
            self._latest,
            now,
            event,
            result,
            (account or "") if actor is None else actor,
            None if account is None else AccountID(account),
            None if session is None else SessionID(session),
            audit.clean(source, most=64),
            audit.clean(detail, most=200),
        )
        _lines.info("%s", audit.line(entry))
        self.counted[event, result] += 1
        if self._keep and not self._repeats(entry):
            self._put(entry)
        return entry

    async def kept(self, entry: Entry) -> None:
        """Wait until an entry that was just noted is in the store.

        Where the store stays away this returns all the same: the act is done, the line is written, the entry
        goes on waiting, and the log says so.
        """
        if not await self.settled():
            _log.error("no table has it yet that %s did this: %s", entry.actor, entry.event)

    async def settled(self) -> bool:
        """Wait until the store has all that was noted here; False if it took too long. Before it is read."""
        mine = self._put_in
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                while self._done < mine:
                    self._moved.clear()
                    await self._moved.wait()
        return self._done >= mine

    async def close(self) -> None:
        """Write what waits; what the store does not take now has only its line."""
        self._closing.set()
        while self._writing is not None:
            await self._writing
        self._moved, self._closing = asyncio.Event(), asyncio.Event()  # the next start may be on another loop
        if self._waiting:
            _log.error("%d entries of the audit log have a line and no row", len(self._waiting))

    def _repeats(self, entry: Entry) -> bool:
        """Whether the same was kept a moment ago. Refreshes that went well never are: there are too many."""
        if entry.event == "refresh" and entry.result == "ok":
            return True
        if entry.result != "throttled" and entry.event not in _OFTEN:
            return False
        whom = (entry.actor, entry.account or "", entry.session or "", entry.source)
        same = (entry.event, entry.result, *whom)
        before = self._seen.get(same)
        if before is not None and 0 <= entry.at - before < QUIET:
            return True
        self._seen[same] = entry.at
        self._seen.move_to_end(same)
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return False

    def _put(self, entry: Entry) -> None:
        if len(self._waiting) >= QUEUE_MAX:
            self._lost += 1
            return
        self._waiting.append(entry)
        self._put_in += 1
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(
                self._write(),
                name="limen audit log",
                context=Context(),  # it is no request's: it writes for all
            )

    async def _write(self) -> None:
        failures = 0
        try:
            while self._waiting:
                group = list(islice(self._waiting, GROUP_MAX))
                if await self._kept(group):
                    failures = 0
                    self._leave(len(group))
                elif self._closing.is_set():
                    return
                else:
                    failures += 1
                    await self._rest(self._pauses[min(failures, len(self._pauses)) - 1])
        finally:
            self._writing = None

    def _leave(self, count: int) -> None:
        for _ in range(count):
            self._waiting.popleft()
        self._done += count
        self._moved.set()
        lost, self._lost = self._lost, 0
        if lost:
            self.note("audit_gap", result="lost", actor=audit.SYSTEM, detail=str(lost))

    async def _rest(self, pause: Seconds) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._closing.wait()

    async def _kept(self, group: list[Entry]) -> bool:
        """Whether the store is done with them: it has them, or never will."""
        try:
            await self._store.keep_entries(group)
        except Unavailable as error:
            if not self._failing:
                self._failing = True
                _log.error("the audit log has no store and waits in memory: %s", error.reason)
            return False
        except Exception:  # noqa: BLE001 - whatever it is, the others must be kept
            if len(group) > 1:
                return all([await self._kept([entry]) for entry in group])
            _log.exception("an entry of the audit log cannot be kept")
        self._failing = False
        return True
