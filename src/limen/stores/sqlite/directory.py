"""The list of accounts in SQLite. The index is named: there are no statistics here to choose it by."""

from __future__ import annotations

import sqlite3
from typing import Any

from limen.accounts import Account, Among
from limen.ids import AccountID
from limen.stores.sqlite import rows
from limen.stores.sqlite.accounts import add

_AMONG = {
    Among.ALL: ("", "1"),
    Among.DISABLED: (" INDEXED BY limen_accounts_disabled", "disabled IS NOT NULL"),
    Among.ADMINISTRATORS: (
        " INDEXED BY limen_accounts_administrators",
        "instr(' ' || scopes || ' ', ' limen:admin ') > 0",
    ),
}
_LAST = "\U0010ffff"
"""Above every character that an address may have."""


def newest(among: Among, before: AccountID | None, limit: int) -> tuple[str, list[Any]]:
    """The statement for a page, and its values."""
    index, which = _AMONG[among]
    bound, values = ("", []) if before is None else (" AND id < ?", [rows.raw(before)])
    return (
        f"SELECT {rows.ACCOUNT} FROM limen_accounts{index} WHERE {which}{bound} ORDER BY id DESC LIMIT ?",  # noqa: S608 - names of ours
        [*values, limit],
    )


def beginning(prefix: str, after: str, limit: int) -> tuple[str, list[Any]]:
    """The statement for a page, and its values."""
    low = ("key > ?", after) if after >= prefix and after else ("key >= ?", prefix)
    return (
        f"SELECT {rows.ACCOUNT} FROM limen_accounts WHERE {low[0]} AND key < ? ORDER BY key LIMIT ?",  # noqa: S608 - names of ours
        [low[1], prefix + _LAST, limit],
    )


def count(among: Among, most: int) -> tuple[str, list[Any]]:
    """The statement that counts, and its values."""
    index, which = _AMONG[among]
    return (
        f"SELECT count(*) FROM (SELECT 1 FROM limen_accounts{index} WHERE {which} LIMIT ?)",  # noqa: S608 - names of ours
        [most],
    )


def add_first_administrator(db: sqlite3.Connection, account: Account) -> bool:
    statement, values = count(Among.ADMINISTRATORS, 1)
    return db.execute(statement, values).fetchone()[0] == 0 and add(db, account)
