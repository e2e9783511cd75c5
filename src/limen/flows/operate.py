"""What an operator does to accounts. Nobody here chooses a password for a person but at the command line."""

from __future__ import annotations

from collections.abc import Iterable

from limen import audit, ids
from limen.accounts import Account, check_email, check_scopes, email_key
from limen.clock import Instant
from limen.errors import Rejected
from limen.flows.parts import Parts
from limen.flows.register import make, words_of
from limen.flows.sign_out import everywhere
from limen.ids import AccountID, SessionID
from limen.passwords import normalise
from limen.revocations import Revocation
from limen.strategies.base import Revoked, Strategy


async def add_account(parts: Parts, email: str, password: str | None, *, scopes: tuple[str, ...]) -> Account:
    """A new account. Rejected(409) if the address is taken: an operator may know."""
    address = check_email(email)
    secret = None if password is None else _checked(parts, password, address)
    account = await make(parts, address, secret, scopes=scopes)
    if not await parts.store.add_account(account):
        raise Rejected("there is an account with this address already", code="account_exists", status=409)
    audit.record("account_added", at=account.created, account=account.id)
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
    parts: Parts, accepted: Iterable[Strategy], account: Account, password: str
) -> Revoked:
    """Replace the password, end all sessions, and open a sign-in that too many guesses had shut."""
    hashed = await parts.pool.run(parts.hasher.hash, _checked(parts, password, account.email))
    now = parts.clock.now()
    cut = await parts.store.change_password(
        account.id, spent=None, fresh=hashed, now=now, until=parts.until(now)
    )
    await parts.store.settle(clear=parts.own_buckets(account.key))
    return _told(parts, accepted, cut, account, "password_set", now)


async def set_scopes(
    parts: Parts, accepted: Iterable[Strategy], account: Account, scopes: tuple[str, ...]
) -> Revoked:
    """Set what the account may do. Sessions are narrowed; access tokens of before have to be refreshed."""
    now = parts.clock.now()
    change = await parts.store.set_scopes(
        account.id,
        check_scopes(scopes),
        upto=Instant(now + parts.settings.leeway),
        until=parts.until(Instant(now + parts.settings.leeway)),
        now=now,
    )
    return _told(parts, accepted, change, account, "scopes_set", now)


async def disable_account(parts: Parts, accepted: Iterable[Strategy], account: Account) -> Revoked:
    """Let nobody sign in to it, and end all its sessions."""
    now = parts.clock.now()
    cut = await parts.store.disable_account(account.id, now=now, until=parts.until(now))
    return _told(parts, accepted, cut, account, "account_disabled", now)


async def enable_account(parts: Parts, account: Account) -> None:
    """Let it sign in again; its old sessions stay dead."""
    if not await parts.store.enable_account(account.id):
        raise _unknown()
    audit.record("account_enabled", at=parts.clock.now(), account=account.id)


async def delete_account(parts: Parts, accepted: Iterable[Strategy], account: Account) -> Revoked:
    """Remove it and all its sessions."""
    now = parts.clock.now()
    cut = await parts.store.delete_account(account.id, now=now, until=parts.until(now))
    return _told(parts, accepted, cut, account, "account_deleted", now)


async def revoke_session(parts: Parts, accepted: Iterable[Strategy], sid: str) -> Revoked:
    """End one session, whoever's it is; Rejected(404) if there is none such."""
    now = parts.clock.now()
    revocation = None
    try:
        revocation = await parts.store.revoke_session(
            SessionID(ids.parse(sid)), account=None, now=now, until=parts.until(now), why="operator"
        )
    except ValueError:
        revocation = None
    if revocation is None:
        raise Rejected("there is no such session", code="session_unknown", status=404)
    parts.learn(revocation)
    audit.record("session_ended_by_operator", at=now, session=sid)
    return everywhere(accepted, now=now)


async def revoke_quietly(parts: Parts, sid: str) -> None:
    """End a session if there is one; for clients that must not learn whether there was (RFC 7009 §2.2)."""
    now = parts.clock.now()
    revocation = await parts.store.revoke_session(
        SessionID(sid), account=None, now=now, until=parts.until(now), why="revoked_by_client"
    )
    if revocation is not None:
        parts.learn(revocation)
        audit.record("session_revoked_by_client", at=now, session=sid)


def _checked(parts: Parts, password: str, address: str) -> str:
    secret = normalise(password)
    parts.policy.check(secret, context=words_of(parts, address))
    return secret


def _told(
    parts: Parts,
    accepted: Iterable[Strategy],
    revocation: Revocation | None,
    account: Account,
    event: str,
    now: Instant,
) -> Revoked:
    if revocation is None:
        raise _unknown()
    parts.learn(revocation)
    audit.record(event, at=now, account=account.id)
    return everywhere(accepted, now=now)


def _unknown() -> Rejected:
    return Rejected("there is no such account", code="account_unknown", status=404)
