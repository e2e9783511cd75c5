"""A factor as an application would bring it: six digits that depend on the time (RFC 6238)."""

from __future__ import annotations

import hmac

from limen.accounts import Account
from limen.clock import Instant
from limen.ids import AccountID

STEP = 30


def code_at(seed: bytes, now: float) -> str:
    """RFC 4226 §5.3 over the number of the half minute."""
    digest = hmac.digest(seed, (int(now) // STEP).to_bytes(8, "big"), "sha1")
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


class Codes:
    """Asked of the accounts that have a seed. A code is good once."""

    def __init__(self, name: str = "otp") -> None:
        self.name = name
        self.seeds: dict[AccountID, bytes] = {}
        self._spent: set[tuple[AccountID, str]] = set()

    async def asked_of(self, account: Account) -> bool:
        return account.id in self.seeds

    async def prove(self, account: Account, answer: str, *, now: Instant) -> bool:
        spent = (account.id, f"{int(now) // STEP} {answer}")
        right = hmac.compare_digest(code_at(self.seeds[account.id], now), answer) and spent not in self._spent
        if right:
            self._spent.add(spent)
        return right
