"""The embedded default: one SQLite file, shared by the processes of one machine."""

from limen.stores.sqlite.store import SQLiteStore

__all__ = ["SQLiteStore"]
