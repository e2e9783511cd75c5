"""Which parameters this machine can afford, by measuring it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from limen.clock import Seconds
from limen.errors import Misconfigured
from limen.passwords.argon2 import MINIMA, Argon2id
from limen.passwords.bcrypt import MIN_COST, Bcrypt
from limen.passwords.stored import Limits

Cost = Callable[[Argon2id | Bcrypt], Seconds]

_MEMORIES_KIB = (131_072, 65_536, 47_104, 19_456)
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Calibration:
    """A proposal, and what one hash of it took here. `within` is False where even the least is too slow."""

    scheme: Argon2id | Bcrypt
    milliseconds: float
    within: bool


def calibrate(target_ms: float = 100.0, *, measure: Callable[[], Seconds]) -> list[Calibration]:
    """The costliest argon2id for each of several memory sizes, and the costliest bcrypt, within the target.

    `measure` is a clock that only goes forward, in seconds. Nothing below OWASP's minima is proposed: what
    exceeds the target at its least is left out, but for the cheapest of each kind. Runs for some seconds.
    """

    def cost(scheme: Argon2id | Bcrypt) -> Seconds:
        return min(_timed(scheme, measure) for _ in range(_ROUNDS))

    return propose(target_ms, cost)


def propose(target_ms: float, cost: Cost) -> list[Calibration]:
    """The same, where the seconds of one hash come from `cost`."""
    if not target_ms > 0:
        raise Misconfigured("the target must be more than 0 ms")
    found = [_argon2id(memory, target_ms, cost) for memory in _MEMORIES_KIB]
    affordable = [one for one in found if one.within] or [found[-1]]
    return [*affordable, _bcrypt(target_ms, cost)]


def _argon2id(memory_kib: int, target_ms: float, cost: Cost) -> Calibration:
    least = min(passes for passes, memory in MINIMA.items() if memory <= memory_kib)
    limits = Limits()
    most = min(limits.passes, limits.work_kib // memory_kib)
    first = _measured(Argon2id(memory_kib=memory_kib, time_cost=least), target_ms, cost)
    # Time grows with the passes, so one measurement says where to look and the others correct it.
    guess = int(target_ms * least / first.milliseconds) if first.milliseconds > 0 else most
    for passes in range(min(max(guess, least), most), least, -1):
        candidate = _measured(Argon2id(memory_kib=memory_kib, time_cost=passes), target_ms, cost)
        if candidate.within:
            return candidate
    return first


def _bcrypt(target_ms: float, cost: Cost) -> Calibration:
    best = _measured(Bcrypt(cost=MIN_COST), target_ms, cost)
    for candidate in _costlier(best, target_ms, cost):
        if not candidate.within:
            break
        best = candidate
    return best


def _costlier(first: Calibration, target_ms: float, cost: Cost) -> Iterator[Calibration]:
    """Each step doubles the time, so a step that must exceed the target is not even run."""
    last = first
    for step in range(MIN_COST + 1, Limits().bcrypt_cost + 1):
        if last.milliseconds * 1.5 > target_ms:
            return
        last = _measured(Bcrypt(cost=step), target_ms, cost)
        yield last


def _measured(scheme: Argon2id | Bcrypt, target_ms: float, cost: Cost) -> Calibration:
    milliseconds = cost(scheme) * 1000
    return Calibration(scheme, milliseconds, milliseconds <= target_ms)


def _timed(scheme: Argon2id | Bcrypt, measure: Callable[[], Seconds]) -> Seconds:
    start = measure()
    scheme.hash(b"correct horse battery staple", secrets.token_bytes)
    return measure() - start
