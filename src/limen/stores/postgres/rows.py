"""Rows read back as what they should be. One that cannot be counts as absent and is logged without content.

The columns have types, unless somebody altered a table by hand: each row is checked all the same, because a
session with a wrong type in it must fail here and not in the middle of a request.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from math import isfinite
from typing import TypeVar

from asyncpg.pgproto.pgproto import UUID

from limen import ids
from limen.accounts import Account
from limen.audit import Entry, EntryID
from limen.ids import AccountID, SessionID
from limen.jose.jwk import Algorithm
from limen.keys import KeyState, StoredKey
from limen.letters import Posted
from limen.revocations import Kind, Revocation
from limen.sessions import Session, StrategyName
from limen.stores.base import split
from limen.stores.postgres.connection import Row
from limen.throttle import Bucket
from limen.tickets import Purpose, Ticket

_log = logging.getLogger("limen.stores")
_T = TypeVar("_T")

ACCOUNT = "id, email, key, password, scopes, created, disabled, cutoff, claims_changed, verified, name"
SESSION = (
    "id, account, strategy, digest, generation, rotated, created, authenticated, amr, scopes, touched, "
    "ends, expires, user_agent, source"
)
REVOCATION = "position, kind, subject, upto, until, at, why"
BUCKET = "key, charges, opens, last, ends"
TICKET = "account, purpose, digest, holder, email, created, ends, confirmed"
LETTER = "id, sealed, due, ends, attempts"
KEY = "kid, algorithm, state, sealed, created, since"
ENTRY = "id, at, event, result, actor, account, session, source, detail"

_SESSION_TYPES = (
    UUID, UUID, str, bytes, int, float, float, float, str, str, float, float, float, str, str,
)  # fmt: skip
_ACCOUNT_TYPES = (str, str, str, str, float, float, float, float, float, str)
_REVOCATION_TYPES = (int, str, str, float, float, float, str)
_BUCKET_TYPES = (str, float, float, float, float)
_TICKET_TYPES = (UUID, str, bytes, str, str, float, float, float)
_LETTER_TYPES = (UUID, bytes, float, float, int)
_KEY_TYPES = (str, str, str, bytes, float, float)
_ENTRY_TYPES = (float, str, str, str, str, str)
_STRATEGIES = {strategy.value: strategy for strategy in StrategyName}
_KINDS = {kind.value: kind for kind in Kind}
_FOREVER = float("inf")


def account(row: Row) -> Account | None:
    """The account of a row of ACCOUNT; None if it is none."""
    return _read(_account, row, "limen_accounts")


def session(row: Row, sid: SessionID | None = None) -> Session | None:
    """The session of a row of SESSION; None if it is none. `sid`: whose row it is known to be."""
    try:
        return _session(row, sid)
    except (ValueError, KeyError):
        _unreadable("limen_sessions")
        return None


def revocation(row: Row) -> Revocation | None:
    """The event of a row of REVOCATION; None if it is none."""
    return _read(_revocation, row, "limen_revocations")


def bucket(row: Row) -> Bucket | None:
    """The bucket of a row of BUCKET; None if it is none."""
    return _read(_bucket, row, "limen_buckets")


def key(row: Row) -> StoredKey | None:
    """The key of a row of KEY; None if it is none."""
    return _read(_key, row, "limen_keys")


def entry(row: Row) -> Entry | None:
    """The entry of a row of ENTRY; None if it is none."""
    return _read(_entry, row, "limen_entries")


def ticket(row: Row) -> Ticket | None:
    """The ticket of a row of TICKET; None if it is none."""
    return _read(_ticket, row, "limen_tickets")


def letter(row: Row) -> Posted | None:
    """The letter of a row of LETTER; None if it is none."""
    return _read(_letter, row, "limen_letters")


def readable(read: Callable[[Row], _T | None], rows: Iterable[Row]) -> list[_T]:
    """What can be read of several rows."""
    return [found for row in rows if (found := read(row)) is not None]


def raw(uuid: str) -> str:
    """The key of a row; of what is no canonical UUID, a key that no row has."""
    try:
        return ids.parse(uuid)
    except ValueError:
        return ids.MAX


def is_instant(value: object) -> bool:
    """Whether it is a moment that can be reckoned with."""
    return type(value) is float and isfinite(value)


def mixed_up(table: str) -> None:
    """A row of another id than was asked for: a broken index, or worse."""
    _log.critical("%s answered with the row of another id; it counts as absent", table)


def _read(make: Callable[[Row], _T], row: Row, table: str) -> _T | None:
    try:
        return make(row)
    except (ValueError, KeyError):
        _unreadable(table)
        return None


def _unreadable(table: str) -> None:
    _log.error("a row of %s cannot be read and counts as absent", table)


def _session(row: Row, sid: SessionID | None) -> Session:
    if tuple(map(type, row)) != _SESSION_TYPES:
        raise ValueError
    (
        id_, owner, strategy, digest, generation, rotated, created, authenticated, amr, scopes, touched,
        ends, expires, user_agent, source,
    ) = row  # fmt: skip
    if len(digest) != 32 or not (ends < _FOREVER and expires < _FOREVER):
        raise ValueError
    return Session(
        sid or SessionID(str(id_)),
        AccountID(str(owner)),
        _STRATEGIES[strategy],
        digest,
        generation,
        rotated,
        created,
        authenticated,
        split(amr),
        split(scopes),
        touched,
        ends,
        expires,
        user_agent,
        source,
    )


def _account(row: Row) -> Account:
    (
        id_, email, key, password, scopes, created, disabled, cutoff, claims_changed, verified, name,
    ) = row  # fmt: skip
    given = ("" if password is None else password, scopes, created, 0.0 if disabled is None else disabled)
    proven = 0.0 if verified is None else verified
    if tuple(map(type, (email, key, *given, cutoff, claims_changed, proven, name))) != _ACCOUNT_TYPES:
        raise ValueError
    return Account(
        AccountID(ids.parse(str(id_))),
        email,
        key,
        password,
        split(scopes),
        created,
        disabled,
        cutoff,
        claims_changed,
        verified,
        name,
    )


def _revocation(row: Row) -> Revocation:
    if tuple(map(type, row)) != _REVOCATION_TYPES:
        raise ValueError
    position, kind, subject, upto, until, at, why = row
    return Revocation(_KINDS[kind], subject, upto, until, at, why, position)


def _bucket(row: Row) -> Bucket:
    if tuple(map(type, row)) != _BUCKET_TYPES:
        raise ValueError
    return Bucket(*row)


def _ticket(row: Row) -> Ticket:
    account, purpose, digest, holder, email, created, ends, confirmed = row
    agreed = 0.0 if confirmed is None else confirmed
    if (*map(type, row[:7]), type(agreed)) != _TICKET_TYPES:
        raise ValueError
    return Ticket(AccountID(str(account)), Purpose(purpose), digest, holder, email, created, ends, confirmed)


def _letter(row: Row) -> Posted:
    if tuple(map(type, row)) != _LETTER_TYPES:
        raise ValueError
    id_, sealed, due, ends, attempts = row
    return Posted(str(id_), sealed, due, ends, attempts)


def _key(row: Row) -> StoredKey:
    if tuple(map(type, row)) != _KEY_TYPES:
        raise ValueError
    kid, algorithm, state, sealed, created, since = row
    return StoredKey(kid, Algorithm(algorithm), KeyState(state), sealed, created, since)


def _entry(row: Row) -> Entry:
    id_, at, event, result, actor, account, session, source, detail = row
    if tuple(map(type, (at, event, result, actor, source, detail))) != _ENTRY_TYPES or not isfinite(at):
        raise ValueError
    return Entry(
        EntryID(str(id_)),
        at,
        event,
        result,
        actor,
        None if account is None else AccountID(str(account)),
        None if session is None else SessionID(str(session)),
        source,
        detail,
    )
