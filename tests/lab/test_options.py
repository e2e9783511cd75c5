"""A run that is asked for more than its defaults: several processes a cell, sign-ins among the requests."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from limen.lab import archive, figures, machine
from limen.lab.compare import compare
from limen.lab.page import page
from limen.lab.records import Cell, Options, Run

OPTIONS = Options(
    ["session", "hybrid"], ["sqlite"], duration=1.0, concurrency=8, workers=2, writes=0.1,
    max_staleness=0.5, outage=1.1, sign_outs=3, looks=1, hashes=3, levels=[1],
)  # fmt: skip


@pytest.fixture(scope="module")
def run() -> Run:
    made = Run("20270115T080000Z", OPTIONS, machine.describe(), machine.versions(), "limen lab compare")
    return asyncio.run(compare(made, ["sqlite"], tell=lambda *_: None))


def test_every_measure_is_there(run: Run) -> None:
    assert not run.interrupted
    assert {turn.kind for turn in run.turns} == {"requests", "curve", "open", "sign-in", "refresh"}
    assert run.lags
    assert run.outages
    assert run.weights
    assert sum(turn.failed for turn in run.turns) == 0


def test_what_was_seen_by_every_process_is_read_by_none(run: Run) -> None:
    """One of two processes has not seen what the other has: each must, before it is counted."""
    cell = Cell("session", "sqlite")
    assert figures.reads(run, cell, "seen") == 0
    assert figures.reads(run, Cell("session", "sqlite", cache=False), "seen") == 1


def test_sign_ins_among_the_requests_cost_what_they_cost(run: Run) -> None:
    """A tenth of them sign in, and a sign-in is many times a request."""
    cell = Cell("hybrid", "sqlite")
    mixed, bare = figures.cost(run, cell), figures.cost(run, Cell("bare"))
    assert mixed is not None
    assert bare is not None
    assert mixed.value > bare.value + 30e-6


def test_no_sentence_sets_the_simulation_beside_two_processes(run: Run) -> None:
    assert "The simulation beside run" not in page(run)


def test_what_was_asked_for_is_kept_with_the_run(run: Run, tmp_path: Path) -> None:
    kept = archive.load(archive.save(run, tmp_path))
    assert kept.options == OPTIONS
    assert "2 server processes a cell" in page(kept)
