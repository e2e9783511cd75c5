"""Who am I, and which sessions are mine: see them, end one, end all others."""

from __future__ import annotations

import math

from limen.server.grants import cleared, moment, revoked
from limen.server.shapes import SessionList, SessionSeen, Who
from limen.server.signing import presented_by, required
from limen.server.site import Site
from limen.server.wire import Answer, Call, json_answer
from limen.sessions import Session
from limen.settings import Transport
from limen.strategies.base import Identity


async def who_am_i(site: Site, call: Call) -> Answer:
    """The identity behind this request. `email` is null where the account is gone and its token is not."""
    who = await required(site, call)
    account = await site.auth.account(who)
    return json_answer(
        Who(
            account=who.account,
            email=None if account is None else account.email,
            session=who.session,
            strategy=who.strategy.value,
            scope=" ".join(sorted(who.scopes)),
            amr=list(who.amr),
            authenticated_at=moment(who.authenticated),
            expires_at=moment(who.expires),
            expires_in=max(math.floor(who.expires - site.auth.clock.now()), 0),
        )
    )


async def list_sessions(site: Site, call: Call) -> Answer:
    """The live sessions of the caller's account, newest first."""
    who = await required(site, call)
    return json_answer(SessionList([seen(session, who) for session in await site.auth.sessions(who)]))


async def end_other_sessions(site: Site, call: Call) -> Answer:
    """End every session of the account but this one."""
    who = await required(site, call)
    return revoked(site, await site.auth.end_other_sessions(who, source=call.source))


async def end_session(site: Site, call: Call) -> Answer:
    """End one session of the account, this one included. 404 alike for none and for another account's."""
    who = await required(site, call)
    sid = call.path_parameter("sid")
    ended = await site.auth.end_session(who, sid, source=call.source)
    own = sid == who.session and presented_by(site, call) is Transport.COOKIE
    return revoked(site, ended, *(cleared(site, call) if own else ()))


def seen(session: Session, who: Identity) -> SessionSeen:
    """A session as a client reads it."""
    return SessionSeen(
        id=session.id,
        current=session.id == who.session,
        created_at=moment(session.created),
        last_seen_at=moment(session.touched),
        expires_at=moment(session.ends),
        user_agent=session.user_agent,
        source=session.source,
    )
