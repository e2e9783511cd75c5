"""The hashing pool: slow work done in few threads, waited for in a short queue, and refused beyond that.

A login storm thus costs at most `threads` hashes of memory and no more processors than it may have, and
everything else in the process goes on. argon2, bcrypt, scrypt and PBKDF2 let go of the interpreter while they
run, and their threads step back for others where the system lets a thread have a priority (Linux).
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any, TypeVar, TypeVarTuple

from limen.clock import Clock, Mono, Seconds
from limen.counts import Durations, Span
from limen.errors import Misconfigured, Unavailable
from limen.settings import Settings

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

NICENESS = 10
RETRY_AFTER: Seconds = 1.0
"""A full queue of the default length is done in about a second, at some 20 ms a hash."""


@dataclass(frozen=True, slots=True)
class Stats:
    """What the pool does now, and what it has refused since it was made."""

    running: int
    waiting: int
    refused: int


class HashingPool:
    """At most `threads` calls at once and `queue` waiting; whoever comes then is told to come back.

    Each call holds its place until its thread is done, even if its caller went away: only so is memory
    bounded. A call whose caller went away before it began is never made.
    """

    def __init__(
        self,
        threads: int,
        queue: int,
        *,
        low_priority: bool = True,
        monotonic: Callable[[], Mono] | None = None,
        span: Callable[[str], Span] = lambda _: nullcontext(),
    ) -> None:
        if threads < 1 or queue < 0:
            raise Misconfigured("hash_threads must be at least 1 and hash_queue at least 0")
        self.threads, self.queue = threads, queue
        # Guards everything below; never held while a call runs or a future is settled.
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._running = self._busy_threads = self._refused = 0
        self._closed = False
        self._monotonic, self._span = monotonic, span
        self.durations = Durations()
        """Of the calls themselves, the waiting before them apart; nothing without a clock."""
        self._executor = ThreadPoolExecutor(
            threads,
            thread_name_prefix="limen-hashing",
            initializer=_step_back if low_priority else None,
        )

    async def run(self, fn: Callable[[*Ts], T], *args: *Ts) -> T:
        """What `fn(*args)` answers or raises, called in a thread of the pool.

        Unavailable(`hashing_busy`) at once if the queue is full, Unavailable if the pool is closed.
        """
        job: Future[T] = Future()
        self._admit(job, lambda: fn(*args))
        try:
            with self._span("limen.hash"):
                return await asyncio.wrap_future(job)
        except asyncio.CancelledError:
            self._withdraw(job)
            raise

    def stats(self) -> Stats:
        """Counts of this moment."""
        with self._lock:
            return Stats(self._running, len(self._waiting), self._refused)

    async def close(self) -> None:
        """Refuse whoever waits, and return when the last running call is done. Twice is once."""
        with self._lock:
            self._closed = True
            left = list(self._waiting)
            self._waiting.clear()
        for job, _ in left:
            if job.set_running_or_notify_cancel():
                job.set_exception(_closed())
        await asyncio.to_thread(self._executor.shutdown)

    def _admit(self, job: Future[Any], call: Callable[[], Any]) -> None:
        with self._lock:
            if self._closed:
                raise _closed()
            if self._running + len(self._waiting) >= self.threads + self.queue:
                self._refused += 1
                raise Unavailable(
                    "too many passwords are being checked just now",
                    retry_after=RETRY_AFTER,
                    code="hashing_busy",
                )
            self._waiting.append((job, call))
            if self._busy_threads < self.threads:
                self._start_thread()

    def _start_thread(self) -> None:
        try:
            self._executor.submit(self._work)
        except RuntimeError as error:  # the system gives no more threads
            self._waiting.pop()
            raise Unavailable("a password cannot be hashed just now", reason="hashing_no_thread") from error
        self._busy_threads += 1

    def _withdraw(self, job: Future[Any]) -> None:
        """Free the place of a call that has not begun."""
        job.cancel()
        with self._lock:
            self._waiting = deque(entry for entry in self._waiting if entry[0] is not job)

    def _work(self) -> None:
        """One thread: call after call until none waits."""
        while (taken := self._take()) is not None:
            self._settle(*taken)

    def _take(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        with self._lock:
            while self._waiting:
                job, call = self._waiting.popleft()
                if job.set_running_or_notify_cancel():
                    self._running += 1
                    return job, call
            self._busy_threads -= 1
            return None

    def _settle(self, job: Future[Any], call: Callable[[], Any]) -> None:
        """Make the call. Its place is free before its caller hears of it."""
        began = None if self._monotonic is None else self._monotonic()
        try:
            answer = call()
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the caller's
            self._leave(began)
            job.set_exception(error)
        else:
            self._leave(began)
            job.set_result(answer)

    def _leave(self, began: Mono | None) -> None:
        with self._lock:
            self._running -= 1
            if began is not None and self._monotonic is not None:
                self.durations.add(self._monotonic() - began)


def pool_of(settings: Settings, clock: Clock, span: Callable[[str], Span]) -> HashingPool:
    """The pool that the settings describe: of as many threads as there are cores, unless they say."""
    threads = settings.hash_threads or os.cpu_count() or 1
    return HashingPool(threads, settings.hash_queue, monotonic=clock.monotonic, span=span)


def _step_back() -> None:
    """Let every other thread go first. A system that forbids it is no reason not to hash."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):
            niceness = os.getpriority(os.PRIO_PROCESS, thread) + NICENESS
            os.setpriority(os.PRIO_PROCESS, thread, min(niceness, 19))


def _closed() -> Unavailable:
    return Unavailable("the server is stopping", reason="hashing_closed")
