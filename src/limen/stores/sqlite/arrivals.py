"""Many accounts at once in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from limen import ids
from limen.accounts import Account
from limen.ids import AccountID
from limen.stores.sqlite import rows
from limen.stores.sqlite.accounts import add as add_one

BY_KEY = "SELECT id, key FROM limen_accounts WHERE key = ?"
BY_ID = "SELECT id, key FROM limen_accounts WHERE id = ?"


def add(db: sqlite3.Connection, accounts: Sequence[Account]) -> frozenset[AccountID]:
    return frozenset([account.id for account in accounts if add_one(db, account)])


def named(found: Iterable[rows.Row]) -> list[tuple[AccountID, str]]:
    """Ids and keys of rows that were found, each once. A row that is damaged names nobody, and yet its key
    is taken: the index says so when it is added."""
    whole = [row for row in found if type(row[0]) is bytes and type(row[1]) is str]
    return list({(AccountID(ids.from_bytes(row[0])), row[1]) for row in whole if len(row[0]) == 16})
