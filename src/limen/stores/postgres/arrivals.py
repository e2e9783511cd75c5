"""Many accounts at once in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limen import ids
from limen.accounts import Account
from limen.ids import AccountID
from limen.stores.base import joined
from limen.stores.postgres import rows
from limen.stores.postgres.step import Step

_ADD = f"""
INSERT INTO limen_accounts ({rows.ACCOUNT})
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::float8[],
    $8::float8[], $9::float8[], $10::float8[], $11::text[])
ON CONFLICT DO NOTHING RETURNING id
"""  # noqa: S608 - a constant of ours
TAKEN = "SELECT id, key FROM limen_accounts WHERE key = ANY($1::text[]) OR id = ANY($2::uuid[])"


async def add(step: Step, accounts: Sequence[Account]) -> frozenset[AccountID]:
    """In the order of their keys, so that two that add the same wait for each other and not in a circle."""
    if not accounts:
        return frozenset()
    ordered = sorted(accounts, key=lambda account: account.key)
    kept = await step.changed(_ADD, *map(list, zip(*map(_values, ordered), strict=True)))
    return frozenset(AccountID(str(row[0])) for row in kept)


def _values(a: Account) -> tuple[Any, ...]:
    return (
        ids.parse(a.id), a.email, a.key, a.password, joined(a.scopes), a.created, a.disabled, a.cutoff,
        a.claims_changed, a.verified, a.name,
    )  # fmt: skip
