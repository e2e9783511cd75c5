"""uvicorn around `create_app`: in this process, or in several on one socket, each with a Limen of its own."""

from __future__ import annotations

import logging
import logging.config
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from functools import partial

import uvicorn
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from limen.auth import Limen
from limen.cli import logs
from limen.cli.answer import Exit
from limen.cli.failures import exit_of
from limen.cli.hosting import Hosted
from limen.cli.listening import BACKLOG, split_address
from limen.cli.operating import OperationsPort
from limen.cli.protocol import BoundedProtocol
from limen.errors import LimenError
from limen.server import create_app
from limen.server.operations import Operations
from limen.settings import Settings

_log = logging.getLogger("limen.serve")
CONNECTIONS = 1_000
"""Per process, kept ones included; who comes then is answered 503."""
_AGAIN, _AGAIN_MOST = 1.0, 8.0
"""Seconds between two replacements of a process, twice as many each time, until one serves: a start takes a
good part of a second of a core, and one that cannot succeed must not keep it busy."""
_VERDICTS = (Exit.UNAVAILABLE, Exit.MISCONFIGURED)
"""How a process ends that cannot start."""
DRAIN_SECONDS = 8
"""Container runtimes kill ten seconds after SIGTERM."""


def app(processes: int = 1, access_log: bool = False) -> Hosted:
    """What each process serves, made of the environment that `limen serve` has put its flags into."""
    try:
        return Hosted(
            lambda: create_app(Limen.from_env(), processes=processes),
            beside=partial(_operations, processes=processes),
            settled=lambda settings: _log_by(settings, access_log),
        )
    except LimenError as error:
        if processes == 1:
            raise  # whoever called says it, and ends by it
        _log.critical("this process cannot start: %s", error.message)
        raise SystemExit(exit_of(error)) from None


def leave_on_signals() -> None:
    """Being told to stop is no failure, before the server runs and when uvicorn, having drained, raises the
    signal anew."""
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, _leave)
    if hasattr(signal, "SIGHUP"):  # a process that is still starting reads the configuration anyway
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def serve(bound: socket.socket, settings: Settings, *, workers: int, access_log: bool) -> Exit:
    """Answer until a signal says stop, then finish what is being answered."""
    config = uvicorn.Config(
        partial(app, workers, access_log),
        factory=True,
        workers=workers,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        interface="asgi3",
        lifespan="on",
        log_config=logs.of(settings, access=access_log),
        access_log=access_log,
        proxy_headers=False,  # `trusted_proxies` decides whom we believe
        server_header=False,
        limit_concurrency=CONNECTIONS,
        backlog=BACKLOG,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    if workers > 1:
        supervisor = _Workers(config, sockets=[bound])
        supervisor.run()
        return supervisor.verdict
    server = uvicorn.Server(config)
    server.run(sockets=[bound])
    return Exit.OK if server.started else Exit.UNAVAILABLE


class _Worker(Process):
    """A process of several. SIGHUP would end one that is still starting, so there it waits to be heard."""

    def start(self) -> None:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})  # inherited; see Hosted
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Workers(Multiprocess):
    """The processes of one socket. A reload is each one's own, and none of them ends for it.

    Who dies is replaced. A replacement that cannot start is tried again, for as long as it takes: the store
    may be away, and the others serve. Only where nobody ever served does it end, as one process would.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self.verdict, self._served = Exit.OK, False
        self._latest: Process | None = None
        self._not_before, self._pause = 0.0, _AGAIN

    def run(self) -> None:
        try:
            super().run()
        except BaseException:
            self.terminate_all()  # or Python would wait for them at its end, and hear no signal any more
            raise

    def init_processes(self) -> None:
        for _ in range(self.processes_num):
            process = _Worker(self.config, self.sockets)
            process.start()
            self.processes.append(process)

    def keep_subprocess_alive(self) -> None:
        within = self.config.timeout_worker_healthcheck
        for place, process in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if process.is_alive(timeout=within):
                self._know(process, within)
            elif time.monotonic() >= self._not_before:
                self._replace(place, process)

    def _know(self, process: Process, within: float) -> None:
        """Whether it serves, of one of which that is not known."""
        if (not self._served or process is self._latest) and process.is_ready(timeout=within):
            self._served = True
            if process is self._latest:
                self._latest, self._pause = None, _AGAIN
                self._not_before = min(self._not_before, time.monotonic() + _AGAIN)

    def _replace(self, place: int, process: Process) -> None:
        process.kill()  # one that hangs
        process.join()
        if process.exitcode in _VERDICTS and not self._served:
            self.verdict = Exit(process.exitcode)
            self.should_exit.set()
            return
        try:
            following = _Worker(self.config, self.sockets)
            following.start()
        except OSError as error:  # of files, processes or memory there are no more: the others serve
            _log.error("process %s ended (%s); no other can be made: %s", process.pid, process.exitcode,
                       error.strerror)  # fmt: skip
        else:
            _log.error("process %s ended (%s); another takes its place", process.pid, process.exitcode)
            self.processes[place] = self._latest = following
        self._not_before = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _AGAIN_MOST)

    def handle_hup(self) -> None:
        for worker in self.processes:
            if worker.pid is not None and worker.exitcode is None:  # else its id may be another's by now
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGHUP)


def _operations(hosted: Hosted, *, processes: int) -> OperationsPort | None:
    address = hosted.settings.metrics_address
    if not address:
        return None
    host, port = split_address(address)
    return OperationsPort(Operations(lambda: hosted.server), host, port, processes=processes)


def _log_by(settings: Settings, access_log: bool) -> None:
    logging.config.dictConfig(logs.of(settings, access=access_log))


def _leave(*_: object) -> None:
    """End here: an exception could come up where Python drops it, in a finaliser, and the stop with it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(Exit.OK)
