"""One real run, as small as can be: real servers, real requests, every measure once."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from limen.lab import archive, figures, machine
from limen.lab.compare import compare
from limen.lab.page import page
from limen.lab.records import Cell, Options, Run
from limen.lab.summary import data, findings
from support.lab import HYBRID, JWT, SESSION, UNCACHED
from support.shell import COMMAND, surroundings

OPTIONS = Options(
    ["session", "jwt", "hybrid"], ["sqlite"], duration=1.0, concurrency=8, max_staleness=0.5, outage=1.1,
    sign_outs=5, looks=1, hashes=3, levels=[1],
)  # fmt: skip


@pytest.fixture(scope="module")
def told() -> list[tuple[str, float]]:
    return []


@pytest.fixture(scope="module")
def run(told: list[tuple[str, float]]) -> Run:
    made = Run("20270115T080000Z", OPTIONS, machine.describe(), machine.versions(), "limen lab compare")
    return asyncio.run(compare(made, ["sqlite"], tell=lambda name, share, _: told.append((name, share))))


def reads(run: Run, cell: Cell) -> dict[str, float | None]:
    return {name: figures.reads(run, cell, name) for name in ("seen", "unseen", "stale")}


def test_it_is_complete(run: Run) -> None:
    assert not run.interrupted
    assert [cell.name for cell in run.cells()] == [
        "session · sqlite", "session, no cache · sqlite", "jwt · sqlite", "hybrid · sqlite",
        "no authentication", "socket alone",
    ]  # fmt: skip
    assert {turn.kind for turn in run.turns} == {"requests", "curve", "open", "sign-in", "refresh"}
    assert sum(turn.failed for turn in run.turns) == 0


def test_store_reads_are_what_the_strategies_say_counted_at_the_store(run: Run) -> None:
    assert reads(run, JWT) == {"seen": 0, "unseen": 0, "stale": 0}
    assert reads(run, HYBRID) == {"seen": 0, "unseen": 0, "stale": 1}
    assert reads(run, SESSION) == {"seen": 0, "unseen": 1, "stale": 1}
    assert reads(run, UNCACHED) == {"seen": 1, "unseen": 1, "stale": 1}


def test_a_server_costs_more_than_a_socket_and_a_read_more_than_none(run: Run) -> None:
    costs = {cell.name: found.value for cell in run.cells() if (found := figures.cost(run, cell))}
    assert costs["socket alone"] < costs["no authentication"] < costs["session, no cache · sqlite"]
    assert costs["session · sqlite"] < costs["session, no cache · sqlite"]


def test_a_sign_out_reaches_another_process_or_is_said_not_to(run: Run) -> None:
    lags = {lag.cell: lag for lag in run.lags}
    assert all(lag.apart for lag in lags.values())
    assert lags[JWT].outlived
    assert not lags[JWT].seconds
    for cell in (SESSION, UNCACHED, HYBRID):
        assert len(lags[cell].seconds) == OPTIONS.sign_outs
        assert max(lags[cell].seconds) <= OPTIONS.max_staleness
    assert max(lags[UNCACHED].seconds) < 0.02


def test_nobody_is_let_in_against_a_promise(run: Run) -> None:
    assert {(o.cell, o.what) for o in run.outages} == {
        (cell, what) for cell in (SESSION, UNCACHED, JWT, HYBRID) for what in ("store", "feed")
    }
    assert sum(beat.wrong + beat.error for outage in run.outages for beat in outage.beats) == 0


def test_who_needs_the_store_refuses_without_it_and_who_does_not_goes_on(run: Run) -> None:
    refused = {(o.cell, o.what): sum(beat.unavailable for beat in o.beats) for o in run.outages}
    assert refused[JWT, "store"] == refused[JWT, "feed"] == refused[HYBRID, "feed"] == 0
    assert 0 < refused[HYBRID, "store"] < refused[UNCACHED, "store"]
    assert all(o.recovery < 1 for o in run.outages)


def test_everything_is_weighed(run: Run) -> None:
    weights = {(w.cell, w.thing): w.each for w in run.weights}
    assert 100 < weights[HYBRID, "session"] < 1_000
    assert 300 < weights[JWT, "credential"] < 3_000
    assert 10 < weights[SESSION, "revocation"] < 200
    assert (JWT, "session") not in weights


def test_progress_only_goes_forward_and_ends_at_the_end(run: Run, told: list[tuple[str, float]]) -> None:
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_it_can_be_kept_shown_and_put_beside_itself(run: Run, tmp_path: Path) -> None:
    path = archive.save(run, tmp_path)
    assert archive.load(path) == run
    assert path.stat().st_size < 300_000
    assert "<svg" in page(run)
    assert findings(run)
    json.dumps(data(run))


@pytest.mark.anyio
async def test_ctrl_c_keeps_what_was_measured(tmp_path: Path) -> None:
    """As a person would: the interrupt comes while requests are measured."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "lab", "compare", "--strategy", "jwt", "--store", "memory", "--duration", "30s", "--json",
        cwd=tmp_path, env=surroundings(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    while (line := await process.stderr.readline()) and not line.startswith(b"requests"):
        pass
    process.send_signal(2)
    out, err = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 130, err
    said = json.loads(out)
    kept = archive.load(tmp_path / said["file"])
    assert kept.interrupted
    assert kept.counted
    assert re.search("Interrupted", (tmp_path / said["page"]).read_text())
