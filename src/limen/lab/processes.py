"""Processes of the lab, as the one that measures sees them."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from typing import Self, TypeVar

import msgspec

from limen.errors import Unavailable

PATIENCE = 60.0
T = TypeVar("T")


class Helper:
    """A process that runs one module of the lab and answers line by line. It ends when its stdin does."""

    def __init__(self, process: Process, module: str) -> None:
        self._process, self._module = process, module
        self._one = asyncio.Lock()

    @classmethod
    async def start(cls, module: str, *, fds: tuple[int, ...] = ()) -> Self:
        """One of the lab's own."""
        return await cls.run([sys.executable, "-m", module], module, fds=fds)

    @classmethod
    async def run(cls, command: list[str], name: str, *, fds: tuple[int, ...] = ()) -> Self:
        """Not in our session: Ctrl-C is for the one who measures, and ends the others in order."""
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, pass_fds=fds, start_new_session=True, limit=2**26,
        )  # fmt: skip
        return cls(process, name)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ask(self, told: object, answer: type[T], *, patience: float = PATIENCE) -> T:
        """What it answers, as this type; Unavailable with its last words if it ended instead."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("a process of the lab has no pipes")
        async with self._one:
            stdin.write(msgspec.json.encode(told) + b"\n")
            line = await asyncio.wait_for(stdout.readline(), patience)
        if not line:
            raise Unavailable(f"a process of the lab ended: {await self._last_words()}", reason=self._module)
        return msgspec.json.decode(line, type=answer)

    async def stop(self) -> None:
        """Let it end by itself; kill it where it does not."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._drained(), 5)
        except TimeoutError:
            self._process.kill()
            await self._drained()  # its pipes too are ours to close

    async def _drained(self) -> None:
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                await stream.read()
        await self._process.wait()

    async def _last_words(self) -> str:
        stderr = self._process.stderr
        text = (await stderr.read()).decode(errors="replace") if stderr is not None else ""
        lines = [line for line in text.splitlines() if line.strip()]
        return lines[-1] if lines else "without a word"
