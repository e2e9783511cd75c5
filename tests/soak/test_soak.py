"""The short form of `make soak`: everything that can happen, once, by a fixed seed, over each store."""

from __future__ import annotations

from pathlib import Path

import pytest

from soak.checker import check
from soak.history import Kind
from soak.homes import HOMES
from soak.run import Plan, run
from soak.summary import summary

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
SORTS = {"killed", "restarted", "paused", "clock", "wire answers held"}
"""What happens to processes whatever the seed."""


@pytest.mark.parametrize("store", ["sqlite", "postgres", "redis"])
async def test_R20_D02_D12_D25_no_promise_breaks_whatever_happens(store: str, tmp_path: Path) -> None:
    plan = Plan(store=store, seed=20_261_125, people=10, once=True, max_staleness=1.0, rest=0.4)
    path = tmp_path / "history.jsonl"
    with path.open("w") as file:
        history = await run(plan, file)
    verdict = check(history)
    told = f"{summary(history, verdict)}\n`make soak ARGS='--check {path}'` says it again"
    print(told)
    assert not verdict.findings, told
    home = HOMES[store](tmp_path, False)
    assert verdict.faults.keys() >= SORTS | (home.faults().keys() - home.long)
    assert verdict.operations.keys() >= set(Kind) - {Kind.SIGN_OUT_OTHERS, Kind.SIGN_OUT_EVERYWHERE}
    assert verdict.revocations > 20
