"""Letters: what Limen writes to people, how it waits sealed in the outbox, and when it is tried again.

A letter is a kind and the few values that its text needs; it is put into words only when it is sent. There
may be a ticket in it, which must not stand in a table, so what is stored is sealed under a key of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from limen import ids
from limen.clock import Instant, Seconds
from limen.ids import Entropy
from limen.secret import Secret

NOTICE_LIFETIME: Seconds = 3 * 86_400
"""For so long a letter without a ticket in it is tried. One with a ticket: as long as the ticket is good."""
LEASE: Seconds = 120.0
"""For so long a letter belongs to the process that took it; longer than an attempt takes."""
UNSENT_KEPT: Seconds = 3_600.0
"""For so long a letter stays that is over: whoever sends letters says that this one was not sent."""
FIRST_PAUSE: Seconds = 5.0
LONGEST_PAUSE: Seconds = 900.0
FIRST_PAUSE_REFUSED: Seconds = 300.0
LONGEST_PAUSE_REFUSED: Seconds = 21_600.0
_NONCE = 12


class Kind(StrEnum):
    """What a letter is about: the names of its templates."""

    VERIFY = "verify"
    """Prove the address of a new account."""
    TAKEN = "taken"
    """Somebody tried to register, or to move an account to, an address that has an account."""
    RESET = "reset"
    """Set a new password."""
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a letter
    """The password was replaced."""
    LEAVE = "leave"
    """Agree that the account goes to another address."""
    ENTER = "enter"
    """Prove the address that the account goes to."""
    EMAIL_CHANGED = "email_changed"
    """To the former address: the account has another now."""
    ACCOUNT_DELETED = "account_deleted"
    """The account is gone."""


class Letter(msgspec.Struct, frozen=True):
    """A letter before it is put into words. `values` are texts that its templates may show."""

    kind: Kind
    to: str
    """The address as its owner wrote it."""
    values: dict[str, str] = {}
    language: str = ""
    """As the request named it; empty: the first that there is."""

    def __repr__(self) -> str:
        return f"Letter({self.kind.value})"  # its address is somebody's, and a value may be a ticket

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("kind", self.kind.value)]


@dataclass(frozen=True, slots=True)
class Posted:
    """A letter as it waits in the outbox."""

    id: str
    """A UUIDv7."""
    sealed: bytes = field(repr=False)
    due: Instant
    """No attempt before this moment."""
    ends: Instant
    """No attempt from this moment on."""
    attempts: int = 0
    """How often it was taken to be sent."""


class LetterSealer:
    """Seals letters (AES-256-GCM), each bound to its id, under a key derived from the secret."""

    __slots__ = ("_aead",)

    def __init__(self, secret: Secret) -> None:
        self._aead = AESGCM(secret.derive("letters"))

    def post(self, letter: Letter, *, now: Instant, lifetime: Seconds, entropy: Entropy) -> Posted:
        """The letter as the outbox takes it, due at once."""
        id_, nonce = ids.uuid7(now, entropy), entropy(_NONCE)
        sealed = nonce + self._aead.encrypt(nonce, msgspec.json.encode(letter), ids.to_bytes(id_))
        return Posted(id_, sealed, now, Instant(now + lifetime))

    def open(self, posted: Posted) -> Letter | None:
        """The letter, or None if we did not seal it: another secret, or somebody's hand."""
        nonce, sealed = posted.sealed[:_NONCE], posted.sealed[_NONCE:]
        try:
            plain = self._aead.decrypt(nonce, sealed, ids.to_bytes(posted.id))
            return msgspec.json.decode(plain, type=Letter)
        except (InvalidTag, ValueError):
            return None


def next_attempt(attempts: int, *, now: Instant, chance: float, refused: bool = False) -> Instant:
    """When a letter that could not be sent is tried again: later each time, and never in step with others.

    `attempts`: how many were made. `chance` from 0 to 1 takes away up to half of the pause. `refused`: the
    server is there and will not have it, which it may think better of, but not if it is pressed.
    """
    first, longest = (FIRST_PAUSE_REFUSED, LONGEST_PAUSE_REFUSED) if refused else (FIRST_PAUSE, LONGEST_PAUSE)
    pause = min(first * 3.0 ** min(max(attempts - 1, 0), 10), longest)
    return Instant(now + pause * (1 - chance / 2))
