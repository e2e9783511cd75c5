"""A million accounts, and many entries of the audit log, take no longer to page and search than ten thousand.

The rows are made by the engines themselves, because a million calls would take minutes. What is timed is what
a page of the administration asks for. And each statement is explained: no plan walks through a table.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from limen.accounts import ADMIN_SCOPE, Among
from limen.audit import EntryID, Wanted
from limen.clock import Instant
from limen.ids import AccountID
from limen.stores import open_store
from limen.stores.base import Store
from limen.stores.postgres import audit as postgres_audit
from limen.stores.postgres import directory as postgres_directory
from limen.stores.sqlite import audit as sqlite_audit
from limen.stores.sqlite import directory as sqlite_directory
from support import servers
from support.stores import NOW

pytestmark = pytest.mark.anyio

FEW, MANY, ENTRIES_MAX = 10_000, 1_000_000, 200_000
PAGE = 50
ROUNDS = 15
"""Each thing is asked for so often of both, in turn: a pause of the machine meets one of them at most."""

ACCOUNTS = """
WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {count} - 1)
INSERT INTO limen_accounts (id, email, key, password, scopes, created, cutoff, claims_changed)
SELECT raw(printf('%012x7%03x8%015x', 1800000000000 + n, n & 4095, n)),
    printf('u%07d@example.org', n), printf('u%07d@example.org', n), NULL,
    CASE WHEN n % 5000 = 0 THEN 'a {admin}' ELSE 'a' END, 1800000000.0 + n / 1000.0, 0.0, 0.0 FROM n;
UPDATE limen_accounts SET disabled = 1.0 WHERE id IN (SELECT id FROM limen_accounts WHERE scopes <> 'a');
"""
ENTRIES = """
WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < {count} - 1)
INSERT INTO limen_entries
SELECT raw(printf('%012x7%03x8%015x', 1800000000000 + n, n & 4095, n)), 1800000000.0 + n / 1000.0,
    CASE WHEN n % 5000 = 0 THEN 'account_disabled' ELSE 'sign_in' END,
    CASE WHEN n % 10 = 0 THEN 'denied' ELSE 'ok' END, CASE WHEN n % 5000 = 0 THEN 'operator' ELSE '' END,
    raw(printf('%012x7%03x8%015x', 1800000000000 + n % 10000, (n % 10000) & 4095, n % 10000)), NULL,
    printf('192.0.2.%d', n % 250), '' FROM n;
"""


def account_id(n: int) -> AccountID:
    h = f"{1_800_000_000_000 + n:012x}7{n & 4095:03x}8{n:015x}"
    return AccountID(f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}")


async def sqlite_store(folder: Path, count: int) -> Store:
    store = open_store(f"sqlite:///{folder}/{count}.db")
    await store.migrate()
    with sqlite3.connect(folder / f"{count}.db") as db:
        db.create_function("raw", 1, bytes.fromhex, deterministic=True)
        db.execute("PRAGMA synchronous = OFF")
        db.executescript(
            ACCOUNTS.format(count=count, admin=ADMIN_SCOPE) + ENTRIES.format(count=min(count, ENTRIES_MAX))
        )
    db.close()
    await store.start()
    return store


def asked(count: int) -> dict[str, Callable[[Store], Awaitable[object]]]:
    """What the pages of the administration ask for, with an answer in each."""
    mid, one = account_id(count // 2), f"u{count // 3:07d}"
    return {
        "first page": lambda s: s.newest_accounts(limit=PAGE),
        "a later page": lambda s: s.newest_accounts(before=mid, limit=PAGE),
        "disabled": lambda s: s.newest_accounts(Among.DISABLED, limit=2),
        "administrators": lambda s: s.newest_accounts(Among.ADMINISTRATORS, limit=2),
        "one address": lambda s: s.accounts_beginning(one, limit=PAGE),
        "many addresses": lambda s: s.accounts_beginning("u00", limit=PAGE),
        "their next page": lambda s: s.accounts_beginning("u", after=one, limit=PAGE),
        "how many": lambda s: s.count_accounts(most=FEW),
        "newest entries": lambda s: s.entries(Wanted(), limit=PAGE),
        "older entries": lambda s: s.entries(Wanted(), before=EntryID(mid), limit=PAGE),
        "entries of an account": lambda s: s.entries(Wanted(account=account_id(77)), limit=1),
        "entries of an event": lambda s: s.entries(Wanted(event="account_disabled"), limit=2),
        "entries of an actor": lambda s: s.entries(Wanted(actor="operator"), limit=2),
        "what was denied": lambda s: s.entries(Wanted(result="denied"), limit=PAGE),
        "entries from a source": lambda s: s.entries(Wanted(source="192.0.2.7"), limit=PAGE),
        "of one day": lambda s: s.entries(Wanted(since=NOW, until=Instant(NOW + 1)), limit=PAGE),
    }


async def slower(few: Store, many: Store) -> dict[str, float]:
    """How many times longer each takes of the million, by the quickest of each: the rest is the machine's."""
    small, large = asked(FEW), asked(MANY)
    found = {}
    for name in small:
        spent: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            for store, ask, times in ((few, small[name], spent[0]), (many, large[name], spent[1])):
                begun = time.perf_counter()
                answer = await ask(store)
                times.append(time.perf_counter() - begun)
                assert answer, name
        found[name] = min(spent[1]) / min(spent[0])
    return found


POSTGRES = """
INSERT INTO limen_accounts (id, email, key, password, scopes, created, disabled, cutoff, claims_changed)
SELECT id_of(n), k, k, NULL, CASE WHEN n % 5000 = 0 THEN 'a {admin}' ELSE 'a' END, 1800000000 + n / 1000.0,
    CASE WHEN n % 5000 = 0 THEN 1.0 END, 0, 0
FROM generate_series(0, {count} - 1) AS n,
    LATERAL (SELECT 'u' || lpad(n::text, 7, '0') || '@example.org' AS k) AS keys;
INSERT INTO limen_entries
SELECT id_of(n), 1800000000 + n / 1000.0, CASE WHEN n % 5000 = 0 THEN 'account_disabled' ELSE 'sign_in' END,
    CASE WHEN n % 10 = 0 THEN 'denied' ELSE 'ok' END, CASE WHEN n % 5000 = 0 THEN 'operator' ELSE '' END,
    id_of(n % 10000), NULL, '192.0.2.' || n % 250, ''
FROM generate_series(0, {entries} - 1) AS n;
VACUUM ANALYZE limen_accounts;
VACUUM ANALYZE limen_entries;
"""
ID_OF = """
CREATE FUNCTION id_of(n int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
SELECT (lpad(to_hex(1800000000000 + n), 12, '0') || '7' || lpad(to_hex(n & 4095), 3, '0') || '8'
    || lpad(to_hex(n), 15, '0'))::uuid
$$
"""


async def postgres_store(count: int) -> tuple[Store, str]:
    schema = servers.new_schema()
    store = open_store(servers.postgres().url(schema=schema))
    await store.start()
    text = POSTGRES.format(count=count, entries=min(count, ENTRIES_MAX), admin=ADMIN_SCOPE)
    servers.postgres().sql("limen", f"SET search_path = {schema}", ID_OF, *text.split(";")[:-1])
    return store, schema


async def test_a_million_in_sqlite_take_no_longer_than_ten_thousand(tmp_path: Path) -> None:
    few, many = await sqlite_store(tmp_path, FEW), await sqlite_store(tmp_path, MANY)
    ratios = await slower(few, many)
    await few.close()
    await many.close()
    print({name: round(ratio, 2) for name, ratio in ratios.items()})
    assert {name: ratio for name, ratio in ratios.items() if ratio > 3} == {}


async def test_a_million_in_postgres_take_no_longer_than_ten_thousand() -> None:
    (few, _), (many, schema) = await postgres_store(FEW), await postgres_store(MANY)
    ratios = await slower(few, many)
    await few.close()
    await many.close()
    asking = [explained(*one) for one in statements(postgres_directory, postgres_audit)]
    plans = servers.postgres().sql("limen", f"SET search_path = {schema}", *asking)
    servers.postgres().sql("limen", f"DROP SCHEMA {schema} CASCADE")
    print({name: round(ratio, 2) for name, ratio in ratios.items()})
    assert {name: ratio for name, ratio in ratios.items() if ratio > 3} == {}
    assert plans.count("Limit") == len(asking)
    assert "Seq Scan" not in plans, plans


def statements(directory: ModuleType, audit: ModuleType) -> list[tuple[str, list[Any]]]:
    """Whatever is asked of an engine by its statements."""
    mid, one = account_id(FEW // 2), account_id(77)
    lists = [directory.newest(among, before, PAGE) for among in Among for before in (None, mid)]
    found = [
        directory.beginning(prefix, after, PAGE) for prefix in ("u00", "u00012") for after in ("", "u0001250")
    ]
    wanted = [
        Wanted(), Wanted(account=one), Wanted(actor="operator"), Wanted(source="192.0.2.7"),
        Wanted(event="account_disabled"), Wanted(result="denied"), Wanted(since=NOW, until=Instant(NOW + 9)),
        Wanted(account=one, event="sign_in", result="denied", source="192.0.2.7", since=NOW),
    ]  # fmt: skip
    entries = [audit.page(which, before, PAGE) for which in wanted for before in (None, EntryID(mid))]
    return [*lists, *found, *entries]


def explained(statement: str, values: list[Any]) -> str:
    """What asks PostgreSQL how it would go about it, with the values in their places."""
    return "EXPLAIN " + re.sub(r"\$(\d)", lambda m: quoted(values[int(m[1]) - 1]), statement)


def quoted(value: object) -> str:
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


async def test_no_plan_of_sqlite_sorts_or_walks_through_what_is_not_asked_for(tmp_path: Path) -> None:
    store = await sqlite_store(tmp_path, 10)
    await store.close()
    with sqlite3.connect(tmp_path / "10.db") as db:
        for statement, values in statements(sqlite_directory, sqlite_audit):
            plan = " / ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", values))
            assert "TEMP B-TREE" not in plan, (statement, plan)
            narrows = " WHERE 1 ORDER" not in statement and " WHERE " in statement
            assert "SEARCH" in plan or "USING INDEX" in plan or not narrows, (statement, plan)
    db.close()
