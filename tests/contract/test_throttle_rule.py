"""The throttle's rule, wherever a store carries it out: to the last bit what `limen.throttle` says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limen.clock import Instant
from limen.stores.base import Store
from limen.throttle import Limit
from support.stores import HOMES, NOW

EXAMPLES = {"postgres": 15, "pgbouncer": 5}
SECONDS = st.floats(0.001, 5_000, allow_nan=False)
LIMITS = st.builds(
    Limit,
    free=st.integers(0, 4),
    first=SECONDS,
    longest=st.floats(1, 100_000),
    drain=st.none() | SECONDS,
    cap=st.none() | st.integers(1, 12),
    keep=st.floats(1, 1e7),
)
STEP = st.tuples(
    st.floats(-500, 5_000),
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2)), min_size=1, max_size=3),
    st.booleans(),
)


@pytest.mark.parametrize("kind", [name for name in HOMES if name != "memory"])
def test_A08_charges_by_chance_are_answered_to_the_last_bit_as_the_rule_says(
    kind: str, tmp_path: Path
) -> None:
    with asyncio.Runner() as runner:
        store, model = HOMES[kind](tmp_path).open(), HOMES["memory"](tmp_path).open()
        runner.run(store.start())
        runner.run(model.start())
        examples = iter(range(10**9))

        @settings(max_examples=EXAMPLES.get(kind, 150))
        @given(limits=st.lists(LIMITS, min_size=3, max_size=3), steps=st.lists(STEP, max_size=12))
        def walk(limits: list[Limit], steps: list[tuple[float, list[tuple[str, int]], bool]]) -> None:
            example, now = next(examples), NOW
            for passed, keys, refunds in steps:
                now = Instant(now + passed)
                charges = [(f"{example}{key}", limits[n]) for key, n in keys]
                answers = [runner.run(_step(one, charges, now, refunds)) for one in (store, model)]
                assert answers[0] == answers[1]

        try:
            walk()
        finally:
            runner.run(store.close())


async def _step(store: Store, charges: list[tuple[str, Limit]], now: Instant, refunds: bool) -> object:
    answer = await store.charge(charges, now=now)
    if refunds:
        await store.settle(refund=charges[:1])
    return answer
