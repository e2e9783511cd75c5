"""What the lab says of the strategies against each other, it says again: short runs of the same thing."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from limen.lab.catalogue import FIGURES
from limen.lab.measures import requests
from limen.lab.records import BARE, Cell, Run
from limen.lab.statistics import Interval
from support.lab import bench_of

pytestmark = pytest.mark.anyio
CELLS = (Cell("hybrid", "sqlite"), Cell("jwt", "sqlite"), Cell("session", "sqlite", cache=False))
RUNS = 4


async def measured(folder: Path) -> Run:
    async with bench_of(folder, Cell(BARE), *CELLS, duration=3.0, concurrency=16) as bench:
        for one in bench.servers:
            one.people = one.people or bench.subjects()[0].people
        await requests.measure(bench)
    return bench.run


async def test_runs_differ_on_each_ratio_by_less_than_the_interval_that_is_printed(tmp_path: Path) -> None:
    """In nine of ten pairs, each pair on each relative figure of each cell."""
    folders = [tmp_path / str(number) for number in range(RUNS)]
    for folder in folders:
        folder.mkdir()
    runs = [await measured(folder) for folder in folders]
    alike: list[bool] = []
    for figure in (figure for figure in FIGURES if figure.relative):
        for cell in CELLS:
            found = [one for run in runs if (one := figure.of(run, cell)) is not None]
            assert len(found) == RUNS
            alike += [is_within(one, other) for one, other in combinations(found, 2)]
    assert sum(alike) >= 0.9 * len(alike)


def is_within(one: Interval, other: Interval) -> bool:
    """Apart by less than the wider interval is long."""
    return abs(one.value - other.value) < max(one.high - one.low, other.high - other.low)


def test_a_difference_that_is_real_is_larger_than_that() -> None:
    assert not is_within(Interval(0.9, 1.0, 1.1), Interval(1.4, 1.5, 1.6))
