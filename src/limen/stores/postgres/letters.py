"""The outbox in PostgreSQL. Whoever takes letters leaves those that another is just taking."""

from __future__ import annotations

from collections.abc import Sequence

from limen import ids
from limen.clock import Instant, Seconds
from limen.letters import Posted
from limen.stores.postgres import rows
from limen.stores.postgres.step import Step

WAITING = "SELECT count(*)::int FROM (SELECT FROM limen_letters LIMIT $1) AS waiting"
_KEEP = (
    f"INSERT INTO limen_letters ({rows.LETTER}) "  # noqa: S608 - a constant of ours
    "SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::float8[], $4::float8[], $5::bigint[])"
)
_TAKE = (
    "UPDATE limen_letters SET due = $2, attempts = attempts + 1 WHERE id IN "  # noqa: S608
    "(SELECT id FROM limen_letters WHERE due <= $1 ORDER BY due, id LIMIT $3 "
    f"FOR UPDATE SKIP LOCKED) RETURNING {rows.LETTER}"
)
_SENT = "DELETE FROM limen_letters WHERE id = $1"
_FAILED = "UPDATE limen_letters SET due = $2 WHERE id = $1 AND attempts = $3"


async def keep(step: Step, letters: Sequence[Posted]) -> None:
    if letters:
        values = [(ids.parse(p.id), p.sealed, p.due, p.ends, p.attempts) for p in letters]
        await step.change(_KEEP, *map(list, zip(*values, strict=True)))


async def take(step: Step, now: Instant, lease: Seconds, limit: int) -> list[Posted]:
    taken = rows.readable(rows.letter, await step.changed(_TAKE, now, now + lease, limit))
    return sorted(taken, key=lambda p: p.id)


async def sent(step: Step, letter: str) -> None:
    await step.change(_SENT, rows.raw(letter))


async def failed(step: Step, letter: str, attempts: int, due: Instant) -> None:
    await step.change(_FAILED, rows.raw(letter), due, attempts)
