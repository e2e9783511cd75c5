"""A verifier in a process of its own, and a wire to it that a test can cut, hold up or leave half open."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Any, Self

from limen.clock import SystemClock
from limen.errors import LimenError
from limen.verifier import Verifier
from support.processes import started

PAUSE = 0.005
"""Between two questions about one token."""
mono = SystemClock.monotonic
"""The clock on which all processes of a test agree."""


# -- in the process ---------------------------------------------------------------------------------------


class _Watched:
    """What was said of one token, in moments of the monotonic clock from before each question."""

    def __init__(self) -> None:
        self.accepted: float | None = None
        self.asked: float | None = None
        self.denied: float | None = None
        """Since when it has been refused without a pause."""
        self.code = ""

    async def ask(self, verifier: Verifier, token: str) -> None:
        start = mono()
        try:
            await verifier.authenticate(token)
        except LimenError as error:
            self.denied = start if self.denied is None else self.denied
            self.code = error.code
        else:
            self.accepted, self.denied, self.code = start, None, "ok"
        self.asked = start


def verify(options: dict[str, Any]) -> None:
    """Ask a verifier about each token that is named on stdin, again and again; `?` prints what it said."""

    async def main() -> None:
        watched: dict[str, _Watched] = {}
        tasks = []

        async def watch(token: str) -> None:
            while True:
                await watched[token].ask(verifier, token)
                await asyncio.sleep(PAUSE)

        async with Verifier(**options) as verifier:
            print(json.dumps("started"), flush=True)
            reader = asyncio.StreamReader()
            loop = asyncio.get_running_loop()
            await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
            async for line in reader:
                name = line.decode().strip()
                if name == "?":
                    said = {token: vars(one) for token, one in watched.items()}
                    print(json.dumps({"fresh": verifier.is_fresh(), "said": said}), flush=True)
                elif name not in watched:
                    watched[name] = _Watched()
                    tasks.append(asyncio.ensure_future(watch(name)))

    asyncio.run(main())


# -- in the test ------------------------------------------------------------------------------------------


class Verifying:
    """The process, as the test talks to it."""

    def __init__(self, **options: Any) -> None:
        self._process = started("support.verifying", "verify", options)

    def ready(self) -> Self:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, self._process.communicate()[1]
        return self

    def watch(self, token: str) -> None:
        self._say(token)

    async def said(self) -> dict[str, Any]:
        """What the process says of itself now."""
        self._say("?")
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(await asyncio.to_thread(self._process.stdout.readline))
        return found

    async def until(self, token: str, *codes: str, patience: float = 15) -> dict[str, Any]:
        """Wait until the last answer about a token is one of these; what was said of it."""
        end = mono() + patience
        while True:
            one: dict[str, Any] = (await self.said())["said"].get(token, {})
            if one.get("code") in codes:
                return one
            assert mono() < end, f"not {codes} within {patience} s: {one}"
            await asyncio.sleep(0.02)

    def signal(self, how: signal.Signals) -> None:
        self._process.send_signal(how)

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.ready)

    async def __aexit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


class Wire:
    """A TCP proxy on loopback. `mode` says what becomes of bytes; it counts as of the next bytes.

    `open` passes them, `held` keeps every connection and passes nothing, `cut` closes and refuses,
    `slow` passes them 0.3 s late, `streams held` passes everything but what the feed streams, `answers held`
    everything but what comes back.
    """

    def __init__(self, to: int) -> None:
        self._to, self.mode = to, "open"
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.streamed = asyncio.Event()
        """A stream was asked for."""
        self._turned = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.turn("cut")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def turn(self, mode: str) -> None:
        self.mode = mode
        self._turned.set()
        self._turned = asyncio.Event()
        if mode == "cut":
            for writer in self._writers:
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.mode == "cut":
            writer.close()
            return
        try:
            upstream = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.close()
            return
        asked = {"stream": False}
        ours = {
            asyncio.ensure_future(self._pass(reader, upstream[1], asked, up=True)),
            asyncio.ensure_future(self._pass(upstream[0], writer, asked, up=False)),
        }
        self._tasks |= ours
        self._writers |= {writer, upstream[1]}
        await asyncio.wait(ours, return_when=asyncio.FIRST_COMPLETED)
        for one in (writer, upstream[1]):
            one.close()
        self._writers -= {writer, upstream[1]}

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        asked: dict[str, bool],
        *,
        up: bool,
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                if up and data.startswith((b"GET ", b"POST ")):
                    asked["stream"] = data.startswith(b"GET /feed ")
                    if asked["stream"]:
                        self.streamed.set()
                if self.mode == "slow":
                    await asyncio.sleep(0.3)
                while self._holds(up=up, stream=asked["stream"]):
                    await self._turned.wait()
                writer.write(data)
                await writer.drain()

    def _holds(self, *, up: bool, stream: bool) -> bool:
        back = self.mode == "answers held" or (self.mode == "streams held" and stream)
        return self.mode == "held" or (back and not up)


def kill_group(process: subprocess.Popen[Any], how: signal.Signals) -> None:
    """Signal a server with all its workers; it was started in a group of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, how)
