"""Migrations: numbered SQL files, one folder per engine, applied in order, each once, never backwards.

A file that was released never changes; its checksum is kept beside its number in the database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from limen.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a schema. `name` is the file's, without its ending: `0001_initial`."""

    number: int
    name: str
    text: str
    checksum: str


def load(engine: str) -> tuple[Migration, ...]:
    """The migrations of an engine, in order."""
    folder = files(__name__).joinpath(engine)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(_migration(name, folder.joinpath(name).read_text("utf-8")) for name in names)


def pending(known: Sequence[Migration], applied: Mapping[int, str]) -> tuple[Migration, ...]:
    """What is still to be applied, where `applied` maps number to checksum.

    Misconfigured where the schema is of a newer Limen, or was made by another text than ours.
    """
    newest = known[-1].number
    if any(number > newest for number in applied):
        raise Misconfigured(
            f"the database has schema {max(applied)} and this Limen knows schema {newest}: "
            "start the newer Limen that made it",
            code="schema_newer",
        )
    for migration in known:
        if applied.get(migration.number, migration.checksum) != migration.checksum:
            raise Misconfigured(
                f"migration {migration.name} is not the one that made this database: "
                "restore the released file, or the database",
                code="schema_changed",
            )
    return tuple(migration for migration in known if migration.number not in applied)


def _migration(file: str, text: str) -> Migration:
    name = file.removesuffix(".sql")
    return Migration(int(name.split("_")[0]), name, text, hashlib.sha256(text.encode()).hexdigest())
