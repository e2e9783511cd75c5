"""The processes of a run, each behind a wire: servers and verifiers to kill, to pause, and to turn."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path
from signal import SIGCONT, SIGKILL, Signals
from typing import Any

import httpx2

from limen.secret import Secret
from soak import turned
from support.processes import TESTS
from support.redis import free_port
from support.shell import surroundings
from support.verifying import Wire
from support.world import SECRET

PATIENCE = 4.0
"""How long a client waits for an answer: less than a pause, so that some come too late."""
LOST = "lost"
"""Instead of a code: no answer came."""
_UP = 60.0


class Process(ABC):
    """One of a name, in its nth incarnation. Its words go to a file."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.incarnation = name, 0
        self._clock, self._log = folder / f"{name}.clock", folder / f"{name}.log"
        turned.turn(self._clock, 0.0)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def label(self) -> str:
        return f"{self.name}.{self.incarnation}"

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @abstractmethod
    async def start(self) -> None: ...

    def signal(self, how: Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)

    async def end(self, how: Signals = SIGKILL) -> None:
        """Send a signal, and wait until it is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(SIGCONT)
            process.send_signal(how)
            await asyncio.to_thread(process.wait, 30)
            if process.stdin is not None:
                process.stdin.close()

    def turn(self, seconds: float) -> None:
        turned.turn(self._clock, seconds)

    def _spawn(self, module: str, *arguments: str, environment: dict[str, str], piped: bool = False) -> None:
        pipe = subprocess.PIPE if piped else None
        paths = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))
        self.incarnation += 1
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env=surroundings(**environment) | {"PYTHONPATH": paths},
                stdin=pipe or subprocess.DEVNULL, stdout=pipe or log, stderr=log, bufsize=0,
            )  # fmt: skip


class Server(Process):
    """An issuer among others over one store, behind a wire."""

    def __init__(self, name: str, folder: Path, strategy: str, environment: dict[str, str]) -> None:
        super().__init__(name, folder)
        self.strategy, self.port = strategy, free_port()
        self.wire = Wire(self.port)
        others = {"session", "jwt", "hybrid"} - {strategy}
        self._environment = environment | {
            "LIMEN_STRATEGY": strategy,
            "LIMEN_ACCEPT": ",".join(sorted(others)),
        }

    async def open(self) -> None:
        """Have the wire, and a client that goes through it."""
        await self.wire.__aenter__()
        self.http = httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{self.wire.port}",
            timeout=PATIENCE,
            limits=httpx2.Limits(max_connections=200, keepalive_expiry=2.0),
        )

    async def start(self) -> None:
        """Again and again until it answers: where the store is down a server does not start."""
        end = time.monotonic() + _UP
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=1.0) as probe:
            while time.monotonic() < end:
                if self._process is None or self._process.poll() is not None:
                    self._spawn(
                        "soak.serving", str(self.port), str(self._clock), environment=self._environment
                    )
                with suppress(httpx2.TransportError):
                    if (await probe.get("/healthz")).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        raise AssertionError(f"{self.name} does not come up: {self.log[-2_000:]}")

    async def ready(self) -> bool:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=1.0) as probe:
            try:
                return (await probe.get("/readyz")).status_code == 200
            except httpx2.TransportError:
                return False

    async def close(self) -> None:
        await self.end()
        await self.http.aclose()
        await self.wire.__aexit__()


class Verifying(Process):
    """A service that only checks, with a wire between it and one of the issuers."""

    def __init__(self, name: str, folder: Path, at: Server, options: dict[str, Any]) -> None:
        super().__init__(name, folder)
        self.wire, self._options = Wire(at.port), options
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[tuple[float, float, str]]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self.wire.__aenter__()

    async def start(self) -> None:
        options = self._options | {"at": f"http://127.0.0.1:{self.wire.port}"}
        self._spawn("soak.verifying", json.dumps(options), str(self._clock), environment={}, piped=True)
        assert self._process is not None
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), self._process.stdout
        )
        async with asyncio.timeout(_UP):
            assert await reader.readline(), self.log[-2_000:]
        self._reading = asyncio.create_task(self._read(reader))

    async def ask(self, token: str) -> tuple[float, float, str]:
        """Begin, end and code of the answer; `lost` where there was none."""
        begin, number = time.monotonic(), next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        if self._written(json.dumps([number, token]).encode() + b"\n"):
            await asyncio.wait([answer], timeout=PATIENCE)
        del self._asked[number]
        lost = not answer.done() or answer.cancelled()
        return (begin, time.monotonic(), LOST) if lost else answer.result()

    def _written(self, line: bytes) -> bool:
        """Whether the line was taken, as a whole; a process that is paused takes no more at some time."""
        if self._process is None or self._process.stdin is None:
            return False
        try:
            return self._process.stdin.write(line) is not None
        except OSError:
            return False

    async def end(self, how: Signals = SIGKILL) -> None:
        reading, self._reading = self._reading, None
        await super().end(how)
        if reading is not None:
            await reading
        for answer in self._asked.values():
            answer.cancel()  # nobody will give it any more

    async def close(self) -> None:
        await self.end()
        await self.wire.__aexit__()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            number, begin, end, code = json.loads(line)
            answer = self._asked.get(number)
            if answer is not None and not answer.done():
                answer.set_result((begin, end, code))


class Fleet:
    """Three servers that issue by different strategies and accept all, and verifiers of two of them."""

    def __init__(
        self,
        folder: Path,
        *,
        database: str,
        session_store: str,
        lifetimes: dict[str, float],
        issuer: str,
        client_secret: str,
    ) -> None:
        environment = {
            "LIMEN_DATABASE": database,
            "LIMEN_SESSION_STORE": session_store,
            "LIMEN_SECRET": Secret(SECRET).reveal(),
            "LIMEN_ISSUER": issuer,
            "LIMEN_HOSTS": "127.0.0.1",
            "LIMEN_CLIENTS": "api",
            "LIMEN_TRUSTED_PROXIES": "127.0.0.1/32",
            "LIMEN_TRANSPORTS": "bearer",
            "LIMEN_SESSION_LIMIT": "0",
            **{f"LIMEN_{name.upper()}": str(seconds) for name, seconds in lifetimes.items()},
        }
        strategies = ("hybrid", "session", "hybrid", "jwt")
        self.servers = [
            Server(f"server {n}", folder, strategy, environment) for n, strategy in enumerate(strategies, 1)
        ]
        options = {
            "issuer": issuer,
            "client_id": "api",
            "client_secret": client_secret,
            "max_staleness": lifetimes["max_staleness"],
            "leeway": lifetimes["leeway"],
        }
        self.verifiers = [
            Verifying(f"verifier {n}", folder, self.servers[at], options) for n, at in enumerate((0, 1), 1)
        ]

    @property
    def processes(self) -> list[Server | Verifying]:
        return [*self.servers, *self.verifiers]

    async def start(self) -> None:
        for process in self.processes:
            await process.open()
        await self.servers[0].start()  # it migrates
        await asyncio.gather(*(server.start() for server in self.servers[1:]))
        await asyncio.gather(*(verifier.start() for verifier in self.verifiers))

    async def close(self) -> None:
        for process in self.processes:
            await process.close()
