"""Tickets: what a link in a letter carries. Each is for one purpose and one account, ends, and is spent once.

The text of a ticket is `base64url(version ‖ purpose ‖ account ‖ secret ‖ tag)`: 45 bytes, 60 characters. The
tag is an HMAC under a key that only the server has, so garbage is refused before any store is asked. The
store keeps SHA-256(secret). Of each purpose an account has one ticket at most: a newer one takes the place of
the older.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from limen import ids
from limen.accounts import Account
from limen.clock import Instant, Seconds
from limen.errors import Rejected
from limen.ids import AccountID, Entropy
from limen.secret import Secret
from limen.sessions import Digest

VERIFY_LIFETIME: Seconds = 86_400
RESET_LIFETIME: Seconds = 3_600
CHANGE_LIFETIME: Seconds = 86_400
_VERSION = 1
_BODY = struct.Struct(">BB16s16s")
_TAG_BYTES = 11  # 34 + 11 = 45 bytes: base64url without padding and without stray bits
_SHAPE = re.compile(r"[A-Za-z0-9_-]{60}\Z", re.ASCII)


class Purpose(StrEnum):
    """What a ticket permits, and nothing else."""

    VERIFY = "verify"
    """Says that the account's address is read by whoever has the ticket."""
    RESET = "reset"
    """Sets a new password."""
    LEAVE = "leave"
    """Agrees, from the present address, that the account goes to another."""
    ENTER = "enter"
    """Says that the address to which the account goes is read by whoever has the ticket."""


CHANGE = frozenset({Purpose.LEAVE, Purpose.ENTER})
"""Both sides of one change of the address."""
_NUMBERS = {Purpose.VERIFY: 1, Purpose.RESET: 2, Purpose.LEAVE: 3, Purpose.ENTER: 4}
_PURPOSES = {number: purpose for purpose, number in _NUMBERS.items()}


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as it is stored. Good while `now < ends`, and while the account's key is `holder`."""

    account: AccountID
    purpose: Purpose
    digest: Digest
    holder: str
    """The account's canonical address when the ticket was made: another address makes it void."""
    email: str
    """The address that it is about: the account's own, or the one that the account goes to."""
    created: Instant
    ends: Instant
    confirmed: Instant | None = None
    """Of a change: when this side agreed. The ticket is spent then, and waits for the other side."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A ticket that we made, as it was presented. Whether it is still good, only the store knows."""

    account: AccountID
    purpose: Purpose
    secret: bytes = field(repr=False)

    @property
    def digest(self) -> Digest:
        return Digest(hashlib.sha256(self.secret).digest())


class TicketSealer:
    """Makes the text of tickets and takes it apart again, under a key derived from the secret."""

    __slots__ = ("_key",)

    def __init__(self, secret: Secret) -> None:
        self._key = secret.derive("ticket tag")

    def mint(self, account: AccountID, purpose: Purpose, entropy: Entropy) -> Shown:
        """A new ticket: 128 random bits."""
        return Shown(account, purpose, entropy(16))

    def seal(self, shown: Shown) -> str:
        """The text that travels: 60 characters of the base64url alphabet."""
        account = ids.to_bytes(shown.account)
        body = _BODY.pack(_VERSION, _NUMBERS[shown.purpose], account, shown.secret)
        return urlsafe_b64encode(body + self._tag(body)).decode()

    def open(self, text: str, *purposes: Purpose) -> Shown:
        """What `text` names, if we sealed it for one of these purposes; else Rejected, without any store."""
        shown = self._opened(text) if _SHAPE.match(text) else None
        if shown is None or shown.purpose not in purposes:
            raise void("seal" if shown is None else "purpose")
        return shown

    def _opened(self, text: str) -> Shown | None:
        raw = urlsafe_b64decode(text)
        body, tag = raw[: _BODY.size], raw[_BODY.size :]
        if not hmac.compare_digest(tag, self._tag(body)):
            return None
        version, number, account, secret = _BODY.unpack(body)
        if version != _VERSION or number not in _PURPOSES:
            return None
        return Shown(AccountID(ids.from_bytes(account)), _PURPOSES[number], secret)

    def _tag(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_TAG_BYTES]


def issued(shown: Shown, *, holder: str, email: str, now: Instant, lifetime: Seconds) -> Ticket:
    """The record of a new ticket."""
    return Ticket(shown.account, shown.purpose, shown.digest, holder, email, now, Instant(now + lifetime))


def is_good(ticket: Ticket | None, spent: Digest, holder: str, *, now: Instant) -> bool:
    """Whether what was presented is this ticket, and nobody has spent it yet.

    For the store's own steps: `ticket` is what it has of that purpose, `holder` the account's key.
    """
    return (
        ticket is not None
        and hmac.compare_digest(ticket.digest, spent)
        and ticket.holder == holder
        and ticket.confirmed is None
        and now < ticket.ends
    )


def may_be_opened(tickets: Iterable[Ticket], account: Account) -> bool:
    """Whether these tickets may be made for an account as it is now."""
    return account.disabled is None and all(
        ticket.account == account.id
        and ticket.holder == account.key
        and not (ticket.purpose is Purpose.VERIFY and account.verified is not None)
        for ticket in tickets
    )


def replaced_by(purposes: Iterable[Purpose]) -> frozenset[Purpose]:
    """The purposes whose older tickets go when new ones are made: both sides of a change go together."""
    wanted = frozenset(purposes)
    return wanted | CHANGE if wanted & CHANGE else wanted


def void(reason: str) -> Rejected:
    """The one answer to every link that does nothing; the reason is for the log."""
    return Rejected(
        "this link is no longer good: it was used, is too old, or a newer one was asked for",
        code="ticket_void",
        reason=f"ticket_{reason}",
    )
