"""What becomes of one record: an account, or a reason why there is none."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from limen import ids
from limen.accounts import ADMIN_SCOPE, Account, check_email, check_name, check_scopes, email_key
from limen.clock import Instant
from limen.errors import Rejected
from limen.ids import AccountID
from limen.importing.fields import COLUMN_MAX
from limen.importing.record import Bad, Incoming, Loss, Refused
from limen.passwords import Hasher, UnusableHash

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:|@/-]{0,254}\Z", re.ASCII)
_HEX = re.compile(r"[0-9a-f]{32}\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How whoever imports wants it."""

    name: str
    """Of the source: what ids are made of beside theirs, so that those of two sources are not the same."""
    scopes: tuple[str, ...] = ()
    """Which every account gets."""
    roles: Mapping[str, tuple[str, ...]]
    """Role → scopes."""
    verified: bool = False
    """Whoever imports vouches for those addresses of which the source does not know."""
    keeps_ids: bool = False
    """Theirs are UUIDs, and go on as the ids of accounts."""
    drops_hashes: bool = False
    """An account whose hash cannot be verified comes without a password."""


@dataclass(frozen=True, slots=True)
class Planned:
    """An account that may come."""

    line: int
    theirs: str
    """Its id where it comes from, if that is plain text; else empty."""
    account: Account
    format: str
    """Of its hash; empty: it has none."""
    unmapped: tuple[str, ...]
    """Roles that no rule names."""
    lost: tuple[str, ...]

    @property
    def is_admin(self) -> bool:
        return ADMIN_SCOPE in self.account.scopes


def judge(incoming: Incoming, rules: Rules, hasher: Hasher, *, now: Instant) -> Planned | Refused:
    """The account that a record makes, or why it makes none. Hashes nothing."""
    try:
        return _judged(incoming, rules, hasher, now)
    except Rejected as error:
        return Refused(incoming.line, error.message)
    except Bad as bad:
        return Refused(incoming.line, str(bad))


def _judged(incoming: Incoming, rules: Rules, hasher: Hasher, now: Instant) -> Planned:
    if not incoming.email:
        raise Bad("it has no e-mail address, and nobody signs in without one")
    address, lost = check_email(incoming.email), list(incoming.lost)
    password, form = _password(incoming, rules, hasher, lost)
    disabled = _is_disabled(incoming, now, lost)
    created = _created(incoming, now, lost)
    theirs = _theirs(incoming, lost)
    account = Account(
        id=_keep(incoming.id) if rules.keeps_ids else account_id(rules.name, incoming, address),
        email=address,
        key=email_key(address),
        password=password,
        scopes=_scopes(incoming, rules),
        created=now if created is None else created,
        disabled=now if disabled else None,
        verified=_verified(incoming, rules, now),
        name=_name(incoming, lost),
    )
    unmapped = tuple(role[:COLUMN_MAX] for role in incoming.roles if role not in rules.roles)
    return Planned(incoming.line, theirs, account, form, unmapped, tuple(dict.fromkeys(lost)))


def account_id(name: str, incoming: Incoming, address: str) -> AccountID:
    """The same id for the same account in every run, a UUIDv7 of its creation.

    So a second run finds an account whose address was changed meanwhile, and a list of ids can be made again.
    Without a moment of creation it is that of 1970: older than all that Limen made.
    """
    of = "\0".join(("limen import", name, incoming.id or email_key(address)))
    random = hashlib.sha256(of.encode("utf-8", "surrogatepass")).digest()
    return AccountID(ids.uuid7(incoming.created or Instant(0.0), lambda count: random[:count]))


def _keep(text: str) -> AccountID:
    """Their UUID, also as databases write one that have no such type."""
    low = text.lower()
    if _HEX.match(low):
        low = f"{low[:8]}-{low[8:12]}-{low[12:16]}-{low[16:20]}-{low[20:]}"
    try:
        found = ids.parse(low)
    except ValueError:
        found = ids.NIL
    if found in (ids.NIL, ids.MAX):
        raise Bad("its id is no UUID, and ids are to be kept")
    return AccountID(found)


def _password(incoming: Incoming, rules: Rules, hasher: Hasher, lost: list[str]) -> tuple[str | None, str]:
    if incoming.password is None:
        return None, ""
    try:
        return incoming.password, hasher.describe(incoming.password).format.value
    except UnusableHash as error:
        if not rules.drops_hashes:
            raise Bad(f"its password hash cannot be verified: {error}") from None
    lost.append(Loss.HASH)
    return None, ""


def _is_disabled(incoming: Incoming, now: Instant, lost: list[str]) -> bool:
    if isinstance(incoming.disabled, bool):
        return incoming.disabled
    if incoming.disabled > now:
        lost.append(Loss.END_OF_BAN)
    return incoming.disabled > now


def _created(incoming: Incoming, now: Instant, lost: list[str]) -> Instant | None:
    if incoming.created is None or incoming.created <= now:
        return incoming.created
    lost.append(Loss.CREATED)
    return None


def _theirs(incoming: Incoming, lost: list[str]) -> str:
    """Text that a table may hold: nothing that a spreadsheet would run."""
    if incoming.id and not _ID.match(incoming.id):
        lost.append(Loss.ID)
        return ""
    return incoming.id


def _scopes(incoming: Incoming, rules: Rules) -> tuple[str, ...]:
    gained = (scope for role in incoming.roles for scope in rules.roles.get(role, ()))
    return check_scopes((*rules.scopes, *gained))


def _verified(incoming: Incoming, rules: Rules, now: Instant) -> Instant | None:
    proven = rules.verified if incoming.verified is None else incoming.verified
    if isinstance(proven, bool):
        return now if proven else None
    # The year 1, or 1970, is how many write that it never was.
    return min(proven, now) if proven > 0 else None


def _name(incoming: Incoming, lost: list[str]) -> str:
    try:
        return check_name(incoming.name)
    except Rejected:
        lost.append(Loss.NAME)
        return ""
