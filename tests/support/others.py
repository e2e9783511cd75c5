"""What the other process does in tests of several. Each function prints its answer as JSON."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import sys
import time
from typing import Any

from limen.clock import Instant
from limen.errors import Unavailable
from limen.ids import AccountID, SessionID
from limen.stores.sqlite import SQLiteStore
from limen.stores.sqlite.lock import FileLock
from support.stores import added


def revoke(path: str, sids: list[SessionID]) -> None:
    """End sessions one by one; when each was acknowledged on the machine's monotonic clock."""

    async def main() -> dict[str, float]:
        store, told = SQLiteStore(path), {}
        await store.start()
        for sid in sids:
            now = Instant(time.time())
            event = await store.revoke_session(sid, account=None, now=now, until=Instant(now + 900), why="w")
            assert event is not None
            told[sid] = time.monotonic()
            await asyncio.sleep(0.015)  # so that the reader is met at every point of its rhythm
        await store.close()
        return told

    print(json.dumps(asyncio.run(main())))


def migrate(path: str) -> None:
    print(json.dumps(asyncio.run(SQLiteStore(path).migrate()).applied))


def fork_with_an_open_store(path: str) -> None:
    """Open a store, fork, and try it on both sides."""

    async def opened() -> SQLiteStore:
        store = SQLiteStore(path)
        await store.start()
        return store

    async def code_of(attempt: Any) -> str | bool:
        try:
            await attempt
        except Unavailable as error:
            return error.code
        return True

    async def in_the_child(store: SQLiteStore) -> dict[str, object]:
        read = await code_of(store.account(AccountID("0190b7a0-0000-7000-8000-000000000001")))
        written = await code_of(store.ping())
        again = await opened()
        anew = await code_of(again.revoke_account(AccountID("x"), now=now, until=until, why="w"))
        await again.close()
        await store.close()
        return {"read in the child": read, "written in the child": written, "opened anew in the child": anew}

    now, until = Instant(time.time()), Instant(time.time() + 900)
    loop = asyncio.new_event_loop()
    store = loop.run_until_complete(opened())
    loop.run_until_complete(store.ping())
    ear, voice = os.pipe()
    if os.fork() == 0:
        os.write(voice, json.dumps(asyncio.new_event_loop().run_until_complete(in_the_child(store))).encode())
        os._exit(0)
    os.close(voice)
    told = json.loads(os.fdopen(ear).read())
    told["written in the parent"] = loop.run_until_complete(code_of(store.ping()))
    page = loop.run_until_complete(store.read_feed(0, now=now))
    told["seen by the parent"] = len(page.revocations) == 1
    loop.run_until_complete(store.close())
    loop.close()
    print(json.dumps(told))


def die_with_the_lock_and_a_child(path: str) -> None:
    """Fork while the writer holds the lock, and be gone as if killed; prints the child's process id."""

    async def opened() -> SQLiteStore:
        store = SQLiteStore(path)
        await store.start()
        return store

    store = asyncio.new_event_loop().run_until_complete(opened())
    lock = store._parts.lock
    assert isinstance(lock, FileLock)
    lock.acquire()
    child = os.fork()
    if child == 0:
        for stream in (0, 1, 2):
            os.close(stream)
        signal.pause()
    print(child)
    sys.stdout.flush()
    os._exit(0)


def fill_a_quota(path: str) -> None:
    """Write until files may grow no more, and again when they may."""

    async def main() -> dict[str, object]:
        store, acknowledged, failed = SQLiteStore(path), 0, ""
        await store.start()
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
        while not failed:
            try:
                await added(store, f"p{acknowledged}" + "x" * 400)
                acknowledged += 1
            except Unavailable as error:
                failed = error.reason
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        kept = len(await store.accounts(limit=10_000))
        await store.ping()
        await store.close()
        return {"failed": failed, "acknowledged": acknowledged, "kept": kept, "recovered": True}

    print(json.dumps(asyncio.run(main())))
