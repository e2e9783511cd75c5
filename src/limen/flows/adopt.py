"""Accounts beside the users of a framework that keeps its own, and sessions that it vouches for."""

from __future__ import annotations

from collections.abc import Iterable

from limen import ids
from limen.accounts import Account, check_email, check_scopes, email_key
from limen.audit import Actor
from limen.clock import Instant
from limen.errors import Denied, Rejected
from limen.flows.issue import issue
from limen.flows.parts import Parts
from limen.flows.sign_out import end_for_sure, everywhere
from limen.ids import AccountID, SessionID
from limen.passwords import UnusableHash
from limen.sessions import Session
from limen.strategies.base import Grant, Revoked, SignIn, Strategy


async def adopt_account(
    parts: Parts, email: str, hashed: str | None, *, scopes: tuple[str, ...], by: Actor
) -> Account:
    """An account with a hash that somebody else made, verified and upgraded at its next sign-in.

    Rejected(409) if the address is taken: two people are never made one.
    """
    now, address = parts.clock.now(), check_email(email)
    account = Account(
        id=AccountID(ids.uuid7(now, parts.entropy)),
        email=address,
        key=email_key(address),
        password=hashed if is_usable(parts, hashed) else None,
        scopes=check_scopes(scopes),
        created=now,
    )
    if not await parts.store.add_account(account):
        raise Rejected("there is an account with this address already", code="account_exists", status=409)
    await parts.record("account_added", by=by, account=account.id, detail=" ".join(account.scopes))
    return account


def is_usable(parts: Parts, hashed: str | None) -> bool:
    """Whether a password can be verified by this hash here."""
    if hashed is None:
        return False
    try:
        parts.hasher.needs_upgrade(hashed)
    except UnusableHash:
        return False
    return True


async def set_hash(
    parts: Parts, accepted: Iterable[Strategy], account: Account, hashed: str, *, by: Actor
) -> Revoked:
    """Replace the password by one that somebody else has hashed, and end all sessions.

    A hash that cannot be used leaves an account that nobody signs in to by password.
    """
    if not is_usable(parts, hashed):
        hashed = await parts.pool.run(parts.hasher.hash, parts.entropy(32).hex())
    now = parts.clock.now()
    cut = await parts.store.change_password(
        account.id, spent=None, fresh=hashed, now=now, until=parts.until(now)
    )
    if cut is None:
        raise Rejected("there is no such account", code="account_unknown", status=404)
    await parts.store.settle(clear=parts.own_buckets(account.key))
    parts.learn(cut)
    await parts.record("password_set", by=by, account=account.id)
    return everywhere(accepted, now=now)


async def open_session(
    parts: Parts,
    account: Account,
    *,
    amr: tuple[str, ...],
    authenticated: Instant | None,
    source: str,
    user_agent: str,
) -> Grant:
    """A session for an account that whoever calls vouches for, as it was when that was proven.

    Denied if it was disabled or changed since then. `authenticated`: the proof is older than this moment.
    """
    denied = Denied("sign-in failed", code="sign_in_failed", reason="account_changed")
    if account.disabled is not None:
        raise denied
    grant = await issue(parts, account, SignIn(amr, account.scopes, user_agent, source, authenticated))
    if grant is None:
        raise denied
    await parts.record(
        "sign_in", account=account.id, session=grant.session, source=source, detail=" ".join(amr)
    )
    return grant


async def live_session(parts: Parts, sid: str) -> Session | None:
    """The session if it is alive; None if it has ended."""
    now, session = parts.clock.now(), await parts.store.session(SessionID(sid))
    if session is None or now >= session.ends:
        return None
    made = ids.created_ms(session.id)
    ended = parts.filter.covering(sid=session.id, account=session.account, sid_ms=made, kid=None)
    return session if ended is None else None


async def end_adopted(parts: Parts, sid: str, account: str, *, follows_feed: bool, source: str) -> None:
    """End a session that the framework ended on its own side, whether or not its row is there still."""
    now, whose = parts.clock.now(), AccountID(account)
    if await end_for_sure(parts, SessionID(sid), whose, follows_feed=follows_feed, now=now, why="sign_out"):
        await parts.record("sign_out", account=account, session=sid, source=source)
