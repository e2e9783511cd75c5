"""PostgreSQL, for many machines: one primary that every process writes to and reads from."""

from limen.stores.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
