"""Tickets in PostgreSQL: each is spent in the transaction that does what it permits.

The account's row is locked first, so what two callers do with tickets of one account is done one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import asyncpg

from limen import ids
from limen import tickets as rules
from limen.accounts import Account, email_key
from limen.clock import Instant
from limen.ids import AccountID
from limen.letters import Posted
from limen.revocations import Revocation
from limen.sessions import Digest
from limen.stores.base_recovery import AddressTaken, Moved, OneSide
from limen.stores.postgres import letters as outbox
from limen.stores.postgres import rows
from limen.stores.postgres.events import end_all
from limen.stores.postgres.faults import Crowded
from limen.stores.postgres.step import Step
from limen.tickets import CHANGE, Purpose, Ticket

OF = f"SELECT {rows.TICKET} FROM limen_tickets WHERE account = $1 AND purpose = $2"  # noqa: S608 - a constant of ours
_LOCK = f"SELECT {rows.ACCOUNT} FROM limen_accounts WHERE id = $1 FOR UPDATE"  # noqa: S608
_KEEP = f"INSERT INTO limen_tickets ({rows.TICKET}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"  # noqa: S608
_REPLACE = "DELETE FROM limen_tickets WHERE account = $1 AND purpose = ANY($2::text[])"
_VOID = "DELETE FROM limen_tickets WHERE account = $1 AND purpose IS DISTINCT FROM $2"
_VERIFY = "UPDATE limen_accounts SET verified = $2 WHERE id = $1"
_RESET = "UPDATE limen_accounts SET password = $2, verified = coalesce(verified, $3) WHERE id = $1"
_CONFIRM = "UPDATE limen_tickets SET confirmed = $3 WHERE account = $1 AND purpose = $2"
_MOVE = "UPDATE limen_accounts SET email = $2, key = $3, verified = $4 WHERE id = $1"


async def open_(step: Step, account: AccountID, tickets: Sequence[Ticket], letters: Sequence[Posted]) -> bool:
    found = await _locked(step, account)
    if found is None or not rules.may_be_opened(tickets, found):
        return False
    await keep(step, account, tickets)
    await outbox.keep(step, letters)
    return True


async def keep(step: Step, account: AccountID, tickets: Sequence[Ticket]) -> None:
    """Put tickets in the place of older ones."""
    old = rules.replaced_by(ticket.purpose for ticket in tickets)
    await step.change(_REPLACE, rows.raw(account), [purpose.value for purpose in old])
    for t in tickets:
        await step.change(
            _KEEP, ids.parse(t.account), t.purpose.value, t.digest, t.holder, t.email, t.created, t.ends,
            t.confirmed,
        )  # fmt: skip


async def void(step: Step, account: AccountID, *, but: Purpose | None = None) -> None:
    """Let an account's tickets go."""
    await step.change(_VOID, rows.raw(account), None if but is None else but.value)


async def verify_email(
    step: Step, account: AccountID, spent: Digest, now: Instant, until: Instant, named: bool
) -> Revocation | None:
    if await _good(step, account, Purpose.VERIFY, spent, now) is None:
        return None
    await void(step, account)
    await step.change(_VERIFY, rows.raw(account), now)
    return await end_all(step, account, now, until, "email_verified", named)


async def reset_password(
    step: Step,
    account: AccountID,
    spent: Digest,
    fresh: str,
    now: Instant,
    until: Instant,
    named: bool,
    letters: Sequence[Posted],
) -> Revocation | None:
    if await _good(step, account, Purpose.RESET, spent, now) is None:
        return None
    await void(step, account)
    await step.change(_RESET, rows.raw(account), fresh, now)
    await outbox.keep(step, letters)
    return await end_all(step, account, now, until, "password_reset", named)


async def confirm_email(
    step: Step,
    account: AccountID,
    purpose: Purpose,
    spent: Digest,
    now: Instant,
    letters: Sequence[Posted],
) -> Moved | OneSide | AddressTaken | None:
    found = await _good(step, account, purpose, spent, now)
    (other_side,) = CHANGE - {purpose}
    mine, other = await _ticket(step, account, purpose), await _ticket(step, account, other_side)
    if found is None or mine is None or other is None:
        return None
    if other.confirmed is None:
        await step.change(_CONFIRM, rows.raw(account), purpose.value, now)
        return OneSide()
    await void(step, account)
    return await _move(step, found, mine.email, now, letters)


async def _move(
    step: Step, account: Account, email: str, now: Instant, letters: Sequence[Posted]
) -> Moved | AddressTaken:
    id_, key = rows.raw(account.id), email_key(email)
    if await step.row("SELECT FROM limen_accounts WHERE key = $1 AND id <> $2", key, id_) is not None:
        return AddressTaken()
    try:
        await step.change(_MOVE, id_, email, key, now)
    except asyncpg.UniqueViolationError as error:  # somebody took it in this very moment: look again
        raise Crowded from error
    await outbox.keep(step, letters)
    return Moved(replace(account, email=email, key=key, verified=now))


async def _good(
    step: Step, account: AccountID, purpose: Purpose, spent: Digest, now: Instant
) -> Account | None:
    """The account, locked, if this ticket of it is good and it may use one."""
    found = await _locked(step, account)
    if found is None or found.disabled is not None:
        return None
    good = rules.is_good(await _ticket(step, account, purpose), spent, found.key, now=now)
    return found if good else None


async def _locked(step: Step, account: AccountID) -> Account | None:
    row = await step.row(_LOCK, rows.raw(account))
    return None if row is None else rows.account(row)


async def _ticket(step: Step, account: AccountID, purpose: Purpose) -> Ticket | None:
    row = await step.row(OF, rows.raw(account), purpose.value)
    return None if row is None else rows.ticket(row)
