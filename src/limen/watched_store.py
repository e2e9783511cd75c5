"""A store that counts what is asked of it: how often, how long, how it ended.

It stands between Limen and any store and changes nothing of either: an operation costs a microsecond more,
where the fastest of them, a read of SQLite that finds nothing, takes four.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any, cast

from limen.counts import Counts, outcome
from limen.errors import Rejected
from limen.stores.base import Store

_UNCOUNTED = frozenset({"start", "close", "migrate", "schema", "wait"})
"""No operation of a running server; to wait for a call is not to ask."""


def watched(store: Store, counts: Counts) -> Store:
    """The same store, counted."""
    return cast("Store", _Watched(store, counts))


class _Watched:
    def __init__(self, store: Store, counts: Counts) -> None:
        self.__dict__.update(_store=store, _counts=counts)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name.startswith("_") or name in _UNCOUNTED or not iscoroutinefunction(found):
            return found
        self.__dict__[name] = self._counted(name)
        return self.__dict__[name]

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._store, name, value)

    def _counted(self, name: str) -> Callable[..., Awaitable[Any]]:
        store, counts = self._store, self._counts
        durations, monotonic = counts.operation(name), counts.monotonic
        done = (name, "ok")

        async def call(*args: Any, **kwargs: Any) -> Any:
            if counts.spans is not None:
                with counts.spans("limen.store", {"db.operation.name": name}):
                    return await plain(*args, **kwargs)
            return await plain(*args, **kwargs)

        async def plain(*args: Any, **kwargs: Any) -> Any:
            began = monotonic()
            try:
                answer = await getattr(store, name)(*args, **kwargs)
            except BaseException as error:
                counts.operations[name, _ended(error)] += 1
                raise
            else:
                counts.operations[done] += 1
                return answer
            finally:
                durations.add(monotonic() - began)

        return call


def _ended(error: BaseException) -> str:
    return "ok" if isinstance(error, Rejected) else outcome(error)
