"""A running Limen with somebody signed in, for the benchmarks."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from limen.auth import Limen
from limen.secret import Secret
from limen.strategies.base import Grant

PASSWORD = "correct horse battery staple"
EMAIL = "bench@limen.example"


@asynccontextmanager
async def signed_in(database: str, **options: Any) -> AsyncIterator[tuple[Limen, Grant]]:
    """Limen on `database` and the grant of an account on it."""
    options.setdefault("secret", Secret(secrets.token_bytes(32)))
    async with Limen(database, **options) as auth:
        await auth.add_account(EMAIL, PASSWORD)
        signed = await auth.sign_in(EMAIL, PASSWORD)
        yield auth, signed.grant
