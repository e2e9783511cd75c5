"""Whether a password is in a list of breached ones, asked without showing it to anybody (k-anonymity).

The first five characters of its SHA-1 are asked for, the rest is compared here. There is no network code in
Limen: whoever has a list, a file or a service in the form of Have I Been Pwned, writes a `BreachLookup`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from limen.errors import Rejected
from limen.passwords.text import normalise


class BreachLookup(Protocol):
    """Five hexadecimal characters in upper case → the other thirty-five of every breached password's SHA-1.

    Entries that a service adds as padding (count 0) must be left out. It may raise; what to do then is the
    caller's choice.
    """

    def __call__(self, prefix: str) -> Awaitable[Iterable[str]]: ...


@dataclass(frozen=True, slots=True)
class BreachQuery:
    """What is asked, and what the answer is compared with. The second half never leaves the process."""

    prefix: str
    suffix: str = field(repr=False)

    @classmethod
    def of(cls, password: str) -> BreachQuery:
        """The query for a password, normalised first. Rejected for what is no password."""
        # SHA-1 is what such lists are keyed by; nothing is secured by it.
        digest = hashlib.sha1(normalise(password).encode(), usedforsecurity=False).hexdigest().upper()
        return cls(digest[:5], digest[5:])

    def check(self, suffixes: Iterable[str]) -> None:
        """Rejected(422, field `password`) if the answer has this password."""
        if any(known.strip().upper() == self.suffix for known in suffixes):
            raise Rejected(
                "the password is in a list of stolen ones; attackers try those first",
                code="password_breached",
                status=422,
                field="password",
            )
