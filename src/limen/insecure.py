"""What must never run in production, in one place and under names that a search finds.

`grep -r limen.insecure` over an application shows every unsafe choice that its code makes.
"""

from __future__ import annotations

from dataclasses import dataclass

from limen.clock import Seconds
from limen.errors import Misconfigured
from limen.passwords.argon2 import Argon2Parameters

__all__ = ["AcceptStale", "WeakHashing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptStale:
    """Believe a view of the revocations that is older than promised: `Verifier(…, on_outage=AcceptStale(…))`.

    While the issuer cannot be reached, a session that was ended may be accepted for `at_most` seconds more.
    """

    at_most: Seconds

    def __post_init__(self) -> None:
        if not 0 < self.at_most <= 86_400:
            raise Misconfigured("AcceptStale takes more than 0 seconds and at most a day")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakHashing(Argon2Parameters):
    """Password hashes that cost microseconds, for tests: `Limen(…, scheme=WeakHashing())`.

    They are argon2id with parameters far below what OWASP asks for. A hash made so is verified by every other
    scheme and reported outdated, so one that slips into a real database is replaced at the next sign-in.
    """

    memory_kib: int = 8
    time_cost: int = 1
    parallelism: int = 1
