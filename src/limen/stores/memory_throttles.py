"""The memory store for throttles."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager

from limen import throttle
from limen.clock import Instant
from limen.stores.base import storable
from limen.throttle import Bucket, Limit, Wait


class MemoryThrottles(ABC):
    """A part of the memory store: what is declared here without a body is the whole store's."""

    _buckets: dict[str, Bucket]

    @abstractmethod
    def _step(self) -> AbstractContextManager[None]: ...

    async def charge(self, charges: Sequence[tuple[str, Limit]], *, now: Instant) -> Wait | None:
        storable(*(key for key, _ in charges))
        with self._step():
            charged: dict[str, Bucket] = {}
            for key, limit in charges:
                bucket = charged.get(key) or self._buckets.get(key)
                verdict = throttle.charge(key, bucket, limit, now=now)
                if isinstance(verdict, Wait):
                    return verdict
                charged[key] = verdict.bucket
            self._buckets.update(charged)
            return None

    async def settle(self, *, clear: Sequence[str] = (), refund: Sequence[tuple[str, Limit]] = ()) -> None:
        with self._step():
            for key in clear:
                self._buckets.pop(key, None)
            for key, limit in refund:
                if key in self._buckets:
                    self._buckets[key] = throttle.refunded(self._buckets[key], free=limit.free)
