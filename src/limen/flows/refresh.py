"""Refresh: spend a session credential for new credentials."""

from __future__ import annotations

from limen.counts import spanned
from limen.errors import Denied
from limen.flows.parts import Parts
from limen.sessions import Sealer
from limen.strategies.base import Grant, Refreshes, Replayed


@spanned("limen.refresh")
async def refresh(
    parts: Parts, sealer: Sealer, strategy: Refreshes | None, credential: str, *, source: str
) -> Grant:
    """New credentials. Denied(`refresh_denied`) for whatever is not the head of a live session.

    A replay has ended its session by the time that this is raised.
    """
    if strategy is None:
        raise Denied(
            "this strategy does not refresh: sign in again", code="refresh_unsupported", reason="strategy"
        )
    presented = sealer.open(credential)
    if presented is None:
        raise Denied("this session cannot be refreshed: sign in again", code="refresh_denied", reason="seal")
    now = parts.clock.now()
    try:
        grant = await strategy.refresh(presented, now=now)
    except Replayed as replayed:
        whose = replayed.account
        await parts.record(
            "replay", result="denied", actor="", account=whose, session=presented.sid, source=source
        )
        raise
    except Denied as denied:
        why = denied.reason
        await parts.record(
            "refresh", result="denied", actor="", session=presented.sid, source=source, detail=why
        )
        raise
    await parts.record("refresh", at=now, account=grant.account, session=grant.session, source=source)
    return grant
