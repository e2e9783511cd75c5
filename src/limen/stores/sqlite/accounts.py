"""Accounts in SQLite: reads as statements, writes as operations of the writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from limen import ids
from limen.accounts import Account
from limen.clock import Instant
from limen.ids import AccountID
from limen.letters import Posted
from limen.revocations import Kind, Revocation, claims_cut, lasting
from limen.stores.base import joined, split
from limen.stores.sqlite import letters, rows, tickets
from limen.stores.sqlite.events import append, end_all, latest_rotation
from limen.tickets import Purpose, Ticket

BY_ID = f"SELECT {rows.ACCOUNT} FROM limen_accounts WHERE id = ?"  # noqa: S608 - a constant of ours
BY_KEY = f"SELECT {rows.ACCOUNT} FROM limen_accounts WHERE key = ?"  # noqa: S608
PAGE = f"SELECT {rows.ACCOUNT} FROM limen_accounts WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608


def add(
    db: sqlite3.Connection, account: Account, opened: Sequence[Ticket] = (), posted: Sequence[Posted] = ()
) -> bool:
    cursor = db.execute(
        "INSERT INTO limen_accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            ids.to_bytes(account.id),
            account.email,
            account.key,
            account.password,
            joined(account.scopes),
            account.created,
            account.disabled,
            account.cutoff,
            account.claims_changed,
            account.verified,
            account.name,
        ),
    )
    if cursor.rowcount == 0:
        return False
    tickets.keep(db, account.id, opened)
    letters.keep(db, posted)
    return True


def upgrade_password(db: sqlite3.Connection, account: AccountID, spent: str, fresh: str) -> bool:
    cursor = db.execute(
        "UPDATE limen_accounts SET password = ? WHERE id = ? AND password = ?",
        (fresh, rows.raw(account), spent),
    )
    return cursor.rowcount == 1


def change_password(
    db: sqlite3.Connection,
    account: AccountID,
    spent: str | None,
    fresh: str,
    now: Instant,
    until: Instant,
    named: bool,
    posted: Sequence[Posted],
) -> Revocation | None:
    cursor = db.execute(
        "UPDATE limen_accounts SET password = ?1 WHERE id = ?2 AND (?3 IS NULL OR password = ?3)",
        (fresh, rows.raw(account), spent),
    )
    if cursor.rowcount == 0:
        return None
    tickets.void(db, account, but=Purpose.VERIFY)
    letters.keep(db, posted)
    return end_all(db, account, now, until, "password_changed", named)


def set_scopes(
    db: sqlite3.Connection,
    account: AccountID,
    scopes: tuple[str, ...],
    upto: Instant,
    until: Instant,
    now: Instant,
) -> Revocation | None:
    id_ = rows.raw(account)
    row = db.execute(BY_ID, (id_,)).fetchone()
    found = None if row is None else rows.account(row)
    if found is None:
        return None
    cut = claims_cut(upto, found.claims_changed)
    db.execute(
        "UPDATE limen_accounts SET scopes = ?, claims_changed = ? WHERE id = ?", (joined(scopes), cut, id_)
    )
    held = db.execute("SELECT id, scopes FROM limen_sessions WHERE account = ?", (id_,)).fetchall()
    narrowed = [
        (" ".join(s for s in split(text) if s in scopes), sid) for sid, text in held if type(text) is str
    ]
    db.executemany("UPDATE limen_sessions SET scopes = ? WHERE id = ?", narrowed)
    until = lasting(Instant(until + (cut - upto)), now=now, latest=latest_rotation(db, id_))
    return append(db, Revocation(Kind.CLAIMS, account, cut, until, now, "scopes_changed"))


def disable(
    db: sqlite3.Connection, account: AccountID, now: Instant, until: Instant, named: bool
) -> Revocation | None:
    """The first time that it was disabled stays."""
    cursor = db.execute(
        "UPDATE limen_accounts SET disabled = coalesce(disabled, ?) WHERE id = ?", (now, rows.raw(account))
    )
    tickets.void(db, account)
    return end_all(db, account, now, until, "account_disabled", named) if cursor.rowcount else None


def set_name(db: sqlite3.Connection, account: AccountID, name: str) -> bool:
    cursor = db.execute("UPDATE limen_accounts SET name = ? WHERE id = ?", (name, rows.raw(account)))
    return cursor.rowcount == 1


def enable(db: sqlite3.Connection, account: AccountID) -> bool:
    cursor = db.execute("UPDATE limen_accounts SET disabled = NULL WHERE id = ?", (rows.raw(account),))
    return cursor.rowcount == 1


def delete(
    db: sqlite3.Connection,
    account: AccountID,
    now: Instant,
    until: Instant,
    named: bool,
    posted: Sequence[Posted],
) -> Revocation | None:
    """The event is made while the sessions are there to be seen; then all goes."""
    id_ = rows.raw(account)
    if db.execute("SELECT 1 FROM limen_accounts WHERE id = ?", (id_,)).fetchone() is None:
        return None
    event = end_all(db, account, now, until, "account_deleted", named)
    db.execute("DELETE FROM limen_accounts WHERE id = ?", (id_,))
    letters.keep(db, posted)
    return event


def raise_cutoff(db: sqlite3.Connection, account: AccountID, upto: Instant) -> None:
    db.execute("UPDATE limen_accounts SET cutoff = max(cutoff, ?) WHERE id = ?", (upto, rows.raw(account)))
