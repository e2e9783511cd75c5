"""A storm: a share of those who are at it are signed out at once, and come back.

A key that was compromised, a password list that leaked, an administrator who ends everything: each verifier
must take the events in, and then a password is hashed for everybody. A token that nobody can revoke has no
storms.
"""

from __future__ import annotations

from math import exp, inf, log

from msgspec import Struct

from limen.clock import Seconds
from limen.lab.workload import DAY, Costs, Workload


class Storm(Struct, frozen=True):
    """What it comes to. Means, as of a fluid: chance adds a little."""

    people: int
    events: float
    """Delivered, to all processes together."""
    memory: float
    """Bytes more in each process, while the revocations are young."""
    longest: Seconds
    """Wait for the hashing pool."""
    over: Seconds
    """When nobody waits any more."""


def after_storm(costs: Costs, work: Workload) -> Storm:
    """The storm that this workload is asked to survive."""
    if costs.cell.strategy == "jwt" or not work.stormed:
        return Storm(0, 0.0, 0.0, 0.0, 0.0)
    pool = work.hashers / costs.hash if costs.hash else inf
    spare = pool - work.sign_ins / DAY * work.peak
    longest, over = _queue(work.stormed, work.each, spare, pool)
    return Storm(work.stormed, work.stormed * work.processes, work.stormed * costs.revocation, longest, over)


def _queue(people: int, each: float, spare: float, pool: float) -> tuple[Seconds, Seconds]:
    """Longest wait, and how long there is one. Each comes back at their next request, at random, so at first
    `people × each` a second; `spare` is what the pool has left for them."""
    if spare <= 0:
        return inf, inf
    if people * each <= spare:
        return 0.0, 0.0
    fullest = log(people * each / spare) / each
    return _behind(people, each, spare, fullest) / pool, _when_empty(people, each, spare, fullest)


def _behind(people: int, each: float, spare: float, at: Seconds) -> float:
    """How many have come and were not served."""
    return people * (1 - exp(-each * at)) - spare * at


def _when_empty(people: int, each: float, spare: float, after: Seconds) -> Seconds:
    """By halving: nobody is behind when all of them could have been served."""
    low, high = after, people / spare
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _behind(people, each, spare, middle) > 0 else (low, middle)
    return high
