"""A Limen whose time and chance the test holds, over the memory store or SQLite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from limen.auth import Limen
from limen.insecure import WeakHashing
from limen.secret import Secret
from limen.testing import TurnableClock

SECRET = bytes(range(32))
ISSUER = "http://127.0.0.1:8000"
EMAIL = "ada@example.org"
PASSWORD = "correct horse battery staple"
OTHER_PASSWORD = "another horse, another staple"
STRATEGIES = ("session", "jwt", "hybrid")


@asynccontextmanager
async def world(
    database: str = "memory://", *, clock: TurnableClock | None = None, **options: Any
) -> AsyncIterator[tuple[Limen, TurnableClock]]:
    """A started Limen and its clock. Waiting on the grid turns nothing and takes no time."""
    clock = clock or TurnableClock()
    options.setdefault("secret", Secret(SECRET))
    options.setdefault("scheme", WeakHashing())
    options.setdefault("issuer", ISSUER)

    async def no_wait(seconds: float) -> None:
        assert 0 <= seconds <= 0.25

    async with Limen(database, clock=clock, sleep=no_wait, **options) as auth:
        yield auth, clock


async def account_with(auth: Limen, email: str = EMAIL, **options: Any) -> None:
    await auth.add_account(email, PASSWORD, **options)
