"""What one process of `limen serve` hosts: a server that is made anew on SIGHUP while it answers.

A reload makes a second Limen of the configuration as it is now, starts it, and hands it every request that
comes from then on. What is under way ends where it began. If the second one cannot be made or started, the
first goes on as it was, and the log says why.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol

from limen.clock import Seconds
from limen.errors import LimenError, Misconfigured
from limen.secret import Secret
from limen.server.site import Site
from limen.server.wire import Receive, Scope, Send
from limen.settings import Settings

_log = logging.getLogger("limen.serve")
PATIENCE: Seconds = 45.0
"""After so long what is still under way in a server that was replaced is cut: a stream resumes by itself."""


class Serves(Protocol):
    """A server of ours."""

    @property
    def site(self) -> Site: ...
    async def start(self) -> None: ...
    async def close(self) -> None: ...
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class Beside(Protocol):
    """What runs beside the server, from its start to its end."""

    async def start(self) -> None: ...
    async def close(self) -> None: ...


class _House:
    """A server and how many requests are in it."""

    def __init__(self, server: Serves) -> None:
        self.server, self.inside = server, 0
        self.empty = asyncio.Event()
        self.empty.set()

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.inside += 1
        self.empty.clear()
        try:
            await self.server(scope, receive, send)
        finally:
            self.inside -= 1
            if not self.inside:
                self.empty.set()


class Hosted:
    """The ASGI application of a process. `make` reads the configuration and makes a server of it."""

    def __init__(
        self,
        make: Callable[[], Serves],
        *,
        beside: Callable[[Hosted], Beside | None] = lambda _: None,
        settled: Callable[[Settings], None] = lambda _: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        patience: Seconds = PATIENCE,
    ) -> None:
        self._make, self._settled, self._sleep, self._patience = make, settled, sleep, patience
        self._house = _House(make())
        self._beside = beside(self)
        self._turning = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._left: dict[asyncio.Task[None], _House] = {}

    @property
    def server(self) -> Serves:
        """The one that answers now."""
        return self._house.server

    @property
    def settings(self) -> Settings:
        return self.server.site.auth.settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self._house.answer(scope, receive, send)

    async def reload(self) -> bool:
        """Serve by the configuration as it is now; False, and nothing has changed, where it is not good."""
        async with self._turning:
            try:
                fresh = await self._fresh()
            except LimenError as error:
                _log.error("the configuration stays as it was: %s", error.message)
                return False
            except Exception:  # noqa: BLE001 - whatever it is, the present server goes on
                _log.exception("the configuration stays as it was: the new one failed")
                return False
            left, self._house = self._house, _House(fresh)
        changed = _changed(left.server.site.auth.settings, self.settings)
        self._settled(self.settings)
        _log.warning("the configuration was read anew; %s", ", ".join(changed) or "nothing is different")
        leaving = asyncio.get_running_loop().create_task(self._leave(left), name="limen serve: leave")
        self._left[leaving] = left
        leaving.add_done_callback(self._left.pop)
        return True

    def end(self, stop: Callable[[], None]) -> None:
        """Say at /readyz that this process is ending, and `stop` once balancers had time to hear of it."""
        self.server.site.readiness.leaving = True
        self._begin(self._stop(stop))

    async def _stop(self, stop: Callable[[], None]) -> None:
        await self._sleep(self.settings.drain_delay)
        stop()

    async def _fresh(self) -> Serves:
        fresh = self._make()
        try:
            _check_turns(self.settings, fresh.site.auth.settings)
            await fresh.start()
        except BaseException:
            with suppress(Exception):
                await fresh.close()
            raise
        fresh.site.readiness.leaving = self.server.site.readiness.leaving
        return fresh

    async def _leave(self, house: _House) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                await house.empty.wait()
        await house.server.close()

    def _begin(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work, name="limen serve")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.server.start()
            if self._beside is not None:
                await self._beside.start()
        except LimenError as error:
            await send({"type": "lifespan.startup.failed", "message": error.message})
            return
        self._listen()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def close(self) -> None:
        """End everything: what was replaced, what runs beside, and the server itself."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for house in self._left.values():
            house.empty.set()  # waited for no longer, and closed whole: its audit log has lines to write
        await asyncio.gather(*self._left, return_exceptions=True)
        if self._beside is not None:
            await self._beside.close()
        await self.server.close()

    def _listen(self) -> None:
        """SIGHUP reloads; SIGTERM and SIGINT end, after `drain_delay`, as uvicorn would have at once."""
        if threading.current_thread() is not threading.main_thread():
            return  # Python gives signals to no other; whoever runs this there ends it otherwise
        loop = asyncio.get_running_loop()
        if hasattr(signal, "SIGHUP"):  # Windows has none, and nothing that would ask for a reload
            loop.add_signal_handler(signal.SIGHUP, lambda: self._begin(self._reloaded()))
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})  # what came while this started
        for stop in (signal.SIGTERM, signal.SIGINT):
            self._delay(stop, loop)

    async def _reloaded(self) -> None:
        await self.reload()

    def _delay(self, stop: signal.Signals, loop: asyncio.AbstractEventLoop) -> None:
        before = signal.getsignal(stop)
        if not callable(before):
            return

        def told(number: int, frame: Any) -> None:
            if self.settings.drain_delay and not self.server.site.readiness.leaving:
                loop.call_soon_threadsafe(self.end, lambda: before(number, frame))
            else:
                self.server.site.readiness.leaving = True
                before(number, frame)

        signal.signal(stop, told)


def _check_turns(now: Settings, then: Settings) -> None:
    """Misconfigured where a reload cannot do what is asked."""
    if now.database.startswith("memory:") or then.database.startswith("memory:"):
        raise Misconfigured("memory:// is kept in one Limen and would be empty in the next: restart instead")
    if (
        now.development != then.development
    ):  # where it listens, and its mail, were chosen for the one that it is
        raise Misconfigured(
            f"with the issuer {then.issuer} this would be a server for "
            f"{'development' if then.development else 'production'}: restart to make it one"
        )
    if (now.database, now.session_store) != (then.database, then.session_store):
        # A file that lost a line would mean another database, empty, and everybody signed out.
        raise Misconfigured("a reload keeps database and session_store: restart to change them")
    if now.metrics_address != then.metrics_address:
        raise Misconfigured("metrics_address is listened on from the start: restart to change it")


def _changed(before: Settings, after: Settings) -> list[str]:
    """The names of what is different; never a value."""
    names = type(after).__dataclass_fields__
    return sorted(name for name in names if _seen(getattr(before, name)) != _seen(getattr(after, name)))


def _seen(value: Any) -> Any:
    """What can be compared: secrets cannot, but what is derived from them."""
    if isinstance(value, Secret):
        return value.derive_all("the same?")
    return [_seen(each) for each in value] if isinstance(value, tuple) else value
