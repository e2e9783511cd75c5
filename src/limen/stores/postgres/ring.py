"""The key ring in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from limen.keys import StoredKey, StoredRing
from limen.revocations import Revocation
from limen.stores.postgres import rows
from limen.stores.postgres.connection import Row
from limen.stores.postgres.events import CHANNEL, revoke
from limen.stores.postgres.step import Step

READ = f"SELECT ring, {rows.KEY} FROM limen_state LEFT JOIN limen_keys ON true ORDER BY ordinal"  # noqa: S608
"""Keys and version of one moment."""
_RAISE = "UPDATE limen_state SET ring = ring + 1 WHERE ring = $1"
_KEEP = f"""
INSERT INTO limen_keys (kid, ordinal, algorithm, state, sealed, created, since)
SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::bytea[], $6::float8[], $7::float8[])
ON CONFLICT (kid) DO UPDATE SET ordinal = excluded.ordinal, algorithm = excluded.algorithm,
    state = excluded.state, sealed = excluded.sealed, created = excluded.created, since = excluded.since
RETURNING pg_notify('{CHANNEL}', '')
"""  # noqa: S608 - a constant of ours


def ring(found: Sequence[Row]) -> StoredRing:
    """The ring of the rows of READ."""
    keys = rows.readable(rows.key, (tuple(row[1:]) for row in found if row[1] is not None))
    return StoredRing(tuple(keys), found[0][0] if found else 0)


async def replace(
    step: Step, keys: Sequence[StoredKey], version: int, revocation: Revocation | None
) -> int | None:
    if await step.change(_RAISE, version) == 0:
        return None
    had = {row[0] for row in await step.rows("SELECT kid FROM limen_keys")}
    if not had <= {key.kid for key in keys}:
        raise ValueError("a key id that the ring had is never taken away")
    ordered = sorted(keys, key=lambda k: k.created)
    values = [
        (k.kid, n, k.algorithm.value, k.state.value, k.sealed, k.created, k.since)
        for n, k in enumerate(ordered)
    ]
    if values:
        await step.changed(_KEEP, *map(list, zip(*values, strict=True)))
    if revocation is not None:
        await revoke(step, revocation)
    return version + 1
