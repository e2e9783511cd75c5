"""Accounts in PostgreSQL: reads as statements, writes as operations of the writer."""

from __future__ import annotations

from collections.abc import Sequence

from limen import ids
from limen.accounts import Account
from limen.clock import Instant
from limen.ids import AccountID
from limen.letters import Posted
from limen.revocations import Kind, Revocation, claims_cut, lasting
from limen.stores.base import joined, split
from limen.stores.postgres import letters, rows, tickets
from limen.stores.postgres.events import end_all, latest
from limen.stores.postgres.step import Step
from limen.tickets import Purpose, Ticket

BY_ID = f"SELECT {rows.ACCOUNT} FROM limen_accounts WHERE id = $1"  # noqa: S608 - a constant of ours
BY_KEY = f"SELECT {rows.ACCOUNT} FROM limen_accounts WHERE key = $1"  # noqa: S608
PAGE = f"SELECT {rows.ACCOUNT} FROM limen_accounts WHERE id > $1 ORDER BY id LIMIT $2"  # noqa: S608
_ADD = (
    f"INSERT INTO limen_accounts ({rows.ACCOUNT}) "  # noqa: S608
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING"
)
_UPGRADE = "UPDATE limen_accounts SET password = $2 WHERE id = $1 AND password = $3"
_CHANGE = "UPDATE limen_accounts SET password = $2 WHERE id = $1 AND ($3::text IS NULL OR password = $3)"
_SCOPES = "UPDATE limen_accounts SET scopes = $2, claims_changed = $3 WHERE id = $1"
_HELD = "SELECT id, scopes, rotated FROM limen_sessions WHERE account = $1 ORDER BY id FOR UPDATE"
_NARROW = (
    "UPDATE limen_sessions AS s SET scopes = n.scopes FROM unnest($1::uuid[], $2::text[]) AS n (id, scopes) "
    "WHERE s.id = n.id"
)
_DISABLE = "UPDATE limen_accounts SET disabled = coalesce(disabled, $2) WHERE id = $1"
_CUTOFF = "UPDATE limen_accounts SET cutoff = $2 WHERE id = $1 AND cutoff < $2"
_NAME = "UPDATE limen_accounts SET name = $2 WHERE id = $1"
_ENABLE = "UPDATE limen_accounts SET disabled = NULL WHERE id = $1"


async def add(
    step: Step, account: Account, opened: Sequence[Ticket] = (), posted: Sequence[Posted] = ()
) -> bool:
    a = account
    values = (
        ids.parse(a.id), a.email, a.key, a.password, joined(a.scopes), a.created, a.disabled, a.cutoff,
        a.claims_changed, a.verified, a.name,
    )  # fmt: skip
    if await step.change(_ADD, *values) == 0:
        return False
    await tickets.keep(step, account.id, opened)
    await letters.keep(step, posted)
    return True


async def upgrade_password(step: Step, account: AccountID, spent: str, fresh: str) -> bool:
    return await step.change(_UPGRADE, rows.raw(account), fresh, spent) == 1


async def change_password(
    step: Step,
    account: AccountID,
    spent: str | None,
    fresh: str,
    now: Instant,
    until: Instant,
    named: bool,
    posted: Sequence[Posted],
) -> Revocation | None:
    if await step.change(_CHANGE, rows.raw(account), fresh, spent) == 0:
        return None
    await tickets.void(step, account, but=Purpose.VERIFY)
    await letters.keep(step, posted)
    return await end_all(step, account, now, until, "password_changed", named)


async def set_scopes(
    step: Step, account: AccountID, scopes: tuple[str, ...], upto: Instant, until: Instant, now: Instant
) -> Revocation | None:
    id_ = rows.raw(account)
    row = await step.row(BY_ID + " FOR NO KEY UPDATE", id_)
    found = None if row is None else rows.account(row)
    if found is None:
        return None
    cut = claims_cut(upto, found.claims_changed)
    await step.change(_SCOPES, id_, joined(scopes), cut)
    held = await step.rows(_HELD, id_)
    narrowed = [" ".join(s for s in split(text) if s in scopes) for _, text, _ in held]
    await step.change(_NARROW, [sid for sid, _, _ in held], narrowed)
    rotated = latest(rotated for _, _, rotated in held)
    until = lasting(Instant(until + (cut - upto)), now=now, latest=rotated)
    return step.append(Revocation(Kind.CLAIMS, account, cut, until, now, "scopes_changed"))


async def disable(
    step: Step, account: AccountID, now: Instant, until: Instant, named: bool
) -> Revocation | None:
    """The first time that it was disabled stays."""
    if await step.change(_DISABLE, rows.raw(account), now) == 0:
        return None
    await tickets.void(step, account)
    return await end_all(step, account, now, until, "account_disabled", named)


async def set_name(step: Step, account: AccountID, name: str) -> bool:
    return await step.change(_NAME, rows.raw(account), name) == 1


async def enable(step: Step, account: AccountID) -> bool:
    return await step.change(_ENABLE, rows.raw(account)) == 1


async def delete(
    step: Step,
    account: AccountID,
    now: Instant,
    until: Instant,
    named: bool,
    posted: Sequence[Posted],
) -> Revocation | None:
    """The event is made while the sessions are there to be seen; then all goes."""
    id_ = rows.raw(account)
    if await step.row("SELECT FROM limen_accounts WHERE id = $1 FOR UPDATE", id_) is None:
        return None
    event = await end_all(step, account, now, until, "account_deleted", named)
    await step.change("DELETE FROM limen_accounts WHERE id = $1", id_)
    await letters.keep(step, posted)
    return event


async def raise_cutoff(step: Step, account: AccountID, upto: Instant) -> None:
    await step.change(_CUTOFF, rows.raw(account), upto)
