"""What an operator does to accounts. Nobody here chooses a password for a person but at the command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace

from limen import ids
from limen.accounts import Account, check_email, check_scopes, email_key
from limen.audit import CLIENT, Actor
from limen.clock import Instant
from limen.errors import Rejected
from limen.flows.parts import Parts
from limen.flows.register import make, words_of
from limen.flows.sign_out import end_for_sure, everywhere
from limen.ids import AccountID, SessionID
from limen.keys import KeyRing
from limen.passwords import normalise
from limen.revocations import Revocation
from limen.strategies.base import Revoked, Strategy


async def add_account(
    parts: Parts, email: str, password: str | None, *, scopes: tuple[str, ...], verified: bool, by: Actor
) -> Account:
    """A new account. Rejected(409) if the address is taken: an operator may know. `verified`: the operator
    vouches for the address."""
    address = check_email(email)
    secret = None if password is None else _checked(parts, password, address)
    account = await make(parts, address, secret, scopes=scopes)
    if verified:
        account = replace(account, verified=account.created)
    if not await parts.store.add_account(account):
        raise Rejected("there is an account with this address already", code="account_exists", status=409)
    await parts.record("account_added", by=by, account=account.id, detail=" ".join(account.scopes))
    return account


async def find_account(parts: Parts, email_or_id: str) -> Account:
    """The account with this address or id, else Rejected(404)."""
    found = None
    if "@" in email_or_id:
        found = await parts.store.account_by_key(email_key(email_or_id))
    else:
        try:
            found = await parts.store.account(AccountID(ids.parse(email_or_id)))
        except ValueError:
            found = None
    if found is None:
        raise _unknown()
    return found


async def set_password(
    parts: Parts, accepted: Iterable[Strategy], account: Account, password: str, *, by: Actor
) -> Revoked:
    """Replace the password, end all sessions, and open a sign-in that too many guesses had shut."""
    hashed = await parts.pool.run(parts.hasher.hash, _checked(parts, password, account.email))
    now = parts.clock.now()
    cut = await parts.store.change_password(
        account.id, spent=None, fresh=hashed, now=now, until=parts.until(now)
    )
    await parts.store.settle(clear=parts.own_buckets(account.key))
    return await _told(parts, accepted, cut, account, "password_set", by, now)


async def set_scopes(
    parts: Parts, accepted: Iterable[Strategy], account: Account, scopes: tuple[str, ...], *, by: Actor
) -> Revoked:
    """Set what the account may do. Sessions are narrowed; access tokens of before have to be refreshed."""
    now, wanted = parts.clock.now(), check_scopes(scopes)
    change = await parts.store.set_scopes(
        account.id,
        wanted,
        upto=Instant(now + parts.settings.leeway),
        until=parts.until(Instant(now + parts.settings.leeway)),
        now=now,
    )
    return await _told(parts, accepted, change, account, "scopes_set", by, now, " ".join(wanted))


async def disable_account(
    parts: Parts, accepted: Iterable[Strategy], account: Account, *, by: Actor
) -> Revoked:
    """Let nobody sign in to it, and end all its sessions."""
    now = parts.clock.now()
    cut = await parts.store.disable_account(account.id, now=now, until=parts.until(now))
    return await _told(parts, accepted, cut, account, "account_disabled", by, now)


async def enable_account(parts: Parts, account: Account, *, by: Actor) -> None:
    """Let it sign in again; its old sessions stay dead."""
    if not await parts.store.enable_account(account.id):
        raise _unknown()
    await parts.record("account_enabled", by=by, account=account.id)


async def delete_account(
    parts: Parts, accepted: Iterable[Strategy], account: Account, *, by: Actor
) -> Revoked:
    """Remove it and all its sessions."""
    now = parts.clock.now()
    cut = await parts.store.delete_account(account.id, now=now, until=parts.until(now))
    return await _told(parts, accepted, cut, account, "account_deleted", by, now)


async def revoke_session(parts: Parts, accepted: Iterable[Strategy], sid: str, *, by: Actor) -> Revoked:
    """End one session, whoever's it is; Rejected(404) if there is none such."""
    now = parts.clock.now()
    owner = None
    with suppress(ValueError):
        owner = await _end(parts, SessionID(ids.parse(sid)), now, "operator")
    if owner is None:
        raise Rejected("there is no such session", code="session_unknown", status=404)
    await parts.record("session_ended_by_operator", by=by, account=owner, session=sid)
    return everywhere(accepted, now=now)


async def begin_anew(
    parts: Parts, accepted: Iterable[Strategy], renew: Callable[[], Awaitable[None]], *, by: Actor
) -> Revoked:
    """After a restore: end all sessions and replace every signing key.

    What was revoked since the backup is alive in it, and nobody can say what that was.
    """
    now = parts.clock.now()
    await parts.store.begin_anew(now=now, until=parts.until(now), why="restored")
    await renew()
    await parts.record("restored", by=by)
    return everywhere(accepted, now=now)


async def revoke_quietly(
    parts: Parts, text: str, account: str | None, *, follows_feed: bool, client: str, source: str
) -> None:
    """End the session of a credential that was presented; for clients that must not learn whether there was
    one (RFC 7009 §2.2).

    `client=""`: the browser that had it, and signs in anew.
    """
    sid = SessionID(text)
    session = await parts.store.session(sid)
    owner = AccountID(account) if account is not None else None if session is None else session.account
    why = "revoked_by_client" if client else "replaced"
    if not await end_for_sure(parts, sid, owner, follows_feed=follows_feed, now=parts.clock.now(), why=why):
        return
    if client:
        by = Actor(CLIENT + client, source)
        await parts.record("session_revoked_by_client", by=by, account=owner, session=sid)
    else:
        await parts.record("session_replaced", account=owner, session=sid, source=source)


async def _end(parts: Parts, sid: SessionID, now: Instant, why: str) -> AccountID | None:
    """Whose session was ended; None if there was none."""
    session = await parts.store.session(sid)
    revocation = await parts.store.revoke_session(sid, account=None, now=now, until=parts.until(now), why=why)
    if revocation is None or session is None:
        return None
    parts.learn(revocation)
    return session.account


async def move_key(
    parts: Parts, moving: Awaitable[KeyRing], event: str, kid: str = "", *, by: Actor
) -> KeyRing:
    """A change of the key ring, and the entry about it. `kid=""`: of the key that signs from now on."""
    ring = await moving
    await parts.record(event, by=by, detail=kid or ring.active.kid)
    return ring


def _checked(parts: Parts, password: str, address: str) -> str:
    secret = normalise(password)
    parts.policy.check(secret, context=words_of(parts, address))
    return secret


async def _told(
    parts: Parts,
    accepted: Iterable[Strategy],
    revocation: Revocation | None,
    account: Account,
    event: str,
    by: Actor,
    now: Instant,
    detail: str = "",
) -> Revoked:
    if revocation is None:
        raise _unknown()
    parts.learn(revocation)
    await parts.record(event, by=by, account=account.id, detail=detail)
    return everywhere(accepted, now=now)


def _unknown() -> Rejected:
    return Rejected("there is no such account", code="account_unknown", status=404)
