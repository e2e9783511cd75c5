"""Requests that wait: for a processor that is busy, and for the hashing pool after a storm."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from typing import Any

import simpy
from msgspec import Struct

from limen.clock import Seconds
from limen.lab.histogram import Histogram, bin_of, of

Steps = Generator[simpy.Event, Any, None]


class Waited(Struct, frozen=True):
    """What a queue came to."""

    wait: Seconds
    """Mean, before anything is done."""
    utilisation: float
    latency: Histogram
    """From the arrival to the answer."""


def processor(
    rate: float, service: Callable[[bool], Seconds], *, count: int, draw: random.Random, servers: int = 1
) -> Waited:
    """So many requests of strangers at one processor, or several that take them in turn.

    `service` draws what one takes, and is told whether it found the processor at rest: to wake costs too.
    """
    env = simpy.Environment()
    desk = simpy.Resource(env, servers)
    bins: dict[int, int] = {}
    total = [0.0, 0.0]

    def request() -> Steps:
        came, rested = env.now, desk.count < servers
        with desk.request() as turn:
            yield turn
            spent = service(rested)
            total[0] += env.now - came
            total[1] += spent
            yield env.timeout(spent)
        number = bin_of(env.now - came)
        bins[number] = bins.get(number, 0) + 1

    def coming() -> Steps:
        for _ in range(count):
            yield env.timeout(draw.expovariate(rate))
            env.process(request())

    env.process(coming())
    env.run()
    return Waited(total[0] / count, total[1] / (servers * env.now), of(bins))


class Stormed(Struct, frozen=True):
    """What a storm of revocations did to the sign-ins that follow it."""

    longest: Seconds
    """That somebody waited for the pool."""
    over: Seconds
    """When, after that, first somebody did not wait at all."""


def storm(
    people: int, each: float, base: float, hash_: Seconds, hashers: int, draw: random.Random
) -> Stormed:
    """All at once nobody is signed in: each comes back with their next request, beside those of every day."""
    env = simpy.Environment()
    pool = simpy.Resource(env, hashers)
    longest, over, left = [0.0], [0.0], [people]
    """`over` is 0 again whenever somebody has waited longer than anybody before."""

    def sign_in(*, of_the_storm: bool) -> Steps:
        came = env.now
        with pool.request() as turn:
            yield turn
            if of_the_storm:
                waited = env.now - came
                if waited > longest[0]:
                    longest[0], over[0] = waited, 0.0
                elif not waited:
                    over[0] = over[0] or env.now
                left[0] -= 1
            yield env.timeout(hash_)

    def returning() -> Steps:
        yield env.timeout(draw.expovariate(each))
        yield env.process(sign_in(of_the_storm=True))

    def everyday() -> Steps:
        while left[0]:
            yield env.timeout(draw.expovariate(base))
            env.process(sign_in(of_the_storm=False))

    for _ in range(people):
        env.process(returning())
    if base:
        env.process(everyday())
    env.run()
    return Stormed(longest[0], over[0] or env.now)
