"""Migrations of a real file: once each, whole or not at all, and no file of another Limen is touched."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from limen.errors import Misconfigured
from limen.stores.base import Schema
from limen.stores.migrations import Migration, load
from limen.stores.sqlite import SQLiteStore, schema
from support.faulty import Plan, factory
from support.stores import added

pytestmark = pytest.mark.anyio
NAMES = tuple(migration.name for migration in schema.known())


def edit(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(statement, values)


async def test_a_new_file_needs_all_and_an_opened_one_has_all(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "limen.db")
    assert await store.schema() == Schema((), NAMES)
    assert not (tmp_path / "limen.db").exists()
    assert await store.migrate() == Schema(NAMES, ())
    assert await store.migrate() == Schema((), ())
    assert await store.schema() == Schema(NAMES, ())
    await store.start()
    assert await store.schema() == Schema(NAMES, ())
    assert await store.migrate() == Schema((), ())
    await store.close()


async def test_a_file_of_a_newer_limen_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "limen.db"
    await SQLiteStore(path).migrate()
    edit(path, "INSERT INTO limen_migrations VALUES (999, '0999_later', 'x')")
    before = path.read_bytes()
    store = SQLiteStore(path)
    for attempt in (store.start(), store.migrate(), store.schema()):
        with pytest.raises(Misconfigured, match="start the newer Limen that made it") as caught:
            await attempt
        assert caught.value.code == "schema_newer"
    assert path.read_bytes() == before


async def test_a_migration_of_another_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "limen.db"
    await SQLiteStore(path).migrate()
    edit(path, "UPDATE limen_migrations SET checksum = 'another'")
    store = SQLiteStore(path)
    for attempt in (store.start(), store.migrate(), store.schema()):
        with pytest.raises(Misconfigured, match="restore the released file, or the database") as caught:
            await attempt
        assert caught.value.code == "schema_changed"


def whole_schemas(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What is in a file after none, the first, the first two … of our migrations."""
    every = schema.known()
    found: list[list[str]] = [[]]
    for count in range(1, len(every) + 1):
        with monkeypatch.context() as patch, closing(sqlite3.connect(path, isolation_level=None)) as db:
            patch.setattr(schema, "known", lambda count=count: every[:count])
            schema.migrate(db)
            found.append(made_of(db))
    return found


def made_of(db: sqlite3.Connection) -> list[str]:
    return sorted(sql for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))


async def test_D15_a_migration_that_breaks_off_leaves_nothing_and_can_be_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, path = Plan(), tmp_path / "limen.db"
    whole = whole_schemas(tmp_path / "model.db", monkeypatch)
    for at in range(1, 120):
        plan.fail(at)
        store = SQLiteStore(path, factory=factory(plan))
        try:
            await store.migrate()
            break
        except Exception:
            with closing(sqlite3.connect(path)) as db:
                assert made_of(db) in whole
    plan.recover()
    assert 10 < at < 119
    await store.start()
    await added(store)
    await store.close()


async def test_a_later_migration_finds_what_the_earlier_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "limen.db"
    store = SQLiteStore(path)
    await store.start()
    account = await added(store)
    await store.close()
    later = Migration(999, "0999_later", "CREATE TABLE later (x INTEGER) STRICT;\n-- a; b\n", "sum")
    monkeypatch.setattr(schema, "known", lambda: (*load("sqlite"), later))
    assert await store.schema() == Schema(NAMES, ("0999_later",))
    await store.start()
    assert await store.account(account.id) == account
    await store.close()
    assert await store.schema() == Schema((*NAMES, "0999_later"), ())
    monkeypatch.undo()
    with pytest.raises(Misconfigured, match=f"knows schema {len(NAMES)}"):
        await store.start()


def test_every_migration_ends_with_a_whole_statement() -> None:
    for migration in load("sqlite"):
        statements = list(schema._statements(migration.text))
        assert "".join(statements).strip() == migration.text.strip()
        assert all(sqlite3.complete_statement(statement) for statement in statements)
