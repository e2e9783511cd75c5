"""What a process is like at this moment, read from its parts: for Limen and for the Verifier alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from limen.clock import Clock, Seconds
from limen.counts import Durations, Figures
from limen.hashing import HashingPool
from limen.keys import StoredKey
from limen.revocations import Filter
from limen.sessions import StrategyName


class Remembers(Protocol):
    """The memory of verified credentials."""

    @property
    def tallies(self) -> Mapping[StrategyName, Sequence[int]]: ...
    def __len__(self) -> int: ...


def figures_of(
    clock: Clock,
    max_staleness: Seconds,
    strategy: StrategyName,
    recall: Remembers,
    known: Filter,
    pool: HashingPool | None = None,
    ring: Sequence[StoredKey] = (),
) -> Figures:
    """The figures of one process."""
    now, mono = clock.now(), clock.monotonic()
    hashing = None if pool is None else pool.stats()
    return Figures(
        recalled={name.value: tally[0] for name, tally in recall.tallies.items() if tally[0]},
        remembered=len(recall),
        age=mono - known.fresh_at,
        fresh=known.is_fresh(mono=mono, max_staleness=max_staleness),
        position=known.position,
        known=len(known),
        missed=known.missed,
        strategy=strategy.value,
        hashing=None if hashing is None or pool is None
        else (hashing.running, hashing.waiting, hashing.refused, pool.queue),
        hashed=Durations() if pool is None else pool.durations,
        keys=[(key.state.value, max(now - key.since, 0.0)) for key in ring],
    )  # fmt: skip
