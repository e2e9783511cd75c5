"""The one thread that writes. Whatever has gathered is one group: one transaction, one commit, one answer.

Nothing waits for a group to fill. While one group is on its way to the disk the next one gathers, so the
group grows with the load and a lone write is not delayed. Where an operation fails, it alone is taken back:
the group is begun anew with a savepoint around each. Answers are given after the commit, never before.

A caller that is cancelled only stops listening. The write was handed over and is finished.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar, TypeVarTuple

from limen.errors import LimenError, Unavailable
from limen.stores.sqlite import faults
from limen.stores.sqlite.lock import FileLock

_log = logging.getLogger("limen.stores")
_T = TypeVar("_T")
_Arguments = TypeVarTuple("_Arguments")

GROUP_MAX = 256
"""Bounds how long the lock is held and the first caller waits for the last."""
CHECKPOINT_EVERY = 1_000
"""Operations between two checkpoints: a few MiB of log."""


class Undo(Exception):
    """Raised by an operation: take back what it wrote, and give this answer."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer = answer


class _Write:
    """An operation, who waits for it, and its outcome."""

    __slots__ = ("answer", "arguments", "error", "future", "operation")

    def __init__(
        self, operation: Callable[..., Any], arguments: tuple[Any, ...], future: asyncio.Future[Any]
    ) -> None:
        self.operation, self.arguments, self.future = operation, arguments, future
        self.answer: Any = None
        self.error: BaseException | None = None


class Writer:
    """Owns the writing connection. Lives from `start` to `close`, whatever the disk does in between.

    `look` is asked before each group, and raises Unavailable where nothing may be written.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        lock: FileLock,
        *,
        look: Callable[[], None] = lambda: None,
    ) -> None:
        self._connect, self._lock, self._look = connect, lock, look
        self._connection: sqlite3.Connection | None = None
        self._queue: SimpleQueue[_Write] = SimpleQueue()
        self._bell: SimpleQueue[bool] = SimpleQueue()
        """True: there are writes. False: there will be no more."""
        self._ringing: asyncio.AbstractEventLoop | None = None
        self._since_checkpoint = 0
        self._failing = False
        self._thread = Thread(target=self._run, name="limen sqlite writer", daemon=True)
        # Daemon: a process that exits without `close` is not held up. What was not acknowledged may be lost.

    def start(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._thread.start()

    def do(
        self, operation: Callable[[sqlite3.Connection, *_Arguments], _T], *arguments: *_Arguments
    ) -> asyncio.Future[_T]:
        """Hand an operation over; the future is its answer, after the commit.

        It may run twice, the first time taken back: it does nothing but read and write the database.
        The thread is called once a turn of the event loop, so that it finds all that the turn wrote.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[_T] = loop.create_future()
        self._queue.put(_Write(operation, arguments, future))
        if self._ringing is not loop:
            self._ringing = loop
            loop.call_soon(self._ring)
        return future

    def close(self) -> None:
        """Finish everything that was handed over, checkpoint, and end the thread. Blocks."""
        self._bell.put(False)
        self._thread.join()

    def _ring(self) -> None:
        self._ringing = None
        self._bell.put(True)

    # -- in the thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        more = True
        while more:
            more = self._bell.get()
            while group := self._waiting(GROUP_MAX):
                self._commit(group)
        self._leave()

    def _waiting(self, most: int) -> list[_Write]:
        """What is in the queue, up to `most`."""
        found: list[_Write] = []
        with suppress(Empty):
            while len(found) < most:
                found.append(self._queue.get_nowait())
        return found

    def _commit(self, group: list[_Write]) -> None:
        try:
            self._lock.acquire()
        except Unavailable as error:
            self._fail([*group, *self._waiting(self._queue.qsize())], error)  # all have waited long enough
            return
        try:
            self._transact(group)
        except Exception as error:  # noqa: BLE001 - this thread must outlive whatever the disk does
            self._abandon()
            self._fail(group, faults.unavailable(error))
        else:
            self._failing = False
            _answer(group)
            self._checkpoint(len(group))
        finally:
            self._lock.release()

    def _transact(self, group: list[_Write]) -> None:
        self._look()
        db = self._connection
        if db is None:
            db = self._connection = self._connect()
        db.execute("BEGIN IMMEDIATE")
        if not _all_succeed(db, group):
            db.rollback()
            db.execute("BEGIN IMMEDIATE")
            for write in group:
                _perform(db, write)
        db.commit()

    def _abandon(self) -> None:
        """After a failure nothing is known about the connection: the next group gets a new one."""
        db, self._connection = self._connection, None
        if db is not None:
            with suppress(sqlite3.Error):  # closing takes back what was not committed
                db.rollback()
            with suppress(sqlite3.Error):
                db.close()

    def _fail(self, group: list[_Write], error: LimenError) -> None:
        if not self._failing:
            self._failing = True
            _log.error("%d writes failed together: %s", len(group), error.reason)
        for write in group:
            write.answer, write.error = None, error
        _answer(group)

    def _checkpoint(self, operations: int) -> None:
        """Copy the log into the database now and then. After the answers, for nobody waits for it; under the
        lock, for no other process may write meanwhile."""
        self._since_checkpoint += operations
        if self._since_checkpoint < CHECKPOINT_EVERY or self._connection is None:
            return
        self._since_checkpoint = 0
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            _log.warning("a checkpoint failed and will be repeated: %s", faults.name_of(error))

    def _leave(self) -> None:
        """Leave a short log behind, if nobody is in the way."""
        with suppress(sqlite3.Error, Unavailable), self._lock.held():
            if self._connection is not None:
                self._connection.execute("PRAGMA busy_timeout = 0")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self._abandon()


def _all_succeed(db: sqlite3.Connection, group: list[_Write]) -> bool:
    """Run a group without savepoints, which would cost each operation two statements more."""
    try:
        for write in group:
            write.answer = write.operation(db, *write.arguments)
    except Exception:  # noqa: BLE001 - whose fault it is, the second run finds out
        return False
    return True


def _perform(db: sqlite3.Connection, write: _Write) -> None:
    """Run one operation in its savepoint. sqlite3.Error goes on where the whole group is lost."""
    db.execute("SAVEPOINT operation")
    try:
        write.answer = write.operation(db, *write.arguments)
    except Undo as undo:
        db.execute("ROLLBACK TO operation")
        write.answer = undo.answer
    except Exception as error:  # whatever it is, it is this caller's and nobody else's
        if not db.in_transaction:
            raise _lost(error) from error
        db.execute("ROLLBACK TO operation")
        write.error = faults.unavailable(error) if isinstance(error, sqlite3.Error) else error
    db.execute("RELEASE operation")


def _lost(error: Exception) -> sqlite3.Error:
    """SQLite ended the transaction itself (disk full, I/O error): nothing of the group is left."""
    return error if isinstance(error, sqlite3.Error) else sqlite3.OperationalError("transaction lost")


def _answer(group: list[_Write]) -> None:
    """Wake the callers, one call for each event loop."""
    loops: dict[asyncio.AbstractEventLoop, list[_Write]] = {}
    for write in group:
        loops.setdefault(write.future.get_loop(), []).append(write)
    for loop, writes in loops.items():
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            loop.call_soon_threadsafe(_settle, writes)


def _settle(writes: list[_Write]) -> None:
    for write in writes:
        if write.future.done():  # cancelled: what was written stays, and nobody is told
            continue
        if write.error is None:
            write.future.set_result(write.answer)
        else:
            write.future.set_exception(write.error)
