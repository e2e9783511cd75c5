"""Removing what has expired. Each statement walks an index from its old end and stops at the limit.

A row that somebody is changing at the moment is left for the next time: it may be about to live longer.
"""

from __future__ import annotations

from limen.clock import Instant
from limen.letters import UNSENT_KEPT
from limen.stores.postgres.step import Step

_SESSIONS = (
    "DELETE FROM limen_sessions WHERE id IN (SELECT id FROM limen_sessions WHERE ends <= $1 "
    "ORDER BY ends, id LIMIT $2 FOR UPDATE SKIP LOCKED)"
)
_EVENTS = (
    "DELETE FROM limen_revocations WHERE position IN (SELECT position FROM limen_revocations "
    "WHERE until <= $1 ORDER BY until, position LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING position, until"
)
_BUCKETS = (
    "DELETE FROM limen_buckets WHERE key IN (SELECT key FROM limen_buckets WHERE ends <= $1 "
    "ORDER BY ends, key LIMIT $2 FOR UPDATE SKIP LOCKED)"
)
_TICKETS = (
    "DELETE FROM limen_tickets WHERE (account, purpose) IN (SELECT account, purpose FROM limen_tickets "
    "WHERE ends <= $1 ORDER BY ends, account, purpose LIMIT $2 FOR UPDATE SKIP LOCKED)"
)
_LETTERS = (
    "DELETE FROM limen_letters WHERE id IN (SELECT id FROM limen_letters WHERE ends <= $1 "
    "ORDER BY ends, id LIMIT $2 FOR UPDATE SKIP LOCKED)"
)
_FORGET = "UPDATE limen_state SET swept = greatest(swept, $1), forgotten = greatest(forgotten, $2)"
_RECEIPTS = "DELETE FROM limen_receipts WHERE at < now() - interval '1 day'"


async def sweep(step: Step, now: Instant, limit: int) -> int:
    """How many rows went. Receipts of processes that died are no rows of anybody."""
    sessions = await step.change(_SESSIONS, now, limit)
    buckets = await step.change(_BUCKETS, now, limit)
    await step.change(_RECEIPTS)
    events = await step.changed(_EVENTS, now, limit)
    if events:  # last, for it holds up whoever appends
        positions, untils = zip(*events, strict=True)
        await step.change(_FORGET, max(positions), max(untils))
    return sessions + buckets + len(events)


async def sweep_recovery(step: Step, now: Instant, limit: int) -> int:
    return await step.change(_TICKETS, now, limit) + await step.change(_LETTERS, now - UNSENT_KEPT, limit)
