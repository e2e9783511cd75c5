"""What somebody does with their own account as a whole: name it, copy all that is kept, delete it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from limen.accounts import Account, check_name
from limen.audit import Entry, Wanted
from limen.clock import Instant
from limen.errors import Denied
from limen.flows.parts import Parts
from limen.flows.post import notice
from limen.flows.sign_in import prove_password
from limen.flows.sign_out import everywhere
from limen.letters import Kind
from limen.sessions import Session
from limen.strategies.base import Identity, Revoked, Strategy

_PAGE = 500
_ENTRIES_MAX = 20_000


async def set_name(parts: Parts, identity: Identity, name: str) -> str:
    """Set how the caller wants to be called; the name as it is kept."""
    kept = check_name(name)
    if not await parts.store.set_name(identity.account, kept):
        raise _gone()
    await parts.record("name_set", account=identity.account, session=identity.session)
    return kept


async def delete_account(
    parts: Parts,
    accepted: Iterable[Strategy],
    identity: Identity,
    password: str,
    *,
    source: str,
    language: str,
) -> Revoked:
    """Remove the caller's account, its sessions and its tickets. Denied for a wrong password."""
    account = await parts.store.account(identity.account)
    if account is None or account.password is None or account.disabled is not None:
        raise Denied("the current password is wrong", code="password_wrong", forbidden=True)
    await prove_password(parts, account, password, source=source)
    now = parts.clock.now()
    told = notice(parts, Kind.ACCOUNT_DELETED, account, now=now, language=language)
    cut = await parts.store.delete_account(account.id, now=now, until=parts.until(now), letters=told)
    if cut is None:
        raise _gone()
    parts.learn(cut)
    parts.posted()
    await parts.record("account_deleted", at=now, account=account.id, session=identity.session, source=source)
    return everywhere(accepted, now=now)


async def export(parts: Parts, identity: Identity) -> dict[str, Any]:
    """All that is kept about the caller, as JSON has it: the account, its live sessions, its audit log from
    the newest on. No hash and no credential is in it."""
    account = await parts.store.account(identity.account)
    if account is None:
        raise _gone()
    sessions = await parts.store.sessions_of(account.id, now=parts.clock.now())
    entries = await _entries(parts, account)
    await parts.record("export", account=account.id, session=identity.session)
    return {
        "account": _account(account),
        "sessions": [_session(session) for session in sessions],
        "audit": [_entry(entry) for entry in entries],
    }


async def _entries(parts: Parts, account: Account) -> list[Entry]:
    wanted, found = Wanted(account=account.id), list[Entry]()
    while len(found) < _ENTRIES_MAX:
        before = found[-1].id if found else None
        page = await parts.store.entries(wanted, before=before, limit=_PAGE)
        found.extend(page)
        if len(page) < _PAGE:
            break
    return found


def _account(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "email": account.email,
        "email_verified_at": _moment(account.verified),
        "name": account.name,
        "scopes": list(account.scopes),
        "created_at": _moment(account.created),
        "has_password": account.password is not None,
    }


def _session(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "strategy": session.strategy.value,
        "created_at": _moment(session.created),
        "authenticated_at": _moment(session.authenticated),
        "last_seen_at": _moment(session.touched),
        "expires_at": _moment(session.ends),
        "methods": list(session.amr),
        "scopes": list(session.scopes),
        "user_agent": session.user_agent,
        "source": session.source,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    """What others did is told without who they are: an operator's id is theirs."""
    own = entry.actor == entry.account
    return {
        "at": _moment(entry.at),
        "event": entry.event,
        "result": entry.result,
        "by": "you" if own else "another" if entry.actor else "",
        "session": entry.session,
        "source": "" if entry.by_another else entry.source,
        "detail": entry.detail,
    }


def _moment(at: Instant | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _gone() -> Denied:
    return Denied("this account is not there any more", code="credential_revoked", reason="account_gone")
