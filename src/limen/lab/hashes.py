"""Password hashes over their parameters: what they cost here, and what they would cost who has stolen them.

What an attacker reaches is an estimate and says what it stands on. For bcrypt it is a published rate, which
halves with each step of the cost. For argon2id, whose work is moving memory, it is an upper bound: no card
makes more hashes than the bandwidth of its memory carries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from msgspec import Struct

from limen.lab import machine
from limen.lab.statistics import median
from limen.passwords import Argon2id, Bcrypt, Hasher

ARGON2 = ((47_104, 1), (19_456, 2), (12_288, 3), (65_536, 3))
"""KiB and passes: those of OWASP's equals that Limen takes, and the 64 MiB of RFC 9106 §4."""
BCRYPT = (12, 13, 14)
CARD = "NVIDIA RTX 4090"
BCRYPT_RATE, BCRYPT_RATE_COST = 184_000.0, 5
"""Hashes a second at cost 5 on that card: hashcat 6.2.6, mode 3200."""
SOURCE = (
    "bcrypt: 184.0 kH/s at cost 5 on one RTX 4090, hashcat 6.2.6, as published by Sam Croley "
    "(RTX_4090_v6.2.6.Benchmark); "
    "argon2id: an upper bound, the 1,008 GB/s of that card's memory by what each hash moves"
)
BANDWIDTH = 1_008e9
"""Bytes a second of that card's memory, by its maker."""
MOVED = 3
"""Each pass of argon2 writes every block once and reads two."""
_SECRET = "correct horse battery staple"  # noqa: S105 - what is hashed to see how long it takes


class Hashed(Struct, frozen=True):
    """One set of parameters."""

    scheme: str
    parameters: str
    settings: dict[str, int]
    seconds: float
    """One alone, median."""
    memory: int
    """Bytes while it runs."""
    per_core: float
    """A second, alone on a processor."""
    pooled: float
    """A second, in as many threads as there are processors."""
    attacker: float
    """A second on one CARD, at most."""


def compare(*, tell: Callable[[str, float], None], times: int = 5, scheme: str | None = None) -> list[Hashed]:
    """Every set of parameters, of one scheme or of all."""
    every: Sequence[Argon2id | Bcrypt] = [
        *(Argon2id(memory_kib=memory, time_cost=passes, parallelism=1) for memory, passes in ARGON2),
        *(Bcrypt(cost=cost) for cost in BCRYPT),
    ]
    chosen = [one for one in every if scheme in (None, _named(one)[0])]
    found = []
    for place, one in enumerate(chosen):
        tell(_named(one)[1], place / len(chosen))
        found.append(_measure(one, times))
    tell("done", 1.0)
    return found


def recommended(found: Sequence[Hashed], target: float) -> Hashed:
    """What costs an attacker most and takes at most `target` here; the quickest, if all take longer."""
    within = [one for one in found if one.seconds <= target]
    return min(within, key=lambda one: one.attacker) if within else min(found, key=lambda one: one.seconds)


def _measure(scheme: Argon2id | Bcrypt, times: int) -> Hashed:
    hasher, threads = Hasher(scheme), machine.cores()
    single = []
    for _ in range(times):
        began = perf_counter()
        hasher.hash(_SECRET)
        single.append(perf_counter() - began)
    count = threads * min(times, 2)
    with ThreadPoolExecutor(threads) as pool:
        began = perf_counter()
        list(pool.map(hasher.hash, [_SECRET] * count))
        pooled = count / (perf_counter() - began)
    name, parameters, settings, memory, attacker = (*_named(scheme), *hardness(scheme))
    return Hashed(name, parameters, settings, median(single), memory, 1 / median(single), pooled, attacker)


def _named(scheme: Argon2id | Bcrypt) -> tuple[str, str, dict[str, int]]:
    if isinstance(scheme, Bcrypt):
        return "bcrypt", f"cost {scheme.cost}", {"bcrypt_cost": scheme.cost}
    settings = {
        "argon2_memory_kib": scheme.memory_kib,
        "argon2_time_cost": scheme.time_cost,
        "argon2_parallelism": scheme.parallelism,
    }
    passes = "1 pass" if scheme.time_cost == 1 else f"{scheme.time_cost} passes"
    return "argon2id", f"{scheme.memory_kib // 1024} MiB, {passes}", settings


def hardness(scheme: Argon2id | Bcrypt) -> tuple[int, float]:
    """Memory of one, and how many a second an attacker's card makes."""
    if isinstance(scheme, Bcrypt):
        return 4_096, BCRYPT_RATE / 2 ** (scheme.cost - BCRYPT_RATE_COST)
    size = scheme.memory_kib * 1_024
    return size, BANDWIDTH / (MOVED * size * scheme.time_cost)
