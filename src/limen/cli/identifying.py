"""`limen lab id`: UUIDv4 and UUIDv7 as keys, on this machine."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import click
import msgspec

from limen.cli.answer import Answer, Table, Verb
from limen.cli.measuring import Progress
from limen.errors import Misconfigured
from limen.lab import stores
from limen.lab.catalogue import number
from limen.lab.identifiers import Inserted, Told, in_postgres, in_sqlite
from limen.lab.world import name_of

_NAMES = ("key", "rows a second", "in the last tenth", "in all", "index", "pages logged", "log, bytes a row")


@click.command("id", cls=Verb)
@click.option(
    "--rows", type=click.IntRange(1_000, 100_000_000), default=1_000_000, show_default=True, help="Rows."
)
@click.option("--store", "places", metavar="STORE", multiple=True,
              help="sqlite, postgresql (started here), or the address of a PostgreSQL database; all that "
                   "are at hand, if none.")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Of the random keys.")
def id_verb(rows: int, places: tuple[str, ...], seed: int) -> Answer:
    """Measure UUIDv4 against UUIDv7 as a key: inserts, index, pages and bytes in the log.

    In a PostgreSQL database that is named, all happens in a schema of its own, which is dropped.
    """
    chosen = [_known(place) for place in places] or _at_hand()
    with Progress() as progress:
        tell = _overall(progress, 2 * len(chosen))
        found = [one for place in chosen for one in _measured(place, rows, seed, tell)]
    table = [
        [
            f"{one.engine}, UUIDv{one.version}",
            number(one.rate),
            number(one.last),
            f"{number(one.size / 1e6)} MB",
            f"{number(one.index / 1e6)} MB",
            number(one.pages),
            number(one.log / one.rows),
        ]
        for one in found
    ]
    lines = ["", *(_line(four, seven) for four, seven in zip(found[::2], found[1::2], strict=True))]
    data = {"rows": rows, "measured": [msgspec.to_builtins(one) for one in found]}
    return Answer(data, lines, Table(_NAMES, table))


def _overall(progress: Progress, parts: int) -> Told:
    """Each kind of key says how much of it is done: one part of the whole, when its name is a new one."""
    names: dict[str, None] = {}

    def tell(name: str, share: float) -> None:
        names[name] = None
        progress.paced(name, (len(names) - 1 + share) / parts)

    return tell


def _known(place: str) -> str:
    if place not in ("sqlite", "postgresql") and not place.startswith(("postgresql://", "postgres://")):
        raise Misconfigured(f"keys are measured in sqlite and postgresql, not in {name_of(place)}")
    if place == "postgresql":
        stores.check(place)
    return place


def _at_hand() -> list[str]:
    try:
        return ["sqlite", _known("postgresql")]
    except Misconfigured:
        return ["sqlite"]


def _measured(place: str, rows: int, seed: int, tell: Told) -> list[Inserted]:
    if place == "sqlite":
        with tempfile.TemporaryDirectory(prefix="limen-lab-") as folder:
            return in_sqlite(Path(folder), rows, seed=seed, tell=tell)
    if stores.can_start(place):
        return asyncio.run(_started(place, rows, seed, tell))
    return asyncio.run(in_postgres(place, rows, seed=seed, tell=tell))


async def _started(place: str, rows: int, seed: int, tell: Told) -> list[Inserted]:
    async with stores.started(place) as server:
        return await in_postgres(server.url, rows, seed=seed, tell=tell)


def _line(four: Inserted, seven: Inserted) -> str:
    return (
        f"{seven.engine}: UUIDv7 inserts {number(seven.last / four.last)} times as fast at "
        f"{seven.rows:,} rows, "
        f"with an index of {seven.index / four.index:.0%} of the size, and logs "
        f"{seven.log / four.log:.1%} of the bytes."
    )
