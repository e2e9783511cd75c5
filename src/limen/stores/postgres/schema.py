"""The schema of a PostgreSQL database: which migrations it has had, and applying the others."""

from __future__ import annotations

from functools import cache

from limen.errors import Misconfigured
from limen.stores.base import Schema
from limen.stores.migrations import Migration, load, pending
from limen.stores.postgres.address import Address
from limen.stores.postgres.connection import Connection

TABLES = (
    "limen_accounts", "limen_sessions", "limen_revocations", "limen_buckets", "limen_keys", "limen_state",
    "limen_receipts", "limen_marks", "limen_tickets", "limen_letters",
    "limen_entries",
)  # fmt: skip
_LOCK = 0x4C696D656E  # "Limen"; held until the end of the transaction, so it works through a pooler
_TABLE = """CREATE TABLE IF NOT EXISTS limen_migrations (
    number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL
)"""
_MAY = (
    "SELECT t FROM unnest($1::text[]) AS t, unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) AS p "
    "WHERE has_table_privilege(to_regclass(t), p) IS NOT TRUE"
)


@cache
def known() -> tuple[Migration, ...]:
    """The migrations that came with this Limen."""
    return load("postgres")


async def inspect(connection: Connection, address: Address) -> Schema:
    """What the database has had and what it needs; changes nothing."""
    await _begin(connection, address)
    missing = pending(known(), await _applied(connection))
    await connection.execute("ROLLBACK")
    return Schema(tuple(m.name for m in known() if m not in missing), tuple(m.name for m in missing))


async def migrate(connection: Connection, address: Address) -> tuple[str, ...]:
    """Apply what is missing, each migration in one transaction with its record; what this call applied.

    Of several processes one goes first and the others find nothing left to do.
    """
    done: list[str] = []
    while True:
        await _begin(connection, address)
        await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
        missing = pending(known(), await _applied(connection))
        if not missing:
            await connection.execute("ROLLBACK")
            return tuple(done)
        await _apply(connection, missing[0], address)
        await connection.execute("COMMIT")
        done.append(missing[0].name)


async def check_rights(connection: Connection, address: Address) -> None:
    """Misconfigured unless this role may read and write every table."""
    await _begin(connection, address)
    row = await connection.fetchrow(_MAY, list(TABLES))
    await connection.execute("ROLLBACK")
    if row is not None:
        raise Misconfigured(
            f"the PostgreSQL role may not read and write {row[0]}: GRANT SELECT, INSERT, UPDATE, DELETE on it"
        )


async def _begin(connection: Connection, address: Address) -> None:
    await connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
    if address.schema is not None:
        await connection.execute(f"SET LOCAL search_path = '{address.schema}'")


async def _applied(connection: Connection) -> dict[int, str]:
    there = await connection.fetchrow("SELECT to_regclass('limen_migrations') IS NOT NULL")
    if there is None or not there[0]:
        return {}
    return {row[0]: row[1] for row in await connection.fetch("SELECT number, checksum FROM limen_migrations")}


async def _apply(connection: Connection, migration: Migration, address: Address) -> None:
    row = await connection.fetchrow("SELECT current_schema()")
    if address.schema is not None and (row is None or row[0] is None):
        await connection.execute(f'CREATE SCHEMA "{address.schema}"')
    await connection.execute(_TABLE)
    await connection.execute(migration.text)
    await connection.execute(
        "INSERT INTO limen_migrations (number, name, checksum) VALUES ($1, $2, $3)",
        migration.number,
        migration.name,
        migration.checksum,
    )
