"""Which passwords are taken (NIST SP 800-63B-4 §3.1.1.2): long enough, not common, not guessed by all.

No rules of composition, no expiry, no hints. Length counts code points; lists are compared with the whole
password, because "contains" would refuse good ones.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from limen.errors import Misconfigured, Rejected
from limen.passwords.common import common_passwords, fold
from limen.passwords.text import MAX_BYTES, normalise

ALONE, BESIDE_ANOTHER_FACTOR = 15, 8
"""The least length where the password is the only factor, and where a second one is enforced."""
_MUST_FIT = 64
"""A policy must take passwords of so many characters, whatever they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicy:
    """The rules for new passwords, checked when made. Old ones are never measured by it at a sign-in."""

    min_length: int = ALONE
    max_bytes: int = MAX_BYTES
    context: Collection[str] = ()
    """Words that no account's password may be: the names of the product and of its makers."""

    def __post_init__(self) -> None:
        if not BESIDE_ANOTHER_FACTOR <= self.min_length <= _MUST_FIT:
            raise Misconfigured(
                f"password_min_length must be from {BESIDE_ANOTHER_FACTOR}, where a second factor is "
                f"enforced, to {_MUST_FIT}"
            )
        if not 4 * _MUST_FIT <= self.max_bytes <= MAX_BYTES:
            raise Misconfigured(f"max_bytes must be from {4 * _MUST_FIT} to {MAX_BYTES}")
        if isinstance(self.context, str):
            raise Misconfigured("the context is a collection of words and not one word")
        common_passwords()  # read now, so that no request waits for the disk

    def check(self, password: str, *, context: Collection[str] = ()) -> None:
        """Rejected(422, field `password`) with the reason if this password is not taken.

        `context` has further words for this account, its address for one.
        """
        text = normalise(password)
        if len(text) < self.min_length:
            raise _rejected(
                f"the password is shorter than {self.min_length} characters", code="password_too_short"
            )
        if len(text.encode()) > self.max_bytes:
            raise _rejected(f"the password is longer than {self.max_bytes:,} bytes", code="password_too_long")
        word = fold(text)
        if word in common_passwords():
            raise _rejected(
                "the password is one of the most common; attackers try those first", code="password_common"
            )
        if word in {fold(known) for known in (*self.context, *context) if known}:
            raise _rejected(
                "the password is a name or an address that anybody would guess", code="password_contextual"
            )


def _rejected(message: str, *, code: str) -> Rejected:
    return Rejected(message, code=code, status=422, field="password")
