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
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from limen.auth import Limen
from limen.cli import logs
from limen.cli.answer import Exit
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
_AGAIN = 1.0
"""Seconds between two replacements of a process: one that cannot start must not keep a core busy."""
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
    except (
        LimenError
    ) as error:  # the configuration was good at the start: this takes the place of one that died
        _log.critical("this process cannot start: %s", error.message)
        raise SystemExit(Exit.UNAVAILABLE) from None


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


class _Workers(Multiprocess):
    """The processes of one socket. A reload is each one's own, and none of them ends for it.

    Who dies is replaced. A replacement that cannot start is tried again, for as long as it takes: the store
    may be away, and the others serve. Only where nobody ever served does it end, as one process would.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self.verdict, self._served, self._not_before = Exit.OK, False, 0.0

    def keep_subprocess_alive(self) -> None:
        within = self.config.timeout_worker_healthcheck
        for place, process in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if process.is_alive(timeout=within):
                self._served = self._served or process.is_ready(timeout=within)
            elif time.monotonic() >= self._not_before:
                self._replace(place, process)

    def _replace(self, place: int, process: Process) -> None:
        process.kill()  # one that hangs
        process.join()
        if process.exitcode == STARTUP_FAILURE and not self._served:
            self.verdict = Exit.UNAVAILABLE
            self.should_exit.set()
            return
        _log.error("process %s ended (%s); another takes its place", process.pid, process.exitcode)
        self.processes[place] = following = Process(self.config, self.sockets)
        following.start()
        self._not_before = time.monotonic() + _AGAIN

    def handle_hup(self) -> None:
        for worker in self.processes:
            if worker.pid is not None:
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
