"""Queues of which the mathematics are known."""

from __future__ import annotations

import random

import pytest

from limen.lab.simulation.queues import processor, storm


@pytest.mark.parametrize("busy", [0.3, 0.6, 0.8])
def test_a_processor_makes_people_wait_as_pollaczek_and_khinchine_say(busy: float) -> None:
    found = processor(busy, lambda _: 1.0, count=60_000, draw=random.Random(1))
    assert found.utilisation == pytest.approx(busy, rel=0.02)
    assert found.wait == pytest.approx(busy / (2 * (1 - busy)), rel=0.06)


def test_to_be_woken_costs_only_who_finds_it_at_rest() -> None:
    """busy = rate × (service + wake × rest), and rest = 1 - busy."""
    found = processor(0.5, lambda rested: 1.5 if rested else 1.0, count=60_000, draw=random.Random(1))
    assert found.utilisation == pytest.approx(0.5 * 1.5 / (1 + 0.5 * 0.5), rel=0.02)
    assert found.latency.quantile(0.2) == pytest.approx(1.5, rel=0.02)


def test_several_servers_take_turns() -> None:
    found = processor(1.2, lambda _: 1.0, count=30_000, draw=random.Random(1), servers=2)
    assert found.utilisation == pytest.approx(0.6, rel=0.02)


def test_a_storm_waits_until_the_pool_has_served_it() -> None:
    """All come within moments of each other: the last of a thousand waits for the other 999."""
    found = storm(1_000, 1_000.0, 0.0, 0.1, 10, random.Random(1))
    assert found.longest == pytest.approx(10.0, rel=0.02)
    assert found.over == pytest.approx(10.0, rel=0.02)


def test_who_comes_back_slowly_does_not_wait() -> None:
    assert storm(100, 0.01, 0.0, 0.01, 10, random.Random(1)).longest < 0.01
