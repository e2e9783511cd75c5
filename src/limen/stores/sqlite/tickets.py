"""Tickets in SQLite: each is spent inside the writing transaction that does what it permits."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from limen import ids
from limen import tickets as rules
from limen.accounts import Account, email_key
from limen.clock import Instant
from limen.ids import AccountID
from limen.letters import Posted
from limen.revocations import Revocation
from limen.sessions import Digest
from limen.stores.base_recovery import AddressTaken, Moved, OneSide
from limen.stores.sqlite import letters as outbox
from limen.stores.sqlite import rows
from limen.stores.sqlite.events import end_all
from limen.tickets import CHANGE, Purpose, Ticket

OF = f"SELECT {rows.TICKET} FROM limen_tickets WHERE account = ? AND purpose = ?"  # noqa: S608 - a constant of ours
_ACCOUNT = f"SELECT {rows.ACCOUNT} FROM limen_accounts WHERE id = ?"  # noqa: S608
_KEEP = "INSERT INTO limen_tickets VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_REPLACE = "DELETE FROM limen_tickets WHERE account = ? AND purpose = ?"
_VOID = "DELETE FROM limen_tickets WHERE account = ?1 AND purpose IS NOT ?2"


def open_(
    db: sqlite3.Connection, account: AccountID, tickets: Sequence[Ticket], letters: Sequence[Posted]
) -> bool:
    found = _account(db, account)
    if found is None or not rules.may_be_opened(tickets, found):
        return False
    keep(db, account, tickets)
    outbox.keep(db, letters)
    return True


def keep(db: sqlite3.Connection, account: AccountID, tickets: Sequence[Ticket]) -> None:
    """Put tickets in the place of older ones."""
    id_, old = rows.raw(account), rules.replaced_by(ticket.purpose for ticket in tickets)
    db.executemany(_REPLACE, [(id_, purpose.value) for purpose in old])
    db.executemany(_KEEP, [_values(ticket) for ticket in tickets])


def void(db: sqlite3.Connection, account: AccountID, *, but: Purpose | None = None) -> None:
    """Let an account's tickets go."""
    db.execute(_VOID, (rows.raw(account), None if but is None else but.value))


def verify_email(
    db: sqlite3.Connection, account: AccountID, spent: Digest, now: Instant, until: Instant, named: bool
) -> Revocation | None:
    if _good(db, account, Purpose.VERIFY, spent, now) is None:
        return None
    void(db, account)
    db.execute("UPDATE limen_accounts SET verified = ? WHERE id = ?", (now, rows.raw(account)))
    return end_all(db, account, now, until, "email_verified", named)


def reset_password(
    db: sqlite3.Connection,
    account: AccountID,
    spent: Digest,
    fresh: str,
    now: Instant,
    until: Instant,
    named: bool,
    letters: Sequence[Posted],
) -> Revocation | None:
    if _good(db, account, Purpose.RESET, spent, now) is None:
        return None
    void(db, account)
    db.execute(
        "UPDATE limen_accounts SET password = ?, verified = coalesce(verified, ?) WHERE id = ?",
        (fresh, now, rows.raw(account)),
    )
    outbox.keep(db, letters)
    return end_all(db, account, now, until, "password_reset", named)


def confirm_email(
    db: sqlite3.Connection,
    account: AccountID,
    purpose: Purpose,
    spent: Digest,
    now: Instant,
    letters: Sequence[Posted],
) -> Moved | OneSide | AddressTaken | None:
    found = _good(db, account, purpose, spent, now)
    (other_side,) = CHANGE - {purpose}
    mine, other = _ticket(db, account, purpose), _ticket(db, account, other_side)
    if found is None or mine is None or other is None:
        return None
    if other.confirmed is None:
        sql = "UPDATE limen_tickets SET confirmed = ? WHERE account = ? AND purpose = ?"
        db.execute(sql, (now, rows.raw(account), purpose.value))
        return OneSide()
    void(db, account)
    id_, key = rows.raw(account), email_key(mine.email)
    if db.execute("SELECT 1 FROM limen_accounts WHERE key = ? AND id <> ?", (key, id_)).fetchone():
        return AddressTaken()
    db.execute(
        "UPDATE limen_accounts SET email = ?, key = ?, verified = ? WHERE id = ?", (mine.email, key, now, id_)
    )
    outbox.keep(db, letters)
    return Moved(replace(found, email=mine.email, key=key, verified=now))


def _good(
    db: sqlite3.Connection, account: AccountID, purpose: Purpose, spent: Digest, now: Instant
) -> Account | None:
    """The account, if this ticket of it is good and it may use one."""
    found = _account(db, account)
    if found is None or found.disabled is not None:
        return None
    good = rules.is_good(_ticket(db, account, purpose), spent, found.key, now=now)
    return found if good else None


def _account(db: sqlite3.Connection, account: AccountID) -> Account | None:
    row = db.execute(_ACCOUNT, (rows.raw(account),)).fetchone()
    return None if row is None else rows.account(row)


def _ticket(db: sqlite3.Connection, account: AccountID, purpose: Purpose) -> Ticket | None:
    row = db.execute(OF, (rows.raw(account), purpose.value)).fetchone()
    return None if row is None else rows.ticket(row)


def _values(ticket: Ticket) -> tuple[object, ...]:
    t = ticket
    return (
        ids.to_bytes(t.account), t.purpose.value, t.digest, t.holder, t.email, t.created, t.ends, t.confirmed,
    )  # fmt: skip
