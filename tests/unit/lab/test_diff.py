"""`diff` says which differences are real: those that were planted, and no others."""

from __future__ import annotations

import pytest
from msgspec import structs

from limen.lab.diff import Difference, comparable, diff
from limen.lab.records import Run
from support.lab import HYBRID, MICROS, UNCACHED, a_run

TIMED = {"cost", "per-core", "rate", "p50"}


def real(before: Run, after: Run) -> list[Difference]:
    return [found for found in diff(before, after) if found.real]


@pytest.mark.parametrize("seed", range(5))
def test_two_runs_of_the_same_thing_do_not_differ(seed: int) -> None:
    found = real(a_run(seed=seed), a_run(seed=seed + 100))
    assert {difference.figure.key for difference in found} & TIMED == set()


@pytest.mark.parametrize("noise", [0.01, 0.05])
def test_a_planted_difference_is_found_with_the_right_size(noise: float) -> None:
    found = real(a_run(seed=1, noise=noise), a_run(seed=2, noise=noise, factor=1.3))
    costs = [one for one in found if one.figure.key == "cost"]
    assert {one.cell for one in costs} == set(MICROS)
    for one in costs:
        assert one.change is not None
        assert one.change.value == pytest.approx(1.3, rel=0.05)
        assert one.change.low <= 1.3 * 1.03
        assert one.change.high >= 1.3 * 0.97
        assert not one.better
    assert any(one.figure.key == "rate" and not one.better for one in found)


def test_a_difference_that_noise_explains_is_not_real() -> None:
    found = real(a_run(seed=1, noise=0.4), a_run(seed=2, noise=0.4, factor=1.1))
    assert [one for one in found if one.figure.key == "cost"] == []


def test_a_difference_smaller_than_two_runs_of_one_thing_is_not_real() -> None:
    assert [
        o for o in real(a_run(noise=1e-4), a_run(noise=1e-4, factor=1.02)) if o.figure.key == "cost"
    ] == []


def test_one_more_store_read_is_real_however_short_the_run() -> None:
    before, after = a_run(), a_run()
    after.counted = [
        structs.replace(c, reads=c.reads + c.requests) if (c.cell, c.situation) == (HYBRID, "seen") else c
        for c in after.counted
    ]
    found = [one for one in real(before, after) if one.figure.key == "reads-seen"]
    assert [(one.cell, one.before.value, one.after.value) for one in found] == [(HYBRID, 0, 1)]


def test_what_only_one_run_has_is_no_difference() -> None:
    before, after = a_run(), a_run()
    after.turns = [turn for turn in after.turns if turn.cell != UNCACHED]
    after.counted = after.lags = after.outages = after.weights = []
    assert UNCACHED not in {one.cell for one in diff(before, after)}


def test_runs_that_were_asked_for_other_things_say_so() -> None:
    before, after = a_run(), a_run()
    assert comparable(before, after) == []
    after.options = structs.replace(after.options, concurrency=64)
    after.versions = {**after.versions, "uvicorn": "0.41"}
    after.machine = structs.replace(after.machine, cores=8)
    said = " ".join(comparable(before, after))
    assert "concurrency was 32 and then 64" in said
    assert "uvicorn 0.40 → 0.41" in said
    assert "machines are not the same" in said
