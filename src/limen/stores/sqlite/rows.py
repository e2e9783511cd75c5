"""Rows read back as what they should be. One that cannot be counts as absent and is logged without content.

STRICT tables hold the right types, unless somebody edited the file by hand: each row is checked all the
same, because a session with a wrong type in it must fail here and not in the middle of a request.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

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
from limen.throttle import Bucket
from limen.tickets import Purpose, Ticket

_log = logging.getLogger("limen.stores")
_T = TypeVar("_T")
Row = tuple[Any, ...]

ACCOUNT = "id, email, key, password, scopes, created, disabled, cutoff, claims_changed, verified, name"
SESSION = (
    "id, account, strategy, digest, generation, rotated, created, authenticated, amr, scopes, touched, "
    "ends, expires, user_agent, source"
)
SESSION_AFTER = (
    "id, account, strategy, digest, generation, rotated + 0.0, created + 0.0, authenticated + 0.0, amr, "
    "scopes, touched + 0.0, ends + 0.0, expires + 0.0, user_agent, source"
)
"""The same for RETURNING, which gives an instant without fraction as the integer that the file holds."""
REVOCATION = "position, kind, subject, upto, until, at, why"
BUCKET = "key, charges, opens, last, ends"
TICKET = "account, purpose, digest, holder, email, created, ends, confirmed"
LETTER = "id, sealed, due, ends, attempts"
KEY = "kid, algorithm, state, sealed, created, since"
ENTRY = "id, at, event, result, actor, account, session, source, detail"

_ACCOUNT_TYPES = (bytes, str, str, str, str, float, float, float, float, float, str)
_SESSION_TYPES = (
    bytes, bytes, str, bytes, int, float, float, float, str, str, float, float, float, str, str,
)  # fmt: skip
_REVOCATION_TYPES = (int, str, str, float, float, float, str)
_BUCKET_TYPES = (str, float, float, float, float)
_TICKET_TYPES = (bytes, str, bytes, str, str, float, float, float)
_LETTER_TYPES = (bytes, bytes, float, float, int)
_KEY_TYPES = (str, str, str, bytes, float, float)
_ENTRY_TYPES = (bytes, float, str, str, str, bytes, bytes, str, str)
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


def raw(uuid: str) -> bytes:
    """The key of a row; of what is no canonical UUID, a key that no row has."""
    try:
        return ids.to_bytes(ids.parse(uuid))
    except ValueError:
        return b""


def whole_or_raw(text: bytes) -> str | bytes:
    """A `text_factory`: text that is no UTF-8 comes as bytes, so that only its own row is refused."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text


def is_instant(value: object) -> bool:
    """Whether this is a moment: a double that is a number."""
    return type(value) is float and _finite(value)


def mixed_up(table: str) -> None:
    """A row of another id than was asked for: a broken index, or worse."""
    _log.critical("%s answered with the row of another id; it counts as absent", table)


def _finite(total: float) -> bool:
    """Whether a sum of instants is a number, and so each of them: no infinity is cancelled by another."""
    return -_FOREVER < total < _FOREVER


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
    if len(digest) != 32 or not _finite(rotated + created + authenticated + touched + ends + expires):
        raise ValueError
    return Session(
        sid or SessionID(ids.from_bytes(id_)),
        AccountID(ids.from_bytes(owner)),
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
    if tuple(map(type, (id_, email, key, *given, cutoff, claims_changed, proven, name))) != _ACCOUNT_TYPES:
        raise ValueError
    if not _finite(created + (disabled or 0.0) + cutoff + claims_changed + proven):
        raise ValueError
    return Account(
        AccountID(ids.from_bytes(id_)),
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
    if not _finite(upto + until + at):
        raise ValueError
    return Revocation(_KINDS[kind], subject, upto, until, at, why, position)


def _bucket(row: Row) -> Bucket:
    if tuple(map(type, row)) != _BUCKET_TYPES or not _finite(sum(row[1:])):
        raise ValueError
    return Bucket(*row)


def _ticket(row: Row) -> Ticket:
    account, purpose, digest, holder, email, created, ends, confirmed = row
    agreed = 0.0 if confirmed is None else confirmed
    if tuple(map(type, (*row[:7], agreed))) != _TICKET_TYPES or not _finite(created + ends + agreed):
        raise ValueError
    owner = AccountID(ids.from_bytes(account))
    return Ticket(owner, Purpose(purpose), digest, holder, email, created, ends, confirmed)


def _letter(row: Row) -> Posted:
    if tuple(map(type, row)) != _LETTER_TYPES or not _finite(row[2] + row[3]):
        raise ValueError
    return Posted(ids.from_bytes(row[0]), *row[1:])


def _key(row: Row) -> StoredKey:
    if tuple(map(type, row)) != _KEY_TYPES:
        raise ValueError
    kid, algorithm, state, sealed, created, since = row
    if not _finite(created + since):
        raise ValueError
    return StoredKey(kid, Algorithm(algorithm), KeyState(state), sealed, created, since)


def _entry(row: Row) -> Entry:
    id_, at, event, result, actor, account, session, source, detail = row
    given = (b"" if account is None else account, b"" if session is None else session, source, detail)
    if tuple(map(type, (id_, at, event, result, actor, *given))) != _ENTRY_TYPES or not _finite(at):
        raise ValueError
    return Entry(
        EntryID(ids.from_bytes(id_)),
        at,
        event,
        result,
        actor,
        None if account is None else AccountID(ids.from_bytes(account)),
        None if session is None else SessionID(ids.from_bytes(session)),
        source,
        detail,
    )
