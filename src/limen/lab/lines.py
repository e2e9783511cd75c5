"""What the lab's processes are told and answer: one line of JSON each, by stdin and stdout.

Beside the wire that is measured, so that asking changes nothing there; and never by arguments or environment,
which other users of the machine can read.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

Told = dict[str, Any]


def read_first() -> Told:
    """The first line of stdin, before there is an event loop. Unbuffered: what follows is the loop's."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(sys.stdin.fileno(), 1)
        if not byte:
            raise SystemExit(0)
        line += byte
    found: Told = msgspec.json.decode(line)
    return found


def say(answer: Any) -> None:
    """Answer one line."""
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()


async def obey(do: Callable[[Told], Awaitable[Any]]) -> None:
    """Do and answer line by line, until stdin ends: when the parent goes away, however, its children do."""
    reader = asyncio.StreamReader(limit=2**26)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin.buffer)
    while line := await reader.readline():
        say(await do(msgspec.json.decode(line)))
