"""Carrying out what `epochs` decides: reading what Redis holds, setting its fence, and remembering."""

from __future__ import annotations

import asyncio
import logging
from secrets import token_hex
from typing import Any

from limen.clock import Instant, Seconds
from limen.sessions import LEEWAY_MAX
from limen.stores.base import Marks
from limen.stores.redis import scripts
from limen.stores.redis.address import Address
from limen.stores.redis.epochs import GAP, SPAN, Adopt, Begin, Fence, Held, Known, Same, judge
from limen.stores.redis.faults import Unsettled
from limen.stores.redis.line import Line, answer

_log = logging.getLogger("limen.stores")
_LOOKS = 5
_PAUSE: Seconds = 0.05
_MEMORY: Seconds = 2 * 86_400
"""How long the event that ends everything is told: longer than any access token may live."""
_FIELDS = ("fence", "epoch", "position", "writes", "since")


class Settler:
    """Holds the fence of this process."""

    def __init__(self, address: Address, marks: Marks, *, fresh: bool) -> None:
        self._address, self._marks, self._fresh = address, marks, fresh
        self._fence: Fence | None = None
        self._seen: Fence | None = None
        self._seen_writes = 0
        self.position = 0
        """The highest that was read from the feed."""
        self._lock = asyncio.Lock()

    @property
    def epoch(self) -> int:
        return self._fence.epoch if self._fence is not None else 0

    def fence(self, line: Line) -> Fence:
        """The fence, if the line leads to the server that it is about."""
        if self._fence is None or self._fence.run != line.run:
            raise Unsettled
        return self._fence

    def acknowledged(self, fence: Fence, writes: int) -> None:
        """Redis must never again have counted less than this."""
        if fence == self._seen:
            writes = max(writes, self._seen_writes)
        if fence == self._fence:
            self._seen, self._seen_writes = fence, writes

    def noticed(self, head: list[Any]) -> None:
        """Redis said this of itself with an answer of the feed."""
        self.position = max(self.position, int(head[1] or 0))

    async def settle(self, line: Line, now: Instant | None) -> None:
        """Find out under which fence to go on. Unsettled where a new epoch must begin and the time is not
        known."""
        async with self._lock:
            before: Begin | None = None
            for _ in range(_LOOKS):
                held, verdict = await self._look(line)
                if isinstance(verdict, Begin) and verdict.why is not None and verdict != before:
                    before = verdict
                    await asyncio.sleep(_PAUSE)  # somebody may be in the middle of it: look twice
                elif await self._carry_out(line, held, verdict, now):
                    return
            raise Unsettled

    async def begin_anew(self, line: Line, why: str, now: Instant) -> None:
        async with self._lock:
            held = await held_by(line, self._address)
            epoch = 1 + max(held.epoch if held is not None else 0, self.epoch)
            if not await self._begin(line, held, Begin(epoch, why), now):
                raise Unsettled

    async def remember(self) -> None:
        """Tell the accounts' store how far things have come, for when all processes are gone."""
        if self._seen is not None and self._seen == self._fence:
            marks = {"redis_writes": self._seen_writes, "redis_position": self.position}
            await self._marks.raise_marks(marks)

    # -- inside ------------------------------------------------------------------------------------------

    async def _look(self, line: Line) -> tuple[Held | None, Same | Adopt | Begin]:
        # Counts before the question: what others are acknowledged meanwhile, its answer need not have. Epochs
        # after it: one that has begun meanwhile is written down before Redis says it.
        seen, seen_writes = self._seen, self._seen_writes
        remembered = await self._marks.marks()
        held = await held_by(line, self._address)
        marks = await self._marks.marks()
        known = Known(
            epoch=marks.get("redis_epoch", 0),
            writes=remembered.get("redis_writes", 0),
            fresh=self._fresh,
            seen=seen,
            seen_writes=seen_writes,
        )
        return held, judge(held, known, line.run)

    async def _carry_out(
        self, line: Line, held: Held | None, verdict: Same | Adopt | Begin, now: Instant | None
    ) -> bool:
        """Whether it came to pass; False if somebody else was faster."""
        if isinstance(verdict, Begin):
            return await self._begin(line, held, verdict, now)
        if held is None:
            return False
        fence = Fence(held.epoch, line.run)
        if isinstance(verdict, Adopt) and not await self._set(line, held.fence, fence, gap=GAP):
            return False
        self._fence = fence
        return True

    async def _begin(self, line: Line, held: Held | None, begin: Begin, now: Instant | None) -> bool:
        """The accounts' store knows of the epoch first: one that Redis knows alone is not believed."""
        if begin.why is not None and now is None:
            raise Unsettled
        marks = await self._marks.marks()
        first = 0 if begin.why is None else begin.epoch * SPAN
        position = max(self.position, marks.get("redis_position", 0), first)
        writes = max(self._seen_writes, marks.get("redis_writes", 0))
        await self._marks.raise_marks({"redis_epoch": begin.epoch})
        fence = Fence(begin.epoch, line.run)
        event: tuple[Any, ...] = ()
        if begin.why is not None and now is not None:
            upto = Instant(now + LEEWAY_MAX)  # a sign-in by a clock that is ahead is covered too
            event = (int(upto * 1000), repr(upto + _MEMORY), repr(upto), repr(now), "sessions_lost")
        gap = 0 if begin.why is None else GAP
        before = held.fence if held is not None else b""
        if not await self._set(line, before, fence, *event, gap=gap, position=position, writes=writes):
            return False
        self._fence = fence
        if begin.epoch == 1 and begin.why is not None:
            _log.warning("sessions are kept in Redis from now on; those that were elsewhere end")
        elif begin.why is not None:
            _log.critical("Redis was emptied or has gone back (%s): all sessions end, epoch %d begins",
                          begin.why, begin.epoch)  # fmt: skip
        return True

    async def _set(
        self,
        line: Line,
        before: bytes,
        fence: Fence,
        *event: Any,
        gap: int,
        position: int = 0,
        writes: int = 0,
    ) -> bool:
        base = self._address.base(fence.epoch)
        common = (before, fence.text, fence.epoch, base, gap, position, writes, token_hex(8))
        script = scripts.SETTLE_EPOCH
        given = await answer(line.ask("EVAL", script.text, 1, self._address.meta, *common, *(event or ("",))))
        return bool(given[0] == b"settled")


async def held_by(line: Line, address: Address) -> Held | None:
    """What a server says of itself; None if it says nothing, or nothing that can be read."""
    fence, *numbers = await answer(line.ask("HMGET", address.meta, *_FIELDS))
    if fence is None:
        return None
    try:
        return Held(fence, *(int(number or 0) for number in numbers))
    except ValueError:
        _log.error("what Redis says of itself cannot be read and counts as nothing")
        return None
