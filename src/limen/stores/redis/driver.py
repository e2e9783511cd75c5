"""Running steps: on which line, under which fence, how often, and when an answer may be believed."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

import hiredis

from limen.clock import Instant, Seconds
from limen.errors import Misconfigured, Unavailable
from limen.stores.redis import checks, faults, master, scripts
from limen.stores.redis.address import Address, Kind, Node
from limen.stores.redis.epochs import Fence
from limen.stores.redis.faults import Lost, NotDone, Unsettled
from limen.stores.redis.line import Line, answer, connect
from limen.stores.redis.link import Link
from limen.stores.redis.lookups import Lookups
from limen.stores.redis.scripts import Script

_log = logging.getLogger("limen.stores")

ATTEMPTS = 3
_PAUSE: Seconds = 0.02
_HEAD = ("fence", "position", "applied", "born")
_CHECK_EVERY: Seconds = 1.0
LEASE: Seconds = 2.0
"""With replicas, how long the master is believed to be one after a replica has followed it. Below the least
`max_staleness` that makes sense: a master that was deposed unseen answers no longer than this."""


class Settling(Protocol):
    """Who says under which fence a line may be used: `Settler`, or `Witness` where nothing may be settled."""

    @property
    def epoch(self) -> int: ...
    def noticed(self, head: list[Any]) -> None: ...
    def fence(self, line: Line) -> Fence: ...
    def acknowledged(self, fence: Fence, writes: int) -> None: ...
    async def settle(self, line: Line, now: Instant | None) -> None: ...
    async def begin_anew(self, line: Line, why: str, now: Instant) -> None: ...
    async def remember(self) -> None: ...


class Driver:
    """Lines for writing, for looking up, and for the feed, so that none of them waits for another."""

    def __init__(self, address: Address, settler: Settling, *, loads: Sequence[Script] = scripts.ALL) -> None:
        self.address, self._settler, self._loads = address, settler, loads
        self._links = tuple(Link(self._connect) for _ in range(4))
        self._writes, self._reads, self._feed, self._watch = self._links
        self._node: Node | None = None
        self._checked, self._checking = 0.0, cast("asyncio.Task[None] | None", None)
        self._started = False
        self._lookups = Lookups(address.meta)
        self._led: tuple[str, float] = ("", float("-inf"))
        self._failing = False

    @property
    def epoch(self) -> int:
        return self._settler.epoch

    async def start(self) -> None:
        """Connect, check what the server is, and settle as far as no time is needed for it."""
        try:
            line = await self._writes.line()
            await self._settler.settle(line, None)
        except Unsettled:
            _log.warning(
                "Redis is not the one that is known; the first reading of the feed begins a new epoch"
            )
        except (NotDone, Lost) as error:
            raise faults.at_start(error.reason) from None
        self._started = True

    async def close(self) -> None:
        if self._checking is not None:
            self._checking.cancel()
        self._watch.drop()
        for link in self._links:
            await link.close(within=self.address.patience)

    async def settled(self, now: Instant) -> None:
        """Return where a step could be done; Unavailable where it could not."""

        async def once(attempt: int) -> None:
            line = self._writes.ready() or await self._writes.line()
            fence = self._settler.fence(line)
            if await answer(line.ask("HGET", self.address.meta, "fence")) != fence.text:
                raise Unsettled

        await self._insist(once, self._writes, now, repeats=True)

    async def step(
        self,
        script: Script,
        *args: Any,
        now: Instant | None,
        repeats: bool = False,
        confirm: Callable[[list[Any]], bool] | None = None,
    ) -> list[Any]:
        """Run a script. Repeated where it was certainly not done; where that is not known, only if it
        `repeats`: it is then told that it is asked again. `confirm` says of an answer whether the replicas
        must have what was done; the answer's second item is then the count of what must not be lost."""

        async def once(attempt: int) -> list[Any]:
            again = (("1" if attempt else "0"),) if repeats else ()
            return await self._run(script, (*args, *again), confirm)

        return await self._insist(once, self._writes, now, repeats=repeats)  # type: ignore[no-any-return]

    async def look_up(self, kind: bytes, key: bytes) -> bytes | None:
        """A record, as the master has it."""

        async def once(attempt: int) -> bytes | None:
            line = self._reads.ready() or await self._reads.line()
            fence = self._settler.fence(line)
            if self.address.replicas:
                await self._be_led(line)
            return await self._lookups.find(line, fence, self.address.base(fence.epoch) + kind + key)

        return await self._insist(once, self._reads, None, repeats=True)  # type: ignore[no-any-return]

    async def read(self, *commands: tuple[Any, ...], now: Instant | None, led: bool = True) -> list[Any]:
        """Answers to commands on the feed's line, before them what `_HEAD` names. The second
        item of a command is the last part of its key. `led`: as many replicas as are asked for follow this
        master still."""
        self._spot_check()

        async def once(attempt: int) -> list[Any]:
            line = self._feed.ready() or await self._feed.line()
            fence = self._settler.fence(line)
            base, sent = self.address.base(fence.epoch), asyncio.get_running_loop().time()
            asked = [line.ask("HMGET", self.address.meta, *_HEAD)]
            asked += [line.ask(name, base + key, *rest) for name, key, *rest in commands]
            confirmed = None
            if self.address.replicas and led:
                asked.append(line.ask("EVAL", scripts.BEAT.text, 1, self.address.meta, fence.text, base))
                confirmed = self._confirmation(line)
            answers: list[Any] = await asyncio.gather(*asked, return_exceptions=True)
            for given in answers:
                if isinstance(given, BaseException):
                    raise faults.refused(given) if isinstance(given, hiredis.ReplyError) else given
            if answers[0][0] != fence.text:
                raise Unsettled
            if confirmed is not None:
                await self._see_confirmed(confirmed)
                self._led = (line.run, sent)
            self._settler.noticed(answers[0])
            return answers

        return await self._insist(once, self._feed, now, repeats=True)  # type: ignore[no-any-return]

    async def watch(self, key: bytes, after: str, at_most: Seconds) -> bool:
        """Return once a stream has something after an entry, or nothing for `at_most`; False if it cannot be
        watched. On a line of its own, which it blocks."""
        try:
            line = self._watch.ready() or await self._watch.line()
            base = self.address.base(self._settler.fence(line).epoch)
            within = int(min(at_most, self.address.patience / 2) * 1_000)
            question = ("XREAD", "BLOCK", within, "COUNT", 1, "STREAMS", base + key, after)
            await answer(line.ask(*question))
        except (NotDone, Unsettled):
            return False
        return True

    async def begin_anew(self, why: str, now: Instant) -> None:
        async def once(attempt: int) -> None:
            line = self._writes.ready() or await self._writes.line()
            await self._settler.begin_anew(line, why, now)

        await self._insist(once, self._writes, now, repeats=True)

    async def remember(self) -> None:
        await self._settler.remember()

    # -- inside ------------------------------------------------------------------------------------------

    async def _run(
        self, script: Script, args: tuple[Any, ...], confirm: Callable[[list[Any]], bool] | None
    ) -> list[Any]:
        line = self._writes.ready() or await self._writes.line()
        fence = self._settler.fence(line)
        common = (1, self.address.meta, fence.text, self.address.base(fence.epoch), *args)
        try:
            given: list[Any] = await line.ask("EVALSHA", script.digest, *common)
        except hiredis.ReplyError as error:
            if not faults.is_noscript(error):
                raise faults.refused(error) from None
            given = await self._eval(line, script, common)
        if given[0] == b"fence":
            raise Unsettled
        if confirm is not None and confirm(given):
            if self.address.replicas:
                await self._see_confirmed(self._confirmation(line))
            self._settler.acknowledged(fence, int(given[1]))
        return given

    async def _eval(self, line: Line, script: Script, common: tuple[Any, ...]) -> list[Any]:
        """The server has forgotten the script: send its text, which it keeps from now on."""
        try:
            given: list[Any] = await line.ask("EVAL", script.text, *common)
        except hiredis.ReplyError as error:
            raise faults.refused(error) from None
        return given

    def _confirmation(self, line: Line) -> asyncio.Future[Any]:
        return line.confirmation(self.address.replicas, self.address.replicas_wait)

    async def _see_confirmed(self, confirmed: asyncio.Future[Any]) -> None:
        count = await asyncio.shield(confirmed)
        if isinstance(count, Lost):
            raise count
        if not isinstance(count, int) or count < self.address.replicas:
            raise faults.unconfirmed()

    async def _be_led(self, line: Line) -> None:
        """Look things up only while a replica has followed this very master lately."""
        run, at = self._led
        if run != line.run or asyncio.get_running_loop().time() - at > LEASE:
            await self.read(now=None)
            if self._led[0] != line.run:
                self._reads.drop()
                raise NotDone("redis_moved")

    def _spot_check(self) -> None:
        """Ask the Sentinels every second whether this is still the master: one that was cut off from them
        does not know that it is none any more."""
        due = asyncio.get_running_loop().time() - self._checked > _CHECK_EVERY
        if self.address.kind is Kind.SENTINEL and due and self._checking is None:
            self._checking = asyncio.create_task(self._check_master(), name="limen redis master")

    async def _check_master(self) -> None:
        try:
            node = await master.find(self.address)
            if node != self._node:
                self._drop_all()
        except NotDone as error:
            _log.warning("the Sentinels cannot be asked: %s", error.reason)
        finally:
            self._checked, self._checking = asyncio.get_running_loop().time(), None

    def _drop_all(self) -> None:
        for link in self._links:
            link.drop()

    async def _insist(self, once: Any, link: Link, now: Instant | None, *, repeats: bool) -> Any:
        """Try a few times, with growing pauses; Unavailable with the last reason after that."""
        reason = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(_PAUSE * 2**attempt * (0.5 + random.random()))  # noqa: S311 - jitter
            try:
                given = await once(attempt)
            except Unsettled as error:
                reason = error.reason
                await self._settle(now)
            except NotDone as error:
                reason = error.reason
                if reason in faults.ELSEWHERE:
                    link.drop()
            except Lost as error:
                reason = error.reason
                if not repeats or reason == "redis_slow":
                    break
            else:
                self._failing = False
                return given
        raise self._failed(reason)

    async def _settle(self, now: Instant | None) -> None:
        try:
            line = self._writes.ready() or await self._writes.line()
            await self._settler.settle(line, now)
            others = [other for link in self._links if (other := link.ready()) is not None]
            if any(other.run != line.run for other in others):
                self._drop_all()
        except (NotDone, Lost, Unsettled) as error:
            raise self._failed(error.reason) from None

    def _failed(self, reason: str) -> Unavailable:
        if not self._failing:
            self._failing = True
            _log.error("Redis cannot be used: %s", reason)
        return faults.unavailable(reason)

    async def _connect(self) -> Line:
        """A line to the master, checked, with our scripts loaded."""
        self._node = node = await master.find(self.address)
        waits = self.address.replicas_wait if self.address.replicas else 0.0
        line = await connect(self.address, node, patience=self.address.patience + waits)
        try:
            self._check(line)
            await asyncio.gather(*(_load(line, script) for script in self._loads))
        except BaseException:
            line.close()
            raise
        return line

    def _check(self, line: Line) -> None:
        try:
            checks.check(line.facts, self.address)
        except Misconfigured as error:
            if not self._started:
                raise
            _log.critical("%s", error.message)
            raise NotDone("redis_unfit") from error


async def _load(line: Line, script: Script) -> None:
    """Asks when it runs: what is asked for a task that never does would be an answer to nobody."""
    await answer(line.ask("SCRIPT", "LOAD", script.text))
