"""`limen migrate`: the schema of the database, and what must follow when it was restored."""

from __future__ import annotations

import asyncio
import sys

import click

from limen.auth import Limen
from limen.cli import surroundings
from limen.cli.answer import Answer, Exit, Verb
from limen.cli.opening import log_to_stderr
from limen.cli.revoked import effective
from limen.settings import load, without_password
from limen.stores import open_store


@click.command("migrate", cls=Verb)
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 if something is missing.")
@click.option(
    "--restored",
    is_flag=True,
    help="It comes from a backup: end all sessions and replace the signing keys.",
)
@click.option(
    "--yes", is_flag=True, help="With --restored and a session_store: do not ask whether it is meant."
)
@surroundings.configuration_options
def verb(check: bool, restored: bool, yes: bool, database: str | None, config: str | None) -> Answer:
    """Bring the database's schema up to date. Several processes may do so at once."""
    log_to_stderr("error")
    surroundings.put({"database": database, "config": config})
    if check and restored:
        raise click.UsageError("--check changes nothing, and --restored much.")
    if restored:
        _ask_about(load({}, environment=True).settings.session_store, yes=yes)
        return asyncio.run(_begin_anew())
    settings = load({}, environment=True).settings
    store = open_store(settings.database, settings.session_store)
    schema = asyncio.run(store.schema() if check else store.migrate())
    data = {"database": settings.place, "applied": list(schema.applied), "pending": list(schema.pending)}
    if check:
        missing = [f"missing: {name}" for name in schema.pending]
        return Answer(data, missing or ["up to date"], exit=Exit.NO if schema.pending else Exit.OK)
    return Answer(data, [f"applied {name}" for name in schema.applied] or ["up to date"])


def _ask_about(session_store: str, *, yes: bool) -> None:
    """Go on if it is meant: a rehearsal on a copy of the database would end the sessions of the real one."""
    if not session_store or yes:
        return
    said = f"All sessions in {without_password(session_store)} end too, whatever database it serves."
    if sys.stdin is None or not sys.stdin.isatty():  # None: closed, as some schedulers leave it
        raise click.UsageError(
            f"{said} Say --yes if this is meant; to rehearse, name another session_store, or none."
        )
    click.confirm(f"{said} Is this meant?", abort=True, err=True)


async def _begin_anew() -> Answer:
    async with Limen.from_env() as auth:
        said = "ended all sessions, and replaced the signing keys"
        return effective(auth, await auth.begin_anew(), said, database=auth.settings.place)
