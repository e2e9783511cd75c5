"""Sign out: this device, another, all others, or everywhere; and when it takes effect."""

from __future__ import annotations

from collections.abc import Iterable

from limen import ids
from limen.audit import Actor
from limen.clock import Instant
from limen.counts import spanned
from limen.errors import Rejected
from limen.flows.parts import Parts
from limen.ids import AccountID, SessionID
from limen.revocations import Kind, Revocation
from limen.strategies.base import Identity, Revoked, Strategy


@spanned("limen.sign_out")
async def sign_out(parts: Parts, strategy: Strategy, identity: Identity, *, source: str) -> Revoked:
    """End the session that this request came with. The answer says when nobody accepts it any more."""
    now = parts.clock.now()
    await end_for_sure(
        parts, identity.session, identity.account, follows_feed=_follows(strategy), now=now, why="sign_out"
    )
    await parts.record("sign_out", account=identity.account, session=identity.session, source=source)
    return strategy.effective(identity, now=now)


async def end_session(
    parts: Parts, accepted: Iterable[Strategy], identity: Identity, sid: str, *, source: str
) -> Revoked:
    """End one session of the same account; Rejected(404) alike for no session and for another's."""
    now = parts.clock.now()
    revocation = None
    if _is_id(sid):
        revocation = await parts.store.revoke_session(
            SessionID(sid), account=identity.account, now=now, until=parts.until(now), why="ended_by_owner"
        )
    if revocation is None:
        raise Rejected("there is no such session", code="session_unknown", status=404)
    parts.learn(revocation)
    await parts.record("end_session", account=identity.account, session=sid, source=source)
    return everywhere(_stateful(accepted), now=now)


async def end_other_sessions(
    parts: Parts, accepted: Iterable[Strategy], identity: Identity, *, source: str
) -> Revoked:
    """End every session of the account but this one. Tokens without a session live on, as with
    `sign_out_everywhere`."""
    now = parts.clock.now()
    ended = await parts.store.revoke_others(
        identity.account, keep=identity.session, now=now, until=parts.until(now), why="ended_by_owner"
    )
    parts.learn(*ended)
    kept, count = identity.session, str(len(ended))
    await parts.record(
        "end_other_sessions", account=identity.account, session=kept, source=source, detail=count
    )
    return everywhere(accepted, now=now)


async def sign_out_everywhere(
    parts: Parts, accepted: Iterable[Strategy], account: AccountID, *, by: Actor, why: str
) -> Revoked:
    """End every session of an account by one event.

    Tokens without a session live on; the answer says how long.
    """
    now = parts.clock.now()
    revocation = await parts.store.revoke_account(account, now=now, until=parts.until(now), why=why)
    parts.learn(revocation)
    await parts.record("sign_out_everywhere", actor=by.name, account=account, source=by.source)
    return everywhere(accepted, now=now)


async def end_for_sure(
    parts: Parts, sid: SessionID, account: AccountID | None, *, follows_feed: bool, now: Instant, why: str
) -> bool:
    """End a session of which a good credential was presented; whether there was one to end.

    Its row may be missing and its tokens good all the same: a failover can have lost what was written last.
    So where there is no row to remove, and no event is known that covers it, the event is appended alone.
    """
    until = parts.until(now)
    ended = await parts.store.revoke_session(sid, account=account, now=now, until=until, why=why)
    if ended is None and follows_feed and _is_id(sid) and not _is_covered(parts, sid, account):
        event = Revocation(Kind.SESSION, sid, upto=now, until=until, at=now, why=why)
        ended = await parts.store.revoke(event)
    if ended is not None:
        parts.learn(ended)
    return ended is not None


def everywhere(accepted: Iterable[Strategy], *, now: Instant) -> Revoked:
    """When an account-wide revocation of this moment has reached every credential that is accepted."""
    return Revoked(Instant(now + max((s.guarantees.revocation_lag for s in accepted), default=0.0)))


def _stateful(accepted: Iterable[Strategy]) -> list[Strategy]:
    """Those that an ended session can be of, which need not be the caller's own."""
    return [strategy for strategy in accepted if _follows(strategy)]


def _follows(strategy: Strategy) -> bool:
    """Whether its credentials end with their session."""
    return strategy.guarantees.store_reads_stale > 0


def _is_covered(parts: Parts, sid: SessionID, account: AccountID | None) -> bool:
    made = ids.created_ms(sid)
    return parts.filter.covering(sid=sid, account=account or AccountID(""), sid_ms=made, kid=None) is not None


def _is_id(text: str) -> bool:
    try:
        ids.parse(text)
    except ValueError:
        return False
    return True
