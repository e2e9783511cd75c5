"""What one more session, remembered credential or young revocation weighs: `python -m limen.lab.weigh`.

In a process of its own, where nothing else grows. Python's own allocations are counted, not pages, so the
figures repeat; a process's size grows by somewhat more, for memory comes in pages and pages have gaps.
"""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec import Struct, convert

from limen import Limen, ids
from limen.clock import Instant, SystemClock
from limen.lab import lines
from limen.lab.people import PASSWORD, email
from limen.lab.records import Cell, Weight
from limen.lab.subject import Subject, add, make
from limen.revocations import Filter, Kind, Revocation

SESSIONS, REVOCATIONS, ACCOUNTS = 500, 5_000, 10


class Weighing(Struct, frozen=True):
    """What is to be weighed, and where its rows lie: a file of SQLite, or nowhere that can be looked at."""

    cell: Cell
    subject: Subject
    file: str = ""
    elsewhere: bool = False
    """In a server, whose rows nobody here can weigh."""


async def weigh(asked: Weighing) -> list[Weight]:
    """Everything that this cell has."""
    file = Path(asked.file) if asked.file else None
    credentials: list[str] = []
    async with make(asked.subject)[0] as auth:
        for number in range(ACCOUNTS):
            await add(auth, email(number))
        if file is None:
            rows = await _grown(lambda: _sign_in(auth, credentials))
            kept = await _grown(lambda: _authenticate(auth, credentials))
    if file is not None:  # closed in between: only then is everything in the file, and its log gone
        before = file.stat().st_size
        async with make(asked.subject)[0] as auth:
            await _sign_in(auth, credentials)
        rows = float(file.stat().st_size - before)
        async with make(asked.subject)[0] as auth:
            kept = await _grown(lambda: _authenticate(auth, credentials))
    found = []
    if asked.cell.strategy != "jwt" and not asked.elsewhere:
        # A memory store's row is weighed with the credentials that the list above holds: take them off.
        held = 0 if file else sum(len(c) + 49 for c in credentials) + 8 * SESSIONS
        found.append(Weight(asked.cell, "session", max(rows - held, 0) / SESSIONS, SESSIONS))
    if asked.cell.cache:
        found.append(Weight(asked.cell, "credential", kept / SESSIONS, SESSIONS))
    if asked.cell.strategy != "jwt":
        revocations = await _grown(_fill(Filter()))
        found.append(Weight(asked.cell, "revocation", revocations / REVOCATIONS, REVOCATIONS))
    return found


async def _sign_in(auth: Limen, into: list[str]) -> None:
    for number in range(SESSIONS):
        into.append((await auth.sign_in(email(number % ACCOUNTS), PASSWORD)).grant.credential)


async def _authenticate(auth: Limen, credentials: list[str]) -> None:
    for credential in credentials:
        await auth.authenticate(credential)


def _fill(known: Filter) -> Callable[[], Awaitable[None]]:
    async def fill() -> None:
        now = SystemClock().now()
        for number in range(REVOCATIONS):
            sid = ids.uuid7(Instant(now + number / 1_000))
            known.add(Revocation(Kind.SESSION, sid, now, Instant(now + 900), now, "sign_out", number + 1))

    return fill


async def _grown(do: Callable[[], Awaitable[None]]) -> float:
    """Bytes by which Python's memory grew."""
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    await do()
    gc.collect()
    return float(tracemalloc.get_traced_memory()[0] - before)


async def _main(asked: Weighing) -> None:
    lines.say(await weigh(asked))


def main() -> None:
    asked = convert(lines.read_first(), Weighing)
    tracemalloc.start()
    asyncio.run(_main(asked))


if __name__ == "__main__":
    main()
