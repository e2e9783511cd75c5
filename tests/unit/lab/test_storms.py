"""What a storm comes to, and when it comes to nothing."""

from __future__ import annotations

from math import inf

import pytest
from msgspec import structs

from limen.lab.storms import Storm, after_storm
from limen.lab.workload import Workload, costs_of
from support.lab import HYBRID, JWT, a_run

COSTS = structs.replace(costs_of(a_run(), HYBRID), hash=0.1)
WORK = Workload(active=100_000, rate=100_000, processes=10, sign_ins=0.0, storm=0.5)
"""Each asks once a second, so all fifty thousand are back within seconds; ten threads make 100 hashes a
second."""


def test_many_at_once_wait_for_as_long_as_all_their_hashes_take() -> None:
    found = after_storm(COSTS, WORK)
    assert found.people == 50_000
    assert found.events == 500_000
    assert found.memory == 50_000 * COSTS.revocation
    assert found.over == pytest.approx(500.0, rel=0.01)
    assert found.longest == pytest.approx(500.0, rel=0.03)


def test_few_do_not_wait() -> None:
    calm = structs.replace(WORK, storm=0.0005)
    assert after_storm(COSTS, calm).longest == after_storm(COSTS, calm).over == 0


def test_a_pool_that_everyday_fills_never_comes_to_an_end() -> None:
    assert after_storm(COSTS, structs.replace(WORK, sign_ins=1e8)).over == inf


def test_whom_nobody_can_sign_out_no_storm_reaches() -> None:
    assert after_storm(costs_of(a_run(), JWT), WORK) == Storm(0, 0, 0, 0, 0)
