"""What a process does over and over beside answering: one round after another, whatever the last one met."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from limen.clock import Instant, Seconds
from limen.errors import Unavailable
from limen.stores.base import Store

_log = logging.getLogger("limen")
_SWEPT = 1_000
"""Rows that are removed at once, so that no other write waits for long."""


async def every(
    pause: Seconds,
    act: Callable[[], Awaitable[object]],
    what: str,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Wait and act, for ever. A store that is away puts a round off, and no error ends them."""
    while True:
        await sleep(pause)
        try:
            await act()
        except Unavailable as error:
            _log.warning("%s is put off: %s", what, error.reason)
        except Exception:  # noqa: BLE001 - the next round must come whatever this one met
            _log.exception("%s failed", what)


async def sweep(store: Store, *, now: Instant, audit_keep: Seconds) -> None:
    """Remove all rows that are over. Whoever fills tables fills them faster than that."""
    while await store.sweep(now=now, limit=_SWEPT) >= _SWEPT:
        pass
    while await store.sweep_recovery(now=now, limit=_SWEPT) >= _SWEPT:
        pass
    while await store.forget_entries(Instant(now - audit_keep), limit=_SWEPT) >= _SWEPT:
        pass
