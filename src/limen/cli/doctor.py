"""`limen doctor`: what is observed of a deployment, handed to the rules, and what they find."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import click

from limen import doctor as rules
from limen.cli import auditing, machine, surroundings
from limen.cli.answer import Answer, Table, Verb
from limen.cli.findings import found_data, found_lines, verdict
from limen.cli.opening import log_to_stderr
from limen.cli.outside import Wanted, outside_options, seen_from_outside
from limen.clock import SystemClock
from limen.doctor import Observed
from limen.errors import LimenError
from limen.keys import LIVE, KeyWrap, StoredRing
from limen.settings import Settings, load, require_secret, without_password
from limen.stores import open_store
from limen.stores.base import Schema


@click.command("doctor", cls=Verb)
@click.option("--settings", "show", is_flag=True, help="Show every setting and where it comes from.")
@click.option("--asvs", is_flag=True, help="Go through OWASP ASVS 5.0.0: V6, V7, V9, V10.")
@click.option("--level", type=click.IntRange(1, 3), help="Of ASVS; 2 unless said otherwise.")
@click.option("--url", metavar="URL", help="Look at a deployment from outside: https://auth.example.")
@outside_options
@surroundings.configuration_options
def verb(
    show: bool, asvs: bool, level: int | None, url: str | None, wanted: Wanted | None,
    database: str | None, config: str | None,
) -> Answer:  # fmt: skip
    """Check the configuration against the mistakes that people make; exit code 1 for errors.

    It changes no row, and works where nothing else does: a configuration that cannot be read is a finding.
    With --url it reads no configuration, and asks a deployment as a stranger would.
    """
    log_to_stderr("error")
    if level is not None and not asvs:
        raise click.UsageError("--level is of --asvs")
    if wanted is not None:
        return seen_from_outside(wanted)
    surroundings.put({"database": database, "config": config})
    seen = _observe()
    if asvs:
        return auditing.audited(seen, level=level or 2)
    found = rules.examine(seen)
    table = _table(seen) if show and seen.settings is not None else None
    lines = found_lines(found, nothing="nothing found: this deployment looks well")
    return Answer(found_data(found, settings=_listed(seen)), lines, table, verdict(found))


def _observe() -> Observed:
    now = SystemClock().now()
    common: dict[str, Any] = {
        "now": now,
        "insecure": surroundings.names("LIMEN_INSECURE_"),
        "synchronised": machine.clock_follows_a_server(),
    }
    try:
        loaded = load({}, environment=True)
    except LimenError as error:
        return Observed(unreadable=error, newest=machine.newest([]), **common)
    paths = machine.places(loaded.settings.database)
    files = machine.looked_at(paths)  # before the database is opened, which closes it to others
    schema, ring, unusable = asyncio.run(_asked(loaded.settings))
    on_sqlite = loaded.settings.database.startswith("sqlite:")
    sqlite, too_old = machine.word_about_sqlite() if on_sqlite else (None, None)
    return Observed(
        settings=loaded.settings,
        sources=loaded.sources,
        unusable=too_old or unusable,
        schema=schema,
        ring=ring,
        files=files,
        sqlite=sqlite,
        newest=machine.newest(paths),
        **common,
    )


async def _asked(settings: Settings) -> tuple[Schema | None, StoredRing | None, LimenError | None]:
    """Schema and ring as stored; the ring only where the schema is ours, so that nothing is changed."""
    try:
        store = open_store(settings.database, settings.session_store)
        schema = await store.schema()
        if schema.pending:
            return schema, None, None
        await store.start()
        try:
            ring = await store.ring()
            return schema, ring, _unopened(settings, ring)
        finally:
            await store.close()
    except LimenError as error:
        return None, None, error


def _unopened(settings: Settings, ring: StoredRing) -> LimenError | None:
    """Why no server starts with this ring, if none does: another secret sealed it."""
    if settings.secret is None:
        return None  # a finding of its own
    wrap = KeyWrap(require_secret(settings))
    try:
        for key in ring.in_state(*LIVE):
            wrap.open(key)
    except LimenError as error:
        return error
    return None


def _listed(seen: Observed) -> list[Mapping[str, Any]]:
    if seen.settings is None:
        return []
    read = {one.name: getattr(seen.settings, one.name) for one in fields(seen.settings)}
    said = {name: without_password(one) if isinstance(one, str) else one for name, one in read.items()}
    said["secret"] = None if said["secret"] is None else "…"
    said["secret_previous"] = ["…" for _ in seen.settings.secret_previous]
    return [
        {"name": name, "value": value, "source": seen.sources.get(name, "default")}
        for name, value in said.items()
    ]


def _table(seen: Observed) -> Table:
    rows = [[str(one["name"]), _shown(one["value"]), str(one["source"])] for one in _listed(seen)]
    return Table(["setting", "value", "from"], rows)


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
