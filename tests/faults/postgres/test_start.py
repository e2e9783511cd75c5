"""Starting: what is wrong with a database is said in a sentence, and many may migrate one at once."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from limen.errors import LimenError, Misconfigured, Unavailable
from limen.stores import open_store
from limen.stores.migrations import Migration
from limen.stores.postgres import PostgresStore, schema
from limen.stores.postgres.address import parse
from support import servers
from support.stores import added

pytestmark = pytest.mark.anyio


async def refusal(url: str) -> LimenError:
    store = open_store(url)
    with pytest.raises(LimenError) as raised:
        await store.start()
    await store.close()
    assert "\n" not in raised.value.message
    return raised.value


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    told = await refusal(f"postgresql://limen@127.0.0.1:{servers.free_port()}/limen")
    assert isinstance(told, Unavailable)


async def test_a_database_that_is_not_there_is_named() -> None:
    told = await refusal(servers.postgres().url().replace("/limen?", "/nowhere?"))
    assert isinstance(told, Misconfigured)
    assert "no such database" in told.message


async def test_a_role_that_is_not_there_is_refused() -> None:
    told = await refusal(servers.postgres().url().replace("//limen@", "//nobody@"))
    assert isinstance(told, Misconfigured)


async def test_a_database_of_another_encoding_is_refused() -> None:
    name = servers.new_schema()
    servers.postgres().sql("limen", f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0")
    told = await refusal(servers.postgres().url().replace("/limen?", f"/{name}?"))
    assert "encoded in SQL_ASCII" in told.message


async def test_a_role_without_rights_is_told_which_are_missing() -> None:
    server, name = servers.postgres(), servers.new_schema()
    server.sql("limen", f"CREATE ROLE {name} LOGIN", f"CREATE SCHEMA {name} AUTHORIZATION limen")
    url = server.url(schema=name)
    mine = url.replace("//limen@", f"//{name}@")
    told = await refusal(mine)
    assert isinstance(told, Misconfigured)
    store = open_store(url)
    await store.start()
    await store.close()
    server.sql(
        "limen",
        f"GRANT USAGE ON SCHEMA {name} TO {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {name} TO {name}",
        f"REVOKE DELETE ON {name}.limen_buckets FROM {name}",
    )
    assert "limen_buckets" in (await refusal(mine)).message
    server.sql("limen", f"GRANT DELETE ON {name}.limen_buckets TO {name}")
    store = open_store(mine)
    await store.start()
    await added(store)
    await store.close()


@pytest.mark.parametrize("before", [servers.postgres, servers.pgbouncer], ids=["postgres", "pgbouncer"])
async def test_D15_of_many_that_migrate_at_once_each_migration_runs_once(before: object) -> None:
    url = before().url(schema=servers.new_schema())  # type: ignore[operator]
    servers.postgres().sql("limen", f"CREATE SCHEMA {parse(url).schema}")
    answers = await asyncio.gather(*(open_store(url).migrate() for _ in range(8)))
    applied = [name for answer in answers for name in answer.applied]
    assert sorted(applied) == [migration.name for migration in schema.known()]
    assert (await open_store(url).schema()).pending == ()


async def test_D15_processes_that_start_at_once_make_one_schema() -> None:
    url = servers.postgres().url(schema=servers.new_schema())
    stores = [open_store(url) for _ in range(5)]
    await asyncio.gather(*(store.start() for store in stores))
    account = await added(stores[0])
    assert [await store.account(account.id) for store in stores] == [account] * 5
    await asyncio.gather(*(store.close() for store in stores))


async def test_D15_a_migration_that_fails_half_way_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    url = servers.postgres().url(schema=servers.new_schema())
    good = schema.known()
    broken = Migration(999, "0999_broken", "CREATE TABLE limen_more (a int); SELECT 1/0;", "x")
    monkeypatch.setattr(schema, "known", lambda: (*good, broken))
    store = open_store(url)
    with pytest.raises(LimenError):
        await store.migrate()
    found = await store.schema()
    assert (found.applied, found.pending) == (tuple(m.name for m in good), ("0999_broken",))
    mended = Migration(999, "0999_mended", "CREATE TABLE limen_more (a int);", "y")
    monkeypatch.setattr(schema, "known", lambda: (*good, mended))
    assert (await store.migrate()).applied == ("0999_mended",)


async def test_D15_a_newer_or_a_changed_schema_is_refused() -> None:
    name = servers.new_schema()
    url = servers.postgres().url(schema=name)
    await open_store(url).migrate()
    servers.postgres().sql("limen", f"INSERT INTO {name}.limen_migrations VALUES (99, '0099_later', 'x')")
    assert (await refusal(url)).code == "schema_newer"
    servers.postgres().sql(
        "limen",
        f"DELETE FROM {name}.limen_migrations WHERE number = 99",
        f"UPDATE {name}.limen_migrations SET checksum = 'other'",
    )
    assert (await refusal(url)).code == "schema_changed"


async def test_D13_a_pooler_is_found_out() -> None:
    """Its clients are given keys that are no process of the server's."""
    for url, pooled in ((servers.postgres().url(), False), (servers.pgbouncer().url(), True)):
        store = PostgresStore(f"{url}&schema={servers.new_schema()}")
        await store.start()
        assert (store._parts.line is None) == pooled  # type: ignore[union-attr]
        await store.close()


async def test_D13_nothing_is_left_in_a_session_of_the_pooler() -> None:
    """No statement, no setting and no lock of ours stays behind for the next client."""
    url = servers.pgbouncer().url(schema=servers.new_schema())
    store = open_store(url)
    await store.start()
    await added(store)
    await store.ping()
    other = await asyncpg.connect(servers.pgbouncer().url(), statement_cache_size=0)
    for _ in range(20):
        async with other.transaction():
            assert await other.fetchval("SHOW search_path") == '"$user", public'
            assert await other.fetchval("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''") == 0
            held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            assert await other.fetchval(held) == 0
    await other.close()
    await store.close()
