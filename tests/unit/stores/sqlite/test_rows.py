"""D29, D30: rows that are not what they should be, by a broken index or somebody's hand."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from limen import ids
from limen.accounts import Account
from limen.jose.jwk import Algorithm
from limen.keys import KeyState, StoredKey
from limen.sessions import Session
from limen.stores.base import Gone, NoAccount
from limen.stores.sqlite import SQLiteStore
from limen.throttle import Limit, Wait
from support.faulty import Plan, factory
from support.stores import IDLE, NOW, UNTIL, added, digest, make_session, opened

pytestmark = pytest.mark.anyio
FREE = Limit(free=2)


@dataclass
class Kept:
    """A store and what it holds one of."""

    store: SQLiteStore
    path: Path
    plan: Plan
    account: Account
    session: Session

    def edit(self, statement: str, *values: Any) -> None:
        """Change the file as somebody with a database browser does, past every rule of the schema."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            db.execute("PRAGMA ignore_check_constraints = ON")
            db.execute(statement, values)

    def loosen(self, table: str) -> None:
        """Make a table take any type, as that of an older schema might."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            found = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
            loose = found.replace(" STRICT,", "").replace(" STRICT", "").replace(" NOT NULL", "")
            db.execute("PRAGMA writable_schema = ON")
            db.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (loose, table))
            version = db.execute("PRAGMA schema_version").fetchone()[0]
            db.execute(f"PRAGMA schema_version = {version + 1}")


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    plan = Plan()
    store = SQLiteStore(tmp_path / "limen.db", factory=factory(plan))
    await store.start()
    account = await added(store)
    yield Kept(store, tmp_path / "limen.db", plan, account, await opened(store, account))
    await store.close()


REALS = ("'not a number'", "x'00ff'", "NULL", "9e999", "-9e999")
TEXTS = ("x'00ff'", "NULL")
WRONG_SESSIONS = [
    *((c, v) for c in ("rotated", "created", "authenticated", "touched", "ends", "expires") for v in REALS),
    *((c, v) for c in ("strategy", "amr", "scopes", "user_agent", "source") for v in TEXTS),
    *((c, v) for c in ("account", "digest") for v in ("'not a number'", "NULL", "x'00ff'", "7")),
    *(("generation", v) for v in ("'not a number'", "NULL", "x'00ff'", "1.5")),
    ("strategy", "'not a number'"),
]
WRONG_ACCOUNTS = [
    *((c, v) for c in ("created", "cutoff", "claims_changed") for v in REALS),
    *(("disabled", v) for v in REALS if v != "NULL"),
    *((c, v) for c in ("email", "key", "scopes") for v in TEXTS),
    ("password", "x'00ff'"),
    *(("verified", v) for v in REALS if v != "NULL"),
    *(("name", v) for v in TEXTS),
]


@pytest.mark.parametrize(("column", "value"), WRONG_SESSIONS)
async def test_D30_a_session_with_a_wrong_value_is_no_session_and_can_be_ended(
    column: str, value: str, kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    store, sid = kept.store, kept.session.id
    kept.loosen("limen_sessions")
    kept.edit(f"UPDATE limen_sessions SET {column} = {value}")
    assert await store.session(sid) is None
    assert "limen_sessions" in caplog.text
    assert "not a number" not in caplog.text
    assert await store.sessions_of(kept.account.id, now=NOW) == []
    answer = await store.rotate(sid, kept.session.digest, digest(1), now=NOW, idle=IDLE)
    if value.endswith("9e999") and column not in ("rotated", "touched", "ends"):  # which it writes anew
        assert answer == Gone()  # STRICT would have kept the other values out
    await store.touch(sid, now=NOW, idle=IDLE)
    await store.set_scopes(kept.account.id, ("read",), upto=NOW, until=UNTIL, now=NOW)
    ended = await store.revoke_session(sid, account=None, now=NOW, until=UNTIL, why="w")
    assert ended is not None
    assert ended.subject == sid
    await store.sweep(now=UNTIL)


@pytest.mark.parametrize(("column", "value"), WRONG_ACCOUNTS)
async def test_D30_an_account_with_a_wrong_value_is_no_account_and_opens_no_session(
    column: str, value: str, kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    store, account = kept.store, kept.account
    kept.loosen("limen_accounts")
    kept.edit(f"UPDATE limen_accounts SET {column} = {value}")
    assert await store.account(account.id) is None
    assert await store.account_by_key(account.key) is None
    assert await store.accounts() == []
    assert "limen_accounts" in caplog.text
    assert "not a number" not in caplog.text
    session = make_session(account, at=NOW + 5)
    outcome = await store.open_session(session, limit=None, until=UNTIL, now=NOW)
    if column in ("disabled", "cutoff"):
        assert outcome == NoAccount()
    assert await store.set_scopes(account.id, ("read",), upto=NOW, until=UNTIL, now=NOW) is None
    assert await store.disable_account(account.id, now=NOW, until=UNTIL) is not None
    assert await store.delete_account(account.id, now=NOW, until=UNTIL) is not None


async def test_D30_text_that_is_no_utf8_spoils_its_own_row_alone(kept: Kept) -> None:
    other = await opened(kept.store, kept.account, at=NOW + 1)
    kept.edit(
        "UPDATE limen_sessions SET user_agent = CAST(x'ff00fe' AS TEXT) WHERE id = ?",
        ids.to_bytes(kept.session.id),
    )
    assert await kept.store.session(kept.session.id) is None
    assert await kept.store.sessions_of(kept.account.id, now=NOW) == [other]


@pytest.mark.parametrize(
    ("edit", "expected"),
    [("digest = x'00'", None), ("strategy = 'admin'", None), ("account = x'00'", None), ("id = x'01'", None)],
)
async def test_D30_a_session_with_an_impossible_value_is_no_session(
    kept: Kept, edit: str, expected: object
) -> None:
    with closing(sqlite3.connect(kept.path, isolation_level=None)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute(f"UPDATE limen_sessions SET {edit}")
    assert await kept.store.session(kept.session.id) is expected
    assert await kept.store.sessions_of(kept.account.id, now=NOW) == []
    await kept.store.revoke_others(kept.account.id, keep=kept.session.id, now=NOW, until=UNTIL, why="w")
    await kept.store.revoke_account(kept.account.id, now=NOW, until=UNTIL, why="w")


@pytest.mark.parametrize("edit", ["kind = 'everything'", "upto = 9e999", "until = 9e999", "subject = x'00'"])
async def test_D30_an_event_that_cannot_be_read_keeps_no_other_from_being_read(kept: Kept, edit: str) -> None:
    kept.loosen("limen_revocations")
    first = await kept.store.revoke_account(kept.account.id, now=NOW, until=UNTIL, why="w")
    second = await kept.store.revoke_account(kept.account.id, now=NOW, until=UNTIL, why="w")
    kept.edit(f"UPDATE limen_revocations SET {edit} WHERE position = ?", first.position)
    page = await kept.store.read_feed(0, now=NOW)
    assert page.revocations == (second,)
    assert page.position == second.position


@pytest.mark.parametrize("edit", ["charges = 'x'", "opens = NULL", "last = x'00'", "opens = 9e999"])
async def test_D30_a_bucket_that_cannot_be_read_begins_anew(kept: Kept, edit: str) -> None:
    kept.loosen("limen_buckets")
    for _ in range(2):
        assert await kept.store.charge([("a", FREE)], now=NOW) is None
    kept.edit(f"UPDATE limen_buckets SET {edit}")
    for _ in range(2):
        assert await kept.store.charge([("a", FREE)], now=NOW) is None
    assert isinstance(await kept.store.charge([("a", FREE)], now=NOW), Wait)
    await kept.store.settle(refund=[("a", FREE)])


@pytest.mark.parametrize("edit", ["state = 'eternal'", "algorithm = 'none'", "sealed = 'x'", "since = NULL"])
async def test_D30_a_key_that_cannot_be_read_is_no_key(
    kept: Kept, edit: str, caplog: pytest.LogCaptureFixture
) -> None:
    kept.loosen("limen_keys")
    keys = [StoredKey(k, Algorithm.ES256, KeyState.ACTIVE, b"sealed", NOW, NOW) for k in ("k1", "k2")]
    assert await kept.store.replace_ring(keys, version=0)
    kept.edit(f"UPDATE limen_keys SET {edit} WHERE kid = 'k1'")
    assert [k.kid for k in (await kept.store.ring()).keys] == ["k2"]
    assert "limen_keys" in caplog.text


async def test_D30_a_session_whose_row_is_of_nobody_is_kept_out_by_the_schema(kept: Kept) -> None:
    with closing(sqlite3.connect(kept.path, isolation_level=None)) as db:
        db.execute("DELETE FROM limen_accounts")
    session = await kept.store.session(kept.session.id)
    assert (
        session is not None
    )  # its account is gone without its event: the strategies ask for it at a refresh
    assert await kept.store.account(kept.account.id) is None
    outcome = await kept.store.open_session(make_session(kept.account), limit=None, until=UNTIL, now=NOW)
    assert outcome == NoAccount()


Other = Callable[[str, Any], Any]


def another_row(kept: Kept, statement: str, *values: Any) -> Other:
    """Answers every statement on that table with the row of another."""
    with closing(sqlite3.connect(kept.path)) as db:
        row = db.execute(statement, values).fetchone()
    table = statement.split("FROM ")[1].split(" ")[0]
    return lambda asked, _: row if table in asked and not asked.startswith("PRAGMA") else None


async def test_D29_the_row_of_another_session_is_no_answer(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    bob = await added(kept.store, "bob")
    other = await opened(kept.store, bob)
    kept.plan.answer = another_row(kept, "SELECT * FROM limen_sessions WHERE id = ?", ids.to_bytes(other.id))
    assert await kept.store.session(kept.session.id) is None
    assert [r.levelno for r in caplog.records] == [logging.CRITICAL]
    assert other.id not in caplog.text
    assert await kept.store.sessions_of(kept.account.id, now=NOW) == []
    outcome = await kept.store.rotate(kept.session.id, kept.session.digest, digest(1), now=NOW, idle=IDLE)
    assert outcome == Gone()
    kept.plan.answer = None
    assert await kept.store.session(kept.session.id) == kept.session


async def test_D29_the_row_of_another_account_is_no_answer(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    bob = await added(kept.store, "bob")
    kept.plan.answer = another_row(kept, "SELECT * FROM limen_accounts WHERE id = ?", ids.to_bytes(bob.id))
    assert await kept.store.account(kept.account.id) is None
    assert await kept.store.account_by_key(kept.account.key) is None
    assert await kept.store.account(bob.id) == bob
    assert [r.levelno for r in caplog.records] == [logging.CRITICAL] * 2
    assert bob.key not in caplog.text
