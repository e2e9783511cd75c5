"""No statement of the store walks a table: each is a search by an index, however much there is."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from limen import ids
from limen.jose.jwk import Algorithm
from limen.keys import KeyState, StoredKey
from limen.stores.sqlite import SQLiteStore
from limen.stores.sqlite.sweep import RECOVERY, STATEMENTS
from limen.throttle import Limit
from limen.tickets import Purpose
from support.faulty import Plan, factory
from support.stores import IDLE, NOW, UNTIL, added, digest, make_posted, make_ticket, opened

pytestmark = pytest.mark.anyio
SMALL = ("limen_state", "limen_keys", "limen_migrations", "sqlite_sequence", "sqlite_master", "gone")
"""Tables of a few rows, which grow with nobody's visits; `gone` is the one row of a maximum."""


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "limen.db", isolation_level=None)) as connection:
        yield connection


def plan(db: sqlite3.Connection, statement: str) -> list[str]:
    marks = max([int(n) for n in re.findall(r"\?(\d+)", statement)] or [statement.count("?")])
    return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", [None] * marks)]


def walked(steps: list[str]) -> list[str]:
    """The steps that read a whole table. What a subquery has found is no table; its own step is judged."""
    steps = [s for s in steps if not s.startswith("SCAN (subquery")]
    return [s for s in steps if s.startswith("SCAN") and not any(table in s for table in SMALL)]


async def every_statement(folder: Path) -> set[str]:
    """What a store that does everything says to SQLite."""
    said = Plan()
    store = SQLiteStore(folder / "limen.db", factory=factory(said))
    await store.start()
    said.statements.clear()
    ada = await added(store)
    one, two = await opened(store, ada), await opened(store, ada, at=NOW + 1, limit=1)
    key = StoredKey("k", Algorithm.ES256, KeyState.ACTIVE, b"sealed", NOW, NOW)
    free = Limit(free=1)
    for attempt in (
        store.account(ada.id), store.account_by_key(ada.key), store.accounts(), store.accounts(after=ada.id),
        store.upgrade_password(ada.id, spent="hash of ada", fresh="f"), store.session(two.id),
        store.set_scopes(ada.id, ("read",), upto=NOW, until=UNTIL, now=NOW),
        store.sessions_of(ada.id, now=NOW),
        store.rotate(two.id, two.digest, digest(1), now=NOW, idle=IDLE),
        store.touch(two.id, now=NOW, idle=IDLE),
        store.revoke_session(one.id, account=ada.id, now=NOW, until=UNTIL, why="w"),
        store.revoke_others(ada.id, keep=one.id, now=NOW, until=UNTIL, why="w"),
        store.revoke_account(ada.id, now=NOW, until=UNTIL, why="w"), store.read_feed(0, now=NOW),
        store.charge([("a", free)], now=NOW), store.settle(clear=["b"], refund=[("a", free)]),
        store.replace_ring([key], version=0), store.ring(), store.ping(), store.sweep(now=NOW),
        store.change_password(ada.id, spent=None, fresh="f", now=NOW, until=UNTIL),
        store.open_tickets(
            ada.id, [make_ticket(ada, Purpose.RESET), make_ticket(ada, Purpose.VERIFY)], [make_posted()]
        ),
        store.verify_email(ada.id, spent=digest(1), now=NOW, until=UNTIL),
        store.reset_password(ada.id, spent=digest(2), fresh="x", now=NOW, until=UNTIL),
        store.confirm_email(ada.id, Purpose.ENTER, spent=digest(3), now=NOW),
        store.ticket(ada.id, Purpose.RESET), store.take_letters(now=NOW, lease=9),
        store.sweep_recovery(now=NOW),
        store.letter_sent(ids.NIL), store.letter_failed(ids.NIL, attempts=1, due=NOW),
        store.letters_waiting(),
        store.disable_account(ada.id, now=NOW, until=UNTIL), store.enable_account(ada.id),
        store.set_name(ada.id, "Ada"),
        store.delete_account(ada.id, now=NOW, until=UNTIL),
    ):  # fmt: skip
        await attempt
    await store.close()
    return {s for s in said.statements if s.startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))}


async def test_D26_no_statement_scans_a_table_that_grows(tmp_path: Path, db: sqlite3.Connection) -> None:
    statements = await every_statement(tmp_path)
    assert len(statements) > 25
    assert {s: w for s in statements if (w := walked(plan(db, s)))} == {}


async def test_a_sweep_searches_its_indexes_and_sorts_nothing(tmp_path: Path, db: sqlite3.Connection) -> None:
    await every_statement(tmp_path)
    for statement in (*STATEMENTS, *RECOVERY):
        steps = plan(db, statement)
        table = statement.split(" ")[2]
        assert any("USING" in step and f"{table}_by_" in step for step in steps), steps
        assert not [s for s in steps if "TEMP B-TREE" in s or s.startswith("SCAN")], steps


async def test_a_scan_is_seen(tmp_path: Path, db: sqlite3.Connection) -> None:
    await every_statement(tmp_path)
    assert walked(plan(db, "SELECT id FROM limen_sessions WHERE user_agent = ?"))
