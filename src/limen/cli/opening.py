"""A started Limen for the length of one verb."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from limen.auth import Limen
from limen.cli import surroundings
from limen.cli.answer import Answer
from limen.errors import Misconfigured

Asks = Callable[..., Awaitable[Answer]]


def with_limen(*, makes: bool = False, looks_first: bool = False) -> Callable[[Asks], Callable[..., Answer]]:
    """The verb gets a started Limen first, and options that say which.

    A database that is not there is made only for verbs that fill it: a mistyped name must not look like an
    empty database. `looks_first`: the verb has a flag `apply`; without it Limen is not started, and its store
    is open for looking.
    """

    def decorate(verb: Asks) -> Callable[..., Answer]:
        @surroundings.configuration_options
        @surroundings.log_level_option("What is logged on stderr; the audit log is info.", "error")
        @wraps(verb)
        def run(database: str | None, config: str | None, log_level: str, **given: Any) -> Answer:
            log_to_stderr(log_level)
            surroundings.put({"database": database, "config": config})
            only_looks = looks_first and not given["apply"]
            return asyncio.run(_inside(verb, given, makes=makes, only_looks=only_looks))

        return run

    return decorate


async def _inside(verb: Asks, given: dict[str, Any], *, makes: bool, only_looks: bool) -> Answer:
    auth = Limen.from_env()
    schema = None if makes else await auth.store.schema()
    if schema is not None and not schema.applied:
        raise Misconfigured(
            f"there is no database at {auth.settings.place}: name another, or run `limen migrate`",
            code="database_missing",
        )
    if only_looks:
        return await _looked(auth, verb, given, is_current=schema is None or not schema.pending)
    async with auth:
        return await verb(auth, **given)


async def _looked(auth: Limen, verb: Asks, given: dict[str, Any], *, is_current: bool) -> Answer:
    """Starting Limen makes keys, and starting a store brings its schema up to date: this does neither."""
    if not is_current:
        raise Misconfigured(
            f"the database at {auth.settings.place} is of an earlier Limen: run `limen migrate` first",
            code="database_missing",
        )
    await auth.store.start()
    try:
        return await verb(auth, **given)
    finally:
        await auth.store.close()


def log_to_stderr(level: str) -> None:
    """One line for each event, on stderr."""
    logging.basicConfig(stream=sys.stderr, level=level.upper(), format="%(levelname)s %(name)s: %(message)s")
