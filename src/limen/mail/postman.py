"""Who sends the letters that wait in the outbox: in the background, so no answer waits for a mail server.

A letter is taken for a while, sent, and only then let go, so whoever dies in between leaves it to the next:
it is sent at least once. One that cannot be sent now is tried again, later each time, until it is over.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import TYPE_CHECKING, Protocol

from limen import ids
from limen.clock import Clock, Instant, Seconds
from limen.counts import Counts
from limen.errors import Unavailable
from limen.letters import LEASE, Letter, LetterSealer, Posted, next_attempt
from limen.stores.base_recovery import Outbox

if TYPE_CHECKING:
    from limen.mail.writing import Written

_log = logging.getLogger("limen.mail")

Deliver = Callable[["Written"], Awaitable[None]]
BATCH = 10
LOOK_EVERY: Seconds = 5.0
"""Where nobody rings: for what another process left behind, and for what is due again."""
LAST_MOMENT: Seconds = 1.0
"""What is under way may take so long when the process ends in good order."""
ROUND_MAX: Seconds = LEASE / 2
"""After so long in one round nothing more is begun in it: what was taken must not be another's by then."""


class NotSent(Exception):
    """The letter is not delivered. `refused`: the server will not have it; `lost`: nor any other just now."""

    def __init__(self, reason: str, *, refused: bool = False, lost: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.refused, self.lost = reason, refused, lost


class Carrier(Protocol):
    """Takes letters somewhere."""

    def open(self) -> AbstractAsyncContextManager[Deliver]:
        """For the letters of one round; NotSent where none can be taken. What it gives raises NotSent too."""
        ...


class Writes(Protocol):
    """Puts letters into words."""

    def write(self, posted: Posted, letter: Letter) -> Written: ...


class Postman:
    """Sends what is due, from `start` to `close`. Several processes may each have one over one outbox."""

    def __init__(
        self,
        outbox: Outbox,
        sealer: LetterSealer,
        scribe: Writes,
        carrier: Carrier,
        clock: Clock,
        *,
        chance: Callable[[], float] = random.random,
        look_every: Seconds = LOOK_EVERY,
        counts: Counts | None = None,
    ) -> None:
        self._outbox, self._sealer, self._scribe = outbox, sealer, scribe
        self._carrier, self._clock, self._chance = carrier, clock, chance
        self._look_every = look_every
        self._counts = counts or Counts(clock.monotonic)
        self._bell = asyncio.Event()
        self._working = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._failing = self._closing = False

    def ring(self) -> None:
        """There is a letter in the outbox."""
        self._bell.set()

    def start(self) -> None:
        self._closing = False
        self._task = asyncio.create_task(self._run(), name="limen mail")

    async def close(self) -> None:
        """Let what is under way come to its end, if that is soon. What is left is sent by the next."""
        task, self._task = self._task, None
        if task is None:
            return
        self._closing = True
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_MOMENT), self._working:
                pass
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def round(self) -> int:
        """Take what is due and try to send it; how many letters were taken."""
        async with self._working:
            taken = await self._outbox.take_letters(now=self._clock.now(), lease=LEASE, limit=BATCH)
            over = [posted for posted in taken if posted.ends <= self._clock.now()]
            for posted in over:
                _log.error("letter %s is given up, unsent in %d attempts", posted.id, posted.attempts - 1)
                self._counts.letters["given_up"] += 1
                await self._outbox.letter_sent(posted.id)
            if len(over) < len(taken):
                await self._send([posted for posted in taken if posted not in over])
            return len(taken)

    async def _run(self) -> None:
        while not self._closing:
            self._bell.clear()
            taken = 0
            try:
                taken = await self.round()
            except Unavailable as error:
                self._say(f"the outbox cannot be read: {error.reason}")
            except Exception:  # noqa: BLE001 - the next round must come whatever this one met
                _log.exception("a round of mail failed")
            if not taken:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._look_every):
                        await self._bell.wait()

    async def _send(self, taken: list[Posted]) -> None:
        began = self._clock.monotonic()
        left = list(taken)
        try:
            async with self._carrier.open() as deliver:
                while left and self._clock.monotonic() - began < ROUND_MAX:
                    await self._try(deliver, left[0])
                    left.pop(0)
        except NotSent as error:
            for posted in left:
                await self._put_off(posted, error)
            return
        for posted in left:  # not begun: whoever comes next may have them at once
            await self._outbox.letter_failed(posted.id, attempts=posted.attempts, due=self._clock.now())

    async def _try(self, deliver: Deliver, posted: Posted) -> None:
        """One letter. NotSent goes on only where it would befall the others too."""
        letter = self._sealer.open(posted)
        if letter is None:
            _log.error("letter %s cannot be opened, for the secret is another now: it is dropped", posted.id)
            self._counts.letters["unreadable"] += 1
            await self._outbox.letter_sent(posted.id)
            return
        try:
            written = self._scribe.write(posted, letter)
        except Exception as error:  # noqa: BLE001 - a template, or an address that no header takes
            await self._put_off(posted, _odd(posted, letter, "put into words", error))
            return
        try:
            await deliver(written)
        except NotSent as error:
            if error.lost:
                raise
            await self._put_off(posted, error)
            return
        except Exception as error:  # noqa: BLE001 - whatever it is about this one, the others must go
            await self._put_off(posted, _odd(posted, letter, "sent", error))
            return
        self._failing, self._counts.oldest = False, None
        self._counts.letters["sent"] += 1
        await self._outbox.letter_sent(posted.id)

    async def _put_off(self, posted: Posted, error: NotSent) -> None:
        now = self._clock.now()
        due = next_attempt(posted.attempts, now=now, chance=self._chance(), refused=error.refused)
        self._say(f"mail waits: {error.reason}")
        self._counts.letters["put_off"] += 1
        self._counts.oldest = self._counts.oldest or Instant(ids.created_ms(posted.id) / 1000)
        last = min(due, posted.ends)  # when it is over somebody must say so
        await self._outbox.letter_failed(posted.id, attempts=posted.attempts, due=last)

    def _say(self, what: str) -> None:
        """Once until mail goes out again, and quietly from then on."""
        _log.log(logging.DEBUG if self._failing else logging.WARNING, "%s", what)
        self._failing = True


def _odd(posted: Posted, letter: Letter, what: str, error: Exception) -> NotSent:
    """Say that a letter is out of the ordinary, by its id: what the error says could quote what is in it."""
    name = type(error).__name__
    _log.error("letter %s (%s) cannot be %s: %s", posted.id, letter.kind.value, what, name)
    return NotSent(name, refused=True)
