"""The list of accounts in PostgreSQL."""

from __future__ import annotations

from typing import Any

from limen.accounts import Account, Among
from limen.ids import AccountID
from limen.stores.postgres import rows
from limen.stores.postgres.accounts import add
from limen.stores.postgres.step import Step

_AMONG = {
    Among.ALL: "true",
    Among.DISABLED: "disabled IS NOT NULL",
    Among.ADMINISTRATORS: "strpos(' ' || scopes || ' ', ' limen:admin ') > 0",
}
_LAST = "\U0010ffff"
"""Above every character that an address may have."""
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(5498061943406683494)"
"""Until the commit: whoever comes second sees what the first has added."""


def newest(among: Among, before: AccountID | None, limit: int) -> tuple[str, list[Any]]:
    """The statement for a page, and its values."""
    bound, values = ("", []) if before is None else (" AND id < $2", [rows.raw(before)])
    return (
        f"SELECT {rows.ACCOUNT} FROM limen_accounts WHERE {_AMONG[among]}{bound} ORDER BY id DESC LIMIT $1",  # noqa: S608 - names of ours
        [limit, *values],
    )


def beginning(prefix: str, after: str, limit: int) -> tuple[str, list[Any]]:
    """The statement for a page, and its values."""
    low = ("key > $1", after) if after >= prefix and after else ("key >= $1", prefix)
    return (
        f"SELECT {rows.ACCOUNT} FROM limen_accounts WHERE {low[0]} AND key < $2 ORDER BY key LIMIT $3",  # noqa: S608 - names of ours
        [low[1], prefix + _LAST, limit],
    )


def count(among: Among, most: int) -> tuple[str, list[Any]]:
    """The statement that counts, and its values."""
    which = _AMONG[among]
    return f"SELECT count(*) FROM (SELECT FROM limen_accounts WHERE {which} LIMIT $1) AS counted", [most]  # noqa: S608 - names of ours


async def add_first_administrator(step: Step, account: Account) -> bool:
    await step.rows(_ONE_AT_A_TIME)
    statement, values = count(Among.ADMINISTRATORS, 1)
    row = await step.row(statement, *values)
    return row is not None and row[0] == 0 and await add(step, account)
