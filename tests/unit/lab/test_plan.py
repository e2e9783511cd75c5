"""The formulas against the simulation, and what must hold whatever the numbers are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from limen.errors import Rejected
from limen.lab.plan import Estimate, first_looks, plan
from limen.lab.records import Cell
from limen.lab.workload import Costs, Prices, Workload, cells_to_plan, costs_of
from support.lab import HYBRID, JWT, SESSION, UNCACHED, a_run

CELLS = (SESSION, UNCACHED, JWT, HYBRID)
WORKLOADS = st.builds(
    Workload,
    active=st.integers(10, 1_000_000),
    rate=st.floats(1, 1e6),
    processes=st.integers(1, 1_000),
    regions=st.integers(1, 10),
    utilisation=st.floats(0.1, 0.9),
)


def costs(cell: Cell) -> Costs:
    return costs_of(a_run(), cell)


def planned(cell: Cell, work: Workload) -> Estimate:
    return plan(costs(cell), work, Prices())


@settings(max_examples=60)
@given(WORKLOADS, st.sampled_from(CELLS))
def test_nothing_is_negative_and_more_requests_take_no_less(work: Workload, cell: Cell) -> None:
    one = planned(cell, work)
    more = planned(cell, structs.replace(work, rate=work.rate * 2))
    for name in one.__struct_fields__:
        if name != "name":
            assert getattr(one, name) >= 0
    assert more.cores >= one.cores
    assert more.reads >= one.reads


@given(WORKLOADS)
def test_the_strategies_differ_in_what_they_are_about(work: Workload) -> None:
    jwt, hybrid, session, uncached = (planned(cell, work) for cell in (JWT, HYBRID, SESSION, UNCACHED))
    assert jwt.stored == jwt.filtered == jwt.feed_events == 0
    assert uncached.revoked_worst == 0
    assert uncached.reads >= work.rate
    assert hybrid.revoked_worst == session.revoked_worst == work.max_staleness < jwt.revoked_worst
    assert hybrid.stolen < jwt.stolen < session.stolen
    assert first_looks(work, "session", True) <= work.rate * 1.0001


def test_distance_is_paid_by_those_who_ask_the_store() -> None:
    far = structs.replace(Workload(), regions=2, region_rtt=0.08)
    assert planned(UNCACHED, far).added == pytest.approx(0.0005 + 0.04)
    assert planned(HYBRID, far).added == 0


def test_a_run_that_ended_too_early_is_said_to() -> None:
    run = a_run()
    run.counted = []
    with pytest.raises(Rejected) as refused:
        costs_of(run, HYBRID)
    assert refused.value.code == "run_incomplete"
    with pytest.raises(Rejected):
        cells_to_plan(run, "redis")


@pytest.mark.parametrize("field", ["accounts", "active", "rate", "processes", "utilisation"])
def test_a_workload_that_cannot_be_is_refused(field: str) -> None:
    with pytest.raises(Rejected) as refused:
        Workload(**{field: 0}).checked()
    assert refused.value.code == "workload_invalid"
