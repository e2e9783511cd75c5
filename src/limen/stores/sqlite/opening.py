"""Opening a database and its parts. Everything here blocks, and happens before anything is served."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from limen.clock import Seconds
from limen.stores.base import Schema
from limen.stores.sqlite import faults, files, schema
from limen.stores.sqlite.connection import Factory, open_reader, open_writer, warn_once
from limen.stores.sqlite.events import FeedReader
from limen.stores.sqlite.lock import FileLock
from limen.stores.sqlite.writer import Writer


@dataclass(frozen=True, slots=True)
class Parts:
    """What an open store is made of."""

    writer: Writer
    reader: sqlite3.Connection
    feed: FeedReader
    lock: FileLock
    place: files.Place

    def close(self) -> None:
        """Readers first, so that the last checkpoint finds nobody in its way."""
        self.reader.close()
        self.feed.close()
        self.writer.close()
        self.lock.close()


def open_parts(path: Path, factory: Factory, patience: Seconds) -> Parts:
    """Check, make private, migrate, and open. Misconfigured or Unavailable in one sentence."""
    warn_once()
    files.check_place(path)
    lock = FileLock(path, patience=patience)
    lock.open()
    with ExitStack() as undo:
        undo.callback(lock.close)
        with lock.held(), _explained(path):
            files.make_private(path)
            connection = undo.enter_context(closing(open_writer(path, factory, patience=patience)))
            schema.migrate(connection)
            reader = undo.enter_context(closing(open_reader(path, factory)))
            reader.text_factory = (
                str  # a call less for each text of a point read; the store reads odd ones again
            )
            feed = undo.enter_context(closing(FeedReader(open_reader(path, factory))))
            _prove_writable(connection)
            files.make_private(path)
        undo.pop_all()
    place = files.Place(path)
    writer = Writer(lambda: open_writer(path, factory, patience=patience), lock, look=place.look)
    writer.start(connection)
    return Parts(writer, reader, feed, lock, place)


def migrate_only(path: Path, factory: Factory, patience: Seconds) -> Schema:
    """Bring the schema up to date and let go again; what was applied by this call."""
    files.check_place(path)
    lock = FileLock(path, patience=patience)
    lock.open()
    try:
        with lock.held(), _explained(path):
            files.make_private(path)
            with closing(open_writer(path, factory, patience=patience)) as connection:
                return Schema(schema.migrate(connection), ())
    finally:
        lock.close()


def inspect(path: Path, factory: Factory) -> Schema:
    """Which migrations the database has had and needs."""
    files.check_place(path)
    if not path.exists():
        return schema.schema(None)
    with _explained(path), closing(open_reader(path, factory)) as connection:
        return schema.schema(connection)


def _prove_writable(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.rollback()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise faults.at_start(error, path) from error
