"""One event loop in a thread of its own, for frameworks that do not await.

    loop = Background(auth)
    grant = loop.run(auth.sign_in(email, password)).grant

It starts with the first that is asked of it, so an application may be imported before its server forks: each
process gets a loop of its own. A check that memory can answer does not touch it (docs/decisions/0022).
"""

from __future__ import annotations

import _thread
import asyncio
import atexit
import inspect
import os
import threading
import weakref
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from concurrent.futures import thread as _registered_before  # noqa: F401 - see the end
from contextlib import suppress
from typing import Any, TypeVar

from limen.clock import Seconds
from limen.errors import Misconfigured, Unavailable
from limen.requirement import Authenticates
from limen.strategies.base import Identity

_T = TypeVar("_T")
PATIENCE: Seconds = 30.0
"""For one answer. Whatever is asked has shorter limits of its own; this one is for what nobody foresaw."""
_CLOSING: Seconds = 10.0
_all: weakref.WeakSet[Background] = weakref.WeakSet()
_making = threading.Lock()


class _Running:
    """A loop and the thread that runs it."""

    def __init__(self, owner: Background) -> None:
        self.owner = owner  # who runs is closed at the end, though nobody holds it any more
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, name="limen background", daemon=True)
        self.thread.start()

    def submit(self, coroutine: Coroutine[Any, Any, _T]) -> Future[_T]:
        """The caller's context variables go with it: a loop copies those of whoever calls it."""
        if threading.current_thread() is self.thread:
            coroutine.close()
            raise RuntimeError("this is the thread of the loop itself: await it there")
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        except RuntimeError as closed:
            coroutine.close()
            raise Unavailable("the server is stopping", reason="background_closed") from closed

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(_CLOSING)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            self.loop.run_until_complete(self.cancel())
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        finally:
            self.loop.close()

    async def cancel(self) -> None:
        """End whatever somebody waits for, here included."""
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


class Background:
    """Starts `auth` on a loop of its own, once, whoever asks first; and asks it there for callers that wait.

    A process that forks closes it before, so that no child shares a connection, and both start anew when they
    are asked again. It ends with the interpreter.
    """

    def __init__(self, auth: Authenticates, *, patience: Seconds = PATIENCE) -> None:
        self.auth = auth
        self._patience = patience
        self._lock = threading.RLock()
        self._running: _Running | None = None
        self._failures = 0
        self._failure: BaseException | None = None
        _all.add(self)

    @classmethod
    def of(cls, auth: Authenticates) -> Background:
        """The one that was made of `auth`, or the first: several applications may share it."""
        with _making:
            return next((one for one in tuple(_all) if one.auth is auth), None) or cls(auth)

    def start(self) -> None:
        """Start the loop, and `auth` on it; raises what it raises. Twice is once."""
        self._started()

    def close(self) -> None:
        """Stop both. Whoever waits is told Unavailable; whoever asks later starts it anew."""
        with self._lock:
            running, self._running = self._running, None
            if running is not None and running.pid == os.getpid():
                self._end(running)

    def run(self, coroutine: Coroutine[Any, Any, _T], *, patience: Seconds | None = None) -> _T:
        """What the coroutine answers or raises, run on the loop while the caller waits.

        Unavailable after so many seconds, or if the loop is closed meanwhile; then it is cancelled.
        """
        return _wait(self.submit(coroutine), self._patience if patience is None else patience)

    def submit(self, coroutine: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Run it on the loop, and wait for it later or never; a cancelled future cancels it."""
        try:
            running = self._started()
        except BaseException:
            coroutine.close()
            raise
        return running.submit(coroutine)

    def authenticate(self, credential: str, *, activity: bool = True) -> Identity:
        """The identity behind a credential, from memory or else from the loop; see `auth.authenticate`."""
        if self._running is not None:
            identity = self.auth.check_now(credential)
            if identity is not None:
                return identity
        return self.run(self.auth.authenticate(credential, activity=activity))

    def _started(self) -> _Running:
        running = self._running or self._begun()
        if running.pid != os.getpid():
            raise Misconfigured(
                "Limen was started before this process was forked, by a server that does not tell Python so: "
                "let it load the application in each worker (uWSGI: lazy-apps)"
            )
        return running

    def _begun(self) -> _Running:
        failures = self._failures
        with self._lock:
            if self._running is not None:
                return self._running
            if self._failure is not None and failures != self._failures:
                raise self._failure  # whoever waited while it failed does not try once more, one by one
            try:
                self._running, self._failure = self._begin(), None
            except BaseException as error:
                self._failures, self._failure = self._failures + 1, error
                raise
            return self._running

    def _begin(self) -> _Running:
        if not inspect.isbuiltin(_thread.start_new_thread):
            raise Misconfigured(
                "Limen's loop needs a thread of the system, and gevent or eventlet has replaced those: "
                "use threaded workers"
            )
        if any(other.auth is self.auth and other is not self and other._running for other in tuple(_all)):
            raise Misconfigured(
                "another loop runs this already: take `Background.of(auth)`, which is the same"
            )
        running = _Running(self)
        try:
            _wait(running.submit(self.auth.start()), self._patience)
        except BaseException:
            running.stop()
            raise
        return running

    def _end(self, running: _Running) -> None:
        try:
            _wait(running.submit(self.auth.close()), _CLOSING)
        finally:
            running.stop()

    # -- forks: no thread survives one, and no connection may be shared by two processes --------------------

    def _before_fork(self) -> None:
        self._lock.acquire()
        if self._running is None or self._running.thread is not threading.current_thread():
            with suppress(Exception):  # the loop is stopped whatever its store said
                self.close()

    def _after_fork(self) -> None:
        self._lock.release()


_forking: list[Background] = []


def _before_fork() -> None:
    _making.acquire()
    for background in tuple(_all):
        _forking.append(background)  # before, so that whatever happens its lock is given back
        background._before_fork()


def _after_fork() -> None:
    while _forking:
        _forking.pop()._after_fork()
    if _making.locked():  # a server that forks in C may not have said so before
        _making.release()


def _end() -> None:
    for background in tuple(_all):
        with suppress(Exception):  # whatever ails one, the next is closed too
            background.close()


# Before `atexit`, where an interpreter gives no threads any more and a store could not be closed in one.
# `concurrent.futures` ends its own threads by the same hook, and after us: the last to register is the first.
getattr(threading, "_register_atexit", atexit.register)(_end)

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)


def _wait(future: Future[_T], patience: Seconds) -> _T:
    try:
        return future.result(patience)
    except CancelledError:
        raise Unavailable("the server is stopping", reason="background_closed") from None
    except TimeoutError:
        if future.done():
            raise  # its own
        raise Unavailable("this took too long", reason="background_slow") from None
    finally:
        future.cancel()  # whatever took the caller away: nobody waits for it any more
