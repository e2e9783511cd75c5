"""Steps that write. What has gathered is a group: one transaction, one commit, to each its answer.

Nothing waits for a group to fill. A few groups are on their way at once, each in a lane of its own; while all
lanes are taken the next groups gather, so they grow with the load and a lone write is not delayed.

Each transaction begins by writing its lane's receipt. If the connection is lost, at whichever statement,
the same turn is begun again on another: the receipt's row makes it wait until the lost transaction is over,
and then tells whether it was committed. So a commit whose answer was lost is neither lost nor repeated. This
holds after a failover too, for the receipt is replicated, or lost, together with what it stands for.

A caller that is cancelled only stops listening. The step was handed over and is finished.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from limen import ids
from limen.clock import Seconds
from limen.errors import LimenError, Unavailable
from limen.stores.postgres import events, faults
from limen.stores.postgres.connection import Connection
from limen.stores.postgres.pool import Pool
from limen.stores.postgres.step import Step

_log = logging.getLogger("limen.stores")
_S = TypeVar("_S")
"""What `perform` gives its operations to work on."""
_T = TypeVar("_T")
_P = ParamSpec("_P")

GROUP_MAX = 64
"""Bounds how long rows stay locked and the first caller waits for the last."""
QUEUE_MAX = 10_000
_ATTEMPTS = 10
_RECEIPT = (
    "INSERT INTO limen_receipts AS r (lane, turn) VALUES ('{lane}', {turn}) "
    "ON CONFLICT (lane) DO UPDATE SET turn = excluded.turn, at = excluded.at WHERE r.turn < excluded.turn"
)
_COMMITTED_BEFORE = "INSERT 0 0"
_CONFIRM = "UPDATE limen_receipts SET at = now() WHERE lane = '{lane}'"


Rank = tuple[int, str]
"""What an operation locks first: the kind of row, and which."""


class Write:
    """An operation, who waits for it, and since when. `feeds`: it may append to the feed."""

    __slots__ = ("arguments", "asked", "feeds", "future", "operation", "rank")

    def __init__(
        self, operation: Callable[..., Awaitable[Any]], arguments: tuple[Any, ...], rank: Rank, *, feeds: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        self.operation, self.arguments, self.rank, self.feeds = operation, arguments, rank, feeds
        self.future: asyncio.Future[Any] = loop.create_future()
        self.asked = loop.time()


Perform = Callable[[Step, Sequence[Write]], Awaitable[list[Any]]]


class _Lane:
    """One transaction at a time, each with a turn of its own."""

    def __init__(self) -> None:
        self.id, self.turn = ids.uuid4(), 0


async def one_by_one(step: Step, group: Sequence[Write]) -> list[Any]:
    """Perform a group in the order of what it locks, so that two groups do not wait for each other."""
    return [await write.operation(step, *write.arguments) for write in group]


class Writer(Generic[_S]):
    """Takes operations, and performs them in groups on the pool's connections.

    Operations of one rank, that is on the same row, are performed in the order in which they were asked for.
    Those that append to the feed are in one group at a time: they would wait for each other's commits anyway,
    and so they are acknowledged in the order of their positions.
    """

    def __init__(self, pool: Pool, begin: str, *, lanes: int, patience: Seconds, perform: Perform) -> None:
        self._pool, self._begin, self._patience, self._perform = pool, begin, patience, perform
        self._lanes = [_Lane() for _ in range(lanes)]
        self._idle = list(self._lanes)
        self._waiting: dict[Rank, deque[Write]] = {}
        self._count = 0
        self._under_way: set[Rank] = set()
        self._feeding = False
        """Whether a group that appends to the feed is under way."""
        self._called = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._failing = False

    def do(
        self,
        operation: Callable[Concatenate[_S, _P], Awaitable[_T]],
        rank: Rank,
        *arguments: _P.args,
        **_: _P.kwargs,
    ) -> asyncio.Future[_T]:
        """Hand an operation over that appends nothing; the future is its answer, after the commit.

        It may run several times, all but the last taken back: it does nothing but read and write the
        database.
        """
        return self._put(Write(operation, arguments, rank, feeds=False))

    def end(
        self,
        operation: Callable[Concatenate[_S, _P], Awaitable[_T]],
        rank: Rank,
        *arguments: _P.args,
        **_: _P.kwargs,
    ) -> asyncio.Future[_T]:
        """The same for an operation that appends to the feed."""
        return self._put(Write(operation, arguments, rank, feeds=True))

    def _put(self, write: Write) -> asyncio.Future[Any]:
        if self._count >= QUEUE_MAX:
            raise Unavailable("too much is being asked of the database", reason="queue_full")
        self._waiting.setdefault(write.rank, deque()).append(write)
        self._count += 1
        if not self._called:
            self._called = True
            asyncio.get_running_loop().call_soon(self._dispatch)
        return write.future

    async def close(self) -> None:
        """Finish everything that was handed over."""
        self._dispatch()
        while self._tasks:
            await asyncio.wait(self._tasks)

    @property
    def lanes(self) -> list[str]:
        """Whose receipts are this writer's."""
        return [lane.id for lane in self._lanes]

    # -- groups ------------------------------------------------------------------------------------------

    def _dispatch(self) -> None:
        """Spread what waits over the lanes that are idle."""
        self._called = False
        self._expire()
        while self._idle and self._waiting:
            group = self._take(min(-(-self._count // len(self._idle)), GROUP_MAX))
            if not group:
                return
            task = asyncio.get_running_loop().create_task(self._serve(self._idle.pop(), group))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _take(self, most: int) -> list[Write]:
        """What has waited longest and is free to go, in the order of what it locks."""
        group: list[Write] = []
        feeds = None if self._feeding else False
        for rank in [rank for rank in self._waiting if rank not in self._under_way]:
            waiting = self._waiting[rank]
            while waiting and len(group) < (GROUP_MAX if feeds else most):
                if waiting[0].feeds:
                    if feeds is None:
                        break
                    feeds = True
                group.append(waiting.popleft())
            if group and group[-1].rank == rank:
                self._under_way.add(rank)
            if not waiting:
                del self._waiting[rank]
        self._count -= len(group)
        self._feeding = self._feeding or bool(feeds)
        return sorted(group, key=lambda write: write.rank)

    def _expire(self) -> None:
        """Whoever has waited for a lane for too long is told so."""
        oldest = asyncio.get_running_loop().time() - self._patience
        for rank, waiting in list(self._waiting.items()):
            while waiting and waiting[0].asked < oldest:
                self._count -= 1
                _fail([waiting.popleft()], Unavailable("the database is too busy", reason="queue_timeout"))
            if not waiting:
                del self._waiting[rank]

    async def _serve(self, lane: _Lane, group: list[Write]) -> None:
        try:
            await self._settle(lane, group)
        except BaseException as error:
            _fail(group, faults.unavailable(error))
            raise
        finally:
            self._idle.append(lane)
            self._under_way.difference_update(write.rank for write in group)
            if any(write.feeds for write in group):
                self._feeding = False
            self._dispatch()

    async def _settle(self, lane: _Lane, group: list[Write]) -> None:
        """Answer everybody of a group. Where one operation fails, each is performed by itself."""
        try:
            answers = await self._transact(lane, group)
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers must hear of it
            if len(group) > 1 and not _concerns_all(error):
                for write in group:
                    await self._settle(lane, [write])
            elif isinstance(error, faults.Undo):
                _answer(group, [error.answer])
            else:
                self._fail(group, error)
        else:
            self._failing = False
            _answer(group, answers)

    def _fail(self, group: list[Write], error: Exception) -> None:
        told = (
            error
            if isinstance(error, LimenError) or not faults.is_foreign(error)
            else faults.unavailable(error)
        )
        if _concerns_all(error) and not self._failing:
            self._failing = True
            _log.error("%d writes failed together: %s", len(group), getattr(told, "reason", told))
        _fail(group, told)

    # -- one transaction ---------------------------------------------------------------------------------

    async def _transact(self, lane: _Lane, group: list[Write]) -> list[Any]:
        """Commit a group, again from the start where others were in the way or the connection was lost."""
        lane.turn += 1
        begin = self._begin + _RECEIPT.format(lane=lane.id, turn=lane.turn)
        turn = _Turn(begin, _CONFIRM.format(lane=lane.id), group, self._perform)
        try:
            async with asyncio.timeout(self._patience):
                return await self._attempt_until_done(turn)
        except TimeoutError as error:
            raise Unavailable("the database does not answer", reason=turn.last or "timeout") from error

    async def _attempt_until_done(self, turn: _Turn) -> list[Any]:
        contended = attempt = 0
        while True:
            try:
                async with self._pool.connection() as connection:
                    error = await turn.attempt(connection)
            except Exception as lost:
                if not faults.is_lost(lost):
                    raise
                error = lost
            if error is None:
                return turn.answers
            contended += faults.is_contended(error)
            if contended > _ATTEMPTS or not (faults.is_contended(error) or faults.is_lost(error)):
                raise error
            attempt, turn.last = attempt + 1, faults.name_of(error)
            await asyncio.sleep(pause(attempt))


class _Turn:
    """A group on its way to one commit, over as many attempts as that takes."""

    def __init__(self, begin: str, confirm: str, group: list[Write], perform: Perform) -> None:
        self._begin, self._confirm, self._group, self._perform = begin, confirm, group, perform
        self.answers: list[Any] = []
        """Of the last attempt that came to its end."""
        self.last: str | None = None

    async def attempt(self, connection: Connection) -> Exception | None:
        """None where it came to its end; what was in the way where it was taken back in good order, so that
        the connection is as good as before."""
        try:
            await self._commit(connection)
        except Exception as error:
            if faults.is_lost(error):
                raise
            await connection.execute("ROLLBACK")
            return error
        return None

    async def _commit(self, connection: Connection) -> None:
        if await connection.execute(self._begin) == _COMMITTED_BEFORE:
            # It is committed here; this commit is acknowledged when it is wherever it must be.
            await connection.execute(self._confirm)
            await self._end(connection)
            return
        step = Step(connection)
        answers = await self._perform(step, self._group)
        placed = await events.append(step)
        self.answers = [events.with_positions(answer, placed) for answer in answers] if placed else answers
        if step.wrote:
            await self._end(connection)
        else:
            await connection.execute("ROLLBACK")

    async def _end(self, connection: Connection) -> None:
        if await connection.execute("COMMIT") != "COMMIT":
            raise faults.Crowded  # the server took the transaction back


def pause(attempt: int) -> Seconds:
    """How long to wait before another attempt: longer each time, and never in step with others."""
    return min(0.005 * 2.0 ** min(attempt, 10), 0.5) * (0.5 + random.random() / 2)  # noqa: S311 - jitter


def _concerns_all(error: BaseException) -> bool:
    """Whether the group failed for a reason that has nothing to do with what is in it."""
    return isinstance(error, Unavailable) or faults.is_lost(error) or faults.is_contended(error)


def _answer(group: Sequence[Write], answers: Sequence[Any]) -> None:
    for write, answer in zip(group, answers, strict=True):
        if not write.future.done():  # cancelled: what was written stays, and nobody is told
            write.future.set_result(answer)


def _fail(group: Sequence[Write], error: BaseException) -> None:
    for write in group:
        if not write.future.done():
            write.future.set_exception(error)
            write.future.exception()  # a caller that went away is no fault
