"""`limen migrate`: the schema of the database."""

from __future__ import annotations

import asyncio

import click

from limen.cli import surroundings
from limen.cli.answer import Answer, Exit, Verb
from limen.cli.opening import log_to_stderr
from limen.settings import load
from limen.stores import open_store


@click.command("migrate", cls=Verb)
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 if something is missing.")
@surroundings.configuration_options
def verb(check: bool, database: str | None, config: str | None) -> Answer:
    """Bring the database's schema up to date. Several processes may do so at once."""
    log_to_stderr("error")
    surroundings.put({"database": database, "config": config})
    settings = load({}, environment=True).settings
    store = open_store(settings.database, settings.session_store)
    schema = asyncio.run(store.schema() if check else store.migrate())
    data = {"database": settings.place, "applied": list(schema.applied), "pending": list(schema.pending)}
    if check:
        missing = [f"missing: {name}" for name in schema.pending]
        return Answer(data, missing or ["up to date"], exit=Exit.NO if schema.pending else Exit.OK)
    return Answer(data, [f"applied {name}" for name in schema.applied] or ["up to date"])
