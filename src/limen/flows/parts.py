"""What every flow is handed: the parts of a running Limen, and the two things that several flows do."""

from __future__ import annotations

import hmac
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Unpack

from limen import throttle
from limen.audit import Actor
from limen.audit_log import About, AuditLog
from limen.clock import Clock, Instant, Mono, Seconds
from limen.counts import Counts
from limen.devices import DeviceSealer
from limen.errors import Throttled
from limen.factors import HalfSealer
from limen.hashing import HashingPool
from limen.ids import Entropy
from limen.letters import LetterSealer
from limen.passwords import Hasher, PasswordPolicy
from limen.revocations import Filter, Revocation
from limen.sessions import Lifetimes
from limen.settings import Settings
from limen.stores.base import Store
from limen.strategies.base import Strategy
from limen.throttle import Limit
from limen.tickets import TicketSealer

if TYPE_CHECKING:
    from limen.flows.factors import Factor

GRID: Seconds = 0.25
"""Answers that must not tell whether an account exists leave at multiples of this after the request came."""

ACCOUNT = Limit(free=5, cap=100)
"""Wrong passwords for one address: five at once, then 1 s, 2 s, 4 s … an hour; shut at a hundred."""
DEVICE = Limit(free=10, cap=100)
"""The same for a device that has signed in to this address before; strangers do not use it up."""
HOST = Limit(free=30, drain=20)
"""Failures from one address, or one /64."""
NETWORK = Limit(free=150, drain=4)
"""Failures from one /24, or one /48."""
EVERYWHERE = Limit(free=10_000, drain=0.02, longest=60)
"""Failures in the whole deployment: slows a distributed guess, never a known device."""
REGISTRATIONS = Limit(free=20, drain=180)
"""New accounts from one address, or one /64."""
NETWORK_REGISTRATIONS = Limit(free=100, drain=36)
"""New accounts from one /24, or one /48."""
ASKED = Limit(free=20, drain=180)
"""Letters that were asked for from one address, or one /64."""
NETWORK_ASKED = Limit(free=100, drain=36)
"""Letters that were asked for from one /24, or one /48."""
LETTERS = Limit(free=3, first=60, longest=3_600, drain=900)
"""Letters to one address that a stranger can have sent: three at once, then one in a quarter of an hour."""
CHANGES = Limit(free=5, first=60, longest=86_400, drain=3_600)
"""Changes of the address that one account may ask for."""

Charge = tuple[str, Limit]


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a running Limen."""

    settings: Settings
    store: Store
    counts: Counts
    audit: AuditLog
    strategy: Strategy
    filter: Filter
    lifetimes: Lifetimes
    hasher: Hasher
    pool: HashingPool
    policy: PasswordPolicy
    devices: DeviceSealer
    halves: HalfSealer
    tickets: TicketSealer
    letters: LetterSealer
    posted: Callable[[], None]
    """Rings the bell of whoever sends letters: there is one in the outbox."""
    factors: tuple[Factor, ...]
    throttle_key: bytes = field(repr=False)
    clock: Clock
    sleep: Callable[[float], Awaitable[None]]
    entropy: Entropy

    def until(self, now: Instant) -> Instant:
        """When a revocation of this moment may be forgotten."""
        return Instant(now + self.lifetimes.memory)

    def learn(self, *revocations: Revocation) -> None:
        """Know at once, in this process, what was just committed."""
        for revocation in revocations:
            self.filter.add(revocation)

    def bucket(self, kind: str, value: str) -> str:
        """A throttle key: the kind in clear, whom it is about as a keyed hash."""
        return f"{kind}:{hmac.digest(self.throttle_key, value.encode(), 'sha256')[:16].hex()}"

    def own_buckets(self, key: str) -> list[str]:
        """What only wrong proofs of this one account have filled."""
        kinds = ("account", "proof", *(f"factor-{factor.name}" for factor in self.factors))
        return [self.bucket(kind, key) for kind in kinds]

    def source_charges(self, kind: str, source: str, host: Limit, network: Limit) -> list[Charge]:
        """The buckets of where a request came from; none where that is not known."""
        if not source:
            return []
        by_host, by_network = throttle.sources(source)
        return [
            (self.bucket(f"{kind}-host", by_host), host),
            (self.bucket(f"{kind}-network", by_network), network),
        ]

    async def record(self, event: str, *, by: Actor | None = None, **about: Unpack[About]) -> None:
        """Write an entry of the audit log: see `AuditLog.note`. `by`: actor and source in one.

        What somebody does to another's account, or to the keys, is in the store before this returns.
        """
        if by is not None:
            about["actor"], about["source"] = by.name, by.source
        entry = self.audit.note(event, **about)
        if entry.by_another:
            await self.audit.kept(entry)

    async def charge(self, charges: Sequence[Charge], event: str, **about: Unpack[About]) -> None:
        """Count an attempt before anything is looked at; Throttled with the time to wait.

        `event` is what was attempted, for the audit log.
        """
        wait = await self.store.charge(charges, now=self.clock.now())
        if wait is None:
            return
        about["result"], about["actor"] = "throttled", ""
        about["detail"] = "shut" if wait.shut else about.get("detail", "")
        await self.record(event, **about)
        if wait.shut:
            raise Throttled(
                "too many wrong passwords: this sign-in is shut until the password is reset",
                retry_after=wait.seconds,
                code="sign_in_shut",
            )
        raise Throttled(
            f"too many attempts: try again in {math.ceil(wait.seconds)} s", retry_after=wait.seconds
        )

    async def until_grid(self, started: Mono) -> None:
        """Wait for the next multiple of GRID after `started`, so that the time taken tells nothing."""
        spent = self.clock.monotonic() - started
        await self.sleep(GRID - spent % GRID)
