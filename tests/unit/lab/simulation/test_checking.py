"""The formulas against the simulation: within 10 % below saturation, over a grid of workloads."""

from __future__ import annotations

import pytest
from msgspec import structs

from limen.lab.plan import first_looks, waiting
from limen.lab.records import Cell
from limen.lab.simulation.checking import check
from limen.lab.workload import Costs, Workload, costs_of
from support.lab import HYBRID, JWT, SESSION, UNCACHED, a_run

LARGE = Workload(
    accounts=100_000_000, active=5_000_000, rate=1e6, sign_ins=3e7, revocations=2e6, processes=400, regions=3
)


def grid() -> list[Workload]:
    """People who ask seldom and often, few processes and many, at rest and near what they can do."""
    numbers = (
        (0.005, 8, 3_600.0, 0.6),
        (0.02, 2, 300.0, 0.3),
        (0.1, 2, 900.0, 0.8),
        (1.0, 4, 300.0, 0.3),
    )
    return [
        Workload(rate=50_000 * each, processes=n, access_lifetime=life, utilisation=busy, storm=0.3)
        for each, n, life, busy in numbers
    ]


def costs(cell: Cell) -> Costs:
    return costs_of(a_run(), cell)


@pytest.mark.parametrize("cell", [SESSION, JWT, HYBRID], ids=lambda cell: cell.name)
@pytest.mark.parametrize("work", [*grid(), Workload(), LARGE], ids=lambda w: f"{w.each:g}/s-{w.processes}")
def test_formulas_and_simulation_agree_within_ten_per_cent(cell: Cell, work: Workload) -> None:
    found = check(costs(cell), work, seed=1)
    assert [(one.name, one.formula, one.simulated) for one in found if one.apart > 0.1] == []


@pytest.mark.parametrize("work", grid()[:2], ids=lambda w: f"{w.each:g}/s-{w.processes}")
def test_they_agree_on_who_reads_each_time(work: Workload) -> None:
    found = check(costs(UNCACHED), work, seed=1)
    assert [(one.name, one.formula, one.simulated) for one in found if one.apart > 0.1] == []


def test_what_is_compared_has_queues_outages_and_storms() -> None:
    names = {one.name for one in check(costs(HYBRID), grid()[1], seed=1)}
    assert names >= {
        "first looks", "refreshes", "refused in an outage", "young revocations", "wait for the processor",
        "longest wait in a storm", "a storm is over after",
    }  # fmt: skip


def test_a_formula_that_is_wrong_would_be_seen() -> None:
    """The simulation knows nothing of the formulas: with other costs it comes to another wait."""
    dear = structs.replace(costs(HYBRID), first=1e-3)
    found = {one.name: one for one in check(dear, Workload(), seed=1)}
    cheap = waiting(costs(HYBRID), Workload(), first_looks(Workload(), "hybrid", True))
    assert found["wait for the processor"].simulated > 2 * cheap
    assert found["wait for the processor"].apart < 0.1
