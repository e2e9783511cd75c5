"""`limen id new|inspect`: UUIDs by RFC 9562."""

from __future__ import annotations

import click

from limen import ids
from limen.cli.answer import Answer, VerbGroup
from limen.cli.moments import finer
from limen.clock import SystemClock
from limen.errors import Rejected


@click.group("id", cls=VerbGroup)
def verb() -> None:
    """Make and inspect UUIDs (RFC 9562)."""


@verb.command()
@click.option("--version", "version", type=click.Choice(["7", "4"]), default="7", show_default=True,
              help="7 sorts by time; 4 tells nothing.")  # fmt: skip
@click.option("--count", type=click.IntRange(1, 10_000), default=1, show_default=True, help="How many.")
def new(version: str, count: int) -> Answer:
    """Make one, or several."""
    made = [ids.uuid4() if version == "4" else ids.uuid7(SystemClock().now()) for _ in range(count)]
    return Answer({"ids": made}, made)


@verb.command()
@click.argument("uuid")
def inspect(uuid: str) -> Answer:
    """Say what the bits of a UUID say: version, variant, time and node."""
    try:
        found = ids.inspect(uuid.strip().lower())
    except ValueError as error:
        raise Rejected(f"{error}: 8-4-4-4-12 hexadecimal digits", code="id_malformed", status=422) from error
    said = {
        "uuid": found.uuid,
        "version": found.version,
        "variant": found.variant,
        "created_at": finer(found.created),
        "clock_sequence": found.clock_sequence,
        "node": found.node,
        "note": found.note,
    }
    lines = [f"{name.replace('_', ' ')}: {value}" for name, value in said.items() if value is not None]
    return Answer(said, lines)
