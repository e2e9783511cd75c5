"""A started Limen for the length of one verb."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import click

from limen.auth import Limen
from limen.cli import surroundings
from limen.cli.answer import Answer
from limen.errors import Misconfigured

Asks = Callable[..., Awaitable[Answer]]


def with_limen(*, makes: bool = False) -> Callable[[Asks], Callable[..., Answer]]:
    """The verb gets a started Limen first, and options that say which.

    A database that is not there is made only for verbs that fill it: a mistyped name must not look like an
    empty database.
    """

    def decorate(verb: Asks) -> Callable[..., Answer]:
        @surroundings.configuration_options
        @click.option(
            "--log-level",
            type=click.Choice(surroundings.LEVELS),
            default="error",
            show_default=True,
            help="What is logged on stderr; the audit log is info.",
        )
        @wraps(verb)
        def run(database: str | None, config: str | None, log_level: str, **given: Any) -> Answer:
            log_to_stderr(log_level)
            surroundings.put({"database": database, "config": config})
            return asyncio.run(_inside(verb, given, makes=makes))

        return run

    return decorate


async def _inside(verb: Asks, given: dict[str, Any], *, makes: bool) -> Answer:
    auth = Limen.from_env()
    if not makes and not (await auth.store.schema()).applied:
        raise Misconfigured(
            f"there is no database at {auth.settings.place}: name another, or run `limen migrate`",
            code="database_missing",
        )
    async with auth:
        return await verb(auth, **given)


def log_to_stderr(level: str) -> None:
    """One line for each event, on stderr."""
    logging.basicConfig(stream=sys.stderr, level=level.upper(), format="%(levelname)s %(name)s: %(message)s")
