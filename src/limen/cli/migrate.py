"""`limen migrate`: the schema of the database, and what must follow when it was restored."""

from __future__ import annotations

import asyncio

import click

from limen.auth import Limen
from limen.cli import surroundings
from limen.cli.answer import Answer, Exit, Verb
from limen.cli.opening import log_to_stderr
from limen.cli.revoked import effective
from limen.settings import load
from limen.stores import open_store


@click.command("migrate", cls=Verb)
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 if something is missing.")
@click.option(
    "--restored",
    is_flag=True,
    help="It comes from a backup: end all sessions and replace the signing keys.",
)
@surroundings.configuration_options
def verb(check: bool, restored: bool, database: str | None, config: str | None) -> Answer:
    """Bring the database's schema up to date. Several processes may do so at once."""
    log_to_stderr("error")
    surroundings.put({"database": database, "config": config})
    if check and restored:
        raise click.UsageError("--check changes nothing, and --restored much.")
    if restored:
        return asyncio.run(_begin_anew())
    settings = load({}, environment=True).settings
    store = open_store(settings.database, settings.session_store)
    schema = asyncio.run(store.schema() if check else store.migrate())
    data = {"database": settings.place, "applied": list(schema.applied), "pending": list(schema.pending)}
    if check:
        missing = [f"missing: {name}" for name in schema.pending]
        return Answer(data, missing or ["up to date"], exit=Exit.NO if schema.pending else Exit.OK)
    return Answer(data, [f"applied {name}" for name in schema.applied] or ["up to date"])


async def _begin_anew() -> Answer:
    async with Limen.from_env() as auth:
        said = "ended all sessions, and replaced the signing keys"
        return effective(auth, await auth.begin_anew(), said, database=auth.settings.place)
