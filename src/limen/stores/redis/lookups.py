"""Lookups of one turn of the event loop become one question. There is no timer: a lone one goes at once."""

from __future__ import annotations

import asyncio
from typing import Any

from limen.stores.redis import faults
from limen.stores.redis.epochs import Fence
from limen.stores.redis.faults import NotDone, Unsettled
from limen.stores.redis.line import Line

MOST = 512
"""Keys in one command: bounds how long others wait for it."""

_Found = asyncio.Future[bytes | None]


class Lookups:
    """Hands records out by their keys; each key's place in the question is its place in the answer."""

    def __init__(self, meta: bytes) -> None:
        self._meta = meta
        self._batch: _Batch | None = None

    def find(self, line: Line, fence: Fence, key: bytes) -> _Found:
        """The record under `key`; Unsettled if Redis is under another fence by then."""
        batch = self._batch
        if batch is None or batch.line is not line or batch.fence is not fence or batch.sent:
            self._batch = batch = _Batch(line, fence, self._meta)
            asyncio.get_running_loop().call_soon(batch.send)
        future: _Found = asyncio.get_running_loop().create_future()
        batch.keys.append(key)
        batch.waiting.append(future)
        return future


class _Batch:
    __slots__ = ("fence", "keys", "line", "meta", "sent", "settled", "waiting")

    def __init__(self, line: Line, fence: Fence, meta: bytes) -> None:
        self.line, self.fence, self.meta = line, fence, meta
        self.keys: list[bytes] = []
        self.waiting: list[_Found] = []
        self.sent = self.settled = False

    def send(self) -> None:
        self.sent = True
        parts = [slice(start, start + MOST) for start in range(0, len(self.keys), MOST)]
        commands = [("HGET", self.meta, "fence"), *(("MGET", *self.keys[part]) for part in parts)]
        takers = [self._take_fence, *(self._taker(self.waiting[part]) for part in parts)]
        try:
            self.line.send(commands, takers)
        except NotDone as error:
            _fail(self.waiting, error)

    def _take_fence(self, answer: Any) -> None:
        self.settled = answer == self.fence.text

    def _taker(self, waiting: list[_Found]) -> Any:
        def take(answer: Any) -> None:
            if isinstance(answer, faults.Lost):
                _fail(waiting, answer)
            elif isinstance(answer, Exception):
                _fail(waiting, faults.refused(answer))
            elif not self.settled:
                _fail(waiting, Unsettled())
            else:
                for future, record in zip(waiting, answer, strict=True):
                    if not future.done():
                        future.set_result(record)

        return take


def _fail(waiting: list[_Found], error: Exception) -> None:
    for future in waiting:
        if not future.done():
            future.set_exception(error)
